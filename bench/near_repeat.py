"""Knox's test beside plain numpy, scikit-learn and a tree in scipy: ``python -m bench.near_repeat``.

The same counts are asserted. Plain numpy compares every pair, in slices; above ``--plain`` events it would take too
long and its time is scaled by the pairs (said in the table). Printed as Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial import cKDTree

from analysis.near_repeat import Knox, knox
from graph.snapshot import Float64

NEAR, SOON = 200.0, 14.0


def town(events: int, seed: int) -> tuple[Float64, Float64]:
    """Events of three years in a town of 20 by 20 km, half of them around 300 busy places."""
    generator = np.random.default_rng(seed)
    busy = generator.random((300, 2)) * 20_000
    xy = generator.random((events, 2)) * 20_000
    around = generator.random(events) < 0.5
    xy[around] = busy[generator.integers(0, 300, int(around.sum()))] + generator.normal(0, 120, (int(around.sum()), 2))
    return xy, np.floor(generator.random(events) * 1_096)


def by_numpy(xy: Float64, days: Float64) -> int:
    """Every pair compared, a thousand rows at a time."""
    total = 0
    for begin in range(0, len(xy), 1_000):
        rows = slice(begin, begin + 1_000)
        near = ((xy[rows, None] - xy[None]) ** 2).sum(axis=2) <= NEAR * NEAR
        total += int((near & (np.abs(days[rows, None] - days[None]) <= SOON)).sum())
    return (total - len(xy)) // 2


def by_sklearn(xy: Float64, days: Float64) -> int:
    """The ball tree of scikit-learn's neighbours, then the days."""
    from sklearn.neighbors import KDTree

    found = KDTree(xy).query_radius(xy, NEAR)
    soon = sum(int((np.abs(days[row] - days[near]) <= SOON).sum()) for row, near in enumerate(found))
    return (soon - len(xy)) // 2


def by_sets(xy: Float64, days: Float64) -> int:
    """Scipy's tree with Python's own pairs."""
    return sum(abs(days[one] - days[two]) <= SOON for one, two in cKDTree(xy).query_pairs(NEAR))


def seconds(work: Callable[[], object], runs: int) -> float:
    """Median of several."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def permuted_by_numpy(xy: Float64, days: Float64, permutations: int, generator: np.random.Generator) -> int:
    """Permutations of the times over the near pairs of a tree, plain numpy: how many have as many."""
    pairs = cKDTree(xy).query_pairs(NEAR, output_type="ndarray")
    one, two = pairs[:, 0], pairs[:, 1]
    observed = int((np.abs(days[one] - days[two]) <= SOON).sum())
    reached = 0
    for _ in range(permutations):
        order = generator.permutation(days)
        reached += int((np.abs(order[one] - order[two]) <= SOON).sum()) >= observed
    return reached


def rows(events: int, most_plain: int, permutations: int, runs: int) -> tuple[str, str]:
    """Two rows of the table: the count, and the permutations."""
    xy, days = town(events, 1)

    def ours(repeats: int, first: int = events) -> Knox:
        rng = np.random.default_rng(1)
        return knox(xy[:first], days[:first], near=NEAR, soon=SOON, permutations=repeats, rng=rng)

    found, few = ours(0), min(events, most_plain)
    started = time.perf_counter()
    assert by_numpy(xy[:few], days[:few]) == ours(0, few).observed, "numpy counts otherwise"
    plain = (time.perf_counter() - started) * (events / few) ** 2
    assert by_sklearn(xy, days) == found.observed, "scikit-learn counts otherwise"
    tracemalloc.start()
    ours(0)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    said = f"{plain:.1f}" if few == events else f"{plain:.0f} (scaled)"
    others = f"{seconds(lambda: by_sklearn(xy, days), 1):.2f} | {seconds(lambda: by_sets(xy, days), 1):.2f}"
    start = f"| {events:,} | {found.near_pairs:,} |"
    again = seconds(lambda: permuted_by_numpy(xy, days, permutations, np.random.default_rng(1)), 1)
    return (
        f"{start} count | {seconds(lambda: ours(0), runs):.3f} | {said} | {others} | {peak:.0f} |",
        f"{start} {permutations} permutations | {seconds(lambda: ours(permutations), 1):.2f} | "
        f"{again:.2f} (pairs by scipy's tree) | | | |",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--plain", type=int, default=10_000, help="most events for which every pair is compared")
    parser.add_argument("--permutations", type=int, default=99)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args(arguments)
    # compiled before anything is measured
    knox(*town(500, 0), near=NEAR, soon=SOON, permutations=1, rng=np.random.default_rng(0))
    print("| events | near pairs | question | Kith, s | numpy, s | scikit-learn, s | scipy and Python, s | Kith, MB |")
    print("|---:|---:|---|---:|---:|---:|---:|---:|")
    for events in chosen.events:
        print("\n".join(rows(events, chosen.plain, chosen.permutations, chosen.runs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
