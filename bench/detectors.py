"""How fast the detectors are: ``python -m bench.detectors --size city``.

Prints, as Markdown, seconds and memory of each detector as shipped over a snapshot read from a SQLite store, and the
shared-context projection beside networkx's ``weighted_projected_graph`` on the same memberships, with equal answers.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import networkx
import numpy as np
from scipy import sparse

from analysis.projection import surprise
from analysis.registry import DETECTORS
from analysis.run import run
from bench.detection import snapshot_of
from graph.snapshot import Snapshot


def median_seconds(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def time_detectors(snapshot: Snapshot, times: int) -> None:
    print("| detector | seconds | flags |\n|---|---|---|")
    total = 0.0
    for name in DETECTORS:
        seconds = median_seconds(lambda name=name: run(name, snapshot, {}, 1), times)  # type: ignore[misc]
        total += seconds
        print(f"| {name} | {seconds:.2f} | {len(run(name, snapshot, {}, 1).flags)} |")
    print(f"| all | {total:.2f} | |")


def time_projection(children: int = 2_000, contexts: int = 3_000, each: int = 12) -> None:
    generator = np.random.default_rng(1)
    rows = np.repeat(np.arange(children), each)
    columns = generator.integers(0, contexts, children * each)
    matrix = sparse.csr_array(sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(children, contexts)))
    graph = networkx.Graph((int(row), f"c{column}") for row, column in zip(rows, columns, strict=True))
    projected = networkx.bipartite.weighted_projected_graph(graph, range(children))
    found = surprise(matrix)
    edges: list[tuple[int, int, int]] = list(projected.edges(data="weight"))
    theirs = {(min(a, b), max(a, b)): shared for a, b, shared in edges}
    ours = dict(zip(zip(found.row.tolist(), found.other.tolist(), strict=True), found.observed.tolist(), strict=True))
    assert theirs == ours
    peer = median_seconds(lambda: networkx.bipartite.weighted_projected_graph(graph, range(children)), 3)
    own = median_seconds(lambda: surprise(matrix), 5)
    corrected = median_seconds(lambda: surprise(matrix, model="degree_corrected"), 3)
    print("\n| projection of 2,000 children, equal counts | seconds | networkx ÷ this |\n|---|---|---|")
    print(f"| networkx weighted_projected_graph (counts only) | {peer:.3f} | 1 |")
    print(f"| surprise, hypergeometric (counts, expected, p) | {own:.3f} | {peer / own:.0f} |")
    print(f"| surprise, degree-corrected (exact Poisson-binomial) | {corrected:.3f} | {peer / corrected:.0f} |")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=("hub", "city", "region"), default="city")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=3)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        snapshot, _ = snapshot_of(chosen.size, chosen.seed, Path(folder))
        print(f"{chosen.size}: {len(snapshot):,} nodes, {len(snapshot.ties.source):,} ties\n")
        time_detectors(snapshot, chosen.times)
    time_projection()
    print(f"\npeak memory of the whole run {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
