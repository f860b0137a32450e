"""Relations the scan keeps, whatever the counts."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import scan_replicates
from analysis.scan import Cluster, scan, scan_statistic
from analysis.scan_zones import EARTH, distances, zones

GRID = np.array([[float(x), float(y)] for x in range(5) for y in range(4)])


def some_counts(seed: int, periods: int = 1) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).poisson(6, (20, periods)).astype(np.float64)


def test_places_at_one_distance_enter_together() -> None:
    around = zones(GRID, np.ones(20), 0.5, "euclidean")
    corner = around.closes[around.start[0] : around.start[1]]
    # itself, its two neighbours, the diagonal, then the two at distance 2
    assert np.flatnonzero(corner)[:4].tolist() == [0, 2, 3, 5]


def test_the_window_is_capped_by_people_not_by_cases() -> None:
    cases = np.ones(20)
    cases[7] = 100
    found = scan_statistic(GRID, cases, np.ones(20), max_fraction=0.1, permutations=0, rng=np.random.default_rng(1))
    assert found[0].members == (7,)
    heavy = np.ones(20)
    heavy[7] = 5
    capped = scan_statistic(
        GRID, cases, np.ones(20), population=heavy, max_fraction=0.1, permutations=0, rng=np.random.default_rng(1)
    )
    assert all(7 not in cluster.members for cluster in capped)


def test_degrees_are_measured_on_the_sphere() -> None:
    quarter = distances(np.array([[0.0, 0.0], [90.0, 0.0], [0.0, 90.0]]), np.array([0]), "haversine")
    assert quarter[0] == pytest.approx([0, EARTH * math.pi / 2, EARTH * math.pi / 2])


def test_one_degree_east_is_shorter_in_the_north() -> None:
    xy = np.array([[0.0, 60.0], [1.0, 60.0], [0.0, 60.6], [40.0, 0.0]])
    nearest = np.argsort(distances(xy, np.array([0]), "haversine")[0])
    assert nearest.tolist()[:3] == [0, 1, 2]


def test_same_generator_same_answer() -> None:
    found = [
        scan(GRID, some_counts(1, 6), np.ones((20, 6)), permutations=50, rng=np.random.default_rng(5)) for _ in range(2)
    ]
    assert found[0].clusters == found[1].clusters
    assert (found[0].maxima == found[1].maxima).all()


def test_more_than_small_numbers_hold() -> None:
    """Totals past 16-bit counts use wider lanes, with the same likelihoods."""
    cases = some_counts(2) * 1_000
    cases[3] *= 3
    found = scan(GRID, cases, np.ones(20), permutations=30, rng=np.random.default_rng(5))
    assert found.clusters[0].members == (3,)
    assert found.maxima.max() < 50 < found.clusters[0].log_likelihood_ratio


def test_fractional_cases_are_taken_as_they_are() -> None:
    cases = some_counts(3).ravel() + 0.25
    found = scan_statistic(GRID, cases, np.ones(20), permutations=9, rng=np.random.default_rng(5))
    assert found[0].observed % 1 in (0.25, 0.5, 0.75)


def test_no_cases_no_clusters() -> None:
    assert scan_statistic(GRID, np.zeros(20), np.ones(20), permutations=9, rng=np.random.default_rng(5)) == ()


def test_windows_are_counted() -> None:
    found = scan(GRID, some_counts(1, 6), np.ones((20, 6)), max_duration=2, permutations=0,
                 rng=np.random.default_rng(5), max_fraction=0.05)  # fmt: skip
    assert found.windows == 20 * (6 + 5)


def test_places_that_vary_of_themselves_are_less_surprising() -> None:
    cases = some_counts(4)
    cases[:2] *= 2
    plain, varied = (
        scan_statistic(GRID, cases, np.ones(20), permutations=199, rng=np.random.default_rng(5), dispersion=dispersion)[
            0
        ].p_value
        for dispersion in (0.0, 0.5)
    )
    assert varied > plain


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "needs expected counts"),
        ({"model": "bernoulli"}, "needs controls"),
        ({"model": "other", "expected": np.ones(20)}, "model is"),
        ({"expected": np.ones(3)}, "shape of the cases"),
        ({"expected": np.zeros(20)}, "needs expected counts"),
        ({"expected": np.ones(20), "max_fraction": 0.0}, "between 0 and 1"),
        ({"expected": np.ones(20), "max_duration": 0}, "at least 1"),
        ({"expected": np.ones(20), "metric": "taxi"}, "euclidean or haversine"),
        ({"expected": np.r_[0.0, np.ones(19)]}, "none are expected"),
        ({"expected": np.r_[np.nan, np.ones(19)]}, "numbers"),
        ({"expected": np.ones(20), "permutations": -1}, "not negative"),
        ({"controls": np.full(20, 0.5), "model": "bernoulli"}, "whole numbers"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        scan_statistic(GRID, np.ones(20), rng=np.random.default_rng(1), **arguments)  # type: ignore[arg-type]


def test_what_progress_raises_ends_the_run() -> None:
    def stop(share: float, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_statistic(GRID, np.ones(20), np.ones(20), rng=np.random.default_rng(1), progress=stop)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), periods=st.integers(1, 4), share=st.floats(0.1, 0.6))
def test_clusters_share_no_place_and_come_likeliest_first(seed: int, periods: int, share: float) -> None:
    found = scan_statistic(
        GRID, some_counts(seed, periods), np.ones((20, periods)), max_fraction=share, permutations=9,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    places = [place for cluster in found for place in cluster.members]
    assert len(places) == len(set(places))
    ratios = [cluster.log_likelihood_ratio for cluster in found]
    assert ratios == sorted(ratios, reverse=True)
    assert all(cluster.relative_risk > 1 and len(cluster.members) <= share * 20 + 1e-6 for cluster in found)
    assert all(cluster.p_value <= later.p_value for cluster, later in itertools.pairwise(found))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.01, 100))
def test_the_scale_of_what_is_expected_does_not_matter(seed: int, factor: float) -> None:
    expected = np.random.default_rng(seed).uniform(1, 5, 20)
    one, other = (
        scan_statistic(GRID, some_counts(seed), expected * scale, permutations=0, rng=np.random.default_rng(1))
        for scale in (1.0, factor)
    )
    assert [each.members for each in one] == [each.members for each in other]
    assert [each.log_likelihood_ratio for each in one] == pytest.approx([each.log_likelihood_ratio for each in other])


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_processors_does_not_matter(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {"permutations": 40, "max_fraction": 0.5}
    usual = scan(GRID, some_counts(1, 6), np.ones((20, 6)), rng=np.random.default_rng(5), **arguments)  # type: ignore[arg-type]
    monkeypatch.setattr(scan_replicates, "threads", lambda: workers)
    found = scan(GRID, some_counts(1, 6), np.ones((20, 6)), rng=np.random.default_rng(5), **arguments)  # type: ignore[arg-type]
    assert found.clusters == usual.clusters and (found.maxima == usual.maxima).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_more_case_inside_never_lowers_the_likeliest(seed: int) -> None:
    def best(cases: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Cluster:
        return scan_statistic(GRID, cases, np.ones(20), permutations=0, rng=np.random.default_rng(1))[0]

    cases = some_counts(seed)
    before = best(cases)
    cases[before.members[0]] += 1
    assert best(cases).log_likelihood_ratio > before.log_likelihood_ratio
