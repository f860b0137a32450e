"""Reads CSV files safely, as columns in chunks, after one look at every byte."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO

from ingest.chunks import CHUNK_ROWS
from ingest.files import READ_ERRORS, InputFile
from ingest.findings import Findings

#: longest line in bytes; a row of thousands of characters is a broken file
LONGEST_LINE = 4 * 1024**2
#: most characters of a cell
LONGEST_CELL = 131_072
MOST_COLUMNS = 1_000
_PART = 1 << 20
#: characters read at once of a file without quotation marks
_PLAIN_PART = 3 << 19
_LONG_CELL = f"a cell of more than {LONGEST_CELL} characters, or a quotation mark never closed"
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_UNDEFINED_1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


@dataclass(frozen=True, slots=True)
class Scan:
    """What one look at every byte of a file told."""

    digest: str
    #: name of the codec
    encoding: str
    #: the encoding as said to users
    encoding_said: str
    #: control characters occur somewhere
    suspect: bool
    #: records, the header not counted
    rows: int
    #: no quotation mark occurs, so that lines are records and can be read faster
    plain: bool = False


class _Lines:
    """Watches the length of lines and counts records over parts of a file."""

    def __init__(self, unit: bytes) -> None:
        self._unit = unit
        self._open = 0
        self._quoted = False
        #: no quotation mark so far
        self.plain = True
        self._last = b""
        #: lines so far
        self.count = 0
        self._ends = 0

    def count_records(self, part: bytes) -> None:
        """Count line ends outside quotation marks."""
        pieces = part.split(b'"')
        self.plain = self.plain and len(pieces) == 1
        for piece in pieces[1 if self._quoted else 0 :: 2]:
            self._ends += piece.count(b"\n") or piece.count(b"\r")
        self._quoted ^= len(pieces) % 2 == 0
        self._last = part[-1:]

    @property
    def records(self) -> int:
        """Records so far, the header not counted."""
        return max(0, self._ends - (self._last in (b"\n", b"\r", b"")))

    def too_long(self, part: bytes) -> bool:
        last = part.rfind(self._unit)
        if last < 0:
            self._open += len(part)
            return self._open > LONGEST_LINE
        # within a part of a megabyte no line can be too long
        first = part.find(self._unit)
        answer = self._open + first > LONGEST_LINE
        self._open = len(part) - last
        self.count += part.count(self._unit)
        return answer


def scan(file: InputFile, findings: Findings, encoding: str | None = None) -> Scan | None:
    """Look at every byte once: digest, encoding, control characters, lines; None when the file must not be read."""
    try:
        with file.open() as stream:
            return _scan(file, iter(lambda: stream.read(_PART), b""), findings, encoding)
    except READ_ERRORS:
        findings.problem(file.name, None, None, "unreadable", "the file cannot be read to its end")
        return None


def _scan(file: InputFile, parts: Iterator[bytes], findings: Findings, given: str | None) -> Scan | None:
    digest = hashlib.sha256()
    wide: str | None = None
    decoder = codecs.getincrementaldecoder(given or "utf-8")()
    utf8 = True
    suspect = False
    lines = _Lines(b"\n")
    undefined: int | None = None
    first = True
    for part in parts:
        if first:
            wide = _wide(part)
            decoder = codecs.getincrementaldecoder(wide)() if wide else decoder
            first = False
        digest.update(part)
        before = lines.count
        if lines.too_long(part):
            row = lines.count + 1
            findings.problem(file.name, row, None, "line_too_long", f"a line longer than {LONGEST_LINE} bytes")
            return None
        if utf8:
            try:
                text = decoder.decode(part)
                if wide:
                    plain = text.encode("utf-8", "replace")
                    suspect = suspect or _has_controls(plain)
                    lines.count_records(plain)
            except UnicodeDecodeError:
                utf8 = False
        if not wide:
            suspect = suspect or _has_controls(part)
            lines.count_records(part)
            if undefined is None and len(part.translate(None, _UNDEFINED_1252)) != len(part):
                position = min(place for byte in _UNDEFINED_1252 if (place := part.find(byte)) >= 0)
                undefined = before + part.count(b"\n", 0, position)
    decoded = utf8 and _ends(decoder)
    scanned = Scan(digest.hexdigest(), "", "", suspect, lines.records, lines.plain and not suspect)
    return _verdict(file, findings, scanned, wide, given, decoded, undefined)


def _has_controls(part: bytes) -> bool:
    return len(part.translate(None, _CONTROLS)) != len(part)


def _wide(part: bytes) -> str | None:
    if part.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return None


def _ends(decoder: codecs.IncrementalDecoder) -> bool:
    try:
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _verdict(
    file: InputFile,
    findings: Findings,
    found: Scan,
    wide: str | None,
    given: str | None,
    decoded: bool,
    undefined: int | None,
) -> Scan | None:
    if decoded:
        encoding = wide or given or "utf-8-sig"
        said = {"utf-16": "UTF-16", "utf-8-sig": "UTF-8", "utf-8": "UTF-8", "cp1252": "Windows-1252"}.get(
            encoding.lower(), encoding
        )
        if said not in ("UTF-8",):
            findings.note(file.name, f"read as {said}")
        return replace(found, encoding=encoding, encoding_said=said)
    if wide is None and given is None and undefined is None:
        findings.note(file.name, "not UTF-8: read as Windows-1252; check the accents and dashes")
        return replace(found, encoding="cp1252", encoding_said="Windows-1252")
    row = None if undefined is None else undefined + 1
    findings.problem(
        file.name, row, None, "bad_encoding", "neither UTF-8 nor UTF-16 nor Windows-1252; save the file as UTF-8"
    )
    return None


@dataclass(frozen=True, slots=True)
class RawChunk:
    """Some rows of a file as text, in columns."""

    #: record number of each row (header = 1)
    row_numbers: Sequence[int]
    #: cells of each column, in header order
    columns: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Delimited:
    """A delimited text file that has been looked at and whose header is in order."""

    file: InputFile
    scan: Scan
    header: tuple[str, ...]
    delimiter: str = ","
    #: record number of the header row
    header_row: int = 1

    def rows(self, findings: Findings, only: int | None = None) -> Iterator[RawChunk]:
        """Rows in chunks; a row that has not as many cells as the header is a problem and left out.

        With ``only`` the chunks have that one column, which is faster.
        """
        width = len(self.header)
        if only is not None and self._plain:
            for start, rows in self._plain_rows(findings, only + 1):
                # rows with a cell too many count here and are a problem when the whole row is read
                places = [place for place, row in enumerate(rows) if len(row) > only]
                yield RawChunk([start + place for place in places], [[rows[place][only] for place in places]])
            return
        for start, rows in self.raw_rows(findings):
            numbers: Sequence[int] = range(start, start + len(rows))
            if set(map(len, rows)) != {width}:
                rows, numbers = self._regular(rows, start, findings)
            if rows and only is not None:
                yield RawChunk(numbers, [[row[only] for row in rows]])
            elif rows:
                yield RawChunk(numbers, list(zip(*rows, strict=True)))

    def raw_rows(self, findings: Findings) -> Iterator[tuple[int, list[list[str]]]]:
        """Rows as they are, with the record number of the first of each part."""
        number = self.header_row + 1
        try:
            if self._plain:
                yield from self._plain_rows(findings)
                return
            with self.file.open() as stream, _as_text(stream, self.scan.encoding, "") as text:
                reader = _reader(text, self.delimiter)
                for _ in islice(reader, self.header_row):
                    pass
                ended = False
                while not ended:
                    rows: list[list[str]] = []
                    ended = self._fill(rows, reader, number, findings)
                    if rows:
                        yield number, rows
                    number += len(rows)
        except READ_ERRORS:
            findings.problem(self.file.name, None, None, "unreadable", "the file cannot be read to its end")

    @property
    def _plain(self) -> bool:
        """Whether each line is a row."""
        return self.scan.plain and len(self.header) > 1

    def _plain_rows(self, findings: Findings, splits: int = -1) -> Iterator[tuple[int, list[list[str]]]]:
        """Rows of a file without quotation marks: each line is one, split at the delimiter that many times."""
        number = self.header_row + 1
        delimiter = self.delimiter
        with self.file.open() as stream, _as_text(stream, self.scan.encoding, None) as text:
            for _ in islice(text, self.header_row):
                pass
            while block := text.read(_PLAIN_PART):
                lines = (block + text.readline()).split("\n")
                if not lines[-1]:
                    lines.pop()
                if max(map(len, lines), default=0) > LONGEST_CELL:
                    for place, line in enumerate(lines):
                        if any(len(cell) > LONGEST_CELL for cell in line.split(delimiter)):
                            findings.problem(self.file.name, number + place, None, "cell_too_long", _LONG_CELL)
                            return
                yield number, [line.split(delimiter, splits) for line in lines]
                number += len(lines)

    def _fill(self, rows: list[list[str]], reader: Iterator[list[str]], number: int, findings: Findings) -> bool:
        try:
            rows.extend(islice(reader, CHUNK_ROWS))
        except csv.Error as error:
            findings.problem(self.file.name, number + len(rows), None, *_csv_problem(error))
            return True
        except UnicodeDecodeError:
            row = number + len(rows)
            findings.problem(self.file.name, row, None, "bad_encoding", "not in the encoding of the file")
            return True
        return len(rows) < CHUNK_ROWS

    def _regular(self, rows: list[list[str]], start: int, findings: Findings) -> tuple[list[list[str]], list[int]]:
        width = len(self.header)
        kept, numbers = [], []
        for number, row in enumerate(rows, start):
            if len(row) == width:
                kept.append(row)
                numbers.append(number)
            elif any(cell.strip() for cell in row):
                message = f"{len(row)} cells where the header has {width}; is a comma or quotation mark missing?"
                findings.problem(self.file.name, number, None, "ragged_row", message)
        return kept, numbers


@contextmanager
def _as_text(stream: IO[bytes], encoding: str, newline: str | None) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(stream, encoding=encoding, newline=newline)
    try:
        yield text
    finally:
        # the stream belongs to the caller, who closes it
        text.detach()


def _reader(text: io.TextIOWrapper, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    return csv.reader(text, delimiter=delimiter, strict=True)


def _csv_problem(error: csv.Error) -> tuple[str, str]:
    text = str(error)
    if "field larger" in text:
        return "cell_too_long", _LONG_CELL
    if "unexpected end" in text:
        return "bad_quotes", "a quotation mark is opened and never closed; the rest of the file was not read"
    return "bad_quotes", "quotation marks are not as in RFC 4180; the rest of the file was not read"


def open_delimited(
    file: InputFile,
    scanned: Scan,
    findings: Findings,
    *,
    delimiter: str = ",",
    header_row: int = 1,
) -> Delimited | None:
    """Read and check the header; None when the file cannot be read, with the problem noted."""
    header: list[str] | None = None
    try:
        with file.open() as stream, _as_text(stream, scanned.encoding, "") as text:
            reader = _reader(text, delimiter)
            header = next(islice(reader, header_row - 1, None), None)
    except csv.Error as error:
        findings.problem(file.name, header_row, None, *_csv_problem(error))
        return None
    except (*READ_ERRORS, UnicodeDecodeError):
        findings.problem(file.name, None, None, "unreadable", "the file cannot be read")
        return None
    if header is None or not any(cell.strip() for cell in header):
        findings.problem(file.name, header_row, None, "no_header", "the header row is empty")
        return None
    names = tuple(cell.strip() for cell in header)
    complaint = header_problem(names)
    if complaint is not None:
        findings.problem(file.name, header_row, None, *complaint)
        return None
    return Delimited(file, scanned, names, delimiter, header_row)


def header_problem(names: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with a header, as kind and message."""
    if len(names) > MOST_COLUMNS:
        return "too_many_columns", f"more than {MOST_COLUMNS} columns"
    named = [name for name in names if name]
    if len(set(named)) != len(named):
        return "duplicate_header", "two columns have the same header"
    if any(len(name) > 200 or not name.isprintable() for name in names):
        return "bad_header", "a header is longer than 200 characters or holds invisible characters"
    return None
