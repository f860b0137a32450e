"""Words of offence patterns: what suspects are recorded to have done, never what the child wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from analysis.derive import Roles
from analysis.meetings import LARGEST_EVENT, LARGEST_SHARED
from analysis.offence_patterns_records import LARGEST_CIRCLE, Link, Offence
from analysis.wording import (
    clock_day,
    count_of,
    event_ids,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
    tie_words,
)
from graph.flags import Plain, Reason
from graph.snapshot import Snapshot

#: what a pattern is called where people read it
TITLES = {
    "party": "several suspects together",
    "boyfriend": "one suspect again and again",
    "lone_offenders": "several suspects not linked with each other",
}
#: links named in words; all are in the reason's ties
SAID = 5


class PatternLike(Protocol):
    """What the words need of a pattern."""

    @property
    def name(self) -> str: ...
    @property
    def victim(self) -> int: ...
    @property
    def suspects(self) -> tuple[int, ...]: ...
    @property
    def offences(self) -> tuple[Offence, ...]: ...
    @property
    def links(self) -> tuple[Link, ...]: ...
    @property
    def searched(self) -> int: ...
    @property
    def possible(self) -> bool: ...


def reasons_of(
    snapshot: Snapshot, roles: Roles, pattern: PatternLike, sure: Callable[[Iterable[int]], float], linked: float
) -> tuple[Reason, ...]:
    """One reason an offence (one suspect again and again) or a suspect; then links, and that one is no pattern."""
    if pattern.name == "boyfriend":
        reasons = [_offence(snapshot, pattern, offence, sure) for offence in pattern.offences]
    else:
        reasons = [_suspect(snapshot, roles, pattern, suspect, sure) for suspect in pattern.suspects]
    reasons.sort(key=lambda reason: (-reason.contribution, reason.text))
    if pattern.links:
        reasons.append(_links(snapshot, pattern, linked))
    if pattern.name == "lone_offenders":
        reasons.append(Reason(_nothing_found(pattern), 0.0))
    alone = "one offence" if pattern.name == "boyfriend" else "one suspect"
    reasons.append(Reason(f"{alone} alone is no pattern: so much is taken off", -1.0))
    return tuple(reasons)


def _offence(
    snapshot: Snapshot, pattern: PatternLike, offence: Offence, sure: Callable[[Iterable[int]], float]
) -> Reason:
    ties = offence.suspects[pattern.suspects[0]]
    reports = reports_of(snapshot, ties)
    text = (
        f"{marker(snapshot.node_id(pattern.suspects[0]))} is recorded as suspect or convicted in "
        f"{_events(snapshot, offence)} on {clock_day(offence.second)}{_entered(offence)}"
    )
    return Reason(
        text + sources_words(snapshot, reports),
        sure(ties),
        tie_ids(snapshot, ties),
        event_ids(snapshot, offence.events),
        report_ids(snapshot, reports),
    )


def _suspect(
    snapshot: Snapshot,
    roles: Roles,
    pattern: PatternLike,
    suspect: int,
    sure: Callable[[Iterable[int]], float],
) -> Reason:
    mine = [offence for offence in pattern.offences if suspect in offence.suspects]
    ties = sorted({tie for offence in mine for tie in offence.suspects[suspect]})
    reports = reports_of(snapshot, ties)
    said = []
    for offence in mine:
        others = [marker(snapshot.node_id(one)) for one in sorted(offence.suspects) if one != suspect]
        company = f" together with {listed(others)}" if others else ""
        when = clock_day(offence.second)
        said.append(f"{_events(snapshot, offence)} on {when}{company}{_entered(offence)}")
    who = marker(snapshot.node_id(suspect))
    young = " (under 18: a child believed to have harmed, who may be a victim too)" if roles.child[suspect] else ""
    return Reason(
        f"{who}{young} is recorded as suspect or convicted in {listed(said)}" + sources_words(snapshot, reports),
        sure(ties),
        tie_ids(snapshot, ties),
        event_ids(snapshot, (event for offence in mine for event in offence.events)),
        report_ids(snapshot, reports),
    )


def _events(snapshot: Snapshot, offence: Offence) -> str:
    return marker(snapshot.node_id(offence.events[0]))


def _entered(offence: Offence) -> str:
    many = len(offence.events)
    return f" (entered {many} times, counted once)" if many > 1 else ""


def _links(snapshot: Snapshot, pattern: PatternLike, linked: float) -> Reason:
    """What else joins the suspects: each one joined to another adds the same, however many records say so."""
    joined = {person for link in pattern.links for person in (link.one, link.two)}
    groups = _count_groups(pattern.links)
    said = [_link(snapshot, link) for link in pattern.links[:SAID]]
    if len(pattern.links) > SAID:
        said.append(f"and {count_of(len(pattern.links) - SAID, 'more link')}")
    ties = sorted({tie for link in pattern.links for tie in link.ties})
    reports = reports_of(snapshot, ties)
    return Reason(
        "apart from these offences: " + "; ".join(said) + sources_words(snapshot, reports),
        linked * (len(joined) - groups),
        tie_ids(snapshot, ties),
        (),
        report_ids(snapshot, reports),
    )


def _count_groups(links: Iterable[Link]) -> int:
    leader: dict[int, int] = {}

    def top(person: int) -> int:
        while leader.setdefault(person, person) != person:
            person = leader[person]
        return person

    for link in links:
        leader[top(link.one)] = top(link.two)
    return len({top(person) for person in leader})


def _link(snapshot: Snapshot, link: Link) -> str:
    if link.through < 0:
        return tie_words(snapshot, link.ties[0])
    one, two, what = (marker(snapshot.node_id(row)) for row in (link.one, link.two, link.through))
    return f"{one} and {two} are both recorded with {what}"


def _nothing_found(pattern: PatternLike) -> str:
    return (
        f"no link found among the {len(pattern.suspects)} apart from the victim; searched "
        f"{count_of(pattern.searched, 'record')} of theirs: ties between people, contacts in common (of at most "
        f"{LARGEST_CIRCLE} people), shared phones, vehicles and accounts, other events (of at most {LARGEST_EVENT} "
        f"people), groups, operations, addresses, and places where at most {LARGEST_SHARED} people are recorded"
    )


def details_of(snapshot: Snapshot, roles: Roles, pattern: PatternLike) -> dict[str, Plain]:
    """What the interface asks of an offence pattern, and what this very flag cannot know."""
    young: list[Plain] = [snapshot.node_id(row) for row in pattern.suspects if roles.child[row]]
    events = sorted({event for offence in pattern.offences for event in offence.events})
    details: dict[str, Plain] = {
        "summary": _summary(snapshot, pattern),
        "pattern": pattern.name,
        "pattern_title": TITLES[pattern.name],
        "victim": snapshot.node_id(pattern.victim),
        "suspects": [snapshot.node_id(row) for row in pattern.suspects],
        "suspects_under_18": young,
        "events": [snapshot.node_id(row) for row in events],
        "offences": len(pattern.offences),
        "entered_more_than_once": len(events) - len(pattern.offences),
        "records_searched": pattern.searched,
    }
    if pattern.name == "boyfriend":
        details["possible"] = pattern.possible
    same_family = [row for row in pattern.suspects if roles.household[row] == roles.household[pattern.victim]]
    if same_family:
        details["not_known"] = [
            f"{listed([marker(snapshot.node_id(row)) for row in same_family])} is recorded in the household of the "
            "child: whether this is exploitation within the family is not known."
        ]
    return details


def _summary(snapshot: Snapshot, pattern: PatternLike) -> str:
    victim = marker(snapshot.node_id(pattern.victim))
    many = count_of(len(pattern.offences), "offence")
    suspects = [marker(snapshot.node_id(row)) for row in pattern.suspects]
    if pattern.name == "boyfriend":
        possible = "possible pattern, few offences: " if pattern.possible else ""
        done = f"{possible}{suspects[0]} is recorded as the only suspect in each"
    elif pattern.name == "party":
        done = f"{listed(suspects)} are recorded as suspects together"
    else:
        done = f"{len(suspects)} different suspects are recorded, and no link between them was found"
    return (
        f"{victim} is recorded as victim of {many} of exploitation: {done}. "
        "Consider what would stop this harm, and what the child needs to be safe."
    )
