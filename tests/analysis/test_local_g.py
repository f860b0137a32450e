"""Gi* where there is nothing to compare, and arguments that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from analysis.local_g import discoveries, getis_ord_g_star

LINE = sparse.csr_array(sparse.diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(12, 12)))


def test_equal_values_stand_nowhere() -> None:
    found = getis_ord_g_star(np.full(12, 0.1), LINE)
    assert (found.z == 0).all() and (found.p == 1).all() and not found.significant.any()


def test_a_place_that_neighbours_all_has_nothing_to_compare() -> None:
    weights = LINE.toarray()
    weights[4] = 1.0
    assert getis_ord_g_star(np.arange(12.0), sparse.csr_array(weights)).z[4] == 0


def test_one_place_alone() -> None:
    assert getis_ord_g_star([3.0], sparse.csr_array([[1.0]])).p.tolist() == [1.0]


@pytest.mark.parametrize(
    ("values", "weights", "words"),
    [
        (np.ones(11), LINE, "square matrix"),
        (np.full(12, np.nan), LINE, "finite"),
        (np.ones(12), sparse.csr_array(LINE - sparse.eye_array(12)), "counts itself"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], weights: sparse.csr_array, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        getis_ord_g_star(values, weights)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.001, 1000), shift=st.floats(-1000, 1000))
def test_units_do_not_matter(seed: int, scale: float, shift: float) -> None:
    values = np.random.default_rng(seed).normal(size=12)
    assert getis_ord_g_star(values * scale + shift, LINE).z == pytest.approx(
        getis_ord_g_star(values, LINE).z, rel=1e-6, abs=1e-6
    )


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.5))
def test_discoveries_are_the_smallest(p: list[float], rate: float) -> None:
    values = np.array(p)
    chosen = discoveries(values, rate)
    assert not chosen.any() or chosen[values <= values[chosen].max()].all()
