"""Applies the rules of a mapping file to rows in columns; the outcome is rows of the exchange bundle, as text."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ingest.chunks import Chunk
from ingest.findings import Findings
from ingest.mapping import FileRules, Rule, Template, Value
from ingest.normalise import Bad

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?.*)?", re.ASCII | re.DOTALL)


@dataclass(slots=True)
class SourceRows:
    """Some rows of a file as they are, with what a rule may ask of them."""

    file: str
    row_numbers: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    empty: frozenset[str]
    suspect: bool = True
    geometries: Sequence[bytes] | None = None
    _cleaned: dict[str, list[str]] = field(default_factory=dict)

    def column(self, name: str) -> list[str]:
        """Cells without whitespace around them; those that mean "not known" are empty."""
        found = self._cleaned.get(name)
        if found is None:
            found = self._special(name) if name.startswith("#") and name not in self.columns else self._clean(name)
            self._cleaned[name] = found
        return found

    def _clean(self, name: str) -> list[str]:
        cells = list(map(str.strip, self.columns[name]))
        if self.empty and not self.empty.isdisjoint(cells):
            cells = ["" if cell in self.empty else cell for cell in cells]
        return cells

    def _special(self, name: str) -> list[str]:
        if name == "#row":
            return [str(number) for number in self.row_numbers]
        if name == "#file":
            return [PurePosixPath(self.file).stem] * len(self.row_numbers)
        return [
            hashlib.blake2b("\x1f".join(cells).encode("utf-8", "replace"), digest_size=12).hexdigest()
            for cells in zip(*self.columns.values(), strict=True)
        ]


class Rules:
    """The rules of one kind of file, ready to be applied."""

    def __init__(self, rules: FileRules, findings: Findings) -> None:
        self.rules = rules
        self._findings = findings
        self._remembered: dict[int, dict[str, str | Bad]] = {}

    @property
    def tables(self) -> frozenset[str]:
        """Tables that the rules fill."""
        return frozenset(rule.table.name for rule in self.rules.rules)

    def chunks(self, table: str, rows: SourceRows) -> Iterator[Chunk]:
        """Rows of one table made from some rows of the file."""
        for rule in self.rules.rules:
            if rule.table.name == table:
                chunk = self._apply(rule, rows)
                if len(chunk):
                    yield chunk

    def _apply(self, rule: Rule, rows: SourceRows) -> Chunk:
        taken = self._taken(rule, rows)
        columns: dict[str, list[str]] = {}
        headers: dict[str, str] = {}
        unreadable: set[int] = set()
        for name, value in rule.columns.items():
            columns[name] = self._fill(name, value, rows, taken, unreadable)
            if value.template.columns:
                headers[name] = ", ".join(value.template.columns)
        numbers: Sequence[int] = [rows.row_numbers[place] for place in taken]
        geometries = rows.geometries and [rows.geometries[place] for place in taken]
        if unreadable:
            kept = [place for place in range(len(taken)) if place not in unreadable]
            numbers = [numbers[place] for place in kept]
            columns = {name: [cells[place] for place in kept] for name, cells in columns.items()}
            geometries = geometries and [geometries[place] for place in kept]
        return Chunk(rule.table.name, rows.file, numbers, columns, headers, rows.suspect, geometries, rule.distinct)

    def _taken(self, rule: Rule, rows: SourceRows) -> Sequence[int]:
        taken: Sequence[int] = range(len(rows.row_numbers))
        for condition in rule.conditions:
            cells = rows.column(condition.column)
            if condition.test == "filled":
                wanted = "true" in condition.words
                taken = [place for place in taken if bool(cells[place]) == wanted]
            elif condition.test == "is":
                taken = [place for place in taken if cells[place] in condition.words]
            else:
                taken = [place for place in taken if cells[place] not in condition.words]
        return taken

    def _fill(self, name: str, value: Value, rows: SourceRows, taken: Sequence[int], unreadable: set[int]) -> list[str]:
        cells = filled(value.template, rows, taken)
        convert = value.words is not None or value.dates or value.times or value.split is not None
        if not convert and value.when_empty is None:
            return cells
        remembered = self._remembered.setdefault(id(value), {})
        answer = []
        for place, cell in enumerate(cells):
            found = remembered.get(cell)
            if found is None:
                found = converted(value, cell)
                if len(remembered) < 100_000:
                    remembered[cell] = found
            if isinstance(found, Bad):
                unreadable.add(place)
                header = ", ".join(value.template.columns) or None
                number = rows.row_numbers[taken[place]]
                self._findings.problem(rows.file, number, header, found.kind, f"{found.message} (for {name})")
                found = ""
            answer.append(found)
        return answer


def filled(template: Template, rows: SourceRows, taken: Sequence[int]) -> list[str]:
    """The template for each row taken; empty where a column in it is empty."""
    every = len(taken) == len(rows.row_numbers)
    if len(template.parts) == 1:
        is_column, text = template.parts[0]
        if not is_column:
            return [text] * len(taken)
        cells = rows.column(text)
        return cells if every else [cells[place] for place in taken]
    columns = [rows.column(text) if is_column else None for is_column, text in template.parts]
    answer = []
    for place in taken:
        parts = [
            text if column is None else column[place] for column, (_, text) in zip(columns, template.parts, strict=True)
        ]
        answer.append("".join(parts) if all(parts) else "")
    return answer


def converted(value: Value, cell: str) -> str | Bad:
    """A cell after words, formats and splitting, or what is wrong with it."""
    if not cell:
        return value.when_empty or ""
    if value.words is not None:
        word = value.words.get(cell, value.otherwise)
        if word is None:
            return Bad("unmapped_word", "the mapping has no word for this cell")
        cell = word
    if value.dates:
        return _dated(cell, value.dates, date=True)
    if value.times:
        return _dated(cell, value.times, date=False)
    if value.split is not None:
        return ";".join(part.strip().replace(";", ",") for part in cell.split(value.split) if part.strip())
    return cell


def _dated(cell: str, formats: Sequence[str], *, date: bool) -> str | Bad:
    if not cell or _ISO.fullmatch(cell):
        # workbooks give ISO dates whatever they show
        return cell[:10] if date and re.fullmatch(r".{10}[T ]00:00(:00)?", cell) else cell
    for each in formats:
        try:
            # a time without a zone stays so: the load reads it as London time
            moment = dt.datetime.strptime(cell[:100], each)  # noqa: DTZ007
        except ValueError:
            continue
        return moment.date().isoformat() if date else moment.isoformat()
    kind, said = ("bad_date", "date") if date else ("bad_time", "time")
    return Bad(kind, f"not a {said} in the format of the mapping")
