"""The inner loops over missing episodes, compiled by numba.

Instants are seconds. Compiled code is kept beside the source, or in the user's cache folder; where neither can be
written it is compiled in each process, which costs some seconds once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

DAY = 86_400


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


@_compiled
def join_versions(person, start, end, found, origin, no_end, day_only, records, first):  # type: ignore[no-untyped-def]
    """Versions of one episode joined in place; rows by person, then start. ``first`` is set for what stands.

    Timed versions that overlap or touch are one episode, which takes the end that is known and the places that are
    known. A record of days only that overlaps a timed episode is a version of it; else of days that overlap.
    """
    count = len(person)
    begin = 0
    while begin < count:
        stop = begin
        while stop < count and person[stop] == person[begin]:
            stop += 1
        for by_day in (False, True):
            lead = -1
            for row in range(begin, stop):
                if day_only[row] != by_day:
                    continue
                into = -1
                if by_day:
                    for other in range(begin, stop):
                        if first[other] and start[other] < end[row] and start[row] < end[other]:
                            into = other
                            break
                elif lead >= 0 and start[row] <= end[lead]:
                    into = lead
                    if no_end[lead] and not no_end[row]:
                        end[lead], no_end[lead] = end[row], False
                    elif no_end[lead] == no_end[row]:
                        end[lead] = max(end[lead], end[row])
                if into < 0:
                    first[row] = True
                    lead = row
                else:
                    records[into] += 1
                    if by_day and day_only[into]:
                        end[into] = max(end[into], end[row])
                    if found[into] < 0:
                        found[into] = found[row]
                    if origin[into] < 0:
                        origin[into] = origin[row]
        begin = stop


@_compiled
def distinct_in_runs(start, value):  # type: ignore[no-untyped-def]
    """Number of different values in each run ``start[i]:start[i + 1]``."""
    counts = np.zeros(len(start) - 1, dtype=np.int64)
    for run in range(len(counts)):
        size = start[run + 1] - start[run]
        if size == 1:
            counts[run] = 1
            continue
        ordered = np.sort(value[start[run] : start[run + 1]])
        counts[run] = 1
        for at in range(1, size):
            counts[run] += ordered[at] != ordered[at - 1]
    return counts


@_compiled
def could_meet(start, other_start, end, other_end, x, other_x, y, other_y, within, found_within, near):  # type: ignore[no-untyped-def]
    """Whether two episodes would meet if they were of one day: starts, or ends at one place, close on the clock."""
    apart = abs(start - other_start) % DAY
    if min(apart, DAY - apart) <= within:
        return True
    if near < 0 or end < 0 or other_end < 0:
        return False
    apart = abs(end - other_end) % DAY
    # an unknown place is not a number, and so never near
    return min(apart, DAY - apart) <= found_within and (x - other_x) ** 2 + (y - other_y) ** 2 <= near * near


@_compiled
def expected_meetings(  # type: ignore[no-untyped-def]
    begin, stop, other_begin, other_stop, start, end, x, y, within, found_within, near, spread
):
    """Expected coincidences of each pair when every episode is moved to a random day within ``spread`` days.

    Episodes of the two children are rows ``begin:stop`` and ``other_begin:other_stop``; starts and ends by the local
    clock, end -1 where not known; ``near`` -1: starts only.
    """
    expected = np.zeros(len(begin))
    for pair in range(len(begin)):
        meetings = 0
        for one in range(begin[pair], stop[pair]):
            for two in range(other_begin[pair], other_stop[pair]):
                if abs(start[one] - start[two]) <= spread * DAY and could_meet(
                    start[one], start[two], end[one], end[two], x[one], x[two], y[one], y[two], within, found_within,
                    near,
                ):  # fmt: skip
                    meetings += 1
        expected[pair] = meetings / (2 * spread + 1)
    return expected


@_compiled
def at_least_by_weeks(  # type: ignore[no-untyped-def]
    start, until, end, x, y, other_start, other_until, other_end, other_x, other_y, moved, other_moved,
    within, found_within, near, observed,
):  # fmt: skip
    """In how many repeats two children have at least ``observed`` coincidences.

    Row r of ``moved`` holds the weeks by which each episode is moved in repeat r; ``until`` is the end or what is
    assumed for it, ``end`` -1 where it is not known. An episode that meets two of the other child's counts once, from
    whichever side there are fewer.
    """
    reached = 0
    met, other_met = np.zeros(len(start), dtype=np.bool_), np.zeros(len(other_start), dtype=np.bool_)
    for repeat in range(len(moved)):
        met[:] = False
        other_met[:] = False
        for one in range(len(start)):
            shift = moved[repeat, one] * 7 * DAY
            for two in range(len(other_start)):
                other_shift = other_moved[repeat, two] * 7 * DAY
                later = other_shift - shift
                if start[one] >= other_until[two] + later or other_start[two] + later >= until[one]:
                    continue
                meets = abs(start[one] - other_start[two] - later) <= within
                if not meets and near >= 0 and end[one] >= 0 and other_end[two] >= 0:
                    gap = abs(end[one] - other_end[two] - later)
                    distance = (x[one] - other_x[two]) ** 2 + (y[one] - other_y[two]) ** 2
                    meets = gap <= found_within and distance <= near * near
                if meets:
                    met[one] = True
                    other_met[two] = True
        if min(met.sum(), other_met.sum()) >= observed:
            reached += 1
    return reached


@_compiled
def shared_company(start, other, weight, one, two):  # type: ignore[no-untyped-def]
    """Sum over third children of the smaller of their weights with ``one`` and with ``two``, for each pair.

    ``start``, ``other`` and ``weight`` are the rows of a sparse matrix with sorted columns.
    """
    company = np.zeros(len(one))
    for pair in range(len(one)):
        at, end = start[one[pair]], start[one[pair] + 1]
        by, stop = start[two[pair]], start[two[pair] + 1]
        while at < end and by < stop:
            if other[at] < other[by]:
                at += 1
            elif other[at] > other[by]:
                by += 1
            else:
                company[pair] += min(weight[at], weight[by])
                at += 1
                by += 1
    return company
