"""Growing through the network: neighbourhoods, shortest paths, events in an area. One statement a step."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

import shapely
from neo4j.spatial import CartesianPoint

from graph.model import Event, Location, NodeId, Place, School
from graph.store import Area, EvidencePath, Lens, Neighbourhood, SeenNode, SeenTie, TieFilter
from graph.stores.neo4j import lens as lenses
from graph.stores.neo4j.lens import View
from graph.stores.neo4j.questions import TIE_COLUMNS
from graph.stores.neo4j.read import STANDINGS, Reading, StoredTie
from graph.stores.shortest import first_paths

MOST_HOPS = 6

_SEEN: LiteralString = f"""
UNWIND $ids AS id
MATCH (n:Node {{id: id}}) USING INDEX SEEK n:Node(id) WHERE {lenses.node("n")} RETURN id"""
_WITHIN: LiteralString = f"{lenses.tie('t')} AND {lenses.filtered('t')} AND {lenses.node('m')}"
#: the latest ties of each node, and how many there are; of hubs none
_LATEST: LiteralString = f"""
UNWIND $ids AS id
MATCH (n:Node {{id: id}}) USING INDEX SEEK n:Node(id)
WITH n, COUNT {{ MATCH (n)-[t]-(m:Node) WHERE {_WITHIN} }} AS number
CALL (n, number) {{
  WITH n, number WHERE n.id IN $open OR number <= $hub_limit
  MATCH (n)-[t]-(m:Node) WHERE {_WITHIN}
  RETURN t ORDER BY coalesce(t.start, date('0001-01-01')) DESC, t.id LIMIT $most
}}
RETURN n.id, number, {TIE_COLUMNS}"""
_HUBS: LiteralString = f"""
UNWIND $ids AS id
MATCH (n:Node {{id: id}}) USING INDEX SEEK n:Node(id)
WITH n, COUNT {{ MATCH (n)-[t]-(m:Node) WHERE {_WITHIN} }} AS number
WHERE number > $hub_limit
RETURN n.id, number"""
_AMONG: LiteralString = f"""
UNWIND $ids AS id
MATCH (n:Node {{id: id}})-[t]->(m:Node) USING INDEX SEEK n:Node(id)
WHERE m.id IN $ids AND {_WITHIN} AND {lenses.node("n")}
RETURN {TIE_COLUMNS}"""
_EVENTS: LiteralString = f"""
CALL () {{
  MATCH (e:Event) WHERE point.withinBBox(e.location, $south_west, $north_east)
    AND e.started_at >= $from AND e.started_at < $to
  RETURN e.id AS id
  UNION
  MATCH (p:Place) WHERE point.withinBBox(p.location, $south_west, $north_east)
  MATCH (p)<-[:OCCURRED_AT]-(e:Event) WHERE e.started_at >= $from AND e.started_at < $to
  RETURN e.id AS id
  UNION
  MATCH (v:Version) WHERE v.record = 'node' AND v.started_at >= $from AND v.started_at < $to
  RETURN v.id AS id
  UNION
  MATCH (v:Version) WHERE v.record = 'node' AND point.withinBBox(v.location, $south_west, $north_east)
  MATCH (:Place {{id: v.id}})<-[:OCCURRED_AT]-(e:Event) WHERE e.started_at >= $from AND e.started_at < $to
  RETURN e.id AS id
}}
MATCH (e:Event {{id: id}}) USING INDEX SEEK e:Event(id) WHERE {lenses.node("e")}
RETURN DISTINCT id"""


class Grower:
    """The ties of many nodes at a time, latest first."""

    def __init__(self, reading: Reading, view: View, where: TieFilter) -> None:
        self.reading, self.view, self.where = reading, view, where
        self.parameters = lenses.filter_parameters(where)

    def ties(
        self, ids: Sequence[str], *, spare: Iterable[str], hub_limit: int, most: int
    ) -> dict[str, tuple[list[StoredTie], int]]:
        """At most ``most`` ties of each node and their number; none of hubs but those to ``spare``."""
        if self.where.standing is not None:
            return self._by_standing(ids, set(spare), hub_limit, most)
        found: dict[str, tuple[list[StoredTie], int]] = {node_id: ([], 0) for node_id in ids}
        open_ids = sorted(set(spare))
        own = {"hub_limit": hub_limit, "most": most, "open": open_ids}
        for node_id, number, *values in self.reading.run(self.view, _LATEST, ids=list(ids), **self.parameters, **own):
            ties, _ = found[node_id]
            found[node_id] = (ties, number)
            ties.append(StoredTie.of(values))
        bare = [node_id for node_id, (ties, _) in found.items() if not ties]
        if bare:
            for node_id, number in self.reading.run(self.view, _HUBS, ids=bare, **self.parameters, hub_limit=hub_limit):
                found[node_id] = ([], number)
        for ties, _ in found.values():
            ties.sort(key=lambda tie: tie.recency)
        return found

    def _by_standing(
        self, ids: Sequence[str], spare: set[str], hub_limit: int, most: int
    ) -> dict[str, tuple[list[StoredTie], int]]:
        """The same when standing counts, which is worked out from the reports."""
        found = {}
        for node_id, ties in self.reading.ties_of(self.view, ids, self.where).items():
            enough = self.reading.with_standing(self.view, ties, self.where)
            hub = node_id not in spare and len(enough) > hub_limit
            found[node_id] = ([] if hub else enough[:most], len(enough))
        return found


def seen_ids(reading: Reading, view: View, ids: Iterable[str]) -> set[str]:
    return {node_id for (node_id,) in reading.run(view, _SEEN, ids=sorted(set(ids)))}


def neighbourhood(
    reading: Reading,
    seeds: Sequence[NodeId],
    lens: Lens,
    *,
    hops: int,
    where: TieFilter,
    per_node: int,
    hub_limit: int,
    limit: int,
) -> Neighbourhood:
    view = reading.view(lens)
    visible = seen_ids(reading, view, seeds)
    start = [str(seed) for seed in dict.fromkeys(seeds) if seed in visible][:limit]
    reached = dict.fromkeys(start, 0)
    cut: set[str] = set()
    truncated = False
    frontier = sorted(start)
    grower = Grower(reading, view, where)
    for hop in range(1, hops + 1):
        new: list[str] = []
        around = grower.ties(frontier, spare=start, hub_limit=hub_limit, most=per_node) if frontier else {}
        for node_id in frontier:
            ties, number = around[node_id]
            if number > hub_limit and reached[node_id] != 0:
                cut.add(node_id)
                continue
            if number > per_node:
                cut.add(node_id)
            for tie in ties:
                other = tie.other(node_id)
                if other in reached:
                    continue
                if len(reached) >= limit:
                    truncated = True
                    break
                reached[other] = hop
                new.append(other)
        frontier = sorted(new)
    order = start + sorted((node for node in reached if reached[node]), key=lambda node: (reached[node], node))
    among = ties_among(reading, view, order, where)
    seen = reading.seen_nodes(view, order)
    return Neighbourhood(
        tuple(NodeId(node) for node in start),
        tuple(seen[node] for node in order),
        tuple(reached[node] for node in order),
        tuple(among),
        tuple(sorted(NodeId(node) for node in cut)),
        truncated,
    )


def ties_among(reading: Reading, view: View, ids: Sequence[str], where: TieFilter) -> list[SeenTie]:
    """All ties within lens and filter with both ends among the nodes, by id."""
    found = reading.run(view, _AMONG, ids=list(ids), **lenses.filter_parameters(where))
    seen = reading.seen_ties(view, [StoredTie.of(values) for values in found], where)
    seen.sort(key=lambda shown: shown.tie.id)
    return seen


def paths(
    reading: Reading,
    source: NodeId,
    target: NodeId,
    lens: Lens,
    *,
    max_hops: int,
    where: TieFilter,
    limit: int,
    hub_limit: int,
) -> tuple[EvidencePath, ...]:
    view = reading.view(lens)
    if source == target or len(seen_ids(reading, view, [source, target])) < 2:
        return ()
    search = _Search(Grower(reading, view, where), source, target, hub_limit)
    if not search.run(min(max_hops, MOST_HOPS)):
        return ()
    found = []
    for nodes in search.node_paths(limit):
        ties = [_best(reading, view, search.between(a, b)) for a, b in itertools.pairwise(nodes)]
        found.append(EvidencePath(tuple(NodeId(node) for node in nodes), tuple(ties)))
    return tuple(found)


def _best(reading: Reading, view: View, ties: Sequence[StoredTie]) -> SeenTie:
    """Of the ties between two nodes the one that stands best, then the latest, then by id."""
    pairs = zip(ties, reading.seen_ties(view, list(ties)), strict=True)
    return min(pairs, key=lambda pair: (STANDINGS.index(pair[1].standing), pair[0].recency))[1]


class _Search:
    """All shortest paths from both ends at once, never through a hub."""

    def __init__(self, grower: Grower, source: str, target: str, hub_limit: int) -> None:
        self.grower, self.source, self.target, self.hub_limit = grower, source, target, hub_limit
        self._around: dict[str, dict[str, list[StoredTie]] | None] = {}
        #: node -> nodes one step nearer to that end
        self.nearer: tuple[dict[str, set[str]], dict[str, set[str]]] = ({source: set()}, {target: set()})
        self.meeting: set[str] = set()

    def look(self, nodes: Iterable[str]) -> None:
        """Read what lies around these nodes; None for hubs."""
        missing = sorted(node for node in nodes if node not in self._around)
        if not missing:
            return
        ends = (self.source, self.target)
        for node, (ties, number) in self.grower.ties(
            missing, spare=ends, hub_limit=self.hub_limit, most=2**31 - 1
        ).items():
            if number > self.hub_limit and node not in ends:
                self._around[node] = None
                continue
            others: dict[str, list[StoredTie]] = {}
            for tie in ties:
                others.setdefault(tie.other(node), []).append(tie)
            others.pop(node, None)
            self._around[node] = others

    def run(self, max_hops: int) -> bool:
        fronts = [{self.source}, {self.target}]
        for _ in range(max_hops):
            side = 0 if len(fronts[0]) <= len(fronts[1]) else 1
            nearer, opposite = self.nearer[side], self.nearer[1 - side]
            reached: dict[str, set[str]] = {}
            self.look(fronts[side])
            for node in fronts[side]:
                for other in self._around[node] or {}:
                    if other not in nearer:
                        reached.setdefault(other, set()).add(node)
            met = {node for node in reached if node in opposite}
            nearer.update(reached)
            self.look(met)
            self.meeting = {node for node in met if self._around[node] is not None}
            if self.meeting:
                return True
            fronts[side] = {node for node in reached if node not in met}
            if not fronts[side]:
                return False
        return False

    def node_paths(self, limit: int) -> list[tuple[str, ...]]:
        """The first paths by node ids."""
        return first_paths((self.source, self.target), self.meeting, self.nearer, order=str, limit=limit)

    def between(self, first: str, second: str) -> list[StoredTie]:
        around = self._around.get(first)
        if around is None or second not in around:
            self.look([second])
            around, second = self._around[second] or {}, first
        return around[second]


def events_within(
    reading: Reading,
    area: Area,
    start: dt.datetime,
    end: dt.datetime,
    lens: Lens,
    *,
    event_types: frozenset[str] | None,
    limit: int,
) -> tuple[SeenNode, ...]:
    view = reading.view(lens)
    west, south, east, north = area.bounds
    box: dict[str, Any] = {
        "south_west": CartesianPoint((float(west), float(south))),
        "north_east": CartesianPoint((float(east), float(north))),
    }
    found = reading.run(view, _EVENTS, **box, **{"from": start, "to": end})
    seen = reading.seen_nodes(view, [node_id for (node_id,) in found], degrees=False)
    wanted = {node.record.place_id for node in seen.values() if isinstance(node.record, Event)} - {None}
    places: dict[str | None, Location | None] = {}
    for place in reading.seen_nodes(view, [str(each) for each in wanted], degrees=False).values():
        if isinstance(place.record, Place | School):
            places[place.record.id] = place.record.location
    chosen: list[tuple[dt.datetime, str, Location]] = []
    for node in seen.values():
        event = node.record
        if not isinstance(event, Event) or event.started_at is None or not start <= event.started_at < end:
            continue
        location = event.location or places.get(event.place_id)
        if location is None or (event_types is not None and event.event_type not in event_types):
            continue
        chosen.append((event.started_at, event.id, location))
    inside = within(area, [location for _, _, location in chosen])
    kept = sorted((at, key) for (at, key, _), ok in zip(chosen, inside, strict=True) if ok)[:limit]
    shown = reading.seen_nodes(view, [key for _, key in kept])
    return tuple(shown[key] for _, key in kept)


def within(area: Area, locations: Sequence[Location]) -> list[bool]:
    """Which of the points lie in the area, its edges included."""
    west, south, east, north = area.bounds
    inside = [west <= point.easting <= east and south <= point.northing <= north for point in locations]
    if area.polygon_wkb is not None and locations:
        polygon = shapely.from_wkb(area.polygon_wkb)
        shapely.prepare(polygon)
        touched = shapely.intersects_xy(polygon, [p.easting for p in locations], [p.northing for p in locations])
        inside = [both and bool(hit) for both, hit in zip(inside, touched, strict=True)]
    return inside
