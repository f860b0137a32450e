"""The inner loops of the scan statistic, compiled by numba.

Replicates lie side by side in lanes of small whole numbers, so that one instruction handles sixteen of them. For each
cylinder a table gives the smallest count that could beat the worst of the block's best so far; only lanes that reach
it are looked at with a logarithm. Every maximum is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

#: number of entries of the table of counts, over the square root of what is expected
ENTRIES = 8_192
#: a block's table is made anew when its worst best has risen by so much
RISE = 0.125
POISSON, BERNOULLI = 0, 1


def compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True, error_model="numpy")(function)


@compiled
def likelihood_ratio(count, weight, cases, total, model):  # type: ignore[no-untyped-def]
    """Log likelihood ratio of ``count`` of ``cases`` in a window with ``weight`` of ``total``; 0 unless in excess."""
    if count * total <= weight * cases:
        return 0.0
    result = 0.0
    outside = cases - count
    if model == POISSON:
        expected = weight * cases / total
        result = count * math.log(count / expected)
        if outside > 0.0:
            result += outside * math.log(outside / (cases - expected))
        return result
    others, rest = weight - count, total - weight - outside
    result = count * math.log(count / weight) - cases * math.log(cases / total)
    if others > 0.0:
        result += others * math.log(others / weight)
    if outside > 0.0:
        result += outside * math.log(outside / (total - weight))
    if rest > 0.0:
        result += rest * math.log(rest / (total - weight))
    if total > cases:
        result -= (total - cases) * math.log((total - cases) / total)
    return result


@compiled
def _at_most(count, weight, cases, total, model):  # type: ignore[no-untyped-def]
    """Pearson's chi-square, which the log likelihood ratio never passes (log x <= x - 1)."""
    expected = weight * cases / total
    if expected <= 0.0 or weight >= total:
        return np.inf
    apart = count - expected
    if model == POISSON:
        return apart * apart * cases / (expected * (cases - expected))
    share = cases / total
    if share >= 1.0:
        return 0.0
    return apart * apart * total / (weight * (total - weight) * share * (1.0 - share))


@compiled
def best_of_centre(  # type: ignore[no-untyped-def]
    centre, start, member, closes, taken, counts, weights, cases, total, model, begins, ends
):
    """Best window around one place that touches no place taken: (ratio, number of members, window)."""
    periods = counts.shape[1]
    sum_count = np.zeros(periods)
    sum_weight = np.zeros(periods)
    best, size, window = 0.0, 0, -1
    for at in range(start[centre], start[centre + 1]):
        place = member[at]
        if taken[place]:
            break
        for period in range(periods):
            sum_count[period] += counts[place, period]
            sum_weight[period] += weights[place, period]
        if not closes[at]:
            continue
        for shape in range(len(begins)):
            count = sum_count[ends[shape]] - sum_count[begins[shape]]
            weight = sum_weight[ends[shape]] - sum_weight[begins[shape]]
            if count * total <= weight * cases:
                continue
            if _at_most(count, weight, cases, total, model) <= best:
                continue
            ratio = likelihood_ratio(count, weight, cases, total, model)
            if ratio > best:
                best, size, window = ratio, at - start[centre] + 1, shape
    return best, size, window


@compiled
def best_of_all(  # type: ignore[no-untyped-def]
    first, last, start, member, closes, taken, counts, weights, cases, total, model, begins, ends, ratio, size, window
):
    """``best_of_centre`` for a range of places, into the last three arrays."""
    for centre in range(first, last):
        best = best_of_centre(centre, start, member, closes, taken, counts, weights, cases, total, model, begins, ends)
        ratio[centre], size[centre], window[centre] = best


@compiled
def _least_counts(table, step, bound, cases, total, model):  # type: ignore[no-untyped-def]
    """Smallest count whose ratio passes ``bound``, by the square root of the window's weight; never too large."""
    highest = np.iinfo(table.dtype).max
    count = 1.0
    for entry in range(len(table)):
        weight = (max(entry - 1e-3, 0.0) * step) ** 2
        if model == BERNOULLI:
            weight = math.ceil(weight)
        weight = min(weight, total)
        possible = weight if model == BERNOULLI else cases
        while weight > 0.0 and count <= possible and likelihood_ratio(count, weight, cases, total, model) <= bound:
            count += 1.0
        table[entry] = highest if count > cases else min(count, highest)


@compiled
def _reach(inside, least, begins, ends, most):  # type: ignore[no-untyped-def]
    """For each lane, the largest of count minus least count over all windows."""
    lanes = inside.shape[1]
    for lane in range(lanes):
        most[lane] = inside.dtype.type(-1)
    for shape in range(len(begins)):
        begin, end, needed = begins[shape], ends[shape], least[shape]
        for lane in range(lanes):
            over = inside.dtype.type(inside.dtype.type(inside[end, lane] - inside[begin, lane]) - needed)
            most[lane] = over if over > most[lane] else most[lane]


@compiled
def maxima_of_block(  # type: ignore[no-untyped-def]
    first, last, start, member, closes, counts, weights, cases, total, model, begins, ends, best
):
    """Largest ratio of each lane over the circles of a range of places, into ``best`` (read and raised).

    ``counts`` (place, period, lane) and ``weights`` (place, period) are cumulative over time, beginning with zero.
    """
    periods, lanes = counts.shape[1], counts.shape[2]
    inside = np.zeros((periods, lanes), dtype=counts.dtype)
    weight = np.zeros(periods)
    least = np.zeros(len(begins), dtype=counts.dtype)
    most = np.zeros(lanes, dtype=counts.dtype)
    table = np.zeros(ENTRIES + 1, dtype=counts.dtype)
    step = math.sqrt(total) / ENTRIES * (1.0 + 1e-9)
    bound = best.min()
    _least_counts(table, step, bound, cases, total, model)
    for centre in range(first, last):
        inside[:] = 0
        weight[:] = 0.0
        for at in range(start[centre], start[centre + 1]):
            place = member[at]
            for period in range(1, periods):
                weight[period] += weights[place, period]
                for lane in range(lanes):
                    inside[period, lane] += counts[place, period, lane]
            if not closes[at]:
                continue
            for shape in range(len(begins)):
                held = max(weight[ends[shape]] - weight[begins[shape]], 0.0)
                least[shape] = table[min(int(math.sqrt(held) / step), ENTRIES)]
            _reach(inside, least, begins, ends, most)
            risen = False
            for lane in range(lanes):
                if most[lane] < 0:
                    continue
                for shape in range(len(begins)):
                    count = inside.dtype.type(inside[ends[shape], lane] - inside[begins[shape], lane])
                    if count < least[shape]:
                        continue
                    held = weight[ends[shape]] - weight[begins[shape]]
                    if _at_most(float(count), held, cases, total, model) <= best[lane]:
                        continue
                    ratio = likelihood_ratio(float(count), held, cases, total, model)
                    if ratio > best[lane]:
                        best[lane] = ratio
                        risen = True
            if risen and best.min() > bound + RISE:
                bound = best.min()
                _least_counts(table, step, bound, cases, total, model)


@compiled
def scatter(counts, lane, draws, total, guide, edges, periods):  # type: ignore[no-untyped-def]
    """Put one case a draw (0 to 1) into the cell that its share of ``edges`` (cumulative weight) holds."""
    cells = len(edges)
    for draw in draws:
        target = draw * total
        cell = guide[int(draw * (len(guide) - 1))]
        while cell < cells - 1 and edges[cell] <= target:
            cell += 1
        counts[cell // periods, cell % periods + 1, lane] += 1


@compiled
def accumulate(counts):  # type: ignore[no-untyped-def]
    """Sums over time, in place."""
    for place in range(counts.shape[0]):
        for period in range(1, counts.shape[1]):
            for lane in range(counts.shape[2]):
                counts[place, period, lane] += counts[place, period - 1, lane]
