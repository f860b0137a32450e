"""Shared contexts against exact tables, published values, independent calculation and a published network.

Southern women: A. Davis, B. B. Gardner and M. R. Gardner, Deep South, University of Chicago Press 1941; the network as
distributed with networkx. The hypergeometric test is that of M. Tumminello, S. Miccichè, F. Lillo, J. Piilo and
R. N. Mantegna, PLoS ONE 6(3): e17994 (2011). Values of the configuration model and of the stochastic degree sequence
model: the tests of the R package backbone (Z. P. Neal, backbone: An R package to extract network backbones, PLoS ONE
17(5): e0269137, 2022), printed there to three digits.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import comb

import networkx
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse, stats

from analysis.projection import false_discovery, gatherings, shared_contexts, surprise
from analysis.projection_chance import Chance, configuration_model
from analysis.projection_coins import coin_tail
from graph.errors import UsageError

Dense = npt.NDArray[np.float64]


def southern_women() -> tuple[list[str], sparse.csr_array]:
    graph = networkx.davis_southern_women_graph()
    women, events = graph.graph["top"], graph.graph["bottom"]
    return women, sparse.csr_array(networkx.bipartite.biadjacency_matrix(graph, women, events))


def exact_tail(total: int, one: int, two: int, shared: int) -> Fraction:
    ways = sum(comb(one, x) * comb(total - one, two - x) for x in range(shared, min(one, two) + 1))
    return Fraction(ways, comb(total, two))


def full(chance: Chance) -> Dense:
    """Probability of every row in every context."""
    return chance.probability[chance.of_row][:, chance.of_context]


def model_of(dense: npt.NDArray[np.generic]) -> Dense:
    counted = dense.astype(np.int64)
    return full(configuration_model(counted.sum(axis=1), counted.sum(axis=0)))


def plain_model(dense: Dense) -> Dense:
    """Maximum entropy by another way: the likelihood of one x a row and one y a context, left to scipy."""
    rows, columns = dense.sum(axis=1), dense.sum(axis=0)

    def lost(at: Dense) -> float:
        one, two = at[: len(rows)], at[len(rows) :]
        return float(np.logaddexp(0, one[:, None] + two).sum() - rows @ one - columns @ two)

    def slope(at: Dense) -> Dense:
        chance = 1 / (1 + np.exp(-(at[: len(rows), None] + at[len(rows) :])))
        return np.concatenate([chance.sum(axis=1) - rows, chance.sum(axis=0) - columns])

    found = optimize.minimize(
        lost, np.zeros(sum(dense.shape)), jac=slope, method="L-BFGS-B",
        options={"maxiter": 20_000, "maxfun": 50_000, "ftol": 1e-16, "gtol": 1e-10},
    )  # fmt: skip
    return np.asarray(1 / (1 + np.exp(-(found.x[: len(rows), None] + found.x[len(rows) :]))))


def plain_tail(chances: list[float], least: int) -> float:
    """P(at least so many of these coins), one coin after another."""
    exactly = [1.0]
    for chance in chances:
        exactly = [
            (exactly[x] * (1 - chance) if x < len(exactly) else 0) + (exactly[x - 1] * chance if x else 0)
            for x in range(len(exactly) + 1)
        ]
    return sum(exactly[least:])


# -- hypergeometric ----------------------------------------------------------------------------------------------------


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
        assert found.p_value[at[row, other]] == pytest.approx(float(expected), rel=1e-12)


def test_evelyn_and_laura() -> None:
    """Eight and seven of fourteen events, six together: (C(8,6)·6 + 8) / C(14,7) = 176 / 3432."""
    women, matrix = southern_women()
    found = surprise(matrix)
    pair = sorted((women.index("Evelyn Jefferson"), women.index("Laura Mandeville")))
    at = np.flatnonzero((found.row == pair[0]) & (found.other == pair[1]))
    assert found.p_value[at] == pytest.approx([176 / 3432])
    assert found.expected[at] == pytest.approx([4.0])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), contexts=st.integers(1, 400), share=st.floats(0.01, 0.9))
def test_tails_are_those_of_scipy(seed: int, contexts: int, share: float) -> None:
    dense = np.random.default_rng(seed).random((12, contexts)) < share
    found = surprise(sparse.csr_array(dense.astype(np.float64)))
    degree = dense.sum(axis=1)
    expected = stats.hypergeom.sf(found.observed - 1, contexts, degree[found.row], degree[found.other])
    np.testing.assert_allclose(found.p_value, np.maximum(expected, 1e-300), rtol=1e-8, atol=1e-300)


def test_a_tail_far_out_keeps_its_digits() -> None:
    """Two rows in the same 60 of 1,000 contexts: one way in C(1000, 60)."""
    dense = np.zeros((2, 1000))
    dense[:, :60] = 1
    assert surprise(sparse.csr_array(dense)).p_value == pytest.approx([1 / comb(1000, 60)], rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 300), contexts=st.integers(1, 40))
def test_counts_are_those_of_networkx(seed: int, rows: int, contexts: int) -> None:
    dense = np.random.default_rng(seed).random((rows, contexts)) < 0.08
    graph: networkx.Graph[object] = networkx.Graph()
    graph.add_nodes_from(range(rows))
    graph.add_nodes_from(f"c{column}" for column in range(contexts))
    graph.add_edges_from((int(row), f"c{column}") for row, column in zip(*np.nonzero(dense), strict=True))
    projected = networkx.bipartite.weighted_projected_graph(graph, range(rows))
    edges: list[tuple[int, int, int]] = list(projected.edges(data="weight"))
    found = shared_contexts(sparse.csr_array(dense.astype(np.float64)))
    ours = list(zip(found.row.tolist(), found.other.tolist(), found.observed.tolist(), strict=True))
    assert ours == sorted((min(a, b), max(a, b), shared) for a, b, shared in edges)


def test_more_rows_than_one_word_of_words_can_mark() -> None:
    """Rows far apart: 0, 70, 5,000 and 9,000 share one context, the last two a second one."""
    rows, columns = [9_000, 0, 5_000, 70, 5_000, 9_000], [0, 0, 0, 0, 1, 1]
    found = shared_contexts(sparse.csr_array((np.ones(6), (rows, columns)), shape=(9_001, 2)))
    assert list(zip(found.row.tolist(), found.other.tolist(), found.observed.tolist(), strict=True)) == [
        (0, 70, 1), (0, 5_000, 1), (0, 9_000, 1), (70, 5_000, 1), (70, 9_000, 1), (5_000, 9_000, 2),
    ]  # fmt: skip


# -- degree-corrected --------------------------------------------------------------------------------------------------


def test_configuration_model_as_published() -> None:
    published = [[0.216, 0.216, 0.568], [0.216, 0.216, 0.568], [0.568, 0.568, 0.863]]
    assert np.round(model_of(np.array([[0, 0, 1], [0, 1, 0], [1, 0, 1]])), 3).tolist() == published


def refined_normal(most: float, chances: Dense) -> float:
    """P(at most so many of these coins) by the refined normal approximation, the one backbone uses."""
    deviation = np.sqrt((chances * (1 - chances)).sum())
    skew = (chances * (1 - chances) * (1 - 2 * chances)).sum() / deviation**3
    at = (most + 0.5 - chances.sum()) / deviation
    return float(np.clip(stats.norm.cdf(at) + skew * (1 - at**2) * stats.norm.pdf(at) / 6, 0, 1))


def test_stochastic_degree_sequence_model_as_published() -> None:
    """The published p-values approximate the tail; our chances give all nine, and our exact tail lies within .03."""
    dense = np.array([[1.0, 0, 1, 1], [0, 1, 0, 0], [1, 0, 0, 1]])
    chance, shared = model_of(dense), dense @ dense.T
    upper = [
        [round(1 - refined_normal(shared[one, two] - 1, chance[one] * chance[two]), 3) for two in range(3)]
        for one in range(3)
    ]
    assert upper == [[0.432, 0.977, 0.549], [0.977, 0.304, 0.972], [0.549, 0.972, 0.329]]
    found = surprise(sparse.csr_array(dense), model="degree_corrected")
    assert (found.row.tolist(), found.other.tolist(), found.observed.tolist()) == ([0], [2], [2])
    exact = plain_tail((chance[0] * chance[2]).tolist(), 2)
    assert float(found.p_value[0]) == pytest.approx(exact, rel=1e-12)
    assert exact == pytest.approx(0.549, abs=0.03)


def test_equal_degrees_by_hand() -> None:
    """Four rows in one of four contexts each: chance 1/4 everywhere; two rows share one with 1 - (15/16)^4."""
    dense = np.array([[1.0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    degrees = configuration_model(np.ones(4, np.int64), np.ones(4, np.int64))
    assert full(degrees) == pytest.approx(np.full((4, 4), 0.25))
    even = np.array([[1.0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]])
    found = surprise(sparse.csr_array(even), model="degree_corrected")
    assert found.p_value == pytest.approx([1 - 0.75**4 - 4 * 0.25 * 0.75**3] * 2)
    assert len(surprise(sparse.csr_array(dense), model="degree_corrected").row) == 1


def test_degrees_that_force_memberships() -> None:
    """A row in everything and a row in nothing leave the others as if alone."""
    dense = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    expected = [[1, 1, 1], [0, 0, 0], *[[1 / 3] * 3] * 3]
    assert model_of(dense) == pytest.approx(np.array(expected), abs=1e-8)


def test_degrees_at_the_edge_of_what_can_be() -> None:
    """Two rows of three and two of one, contexts alike: the busy ones meet for certain, the others never."""
    found = model_of(np.array([[1, 1, 1, 0], [1, 1, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]]))
    assert found == pytest.approx(np.array([[1, 1, 0.5, 0.5]] * 2 + [[0.5, 0.5, 0, 0]] * 2), abs=1e-7)


def test_configuration_model_of_the_southern_women_by_another_solver() -> None:
    _, matrix = southern_women()
    dense = matrix.toarray().astype(np.float64)
    found = model_of(dense)
    assert np.abs(found.sum(axis=1) - dense.sum(axis=1)).max() <= 1e-8
    assert np.abs(found.sum(axis=0) - dense.sum(axis=0)).max() <= 1e-8
    assert found == pytest.approx(plain_model(dense), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_configuration_model_of_random_networks_by_another_solver(seed: int) -> None:
    generator = np.random.default_rng(seed)
    dense = (generator.random((9, 12)) < generator.uniform(0.25, 0.6)).astype(np.float64)
    found = model_of(dense)
    assert np.abs(found.sum(axis=1) - dense.sum(axis=1)).max() <= 1e-8
    assert np.abs(found.sum(axis=0) - dense.sum(axis=0)).max() <= 1e-8
    if (found[(found > 1e-6) & (found < 1 - 1e-6)].size) == found.size:  # forced ones have no finite likelihood peak
        assert found == pytest.approx(plain_model(dense), abs=1e-5)


def test_every_pair_of_the_southern_women_coin_by_coin() -> None:
    _, matrix = southern_women()
    found = surprise(matrix, model="degree_corrected")
    chance = model_of(matrix.toarray())
    for row, other, shared, expected, p_value in zip(
        found.row, found.other, found.observed, found.expected, found.p_value, strict=True
    ):
        both = chance[row] * chance[other]
        assert expected == pytest.approx(both.sum())
        assert p_value == pytest.approx(plain_tail(both.tolist(), int(shared)), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), contexts=st.integers(2, 120))
def test_random_pairs_coin_by_coin(seed: int, contexts: int) -> None:
    generator = np.random.default_rng(seed)
    dense = (generator.random((7, contexts)) < generator.random((7, 1))).astype(np.float64)
    found = surprise(sparse.csr_array(dense), model="degree_corrected")
    chance = model_of(dense)
    for row, other, shared, p_value in zip(found.row, found.other, found.observed, found.p_value, strict=True):
        # the plain sum takes from 1 below the mean and so keeps fifteen places, not fifteen digits
        assert p_value == pytest.approx(plain_tail((chance[row] * chance[other]).tolist(), int(shared)), rel=1e-9)


def test_a_degree_corrected_tail_far_out_keeps_its_digits() -> None:
    """2,000 contexts of one size; two of four rows share the same 40: binomial with chance (1/50)^2."""
    dense = np.zeros((50, 2_000))
    for row in range(50):
        dense[row, row * 40 : (row + 1) * 40] = 1
    dense[1] = dense[0]
    dense[2, :40], dense[2, 40:80] = 0, 1
    degree_of_context = dense.sum(axis=0)
    chance = full(configuration_model(dense.sum(axis=1).astype(np.int64), degree_of_context.astype(np.int64)))
    found = surprise(sparse.csr_array(dense), model="degree_corrected")
    at = np.flatnonzero((found.row == 0) & (found.other == 1))
    assert float(found.p_value[at][0]) == pytest.approx(plain_tail((chance[0] * chance[1]).tolist(), 40), rel=1e-6)
    assert found.p_value[at][0] < 1e-30


def test_with_equal_degrees_everywhere_rows_differ_by_what_they_share_alone() -> None:
    generator = np.random.default_rng(3)
    dense = np.array([generator.permutation([1.0] * 6 + [0.0] * 24) for _ in range(40)])
    found = surprise(sparse.csr_array(dense), model="degree_corrected")
    by_shared = {int(x): found.p_value[found.observed == x] for x in np.unique(found.observed)}
    assert all(np.ptp(values) < 1e-12 for values in by_shared.values())
    means = [values[0] for _, values in sorted(by_shared.items())]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("most", [3, 12, 30])
def test_many_rare_coins_and_a_few_likely_ones(most: int) -> None:
    # rare coins are multiplied by their power sums, likely ones class by class, classes without coins not at all
    chances, many = np.array([0.001, 0.004, 0.01, 0.05, 0.3, 0.9]), np.array([900, 700, 0, 40, 1, 2])
    coins = [
        Fraction(chance) for chance, times in zip(chances.tolist(), many.tolist(), strict=True) for _ in range(times)
    ]
    exactly = [Fraction(1)] + [Fraction(0)] * most
    for chance in coins:
        exactly = [
            Fraction(float(exactly[x] * (1 - chance) + (exactly[x - 1] * chance if x else 0))) for x in range(most + 1)
        ]
    tail = coin_tail(chances, many, most)
    steps = (tail[:-1] - tail[1:])[: min(most, 4)]
    assert steps == pytest.approx([float(share) for share in exactly[: len(steps)]], rel=1e-9)
    assert tail[most] == pytest.approx(plain_tail([float(chance) for chance in coins], most), rel=1e-9)


@pytest.mark.parametrize("most", [5, 1_900, 2_150, 2_400])
def test_thousands_of_coins(most: int) -> None:
    """2,500 coins of .7, 1,500 of .3 and one of .5: the chances of none are below what a number can hold."""
    found = coin_tail(np.array([0.7, 0.3, 0.5]), np.array([2_500, 1_500, 1]), most)
    exactly = np.convolve(stats.binom.pmf(np.arange(2_501), 2_500, 0.7), stats.binom.pmf(np.arange(1_501), 1_500, 0.3))
    exactly = np.convolve(exactly, [0.5, 0.5])
    np.testing.assert_allclose(found, np.cumsum(exactly[::-1])[::-1][: most + 1], rtol=1e-9)


# -- seeds, gatherings, many tests -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["hypergeometric", "degree_corrected"])
def test_seeds_keep_their_pairs_and_nothing_else_changes(model: str) -> None:
    _, matrix = southern_women()
    seeds = [1, 4, 5, 11]
    every = surprise(matrix, model=model)  # type: ignore[arg-type]
    some = surprise(matrix, seeds=seeds, model=model)  # type: ignore[arg-type]
    both = np.isin(every.row, seeds) & np.isin(every.other, seeds)
    assert some.row.tolist() == every.row[both].tolist() and some.other.tolist() == every.other[both].tolist()
    assert some.p_value == pytest.approx(every.p_value[both])
    assert (some.tests, every.tests) == (6, 153)


def test_gatherings_by_hypergeometric_tail() -> None:
    _, matrix = southern_women()
    found = gatherings(matrix, [0, 1, 2, 3])
    sizes = np.asarray(matrix.sum(axis=0)).ravel()
    hits = matrix.toarray()[:4].sum(axis=0)
    assert found.p_value == pytest.approx(stats.hypergeom.sf(hits - 1, 18, 4, sizes))
    assert found.expected == pytest.approx(sizes * 4 / 18)


def test_gatherings_degree_corrected_coin_by_coin() -> None:
    _, matrix = southern_women()
    found = gatherings(matrix, [0, 1, 2, 3], model="degree_corrected")
    chance, dense = model_of(matrix.toarray()), matrix.toarray()
    for event in range(14):
        assert found.expected[event] == pytest.approx(chance[:4, event].sum())
        tail = plain_tail(chance[:4, event].tolist(), int(dense[:4, event].sum()))
        assert found.p_value[event] == pytest.approx(tail, rel=1e-9)


@pytest.mark.parametrize("model", ["hypergeometric", "degree_corrected"])
def test_chance_is_rarely_surprising(model: str) -> None:
    """Negative control: in random memberships about one pair in a hundred has p below .01, and none stands."""
    generator = np.random.default_rng(11)
    activity, size = generator.uniform(0.2, 1.0, (150, 1)), generator.uniform(0.2, 0.6, (1, 60))
    dense = generator.random((150, 60)) < activity * size
    if model == "hypergeometric":
        dense = generator.random((150, 60)) < 0.2
    found = surprise(sparse.csr_array(dense.astype(float)), model=model)  # type: ignore[arg-type]
    assert (found.p_value < 0.01).sum() <= 0.015 * found.tests
    assert not false_discovery(found.p_value, tests=found.tests).any()


def test_busy_rows_and_contexts_are_not_surprising_once_degrees_are_corrected() -> None:
    """Two rows in every busy context: the plain test is impressed, the corrected one is not."""
    generator = np.random.default_rng(2)
    size = np.where(np.arange(80) < 8, 0.9, 0.05)
    dense = (generator.random((60, 80)) < size).astype(float)
    plain = surprise(sparse.csr_array(dense))
    corrected = surprise(sparse.csr_array(dense), model="degree_corrected")
    assert false_discovery(plain.p_value, tests=plain.tests).sum() > 1_000
    assert not false_discovery(corrected.p_value, tests=corrected.tests).any()


def test_a_planted_pair_stands_among_chance() -> None:
    generator = np.random.default_rng(4)
    dense = generator.random((120, 300)) < 0.04
    dense[7] = dense[90]
    found = surprise(sparse.csr_array(dense.astype(float)), model="degree_corrected")
    stands = false_discovery(found.p_value, tests=found.tests)
    assert list(zip(found.row[stands], found.other[stands], strict=True)) == [(7, 90)]


def test_false_discovery_as_published() -> None:
    """The fifteen p-values of Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995): the first four stand."""
    values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
              0.7590, 1.0]  # fmt: skip
    assert np.flatnonzero(false_discovery(values)).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(false_discovery(values, tests=30)).tolist() == [0, 1, 2]


def test_false_discovery_of_nothing_and_of_what_cannot_be() -> None:
    assert false_discovery([]).tolist() == []
    with pytest.raises(UsageError):
        false_discovery([0.1, 0.2], tests=1)
    with pytest.raises(UsageError):
        false_discovery([0.1], rate=1.0)


# -- what is given -----------------------------------------------------------------------------------------------------


def test_other_values_count_as_one_and_the_matrix_given_stays_as_it_is() -> None:
    given = sparse.coo_array(([2.0, 5.0, 0.0, 1.0, 1.0], ([0, 1, 0, 0, 0], [0, 0, 1, 2, 2])), shape=(2, 3))
    found = surprise(given)
    assert found.observed.tolist() == [1]
    assert found.p_value == pytest.approx([2 / 3])
    assert given.data.tolist() == [2.0, 5.0, 0.0, 1.0, 1.0]


def test_nothing_recorded_is_no_pair() -> None:
    for shape in ((0, 0), (3, 0), (0, 3), (3, 4)):
        for model in ("hypergeometric", "degree_corrected"):
            assert len(surprise(sparse.csr_array(shape), model=model).row) == 0


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
    with pytest.raises(UsageError):
        gatherings(sparse.csr_array(np.ones((2, 2))), np.array([True, False, True]))


def test_degrees_of_no_network_are_refused() -> None:
    with pytest.raises(UsageError):
        configuration_model(np.array([1, 1]), np.array([1]))
    with pytest.raises(UsageError):
        configuration_model(np.array([3, 0]), np.array([2, 1]))
