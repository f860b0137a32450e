"""What both detectors of areas start from, and the words and figures they share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.areas import Areas, covered_areas
from analysis.areas_events import GROUPS, Incidents, children_in, incidents, without_place
from analysis.codes import words
from analysis.wording import count_of, listed
from graph.errors import UsageError
from graph.flags import Plain
from graph.model import NodeId, ReportId
from graph.snapshot import Bool, Float64, Int64, Snapshot
from graph.vocabulary import vocabulary

#: events and reports named by one reason at most, newest first
NAMED = 200
#: fewer different children than this can tell who they are
SMALL = 5
#: what a parameter of kinds may name, for its meaning
KINDS_MEANING = "Kinds of events counted, of: " + " ".join(GROUPS)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Areas, what happened in them, and who was in it."""

    snapshot: Snapshot
    areas: Areas
    #: events counted
    found: Incidents
    #: events of the other kinds, shown apart and never counted
    apart: Incidents
    #: (rows of ``found``, node): children in each event
    children: sparse.csr_array
    #: events of the kinds counted that have no recorded place, or one outside all areas
    unplaced: int

    def inside(self, areas: Int64, since: int | None = None) -> Int64:
        """Rows of ``found`` in these areas, from a day on."""
        chosen = np.isin(self.found.area, areas)
        return np.flatnonzero(chosen if since is None else chosen & (self.found.day >= since))

    def counts(self) -> Float64:
        """Events by area."""
        return np.bincount(self.found.area, minlength=len(self.areas)).astype(np.float64)


def ground_of(snapshot: Snapshot, kinds: object, since: int, today: int) -> Ground | None:
    """None when no area is covered. Raises UsageError for a kind there is not."""
    chosen = tuple(dict.fromkeys(str(kinds).split()))
    if not chosen or not set(chosen) <= set(GROUPS):
        raise UsageError(f"kinds of events are one or more of {', '.join(GROUPS)}")
    areas = covered_areas(snapshot, since, today)
    if areas is None:
        return None
    found = incidents(snapshot, areas, chosen, since, today)
    others = tuple(group for group in GROUPS if group not in chosen)
    return Ground(
        snapshot,
        areas,
        found,
        incidents(snapshot, areas, others, since, today),
        children_in(snapshot, found),
        without_place(snapshot, found, chosen, since, today),
    )


def regional(generator: np.random.Generator, ground: Ground) -> list[tuple[Int64, np.random.Generator]]:
    """Rows of each region of touching areas with a generator of its own, by the region's first area.

    Each region's draws depend on the seed and its own first area only: another district changes nothing here.
    """
    seed = int(generator.integers(2**63))
    result = []
    for label in dict.fromkeys(ground.areas.region.tolist()):
        rows = np.flatnonzero(ground.areas.region == label)
        name = hashlib.blake2b(ground.areas.ids[rows[0]].encode(), digest_size=8).digest()
        result.append((rows, np.random.default_rng([seed, int.from_bytes(name, "big")])))
    return result


def kinds_of(ground: Ground, rows: Int64) -> Mapping[str, int]:
    """Number of events by type, most first."""
    codes = ground.snapshot.nodes.event_type[ground.found.event[rows]]
    named = words("event_type")
    counted = {named[code]: int((codes == code).sum()) for code in np.unique(codes).tolist()}
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def kinds_words(ground: Ground, rows: Int64) -> str:
    """ "52 incident, 20 antisocial behaviour report"."""
    labels = vocabulary("event_type")
    return listed([f"{labels.label(word).lower()} {many}" for word, many in kinds_of(ground, rows).items()])


def apart_words(ground: Ground, area: int, since: int | None = None) -> str:
    """What else is recorded in an area, never counted with the rest."""
    here = ground.apart.area == area
    if since is not None:
        here = here & (ground.apart.day >= since)
    counts = np.bincount(ground.apart.group[here], minlength=len(GROUPS))
    said = {
        "found": "missing children found there {}",
        "missing_from": "children gone missing from there {}",
        "information": "pieces of information {}",
        "police": "police activity {}",
        "harm": "harm {}",
    }
    parts = [said[group].format(counts[at]) for at, group in enumerate(GROUPS) if counts[at]]
    return f"; shown apart and not counted: {listed(parts)}" if parts else ""


def named_events(ground: Ground, rows: Int64) -> tuple[tuple[NodeId, ...], tuple[ReportId, ...], str]:
    """Ids of the newest events with their reports, and the words when there are more."""
    snapshot = ground.snapshot
    order = np.lexsort((ground.found.event[rows], -ground.found.day[rows]))
    events = ground.found.event[rows][order]
    _, first = np.unique(events, return_index=True)
    events = events[np.sort(first)]
    shown = events[:NAMED].tolist()
    reports = list(dict.fromkeys(int(row) for row in snapshot.nodes.report[shown] if row >= 0))
    said = f" (the newest {NAMED} are listed)" if len(events) > NAMED else ""
    return (
        tuple(sorted(snapshot.node_id(row) for row in shown)),
        tuple(snapshot.report_id(row) for row in reports),
        said,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Children:
    """How many different children are in some events."""

    distinct: int
    #: rows of ``found`` that the child recorded most often is in
    largest: Int64

    @property
    def words(self) -> str:
        return f"{count_of(self.distinct, 'different child', 'different children')}"


def children_of(ground: Ground, rows: Int64) -> Children:
    """Different children in these events, and the events of the child who is in most of them."""
    part = ground.children[rows]
    each = np.bincount(part.indices, minlength=part.shape[1])
    if not len(part.indices):
        return Children(0, np.zeros(0, dtype=np.int64))
    largest = int(each.argmax())
    inside = np.repeat(np.arange(len(rows)), np.diff(part.indptr))[part.indices == largest]
    return Children(int((each > 0).sum()), rows[inside])


def children_by_area(ground: Ground, since: int | None = None) -> Int64:
    """Different children in the events of each area."""
    rows = np.arange(len(ground.found))
    if since is not None:
        rows = rows[ground.found.day >= since]
    part = ground.children[rows]
    areas = np.repeat(ground.found.area[rows], np.diff(part.indptr))
    pairs = np.unique(areas * part.shape[1] + part.indices)
    return np.bincount(pairs // part.shape[1], minlength=len(ground.areas)).astype(np.int64)


def own_cautions(ground: Ground, areas: Int64, children: int, *, denominator: bool = True) -> tuple[str, ...]:
    """What must be said of these very areas: the edge of the map, small numbers, the denominator."""
    said = []
    if ground.areas.edge[areas].any():
        said.append(
            "It touches the edge of the covered ground: what happens just outside is not recorded here, so the area of "
            "harm may be larger than it looks and its middle elsewhere."
        )
    if children < SMALL:
        said.append(
            f"Fewer than {SMALL} different children are in these events: the figures could tell who they are and must "
            "not be published."
        )
    if denominator and not ground.areas.ambient:
        said.append(
            "No ambient exposure is known, so recorded residents stand for the people at risk: city centres and other "
            "places where many people pass look worse than they are."
        )
    return tuple(said)


def own_not_known(ground: Ground) -> list[Plain]:
    """What is not known for these very figures."""
    if not ground.unplaced:
        return []
    many = count_of(ground.unplaced, "event")
    return [f"Where {many} of these kinds happened: no place is recorded, or one outside all areas."]


def kept_half(areas: Int64, again: Bool) -> bool:
    """Whether at least half of the areas stand out again."""
    return bool(2 * int(again[areas].sum()) >= len(areas))
