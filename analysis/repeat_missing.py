"""Children who went missing three times or more within thirty days: the list for who coordinates missing children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.clock import moment
from analysis.co_missing import MissingEpisodes, MissingRecords, missing_records
from analysis.codes import marked, tie_families
from analysis.derive import SECONDS_A_DAY, derive
from analysis.repeat_missing_evidence import (
    BY_A_LATER,
    DUE,
    IN_TIME,
    LATE,
    NOT_RETURNED,
    OVERDUE,
    PERIODS,
    Interview,
    Interviews,
    counts,
    end_of_day,
    reaching,
    recent,
)
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.stability import stability
from analysis.wording import (
    clock_day,
    count_of,
    event_ids,
    expiry,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
    tie_words,
)
from graph.flags import Flag, Parameter, Plain, Reason
from graph.records import day_number
from graph.snapshot import NO_DAY, Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="repeat_missing",
    version="1.0",
    title="Children missing three times in thirty days",
    question="Which children were missing three times or more in the last thirty days, and are return interviews due?",
    method=(
        "Episodes of the last days are counted for each child, police and care records of one episode once, being away "
        "or absent left out. The list has at most ten children, by the number of episodes; who draws is ordered by id. "
        "Each flag shows every episode with the places recorded, the trend over three periods, whether a return "
        "interview followed within 72 hours, is due or overdue, and what is recorded as safe and protective."
    ),
    parameters=(
        Parameter("window_days", 30, "Length of the period, up to the as-at date", "days", 1, 366),
        Parameter("minimum_episodes", 3, "Fewest episodes in the period", "episodes", 1, 100),
        Parameter("interview_hours", 72.0, "Time allowed for the return interview", "hours", 1, 720),
        Parameter("limit", 10, "Longest list", "flags", 1, 10_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "The number of recorded episodes is no measure of danger: a child missing once may be in greater danger than "
        "one who is reported every week.",
        "Homes and foster carers have to report, families often do not: the list is longer for looked-after children.",
        "An interview that was offered and declined may be recorded as held.",
    ),
    not_known=(
        "Episodes that nobody reported, and what happened in those that were.",
        "Why the child went: only the child, a carer or a return interview can tell.",
    ),
    would_clear=(
        "Episodes entered twice or for the wrong child, late returns that were agreed, or a plan that already answers "
        "them; record which."
    ),
    uses=(
        "missing episodes of all agencies with times, places found and places set out from",
        "return interviews",
        "dates of birth",
        "ties recorded as protective, and places where the child feels safe",
    ),
    sources=(
        "Three episodes in thirty days and the list of ten: local practice of Derbyshire and Manchester",
        "Statutory guidance on children who run away or go missing from home or care, Department for Education 2014: "
        "an independent return interview within 72 hours",
    ),
    method_page="repeat_missing.md",
    expires_after=30,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
#: episodes in the period from which the evidence of repetition is called moderate and strong
MODERATE, STRONG = 3.0, 6.0
#: strengths shown
STRENGTHS = 6
PROTECTIVE = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for all flags of a run."""

    snapshot: Snapshot
    records: MissingRecords
    episodes: MissingEpisodes
    interviews: Interviews
    parameters: Mapping[str, Plain]
    until: int
    days: int
    #: children who reach the number
    reached: int

    def window(self, child: int) -> Int64:
        """Rows of a child's episodes of the last period, newest first."""
        own = np.flatnonzero((self.episodes.person == child) & recent(self.episodes, self.until, self.days))
        return own[np.argsort(-self.episodes.start[own], kind="stable")]


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for children, most episodes first."""
    roles = derive(snapshot)
    progress(0.3, "counting episodes")
    until, days = end_of_day(snapshot), int(number(parameters, "window_days"))
    # one period more: an episode that began before the periods may reach into them
    since = day_number(snapshot.as_at) - (PERIODS + 1) * days
    records = missing_records(snapshot, since=since)
    # nobody is left out because no birth date is recorded
    grown = (snapshot.nodes.birth_day != NO_DAY) & ~roles.child
    candidate = roles.person & ~grown & (roles.child | ~roles.professional)
    episodes = records.joined()
    least = int(number(parameters, "minimum_episodes"))
    score = reaching(episodes, candidate, until, days, least)
    chosen = np.flatnonzero(np.isfinite(score))
    # rows are in the order of ids
    flagged = chosen[np.argsort(-score[chosen], kind="stable")][: int(number(parameters, "limit"))]
    progress(0.5, "leaving out ties")
    steady = _steadiness(snapshot, records, candidate, flagged, parameters, generator, progress)
    progress(0.8, "writing reasons")
    case = _Case(snapshot, records, episodes, Interviews.of(snapshot), parameters, until, days, len(chosen))
    return tuple(
        _flag(case, int(child), rank, None if steady is None else float(steady[rank - 1]))
        for rank, child in enumerate(flagged, start=1)
    )


def _steadiness(
    snapshot: Snapshot,
    records: MissingRecords,
    candidate: Bool,
    flagged: Int64,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    progress: Progress,
) -> Float64 | None:
    """How often each child is on the list again when a fifth of all ties are left out."""
    until, days = end_of_day(snapshot), int(number(parameters, "window_days"))
    least, runs = int(number(parameters, "minimum_episodes")), int(number(parameters, "stability_runs"))
    people = np.zeros(len(snapshot), dtype=np.bool_)
    people[records.episodes.person] = True
    # only who can reach the number at all
    people &= np.bincount(records.episodes.person, minlength=len(snapshot)) >= least
    few = records.of(people)

    def score(kept: Bool) -> Float64:
        progress(0.6, "leaving out ties")
        return reaching(few.joined(kept), candidate, until, days, least)

    return stability(score, flagged, len(snapshot.ties.source), generator, runs=runs)


def _flag(case: _Case, child: int, rank: int, steady: float | None) -> Flag:
    snapshot = case.snapshot
    subject = snapshot.node_id(child)
    rows = case.window(child)
    hours = number(case.parameters, "interview_hours")
    # nothing is held or due after the as-at date
    answers = case.interviews.for_child(case.episodes, child, case.until - 1, hours)
    reasons = [_episode(case, child, row, answers[row]) for row in rows.tolist()]
    reasons += _strengths(snapshot, child)
    trend = [
        int(counts(case.episodes, len(snapshot), case.until, case.days, period)[child])
        for period in reversed(range(PERIODS))
    ]
    states = [answers[row].state for row in rows.tolist()]
    score = float(sum(reason.contribution for reason in reasons))
    details: dict[str, Plain] = {
        "score": score,
        "summary": _summary(case, subject, trend, states),
        "episodes": len(rows),
        "trend": [*trend],
        "interviews": {state: states.count(state) for state in dict.fromkeys(states)},
        "others_who_reach_it": max(case.reached - 1, 0),
        "from": moment(case.until - case.days * SECONDS_A_DAY).date().isoformat(),
        "to": snapshot.as_at.isoformat(),
        "not_known": _not_known(case, rows, states),
    }
    return Flag(
        id=flag_id(SPEC.name, (subject,)),
        detector=SPEC.name,
        subjects=(subject,),
        strength=score / (score + MODERATE),
        band=band_of(score, MODERATE, STRONG),
        rank=rank,
        stability=steady,
        reasons=tuple(reasons),
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _summary(case: _Case, subject: str, trend: list[int], states: list[str]) -> str:
    overdue, due, away = states.count(OVERDUE), states.count(DUE), states.count(NOT_RETURNED)
    waiting = [
        words
        for many, words in (
            (overdue, f"{count_of(overdue, 'return interview')} overdue"),
            (due, f"{count_of(due, 'return interview')} due"),
            (away, f"{count_of(away, 'episode')} without a recorded return"),
        )
        if many
    ]
    also = f" {listed(waiting)[0].upper()}{listed(waiting)[1:]}." if waiting else ""
    periods = " → ".join(str(many) for many in trend)
    return (
        f"{marker(subject)} is recorded missing {count_of(trend[-1], 'time')} in the last {case.days} days; the last "
        f"{len(trend)} periods of {case.days} days: {periods}.{also} For whoever coordinates missing children: "
        "consider a strategy meeting, and what the child says would help."
    )


def _duration(seconds: int) -> str:
    hours = seconds / 3_600
    if hours < 1:
        return count_of(round(seconds / 60), "minute")
    return count_of(round(hours), "hour") if hours < 48 else count_of(round(hours / 24), "day")


def _episode(case: _Case, child: int, row: int, interview: Interview) -> Reason:
    """One episode: when, from where, found where, and its return interview."""
    snapshot, episodes = case.snapshot, case.episodes
    start, end = int(episodes.start[row]), int(episodes.end[row])
    open_ended = episodes.no_end is not None and bool(episodes.no_end[row])
    day_only = episodes.day_only is not None and bool(episodes.day_only[row])
    when = clock_day(start) if day_only else f"{clock_day(start)}, {moment(start):%H:%M}"
    parts = [f"{when}: missing" + (", no return recorded" if open_ended else f" for {_duration(end - start)}")]
    if episodes.origin[row] >= 0:
        parts.append(f"set out from {marker(snapshot.node_id(int(episodes.origin[row])))}")
    if episodes.found[row] >= 0:
        parts.append(f"found at {marker(snapshot.node_id(int(episodes.found[row])))}")
    parts.append(_interview_words(interview, end, number(case.parameters, "interview_hours")))
    raw = case.records.episodes
    own = np.flatnonzero((raw.person == child) & (raw.start <= end) & (raw.end >= start))
    if len(own) > 1:
        parts.append(f"told by {count_of(len(own), 'record')}, counted once")
    ties = raw.tie[own].tolist()
    for tie in (*case.records.found_tie[own].tolist(), *case.records.origin_tie[own].tolist(), interview.tie):
        if tie >= 0:
            ties.append(tie)
    events = sorted({*raw.event[own].tolist(), *([interview.event] if interview.event >= 0 else [])})
    reports = reports_of(snapshot, ties)
    return Reason(
        "; ".join(parts) + sources_words(snapshot, reports),
        1.0,
        tie_ids(snapshot, ties),
        event_ids(snapshot, events),
        report_ids(snapshot, reports),
    )


def _interview_words(interview: Interview, returned: int, hours: float) -> str:
    if interview.at is None:
        return "return interview not yet due"
    day, allowed = clock_day(interview.at), f"{hours:g} hours"
    after = _duration(max(interview.at - returned, 0))
    return {
        IN_TIME: f"return interview on {day}, within {allowed}",
        LATE: f"return interview on {day}, {after} after the return",
        BY_A_LATER: f"no return interview before the next return; the one on {day} may cover both",
        DUE: f"return interview due by {day}, {moment(interview.at):%H:%M}",
        OVERDUE: f"return interview overdue since {day}",
    }[interview.state]


def _strengths(snapshot: Snapshot, child: int) -> list[Reason]:
    """What is recorded as safe and protective and holds today: shown, never counted."""
    ties, today = snapshot.ties, day_number(snapshot.as_at)
    good = (ties.polarity == PROTECTIVE) & ~tie_families("professional")[ties.type]
    good |= marked("tie_type", ("feels_safe_at", "supports"))[ties.type]
    good &= (ties.source == child) | (ties.target == child)
    rows = np.flatnonzero(good & (ties.end_day > today) & (ties.start_day <= today))
    newest = rows[np.argsort(-ties.start_day[rows].astype(np.int64), kind="stable")][:STRENGTHS].tolist()
    return [
        Reason(
            f"Strength, not counted: {tie_words(snapshot, tie)}" + sources_words(snapshot, reports),
            0.0,
            tie_ids(snapshot, [tie]),
            (),
            report_ids(snapshot, reports),
        )
        for tie in newest
        for reports in [reports_of(snapshot, [tie])]
    ]


def _not_known(case: _Case, rows: Int64, states: list[str]) -> list[Plain]:
    said: list[Plain] = []
    nowhere = int((case.episodes.found[rows] < 0).sum())
    if nowhere:
        said.append(f"Where the child was found is not recorded for {nowhere} of {count_of(len(rows), 'episode')}.")
    if BY_A_LATER in states:
        said.append("Whether one interview covered several episodes.")
    if NOT_RETURNED in states:
        said.append("Whether the child is back: at least one episode has no recorded end.")
    return said
