"""Typed exposure on networks solved on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import sparse

from analysis.exposure import Context, Shared, Ties, exposure
from graph.errors import UsageError


def ties(count: int, *pairs: tuple[int, int, float]) -> sparse.csr_array:
    matrix = np.zeros((count, count))
    for one, two, weight in pairs:
        matrix[one, two] = matrix[two, one] = weight
    return sparse.csr_array(matrix)


def test_one_tie_is_minus_log_of_one_minus_weight_times_strength() -> None:
    found = exposure({"friends": ties(2, (0, 1, 0.5))}, [0.0, 0.8])
    assert found.score[0] == pytest.approx(-math.log(1 - 0.5 * 0.8))
    assert found.score[1] == 0.0


def test_independent_paths_add_up() -> None:
    found = exposure({"friends": ties(3, (0, 1, 0.5), (0, 2, 0.2))}, [0.0, 0.8, 1.0])
    assert found.score[0] == pytest.approx(-math.log(1 - 0.4) - math.log(1 - 0.2))


def test_a_second_step_counts_what_is_left_of_it() -> None:
    # 0 - 1 - 2, the source is 2: the middle carries -log(1 - .5), of which 1 - exp(-that) = .5 is a chance
    found = exposure({"ties": Ties(ties(3, (0, 1, 0.4), (1, 2, 0.5)), two_steps=True)}, [0, 0, 1.0], step=0.43)
    assert found.score[0] == pytest.approx(-math.log(1 - 0.4 * 0.43 * 0.5))
    assert found.score[1] == pytest.approx(-math.log(1 - 0.5))


def test_there_is_no_third_step() -> None:
    matrix = ties(4, (0, 1, 0.9), (1, 2, 0.9), (2, 3, 0.9))
    assert exposure({"ties": Ties(matrix, two_steps=True)}, [0, 0, 0, 1.0]).score[0] == 0.0


def test_a_hub_carries_no_second_step() -> None:
    matrix = ties(6, (0, 1, 0.4), (1, 2, 0.5), (1, 3, 0.5), (1, 4, 0.5), (1, 5, 0.5))
    strengths = [0, 0, 1.0, 0, 0, 0]
    assert exposure({"t": Ties(matrix, True)}, strengths, hub_limit=4).score[0] > 0
    assert exposure({"t": Ties(matrix, True)}, strengths, hub_limit=3).score[0] == 0.0


def test_a_household_counts_once_by_its_largest_path() -> None:
    matrix = ties(3, (0, 1, 0.5), (0, 2, 0.3))
    found = exposure({"ties": matrix}, [0, 1.0, 1.0], households=[0, 7, 7])
    assert found.score[0] == pytest.approx(-math.log(0.5))


def test_nobody_is_exposed_to_themselves_through_others() -> None:
    # 1 is tied to the source 0 only; what reaches 1 from 0 does not come back to 0
    found = exposure({"ties": Ties(ties(2, (0, 1, 0.5)), two_steps=True)}, [1.0, 0.0])
    assert found.score[0] == 0.0


def test_two_who_share_a_thing() -> None:
    membership = sparse.csr_array(np.array([[0.6], [0.5], [0.0]]))
    found = exposure({"phone": Shared(membership)}, [0.0, 0.8, 0.0])
    assert found.score[0] == pytest.approx(-math.log(1 - 0.6 * 0.5 * 0.8))


def test_a_thing_that_many_ordinary_people_share_says_nothing() -> None:
    membership = sparse.csr_array(np.full((4, 1), 0.5))
    assert exposure({"event": Shared(membership, largest=2)}, [0, 0, 0, 1.0]).score.sum() == 0.0


def test_a_context_counts_its_excess_only() -> None:
    # two of four others are sources where one in ten is expected: (2 - .1 * 4) / (4 + 10)
    membership = sparse.csr_array(np.full((5, 1), 0.5))
    found = exposure({"place": Context(membership, 0.1)}, [0, 1.0, 1.0, 0, 0])
    assert found.score[0] == pytest.approx(-math.log(1 - 0.5 * (2 - 0.4) / 14))


def test_a_context_with_no_more_than_its_share_says_nothing() -> None:
    membership = sparse.csr_array(np.full((11, 1), 0.9))
    strengths = np.zeros(11)
    strengths[1] = 1.0
    assert exposure({"school": Context(membership, 0.1)}, strengths).score[0] == 0.0


def test_contributions_add_up_over_families() -> None:
    generator = np.random.default_rng(3)
    matrix = sparse.random_array((40, 40), density=0.1, rng=generator)
    membership = sparse.random_array((40, 6), density=0.4, rng=generator)
    strengths = np.where(generator.random(40) < 0.2, 0.7, 0.0)
    found = exposure(
        {"ties": Ties(matrix, True), "things": Shared(membership), "places": Context(membership, 0.05)}, strengths
    )
    total = np.zeros(40)
    for parts in found.contributions.values():
        np.add.at(total, parts.target, parts.value)
    assert total == pytest.approx(found.score)
    assert found.score.max() > 0


@pytest.mark.parametrize("strength", [-0.1, 1.5])
def test_a_strength_outside_nought_to_one_is_refused(strength: float) -> None:
    with pytest.raises(UsageError):
        exposure({"t": ties(2, (0, 1, 0.5))}, [0.0, strength])


def test_a_weight_above_one_is_refused() -> None:
    with pytest.raises(UsageError):
        exposure({"t": ties(2, (0, 1, 1.5))}, [0.0, 1.0])
