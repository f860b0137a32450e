"""Shared contexts beyond chance: which rows meet in more contexts than expected, and where seeds gather.

Hypergeometric: the test of Tumminello, Miccichè, Lillo, Piilo and Mantegna, "Statistically validated networks in
bipartite complex systems", PLoS ONE 2011: with N contexts of which two rows are in n_i and n_j, sharing x,
p = P(X >= x) for X hypergeometric(N, n_i, n_j). For seeds in a context: N rows of which K are seeds, n of them in it.

Degree-corrected: rows differ in how much is recorded of them and contexts in how busy they are. Row i is in context j
with the probability of the bipartite configuration model (``analysis.projection_chance``), the stochastic degree
sequence model of Neal. Two rows then share a Poisson-binomial number of contexts, and a context holds a
Poisson-binomial number of seeds; both tails are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from analysis.projection_chance import configuration_model
from analysis.projection_coins import coin_tail, coin_tails
from analysis.projection_kernels import bound, hypergeometric_tails, pair_counts, transposed
from graph.errors import UsageError
from graph.snapshot import Bool, Float64, Int32, Int64

Model = Literal["hypergeometric", "degree_corrected"]
#: room for pairs to begin with; more is taken when it does not do
_ROOM = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """One entry for each pair of rows that share a context, by row, then other."""

    #: smaller row of the pair
    row: Int32
    #: larger row of the pair
    other: Int32
    #: shared contexts
    observed: Int32


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """One entry for each pair of rows that share a context, by row, then other."""

    #: smaller row of the pair
    row: Int32
    #: larger row of the pair
    other: Int32
    #: shared contexts
    observed: Int32
    #: expected by chance
    expected: Float64
    #: P(X >= observed) by chance
    p_value: Float64
    #: -log10 of the p-value, finite
    surprise: Float64
    #: pairs compared, those that share nothing included: what a correction for many tests has to count
    tests: int


@dataclass(frozen=True, slots=True, eq=False)
class Gathering:
    """One entry for each context: how many seeds it holds."""

    #: seeds among its members
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
    """How surprising it is that two rows share as many contexts as they do, for every pair that shares one.

    ``membership`` is a sparse 0/1 matrix, rows by contexts; other non-zero values count as 1. ``seeds`` (row numbers,
    or True and False by row) keeps pairs of two seeds only; degrees and chances are still those of the whole matrix.
    ``largest`` leaves out contexts of more members, as if they were not there (pairs grow with the square). Raises
    UsageError for an unknown model or seeds that are not rows.
    """
    _check(model)
    matrix = _plain(membership, largest)
    chosen = None if seeds is None else np.flatnonzero(_seed_mask(seeds, matrix.shape[0]))
    row, other, observed = _counts(matrix, chosen)
    degree = np.diff(matrix.indptr) if chosen is None else np.diff(matrix.indptr)[chosen]
    if model == "hypergeometric":
        expected, p_value, log = hypergeometric_tails(max(matrix.shape[1], 1), degree, row, other, observed)
    else:
        chance = configuration_model(np.diff(matrix.indptr), _sizes(matrix))
        classes = chance.of_row if chosen is None else chance.of_row[chosen]
        expected, p_value, log = coin_tails(chance.probability, chance.context_counts, classes, row, other, observed)
    if chosen is not None:
        row, other = chosen[row].astype(np.int32), chosen[other].astype(np.int32)
    tests = len(degree) * (len(degree) - 1) // 2
    return Surprise(row, other, observed, expected, p_value, log, tests)


def shared_contexts(membership: Any, *, seeds: npt.ArrayLike | None = None, largest: int | None = None) -> Shared:
    """The counts alone: what networkx calls the weighted projection. Arguments and errors as for ``surprise``."""
    matrix = _plain(membership, largest)
    chosen = None if seeds is None else np.flatnonzero(_seed_mask(seeds, matrix.shape[0]))
    row, other, observed = _counts(matrix, chosen)
    if chosen is not None:
        row, other = chosen[row].astype(np.int32), chosen[other].astype(np.int32)
    return Shared(row, other, observed)


def gatherings(membership: Any, seeds: npt.ArrayLike, *, model: Model = "hypergeometric") -> Gathering:
    """How surprising the number of seeds in each context is. Arguments and errors as for ``surprise``."""
    _check(model)
    matrix = _plain(membership, None)
    seeded = _seed_mask(seeds, matrix.shape[0])
    size = _sizes(matrix)
    found = np.rint(seeded.astype(np.float64) @ matrix).astype(np.int64)
    if model == "hypergeometric":
        expected = size * (seeded.mean() if len(seeded) else 0.0)
        p_value = np.asarray(stats.hypergeom.sf(found - 1, len(seeded), int(seeded.sum()), size), dtype=np.float64)
    else:
        chance = configuration_model(np.diff(matrix.indptr), size)
        many = np.bincount(chance.of_row[seeded], minlength=len(chance.row_degrees))
        expected = (many @ chance.probability)[chance.of_context]
        p_value = np.ones(len(size))
        for number in range(len(chance.context_degrees)):
            here = chance.of_context == number
            tail = coin_tail(chance.probability[:, number].copy(), many, int(found[here].max()))
            p_value[here] = tail[found[here]]
    p_value = np.clip(p_value, 1e-300, 1.0)
    return Gathering(found, np.asarray(expected, dtype=np.float64), p_value, -np.log10(p_value) + 0.0)


def false_discovery(p_values: npt.ArrayLike, *, tests: int | None = None, rate: float = 0.05) -> Bool:
    """Which p-values stand when at most ``rate`` of those that do may be chance (Benjamini and Hochberg 1995).

    ``tests``: how many tests were made, when those that could not stand are not among the p-values; at least as many
    as there are p-values. Raises UsageError for a rate or a number that cannot be.
    """
    values = np.asarray(p_values, dtype=np.float64)
    made = len(values) if tests is None else tests
    if not 0.0 < rate < 1.0 or made < len(values):
        raise UsageError("the rate lies between 0 and 1, and there are at least as many tests as p-values")
    ascending = np.sort(values)
    under = np.flatnonzero(ascending <= rate * np.arange(1, len(values) + 1) / max(made, 1))
    if not len(under):
        return np.zeros(len(values), dtype=np.bool_)
    stands: Bool = values <= ascending[under[-1]]
    return stands


def _check(model: str) -> None:
    if model not in ("hypergeometric", "degree_corrected"):
        raise UsageError("the model is hypergeometric or degree_corrected")


def _plain(membership: Any, largest: int | None) -> sparse.csr_array:
    """A matrix without zeros or doubles; the caller's is never changed."""
    matrix = membership if isinstance(membership, sparse.csr_array) else sparse.csr_array(membership)
    if not matrix.has_canonical_format or not matrix.data.all():
        matrix = matrix.copy()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
    if matrix.data.dtype != np.float64 or (len(matrix.data) and (matrix.data.min(), matrix.data.max()) != (1.0, 1.0)):
        matrix = sparse.csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    if largest is not None:
        matrix = sparse.csr_array(matrix[:, np.flatnonzero(_sizes(matrix) <= largest)])
        matrix.sort_indices()
    return matrix


def _sizes(matrix: sparse.csr_array) -> Int64:
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int64)


def _counts(matrix: sparse.csr_array, chosen: Int64 | None) -> tuple[Int32, Int32, Int32]:
    part = matrix if chosen is None else matrix[chosen]
    column_start, row_of = transposed(part.indptr, part.indices, part.shape[1])
    counts: tuple[Int32, Int32, Int32] = pair_counts(
        part.indptr, part.indices, column_start, row_of, min(bound(column_start), _ROOM)
    )
    return counts


def _seed_mask(seeds: npt.ArrayLike, rows: int) -> Bool:
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
