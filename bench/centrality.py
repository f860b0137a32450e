"""Betweenness and Burt's constraint beside networkx and igraph, the same answers: ``python -m bench.centrality``.

The network of a whole invented city, every node and tie, as an unweighted simple graph. networkx and igraph get the
same pivots, and the answers have to be equal; networkx scales sampled answers a little differently (it leaves a pivot
out of the pivots it is scaled by), which is undone. Printed as Markdown, medians, by the clock and in seconds of
processors (on a shared machine the fairer one).
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.brokers_network import at_risk_of, contacts_of, records_of
from analysis.centrality import SimpleGraph, betweenness, simple_graph, structural_holes
from analysis.derive import derive
from analysis.weights import TieWeights
from bench.cities import city, kept
from graph.snapshot import Float64, Snapshot

#: pivots by size that networkx gets too: it takes minutes for more
PIVOTS = {"hub": 50, "city": 5, "region": 2}
#: pivots that are timed without the peers
FULL = 200


def timed(work: Callable[[], Any], times: int) -> tuple[float, float, Any]:
    """Median seconds by the clock and of processors, and what came out last."""
    clock, processor, found = [], [], None
    for _ in range(times):
        started, busy = time.perf_counter(), time.process_time()
        found = work()
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - busy)
    return statistics.median(clock), statistics.median(processor), found


def as_networkx(graph: SimpleGraph) -> Any:
    import networkx
    from scipy import sparse

    count = len(graph)
    matrix = sparse.csr_array((np.ones(len(graph.other)), graph.other, graph.start), shape=(count, count))
    return networkx.from_scipy_sparse_array(matrix)


def as_igraph(graph: SimpleGraph) -> Any:
    import igraph

    owner = np.repeat(np.arange(len(graph)), graph.degree)
    once = owner < graph.other
    return igraph.Graph(n=len(graph), edges=np.column_stack([owner[once], graph.other[once]]))


def first_five(values: Float64) -> list[int]:
    return [int(row) for row in np.lexsort((np.arange(len(values)), -values))[:5]]


def unscaled(values: Float64, pivots: list[int]) -> Float64:
    """networkx's sampled betweenness in the scale of ours: n / pivots for everybody."""
    count, many = len(values), len(pivots)
    answer = values * count / (count - 1)
    answer[pivots] *= (many - 1) / many
    return answer


def compare_pivots(graph: SimpleGraph, ties: Any, many: int, own_times: int, peer_times: int) -> list[str]:
    """Rows of the table for sampled betweenness. Raises AssertionError when answers differ."""
    import networkx

    peer_graph = as_networkx(graph)
    # what networkx draws from a seed
    draw: Any = random.Random
    pivots = draw(1).sample(list(peer_graph.nodes()), many)
    betweenness(simple_graph(ties[:50, :50]))  # compiled before the clock runs
    own, own_busy, found = timed(lambda: betweenness(simple_graph(ties), pivots=pivots), own_times)
    theirs, theirs_busy, ranks = timed(
        lambda: networkx.betweenness_centrality(peer_graph, k=many, seed=draw(1)), peer_times
    )
    peer = unscaled(np.array([ranks[row] for row in range(len(graph))]), pivots)
    assert np.allclose(found, peer, rtol=1e-6, atol=1e-6 * found.max()), np.abs(found - peer).max()
    assert first_five(found) == first_five(peer)
    # making the graph simple is paid once: many pivots beside so many times what the peer takes for few
    rng = np.random.default_rng(1)
    full, full_busy, _ = timed(lambda: betweenness(simple_graph(ties), pivots=FULL, rng=rng), own_times)
    longer = FULL / many
    rows = [
        f"| Kith, {FULL} pivots | {full:.2f} | | {full_busy:.2f} | | |",
        f"| networkx, {many} pivots, times {longer:.0f} | {theirs * longer:.0f} | {theirs * longer / full:.0f} | "
        f"{theirs_busy * longer:.0f} | {theirs_busy * longer / full_busy:.0f} | |",
        f"| Kith, {many} pivots, graph made simple included | {own:.3f} | | {own_busy:.3f} | | |",
        f"| networkx, graph ready made | {theirs:.2f} | {theirs / own:.0f} | {theirs_busy:.2f} | "
        f"{theirs_busy / own_busy:.0f} | equal, same first five |",
    ]
    c_graph = as_igraph(graph)
    seconds, busy, values = timed(lambda: c_graph.betweenness(directed=False, sources=pivots), peer_times)
    other = np.array(values)
    scale = found.max() / other.max()
    assert np.allclose(found, other * scale, rtol=1e-6, atol=1e-6 * found.max())
    rows.append(
        f"| igraph, graph ready made | {seconds:.2f} | {seconds / own:.1f} | {busy:.2f} | {busy / own_busy:.1f} | "
        "equal up to scale, same first five |"
    )
    assert first_five(found) == first_five(other * scale)
    return rows


def compare_people(snapshot: Snapshot) -> list[str]:
    """Rows for exact betweenness and constraint on the network of people at risk."""
    import networkx

    roles = derive(snapshot)
    weights = TieWeights(snapshot, roles.today)
    contacts = contacts_of(records_of(snapshot, roles, weights), len(snapshot))
    inside = at_risk_of(snapshot, roles, weights)
    rows = np.flatnonzero(inside)
    number = np.full(len(snapshot), -1)
    number[rows] = np.arange(len(rows))
    both = inside[contacts.person] & inside[contacts.other]
    from scipy import sparse

    ends = (number[contacts.person[both]], number[contacts.other[both]])
    ties = sparse.coo_array((np.ones(int(both.sum())), ends), shape=(len(rows), len(rows))).tocsr()
    graph = simple_graph(ties)
    peer_graph = as_networkx(graph)
    structural_holes(graph)
    answer = []
    name = f"{len(rows):,} people at risk, {len(graph.other) // 2:,} pairs"
    for what, own_work, peer_work in (
        ("betweenness, exact", lambda: betweenness(graph), lambda: networkx.betweenness_centrality(peer_graph)),
        ("Burt's constraint", lambda: structural_holes(graph)[0],
         lambda: networkx.constraint(peer_graph, nodes=list(peer_graph))),
    ):  # fmt: skip
        own, own_busy, found = timed(own_work, 5)
        theirs, theirs_busy, values = timed(peer_work, 1)
        peer = np.array([values[row] for row in range(len(rows))])
        assert np.allclose(found, peer, rtol=1e-9, atol=1e-12, equal_nan=True)
        answer.append(
            f"| {what}: {name} | {own:.4f} | {theirs:.2f} | {theirs / own:.0f} | {theirs_busy / own_busy:.0f} |"
        )
    return answer


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=tuple(PIVOTS), default="city")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pivots", type=int)
    chosen = parser.parse_args(arguments)
    with kept() as folder:
        snapshot, _ = city(chosen.size, chosen.seed, Path(folder))
    ties = snapshot.adjacency()
    graph = simple_graph(ties)
    print(
        f"| {len(graph):,} nodes, {len(graph.other) // 2:,} pairs | seconds | peer ÷ this | processor seconds "
        "| peer ÷ this | answers |\n|---|---:|---:|---:|---:|---|"
    )
    many = chosen.pivots or PIVOTS[chosen.size]
    print("\n".join(compare_pivots(graph, ties, many, 3, 1)))
    if chosen.size != "region":
        print("\n| equal to networkx | seconds | networkx | networkx ÷ this | processor |\n|---|---:|---:|---:|---:|")
        print("\n".join(compare_people(snapshot)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
