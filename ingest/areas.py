"""Reads GeoJSON areas of any vintage: properties by alias, outlines to MultiPolygons on the British National Grid."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from ingest.chunks import Chunk
from ingest.coordinates import grid_of_points
from ingest.files import READ_ERRORS, InputFile
from ingest.findings import Findings
from ingest.schemas import REASONS_COLUMN, TABLE_BY_NAME

#: largest file of areas; the wards of the whole country in full detail have less
MOST_BYTES = 256 * 1024**2
MOST_FEATURES = 200_000
_TABLE = TABLE_BY_NAME["localities"]
#: second names of properties, in the order in which they are tried; letter case does not matter
_ALIASES: dict[str, tuple[str, ...]] = {
    "locality_id": (
        r"locality_id",
        r"area_code",
        r"(?:wd|lad|ltla|utla|ctyua|ced|lsoa|msoa|oa|par|cauth)\d{2}cd",
        r"code",
    ),
    "name": (r"name", r"area_name", r"(?:wd|lad|ltla|utla|ctyua|ced|lsoa|msoa|par|cauth)\d{2}nm"),
    "locality_type": (r"locality_type",),
    "authority_code": (
        r"authority_code",
        r"local_authority_area_code",
        r"local_authority_code",
        r"(?:lad|utla|ctyua)\d{2}cd",
    ),
    "vintage": (r"vintage",),
}
#: level of area by the first letters of the code property, finest first: a ward file also names its district
_LEVELS: dict[str, str] = {
    "wd": "ward",
    "oa": "output_area",
    "lsoa": "lower_super_output_area",
    "msoa": "middle_super_output_area",
    "par": "parish",
    "lad": "district",
    "ltla": "district",
}
_GRID = ("27700",)
_DEGREES = ("CRS84", "4326")


class AreaProblem(Exception):
    """A feature or file that cannot be read, as kind and message."""

    def __init__(self, kind: str, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.kind, self.message, self.column = kind, message, column


@dataclass(frozen=True, slots=True)
class AreaFile:
    """The features of one GeoJSON file, read but not yet checked."""

    file: InputFile
    digest: str
    features: Sequence[Any]
    #: 27700, 4326 or None when it follows from the coordinates
    crs: int | None
    findings: Findings

    @property
    def tables(self) -> frozenset[str]:
        return frozenset({_TABLE.name})

    def chunks(self, table: str, only: str | None = None) -> Iterator[Chunk]:  # noqa: ARG002 - the protocol's
        """All areas; a feature counts as a row, the first being row 2 as in a table with a header."""
        if table != _TABLE.name:
            return
        numbers, rows, outlines = [], [], []
        repaired = 0
        for number, feature in enumerate(self.features, 2):
            try:
                row, outline, mended = self._feature(feature)
            except AreaProblem as problem:
                self.findings.problem(self.file.name, number, problem.column, problem.kind, problem.message)
                continue
            repaired += mended
            numbers.append(number)
            rows.append(row)
            outlines.append(outline)
        if repaired:
            message = f"{repaired} outlines crossed themselves and were made valid"
            self.findings.note(self.file.name, message, "geometry")
        columns = {name: [row.get(name, "") for row in rows] for name in _ALIASES}
        yield Chunk(_TABLE.name, self.file.name, numbers, columns, {}, True, outlines)

    def properties(self, feature: Any) -> dict[str, str]:
        """Scalar properties as text. Raises AreaProblem."""
        found = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(found, dict):
            raise AreaProblem("bad_geojson", "not a feature with properties")
        return {
            str(key): "" if value is None else str(value)
            for key, value in found.items()
            if isinstance(value, (str, int, float, type(None))) and key != REASONS_COLUMN
        }

    def _feature(self, feature: Any) -> tuple[dict[str, str], bytes, bool]:
        named = by_alias(self.properties(feature))
        outline, mended = outline_of(feature.get("geometry"), self.crs)
        return named, outline, mended


def read_areas(file: InputFile, findings: Findings) -> AreaFile | None:
    """Parse a GeoJSON file; None, with the problem noted, when it cannot be read."""
    try:
        if file.size > MOST_BYTES:
            raise AreaProblem("too_large", f"a file of areas has at most {MOST_BYTES // 1024**2} MB")
        with file.open() as stream:
            content = stream.read(MOST_BYTES + 1)
        document = _parsed(content)
        features = _features(document)
        crs = _named_crs(document)
    except AreaProblem as problem:
        findings.problem(file.name, None, problem.column, problem.kind, problem.message)
        return None
    except READ_ERRORS:
        findings.problem(file.name, None, None, "unreadable", "the file cannot be read to its end")
        return None
    return AreaFile(file, hashlib.sha256(content).hexdigest(), features, crs, findings)


def _parsed(content: bytes) -> dict[str, Any]:
    if len(content) > MOST_BYTES:
        raise AreaProblem("too_large", f"a file of areas has at most {MOST_BYTES // 1024**2} MB")
    try:
        document = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except (orjson.JSONDecodeError, RecursionError):
        raise AreaProblem("bad_json", "not valid JSON in UTF-8 (NaN and Infinity are not JSON)") from None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise AreaProblem("bad_geojson", "not a GeoJSON FeatureCollection")
    return document


def _features(document: Mapping[str, Any]) -> list[Any]:
    features = document.get("features")
    if not isinstance(features, list):
        raise AreaProblem("bad_geojson", "the FeatureCollection has no list of features")
    if len(features) > MOST_FEATURES:
        raise AreaProblem("too_large", f"more than {MOST_FEATURES} areas")
    return features


def _named_crs(document: Mapping[str, Any]) -> int | None:
    crs = document.get("crs")
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise AreaProblem("unknown_crs", "the coordinate system is not named", "crs")
    if any(name.endswith(part) for part in _GRID):
        return 27700
    if any(name.endswith(part) for part in _DEGREES):
        return 4326
    raise AreaProblem("unknown_crs", "only CRS84 (WGS84) and EPSG:27700 are read", "crs")


def by_alias(properties: Mapping[str, str]) -> dict[str, str]:
    """Bundle columns of the properties of an area of any vintage."""
    lowered = {key.lower(): value for key, value in properties.items()}
    found: dict[str, str] = {}
    for column, patterns in _ALIASES.items():
        for pattern in patterns:
            matches = [key for key in lowered if re.fullmatch(pattern, key) and lowered[key]]
            if matches:
                key = min(matches, key=lambda text: _level_order(text))
                found[column] = lowered[key]
                if column == "locality_id":
                    _from_code(key, found)
                break
    return found


def _level_order(key: str) -> int:
    letters = key.rstrip("cdnm").rstrip("0123456789")
    order = list(_LEVELS)
    return order.index(letters) if letters in order else len(order)


def _from_code(key: str, found: dict[str, str]) -> None:
    """The kind and year of an area, when the name of its code property (WD23CD) tells them."""
    match = re.fullmatch(r"([a-z]+)(\d{2})cd", key)
    if match and match[1] in _LEVELS:
        found.setdefault("locality_type", _LEVELS[match[1]])
    if match:
        found.setdefault("vintage", f"20{match[2]}")


def outline_of(geometry: Any, crs: int | None) -> tuple[bytes, bool]:
    """MultiPolygon in EPSG:27700 as WKB, and whether it had to be made valid. Raises AreaProblem."""
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise AreaProblem("bad_geometry", "not a Polygon or MultiPolygon", "geometry")
    try:
        shape = shapely.from_geojson(orjson.dumps({"type": geometry["type"], "coordinates": geometry["coordinates"]}))
    except (shapely.errors.ShapelyError, KeyError, TypeError, ValueError, RecursionError):
        raise AreaProblem("bad_geometry", "the coordinates are not those of closed rings", "geometry") from None
    shape = shapely.force_2d(shape)
    points = shapely.get_coordinates(shape)
    if shape.is_empty or not np.isfinite(points).all():
        raise AreaProblem("bad_geometry", "empty, or coordinates that are not finite numbers", "geometry")
    shape = _on_grid(shape, points, crs)
    mended = not shapely.is_valid(shape)
    if mended:
        shape = shapely.make_valid(shape)
    polygons = [part for part in shapely.get_parts(_flat(shape)) if part.geom_type == "Polygon" and part.area > 0]
    if not polygons:
        raise AreaProblem("bad_geometry", "the outline encloses nothing", "geometry")
    outline: bytes = shapely.to_wkb(shapely.MultiPolygon(polygons))
    return outline, mended


def _flat(shape: BaseGeometry) -> BaseGeometry:
    if shape.geom_type != "GeometryCollection":
        return shape
    return shapely.GeometryCollection([part for whole in shapely.get_parts(shape) for part in shapely.get_parts(whole)])


def _on_grid(shape: BaseGeometry, points: np.ndarray[Any, np.dtype[np.float64]], crs: int | None) -> BaseGeometry:
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    degrees = crs == 4326 or (crs is None and max(abs(west), abs(south), abs(east), abs(north)) <= 180)
    if degrees:
        if not (west >= -9.5 and east <= 2.5 and south >= 49 and north <= 61.5):
            message = "not within Great Britain; are longitude and latitude exchanged?"
            raise AreaProblem("out_of_range", message, "geometry")
        moved: BaseGeometry = shapely.transform(shape, grid_of_points)
        return moved
    if not (west >= 0 and east <= 700_000 and south >= 0 and north <= 1_300_000):
        raise AreaProblem("out_of_range", "outside the British National Grid", "geometry")
    return shape
