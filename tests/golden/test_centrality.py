"""Centralities against published figures, exact arithmetic and an independent plain implementation.

Karate club: W. W. Zachary, An information flow model for conflict and fission in small groups, Journal of
Anthropological Research 33 (1977); betweenness as in the documentation and tests of networkx. Florentine families:
J. F. Padgett and C. K. Ansell, American Journal of Sociology 98 (1993), figures as in S. Wasserman and K. Faust, Social
Network Analysis, Cambridge 1994. Kite: D. Krackhardt, Assessing the political landscape, Administrative Science
Quarterly 35 (1990). Southern women: A. Davis, B. B. Gardner and M. R. Gardner, Deep South, Chicago 1941; figures as in
S. P. Borgatti and D. S. Halgin, Analyzing affiliation networks, The Sage Handbook of Social Network Analysis 2011.
Structural holes: S. P. Borgatti, Connections 20 (1997), the network of his figure 1.
"""

from __future__ import annotations

import itertools
from collections import deque
from fractions import Fraction
from typing import Any

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from analysis.centrality import betweenness, constraint, cut_off, effective_size, participation, simple_graph
from graph.errors import UsageError


def matrix(graph: networkx.Graph[Any], weight: str | None = None) -> sparse.csr_array:
    return sparse.csr_array(networkx.to_scipy_sparse_array(graph, weight=weight, format="csr"))


def named(graph: networkx.Graph[Any], *, normalised: bool = True) -> dict[str, float]:
    return dict(zip(graph, betweenness(matrix(graph), normalised=normalised).tolist(), strict=True))


def plain_betweenness(ties: dict[int, set[int]]) -> dict[int, Fraction]:
    """Every shortest path of every pair, written down and counted; in pairs."""
    total = {node: Fraction(0) for node in ties}
    for one, two in itertools.combinations(sorted(ties), 2):
        paths: list[list[int]] = []
        queue = deque([[one]])
        while queue:
            path = queue.popleft()
            if paths and len(path) > len(paths[0]):
                break
            if path[-1] == two:
                paths.append(path)
            elif not paths or len(path) < len(paths[0]):
                queue.extend([*path, near] for near in sorted(ties[path[-1]]) if near not in path)
        for path in paths:
            for node in path[1:-1]:
                total[node] += Fraction(1, len(paths))
    return total


def test_betweenness_of_the_karate_club() -> None:
    found = betweenness(matrix(networkx.karate_club_graph()))
    assert found[[0, 33, 32, 2, 31]] == pytest.approx(
        [0.43763528138528146, 0.30407497594997596, 0.145247113997114, 0.14365680615680618, 0.13827561327561325],
        abs=1e-12,
    )


def test_betweenness_of_the_florentine_families() -> None:
    found = named(networkx.florentine_families_graph())
    published = {"Medici": 0.522, "Guadagni": 0.255, "Albizzi": 0.212, "Salviati": 0.143, "Ridolfi": 0.114,
                 "Bischeri": 0.104, "Strozzi": 0.103, "Barbadori": 0.093, "Tornabuoni": 0.092, "Castellani": 0.055,
                 "Peruzzi": 0.022, "Acciaiuoli": 0, "Ginori": 0, "Lamberteschi": 0, "Pazzi": 0}  # fmt: skip
    assert found == pytest.approx(published, abs=6e-4)


def test_betweenness_of_the_kite_by_exact_fractions() -> None:
    graph = networkx.krackhardt_kite_graph()
    exact = plain_betweenness({node: set(graph[node]) for node in graph})
    assert betweenness(matrix(graph), normalised=False) == pytest.approx([float(exact[n]) for n in graph], abs=1e-12)
    assert [str(exact[node]) for node in (7, 5, 8, 3, 0)] == ["14", "25/3", "8", "11/3", "5/6"]


def test_betweenness_of_the_southern_women() -> None:
    graph = networkx.davis_southern_women_graph()
    found = named(graph, normalised=False)
    women, events = len(graph.graph["top"]), len(graph.graph["bottom"])
    # largest possible in a two-mode network (Borgatti and Halgin 2011)

    def largest(own: int, others: int) -> float:
        whole, rest = divmod(own - 1, others)
        return 0.5 * (others**2 * (whole + 1) ** 2 + others * (whole + 1) * (2 * rest - whole - 1)
                      - rest * (2 * whole - rest + 3))  # fmt: skip

    published = {"E8": 0.24, "E9": 0.23, "E7": 0.13, "E6": 0.07, "E5": 0.04}
    assert {event: found[event] / largest(events, women) for event in published} == pytest.approx(published, abs=0.006)
    published = {"Nora Fayette": 0.11, "Evelyn Jefferson": 0.10, "Theresa Anderson": 0.09, "Sylvia Avondale": 0.07}
    assert {name: found[name] / largest(women, events) for name in published} == pytest.approx(published, abs=0.006)


def test_constraint_and_effective_size_of_borgatti() -> None:
    edges = ["AB", "AF", "AG", "AE", "EG", "FG", "BG", "BD", "DG", "GC"]
    graph: networkx.Graph[str] = networkx.Graph()
    graph.add_edges_from((edge[0], edge[1]) for edge in edges)
    names = list(graph)
    held = dict(zip(names, constraint(matrix(graph)).tolist(), strict=True))
    size = dict(zip(names, effective_size(matrix(graph)).tolist(), strict=True))
    assert [round(held[name], 3) for name in "GAC"] == [0.400, 0.595, 1.0]
    assert [round(size[name], 2) for name in "GAC"] == [4.67, 2.50, 1.00]


def test_constraint_by_hand() -> None:
    # a triangle: each of two contacts takes 1/2 directly and 1/4 through the other: 2 (3/4) squared
    triangle = sparse.csr_array(np.ones((3, 3)))
    assert constraint(triangle) == pytest.approx([1.125] * 3, abs=1e-12)
    # a star of four: the middle spends a quarter on each; the ends all on the middle
    star = sparse.coo_array((np.ones(4), ([0, 0, 0, 0], [1, 2, 3, 4])), shape=(6, 6))
    assert constraint(star)[:5] == pytest.approx([0.25, 1, 1, 1, 1], abs=1e-12)
    assert np.isnan(constraint(star)[5])
    assert np.isnan(effective_size(star)[5])


@pytest.mark.parametrize("name", ["karate_club_graph", "florentine_families_graph", "les_miserables_graph"])
def test_the_same_as_networkx(name: str) -> None:
    graph = getattr(networkx, name)()
    ties = matrix(graph)
    assert betweenness(ties) == pytest.approx(list(networkx.betweenness_centrality(graph).values()), abs=1e-9)
    assert constraint(ties) == pytest.approx(list(networkx.constraint(graph).values()), abs=1e-9)
    assert effective_size(ties) == pytest.approx(list(networkx.effective_size(graph).values()), abs=1e-9)
    if name != "florentine_families_graph":
        valued = matrix(graph, "weight")
        assert betweenness(valued, distance=True) == pytest.approx(
            list(networkx.betweenness_centrality(graph, weight="weight").values()), abs=1e-9
        )
        assert constraint(valued, strength=True) == pytest.approx(
            list(networkx.constraint(graph, weight="weight").values()), abs=1e-9
        )
        # asked node by node: the matrix way of networkx 3.6.1 divides by the largest strength of the wrong end
        assert effective_size(valued, strength=True) == pytest.approx(
            list(networkx.effective_size(graph, nodes=list(graph), weight="weight").values()), abs=1e-9
        )


def test_values_are_not_taken_for_lengths_unless_told() -> None:
    valued = matrix(networkx.les_miserables_graph(), "weight")
    plain = matrix(networkx.les_miserables_graph())
    assert np.array_equal(betweenness(valued), betweenness(plain))
    assert not np.allclose(betweenness(valued, distance=True), betweenness(plain))
    assert np.array_equal(constraint(valued), constraint(plain))


def test_parallel_ties_loops_and_directions_are_one_tie() -> None:
    graph = networkx.karate_club_graph()
    whole = sparse.coo_array(matrix(graph))
    upper = sparse.triu(whole, format="coo")
    row = np.concatenate([upper.row, upper.row, upper.col, np.arange(34)])
    column = np.concatenate([upper.col, upper.col, upper.row, np.arange(34)])
    many = sparse.coo_array((np.ones(len(row)), (row, column)), shape=(34, 34))
    assert np.array_equal(betweenness(many), betweenness(whole))
    assert np.array_equal(constraint(many), constraint(whole))


def test_the_shortest_of_parallel_lengths_counts() -> None:
    # 0-1 of length 9 and of length 1, 1-2 of length 1, 0-2 of length 3: the way from 0 to 2 leads through 1
    row, column, length = [0, 0, 1, 0], [1, 1, 2, 2], [9.0, 1.0, 1.0, 3.0]
    ties = sparse.coo_array((length, (row, column)), shape=(3, 3))
    assert betweenness(ties, distance=True, normalised=False).tolist() == [0, 1, 0]


def test_lengths_that_differ_by_rounding_only_are_equal() -> None:
    row, column, length = [0, 1, 0], [1, 2, 2], [0.1, 0.2, 0.3]
    ties = sparse.coo_array((length, (row, column)), shape=(3, 3))
    assert betweenness(ties, distance=True, normalised=False).tolist() == [0, 0.5, 0]


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 7), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=16))
def test_small_graphs_by_writing_down_every_path(count: int, pairs: set[tuple[int, int]]) -> None:
    ties: dict[int, set[int]] = {node: set() for node in range(count)}
    for one, two in pairs:
        if one != two and max(one, two) < count:
            ties[one].add(two)
            ties[two].add(one)
    row = [one for one, others in ties.items() for _ in others]
    column = [other for others in ties.values() for other in others]
    found = betweenness(sparse.coo_array((np.ones(len(row)), (row, column)), shape=(count, count)), normalised=False)
    exact = plain_betweenness(ties)
    assert found == pytest.approx([float(exact[node]) for node in range(count)], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 90), st.integers(0, 10_000))
def test_random_graphs_as_networkx_has_them(count: int, edges: int, seed: int) -> None:
    graph = networkx.gnm_random_graph(count, edges, seed=seed)
    for one, two in graph.edges:
        graph[one][two]["length"] = 1 + (one * 7 + two) % 3
    ties = matrix(graph)
    assert betweenness(ties, normalised=False) == pytest.approx(
        list(networkx.betweenness_centrality(graph, normalized=False).values()), abs=1e-9
    )
    assert betweenness(matrix(graph, "length"), distance=True, normalised=False) == pytest.approx(
        list(networkx.betweenness_centrality(graph, normalized=False, weight="length").values()), abs=1e-9
    )
    assert set(np.flatnonzero(cut_off(ties)).tolist()) == set(networkx.articulation_points(graph))
    if graph.number_of_edges():
        assert constraint(ties) == pytest.approx(list(networkx.constraint(graph).values()), abs=1e-9, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 25), st.integers(0, 40), st.integers(0, 10_000))
def test_how_many_are_cut_off(count: int, edges: int, seed: int) -> None:
    graph = networkx.gnm_random_graph(count, edges, seed=seed)
    apart = cut_off(matrix(graph))
    for node in graph:
        part = networkx.node_connected_component(graph, node) - {node}
        pieces = list(networkx.connected_components(graph.subgraph(part)))
        assert apart[node] == len(part) - max((len(piece) for piece in pieces), default=0)


def test_all_pivots_are_the_exact_answer_and_few_are_unbiased() -> None:
    ties = matrix(networkx.karate_club_graph())
    exact = betweenness(ties)
    assert betweenness(ties, pivots=34, rng=np.random.default_rng(1)) == pytest.approx(exact, abs=1e-12)
    # each node is a pivot once in 34 runs of one pivot each
    runs = [betweenness(ties, pivots=[node]) for node in range(34)]
    assert np.mean(runs, axis=0) == pytest.approx(exact, abs=1e-12)


def test_the_same_seed_draws_the_same_pivots() -> None:
    ties = matrix(networkx.karate_club_graph())
    runs = [betweenness(ties, pivots=7, rng=np.random.default_rng(3)) for _ in range(2)]
    assert np.array_equal(runs[0], runs[1])


def test_participation_by_hand() -> None:
    # 0 has two ties into community 0, one into 1, one into nobody's: 1 - (4 + 1) / 9
    star = sparse.coo_array((np.ones(4), ([0, 0, 0, 0], [1, 2, 3, 4])), shape=(5, 5))
    assert participation(star, [0, 0, 0, 1, -1]).tolist() == pytest.approx([4 / 9, 0, 0, 0, 0])


def test_an_empty_graph_has_no_centralities() -> None:
    assert len(betweenness(sparse.coo_array((0, 0)))) == 0
    assert betweenness(sparse.coo_array((3, 3))).tolist() == [0, 0, 0]
    assert cut_off(sparse.coo_array((3, 3))).tolist() == [0, 0, 0]


def test_progress_that_raises_ends_the_work() -> None:
    def stop(_share: float, _words: str) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        betweenness(matrix(networkx.karate_club_graph()), progress=stop)


@pytest.mark.parametrize(
    ("ties", "options"),
    [
        (np.ones((2, 3)), {}),
        (-np.ones((2, 2)), {"distance": True}),
        (np.full((2, 2), np.inf), {"strength": True}),
        (np.ones((2, 2)), {"distance": True, "strength": True}),
    ],
)
def test_what_is_no_graph_is_refused(ties: np.ndarray[tuple[int, int], np.dtype[np.float64]],
                                     options: dict[str, bool]) -> None:  # fmt: skip
    with pytest.raises(UsageError):
        simple_graph(ties, **options)


@pytest.mark.parametrize("pivots", [0, 35, [1, 1], [34]])
def test_pivots_that_do_not_fit_are_refused(pivots: int | list[int]) -> None:
    with pytest.raises(UsageError):
        betweenness(matrix(networkx.karate_club_graph()), pivots=pivots, rng=np.random.default_rng(0))
