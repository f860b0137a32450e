"""The network in which brokers are looked for: people at risk, people of concern, and who is recorded with them.

Places are never a way: two people who were at one station have not met. Family and household ties are left out,
because a family is one side, not a bridge; professionals are left out by role. What joins two people is a reported tie,
an event both took a telling part in, or a phone, vehicle or account both use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import sparse

from analysis.centrality import betweenness, cut_off, participation, simple_graph, structural_holes
from analysis.codes import code, kind_code, tie_families
from analysis.communities import partition
from analysis.derive import Roles
from analysis.meetings import LARGEST_EVENT, LARGEST_SHARED, THROUGH_THING, event_parts, object_ties
from analysis.spec import Progress, quiet
from analysis.weights import CAP, PERSON_TIES, TieWeights
from graph.model import NodeKind
from graph.snapshot import Bool, Float64, Int32, Int64, Snapshot

#: who is of one circle changes more slowly than who was in contact last month: evidence halves every two years
HALF_LIFE = 730
LASTING: Mapping[str, tuple[float, int | None]] = MappingProxyType(
    {word: (weight, days and HALF_LIFE) for word, (weight, days) in PERSON_TIES.items()}
)
#: households at risk that somebody who is not at risk must be recorded with to be part of the network
LEAST_AT_RISK = 2


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """One row a record that joins two people."""

    one: Int64
    two: Int64
    weight: Float64
    tie: Int64
    #: tie of the other person with the event or thing; -1
    other_tie: Int64
    #: node row of the event or thing; -1
    through: Int64

    def take(self, chosen: Bool | Int64) -> Records:
        """Only these rows."""
        return Records(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def kept(self, ties: Bool) -> Records:
        """What stands when the ties that are False are left out."""
        return self.take(ties[self.tie] & ((self.other_tie < 0) | ties[self.other_tie]))


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """One row a pair, once from each side, by person, then other."""

    person: Int64
    other: Int64
    #: 0 to 0.95
    weight: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Circles:
    """The risk network parted into circles."""

    #: in the risk network
    inside: Bool
    #: number of the circle, by node; -1 outside
    of: Int64
    #: people and people at risk, by circle; the last entry (read by -1) is 0
    size: Int64
    at_risk: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Positions among people of circles, one entry a node of the snapshot; not a number outside."""

    inside: Bool
    betweenness: Float64
    constraint: Float64
    effective_size: Float64
    #: people who would lose touch with the rest
    cut_off: Int64
    participation: Float64


def records_of(snapshot: Snapshot, roles: Roles, weights: TieWeights) -> Records:
    """Every record that joins two people who are no professionals."""
    ties = snapshot.ties
    weight = weights.of(LASTING)
    weight[tie_families("kinship", "household")[ties.type]] = 0.0
    people = roles.person & ~roles.professional
    rows = np.flatnonzero((weight > 0) & people[ties.source] & people[ties.target]).astype(np.int64)
    none = np.full(len(rows), -1, dtype=np.int64)
    direct = (ties.source[rows].astype(np.int64), ties.target[rows].astype(np.int64), weight[rows], rows, none, none)
    parts, part_weight = event_parts(snapshot, weights)
    events = _company(
        ties.source[parts].astype(np.int64), ties.target[parts].astype(np.int64), part_weight, parts, LARGEST_EVENT, 1.0
    )
    person, thing, thing_ties, use = object_ties(snapshot, weights)
    things = _company(person, thing, use, thing_ties, LARGEST_SHARED, THROUGH_THING)
    joined = Records(*(np.concatenate(columns) for columns in zip(direct, events, things, strict=True)))
    # one household is one side
    apart = (joined.one != joined.two) & (roles.household[joined.one] != roles.household[joined.two])
    return joined.take(people[joined.one] & people[joined.two] & apart)


def _company(
    person: Int64, thing: Int64, weight: Float64, row: Int64, largest: int, factor: float
) -> tuple[Int64, Int64, Float64, Int64, Int64, Int64]:
    """Everybody with everybody of the same event or thing, each pair once."""
    order = np.argsort(thing, kind="stable")
    person, thing, weight, row = person[order], thing[order], weight[order], row[order]
    _, first, many = np.unique(thing, return_index=True, return_counts=True)
    fits = (many > 1) & (many <= largest)
    left, right = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for size in np.unique(many[fits]).tolist():
        begin = first[fits & (many == size)]
        one, two = np.triu_indices(size, 1)
        left.append((begin[:, None] + one[None, :]).ravel())
        right.append((begin[:, None] + two[None, :]).ravel())
    a, b = np.concatenate(left).astype(np.int64), np.concatenate(right).astype(np.int64)
    return person[a], person[b], np.sqrt(weight[a] * weight[b]) * factor, row[a], row[b], thing[a]


def contacts_of(records: Records, count: int) -> Contacts:
    """Records of a pair as one weight: 1 - product of (1 - weight), at most 0.95; both directions."""
    low, high = np.minimum(records.one, records.two), np.maximum(records.one, records.two)
    keys, where = np.unique(low * count + high, return_inverse=True)
    doubt = np.bincount(where, weights=np.log1p(-np.minimum(records.weight, CAP)), minlength=len(keys))
    weight = np.minimum(-np.expm1(doubt), CAP)
    person = np.concatenate([keys // count, keys % count])
    other = np.concatenate([keys % count, keys // count])
    order = np.lexsort((other, person))
    return Contacts(person[order], other[order], np.concatenate([weight, weight])[order])


def at_risk_of(snapshot: Snapshot, roles: Roles, weights: TieWeights) -> Bool:
    """Known children, people of concern in exploitation, and people an operation looks into."""
    ties = snapshot.ties
    subject = (ties.type == code("tie_type", "subject_of")) & weights.usable
    looked_into = np.zeros(len(snapshot), dtype=np.bool_)
    looked_into[ties.source[subject]] = True
    risk: Bool = roles.known_child | roles.exploitation_concern | (looked_into & roles.person)
    return risk & ~roles.professional


def circles_of(contacts: Contacts, at_risk: Bool, household: Int32, *, resolution: float, seed: int) -> Circles:
    """Circles of the people at risk and of everybody recorded with two households at risk (Leiden, Constant Potts)."""
    count = len(at_risk)
    risky = at_risk[contacts.other]
    homes = np.unique(contacts.person[risky] * count + household[contacts.other[risky]]) // count
    inside = at_risk | (np.bincount(homes, minlength=count) >= LEAST_AT_RISK)
    rows, evidence = _among(contacts, inside)
    labels = np.full(count, -1, dtype=np.int64)
    if len(rows):
        labels[rows] = partition(evidence, resolution=resolution, seed=seed)
    many = int(labels.max(initial=-1)) + 2
    size = np.bincount(labels[rows], minlength=many)
    return Circles(inside, labels, size, np.bincount(labels[at_risk & inside], minlength=many))


def _among(contacts: Contacts, inside: Bool) -> tuple[Int64, sparse.csr_array]:
    """The people inside, and the evidence between them: -log(1 - weight)."""
    rows = np.flatnonzero(inside)
    number = np.full(len(inside), -1, dtype=np.int64)
    number[rows] = np.arange(len(rows))
    both = inside[contacts.person] & inside[contacts.other]
    ends = (number[contacts.person[both]], number[contacts.other[both]])
    return rows, sparse.csr_array((-np.log1p(-contacts.weight[both]), ends), shape=(len(rows), len(rows)))


def measures_of(
    contacts: Contacts,
    circles: Circles,
    inside: Bool,
    *,
    exact_up_to: int,
    pivots: int,
    generator: np.random.Generator,
    progress: Progress = quiet,
) -> Measures:
    """Positions in the network of the people ``inside``."""
    count = len(inside)
    rows, evidence = _among(contacts, inside)
    graph = simple_graph(evidence)
    drawn = None if len(rows) <= exact_up_to else min(pivots, len(rows))
    between = betweenness(graph, pivots=drawn, rng=generator, normalised=False, progress=progress)
    held, size = structural_holes(graph)
    return Measures(
        inside,
        _spread(rows, between, count),
        _spread(rows, held, count),
        _spread(rows, size, count),
        _spread(rows, cut_off(graph), count, 0).astype(np.int64),
        _spread(rows, participation(graph, circles.of[rows]), count),
    )


def _spread(rows: Int64, values: Float64 | Int64, count: int, missing: float = np.nan) -> Float64:
    answer = np.full(count, missing, dtype=np.float64)
    answer[rows] = values
    return answer


def recorded_groups(snapshot: Snapshot, weights: TieWeights) -> tuple[Int64, Int64, Int64]:
    """(person, operation or group, tie row) of everybody recorded in an operation or a group."""
    nodes, ties = snapshot.nodes, snapshot.ties
    chosen = np.isin(ties.type, [code("tie_type", word) for word in ("subject_of", "member_of")])
    chosen &= weights.usable & (nodes.kind[ties.source] == kind_code(NodeKind.PERSON))
    rows = np.flatnonzero(chosen).astype(np.int64)
    return ties.source[rows].astype(np.int64), ties.target[rows].astype(np.int64), rows


def equal_pairs(one: Int64, two: Int64) -> tuple[Int64, Int64]:
    """Positions of all equal entries of the two arrays."""
    order = np.argsort(two, kind="stable")
    first = np.searchsorted(two[order], one, side="left")
    many = np.searchsorted(two[order], one, side="right") - first
    left = np.repeat(np.arange(len(one)), many)
    offset = np.arange(len(left)) - np.repeat(np.cumsum(many) - many, many)
    return left.astype(np.int64), order[np.repeat(first, many) + offset].astype(np.int64)
