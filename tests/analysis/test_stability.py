"""Steadiness of a list when ties are left out, on lists that can be worked out."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.stability import share_of_runs, stability, top_overlap
from graph.snapshot import Bool, Float64


def by_ties(ties: Bool) -> Float64:
    """Three nodes: the first rests on tie 0, the second on ties 1 to 20, the third on tie 21 with less."""
    return np.array([2.0 if ties[0] else -np.inf, 1.0 if ties[1:21].any() else -np.inf, 0.5 if ties[21] else -np.inf])


def test_what_rests_on_one_tie_stays_as_often_as_the_tie() -> None:
    generator = np.random.default_rng(1)
    shares = stability(by_ties, np.array([0, 1]), 22, generator, runs=2_000)
    assert shares is not None
    # the second is only out when all of its twenty ties are left out
    assert shares[0] == pytest.approx(0.8, abs=0.03)
    assert shares[1] == 1.0


def test_without_runs_nothing_is_measured() -> None:
    assert stability(by_ties, np.array([0]), 22, np.random.default_rng(1), runs=0) is None


def test_an_empty_list_has_no_shares() -> None:
    shares = stability(by_ties, np.array([], dtype=np.int64), 22, np.random.default_rng(1))
    assert shares is not None and len(shares) == 0


def test_who_draws_with_the_last_counts_as_in() -> None:
    shares = stability(lambda _: np.ones(5), np.array([0, 1]), 3, np.random.default_rng(1), runs=4)
    assert shares is not None and shares.tolist() == [1.0, 1.0]


def test_nothing_left_out_changes_nothing() -> None:
    shares = stability(by_ties, np.array([0, 1, 2]), 22, np.random.default_rng(1), dropped=0.0)
    assert shares is not None and shares.tolist() == [1.0, 1.0, 1.0]


def test_the_overlap_is_the_mean_of_the_first() -> None:
    assert top_overlap(lambda _: np.arange(9.0), 5, np.random.default_rng(1), first=4) == 1.0
    half = top_overlap(by_ties, 22, np.random.default_rng(1), runs=1_000, first=1)
    assert half == pytest.approx(0.8, abs=0.04)


def test_items_are_counted_over_the_runs() -> None:
    shares = share_of_runs(lambda run: np.array([True, run % 2 == 0, False]), 3, 4)
    assert shares is not None and shares.tolist() == [1.0, 0.5, 0.0]


def test_without_items_no_run_is_made() -> None:
    def again(_: int) -> Bool:
        raise AssertionError("nothing to ask")

    shares = share_of_runs(again, 0, 4)
    assert shares is not None and len(shares) == 0
