"""What is scanned, replicates of it under "the same everywhere", and the largest ratio of each."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis import scan_kernels as kernels
from analysis.scan_zones import Zones
from analysis.spec import Progress
from graph.snapshot import Float64, Int64

Model = Literal["poisson", "bernoulli", "space_time_permutation"]
#: replicates handled side by side
LANES = 256
#: a total above this does not fit the small whole numbers of the quick lanes
_SMALL = 32_000
#: lanes times windows between two reports of progress: some tenths of a second
_A_ROUND = 4e9


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is scanned, in the terms of the kernels."""

    #: (places, periods)
    cases: Float64
    #: expected cases (Poisson), or everybody counted (Bernoulli)
    weights: Float64
    model: int
    around: Zones
    #: first and one past the last period of each run of periods
    begins: Int64
    ends: Int64

    @property
    def total_cases(self) -> float:
        return float(self.cases.sum())

    @property
    def windows(self) -> int:
        """Windows tested: circles times runs of periods."""
        return int(self.around.closes.sum()) * len(self.begins)


def cumulative(table: Float64) -> Float64:
    result = np.zeros((table.shape[0], table.shape[1] + 1))
    np.cumsum(table, axis=1, out=result[:, 1:])
    return result


def spread(count: int, work: Callable[[int, int], None]) -> None:
    """Work on ranges of 0 to count, on all processors; compiled loops run side by side."""
    parts = threads() * 4
    edges = [count * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(threads()) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))


def threads() -> int:
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def replicate_maxima(
    problem: Problem,
    model: Model,
    permutations: int,
    dispersion: float,
    rng: np.random.Generator,
    progress: Progress,
) -> Float64:
    """Largest ratio of each replicate; all replicates are drawn one after another from ``rng``."""
    cases = round(problem.total_cases)
    small = cases <= _SMALL
    weights = cumulative(problem.weights)
    maker = Replicates(problem, model, dispersion, rng)
    result = np.zeros(permutations)
    count, periods = problem.cases.shape
    for first in range(0, permutations, LANES):
        lanes = min(LANES, permutations - first)
        counts = np.zeros((count, periods + 1, lanes), dtype=np.int16 if small else np.int32)
        for lane in range(lanes):
            maker.fill(counts, lane)
        kernels.accumulate(counts)
        best = result[first : first + lanes]

        def told(share: float, done: int = first, lanes: int = lanes) -> None:
            progress((done + share * lanes) / permutations, "testing replicates")

        _maxima_of_block(problem, counts, weights, best, told)
    return result


def _maxima_of_block(
    problem: Problem,
    counts: npt.NDArray[np.signedinteger],
    weights: Float64,
    best: Float64,
    told: Callable[[float], None],
) -> None:
    """Largest ratio of each lane, into ``best``; in rounds, so that a run can be watched and ended."""
    workers = threads()
    work = len(problem.around.member) * len(problem.begins) * len(best)
    rounds = max(1, round(work / _A_ROUND))
    cases, total = float(round(problem.total_cases)), float(problem.weights.sum())
    dealt = _dealt(problem.around, workers * rounds)

    def scanned(part: int) -> Float64:
        mine, own = dealt[part], best.copy()
        kernels.maxima_of_block(
            0, len(mine.start) - 1, mine.start, mine.member, mine.closes, counts, weights, cases, total, problem.model,
            problem.begins, problem.ends, own,
        )  # fmt: skip
        return own

    with ThreadPoolExecutor(workers) as pool:
        for turn in range(rounds):
            found = list(pool.map(scanned, range(turn * workers, (turn + 1) * workers)))
            # what one worker found raises what the others must beat
            best[:] = np.max(found, axis=0)
            told((turn + 1) / rounds)


def _dealt(around: Zones, parts: int) -> list[Zones]:
    """The circles dealt out in so many parts, place by place."""
    sizes = np.diff(around.start)
    result = []
    for part in range(parts):
        rows = np.arange(part, len(sizes), parts)
        start = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(sizes[rows], out=start[1:])
        taken = np.repeat(around.start[rows] - start[:-1], sizes[rows]) + np.arange(start[-1])
        result.append(Zones(start, around.member[taken], around.closes[taken]))
    return result


class Replicates:
    """Draws counts under "the same everywhere", with the margins the model keeps."""

    def __init__(self, problem: Problem, model: Model, dispersion: float, rng: np.random.Generator) -> None:
        self._rng, self._model, self._dispersion = rng, model, dispersion
        self._shape = problem.cases.shape
        self._cases = round(problem.total_cases)
        self._weights = problem.weights
        flat = problem.weights.ravel()
        self._edges = np.cumsum(flat)
        self._chance: Float64 = flat / flat.sum()
        size = len(flat)
        starts = np.searchsorted(self._edges, np.arange(size + 1) / size * self._edges[-1], side="right")
        # one entry back: rounding of a draw must not begin behind its cell
        self._guide = np.maximum(np.minimum(starts, size - 1) - 1, 0)
        if model != "poisson":
            each = problem.cases.astype(np.int64).ravel()
            self._cell_of_case = np.repeat(np.arange(size), each)
            everybody = np.rint(flat).astype(np.int64) if model == "bernoulli" else each
            self._cell_of_person = np.repeat(np.arange(size), everybody)

    def fill(self, counts: npt.NDArray[np.signedinteger], lane: int) -> None:
        """One replicate into one lane, not yet summed over time."""
        places, periods = self._shape
        if self._model == "poisson":
            if self._dispersion == 0 and self._cases < places * periods:
                draws = self._rng.random(self._cases)
                kernels.scatter(counts, lane, draws, self._edges[-1], self._guide, self._edges, periods)
                return
            cells = self._rng.multinomial(self._cases, self._varied())
        elif self._model == "bernoulli":
            chosen = self._rng.choice(len(self._cell_of_person), self._cases, replace=False, shuffle=False)
            cells = np.bincount(self._cell_of_person[chosen], minlength=places * periods)
        else:
            when = self._rng.permutation(self._cell_of_case % periods)
            where = self._cell_of_case // periods
            cells = np.bincount(where * periods + when, minlength=places * periods)
        counts[:, 1:, lane] = cells.reshape(places, periods)

    def _varied(self) -> Float64:
        if self._dispersion == 0:
            return self._chance
        factor = self._rng.gamma(1 / self._dispersion, self._dispersion, (self._shape[0], 1))
        varied = (self._weights * factor).ravel()
        varied /= varied.sum()
        return varied
