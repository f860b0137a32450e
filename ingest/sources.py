"""Opens the files of a load as sources of rows: which format each has, and what was read of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from graph.errors import InputRejected, UsageError
from ingest.areas import AreaFile, read_areas
from ingest.chunks import Source
from ingest.files import InputFile
from ingest.findings import Findings
from ingest.formats.bundle import bundle_source, nearest_table, table_of_name
from ingest.formats.mapped import MappedAreas, MappedSource, columns_missing, property_names
from ingest.mapping import FileRules, Mapping, read_mapping
from ingest.mapping_rules import Rules
from ingest.schemas import Table
from ingest.tables import Delimited, open_delimited, scan
from ingest.workbook import Sheet, read_workbook

_TEXT = (".csv", ".tsv", ".txt")
_WORKBOOK = (".xlsx", ".xlsm")
_AREAS = (".geojson", ".json")


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file, or a sheet of a workbook, as read."""

    #: as messages and provenance name it
    name: str
    digest: str
    encoding: str
    rows: int
    tables: tuple[str, ...]
    #: its rows, to be read again for the file of rejected rows
    content: Delimited | None = None
    areas: AreaFile | None = None
    #: file name of the workbook and title of the sheet
    sheet: tuple[str, str] | None = None


@dataclass(slots=True)
class Opened:
    """All files of a load."""

    files: list[OpenedFile] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    mapping_digests: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Opening:
    findings: Findings
    mappings: tuple[Mapping, ...]
    stack: ExitStack
    opened: Opened = field(default_factory=Opened)
    used: set[tuple[str, tuple[int, int]]] = field(default_factory=set)

    def rules_for(self, name: str) -> list[tuple[Mapping, FileRules]]:
        """What the mapping files say about a file; the first mapping that knows it decides."""
        for mapping in self.mappings:
            found = mapping.rules_for(name)
            if found:
                self.used.update((mapping.name, rules.place) for rules in found)
                return [(mapping, rules) for rules in found]
        return []


@contextmanager
def open_sources(files: Sequence[InputFile], mappings: Sequence[Path], findings: Findings) -> Iterator[Opened]:
    """Look at every file and open it; temporary files live until the end of the block."""
    with ExitStack() as stack:
        opening = _Opening(findings, _read_mappings(mappings, findings), stack)
        for file in files:
            _open_one(file, opening)
        for mapping in opening.mappings:
            opening.opened.mapping_digests.append(mapping.digest)
            for rules in mapping.files:
                if (mapping.name, rules.place) not in opening.used:
                    findings.note(mapping.name, f"line {rules.place[0]}: no file fits this pattern")
        if not opening.opened.files and not findings.any_problem:
            raise UsageError("no file of the exchange bundle here; other files need a mapping file")
        yield opening.opened


def _read_mappings(paths: Sequence[Path], findings: Findings) -> tuple[Mapping, ...]:
    found = []
    for path in paths:
        try:
            found.append(read_mapping(path))
        except InputRejected as error:
            findings.extend(error.problems)
    return tuple(found)


def _open_one(file: InputFile, opening: _Opening) -> None:
    mapped = opening.rules_for(file.name)
    if file.ending in _WORKBOOK:
        _open_workbook(file, mapped, opening)
    elif file.ending in _AREAS and (mapped or file.ending == ".geojson"):
        _open_areas(file, mapped, opening)
    elif file.ending in _TEXT and mapped:
        _open_mapped(file, mapped, opening, None)
    elif file.ending == ".csv" and _csv_table(file.stem) is not None:
        _open_bundle(file, _csv_table(file.stem), opening, None)
    else:
        _not_read(file, opening.findings)


def _csv_table(stem: str) -> Table | None:
    table = table_of_name(stem)
    return table if table is not None and table.ending == ".csv" else None


def _open_bundle(file: InputFile, table: Table | None, opening: _Opening, sheet: tuple[str, str] | None) -> None:
    scanned = scan(file, opening.findings)
    content = None if scanned is None else open_delimited(file, scanned, opening.findings)
    if scanned is None or content is None or table is None:
        return
    source = bundle_source(content, table, opening.findings, file.name)
    if source is None:
        return
    opening.opened.sources.append(source)
    said = "Excel" if sheet else scanned.encoding_said
    opening.opened.files.append(
        OpenedFile(file.name, scanned.digest, said, scanned.rows, (table.name,), content, None, sheet)
    )


def _open_mapped(
    file: InputFile,
    mapped: Sequence[tuple[Mapping, FileRules]],
    opening: _Opening,
    sheet: tuple[str, str] | None,
) -> None:
    first = mapped[0][1]
    scanned = scan(file, opening.findings, None if sheet else first.encoding)
    if scanned is None:
        return
    delimiter = "," if sheet else first.delimiter
    content = open_delimited(file, scanned, opening.findings, delimiter=delimiter, header_row=first.header_row)
    if content is None:
        return
    tables: dict[str, None] = {}
    for mapping, rules in mapped:
        if columns_missing(rules, content.header, mapping, file.name, opening.findings):
            continue
        source = MappedSource(content, Rules(rules, opening.findings), opening.findings, file.name)
        tables.update(dict.fromkeys(sorted(source.tables)))
        opening.opened.sources.append(source)
    said = "Excel" if sheet else scanned.encoding_said
    opening.opened.files.append(
        OpenedFile(file.name, scanned.digest, said, scanned.rows, tuple(tables), content, None, sheet)
    )


def _open_areas(file: InputFile, mapped: Sequence[tuple[Mapping, FileRules]], opening: _Opening) -> None:
    areas = read_areas(file, opening.findings)
    if areas is None:
        return
    tables: tuple[str, ...] = ("localities",)
    if mapped:
        names = property_names(areas)
        sound = [
            rules
            for mapping, rules in mapped
            if not columns_missing(rules, names, mapping, file.name, opening.findings)
        ]
        sources = [MappedAreas(areas, Rules(rules, opening.findings)) for rules in sound]
        opening.opened.sources += sources
        tables = tuple(sorted({table for source in sources for table in source.tables}))
    else:
        opening.opened.sources.append(areas)
    opening.opened.files.append(OpenedFile(file.name, areas.digest, "UTF-8", len(areas.features), tables, None, areas))


def _open_workbook(file: InputFile, mapped: Sequence[tuple[Mapping, FileRules]], opening: _Opening) -> None:
    folder = Path(opening.stack.enter_context(tempfile.TemporaryDirectory(prefix="kith-")))
    sheets = read_workbook(file, folder, opening.findings)
    read = 0
    for sheet in sheets or ():
        fitting = [(mapping, rules) for mapping, rules in mapped if rules.fits_sheet(sheet.title)]
        table = _sheet_table(file, sheet, sheets or ())
        where = (file.name, sheet.title)
        if not fitting and (table is None or mapped):
            opening.findings.note(sheet.name, "not a sheet of the exchange bundle or of a mapping: not read")
            continue
        opening.findings.extend(sheet.problems)
        if fitting:
            _open_mapped(sheet.file, fitting, opening, where)
        else:
            _open_bundle(sheet.file, table, opening, where)
        read += 1
    if sheets is not None and not read:
        _not_read(file, opening.findings)


def _sheet_table(file: InputFile, sheet: Sheet, sheets: Sequence[Sheet]) -> Table | None:
    """The table that a sheet fills, by its title, or by the file's name when it is the only one."""
    return _csv_table(sheet.title) or (_csv_table(file.stem) if len(sheets) == 1 else None)


def _not_read(file: InputFile, findings: Findings) -> None:
    near = nearest_table(file.stem)
    hint = f"; is {near} meant?" if near else ""
    if file.asked_for:
        message = f"not a file of the exchange bundle{hint}; other files are read through a mapping file"
        findings.problem(file.name, None, None, "unknown_file", message)
    else:
        findings.note(file.name, f"not a file of the exchange bundle: not read{hint}")
