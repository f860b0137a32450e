"""Grouping against cases that are published or can be solved by hand, and against plain implementations."""

from __future__ import annotations

from itertools import combinations

import graspologic_native
import networkx
import numpy as np
import pytest
from scipy import sparse

from analysis.communities import cpm_quality, modularity, partition, peer_networks
from graph.errors import UsageError

KARATE_OPTIMUM = 0.41978961


def matrix(graph: networkx.Graph[int]) -> sparse.csr_array:
    return sparse.csr_array(networkx.to_scipy_sparse_array(graph, nodelist=sorted(graph)))


def ring_of_cliques(cliques: int, size: int) -> sparse.csr_array:
    return matrix(networkx.ring_of_cliques(cliques, size))


def random_weights(count: int, chance: float, seed: int) -> sparse.csr_array:
    generator = np.random.default_rng(seed)
    upper = np.triu(generator.random((count, count)) * (generator.random((count, count)) < chance), 1)
    return sparse.csr_array(upper + upper.T)


def plain_cpm(weights: np.ndarray, labels: list[int], resolution: float) -> float:
    """Pair by pair."""
    pairs = combinations(range(len(labels)), 2)
    return sum(float(weights[i, j]) - resolution for i, j in pairs if labels[i] == labels[j])


def every_grouping(count: int) -> list[list[int]]:
    """All ways to group so many people (restricted growth strings)."""
    found = [[0]]
    for _ in range(count - 1):
        found = [[*labels, label] for labels in found for label in range(max(labels) + 2)]
    return found


@pytest.mark.parametrize("seed", range(5))
def test_quality_is_that_of_the_plain_formula(seed: int) -> None:
    weights = random_weights(30, 0.3, seed)
    labels = np.random.default_rng(seed).integers(0, 6, 30)
    assert cpm_quality(weights, labels, 0.2) == pytest.approx(plain_cpm(weights.toarray(), labels.tolist(), 0.2))


def test_modularity_is_that_of_networkx() -> None:
    graph = networkx.karate_club_graph()
    labels = partition(matrix(graph), resolution=1, seed=1, measure="modularity")
    groups = [set(np.flatnonzero(labels == label).tolist()) for label in range(labels.max() + 1)]
    assert modularity(matrix(graph), labels) == pytest.approx(networkx.community.modularity(graph, groups), abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_all_groupings_of_seven_is_found(seed: int) -> None:
    weights = random_weights(7, 0.6, seed)
    best = max(plain_cpm(weights.toarray(), labels, 0.25) for labels in every_grouping(7))
    found = max(cpm_quality(weights, partition(weights, resolution=0.25, seed=s), 0.25) for s in range(5))
    assert found == pytest.approx(best, abs=1e-12)


def test_the_published_optimum_of_the_karate_club_is_reached() -> None:
    """Modularity 0.4198 in four groups, proved optimal by U. Brandes and others, IEEE TKDE 20 (2008)."""
    weights = matrix(networkx.Graph(networkx.karate_club_graph().edges()))
    found = max(modularity(weights, partition(weights, resolution=1, seed=s, measure="modularity")) for s in range(20))
    assert found == pytest.approx(KARATE_OPTIMUM, abs=1e-8)


def test_modularity_joins_neighbouring_cliques() -> None:
    """The resolution limit: 30 cliques of five, Q .876 apart, .888 in pairs (Fortunato, Barthélemy, PNAS 2007)."""
    weights = ring_of_cliques(30, 5)
    apart = np.arange(150) // 5
    assert modularity(weights, apart) == pytest.approx(0.876, abs=5e-4)
    assert modularity(weights, apart // 2) == pytest.approx(0.888, abs=5e-4)
    assert len(set(partition(weights, resolution=1, seed=1, measure="modularity").tolist())) < 30


@pytest.mark.parametrize("cliques", [4, 30, 300])
def test_the_constant_potts_model_finds_each_clique_however_many_there_are(cliques: int) -> None:
    found = partition(ring_of_cliques(cliques, 5), resolution=0.3, seed=1)
    assert found.tolist() == (np.arange(cliques * 5) // 5).tolist()


def test_two_cliques_join_when_the_resolution_falls_below_their_mean_tie() -> None:
    """Two cliques of four and one tie: joined is better when 1 > 16 × resolution, worked by hand."""
    graph = networkx.disjoint_union(networkx.complete_graph(4), networkx.complete_graph(4))
    graph.add_edge(0, 4)
    counts = [partition(matrix(graph), resolution=r, seed=1).max() + 1 for r in (1 / 16 - 0.001, 1 / 16 + 0.001)]
    assert counts == [1, 2]


@pytest.mark.parametrize(("resolution", "count"), [(0.05, 200), (0.2, 200)])
def test_quality_is_no_worse_than_that_of_an_independent_implementation(resolution: float, count: int) -> None:
    weights = random_weights(count, 0.05, 3)
    start, other = weights.indptr.astype(np.int64), weights.indices.astype(np.int32)
    theirs, ours = [], []
    for seed in range(5):
        _, groups = graspologic_native.leiden_csr(
            start, other, weights.data, count, resolution=resolution, iterations=3, use_modularity=False, seed=seed
        )
        theirs.append(cpm_quality(weights, [groups[row] for row in range(count)], resolution))
        ours.append(cpm_quality(weights, partition(weights, resolution=resolution, seed=seed), resolution))
    assert np.mean(ours) >= 0.99 * np.mean(theirs)


def planted(groups: int, size: int, inside: float, outside: float, seed: int) -> sparse.csr_array:
    return matrix(networkx.planted_partition_graph(groups, size, inside, outside, seed=seed))


def test_planted_groups_are_found_and_agreed() -> None:
    found = peer_networks(planted(12, 8, 0.9, 0.01, 1), resolution=0.3, seeds=10, rng=np.random.default_rng(1))
    members = sorted(network.members.tolist() for network in found.networks)
    assert members == [list(range(first, first + 8)) for first in range(0, 96, 8)]
    assert min(network.agreed for network in found.networks) > 0.9


def test_a_random_network_has_no_agreed_groups() -> None:
    """Negative control: as many ties as in the planted network, without groups."""
    graph = networkx.gnm_random_graph(96, 340, seed=1)
    found = peer_networks(matrix(graph), resolution=0.3, seeds=20, rng=np.random.default_rng(1))
    assert sum(len(network.members) for network in found.networks if network.agreed > 0.9) < 10


def test_what_is_too_large_is_grouped_at_a_finer_resolution() -> None:
    found = peer_networks(
        planted(4, 10, 1.0, 0.3, 1), resolution=0.1, seeds=10, rng=np.random.default_rng(1), largest=12
    )
    assert [len(network.members) for network in found.networks] == [10, 10, 10, 10]


def test_somebody_between_two_groups_has_a_second_membership() -> None:
    graph = networkx.disjoint_union(networkx.complete_graph(5), networkx.complete_graph(5))
    graph.add_edges_from([(0, 5), (0, 6), (0, 7)])
    found = peer_networks(matrix(graph), resolution=0.5, seeds=5, rng=np.random.default_rng(1))
    other = next(network for network in found.networks if 5 in network.members)
    assert other.overlapping.tolist() == [0]
    assert other.share.tolist() == pytest.approx([3 / 7])


def test_same_seed_same_networks() -> None:
    weights = random_weights(120, 0.08, 5)
    one, two = (peer_networks(weights, resolution=0.2, seeds=8, rng=np.random.default_rng(7)) for _ in range(2))
    assert one.label.tolist() == two.label.tolist()


def test_a_part_that_is_not_connected_changes_nothing() -> None:
    here, elsewhere = random_weights(80, 0.1, 1), random_weights(50, 0.1, 2)
    alone = peer_networks(here, resolution=0.2, seeds=6, rng=np.random.default_rng(3))
    both = peer_networks(sparse.block_diag([here, elsewhere]), resolution=0.2, seeds=6, rng=np.random.default_rng(3))
    assert {tuple(n.members.tolist()) for n in alone.networks} == {
        tuple(n.members.tolist()) for n in both.networks if n.members[0] < 80
    }


@pytest.mark.parametrize(
    "weights",
    [np.array([[0.0, 1.0], [0.5, 0.0]]), np.array([[0.0, -1.0], [-1.0, 0.0]]), np.zeros((2, 3))],
    ids=["one-sided", "negative", "not square"],
)
def test_a_network_that_is_none_is_refused(weights: np.ndarray) -> None:
    with pytest.raises(UsageError):
        partition(weights, resolution=0.1, seed=1)


def test_nobody_is_in_no_network() -> None:
    empty = sparse.csr_array((0, 0))
    assert peer_networks(empty, resolution=0.1, seeds=2, rng=np.random.default_rng(1)).networks == ()
