"""Words of the flags about things recorded with several known children."""

from __future__ import annotations

import numpy as np

from analysis.excess import Contributions, Meetings
from analysis.excess_weighing import Weighing
from analysis.shared_associates_reasons import SHOWN, Alternative, child_reason, meetings_of, newest
from analysis.wording import count_of, listed, marker, tie_ids
from graph.flags import Plain, Reason
from graph.snapshot import Int64, Snapshot


def reasons_of(weighing: Weighing, parts: Contributions, row: int) -> tuple[Reason, ...]:
    """What adds up to the score of one thing: each household that speaks for it, and all others."""
    snapshot, roles = weighing.snapshot, weighing.roles
    meetings = meetings_of(weighing, row)
    homes = roles.household[meetings.person]
    reasons = [
        _household(weighing, row, meetings.take(homes == household), value)
        for household, at_risk, value in zip(
            parts.household.tolist(), parts.at_risk.tolist(), parts.value.tolist(), strict=True
        )
        if at_risk
    ]
    against = ~parts.at_risk
    if against.any():
        others = meetings.take(np.isin(homes, parts.household[against]))
        named, said = newest(weighing, np.unique(others.tie))
        text = (
            f"{count_of(int(against.sum()), 'household')} without anybody known to the hub "
            f"{'is' if against.sum() == 1 else 'are'} recorded with {marker(snapshot.node_id(row))} too, "
            f"which speaks against{said}"
        )
        reasons.append(Reason(text, float(parts.value[against].sum()), tie_ids(snapshot, named)))
    return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text)))


def _household(weighing: Weighing, row: int, meetings: Meetings, value: float) -> Reason:
    risky = meetings.person[weighing.at_risk[meetings.person]]
    who = "known to the hub" if weighing.roles.known_child[risky].any() else "a person of concern"
    people = listed([marker(weighing.snapshot.node_id(person)) for person in np.unique(risky).tolist()])
    reason = child_reason(weighing, row, meetings, value)
    return Reason(f"{people} ({who}): {reason.text}", value, reason.ties, reason.events, reason.reports)


def alternatives(weighing: Weighing, row: int, children: Int64) -> tuple[Alternative, ...]:
    """What else could explain it: an adult of a child's household is recorded with the thing as well."""
    snapshot, roles = weighing.snapshot, weighing.roles
    meetings = meetings_of(weighing, row)
    homes = roles.household[children]
    adults = meetings.person[~roles.child[meetings.person]]
    family = np.unique(adults[np.isin(roles.household[adults], homes)])
    if not len(family):
        return ()
    names = listed([marker(snapshot.node_id(person)) for person in family.tolist()])
    text = (
        f"{names} of the household of one of these children {'is' if len(family) == 1 else 'are'} recorded with it too"
    )
    return (Alternative("an adult of a child's household is recorded with it", text),)


def excluded(weighing: Weighing, row: int, left_out: Meetings) -> list[Plain]:
    """People recorded with the thing who were left out, and why."""
    answer: list[Plain] = []
    for person in np.unique(left_out.person[left_out.subject == row]).tolist()[:SHOWN]:
        professional = bool(weighing.roles.professional[person])
        reason = "professional by role" if professional else "lives at the address"
        answer.append({"person": weighing.snapshot.node_id(person), "reason": reason})
    return answer


def summary_of(
    snapshot: Snapshot, row: int, children: int, known: int, expected: float, adults: int,
    other: tuple[Alternative, ...],
) -> str:  # fmt: skip
    """The first sentences of a flag."""
    also = (
        f" {count_of(adults, 'adult')} of concern {'is' if adults == 1 else 'are'} recorded with it too."
        if adults
        else ""
    )
    checked = (
        "; ".join(found.text for found in other)
        if other
        else "No adult of these children's households is recorded with it"
    )
    return (
        f"{marker(snapshot.node_id(row))} is recorded with {count_of(children, 'young person', 'young people')} of "
        f"different households, {known} of them known to the hub; about {expected:.1f} would be expected by chance."
        f"{also} {checked}. Consider asking who holds it and what it is used for."
    )
