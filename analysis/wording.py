"""Words of reasons: dates, counts, agencies and grades in text, people and places only as markers.

The wording keeps to the language guide: a child is never said to associate with, be involved in or put themselves at
anything; a tie is reported, not a fact.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from analysis.clock import moment
from analysis.codes import words
from graph.flags import Reason
from graph.model import NodeId, NodeKind, ReportId, TieId, kind_of
from graph.records import date_of
from graph.snapshot import NO_DAY, NO_TIME, Snapshot
from graph.vocabulary import grades, tie_types, vocabulary

#: reports named in words in one reason; all are linked
SAID = 3


def marker(node_id: str) -> str:
    """How text names a node, so that the gate can put in what the viewer may see."""
    return "{" + node_id + "}"


def day(number: int) -> str:
    """A date as people write it."""
    moment = date_of(number)
    return f"{moment.day} {moment:%B %Y}"


def count_of(many: int, one: str, more: str | None = None) -> str:
    """ "1 child", "3 children"."""
    return f"{many} {one if many == 1 else more or one + 's'}"


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def times(many: int) -> str:
    """ "once", "twice", "3 times"."""
    return {1: "once", 2: "twice"}.get(many, f"{many} times")


def clock_day(second: int) -> str:
    """The date of an instant by the clocks of England."""
    if second == int(NO_TIME):
        return "day not known"
    date = moment(second)
    return f"{date.day} {date:%B %Y}"


def report_words(snapshot: Snapshot, row: int) -> str:
    """Agency, day and grade of a report: "police, 3 March 2026, graded 1A"."""
    reports = snapshot.reports
    agency = reports.agencies[reports.agency[row]] if reports.agency[row] >= 0 else "agency not stated"
    named = vocabulary("agency")
    # an agency's own spelling must not be read as a marker
    spelled = agency.replace("_", " ").replace("{", "(").replace("}", ")")
    parts = [named.label(agency) if agency in named.codes else spelled]
    when = int(reports.occurred_at[row])
    parts.append(clock_day(when if when != int(NO_TIME) else int(reports.recorded_at[row])))
    parts.append(_grade(snapshot, row))
    return ", ".join(parts)


def _grade(snapshot: Snapshot, row: int) -> str:
    reports = snapshot.reports
    scheme = words("grading_scheme")[reports.scheme[row]]
    lists = grades(scheme)
    source, information = int(reports.source_evaluation[row]), int(reports.information_assessment[row])
    if lists is not None and source >= 0 and information >= 0:
        return f"graded {lists[0].terms[source].code}{lists[1].terms[information].code} ({scheme})"
    basis = int(reports.basis[row])
    if basis >= 0:
        return f"not police-graded, {vocabulary('basis').terms[basis].label.lower()}"
    return "not graded"


def reports_of(snapshot: Snapshot, tie_rows: Iterable[int]) -> tuple[int, ...]:
    """Rows of the reports of these ties, newest first, each once."""
    ties, reports = snapshot.ties, snapshot.reports
    rows: set[int] = set()
    for tie in tie_rows:
        rows.update(ties.report_of_tie[ties.report_start[tie] : ties.report_start[tie + 1]].tolist())
    return tuple(sorted(rows, key=lambda row: (-int(reports.recorded_at[row]), row)))


def sources_words(snapshot: Snapshot, report_rows: Sequence[int]) -> str:
    """The reports in brackets, the newest in full: " (police, 3 March 2026, graded 1A; and 2 more reports)"."""
    if not report_rows:
        return " (no report stated)"
    said = [report_words(snapshot, row) for row in report_rows[:SAID]]
    if len(report_rows) > SAID:
        said.append(f"and {count_of(len(report_rows) - SAID, 'more report')}")
    return f" ({'; '.join(said)})"


def tie_words(snapshot: Snapshot, tie_row: int) -> str:
    """The claim a tie makes: "{person:1} and {person:2} are reported to be friends"."""
    ties = snapshot.ties
    tie_type = tie_types()[words("tie_type")[ties.type[tie_row]]]
    source, target = snapshot.node_id(int(ties.source[tie_row])), snapshot.node_id(int(ties.target[tie_row]))
    return tie_type.say(marker(source), marker(target))


def ties_words(snapshot: Snapshot, tie_rows: Sequence[int], last_day: Sequence[int]) -> str:
    """The claims of several ties, each said once with its latest day; an event's own name says its day already."""
    ties = snapshot.ties
    latest: dict[str, int] = {}
    for tie, last in zip(tie_rows, last_day, strict=True):
        claim = tie_words(snapshot, tie)
        ends = (snapshot.node_id(int(ties.source[tie])), snapshot.node_id(int(ties.target[tie])))
        said = int(NO_DAY) if any(kind_of(end) is NodeKind.EVENT for end in ends) else int(last)
        latest[claim] = max(latest.get(claim, int(NO_DAY)), said)
    return "; ".join(
        claim + (f", last on {day(last)}" if last != int(NO_DAY) else "") for claim, last in latest.items()
    )


def tie_ids(snapshot: Snapshot, rows: Iterable[int]) -> tuple[TieId, ...]:
    """Ids of ties, sorted."""
    return tuple(sorted({snapshot.tie_id(int(row)) for row in rows}))


def report_ids(snapshot: Snapshot, rows: Iterable[int]) -> tuple[ReportId, ...]:
    """Ids of reports, in the order given."""
    return tuple(snapshot.report_id(int(row)) for row in rows)


def event_ids(snapshot: Snapshot, rows: Iterable[int]) -> tuple[NodeId, ...]:
    """Ids of events, sorted."""
    return tuple(sorted({snapshot.node_id(int(row)) for row in rows}))


def sourced(
    snapshot: Snapshot,
    text: str,
    value: float,
    reports: Sequence[int],
    *,
    ties: Iterable[int] = (),
    events: Iterable[int] = (),
    more: str = "",
) -> Reason:
    """A reason that says which reports it rests on behind its text, ``more`` after them, with the ids of all records.

    Reports, ties and events are rows.
    """
    return Reason(
        text + sources_words(snapshot, reports) + more,
        float(value),
        tie_ids(snapshot, ties),
        event_ids(snapshot, events),
        report_ids(snapshot, reports),
    )


def expiry(as_at: dt.date, days: int) -> dt.date:
    """The day on which an undecided flag expires."""
    return as_at + dt.timedelta(days=days)
