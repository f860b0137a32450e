"""The locality map: distinct children by area, suppressed and rounded before anybody sees a number."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from api.places import ANY, CHILDREN_IN, Counts, count_by_locality, last_months, shown_children
from graph.model import Locality
from graph.snapshot import Snapshot

#: white for nobody, the palest for too few to show, then four steps; the words on each reach 4.5:1
_SHADES = ("#ffffff", "#e3ecef", "#b9d0d8", "#4f7f90", "#356a7b", "#1f4e5f")
#: width of a letter of the map's labels
_LETTER = 8.4


@dataclass(frozen=True, slots=True)
class LocalityRow:
    """One area. A cell is a rounded count, or words where it is too small to show."""

    id: str
    name: str
    cells: tuple[str, ...]
    #: the sum the map is shaded by, rounded; None where too small to show
    shade: int | None


@dataclass(frozen=True, slots=True)
class LocalityTable:
    columns: tuple[str, ...]
    #: in the order of the localities
    rows: tuple[LocalityRow, ...]

    @property
    def with_records(self) -> tuple[LocalityRow, ...]:
        """Areas with any child counted, most first; those too small to show after them, by name."""
        some = [row for row in self.rows if row.shade != 0]
        return tuple(sorted(some, key=lambda row: (-(row.shade or 0), row.name)))

    @property
    def without_records(self) -> tuple[str, ...]:
        """Names of the areas in which nobody is counted."""
        return tuple(sorted(row.name for row in self.rows if row.shade == 0))


def levels_of(localities: Sequence[Locality]) -> dict[str, tuple[Locality, ...]]:
    """The areas by type, fewest areas first: areas of two types overlap and cannot stand on one map."""
    by_type: dict[str, list[Locality]] = {}
    for locality in localities:
        by_type.setdefault(locality.locality_type or "other", []).append(locality)
    return {kind: tuple(areas) for kind, areas in sorted(by_type.items(), key=lambda item: (len(item[1]), item[0]))}


def usual_level(levels: Mapping[str, Sequence[Locality]]) -> str | None:
    """The type to show first: the coarsest with more than one area, so that few counts are too small to show."""
    return next((kind for kind, areas in levels.items() if len(areas) > 1), next(iter(levels), None))


def locality_table(snapshot: Snapshot, localities: Sequence[Locality], *, months: int = 12) -> LocalityTable:
    """Distinct children under 18 by area and kind of event in the months before ``snapshot.as_at``.

    Each count is suppressed from 1 to 5 and otherwise rounded to 5; no totals are given, so nothing can be taken away
    from a total to find a small one.
    """
    return table_of(localities, count_by_locality(snapshot, localities, last_months(snapshot.as_at, months)))


def table_of(localities: Sequence[Locality], counts: Counts) -> LocalityTable:
    """The same from what has been counted."""
    rows = []
    for locality in localities:
        children = shown_children(counts[locality.id])
        cells = tuple(_words(children[code]) for code, _ in CHILDREN_IN)
        rows.append(LocalityRow(locality.id, locality.name, cells, children[ANY]))
    return LocalityTable(tuple(heading for _, heading in CHILDREN_IN), tuple(rows))


def _words(count: int | None) -> str:
    if count is None:
        return "fewer than 6"
    return "0" if count == 0 else f"about {count}"


def locality_svg(table: LocalityTable, localities: Sequence[Locality]) -> str:
    """The areas shaded by children counted, as SVG with a title and each area named; colours are classes of the
    presentation attributes, so that a strict content policy lets them through."""
    shapes = [shapely.simplify(shapely.from_wkb(locality.boundary_wkb), 20) for locality in localities]
    if not shapes:
        return ""
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    scale = 900 / max(east - west, 1.0)
    highest = max((row.shade or 0 for row in table.rows), default=0)
    parts, labels = [], []
    for row, shape in zip(table.rows, shapes, strict=True):
        shade = _shade(row.shade, highest)
        count = {None: "fewer than 6 children", 0: "no child recorded"}.get(row.shade, f"about {row.shade} children")
        label = html.escape(f"{row.name}: {count}")
        path = " ".join(_ring(ring, west, north, scale) for ring in _rings(shape))
        parts.append(
            f'<path d="{path}" fill="{shade}" stroke="#4f5b64" stroke-width="1" fill-rule="evenodd">'
            f"<title>{label}</title></path>"
        )
        labels.append(_label(row.name, shape, shade, west, north, scale))
    height = (north - south) * scale
    return (
        f'<svg class="kith-locality-map" viewBox="-4 -4 908 {height + 8:.0f}" role="img" '
        f'aria-label="Localities shaded by the number of children counted; the table below says the same">'
        + "".join(parts + labels)
        + "</svg>"
    )


def _label(name: str, shape: shapely.Geometry, shade: str, west: float, north: float, scale: float) -> str:
    """The name of an area, where it fits between the sides of the area; else nothing: the table has it."""
    point = shapely.point_on_surface(shape)
    across = shapely.LineString([(shape.bounds[0], point.y), (shape.bounds[2], point.y)])
    pieces = shapely.get_parts(shapely.intersection(shape, across))
    room = max((piece.length for piece in pieces if shapely.dwithin(piece, point, 1.0)), default=0.0) * scale
    if len(name) * _LETTER > room:
        return ""
    dark = shade in _SHADES[3:]
    return (
        f'<text x="{(point.x - west) * scale:.0f}" y="{(north - point.y) * scale + 5:.0f}" font-size="15" '
        f'font-family="Arial, sans-serif" text-anchor="middle" fill="{"#fff" if dark else "#1d2a33"}" '
        f'aria-hidden="true">{html.escape(name)}</text>'
    )


def _shade(count: int | None, highest: int) -> str:
    if count is None:
        return _SHADES[1]
    if count == 0 or highest == 0:
        return _SHADES[0]
    return _SHADES[min(5, 2 + int(3.999 * count / highest))]


def _rings(shape: shapely.Geometry) -> list[npt.NDArray[np.float64]]:
    polygons = shapely.get_parts(shape)
    return [
        shapely.get_coordinates(ring)
        for polygon in polygons
        for ring in (shapely.get_exterior_ring(polygon), *polygon.interiors)
    ]


def _ring(points: npt.NDArray[np.float64], west: float, north: float, scale: float) -> str:
    moves = [f"{(x - west) * scale:.1f} {(north - y) * scale:.1f}" for x, y in points]
    return "M" + "L".join(moves) + "Z"
