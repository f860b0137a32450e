"""Writes the rows that were not loaded, with reasons, to files that can be corrected and loaded again."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import orjson
from openpyxl.cell import WriteOnlyCell

from ingest.areas import AreaFile
from ingest.findings import Findings
from ingest.schemas import REASONS_COLUMN
from ingest.sources import Opened, OpenedFile
from ingest.tables import Delimited

Rejected = dict[int, list[str]]


def write_rejects(opened: Opened, findings: Findings, folder: Path) -> tuple[str, ...]:
    """Write one file for each file with rejected rows, under its own name and in its format; returns the names.

    Whatever else is in the folder stays. The column of reasons comes first and is ignored when the file is loaded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, None] = {}
    books: dict[str, list[tuple[OpenedFile, Rejected]]] = {}
    for file in opened.files:
        rejected = findings.rejected.get(file.name)
        if not rejected:
            continue
        if file.sheet is not None:
            books.setdefault(file.sheet[0], []).append((file, rejected))
            continue
        target = folder / file.name.replace("/", "_")
        names[target.name] = None
        if file.areas is not None:
            _write_areas(file.areas, target, rejected)
        elif file.content is not None:
            _write_rows(file.content, target, rejected)
    for name, sheets in books.items():
        target = folder / name.replace("/", "_")
        names[target.name] = None
        _write_book(sheets, target)
    return tuple(names)


def _lines(content: Delimited, rejected: Rejected) -> Iterator[list[str]]:
    for _ in range(1, content.header_row):
        yield [""]
    # a corrected file may be rejected again: the reasons of before are replaced
    old = content.header.index(REASONS_COLUMN) if REASONS_COLUMN in content.header else None
    yield [REASONS_COLUMN, *_without(list(content.header), old)]
    for start, rows in content.raw_rows(Findings()):
        for number, row in enumerate(rows, start):
            if number in rejected:
                yield ["; ".join(rejected[number]), *_without(row, old)]


def _without(row: list[str], place: int | None) -> list[str]:
    return row if place is None else row[:place] + row[place + 1 :]


def _write_rows(content: Delimited, target: Path, rejected: Rejected) -> None:
    # in the encoding of the file, so that a mapping file that names it still fits
    encoding = content.scan.encoding
    with content.file.open() as source:
        if encoding == "utf-8-sig" and source.read(3) != codecs.BOM_UTF8:
            encoding = "utf-8"
    with target.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=content.delimiter).writerows(_lines(content, rejected))


def _write_book(sheets: list[tuple[OpenedFile, Rejected]], target: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    for file, rejected in sheets:
        if file.content is None or file.sheet is None:
            continue
        sheet = book.create_sheet(file.sheet[1])
        for line in _lines(file.content, rejected):
            cells = []
            for text in line:
                cell = WriteOnlyCell(sheet, value=text)
                # a text that begins with = must not become a formula
                cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
    book.save(target)


def _write_areas(areas: AreaFile, target: Path, rejected: Rejected) -> None:
    features = []
    for number, feature in enumerate(areas.features, 2):
        if number in rejected:
            kept = feature if isinstance(feature, dict) else {"type": "Feature", "geometry": None}
            properties = kept.get("properties")
            known = properties if isinstance(properties, dict) else {}
            features.append(kept | {"properties": known | {REASONS_COLUMN: "; ".join(rejected[number])}})
    document: dict[str, object] = {"type": "FeatureCollection", "features": features}
    if areas.crs == 27700:
        document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    target.write_bytes(orjson.dumps(document))
