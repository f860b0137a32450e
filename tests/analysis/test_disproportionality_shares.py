"""Index of shares and limits of chance, from tables as they are shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from analysis.disproportionality_shares import Shares, shares_of
from analysis.equity import funnel_limits
from graph.access.redact import suppressed_count


def table(*pairs: tuple[int | None, int | None], exact_base: bool = True) -> Shares | None:
    rows = [{"group": at, "count": count, "base": base} for at, (count, base) in enumerate(pairs)]
    return shares_of(rows, exact_base=exact_base)


def found(*pairs: tuple[int | None, int | None], exact_base: bool = True) -> Shares:
    shares = table(*pairs, exact_base=exact_base)
    assert shares is not None
    return shares


def test_a_table_that_can_be_worked_out_by_hand() -> None:
    """60 of 1,000 and 200 of 8,000: shares 60/260 and 1,000/9,000, index 2.077, rate 260/9,000."""
    shares = found((60, 1000), (200, 8000))
    small, large = shares.rows
    assert shares.rate == pytest.approx(260 / 9000)
    assert small.share == pytest.approx(60 / 260)
    assert small.base_share == pytest.approx(1 / 9)
    assert small.index == pytest.approx(60 / 260 * 9)
    assert small.against_others == pytest.approx(2.4)
    assert (small.outside, small.far) == ("above", True)
    # 202 of 8,000 is 0.02525; the limit, two standard errors of 0.00187 below 0.0289, is 0.0252
    assert (large.outside, large.far) == (None, False)


def test_the_published_shares() -> None:
    """Black children were 11 % of those cautioned or sentenced and 4 % of children of that age: 2.75."""
    assert found((11, 40), (89, 960)).rows[0].index == pytest.approx(2.75)


def test_limits_are_those_of_the_kernel() -> None:
    shares = found((50, 200), (100, 700), (25, 100))
    low, high = funnel_limits([200, 700, 100], 175 / 1000, level=0.95)
    assert [row.usual for row in shares.rows] == [pytest.approx(ends) for ends in zip(low, high, strict=True)]
    for row in shares.rows:
        assert row.usual is not None and row.wide is not None
        assert row.wide[0] < row.usual[0] < shares.rate < row.usual[1] < row.wide[1]


def test_equal_rates_are_within_their_limits() -> None:
    assert [row.outside for row in found((10, 100), (100, 1000), (50, 500)).rows] == [None] * 3


def test_rounding_alone_puts_nobody_outside() -> None:
    """15 stands for 13 to 17. The upper limit at 100 of a common rate of 8.2 % lies between 13 and 15."""
    edge = found((15, 100), (75, 1000))
    assert edge.rows[0].usual is not None
    assert 0.13 < edge.rows[0].usual[1] < 0.15
    assert edge.rows[0].outside is None


def test_nobody_counted_is_exact() -> None:
    none = found((0, 100), (100, 900))
    assert none.rows[0].outside == "below"
    assert none.rows[0].index == 0


@pytest.mark.parametrize("pairs", [((20, 100),), ((None, 100), (20, 100)), ((0, 100), (0, 200)), ((5, None), (5, 50))])
def test_nothing_to_compare_is_no_table(pairs: tuple[tuple[int | None, int | None], ...]) -> None:
    assert table(*pairs) is None


def test_hidden_groups_are_named_as_left_out() -> None:
    assert found((None, 100), (20, 100), (30, 100), (10, None)).left_out == (0, 3)


def test_more_counted_than_live_there_has_no_limits() -> None:
    shares = found((60, 40), (50, 40))
    assert [(row.usual, row.outside) for row in shares.rows] == [(None, None)] * 2


@given(some.lists(some.tuples(some.integers(0, 60), some.integers(60, 400)), min_size=2, max_size=8))
def test_shares_add_up_and_nothing_hidden_is_in_them(pairs: list[tuple[int, int]]) -> None:
    shown = [(suppressed_count(count), suppressed_count(base)) for count, base in pairs]
    shares = table(*shown, exact_base=False)
    if shares is None:
        return
    assert sum(row.share for row in shares.rows) == pytest.approx(1)
    assert sum(row.base_share for row in shares.rows) == pytest.approx(1)
    assert {row.group for row in shares.rows} == {at for at, (count, _) in enumerate(shown) if count is not None}


@given(some.integers(50, 2000), some.integers(5, 45))
def test_a_group_at_the_common_rate_is_hardly_ever_outside(size: int, percent: int) -> None:
    """By exact probability; limits between whole counts may leave out a little more than 5 in 100."""
    low, high = (float(ends[0]) for ends in funnel_limits([size], percent / 100))
    counts = np.arange(size + 1)
    inside = (counts >= low * size) & (counts <= high * size)
    assert stats.binom.pmf(counts[inside], size, percent / 100).sum() >= 0.92
