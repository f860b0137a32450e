"""Reasons of a list by excess: each household that speaks for a subject, and together all that speak against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.excess import Meetings
from analysis.excess_listing import Excess
from analysis.excess_weighing import Weighing
from analysis.listing import largest_first
from analysis.wording import count_of, marker, tie_ids
from graph.flags import Reason
from graph.snapshot import Int64

#: records named in one reason; the newest are
NAMED = 200


def meetings_of(weighing: Weighing, row: int) -> Meetings:
    """The meetings of one subject."""
    first, last = np.searchsorted(weighing.meetings.subject, [row, row + 1])
    return weighing.meetings.take(np.arange(first, last))


def newest(weighing: Weighing, ties: Int64) -> tuple[Int64, str]:
    """At most ``NAMED`` of these ties, newest first, and what to say of the others."""
    if len(ties) <= NAMED:
        return ties, ""
    order = np.lexsort((ties, -weighing.weights.last_day[ties].astype(np.int64)))
    return ties[order[:NAMED]], f" (the newest {NAMED} of {len(ties):,} records are named)"


def speaking_for(weighing: Weighing, excess: Excess, one: Callable[[Meetings, float], Reason]) -> list[Reason]:
    """One reason for each household with somebody at risk, by ``one`` from its meetings and what it adds."""
    meetings, parts = meetings_of(weighing, excess.row), excess.parts
    homes = weighing.roles.household[meetings.person]
    return [
        one(meetings.take(homes == household), value)
        for household, at_risk, value in zip(
            parts.household.tolist(), parts.at_risk.tolist(), parts.value.tolist(), strict=True
        )
        if at_risk
    ]


def speaking_against(weighing: Weighing, excess: Excess, meetings: Meetings, text: str) -> Reason:
    """All households without anybody at risk as one reason, which names the records of these meetings."""
    named, said = newest(weighing, np.unique(meetings.tie))
    value = float(excess.parts.value[~excess.parts.at_risk].sum())
    return Reason(f"{text}, which speaks against{said}", value, tie_ids(weighing.snapshot, named))


def household_reasons(
    weighing: Weighing, excess: Excess, recorded: str, one: Callable[[Meetings, float], Reason]
) -> tuple[Reason, ...]:
    """What adds up to the score of a place or thing, people being ``recorded`` "at" or "with" it."""
    reasons = speaking_for(weighing, excess, one)
    against = excess.parts.household[~excess.parts.at_risk]
    if len(against):
        meetings = meetings_of(weighing, excess.row)
        others = meetings.take(np.isin(weighing.roles.household[meetings.person], against))
        text = (
            f"{count_of(len(against), 'household')} without anybody known to the hub "
            f"{'is' if len(against) == 1 else 'are'} recorded {recorded} "
            f"{marker(weighing.snapshot.node_id(excess.row))} too"
        )
        reasons.append(speaking_against(weighing, excess, others, text))
    return largest_first(reasons)
