"""Which records are independent: one incident counts once however many people, agencies or entries speak of it.

The source of a record is the event it came through, the thing it came through, or the report of a direct tie. Sources
are one when

- two events are one entry repeated: same kind, same moment, and two or more people took part in both;
- a report is the one an event rests on: tie and event are one source;
- two agencies report the same two about the same moment: one incident told twice, or one source heard by both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from analysis.codes import code, kind_code
from analysis.excess import Meetings
from analysis.remember import remembered
from graph.model import NodeKind
from graph.snapshot import NO_TIME, Bool, Int64, Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """All sources behind meetings: one row a meeting and source. A direct tie has one for each of its reports."""

    #: row of the meetings
    meeting: Int64
    #: equal numbers are one source
    source: Int64

    def separate(self, meetings: Meetings, chosen: Bool, count: int) -> Int64:
        """Number of different sources behind the meetings ``chosen`` of each subject, by node row."""
        kept = chosen[self.meeting]
        subject, source = meetings.subject[self.meeting[kept]], self.source[kept]
        span = int(source.max(initial=0)) + 1
        return np.bincount(np.unique(subject * span + source) // span, minlength=count).astype(np.int64)


def sources_of(snapshot: Snapshot, meetings: Meetings) -> tuple[Meetings, Sources]:
    """The meetings in order (subject, person, source, tie), each with its first source, and all their sources."""
    ties = snapshot.ties
    event_root = _event_roots(snapshot)
    report_root = _report_roots(snapshot, meetings, event_root)
    owner, report = _reports(snapshot, meetings, np.flatnonzero(meetings.through < 0))
    source = len(snapshot) + len(snapshot.reports.agency) + meetings.tie.astype(np.int64)
    # backwards, so that the first of several stays
    source[owner[::-1]] = report_root[report[::-1]]
    source = np.where(meetings.through < 0, source, event_root[np.maximum(meetings.through, 0)])
    several = ties.report_start[meetings.tie + 1] - ties.report_start[meetings.tie] > 1
    further = several[owner] & (report_root[report] != source[owner])
    order = np.lexsort((meetings.tie, source, meetings.person, meetings.subject))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    rows = np.concatenate([np.arange(len(order)), place[owner[further]]])
    every = Sources(rows, np.concatenate([source[order], report_root[report[further]]]))
    return replace(meetings, source=source).take(order), every


def _reports(snapshot: Snapshot, meetings: Meetings, rows: Int64) -> tuple[Int64, Int64]:
    """(meeting row, report row) of every report of the ties of these meetings."""
    ties = snapshot.ties
    tie = meetings.tie[rows]
    per_tie = ties.report_start[tie + 1] - ties.report_start[tie]
    owner = np.repeat(rows, per_tie)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(per_tie) - per_tie, per_tie)
    return owner, ties.report_of_tie[np.repeat(ties.report_start[tie], per_tie) + offset].astype(np.int64)


@remembered
def _event_roots(snapshot: Snapshot) -> Int64:
    """Every node's own row; for an event entered twice the row of the first entry."""
    nodes, ties = snapshot.nodes, snapshot.ties
    root = np.arange(len(snapshot), dtype=np.int64)
    event = (nodes.kind == kind_code(NodeKind.EVENT)) & (nodes.started_at != NO_TIME)
    took = (ties.type == code("tie_type", "took_part_in")) & event[ties.target]
    took &= nodes.kind[ties.source] == kind_code(NodeKind.PERSON)
    part = np.unique(ties.source[took].astype(np.int64) * len(snapshot) + ties.target[took])
    person, where = part // len(snapshot), part % len(snapshot)
    order = np.lexsort((where, nodes.event_type[where], nodes.started_at[where], person))
    person, where = person[order], where[order]
    # entries of one moment and kind with one person lie side by side
    same = (person[1:] == person[:-1]) & (nodes.started_at[where[1:]] == nodes.started_at[where[:-1]])
    same &= nodes.event_type[where[1:]] == nodes.event_type[where[:-1]]
    pair, shared = np.unique(where[:-1][same] * len(snapshot) + where[1:][same], return_counts=True)
    for key in pair[shared >= 2].tolist():
        one, two = divmod(key, len(snapshot))
        root[two] = root[one]
    return root


def _report_roots(snapshot: Snapshot, meetings: Meetings, event_root: Int64) -> Int64:
    """The source each report stands for: the event that rests on it, else the first of the reports that are one."""
    nodes, reports = snapshot.nodes, snapshot.reports
    count = len(reports.agency)
    of_event = np.full(count, -1, dtype=np.int64)
    events = np.flatnonzero((nodes.report >= 0) & (nodes.kind == kind_code(NodeKind.EVENT)))[::-1]
    of_event[nodes.report[events]] = event_root[events]
    owner, report = _reports(snapshot, meetings, np.flatnonzero(meetings.through < 0))
    dated = reports.occurred_at[report] != NO_TIME
    owner, report = owner[dated], report[dated]
    subject, person = meetings.subject[owner], meetings.person[owner]
    order = np.lexsort((report, reports.occurred_at[report], person, subject))
    subject, person, report = subject[order], person[order], report[order]
    told_twice = _beside(subject) & _beside(person) & _beside(reports.occurred_at[report])
    told_twice &= (reports.agency[report[1:]] != reports.agency[report[:-1]]) & (report[1:] != report[:-1])
    one, two = report[:-1][told_twice], report[1:][told_twice]
    joined = sparse.coo_array((np.ones(len(one), dtype=np.int8), (one, two)), shape=(count, count))
    _, label = sparse.csgraph.connected_components(joined.tocsr(), directed=False)
    first = np.full(int(label.max(initial=-1)) + 1, count, dtype=np.int64)
    np.minimum.at(first, label, np.arange(count))
    root = first[label]
    return np.where(of_event[root] >= 0, of_event[root], len(snapshot) + root)


def _beside(values: Int64) -> Bool:
    same: Bool = values[1:] == values[:-1]
    return same
