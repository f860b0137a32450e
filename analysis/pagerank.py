"""Personalised PageRank, exact: where a walk that keeps coming back to given people spends its time.

From a node the walk follows a tie with probability ``damping``, in proportion to the ties' weights, and else returns
to the seeds; from a node without ties it always returns. The answer is bounded by its true error in the sum of absolute
differences, whatever the number of nodes. (Implementations that stop when a step changes less than ``tolerance`` times
the number of nodes stop far too early on large networks: with a million nodes and 1e-6 after hardly any step.)

The share of time x solves (I - damping P) x = c s, P the walk and s the seeds; what nodes without ties give back goes
to s too, so it only scales x, and x is scaled to sum 1 at the end. For a symmetric matrix the eigenvalues of P are real
and within -1 and 1, so Chebyshev's iteration needs about a third of the steps of the power method (Golub and Van Loan,
Matrix Computations, section 11.2.8); for others the power method is used. Only what the seeds reach is computed.
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
#: nodes that are put in order of their number of ties together
BLOCK = 4_096


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
    first, other, weight, order = _arranged(matrix.indptr, matrix.indices, matrix.data, np.flatnonzero(start), BLOCK)
    result = np.zeros(len(start))
    if len(weight):
        weight /= weight.max()
    result[order] = _chebyshev(first, other, weight, start[order], damping, tolerance, MOST_STEPS)
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
def _arranged(first, other, weight, roots, block):  # type: ignore[no-untyped-def]
    """What the roots reach, renumbered: rows, columns and weights, and the old number of each new one.

    Breadth first, so that neighbours lie close together in memory; within blocks by number of ties, so that loops of
    equal length follow each other.
    """
    count = len(first) - 1
    seen = np.zeros(count, dtype=np.bool_)
    order = np.empty(count, dtype=np.uint32)
    filled = 0
    for root in roots:
        seen[root] = True
        order[filled] = root
        filled += 1
    taken = 0
    while taken < filled:
        node = order[taken]
        taken += 1
        for at in range(first[node], first[node + 1]):
            neighbour = np.uint32(other[at])
            if not seen[neighbour]:
                seen[neighbour] = True
                order[filled] = neighbour
                filled += 1
    order = _by_length(first, order[:filled], block)
    number = np.empty(count, dtype=np.uint32)
    for at in range(filled):
        number[order[at]] = at
    begin = np.zeros(filled + 1, dtype=np.uint32)
    for row in range(filled):
        begin[row + 1] = begin[row] + np.uint32(first[order[row] + 1] - first[order[row]])
    columns = np.empty(begin[filled], dtype=np.uint32)
    values = np.empty(begin[filled], dtype=np.float64)
    at_new = 0
    for row in range(filled):
        for at in range(first[order[row]], first[order[row] + 1]):
            columns[at_new] = number[np.uint32(other[at])]
            values[at_new] = weight[at]
            at_new += 1
    return begin, columns, values, order


@_compiled
def _by_length(first, order, block):  # type: ignore[no-untyped-def]
    """The same nodes, by number of ties within each block."""
    longest = 64
    arranged = np.empty(len(order), dtype=np.uint32)
    for begin in range(0, len(order), block):
        end = min(begin + block, len(order))
        place = np.zeros(longest + 2, dtype=np.int64)
        for at in range(begin, end):
            place[min(first[order[at] + 1] - first[order[at]], longest) + 1] += 1
        for length in range(longest + 1):
            place[length + 1] += place[length]
        for at in range(begin, end):
            length = min(first[order[at] + 1] - first[order[at]], longest)
            arranged[begin + place[length]] = order[at]
            place[length] += 1
    return arranged


@_compiled
def _chebyshev(first, other, weight, start, damping, tolerance, most):  # type: ignore[no-untyped-def]
    """The solution scaled to sum 1, for symmetric weights.

    Solved for u = x / (sum of weights of the node), in which (I - damping P) has the same spectrum, within 1 - damping
    and 1 + damping. Corrections are found in single precision, which moves half the memory; what they leave is computed
    in double precision, and corrected again until the bound holds.
    """
    count = len(start)
    out = np.zeros(count)
    for i in range(count):
        for at in range(first[i], first[i + 1]):
            out[i] += weight[at]
        # a node without ties only gives back to the seeds
        out[i] = out[i] if out[i] > 0 else 1.0
    light = np.empty(len(weight), dtype=np.float32)
    for i in range(count):
        for at in range(first[i], first[i + 1]):
            light[at] = damping * weight[at] / out[i]
    heavy = out.astype(np.float32)
    share = (1.0 - damping) * start / out
    residual = np.empty(count)
    steps = 0
    # (1 - damping) bounds the inverse; scaling to sum 1 at most doubles the error
    enough = tolerance * (1.0 - damping) / 2.0
    while True:
        left = 0.0
        total = 0.0
        for i in range(count):
            arriving = 0.0
            for at in range(first[i], first[i + 1]):
                arriving += weight[at] * share[other[at]]
            residual[i] = ((1.0 - damping) * start[i] + damping * arriving) / out[i] - share[i]
            left += out[i] * abs(residual[i])
            total += out[i] * share[i]
        if left <= enough * total or steps >= most or damping == 0.0:
            break
        aim = max(0.7 * enough * total / left, 2e-5)
        unit = (residual / left).astype(np.float32)
        steps += _descend(first, other, light, heavy, unit, np.float32(damping), np.float32(aim), most)
        for i in range(count):
            share[i] += left * unit[i]
    share = np.maximum(share * out, 0.0)
    return share / share.sum()


@_compiled
def _descend(first, other, weight, out, residual, damping, enough, most):  # type: ignore[no-untyped-def]
    """The correction in place of ``residual``, until what it leaves is at most ``enough``; the number of steps."""
    step = residual.copy()
    following = np.empty_like(step)
    share = residual.copy()
    one, two = np.float32(1), np.float32(2)
    ratio = damping
    taken = 0
    for _ in range(most):
        taken += 1
        after = one / (two / damping - ratio)
        keep, add = after * ratio, two * after / damping
        left = 0.0
        for i in range(len(share)):
            arriving = np.float32(0)
            for at in range(first[i], first[i + 1]):
                arriving += weight[at] * step[other[at]]
            now = residual[i] - step[i] + arriving
            residual[i] = now
            left += out[i] * abs(now)
            following[i] = keep * step[i] + add * now
            share[i] += following[i]
        ratio = after
        step, following = following, step
        if left <= enough:
            break
    residual[:] = share
    return taken


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
