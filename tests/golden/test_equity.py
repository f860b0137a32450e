"""Relative rates against published figures, cases solved by hand and a plain implementation of the same formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.equity import disproportionality_index, false_discovery_control, funnel_limits, relative_rate


def plain_interval(a: float, n: float, b: float, m: float, z: float = 1.959963984540054) -> tuple[float, float, float]:
    """Katz and others (1978), written out."""
    ratio = (a / n) / (b / m)
    error = math.sqrt((n - a) / (a * n) + (m - b) / (b * m))
    return ratio, math.exp(math.log(ratio) - z * error), math.exp(math.log(ratio) + z * error)


def binomial_at_least(least: int, many: int, share: float) -> float:
    return sum(math.comb(many, k) * share**k * (1 - share) ** (many - k) for k in range(least, many + 1))


def bisect(rising: bool, target: float, value: object) -> float:
    """The share at which ``value`` is the target."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if (value(middle) < target) == rising:  # type: ignore[operator]
            low = middle
        else:
            high = middle
    return low


def test_aspirin_and_blood_clots() -> None:
    """45 of 411 on aspirin and 73 of 411 on placebo: 0.4364 to 0.8707 (D. Moore, G. McCabe and B. Craig, Introduction
    to the Practice of Statistics, 9th edition, example 8.18)."""
    found = relative_rate([45, 73], [411, 411], reference=1)
    assert found.ratio[0] == pytest.approx(45 / 73)
    assert (round(float(found.low[0]), 4), round(float(found.high[0]), 4)) == (0.4364, 0.8707)


def test_several_groups_beside_the_plain_formula() -> None:
    counts, bases = [60, 45, 200, 12], [1_000, 400, 8_000, 90]
    found = relative_rate(counts, bases, reference=2)
    for group in (0, 1, 3):
        expected = plain_interval(counts[group], bases[group], counts[2], bases[2])
        told = (found.ratio[group], found.low[group], found.high[group])
        assert told == pytest.approx(expected, rel=1e-9)
    assert (found.ratio[2], found.low[2], found.high[2]) == (1, 1, 1)


def test_out_of_a_population_by_hand() -> None:
    """Rates 60 and 25 in 1,000; variance of the log 1/60 + 1/200."""
    found = relative_rate([60, 200], [1_000, 8_000], reference=1, sampled=False)
    error = math.sqrt(1 / 60 + 1 / 200)
    assert found.ratio[0] == pytest.approx(2.4)
    assert found.low[0] == pytest.approx(2.4 * math.exp(-1.959963984540054 * error), rel=1e-9)


def test_nobody_counted_by_hand() -> None:
    """Half a person in every cell (J. Haldane 1956, F. Anscombe 1956): (0.5 / 21) / (10.5 / 101)."""
    found = relative_rate([0, 10], [20, 100], reference=1)
    ratio = (0.5 / 21) / (10.5 / 101)
    error = math.sqrt(1 / 0.5 - 1 / 21 + 1 / 10.5 - 1 / 101)
    assert found.ratio[0] == pytest.approx(ratio, rel=1e-9)
    assert found.high[0] == pytest.approx(ratio * math.exp(1.959963984540054 * error), rel=1e-9)


def test_small_counts_get_the_exact_interval() -> None:
    """C. Clopper and E. Pearson (1934) for 3 of 3 + 20, turned into a ratio of rates, found here by bisection."""
    found = relative_rate([3, 20], [100, 900], reference=1, smallest=1)
    low = bisect(True, 0.025, lambda share: binomial_at_least(3, 23, share))
    high = bisect(True, 0.975, lambda share: binomial_at_least(4, 23, share))
    assert found.low[0] == pytest.approx(low / (1 - low) * 9, rel=1e-6)
    assert found.high[0] == pytest.approx(high / (1 - high) * 9, rel=1e-6)


def test_shares_of_the_justice_committee() -> None:
    """Black children were 11 % of those cautioned or sentenced and 4 % of those aged 10 to 17 (House of Commons Justice
    Committee, HC 306, year to March 2019): 2.75 times their share, 2.97 times the rate of all others."""
    found = disproportionality_index([0.11], [0.04])
    assert found.of_base[0] == pytest.approx(2.75)
    assert found.against_others[0] == pytest.approx((0.11 / 0.04) / (0.89 / 0.96))


@pytest.mark.parametrize("size", [10, 57, 400])
@pytest.mark.parametrize("level", [0.95, 0.998])
def test_funnel_limits_beside_the_plain_formula(size: int, level: float) -> None:
    """D. Spiegelhalter (2005), appendix: r is the least count with P(R <= r) > p, and the limit (r - a) / n with a the
    part of P(R = r) that lies above p."""
    rate, limits = 0.2, []
    for tail in ((1 - level) / 2, 1 - (1 - level) / 2):
        total, count = 0.0, -1
        while total <= tail:
            count += 1
            here = math.comb(size, count) * rate**count * (1 - rate) ** (size - count)
            total += here
        limits.append(min(1.0, max(0.0, (count - (total - tail) / here) / size)))
    low, high = funnel_limits([size], rate, level=level)
    assert (low[0], high[0]) == pytest.approx(tuple(limits), abs=1e-9)


def test_the_fifteen_hypotheses_of_benjamini_and_hochberg() -> None:
    """Their 1995 example: at 5 % the first four of fifteen are let through."""
    values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
              0.7590, 1.0000]  # fmt: skip
    assert false_discovery_control(values).tolist() == [True] * 4 + [False] * 11


def test_equal_rates_stay_silent() -> None:
    """Negative control: among 2,000 comparisons of equal rates hardly any interval leaves out 1 after control."""
    generator = np.random.default_rng(1)
    outside, passing = 0, 0
    for _ in range(200):
        counts = generator.binomial(2_000, 0.05, 11)
        found = relative_rate(counts, np.full(11, 2_000), reference=0)
        outside += int(((found.low > 1) | (found.high < 1))[1:].sum())
        passing += int(false_discovery_control(found.p_value[1:]).any())
    assert 0.02 < outside / 2_000 < 0.08
    assert passing / 200 < 0.12
