"""Getis and Ord's local statistic Gi*: do high values lie together around a place, itself included.

Getis and Ord, Geographical Analysis 24 (1992); standardised as in Ord and Getis, Geographical Analysis 27 (1995).
Many places are tested, so significance controls the false discovery rate (Benjamini and Hochberg, 1995).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from graph.snapshot import Bool, Float64


@dataclass(frozen=True, slots=True, eq=False)
class GStar:
    """One entry a place."""

    #: standard deviates; positive where high values lie together
    z: Float64
    #: two-sided normal probability
    p: Float64
    #: stands at the false discovery rate asked for
    significant: Bool


def getis_ord_g_star(
    values: npt.ArrayLike, neighbours: sparse.csr_array | sparse.coo_array | sparse.csr_matrix, *, fdr: float = 0.05
) -> GStar:
    """Gi* of every place. ``neighbours`` (n, n) holds the weights, each place's own weight included (else it is Gi).

    Where the values or the weights of a place do not vary there is nothing to compare: z is 0. Raises ValueError for
    shapes that do not fit, values that are no numbers, or a place without its own weight.
    """
    x = np.asarray(values, dtype=np.float64)
    weights: sparse.csr_array = sparse.csr_array(neighbours).astype(np.float64)
    count = len(x)
    if x.ndim != 1 or weights.shape != (count, count) or not np.isfinite(x).all():
        raise ValueError("one finite value a place, and a square matrix of weights")
    if count and (weights.diagonal() == 0).any():
        raise ValueError("every place counts itself among its neighbours")
    if count < 2:
        return GStar(np.zeros(count), np.ones(count), np.zeros(count, dtype=np.bool_))
    mean = x.mean()
    spread = np.sqrt(np.mean((x - mean) ** 2))
    sums = np.asarray(weights.sum(axis=1)).ravel()
    squares = np.asarray(weights.multiply(weights).sum(axis=1)).ravel()
    room = np.maximum(count * squares - sums**2, 0.0)
    scale = spread * np.sqrt(room / (count - 1))
    scale[room <= 1e-12 * sums**2] = 0.0
    # around the mean, so that large values with a small spread keep their digits
    over = weights @ (x - mean)
    known = scale > 1e-14 * max(1.0, float(np.abs(x).max()))
    z = np.divide(over, scale, out=np.zeros(count), where=known)
    p = np.minimum(2 * stats.norm.sf(np.abs(z)), 1.0)
    return GStar(z, p, discoveries(p, fdr))


def discoveries(p: Float64, rate: float) -> Bool:
    """Benjamini and Hochberg's step-up rule: True where the p-value stands at this false discovery rate."""
    count = len(p)
    order = np.argsort(p, kind="stable")
    passed = np.flatnonzero(p[order] <= rate * np.arange(1, count + 1) / max(count, 1))
    result = np.zeros(count, dtype=np.bool_)
    if len(passed):
        result[order[: passed[-1] + 1]] = True
    return result
