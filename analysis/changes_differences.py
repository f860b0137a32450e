"""What differs between two dates in one snapshot: what happened since, and what was learned since about before.

Valid time and knowledge time are kept apart. A tie *began* when what it says started after the earlier date; it was
*learned* when it had started before, but the first report of it was recorded after. So an old fact that is entered late
is never mistaken for something new. A tie *ended* when its last day lies between the dates. A tie that was known and
held before and still does is no difference, whatever else was recorded about it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from analysis.derive import SECONDS_A_DAY, event_day
from graph.errors import UsageError
from graph.records import day_number
from graph.snapshot import NO_DAY, NO_START, NO_TIME, Bool, EpisodeArrays, Int8, Int32, Int64, Snapshot, TieArrays

#: what became of a tie or episode; an index into this
KINDS = ("same", "began", "learned", "ended", "later")
SAME, BEGAN, LEARNED, ENDED, LATER = range(5)


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """What changed between ``since`` and the snapshot's as-at date."""

    since: dt.date
    #: index into KINDS for each tie; "later": starts after the as-at date
    ties: Int8
    #: the same for each episode
    episodes: Int8
    #: for each node, whether it has its first tie since, by something that began
    entered: Bool
    #: the same, only by what was learned
    found_out: Bool
    #: for each node, whether the last of its ties ended since
    left: Bool

    @property
    def known_then(self) -> Bool:
        """Ties that had started and were known at the earlier date."""
        known: Bool = (self.ties == SAME) | (self.ties == ENDED)
        return known

    @property
    def true_then(self) -> Bool:
        """Ties that had started at the earlier date, known then or learned since."""
        true: Bool = self.known_then | (self.ties == LEARNED)
        return true


def differences(snapshot: Snapshot, since: dt.date) -> Differences:
    """The two differences between ``since`` and the as-at date. Raises UsageError when it is not before that date."""
    if since >= snapshot.as_at:
        raise UsageError("changes are looked for since a day before the as-at date")
    first, today = day_number(since), day_number(snapshot.as_at)
    ties, episodes = snapshot.ties, snapshot.episodes
    of_tie = _kinds(began_day(snapshot), ties.end_day, _first_recorded(snapshot), first, today)
    report = episodes.report
    recorded = np.full(len(report), NO_TIME, dtype=np.int64)
    recorded[report >= 0] = snapshot.reports.recorded_at[report[report >= 0]]
    of_episode = _kinds(episodes.start_day, episodes.end_day, recorded, first, today)
    count = len(snapshot)

    def touched(chosen: Bool) -> Bool:
        mask = np.zeros(count, dtype=np.bool_)
        mask[ties.source[chosen]] = True
        mask[ties.target[chosen]] = True
        return mask

    before = touched((of_tie == SAME) | (of_tie == ENDED))
    began = touched(of_tie == BEGAN)
    holds = touched((of_tie != LATER) & (ties.end_day > today))
    return Differences(
        since,
        of_tie,
        of_episode,
        began & ~before,
        touched(of_tie == LEARNED) & ~before & ~began,
        touched(of_tie == ENDED) & ~holds,
    )


def _kinds(start: Int32, end: Int32, recorded: Int64, first: int, today: int) -> Int8:
    kind = np.full(len(start), SAME, dtype=np.int8)
    kind[(end > first) & (end <= today)] = ENDED
    # not known when it was recorded: known as soon as it started
    kind[(recorded != NO_TIME) & (recorded >= first * SECONDS_A_DAY)] = LEARNED
    kind[(start >= first) & (start != NO_START)] = BEGAN
    kind[(start > today) & (start != NO_START)] = LATER
    return kind


def began_day(snapshot: Snapshot) -> Int32:
    """First day of what each tie says: of its event, else its start, else the first day its reports speak of."""
    ties, reports = snapshot.ties, snapshot.reports
    days = event_day(snapshot)
    of_event = np.maximum(days[ties.source], days[ties.target])
    said = np.full(len(ties.source), np.iinfo(np.int64).max, dtype=np.int64)
    counts = np.diff(ties.report_start)
    if len(ties.report_of_tie):
        occurred = reports.occurred_at[ties.report_of_tie]
        told = occurred != NO_TIME
        owner = np.repeat(np.arange(len(counts)), counts)
        np.minimum.at(said, owner[told], occurred[told] // SECONDS_A_DAY)
    spoken = np.where(said == np.iinfo(np.int64).max, np.int64(NO_START), said)
    start = np.where(ties.start_day == NO_START, spoken, ties.start_day)
    return np.where(of_event != NO_DAY, of_event, start).astype(np.int32)


def _first_recorded(snapshot: Snapshot) -> Int64:
    """When the first report of each tie was recorded; NO_TIME when it has none or none says."""
    ties = snapshot.ties
    recorded = snapshot.reports.recorded_at[ties.report_of_tie]
    known = recorded != NO_TIME
    owner = np.repeat(np.arange(len(ties.source)), np.diff(ties.report_start))
    last = np.iinfo(np.int64).max
    first = np.full(len(ties.source), last, dtype=np.int64)
    np.minimum.at(first, owner[known], recorded[known])
    return np.where(first == last, NO_TIME, first)


def view(snapshot: Snapshot, ties: Bool, episodes: Bool) -> Snapshot:
    """The same snapshot with only these ties and episodes; people, places and reports stay."""
    rows = np.flatnonzero(ties)
    table = snapshot.ties
    counts = np.diff(table.report_start)
    start = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(counts[rows], out=start[1:])
    columns = {
        name: getattr(table, name)[rows]
        for name in TieArrays.__dataclass_fields__
        if name not in ("ids", "report_start", "report_of_tie")
    }
    kept = TieArrays(
        ids=table.ids.take(rows),
        report_start=start,
        report_of_tie=table.report_of_tie[np.repeat(ties, counts)],
        **columns,
    )
    chosen = np.flatnonzero(episodes)
    spells = {
        name: getattr(snapshot.episodes, name)[chosen] for name in EpisodeArrays.__dataclass_fields__ if name != "ids"
    }
    return replace(snapshot, ties=kept, episodes=EpisodeArrays(ids=snapshot.episodes.ids.take(chosen), **spells))


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """One network three times: as known then, as it truly was then as far as is known now, and now."""

    now: Snapshot
    #: with what was learned since, without what happened since
    true_then: Snapshot
    known_then: Snapshot
    differences: Differences
    #: rows in ``now`` of the ties of the other two
    true_rows: Int64
    known_rows: Int64


def views(snapshot: Snapshot, since: dt.date) -> Views:
    """The three views for comparing. Raises UsageError like ``differences``."""
    found = differences(snapshot, since)
    spells = found.episodes
    known = (spells == SAME) | (spells == ENDED)
    return Views(
        now=snapshot,
        true_then=view(snapshot, found.true_then, known | (spells == LEARNED)),
        known_then=view(snapshot, found.known_then, known),
        differences=found,
        true_rows=np.flatnonzero(found.true_then),
        known_rows=np.flatnonzero(found.known_then),
    )
