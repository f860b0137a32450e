"""Columns in, CSV out: whole columns as arrays of codes, rendered and joined in chunks (RFC 4180, UTF-8, CRLF)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
#: a look-up table of cells
Words = NDArray[Any]
#: marks "not known" in a column of days or minutes
UNKNOWN = -(2**40)
CHUNK = 100_000
_SPECIAL = ',"\r\n'
MINUTES_PER_DAY = 1_440
_FIRST_DAY = int(np.datetime64("1900-01-01").astype("datetime64[D]").astype(np.int64))
_LAST_DAY = int(np.datetime64("2060-01-01").astype("datetime64[D]").astype(np.int64))


class Column(Protocol):
    """One column that can render any part of itself."""

    def strings(self, start: int, stop: int) -> list[str]: ...


def quoted(text: str) -> str:
    """The text as an RFC 4180 cell: quoted only where it must be."""
    if any(mark in text for mark in _SPECIAL):
        return '"' + text.replace('"', '""') + '"'
    return text


def table(words: Iterable[str]) -> NDArray[Any]:
    """A look-up table of cells; code -1 reads the empty cell at the end."""
    cells = [quoted(word) for word in words]
    result = np.empty(len(cells) + 1, dtype=object)
    result[:-1] = cells
    result[-1] = ""
    return result


def serial_table(prefix: str, width: int, count: int) -> NDArray[Any]:
    """A look-up table of identifiers made of a prefix and a number."""
    result = np.empty(count + 1, dtype=object)
    result[:-1] = [f"{prefix}{number:0{width}d}" for number in range(count)]
    result[-1] = ""
    return result


class Lookup:
    """Codes into a table made by ``table``."""

    def __init__(self, words: NDArray[Any], codes: NDArray[Any]) -> None:
        self.words = words
        self.codes = codes

    def strings(self, start: int, stop: int) -> list[str]:
        cells: list[str] = self.words[self.codes[start:stop]].tolist()
        return cells


class Texts:
    """Ready strings, quoted on the way out."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts

    def strings(self, start: int, stop: int) -> list[str]:
        cells = list(self.texts[start:stop])
        joined = "".join(cells)
        return [quoted(cell) for cell in cells] if any(mark in joined for mark in _SPECIAL) else cells


class Same:
    """One cell for every row."""

    def __init__(self, text: str) -> None:
        self.text = quoted(text)

    def strings(self, start: int, stop: int) -> list[str]:
        return [self.text] * (stop - start)


class Serial:
    """Identifiers made of a prefix and a number; a negative number gives an empty cell."""

    def __init__(self, prefix: str, width: int, codes: NDArray[Any]) -> None:
        self.prefix = prefix
        self.width = width
        self.codes = codes

    def strings(self, start: int, stop: int) -> list[str]:
        prefix, width = self.prefix, self.width
        return [f"{prefix}{code:0{width}d}" if code >= 0 else "" for code in self.codes[start:stop].tolist()]


class Whole:
    """Whole numbers; ``UNKNOWN`` gives an empty cell."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values

    def strings(self, start: int, stop: int) -> list[str]:
        return [str(value) if value != UNKNOWN else "" for value in self.values[start:stop].tolist()]


def _day_table() -> NDArray[Any]:
    days = np.arange(_FIRST_DAY, _LAST_DAY).astype("datetime64[D]")
    return table(np.datetime_as_string(days).tolist())


_DAYS = _day_table()
_TIMES = table(f"T{minute // 60:02d}:{minute % 60:02d}:00" for minute in range(MINUTES_PER_DAY))


def _clock_change_days() -> Integers:
    """The last Sundays of March and October, when the hour after 01:00 is missing or happens twice."""
    days = np.arange(_FIRST_DAY, _LAST_DAY)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month_number = months.astype(np.int64) % 12
    in_last_week = (months + 1).astype("datetime64[D]") - dates <= np.timedelta64(7, "D")
    sunday = (days + 3) % 7 == 6
    found: Integers = days[sunday & in_last_week & ((month_number == 2) | (month_number == 9))]
    return found


_CLOCK_CHANGES = _clock_change_days()


class Days:
    """Day numbers since 1970 as ISO dates."""

    def __init__(self, days: NDArray[Any]) -> None:
        self.days = days

    def strings(self, start: int, stop: int) -> list[str]:
        days = self.days[start:stop]
        cells: list[str] = _DAYS[np.where(days == UNKNOWN, -1, days - _FIRST_DAY)].tolist()
        return cells


class Moments:
    """Minutes since 1970 by the wall clock, as ISO times without zone; times in a clock-change hour become 02:00."""

    def __init__(self, minutes: NDArray[Any]) -> None:
        self.minutes = minutes

    def strings(self, start: int, stop: int) -> list[str]:
        minutes = self.minutes[start:stop]
        unknown = minutes == UNKNOWN
        days, times = np.divmod(np.where(unknown, 0, minutes), MINUTES_PER_DAY)
        uncertain = (times >= 60) & (times < 120) & np.isin(days, _CLOCK_CHANGES)
        times = np.where(uncertain, 120, times)
        left = _DAYS[np.where(unknown, -1, days - _FIRST_DAY)].tolist()
        right = _TIMES[np.where(unknown, -1, times)].tolist()
        return [day + time for day, time in zip(left, right, strict=True)]


class Stacked:
    """Codes of several kinds: ``kind * KIND_STEP + number``, each kind with its own table of typed ids."""

    def __init__(self, tables: Sequence[NDArray[Any]], codes: NDArray[Any], step: int) -> None:
        self.tables = tables
        self.codes = codes
        self.step = step

    def strings(self, start: int, stop: int) -> list[str]:
        codes = self.codes[start:stop]
        kinds, numbers = np.divmod(codes, self.step)
        cells = np.full(len(codes), "", dtype=object)
        for kind in np.unique(kinds[codes >= 0]).tolist():
            chosen = (kinds == kind) & (codes >= 0)
            cells[chosen] = self.tables[kind][numbers[chosen]]
        result: list[str] = cells.tolist()
        return result


def write_csv(path: Path, columns: dict[str, Column], rows: int) -> int:
    """Write the columns under their header and return the number of data rows."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(columns) + "\r\n")
        for start in range(0, rows, CHUNK):
            stop = min(rows, start + CHUNK)
            parts = [column.strings(start, stop) for column in columns.values()]
            stream.write("\r\n".join(map(",".join, zip(*parts, strict=True))))
            stream.write("\r\n")
    return rows


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """Write a small table row by row and return the number of data rows."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(buffer.getvalue().encode("utf-8"))
    return len(rows)
