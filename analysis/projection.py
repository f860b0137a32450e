"""Shared contexts beyond chance: which rows meet in more contexts, or which context holds more seeds, than expected.

Hypergeometric: the test of Tumminello, Miccichè, Lillo, Piilo and Mantegna, "Statistically validated networks in
bipartite complex systems", PLoS ONE 2011: with N contexts of which two rows are in n_i and n_j, sharing x,
p = P(X >= x) for X hypergeometric(N, n_i, n_j). For seeds: N rows of which K are seeds, a context of n rows holding k.

Degree-corrected: rows differ in how much is recorded of them and contexts in how busy they are. A row of degree d is in
a context of size s with probability min(1, d s / E), E being all memberships (the stochastic degree sequence model of
Neal 2014 with Chung-Lu probabilities). Two rows then share a Poisson-binomial number of contexts, computed exactly; a
context of n members holds a binomial number of seeds with the seeds' share of all memberships as probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from graph.errors import UsageError
from graph.snapshot import Float64, Int64

Model = Literal["hypergeometric", "degree_corrected"]


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """One entry for each pair of rows that share a context (by row, then other), or for each context."""

    #: smaller row of the pair; or the context
    row: Int64
    #: larger row of the pair; for contexts the same as ``row``
    other: Int64
    #: shared contexts; or seeds in the context
    observed: Int64
    #: expected by chance
    expected: Float64
    #: P(X >= observed) by chance
    p_value: Float64
    #: -log10 of the p-value, finite
    surprise: Float64


def surprise(
    membership: Any, *, seeds: npt.ArrayLike | None = None, model: Model = "hypergeometric", largest: int | None = None
) -> Surprise:
    """How surprising shared contexts are.

    ``membership`` is a sparse 0/1 matrix, rows by contexts; other non-zero values count as 1. Without ``seeds``: every
    pair of rows with at least one shared context. With ``seeds`` (row numbers, or True and False by row): every context
    with the seeds among its members. ``largest`` leaves out contexts of more members (pairs grow with the square).
    Raises UsageError for an unknown model or seeds that are not rows.
    """
    if model not in ("hypergeometric", "degree_corrected"):
        raise UsageError("the model is hypergeometric or degree_corrected")
    matrix = sparse.csr_array(membership, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.data = np.ones(len(matrix.data))
    if largest is not None:
        kept = np.asarray(matrix.sum(axis=0)).ravel() <= largest
        matrix = sparse.csr_array(matrix[:, np.flatnonzero(kept)])
    if seeds is not None:
        return _contexts(matrix, _seed_mask(seeds, matrix.shape[0]), model)
    return _pairs(matrix, model)


def _seed_mask(seeds: npt.ArrayLike, rows: int) -> npt.NDArray[np.bool_]:
    given = np.asarray(seeds)
    if given.dtype == np.bool_:
        if given.shape != (rows,):
            raise UsageError("seeds given as True and False need one entry a row")
        return given
    mask = np.zeros(rows, dtype=np.bool_)
    if given.size and (given.min() < 0 or given.max() >= rows):
        raise UsageError("a seed is not a row of the membership")
    mask[given.astype(np.int64)] = True
    return mask


def _contexts(matrix: sparse.csr_array, seeds: npt.NDArray[np.bool_], model: Model) -> Surprise:
    degree = np.asarray(matrix.sum(axis=1)).ravel()
    size = np.asarray(matrix.sum(axis=0)).ravel()
    found = np.asarray(seeds.astype(np.float64) @ matrix).ravel()
    if model == "hypergeometric":
        expected = size * seeds.mean() if len(seeds) else size
        p_value = stats.hypergeom.sf(found - 1, len(seeds), int(seeds.sum()), size)
    else:
        total = degree.sum()
        share = float(degree[seeds].sum() / total) if total else 0.0
        expected = size * share
        p_value = stats.binom.sf(found - 1, size, share)
    contexts = np.arange(len(size), dtype=np.int64)
    return _answer(contexts, contexts, found, np.asarray(expected), np.asarray(p_value))


def _pairs(matrix: sparse.csr_array, model: Model) -> Surprise:
    shared = sparse.triu(matrix @ matrix.T, k=1, format="coo")
    order = np.lexsort((shared.col, shared.row))
    row, other = shared.row[order].astype(np.int64), shared.col[order].astype(np.int64)
    found = shared.data[order].astype(np.float64)
    degree = np.asarray(matrix.sum(axis=1)).ravel().astype(np.float64)
    if model == "hypergeometric":
        contexts = matrix.shape[1]
        expected = degree[row] * degree[other] / max(contexts, 1)
        # few different cases among many pairs
        low, high = np.minimum(degree[row], degree[other]), np.maximum(degree[row], degree[other])
        _, first, of_case = np.unique(
            (low * (contexts + 1) + high) * (contexts + 1) + found, return_index=True, return_inverse=True
        )
        tail = stats.hypergeom.sf(found[first] - 1, contexts, low[first].astype(int), high[first].astype(int))
        p_value = tail[of_case]
        return _answer(row, other, found, expected, p_value)
    expected, p_value = _poisson_binomial(matrix, degree, row, other, found)
    return _answer(row, other, found, expected, p_value)


def _poisson_binomial(
    matrix: sparse.csr_array, degree: Float64, row: Int64, other: Int64, found: Float64
) -> tuple[Float64, Float64]:
    """Exact tail for every distinct pair of degrees: contexts of one size share their probability."""
    size, many = np.unique(np.asarray(matrix.sum(axis=0)).ravel(), return_counts=True)
    total = max(float(degree.sum()), 1.0)
    low, high = np.minimum(degree[row], degree[other]), np.maximum(degree[row], degree[other])
    case = low * (total + 1) + high
    distinct, of_case = np.unique(case, return_inverse=True)
    expected, p_value = np.zeros(len(row)), np.ones(len(row))
    order = np.argsort(of_case, kind="stable")
    bounds = np.searchsorted(of_case[order], np.arange(len(distinct) + 1))
    for number in range(len(distinct)):
        chosen = order[bounds[number] : bounds[number + 1]]
        one, two = low[chosen[0]], high[chosen[0]]
        chance = np.minimum(1.0, one * size / total) * np.minimum(1.0, two * size / total)
        tail = _tail(chance, many, int(found[chosen].max()))
        expected[chosen] = float((chance * many).sum())
        p_value[chosen] = tail[found[chosen].astype(np.int64)]
    return expected, p_value


def _tail(chance: Float64, many: npt.NDArray[Any], most: int) -> Float64:
    """P(X >= x) for x = 0..most, X the sum of ``many[k]`` coins of ``chance[k]``."""
    below = np.zeros(most)
    below[:1] = 1.0
    for probability, count in zip(chance.tolist(), many.tolist(), strict=True):
        part = stats.binom.pmf(np.arange(most), count, probability)
        below = np.convolve(below, part)[:most]
    tail = np.ones(most + 1)
    # summing the small end would be better still, but 1 - sum is exact to 1e-15, and surprise is capped below that
    tail[1:] = np.maximum(1.0 - np.cumsum(below), 1e-15)
    return tail


def _answer(row: Int64, other: Int64, found: Float64, expected: Float64, p_value: Float64) -> Surprise:
    p_value = np.clip(p_value, 1e-300, 1.0)
    return Surprise(row, other, np.rint(found).astype(np.int64), expected, p_value, -np.log10(p_value))
