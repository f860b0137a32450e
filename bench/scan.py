"""How fast the scan statistic is: ``python -m bench.scan``.

Space-time scan of 1,000 places and 36 months, circles up to half of the population, up to 18 months, 999 replicates,
all of them here; beside plain vectorised numpy on a few of the same replicates, scaled. The largest ratios of those are
asserted to be equal. Below, Gi* beside esda's ``G_Local`` with the same z (esda is optional).
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from analysis.local_g import getis_ord_g_star
from analysis.scan import problem_of, scan
from analysis.scan_replicates import Problem, Replicates, threads
from graph.snapshot import Float64


def made(places: int, periods: int, cases: int) -> tuple[Float64, Float64, Float64]:
    """Places with unequal population and one planted cluster."""
    generator = np.random.default_rng(1)
    xy = generator.random((places, 2)) * 10_000
    population = np.repeat(generator.integers(50, 500, places).astype(np.float64)[:, None], periods, axis=1)
    risk = population.copy()
    inside = np.argsort(np.hypot(*(xy - xy[0]).T))[: max(places // 100, 3)]
    risk[inside, periods // 2 : periods // 2 + max(periods // 6, 1)] *= 2.5
    counts = generator.multinomial(cases, risk.ravel() / risk.sum()).reshape(places, periods)
    return xy, counts.astype(np.float64), population


def plain_maximum(problem: Problem, counts: Float64) -> float:
    """Largest ratio of one table of counts with numpy: per place, all circles and all runs of periods at once."""
    cases, best = counts.sum(), 0.0
    around = problem.around
    for centre in range(len(counts)):
        members = around.member[around.start[centre] : around.start[centre + 1]]
        closes = around.closes[around.start[centre] : around.start[centre + 1]]
        tables = []
        for table in (counts, problem.weights):
            summed = np.zeros((len(members), table.shape[1] + 1))
            np.cumsum(np.cumsum(table[members], axis=0), axis=1, out=summed[:, 1:])
            tables.append((summed[:, problem.ends] - summed[:, problem.begins])[closes])
        count, expected = tables
        over = count > expected
        count, expected = count[over], expected[over]
        with np.errstate(divide="ignore", invalid="ignore"):
            outside = np.where(cases > count, (cases - count) * np.log((cases - count) / (cases - expected)), 0.0)
        ratio = count * np.log(count / expected) + outside
        best = max(best, float(ratio.max(initial=0.0)))
    return best


def space_time(places: int, periods: int, cases: int, replicates: int, peers: int) -> None:
    xy, counts, population = made(places, periods, cases)
    arguments: dict[str, Any] = {"population": population, "max_fraction": 0.5, "max_duration": periods // 2}
    scan(xy[:40], counts[:40], population=population[:40], permutations=9, rng=np.random.default_rng(1))
    started, begun = time.perf_counter(), time.process_time()
    found = scan(xy, counts, permutations=replicates, rng=np.random.default_rng(2), **arguments)
    seconds, effort = time.perf_counter() - started, time.process_time() - begun
    problem = problem_of(xy, counts, **arguments)
    table = np.zeros((places, periods + 1, peers), dtype=np.int32)
    maker = Replicates(problem, "poisson", 0.0, np.random.default_rng(2))
    taken, efforts = [], []
    for lane in range(peers):
        maker.fill(table, lane)
        started, begun = time.perf_counter(), time.process_time()
        plain = plain_maximum(problem, table[:, 1:, lane].astype(np.float64))
        taken.append(time.perf_counter() - started)
        efforts.append(time.process_time() - begun)
        assert abs(plain - found.maxima[lane]) < 1e-6, (plain, found.maxima[lane])
    assert abs(plain_maximum(problem, counts) - found.clusters[0].log_likelihood_ratio) < 1e-6
    scaled = statistics.median(taken) * replicates
    print(
        f"Space-time scan, Poisson, {places:,} places x {periods} periods, {cases:,} cases, circles up to half of the "
        f"population, up to {periods // 2} periods: {found.windows:,} windows, {replicates} replicates, "
        f"{threads()} threads\n"
    )
    plainly = statistics.median(efforts) * replicates
    print("| implementation | seconds | numpy ÷ this | processor seconds | numpy ÷ this |\n|---|---:|---:|---:|---:|")
    print(f"| plain numpy (median of {peers} replicates, scaled) | {scaled:,.0f} | 1 | {plainly:,.0f} | 1 |")
    print(
        f"| analysis.scan, clusters and p-values included | {seconds:.1f} | {scaled / seconds:.0f} "
        f"| {effort:.1f} | {plainly / effort:.0f} |"
    )
    best = found.clusters[0]
    print(f"\nLikeliest cluster: ratio {best.log_likelihood_ratio:.4f}, p-value {best.p_value}; {peers} largest ratios "
          "of replicates and the observed one equal within 1e-6.")  # fmt: skip


def local_g(places: int) -> None:
    if importlib.util.find_spec("esda") is None:
        print("\nesda is not installed: Gi* is not compared")
        return
    esda, weights_of = importlib.import_module("esda"), importlib.import_module("libpysal.weights")
    generator = np.random.default_rng(3)
    xy = generator.random((places, 2))
    values = generator.gamma(2.0, size=places)
    near = np.asarray(cKDTree(xy).query(xy, k=9)[1], dtype=np.int64)
    rows = np.repeat(np.arange(places), 9)
    matrix = sparse.csr_array(sparse.coo_array((np.ones(len(rows)), (rows, near.ravel())), shape=(places, places)))
    weights = weights_of.W({row: near[row, 1:].tolist() for row in range(places)}, silence_warnings=True)

    def theirs() -> Any:
        return esda.G_Local(values, weights, transform="B", permutations=0, star=True)

    ours, peer = getis_ord_g_star(values, matrix), theirs()
    assert np.allclose(ours.z, peer.Zs, atol=1e-6)
    own = median_seconds(lambda: getis_ord_g_star(values, matrix))
    print(f"\n| Gi* of {places:,} places, equal z | seconds | esda ÷ this |\n|---|---:|---:|")
    other = median_seconds(theirs)
    print(f"| esda G_Local (no permutations) | {other:.4f} | 1 |\n| analysis.local_g | {own:.4f} | {other / own:.0f} |")


def median_seconds(work: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--places", type=int, default=1_000)
    parser.add_argument("--periods", type=int, default=36)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--replicates", type=int, default=999)
    parser.add_argument("--peers", type=int, default=3, help="replicates that plain numpy does")
    chosen = parser.parse_args(arguments)
    space_time(chosen.places, chosen.periods, chosen.cases, chosen.replicates, chosen.peers)
    local_g(5_000)
    print(f"\npeak memory of the whole run {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
