"""Chance of each row being in each context when nothing but their degrees is known.

The bipartite configuration model (BiCM): of all random networks in which every row and every context has, on average,
the degree it has, the one that assumes least (maximum entropy). Row i is in context j with probability
x_i y_j / (1 + x_i y_j). Rows of one degree share x, contexts of one degree share y, so the equations are solved for
degrees, not for rows: F. Saracco, R. Di Clemente, A. Gabrielli and T. Squartini, Randomizing bipartite networks: the
case of the World Trade Web, Scientific Reports 5 (2015). As the null model of a projection it is the stochastic degree
sequence model of Z. Neal (Social Networks 39, 2014; Z. Neal, R. Domagalski and B. Sagan, Scientific Reports 11, 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.projection_newton import newton
from graph.errors import UsageError
from graph.snapshot import Float64, Int64

#: largest difference between an expected and a given degree
TOLERANCE = 1e-8
#: longest step on the logarithms, and most steps: degrees at the edge of what can be need many
_LARGEST_STEP = 5.0
_MOST_STEPS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """The solved model, by distinct degree."""

    #: distinct degrees of rows and of contexts, ascending
    row_degrees: Int64
    context_degrees: Int64
    #: number of rows and contexts of each
    row_counts: Int64
    context_counts: Int64
    #: class of each row and of each context
    of_row: Int64
    of_context: Int64
    #: probability by class of row and class of context
    probability: Float64


def configuration_model(row_degree: Int64, context_degree: Int64, *, tolerance: float = TOLERANCE) -> Chance:
    """Solve the bipartite configuration model for degrees to ``tolerance``.

    Raises UsageError when the degrees do not belong to one network (unequal sums, a degree larger than the number of
    partners) or no solution is found.
    """
    row_degree, context_degree = np.asarray(row_degree, np.int64), np.asarray(context_degree, np.int64)
    if row_degree.sum() != context_degree.sum():
        raise UsageError("rows and contexts have different numbers of memberships")
    if row_degree.max(initial=0) > len(context_degree) or context_degree.max(initial=0) > len(row_degree):
        raise UsageError("a degree is larger than the number of possible partners")
    rows, of_row, row_counts = np.unique(row_degree, return_inverse=True, return_counts=True)
    contexts, of_context, context_counts = np.unique(context_degree, return_inverse=True, return_counts=True)
    probability = np.zeros((len(rows), len(contexts)))
    open_rows, open_contexts, left_rows, left_contexts = _forced(
        rows, contexts, row_counts, context_counts, probability
    )
    if open_rows.any():
        probability[np.ix_(open_rows, open_contexts)] = _solved(
            left_rows[open_rows].astype(np.float64),
            left_contexts[open_contexts].astype(np.float64),
            row_counts[open_rows].astype(np.float64),
            context_counts[open_contexts].astype(np.float64),
            tolerance,
        )
    return Chance(rows, contexts, row_counts, context_counts, of_row, of_context, probability)


def _forced(
    rows: Int64, contexts: Int64, row_counts: Int64, context_counts: Int64, probability: Float64
) -> tuple[np.ndarray, np.ndarray, Int64, Int64]:
    """Settle rows and contexts that must be in nothing or in everything left; returns what is open, and degrees left.

    Classes stay classes: what is settled takes the same from every row and context that is left.
    """
    open_rows, open_contexts = np.ones(len(rows), np.bool_), np.ones(len(contexts), np.bool_)
    left_rows, left_contexts = rows.copy(), contexts.copy()
    while open_rows.any():
        full = open_rows & (left_rows == context_counts[open_contexts].sum())
        if full.any():
            probability[np.ix_(full, open_contexts)] = 1.0
            left_contexts[open_contexts] -= row_counts[full].sum()
        open_rows &= ~full & (left_rows > 0)
        full_contexts = open_contexts & (left_contexts == row_counts[open_rows].sum()) & open_rows.any()
        if full_contexts.any():
            probability[np.ix_(open_rows, full_contexts)] = 1.0
            left_rows[open_rows] -= context_counts[full_contexts].sum()
        shut = open_contexts & (full_contexts | (left_contexts <= 0))
        open_contexts &= ~shut
        open_now = open_rows & (left_rows > 0)
        if not full.any() and not shut.any() and (open_now == open_rows).all():
            break
        open_rows = open_now
    return open_rows, open_contexts, left_rows, left_contexts


def _solved(
    rows: Float64, contexts: Float64, row_counts: Float64, context_counts: Float64, tolerance: float
) -> Float64:
    """Probabilities by class, from whichever side has fewer classes."""
    if len(rows) > len(contexts):
        return np.ascontiguousarray(_solved(contexts, rows, context_counts, row_counts, tolerance).T)
    found, chance = newton(rows, contexts, row_counts, context_counts, tolerance, _LARGEST_STEP, _MOST_STEPS)
    if not found:
        raise UsageError("no configuration model found for these degrees")
    solved: Float64 = chance
    return solved
