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

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
#: parts of the rows that are worked on side by side, and entries from which that pays
PARTS, WORTH_THREADS = 2, 200_000
#: nodes that are put in order of their number of ties together
BLOCK = 16_384


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
    first, other, weight, order = _arranged(matrix.indptr, matrix.indices, matrix.data, BLOCK)
    result = np.zeros(len(start))
    if len(weight):
        weight /= weight.max()
    result[order] = _Solving(first, other, weight, start[order], damping).solve(tolerance)
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
    count = len(first) - 1
    order = _by_length(first, block)
    number = np.empty(count, dtype=np.uint32)
    for at in range(count):
        number[order[at]] = at
    begin = np.zeros(count + 1, dtype=np.int64)
    for row in range(count):
        begin[row + 1] = begin[row] + first[order[row] + 1] - first[order[row]]
    columns = np.empty(len(other), dtype=np.uint32)
    values = np.empty(len(other), dtype=np.float64)
    filled = 0
    for row in range(count):
        for at in range(first[order[row]], first[order[row] + 1]):
            columns[filled] = number[np.uint32(other[at])]
            values[filled] = weight[at]
            filled += 1
    return begin, columns, values, order


@_compiled
def _by_length(first, block):  # type: ignore[no-untyped-def]
    """All nodes, by number of ties within each block."""
    longest = 64
    count = len(first) - 1
    arranged = np.empty(count, dtype=np.int64)
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


class _Solving:
    """Chebyshev's iteration for symmetric weights, on rows in a fixed number of parts: the same sums on any machine.

    Solved for u = x / (sum of weights of the node), in which (I - damping P) has the same spectrum, within 1 - damping
    and 1 + damping. Corrections are found in single precision, which moves half the memory; what they leave is computed
    in double precision, and corrected again until the bound holds.
    """

    def __init__(self, first: Any, other: Any, weight: Any, start: Float64, damping: float) -> None:
        self.first, self.other, self.weight, self.start, self.damping = first, other, weight, start, damping
        self.out, self.light = _prepared(first, weight, damping)
        self.heavy = self.out.astype(np.float32)
        count = len(start)
        # parts with as many entries each
        ends = np.searchsorted(first, np.linspace(0, int(first[-1]), PARTS + 1)[1:-1])
        bounds = np.concatenate([[0], ends, [count]]).astype(np.int64)
        self.parts = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))

    def solve(self, tolerance: float) -> Float64:
        """The solution scaled to sum 1."""
        with ThreadPoolExecutor(PARTS) if len(self.weight) >= WORTH_THREADS else _InTurn() as pool:
            return self._solve(tolerance, pool)

    def _solve(self, tolerance: float, pool: ThreadPoolExecutor | _InTurn) -> Float64:
        share = (1.0 - self.damping) * self.start / self.out
        residual = np.empty(len(share))
        # (1 - damping) bounds the inverse; scaling to sum 1 at most doubles the error
        enough = tolerance * (1.0 - self.damping) / 2.0
        for _ in range(MOST_ROUNDS):

            def left_over(part: tuple[int, int], share: Float64 = share) -> tuple[float, float]:
                found: tuple[float, float] = _left_over(
                    self.first, self.other, self.weight, self.out, self.start, share, residual, self.damping, *part
                )
                return found

            sums = list(pool.map(left_over, self.parts))
            left, total = sum(part[0] for part in sums), sum(part[1] for part in sums)
            if left <= enough * total or self.damping == 0.0:
                break
            aim = max(0.7 * enough * total / left, SINGLE)
            share = share + left * self._corrected((residual / left).astype(np.float32), aim, pool)
        share = np.maximum(share * self.out, 0.0)
        return np.asarray(share / share.sum())

    def _corrected(self, residual: Any, aim: float, pool: ThreadPoolExecutor | _InTurn) -> Any:
        """The correction for such a residual, until at most ``aim`` is left of it."""
        step, share, ratio = residual.copy(), residual.copy(), self.damping
        following = np.empty_like(step)
        for _ in range(MOST_STEPS):
            after = 1.0 / (2.0 / self.damping - ratio)
            keep, add = np.float32(after * ratio), np.float32(2.0 * after / self.damping)

            def descend(
                part: tuple[int, int], step: Any = step, following: Any = following, keep: Any = keep, add: Any = add
            ) -> float:
                left: float = _descend(
                    self.first, self.other, self.light, self.heavy, residual, step, following, share, keep, add, *part
                )
                return left

            left = sum(pool.map(descend, self.parts))
            ratio, step, following = after, following, step
            if left <= aim:
                break
        return share


class _InTurn:
    """A pool of no threads."""

    def __enter__(self) -> _InTurn:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @staticmethod
    def map(work: Callable[[tuple[int, int]], Any], parts: Iterable[tuple[int, int]]) -> Iterable[Any]:
        """One part after the other."""
        return map(work, parts)


@_compiled
def _prepared(first, weight, damping):  # type: ignore[no-untyped-def]
    """Sum of weights of each row (1 where there are none: such a node only gives back to the seeds), and the walk."""
    out = np.zeros(len(first) - 1)
    light = np.empty(len(weight), dtype=np.float32)
    for i in range(len(out)):
        for at in range(first[i], first[i + 1]):
            out[i] += weight[at]
        out[i] = out[i] if out[i] > 0 else 1.0
        for at in range(first[i], first[i + 1]):
            light[at] = damping * weight[at] / out[i]
    return out, light


@_compiled
def _left_over(  # type: ignore[no-untyped-def]
    first, other, weight, out, start, share, residual, damping, begin, end
):
    """Writes what ``share`` leaves; its size and that of the share itself."""
    left = 0.0
    total = 0.0
    for i in range(begin, end):
        arriving = 0.0
        for at in range(first[i], first[i + 1]):
            arriving += weight[at] * share[other[at]]
        residual[i] = ((1.0 - damping) * start[i] + damping * arriving) / out[i] - share[i]
        left += out[i] * abs(residual[i])
        total += out[i] * share[i]
    return left, total


@_compiled
def _descend(  # type: ignore[no-untyped-def]
    first, other, light, heavy, residual, step, following, share, keep, add, begin, end
):
    """One step on some rows; what is left of the residual there."""
    left = 0.0
    at = first[begin]
    for i in range(begin, end):
        last = first[i + 1]
        many = last - at
        # most rows are short: written out, they need no loop
        if many == 1:
            arriving = light[at] * step[other[at]]
        elif many == 2:
            arriving = light[at] * step[other[at]] + light[at + 1] * step[other[at + 1]]
        elif many == 3:
            arriving = light[at] * step[other[at]] + light[at + 1] * step[other[at + 1]]
            arriving += light[at + 2] * step[other[at + 2]]
        else:
            arriving, second = np.float32(0), np.float32(0)
            while at + 1 < last:
                arriving += light[at] * step[other[at]]
                second += light[at + 1] * step[other[at + 1]]
                at += 2
            if at < last:
                arriving += light[at] * step[other[at]]
            arriving += second
        at = last
        now = residual[i] - step[i] + arriving
        residual[i] = now
        left += heavy[i] * abs(now)
        following[i] = keep * step[i] + add * now
        share[i] += following[i]
    return left


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
