"""The scan statistic against published figures, cases solved on paper and a plain implementation of every model."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from analysis.scan import Cluster, scan, scan_statistic
from analysis.scan_replicates import Model


def plain_ratio(c: float, w: float, cases: float, total: float, model: str) -> float:
    """Kulldorff 1997, equations for the Poisson and the Bernoulli model, written out."""

    def part(count: float, of: float) -> float:
        return 0.0 if count == 0 else count * math.log(count / of)

    if model == "bernoulli":
        if c / w <= (cases - c) / (total - w) if total > w else True:
            return 0.0
        inside = part(c, w) + part(w - c, w)
        outside = part(cases - c, total - w) + part(total - w - cases + c, total - w)
        return inside + outside - part(cases, total) - part(total - cases, total)
    expected = w * cases / total
    if c <= expected:
        return 0.0
    return part(c, expected) + part(cases - c, cases - expected)


def windows(
    xy: np.ndarray[Any, Any], at_risk: np.ndarray[Any, Any], share: float, periods: int, longest: int, alive: bool
) -> list[tuple[tuple[int, ...], int, int]]:
    """Every circle up to the share, those of one distance together, times every run of periods."""
    result = set()
    for centre in range(len(xy)):
        apart = [math.dist(xy[centre], xy[other]) for other in range(len(xy))]
        for radius in apart:
            members = tuple(other for other in range(len(xy)) if apart[other] <= radius + 1e-9)
            if sum(at_risk[other] for other in members) <= share * sum(at_risk) + 1e-9:
                for begin, end in itertools.combinations(range(periods + 1), 2):
                    if end - begin <= longest and (end == periods or not alive):
                        result.add((members, begin, end - 1))
    return sorted(result)


def plain(
    xy: np.ndarray[Any, Any], cases: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], at_risk: Any, model: str,
    share: float, longest: int, alive: bool = False,
) -> list[tuple[float, tuple[int, ...], int, int]]:  # fmt: skip
    """Non-overlapping windows by ratio, as the kernel promises them."""
    rated = []
    for members, start, end in windows(xy, at_risk, share, cases.shape[1], longest, alive):
        chosen = (list(members), slice(start, end + 1))
        ratio = plain_ratio(
            float(cases[chosen].sum()), float(weights[chosen].sum()), float(cases.sum()), float(weights.sum()), model
        )
        rated.append((ratio, members, start, end))
    rated.sort(key=lambda each: (-each[0], each[1:]))
    found: list[tuple[float, tuple[int, ...], int, int]] = []
    for each in rated:
        if each[0] > 0 and not any(set(each[1]) & set(other[1]) for other in found):
            found.append(each)
    return found


def check(found: tuple[Cluster, ...], right: list[tuple[float, tuple[int, ...], int, int]]) -> None:
    assert len(found) == len(right)
    for cluster, (ratio, members, start, end) in zip(found, right, strict=True):
        assert cluster.log_likelihood_ratio == pytest.approx(ratio, abs=1e-6)
        assert (cluster.members, cluster.start, cluster.end) == (members, start, end)


@pytest.mark.parametrize(
    ("population", "cases", "expected", "risk", "ratio"),
    [
        (95_249, 85, 49.71, 1.84, 11.577255),
        (34_083, 38, 17.79, 2.22, 9.019716),
        (8_839, 11, 4.61, 2.41, 3.209485),
    ],
)  # fmt: skip
def test_leukaemia_in_new_york_as_satscan_prints_it(
    population: float, cases: float, expected: float, risk: float, ratio: float
) -> None:
    """Upstate New York, 1978-82: 552 whole cases among 1,057,673 people; SaTScan's output for three clusters.

    Data of Waller, Turnbull, Clark and Nasca (1992); figures as in the tests of the R package smerc (J. French), which
    compare with SaTScan. Here each cluster is one place and all the rest another.
    """
    found = scan_statistic(
        [[0, 0], [1, 0]], [cases, 552 - cases], population=[population, 1_057_673 - population],
        max_fraction=0.5, permutations=0, rng=np.random.default_rng(1),
    )[0]  # fmt: skip
    assert found.members == (0,)
    assert found.expected == pytest.approx(expected, abs=0.005)
    assert found.relative_risk == pytest.approx(risk, abs=0.005)
    assert found.log_likelihood_ratio == pytest.approx(ratio, abs=1e-6)


def test_poisson_solved_on_paper() -> None:
    """Four places, ten expected each, 20 + 10 + 5 + 5: only the first has an excess.

    20 log 2 + 20 log(20/30) = 13.862944 - 8.109302 = 5.753641.
    """
    found = scan_statistic(
        [[0, 0], [10, 0], [20, 0], [30, 0]], [20, 10, 5, 5], [10, 10, 10, 10], max_fraction=0.5, permutations=0,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    assert found[0].members == (0,)
    assert found[0].log_likelihood_ratio == pytest.approx(20 * math.log(2) + 20 * math.log(20 / 30), abs=1e-9)
    assert [found[0].observed, found[0].expected, found[0].relative_risk] == pytest.approx([20, 10, 3])


def test_bernoulli_solved_on_paper() -> None:
    """Eight cases among ten at the first place, two among thirty elsewhere: four binomial likelihoods."""
    found = scan_statistic(
        [[0, 0], [10, 0], [20, 0]], [8, 1, 1], controls=[2, 14, 14], model="bernoulli", max_fraction=0.5,
        permutations=0, rng=np.random.default_rng(1),
    )  # fmt: skip
    right = (
        8 * math.log(0.8) + 2 * math.log(0.2) + 2 * math.log(2 / 30) + 28 * math.log(28 / 30)
        - 10 * math.log(0.25) - 30 * math.log(0.75)
    )  # fmt: skip
    assert found[0].log_likelihood_ratio == pytest.approx(right, abs=1e-9)


def test_permutation_expects_the_product_of_the_margins() -> None:
    """Two places, two periods, 9 1 / 5 5: expected 10 x 14 / 20 = 7 in the first; 9 log(9/7) + 11 log(11/13)."""
    found = scan_statistic(
        [[0, 0], [10, 0]], [[9, 1], [5, 5]], model="space_time_permutation", max_fraction=0.5, max_duration=1,
        permutations=0, rng=np.random.default_rng(1),
    )  # fmt: skip
    assert (found[0].members, found[0].start) == ((1,), 1)
    assert found[0].expected == pytest.approx(3.0)
    assert found[0].log_likelihood_ratio == pytest.approx(5 * math.log(5 / 3) + 15 * math.log(15 / 17), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("model", ["poisson", "bernoulli", "space_time_permutation"])
def test_every_model_against_a_plain_implementation(model: Model, seed: int) -> None:
    generator = np.random.default_rng(seed)
    # places on a small grid: many equal distances
    xy = generator.permutation(np.array([[x, y] for x in range(4) for y in range(3)], dtype=float))[:9]
    periods = (1, 4, 5)[seed % 3] if model != "space_time_permutation" else 5
    population = generator.integers(20, 200, (9, periods)).astype(float)
    cases = generator.poisson(population / 20).astype(float)
    cases[:3, -2:] *= 2
    arguments: dict[str, Any] = {"model": model, "max_fraction": 0.4, "max_duration": 3, "prospective": seed % 2 == 1}
    if model == "poisson":
        weights = population * cases.sum() / population.sum()
        arguments["population"] = population
    elif model == "bernoulli":
        weights = np.maximum(population, cases)
        arguments["controls"] = weights - cases
    else:
        weights = np.outer(cases.sum(axis=1), cases.sum(axis=0)) / cases.sum()
    found = scan_statistic(xy, cases, permutations=19, rng=np.random.default_rng(seed), **arguments)
    check(found, plain(xy, cases, weights, weights.sum(axis=1), model, 0.4, 3, seed % 2 == 1))


@pytest.mark.parametrize("model", ["poisson", "bernoulli", "space_time_permutation"])
def test_largest_ratios_of_replicates_are_exact(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each replicate the quick lanes saw, scanned again plainly, has the same largest ratio."""
    from analysis import scan_kernels as kernels

    seen: list[np.ndarray[Any, Any]] = []
    accumulate = kernels.accumulate

    def watched(counts: np.ndarray[Any, Any]) -> None:
        seen.append(counts[:, 1:, :].copy())
        accumulate(counts)

    monkeypatch.setattr(kernels, "accumulate", watched)
    generator = np.random.default_rng(7)
    xy = generator.random((12, 2))
    cases = generator.poisson(3, (12, 4)).astype(float)
    arguments: dict[str, Any] = {"model": model, "max_fraction": 0.5, "max_duration": 2}
    weights = np.full((12, 4), cases.sum() / 48)
    if model == "poisson":
        arguments["expected"] = weights
    elif model == "bernoulli":
        arguments["controls"] = generator.integers(0, 9, (12, 4))
        weights = cases + arguments["controls"]
    else:
        weights = np.outer(cases.sum(axis=1), cases.sum(axis=0)) / cases.sum()
    found = scan(xy, cases, permutations=40, rng=generator, **arguments)
    counts = np.concatenate(seen, axis=2)
    assert counts.shape[2] == 40
    for lane in range(40):
        right = plain(xy, counts[:, :, lane].astype(float), weights, weights.sum(axis=1), model, 0.5, 2)
        assert found.maxima[lane] == pytest.approx(right[0][0] if right else 0.0, abs=1e-9)
        assert counts[:, :, lane].sum() == cases.sum()


def test_p_values_are_uniform_when_nothing_is_there() -> None:
    """Negative control: 200 cities without a cluster; the p-value of the likeliest is at most q in a share q."""
    generator = np.random.default_rng(11)
    xy = generator.random((20, 2))
    expected = generator.uniform(1, 10, 20)
    chance = expected / expected.sum()
    p_values = [
        scan_statistic(
            xy, generator.multinomial(150, chance), expected, max_fraction=0.3, permutations=99, rng=generator
        )[0].p_value
        for _ in range(200)
    ]
    for share in (0.05, 0.2, 0.5, 0.8):
        error = math.sqrt(share * (1 - share) / 200)
        assert np.mean(np.array(p_values) <= share) == pytest.approx(share, abs=3 * error)


def test_a_planted_cluster_is_found_with_the_smallest_p_value() -> None:
    generator = np.random.default_rng(3)
    xy = generator.random((60, 2))
    expected = np.full((60, 12), 1.0)
    inside = np.argsort(np.hypot(*(xy - xy[7]).T))[:4]
    risk = expected.copy()
    risk[inside, 5:9] = 5.0
    found = scan_statistic(xy, generator.poisson(risk), expected, permutations=199, rng=generator, max_duration=6)
    assert found[0].p_value == 1 / 200
    assert (set(found[0].members), found[0].start, found[0].end) == (set(inside.tolist()), 5, 8)
    assert found[1].p_value > 0.05
