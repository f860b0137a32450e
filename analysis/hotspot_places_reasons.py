"""Words of the flags about places."""

from __future__ import annotations

from functools import partial

import numpy as np

from analysis.codes import code
from analysis.excess import Meetings
from analysis.excess_listing import Excess
from analysis.excess_reasons import NAMED, household_reasons, meetings_of, newest
from analysis.excess_weighing import Weighing
from analysis.wording import count_of, day, listed, marker, reports_of, sourced
from graph.flags import Plain, Reason
from graph.snapshot import NO_DAY

#: how a place is called that is not simply a place of gathering
_KINDS = {"home": "a home address", "transport": "transport", "online": "a place online"}


def records_of(weighing: Weighing, row: int) -> tuple[int, int]:
    """(events, records of any kind) that name a known child at a place."""
    meetings = meetings_of(weighing, row)
    meetings = meetings.take(weighing.roles.known_child[meetings.person])
    return len(np.unique(meetings.source[meetings.through >= 0])), len(np.unique(meetings.source))


def summary_of(place: str, place_role: str, excess: Excess, records: tuple[int, int], without: dict[str, Plain]) -> str:
    """The first sentences of a flag; they name nobody, so that a panel may read them."""
    kind = f" ({_KINDS[place_role]})" if place_role in _KINDS else ""
    observed, adults = excess.observed, excess.adults_of_concern
    also = f" {count_of(adults, 'adult')} of concern {'is' if adults == 1 else 'are'} recorded there too."
    by = f", by {count_of(records[1], 'record')}, {records[0]} of them events"
    return (
        f"Of {count_of(excess.turnout, 'young person', 'young people')} of different households recorded at "
        f"{place}{kind}, {observed} {'is' if observed == 1 else 'are'} known to the hub{by}; about "
        f"{excess.expected:.1f} would be expected from its turnout. Without the one child who adds most the evidence "
        f"is {_words(without)}.{also if adults else ''} "
        "Consider what draws children there and who could make it safer."
    )


def _words(without: dict[str, Plain]) -> str:
    band = str(without["band"])
    return "too little to be listed" if band == "not listed" else band


def reasons_of(weighing: Weighing, excess: Excess) -> tuple[Reason, ...]:
    """What adds up to the score of one place: each household that speaks for it, and all others."""
    return household_reasons(weighing, excess, "at", partial(_presence, weighing, excess.row))


def _presence(weighing: Weighing, row: int, meetings: Meetings, value: float) -> Reason:
    """One household at the place: who, how often, when last, how it is known."""
    snapshot = weighing.snapshot
    missing = code("event_type", "missing_episode")
    risky = meetings.take(weighing.at_risk[meetings.person])
    people = [marker(snapshot.node_id(person)) for person in np.unique(risky.person).tolist()]
    found = int((snapshot.nodes.event_type[risky.through[risky.through >= 0]] == missing).sum())
    events = np.unique(risky.through[risky.through >= 0])
    ways = []
    if found:
        ways.append(f"found there after going missing {'once' if found == 1 else f'{found} times'}")
    if len(events) > found:
        ways.append(f"recorded there in {count_of(len(events) - found, 'event')}")
    direct = np.unique(risky.tie[risky.through < 0])
    if len(direct):
        ways.append(f"reported there {'once' if len(direct) == 1 else f'{len(direct)} times'}")
    who = "known to the hub" if weighing.roles.known_child[risky.person].any() else "a person of concern"
    last = int(weighing.weights.last_day[risky.tie].max())
    when = f", last on {day(last)}" if last != int(NO_DAY) else ""
    own, said = newest(weighing, np.unique(meetings.tie))
    reports = reports_of(snapshot, own.tolist())[:NAMED]
    text = f"{listed(people)} ({who}): {listed(ways)}{when}, at {marker(snapshot.node_id(row))}"
    return sourced(snapshot, text, value, reports, ties=own.tolist(), events=events.tolist(), more=said)
