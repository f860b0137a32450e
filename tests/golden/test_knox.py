"""Knox's test against the published table, an independent plain count, cases on paper and chance.

The table of childhood leukaemia in Northumberland and Durham: E. G. Knox, Epidemiology of childhood leukaemia in
Northumberland and Durham, British Journal of Preventive and Social Medicine 18 (1964), as given by N. Mantel, The
detection of disease clustering and a generalized regression approach, Cancer Research 27 (1967): of 96 children (4,560
pairs) 25 pairs lived within 1 km, 152 pairs fell ill within 60 days, 5 pairs both. The addresses themselves are not
published; the points below are laid out to have the same table.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.near_repeat import knox, local_knox
from graph.errors import UsageError
from graph.snapshot import Float64


def leukaemia() -> tuple[Float64, Float64]:
    """96 points: within 60 days 17, 6 and 2 of them (136 + 15 + 1 pairs); 25 pairs of houses, 5 of them soon."""
    days = np.arange(96) * 1_000.0
    for low, high in ((0, 17), (17, 23), (23, 25)):
        days[low:high] = low * 1_000.0 + np.arange(high - low)
    xy = np.column_stack([np.arange(96) * 50.0, np.zeros(96)])
    neighbours = [(0, 1), (2, 3), (4, 5), (17, 18), (19, 20)]
    neighbours += [(6 + at, 26 + at) for at in range(10)] + [(40 + 2 * at, 41 + 2 * at) for at in range(10)]
    for one, two in neighbours:
        xy[two] = xy[one] + (0.9, 0.0)
    return xy.astype(np.float64), days.astype(np.float64)


def plain(xy: Float64, times: Float64, near: float, soon: float) -> int:
    """Every pair compared."""
    return sum(
        math.dist(xy[i], xy[j]) <= near and abs(times[i] - times[j]) <= soon
        for i, j in itertools.combinations(range(len(times)), 2)
    )


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_published_table() -> None:
    xy, days = leukaemia()
    found = knox(xy, days, near=1, soon=59, permutations=0, rng=rng())
    assert (found.events, found.near_pairs, found.soon_pairs, found.observed) == (96, 25, 152, 5)
    assert found.expected == pytest.approx(25 * 152 / 4_560, abs=1e-12)
    assert round(found.expected, 2) == 0.83
    assert found.p_value == pytest.approx(stats.poisson.sf(4, 25 * 152 / 4_560), abs=1e-12)
    assert round(found.p_value, 4) == 0.0017


def test_permutation_agrees_with_the_published_verdict() -> None:
    xy, days = leukaemia()
    assert knox(xy, days, near=1, soon=59, permutations=4_999, rng=rng()).p_value < 0.01


def test_all_permutations_of_a_case_on_paper() -> None:
    """Two pairs of houses, two pairs of days: of the 24 orders 8 put the days of one pair into one house pair."""
    xy, times = np.array([[0, 0], [1, 0], [90, 0], [91, 0]]), np.array([0, 1, 50, 51])
    counts = [plain(xy, np.array(order), 2, 2) for order in itertools.permutations(times)]
    exact = sum(count >= 2 for count in counts) / 24
    assert exact == pytest.approx(8 / 24)
    found = knox(xy, times, near=2, soon=2, permutations=9_999, rng=rng())
    assert found.observed == 2 and found.expected == pytest.approx(float(np.mean(counts)))
    assert abs(found.p_value - exact) < 3 * math.sqrt(exact * (1 - exact) / 9_999)


def test_as_many_counts_as_extreme() -> None:
    """P(X >= x), not P(X > x): when no order can differ, the p-value is 1, not 0."""
    xy = np.array([[0, 0], [1, 0], [2, 0]])
    assert knox(xy, [5, 5, 5], near=2, soon=0, permutations=99, rng=rng()).p_value == 1.0


def test_bounds_belong_to_the_window() -> None:
    xy = np.array([[0.0, 0.0], [200.0, 0.0]])
    assert knox(xy, [0, 14], near=200, soon=14, permutations=0, rng=rng()).observed == 1
    assert knox(xy, [0, 14.001], near=200, soon=14, permutations=0, rng=rng()).observed == 0
    assert knox(xy * 1.001, [0, 14], near=200, soon=14, permutations=0, rng=rng()).observed == 0


points = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.floats(0, 40, allow_nan=False).map(lambda t: round(t, 1))),
    max_size=30,
)


@settings(max_examples=80, deadline=None)
@given(points, st.integers(0, 12), st.floats(0, 9).map(lambda t: round(t, 1)))
def test_counts_agree_with_comparing_every_pair(rows: list[tuple[int, int, float]], near: int, soon: float) -> None:
    xy = np.array([row[:2] for row in rows], dtype=np.float64).reshape(-1, 2)
    times = np.array([row[2] for row in rows], dtype=np.float64)
    found = knox(xy, times, near=near, soon=soon, permutations=0, rng=rng())
    assert found.observed == plain(xy, times, near, soon)
    each = local_knox(xy, times, near=near, soon=soon, permutations=0, rng=rng())
    assert each.observed.sum() == 2 * found.observed == 2 * len(each.first)
    assert (times[each.first] <= times[each.second]).all()


@settings(max_examples=25, deadline=None)
@given(points, st.integers(0, 12), st.floats(0, 9), st.integers(0, 1_000))
def test_order_shift_and_turn_change_nothing(
    rows: list[tuple[int, int, float]], near: int, soon: float, seed: int
) -> None:
    xy = np.array([row[:2] for row in rows], dtype=np.float64).reshape(-1, 2)
    times = np.floor(np.array([row[2] for row in rows], dtype=np.float64))
    order = rng(seed).permutation(len(times))
    one = knox(xy, times, near=near, soon=soon, permutations=0, rng=rng())
    two = knox((xy[order] + 500)[:, ::-1], times[order] + 1_000, near=near, soon=soon, permutations=0, rng=rng())
    assert (one.observed, one.expected) == (two.observed, two.expected)


def test_expected_is_the_mean_of_the_permutations() -> None:
    generator = rng(3)
    xy, times = generator.random((60, 2)) * 100, generator.integers(0, 40, 60)
    counts = [plain(xy, generator.permutation(times), 15, 3) for _ in range(400)]
    found = knox(xy, times, near=15, soon=3, permutations=0, rng=generator)
    assert abs(found.expected - np.mean(counts)) < 4 * np.std(counts) / 20


def test_chance_alone_is_rarely_called_interaction() -> None:
    """Negative control: 60 patterns without interaction; p at or below .05 about 3 times."""
    generator = rng(8)
    small = sum(
        knox(generator.random((80, 2)) * 100, generator.random(80) * 100, near=10, soon=10, permutations=99,
             rng=generator).p_value <= 0.05
        for _ in range(60)
    )  # fmt: skip
    assert small <= 8


def test_busy_places_and_busy_weeks_alone_are_no_interaction() -> None:
    """Negative control: half of all at one corner, half in one week, independently."""
    generator = rng(9)
    xy = np.where(generator.random((200, 1)) < 0.5, 50.0, generator.random((200, 2)) * 1_000)
    times = np.where(generator.random(200) < 0.5, 30 + 7 * generator.random(200), 365 * generator.random(200))
    assert knox(xy, times, near=50, soon=7, permutations=499, rng=generator).p_value > 0.05


def test_planted_repeats_are_found() -> None:
    generator = rng(10)
    xy, times = generator.random((150, 2)) * 5_000, generator.random(150) * 365
    xy = np.vstack([xy, xy[:15] + generator.normal(0, 40, (15, 2))])
    times = np.concatenate([times, times[:15] + 5])
    found = knox(xy, times, near=200, soon=14, permutations=999, rng=generator)
    assert found.p_value <= 0.01 and found.observed >= 15
    each = local_knox(xy, times, near=200, soon=14, permutations=999, rng=generator)
    planted, others = each.p_value[:15], each.p_value[15:150]
    assert np.median(planted) < 0.2 < np.median(others)


def test_events_without_place_or_time_are_left_out() -> None:
    xy = np.array([[0, 0], [0, 0], [np.nan, 0], [0, 0]])
    times = [0.0, 1.0, 1.0, np.nan]
    assert knox(xy, times, near=1, soon=1, permutations=0, rng=rng()).events == 2
    each = local_knox(xy, times, near=1, soon=1, permutations=9, rng=rng())
    assert each.observed.tolist() == [1, 1, 0, 0] and each.p_value[2:].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("size", [0, 1])
def test_too_few_events_have_no_pairs(size: int) -> None:
    found = knox(np.zeros((size, 2)), np.zeros(size), near=1, soon=1, permutations=9, rng=rng())
    assert (found.observed, found.expected, found.p_value) == (0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("xy", "times", "near"), [(np.zeros((3, 3)), np.zeros(3), 1), (np.zeros((3, 2)), np.zeros(2), 1),
                              (np.zeros((3, 2)), np.zeros(3), -1)]
)  # fmt: skip
def test_what_does_not_fit_is_refused(xy: Float64, times: Float64, near: float) -> None:
    with pytest.raises(UsageError):
        knox(xy, times, near=near, soon=1, rng=rng())


def test_the_generator_decides() -> None:
    generator = rng(2)
    xy, times = generator.random((40, 2)), generator.random(40)
    one, two = (knox(xy, times, near=0.2, soon=0.2, permutations=99, rng=rng(5)) for _ in range(2))
    assert one == two
