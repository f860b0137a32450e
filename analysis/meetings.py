"""Who was recorded with which place, and which adult with which child: the records that the excess tests weigh."""

from __future__ import annotations

from functools import cache

import numpy as np

from analysis.codes import code, event_groups, kind_code, marked, tie_families
from analysis.derive import Roles
from analysis.excess import Meetings
from analysis.weights import CONTEXT_TIES, OBJECT_TIES, PERSON_TIES, TieWeights
from graph.model import NodeKind
from graph.snapshot import Bool, Float64, Int64, Snapshot

#: events with more people say little about any two of them
LARGEST_EVENT = 20
#: things used by more people are not personal
LARGEST_SHARED = 12
#: what a shared phone, vehicle or account says, beside being seen together
THROUGH_THING = 0.8
_THINGS = (NodeKind.PHONE, NodeKind.VEHICLE, NodeKind.ACCOUNT)
_PRESENT = ("harm", "information", "police", "missing")


@cache
def family_ties() -> Bool:
    """Table over tie types of family and household. Not ``partner_of``: a child's partner is no family of the child."""
    table = tie_families("kinship", "household").copy()
    table[code("tie_type", "partner_of")] = False
    return table


def telling_events(snapshot: Snapshot) -> Bool:
    """Events that say where people were and with whom; not assessments, meetings and other work of services."""
    nodes = snapshot.nodes
    is_event = nodes.kind == kind_code(NodeKind.EVENT)
    interviews = marked("event_type", ("return_interview", "return_interview_declined", "prevention_interview"))
    chosen: Bool = is_event & event_groups(*_PRESENT)[nodes.event_type] & ~interviews[nodes.event_type]
    return chosen


def event_parts(snapshot: Snapshot, weights: TieWeights) -> tuple[Int64, Float64]:
    """Rows of the ties by which people took a telling part in telling events, and their weights."""
    ties = snapshot.ties
    weight = weights.of_event_roles()
    chosen = (weight > 0) & telling_events(snapshot)[ties.target]
    chosen &= snapshot.nodes.kind[ties.source] == kind_code(NodeKind.PERSON)
    rows = np.flatnonzero(chosen)
    return rows, weight[rows]


def at_places(snapshot: Snapshot, weights: TieWeights, since: int) -> Meetings:
    """People recorded at places since a day (day number): ties of presence, and events that happened there.

    For a missing episode that is where the child was found, never where the child set out from.
    """
    ties, nodes = snapshot.ties, snapshot.nodes
    weight = weights.of(CONTEXT_TIES)
    # going to a school, and saying that a place feels safe, is no meeting
    weight[np.isin(ties.type, [code("tie_type", word) for word in ("attends", "member_of", "feels_safe_at")])] = 0.0
    person = nodes.kind == kind_code(NodeKind.PERSON)
    place = (nodes.kind == kind_code(NodeKind.PLACE)) | (nodes.kind == kind_code(NodeKind.SCHOOL))
    recent = weights.last_day >= since
    rows = np.flatnonzero((weight > 0) & person[ties.source] & place[ties.target] & recent)
    direct = Meetings.of(ties.target[rows].astype(np.int64), ties.source[rows].astype(np.int64), weight[rows], rows)
    located = np.flatnonzero((ties.type == code("tie_type", "occurred_at")) & weights.usable).astype(np.int64)
    where = np.full(len(snapshot), -1, dtype=np.int64)
    where[ties.source[located][::-1]] = located[::-1]
    parts, part_weight = event_parts(snapshot, weights)
    event = ties.target[parts].astype(np.int64)
    known = (where[event] >= 0) & recent[parts]
    parts, part_weight, event = parts[known], part_weight[known], event[known]
    through = Meetings.of(
        ties.target[where[event]].astype(np.int64),
        ties.source[parts].astype(np.int64),
        part_weight,
        parts,
        where[event].astype(np.int64),
        event,
    )
    return Meetings.joined(direct, through)


def with_adults(snapshot: Snapshot, roles: Roles, weights: TieWeights, children: Bool) -> Meetings:
    """Children recorded with adults: direct ties, telling events, shared phones, vehicles and accounts.

    The subject is the adult (anybody not known to be under 18). Family and household ties are no meetings; that an
    adult is said to be a child's partner is.
    """
    ties = snapshot.ties
    grown = roles.person & ~roles.child
    weight = weights.of(PERSON_TIES)
    weight[family_ties()[ties.type]] = 0.0
    source, target = ties.source.astype(np.int64), ties.target.astype(np.int64)
    down = np.flatnonzero((weight > 0) & grown[source] & children[target])
    up = np.flatnonzero((weight > 0) & children[source] & grown[target])
    rows = np.concatenate([down, up])
    direct = Meetings.of(
        np.concatenate([source[down], target[up]]), np.concatenate([target[down], source[up]]), weight[rows], rows
    )
    parts, part_weight = event_parts(snapshot, weights)
    events = _through(source[parts], target[parts], part_weight, parts, grown, children, LARGEST_EVENT, 1.0)
    person, thing, rows, use = object_ties(snapshot, weights)
    things = _through(person, thing, use, rows, grown, children, LARGEST_SHARED, THROUGH_THING)
    return Meetings.joined(direct, events, things)


def with_things(snapshot: Snapshot, weights: TieWeights) -> Meetings:
    """People recorded with phones, vehicles and accounts: use, contact through them, and events in which both stand.

    The subject is the thing. An event names a thing in whatever part it took (``object_used``, ``subject`` ...).
    """
    ties, nodes = snapshot.ties, snapshot.nodes
    person, thing, rows, use = object_ties(snapshot, weights)
    direct = Meetings.of(thing, person, use, rows)
    part = (ties.type == code("tie_type", "took_part_in")) & weights.usable & telling_events(snapshot)[ties.target]
    part &= np.isin(nodes.kind[ties.source], [kind_code(kind) for kind in _THINGS])
    there = np.flatnonzero(part)
    there = there[np.argsort(ties.target[there], kind="stable")]
    parts, part_weight = event_parts(snapshot, weights)
    event = ties.target[there]
    first = np.searchsorted(event, ties.target[parts], side="left")
    counts = np.searchsorted(event, ties.target[parts], side="right") - first
    one = np.repeat(np.arange(len(parts)), counts)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    other = there[np.repeat(first, counts) + offset]
    through = Meetings.of(
        ties.source[other].astype(np.int64),
        ties.source[parts[one]].astype(np.int64),
        part_weight[one] * np.sqrt(weights.confidence[other]),
        parts[one],
        other,
        ties.target[other].astype(np.int64),
    )
    return Meetings.joined(direct, through)


def object_ties(snapshot: Snapshot, weights: TieWeights) -> tuple[Int64, Int64, Int64, Float64]:
    """(person, thing, tie row, weight) of everybody's use of and contact through phones, vehicles and accounts."""
    ties, nodes = snapshot.ties, snapshot.nodes
    weight = weights.of(OBJECT_TIES)
    is_thing = np.isin(nodes.kind, [kind_code(kind) for kind in _THINGS])
    person = nodes.kind == kind_code(NodeKind.PERSON)
    one = np.flatnonzero((weight > 0) & person[ties.source] & is_thing[ties.target])
    two = np.flatnonzero((weight > 0) & is_thing[ties.source] & person[ties.target])
    rows = np.concatenate([one, two])
    people = np.concatenate([ties.source[one], ties.target[two]]).astype(np.int64)
    things = np.concatenate([ties.target[one], ties.source[two]]).astype(np.int64)
    return people, things, rows, weight[rows]


def _through(
    person: Int64,
    thing: Int64,
    weight: Float64,
    row: Int64,
    grown: Bool,
    children: Bool,
    largest: int,
    factor: float,
) -> Meetings:
    """Every adult with every child of the same thing: the geometric mean of the two weights, times ``factor``."""
    if not len(person):
        return Meetings.of(*(np.empty(0, dtype=np.int64),) * 2, np.empty(0), np.empty(0, dtype=np.int64))
    sizes = np.bincount(thing)
    small = sizes[thing] <= largest
    person, thing, weight, row = person[small], thing[small], weight[small], row[small]
    of_adult, of_child = np.flatnonzero(grown[person]), np.flatnonzero(children[person])
    of_child = of_child[np.argsort(thing[of_child], kind="stable")]
    first = np.searchsorted(thing[of_child], thing[of_adult], side="left")
    counts = np.searchsorted(thing[of_child], thing[of_adult], side="right") - first
    one = np.repeat(of_adult, counts)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    two = of_child[np.repeat(first, counts) + offset]
    return Meetings.of(
        person[one], person[two], np.sqrt(weight[one] * weight[two]) * factor, row[two], row[one], thing[one]
    )
