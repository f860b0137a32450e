"""Reads the cells of a chunk column by column; what cannot be read becomes a problem of its row and column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graph.model import NodeKind
from graph.vocabulary import Vocabulary, grades, vocabulary
from ingest.chunks import Chunk
from ingest.coordinates import to_national_grid
from ingest.findings import Findings
from ingest.normalise import (
    CONTROL,
    LONGEST_KEY,
    Bad,
    CellError,
    Cells,
    Parser,
    clean_text,
    open_word_parser,
    parse_agency,
    parse_amount,
    parse_birth_date,
    parse_count,
    parse_day,
    parse_fraction,
    parse_instant,
    parse_last_day,
    parse_list,
    parse_nhs_number,
    parse_number,
    parse_postcode,
    parse_yes_no,
    word_parser,
)
from ingest.resolve import typed
from ingest.schemas import CellKind, Column, Table

_PARSERS: dict[CellKind, Parser] = {
    CellKind.AGENCY: parse_agency,
    CellKind.DAY: parse_day,
    CellKind.LAST_DAY: parse_last_day,
    CellKind.BIRTH_DATE: parse_birth_date,
    CellKind.INSTANT: parse_instant,
    CellKind.YES_NO: parse_yes_no,
    CellKind.COORDINATE: parse_number,
    CellKind.FRACTION: parse_fraction,
    CellKind.AMOUNT: parse_amount,
    CellKind.COUNT: parse_count,
    CellKind.POSTCODE: parse_postcode,
    CellKind.NHS_NUMBER: parse_nhs_number,
    CellKind.LIST: parse_list,
}
#: cells seen before are remembered for these; the cells of other kinds hardly repeat
_MOST_REMEMBERED = {
    CellKind.COORDINATE: 1,
    CellKind.NHS_NUMBER: 1,
    CellKind.LIST: 1,
    CellKind.POSTCODE: 20_000,
    CellKind.INSTANT: 20_000,
}


class Converters:
    """One converter of cells for each column of each table; kept for a whole load."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], Cells] = {}

    def of(self, table: Table, column: Column) -> Cells:
        """The converter of a column."""
        key = (table.name, column.name)
        cells = self._cells.get(key)
        if cells is None:
            cells = Cells(_parser(column), _MOST_REMEMBERED.get(column.kind, 100_000))
            self._cells[key] = cells
        return cells


def _parser(column: Column) -> Parser:
    if column.kind is CellKind.WORD:
        return word_parser(vocabulary(str(column.vocabulary)))
    if column.kind is CellKind.OPEN_WORD:
        return open_word_parser(vocabulary(str(column.vocabulary)))
    return _PARSERS[column.kind]


class ChunkCheck:
    """The columns of one chunk as values; ``faulty`` are the positions of rows with a problem."""

    def __init__(self, chunk: Chunk, table: Table, converters: Converters, findings: Findings) -> None:
        self.chunk = chunk
        self.table = table
        self.size = len(chunk)
        self.faulty: set[int] = set()
        self._said: set[tuple[int, str | None]] = set()
        self._converters = converters
        self._findings = findings
        if chunk.suspect:
            self._look_for_controls()

    def fault(self, position: int, column: str | None, kind: str, message: str) -> None:
        """The row at a position has a problem."""
        self.faulty.add(position)
        self._said.add((position, column))
        header = self.chunk.headers.get(column, column) if column else None
        if column and header != column:
            message = f"{message} (for {column})"
        self._findings.problem(self.chunk.file, self.chunk.row_numbers[position], header, kind, message)

    def said(self, position: int, column: str) -> bool:
        """Whether that cell has a problem already."""
        return (position, column) in self._said

    def has(self, name: str) -> bool:
        """Whether the file has the column."""
        return name in self.chunk.columns

    def note(self, column: str | None, message: str, rows: int) -> None:
        """Something holds for a number of rows."""
        self._findings.note_rows(self.chunk.file, column, message, rows)

    def raw(self, name: str) -> list[str]:
        """Cells without whitespace around them; empty ones where there is no such column."""
        cells = self.chunk.columns.get(name)
        return [""] * self.size if cells is None else list(map(str.strip, cells))

    def values(self, name: str) -> list[Any]:
        """Values of a column; None for empty cells and for those with a problem."""
        column = self.table.column(name)
        if column is None:
            raise KeyError(name)
        cells = self.chunk.columns.get(name)
        if cells is None or not any(cells):
            found: list[Any] = [None] * self.size
        elif column.kind is CellKind.TEXT:
            found = [(text.strip() if text.isascii() else clean_text(text)) or None for text in cells]
        elif column.kind is CellKind.COORDINATE:
            found = self._numbers(name, cells)
        else:
            found = self._converted(column, cells)
        if column.required and None in found:
            self._missing(name, found)
        return found

    def _numbers(self, name: str, cells: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for position, text in enumerate(cells):
            stripped = text.strip()
            try:
                found.append(parse_number(stripped) if stripped else None)
            except CellError as error:
                self.fault(position, name, error.kind, error.message)
                found.append(None)
        return found

    def _converted(self, column: Column, cells: Sequence[str]) -> list[Any]:
        converter = self._converters.of(self.table, column)
        found = list(map(converter.__getitem__, cells))
        if converter.notes:
            self._say(column.name, cells, converter.notes)
        if converter.bad:
            for position, value in enumerate(found):
                if type(value) is Bad:
                    self.fault(position, column.name, value.kind, value.message)
                    found[position] = None
        return found

    def _say(self, name: str, cells: Sequence[str], notes: dict[str, str]) -> None:
        counts: dict[str, int] = {}
        for text in cells:
            message = notes.get(text)
            if message is not None:
                counts[message] = counts.get(message, 0) + 1
        for message, rows in counts.items():
            self.note(self.chunk.headers.get(name, name), message, rows)

    def _missing(self, name: str, found: Sequence[Any]) -> None:
        for position, value in enumerate(found):
            if value is None and not self.said(position, name):
                self.fault(position, name, "missing", "must not be empty")

    def keys(self, name: str, kinds: Sequence[NodeKind] = (), *, required: bool = True) -> list[str]:
        """The rows' own ids, typed when a kind is given; "" where one is missing."""
        found = self.raw(name)
        if required and "" in found:
            for position, text in enumerate(found):
                if not text:
                    self.fault(position, name, "missing", "must not be empty")
        if not all(map(str.isprintable, found)):
            for position, text in enumerate(found):
                if not text.isprintable():
                    self.fault(position, name, "bad_id", "an id holds no line ends, tabs or invisible characters")
        if max(map(len, found), default=0) > LONGEST_KEY:
            for position, text in enumerate(found):
                if len(text) > LONGEST_KEY:
                    self.fault(position, name, "bad_id", f"an id has at most {LONGEST_KEY} characters")
        if not kinds:
            return found
        answer = typed(found, kinds) if "" not in found else [typed([text], kinds)[0] if text else "" for text in found]
        prefix = kinds[0].value + ":"
        if prefix in answer:
            for position, text in enumerate(answer):
                if text == prefix:
                    self.fault(position, name, "bad_id", "the id has nothing after its colon")
        return answer

    def references(self, name: str, kinds: Sequence[NodeKind]) -> list[str | None]:
        """Typed ids of a column, None where empty; a bare id is of the first kind unless any kind may be meant."""
        column = self.table.column(name)
        if not self.has(name):
            if column is not None and column.required:
                self._missing(name, [None] * self.size)
            return [None] * self.size
        found = self.raw(name)
        blank = "" in found
        if blank and column is not None and column.required:
            self._missing(name, [text or None for text in found])
        if len(kinds) == len(NodeKind):
            return [text or None for text in found] if blank else list(found)
        named = typed(found, kinds)
        if not blank:
            return list(named)
        return [each if text else None for text, each in zip(found, named, strict=True)]

    def unknown(self, name: str, ids: Sequence[str | None], unknown: dict[str, str]) -> None:
        """Problems of the rows that refer to something that is not there."""
        if not unknown:
            return
        for position, wanted in enumerate(ids):
            reason = unknown.get(wanted) if wanted is not None else None
            if reason is not None:
                kind = "bad_id" if reason.startswith("not a typed id") else "unknown_reference"
                self.fault(position, name, kind, reason)

    def period(self, start: str, end: str, *, days: bool = True) -> tuple[list[Any], list[Any]]:
        """Two columns that bound a period, the second not before the first."""
        first, last = self.values(start), self.values(end)
        # the last day is already exclusive, so that an equal number is one day before the first
        for position, (a, b) in enumerate(zip(first, last, strict=True)) if self.has(end) else ():
            if a is not None and b is not None and (b <= a if days else b < a):
                self.fault(position, end, "period_reversed", f"ends before it starts ({start})")
        return first, last

    def position(self) -> tuple[list[float | None], list[float | None]]:
        """Easting and northing in metres, from either pair of columns."""
        if not any(map(self.has, ("easting", "northing", "longitude", "latitude"))):
            return [None] * self.size, [None] * self.size
        east, north = self.values("easting"), self.values("northing")
        self._pairs("easting", east, "northing", north)
        if self.has("longitude") or self.has("latitude"):
            longitude, latitude = self.values("longitude"), self.values("latitude")
            self._pairs("longitude", longitude, "latitude", latitude)
            wanted = [
                place
                for place, (x, y, e) in enumerate(zip(longitude, latitude, east, strict=True))
                if x is not None and y is not None and e is None and self._on_the_islands(place, x, y)
            ]
            xs, ys = to_national_grid([longitude[place] for place in wanted], [latitude[place] for place in wanted])
            for place, x, y in zip(wanted, xs, ys, strict=True):
                east[place], north[place] = x, y
        self._on_the_grid(east, north)
        return east, north

    def _pairs(self, x: str, xs: Sequence[Any], y: str, ys: Sequence[Any]) -> None:
        for position, (first, second) in enumerate(zip(xs, ys, strict=True)):
            if (first is None) != (second is None) and not (self.said(position, x) or self.said(position, y)):
                self.fault(position, y if second is None else x, "missing", f"{x} and {y} are only valid together")

    def _on_the_islands(self, position: int, longitude: float, latitude: float) -> bool:
        if -9.5 <= longitude <= 2.5 and 49.0 <= latitude <= 61.5:
            return True
        message = "not within Great Britain; are longitude and latitude exchanged?"
        self.fault(position, "longitude", "out_of_range", message)
        return False

    def _on_the_grid(self, east: Sequence[Any], north: Sequence[Any]) -> None:
        xs, ys = np.array(east, float), np.array(north, float)
        outside = (xs < 0) | (xs > 700_000) | (ys < 0) | (ys > 1_300_000)
        for position in np.nonzero(outside)[0].tolist():
            self.fault(position, "easting", "out_of_range", "outside the British National Grid")

    def grades(self, scheme: list[Any]) -> tuple[list[Any], list[Any]]:
        """Evaluations and assessments, each word checked against the scheme of its own row, never another."""
        sources = [text or None for text in self.raw("source_evaluation")]
        assessments = [text or None for text in self.raw("information_assessment")]
        verdicts = {grade: _grade_problem(*grade) for grade in set(zip(scheme, sources, assessments, strict=True))}
        if any(verdicts.values()):
            for position, grade in enumerate(zip(scheme, sources, assessments, strict=True)):
                verdict = verdicts[grade]
                if verdict is not None and not self.said(position, "grading_scheme"):
                    self.fault(position, *verdict)
        return sources, assessments

    def _look_for_controls(self) -> None:
        search: Callable[[str], Any] = CONTROL.search
        for name, cells in self.chunk.columns.items():
            for position, text in enumerate(cells):
                if search(text):
                    self.fault(position, name, "control_character", "holds a control character or half a character")


def _grade_problem(scheme: str | None, source: str | None, assessment: str | None) -> tuple[str, str, str] | None:
    if source is None and assessment is None:
        return None
    if scheme is None:
        return "grading_scheme", "missing", "a grade says nothing without its scheme; write 3x5x2 or 5x5x5"
    lists = grades(scheme)
    if lists is None:
        return "grading_scheme", "grade_without_scheme", "grades beside the scheme none; name the scheme or empty them"
    for column, word, words in (
        ("source_evaluation", source, lists[0]),
        ("information_assessment", assessment, lists[1]),
    ):
        if word is not None and word not in words.codes:
            return column, "wrong_grade", f"not a grade of the scheme {scheme}, which has {_codes(words)}"
    return None


def _codes(words: Vocabulary) -> str:
    return " ".join(term.code for term in words.terms)
