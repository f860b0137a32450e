"""Events on the ground: where each lies, what kind it is, and how many different children are in it.

An event lies at its own point or at the place where it happened. A missing episode lies where the child was found and,
apart from that, where the child went missing from; versions of one episode by two agencies are one episode.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.areas import Areas, locate
from analysis.co_missing import MissingEpisodes, missing_episodes
from analysis.codes import code, event_groups, kind_code, role_groups
from analysis.derive import event_day, first_day_of_age
from graph.model import NodeKind
from graph.snapshot import NO_DAY, Bool, Float64, Int64, Snapshot

#: kinds of events that can be counted, apart from each other
GROUPS = ("harm", "police", "information", "found", "missing_from")


@dataclass(frozen=True, slots=True, eq=False)
class Incidents:
    """One row an event inside an area, by event."""

    #: node row of the event
    event: Int64
    #: row of the area
    area: Int64
    #: day it started
    day: Int64
    #: index into GROUPS
    group: Int64

    def take(self, chosen: Bool | Int64) -> Incidents:
        """Only these rows."""
        return Incidents(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.event)


def incidents(snapshot: Snapshot, areas: Areas, groups: tuple[str, ...], since: int, until: int) -> Incidents:
    """Events of these groups that started in the days ``since`` to ``until`` and lie inside an area."""
    parts = [_of_group(snapshot, areas, group) for group in groups]
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return Incidents(empty, empty, empty, empty)
    event, area, group = (np.concatenate(column) for column in zip(*parts, strict=True))
    day = event_day(snapshot)[event].astype(np.int64)
    inside = (area >= 0) & (day >= since) & (day <= until) & (day != int(NO_DAY))
    found = Incidents(event, area, day, group).take(inside)
    return found.take(np.lexsort((found.group, found.event)))


def _of_group(snapshot: Snapshot, areas: Areas, group: str) -> tuple[Int64, Int64, Int64]:
    if group in ("found", "missing_from"):
        episodes = missing_episodes(snapshot)
        event, easting, northing = _missing(snapshot, episodes, group)
    else:
        event, easting, northing = _points(snapshot, group)
    return event, locate(areas, easting, northing), np.full(len(event), GROUPS.index(group), dtype=np.int64)


def _missing(snapshot: Snapshot, episodes: MissingEpisodes, group: str) -> tuple[Int64, Float64, Float64]:
    place = episodes.found if group == "found" else episodes.origin
    known = place >= 0
    nodes = snapshot.nodes
    return episodes.event[known], nodes.easting[place[known]], nodes.northing[place[known]]


def _points(snapshot: Snapshot, group: str) -> tuple[Int64, Float64, Float64]:
    """Events of a group with their points; without a point of its own, that of the first place by tie."""
    nodes, ties = snapshot.nodes, snapshot.ties
    chosen = (nodes.kind == kind_code(NodeKind.EVENT)) & event_groups(group)[nodes.event_type]
    easting, northing = nodes.easting.copy(), nodes.northing.copy()
    happened = np.flatnonzero(ties.type == code("tie_type", "occurred_at"))[::-1]
    source, target = ties.source[happened], ties.target[happened]
    bare = ~np.isfinite(easting[source]) & np.isfinite(nodes.easting[target])
    source, target = source[bare], target[bare]
    easting[source], northing[source] = nodes.easting[target], nodes.northing[target]
    event = np.flatnonzero(chosen & np.isfinite(easting) & np.isfinite(northing)).astype(np.int64)
    return event, easting[event], northing[event]


def children_in(snapshot: Snapshot, found: Incidents) -> sparse.csr_array:
    """(rows of ``found``, node) with 1 where somebody possibly under 18 is in the event, whatever the role."""
    ties, born = snapshot.ties, snapshot.nodes.birth_day
    child = (born != NO_DAY) & (born > first_day_of_age(snapshot.as_at, 18))
    part = (ties.type == code("tie_type", "took_part_in")) & child[ties.source]
    part &= ~role_groups("professional")[ties.role]
    who, event = ties.source[part].astype(np.int64), ties.target[part].astype(np.int64)
    count = len(snapshot)
    first = np.searchsorted(found.event, event, side="left")
    last = np.searchsorted(found.event, event, side="right")
    each = last - first
    rows = np.repeat(first, each) + np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    keys = np.unique(rows * count + np.repeat(who, each))
    shape = (len(found), count)
    return sparse.csr_array(sparse.coo_array((np.ones(len(keys)), (keys // count, keys % count)), shape=shape))


def without_place(snapshot: Snapshot, found: Incidents, groups: tuple[str, ...], since: int, until: int) -> int:
    """Number of events of these groups in the days given that are in no area."""
    nodes = snapshot.nodes
    days = event_day(snapshot)
    chosen = np.zeros(len(snapshot), dtype=np.bool_)
    for group in groups:
        if group in ("found", "missing_from"):
            chosen[missing_episodes(snapshot).event] = True
        else:
            chosen |= (nodes.kind == kind_code(NodeKind.EVENT)) & event_groups(group)[nodes.event_type]
    chosen &= (days >= since) & (days <= until)
    chosen[found.event] = False
    return int(chosen.sum())
