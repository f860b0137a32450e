"""The expectation-based scan against its formula written out, and quiet when counts only vary."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from analysis.areas_trend import categories, mann_kendall
from analysis.scan_emerging import emerging_scan

GRID = np.array([[float(x), float(y)] for x in range(4) for y in range(3)])


def plain(
    counts: np.ndarray[Any, Any], means: np.ndarray[Any, Any], varied: np.ndarray[Any, Any], share: float
) -> tuple[float, tuple[int, ...], int]:
    """Largest ratio over all circles and last periods: (ratio, members, periods)."""
    best: tuple[float, tuple[int, ...], int] = (0.0, (), 0)
    for centre, length in itertools.product(range(len(GRID)), range(1, counts.shape[1] + 1)):
        apart = [math.dist(GRID[centre], GRID[other]) for other in range(len(GRID))]
        for radius in sorted(set(apart)):
            members = [other for other in range(len(GRID)) if apart[other] <= radius + 1e-9]
            if means[members].sum() > share * means.sum() + 1e-9:
                continue
            c, each = counts[members, -length:].sum(), means[members, -length:].sum(axis=1)
            b, v = each.sum(), (varied[members] * each**2).sum()
            ratio = 0.0 if c <= b else (c * math.log(c / b) - (c - b)) * b / (b + v)
            if ratio > best[0] + 1e-12:
                best = (ratio, tuple(sorted(members)), length)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_likeliest_window_is_that_of_the_formula(seed: int) -> None:
    generator = np.random.default_rng(seed)
    means = generator.uniform(0.5, 5, (12, 4))
    counts = generator.poisson(means).astype(float)
    varied = generator.uniform(0, 0.4, 12) * (seed % 2)
    ratio, members, length = plain(counts, means, varied, 0.5)
    found = emerging_scan(GRID, counts, means, variation=varied, max_fraction=0.5, permutations=0, rng=generator)
    best = found.clusters[0]
    assert best.log_likelihood_ratio == pytest.approx(ratio, abs=1e-9)
    assert (best.members, best.start, best.end) == (members, 4 - length, 3)


def test_solved_on_paper() -> None:
    """9 where 3 are expected, without variation: 9 log 3 - 6 = 3.887511."""
    found = emerging_scan([[0, 0], [9, 9]], [[9], [3]], [[3], [3]], max_fraction=0.5, permutations=0,
                          rng=np.random.default_rng(1)).clusters[0]  # fmt: skip
    assert found.log_likelihood_ratio == pytest.approx(9 * math.log(3) - 6, abs=1e-12)
    assert (found.observed, found.expected, found.relative_risk) == (9, 3, 3)


def test_p_values_are_uniform_when_counts_only_vary() -> None:
    """Negative control with the over-dispersion that is assumed: the p-value is at most q in a share q of 150 maps."""
    generator = np.random.default_rng(4)
    means = np.full((12, 3), 4.0)
    p_values = []
    for _ in range(150):
        level = generator.gamma(1 / 0.2, 0.2, (12, 1))
        found = emerging_scan(GRID, generator.poisson(means * level), means, variation=0.2, max_fraction=0.3,
                              permutations=99, rng=generator)  # fmt: skip
        p_values.append(found.clusters[0].p_value if found.clusters else 1.0)
    for share in (0.05, 0.25, 0.5):
        assert np.mean(np.array(p_values) <= share) == pytest.approx(
            share, abs=3 * math.sqrt(share * (1 - share) / 150)
        )


def test_variation_that_is_not_allowed_for_makes_false_alarms() -> None:
    generator = np.random.default_rng(5)
    means = np.full((12, 3), 20.0)
    alarms = {0.0: 0, 0.3: 0}
    for _ in range(40):
        counts = generator.poisson(means * generator.gamma(1 / 0.3, 0.3, (12, 1)))
        for variation in alarms:
            found = emerging_scan(GRID, counts, means, variation=variation, max_fraction=0.3, permutations=19,
                                  rng=np.random.default_rng(1))  # fmt: skip
            alarms[variation] += bool(found.clusters and found.clusters[0].p_value <= 0.05)
    assert alarms[0.3] < 8 < 30 < alarms[0.0]


def test_mann_kendall_solved_on_paper() -> None:
    """1 2 3 4 5: all ten pairs rise, variance 5 x 4 x 15 / 18, so z = 9 / sqrt(16.67) = 2.2045."""
    z, p = mann_kendall(np.array([[1.0, 2, 3, 4, 5], [5, 4, 3, 2, 1], [1, 1, 1, 1, 1], [1, 1, 2, 2, 2]]))
    assert z[:2] == pytest.approx([2.2045408, -2.2045408], abs=1e-6)
    assert (z[2], p[2]) == (0, 1)
    # ties of two and three: variance (5 x 4 x 15 - 2 x 1 x 9 - 3 x 2 x 11) / 18 = 12, s = 6
    assert z[3] == pytest.approx(5 / math.sqrt(12))


@pytest.mark.parametrize(
    ("hot", "cold", "word"),
    [
        ("0000000001", "0000000000", "new"),
        ("0000000111", "0000000000", "consecutive"),
        ("0010010001", "0000000000", "sporadic"),
        ("0010010001", "1000000000", "oscillating"),
        ("1111111110", "0000000000", "historical"),
        ("1111111111", "0000000000", "persistent"),
        ("0010000000", "0000000000", "no pattern"),
    ],
)
def test_words_for_how_an_area_stands_over_time(hot: str, cold: str, word: str) -> None:
    rows = [np.array([[letter == "1" for letter in text]]) for text in (hot, cold)]
    flat = np.tile([0.1, 0.2], 5)[None, :]
    assert categories(rows[0], rows[1], flat) == [word]


def test_a_trend_tells_growing_from_shrinking() -> None:
    always = np.ones((2, 10), dtype=np.bool_)
    z = np.stack([np.arange(10.0), -np.arange(10.0)])
    assert categories(always, ~always, z) == ["intensifying", "diminishing"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"baselines": np.zeros((12, 2))}, "baselines above 0"),
        ({"baselines": np.ones((12, 3))}, "one row a place"),
        ({"variation": -1.0}, "at least 0"),
        ({"max_fraction": 0.0}, "between 0 and 1"),
        ({"max_duration": 0}, "at least 1"),
        ({"permutations": -1}, "at least 0"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"baselines": np.ones((12, 2)), **arguments}
    with pytest.raises(ValueError, match=words):
        emerging_scan(GRID, np.ones((12, 2)), rng=np.random.default_rng(1), **given)
