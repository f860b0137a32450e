"""Shared contexts against exact tables, independent calculation and a published network.

Southern women: A. Davis, B. B. Gardner and M. R. Gardner, Deep South, University of Chicago Press 1941; the network as
distributed with networkx. The hypergeometric test is that of M. Tumminello, S. Miccichè, F. Lillo, J. Piilo and
R. N. Mantegna, PLoS ONE 6(3): e17994 (2011).
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import comb

import networkx
import numpy as np
import pytest
from scipy import sparse, stats

from analysis.projection import surprise
from graph.errors import UsageError


def southern_women() -> tuple[list[str], sparse.csr_array]:
    graph = networkx.davis_southern_women_graph()
    women, events = graph.graph["top"], graph.graph["bottom"]
    return women, sparse.csr_array(networkx.bipartite.biadjacency_matrix(graph, women, events))


def exact_tail(total: int, one: int, two: int, shared: int) -> Fraction:
    ways = sum(comb(one, x) * comb(total - one, two - x) for x in range(shared, min(one, two) + 1))
    return Fraction(ways, comb(total, two))


def test_every_pair_of_the_southern_women_by_exact_fractions() -> None:
    _, matrix = southern_women()
    dense = matrix.toarray()
    found = surprise(matrix)
    at = {(row, other): position for position, (row, other) in enumerate(zip(found.row, found.other, strict=True))}
    for row, other in itertools.combinations(range(18), 2):
        shared = int((dense[row] * dense[other]).sum())
        if shared == 0:
            assert (row, other) not in at
            continue
        expected = exact_tail(14, int(dense[row].sum()), int(dense[other].sum()), shared)
        assert found.observed[at[row, other]] == shared
        assert found.p_value[at[row, other]] == pytest.approx(float(expected), rel=1e-9)


def test_evelyn_and_laura() -> None:
    """Eight and seven of fourteen events, six together: (C(8,6)·6 + 8) / C(14,7) = 176 / 3432."""
    women, matrix = southern_women()
    found = surprise(matrix)
    pair = sorted((women.index("Evelyn Jefferson"), women.index("Laura Mandeville")))
    at = np.flatnonzero((found.row == pair[0]) & (found.other == pair[1]))
    assert found.p_value[at] == pytest.approx([176 / 3432])


def test_seeds_by_hypergeometric_tail() -> None:
    _, matrix = southern_women()
    found = surprise(matrix, seeds=[0, 1, 2, 3])
    sizes = np.asarray(matrix.sum(axis=0)).ravel()
    hits = matrix.toarray()[:4].sum(axis=0)
    assert found.p_value == pytest.approx(stats.hypergeom.sf(hits - 1, 18, 4, sizes))


def test_seeds_degree_corrected_by_binomial_tail() -> None:
    _, matrix = southern_women()
    found = surprise(matrix, seeds=[0, 1, 2, 3], model="degree_corrected")
    dense = matrix.toarray()
    share = dense[:4].sum() / dense.sum()
    assert found.expected == pytest.approx(dense.sum(axis=0) * share)
    assert found.p_value == pytest.approx(stats.binom.sf(dense[:4].sum(axis=0) - 1, dense.sum(axis=0), share))


def test_degree_corrected_pairs_by_enumeration_of_all_outcomes() -> None:
    generator = np.random.default_rng(5)
    dense = (generator.random((6, 7)) < 0.5).astype(float)
    found = surprise(sparse.csr_array(dense), model="degree_corrected")
    degree, size, total = dense.sum(axis=1), dense.sum(axis=0), dense.sum()
    for row, other, shared, p_value in zip(found.row, found.other, found.observed, found.p_value, strict=True):
        chance = np.minimum(1, degree[row] * size / total) * np.minimum(1, degree[other] * size / total)
        tail = 0.0
        for outcome in itertools.product((0, 1), repeat=7):
            if sum(outcome) >= shared:
                tail += float(np.prod(np.where(outcome, chance, 1 - chance)))
        assert p_value == pytest.approx(tail, rel=1e-6)


def test_chance_is_rarely_surprising() -> None:
    """Negative control: in random memberships about one pair in a hundred has p below .01."""
    generator = np.random.default_rng(11)
    dense = generator.random((150, 60)) < 0.2
    found = surprise(sparse.csr_array(dense.astype(float)))
    assert (found.p_value < 0.01).sum() <= 0.015 * 150 * 149 / 2


def test_busy_contexts_can_be_left_out() -> None:
    dense = np.ones((5, 2))
    dense[2:, 1] = 0
    assert set(surprise(sparse.csr_array(dense), largest=2).observed.tolist()) == {1}


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(UsageError):
        surprise(sparse.csr_array(np.ones((2, 2))), model="other")  # type: ignore[arg-type]


def test_a_seed_that_is_no_row_is_refused() -> None:
    with pytest.raises(UsageError):
        surprise(sparse.csr_array(np.ones((2, 2))), seeds=[5])
