"""Relations that relative rates keep, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.equity import disproportionality_index, false_discovery_control, funnel_limits, relative_rate

counts = st.integers(0, 400)
tables = st.lists(st.tuples(counts, st.integers(0, 2_000)), min_size=2, max_size=8)


@given(tables, st.data())
def test_no_small_count_has_a_ratio(table: list[tuple[int, int]], data: st.DataObject) -> None:
    numerators = [count for count, _ in table]
    reference = data.draw(st.integers(0, len(table) - 1))
    found = relative_rate(numerators, [count + more for count, more in table], reference=reference)
    for group, count in enumerate(numerators):
        assert found.suppressed[group] or not 1 <= count < 6
        assert not found.suppressed[group] or math.isnan(found.ratio[group])


@given(tables, st.data())
def test_one_small_count_does_not_stay_alone(table: list[tuple[int, int]], data: st.DataObject) -> None:
    numerators = [count for count, _ in table]
    reference = data.draw(st.integers(0, len(table) - 1))
    found = relative_rate(numerators, [count + more for count, more in table], reference=reference)
    others = [count for group, count in enumerate(numerators) if group != reference and count]
    if found.suppressed.sum() == 1 and not found.suppressed[reference]:
        assert len(others) == 1


def test_the_next_smallest_goes_with_the_only_small_one() -> None:
    found = relative_rate([300, 3, 20, 50, 0], [1_000, 100, 100, 100, 100], reference=0)
    assert found.suppressed.tolist() == [False, True, True, False, False]


def test_without_the_reference_there_is_nothing() -> None:
    found = relative_rate([3, 40, 50], [100, 100, 100], reference=0)
    assert np.isnan(found.ratio).all()


@given(st.integers(6, 300), st.integers(0, 500), st.integers(6, 300), st.integers(0, 500))
def test_the_other_way_round_is_one_over(a: int, more: int, b: int, further: int) -> None:
    one = relative_rate([a, b], [a + more, b + further], reference=1)
    other = relative_rate([a, b], [a + more, b + further], reference=0)
    assert one.ratio[0] == pytest.approx(1 / other.ratio[1])
    assert one.low[0] == pytest.approx(1 / other.high[1])


@given(st.integers(6, 300), st.integers(1, 500), st.floats(1, 4), st.integers(2, 10))
def test_families_and_rounding_widen(a: int, more: int, wider: float, rounded: int) -> None:
    plain = relative_rate([a, 50], [a + more, 100], reference=1)
    for given_more in ({"clustering": [wider, 1]}, {"rounded_to": rounded}):
        found = relative_rate([a, 50], [a + more, 100], reference=1, **given_more)
        assert found.low[0] <= plain.low[0] * (1 + 1e-12)
        assert found.high[0] >= plain.high[0] * (1 - 1e-12)
        assert found.ratio[0] == plain.ratio[0]


@given(st.integers(6, 200), st.integers(1, 300))
def test_a_higher_level_is_wider(a: int, more: int) -> None:
    ends = [relative_rate([a, 50], [a + more, 100], reference=1, level=level).high[0] for level in (0.8, 0.95, 0.99)]
    assert ends == sorted(ends)


def test_nobody_on_either_side_says_nothing() -> None:
    found = relative_rate([0, 0], [10, 20], reference=1)
    assert np.isnan(found.ratio).all() and not found.suppressed.any()


def test_a_population_may_be_estimated_too_low() -> None:
    assert relative_rate([20, 30], [15, 100], reference=1, sampled=False).ratio[0] == pytest.approx(40 / 9)
    with pytest.raises(ValueError, match="more people counted"):
        relative_rate([20, 30], [15, 100], reference=1)


@pytest.mark.parametrize(
    ("given_more", "words"),
    [({"denominators": [1.0]}, "one numerator"), ({"reference": 2}, "position"), ({"level": 1.0}, "level"),
     ({"numerators": [-1, 2]}, "from 0"), ({"clustering": [0.5, 1]}, "clustering")],
)  # fmt: skip
def test_what_is_no_table_is_refused(given_more: dict[str, Any], words: str) -> None:
    asked: dict[str, Any] = {"numerators": [10, 20], "denominators": [100, 100], "reference": 0} | given_more
    with pytest.raises(ValueError, match=words):
        relative_rate(asked.pop("numerators"), asked.pop("denominators"), **asked)


@given(st.floats(0.01, 0.99), st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5))
def test_equal_shares_have_the_index_one(share: float, shares: list[float]) -> None:
    found = disproportionality_index([share, *shares], [share, *shares])
    assert found.of_base == pytest.approx(1.0) and found.against_others == pytest.approx(1.0)


def test_shares_are_shares() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        disproportionality_index([11], [4])


@given(st.floats(0.1, 0.9), st.lists(st.integers(60, 3_000), min_size=2, max_size=6))
def test_a_funnel_holds_its_rate_and_narrows(rate: float, sizes: list[int]) -> None:
    low, high = funnel_limits([*sizes, 4 * max(sizes)], rate)
    assert ((low >= 0) & (low < rate) & (high > rate) & (high <= 1)).all()
    assert high[-1] - low[-1] < (high - low)[:-1].min()


def test_a_funnel_has_a_rate() -> None:
    with pytest.raises(ValueError, match="at least one person"):
        funnel_limits([0], 0.5)


@given(st.lists(st.floats(0, 1) | st.just(math.nan), max_size=20))
def test_what_stands_out_are_the_smallest(values: list[float]) -> None:
    chosen = false_discovery_control(values)
    inside = [value for value, mark in zip(values, chosen, strict=True) if mark]
    outside = [value for value, mark in zip(values, chosen, strict=True) if not mark and not math.isnan(value)]
    assert not any(math.isnan(value) for value in inside)
    assert max(inside, default=0.0) <= min(outside, default=1.0)
