"""The equations of the bipartite configuration model solved, compiled by numba.

Newton steps on the logarithms of x and y; the likelihood is concave in them. Each step is one linear system: contexts
are eliminated (their part is diagonal), and what is left for the rows is solved by Cholesky's method.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

#: share of a full step below which it is not halved again
_LEAST_STEP = 1e-6
#: a step that brings the largest difference below this share of what it was needs no look at the likelihood
_WELL = 0.5


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


@_compiled
def _missing(x, y, rows, contexts, row_counts, context_counts, chance, missing_rows, missing_contexts):  # type: ignore[no-untyped-def]
    """Largest difference of a degree; ``chance`` and the differences are filled."""
    missing_rows[:] = rows
    missing_contexts[:] = contexts
    for i in range(len(x)):
        own = chance[i]
        for j in range(len(y)):
            own[j] = 1.0 / (1.0 + math.exp(-(x[i] + y[j])))
        for j in range(len(y)):
            missing_contexts[j] -= row_counts[i] * own[j]
            missing_rows[i] -= context_counts[j] * own[j]
    return max(np.abs(missing_rows).max(), np.abs(missing_contexts).max())


@_compiled
def _likelihood(x, y, rows, contexts, row_counts, context_counts):  # type: ignore[no-untyped-def]
    value = 0.0
    for i in range(len(x)):
        value += rows[i] * row_counts[i] * x[i]
        for j in range(len(y)):
            both = x[i] + y[j]
            above = max(both, 0.0) + math.log1p(math.exp(-abs(both)))
            value -= row_counts[i] * context_counts[j] * above
    for j in range(len(y)):
        value += contexts[j] * context_counts[j] * y[j]
    return value


@_compiled
def _step(chance, row_counts, context_counts, missing_rows, missing_contexts):  # type: ignore[no-untyped-def]
    """Newton's step: (change of x, change of y)."""
    many, others = chance.shape
    cross = np.empty((many, others))
    diagonal, own_contexts = np.zeros(many), np.zeros(others)
    for i in range(many):
        for j in range(others):
            value = chance[i, j] * (1.0 - chance[i, j]) * row_counts[i] * context_counts[j]
            cross[i, j] = value
            diagonal[i] += value
            own_contexts[j] += value
    # x up and y down by the same changes nothing: a little of the identity makes the step unique
    ridge = 1e-10 * max(diagonal.max(), own_contexts.max()) + 1e-300
    own_contexts += ridge
    right_contexts = context_counts * missing_contexts / own_contexts
    system = np.zeros((many, many))
    x = np.empty(many)
    over = np.ascontiguousarray(cross.T)
    for j in range(others):
        column = over[j]
        for i in range(many):
            factor = column[i] / own_contexts[j]
            line = system[i]
            for k in range(i + 1):
                line[k] -= factor * column[k]
    for i in range(many):
        system[i, i] += diagonal[i] + ridge
        x[i] = row_counts[i] * missing_rows[i]
        for j in range(others):
            x[i] -= cross[i, j] * right_contexts[j]
    _solve(system, x, ridge)
    y = right_contexts.copy()
    for i in range(many):
        for j in range(others):
            y[j] -= cross[i, j] * x[i] / own_contexts[j]
    return x, y


@_compiled
def _solve(system, right, least):  # type: ignore[no-untyped-def]
    """``right`` replaced by the solution, of a positive definite system whose lower half is given and overwritten."""
    many = len(right)
    for i in range(many):
        for j in range(i):
            value = system[i, j]
            for k in range(j):
                value -= system[i, k] * system[j, k]
            system[i, j] = value / system[j, j]
        value = system[i, i]
        for k in range(i):
            value -= system[i, k] * system[i, k]
        # rounding must not take what the identity gave
        system[i, i] = math.sqrt(max(value, least))
    for i in range(many):
        for k in range(i):
            right[i] -= system[i, k] * right[k]
        right[i] /= system[i, i]
    for i in range(many - 1, -1, -1):
        right[i] /= system[i, i]
        for k in range(i):
            right[k] -= system[i, k] * right[i]


@_compiled
def newton(rows, contexts, row_counts, context_counts, tolerance, largest_step, most_steps):  # type: ignore[no-untyped-def]
    """(whether solved to ``tolerance``, probability by class of row and of context) for degrees by class."""
    total = (rows * row_counts).sum()
    x, y = np.log(rows / np.sqrt(total)), np.log(contexts / np.sqrt(total))
    chance = np.empty((len(x), len(y)))
    missing_rows, missing_contexts = np.empty(len(x)), np.empty(len(y))
    left = _missing(x, y, rows, contexts, row_counts, context_counts, chance, missing_rows, missing_contexts)
    for _ in range(most_steps):
        if left <= tolerance:
            return True, chance
        step_x, step_y = _step(chance, row_counts, context_counts, missing_rows, missing_contexts)
        step_x = np.minimum(np.maximum(step_x, -largest_step), largest_step)
        step_y = np.minimum(np.maximum(step_y, -largest_step), largest_step)
        before_left, before = left, 0.0
        size, compared = 1.0, False
        while True:
            to_x, to_y = x + size * step_x, y + size * step_y
            left = _missing(
                to_x, to_y, rows, contexts, row_counts, context_counts, chance, missing_rows, missing_contexts
            )
            if left <= _WELL * before_left or size <= _LEAST_STEP:
                break
            if not compared:
                before = _likelihood(x, y, rows, contexts, row_counts, context_counts)
                compared = True
            likely = _likelihood(to_x, to_y, rows, contexts, row_counts, context_counts)
            if likely >= before - 1e-12 * abs(before):
                break
            size /= 2.0
        x, y = to_x, to_y
    return False, chance
