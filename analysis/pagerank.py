"""Personalised PageRank, exact: where a walk that keeps coming back to given people spends its time.

From a node the walk follows a tie with probability ``damping``, in proportion to the ties' weights, and else returns
to the seeds; from a node without ties it always returns. The answer is bounded by its true error in the sum of absolute
differences, whatever the number of nodes. (Implementations that stop when a step changes less than ``tolerance`` times
the number of nodes stop far too early on large networks: with a million nodes and 1e-6 after hardly any step.)

The share of time x solves (I - damping P) x = c s, P the walk and s the seeds; what nodes without ties give back goes
to s too, so it only scales x, and x is scaled to sum 1 at the end. For a symmetric matrix the eigenvalues of P are real
and within -1 and 1, so Chebyshev's iteration needs about a third of the steps of the power method (Golub and Van Loan,
Matrix Computations, section 11.2.8); for others the power method is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from scipy import sparse

from graph.errors import UsageError
from graph.snapshot import Float64

#: more steps than any damping up to 0.999 needs
MOST_STEPS = 50_000
#: corrections in single precision, at most; two are usual
MOST_ROUNDS = 50
#: how far single precision corrects at once
SINGLE = 2e-5
#: rows with more ties are summed one by one
SHORT = 64
#: nodes that are put in order of their number of ties together
BLOCK = 16_384
#: numbers of rows and places carry no sign: numba then need not ask at each whether it counts from the end
_U = np.uint64
_1, _2, _3, _4, _5, _6, _7, _8 = (_U(number) for number in range(1, 9))


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


def personalised_pagerank(
    weights: Any,
    seeds: npt.ArrayLike,
    *,
    damping: float = 0.85,
    tolerance: float = 1e-9,
    symmetric: bool | None = None,
) -> Float64:
    """Share of time the walk spends at each node: one entry a node, sum 1; 0 for what no seed reaches.

    ``weights`` is a sparse n-by-n matrix of weights from row to column, 0 or more; ``seeds`` has one weight a node, 0
    for who is none. ``tolerance`` bounds the sum of absolute errors. ``symmetric`` says what is known of the matrix;
    None looks. Raises UsageError for sizes that do not fit, negative or infinite weights, or no seed at all.
    """
    matrix, start = _checked(weights, seeds, damping, tolerance)
    if symmetric is None:
        symmetric = _is_symmetric(matrix)
    if not symmetric:
        inward = sparse.csr_array(matrix.T)
        out = np.asarray(matrix.sum(axis=1)).ravel()
        return np.asarray(
            _power(inward.indptr, inward.indices, inward.data, out, start, damping, tolerance, MOST_STEPS)
        )
    first, other, weight, order = _arranged(
        matrix.indptr.astype(np.uint64), matrix.indices.astype(np.uint32, copy=False), matrix.data, BLOCK
    )
    result = np.zeros(len(start))
    if len(weight):
        weight /= weight.max()
    result[order] = _chebyshev(first, other, weight, start[order], damping, tolerance)
    return result


def _checked(weights: Any, seeds: npt.ArrayLike, damping: float, tolerance: float) -> tuple[sparse.csr_array, Float64]:
    matrix = sparse.csr_array(weights, dtype=np.float64)
    start = np.asarray(seeds, dtype=np.float64)
    if matrix.shape[0] != matrix.shape[1] or start.shape != (matrix.shape[0],):
        raise UsageError("PageRank needs a square matrix and one seed weight a node")
    if not (0 <= damping < 1 and tolerance > 0):
        raise UsageError("damping is 0 to below 1, the tolerance above 0")
    if len(matrix.data) and not (matrix.data.min() >= 0 and np.isfinite(matrix.data.max())):
        raise UsageError("weights are 0 or more and finite")
    if not len(start) or not (start.min() >= 0 and np.isfinite(start.sum()) and start.sum() > 0):
        raise UsageError("at least one seed has a weight above 0, none below 0")
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    return matrix, start / start.sum()


def _is_symmetric(matrix: sparse.csr_array) -> bool:
    other = sparse.csr_array(matrix.T)
    other.sort_indices()
    return bool(
        np.array_equal(matrix.indptr, other.indptr)
        and np.array_equal(matrix.indices, other.indices)
        and np.array_equal(matrix.data, other.data)
    )


@_compiled
def _arranged(first, other, weight, block):  # type: ignore[no-untyped-def]
    """The same network renumbered: rows, columns and weights, and the old number of each new one.

    Within blocks by number of ties, so that loops of equal length follow each other; blocks stay where they are:
    what lay close together still does.
    """
    count = _U(len(first) - 1)
    order = _by_length(first.astype(np.int64), block)
    number = np.empty(count, dtype=np.uint32)
    for at in range(count):
        number[order[at]] = at
    begin = np.zeros(count + _1, dtype=np.uint64)
    columns = np.empty(len(other), dtype=np.uint32)
    values = np.empty(len(other), dtype=np.float64)
    filled = _U(0)
    for row in range(count):
        for at in range(first[order[row]], first[order[row] + _1]):
            columns[filled] = number[other[at]]
            values[filled] = weight[at]
            filled += _1
        begin[row + _1] = filled
    return begin, columns, values, order


@_compiled
def _by_length(first, block):  # type: ignore[no-untyped-def]
    """All nodes, by number of ties within each block."""
    longest = SHORT + 1
    count = len(first) - 1
    arranged = np.empty(count, dtype=np.uint64)
    for begin in range(0, count, block):
        end = min(begin + block, count)
        place = np.zeros(longest + 2, dtype=np.int64)
        for row in range(begin, end):
            place[min(first[row + 1] - first[row], longest) + 1] += 1
        for length in range(longest + 1):
            place[length + 1] += place[length]
        for row in range(begin, end):
            length = min(first[row + 1] - first[row], longest)
            arranged[begin + place[length]] = row
            place[length] += 1
    return arranged


@_compiled
def _prepared(first, other, weight, damping):  # type: ignore[no-untyped-def]
    """Sum of weights of each row, and the walk as eight rows side by side.

    Rows of up to ``SHORT`` entries stand in groups of eight, filled up with nothing to the longest of the group: eight
    sums run at once. ``long`` lists the others. A node without ties only gives back to the seeds: its sum is 1.
    """
    count = _U(len(first) - 1)
    out = np.zeros(count)
    groups = (count + _7) // _8
    begin = np.zeros(groups + _1, dtype=np.uint64)
    long = np.zeros(count, dtype=np.uint64)
    many = _U(0)
    for i in range(count):
        whole = 0.0
        for at in range(first[i], first[i + _1]):
            whole += weight[at]
        out[i] = whole if whole > 0 else 1.0
        length = first[i + _1] - first[i]
        if length > _U(SHORT):
            long[many] = i
            many += _1
        else:
            begin[i // _8 + _1] = max(begin[i // _8 + _1], length)
    for group in range(groups):
        begin[group + _1] = begin[group] + _8 * begin[group + _1]
    column = np.zeros(begin[groups], dtype=np.uint32)
    light = np.zeros(begin[groups], dtype=np.float32)
    for i in range(count):
        if first[i + _1] - first[i] <= _U(SHORT):
            to = begin[i // _8] + i % _8
            for at in range(first[i], first[i + _1]):
                column[to] = other[at]
                light[to] = damping * weight[at] / out[i]
                to += _8
    return out, begin, column, light, long[:many].copy()


@_compiled
def _chebyshev(first, other, weight, start, damping, tolerance):  # type: ignore[no-untyped-def]
    """The solution scaled to sum 1, for symmetric weights.

    Solved for u = x / (sum of weights of the node), in which (I - damping P) has the same spectrum, within 1 - damping
    and 1 + damping. Corrections are found in single precision, which moves half the memory; what they leave is computed
    in double precision, and corrected again until the bound holds.
    """
    out, begin, column, light, long = _prepared(first, other, weight, damping)
    heavy = np.zeros(8 * (len(begin) - 1), dtype=np.float32)
    heavy[: len(out)] = out
    share = (1.0 - damping) * start / out
    residual = np.empty(len(out))
    # (1 - damping) bounds the inverse; scaling to sum 1 at most doubles the error
    enough = tolerance * (1.0 - damping) / 2.0
    for _ in range(MOST_ROUNDS):
        left, total = _left(first, other, weight, out, start, share, damping, residual)
        if left <= enough * total or damping == 0.0:
            break
        aim = max(0.7 * enough * total / left, SINGLE)
        unit = np.zeros(len(heavy), dtype=np.float32)
        for i in range(len(out)):
            unit[i] = residual[i] / left
        found = _corrected(first, other, weight, begin, column, light, long, heavy, unit, damping, aim)
        for i in range(len(out)):
            share[i] += left * found[i]
    share = np.maximum(share * out, 0.0)
    return share / share.sum()


@_compiled
def _left(first, other, weight, out, start, share, damping, residual):  # type: ignore[no-untyped-def]
    """(sum of what is left, sum of the solution); ``residual`` is filled with what is left at each node, by its sum."""
    left, total = 0.0, 0.0
    for i in range(_U(len(out))):
        arriving = 0.0
        for at in range(first[i], first[i + _1]):
            arriving += weight[at] * share[other[at]]
        missing = (1.0 - damping) * start[i] + damping * arriving - out[i] * share[i]
        residual[i] = missing / out[i]
        left += abs(missing)
        total += out[i] * share[i]
    return left, total


@_compiled
def _corrected(  # type: ignore[no-untyped-def]
    first, other, weight, begin, column, light, long, heavy, residual, damping, aim
):
    """The correction for such a residual, until at most ``aim`` is left of it; ``residual`` is written to."""
    step, share = residual.copy(), residual.copy()
    following, arriving = np.empty_like(step), np.zeros_like(step)
    ratio = damping
    for _ in range(MOST_STEPS):
        after = 1.0 / (2.0 / damping - ratio)
        keep, add = np.float32(after * ratio), np.float32(2.0 * after / damping)
        _arriving(begin, column, light, step, arriving)
        for i in long:
            much = np.float32(0)
            for at in range(first[i], first[i + _1]):
                much += np.float32(weight[at]) * step[other[at]]
            arriving[i] = np.float32(damping) * much / heavy[i]
        left = _moved(heavy, residual, step, following, share, arriving, keep, add)
        ratio = after
        step, following = following, step
        if left <= aim:
            break
    return share


@_compiled
def _arriving(begin, column, light, step, arriving):  # type: ignore[no-untyped-def]
    """What arrives at each node in one step, eight nodes at a time."""
    for group in range(_U(len(begin) - 1)):
        a = b = c = d = e = f = g = h = np.float32(0)
        for at in range(begin[group], begin[group + _1], _8):
            a += light[at] * step[column[at]]
            b += light[at + _1] * step[column[at + _1]]
            c += light[at + _2] * step[column[at + _2]]
            d += light[at + _3] * step[column[at + _3]]
            e += light[at + _4] * step[column[at + _4]]
            f += light[at + _5] * step[column[at + _5]]
            g += light[at + _6] * step[column[at + _6]]
            h += light[at + _7] * step[column[at + _7]]
        to = _8 * group
        arriving[to], arriving[to + _1], arriving[to + _2], arriving[to + _3] = a, b, c, d
        arriving[to + _4], arriving[to + _5], arriving[to + _6], arriving[to + _7] = e, f, g, h


@_compiled
def _moved(heavy, residual, step, following, share, arriving, keep, add):  # type: ignore[no-untyped-def]
    """Takes the step and prepares the next; what is left of the residual."""
    for i in range(len(residual)):
        residual[i] = residual[i] - step[i] + arriving[i]
        following[i] = keep * step[i] + add * residual[i]
        share[i] += following[i]
    # eight sums: they need not wait for each other, and their order does not depend on the machine
    a = b = c = d = e = f = g = h = np.float32(0)
    for i in range(0, len(residual), 8):
        a += heavy[i] * abs(residual[i])
        b += heavy[i + 1] * abs(residual[i + 1])
        c += heavy[i + 2] * abs(residual[i + 2])
        d += heavy[i + 3] * abs(residual[i + 3])
        e += heavy[i + 4] * abs(residual[i + 4])
        f += heavy[i + 5] * abs(residual[i + 5])
        g += heavy[i + 6] * abs(residual[i + 6])
        h += heavy[i + 7] * abs(residual[i + 7])
    return (a + b) + (c + d) + (e + f) + (g + h)


@_compiled
def _power(first, other, weight, out, start, damping, tolerance, most):  # type: ignore[no-untyped-def]
    """The solution scaled to sum 1, by plain steps; ``first``, ``other`` and ``weight`` are ties that arrive."""
    share = (1.0 - damping) * start
    scaled = np.empty(len(out))
    residual = np.empty(len(out))
    for _ in range(most):
        for i in range(len(out)):
            scaled[i] = share[i] / out[i] if out[i] > 0 else 0.0
        left = 0.0
        for i in range(len(out)):
            arriving = 0.0
            for at in range(first[i], first[i + 1]):
                arriving += weight[at] * scaled[other[at]]
            residual[i] = (1.0 - damping) * start[i] - share[i] + damping * arriving
            left += abs(residual[i])
        if 2.0 * left / (1.0 - damping) <= tolerance * share.sum():
            break
        share += residual
    return share / share.sum()
