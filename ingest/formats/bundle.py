"""The exchange bundle: CSV files, sheets of a workbook and GeoJSON areas named after the tables they fill."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.chunks import Chunk
from ingest.findings import Findings
from ingest.schemas import REASONS_COLUMN, TABLE_BY_NAME, CellKind, Table
from ingest.tables import Delimited


def table_of_name(stem: str) -> Table | None:
    """The table that a file or sheet of that name fills."""
    return TABLE_BY_NAME.get(stem.strip().lower())


def nearest_table(stem: str) -> str | None:
    """The table name most like a file's."""
    matches = difflib.get_close_matches(stem[:100].lower(), TABLE_BY_NAME, n=1, cutoff=0.6)
    return matches[0] if matches else None


@dataclass(frozen=True, slots=True)
class BundleSource:
    """One file (or sheet) whose columns are those of a table."""

    content: Delimited
    table: Table
    #: bundle column and its position in the file
    positions: tuple[tuple[str, int], ...]
    findings: Findings
    #: name in messages; the workbook's for a sheet
    name: str

    @property
    def tables(self) -> frozenset[str]:
        return frozenset({self.table.name})

    def chunks(self, table: str, only: str | None = None) -> Iterator[Chunk]:
        """Rows of the file, when it is of that table; with ``only`` just that column, if the file has it."""
        if table != self.table.name:
            return
        alone = None if only is None else dict(self.positions).get(only)
        if only is not None and alone is not None:
            for raw in self.content.rows(self.findings, alone):
                yield Chunk(table, self.name, raw.row_numbers, {only: raw.columns[0]})
            return
        headers = {column: self.content.header[place] for column, place in self.positions}
        for raw in self.content.rows(self.findings):
            columns = {column: raw.columns[place] for column, place in self.positions}
            yield Chunk(table, self.name, raw.row_numbers, columns, headers, self.content.scan.suspect)


def bundle_source(content: Delimited, table: Table, findings: Findings, name: str) -> BundleSource | None:
    """Match the header against the table; None when a required column is not there, with the problem noted."""
    positions = match_header(content.header, table, findings, name, content.header_row)
    return None if positions is None else BundleSource(content, table, positions, findings, name)


def match_header(
    header: Sequence[str], table: Table, findings: Findings, name: str, header_row: int | None = 1
) -> tuple[tuple[str, int], ...] | None:
    """Bundle columns and their positions in the header; None when one that is required is not there."""
    positions: dict[str, int] = {}
    for place, text in enumerate(header):
        column = table.column(text)
        if column is not None and column.kind is not CellKind.GEOMETRY:
            if column.name in positions:
                findings.problem(name, header_row, text, "duplicate_header", f"the same as {column.name}")
                return None
            positions[column.name] = place
        elif text not in ("", REASONS_COLUMN):
            findings.note(name, _unknown_column(text, table), text)
        elif not text:
            findings.note(name, f"column {place + 1} has no header: not read")
    missing = [
        column
        for column in table.columns
        if column.required and column.kind is not CellKind.GEOMETRY and column.name not in positions
    ]
    for column in missing:
        findings.problem(name, header_row, column.name, "missing_column", _missing_column(header))
    return None if missing else tuple(positions.items())


def _unknown_column(text: str, table: Table) -> str:
    near = difflib.get_close_matches(text.lower(), [column.name for column in table.columns], n=1, cutoff=0.75)
    hint = f"; is {near[0]} meant?" if near else ""
    return f"not a column of {table.file_name}: not read{hint}"


def _missing_column(header: Sequence[str]) -> str:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return "the file is not separated by commas; save it as CSV with commas"
    return "the column must be there"
