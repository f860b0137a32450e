"""Occasions of one kind, which of them are near and soon, and how many such chance would make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

from analysis.clock import HOUR
from analysis.co_missing import missing_records
from analysis.codes import PLACE_ROLES, code, kind_code, role_groups
from analysis.derive import SECONDS_A_DAY, months_before, place_role_of
from analysis.near_repeat import count_each, near_pairs, reach_of
from analysis.spec import Progress, number
from graph.flags import Plain
from graph.model import NodeKind
from graph.records import day_number
from graph.snapshot import NO_TIME, Bool, Float64, Int32, Int64, Snapshot

#: kinds of occasions: children found after going missing, and events of these types
KINDS = ("found", "incident", "offence", "antisocial_behaviour")
#: places at which something is recorded of everybody who lives or works there
_APART = ("home", "school", "placement", "police")
#: fewer occasions say nothing about chance
FEWEST = 10


@dataclass(frozen=True, slots=True, eq=False)
class Occasions:
    """One row an occasion of one kind, by time."""

    kind: str
    #: metres
    xy: Float64
    #: UTC seconds, and the same in days
    instant: Int64
    day: Float64
    #: node rows of the events of occasion i are ``events[start[i]:start[i + 1]]``
    start: Int64
    events: Int64
    #: node row of the place of the first event; -1 when it has only a point
    place: Int64
    #: people in them, by node row
    people: sparse.csr_array
    #: later occasions of the same people near and soon, counted with this one
    repeated: Int64

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """Each occasion against chance, one row an occasion."""

    occasions: Occasions
    #: rows of all pairs near each other that share nobody (who shares somebody is apart in time)
    one: Int64
    two: Int64
    #: others near and soon
    observed: Int64
    expected: Float64
    #: -log10 P(as many or more); 0 with fewer than the least number of occasions
    score: Float64
    #: scores above 0 of each permutation of the times, ascending
    chance: tuple[Float64, ...]
    #: the whole: pairs near and soon, expected, P(as many or more)
    pairs: int
    expected_pairs: float
    p_value: float


def occasions_of(snapshot: Snapshot, kind: str, parameters: Mapping[str, Plain]) -> Occasions:
    """Occasions of a kind within the window; events close in place and hour are one, whoever entered them."""
    since = months_before(snapshot.as_at, int(number(parameters, "window_months")))
    event, place, instant, people = _found(snapshot, since) if kind == "found" else _events(snapshot, kind, since)
    nodes = snapshot.nodes
    bare = ~np.isfinite(nodes.easting[event]) & (place >= 0)
    if kind == "found":
        bare = place >= 0
    x, y = (np.where(bare, column[place], column[event]) for column in (nodes.easting, nodes.northing))
    apart = np.array([PLACE_ROLES.index(role) for role in _APART])
    kept = np.isfinite(x) & np.isfinite(y) & ~((place >= 0) & np.isin(place_role_of(snapshot)[place], apart))
    order = np.flatnonzero(kept)
    order = order[np.lexsort((event[order], instant[order]))]
    xy = np.column_stack([x[order], y[order]])
    people = people[order]
    near, hours = number(parameters, "near"), number(parameters, "one_occasion_hours")
    label = _one_occasion(xy, instant[order], near, hours * HOUR)
    first, together = _grouped(label, people)
    same = _of_the_same_people(together, xy[first], instant[order][first], near, number(parameters, "soon"))
    repeated = np.bincount(same, minlength=int(same.max(initial=-1)) + 1) - 1
    label = same[label]
    first, together = _grouped(label, people)
    by_label = np.argsort(label, kind="stable")
    return Occasions(
        kind,
        np.ascontiguousarray(xy[first]),
        instant[order][first],
        instant[order][first] / SECONDS_A_DAY,
        np.searchsorted(label[by_label], np.arange(len(first) + 1)).astype(np.int64),
        event[order][by_label],
        place[order][first],
        together,
        repeated,
    )


def _grouped(label: Int64, people: sparse.csr_array) -> tuple[Int64, sparse.csr_array]:
    """First row of each label, and the people of all its rows."""
    labels, first = np.unique(label, return_index=True)
    rows = np.arange(len(label))
    member = sparse.coo_array((np.ones(len(label), dtype=np.int64), (label, rows)), shape=(len(labels), len(label)))
    return first.astype(np.int64), (member.tocsr() @ people).tocsr()


def _of_the_same_people(
    people: sparse.csr_array, xy: Float64, instant: Int64, near: float, soon: float
) -> Int64:  # fmt: skip
    """Label of each occasion: a later one of the same people near and soon belongs to the first that stands."""
    one, two = near_pairs(xy, near)
    close = np.abs(instant[one] - instant[two]) <= soon * SECONDS_A_DAY
    one, two = one[close], two[close]
    shared = _share_somebody(people, one, two)
    one, two = one[shared], two[shared]
    into = np.arange(len(xy))
    order = np.lexsort((one, two))
    # rows are in the order of time, so that the smaller is the earlier
    for early, late in zip(one[order].tolist(), two[order].tolist(), strict=True):
        if into[late] == late and into[early] == early:
            into[late] = early
    return np.unique(into, return_inverse=True)[1].astype(np.int64)


def _found(snapshot: Snapshot, since: int) -> tuple[Int64, Int64, Int64, sparse.csr_array]:
    episodes = missing_records(snapshot, since=since).joined()
    assert episodes.no_end is not None and episodes.day_only is not None
    episodes = episodes.take((episodes.found >= 0) & ~episodes.day_only)
    assert episodes.no_end is not None
    instant = np.where(episodes.no_end, episodes.start, episodes.end)
    rows = np.arange(len(episodes))
    people = sparse.coo_array(
        (np.ones(len(rows), dtype=np.int64), (rows, episodes.person)), shape=(len(rows), len(snapshot))
    )
    return episodes.event, episodes.found, instant, people.tocsr()


def _events(snapshot: Snapshot, kind: str, since: int) -> tuple[Int64, Int64, Int64, sparse.csr_array]:
    nodes, ties = snapshot.nodes, snapshot.ties
    until = (day_number(snapshot.as_at) + 1) * SECONDS_A_DAY
    chosen = (nodes.kind == kind_code(NodeKind.EVENT)) & (nodes.event_type == code("event_type", kind))
    chosen &= (nodes.started_at != NO_TIME) & (nodes.started_at >= since * SECONDS_A_DAY)
    event = np.flatnonzero(chosen & (nodes.started_at < until)).astype(np.int64)
    row_of = np.full(len(snapshot), -1, dtype=np.int64)
    row_of[event] = np.arange(len(event))
    place = np.full(len(snapshot), -1, dtype=np.int64)
    located = np.flatnonzero(ties.type == code("tie_type", "occurred_at"))[::-1]
    place[ties.source[located]] = ties.target[located]
    part = (ties.type == code("tie_type", "took_part_in")) & (row_of[ties.target] >= 0)
    part &= role_groups("victim", "subject", "person_of_concern")[ties.role]
    part &= nodes.kind[ties.source] == kind_code(NodeKind.PERSON)
    rows, who = row_of[ties.target[part]], ties.source[part].astype(np.int64)
    people = sparse.coo_array((np.ones(len(rows), dtype=np.int64), (rows, who)), shape=(len(event), len(snapshot)))
    return event, place[event], nodes.started_at[event], people.tocsr()


def _one_occasion(xy: Float64, instant: Int64, near: float, seconds: float) -> Int64:
    """Label of the occasion of each event, in the order of the first of each."""
    one, two = near_pairs(xy, near)
    together = np.abs(instant[one] - instant[two]) <= seconds
    one, two = one[together], two[together]
    matrix = sparse.coo_array((np.ones(len(one), dtype=np.int8), (one, two)), shape=(len(xy), len(xy)))
    _, label = sparse.csgraph.connected_components(matrix.tocsr(), directed=False)
    _, first, where = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[where]


def weigh(
    occasions: Occasions, parameters: Mapping[str, Plain], generator: np.random.Generator, progress: Progress
) -> Local | None:  # fmt: skip
    """Each occasion against chance; None when there are too few."""
    count = len(occasions)
    if count < FEWEST:
        return None
    soon = number(parameters, "soon")
    one, two = near_pairs(occasions.xy, number(parameters, "near"))
    apart = ~_share_somebody(occasions.people, one, two)
    one, two = one[apart], two[apart]
    ranks, reach = reach_of(occasions.day, soon)
    # how many others are soon, by position in time; how many are near, by row
    around = _soon_by_rank(reach)
    nearby = np.bincount(one, minlength=count) + np.bincount(two, minlength=count)
    least = int(number(parameters, "minimum_occasions")) - 1
    observed = count_each(one, two, ranks, reach)
    expected = nearby * around[ranks] / (count - 1)
    shuffled, chance, totals = ranks.copy(), [], []
    for repeat in range(int(number(parameters, "permutations"))):
        if repeat % 10 == 0:
            progress(0.0, "what chance would make")
        generator.shuffle(shuffled)
        counts = count_each(one, two, shuffled, reach)
        totals.append(int(counts.sum()))
        scores = _surprise(counts, nearby * around[shuffled] / (count - 1), least)
        chance.append(np.sort(scores[scores > 0]))
    total = int(observed.sum())
    share = (sum(each >= total for each in totals) + 1.0) / (len(totals) + 1.0)
    pairs_soon = float(around.sum()) / 2
    return Local(
        occasions, one, two, observed, expected, _surprise(observed, expected, least),
        tuple(chance), total // 2, len(one) * pairs_soon / (count * (count - 1) / 2), share,
    )  # fmt: skip


def _soon_by_rank(reach: Int32) -> Int64:
    """How many others are soon before or after each position in time."""
    positions = np.arange(len(reach))
    # ascending, because reach never falls
    before = positions - np.searchsorted(reach, positions, side="left")
    around: Int64 = (reach - positions + before).astype(np.int64)
    return around


def _surprise(observed: Int64, expected: Float64, least: int) -> Float64:
    """-log10 P(X >= observed), X Poisson; 0 below the least number."""
    score = np.zeros(len(observed))
    rows = np.flatnonzero((observed >= max(least, 1)) & (observed > expected))
    score[rows] = -np.log10(np.clip(special.pdtrc(observed[rows] - 1.0, expected[rows]), 1e-300, 1.0))
    return score


def _share_somebody(people: sparse.csr_array, one: Int64, two: Int64) -> Bool:
    """Whether the two occasions of each pair have a person in common; in slices, so that memory stays flat."""
    shared = np.zeros(len(one), dtype=np.bool_)
    for begin in range(0, len(one), 500_000):
        part = slice(begin, begin + 500_000)
        both = people[one[part]].multiply(people[two[part]])
        shared[part] = np.asarray(both.sum(axis=1)).ravel() > 0
    return shared


def again(local: Local, parameters: Mapping[str, Plain], kept: Bool) -> Float64:
    """Scores when the occasions that are False are left out; minus infinity for them."""
    both = kept[local.one] & kept[local.two]
    one, two = local.one[both], local.two[both]
    rows = np.flatnonzero(kept)
    row_of = np.full(len(kept), -1, dtype=np.int64)
    row_of[rows] = np.arange(len(rows))
    ranks, reach = reach_of(local.occasions.day[rows], number(parameters, "soon"))
    observed = count_each(row_of[one], row_of[two], ranks, reach)
    nearby = np.bincount(row_of[one], minlength=len(rows)) + np.bincount(row_of[two], minlength=len(rows))
    expected = nearby * _soon_by_rank(reach)[ranks] / max(len(rows) - 1, 1)
    score = np.full(len(kept), -np.inf)
    score[rows] = _surprise(observed, expected, int(number(parameters, "minimum_occasions")) - 1)
    return score
