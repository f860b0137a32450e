"""From the text of one cell to a value: pure, without knowledge of files. A cell that cannot be read raises CellError.

Whitespace around a cell is dropped and text is brought to Unicode form NFC; nothing else is changed silently. A parser
that had to interpret returns ``Noted``, so that the load can say so.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from graph.errors import UnknownWord
from graph.model import Precision
from graph.records import day_number
from graph.vocabulary import Vocabulary

LONDON: Final = ZoneInfo("Europe/London")
_FIRST_YEAR, _LAST_YEAR = 1850, 2150
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_TIME = re.compile(r"[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)
_POSTCODE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})?", re.ASCII)
#: control characters that no cell may hold (tab and line ends may stand in free text), and half surrogates
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
#: a list of at most so many words is said in full
_FEW_WORDS = 8
#: longest id or word
LONGEST_KEY = 200


class CellError(Exception):
    """A cell that cannot be read. ``kind`` is for machines; ``message`` never holds the cell."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True, slots=True)
class Noted:
    """A value that had to be interpreted, and how."""

    value: Any
    note: str


@dataclass(frozen=True, slots=True)
class Bad:
    """Stands in a column where a cell could not be read."""

    kind: str
    message: str


Parser = Callable[[str], Any]


class Cells(dict[str, Any]):
    """Converts the cells of one column, remembering those seen; an empty cell becomes None.

    ``dict`` with ``__missing__`` keeps repeated cells out of Python code: a column of dates or words is read at the
    speed of dictionary look-ups.
    """

    __slots__ = ("_most", "_parse", "bad", "notes")

    def __init__(self, parse: Parser, most: int = 100_000) -> None:
        super().__init__({"": None})
        self._parse = parse
        self._most = most
        #: a cell that cannot be read has been seen
        self.bad = False
        #: how cells were interpreted
        self.notes: dict[str, str] = {}

    def __missing__(self, text: str) -> Any:
        stripped = text.strip()
        value: Any = None
        if stripped:
            try:
                value = self._parse(stripped)
            except CellError as error:
                self.bad = True
                value = Bad(error.kind, error.message)
        if len(self) >= self._most:
            self.clear()
            self.notes.clear()
            self[""] = None
        if len(text) <= LONGEST_KEY:
            if isinstance(value, Noted):
                self.notes[text] = value.note
            self[text] = value.value if isinstance(value, Noted) else value
        return value.value if isinstance(value, Noted) else value


def clean_text(text: str) -> str:
    """Text in NFC without whitespace around it."""
    stripped = text.strip()
    return stripped if stripped.isascii() else unicodedata.normalize("NFC", stripped)


def parse_day(text: str) -> int:
    """Day number of a date ``YYYY-MM-DD``."""
    if not _DAY.fullmatch(text):
        raise CellError("bad_date", "not a date; write YYYY-MM-DD")
    return day_number(_date(text))


def parse_last_day(text: str) -> int:
    """Day number of the first day after a period whose last day is ``text`` (both days of a period count)."""
    return parse_day(text) + 1


def parse_birth_date(text: str) -> tuple[int, str]:
    """First day a birth date can be, and how exactly it is known."""
    if _DAY.fullmatch(text):
        return day_number(_date(text)), Precision.DAY.value
    if _MONTH.fullmatch(text):
        return day_number(_date(text + "-01")), Precision.MONTH.value
    if _YEAR.fullmatch(text):
        return day_number(_date(text + "-01-01")), Precision.YEAR.value
    raise CellError("bad_date", "not a birth date; write YYYY-MM-DD, YYYY-MM or YYYY")


def _date(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise CellError("bad_date", "there is no such day in the calendar") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        message = f"the year is outside {_FIRST_YEAR} to {_LAST_YEAR}; leave the cell empty if unknown"
        raise CellError("bad_date", message)
    return day


def parse_instant(text: str) -> int | Noted:
    """UTC seconds of an ISO 8601 time; without a zone it is the time of day in London.

    A date alone is its first moment. When the clocks go back an hour occurs twice and the first (summer time) is
    meant; when they go forward an hour does not occur, and the time is read as if the clocks had not changed.
    """
    midnights = _midnights(text[:10])
    time_of_day = _time_of_day(text[10:19]) if midnights is not None and len(text) > 10 else None
    if midnights is not None and time_of_day is not None:
        # the usual spellings, on a day without a change of the clocks
        if len(text) <= 19:
            return midnights[0] + time_of_day
        if text[19:] in ("Z", "+00:00"):
            return midnights[1] + time_of_day
    if not _INSTANT.fullmatch(text):
        raise CellError("bad_time", "not a time; write YYYY-MM-DDTHH:MM:SS, with Z or an offset if not London time")
    _date(text[:10])
    try:
        moment = dt.datetime.fromisoformat(text.replace(",", ".").replace(" Z", "Z"))
    except ValueError:
        raise CellError("bad_time", "there is no such time of day") from None
    if moment.tzinfo is not None:
        return _seconds(moment)
    return _london(moment, dated_only=len(text) == 10)


@lru_cache(maxsize=50_000)
def _midnights(day: str) -> tuple[int, int] | None:
    """Seconds at which a day begins in London and in UTC; None when the clocks change on it, or it is no day."""
    try:
        start = dt.datetime.combine(_date(day), dt.time(), LONDON) if _DAY.fullmatch(day) else None
    except CellError:
        return None
    if start is None or start.utcoffset() != (start + dt.timedelta(days=1)).utcoffset():
        return None
    return _seconds(start), _seconds(start.replace(tzinfo=dt.UTC))


@lru_cache(maxsize=100_000)
def _time_of_day(text: str) -> int | None:
    """Seconds since midnight of ``THH:MM:SS`` or ``THH:MM``; None for another spelling."""
    match = _TIME.fullmatch(text)
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0) if match else None


def _london(moment: dt.datetime, *, dated_only: bool) -> int | Noted:
    first = moment.replace(tzinfo=LONDON, fold=0)
    seconds = _seconds(first)
    if dated_only:
        return Noted(seconds, "date without time of day: read as the start of that day in London")
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        back = dt.datetime.fromtimestamp(seconds, LONDON).replace(tzinfo=None) == moment
        if back:
            return Noted(seconds, "time that occurs twice when the clocks go back: read as the first, summer time")
        return Noted(seconds, "time that does not occur when the clocks go forward: read as one hour later")
    return seconds


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND: Final = dt.timedelta(seconds=1)


def _seconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _SECOND


def parse_yes_no(text: str) -> int:
    """1 or 0."""
    if text in ("0", "1"):
        return int(text)
    raise CellError("bad_yes_no", "write 1 for yes, 0 for no, nothing when not known")


def parse_number(text: str) -> float:
    """A finite decimal number."""
    if not _NUMBER.fullmatch(text):
        raise CellError("bad_number", "not a plain decimal number")
    value = float(text)
    if not math.isfinite(value):
        raise CellError("bad_number", "not a finite number")
    return value


def parse_fraction(text: str) -> float:
    """A number from 0 to 1."""
    value = parse_number(text)
    if not 0 <= value <= 1:
        raise CellError("out_of_range", "must lie between 0 and 1")
    return value


def parse_amount(text: str) -> float:
    """A number of 0 or more."""
    value = parse_number(text)
    if value < 0:
        raise CellError("out_of_range", "must not be negative")
    return value


def parse_count(text: str) -> int:
    """A whole number of 0 or more, of at most twelve digits."""
    if not _WHOLE.fullmatch(text):
        raise CellError("bad_number", "not a whole number of at most 12 digits")
    return int(text)


def parse_postcode(text: str) -> str:
    """A UK postcode, or its first half, in capitals with one space."""
    squeezed = "".join(text.upper().split())
    match = _POSTCODE.fullmatch(squeezed) if len(squeezed) <= 8 else None
    if match is None and squeezed != "GIR0AA":
        raise CellError("bad_postcode", "not a UK postcode; leave the cell empty if unknown")
    if match is None:
        return "GIR 0AA"
    return f"{match[1]} {match[2]}" if match[2] else match[1]


def parse_nhs_number(text: str) -> str | Noted:
    """An NHS number without spaces; one whose check digit is wrong is kept and said."""
    squeezed = text.replace(" ", "").replace("-", "")
    if len(squeezed) > 30:
        raise CellError("too_long", "longer than an NHS number")
    if len(squeezed) == 10 and squeezed.isascii() and squeezed.isdigit():
        total = sum(int(digit) * weight for digit, weight in zip(squeezed, range(10, 1, -1), strict=False))
        if (11 - total % 11) % 11 == int(squeezed[9]):
            return squeezed
    return Noted(squeezed, "NHS number that fails its check digit: kept as written")


def parse_list(text: str) -> tuple[str, ...] | None:
    """Texts separated by semicolons; empty ones are dropped."""
    return tuple(part for part in map(clean_text, text.split(";")) if part) or None


def parse_agency(text: str) -> str:
    """Name of an agency: it names who may see what, so it may not hold the marks that separate names."""
    if len(text) > LONGEST_KEY:
        raise CellError("too_long", f"longer than {LONGEST_KEY} characters")
    if any(mark in text for mark in ";,:\n\r\t") or CONTROL.search(text):
        raise CellError("bad_agency", "the name of an agency holds no comma, colon, semicolon or line end")
    return clean_text(text)


def word_parser(words: Vocabulary) -> Parser:
    """Parser of the words of one list."""

    def parse(text: str) -> str:
        try:
            return words.check(text)
        except UnknownWord as error:
            few = len(words.terms) <= _FEW_WORDS and error.nearest is None
            known = f"; it has {' '.join(term.code for term in words.terms)}" if few else ""
            raise CellError("unknown_word", f"{error}{known}") from None

    return parse


def open_word_parser(words: Vocabulary) -> Parser:
    """Parser of a column whose list is not closed: another word is kept and said."""

    def parse(text: str) -> str | Noted:
        if len(text) > LONGEST_KEY:
            raise CellError("too_long", f"longer than {LONGEST_KEY} characters")
        try:
            return words.check(text)
        except UnknownWord:
            return Noted(clean_text(text), f"not a word of the list {words.name}: kept as written")

    return parse
