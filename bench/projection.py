"""How fast shared contexts are found: ``python bench/projection.py``.

2,000 children in contexts (places, events, things), beside networkx's ``weighted_projected_graph`` on the same
memberships, in one run, with equal counts asserted; then the same with the chance of each count. ``--rows`` and
``--contexts`` make it larger. Printed as Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import networkx
import numpy as np
from scipy import sparse, stats

from analysis.projection import false_discovery, shared_contexts, surprise

#: in one round each is repeated for so long
LEAST_SECONDS = 0.2
PEER = "networkx `weighted_projected_graph` (counts)"


def medians(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each, all in turn in every round (a busy machine slows all alike), quick ones many times."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            until = time.perf_counter() + LEAST_SECONDS
            while True:
                started = time.perf_counter()
                work()
                ended = time.perf_counter()
                taken[name].append(ended - started)
                if ended >= until:
                    break
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def uneven(rows: int, contexts: int, each: int, generator: np.random.Generator) -> sparse.csr_array:
    """Memberships as records have them: a few rows and contexts have many."""
    activity, size = generator.pareto(2.0, rows) + 0.5, generator.pareto(1.5, contexts) + 0.5
    row = generator.choice(rows, rows * each, p=activity / activity.sum())
    column = generator.choice(contexts, rows * each, p=size / size.sum())
    return _matrix(row, column, rows, contexts)


def even(rows: int, contexts: int, each: int, generator: np.random.Generator) -> sparse.csr_array:
    """Every row in as many contexts, drawn evenly."""
    return _matrix(np.repeat(np.arange(rows), each), generator.integers(0, contexts, rows * each), rows, contexts)


def _matrix(row: np.ndarray, column: np.ndarray, rows: int, contexts: int) -> sparse.csr_array:
    matrix = sparse.csr_array(sparse.coo_array((np.ones(len(row)), (row, column)), shape=(rows, contexts)))
    matrix.data[:] = 1.0
    return matrix


def compare(name: str, matrix: sparse.csr_array, rounds: int) -> None:
    """One table: equal counts asserted, and a sample of p-values against scipy."""
    rows, contexts = matrix.shape
    pairs = matrix.tocoo()
    graph: networkx.Graph[object] = networkx.Graph()
    graph.add_nodes_from(range(rows))
    graph.add_edges_from((int(row), f"c{column}") for row, column in zip(pairs.row, pairs.col, strict=True))
    project = networkx.bipartite.weighted_projected_graph
    edges: list[tuple[int, int, int]] = list(project(graph, range(rows)).edges(data="weight"))
    theirs = {(min(a, b), max(a, b)): shared for a, b, shared in edges}
    found = shared_contexts(matrix)
    ours = dict(zip(zip(found.row.tolist(), found.other.tolist(), strict=True), found.observed.tolist(), strict=True))
    assert theirs == ours
    tested = surprise(matrix)
    degree = np.diff(matrix.indptr)
    sample = np.random.default_rng(1).integers(0, len(tested.row), 500)
    expected = stats.hypergeom.sf(
        tested.observed[sample] - 1, contexts, degree[tested.row[sample]], degree[tested.other[sample]]
    )
    np.testing.assert_allclose(tested.p_value[sample], expected, rtol=1e-9)
    surprise(matrix, model="degree_corrected")
    works: dict[str, Callable[[], object]] = {
        PEER: lambda: project(graph, range(rows)),
        "scipy sparse product (counts)": lambda: sparse.triu(matrix @ matrix.T, k=1, format="coo"),
        "`shared_contexts` (the same counts)": lambda: shared_contexts(matrix),
        "`surprise`, hypergeometric (counts, expected, p)": lambda: surprise(matrix),
        "`surprise`, degree-corrected (BiCM solved, exact Poisson-binomial p)": lambda: surprise(
            matrix, model="degree_corrected"
        ),
    }
    taken = medians(works, rounds)
    stand = int(false_discovery(tested.p_value, tests=tested.tests).sum())
    print(f"\n| {name}: {rows:,} rows, {contexts:,} contexts, {len(found.row):,} pairs | ms | networkx ÷ this |")
    print("|---|---:|---:|")
    for label, seconds in taken.items():
        print(f"| {label} | {seconds * 1000:.2f} | {taken[PEER] / seconds:.0f} |")
    print(f"\nPairs that stand at a false discovery rate of 5 %: {stand:,} of {tested.tests:,} compared.")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--contexts", type=int, default=3_000)
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args(arguments)
    generator = np.random.default_rng(1)
    compare("even", even(chosen.rows, chosen.contexts, chosen.each, generator), chosen.rounds)
    compare("uneven", uneven(chosen.rows, chosen.contexts, chosen.each, generator), chosen.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
