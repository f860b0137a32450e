"""Recent missing episodes of each child, and the return interviews that belong to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.clock import HOUR
from analysis.co_missing import MissingEpisodes
from analysis.codes import code, kind_code, role_groups
from analysis.derive import SECONDS_A_DAY
from graph.model import NodeKind
from graph.records import day_number
from graph.snapshot import NO_TIME, Bool, Float64, Int64, Snapshot

#: periods of the trend
PERIODS = 3
#: what became of the return interview of an episode
IN_TIME, LATE, BY_A_LATER, DUE, OVERDUE, NOT_RETURNED = (
    "in_time", "late", "by_a_later", "due", "overdue", "not_returned",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interview:
    """What is recorded of the return interview of one episode."""

    #: one of the words above
    state: str
    #: when it was held, or was or is due, in UTC seconds; None for a child not recorded as returned
    at: int | None
    #: node row of the event, and row of the tie of the child's part in it; -1
    event: int = -1
    tie: int = -1


def end_of_day(snapshot: Snapshot) -> int:
    """The first second after the as-at date."""
    return (day_number(snapshot.as_at) + 1) * SECONDS_A_DAY


def recent(episodes: MissingEpisodes, until: int, days: int, period: int = 0) -> Bool:
    """Episodes that start in the ``days`` days before ``until``, or in the ``period``-th such period before that."""
    last = until - period * days * SECONDS_A_DAY
    within: Bool = (episodes.start >= last - days * SECONDS_A_DAY) & (episodes.start < last)
    return within


def counts(episodes: MissingEpisodes, nodes: int, until: int, days: int, period: int = 0) -> Int64:
    """Episodes of a period, by node row."""
    return np.bincount(episodes.person[recent(episodes, until, days, period)], minlength=nodes)


def reaching(
    episodes: MissingEpisodes, candidate: Bool, until: int, days: int, least: int
) -> Float64:  # fmt: skip
    """Episodes of the last period by node row; minus infinity for who has fewer than ``least`` or is no candidate."""
    many = counts(episodes, len(candidate), until, days)
    return np.where(candidate & (many >= least), many, -np.inf).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Interviews:
    """Return interviews, one row a child's part in one, by child, then time."""

    person: Int64
    at: Int64
    event: Int64
    tie: Int64

    @classmethod
    def of(cls, snapshot: Snapshot) -> Interviews:
        """Those held up to the as-at date."""
        nodes, ties = snapshot.nodes, snapshot.ties
        held = (nodes.kind == kind_code(NodeKind.EVENT)) & (
            nodes.event_type == code("event_type", "return_interview")
        )  # fmt: skip
        held &= (nodes.started_at != NO_TIME) & (nodes.started_at < end_of_day(snapshot))
        part = (ties.type == code("tie_type", "took_part_in")) & held[ties.target]
        # the child, not the interviewer nor who brought the child
        part &= role_groups("subject", "victim")[ties.role] | (ties.role == code("role", "mentioned"))
        rows = np.flatnonzero(part & (nodes.kind[ties.source] == kind_code(NodeKind.PERSON)))
        person, event = ties.source[rows].astype(np.int64), ties.target[rows].astype(np.int64)
        at = nodes.started_at[event]
        order = np.lexsort((rows, at, person))
        return cls(person[order], at[order], event[order], rows[order].astype(np.int64))

    def for_child(
        self, episodes: MissingEpisodes, child: int, now: int, hours: float
    ) -> dict[int, Interview]:  # fmt: skip
        """For each episode row of a child what became of its return interview.

        An interview belongs to the last return before it. A return that has none of its own before the child's next
        return may be covered by a later one.
        """
        first, last = (int(np.searchsorted(self.person, child, side=side)) for side in ("left", "right"))
        rows = np.flatnonzero(episodes.person == child)
        rows = rows[np.argsort(episodes.start[rows], kind="stable")]
        answers: dict[int, Interview] = {}
        for position, row in enumerate(rows.tolist()):
            if episodes.no_end is not None and episodes.no_end[row]:
                answers[row] = Interview(NOT_RETURNED, None)
                continue
            returned, allowed = int(episodes.end[row]), round(hours * HOUR)
            if returned > now:
                answers[row] = Interview(NOT_RETURNED, None)
                continue
            following = rows[position + 1] if position + 1 < len(rows) else -1
            until = int(episodes.end[following]) if following >= 0 else now + 1
            at = first + int(np.searchsorted(self.at[first:last], self._begin(episodes, row), side="left"))
            if at >= last:
                late = now - returned > allowed
                answers[row] = Interview(OVERDUE if late else DUE, returned + allowed)
                continue
            held = int(self.at[at])
            state = IN_TIME if held <= returned + allowed else BY_A_LATER if held >= until else LATE
            answers[row] = Interview(state, held, int(self.event[at]), int(self.tie[at]))
        return answers

    @staticmethod
    def _begin(episodes: MissingEpisodes, row: int) -> int:
        """From when an interview may belong to an episode: its return; its last day when only days are recorded."""
        if episodes.day_only is not None and episodes.day_only[row]:
            return int(episodes.end[row]) - SECONDS_A_DAY
        return int(episodes.end[row])
