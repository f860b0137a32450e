"""Words of the flags about things recorded with several known children."""

from __future__ import annotations

from functools import partial

import numpy as np

from analysis.excess import Meetings
from analysis.excess_listing import Excess
from analysis.excess_reasons import household_reasons, meetings_of
from analysis.excess_weighing import Weighing
from analysis.shared_associates_reasons import SHOWN, Alternative, child_reason, recorded_with
from analysis.wording import count_of, listed, marker
from graph.flags import Plain, Reason
from graph.snapshot import Int64, Snapshot


def reasons_of(weighing: Weighing, excess: Excess) -> tuple[Reason, ...]:
    """What adds up to the score of one thing: each household that speaks for it, and all others."""
    return household_reasons(weighing, excess, "with", partial(_household, weighing, excess.row))


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


def summary_of(snapshot: Snapshot, excess: Excess, other: tuple[Alternative, ...]) -> str:
    """The first sentences of a flag."""
    adults = excess.adults_of_concern
    also = f" {count_of(adults, 'adult')} of concern {'is' if adults == 1 else 'are'} recorded with it too."
    checked = (
        "; ".join(found.text for found in other)
        if other
        else "No adult of these children's households is recorded with it"
    )
    return (
        f"{recorded_with(snapshot, excess)}.{also if adults else ''} {checked}. "
        "Consider asking who holds it and what it is used for."
    )
