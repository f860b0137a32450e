"""Growing through the network in SQLite: neighbourhoods, shortest paths, events in an area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import shapely

from graph.model import Event, Location, NodeId, Place, School
from graph.records import second_number
from graph.store import Area, EvidencePath, Lens, Neighbourhood, SeenNode, SeenTie, TieFilter
from graph.stores.shortest import first_paths
from graph.stores.sqlite.reading import STANDINGS, Reading, StoredTie, _json
from graph.stores.sqlite.restricting import View

MOST_HOPS = 6


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
    numbers = reading.pks(seeds)
    visible = reading.visible(view, numbers.values())
    start = list(dict.fromkeys(numbers[seed] for seed in seeds if numbers.get(seed) in visible))[:limit]
    ids = reading.ids(start)
    reached = dict.fromkeys(start, 0)
    cut: set[int] = set()
    truncated = False
    frontier = sorted(start, key=ids.__getitem__)
    grower = Grower(reading, view, where)
    for hop in range(1, hops + 1):
        new: list[int] = []
        for node in frontier:
            ties, hub = grower.others(node, None if reached[node] == 0 else hub_limit)
            hub = hub or len(ties) > hub_limit
            if hub and reached[node] != 0:
                cut.add(node)
                continue
            if len(ties) > per_node:
                cut.add(node)
            for other in ties[:per_node]:
                if other in reached:
                    continue
                if len(reached) >= limit:
                    truncated = True
                    break
                reached[other] = hop
                new.append(other)
        ids.update(reading.ids(new))
        frontier = sorted(new, key=ids.__getitem__)
    order = start + sorted((node for node in reached if reached[node]), key=lambda node: (reached[node], ids[node]))
    among = ties_among(reading, view, order, where, ids)
    seen = reading.seen_nodes(view, order)
    return Neighbourhood(
        tuple(NodeId(ids[node]) for node in start),
        tuple(seen[node] for node in order),
        tuple(reached[node] for node in order),
        tuple(among),
        tuple(sorted(NodeId(ids[node]) for node in cut)),
        truncated,
    )


def ties_among(
    reading: Reading, view: View, nodes: Sequence[int], where: TieFilter, ids: Mapping[int, str] | None = None
) -> list[SeenTie]:
    """All ties within lens and filter with both ends among the nodes, by id. ``ids`` of the nodes, when known."""
    source = (
        "json_each(?1) j CROSS JOIN {table} t ON t.src = j.value AND +t.dst IN (SELECT k.value FROM json_each(?1) k)"
    )
    found = reading.ties_chosen(view, source, (_json(list(nodes)),), where)
    whole = where.polarities is None and where.start is None and where.end is None
    seen = [shown for _, shown in reading.seen_ties(view, found, where, ids=ids, whole=whole)]
    seen.sort(key=lambda shown: shown.tie.id)
    return seen


class Grower:
    """Ties of one node after the other, by the same prepared queries."""

    def __init__(self, reading: Reading, view: View, where: TieFilter) -> None:
        self.reading, self.view, self.where = reading, view, where
        self.queries = reading.tie_queries(view, where)
        self.short = reading.tie_queries(view, where, "t.src,t.dst,t.start_day,t.id")

    def ties(self, node: int, enough: int | None) -> tuple[list[StoredTie], bool]:
        """The ties of a node, latest first; and True instead of all of them when there are more than ``enough``."""
        if enough is None or self.where.standing is not None:
            found = self.reading.ties_of(self.view, node, queries=self.queries)
            found = self.reading.with_standing(self.view, found, self.where)
            return found, enough is not None and len(found) > enough
        found = self.reading.ties_of(self.view, node, queries=[f"{query} LIMIT {enough + 1}" for query in self.queries])
        return found, len(found) > enough

    def others(self, node: int, enough: int | None) -> tuple[list[int], bool]:
        """The other ends of the ties, in the order of ``ties``, without reading what else there is to the ties."""
        if self.where.standing is not None:
            ties, hub = self.ties(node, enough)
            return [tie.other(node) for tie in ties], hub
        most = "" if enough is None else f" LIMIT {enough + 1}"
        found: list[tuple[int, int, int | None, str]] = []
        for query in self.short:
            found += self.reading.connection.execute(query + most, (node,))
        found.sort(key=_latest_first)
        return [target if source == node else source for source, target, _, _ in found], (
            enough is not None and len(found) > enough
        )


def _latest_first(row: tuple[int, int, int | None, str]) -> tuple[float, str]:
    return (float("inf") if row[2] is None else -row[2], row[3])


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
    numbers = reading.pks([source, target])
    if source == target or len(numbers) < 2 or len(reading.visible(view, numbers.values())) < 2:
        return ()
    search = _Search(Grower(reading, view, where), numbers[source], numbers[target], hub_limit)
    if not search.run(min(max_hops, MOST_HOPS)):
        return ()
    ids = reading.ids(search.useful())
    found = []
    for nodes in search.node_paths(ids, limit):
        ties = [_best(reading, view, search.between(a, b)) for a, b in pairwise(nodes)]
        found.append(EvidencePath(tuple(NodeId(ids[node]) for node in nodes), tuple(ties)))
    return tuple(found)


def _best(reading: Reading, view: View, ties: Sequence[StoredTie]) -> SeenTie:
    """Of the ties between two nodes the one that stands best, then the latest, then by id."""
    seen = reading.seen_ties(view, list(ties))
    return min(seen, key=lambda each: (STANDINGS.index(each[1].standing), each[0].recency))[1]


class _Search:
    """All shortest paths from both ends at once, never through a hub."""

    def __init__(self, grower: Grower, source: int, target: int, hub_limit: int) -> None:
        self.grower, self.source, self.target, self.hub_limit = grower, source, target, hub_limit
        self._ties: dict[int, dict[int, list[StoredTie]] | None] = {}
        #: node -> nodes one step nearer to that end
        self.nearer: tuple[dict[int, set[int]], dict[int, set[int]]] = ({source: set()}, {target: set()})
        self.meeting: set[int] = set()

    def around(self, node: int) -> dict[int, list[StoredTie]] | None:
        """Neighbours with the ties to them; None for a hub."""
        if node not in self._ties:
            end = node in (self.source, self.target)
            ties, hub = self.grower.ties(node, None if end else self.hub_limit)
            if hub:
                self._ties[node] = None
            else:
                others: dict[int, list[StoredTie]] = {}
                for tie in ties:
                    others.setdefault(tie.other(node), []).append(tie)
                others.pop(node, None)
                self._ties[node] = others
        return self._ties[node]

    def run(self, max_hops: int) -> bool:
        fronts = [{self.source}, {self.target}]
        for _ in range(max_hops):
            side = 0 if len(fronts[0]) <= len(fronts[1]) else 1
            nearer, opposite = self.nearer[side], self.nearer[1 - side]
            reached: dict[int, set[int]] = {}
            for node in fronts[side]:
                for other in self.around(node) or {}:
                    if other not in nearer:
                        reached.setdefault(other, set()).add(node)
            met = {node for node in reached if node in opposite}
            nearer.update(reached)
            self.meeting = {node for node in met if self.around(node) is not None}
            if self.meeting:
                return True
            fronts[side] = {node for node in reached if node not in met}
            if not fronts[side]:
                return False
        return False

    def useful(self) -> set[int]:
        """Nodes on some shortest path."""
        found = set(self.meeting)
        for nearer in self.nearer:
            todo = list(self.meeting)
            while todo:
                for node in nearer[todo.pop()]:
                    if node not in found:
                        found.add(node)
                        todo.append(node)
        return found

    def node_paths(self, ids: dict[int, str], limit: int) -> list[tuple[int, ...]]:
        """The first paths by node ids."""
        return first_paths((self.source, self.target), self.meeting, self.nearer, order=ids.__getitem__, limit=limit)

    def between(self, first: int, second: int) -> list[StoredTie]:
        around = self.around(first)
        if around is None or second not in around:
            around, second = self.around(second) or {}, first
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
    first, last = _ceiling(start), _ceiling(end)
    keys = _candidates(reading, view, area.bounds, first, last)
    seen = reading.seen_nodes(view, sorted(keys), degrees=False)
    places: dict[str, Location | None] = {}
    wanted = {
        node.record.place_id
        for node in seen.values()
        if isinstance(node.record, Event) and node.record.place_id is not None
    }
    pks = reading.pks(sorted(wanted))
    for place in reading.seen_nodes(view, sorted(pks.values()), degrees=False).values():
        if isinstance(place.record, Place | School):
            places[place.record.id] = place.record.location
    chosen: list[tuple[dt.datetime, str, int, Location]] = []
    for pk, node in seen.items():
        event = node.record
        if not isinstance(event, Event) or event.started_at is None or not start <= event.started_at < end:
            continue
        location = event.location or places.get(event.place_id or "")
        if location is None or (event_types is not None and event.event_type not in event_types):
            continue
        chosen.append((event.started_at, event.id, pk, location))
    inside = within(area, [each[3] for each in chosen])
    kept = sorted(each for each, ok in zip(chosen, inside, strict=True) if ok)[:limit]
    shown = reading.seen_nodes(view, [pk for _, _, pk, _ in kept])
    return tuple(shown[pk] for _, _, pk, _ in kept)


def _ceiling(instant: dt.datetime) -> int:
    return second_number(instant) + (1 if instant.microsecond else 0)


def within(area: Area, locations: Sequence[Location]) -> Iterable[bool]:
    """Which of the points lie in the area, its edges included."""
    west, south, east, north = area.bounds
    inside = [west <= point.easting <= east and south <= point.northing <= north for point in locations]
    if area.polygon_wkb is not None and locations:
        polygon = shapely.from_wkb(area.polygon_wkb)
        shapely.prepare(polygon)
        touched = shapely.intersects_xy(polygon, [p.easting for p in locations], [p.northing for p in locations])
        inside = [both and bool(hit) for both, hit in zip(inside, touched, strict=True)]
    return inside


def _candidates(
    reading: Reading, view: View, bounds: tuple[float, float, float, float], first: int, last: int
) -> set[int]:
    """Numbers of events of which some version may have started then and there."""
    west, south, east, north = bounds
    box = "p.east >= ?1 AND p.west <= ?2 AND p.north >= ?3 AND p.south <= ?4"
    when = "e.started_at >= ?5 AND e.started_at < ?6"
    place_key = "CASE WHEN p.pk > 0 THEN p.pk ELSE (SELECT h.key FROM node_history h WHERE h.pk = p.pk) END"
    queries = [
        f"SELECT e.pk FROM point p CROSS JOIN node e ON e.pk = p.pk WHERE {box} AND {when}",
        f"SELECT e.pk FROM point p CROSS JOIN node e ON e.place = {place_key} WHERE {box} AND {when}",
    ]
    if not view.plain:
        queries += [
            f"SELECT e.key FROM point p CROSS JOIN node_history e ON e.pk = p.pk WHERE {box} AND {when}",
            f"SELECT e.key FROM point p CROSS JOIN node_history e ON e.place = {place_key} WHERE {box} AND {when}",
        ]
    found: set[int] = set()
    for query in queries:
        found.update(
            key for (key,) in reading.connection.execute(query, (west, east, south, north, first, last)) if key
        )
    return found
