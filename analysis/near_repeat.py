"""Knox's test: are more pairs of events near in space and soon after each other than chance would make?

After E. G. Knox, The detection of space-time interactions, Applied Statistics 13 (1964), with N. Mantel's permutation
of the times (Cancer Research 27, 1967). Counts are exact: pairs at most ``near`` apart by a tree over the places, and
of these pairs those at most ``soon`` apart; both bounds belong to the window. The p-value is P(X >= observed), the data
itself being one of the permutations, never P(X > observed).

``local_knox`` asks the same of each event: how many others are near and soon, and in what share of permutations are
there as many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.spatial import cKDTree

from graph.errors import UsageError
from graph.snapshot import Float64, Int32, Int64

#: permutations counted side by side: one line of the processor's cache
LANES = 8


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


@dataclass(frozen=True, slots=True)
class Knox:
    """Answer of the test."""

    #: pairs of events near and soon
    observed: int
    #: mean over all permutations of the times, exactly: near pairs times soon pairs over all pairs
    expected: float
    #: P(X >= observed) over the permutations; by the Poisson distribution when there are none
    p_value: float
    #: pairs near, whatever the times, and pairs soon, wherever
    near_pairs: int
    soon_pairs: int
    #: number of events, those without place or time left out
    events: int


@dataclass(frozen=True, slots=True, eq=False)
class LocalKnox:
    """One row an event."""

    #: other events near and soon
    observed: Int64
    expected: Float64
    p_value: Float64
    #: pairs near and soon, as rows of the events; first before second in time, or earlier in the data
    first: Int64
    second: Int64


def knox(
    xy: npt.ArrayLike, times: npt.ArrayLike, *, near: float, soon: float, permutations: int = 999,
    rng: np.random.Generator,
) -> Knox:  # fmt: skip
    """Test for interaction of space and time.

    ``xy`` (n, 2) in the unit of ``near`` (metres, on a plane), ``times`` (n,) in the unit of ``soon``. Events whose
    place or time is not a number are left out. Raises UsageError for arrays that do not fit or bounds below 0.
    """
    points, moments, _ = _checked(xy, times, near, soon)
    count = len(points)
    one, two = near_pairs(points, near)
    soon_in_all = _soon_pairs(moments, soon)
    pairs = count * (count - 1) // 2
    expected = len(one) * soon_in_all / pairs if pairs else 0.0
    ranks, reach = reach_of(moments, soon)
    observed = int(_count(one, two, ranks, reach))
    if permutations <= 0:
        p_value = float(stats.poisson.sf(observed - 1, expected))
    else:
        as_many = 0
        shuffled = moments.copy()
        for begin in range(0, permutations, LANES):
            lanes = _lanes(shuffled, min(LANES, permutations - begin), rng)
            as_many += int((_count_lanes(one, two, lanes, float(soon))[: permutations - begin] >= observed).sum())
        p_value = (as_many + 1) / (permutations + 1)
    return Knox(observed, expected, p_value, len(one), soon_in_all, count)


def local_knox(
    xy: npt.ArrayLike, times: npt.ArrayLike, *, near: float, soon: float, permutations: int = 999,
    rng: np.random.Generator,
) -> LocalKnox:  # fmt: skip
    """For each event how many others are near and soon, and P(as many or more) when all times are permuted.

    The expected number is exact. Units and errors as in ``knox``; rows are those of the input (events without place or
    time have 0 pairs and p-value 1). Not corrected for asking once for each event.
    """
    points, moments, rows = _checked(xy, times, near, soon)
    one, two = near_pairs(points, near)
    ranks, reach = reach_of(moments, soon)
    observed = count_each(one, two, ranks, reach)
    neighbours = np.bincount(one, minlength=len(points)) + np.bincount(two, minlength=len(points))
    possible = max(len(points) * (len(points) - 1) // 2, 1)
    expected = neighbours * (_soon_pairs(moments, soon) / possible)
    if permutations <= 0:
        p_value = np.array(stats.poisson.sf(observed - 1, expected)).astype(np.float64)
    else:
        as_many = np.zeros(len(points), dtype=np.int64)
        shuffled = ranks.copy()
        for _ in range(permutations):
            rng.shuffle(shuffled)
            as_many += count_each(one, two, shuffled, reach) >= observed
        p_value = ((as_many + 1.0) / (permutations + 1.0)).astype(np.float64)
    together = np.abs(moments[one] - moments[two]) <= soon
    one, two = one[together], two[together]
    swap = (moments[one] > moments[two]) | ((moments[one] == moments[two]) & (one > two))
    size = len(np.asarray(times))
    every, each, chance = np.zeros(size, dtype=np.int64), np.zeros(size), np.ones(size)
    every[rows], each[rows], chance[rows] = observed, expected, p_value
    return LocalKnox(every, each, chance, rows[np.where(swap, two, one)], rows[np.where(swap, one, two)])


def near_pairs(points: Float64, near: float) -> tuple[Int64, Int64]:
    """Rows of all pairs of points at most ``near`` apart, first smaller."""
    if len(points) < 2:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    pairs = cKDTree(points).query_pairs(near, output_type="ndarray")
    return pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)


def _checked(xy: npt.ArrayLike, times: npt.ArrayLike, near: float, soon: float) -> tuple[Float64, Float64, Int64]:
    points, moments = np.asarray(xy, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or moments.shape != (len(points),):
        raise UsageError("places are an (n, 2) array and times an (n,) array")
    if not (near >= 0 and soon >= 0):
        raise UsageError("near and soon are at least 0")
    rows = np.flatnonzero(np.isfinite(points).all(axis=1) & np.isfinite(moments)).astype(np.int64)
    return np.ascontiguousarray(points[rows]), moments[rows], rows


def _soon_pairs(moments: Float64, soon: float) -> int:
    ordered = np.sort(moments)
    return int((_last_within(ordered, soon) - np.arange(len(ordered))).sum())


def _last_within(ordered: Float64, soon: float) -> Int64:
    """Of each ascending moment the last position that is at most ``soon`` later, by the difference itself.

    Searching for moment + soon alone can differ from the difference by a rounding.
    """
    last = np.searchsorted(ordered, ordered + soon, side="right") - 1
    for step in (1, -1):
        while True:
            moved = np.clip(last + step, 0, max(len(ordered) - 1, 0))
            inside = ordered[moved] - ordered <= soon
            change = (inside & (moved > last)) if step > 0 else ((ordered[last] - ordered > soon) & (moved < last))
            if not change.any():
                break
            last = np.where(change, moved, last)
    return last.astype(np.int64)


def reach_of(moments: Float64, soon: float) -> tuple[Int32, Int32]:
    """Position of each event in the order of time, and of each position the last that is soon after it.

    With these the permutations compare whole numbers, and agree exactly with comparing the times.
    """
    order = np.argsort(moments, kind="stable")
    ranks = np.empty(len(moments), dtype=np.int64)
    ranks[order] = np.arange(len(moments))
    return ranks.astype(np.int32), _last_within(moments[order], soon).astype(np.int32)


def _lanes(shuffled: Float64, many: int, rng: np.random.Generator) -> Float64:
    """So many further permutations of the times side by side, one column each."""
    lanes = np.zeros((len(shuffled), LANES))
    for lane in range(many):
        rng.shuffle(shuffled)
        lanes[:, lane] = shuffled
    return lanes


@_compiled
def _count_lanes(one, two, lanes, soon):  # type: ignore[no-untyped-def]
    counts = np.zeros(LANES, dtype=np.int64)
    for pair in range(len(one)):
        first, second = one[pair], two[pair]
        for lane in range(LANES):
            counts[lane] += abs(lanes[first, lane] - lanes[second, lane]) <= soon
    return counts


@_compiled
def _count(one, two, ranks, reach):  # type: ignore[no-untyped-def]
    total = 0
    for pair in range(len(one)):
        first, second = ranks[one[pair]], ranks[two[pair]]
        low, high = min(first, second), max(first, second)
        total += reach[low] >= high
    return total


@_compiled
def count_each(one, two, ranks, reach):  # type: ignore[no-untyped-def]
    """Of each event the number of pairs (rows ``one``, ``two``) whose other end is soon, by ``reach_of``."""
    counts = np.zeros(len(ranks), dtype=np.int64)
    for pair in range(len(one)):
        first, second = ranks[one[pair]], ranks[two[pair]]
        if reach[min(first, second)] >= max(first, second):
            counts[one[pair]] += 1
            counts[two[pair]] += 1
    return counts
