"""Personalised PageRank beside networkx, the same answer: ``python -m bench.pagerank --size city``.

The network of a whole invented city, ties in both directions, walked from the children open to the hub. networkx stops
when a step changes less than its tolerance times the number of nodes, so it is asked twice: as it comes, and with a
tolerance that bounds the same error as ours. Printed as Markdown, medians, by the clock and in seconds of processors
(on a shared machine the fairer one), with the sum of differences.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.derive import derive
from analysis.pagerank import personalised_pagerank
from bench.cities import city, kept
from graph.snapshot import Float64, Snapshot

DAMPING, TOLERANCE = 0.85, 1e-9


def timed(work: Callable[[], Any], times: int) -> tuple[float, float, Any]:
    """Median seconds by the clock and of processors, and what came out last."""
    clock, processor, found = [], [], None
    for _ in range(times):
        started, busy = time.perf_counter(), time.process_time()
        found = work()
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - busy)
    return statistics.median(clock), statistics.median(processor), found


def compare(snapshot: Snapshot, own_times: int, peer_times: int) -> str:
    """Both on one network. Raises AssertionError when the answers differ."""
    import networkx

    matrix = snapshot.adjacency()
    seeds = derive(snapshot).known_child.astype(np.float64)
    personalised_pagerank(matrix[:50, :50], np.ones(50), symmetric=True)  # compiled before the clock runs
    own, own_busy, share = timed(
        lambda: personalised_pagerank(matrix, seeds, damping=DAMPING, tolerance=TOLERANCE, symmetric=True), own_times
    )
    graph = networkx.from_scipy_sparse_array(matrix)
    chosen = {int(row): 1.0 for row in np.flatnonzero(seeds)}

    def peer(tolerance: float) -> Float64:
        ranks = networkx.pagerank(graph, alpha=DAMPING, personalization=chosen, tol=tolerance, max_iter=1000)
        return np.array([ranks[row] for row in range(len(snapshot))])

    # it stops at N times tolerance of the last step; the error left is damping / (1 - damping) of that
    tight = TOLERANCE * (1 - DAMPING) / DAMPING / len(snapshot)
    theirs, theirs_busy, tightened = timed(lambda: peer(tight), peer_times)
    shipped, shipped_busy, default = timed(lambda: peer(1e-6), 1)
    difference = float(np.abs(share - tightened).sum())
    assert difference <= 2 * TOLERANCE, difference
    return "\n".join(
        [
            f"| {len(snapshot):,} nodes, {len(snapshot.ties.source):,} ties | seconds | networkx ÷ | of processors "
            "| networkx ÷ | error |",
            "|---|---:|---:|---:|---:|---:|",
            f"| Kith, error at most {TOLERANCE:g} | {own:.3f} | | {own_busy:.3f} | | |",
            f"| networkx, tightened to the same error | {theirs:.2f} | {theirs / own:.0f} | {theirs_busy:.2f} | "
            f"{theirs_busy / own_busy:.0f} | {difference:.1e} |",
            f"| networkx as it comes | {shipped:.2f} | {shipped / own:.0f} | {shipped_busy:.2f} | "
            f"{shipped_busy / own_busy:.0f} | {float(np.abs(share - default).sum()):.1e} |",
            f"\nOf its first 50, networkx as it comes has {_shared(share, default, 50)} of ours; "
            f"tightened {_shared(share, tightened, 50)}.",
        ]
    )


def _shared(one: Float64, two: Float64, first: int) -> int:
    return len(set(np.argsort(-one)[:first].tolist()) & set(np.argsort(-two)[:first].tolist()))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=("hub", "city", "region"), default="city")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=5)
    chosen = parser.parse_args(arguments)
    with kept() as folder:
        snapshot, _ = city(chosen.size, chosen.seed, Path(folder))
    print(compare(snapshot, chosen.times, 1 if chosen.size == "region" else 3))
    return 0


if __name__ == "__main__":
    sys.exit(main())
