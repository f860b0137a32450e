"""Localities with counts, from open records only; as a panel may see them where a panel asks."""

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
from graph.records import second_number
from graph.snapshot import NO_TIME, Snapshot
from graph.store import Lens
from graph.vocabulary import vocabulary

#: coordinates of a file for other programs: WGS 84, longitude first (RFC 7946); a tenth of a metre is enough
_DECIMALS = 6

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class CountedLocality:
    """An area and what was counted in it; None where a count is too small to be shown to this reader."""

    locality: Locality
    #: events in the period, places and schools
    counts: Mapping[str, int | None]


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
        key = (change_counter, asked.lens.as_at, asked.lens.known_at, asked.first_day, asked.last_day)
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
    """All areas with their counts. A panel sees counts of 1 to 5 as None and the others rounded to 5."""
    localities = gate.localities()
    counts = kept.of(gate, asked, localities, change_counter)
    panel = gate.actor.role is Role.PANEL
    return tuple(
        CountedLocality(
            locality,
            {name: suppressed_count(count) if panel else count for name, count in counts.get(locality.id, {}).items()},
        )
        for locality in localities
    )


def count_by_locality(snapshot: Snapshot, localities: Sequence[Locality], asked: CountRequest) -> Counts:
    """Events of the period, places and schools inside each boundary."""
    nodes = snapshot.nodes
    easting, northing = _coordinates(snapshot)
    located = ~(np.isnan(easting) | np.isnan(northing))
    chosen = {
        "events": _of_kind(nodes.kind, NodeKind.EVENT) & located & _in_period(nodes.started_at, asked),
        "places": _of_kind(nodes.kind, NodeKind.PLACE) & located,
        "schools": _of_kind(nodes.kind, NodeKind.SCHOOL) & located,
    }
    answer: dict[str, dict[str, int]] = {locality.id: {} for locality in localities}
    for locality in localities:
        boundary = shapely.from_wkb(locality.boundary_wkb)
        shapely.prepare(boundary)
        west, south, east, north = boundary.bounds
        for name, rows in chosen.items():
            x, y = easting[rows], northing[rows]
            near = (x >= west) & (x <= east) & (y >= south) & (y <= north)
            answer[locality.id][name] = int(np.count_nonzero(shapely.contains_xy(boundary, x[near], y[near])))
    return answer


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
            },
            "geometry": orjson.loads(
                shapely.to_geojson(shapely.transform(shapely.from_wkb(item.locality.boundary_wkb), turn))
            ),
        }
        for item in counted
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


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
