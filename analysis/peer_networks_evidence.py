"""The evidence that people are of one circle, pair by pair, from five families of records.

*Ties* reported between two people (family and household ties are none), *missing* together (validated against chance),
*events* they are both named in, *things* (one phone, vehicle or account) and *places* (being recorded, at whatever
times, at the same quiet place). Each record serves one family: an event that names several people speaks as an event
and not also as presence at its place, and a missing episode that coincides with the other's as missing together.

A record of weight w adds -log(1 - w), so that independent records add up and every part can be named. Weights are those
of ``analysis.weights``, except that all evidence halves every ``half_life_days``: who belongs together changes more
slowly than who was in contact last month. A place where many are recorded tells next to nothing: the weight is divided
by 1 + (people / ``quiet_place``)². Two people of one household are no pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.co_missing import missing_episodes, missing_pairs
from analysis.codes import PLACE_ROLES, tie_families
from analysis.derive import SECONDS_A_DAY, Roles, home_of, months_before
from analysis.excess import Meetings
from analysis.meetings import LARGEST_EVENT, LARGEST_SHARED, THROUGH_THING, at_places, event_parts, object_ties
from analysis.spec import number
from analysis.weights import CAP, CONTEXT_TIES, EVENT_HALF_LIFE, OBJECT_TIES, PERSON_TIES, TieWeights, recency
from graph.flags import Plain
from graph.snapshot import Bool, Float64, Int8, Int64, Snapshot

FAMILIES = ("ties", "missing", "events", "things", "places")
#: a pair missing together, once it is no accident
TOGETHER = 0.85
#: pairs less likely than this to have been together are left out
LEAST_TOGETHER = 0.2
#: a place with more than so many times ``quiet_place`` people recorded says nothing about any two of them
LARGEST_PLACE = 5


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """One row a record that speaks for two people being of one circle."""

    #: node rows, smaller first
    one: Int64
    two: Int64
    #: index into FAMILIES
    family: Int8
    #: -log(1 - weight)
    value: Float64
    #: rows of the ties it rests on, on either side; the same for a direct tie
    tie: Int64
    other_tie: Int64
    #: node row of the event, thing or place; -1 for ties and missing together
    through: Int64

    def take(self, chosen: Bool | Int64) -> Pairs:
        """Only these rows."""
        return Pairs(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    @classmethod
    def joined(cls, parts: list[Pairs]) -> Pairs:
        """All rows of all parts."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


@dataclass(frozen=True, slots=True, eq=False)
class _Records:
    """People recorded with something: one row a record."""

    person: Int64
    thing: Int64
    weight: Float64
    tie: Int64

    def kept(self, chosen: Bool) -> _Records:
        return _Records(self.person[chosen], self.thing[chosen], self.weight[chosen], self.tie[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Everything of one run that does not depend on which ties are left out."""

    snapshot: Snapshot
    roles: Roles
    #: last day of each tie
    last_day: Int64
    #: young people whose circles are looked for
    young: Bool
    #: anybody who may be in a network
    counted: Bool
    ties: _Records
    events: _Records
    things: _Records
    #: presence at places that is not told by an event of several people
    places: _Records
    #: the event that tells it and the tie that says where it happened; -1
    place_event: Int64
    place_tie: Int64
    since: int
    parameters: Mapping[str, Plain]


def gather(snapshot: Snapshot, roles: Roles, parameters: Mapping[str, Plain]) -> Evidence:
    """Collect the records once."""
    weights = TieWeights(snapshot, roles.today)
    lasting = number(parameters, "half_life_days")
    counted = roles.person & ~roles.professional
    since = months_before(snapshot.as_at, int(number(parameters, "window_months")))
    young = (roles.teenager | roles.known_child) & counted
    parts, part_weight = event_parts(snapshot, weights)
    part_weight = _aged(weights, roles.today, part_weight, parts, EVENT_HALF_LIFE, lasting)
    ties = snapshot.ties
    events = _Records(ties.source[parts].astype(np.int64), ties.target[parts].astype(np.int64), part_weight, parts)
    events = events.kept(counted[events.person] & (weights.last_day[parts] >= since))
    person, thing, row, _ = object_ties(snapshot, weights)
    use = weights.of({kind: (value, _whole(lasting)) for kind, (value, _) in OBJECT_TIES.items()})
    things = _Records(person, thing, use[row], row)
    places, place_event, place_tie = _presence(snapshot, roles, weights, since, lasting, events)
    return Evidence(
        snapshot,
        roles,
        weights.last_day.astype(np.int64),
        young,
        counted,
        _between(snapshot, weights, counted, lasting),
        events,
        things.kept(counted[things.person] & (use[row] > 0)),
        places,
        place_event,
        place_tie,
        since,
        parameters,
    )


def _whole(days: float) -> int:
    return max(round(days), 1)


def _aged(weights: TieWeights, today: int, weight: Float64, rows: Int64, was: float, lasting: float) -> Float64:
    """Weights that halved every ``was`` days as if they halved every ``lasting`` days."""
    last = weights.last_day[rows]
    count = len(rows)
    return weight / recency(last, today, np.full(count, was)) * recency(last, today, np.full(count, lasting))


def _between(snapshot: Snapshot, weights: TieWeights, counted: Bool, lasting: float) -> _Records:
    ties = snapshot.ties
    weight = weights.of({kind: (value, _whole(lasting)) for kind, (value, _) in PERSON_TIES.items()})
    weight[tie_families("kinship", "household")[ties.type]] = 0.0
    rows = np.flatnonzero((weight > 0) & counted[ties.source] & counted[ties.target])
    return _Records(ties.source[rows].astype(np.int64), ties.target[rows].astype(np.int64), weight[rows], rows)


def _presence(
    snapshot: Snapshot, roles: Roles, weights: TieWeights, since: int, lasting: float, events: _Records
) -> tuple[_Records, Int64, Int64]:
    """People at places, beside their homes, schools, placements and police stations."""
    met: Meetings = at_places(snapshot, weights, since)
    span = len(snapshot)
    people, homes = home_of(snapshot)
    lives = np.isin(met.subject * span + met.person, homes.astype(np.int64) * span + people)
    left_out = [PLACE_ROLES.index(role) for role in ("school", "placement", "police")]
    named = np.bincount(np.unique(events.thing * span + events.person) // span, minlength=span)
    several = (met.through >= 0) & (named[np.maximum(met.through, 0)] > 1)
    counted = roles.person & ~roles.professional
    met = met.take(~lives & ~several & ~np.isin(roles.place_role[met.subject], left_out) & counted[met.person])
    # what a direct tie halves by is in its table; an event's own half-life is one number
    table = {kind: (value, _whole(lasting)) for kind, (value, _) in CONTEXT_TIES.items()}
    direct = weights.of(table)[met.tie]
    through = _aged(weights, roles.today, met.weight, met.tie, EVENT_HALF_LIFE, lasting)
    weight = np.where(met.through >= 0, through, direct)
    return _Records(met.person, met.subject, weight, met.tie), met.through, met.other_tie


def pairs(evidence: Evidence, kept: Bool | None = None) -> Pairs:
    """Every record about a pair when the ties that are False are left out; of pairs with a young person."""
    snapshot = evidence.snapshot
    ties = np.ones(len(snapshot.ties.source), dtype=np.bool_) if kept is None else kept
    missing, coincide = _missing(evidence, ties)
    direct = evidence.ties.kept(ties[evidence.ties.tie])
    present = ties[evidence.places.tie] & ~np.isin(evidence.place_event, coincide)
    present &= (evidence.place_tie < 0) | ties[evidence.place_tie]
    quiet = number(evidence.parameters, "quiet_place")
    parts = [
        _rows(direct.person, direct.thing, FAMILIES.index("ties"), direct.weight, direct.tie, direct.tie),
        missing,
        _through(evidence.events.kept(ties[evidence.events.tie]), FAMILIES.index("events"), LARGEST_EVENT),
        _through(
            evidence.things.kept(ties[evidence.things.tie]), FAMILIES.index("things"), LARGEST_SHARED, THROUGH_THING
        ),
        _through(evidence.places.kept(present), FAMILIES.index("places"), round(LARGEST_PLACE * quiet), quiet=quiet),
    ]
    found = Pairs.joined(parts)
    home = evidence.roles.household
    return found.take((found.value > 0) & (found.one != found.two) & (home[found.one] != home[found.two]))


def _rows(
    one: Int64, two: Int64, family: int, weight: Float64, tie: Int64, other_tie: Int64, through: Int64 | None = None
) -> Pairs:
    return Pairs(
        np.minimum(one, two),
        np.maximum(one, two),
        np.full(len(one), family, dtype=np.int8),
        -np.log1p(-np.minimum(weight, CAP)),
        np.where(one <= two, tie, other_tie),
        np.where(one <= two, other_tie, tie),
        np.full(len(one), -1, dtype=np.int64) if through is None else through,
    )


def _missing(evidence: Evidence, ties: Bool) -> tuple[Pairs, Int64]:
    """Pairs missing together beyond chance; and the events of which that is so."""
    roles = evidence.roles
    episodes = missing_episodes(evidence.snapshot, ties, since=evidence.since)
    found = missing_pairs(episodes)
    both = evidence.counted[found.child] & evidence.counted[found.other]
    used = np.flatnonzero((found.weight >= LEAST_TOGETHER) & both)
    first = found.start[:-1][used]
    if not len(used):
        empty = np.empty(0, dtype=np.int64)
        return _rows(empty, empty, FAMILIES.index("missing"), np.empty(0), empty, empty), empty
    latest = np.maximum.reduceat(episodes.start[found.one], found.start[:-1])[used] // SECONDS_A_DAY
    lasting = np.full(len(used), number(evidence.parameters, "half_life_days"))
    weight = found.weight[used] * TOGETHER * recency(latest.astype(np.int32), roles.today, lasting)
    spans = [np.arange(found.start[at], found.start[at + 1]) for at in used.tolist()]
    rows = np.concatenate(spans)
    events = np.unique(np.concatenate([episodes.event[found.one[rows]], episodes.event[found.two[rows]]]))
    # the first coincidence stands for the pair here; all are named in the reason
    one_first = episodes.person[found.one[first]] == found.child[used]
    own = np.where(one_first, episodes.tie[found.one[first]], episodes.tie[found.two[first]])
    theirs = np.where(one_first, episodes.tie[found.two[first]], episodes.tie[found.one[first]])
    return _rows(found.child[used], found.other[used], FAMILIES.index("missing"), weight, own, theirs), events


def _through(records: _Records, family: int, largest: int, factor: float = 1.0, quiet: float | None = None) -> Pairs:
    """Every two people of the same thing, event or place, by their strongest record there."""
    order = np.lexsort((records.tie, -records.weight, records.person, records.thing))
    person, thing = records.person[order], records.thing[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (person[1:] != person[:-1]) | (thing[1:] != thing[:-1])
    best = order[first]
    person, thing, weight, tie = (getattr(records, name)[best] for name in ("person", "thing", "weight", "tie"))
    size = np.bincount(thing, minlength=1)
    small = size[thing] <= largest
    person, thing, weight, tie = person[small], thing[small], weight[small], tie[small]
    after = np.searchsorted(thing, thing, side="right") - np.arange(len(thing)) - 1
    one = np.repeat(np.arange(len(thing)), after)
    two = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(after) - after, after)
    together = np.sqrt(weight[one] * weight[two]) * factor
    if quiet is not None:
        together /= 1.0 + (size[thing[one]] / quiet) ** 2
    return _rows(person[one], person[two], family, together, tie[one], tie[two], thing[one])


@dataclass(frozen=True, slots=True, eq=False)
class Circle:
    """The network that groups are looked for in."""

    #: symmetric, of ``rows`` only
    weights: sparse.csr_array
    #: node rows, ascending
    rows: Int64


def circle(evidence: Evidence, found: Pairs) -> Circle:
    """Young people and the adults with evidence of being of one circle with any of them.

    Pairs with less than half the resolution of evidence are left out: they speak against a group rather than for it.
    """
    count = len(evidence.snapshot)
    key = found.one * count + found.two
    unique, inverse = np.unique(key, return_inverse=True)
    value = np.bincount(inverse, weights=found.value, minlength=len(unique))
    enough = value >= number(evidence.parameters, "resolution") / 2
    one, two, value = unique[enough] // count, unique[enough] % count, value[enough]
    young = evidence.young
    near = young.copy()
    near[one[young[two]]] = True
    near[two[young[one]]] = True
    inside = near[one] & near[two]
    one, two, value = one[inside], two[inside], value[inside]
    rows = np.unique(np.concatenate([one, two]))
    at_one, at_two = np.searchsorted(rows, one), np.searchsorted(rows, two)
    weights = sparse.csr_array(
        (np.tile(value, 2), (np.concatenate([at_one, at_two]), np.concatenate([at_two, at_one]))),
        shape=(len(rows), len(rows)),
    )
    return Circle(weights, rows)
