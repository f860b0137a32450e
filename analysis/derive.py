"""Who is what at the as-at date: derived from evidence each time, never stored as a label.

*Known child*: under 18 with an ``open_to_hub`` episode inside the look-back (open or closed), or a victim in an
exploitation event. *Peripheral candidate*: aged 10 to 17 with no ``open_to_hub`` episode in the look-back. *Person of
concern*: suspect or convicted in an event, source of a targets, controls, exploits or threatens tie, or subject of an
operation. *Professional*: somebody with a professional tie or role, unless evidence also makes them a person of
concern. *Household*: people joined by sibling, household and parent-to-child ties or one home address; evidence from
one household counts once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.codes import (
    PLACE_ROLES,
    code,
    exploitation_events,
    kind_code,
    marked,
    place_roles,
    role_groups,
    tie_families,
)
from analysis.remember import remembered
from graph.model import NodeKind
from graph.records import day_number
from graph.snapshot import NO_DAY, NO_END, NO_START, NO_TIME, Bool, Float64, Int8, Int32, Int64, Snapshot
from graph.vocabulary import person_of_concern_ties

SECONDS_A_DAY = 86_400
#: an address with more people than this is a block or an institution, not one household
LARGEST_HOUSEHOLD = 12


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """One row a node of the snapshot."""

    #: the as-at date as a day number
    today: int
    person: Bool
    #: possibly under 18
    child: Bool
    #: possibly under 18 and at least 10: whose presence counts as turnout of a place
    teenager: Bool
    known_child: Bool
    #: aged 10 to 17 with no open_to_hub episode in the look-back
    candidate: Bool
    person_of_concern: Bool
    #: person of concern in a matter of exploitation (event of an exploitation strand, or a tie of exploitation)
    exploitation_concern: Bool
    #: left out by role; never a person of concern
    professional: Bool
    #: label: people of one household share it; other nodes have their own
    household: Int32
    #: index into PLACE_ROLES; -1 for what is not a place or school
    place_role: Int8
    #: label of the part of the network a node lies in; parts are not linked with each other at all
    part: Int32


def first_day_of_age(as_at: dt.date, years: int) -> int:
    """Day number of the last birth day on which somebody has completed ``years`` at ``as_at``."""
    try:
        return day_number(as_at.replace(year=as_at.year - years))
    except ValueError:  # 29 February
        return day_number(dt.date(as_at.year - years, 2, 28))


def months_before(as_at: dt.date, months: int) -> int:
    """Day number of the same day so many months earlier (the month's last day when there is none)."""
    count = as_at.year * 12 + as_at.month - 1 - months
    year, month = divmod(count, 12)
    for day in range(as_at.day, 27, -1):
        try:
            return day_number(dt.date(year, month + 1, day))
        except ValueError:
            continue
    return day_number(dt.date(year, month + 1, min(as_at.day, 28)))


@remembered
def event_day(snapshot: Snapshot) -> Int32:
    """Day an event started, by node row; NO_DAY when not known or not an event."""
    started = snapshot.nodes.started_at
    return np.where(started == NO_TIME, np.int64(NO_DAY), started // SECONDS_A_DAY).astype(np.int32)


@remembered
def derive(snapshot: Snapshot, *, lookback_months: int = 24) -> Roles:
    """Roles at the snapshot's as-at date. What starts after that date is not used."""
    nodes = snapshot.nodes
    today = day_number(snapshot.as_at)
    person = nodes.kind == kind_code(NodeKind.PERSON)
    born = person & (nodes.birth_day != NO_DAY)
    child = born & (nodes.birth_day > first_day_of_age(snapshot.as_at, 18))
    teenager = child & (nodes.birth_day <= first_day_of_age(snapshot.as_at, 10))
    opened = _open_to_hub(snapshot, today, months_before(snapshot.as_at, lookback_months))
    victim = _victims(snapshot, today)
    concern, exploitation = _concern(snapshot, today)
    professional = _professionals(snapshot, today) & person & ~concern
    return Roles(
        today=today,
        person=person,
        child=child,
        teenager=teenager,
        known_child=child & (opened | victim),
        candidate=teenager & ~opened,
        person_of_concern=person & concern,
        exploitation_concern=person & exploitation,
        professional=professional,
        household=_households(snapshot, child, professional),
        place_role=place_role_of(snapshot),
        part=_parts(snapshot),
    )


@remembered
def started_by(snapshot: Snapshot, today: int) -> Bool:
    """Ties that had started on the day (an event's ties start with the event)."""
    ties = snapshot.ties
    days = event_day(snapshot)
    starts = np.maximum(ties.start_day, np.maximum(days[ties.source], days[ties.target]))
    started: Bool = (starts <= today) | (starts == NO_START)
    return started


def _open_to_hub(snapshot: Snapshot, today: int, since: int) -> Bool:
    episodes = snapshot.episodes
    inside = (
        (episodes.type == code("episode_type", "open_to_hub"))
        & (episodes.start_day <= today)
        & (episodes.end_day > since)
    )
    return _marked_rows(len(snapshot), episodes.person[inside])


def _marked_rows(count: int, rows: Int32 | Int64) -> Bool:
    mask = np.zeros(count, dtype=np.bool_)
    mask[rows] = True
    return mask


def _exploitation_event_rows(snapshot: Snapshot) -> Bool:
    nodes = snapshot.nodes
    is_event = nodes.kind == kind_code(NodeKind.EVENT)
    table = exploitation_events()
    result = np.zeros(len(snapshot), dtype=np.bool_)
    rows = np.flatnonzero(is_event & (nodes.event_type >= 0))
    result[rows] = table[nodes.event_type[rows], nodes.strand[rows]]
    return result


def _victims(snapshot: Snapshot, today: int) -> Bool:
    ties = snapshot.ties
    chosen = (ties.type == code("tie_type", "took_part_in")) & (ties.role == code("role", "victim"))
    chosen &= _exploitation_event_rows(snapshot)[ties.target] & started_by(snapshot, today)
    return _marked_rows(len(snapshot), ties.source[chosen])


def _concern(snapshot: Snapshot, today: int) -> tuple[Bool, Bool]:
    ties = snapshot.ties
    started = started_by(snapshot, today)
    part = (ties.type == code("tie_type", "took_part_in")) & role_groups("person_of_concern")[ties.role] & started
    acts = marked("tie_type", person_of_concern_ties())[ties.type] & started
    harmful = acts & (ties.type != code("tie_type", "subject_of"))
    exploiting = part & _exploitation_event_rows(snapshot)[ties.target]
    count = len(snapshot)
    return (
        _marked_rows(count, ties.source[part | acts]),
        _marked_rows(count, ties.source[exploiting | harmful]),
    )


def _professionals(snapshot: Snapshot, today: int) -> Bool:
    ties = snapshot.ties
    started = started_by(snapshot, today)
    by_tie = tie_families("professional")[ties.type] & (ties.type != code("tie_type", "supports")) & started
    by_role = (ties.type == code("tie_type", "took_part_in")) & role_groups("professional")[ties.role] & started
    # who works at a school or a placement works with children there
    serving = np.isin(place_role_of(snapshot), [PLACE_ROLES.index("school"), PLACE_ROLES.index("placement")])
    by_work = (ties.type == code("tie_type", "works_at")) & serving[ties.target] & started
    return _marked_rows(len(snapshot), ties.source[by_tie | by_role | by_work])


@remembered
def place_role_of(snapshot: Snapshot) -> Int8:
    nodes = snapshot.nodes
    is_place = (nodes.kind == kind_code(NodeKind.PLACE)) | (nodes.kind == kind_code(NodeKind.SCHOOL))
    roles = place_roles()[nodes.place_type]
    roles = np.where(nodes.kind == kind_code(NodeKind.SCHOOL), np.int8(PLACE_ROLES.index("school")), roles)
    return np.where(is_place, roles, np.int8(-1)).astype(np.int8)


@remembered
def home_of(snapshot: Snapshot) -> tuple[Int32, Int32]:
    """(person, place) of everybody who lives at a place now, by address or tie; placements included."""
    nodes, ties = snapshot.nodes, snapshot.ties
    today = day_number(snapshot.as_at)
    by_address = np.flatnonzero((nodes.kind == kind_code(NodeKind.PERSON)) & (nodes.address >= 0)).astype(np.int32)
    lives = (ties.type == code("tie_type", "lives_at")) & (ties.start_day <= today) & (ties.end_day > today)
    people = np.concatenate([by_address, ties.source[lives]])
    places = np.concatenate([nodes.address[by_address], ties.target[lives]])
    keys = np.unique(people.astype(np.int64) * len(snapshot) + places)
    return (keys // len(snapshot)).astype(np.int32), (keys % len(snapshot)).astype(np.int32)


def _households(snapshot: Snapshot, child: Bool, professional: Bool) -> Int32:
    ties = snapshot.ties
    same = (ties.type == code("tie_type", "sibling_of")) | (ties.type == code("tie_type", "shares_household_with"))
    same |= (ties.type == code("tie_type", "parent_of")) & child[ties.target]
    same &= ~professional[ties.source] & ~professional[ties.target]
    people, places = home_of(snapshot)
    is_home = place_role_of(snapshot)[places] == PLACE_ROLES.index("home")
    people, places = people[is_home], places[is_home]
    small = np.bincount(places, minlength=len(snapshot))[places] <= LARGEST_HOUSEHOLD
    return _labels(
        len(snapshot),
        np.concatenate([ties.source[same], people[small]]),
        np.concatenate([ties.target[same], places[small]]),
    )


def _labels(count: int, source: Int32, target: Int32) -> Int32:
    matrix = sparse.coo_array((np.ones(len(source), dtype=np.int8), (source, target)), shape=(count, count))
    _, labels = sparse.csgraph.connected_components(matrix.tocsr(), directed=False)
    return labels.astype(np.int32)


def _parts(snapshot: Snapshot) -> Int32:
    return _labels(len(snapshot), snapshot.ties.source, snapshot.ties.target)


def base_rate(marked_rows: Bool, among: Bool, part: Int32, *, prior: float, weight: float = 200.0) -> Float64:
    """Share of ``marked_rows`` among ``among`` in each node's own part of the network, by node row.

    Shrunk to ``prior`` with the weight of so many people, so that a small part does not say "none" or "all". Each part
    has its own rate: records of an unrelated district change nothing here.
    """
    parts = int(part.max(initial=-1)) + 1
    total = np.bincount(part[among], minlength=parts)
    found = np.bincount(part[among & marked_rows], minlength=parts)
    rates: Float64 = ((found + prior * weight) / (total + weight))[part]
    return rates


@remembered
def tie_last_day(snapshot: Snapshot, today: int) -> Int32:
    """Last day, up to today, for which each tie is evidenced; NO_DAY when nothing is dated.

    A finished tie: its last day. A tie of an event: the day of the event. An open tie: the latest of its start and
    what its reports speak of (what they speak of is not known: when they were recorded).
    """
    ties, reports = snapshot.ties, snapshot.reports
    days = event_day(snapshot)
    of_event = np.maximum(days[ties.source], days[ties.target])
    occurred = np.where(reports.occurred_at == NO_TIME, reports.recorded_at, reports.occurred_at)
    reported = np.where(occurred == NO_TIME, np.int64(NO_DAY), occurred // SECONDS_A_DAY).astype(np.int32)
    latest = np.full(len(ties.source), NO_DAY, dtype=np.int32)
    counts = np.diff(ties.report_start)
    if len(ties.report_of_tie):
        owner = np.repeat(np.arange(len(counts)), counts)
        np.maximum.at(latest, owner, reported[ties.report_of_tie])
    open_ended = np.maximum(ties.start_day, latest)
    last = np.where(ties.end_day == NO_END, open_ended, ties.end_day - 1)
    last = np.where(of_event != NO_DAY, of_event, last)
    return np.minimum(last, today).astype(np.int32)
