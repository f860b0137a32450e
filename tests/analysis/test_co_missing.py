"""Missing together: overlap, chance, places and doors."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.co_missing import HOUR, MissingEpisodes, MissingPairs, coincidences, missing_episodes, missing_pairs
from graph.snapshot import Int64
from tests.analysis.build import AS_AT, Town, night


def two(*nights: tuple[int, float, float], found: bool = False, origin: bool = False, others: int = 0) -> MissingPairs:
    """Two children missing on the nights given: (days ago, hour of the one, hour of the other)."""
    town = Town()
    one, other = town.person("a", age=14), town.person("b", age=15)
    place, door = town.place("p"), town.place("home", "childrens_home")
    for at, (days, first, second) in enumerate(nights):
        for name, child, hour in (("a", one, first), ("b", other, second)):
            town.missing(f"{name}{at}", child, night(days, hour), found=place if found else None,
                         origin=door if origin else None)  # fmt: skip
    for at in range(others):
        town.missing(f"x{at}", town.person(f"x{at}", age=13), night(300 + 2 * at), found=place)
    return missing_pairs(missing_episodes(town.snapshot()))


def test_starts_within_three_hours_that_overlap_coincide() -> None:
    assert two((10, 20.0, 23.0)).coincidences.tolist() == [1]


def test_starts_more_than_three_hours_apart_do_not() -> None:
    assert len(two((10, 19.0, 22.5)).child) == 0


def test_one_who_was_back_before_the_other_left_does_not_coincide() -> None:
    town = Town()
    town.missing("1", town.person("a", age=14), night(5, 20), hours=1)
    town.missing("2", town.person("b", age=14), night(5, 21.5), hours=5)
    assert len(missing_pairs(missing_episodes(town.snapshot())).child) == 0


def test_an_open_episode_reaches_to_the_as_at_date() -> None:
    town = Town()
    for name in ("a", "b"):
        town.took_part(town.person(name, age=14), town.event(name, "missing_episode", night(1, 21)), "missing_person")
    episodes = missing_episodes(town.snapshot())
    until = dt.datetime.combine(AS_AT + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC).timestamp()
    assert episodes.end.tolist() == [until, until]
    assert len(missing_pairs(episodes).child) == 1


def test_what_begins_after_the_as_at_date_is_not_there() -> None:
    town = Town()
    town.missing("1", town.person("a", age=14), night(-2))
    assert len(missing_episodes(town.snapshot())) == 0


def test_two_agencies_versions_of_one_episode_are_one() -> None:
    town = Town()
    child, place = town.person("a", age=14), town.place("p")
    town.missing("police", child, night(5, 21), hours=4)
    town.missing("care", child, night(5, 22), hours=6, found=place)
    episodes = missing_episodes(town.snapshot())
    assert len(episodes) == 1
    assert (episodes.end - episodes.start).tolist() == [7 * HOUR]
    assert episodes.found.tolist() == [town.snapshot().row_of["place:p"]]


def test_expected_by_hand() -> None:
    """Two nights each, a week apart, same hour: four pairs of episodes could meet, each with chance 1 in 181."""
    pairs = two((10, 21.0, 21.0), (17, 21.0, 21.0))
    assert pairs.expected == pytest.approx([4 / 181])
    assert pairs.p_value == pytest.approx(stats.poisson.sf(1, 4 / 181))
    assert pairs.surprise == pytest.approx(-np.log10(stats.poisson.sf(1, 4 / 181)))


def test_more_nights_are_more_surprising() -> None:
    nights = [(7 * week, 21.0, 21.5) for week in range(1, 6)]
    surprises = [float(two(*nights[:many]).surprise[0]) for many in range(1, 6)]
    assert surprises == sorted(surprises)


def test_found_at_a_quiet_place_says_more_than_at_a_busy_one() -> None:
    quiet, busy = (float(two((10, 21, 21), found=True, others=others).surprise[0]) for others in (0, 40))
    apart = float(two((10, 21, 21)).surprise[0])
    assert quiet > busy > apart


def test_children_of_one_home_are_discounted() -> None:
    nights = [(7 * week, 21.0, 21.5) for week in range(1, 5)]
    assert two(*nights, origin=True).weight == pytest.approx(two(*nights).weight * 0.25)


def test_unrelated_children_change_nothing() -> None:
    few, many = two((10, 21, 21), (20, 22, 22)), two((10, 21, 21), (20, 22, 22), others=30)
    assert many.surprise[0] == few.surprise[0]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40 * HOUR), st.integers(1, 9 * HOUR)), max_size=25))
def test_the_sweep_finds_what_comparing_all_pairs_finds(rows: list[tuple[int, int, int]]) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    person = np.array([row[0] for row in rows], dtype=np.int64)
    start = np.array([row[1] for row in rows], dtype=np.int64)
    end = start + np.array([row[2] for row in rows], dtype=np.int64)
    none = np.full(len(rows), -1, dtype=np.int64)
    found = coincidences(MissingEpisodes(person, start, end, none, none, none, none))
    expected = {
        (i, j)
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if person[i] != person[j] and start[j] - start[i] <= 3 * HOUR and start[j] < end[i]
    }
    assert set(zip(found[0].tolist(), found[1].tolist(), strict=True)) == expected


def test_chance_alone_rarely_makes_a_pair() -> None:
    """Negative control: evenings of 120 children at random give hardly any pair that counts half."""
    generator = np.random.default_rng(4)
    person = np.repeat(np.arange(120), 5)
    start = generator.integers(0, 365, 600) * 86_400 + (20 + generator.normal(0, 1.5, 600)) * HOUR
    order = np.argsort(start, kind="stable")
    begin: Int64 = start[order].astype(np.int64)
    end: Int64 = begin + 8 * HOUR
    none = np.full(600, -1, dtype=np.int64)
    pairs = missing_pairs(MissingEpisodes(person[order], begin, end, none, none, none, none))
    assert len(pairs.child) > 100
    assert (pairs.weight >= 0.5).mean() < 0.01
