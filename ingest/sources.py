"""Opens the files of a load as sources of rows: which format each has, and what was read of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from graph.errors import UsageError
from ingest.areas import AreaFile, read_areas
from ingest.chunks import Source
from ingest.files import InputFile
from ingest.findings import Findings
from ingest.formats.bundle import bundle_source, nearest_table, table_of_name
from ingest.tables import Delimited, open_delimited, scan


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file as read."""

    name: str
    file: InputFile
    digest: str
    encoding: str
    rows: int
    tables: tuple[str, ...]
    #: its rows, to be read again for the file of rejected rows; for a workbook one for each sheet
    contents: tuple[tuple[str, Delimited], ...] = ()
    areas: AreaFile | None = None


@dataclass(slots=True)
class Opened:
    """All files of a load."""

    files: list[OpenedFile] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    mapping_digests: list[str] = field(default_factory=list)

    def rows_of(self, name: str) -> int:
        """Number of rows of a file."""
        return sum(file.rows for file in self.files if file.name == name)

    def tables_of(self, name: str) -> tuple[str, ...]:
        """Tables that a file fills."""
        return tuple(dict.fromkeys(table for file in self.files if file.name == name for table in file.tables))


@contextmanager
def open_sources(files: Sequence[InputFile], mappings: Sequence[Path], findings: Findings) -> Iterator[Opened]:
    """Look at every file and open it; temporary files live until the end of the block."""
    opened = Opened()
    with ExitStack() as stack:
        for file in files:
            _open_one(file, findings, opened, stack)
        if not opened.files and not findings.any_problem:
            raise UsageError("no file of the exchange bundle here; other files need a mapping file")
        yield opened


def _open_one(file: InputFile, findings: Findings, opened: Opened, stack: ExitStack) -> None:
    if file.ending == ".csv":
        _open_bundle_csv(file, findings, opened)
    elif file.ending == ".geojson":
        _open_areas(file, findings, opened)
    else:
        _not_read(file, findings)


def _open_bundle_csv(file: InputFile, findings: Findings, opened: Opened) -> None:
    table = table_of_name(file.stem)
    if table is None or table.ending != ".csv":
        _not_read(file, findings)
        return
    scanned = scan(file, findings)
    content = scanned and open_delimited(file, scanned, findings)
    if scanned is None or content is None:
        return
    source = bundle_source(content, table, findings, file.name)
    if source is None:
        return
    opened.sources.append(source)
    opened.files.append(
        OpenedFile(
            file.name,
            file,
            scanned.digest,
            scanned.encoding_said,
            scanned.rows,
            (table.name,),
            ((file.name, content),),
        )
    )


def _open_areas(file: InputFile, findings: Findings, opened: Opened) -> None:
    areas = read_areas(file, findings)
    if areas is not None:
        opened.sources.append(areas)
        opened.files.append(
            OpenedFile(file.name, file, areas.digest, "UTF-8", len(areas.features), ("localities",), (), areas)
        )


def _not_read(file: InputFile, findings: Findings) -> None:
    near = nearest_table(file.stem)
    hint = f"; is {near} meant?" if near else ""
    if file.asked_for:
        message = f"not a file of the exchange bundle{hint}; other files are read through a mapping file"
        findings.problem(file.name, None, None, "unknown_file", message)
    else:
        findings.note(file.name, f"not a file of the exchange bundle: not read{hint}")
