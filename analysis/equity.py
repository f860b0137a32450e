"""Rates of groups side by side: relative rates with intervals, index of shares, funnel limits, small numbers hidden.

Callable alone, arrays in, arrays out. A relative rate is a group's rate over the reference group's. Its interval is on
the log scale (Katz and others 1978): variance 1/a - 1/n + 1/b - 1/m for a of n against b of m. With nobody counted on
one side 0.5 is added to every cell (Haldane, Anscombe); small counts that may be shown get the exact conditional
interval (Clopper and Pearson) instead. A ratio without its interval says nothing, so there is none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy import stats

from graph.snapshot import Bool, Float64

#: counts from 1 to one below this are not shown
SMALLEST_SHOWN = 6


@dataclass(frozen=True, slots=True, eq=False)
class RelativeRate:
    """One entry a group, in the order given."""

    #: rate over the reference group's; NaN where suppressed or where nothing can be said
    ratio: Float64
    #: ends of the interval; NaN likewise
    low: Float64
    high: Float64
    #: counts too small to show, and the one that would tell them by difference from a total
    suppressed: Bool
    #: two-sided probability of a ratio so far from 1 if the rates were equal; NaN likewise
    p_value: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Disproportionality from shares only. No interval: shares do not say how many people they are of."""

    #: share at the stage over share of the base (1: as many as of the base)
    of_base: Float64
    #: the same over everybody else's: rate of the group over the rate of all others
    against_others: Float64


def relative_rate(
    numerators: npt.ArrayLike,
    denominators: npt.ArrayLike,
    *,
    reference: int,
    level: float = 0.95,
    smallest: int = SMALLEST_SHOWN,
    sampled: bool = True,
    clustering: npt.ArrayLike | None = None,
    rounded_to: int = 1,
) -> RelativeRate:
    """Each group's rate over the reference group's, with a log interval.

    ``numerators`` are counts of people, ``denominators`` of those among whom they were counted, one a group.
    ``smallest``: counts from 1 to below it are suppressed, and when only one group's is, the next smallest of the other
    groups with it, so that a total does not tell it; 1 suppresses nothing. ``sampled=False``: the denominators are an
    estimate of a population (or a time), so that a count may be above it. ``clustering``: by what factor the variance
    of each count is larger than for independent people (families counted together). ``rounded_to``: counts of
    people were rounded to multiples of it before, which widens the interval. The reference has ratio 1 with no
    width. Raises ValueError for what is no such table.
    """
    counts, bases = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    wider = np.ones_like(counts) if clustering is None else np.asarray(clustering, dtype=np.float64)
    _check(counts, bases, wider, reference, level, sampled)
    hidden = _suppressed_ratios(counts, reference, smallest)
    ratio, low, high, p_value = (np.full(len(counts), np.nan) for _ in range(4))
    for group in range(len(counts)):
        if hidden[group] or hidden[reference] or bases[group] <= 0 or bases[reference] <= 0:
            continue
        if group == reference:
            told = (1.0, 1.0, 1.0, 1.0) if counts[group] else (math.nan,) * 4
        else:
            pair = (float(counts[group]), float(bases[group]), float(counts[reference]), float(bases[reference]))
            told = _compare(pair, (float(wider[group]), float(wider[reference])), level, sampled, rounded_to)
        ratio[group], low[group], high[group], p_value[group] = told
    return RelativeRate(ratio, low, high, hidden, p_value)


def _check(counts: Float64, bases: Float64, wider: Float64, reference: int, level: float, sampled: bool) -> None:
    if counts.ndim != 1 or counts.shape != bases.shape or counts.shape != wider.shape:
        raise ValueError("one numerator, denominator and clustering a group")
    if not 0 <= reference < len(counts):
        raise ValueError("the reference is the position of one of the groups")
    if not 0 < level < 1:
        raise ValueError("a level lies between 0 and 1")
    if not (np.isfinite(counts).all() and np.isfinite(bases).all()) or (counts < 0).any() or (bases < 0).any():
        raise ValueError("counts are numbers from 0")
    if not (wider >= 1).all():
        raise ValueError("clustering is 1 or more")
    if sampled and (counts > bases).any():
        raise ValueError("more people counted than there are")


def _suppressed_ratios(counts: Float64, reference: int, smallest: int) -> Bool:
    """Groups without a ratio. The reference, whose ratio is always 1, tells nothing: only its own small count hides."""
    small: Bool = (counts >= 1) & (counts < smallest)
    if small[reference] or small.sum() != 1:
        return small
    others = [at for at in np.argsort(counts, kind="stable") if at != reference and not small[at] and counts[at] > 0]
    small[others[:1]] = True
    return small


def _compare(
    pair: tuple[float, float, float, float], wider: tuple[float, float], level: float, sampled: bool, rounded_to: int
) -> tuple[float, float, float, float]:
    """(ratio, low, high, p) of a of n against b of m."""
    a, n, b, m = pair
    if a == 0 and b == 0:
        return (math.nan,) * 4
    small = min(a, b) < SMALLEST_SHOWN and rounded_to == 1
    # variance of a rounding error, each value from -(k - 1) / 2 to (k - 1) / 2 as likely; a zero is a zero
    spread = (rounded_to**2 - 1) / 12
    rounding = spread * sum(1 / count**2 for count in ((a, n, b, m) if sampled else (a, b)) if count)
    if min(a, b) == 0:
        a, b = a + 0.5, b + 0.5
        n, m = (n + 1, m + 1) if sampled else (n, m)
    minus = (1 / n, 1 / m) if sampled else (0.0, 0.0)
    variance = wider[0] * max(1 / a - minus[0], 0.0) + wider[1] * max(1 / b - minus[1], 0.0) + rounding
    ratio = (a / n) / (b / m)
    if small and a >= 1 and b >= 1:
        return _exact(ratio, (a, n, b, m), level)
    width = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(variance)
    p_value = math.erfc(abs(math.log(ratio)) / math.sqrt(2 * variance)) if variance > 0 else 1.0
    return ratio, ratio * math.exp(-width), ratio * math.exp(width), p_value


def _exact(ratio: float, pair: tuple[float, float, float, float], level: float) -> tuple[float, float, float, float]:
    """Conditional on how many were counted in both: a is binomial among a + b. Wider than needed for large shares."""
    a, n, b, m = pair
    tail = (1 - level) / 2
    low, high = float(stats.beta.ppf(tail, a, b + 1)), float(stats.beta.ppf(1 - tail, a + 1, b))
    p_value = float(stats.binomtest(round(a), round(a + b), n / (n + m)).pvalue)
    return ratio, low / (1 - low) * m / n, high / (1 - high) * m / n, p_value


def disproportionality_index(shares: npt.ArrayLike, base_shares: npt.ArrayLike) -> Index:
    """For publications that give shares only: 11 % of those cautioned, 4 % of children of that age. NaN for nobody."""
    share, base = np.asarray(shares, dtype=np.float64), np.asarray(base_shares, dtype=np.float64)
    if share.shape != base.shape or not ((share >= 0) & (share <= 1) & (base >= 0) & (base <= 1)).all():
        raise ValueError("shares lie between 0 and 1, one of the stage and one of the base a group")
    with np.errstate(divide="ignore", invalid="ignore"):
        of_base = np.where(base > 0, share / base, np.nan)
        others = np.where(base < 1, (1 - share) / (1 - base), np.nan)
        against = np.where(others > 0, of_base / others, np.nan)
    return Index(of_base, against)


def funnel_limits(denominators: npt.ArrayLike, rate: float, *, level: float = 0.95) -> tuple[Float64, Float64]:
    """Limits within which the rates of groups of these sizes lie when all have the same ``rate``.

    Exact binomial limits, interpolated between whole counts (Spiegelhalter 2005). For many groups at once, where a
    table of ratios against one reference would call the smallest groups the most unusual.
    """
    sizes = np.asarray(denominators, dtype=np.float64)
    if not 0 < rate < 1 or not 0 < level < 1 or not (sizes >= 1).all():
        raise ValueError("a rate and a level lie between 0 and 1, groups have at least one person")
    tail = (1 - level) / 2
    return np.clip(_limit(sizes, rate, tail), 0, 1), np.clip(_limit(sizes, rate, 1 - tail), 0, 1)


def _limit(sizes: Float64, rate: float, probability: float) -> Float64:
    count = stats.binom.ppf(probability, sizes, rate)
    above, below = stats.binom.cdf(count, sizes, rate), stats.binom.cdf(count - 1, sizes, rate)
    limits: Float64 = (count - (above - probability) / (above - below)) / sizes
    return limits


def false_discovery_control(p_values: npt.ArrayLike, share: float = 0.05) -> Bool:
    """Which of many comparisons stand out when at most ``share`` of those that do may be chance (Benjamini and Hochberg
    1995). NaN never stands out and does not count as a comparison."""
    values = np.asarray(p_values, dtype=np.float64)
    chosen = np.zeros(len(values), dtype=np.bool_)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    passing = np.flatnonzero(values[order] <= share * np.arange(1, len(order) + 1) / max(len(order), 1))
    if len(passing):
        chosen[order[: passing[-1] + 1]] = True
    return chosen
