"""Children who were missing at the same time more often than chance, by interval overlap and place found.

Two episodes of two children coincide when they overlap and start within three hours of each other. Many pairs coincide
by accident: most children go missing in the evening. So each pair is held against its own episodes moved in time:
within ``spread`` days either side, on how many days would the same hours have met? That expectation is computed
exactly (jitter of days inside a child, after the interval jitter of Amarasingham and others, Journal of
Neurophysiology 2012), uses only the two children's own records, and so does not change with what happens elsewhere.
The surprise of a pair is -log10 P(X >= coincidences) for X Poisson, plus, for coincidences in which both were found at
the same place, -log10 of how common that place is among places where children are found.

Versions of one episode by two agencies (overlapping episodes of one child) are one episode. Children of one home go
missing from one door: pairs who set out from the same place are discounted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.codes import code, kind_code
from analysis.derive import SECONDS_A_DAY
from graph.model import NodeKind
from graph.snapshot import NO_TIME, Bool, Float64, Int64, Snapshot

HOUR = 3_600
#: an episode without an end that is older than this is taken to have ended
LONGEST = 30 * SECONDS_A_DAY


@dataclass(frozen=True, slots=True, eq=False)
class MissingEpisodes:
    """One row an episode, by start."""

    #: node row of the child
    person: Int64
    #: UTC seconds
    start: Int64
    end: Int64
    #: node row of the place found, and of the place gone missing from; -1
    found: Int64
    origin: Int64
    #: node row of the event, and row of the tie that says who was missing
    event: Int64
    tie: Int64

    def __len__(self) -> int:
        return len(self.person)

    def take(self, chosen: Bool | Int64) -> MissingEpisodes:
        """Only these rows."""
        return MissingEpisodes(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True, slots=True, eq=False)
class MissingPairs:
    """One row a pair of children with at least one coincidence, by child, then other."""

    #: node rows, smaller first
    child: Int64
    other: Int64
    coincidences: Int64
    same_place: Int64
    expected: Float64
    p_value: Float64
    surprise: Float64
    #: 0 to 1: how likely it is that they were together, after ``half`` and ``discount``
    weight: Float64
    #: coincidences of pair i are rows ``start[i]:start[i + 1]`` of ``one`` and ``two``
    start: Int64
    #: rows of the episodes
    one: Int64
    two: Int64


def missing_episodes(snapshot: Snapshot, kept_ties: Bool | None = None, *, since: int | None = None) -> MissingEpisodes:
    """Missing episodes up to the as-at date, versions of one episode joined.

    ``kept_ties`` leaves out the ties that are False; ``since`` is the first day (day number) that counts.
    """
    nodes, ties = snapshot.nodes, snapshot.ties
    kept = np.ones(len(ties.source), dtype=np.bool_) if kept_ties is None else kept_ties
    until = (int(np.datetime64(snapshot.as_at, "D").astype(np.int64)) + 1) * SECONDS_A_DAY
    of_kind = (nodes.kind == kind_code(NodeKind.EVENT)) & (nodes.event_type == code("event_type", "missing_episode"))
    known = of_kind & (nodes.started_at != NO_TIME) & (nodes.started_at < until)
    if since is not None:
        known &= nodes.started_at >= since * SECONDS_A_DAY
    chosen = (ties.type == code("tie_type", "took_part_in")) & (ties.role == code("role", "missing_person"))
    rows = np.flatnonzero(chosen & kept & known[ties.target] & (nodes.kind[ties.source] == kind_code(NodeKind.PERSON)))
    event = ties.target[rows].astype(np.int64)
    start = nodes.started_at[event]
    end = np.where(nodes.ended_at[event] == NO_TIME, start + LONGEST, nodes.ended_at[event])
    end = np.maximum(np.minimum(end, until), start + 1)
    found, origin = _place_of(snapshot, "occurred_at", kept), _place_of(snapshot, "went_missing_from", kept)
    order = np.lexsort((rows, start))
    episodes = MissingEpisodes(
        ties.source[rows].astype(np.int64), start, end, found[event], origin[event], event, rows.astype(np.int64)
    )
    return _joined(episodes.take(order))


def _place_of(snapshot: Snapshot, tie_type: str, kept: Bool) -> Int64:
    ties = snapshot.ties
    place = np.full(len(snapshot), -1, dtype=np.int64)
    rows = np.flatnonzero((ties.type == code("tie_type", tie_type)) & kept)[::-1]
    place[ties.source[rows]] = ties.target[rows]
    return place


def _joined(episodes: MissingEpisodes) -> MissingEpisodes:
    """Without later versions of the same episode: the first stands, with the latest end and the places known."""
    order = np.lexsort((episodes.start, episodes.person))
    person, start, end = episodes.person[order], episodes.start[order], episodes.end[order].copy()
    found, origin = episodes.found[order].copy(), episodes.origin[order].copy()
    first = np.ones(len(order), dtype=np.bool_)
    lead = 0
    for row in range(1, len(order)):
        if person[row] == person[lead] and start[row] < end[lead]:
            first[row] = False
            end[lead] = max(end[lead], end[row])
            found[lead] = found[row] if found[lead] < 0 else found[lead]
            origin[lead] = origin[row] if origin[lead] < 0 else origin[lead]
        else:
            lead = row
    joined = MissingEpisodes(person, start, end, found, origin, episodes.event[order], episodes.tie[order]).take(first)
    return joined.take(np.lexsort((joined.person, joined.start)))


def coincidences(episodes: MissingEpisodes, *, within: int = 3 * HOUR) -> tuple[Int64, Int64]:
    """Rows of all pairs of episodes of two children that overlap and start within ``within`` seconds.

    A sweep over the starts: cost grows with the episodes and the pairs found, not with all pairs.
    """
    start = episodes.start
    last = np.searchsorted(start, start + within, side="right")
    counts = last - np.arange(len(start)) - 1
    one = np.repeat(np.arange(len(start)), counts)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    two = one + 1 + offset
    kept = (episodes.person[one] != episodes.person[two]) & (start[two] < episodes.end[one])
    return one[kept], two[kept]


def missing_pairs(
    episodes: MissingEpisodes,
    *,
    within_hours: float = 3.0,
    spread: int = 90,
    half: float = 3.0,
    common: float = 50.0,
    discount: float = 0.25,
    involving: Bool | None = None,
) -> MissingPairs:
    """All pairs of children with a coincidence, and how surprising it is.

    ``half`` is the surprise (powers of ten) at which a pair counts half; ``common`` the number of episodes found at a
    place at which being found there together says 1 in 2; ``discount`` multiplies the weight of pairs who set out from
    the same place. ``involving`` (by node row) keeps only pairs with one of those children.
    """
    within = round(within_hours * HOUR)
    one, two = coincidences(episodes, within=within)
    if involving is not None:
        kept = involving[episodes.person[one]] | involving[episodes.person[two]]
        one, two = one[kept], two[kept]
    swap = episodes.person[one] > episodes.person[two]
    one, two = np.where(swap, two, one), np.where(swap, one, two)
    child, other = episodes.person[one], episodes.person[two]
    order = np.lexsort((episodes.start[one], other, child))
    one, two, child, other = one[order], two[order], child[order], other[order]
    new = np.ones(len(one), dtype=np.bool_)
    new[1:] = (child[1:] != child[:-1]) | (other[1:] != other[:-1])
    start = np.append(np.flatnonzero(new), len(one)).astype(np.int64)
    pair = np.cumsum(new) - 1
    pairs = len(start) - 1
    # an episode that meets two of the other child's counts once
    found = np.minimum(_distinct(pair, one, pairs), _distinct(pair, two, pairs))
    expected = _expected(episodes, child[new], other[new], within, spread)
    expected = np.maximum(expected, found / (2 * spread + 1))
    p_value = np.clip(stats.poisson.sf(found - 1, expected), 1e-300, 1.0)
    same = (episodes.found[one] == episodes.found[two]) & (episodes.found[one] >= 0)
    rarity, meetings = _place_surprise(episodes, one, same, common)
    surprise = -np.log10(p_value) + np.bincount(pair, weights=rarity * meetings, minlength=pairs)
    together = (episodes.origin[one] == episodes.origin[two]) & (episodes.origin[one] >= 0)
    shared_door = np.bincount(pair, weights=together, minlength=pairs) > 0
    weight = np.where(shared_door, discount, 1.0) / (1.0 + np.power(10.0, half - np.minimum(surprise, 50.0)))
    return MissingPairs(
        child[new], other[new], found, np.bincount(pair[same], minlength=pairs), expected, p_value, surprise,
        weight, start, one, two,
    )  # fmt: skip


def _distinct(pair: Int64, episode: Int64, pairs: int) -> Int64:
    keys = np.unique(pair * (int(episode.max(initial=0)) + 1) + episode)
    return np.bincount(keys // (int(episode.max(initial=0)) + 1), minlength=pairs).astype(np.int64)


def _place_surprise(episodes: MissingEpisodes, one: Int64, same: Bool, common: float) -> tuple[Float64, Bool]:
    """-log10 of how common the place is, for each coincidence; the two episodes themselves are left out."""
    places = episodes.found[one]
    counts = np.bincount(episodes.found[episodes.found >= 0], minlength=int(episodes.found.max(initial=0)) + 1)
    others = np.maximum(counts[np.maximum(places, 0)] - 2, 0)
    return -np.log10((others + 1) / (others + 1 + common)), same


def _expected(episodes: MissingEpisodes, child: Int64, other: Int64, within: int, spread: int) -> Float64:
    """Expected coincidences when every episode of a pair is moved to a random day within the spread."""
    by_person = np.lexsort((episodes.start, episodes.person))
    person, start = episodes.person[by_person], episodes.start[by_person]
    first, last = (np.searchsorted(person, child, side=side) for side in ("left", "right"))
    first_other, last_other = (np.searchsorted(person, other, side=side) for side in ("left", "right"))
    left, right = (last - first).astype(np.int64), (last_other - first_other).astype(np.int64)
    each = left * right
    expected = np.zeros(len(child))
    # in slices, so that memory stays flat however many pairs there are
    bounds = np.searchsorted(np.cumsum(each), np.arange(2_000_000, int(each.sum()) + 4_000_000, 2_000_000))
    begin = 0
    for end in np.unique(np.append(bounds, len(child))):
        rows = np.arange(begin, end)
        begin = int(end)
        if not len(rows):
            continue
        owner = np.repeat(rows, each[rows])
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(each[rows]) - each[rows], each[rows])
        one = start[first[owner] + offset // right[owner]]
        two = start[first_other[owner] + offset % right[owner]]
        apart = np.abs(one - two)
        clock = np.minimum(apart % SECONDS_A_DAY, SECONDS_A_DAY - apart % SECONDS_A_DAY)
        could = (apart <= spread * SECONDS_A_DAY) & (clock <= within)
        expected += np.bincount(owner, weights=could / (2 * spread + 1), minlength=len(child))
    return expected
