"""The share of a list that chance makes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.chance import share_by_chance


def test_share_by_chance_by_hand() -> None:
    """Scores 5, 4, 3; two repeats with half of the pairs 4.5 and 3.5, and 2: (2 * 0 + 1) / 2 / 1, 1.5 / 2, 2.5 / 3."""
    shares = share_by_chance(np.array([5.0, 4.0, 3.0]), [np.array([3.5, 4.5]), np.array([2.0])], each=2)
    assert shares.tolist() == pytest.approx([0.5, 0.75, 2.5 / 3])


def test_equal_scores_have_equal_shares() -> None:
    shares = share_by_chance(np.array([5.0, 4.0, 4.0, 1.0]), [np.array([4.0])])
    assert shares[1] == shares[2]


def test_an_empty_list_has_no_shares() -> None:
    assert len(share_by_chance(np.empty(0), [np.array([1.0])])) == 0


scores = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=12)


@given(scores, st.lists(scores, min_size=1, max_size=4))
def test_the_share_is_that_of_counting_and_never_falls(seen: list[float], chance: list[list[float]]) -> None:
    ordered = sorted(seen, reverse=True)
    shares = share_by_chance(np.array(ordered), [np.sort(np.array(one)) for one in chance]).tolist()
    assert shares == sorted(shares)
    plain = [
        (sum(value >= score for one in chance for value in one) + 1) / len(chance) / sum(v >= score for v in ordered)
        for score in ordered
    ]
    assert shares == pytest.approx([min(1.0, *plain[at:]) for at in range(len(plain))])
