"""The ground: neighbourhoods that tile, wards and districts made of them, in open sea on the British National Grid.

Neighbourhoods are Voronoi cells clipped to the outline and rounded to whole metres; neighbours share their rounded
corners, so unions leave neither gaps nor overlaps.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ingest.city.state import City, Integers, Numbers
from ingest.city.words import CITY, PLACE_FIRST, PLACE_SECOND, REGION

#: south-west corner of the box: North Sea, EPSG:27700 metres
ORIGIN = (600_500.0, 600_500.0)
VINTAGE = "2025"
_POOL = 240


@dataclass(slots=True)
class Geography:
    """Areas and the points they are sampled from."""

    #: (n, 2) centres of the neighbourhoods
    centres: Numbers
    neighbourhoods: NDArray[Any]
    #: number of the ward of each neighbourhood
    ward_of: Integers
    wards: NDArray[Any]
    ward_names: list[str]
    #: number of the district of each ward
    district_of: Integers
    districts: NDArray[Any]
    district_names: list[str]
    #: distance of each neighbourhood from the centre, 0 to 1
    remoteness: Numbers
    tree: cKDTree
    #: points sorted by neighbourhood, and where each neighbourhood begins
    pool: Numbers
    pool_start: Integers
    #: the whole city
    land: Any
    #: ambient people at risk, set when places and people are known
    exposure: Numbers
    _nearest: dict[int, Integers] = field(default_factory=dict)

    def near(self, neighbourhood: int, count: int) -> Integers:
        """The neighbourhood and its nearest others, nearest first."""
        found: Integers = self.nearest(count)[neighbourhood]
        return found

    def nearest(self, count: int) -> Integers:
        """For each neighbourhood the ``count`` nearest, itself first (n, count)."""
        count = min(count, len(self.centres))
        if count not in self._nearest:
            found = np.asarray(self.tree.query(self.centres, k=count)[1], dtype=np.int64)
            self._nearest[count] = found.reshape(len(self.centres), count)
        return self._nearest[count]

    def points(self, generator: np.random.Generator, neighbourhoods: NDArray[Any], *, spread: int = 0) -> Integers:
        """Random points inside the given neighbourhoods, whole metres (n, 2).

        ``spread`` moves each by up to so many metres where that keeps it on the ground.
        """
        first = self.pool_start[neighbourhoods]
        count = self.pool_start[np.asarray(neighbourhoods) + 1] - first
        row = first + (generator.random(len(first)) * count).astype(np.int64)
        found: Integers = self.pool[row].astype(np.int64)
        if spread:
            moved = found + generator.integers(-spread, spread + 1, found.shape)
            inside = shapely.contains_xy(self.land, moved[:, 0], moved[:, 1])
            found[inside] = moved[inside]
        return found

    def ward_code(self, ward: int) -> str:
        return f"E05999{ward + 1:03d}"

    def neighbourhood_code(self, neighbourhood: int) -> str:
        return f"E01999{neighbourhood + 1:04d}"

    def district_code(self, district: int) -> str:
        return f"E08999{district + 1:03d}"


def owners(centres: Numbers, points: Numbers) -> Integers:
    """The number of the nearest centre of each point."""
    return np.asarray(cKDTree(centres).query(points)[1], dtype=np.int64)


def _outline(generator: np.random.Generator, width: float, height: float) -> Any:
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    waves = sum(generator.uniform(0.01, 0.05) * np.cos(k * angles + generator.uniform(0, 6.28)) for k in range(2, 7))
    radius = 0.46 * (0.9 + waves)
    x = ORIGIN[0] + width * (0.5 + radius * np.cos(angles))
    y = ORIGIN[1] + height * (0.5 + radius * np.sin(angles))
    return shapely.Polygon(np.rint(np.column_stack([x, y])))


def _centres(generator: np.random.Generator, outline: Any, count: int) -> Numbers:
    """Spread points, denser towards the middle, by repeated relaxation on a sample of the ground."""
    middle = np.array([outline.centroid.x, outline.centroid.y])
    west, south, east, north = outline.bounds
    sample = generator.uniform((west, south), (east, north), (count * 60, 2))
    sample = sample[shapely.contains_xy(outline, sample[:, 0], sample[:, 1])]
    reach = np.max(np.linalg.norm(sample - middle, axis=1))
    keep = generator.random(len(sample)) < 0.25 + 0.75 * np.exp(-3 * np.linalg.norm(sample - middle, axis=1) / reach)
    sample = sample[keep]
    centres = sample[generator.permutation(len(sample))[:count]]
    for _ in range(6):
        owner = owners(centres, sample)
        size = np.maximum(np.bincount(owner, minlength=count), 1)
        for axis in (0, 1):
            mean = np.bincount(owner, weights=sample[:, axis], minlength=count) / size
            centres[:, axis] = np.where(size > 1, mean, centres[:, axis])
    return np.asarray(centres, dtype=np.float64)


def _grouped(generator: np.random.Generator, points: Numbers, groups: int) -> Integers:
    """Compact groups of points, none of them empty."""
    centres = points[generator.permutation(len(points))[:groups]].copy()
    for _ in range(12):
        owner = owners(centres, points)
        for group in range(groups):
            members = points[owner == group]
            if len(members):
                centres[group] = members.mean(axis=0)
    owner = owners(centres, points)
    for group in range(groups):
        if not (owner == group).any():
            free = np.flatnonzero(np.bincount(owner, minlength=groups)[owner] > 1)
            distance = np.linalg.norm(points[free] - centres[group], axis=1)
            owner[free[int(np.argmin(distance))]] = group
    return owner


def _unions(polygons: NDArray[Any], owner: Integers, groups: int) -> NDArray[Any]:
    result = np.empty(groups, dtype=object)
    for group in range(groups):
        result[group] = shapely.union_all(polygons[owner == group])
    return result


def _names(generator: np.random.Generator, count: int, taken: set[str]) -> list[str]:
    names = [first + second for first in PLACE_FIRST for second in PLACE_SECOND if first + second not in taken]
    return [names[i] for i in generator.permutation(len(names))[:count].tolist()]


def _pool(generator: np.random.Generator, outline: Any, centres: Numbers) -> tuple[Numbers, Integers]:
    west, south, east, north = outline.bounds
    points = generator.uniform((west, south), (east, north), (len(centres) * _POOL, 2))
    # every small cell gets some points too
    near = np.repeat(centres, 12, axis=0) + generator.uniform(-60, 60, (len(centres) * 12, 2))
    points = np.rint(np.concatenate([points, near, centres]))
    points = points[shapely.contains_xy(outline, points[:, 0], points[:, 1])]
    owner = owners(centres, points)
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(centres) + 1))
    return points[order], starts.astype(np.int64)


def make_geography(city: City) -> Geography:
    """Make outline, neighbourhoods, wards and districts."""
    generator, scale = city.generator("geography"), city.scale
    outline = _outline(generator, scale.width, scale.height)
    shapely.prepare(outline)
    centres = _centres(generator, outline, scale.neighbourhoods)
    ward_of = _grouped(generator, centres, scale.wards)
    ward_centres = np.array([centres[ward_of == ward].mean(axis=0) for ward in range(scale.wards)])
    district_of = _grouped(generator, ward_centres, scale.districts)
    cells = shapely.voronoi_polygons(shapely.MultiPoint(centres), extend_to=outline.buffer(5_000), ordered=True)
    clipped = shapely.intersection(np.array(cells.geoms, dtype=object), outline)
    polygons = shapely.transform(clipped, np.rint)
    wards = _unions(polygons, ward_of, scale.wards)
    districts = _unions(wards, district_of, scale.districts)
    land = shapely.union_all(districts)
    shapely.prepare(land)
    district_names = [CITY] if scale.districts == 1 else _names(generator, scale.districts, set())
    middle = np.array([outline.centroid.x, outline.centroid.y])
    distance = np.linalg.norm(centres - middle, axis=1)
    pool, pool_start = _pool(generator, outline, centres)
    return Geography(
        centres=centres,
        neighbourhoods=polygons,
        ward_of=ward_of,
        wards=wards,
        ward_names=_names(generator, scale.wards, set(district_names)),
        district_of=district_of,
        districts=districts,
        district_names=district_names,
        remoteness=distance / distance.max(),
        tree=cKDTree(centres),
        pool=pool,
        pool_start=pool_start,
        land=land,
        exposure=np.ones(scale.neighbourhoods),
    )


def write_localities(city: City, path: Path) -> int:
    """Write districts, wards and neighbourhoods as GeoJSON in CRS84 and return the number of features."""
    ground = city.geography
    transformer = pyproj.Transformer.from_crs("EPSG:27700", "OGC:CRS84", always_xy=True)

    def to_degrees(coordinates: NDArray[Any]) -> NDArray[Any]:
        longitude, latitude = transformer.transform(coordinates[:, 0], coordinates[:, 1])
        return np.round(np.column_stack([longitude, latitude]), 7)

    rows: list[tuple[str, str, str, str, Any]] = []
    for number, shape in enumerate(ground.districts):
        key = ground.district_code(number)
        rows.append((key, ground.district_names[number], "district", key, shape))
    for number, shape in enumerate(ground.wards):
        authority = ground.district_code(int(ground.district_of[number]))
        rows.append((ground.ward_code(number), ground.ward_names[number], "ward", authority, shape))
    seen: dict[int, int] = {}
    for number, shape in enumerate(ground.neighbourhoods):
        ward = int(ground.ward_of[number])
        seen[ward] = seen.get(ward, 0) + 1
        authority = ground.district_code(int(ground.district_of[ward]))
        name = f"{ground.ward_names[ward]} {seen[ward]}"
        rows.append((ground.neighbourhood_code(number), name, "neighbourhood", authority, shape))
    shapes = shapely.transform(np.array([row[4] for row in rows], dtype=object), to_degrees)
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        head = {"type": "FeatureCollection", "name": REGION if len(ground.districts) > 1 else CITY}
        stream.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n')
        for number, (row, shape) in enumerate(zip(rows, shapes, strict=True)):
            properties = {
                "locality_id": row[0], "name": row[1], "locality_type": row[2], "authority_code": row[3],
                "vintage": VINTAGE,
            }  # fmt: skip
            geometry = json.loads(shapely.to_geojson(shapely.orient_polygons(shape)))
            feature = {"type": "Feature", "properties": properties, "geometry": geometry}
            stream.write((",\n" if number else "") + json.dumps(feature, ensure_ascii=False))
        stream.write("\n]}\n")
    return len(rows)
