"""Reasons and words of people who join circles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.brokers_network import Circles, Measures, Records, recorded_groups
from analysis.codes import tie_families
from analysis.derive import Roles
from analysis.weights import TieWeights
from analysis.wording import (
    count_of,
    event_ids,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
    ties_words,
)
from graph.flags import Plain, Reason
from graph.snapshot import Bool, Float64, Int64, Snapshot

_WORDS = {
    "circles": "joins circles",
    "apart": "circles are otherwise apart",
    "betweenness": "lies between others",
    "constraint": "has contacts who do not know each other",
    "cut_off": "is the only way to some",
    "groups": "has ties into two operations or groups",
}


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What reasons are written from."""

    snapshot: Snapshot
    roles: Roles
    weights: TieWeights
    records: Records
    at_risk: Bool
    circles: Circles
    measures: Measures


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """One person, the circles joined and the households at risk in them."""

    row: int
    #: circles joined, the person's own first
    which: Int64
    #: what each adds
    value: Float64
    #: circle and contact of each household at risk that the person is recorded with
    circle: Int64
    other: Int64
    #: measures that agree with joining circles
    agree: tuple[str, ...]
    #: what each of them adds
    each: float


def reasons_of(evidence: Evidence, position: Position) -> tuple[Reason, ...]:
    """One reason a circle joined, one a measure that agrees."""
    records, circles = evidence.records, evidence.circles
    mine = records.take((records.one == position.row) | (records.two == position.row))
    other = np.where(mine.one == position.row, mine.two, mine.one)
    reasons = []
    for at, circle in enumerate(position.which.tolist()):
        homes = evidence.roles.household[position.other[position.circle == circle]]
        members = evidence.at_risk[other] & (circles.of[other] == circle)
        members &= np.isin(evidence.roles.household[other], homes)
        own = "taken as their own, adds nothing: " if at == 0 else ""
        said = f"a circle of {circles.size[circle]} people, {circles.at_risk[circle]} of them at risk, {own}"
        reasons.append(_reason(evidence, position.row, mine.take(members), said, float(position.value[at])))
    reasons += [_measure(evidence, position, name) for name in position.agree]
    return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text)))


def _reason(evidence: Evidence, row: int, records: Records, said: str, value: float) -> Reason:
    snapshot = evidence.snapshot
    direct = np.unique(records.tie[records.through < 0]).tolist()
    claims = [ties_words(snapshot, direct, evidence.weights.last_day[direct].tolist())] if direct else []
    through = records.take(records.through >= 0)
    who = marker(snapshot.node_id(row))
    for what in np.unique(through.through).tolist():
        here = through.take(through.through == what)
        people = sorted({marker(snapshot.node_id(p)) for p in np.r_[here.one, here.two].tolist() if p != row})
        claims.append(f"{who} and {listed(people)} are recorded with {marker(snapshot.node_id(what))}")
    ties = np.unique(np.r_[records.tie, records.other_tie[records.other_tie >= 0]]).tolist()
    reports = reports_of(snapshot, ties)
    events = [what for what in np.unique(through.through).tolist() if snapshot.nodes.event_type[what] >= 0]
    return Reason(
        said + "; ".join(claims) + sources_words(snapshot, reports),
        value,
        tie_ids(snapshot, ties),
        event_ids(snapshot, events),
        report_ids(snapshot, reports),
    )


def _measure(evidence: Evidence, position: Position, name: str) -> Reason:
    row, measures = position.row, evidence.measures
    who = marker(evidence.snapshot.node_id(row))
    if name == "groups":
        return _groups(evidence, position)
    if name == "betweenness":
        text = f"{who} lies on more of the shortest ways between people of these circles than nearly all others"
    elif name == "constraint":
        text = (
            f"contacts of {who} hardly know each other: they count as {measures.effective_size[row]:.1f} separate "
            f"ones (constraint {measures.constraint[row]:.2f})"
        )
    else:
        lost = count_of(int(measures.cut_off[row]), "person", "people")
        text = f"without {who}, {lost} would lose touch with the rest in the records"
    return Reason(text, position.each)


def _groups(evidence: Evidence, position: Position) -> Reason:
    snapshot, records, row = evidence.snapshot, evidence.records, position.row
    mine = records.take((records.one == row) | (records.two == row))
    near = np.unique(np.r_[row, mine.one, mine.two])
    person, group, ties = recorded_groups(snapshot, evidence.weights)
    chosen = np.isin(person, near)
    names = [marker(snapshot.node_id(each)) for each in np.unique(group[chosen]).tolist()]
    said = listed(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    reports = reports_of(snapshot, ties[chosen].tolist())
    who = marker(snapshot.node_id(row))
    text = f"{who} or a contact is recorded in each of {said}" + sources_words(snapshot, reports)
    return Reason(text, position.each, tie_ids(snapshot, ties[chosen]), (), report_ids(snapshot, reports))


def flag_details(evidence: Evidence, position: Position) -> dict[str, Plain]:
    """The figures of each measure, which of them agree, and who was left out by role."""
    snapshot, measures, row = evidence.snapshot, evidence.measures, position.row
    agree = ["circles", "apart", *position.agree]
    who = marker(snapshot.node_id(row))
    circles = count_of(len(position.which), "circle")
    if evidence.roles.child[row]:
        summary = (
            f"{who} is a child recorded with people at risk in {circles} that are otherwise apart: consider whether "
            "the child may be exploited to carry messages or goods between them, and what would keep the child safe."
        )
    else:
        summary = (
            f"{who} is recorded with people at risk in {circles} that have little else to do with each other; "
            f"{len(agree)} of {len(_WORDS)} measures of position agree. Consider what each connection is."
        )
    return {
        "summary": summary,
        "agree": [_WORDS[name] for name in agree],
        "do_not_agree": [words for name, words in _WORDS.items() if name not in agree],
        "circles_joined": len(position.which),
        "households_at_risk": int(np.isin(position.circle, position.which).sum()),
        "betweenness": float(measures.betweenness[row]),
        "constraint": float(measures.constraint[row]),
        "effective_size": float(measures.effective_size[row]),
        "cut_off": int(measures.cut_off[row]),
        "participation": float(measures.participation[row]),
        "person_of_concern": bool(evidence.roles.person_of_concern[row]),
        "excluded": _excluded(evidence, position.which),
    }


def _excluded(evidence: Evidence, joined: Int64) -> list[Plain]:
    """Professionals with ties to people at risk in two of these circles, left out by role; at most ten."""
    snapshot, roles, ties = evidence.snapshot, evidence.roles, evidence.snapshot.ties
    between = roles.professional[ties.source] & evidence.at_risk[ties.target] & roles.person[ties.target]
    between &= np.isin(evidence.circles.of[ties.target], joined)
    between &= ~tie_families("kinship", "household")[ties.type]
    span = len(evidence.circles.size)
    pairs = np.unique(ties.source[between].astype(np.int64) * span + evidence.circles.of[ties.target[between]])
    people, many = np.unique(pairs // span, return_counts=True)
    return [
        {"person": snapshot.node_id(row), "reason": "professional by role"} for row in people[many > 1].tolist()[:10]
    ]
