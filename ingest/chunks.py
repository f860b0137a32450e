"""Rows in columns, as they come from any file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

#: rows handled at once
CHUNK_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of one table from one file."""

    #: bundle table
    table: str
    #: file name within the load
    file: str
    #: record number of each row (header = 1)
    row_numbers: Sequence[int]
    #: cells by bundle column
    columns: Mapping[str, Sequence[str]]
    #: header in the file of each bundle column, where another
    headers: Mapping[str, str] = field(default_factory=dict)
    #: cells may hold control characters or halves of characters
    suspect: bool = False
    #: outlines of areas (WKB in EPSG:27700), when the table has them
    geometries: Sequence[bytes] | None = None
    #: rows that say the same as an earlier row are expected and not worth a notice
    repeats: bool = False

    def __len__(self) -> int:
        return len(self.row_numbers)


class Source(Protocol):
    """Something that yields rows of bundle tables; it can be read several times."""

    @property
    def tables(self) -> frozenset[str]:
        """Tables it has rows for."""
        ...

    def chunks(self, table: str, only: str | None = None) -> Iterator[Chunk]:
        """Rows of one table, in file order; a source may leave out the other columns when ``only`` names one."""
        ...
