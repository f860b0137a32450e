"""The hotspot map: areas that stand out, clusters, growing clusters and places, as a drawing and as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import shapely
from markupsafe import Markup

from api.services import AREA
from api.views.area_svg import DrawnArea, DrawnPoint, Outline, areas_svg, swatch
from api.views.flag_lists import BAND_LABELS, Choice
from api.views.flags import name_of
from api.views.words import day_words, entity_url, term
from graph.access.gate import Gate
from graph.access.policy import Action
from graph.flags import Band, Flag, Plain
from graph.model import Event, Locality, NodeId, Place, School
from graph.store import Lens, SeenNode, StoredFlag

AREAS, EMERGING, PLACES, SERIES = "hotspot_areas", "hotspot_emerging", "hotspot_places", "near_repeats"
#: what the page shows, by word of the address: words and detectors
LAYERS: Mapping[str, tuple[str, frozenset[str]]] = {
    "": ("Areas and places", frozenset({AREAS, EMERGING, PLACES, SERIES})),
    "areas": ("Areas", frozenset({AREAS})),
    "emerging": ("Areas where it is growing", frozenset({EMERGING})),
    "series": ("One after the other, near one place", frozenset({SERIES})),
    "places": ("Places", frozenset({PLACES})),
}
#: months looked back by word of the address; None for all
PERIODS: Mapping[str, tuple[str, int | None]] = {
    "": ("Any time", None),
    "1": ("The last month", 1),
    "3": ("The last 3 months", 3),
    "12": ("The last 12 months", 12),
}
#: keys of ``details`` for what is counted, first found first: about areas, and about one place
_COUNTED: Mapping[str, tuple[str, ...]] = {"children": ("children", "children_at_risk"), "observed": ("observed",)}
_COUNTED_AT_PLACES: Mapping[str, tuple[str, ...]] = {"children": ("observed", "children_at_risk")}
#: what a line of the table is
_WHAT: Mapping[str, str] = {EMERGING: "Growing in the last weeks", SERIES: "One after the other"}
#: lines of a table that are open at first
FIRST_ROWS = 12
#: metres round the areas of a prompt that are drawn at least, and as a share of their own extent
_MARGIN, _MARGIN_SHARE = 500.0, 0.6
#: areas on one drawing
MOST_AREAS = 400

#: words of a band of the layer, as the detector says them, to how the area is filled
_LEVELS: Mapping[str, str] = {
    "high": "high",
    "hot": "high",
    "strong": "high",
    "very high": "high",
    "raised": "raised",
    "moderate": "raised",
    "warm": "raised",
    "slight": "raised",
    "low": "lower",
    "cold": "lower",
    "lower": "lower",
}
LEVEL_WORDS: Mapping[str, str] = {
    "high": "far above what its surroundings and size would give",
    "raised": "above what its surroundings and size would give",
    "usual": "about what would be expected",
    "lower": "below what would be expected",
}
KEY: tuple[tuple[str, str], ...] = (
    ("high", "Far above expected, with its neighbours"),
    ("raised", "Above expected"),
    ("usual", "About as expected, or too few records"),
    ("lower", "Below expected"),
    ("steady", "Areas that stand out together"),
    ("emerging", "Growing in the last weeks"),
    ("strong", "A place, strong evidence"),
    ("moderate", "A place, moderate evidence"),
    ("slight", "A place, slight evidence"),
    ("series", "A place in a series of occasions"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what stands out and how strongly."""

    name: str
    url: str | None
    what: str
    band: str
    band_words: str
    cells: tuple[str, ...]
    #: page of the prompt; None for who may not read it
    flag_url: str | None


@dataclass(frozen=True, slots=True)
class HotspotView:
    svg: Markup
    areas: tuple[Row, ...]
    places: tuple[Row, ...]
    #: areas of the layer that are above or below, when no cluster says so
    levels: tuple[tuple[str, str], ...]
    key: tuple[tuple[Markup, str], ...]

    @property
    def first_areas(self) -> tuple[Row, ...]:
        return self.areas[:FIRST_ROWS]

    @property
    def more_areas(self) -> tuple[Row, ...]:
        return self.areas[FIRST_ROWS:]

    @property
    def first_places(self) -> tuple[Row, ...]:
        """The strongest; slight evidence only where there is nothing else."""
        clear = tuple(row for row in self.places if row.band != Band.SLIGHT)
        return (clear or self.places)[:FIRST_ROWS]

    @property
    def more_places(self) -> tuple[Row, ...]:
        first = self.first_places
        return tuple(row for row in self.places if row not in first)


@dataclass(frozen=True, slots=True)
class Hotspots:
    """What stands out, as far as this reader may see it."""

    flags: tuple[StoredFlag, ...]
    localities: tuple[Locality, ...]
    #: places among the subjects that may be named
    places: Mapping[NodeId, SeenNode]


def read_hotspots(gate: Gate, layer: str = "", period: str = "") -> Hotspots:
    """What the page and the JSON both show, for a layer and a period by the words of an address."""
    found = within(gate.context_flags(Lens(), LAYERS[layer][1]), PERIODS[period][1], gate.today)
    subjects = [subject for stored in found for subject in stored.flag.subjects if not subject.startswith(AREA)]
    places = gate.nodes(list(dict.fromkeys(subjects)), Lens()) if subjects else {}
    return Hotspots(found, gate.localities(), places)


def hotspot_view(
    flags: Sequence[StoredFlag],
    localities: Sequence[Locality],
    places: Mapping[NodeId, SeenNode],
    *,
    link: bool,
) -> HotspotView:
    """The drawing and the tables. ``link`` is off for who sees no prompts."""
    found = [stored.flag for stored in flags]
    levels = layer_levels(found)
    by_id = {locality.id: locality for locality in localities}
    shown = _areas_to_draw(found, levels, localities)
    drawn = [_drawn(locality, levels.get(locality.id)) for locality in shown]
    outlines = [
        Outline(
            tuple(by_id[key].boundary_wkb for key in locality_ids(flag) if key in by_id),
            "emerging" if flag.detector == EMERGING else "steady",
            f"{_what(flag)}: {_area_names(flag, by_id)}",
        )
        for flag in found
        if flag.detector in {AREAS, EMERGING}
    ]
    points = [point for flag in found if flag.detector in {PLACES, SERIES} for point in _place_points(flag, places)]
    svg = areas_svg(
        drawn,
        [outline for outline in outlines if outline.boundaries],
        points,
        label="Areas and places that stand out in what is recorded; the tables below say the same",
    )
    used = (
        {area.level for area in drawn if levels}
        | {outline.kind for outline in outlines}
        | {point.kind for point in points}
    )
    return HotspotView(
        svg=svg,
        areas=tuple(_area_row(flag, by_id, places, link) for flag in found if flag.detector != PLACES),
        places=tuple(_place_row(flag, places, link) for flag in found if flag.detector == PLACES),
        levels=tuple(
            (by_id[key].name, LEVEL_WORDS[level])
            for key, level in sorted(levels.items(), key=lambda item: (item[1], item[0]))
            if key in by_id and level in {"high", "raised", "lower"}
        ),
        key=tuple((swatch(what), words) for what, words in KEY if what in used),
    )


def layer_levels(flags: Iterable[Flag]) -> dict[str, str]:
    """Area to how it compares, from the layer that the flags of areas carry."""
    levels: dict[str, str] = {}
    for flag in flags:
        layer = flag.details.get("layer")
        for entry in layer if isinstance(layer, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("locality"), str):
                word = str(entry.get("band")).lower().replace("_", " ")
                levels.setdefault(str(entry["locality"]), _LEVELS.get(word, "usual"))
    return levels


def within(flags: Iterable[StoredFlag], months: int | None, today: dt.date) -> tuple[StoredFlag, ...]:
    """Flags whose own period meets the last months; those that state no period are in every one."""
    if months is None:
        return tuple(flags)
    first = (today - dt.timedelta(days=round(months * 30.44))).isoformat()
    return tuple(stored for stored in flags if str(stored.flag.details.get("to") or "9999") >= first)


def locality_ids(flag: Flag) -> tuple[str, ...]:
    """Bare ids of the areas a flag is about."""
    listed = flag.details.get("locality_ids")
    named = [str(item).removeprefix(AREA) for item in listed] if isinstance(listed, list) else []
    return tuple(dict.fromkeys([*named, *(s.removeprefix(AREA) for s in flag.subjects if s.startswith(AREA))]))


def layer_choices(chosen: str) -> list[Choice]:
    return [Choice(value, words, value == chosen) for value, (words, _) in LAYERS.items()]


def period_choices(chosen: str) -> list[Choice]:
    return [Choice(value, words, value == chosen) for value, (words, _) in PERIODS.items()]


def area_drawing(gate: Gate, flag: Flag, names: Mapping[NodeId, SeenNode]) -> Markup | None:
    """The areas of one flag with the incidents its reasons rest on; None for a flag without areas."""
    keys = locality_ids(flag)
    if not keys or not gate.may(Action.READ_LOCALITIES):
        return None
    localities = gate.localities()
    by_id = {locality.id: locality for locality in localities}
    chosen = [by_id[key] for key in keys if key in by_id]
    if not chosen:
        return None
    levels = layer_levels([flag])
    around = _around(chosen, localities)
    kind = "emerging" if flag.detector == EMERGING else "steady"
    outline = Outline(tuple(item.boundary_wkb for item in chosen), kind, _what(flag))
    points = [point for cause in flag.reasons for event in cause.events for point in _event_points(event, names)]
    return areas_svg(
        [_drawn(locality, levels.get(locality.id)) for locality in around],
        [outline],
        points[:MOST_AREAS],
        label="The areas of this prompt outlined among those around them, with the incidents it rests on as dots",
    )


def _around(chosen: Sequence[Locality], localities: Sequence[Locality]) -> list[Locality]:
    """The areas of a prompt with those near them, so that they can be made out in a large city."""
    west, south, east, north = shapely.total_bounds(shapely.from_wkb([item.boundary_wkb for item in chosen]))
    margin = max(_MARGIN, _MARGIN_SHARE * max(east - west, north - south))
    near = shapely.box(west - margin, south - margin, east + margin, north + margin)
    same = [locality for locality in localities if locality.locality_type == chosen[0].locality_type]
    inside = shapely.intersects(shapely.from_wkb([item.boundary_wkb for item in same]), near)
    around = [locality for locality, is_near in zip(same, inside, strict=True) if is_near][:MOST_AREAS]
    return around + [locality for locality in chosen if locality not in around]


def _drawn(locality: Locality, level: str | None) -> DrawnArea:
    words = f"{locality.name}: {LEVEL_WORDS[level]}" if level else locality.name
    return DrawnArea(locality.name, locality.boundary_wkb, level or "usual", words)


def _areas_to_draw(flags: Iterable[Flag], levels: Mapping[str, str], localities: Sequence[Locality]) -> list[Locality]:
    """Areas of the type the flags are about; of the type with most areas on one drawing when they are about none."""
    wanted = set(levels) | {key for flag in flags for key in locality_ids(flag)}
    kinds = [locality.locality_type for locality in localities if locality.id in wanted]
    if not kinds:
        kinds = [locality.locality_type for locality in localities]
    if not kinds:
        return []
    kind = max(sorted(set(kinds), key=str), key=kinds.count)
    return [locality for locality in localities if locality.locality_type == kind][:MOST_AREAS]


def _area_row(flag: Flag, by_id: Mapping[str, Locality], places: Mapping[NodeId, SeenNode], link: bool) -> Row:
    cells = (
        _count(flag, "children"),
        _count(flag, "observed"),
        _times(flag),
        _period(flag.details),
    )
    name = _area_names(flag, by_id)
    if flag.detector == SERIES:
        at = [name_of(subject, places) for subject in flag.subjects if subject in places]
        name = ", ".join(at[:3]) + (f" and {len(at) - 3} more" if len(at) > 3 else "") if at else name
    return Row(name, None, _what(flag), flag.band.value, BAND_LABELS[flag.band], cells, _url(flag, link))


def _place_row(flag: Flag, places: Mapping[NodeId, SeenNode], link: bool) -> Row:
    subject = flag.subjects[0]
    seen = places.get(subject)
    kind = term("place_type", seen.record.place_type) if seen and isinstance(seen.record, Place) else "School"
    cells = (_count(flag, "children"),)
    return Row(
        name_of(subject, places),
        entity_url(subject) if seen and link else None,
        kind,
        flag.band.value,
        BAND_LABELS[flag.band],
        cells,
        _url(flag, link),
    )


def _url(flag: Flag, link: bool) -> str | None:
    return f"/flags/{flag.id}?{urlencode({'family': 'places'})}" if link else None


def _what(flag: Flag) -> str:
    return _WHAT.get(flag.detector, "Stands out")


def _area_names(flag: Flag, by_id: Mapping[str, Locality]) -> str:
    found = [by_id[key].name if key in by_id else "an area" for key in locality_ids(flag)]
    return ", ".join(found[:-1]) + (" and " if len(found) > 1 else "") + found[-1] if found else "An area"


def counted(flag: Flag, what: str) -> tuple[int | None, bool]:
    """("children" or "observed" as shown, whether it was counted); None where a panel must not see how few."""
    keys = _COUNTED_AT_PLACES if flag.detector == PLACES else _COUNTED
    for key in keys.get(what, ()):
        value = flag.details.get(key)
        if key in flag.details and (value is None or isinstance(value, (int, float))):
            return (None if value is None else round(value)), True
    return None, False


def _count(flag: Flag, what: str) -> str:
    value, known = counted(flag, what)
    if not known:
        return "not counted"
    return "fewer than 6" if value is None else str(value)


def against_expected(flag: Flag) -> float | None:
    """How many times what would be expected is recorded, to one decimal."""
    ratio = flag.details.get("relative_risk")
    return round(float(ratio), 1) if isinstance(ratio, (int, float)) else None


def _times(flag: Flag) -> str:
    ratio = against_expected(flag)
    return "not shown" if ratio is None else f"{ratio:.1f} times"


def _period(details: Mapping[str, Plain]) -> str:
    days = [day_words(dt.date.fromisoformat(str(details[key])[:10])) for key in ("from", "to") if details.get(key)]
    return " to ".join(days)


def _place_points(flag: Flag, places: Mapping[NodeId, SeenNode]) -> list[DrawnPoint]:
    kind = "series" if flag.detector == SERIES else flag.band.value
    points = []
    for subject in flag.subjects:
        seen = places.get(subject)
        if seen is None or not isinstance(seen.record, (Place, School)) or seen.record.location is None:
            continue
        where = seen.record.location
        words = f"{name_of(subject, places)}: {_what(flag).lower()}, {BAND_LABELS[flag.band].lower()}"
        points.append(DrawnPoint(where.easting, where.northing, kind, words))
    return points


def _event_points(event: NodeId, names: Mapping[NodeId, SeenNode]) -> list[DrawnPoint]:
    seen = names.get(event)
    if seen is None or not isinstance(seen.record, Event):
        return []
    where = seen.record.location
    place = names.get(seen.record.place_id) if seen.record.place_id else None
    if where is None and place is not None and isinstance(place.record, (Place, School)):
        where = place.record.location
    return [] if where is None else [DrawnPoint(where.easting, where.northing, "incident", name_of(event, names))]
