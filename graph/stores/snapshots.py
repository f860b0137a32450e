"""From columns of a store to a Snapshot, the same for every back end; and the columns as versioned files.

A back end reads everything it holds, versions and restrictions included, into ``Columns`` once per change counter.
``assemble`` applies a lens and a scope to them as masks. ``SnapshotFiles`` keeps the columns, and the snapshots made
from them, as .npy files that are memory-mapped, so that the next process opens them without reading the store.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from graph.model import NODE_KINDS, NodeKind, Restriction, Standing
from graph.records import day_number
from graph.snapshot import (
    NO_DAY,
    NO_END,
    NO_START,
    NO_TIME,
    AreaTables,
    EpisodeArrays,
    Float32,
    Float64,
    Int8,
    Int32,
    Int64,
    NodeArrays,
    ReportArrays,
    Snapshot,
    Strings,
    TieArrays,
)
from graph.standing import Support, standing
from graph.store import Lens
from graph.stores.chain import microseconds
from graph.stores.codes import BIRTH_OFFSET
from graph.vocabulary import tie_types, vocabulary

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

#: known_to of the newest version, known_from of what was always known (UTC microseconds)
STILL, EVER = 2**62, -(2**62)
NO_REPORT = -1
_TYPES = tuple(tie_types())
OF_EVENTS = tuple(_TYPES.index(code) for code in ("took_part_in", "occurred_at", "went_missing_from"))
_TOOK_PART_IN = _TYPES.index("took_part_in")
STANDINGS = tuple(Standing)


@dataclass(frozen=True)
class Columns:
    """Everything a store holds, one row a version. Rows of nodes and reports are by id; ``rs`` is a position in
    ``restrictions``; codes are those of ``graph.stores.codes``; days and instants as in Snapshot; known times in UTC
    microseconds (``EVER``, ``STILL``)."""

    sequence: int
    #: keys of the restrictions
    restrictions: tuple[str, ...]
    agencies: tuple[str, ...]
    node_ids: Strings
    #: index into NODE_KINDS, one a node
    node_kind: Int8
    #: S7: (node, restriction), a node named here is seen by whoever may see past one of them
    guard_node: Int32
    guard_rs: Int32
    # versions of nodes, by (node, sequence, known_from)
    version_node: Int32
    version_code: Int64
    version_easting: Float64
    version_northing: Float64
    version_started: Int64
    version_ended: Int64
    #: report of an event; NO_REPORT
    version_report: Int32
    #: person: node of the address; event: node of the place; -1
    version_place: Int32
    version_rs: Int32
    version_from: Int64
    version_to: Int64
    version_sequence: Int32
    report_ids: Strings
    #: one a report: restriction of the newest version, and when the first was known
    report_rs: Int32
    report_first: Int64
    # versions of reports, by (report, sequence)
    issue_report: Int32
    issue_code: Int64
    issue_agency: Int32
    #: key of the agency reference; -1
    issue_reference: Int64
    issue_recorded: Int64
    issue_occurred: Int64
    issue_from: Int64
    issue_to: Int64
    # versions of ties, by (source, target, type, id, sequence)
    tie_ids: Strings
    tie_source: Int32
    tie_target: Int32
    tie_type: npt.NDArray[np.int16]
    tie_role: npt.NDArray[np.int16]
    tie_polarity: Int8
    tie_start: Int32
    tie_end: Int32
    tie_confidence: Float32
    #: for a tie without reports, and the lower bound for one with
    tie_rs: Int32
    tie_from: Int64
    tie_to: Int64
    tie_sequence: Int32
    #: reports of version i at support_start[i]:support_start[i + 1], in the order of the source
    support_start: Int64
    support_report: Int32
    support_rs: Int32
    support_from: Int64
    # versions of episodes, by (id, sequence)
    episode_ids: Strings
    episode_person: Int32
    episode_code: Int64
    episode_start: Int32
    episode_end: Int32
    episode_report: Int32
    episode_rs: Int32
    episode_from: Int64
    episode_to: Int64
    episode_sequence: Int32


class _Sight:
    """A lens against the columns' restrictions and clock."""

    def __init__(self, columns: Columns, lens: Lens) -> None:
        parsed = [Restriction.from_key(key) for key in columns.restrictions]
        self.restrictions = parsed
        self.allowed = np.array([lens.sight is None or bool(lens.sight(each)) for each in parsed], dtype=np.bool_)
        self.everything = bool(self.allowed.all())
        self.known = None if lens.known_at is None else microseconds(lens.known_at)

    def record(self, rs: Array, known_from: Array) -> Mask:
        """Rows within sight and known."""
        seen: Mask = np.ones(len(rs), dtype=np.bool_) if self.everything else self.allowed[rs]
        if self.known is not None:
            seen = seen & (known_from <= self.known)
        return seen

    def current(self, known_to: Array) -> Mask:
        """Versions not yet ended then."""
        mask: Mask = known_to > (STILL - 1 if self.known is None else self.known)
        return mask


def _newest(key: Array, seen: Mask) -> Array:
    """Of the seen rows, sorted by key and then by age, the last of each key."""
    rows = np.flatnonzero(seen)
    if not len(rows):
        return rows
    keys = key[rows]
    newest: Array = rows[np.append(keys[1:] != keys[:-1], True)]
    return newest


def assemble(columns: Columns, lens: Lens, *, as_at: dt.date, scope: str | None, areas: AreaTables) -> Snapshot:
    """The Snapshot of everything within the lens that started by ``as_at``, within ``scope``."""
    sight = _Sight(columns, lens)
    as_at_day = day_number(as_at)
    version = _node_versions(columns, sight, as_at_day)
    seen_node = np.zeros(len(columns.node_kind), dtype=np.bool_)
    seen_node[columns.version_node[version]] = True
    ties, supports = _tie_versions(columns, sight, as_at_day, seen_node)
    episodes = _episode_versions(columns, sight, as_at_day, seen_node)
    levels = _standings(columns, sight, version, ties, supports)
    if scope is not None:
        keep = _in_scope(columns, scope, version, ties, areas)
        core = keep == 2
        inside = (keep[columns.tie_source[ties]] > 0) & (keep[columns.tie_target[ties]] > 0)
        inside &= core[columns.tie_source[ties]] | core[columns.tie_target[ties]]
        ties, levels = ties[inside], levels[inside]
        episodes = episodes[keep[columns.episode_person[episodes]] > 0]
        version = version[keep[columns.version_node[version]] > 0]
    return _build(columns, sight, lens, as_at, scope, areas, version, ties, supports, levels, episodes)


def _node_versions(columns: Columns, sight: _Sight, as_at_day: int) -> Array:
    seen = sight.record(columns.version_rs, columns.version_from) & sight.current(columns.version_to)
    rows = _newest(columns.version_node, seen)
    if len(columns.guard_node) and not sight.everything:
        guarded = np.zeros(len(columns.node_kind), dtype=np.bool_)
        guarded[columns.guard_node] = True
        guarded[columns.guard_node[sight.allowed[columns.guard_rs]]] = False
        rows = rows[~guarded[columns.version_node[rows]]]
    started = columns.version_started[rows]
    begun: Array = rows[(started == NO_TIME) | (started < (as_at_day + 1) * 86_400)]
    return begun


def _tie_versions(columns: Columns, sight: _Sight, as_at_day: int, seen_node: Mask) -> tuple[Array, Mask]:
    """Rows of the ties within the lens, and which supports are."""
    supported = sight.record(columns.support_rs, columns.support_from)
    lengths = np.diff(columns.support_start)
    seen = sight.record(columns.tie_rs, columns.tie_from) & (lengths == 0)
    if len(supported):
        counts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(supported)])
        seen |= (counts[columns.support_start[1:]] - counts[columns.support_start[:-1]]) > 0
    seen &= sight.current(columns.tie_to)
    rows = np.flatnonzero(seen)
    if len(rows) and columns.tie_sequence[rows].min() < 0:
        rows = _newest_ties(columns, rows)
    fits = seen_node[columns.tie_source[rows]] & seen_node[columns.tie_target[rows]]
    fits &= columns.tie_start[rows] <= as_at_day
    return rows[fits], supported


def _newest_ties(columns: Columns, rows: Array) -> Array:
    """One version of each tie: the newest. A negative sequence marks a tie that has several versions."""
    several = columns.tie_sequence[rows] < 0
    alone, more = rows[~several], rows[several]
    newest: dict[str, int] = {}
    for row in more.tolist():
        tie_id = columns.tie_ids[row]
        other = newest.get(tie_id)
        if other is None or columns.tie_sequence[row] < columns.tie_sequence[other]:
            newest[tie_id] = row
    return np.sort(np.concatenate([alone, np.array(sorted(newest.values()), dtype=alone.dtype)]))


def _episode_versions(columns: Columns, sight: _Sight, as_at_day: int, seen_node: Mask) -> Array:
    seen = sight.record(columns.episode_rs, columns.episode_from) & sight.current(columns.episode_to)
    rows = np.flatnonzero(seen)
    several = columns.episode_sequence[rows] < 0
    newest: dict[str, int] = {}
    for row in rows[several].tolist():
        episode_id = columns.episode_ids[row]
        other = newest.get(episode_id)
        if other is None or columns.episode_sequence[row] < columns.episode_sequence[other]:
            newest[episode_id] = row
    rows = np.sort(np.concatenate([rows[~several], np.array(sorted(newest.values()), dtype=rows.dtype)]))
    return rows[seen_node[columns.episode_person[rows]] & (columns.episode_start[rows] <= as_at_day)]


def _issues(columns: Columns, sight: _Sight) -> Int64:
    """The version of each report that was known then; -1 for one not known yet."""
    known = STILL - 1 if sight.known is None else sight.known
    row_of = np.full(len(columns.report_rs), -1, dtype=np.int64)
    fits = columns.issue_to > known
    if sight.known is not None:
        fits &= columns.issue_from <= known
    rows = np.flatnonzero(fits)
    row_of[columns.issue_report[rows]] = rows
    # the first version speaks for itself from when it was known, even when it was corrected in the same moment
    return row_of


def _events_of_reports(columns: Columns, version: Array, ties: Array, supports: Mask) -> Int64:
    """The event each report speaks of: the first by id whose report it is, else in which a part rests on it."""
    none = np.iinfo(np.int64).max
    events = np.full(len(columns.report_rs) + 1, none, dtype=np.int64)
    own = version[columns.version_report[version] >= 0]
    np.minimum.at(events, columns.version_report[own], columns.version_node[own].astype(np.int64))
    parts = ties[columns.tie_type[ties] == _TOOK_PART_IN]
    starts, ends = columns.support_start[parts], columns.support_start[parts + 1]
    one = parts[ends > starts]
    first = columns.support_start[one]
    one, first = one[supports[first]], first[supports[first]]
    reports = columns.support_report[first]
    free = events[reports] == none
    np.minimum.at(events, reports[free], columns.tie_target[one[free]].astype(np.int64))
    events[events == none] = -1
    return events


def _standings(columns: Columns, sight: _Sight, version: Array, ties: Array, supports: Mask) -> Int8:
    """Standing of each tie by the rule, with its parallel ties; most have one report and are done by table."""
    if not len(ties):
        return np.zeros(0, dtype=np.int8)
    issue = _issues(columns, sight)
    counts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(supports)])
    starts, ends = columns.support_start[ties], columns.support_start[ties + 1]
    number = counts[ends] - counts[starts]
    source, target, kind = columns.tie_source[ties], columns.tie_target[ties], columns.tie_type[ties]
    same = (source[1:] == source[:-1]) & (target[1:] == target[:-1]) & (kind[1:] == kind[:-1])
    parallel = np.append(same, False) | np.insert(same, 0, False)
    levels = np.full(len(ties), STANDINGS.index(Standing.TENTATIVE), dtype=np.int8)
    simple = np.flatnonzero(~parallel & (number == 1))
    first = starts[simple]
    late = ~supports[first]
    for place in np.flatnonzero(late).tolist():
        first[place] += int(np.argmax(supports[first[place] : ends[simple[place]]]))
    codes = columns.issue_code[issue[columns.support_report[first]]]
    distinct, inverse = np.unique(codes, return_inverse=True)
    table = np.array([STANDINGS.index(standing([_support(int(code), 0, -1, -1)])) for code in distinct], dtype=np.int8)
    levels[simple] = table[inverse]
    hard = np.flatnonzero(parallel | (number > 1))
    if len(hard):
        events = _events_of_reports(columns, version, ties, supports)
        hard = _standings_of_pairs(columns, issue, events, ties, supports, hard, levels)
        _standings_together(columns, issue, events, ties, supports, hard, levels)
    return levels


_SCHEME_WORDS = ("none", *(term.code for term in vocabulary("grading_scheme").terms))


def _support(code: int, agency: int, reference: int, event: int) -> Support:
    scheme_number = code & 15
    scheme = vocabulary("grading_scheme").terms[scheme_number - 1].code if scheme_number else "none"
    source = information = None
    if scheme != "none":
        if code >> 4 & 15:
            source = vocabulary(f"source_evaluation_{scheme}").terms[(code >> 4 & 15) - 1].code
        if code >> 8 & 15:
            information = vocabulary(f"information_assessment_{scheme}").terms[(code >> 8 & 15) - 1].code
    basis = vocabulary("basis").terms[(code >> 12 & 15) - 1].code if code >> 12 & 15 else None
    return Support(
        str(agency),
        scheme,
        source,
        information,
        basis,
        None if reference < 0 else str(reference),
        None if event < 0 else str(event),
    )


def _standings_together(
    columns: Columns, issue: Int64, events: Int64, ties: Array, supports: Mask, hard: Array, levels: Int8
) -> None:
    """Standing of ties with several reports or parallel ties, one group of parallels after the other."""
    cache: dict[tuple[tuple[int, int, int, int], ...], int] = {}
    rows = ties[hard]
    keys = list(
        zip(
            columns.tie_source[rows].tolist(), columns.tie_target[rows].tolist(), columns.tie_type[rows].tolist(),
            strict=True,
        )
    )  # fmt: skip
    spans = list(zip(columns.tie_start[rows].tolist(), columns.tie_end[rows].tolist(), strict=True))
    starts = columns.support_start[rows].tolist()
    ends = columns.support_start[rows + 1].tolist()
    flat = _flat_supports(columns, issue, events, rows, supports)
    position = 0
    while position < len(rows):
        last = position + 1
        while last < len(rows) and keys[last] == keys[position]:
            last += 1
        _, target, kind = keys[position]
        event = -1
        if kind in OF_EVENTS:
            event = target if kind == _TOOK_PART_IN else keys[position][0]
        for one in range(position, last):
            together: list[tuple[int, int, int, int]] = []
            for other in range(position, last):
                if other == one or _overlap(spans[one], spans[other]):
                    for place in range(starts[other], ends[other]):
                        facts = flat.get(place)
                        if facts is not None:
                            together.append(facts if event < 0 else (*facts[:3], event))
            levels[hard[one]] = _level(tuple(sorted(set(together))), cache)
        position = last


def _standings_of_pairs(
    columns: Columns, issue: Int64, events: Int64, ties: Array, supports: Mask, hard: Array, levels: Int8
) -> Array:
    """Standing of ties that have one parallel tie and one report each, within the lens, all at once: it hangs on the
    two grades and on whether they are one source. Returns the rows that are left to do one by one."""
    rows = ties[hard]
    first = columns.support_start[rows]
    alone = columns.support_start[rows + 1] - first == 1
    alone[alone] = supports[first[alone]]
    parts = (columns.tie_source[rows], columns.tie_target[rows], columns.tie_type[rows])
    same = np.ones(max(len(rows) - 1, 0), dtype=np.bool_)
    for part in parts:
        same &= part[1:] == part[:-1]
    starts = np.flatnonzero(np.append(same, False) & ~np.insert(same, 0, False))
    starts = starts[~np.append(same, [False, False])[starts + 1] & alone[starts] & alone[starts + 1]]
    one, other = rows[starts], rows[starts + 1]
    begin, end = columns.tie_start, columns.tie_end
    overlap = (begin[one] < end[other]) | (end[other] == NO_END)
    overlap &= (begin[other] < end[one]) | (end[one] == NO_END)
    reports = columns.support_report[columns.support_start[one]], columns.support_report[columns.support_start[other]]
    issues = issue[reports[0]], issue[reports[1]]
    dependent = (reports[0] == reports[1]) | np.isin(parts[2][starts], OF_EVENTS)
    dependent |= columns.issue_agency[issues[0]] == columns.issue_agency[issues[1]]
    references = columns.issue_reference[issues[0]], columns.issue_reference[issues[1]]
    dependent |= (references[0] >= 0) & (references[0] == references[1])
    spoken = events[reports[0]], events[reports[1]]
    dependent |= (spoken[0] >= 0) & (spoken[0] == spoken[1])
    codes = columns.issue_code[issues[0]].astype(np.int64), columns.issue_code[issues[1]].astype(np.int64)
    cache: dict[tuple[tuple[int, int, int, int], ...], int] = {}
    for place, own, others in ((0, codes[0], codes[1]), (1, codes[1], codes[0])):
        key = own << 24 | np.where(overlap, others, own) << 2 | overlap * 2 | dependent
        distinct, inverse = np.unique(key, return_inverse=True)
        table = []
        for packed in distinct.tolist():
            supported = {(packed >> 24, 0, -1, -1)}
            if packed & 2:
                supported.add((packed >> 2 & 0x3FFFFF, 1 - (packed & 1), -1, -1))
            table.append(_level(tuple(sorted(supported)), cache))
        levels[hard[starts + place]] = np.array(table, dtype=np.int8)[inverse]
    left = np.ones(len(hard), dtype=np.bool_)
    left[starts] = left[starts + 1] = False
    remaining: Array = hard[left]
    return remaining


def _flat_supports(
    columns: Columns, issue: Int64, events: Int64, rows: Array, supports: Mask
) -> dict[int, tuple[int, int, int, int]]:
    """(code, agency, reference, event) of each support within the lens, by its position."""
    lengths = columns.support_start[rows + 1] - columns.support_start[rows]
    places = np.repeat(columns.support_start[rows] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    places = places[supports[places]]
    reports = columns.support_report[places]
    versions = issue[reports]
    return dict(
        zip(
            places.tolist(),
            zip(
                columns.issue_code[versions].tolist(),
                columns.issue_agency[versions].tolist(),
                columns.issue_reference[versions].tolist(),
                events[reports].tolist(),
                strict=True,
            ),
            strict=True,
        )
    )


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return (one[0] < other[1] or other[1] == NO_END) and (other[0] < one[1] or one[1] == NO_END)


def _level(
    together: tuple[tuple[int, int, int, int], ...], cache: dict[tuple[tuple[int, int, int, int], ...], int]
) -> int:
    """Standing of reports; only which agencies, references and events are the same matters, not which they are."""
    names: tuple[dict[int, int], ...] = ({}, {}, {})
    plain = tuple(
        (
            code,
            names[0].setdefault(agency, len(names[0])),
            -1 if reference < 0 else names[1].setdefault(reference, len(names[1])),
            -1 if event < 0 else names[2].setdefault(event, len(names[2])),
        )
        for code, agency, reference, event in together
    )
    level = cache.get(plain)
    if level is None:
        level = cache[plain] = STANDINGS.index(standing([_support(*facts) for facts in plain]))
    return level


# -- scope -----------------------------------------------------------------------------------------------------
def _in_scope(columns: Columns, scope: str, version: Array, ties: Array, areas: AreaTables) -> Int8:
    """2 for what belongs to the scope, 1 for what touches it, one a node. To an operation, school or peer group
    belong the node itself and what it has a tie with; to a locality the places, schools and events inside it and what
    they have a tie with."""
    keep = np.zeros(len(columns.node_kind), dtype=np.int8)
    source, target = columns.tie_source[ties], columns.tie_target[ties]
    seeds = np.zeros(len(keep), dtype=np.bool_)
    if scope.startswith("locality:"):
        seeds[_inside(columns, scope.removeprefix("locality:"), version, areas)] = True
    else:
        row = _row_of(columns.node_ids, scope)
        if row is not None:
            seeds[row] = bool(np.any(columns.version_node[version] == row))
    core = seeds.copy()
    core[target[seeds[source]]] = True
    core[source[seeds[target]]] = True
    touched = core.copy()
    touched[target[core[source]]] = True
    touched[source[core[target]]] = True
    keep[touched] = 1
    keep[core] = 2
    return keep


def _row_of(ids: Strings, wanted: str) -> int | None:
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        if ids[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(ids) and ids[low] == wanted else None


def _inside(columns: Columns, locality: str, version: Array, areas: AreaTables) -> Array:
    if locality not in areas.ids:
        return np.zeros(0, dtype=np.int64)
    polygon = shapely.from_wkb(areas.boundaries[areas.ids.index(locality)])
    shapely.prepare(polygon)
    rows = version[~np.isnan(columns.version_easting[version])]
    hit = shapely.intersects_xy(polygon, columns.version_easting[rows], columns.version_northing[rows])
    nodes: Array = columns.version_node[rows[hit]]
    return nodes


# -- arrays ----------------------------------------------------------------------------------------------------
def _build(
    columns: Columns,
    sight: _Sight,
    lens: Lens,
    as_at: dt.date,
    scope: str | None,
    areas: AreaTables,
    version: Array,
    ties: Array,
    supports: Mask,
    levels: Int8,
    episodes: Array,
) -> Snapshot:
    nodes = columns.version_node[version]
    node_row = np.full(len(columns.node_kind) + 1, -1, dtype=np.int32)
    node_row[nodes] = np.arange(len(nodes), dtype=np.int32)
    issue = _issues(columns, sight)
    lengths = columns.support_start[ties + 1] - columns.support_start[ties]
    places = np.repeat(columns.support_start[ties] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    owner = np.repeat(np.arange(len(ties)), lengths)
    shown = supports[places]
    places, owner = places[shown], owner[shown]
    used = np.zeros(len(columns.report_rs) + 1, dtype=np.bool_)
    used[columns.support_report[places]] = True
    used[columns.version_report[version]] = True
    used[columns.episode_report[episodes]] = True
    used[-1] = False
    report_rows = np.flatnonzero(used)
    report_row = np.full(len(used), -1, dtype=np.int32)
    report_row[report_rows] = np.arange(len(report_rows), dtype=np.int32)
    report_start = np.zeros(len(ties) + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner, minlength=len(ties)), out=report_start[1:])
    numbers = [columns.version_rs[version], columns.support_rs[places], columns.episode_rs[episodes]]
    numbers.append(columns.tie_rs[ties][lengths == 0])
    found = {sight.restrictions[number] for part in numbers for number in np.unique(part).tolist()}
    return Snapshot(
        columns.sequence,
        as_at,
        lens.known_at,
        scope or "everything",
        _node_arrays(columns, version, node_row, report_row),
        TieArrays(
            columns.tie_ids.take(ties),
            node_row[columns.tie_source[ties]],
            node_row[columns.tie_target[ties]],
            columns.tie_type[ties],
            columns.tie_role[ties],
            columns.tie_polarity[ties],
            levels,
            columns.tie_start[ties],
            columns.tie_end[ties],
            columns.tie_confidence[ties],
            report_start,
            report_row[columns.support_report[places]],
        ),
        _report_arrays(columns, report_rows, issue[report_rows]),
        EpisodeArrays(
            columns.episode_ids.take(episodes),
            node_row[columns.episode_person[episodes]],
            ((columns.episode_code[episodes] & 255) - 1).astype(np.int16),
            ((columns.episode_code[episodes] >> 8 & 127) - 1).astype(np.int16),
            columns.episode_start[episodes],
            columns.episode_end[episodes],
            report_row[columns.episode_report[episodes]],
        ),
        areas,
        frozenset(found),
    )


def _node_arrays(columns: Columns, version: Array, node_row: Int32, report_row: Int32) -> NodeArrays:
    nodes = columns.version_node[version]
    code = columns.version_code[version]
    born = (code & 0xFFFFFF).astype(np.int32)
    person = columns.node_kind[nodes] == NODE_KINDS.index(NodeKind.PERSON)
    address = np.where(person, columns.version_place[version], -1)
    return NodeArrays(
        columns.node_ids.take(nodes),
        columns.node_kind[nodes],
        np.where(born == 0, NO_DAY, born - BIRTH_OFFSET).astype(np.int32),
        ((code >> 24 & 15) - 1).astype(np.int8),
        ((code >> 28 & 255) - 1).astype(np.int8),
        ((code >> 36 & 3) - 1).astype(np.int8),
        ((code >> 38 & 511) - 1).astype(np.int16),
        columns.version_easting[version],
        columns.version_northing[version],
        ((code >> 47 & 255) - 1).astype(np.int16),
        ((code >> 55 & 127) - 1).astype(np.int16),
        columns.version_started[version],
        columns.version_ended[version],
        report_row[columns.version_report[version]],
        node_row[address],
    )


def _report_arrays(columns: Columns, rows: Array, issues: Array) -> ReportArrays:
    """Agencies are those of these reports only, by name: what is not seen leaves no trace."""
    code = columns.issue_code[issues]
    used, agency = np.unique(columns.issue_agency[issues], return_inverse=True)
    names = [columns.agencies[number] for number in used.tolist()]
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.zeros(max(len(names), 1), dtype=np.int16)
    place[order] = np.arange(len(order), dtype=np.int16)
    recorded = columns.issue_recorded[issues]
    learned = columns.report_first[rows]
    learned_second = np.where(learned == EVER, NO_TIME, learned // 1_000_000)
    return ReportArrays(
        columns.report_ids.take(rows),
        place[agency] if len(rows) else np.zeros(0, dtype=np.int16),
        tuple(names[number] for number in order),
        ((code & 15) - 1).astype(np.int8),
        ((code >> 4 & 15) - 1).astype(np.int8),
        ((code >> 8 & 15) - 1).astype(np.int8),
        ((code >> 12 & 15) - 1).astype(np.int8),
        np.where(recorded == NO_TIME, learned_second, recorded),
        columns.issue_occurred[issues],
    )


def strings_joined(data: bytes, count: int) -> Strings:
    """Strings from their bytes joined by line feeds (ids hold no control characters)."""
    if count == 0:
        return Strings(np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int64))
    joined = np.frombuffer(data, dtype=np.uint8)
    breaks = np.flatnonzero(joined == 10)
    if len(breaks) != count - 1:
        raise ValueError("not as many strings as rows")
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), breaks + 1 - np.arange(1, count), [len(joined) - count + 1]])
    return Strings(np.frombuffer(data.replace(b"\n", b""), dtype=np.uint8), offsets.astype(np.int64))


def days(values: Sequence[int | None], missing: int) -> Int32:
    return np.array([missing if value is None else value for value in values], dtype=np.int32)


__all__ = ["EVER", "NO_END", "NO_REPORT", "NO_START", "NO_TIME", "STILL", "Columns", "assemble", "strings_joined"]
