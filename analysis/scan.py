"""Kulldorff's scan statistic: where, and when, are there more cases than expected, tested over all windows at once.

Windows are circles around the places, with up to ``max_fraction`` of the people at risk (never of the cases), times
runs of periods. Each window has the log likelihood ratio of "more inside than outside" against "the same everywhere"
(Kulldorff, Communications in Statistics 26, 1997; space-time permutation: Kulldorff and others, PLoS Medicine 2, 2005).
The p-value of a cluster is the rank of its ratio among the largest ratios of replicates made under "the same
everywhere", so one figure answers for all windows tested. Secondary clusters share no place with a likelier one; their
p-values are compared with the same largest ratios and so are cautious.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis import scan_kernels as kernels
from analysis.scan_replicates import Model, Problem, cumulative, replicate_maxima, spread
from analysis.scan_zones import zones
from analysis.spec import Progress, quiet
from graph.snapshot import Float64, Int64


@dataclass(frozen=True, slots=True)
class Cluster:
    """A window with more cases than expected."""

    #: rows of the places inside, ascending
    members: tuple[int, ...]
    #: first and last period inside, both counted; 0 and 0 without time
    start: int
    end: int
    observed: float
    #: cases expected inside if the same everywhere
    expected: float
    #: observed over expected inside, divided by the same outside; infinite when there is no case outside
    relative_risk: float
    #: natural logarithm
    log_likelihood_ratio: float
    #: (1 + replicates whose largest ratio is as large) / (1 + replicates)
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Clusters with what their p-values rest on."""

    clusters: tuple[Cluster, ...]
    #: largest ratio of each replicate
    maxima: Float64
    #: windows tested: circles times runs of periods
    windows: int

    def p_value(self, ratio: float) -> float:
        """The p-value that a window with this ratio would have."""
        return rank_p(self.maxima, ratio)


def rank_p(maxima: Float64, ratio: float) -> float:
    """(1 + maxima at or above the ratio) / (1 + maxima); equal up to rounding counts as at."""
    return float(1 + np.count_nonzero(maxima >= ratio - 1e-9 * max(1.0, ratio))) / (1 + len(maxima))


def scan_statistic(
    xy: npt.ArrayLike,
    cases: npt.ArrayLike,
    expected: npt.ArrayLike | None = None,
    *,
    population: npt.ArrayLike | None = None,
    controls: npt.ArrayLike | None = None,
    model: Model = "poisson",
    max_fraction: float = 0.1,
    max_duration: int | None = None,
    prospective: bool = False,
    permutations: int = 999,
    rng: np.random.Generator,
    metric: Literal["euclidean", "haversine"] = "euclidean",
    dispersion: float = 0.0,
    progress: Progress = quiet,
) -> tuple[Cluster, ...]:
    """Clusters with more cases than expected, most likely first, none sharing a place with a likelier one.

    ``xy`` (n, 2): metres, or degrees as longitude, latitude with ``metric="haversine"``. ``cases`` (n,) or (n, t)
    counts; whole numbers for the Bernoulli and permutation models. Poisson needs ``expected`` (scaled so that it adds
    up to the cases) or ``population`` ((n,) or (n, t)); Bernoulli needs ``controls``, shaped as the cases; the
    space-time permutation needs neither. ``max_fraction`` is the largest share of the population inside a circle; with
    no population, of what is expected (Bernoulli: of cases and controls). ``max_duration`` is the longest run of
    periods, by default half of them; ``prospective`` keeps only runs that reach the last period. ``dispersion`` makes
    the expected counts of replicates vary between places with that squared coefficient of variation (gamma), for
    counts that differ more than Poisson counts would. All clusters with an excess are given, significant or not.
    Raises ValueError for arguments that do not fit.
    """
    found = scan(
        xy, cases, expected, population=population, controls=controls, model=model, max_fraction=max_fraction,
        max_duration=max_duration, prospective=prospective, permutations=permutations, rng=rng, metric=metric,
        dispersion=dispersion, progress=progress,
    )  # fmt: skip
    return found.clusters


def scan(
    xy: npt.ArrayLike,
    cases: npt.ArrayLike,
    expected: npt.ArrayLike | None = None,
    *,
    population: npt.ArrayLike | None = None,
    controls: npt.ArrayLike | None = None,
    model: Model = "poisson",
    max_fraction: float = 0.1,
    max_duration: int | None = None,
    prospective: bool = False,
    permutations: int = 999,
    rng: np.random.Generator,
    metric: Literal["euclidean", "haversine"] = "euclidean",
    dispersion: float = 0.0,
    progress: Progress = quiet,
) -> Scan:
    """As ``scan_statistic``, with the largest ratio of each replicate and the number of windows."""
    problem = problem_of(
        xy, cases, expected, population=population, controls=controls, model=model, max_fraction=max_fraction,
        max_duration=max_duration, prospective=prospective, metric=metric,
    )  # fmt: skip
    if permutations < 0 or dispersion < 0 or (dispersion > 0 and model != "poisson"):
        raise ValueError("permutations and dispersion are not negative; dispersion is for the Poisson model")
    if problem.total_cases == 0:
        return Scan((), np.zeros(permutations), problem.windows)
    maxima = replicate_maxima(problem, model, permutations, dispersion, rng, progress)
    return Scan(clusters_of(problem, maxima), maxima, problem.windows)


def problem_of(
    xy: npt.ArrayLike,
    cases: npt.ArrayLike,
    expected: npt.ArrayLike | None = None,
    *,
    population: npt.ArrayLike | None = None,
    controls: npt.ArrayLike | None = None,
    model: Model = "poisson",
    max_fraction: float = 0.1,
    max_duration: int | None = None,
    prospective: bool = False,
    metric: Literal["euclidean", "haversine"] = "euclidean",
) -> Problem:
    """What ``scan_statistic`` scans, its arguments checked: for asking several times about the same circles."""
    points = np.asarray(xy, dtype=np.float64)
    counts = _table(cases, "cases")
    if points.shape != (len(counts), 2) or not np.isfinite(points).all():
        raise ValueError("xy has one row of two finite numbers a place")
    if not 0 < max_fraction <= 1:
        raise ValueError("max_fraction lies between 0 and 1")
    weights, at_risk = _weights(counts, expected, population, controls, model)
    begins, ends = _runs(counts.shape[1], max_duration, prospective)
    around = zones(points, at_risk, max_fraction, metric)
    kind = kernels.BERNOULLI if model == "bernoulli" else kernels.POISSON
    return Problem(counts, weights, kind, around, begins, ends)


def _table(values: npt.ArrayLike, name: str) -> Float64:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or not table.size or not np.isfinite(table).all() or (table < 0).any():
        raise ValueError(f"{name} are numbers of at least 0, one row a place, one column a period")
    return table


def _shaped(values: npt.ArrayLike, counts: Float64, name: str) -> Float64:
    """One figure a place and period; a figure a place alone is spread evenly over the periods."""
    table = _table(values, name)
    if table.shape == (len(counts), 1):
        table = np.repeat(table / counts.shape[1], counts.shape[1], axis=1)
    if table.shape != counts.shape:
        raise ValueError(f"{name} have the shape of the cases, or one figure a place")
    return table


def _weights(
    counts: Float64,
    expected: npt.ArrayLike | None,
    population: npt.ArrayLike | None,
    controls: npt.ArrayLike | None,
    model: Model,
) -> tuple[Float64, Float64]:
    """(what is expected or counted in each cell, people at risk in each place)."""
    people = None if population is None else _shaped(population, counts, "population")
    whole = bool((counts == np.rint(counts)).all())
    if model == "poisson":
        base = people if expected is None else _shaped(expected, counts, "expected")
        if base is None or base.sum() <= 0:
            raise ValueError("the Poisson model needs expected counts or a population")
        if (counts[base == 0] > 0).any():
            raise ValueError("there are cases where none are expected")
        weights = base * (counts.sum() / base.sum()) if counts.sum() > 0 else base
    elif model == "bernoulli":
        if controls is None:
            raise ValueError("the Bernoulli model needs controls")
        others = _table(controls, "controls")
        if others.shape != counts.shape or not whole or (others != np.rint(others)).any():
            raise ValueError("controls have the shape of the cases, and both are whole numbers")
        weights = counts + others
    elif model == "space_time_permutation":
        if not whole:
            raise ValueError("cases of the space-time permutation are whole numbers")
        weights = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1.0)
    else:
        raise ValueError("model is poisson, bernoulli or space_time_permutation")
    return weights, (weights if people is None else people).sum(axis=1)


def _runs(periods: int, max_duration: int | None, prospective: bool) -> tuple[Int64, Int64]:
    longest = max(1, periods // 2) if max_duration is None else max_duration
    if longest < 1:
        raise ValueError("max_duration is at least 1")
    pairs = [
        (begin, end)
        for begin in range(periods)
        for end in range(begin + 1, min(begin + longest, periods) + 1)
        if end == periods or not prospective
    ]
    table = np.array(pairs, dtype=np.int64)
    return np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])


def clusters_of(problem: Problem, maxima: Float64) -> tuple[Cluster, ...]:
    """Best window, then the best among those that touch no place taken, and so on while there is an excess."""
    around, count = problem.around, len(problem.cases)
    taken = np.zeros(count, dtype=np.bool_)
    tables = (cumulative(problem.cases), cumulative(problem.weights))
    numbers = (problem.total_cases, float(problem.weights.sum()), problem.model, problem.begins, problem.ends)
    shape = (around.start, around.member, around.closes, taken, *tables, *numbers)
    ratio, size, window = np.zeros(count), np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    spread(count, lambda first, last: kernels.best_of_all(first, last, *shape, ratio, size, window))
    totals = math.fsum(problem.cases.ravel().tolist()), math.fsum(problem.weights.ravel().tolist())
    queue = [(-value, place) for place, value in enumerate(ratio.tolist()) if value > 0]
    heapq.heapify(queue)
    found: list[Cluster] = []
    while queue:
        _, place = heapq.heappop(queue)
        members = around.member[around.start[place] : around.start[place] + size[place]]
        if not taken[members].any():
            taken[members] = True
            found.append(_cluster(problem, totals, maxima, np.sort(members), int(window[place])))
        elif not taken[place]:
            ratio[place], size[place], window[place] = kernels.best_of_centre(place, *shape)
            if ratio[place] > 0:
                heapq.heappush(queue, (-float(ratio[place]), place))
    return tuple(sorted(found, key=lambda each: (-each.log_likelihood_ratio, each.members, each.start)))


def _cluster(problem: Problem, totals: tuple[float, float], maxima: Float64, members: Int64, window: int) -> Cluster:
    begin, end = int(problem.begins[window]), int(problem.ends[window])
    observed = math.fsum(problem.cases[members, begin:end].ravel().tolist())
    weight = math.fsum(problem.weights[members, begin:end].ravel().tolist())
    cases, total = totals
    expected = weight * cases / total
    outside = cases - observed
    risk = math.inf if outside <= 0 else (observed / expected) / (outside / (cases - expected))
    ratio = float(kernels.likelihood_ratio(observed, weight, cases, total, problem.model))
    return Cluster(tuple(members.tolist()), begin, end - 1, observed, expected, risk, ratio, rank_p(maxima, ratio))
