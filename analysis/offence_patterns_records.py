"""Offences of exploitation by victim, each incident once, and what is recorded between their suspects."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import code, event_groups, exploitation_events, kind_code, role_groups, tie_families
from analysis.derive import event_day, first_day_of_age, home_of
from analysis.meetings import LARGEST_EVENT, LARGEST_SHARED
from analysis.weights import TieWeights
from graph.model import NodeKind
from graph.records import date_of
from graph.snapshot import NO_DAY, Bool, Float64, Int64, Snapshot

#: two agencies write down one incident within a day (one may know the date only), one agency twice within the hour
SAME_INCIDENT, SAME_AGENCY = 24 * 3_600, 3_600
#: two agencies rarely put one incident on the same spot; metres
SAME_PLACE = 500.0
#: somebody with more contacts than this is no common contact; a group of more is no group of people who know each other
LARGEST_CIRCLE = 40


@dataclass(frozen=True, slots=True)
class Offence:
    """One incident against one victim, whatever number of agencies entered it."""

    #: node rows of the events that record it, earliest first
    events: tuple[int, ...]
    #: UTC second of the earliest
    second: int
    #: rows of the ties by which each suspect is recorded in it
    suspects: Mapping[int, tuple[int, ...]]
    #: rows of the ties of the victim
    victim_ties: tuple[int, ...]

    @property
    def day(self) -> int:
        return self.second // 86_400


@dataclass(frozen=True, slots=True)
class Link:
    """What two suspects have in common apart from the victim."""

    one: int
    two: int
    #: node row of what they share; -1 for a tie between the two
    through: int
    ties: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Victims and suspects of offences of exploitation in the window: one row a participation."""

    tie: Int64
    event: Int64
    person: Int64
    victim: Bool
    #: node row of the place of each event, by node; -1
    place: Int64
    #: agency of the first report of each participation; -1
    agency: Int64


def parts_of(snapshot: Snapshot, weights: TieWeights, since: int, today: int) -> Parts:
    """Participations as victim or suspect since a day; a victim was possibly under 18 on the day of the event.

    Reports that are suspected false count nothing.
    """
    nodes, ties = snapshot.nodes, snapshot.ties
    days = event_day(snapshot)
    harm = (nodes.kind == kind_code(NodeKind.EVENT)) & event_groups("harm")[nodes.event_type]
    harm &= exploitation_events()[nodes.event_type, nodes.strand] & (days != NO_DAY) & (days >= since) & (days <= today)
    part = (ties.type == code("tie_type", "took_part_in")) & harm[ties.target]
    part &= weights.usable & (weights.confidence > 0) & (nodes.kind[ties.source] == kind_code(NodeKind.PERSON))
    suspect = part & role_groups("person_of_concern")[ties.role]
    victim = part & (ties.role == code("role", "victim"))
    rows = np.flatnonzero(victim)
    born = nodes.birth_day[ties.source[rows]]
    adult = _adult_from(days[ties.target[rows]].astype(np.int64))
    victim[rows[(born == NO_DAY) | (born <= adult)]] = False
    rows = np.flatnonzero(victim | suspect).astype(np.int64)
    located = np.flatnonzero(ties.type == code("tie_type", "occurred_at"))
    place = np.full(len(snapshot), -1, dtype=np.int64)
    place[ties.source[located][::-1]] = ties.target[located][::-1]
    has_report = ties.report_start[rows + 1] > ties.report_start[rows]
    agency = np.full(len(rows), -1, dtype=np.int64)
    first = ties.report_of_tie[ties.report_start[rows[has_report]]]
    agency[has_report] = snapshot.reports.agency[first]
    return Parts(
        rows, ties.target[rows].astype(np.int64), ties.source[rows].astype(np.int64), victim[rows], place, agency
    )


def _adult_from(days: Int64) -> Int64:
    """Last birth day of people who were 18 on each of the days."""
    known = {day: first_day_of_age(date_of(day), 18) for day in np.unique(days).tolist()}
    return np.array([known[day] for day in days.tolist()], dtype=np.int64)


def offences_of(snapshot: Snapshot, parts: Parts, kept: Bool | None = None) -> dict[int, list[Offence]]:
    """Offences with a suspect by victim (node row), in order of time. ``kept``: False for ties left out."""
    chosen = np.ones(len(parts.tie), dtype=np.bool_) if kept is None else kept[parts.tie]
    suspects: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    victims: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    agencies: dict[int, set[int]] = defaultdict(set)
    for at in np.flatnonzero(chosen).tolist():
        event, person = int(parts.event[at]), int(parts.person[at])
        (victims[person][event] if parts.victim[at] else suspects[event][person]).append(int(parts.tie[at]))
        agencies[event].add(int(parts.agency[at]))
    answer = {}
    for victim, events in victims.items():
        single = [
            Offence(
                (event,),
                int(snapshot.nodes.started_at[event]),
                {person: tuple(ties) for person, ties in suspects[event].items() if person != victim},
                tuple(events[event]),
            )
            for event in events
        ]
        joined = _once(snapshot, parts, sorted(single, key=lambda each: (each.second, each.events)), agencies)
        named = [each for each in joined if each.suspects]
        if named:
            answer[victim] = named
    return answer


def _once(snapshot: Snapshot, parts: Parts, offences: list[Offence], agencies: Mapping[int, set[int]]) -> list[Offence]:
    """Entries of one incident against one victim as one offence."""
    answer: list[Offence] = []
    for offence in offences:
        for at in range(len(answer) - 1, -1, -1):
            if offence.second - answer[at].second > SAME_INCIDENT:
                continue
            if _same(snapshot, parts, answer[at], offence, agencies):
                answer[at] = _joined(answer[at], offence)
                break
        else:
            answer.append(offence)
    return answer


def _same(snapshot: Snapshot, parts: Parts, one: Offence, two: Offence, agencies: Mapping[int, set[int]]) -> bool:
    """Another agency within a day, or the same within the hour; suspects and places do not speak against it."""
    first = set().union(*(agencies[event] for event in one.events))
    same_agency = bool(first & agencies[two.events[0]]) or -1 in first | agencies[two.events[0]]
    if two.second - one.second > (SAME_AGENCY if same_agency else SAME_INCIDENT):
        return False
    if one.suspects and two.suspects and not set(one.suspects) & set(two.suspects):
        return False
    if same_agency and set(one.suspects) != set(two.suspects):
        return False
    other = int(parts.place[two.events[0]])
    places = {int(parts.place[event]) for event in one.events} - {-1}
    return other < 0 or not places or any(_near(snapshot, place, other) for place in places)


def _near(snapshot: Snapshot, one: int, two: int) -> bool:
    nodes = snapshot.nodes
    apart = np.hypot(nodes.easting[one] - nodes.easting[two], nodes.northing[one] - nodes.northing[two])
    return one == two or bool(apart <= SAME_PLACE)


def _joined(one: Offence, two: Offence) -> Offence:
    suspects = {
        person: tuple(sorted({*one.suspects.get(person, ()), *two.suspects.get(person, ())}))
        for person in {*one.suspects, *two.suspects}
    }
    return Offence((*one.events, *two.events), one.second, suspects, one.victim_ties + two.victim_ties)


class Between:
    """What is recorded between people: ties, contacts in common, things, events, groups, operations, quiet places."""

    def __init__(self, snapshot: Snapshot, weights: TieWeights, people: Iterable[int]) -> None:
        self._snapshot = snapshot
        wanted = np.zeros(len(snapshot), dtype=np.bool_)
        wanted[list(people)] = True
        rows, person, context = _contexts(snapshot, weights, wanted)
        #: (what they are recorded with, tie; -1 for an address without a tie) of each person
        self._of: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for at in np.argsort(rows, kind="stable").tolist():
            self._of[int(person[at])].append((int(context[at]), int(rows[at])))

    def records(self, people: Iterable[int], kept: Bool | None = None) -> int:
        """How many records of these people were looked at."""
        return sum(tie < 0 or kept is None or bool(kept[tie]) for each in people for _, tie in self._of[each])

    def links(self, people: Iterable[int], apart_from: frozenset[int], kept: Bool | None = None) -> list[Link]:
        """Links between these people, in order of their rows; what runs over ``apart_from`` (node rows) is none."""
        persons = sorted(set(people))
        through: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        direct: dict[tuple[int, int], list[int]] = defaultdict(list)
        for person in persons:
            for context, tie in self._of[person]:
                if context in apart_from or (kept is not None and tie >= 0 and not kept[tie]):
                    continue
                if context in persons:
                    pair = (min(person, context), max(person, context))
                    direct[pair].append(tie)
                else:
                    through[context][person].append(tie)
        found = [Link(*pair, -1, tuple(sorted(set(ties)))) for pair, ties in direct.items()]
        for context, holders in through.items():
            who = sorted(holders)
            for one, two in itertools.pairwise(who):
                ties = tuple(sorted({tie for tie in holders[one] + holders[two] if tie >= 0}))
                found.append(Link(one, two, context, ties))
        return sorted(found, key=lambda link: (link.one, link.two, link.through))


def _contexts(snapshot: Snapshot, weights: TieWeights, wanted: Bool) -> tuple[Int64, Int64, Int64]:
    """(tie row, person, other end) of what could link the people wanted with one another; tie -1: one address."""
    nodes, ties = snapshot.nodes, snapshot.ties
    count = len(snapshot)
    person = nodes.kind == kind_code(NodeKind.PERSON)
    place = (nodes.kind == kind_code(NodeKind.PLACE)) | (nodes.kind == kind_code(NodeKind.SCHOOL))
    useful = weights.usable & (weights.confidence > 0) & ~tie_families("professional")[ties.type]
    useful &= (ties.type != code("tie_type", "took_part_in")) | ~role_groups("professional")[ties.role]
    # somebody's ties by the other end: how many different people
    down, up = useful & person[ties.source], useful & person[ties.target]
    one = np.concatenate([ties.source[down], ties.target[up]]).astype(np.int64)
    other = np.concatenate([ties.target[down], ties.source[up]]).astype(np.int64)
    rows = np.concatenate([np.flatnonzero(down), np.flatnonzero(up)]).astype(np.int64)
    people, homes = home_of(snapshot)
    by_address = nodes.address[people] == homes
    one = np.concatenate([one, people[by_address]])
    other = np.concatenate([other, homes[by_address]])
    rows = np.concatenate([rows, np.full(int(by_address.sum()), -1)])
    near = np.zeros(count, dtype=np.bool_)
    near[other[wanted[one]]] = True
    one, other, rows = one[near[other]], other[near[other]], rows[near[other]]
    pairs = np.unique(one * count + other)
    many = np.bincount(pairs % count, minlength=count)
    limit: Float64 = np.full(count, float(LARGEST_SHARED))
    limit[nodes.kind == kind_code(NodeKind.EVENT)] = LARGEST_EVENT
    limit[person | (nodes.kind == kind_code(NodeKind.PEER_GROUP))] = LARGEST_CIRCLE
    limit[nodes.kind == kind_code(NodeKind.OPERATION)] = np.inf
    limit[place] = LARGEST_SHARED
    chosen = wanted[one] & ((many[other] <= limit[other]) | wanted[other])
    return rows[chosen], one[chosen], other[chosen]
