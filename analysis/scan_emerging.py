"""Expectation-based scan: is there more now, here, than this place's own past makes likely?

Windows are circles of places times the last 1 to W periods. Counts are held against baselines of their own, not
against the rest of the map (expectation-based Poisson: Neill, International Journal of Forecasting 25, 2009). Counts
vary more than Poisson counts and a baseline from few past counts is itself uncertain; both enter as the squared
coefficient of variation of each place's level (a negative binomial count; Tango, Takahashi and Kohriyama, Biometrics
67, 2011). The ratio of a window is the Poisson log likelihood ratio divided by its over-dispersion (variance over
mean), and the p-value its rank among the largest ratios of negative-binomial replicates.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.scan import Cluster, Scan, rank_p
from analysis.scan_kernels import compiled
from analysis.scan_replicates import threads
from analysis.scan_zones import Zones, zones
from analysis.spec import Progress, quiet
from graph.snapshot import Float64, Int64

#: replicates between two reports of progress
_AT_ONCE = 32


@compiled
def quasi_ratio(count, baseline, extra):  # type: ignore[no-untyped-def]
    """Poisson log likelihood ratio over the over-dispersion; ``extra`` is the variance beyond Poisson."""
    if count <= baseline:
        return 0.0
    return (count * math.log(count / baseline) - (count - baseline)) * baseline / (baseline + extra)


@compiled
def _best_around(centre, start, member, closes, taken, counts, baseline, extra):  # type: ignore[no-untyped-def]
    """Best window around one place that touches no place taken: (ratio, members, periods)."""
    periods = counts.shape[1]
    count, mean, more = np.zeros(periods), np.zeros(periods), np.zeros(periods)
    best, size, length = 0.0, 0, 0
    for at in range(start[centre], start[centre + 1]):
        place = member[at]
        if taken[place]:
            break
        for last in range(periods):
            count[last] += counts[place, last]
            mean[last] += baseline[place, last]
            more[last] += extra[place, last]
        if not closes[at]:
            continue
        for last in range(periods):
            over = count[last] - mean[last]
            # log x <= x - 1: no logarithm where even this bound does not beat the best
            if over <= 0.0 or over * over <= best * (mean[last] + more[last]):
                continue
            ratio = quasi_ratio(count[last], mean[last], more[last])
            if ratio > best:
                best, size, length = ratio, at - start[centre] + 1, last + 1
    return best, size, length


@compiled
def _largest(start, member, closes, counts, baseline, extra, result):  # type: ignore[no-untyped-def]
    """Largest ratio of each replicate, (replicate, place, periods) counts summed from the last period back."""
    nobody = np.zeros(counts.shape[1], dtype=np.bool_)
    for replicate in range(counts.shape[0]):
        best = 0.0
        for centre in range(counts.shape[1]):
            found = _best_around(centre, start, member, closes, nobody, counts[replicate], baseline, extra)
            best = max(best, found[0])
        result[replicate] = best


@dataclass(frozen=True, slots=True, eq=False)
class EmergingProblem:
    """What is scanned: per place, summed over the last 1, 2 ... periods."""

    counts: Float64
    baseline: Float64
    #: variance beyond Poisson
    extra: Float64
    around: Zones
    #: baselines by period, not summed
    means: Float64
    #: squared coefficient of variation of each place
    varied: Float64

    @property
    def windows(self) -> int:
        """Windows tested: circles times durations."""
        return int(self.around.closes.sum()) * int(self.counts.shape[1])


def emerging_scan(
    xy: npt.ArrayLike,
    cases: npt.ArrayLike,
    baselines: npt.ArrayLike,
    *,
    variation: npt.ArrayLike = 0.0,
    max_fraction: float = 0.1,
    max_duration: int | None = None,
    permutations: int = 999,
    rng: np.random.Generator,
    metric: str = "euclidean",
    progress: Progress = quiet,
) -> Scan:
    """Clusters of places with more cases than their own baselines over the last periods, likeliest first.

    ``cases`` and ``baselines`` (n, t), the last column the latest period; every baseline above 0. ``variation`` is the
    squared coefficient of variation of each place's level, one figure or one a place. ``max_fraction`` is the largest
    share of all baselines inside a circle, ``max_duration`` the most periods (all of them when not given). Clusters
    share no place. Raises ValueError for arguments that do not fit.
    """
    problem = emerging_problem(
        xy, cases, baselines, variation=variation, max_fraction=max_fraction, max_duration=max_duration, metric=metric
    )
    maxima = emerging_maxima(problem, permutations, rng, progress)
    return Scan(emerging_clusters(problem, maxima), maxima, problem.windows)


def emerging_problem(
    xy: npt.ArrayLike,
    cases: npt.ArrayLike,
    baselines: npt.ArrayLike,
    *,
    variation: npt.ArrayLike = 0.0,
    max_fraction: float = 0.1,
    max_duration: int | None = None,
    metric: str = "euclidean",
    around: Zones | None = None,
) -> EmergingProblem:
    """What ``emerging_scan`` scans, its arguments checked; with ``around``, about the same circles again."""
    points = np.asarray(xy, dtype=np.float64)
    counts, means = np.asarray(cases, dtype=np.float64), np.asarray(baselines, dtype=np.float64)
    if counts.ndim != 2 or counts.shape != means.shape or points.shape != (len(counts), 2) or not counts.size:
        raise ValueError("cases and baselines have one row a place and one column a period, xy one row a place")
    if not (np.isfinite(counts).all() and np.isfinite(means).all() and (counts >= 0).all() and (means > 0).all()):
        raise ValueError("cases are at least 0 and baselines above 0")
    varied = np.array(np.broadcast_to(np.asarray(variation, dtype=np.float64), len(counts)))
    if not np.isfinite(varied).all() or (varied < 0).any() or not 0 < max_fraction <= 1:
        raise ValueError("variation is at least 0, max_fraction between 0 and 1")
    longest = counts.shape[1] if max_duration is None else min(max_duration, counts.shape[1])
    if longest < 1:
        raise ValueError("max_duration is at least 1")
    means = means[:, -longest:]
    circles = zones(points, means.sum(axis=1), max_fraction, metric) if around is None else around
    baseline = _from_the_last(means)
    extra = varied[:, None] * baseline**2
    return EmergingProblem(_from_the_last(counts[:, -longest:]), baseline, extra, circles, means, varied)


def _from_the_last(table: Float64) -> Float64:
    return np.ascontiguousarray(np.cumsum(table[..., ::-1], axis=-1))


def emerging_maxima(
    problem: EmergingProblem, permutations: int, rng: np.random.Generator, progress: Progress = quiet
) -> Float64:
    """Largest ratio of each negative-binomial replicate."""
    if permutations < 0:
        raise ValueError("permutations is at least 0")
    varied, means = problem.varied, problem.means
    shape, scale = 1 / np.maximum(varied, 1e-12), np.maximum(varied, 1e-12)
    result = np.zeros(permutations)
    workers = threads()
    with ThreadPoolExecutor(workers) as pool:
        for first in range(0, permutations, _AT_ONCE):
            part = min(_AT_ONCE, permutations - first)
            level = np.where(varied > 0, rng.gamma(shape, scale, (part, len(varied))), 1.0)
            counts = _from_the_last(rng.poisson(level[:, :, None] * means[None]).astype(np.float64))
            edges = [first + part * worker // workers for worker in range(workers + 1)]
            list(pool.map(_worker(problem, counts, first, result), edges[:-1], edges[1:]))
            progress((first + part) / permutations, "testing replicates")
    return result


def _worker(problem: EmergingProblem, counts: Float64, offset: int, result: Float64) -> Callable[[int, int], Any]:
    around = problem.around

    def work(low: int, high: int) -> None:
        _largest(
            around.start, around.member, around.closes, counts[low - offset : high - offset], problem.baseline,
            problem.extra, result[low:high],
        )  # fmt: skip

    return work


def emerging_clusters(problem: EmergingProblem, maxima: Float64) -> tuple[Cluster, ...]:
    """Best window, then the best that touches no place taken, and so on while there is an excess."""
    around, count = problem.around, len(problem.counts)
    taken = np.zeros(count, dtype=np.bool_)
    shape = (around.start, around.member, around.closes, taken, problem.counts, problem.baseline, problem.extra)
    best: list[tuple[float, int, int]] = [_best_around(place, *shape) for place in range(count)]
    queue = [(-ratio, place) for place, (ratio, _, _) in enumerate(best) if ratio > 0]
    heapq.heapify(queue)
    found: list[Cluster] = []
    while queue:
        _, place = heapq.heappop(queue)
        _, size, length = best[place]
        members = around.member[around.start[place] : around.start[place] + size]
        if not taken[members].any():
            taken[members] = True
            found.append(_cluster(problem, maxima, np.sort(members), length))
        elif not taken[place]:
            best[place] = _best_around(place, *shape)
            if best[place][0] > 0:
                heapq.heappush(queue, (-best[place][0], place))
    return tuple(sorted(found, key=lambda each: (-each.log_likelihood_ratio, each.members, each.start)))


def _cluster(problem: EmergingProblem, maxima: Float64, members: Int64, length: int) -> Cluster:
    observed, expected, extra = (
        math.fsum(table[members, length - 1].tolist()) for table in (problem.counts, problem.baseline, problem.extra)
    )
    ratio = float(quasi_ratio(observed, expected, extra))
    last = problem.counts.shape[1] - 1
    risk = observed / expected
    p_value = rank_p(maxima, ratio)
    return Cluster(tuple(members.tolist()), last - length + 1, last, observed, expected, risk, ratio, p_value)
