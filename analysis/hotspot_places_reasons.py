"""Words of the flags about places."""

from __future__ import annotations

import numpy as np

from analysis.codes import code
from analysis.excess import Contributions, Meetings
from analysis.excess_weighing import Weighing
from analysis.shared_associates_reasons import NAMED, meetings_of, newest
from analysis.wording import (
    count_of,
    day,
    event_ids,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
)
from graph.flags import Plain, Reason
from graph.snapshot import NO_DAY

#: how a place is called that is not simply a place of gathering
_KINDS = {"home": "a home address", "transport": "transport", "online": "a place online"}


def records_of(weighing: Weighing, row: int) -> tuple[int, int]:
    """(events, records of any kind) that name a known child at a place."""
    meetings = meetings_of(weighing, row)
    meetings = meetings.take(weighing.roles.known_child[meetings.person])
    return len(np.unique(meetings.source[meetings.through >= 0])), len(np.unique(meetings.source))


def summary_of(
    place: str, place_role: str, turnout: int, observed: int, expected: float, adults: int, records: tuple[int, int],
    without: dict[str, Plain],
) -> str:  # fmt: skip
    """The first sentences of a flag; they name nobody, so that a panel may read them."""
    kind = f" ({_KINDS[place_role]})" if place_role in _KINDS else ""
    also = (
        f" {count_of(adults, 'adult')} of concern {'is' if adults == 1 else 'are'} recorded there too."
        if adults
        else ""
    )
    by = f", by {count_of(records[1], 'record')}, {records[0]} of them events"
    return (
        f"Of {count_of(turnout, 'young person', 'young people')} of different households recorded at {place}{kind}, "
        f"{observed} {'is' if observed == 1 else 'are'} known to the hub{by}; about {expected:.1f} would be "
        f"expected from its turnout. Without the one child who adds most the evidence is {_words(without)}.{also} "
        "Consider what draws children there and who could make it safer."
    )


def _words(without: dict[str, Plain]) -> str:
    band = str(without["band"])
    return "too little to be listed" if band == "not listed" else band


def reasons_of(weighing: Weighing, parts: Contributions, row: int) -> tuple[Reason, ...]:
    """What adds up to the score of one place: each household that speaks for it, and all others."""
    meetings = meetings_of(weighing, row)
    homes = weighing.roles.household[meetings.person]
    reasons = [
        _presence(weighing, row, meetings.take(homes == household), float(value))
        for household, at_risk, value in zip(
            parts.household.tolist(), parts.at_risk.tolist(), parts.value.tolist(), strict=True
        )
        if at_risk
    ]
    against = ~parts.at_risk
    if against.any():
        others = meetings.take(np.isin(homes, parts.household[against]))
        text = (
            f"{count_of(int(against.sum()), 'household')} without anybody known to the hub "
            f"{'is' if against.sum() == 1 else 'are'} recorded at {marker(weighing.snapshot.node_id(row))} too, "
            "which speaks against"
        )
        named, said = newest(weighing, np.unique(others.tie))
        reasons.append(Reason(text + said, float(parts.value[against].sum()), tie_ids(weighing.snapshot, named)))
    return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text)))


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
    return Reason(
        text + sources_words(snapshot, reports) + said,
        value,
        tie_ids(snapshot, own),
        event_ids(snapshot, events.tolist()),
        report_ids(snapshot, reports),
    )
