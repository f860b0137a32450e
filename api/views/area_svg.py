"""Areas drawn as SVG without tiles: what is said by a colour is said by a pattern and in words too.

Only presentation attributes, so that a strict content policy lets them through.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from markupsafe import Markup

#: width of a drawing, and metres to which boundaries are made simpler
_WIDTH = 900
_SIMPLER = 20.0
#: width of a letter of the labels
_LETTER = 8.4

#: how an area compares: fill (a pattern or a colour) and words
FILLS: dict[str, str] = {
    "high": "url(#kith-high)",
    "raised": "url(#kith-raised)",
    "usual": "#ffffff",
    "lower": "url(#kith-lower)",
}

_PATTERNS = (
    '<defs><pattern id="kith-high" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="7" height="7" fill="#e0b7a8"/><rect width="3.4" height="7" fill="#8c2f1b"/></pattern>'
    '<pattern id="kith-raised" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="10" height="10" fill="#f7e6df"/><rect width="2" height="10" fill="#b4563e"/></pattern>'
    '<pattern id="kith-lower" width="9" height="9" patternUnits="userSpaceOnUse">'
    '<rect width="9" height="9" fill="#eef4f6"/><circle cx="4.5" cy="4.5" r="1.5" fill="#356a7b"/></pattern></defs>'
)

#: outline of a cluster and of one that is growing: colour, width, dashes
_OUTLINES: dict[str, tuple[str, str, str]] = {
    "steady": ("#12303b", "4", ""),
    "emerging": ("#6b2f7a", "5", "9 5"),
}

#: mark of a place by the band of its evidence: half its width, and its fill
_PLACES: dict[str, tuple[int, str]] = {"strong": (12, "#f2c230"), "moderate": (9, "#f2c230"), "slight": (5, "#ffffff")}


@dataclass(frozen=True, slots=True)
class DrawnArea:
    """One area of a drawing."""

    name: str
    #: MultiPolygon, EPSG:27700
    boundary_wkb: bytes
    #: key of FILLS
    level: str
    #: what is said when somebody points at it
    words: str


@dataclass(frozen=True, slots=True)
class Outline:
    """Areas that stand out together, with one line around them."""

    boundaries: tuple[bytes, ...]
    #: "steady" or "emerging"
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class DrawnPoint:
    """One place or incident."""

    easting: float
    northing: float
    #: the band of a place (strong, moderate, slight), "series" or "incident"
    kind: str
    words: str


def areas_svg(
    areas: Sequence[DrawnArea], outlines: Iterable[Outline], points: Iterable[DrawnPoint], *, label: str
) -> Markup:
    """The drawing; "" when there is nothing with a shape."""
    shapes = [shapely.simplify(shapely.from_wkb(area.boundary_wkb), _SIMPLER) for area in areas]
    if not shapes:
        return Markup()
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    page = _Page(west, north, _WIDTH / max(east - west, 1.0))
    parts = [
        f'<path d="{page.path(shape)}" fill="{FILLS[area.level]}" stroke="#4f5b64" stroke-width="1" '
        f'fill-rule="evenodd"><title>{html.escape(area.words)}</title></path>'
        for area, shape in zip(areas, shapes, strict=True)
    ]
    parts += [_outline(outline, page) for outline in outlines]
    parts += [page.label(area.name, shape) for area, shape in zip(areas, shapes, strict=True)]
    parts += [_point(point, page) for point in points if west <= point.easting <= east]
    height = (north - south) * page.scale
    # Every name has gone through html.escape above.
    return Markup(  # noqa: S704
        f'<svg class="kith-locality-map" viewBox="-6 -6 {_WIDTH + 12} {height + 12:.0f}" role="img" '
        f'aria-label="{html.escape(label)}">{_PATTERNS}{"".join(parts)}</svg>'
    )


def swatch(what: str) -> Markup:
    """A small sample for the key: a level, an outline or a point."""
    if what in FILLS:
        inside = f'<rect x="1" y="1" width="34" height="18" fill="{FILLS[what]}" stroke="#4f5b64"/>'
    elif what in _OUTLINES:
        colour, width, dashes = _OUTLINES[what]
        inside = (
            f'<rect x="3" y="3" width="30" height="14" fill="none" stroke="{colour}" stroke-width="{width}" '
            f'stroke-dasharray="{dashes}"/>'
        )
    else:
        inside = _mark(what, 18, 10, 9)
    return Markup(  # noqa: S704  (nothing from outside is in it)
        f'<svg width="36" height="20" viewBox="0 0 36 20" aria-hidden="true">{inside}</svg>'
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """From the grid to the drawing."""

    west: float
    north: float
    scale: float

    def path(self, shape: shapely.Geometry) -> str:
        return " ".join(self._ring(ring) for ring in _rings(shape))

    def at(self, easting: float, northing: float) -> tuple[float, float]:
        return (easting - self.west) * self.scale, (self.north - northing) * self.scale

    def label(self, name: str, shape: shapely.Geometry) -> str:
        """The name where it fits between the sides of the area; else nothing: the table has it."""
        point = shapely.point_on_surface(shape)
        across = shapely.LineString([(shape.bounds[0], point.y), (shape.bounds[2], point.y)])
        pieces = shapely.get_parts(shapely.intersection(shape, across))
        room = max((piece.length for piece in pieces if shapely.dwithin(piece, point, 1.0)), default=0.0)
        if len(name) * _LETTER > room * self.scale:
            return ""
        x, y = self.at(point.x, point.y)
        return (
            f'<text x="{x:.0f}" y="{y + 5:.0f}" font-size="15" font-family="Arial, sans-serif" text-anchor="middle" '
            f'fill="#1d2a33" stroke="#ffffff" stroke-width="4" paint-order="stroke" aria-hidden="true">'
            f"{html.escape(name)}</text>"
        )

    def _ring(self, points: npt.NDArray[np.float64]) -> str:
        moves = ["{:.1f} {:.1f}".format(*self.at(x, y)) for x, y in points]
        return "M" + "L".join(moves) + "Z"


def _outline(outline: Outline, page: _Page) -> str:
    shapes = [shapely.simplify(shapely.from_wkb(boundary), _SIMPLER) for boundary in outline.boundaries]
    # A little wider, then narrower again: boundaries that were made simpler leave slivers between neighbours.
    whole = shapely.buffer(shapely.union_all(shapely.buffer(shapes, 2 * _SIMPLER)), -2 * _SIMPLER)
    colour, width, dashes = _OUTLINES[outline.kind]
    return (
        f'<path d="{page.path(whole)}" fill="none" stroke="{colour}" stroke-width="{width}" '
        f'stroke-dasharray="{dashes}"><title>{html.escape(outline.words)}</title></path>'
    )


def _point(point: DrawnPoint, page: _Page) -> str:
    x, y = page.at(point.easting, point.northing)
    return f"<g><title>{html.escape(point.words)}</title>{_mark(point.kind, x, y)}</g>"


def _mark(kind: str, x: float, y: float, most: int = 99) -> str:
    if kind in _PLACES:
        half, fill = min(_PLACES[kind][0], most), _PLACES[kind][1]
        tip = f"M{x:.1f} {y - half:.1f}l{half} {half}l-{half} {half}l-{half} -{half}z"
        return f'<path d="{tip}" fill="{fill}" stroke="#1d2a33" stroke-width="2"/>'
    if kind == "series":
        box = f'x="{x - 7:.1f}" y="{y - 7:.1f}" width="14" height="14"'
        return f'<rect {box} fill="#ffffff" stroke="#6b2f7a" stroke-width="4"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#1d2a33" stroke="#ffffff" stroke-width="1.5"/>'


def _rings(shape: shapely.Geometry) -> list[npt.NDArray[np.float64]]:
    return [
        shapely.get_coordinates(ring)
        for polygon in shapely.get_parts(shape)
        for ring in (shapely.get_exterior_ring(polygon), *polygon.interiors)
    ]
