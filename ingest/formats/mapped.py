"""Any CSV file, sheet or GeoJSON file, read through the rules of a mapping file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.areas import AreaFile, AreaProblem, outline_of
from ingest.chunks import Chunk
from ingest.findings import Findings
from ingest.mapping import FileRules, Mapping, mapping_problem
from ingest.mapping_rules import Rules, SourceRows
from ingest.schemas import REASONS_COLUMN
from ingest.tables import Delimited


@dataclass(frozen=True, slots=True)
class MappedSource:
    """A table with its rules."""

    content: Delimited
    rules: Rules
    findings: Findings
    name: str

    @property
    def tables(self) -> frozenset[str]:
        return self.rules.tables

    def chunks(self, table: str, only: str | None = None) -> Iterator[Chunk]:  # noqa: ARG002 - the protocol's
        """Rows of one table; the file is read anew for each."""
        if table not in self.tables:
            return
        for raw in self.content.rows(self.findings):
            columns = {
                header: cells
                for header, cells in zip(self.content.header, raw.columns, strict=True)
                if header and header != REASONS_COLUMN
            }
            empty = self.rules.rules.empty
            rows = SourceRows(self.name, raw.row_numbers, columns, empty, self.content.scan.suspect)
            yield from self.rules.chunks(table, rows)


@dataclass(frozen=True, slots=True)
class MappedAreas:
    """A GeoJSON file with its rules; properties are columns."""

    areas: AreaFile
    rules: Rules

    @property
    def tables(self) -> frozenset[str]:
        return self.rules.tables

    def chunks(self, table: str, only: str | None = None) -> Iterator[Chunk]:  # noqa: ARG002 - the protocol's
        """Rows of one table, each with the outline of its feature."""
        if table not in self.tables:
            return
        findings = self.areas.findings
        numbers, found, outlines = [], [], []
        for number, feature in enumerate(self.areas.features, 2):
            try:
                found.append(self.areas.properties(feature))
                outlines.append(outline_of(feature.get("geometry"), self.areas.crs)[0])
            except AreaProblem as problem:
                del found[len(outlines) :]
                findings.problem(self.areas.file.name, number, problem.column, problem.kind, problem.message)
                continue
            numbers.append(number)
        columns = {name: [row.get(name, "") for row in found] for name in property_names(self.areas)}
        rows = SourceRows(self.areas.file.name, numbers, columns, self.rules.rules.empty, True, outlines)
        yield from self.rules.chunks(table, rows)


def property_names(areas: AreaFile) -> tuple[str, ...]:
    """Names of the properties of all features."""
    names: dict[str, None] = {}
    for feature in areas.features:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if isinstance(properties, dict):
            names.update(dict.fromkeys(map(str, properties)))
    return tuple(names)


def columns_missing(rules: FileRules, header: Sequence[str], mapping: Mapping, file: str, findings: Findings) -> bool:
    """Whether the rules name columns that the file does not have; each is a problem with its place in the mapping."""
    known = set(header)
    asked = [
        (template_column, value.template.place)
        for rule in rules.rules
        for value in rule.columns.values()
        for template_column in value.template.columns
    ]
    asked += [(condition.column, condition.place) for rule in rules.rules for condition in rule.conditions]
    missing = [(column, place) for column, place in asked if column not in known and not column.startswith("#")]
    for column, place in missing:
        message = f"{file} has no column {column}"
        findings.extend([mapping_problem(mapping.name, place, message)])
    return bool(missing)
