"""Personalised PageRank against hand-solved walks, a dense solution, and networkx with a tight tolerance."""

from __future__ import annotations

import networkx
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from analysis.pagerank import personalised_pagerank
from graph.errors import UsageError


def matrix(count: int, *ties: tuple[int, int, float], both: bool = True) -> sparse.csr_array:
    dense = np.zeros((count, count))
    for one, two, weight in ties:
        dense[one, two] += weight
        if both:
            dense[two, one] += weight
    return sparse.csr_array(dense)


def solved(weights: sparse.csr_array, seeds: npt.ArrayLike, damping: float) -> npt.NDArray[np.float64]:
    """The definition: a dense transition matrix, nodes without ties going back to the seeds, one linear system."""
    dense, start = weights.toarray(), np.asarray(seeds, dtype=float)
    start = start / start.sum()
    walk = np.zeros_like(dense)
    for row in range(len(start)):
        out = dense[row].sum()
        walk[row] = dense[row] / out if out > 0 else start
    answer: npt.NDArray[np.float64] = np.linalg.solve(np.eye(len(start)) - damping * walk.T, (1 - damping) * start)
    return answer


def random_network(seed: int, *, both: bool) -> tuple[sparse.csr_array, npt.NDArray[np.float64]]:
    generator = np.random.default_rng(seed)
    count = int(generator.integers(1, 40))
    found = sparse.random_array((count, count), density=float(generator.choice([0.0, 0.03, 0.15])), rng=generator)
    weights = sparse.csr_array(found + found.T) if both else sparse.csr_array(found)
    seeds = np.where(generator.random(count) < 0.2, generator.random(count) + 0.01, 0.0)
    seeds[int(generator.integers(count))] = 1.0
    return weights, seeds


def test_two_nodes_solved_on_paper() -> None:
    # x0 = .15 + .85 x1 and x1 = .85 x0: x0 = .15 / (1 - .7225) = 1 / 1.85
    share = personalised_pagerank(matrix(2, (0, 1, 3.0)), [1, 0])
    assert share == pytest.approx([1 / 1.85, 0.85 / 1.85], abs=1e-9)


def test_a_star_solved_on_paper() -> None:
    # from the centre: x0 = 1 / 1.85 as above, the rest shared by weight, here 1 to 3
    share = personalised_pagerank(matrix(3, (0, 1, 1.0), (0, 2, 3.0)), [1, 0, 0])
    assert share == pytest.approx([1 / 1.85, 0.85 / 1.85 / 4, 0.85 / 1.85 * 3 / 4], abs=1e-9)


def test_the_example_of_page_and_brin_as_networkx_documents_it() -> None:
    # A. Langville and C. Meyer, A Survey of Eigenvector Methods for Web Information Retrieval, SIAM Review 47 (2005):
    # six pages, the second without links; damping .9, uniform start. Values as in networkx's own tests.
    ties = [(0, 1), (0, 2), (2, 0), (2, 1), (2, 4), (3, 4), (3, 5), (4, 3), (4, 5), (5, 3)]
    share = personalised_pagerank(matrix(6, *((a, b, 1.0) for a, b in ties), both=False), np.ones(6), damping=0.9)
    published = [0.03721197, 0.05395735, 0.04150565, 0.37508082, 0.20599833, 0.28624589]
    assert share == pytest.approx(published, abs=1e-8)


def test_what_no_seed_reaches_has_nothing() -> None:
    share = personalised_pagerank(matrix(5, (0, 1, 1.0), (2, 3, 1.0)), [1, 0, 0, 0, 0])
    assert share[2:].tolist() == [0.0, 0.0, 0.0]
    assert share.sum() == pytest.approx(1.0)


def test_a_seed_without_ties_keeps_its_share() -> None:
    share = personalised_pagerank(matrix(3, (0, 1, 1.0)), [0.5, 0, 0.5])
    assert share == pytest.approx(solved(matrix(3, (0, 1, 1.0)), [0.5, 0, 0.5], 0.85), abs=1e-9)
    assert share[2] > 0


def test_disconnected_seeds_are_mixed_in_proportion() -> None:
    network = matrix(4, (0, 1, 1.0), (2, 3, 1.0))
    share = personalised_pagerank(network, [3, 0, 1, 0])
    assert share[0] / share[2] == pytest.approx(3.0)


@settings(max_examples=60)
@given(seed=st.integers(0, 100_000), damping=st.sampled_from([0.0, 0.3, 0.85, 0.99]), both=st.booleans())
def test_equal_to_the_dense_solution(seed: int, damping: float, both: bool) -> None:
    weights, seeds = random_network(seed, both=both)
    share = personalised_pagerank(weights, seeds, damping=damping)
    assert float(np.abs(share - solved(weights, seeds, damping)).sum()) <= 1e-9


@settings(max_examples=30)
@given(seed=st.integers(0, 100_000))
def test_both_ways_of_solving_agree(seed: int) -> None:
    weights, seeds = random_network(seed, both=True)
    one = personalised_pagerank(weights, seeds, symmetric=True)
    assert float(np.abs(one - personalised_pagerank(weights, seeds, symmetric=False)).sum()) <= 2e-9


def test_equal_to_networkx_when_that_is_asked_precisely() -> None:
    graph = networkx.karate_club_graph()
    weights = sparse.csr_array(networkx.to_scipy_sparse_array(graph, weight="weight"))
    theirs = networkx.pagerank(graph, personalization={0: 1, 33: 2}, tol=1e-14, max_iter=1000)
    share = personalised_pagerank(weights, [1 if at == 0 else 2 if at == 33 else 0 for at in range(34)])
    assert share == pytest.approx([theirs[at] for at in range(34)], abs=1e-9)


def test_a_line_of_many_nodes_is_as_exact() -> None:
    # the further from the seed the smaller: x falls by the same factor at each step of an endless line
    count = 5_000
    row = np.arange(count - 1)
    line = sparse.coo_array((np.ones(count - 1), (row, row + 1)), shape=(count, count))
    ties = sparse.csr_array(line + line.T)
    share = personalised_pagerank(ties, np.eye(1, count, 2_000).ravel())
    factor = (1 - np.sqrt(1 - 0.85**2)) / 0.85
    assert share[2_001:2_010] / share[2_000:2_009] == pytest.approx(np.full(9, factor), abs=1e-6)
    assert share.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("weights", "seeds"),
    [
        (sparse.csr_array((2, 3)), [1, 0]),
        (sparse.csr_array((2, 2)), [1, 0, 0]),
        (sparse.csr_array((2, 2)), [0, 0]),
        (sparse.csr_array((2, 2)), [1, -1]),
        (sparse.csr_array(np.array([[0, -1.0], [-1.0, 0]])), [1, 0]),
        (sparse.csr_array(np.array([[0, np.inf], [np.inf, 0]])), [1, 0]),
    ],
)
def test_what_makes_no_sense_is_refused(weights: sparse.csr_array, seeds: list[float]) -> None:
    with pytest.raises(UsageError):
        personalised_pagerank(weights, seeds)


@pytest.mark.parametrize("damping", [-0.1, 1.0])
def test_a_walk_that_never_returns_is_refused(damping: float) -> None:
    with pytest.raises(UsageError):
        personalised_pagerank(matrix(2, (0, 1, 1.0)), [1, 0], damping=damping)
