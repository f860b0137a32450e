"""Areas against the people at risk: the scan in two rounds, the layer of the map, what stands out and how steadily."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.areas import smoothed_ratio
from analysis.areas_ground import Ground, kept_half
from analysis.local_g import getis_ord_g_star
from analysis.scan import Cluster, Scan, clusters_of, problem_of
from analysis.scan_kernels import POISSON, likelihood_ratio
from analysis.scan_replicates import Problem, replicate_maxima
from analysis.spec import Progress, number
from graph.flags import Plain
from graph.snapshot import Bool, Float64, Int64

#: rounds: what the first finds is taken out and the rest compared anew
ROUNDS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What the map shows of each area, whole ground."""

    #: smoothed ratio to the rest of its region, and how it stands with its neighbours
    ratio: Float64
    z: Float64
    significant: Bool


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One region of touching areas, scanned; in later rounds without the areas found before."""

    #: rows of its areas, ascending
    rows: Int64
    problem: Problem
    scan: Scan
    #: different children in the events of each of its areas
    children: Int64
    #: rows of the whole region, for the map, in the first round only
    whole: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A circle that stands out, without the areas that are not raised themselves."""

    region: Region
    cluster: Cluster
    #: positions in the region
    raised: Int64
    observed: float
    expected: float
    ratio: float

    @property
    def areas(self) -> Int64:
        return self.region.rows[self.raised]


def layer_of(ground: Ground, regions: list[tuple[Int64, np.random.Generator]]) -> Layer:
    counts, count = ground.counts(), len(ground.areas)
    ratio, z, significant = np.ones(count), np.zeros(count), np.zeros(count, dtype=np.bool_)
    for rows, _ in regions:
        expected = ground.areas.at_risk[rows] * (counts[rows].sum() / ground.areas.at_risk[rows].sum())
        ratio[rows] = smoothed_ratio(counts[rows], expected)
        stars = getis_ord_g_star(ratio[rows], ground.areas.touching[rows][:, rows])
        z[rows], significant[rows] = stars.z, stars.significant
    return Layer(ratio, z, significant)


def rounds_of(
    ground: Ground,
    rows: Int64,
    children: Int64,
    parameters: Mapping[str, Plain],
    own: np.random.Generator,
    progress: Progress,
) -> list[Finding]:
    """Clusters of a region; what is found is taken out and the rest compared anew, once.

    Strong clusters raise what is expected everywhere, and so hide weaker ones.
    """
    found: list[Finding] = []
    counts, left = ground.counts(), rows
    for turn in range(ROUNDS):
        if len(left) < 2 or counts[left].sum() == 0:
            break
        problem = problem_of(
            ground.areas.centre[left],
            counts[left],
            ground.areas.at_risk[left],
            max_fraction=number(parameters, "max_fraction"),
        )
        maxima = replicate_maxima(
            problem,
            "poisson",
            int(number(parameters, "permutations")),
            0.0,
            own,
            progress,
        )
        result = Scan(clusters_of(problem, maxima), maxima, problem.windows)
        region = Region(left, problem, result, children[left], rows if turn == 0 else rows[:0])
        more = findings_of(region, problem, parameters)
        if not more:
            break
        found += more
        left = np.setdiff1d(left, np.concatenate([finding.areas for finding in more]))
    return found


def findings_of(region: Region, problem: Problem, parameters: Mapping[str, Plain]) -> list[Finding]:
    """Clusters of the problem (the region's own counts, or thinned ones) that stand out, without ordinary areas."""
    counts, expected = problem.cases.ravel(), problem.weights.ravel()
    ratio = smoothed_ratio(counts, expected)
    clusters = region.scan.clusters if problem is region.problem else clusters_of(problem, region.scan.maxima)
    found = []
    for cluster in clusters:
        members = np.array(cluster.members, dtype=np.int64)
        raised = members[ratio[members] >= number(parameters, "minimum_ratio")]
        if cluster.p_value > number(parameters, "p_value") or not len(raised):
            continue
        observed, mean = float(counts[raised].sum()), float(expected[raised].sum())
        total = float(counts.sum())
        score = float(likelihood_ratio(observed, mean, total, total, POISSON))
        found.append(Finding(region, cluster, raised, observed, mean, score))
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
            kept = generator.binomial(region.problem.cases.astype(np.int64), 0.8).astype(np.float64)
            scale = kept.sum() / region.problem.weights.sum()
            thinned = dataclasses.replace(region.problem, cases=kept, weights=region.problem.weights * scale)
            stands = np.zeros(len(region.rows), dtype=np.bool_)
            for finding in findings_of(region, thinned, parameters) if kept.sum() else []:
                stands[finding.raised] = True
            for at, finding in enumerate(findings):
                if finding.region is region:
                    again[at] += kept_half(finding.raised, stands)
        progress(0.7 + 0.25 * (run + 1) / runs, "leaving out events")
    return [float(share) for share in again / runs]
