"""What is counted by locality, from open records only: events, places and schools, and different children.

The page of localities and its JSON both count here. A child counts once in an area, however many events there are; an
event counts once, however many children took part. Children are suppressed from 1 to 5 and otherwise rounded to 5 for
everybody, events for panels.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyproj
import shapely

from graph.access.actors import Role
from graph.access.gate import Gate
from graph.access.redact import suppressed_count
from graph.model import NODE_KINDS, Locality, NodeKind
from graph.records import day_number, second_number
from graph.snapshot import NO_TIME, Snapshot
from graph.store import Lens
from graph.vocabulary import vocabulary

#: coordinates of a file for other programs: WGS 84, longitude first (RFC 7946); a tenth of a metre is enough
_DECIMALS = 6

#: event types by which children are counted, and what that says of them
CHILDREN_IN: tuple[tuple[str, str], ...] = (
    ("missing_episode", "Children found here after going missing"),
    ("incident", "Children in incidents"),
    ("offence", "Children harmed in offences"),
)
#: children in an event of any type
ANY = "any"
#: roles in which somebody is counted: not suspects, witnesses or people mentioned
_ROLES = ("missing_person", "victim", "subject")
#: what each number is, for those who read them without the page
MEANINGS: Mapping[str, str] = {
    "counts.events": "events that started in the period, each once, however many people took part",
    "counts.places": "places on record, whatever the period",
    "counts.schools": "schools on record, whatever the period",
    f"children.{ANY}": (
        "different children under 18 missing, harmed or the subject in an event of the period, each once in an area, "
        "however many events; null from 1 to 5, others rounded to 5"
    ),
    **{f"children.{code}": f"the same, {words[:1].lower()}{words[1:]} only" for code, words in CHILDREN_IN},
}


#: the same by property of the map layer
_PROPERTIES: Mapping[str, str] = {
    name.removeprefix("counts.").replace(f"children.{ANY}", "children").replace(".", "_"): words
    for name, words in MEANINGS.items()
}


@dataclass(frozen=True, slots=True)
class AreaCounts:
    """What was counted in one area, exactly: for nobody to see as it is."""

    #: events of the period, places and schools
    records: Mapping[str, int]
    #: different children, by event type and in any
    children: Mapping[str, int]


#: by id of the area
Counts = Mapping[str, AreaCounts]


@dataclass(frozen=True, slots=True)
class CountedLocality:
    """An area and what was counted in it; None where a count is too small to be shown to this reader."""

    locality: Locality
    #: events in the period, places and schools
    counts: Mapping[str, int | None]
    #: different children in those events, by event type and in any; rounded for everybody
    children: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class CountRequest:
    """What is counted: events that started on the first to the last day."""

    lens: Lens = Lens()
    first_day: dt.date | None = None
    last_day: dt.date | None = None


class LocalityCounts:
    """The counts last worked out, kept until the store changes: they are the same for everybody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[object, Counts] = {}

    def of(self, gate: Gate, asked: CountRequest, localities: Sequence[Locality], change_counter: int) -> Counts:
        # without a day it is asked for today, so that tomorrow is another question
        day = asked.lens.as_at or gate.today
        key = (change_counter, asked.lens.as_at, day, asked.lens.known_at, asked.first_day, asked.last_day)
        with self._lock:
            known = self._kept.get(key)
            if known is None:
                snapshot = gate.snapshot_of_places(Lens(asked.lens.as_at, asked.lens.known_at))
                known = count_by_locality(snapshot, localities, asked)
                if len(self._kept) >= 16 or any(kept[0] != change_counter for kept in self._keys()):
                    self._kept.clear()
                self._kept[key] = known
            return known

    def _keys(self) -> list[tuple[object, ...]]:
        return [key for key in self._kept if isinstance(key, tuple)]


def counted_localities(
    gate: Gate, kept: LocalityCounts, asked: CountRequest, change_counter: int
) -> tuple[CountedLocality, ...]:
    """All areas with their counts. A panel sees counts of 1 to 5 as None and the others rounded to 5; of children
    everybody does."""
    localities = gate.localities()
    counts = kept.of(gate, asked, localities, change_counter)
    panel = gate.actor.role is Role.PANEL
    return tuple(
        CountedLocality(
            locality,
            {name: suppressed_count(count) if panel else count for name, count in counts[locality.id].records.items()},
            shown_children(counts[locality.id]),
        )
        for locality in localities
    )


def shown_children(counts: AreaCounts) -> dict[str, int | None]:
    """Different children as everybody sees them: None from 1 to 5, others rounded to 5."""
    return {code: suppressed_count(count) for code, count in counts.children.items()}


def last_months(day: dt.date, months: int) -> CountRequest:
    """So many months up to a day."""
    return CountRequest(Lens(day), day - dt.timedelta(days=int(months * 30.44)), day)


def count_by_locality(snapshot: Snapshot, localities: Sequence[Locality], asked: CountRequest) -> Counts:
    """Events of the period, places and schools, and different children in those events, inside each boundary."""
    nodes = snapshot.nodes
    child, event, types = _children_in_events(snapshot, asked)
    easting, northing = _coordinates(snapshot)
    located = ~(np.isnan(easting) | np.isnan(northing))
    chosen = {
        "events": _of_kind(nodes.kind, NodeKind.EVENT) & located & _in_period(nodes.started_at, asked),
        "places": _of_kind(nodes.kind, NodeKind.PLACE) & located,
        "schools": _of_kind(nodes.kind, NodeKind.SCHOOL) & located,
    }
    points = {name: (easting[rows], northing[rows]) for name, rows in chosen.items()}
    of_children = easting[event], northing[event]
    indexes = [(code, vocabulary("event_type").index.get(code, -1)) for code, _ in CHILDREN_IN]
    answer = {}
    for locality in localities:
        boundary = shapely.from_wkb(locality.boundary_wkb)
        shapely.prepare(boundary)
        here = _inside(boundary, *of_children)
        by_type = {code: len(np.unique(child[here & (types == index)])) for code, index in indexes}
        answer[locality.id] = AreaCounts(
            {name: int(np.count_nonzero(_inside(boundary, *at))) for name, at in points.items()},
            {ANY: len(np.unique(child[here])), **by_type},
        )
    return answer


def _inside(
    boundary: shapely.Geometry, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which points lie inside; one that is not known (NaN) does not."""
    west, south, east, north = boundary.bounds
    inside: np.ndarray[Any, np.dtype[np.bool_]] = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    near = np.flatnonzero(inside)
    inside[near] = shapely.contains_xy(boundary, x[near], y[near])
    return inside


def _children_in_events(
    snapshot: Snapshot, asked: CountRequest
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(child row, event row, event type) of each part of a child in an event of the period, suspects left out."""
    ties, nodes = snapshot.ties, snapshot.nodes
    rows = np.flatnonzero(ties.type == vocabulary("tie_type").index["took_part_in"])
    person, event = ties.source[rows], ties.target[rows]
    born = nodes.birth_day[person].astype(np.int64)
    is_child = (day_number(snapshot.as_at) - born < 18 * 365.2425) & _of_kind(nodes.kind[person], NodeKind.PERSON)
    roles = vocabulary("role").index
    harmed = np.isin(ties.role[rows], [roles[word] for word in _ROLES])
    keep = is_child & harmed & _in_period(nodes.started_at[event], asked)
    return person[keep], event[keep], nodes.event_type[event[keep]]


def as_geojson(counted: Sequence[CountedLocality]) -> bytes:
    """A FeatureCollection in WGS 84."""
    to_degrees = pyproj.Transformer.from_crs("EPSG:27700", "OGC:CRS84", always_xy=True)

    def turn(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        longitude, latitude = to_degrees.transform(points[:, 0], points[:, 1])
        return np.round(np.column_stack([longitude, latitude]), _DECIMALS)

    features = [
        {
            "type": "Feature",
            "id": item.locality.id,
            "properties": {
                "name": item.locality.name,
                "locality_type": item.locality.locality_type,
                "authority_code": item.locality.authority_code,
                "vintage": item.locality.vintage,
                **item.counts,
                **{"children" if code == ANY else f"children_{code}": count for code, count in item.children.items()},
            },
            "geometry": orjson.loads(
                shapely.to_geojson(shapely.transform(shapely.from_wkb(item.locality.boundary_wkb), turn))
            ),
        }
        for item in counted
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features, "meanings": dict(_PROPERTIES)})


def _coordinates(snapshot: Snapshot) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Where every node is; an event without coordinates of its own is where its place is."""
    nodes, ties = snapshot.nodes, snapshot.ties
    easting, northing = nodes.easting.copy(), nodes.northing.copy()
    at = np.flatnonzero(ties.type == vocabulary("tie_type").index["occurred_at"])
    events, places = ties.source[at], ties.target[at]
    unknown = np.isnan(easting[events])
    easting[events[unknown]] = nodes.easting[places[unknown]]
    northing[events[unknown]] = nodes.northing[places[unknown]]
    return easting, northing


def _of_kind(kinds: np.ndarray[Any, Any], kind: NodeKind) -> np.ndarray[Any, Any]:
    return np.asarray(kinds == NODE_KINDS.index(kind))


def _in_period(started: np.ndarray[Any, Any], asked: CountRequest) -> np.ndarray[Any, Any]:
    """Rows whose start is inside the period; those without a time only when no period is asked for."""
    inside = np.ones(len(started), dtype=bool)
    if asked.first_day is not None or asked.last_day is not None:
        inside &= started != NO_TIME
    if asked.first_day is not None:
        inside &= started >= _midnight(asked.first_day)
    if asked.last_day is not None and asked.last_day != dt.date.max:
        inside &= started < _midnight(asked.last_day + dt.timedelta(days=1))
    return inside


def _midnight(day: dt.date) -> int:
    return second_number(dt.datetime.combine(day, dt.time.min, dt.UTC))
