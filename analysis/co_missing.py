"""Children who were missing at the same time more often than chance, by interval overlap and place found.

Two episodes of two children coincide when they overlap and start within three hours of each other (and, where the
places are given, when they end within an hour of each other at places within 200 m). Many pairs coincide by accident:
most children go missing in the evening. So each pair is held against its own episodes moved in time: within ``spread``
days either side, on how many days would the same hours have met? That expectation is computed exactly (jitter of days
inside a child, after the interval jitter of Amarasingham and others, Journal of Neurophysiology 2012), uses only the
two children's own records, and so does not change with what happens elsewhere; seasons stay where they are.
The surprise of a pair is -log10 P(X >= coincidences) for X Poisson, plus, for coincidences in which both were found at
the same place, -log10 of how common that place is among places where children are found.

Versions of one episode by two agencies (overlapping or touching episodes of one child, from whatever place) are one
episode. A record of days without hours is a version of any episode of those days; alone it stands, but coincides with
nothing, because nobody knows the hour. Being away or absent is another type of event and never comes here. Children of
one home go missing from one door: pairs who set out from the same place are discounted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from scipy.spatial import cKDTree

from analysis.clock import HOUR, local
from analysis.codes import code, kind_code
from analysis.derive import SECONDS_A_DAY
from analysis.missing_together_kernels import distinct_in_runs, expected_meetings, join_versions
from graph.model import NodeKind
from graph.snapshot import NO_TIME, Bool, Float64, Int64, Snapshot

#: an episode without an end that is older than this is taken to have ended
LONGEST = 30 * SECONDS_A_DAY
#: a record of the same child that starts so much after one without an end is another episode, not a version of it
ANOTHER = 12 * HOUR


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
    #: no version says when it ended: ``end`` is assumed; None: all ends are recorded
    no_end: Bool | None = None
    #: only days are recorded, no hours; None: hours everywhere
    day_only: Bool | None = None
    #: records that tell of it, one by one agency each as a rule; None: one each
    records: Int64 | None = None

    def __len__(self) -> int:
        return len(self.person)

    def take(self, chosen: Bool | Int64) -> MissingEpisodes:
        """Only these rows."""
        return MissingEpisodes(
            self.person[chosen],
            self.start[chosen],
            self.end[chosen],
            self.found[chosen],
            self.origin[chosen],
            self.event[chosen],
            self.tie[chosen],
            None if self.no_end is None else self.no_end[chosen],
            None if self.day_only is None else self.day_only[chosen],
            None if self.records is None else self.records[chosen],
        )


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


@dataclass(frozen=True, slots=True, eq=False)
class MissingRecords:
    """Records of missing episodes before versions are joined, one row a record of one child."""

    #: each by itself, with ``found`` and ``origin`` as if no tie were left out
    episodes: MissingEpisodes
    #: rows of the ties that say where the child was found and set out from; -1
    found_tie: Int64
    origin_tie: Int64

    def of(self, people: Bool) -> MissingRecords:
        """Only the records of these people (by node row)."""
        kept = people[self.episodes.person]
        return MissingRecords(self.episodes.take(kept), self.found_tie[kept], self.origin_tie[kept])

    def joined(self, kept_ties: Bool | None = None) -> MissingEpisodes:
        """The episodes, versions joined; ``kept_ties`` leaves out the ties that are False."""
        episodes = self.episodes
        found, origin = episodes.found, episodes.origin
        if kept_ties is not None:
            found = np.where(kept_ties[self.found_tie], found, -1)
            origin = np.where(kept_ties[self.origin_tie], origin, -1)
        rows = replace(episodes, found=found, origin=origin)
        return _joined(rows if kept_ties is None else rows.take(kept_ties[episodes.tie]))


def missing_episodes(snapshot: Snapshot, kept_ties: Bool | None = None, *, since: int | None = None) -> MissingEpisodes:
    """Missing episodes up to the as-at date, versions of one episode joined.

    ``kept_ties`` leaves out the ties that are False; ``since`` is the first day (day number) that counts.
    """
    return missing_records(snapshot, kept_ties, since=since).joined()


def missing_records(snapshot: Snapshot, kept_ties: Bool | None = None, *, since: int | None = None) -> MissingRecords:
    """Records of missing episodes up to the as-at date."""
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
    start, ended = nodes.started_at[event], nodes.ended_at[event]
    no_end = ended == NO_TIME
    midnight = local(np.where(no_end, start, ended)) % SECONDS_A_DAY == 0
    day_only = (local(start) % SECONDS_A_DAY == 0) & midnight
    end = np.where(no_end, start + LONGEST, ended + np.where(day_only, SECONDS_A_DAY, 0))
    person = ties.source[rows].astype(np.int64)
    end = np.where(no_end, np.minimum(end, _before_the_next(person, start)), end)
    end = np.maximum(np.minimum(end, until), start + 1)
    found_tie, origin_tie = (
        _tie_of(snapshot, tie_type, kept)[event] for tie_type in ("occurred_at", "went_missing_from")
    )
    found, origin = (np.where(tie >= 0, ties.target[tie], -1).astype(np.int64) for tie in (found_tie, origin_tie))
    records = np.ones(len(rows), dtype=np.int64)
    return MissingRecords(
        MissingEpisodes(
            person, start, end, found, origin, event, rows.astype(np.int64), no_end, day_only, records
        ),
        found_tie,
        origin_tie,
    )  # fmt: skip


def _tie_of(snapshot: Snapshot, tie_type: str, kept: Bool) -> Int64:
    """Row of the first tie of this type of each node, -1."""
    ties = snapshot.ties
    tie = np.full(len(snapshot), -1, dtype=np.int64)
    rows = np.flatnonzero((ties.type == code("tie_type", tie_type)) & kept)[::-1]
    tie[ties.source[rows]] = rows
    return tie


def _before_the_next(person: Int64, start: Int64) -> Int64:
    """The second before the same child's next episode that is no version of this one; far away when there is none."""
    order = np.lexsort((start, person))
    span = int(start.max(initial=0)) + 2 * ANOTHER + 1
    keys = person[order] * span + start[order]
    after = np.searchsorted(keys, person * span + start + ANOTHER, side="right")
    row = order[np.minimum(after, len(order) - 1)] if len(order) else order
    another = (after < len(order)) & (person[row] == person)
    return np.where(another, start[row] - 1, np.iinfo(np.int64).max)


def _joined(episodes: MissingEpisodes) -> MissingEpisodes:
    """Without later versions of the same episode: the first stands, with the end and the places known; by start."""
    whole = episodes.take(np.lexsort((episodes.tie, episodes.start, episodes.person)))
    first = np.zeros(len(whole), dtype=np.bool_)
    join_versions(
        whole.person, whole.start, whole.end, whole.found, whole.origin, whole.no_end, whole.day_only, whole.records,
        first,
    )  # fmt: skip
    joined = whole.take(first)
    return joined.take(np.lexsort((joined.person, joined.start)))


def coincidences(episodes: MissingEpisodes, *, within: int = 3 * HOUR) -> tuple[Int64, Int64]:
    """Rows of all pairs of episodes of two children that overlap and start within ``within`` seconds.

    A sweep over the starts: cost grows with the episodes and the pairs found, not with all pairs.
    """
    one, two = _within(episodes.start, within)
    kept = (episodes.person[one] != episodes.person[two]) & (episodes.start[two] < episodes.end[one])
    if episodes.day_only is not None:
        kept &= ~(episodes.day_only[one] | episodes.day_only[two])
    return one[kept], two[kept]


def found_together(
    episodes: MissingEpisodes, place_xy: Float64, *, within: int = HOUR, near: float = 200.0
) -> tuple[Int64, Int64]:
    """Rows of all pairs of episodes of two children that overlap and end within ``within`` seconds, ``near`` metres.

    ``place_xy`` has the metres of every node. Ends and places that are not known are near nothing.
    """
    known = (episodes.found >= 0) & ~_flags(episodes.no_end, episodes) & ~_flags(episodes.day_only, episodes)
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(episodes.end[rows], kind="stable")]
    one, two = _within(episodes.end[rows], within)
    one, two = rows[one], rows[two]
    kept = (episodes.person[one] != episodes.person[two]) & _near(episodes, place_xy, one, two, near)
    kept &= (episodes.start[two] < episodes.end[one]) & (episodes.start[one] < episodes.end[two])
    one, two = one[kept], two[kept]
    return np.minimum(one, two), np.maximum(one, two)


def _flags(column: Bool | None, episodes: MissingEpisodes) -> Bool:
    return np.zeros(len(episodes), dtype=np.bool_) if column is None else column


def _within(instant: Int64, within: int) -> tuple[Int64, Int64]:
    """Rows of all pairs of ascending instants that lie within so many seconds."""
    counts = np.searchsorted(instant, instant + within, side="right") - np.arange(len(instant)) - 1
    one = np.repeat(np.arange(len(instant)), counts)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    return one, one + 1 + offset


def _near(episodes: MissingEpisodes, place_xy: Float64 | None, one: Int64, two: Int64, near: float) -> Bool:
    """Whether both were found at one place, or at places within ``near`` metres."""
    first, second = episodes.found[one], episodes.found[two]
    same: Bool = first == second
    if place_xy is not None:
        with np.errstate(invalid="ignore"):
            same = same | (((place_xy[first] - place_xy[second]) ** 2).sum(axis=1) <= near * near)
    return same & (first >= 0) & (second >= 0)


def missing_pairs(
    episodes: MissingEpisodes,
    *,
    within_hours: float = 3.0,
    spread: int = 90,
    half: float = 3.0,
    common: float = 50.0,
    discount: float = 0.25,
    involving: Bool | None = None,
    place_xy: Float64 | None = None,
    found_within_hours: float = 1.0,
    near: float = 200.0,
    popularity: Int64 | None = None,
) -> MissingPairs:
    """All pairs of children with a coincidence, and how surprising it is.

    ``half`` is the surprise (powers of ten) at which a pair counts half; ``common`` the number of episodes found at a
    place at which being found there together says 1 in 2; ``discount`` multiplies the weight of pairs who set out from
    the same place. ``involving`` (by node row) keeps only pairs with one of those children. With ``place_xy`` (metres
    of every node) those found within ``found_within_hours`` and ``near`` metres of each other coincide too, whenever
    they set out, and places so near are one place. ``popularity`` (by node row) is how many are found at each place or
    near it; else it is counted in ``episodes``.
    """
    within, found_within = round(within_hours * HOUR), round(found_within_hours * HOUR)
    one, two = coincidences(episodes, within=within)
    if place_xy is not None:
        more, others = found_together(episodes, place_xy, within=found_within, near=near)
        late = np.abs(episodes.start[more] - episodes.start[others]) > within
        one, two = np.concatenate([one, more[late]]), np.concatenate([two, others[late]])
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
    found = np.minimum(distinct_in_runs(start, one), distinct_in_runs(start, two))
    expected = _expected(episodes, child[new], other[new], within, spread, place_xy, found_within, near)
    expected = np.maximum(expected, found / (2 * spread + 1))
    p_value = np.clip(stats.poisson.sf(found - 1, expected), 1e-300, 1.0)
    same = _near(episodes, place_xy, one, two, near)
    if popularity is None:
        popularity = found_nearby(episodes, place_xy, near)
    rarity = place_surprise(episodes, one, two, popularity, common=common, within=within, same=same)
    surprise = -np.log10(p_value) + np.bincount(pair, weights=rarity, minlength=pairs)
    together = (episodes.origin[one] == episodes.origin[two]) & (episodes.origin[one] >= 0)
    shared_door = np.bincount(pair, weights=together, minlength=pairs) > 0
    weight = np.where(shared_door, discount, 1.0) / (1.0 + np.power(10.0, half - np.minimum(surprise, 50.0)))
    return MissingPairs(
        child[new], other[new], found, np.bincount(pair[same], minlength=pairs), expected, p_value, surprise,
        weight, start, one, two,
    )  # fmt: skip


def place_surprise(
    episodes: MissingEpisodes,
    one: Int64,
    two: Int64,
    popularity: Int64,
    *,
    common: float,
    within: int,
    same: Bool,
) -> Float64:
    """-log10 of how common the place is at which both were found, the two episodes themselves left out.

    0 for who was not found at one place, and for coincidences by the place alone (they started further apart than
    ``within``): their place is in the expectation already.
    """
    counts = same & (np.abs(episodes.start[one] - episodes.start[two]) <= within)
    others = np.maximum(popularity[np.maximum(episodes.found[one], 0)] - 2, 0)
    return np.where(counts, -np.log10((others + 1) / (others + 1 + common)), 0.0)


def found_nearby(episodes: MissingEpisodes, place_xy: Float64 | None = None, near: float = 200.0) -> Int64:
    """Number of episodes found at each place or, with ``place_xy``, within ``near`` metres of it, by node row."""
    found = episodes.found[episodes.found >= 0]
    counts = np.bincount(found, minlength=1 if place_xy is None else len(place_xy)).astype(np.int64)
    if place_xy is None or not len(found):
        return counts
    places = np.unique(found)
    located = places[np.isfinite(place_xy[places]).all(axis=1)]
    pairs = cKDTree(place_xy[located]).query_pairs(near, output_type="ndarray") if len(located) else None
    nearby = counts.copy()
    if pairs is not None:
        one, two = located[pairs[:, 0]], located[pairs[:, 1]]
        np.add.at(nearby, one, counts[two])
        np.add.at(nearby, two, counts[one])
    return nearby


def _expected(
    episodes: MissingEpisodes,
    child: Int64,
    other: Int64,
    within: int,
    spread: int,
    place_xy: Float64 | None,
    found_within: int,
    near: float,
) -> Float64:
    """Expected coincidences when every episode of a pair is moved to a random day within the spread."""
    timed = episodes.take(~_flags(episodes.day_only, episodes))
    rows = timed.take(np.lexsort((timed.start, timed.person)))
    bounds = [np.searchsorted(rows.person, who, side=side) for who in (child, other) for side in ("left", "right")]
    known = (rows.found >= 0) & ~_flags(rows.no_end, rows)
    end = np.where(known, local(rows.end), -1)
    xy = np.full((len(rows), 2), np.nan) if place_xy is None else place_xy[rows.found]
    expected: Float64 = expected_meetings(
        *bounds, local(rows.start), end, np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1]), within,
        found_within, -1.0 if place_xy is None else near, spread,
    )  # fmt: skip
    return expected
