"""Typed exposure against a plain implementation of its definition, and a network solved on paper.

The definition: methods of the project (typed, bounded, additive exposure); the decay per step after A. Papachristos and
C. Wildeman, American Journal of Public Health 104 (2014). The plain implementation below loops over people and paths.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from analysis.exposure import CAP, Context, Exposure, Shared, Ties, exposure

Floats = npt.NDArray[np.float64]
STEP, HUB = 0.43, 3


def evidence(probability: float) -> float:
    return -math.log(1 - min(probability, CAP))


def chance(parts: list[float]) -> float:
    return 1 - math.exp(-sum(parts))


def best_of_households(reached: dict[int, float], homes: list[int], without: int) -> list[float]:
    """The largest of each household except one."""
    best: dict[int, float] = {}
    for person, value in reached.items():
        if homes[person] != without:
            best[homes[person]] = max(best.get(homes[person], 0.0), value)
    return list(best.values())


def plain_ties(weights: Floats, strength: Floats, homes: list[int], two_steps: bool) -> dict[tuple[int, int], float]:
    """(person, neighbour who counts for a household): value."""
    count = len(strength)
    capped = np.minimum(weights, CAP)
    found: dict[tuple[int, int], float] = {}
    for i in range(count):
        by_home: dict[int, tuple[float, int]] = {}
        for j in range(count):
            if i == j or weights[i, j] == 0:
                continue
            value = evidence(capped[i, j] * strength[j])
            ordinary = sum(1 for k in range(count) if k != j and weights[j, k] > 0 and strength[k] == 0)
            if two_steps and ordinary <= HUB:
                further = {
                    k: evidence(capped[j, k] * strength[k])
                    for k in range(count)
                    if k != j and weights[j, k] > 0 and strength[k] > 0
                }
                value += evidence(capped[i, j] * STEP * chance(best_of_households(further, homes, homes[i])))
            if value > 0 and value > by_home.get(homes[j], (0.0, -1))[0]:
                by_home[homes[j]] = (value, j)
        found |= {(i, j): value for value, j in by_home.values()}
    return found


def plain_shared(membership: Floats, strength: Floats, homes: list[int], largest: int) -> dict[tuple[int, int], float]:
    people, things = membership.shape
    capped = np.minimum(membership, CAP)
    found: dict[tuple[int, int], float] = {}
    for thing in range(things):
        members = [k for k in range(people) if membership[k, thing] > 0]
        if sum(1 for k in members if strength[k] == 0) > largest:
            continue
        known = {k: evidence(capped[k, thing] * strength[k]) for k in members if strength[k] > 0}
        for i in members:
            value = evidence(capped[i, thing] * chance(best_of_households(known, homes, homes[i])))
            if value > 0:
                found[i, thing] = value
    return found


def plain_context(
    membership: Floats, strength: Floats, homes: list[int], rate: float, prior: float
) -> dict[tuple[int, int], float]:
    people, contexts = membership.shape
    found: dict[tuple[int, int], float] = {}
    for context in range(contexts):
        members = [k for k in range(people) if membership[k, context] > 0]
        for i in members:
            known = {k: float(strength[k]) for k in members if strength[k] > 0}
            others = {k: 1.0 for k in members if strength[k] == 0}
            seen = sum(best_of_households(known, homes, homes[i]))
            of = seen + sum(best_of_households(others, homes, homes[i]))
            excess = max(seen - rate * of, 0.0) / (of + prior)
            value = evidence(min(membership[i, context], CAP) * excess)
            if value > 0:
                found[i, context] = value
    return found


def parts_of(found: Exposure, name: str) -> dict[tuple[int, int], float]:
    parts = found.contributions[name]
    keys = zip(parts.target.tolist(), parts.through.tolist(), strict=True)
    return dict(zip(keys, parts.value.tolist(), strict=True))


class Network:
    """A random network of all three families."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        count, things = int(generator.integers(2, 14)), int(generator.integers(1, 5))
        ties = np.where(generator.random((count, count)) < 0.3, generator.random((count, count)), 0.0)
        self.ties: Floats = np.maximum(ties, ties.T)
        np.fill_diagonal(self.ties, 0.0)
        self.things: Floats = np.where(generator.random((count, things)) < 0.5, generator.random((count, things)), 0.0)
        self.places: Floats = np.where(generator.random((count, things)) < 0.6, generator.random((count, things)), 0.0)
        self.strength: Floats = np.where(generator.random(count) < 0.4, generator.random(count), 0.0)
        self.homes: list[int] = generator.integers(0, count, count).tolist()

    def score(self) -> Exposure:
        families = {
            "ties": Ties(sparse.csr_array(self.ties), two_steps=True),
            "things": Shared(sparse.csr_array(self.things), largest=HUB),
            "places": Context(sparse.csr_array(self.places), 0.1, 4.0),
        }
        return exposure(families, self.strength, households=self.homes, step=STEP, hub_limit=HUB)


networks = st.integers(0, 1_000_000).map(Network)


def test_solved_on_paper() -> None:
    # 0 is tied to 1 (.5) and 2 (.4); 1 is a source (.8); 2 is tied to the source 3 (.6, strength .9); 0 and 3 share a
    # phone (.7, .5); three of the five others at a place are sources, one in ten is expected
    ties = np.zeros((7, 7))
    for one, two, weight in ((0, 1, 0.5), (0, 2, 0.4), (2, 3, 0.6)):
        ties[one, two] = ties[two, one] = weight
    phone, place = np.zeros((7, 1)), np.zeros((7, 1))
    phone[0], phone[3] = 0.7, 0.5
    place[[0, 1, 3, 4, 5, 6]] = 0.6
    found = exposure(
        {
            "ties": Ties(sparse.csr_array(ties), two_steps=True),
            "phone": Shared(sparse.csr_array(phone)),
            "place": Context(sparse.csr_array(place), 0.1, 4.0),
        },
        [0, 0.8, 0, 0.9, 1.0, 0, 0],
        step=0.5,
    )
    assert parts_of(found, "ties")[0, 1] == pytest.approx(-math.log(1 - 0.5 * 0.8))
    assert parts_of(found, "ties")[0, 2] == pytest.approx(-math.log(1 - 0.4 * 0.5 * 0.6 * 0.9))
    assert parts_of(found, "phone")[0, 0] == pytest.approx(-math.log(1 - 0.7 * 0.5 * 0.9))
    # seen .8 + .9 + 1 = 2.7 of 4.7
    assert parts_of(found, "place")[0, 0] == pytest.approx(-math.log(1 - 0.6 * (2.7 - 0.47) / 8.7))
    assert found.score[0] == pytest.approx(
        -math.log(0.6) - math.log(0.892) - math.log(0.685) - math.log(1 - 0.6 * 2.23 / 8.7)
    )


@settings(max_examples=150)
@given(network=networks)
def test_equal_to_the_plain_implementation(network: Network) -> None:
    found = network.score()
    expected = {
        "ties": plain_ties(network.ties, network.strength, network.homes, True),
        "things": plain_shared(network.things, network.strength, network.homes, HUB),
        "places": plain_context(network.places, network.strength, network.homes, 0.1, 4.0),
    }
    for name, parts in expected.items():
        assert sorted(parts_of(found, name).values()) == pytest.approx(sorted(parts.values()), abs=1e-12)
        if name != "ties":  # which of two equal neighbours stands for a household does not matter
            assert parts_of(found, name) == pytest.approx(parts, abs=1e-12)
    total = np.zeros(len(network.strength))
    for parts in expected.values():
        for (person, _), value in parts.items():
            total[person] += value
    assert found.score == pytest.approx(total, abs=1e-12)


@settings(max_examples=80)
@given(network=networks, data=st.data())
def test_a_further_or_stronger_tie_to_a_source_never_lowers_anybody(network: Network, data: st.DataObject) -> None:
    sources = np.flatnonzero(network.strength).tolist()
    if not sources:
        return
    before = network.score().score
    one = data.draw(st.integers(0, len(network.strength) - 1))
    other = data.draw(st.sampled_from(sources))
    if one == other:
        return
    network.ties[one, other] = network.ties[other, one] = max(network.ties[one, other], data.draw(st.floats(0.01, 1)))
    assert (network.score().score >= before - 1e-12)[one]


@settings(max_examples=80)
@given(network=networks, data=st.data())
def test_better_evidence_never_lowers_anybody(network: Network, data: st.DataObject) -> None:
    """A better grade or a fresher date is a larger weight on a record that is there."""
    before = network.score().score
    for matrix in (network.ties, network.things, network.places):
        there = np.argwhere(matrix > 0).tolist()
        if there:
            row, column = data.draw(st.sampled_from(there))
            larger = min(1.0, matrix[row, column] * data.draw(st.floats(1.0, 3.0)))
            matrix[row, column] = larger
            if matrix is network.ties:
                matrix[column, row] = larger
    assert (network.score().score >= before - 1e-12).all()


@settings(max_examples=60)
@given(network=networks, other=networks)
def test_an_unrelated_district_changes_nobody(network: Network, other: Network) -> None:
    alone = network.score().score
    both = Network(0)
    both.ties = sparse.block_diag([network.ties, other.ties]).toarray()
    both.things = sparse.block_diag([network.things, other.things]).toarray()
    both.places = sparse.block_diag([network.places, other.places]).toarray()
    both.strength = np.concatenate([network.strength, other.strength])
    both.homes = network.homes + [home + 1000 for home in other.homes]
    assert both.score().score[: len(alone)] == pytest.approx(alone, abs=1e-12)


@settings(max_examples=40)
@given(network=networks)
def test_nobody_is_exposed_where_nobody_is_a_source(network: Network) -> None:
    network.strength = np.zeros(len(network.strength))
    assert network.score().score.max() == 0.0
