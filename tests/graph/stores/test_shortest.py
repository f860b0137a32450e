"""The shortest paths put together where two searches met are those of networkx."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from graph.stores.shortest import first_paths

EDGES = st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1]), max_size=16)


def steps(network: nx.Graph[int], end: int) -> dict[int, set[int]]:
    """Of each node the neighbours one step nearer to ``end``."""
    far = nx.single_source_shortest_path_length(network, end)
    return {node: {other for other in network[node] if far[other] == far[node] - 1} for node in far}


@given(EDGES, st.integers(1, 6), st.integers(0, 7))
def test_the_first_paths_are_the_shortest_in_order(edges: set[tuple[int, int]], limit: int, step: int) -> None:
    network: nx.Graph[int] = nx.Graph(sorted(edges))
    network.add_nodes_from((0, 7))
    nearer = (steps(network, 0), steps(network, 7))
    expected = sorted(tuple(path) for path in nx.all_shortest_paths(network, 0, 7)) if 7 in nearer[0] else []
    # the searches may meet at any distance on the way
    meeting = {path[min(step, len(path) - 1)] for path in expected}
    found = first_paths((0, 7), meeting, nearer, order=int, limit=limit) if expected else []
    assert found == expected[:limit]


def test_nothing_where_the_searches_did_not_meet() -> None:
    assert first_paths((0, 7), (), ({0: set()}, {7: set()}), order=int, limit=3) == []
