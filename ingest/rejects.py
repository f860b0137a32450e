"""Writes the rows that were not loaded, with reasons, to files that can be corrected and loaded again."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson

from ingest.areas import AreaFile
from ingest.findings import Findings
from ingest.schemas import REASONS_COLUMN
from ingest.sources import Opened, OpenedFile
from ingest.tables import Delimited


def write_rejects(opened: Opened, findings: Findings, folder: Path) -> tuple[str, ...]:
    """Write one file for each file with rejected rows, under its own name; returns the names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for file in opened.files:
        rejected = findings.rejected.get(file.name)
        if not rejected:
            continue
        target = folder / file.name.replace("/", "_")
        _write(file, target, rejected)
        names.append(target.name)
    return tuple(names)


def _write(file: OpenedFile, target: Path, rejected: dict[int, list[str]]) -> None:
    if file.areas is not None:
        _write_areas(file.areas, target, rejected)
    else:
        for _, content in file.contents:
            _write_rows(content, target, rejected)


def _write_rows(content: Delimited, target: Path, rejected: dict[int, list[str]]) -> None:
    quiet = Findings()
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=content.delimiter)
        writer.writerow((REASONS_COLUMN, *content.header))
        for start, rows in content.raw_rows(quiet):
            for number, row in enumerate(rows, start):
                if number in rejected:
                    writer.writerow(("; ".join(rejected[number]), *row))


def _write_areas(areas: AreaFile, target: Path, rejected: dict[int, list[str]]) -> None:
    features = []
    for number, feature in enumerate(areas.features, 2):
        if number in rejected:
            properties = feature.get("properties") if isinstance(feature, dict) else None
            kept = feature if isinstance(feature, dict) else {"type": "Feature", "geometry": None}
            known = properties if isinstance(properties, dict) else {}
            reasons = {REASONS_COLUMN: "; ".join(rejected[number])}
            features.append(kept | {"properties": known | reasons})
    document: dict[str, object] = {"type": "FeatureCollection", "features": features}
    if areas.crs == 27700:
        document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    target.write_bytes(orjson.dumps(document))
