"""Areas with the people at risk in them, and which area an event lies in.

Areas are the localities with an exposure (ambient people at risk), or where there is none at all those with a recorded
population; of layers that lie on one another (wards and the neighbourhoods in them) the finer one is used. Localities
that touch, directly or through others, form a region of their own: what is recorded in an unrelated district changes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse

from graph.model import NodeId
from graph.snapshot import Bool, Float64, Int64, Snapshot

#: metres between boundaries that count as touching
TOUCHING = 1.0
#: a locality covered to this share by finer ones is a coarser layer
COVERED = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """One row an area, by locality id."""

    ids: tuple[str, ...]
    shapes: npt.NDArray[np.object_]
    #: (n, 2) metres, a point inside
    centre: Float64
    #: people at risk
    at_risk: Float64
    #: people at risk are ambient exposure; else recorded population
    ambient: bool
    #: pairs of areas that touch, both ways, and each with itself
    touching: sparse.csr_array
    #: label of the region of touching areas
    region: Int64
    #: touches the edge of all that is covered
    edge: Bool

    def __len__(self) -> int:
        return len(self.ids)

    def subject(self, row: int) -> NodeId:
        """The typed id of an area."""
        return NodeId(f"locality:{self.ids[row]}")


def covered_areas(snapshot: Snapshot, since: int, until: int) -> Areas | None:
    """Areas with the people at risk in the days ``since`` to ``until``; None when nothing is known of any.

    In a snapshot of one locality only the areas inside it; none in one of an operation, school or group, whose events
    say where it looked, not how much there is.
    """
    tables = snapshot.areas
    at_risk = _exposure(tables.exposure, since, until)
    ambient = bool(at_risk)
    if not ambient:
        at_risk = {}
        for row, _, _, _, people in tables.population:
            at_risk[row] = at_risk.get(row, 0.0) + people
    rows = [row for row in sorted(at_risk, key=lambda row: tables.ids[row]) if at_risk[row] > 0]
    shapes = np.array([shapely.from_wkb(tables.boundaries[row]) for row in rows], dtype=object)
    kept = _finest(shapes)
    kept = kept[_in_scope(snapshot, shapes[kept])]
    rows, shapes = [rows[at] for at in kept], shapes[kept]
    if not rows:
        return None
    count = len(rows)
    one, two = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=TOUCHING)
    ones = np.ones(len(one))
    touching = sparse.csr_array(sparse.coo_array((ones, (one, two)), shape=(count, count)))
    _, region = sparse.csgraph.connected_components(touching, directed=False)
    outline = shapely.boundary(shapely.union_all(shapes))
    shapely.prepare(outline)
    inside = shapely.point_on_surface(shapes)
    return Areas(
        ids=tuple(tables.ids[row] for row in rows),
        shapes=shapes,
        centre=np.column_stack([shapely.get_x(inside), shapely.get_y(inside)]),
        at_risk=np.array([at_risk[row] for row in rows]),
        ambient=ambient,
        touching=touching,
        region=region.astype(np.int64),
        edge=np.asarray(shapely.dwithin(outline, shapes, TOUCHING), dtype=np.bool_),
    )


def _exposure(table: tuple[tuple[int, float, int, int], ...], since: int, until: int) -> dict[int, float]:
    """Mean exposure by locality, weighted by the days each row shares with the period; else the latest row there is."""
    shared: dict[int, tuple[float, float]] = {}
    latest: dict[int, tuple[int, float]] = {}
    for row, exposure, start, end in table:
        days = max(0.0, float(min(int(end), until + 1)) - float(max(int(start), since)))
        total, weight = shared.get(row, (0.0, 0.0))
        shared[row] = (total + exposure * days, weight + days)
        latest[row] = max(latest.get(row, (int(start), exposure)), (int(start), exposure))
    return {row: total / weight if weight > 0 else latest[row][1] for row, (total, weight) in shared.items()}


def _in_scope(snapshot: Snapshot, shapes: npt.NDArray[np.object_]) -> Bool:
    if snapshot.scope == "everything":
        return np.ones(len(shapes), dtype=np.bool_)
    name = snapshot.scope.removeprefix("locality:")
    if name == snapshot.scope or name not in snapshot.areas.ids:
        return np.zeros(len(shapes), dtype=np.bool_)
    whole = shapely.from_wkb(snapshot.areas.boundaries[snapshot.areas.ids.index(name)])
    return np.asarray(shapely.intersects(whole, shapely.point_on_surface(shapes)), dtype=np.bool_)


def _finest(shapes: npt.NDArray[np.object_]) -> Int64:
    """Rows that are not mostly covered by smaller ones, ascending."""
    if not len(shapes):
        return np.zeros(0, dtype=np.int64)
    size = shapely.area(shapes)
    big, small = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    smaller = size[small] < size[big] * 0.999
    big, small = big[smaller], small[smaller]
    shared = shapely.area(shapely.intersection(shapes[big], shapes[small]))
    overlaid = np.bincount(big, weights=shared, minlength=len(shapes))
    return np.flatnonzero(overlaid < COVERED * size)


def locate(areas: Areas, easting: Float64, northing: Float64) -> Int64:
    """The area of each point; -1 outside all. On a common boundary, the first by id."""
    found = np.full(len(easting), -1, dtype=np.int64)
    known = np.flatnonzero(np.isfinite(easting) & np.isfinite(northing))
    known = known[np.argsort(easting[known], kind="stable")]
    x, y = easting[known], northing[known]
    bounds = shapely.bounds(areas.shapes)
    first, last = np.searchsorted(x, bounds[:, 0]), np.searchsorted(x, bounds[:, 2], side="right")
    for area, (low, high) in enumerate(zip(bounds[:, 1].tolist(), bounds[:, 3].tolist(), strict=True)):
        near = np.arange(first[area], last[area])
        near = near[(y[near] >= low) & (y[near] <= high)]
        near = near[found[known[near]] < 0]
        shape: Any = areas.shapes[area]
        shapely.prepare(shape)
        found[known[near[shapely.intersects_xy(shape, x[near], y[near])]]] = area
    return found


def smoothed_ratio(observed: Float64, expected: Float64) -> Float64:
    """Empirical-Bayes ratio of observed to expected: small areas are drawn towards the whole (Marshall 1991).

    The global method of moments. Areas where nothing is expected have the ratio of the whole.
    """
    total = float(expected.sum())
    if total <= 0:
        return np.ones(len(observed))
    whole = float(observed.sum()) / total
    raw = np.divide(observed, expected, out=np.full(len(observed), whole), where=expected > 0)
    between = float((expected * (raw - whole) ** 2).sum()) / total - whole / (total / len(observed))
    between = max(between, 0.0)
    within = np.divide(whole, expected, out=np.full(len(observed), np.inf), where=expected > 0)
    share = between / (between + within) if between > 0 else np.zeros(len(observed))
    result: Float64 = whole + share * (raw - whole)
    return result
