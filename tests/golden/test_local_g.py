"""Gi* against the formula of Ord and Getis (1995) written out, and a case solved on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import sparse

from analysis.local_g import discoveries, getis_ord_g_star


def plain(values: list[float], weights: list[list[float]]) -> list[float]:
    """Equation 6 of Ord and Getis, Geographical Analysis 27 (1995), one place at a time."""
    n = len(values)
    mean = sum(values) / n
    deviation = math.sqrt(sum(value * value for value in values) / n - mean * mean)
    result = []
    for row in weights:
        total = sum(row)
        squares = sum(weight * weight for weight in row)
        above = sum(weight * value for weight, value in zip(row, values, strict=True)) - mean * total
        result.append(above / (deviation * math.sqrt((n * squares - total * total) / (n - 1))))
    return result


def test_four_places_in_a_row_solved_on_paper() -> None:
    """1 1 1 5: mean 2, deviation sqrt 3. Last: 6 - 4 = 2 over sqrt 3 x sqrt((4 x 2 - 4) / 3) = 2. First: -2 over 2."""
    row = sparse.csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]], dtype=float))
    found = getis_ord_g_star([1, 1, 1, 5], row)
    assert found.z[[0, 3]] == pytest.approx([-1, 1])
    assert found.p[0] == pytest.approx(0.3173105, abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_any_weights_against_the_formula(seed: int) -> None:
    generator = np.random.default_rng(seed)
    weights = generator.random((30, 30)) * (generator.random((30, 30)) < 0.2)
    np.fill_diagonal(weights, generator.uniform(0.1, 1, 30))
    values = generator.gamma(1.0, size=30)
    found = getis_ord_g_star(values, sparse.csr_array(weights))
    assert found.z == pytest.approx(plain(values.tolist(), weights.tolist()), abs=1e-9)


def test_false_discoveries_after_benjamini_and_hochberg() -> None:
    """The fifteen p-values of Benjamini and Hochberg (1995), section 3.2: four stand at 5 %."""
    p = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
                  0.6528, 0.7590, 1.0])  # fmt: skip
    shuffled = np.random.default_rng(1).permutation(15)
    assert discoveries(p[shuffled], 0.05).sum() == 4
    assert sorted(p[shuffled][discoveries(p[shuffled], 0.05)]) == [0.0001, 0.0004, 0.0019, 0.0095]


def test_nothing_stands_out_in_noise() -> None:
    """Negative control: over 60 noisy maps about one in twenty has any significant place."""
    generator = np.random.default_rng(2)
    grid = sparse.csr_array(sparse.diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(100, 100)))
    maps = [getis_ord_g_star(generator.normal(size=100), grid).significant.any() for _ in range(60)]
    assert sum(maps) <= 8
