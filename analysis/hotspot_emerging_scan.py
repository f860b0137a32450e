"""The last weeks of each area against its own past: baselines, variation, what stands out and how steadily.

The baseline of an area is the mean of its own past weeks and is not drawn towards the mean of all areas: that would
make every busy area look as if it grew. How uncertain it is enters as variation instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.areas import smoothed_ratio
from analysis.areas_ground import Ground, kept_half
from analysis.areas_trend import categories
from analysis.local_g import getis_ord_g_star
from analysis.scan import Cluster, Scan
from analysis.scan_emerging import (
    EmergingProblem,
    emerging_clusters,
    emerging_maxima,
    emerging_problem,
    quasi_ratio,
)
from analysis.scan_zones import Zones
from analysis.spec import Progress, number
from graph.flags import Plain
from graph.snapshot import Float64, Int64

DAYS = 7
#: weeks of past that a baseline needs at least
LEAST_PAST = 12
#: added to the past count of an area, so that one without any has a baseline (Jeffreys)
HALF = 0.5
#: weeks in a slice of the classes over time
SLICE = 4


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Weekly counts of a region's areas."""

    #: rows of the areas
    rows: Int64
    centre: Float64
    #: (areas, weeks of the past), oldest first
    past: Float64
    #: (areas, last weeks), oldest first
    now: Float64

    @property
    def baseline(self) -> Float64:
        """Expected a week, by area."""
        result: Float64 = (self.past.sum(axis=1) + HALF) / self.past.shape[1]
        return result

    @property
    def variation(self) -> float:
        """Squared coefficient of variation of an area's level from one stretch of the window's length to the next.

        Moments, pooled over the areas: the variance of past counts beyond Poisson over their mean squared.
        """
        length = self.now.shape[1]
        many = self.past.shape[1] // length
        if many < 2:
            return 0.0
        blocks = self.past[:, self.past.shape[1] - many * length :].reshape(len(self.past), many, length).sum(axis=2)
        mean, variance = blocks.mean(axis=1), blocks.var(axis=1, ddof=1)
        square = float((mean**2 - variance / many).sum())
        return max(0.0, float((variance - mean).sum()) / square) if square > 0 else 0.0

    def last(self, weeks: int) -> tuple[Float64, Float64]:
        """Counts and what is expected in the last weeks, by area."""
        return self.now[:, -weeks:].sum(axis=1), self.baseline * weeks


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One region of touching areas, scanned."""

    history: History
    problem: EmergingProblem
    scan: Scan


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A window that stands out, without the areas that do not grow themselves."""

    region: Region
    cluster: Cluster
    #: positions in the region
    growing: Int64
    weeks: int
    observed: float
    expected: float
    #: variance beyond Poisson, of the growing areas and of the whole circle
    extra: float
    circle_extra: float
    ratio: float

    @property
    def areas(self) -> Int64:
        return self.region.history.rows[self.growing]

    @property
    def everywhere(self) -> float:
        """What all areas have in these weeks over what they had before."""
        counts, means = self.region.history.last(self.weeks)
        return float(counts.sum() / means.sum())

    @property
    def earlier(self) -> list[float]:
        """Events of these areas in the same weeks of earlier years, last year first."""
        weeks = np.concatenate([self.region.history.past, self.region.history.now], axis=1)[self.growing].sum(axis=0)
        ends = range(len(weeks) - 52, self.weeks - 1, -52)
        return [float(weeks[end - self.weeks : end].sum()) for end in ends]


def history_of(ground: Ground, rows: Int64, today: int, weeks: int, past: int) -> History | None:
    """None when a region's records begin too late for a baseline. The past begins with its first record."""
    position = np.full(len(ground.areas), -1, dtype=np.int64)
    position[rows] = np.arange(len(rows))
    at = position[ground.found.area]
    inside = at >= 0
    week = weeks + past - 1 - (today - ground.found.day[inside]) // DAYS
    table = np.zeros((len(rows), weeks + past))
    np.add.at(table, (at[inside], week), 1.0)
    recorded = np.flatnonzero(table.sum(axis=0) > 0)
    first = int(recorded[0]) if len(recorded) else weeks + past
    if past - first < LEAST_PAST:
        return None
    return History(rows, ground.areas.centre[rows], table[:, first:past], table[:, past:])


def region_of(
    history: History, parameters: Mapping[str, Plain], own: np.random.Generator, progress: Progress
) -> Region | None:
    """The region scanned with its replicates."""
    problem = _problem(history, parameters)
    maxima = emerging_maxima(problem, int(number(parameters, "permutations")), own, progress)
    return Region(history, problem, Scan(emerging_clusters(problem, maxima), maxima, problem.windows))


def _problem(history: History, parameters: Mapping[str, Plain], around: Zones | None = None) -> EmergingProblem:
    means = np.repeat(history.baseline[:, None], history.now.shape[1], axis=1)
    # a baseline from n past events is itself known to 1 / n
    varied = history.variation + 1 / (history.past.sum(axis=1) + HALF)
    share = min(0.5, max(number(parameters, "max_fraction"), 5 / len(history.rows)))
    return emerging_problem(history.centre, history.now, means, variation=varied, max_fraction=share, around=around)


def findings_of(region: Region, history: History, parameters: Mapping[str, Plain]) -> list[Finding]:
    """Windows of a history (the region's own, or a thinned one) that stand out, without areas that do not grow."""
    own = history is region.history
    # the same circles: which of them stand out is asked, not how large they may be
    problem = region.problem if own else _problem(history, parameters, region.problem.around)
    clusters = region.scan.clusters if own else emerging_clusters(problem, region.scan.maxima)
    found = []
    for cluster in clusters:
        if cluster.p_value > number(parameters, "p_value"):
            continue
        weeks = cluster.end - cluster.start + 1
        counts, means, extra = (table[:, weeks - 1] for table in (problem.counts, problem.baseline, problem.extra))
        members = np.array(cluster.members, dtype=np.int64)
        growth = cluster.relative_risk
        odds = counts[members] * np.log(growth) - means[members] * (growth - 1)
        growing = members[odds >= number(parameters, "minimum_evidence")]
        if not len(growing):
            continue
        observed, expected, more = (float(table[growing].sum()) for table in (counts, means, extra))
        ratio = float(quasi_ratio(observed, expected, more))
        circle = float(extra[members].sum())
        found.append(Finding(region, cluster, growing, weeks, observed, expected, more, circle, ratio))
    return found


def stability_of(
    findings: list[Finding], parameters: Mapping[str, Plain], generator: np.random.Generator, progress: Progress
) -> list[float | None]:
    """Share of repeats with a fifth of the events left out in which at least half of the areas stand out again."""
    runs = int(number(parameters, "stability_runs"))
    if runs <= 0:
        return [None] * len(findings)
    again = np.zeros(len(findings))
    regions = {id(finding.region): finding.region for finding in findings}
    for run in range(runs):
        for region in regions.values():
            past, now = (
                generator.binomial(table.astype(np.int64), 0.8).astype(np.float64)
                for table in (region.history.past, region.history.now)
            )
            thinned = History(region.history.rows, region.history.centre, past, now)
            stands = np.zeros(len(thinned.rows), dtype=np.bool_)
            for finding in findings_of(region, thinned, parameters):
                stands[finding.growing] = True
            for at, finding in enumerate(findings):
                if finding.region is region:
                    again[at] += kept_half(finding.growing, stands)
        progress(0.7 + 0.25 * (run + 1) / runs, "leaving out events")
    return [float(share) for share in again / runs]


def trends(ground: Ground, findings: list[Finding]) -> dict[int, str]:
    """Class over time of each area found, by row: Gi* on the smoothed ratio in slices of four weeks."""
    words: dict[int, str] = {}
    for region in {id(finding.region): finding.region for finding in findings}.values():
        rows = region.history.rows
        table = np.concatenate([region.history.past, region.history.now], axis=1)
        many = table.shape[1] // SLICE
        slices = table[:, table.shape[1] - many * SLICE :].reshape(len(rows), many, SLICE).sum(axis=2)
        at_risk, touching = ground.areas.at_risk[rows], ground.areas.touching[rows][:, rows]
        stars = [
            getis_ord_g_star(smoothed_ratio(counts, at_risk * (counts.sum() / at_risk.sum())), touching)
            for counts in slices.T
        ]
        z, significant = np.stack([star.z for star in stars], axis=1), np.stack([star.significant for star in stars], 1)
        chosen = np.unique(np.concatenate([one.growing for one in findings if one.region is region]))
        said = categories((significant & (z > 0))[chosen], (significant & (z < 0))[chosen], z[chosen])
        words.update(zip(rows[chosen].tolist(), said, strict=True))
    return words
