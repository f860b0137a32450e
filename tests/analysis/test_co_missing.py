"""Missing together: overlap, chance, places and doors."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.clock import HOUR
from analysis.co_missing import (
    MissingEpisodes,
    MissingPairs,
    coincidences,
    found_nearby,
    missing_episodes,
    missing_pairs,
)
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


def episodes_of(*records: tuple[str, dt.datetime, float | None, str | None]) -> MissingEpisodes:
    """One child's records: (key, start, hours or None when no end is recorded, place set out from)."""
    town = Town()
    child = town.person("a", age=14)
    for key, start, hours, origin in records:
        end = None if hours is None else start + dt.timedelta(hours=hours)
        event = town.event(key, "missing_episode", start, end=end)
        town.took_part(child, event, "missing_person")
        if origin is not None:
            town.tie(event, town.place(origin, "home_address"), "went_missing_from")
    return missing_episodes(town.snapshot())


def test_versions_from_different_places_are_one_episode() -> None:
    episodes = episodes_of(("care", night(5, 21), 6, "placement"), ("police", night(5, 22), 6, "home"))
    assert (len(episodes), (episodes.end - episodes.start).tolist()) == (1, [7 * HOUR])
    assert episodes.records is not None and episodes.records.tolist() == [2]


def test_records_that_touch_are_one_episode_and_a_second_apart_are_two() -> None:
    assert len(episodes_of(("1", night(5, 20), 2, None), ("2", night(5, 22), 3, None))) == 1
    assert len(episodes_of(("1", night(5, 20), 2, None), ("2", night(5, 22 + 1 / 3600), 3, None))) == 2


def test_the_end_that_one_agency_knows_is_taken() -> None:
    episodes = episodes_of(("police", night(5, 21), None, None), ("care", night(5, 22), 4, None))
    assert (episodes.end - episodes.start).tolist() == [5 * HOUR]
    assert episodes.no_end is not None and episodes.no_end.tolist() == [False]


def test_an_episode_without_an_end_does_not_swallow_the_next() -> None:
    episodes = episodes_of(("1", night(9, 21), None, None), ("2", night(5, 21), 4, None))
    assert len(episodes) == 2


def test_a_record_of_days_is_a_version_of_the_episodes_of_those_days() -> None:
    """Midnight by the clocks of England, which is 23:00 UTC in summer."""
    days = night(6, 23)
    timed = ("1", night(5, 20), 3.0, None), ("2", night(4, 20), 3.0, None)
    assert len(episodes_of(("care", days, 24, None), *timed)) == 2
    alone = episodes_of(("care", days, 24, None))
    assert alone.day_only is not None and alone.day_only.tolist() == [True]
    assert (alone.end - alone.start).tolist() == [48 * HOUR]


def test_a_record_of_days_alone_coincides_with_nothing() -> None:
    town = Town()
    for name in ("a", "b"):
        event = town.event(name, "missing_episode", night(6, 23), end=night(5, 23))
        town.took_part(town.person(name, age=14), event, "missing_person")
    assert len(missing_pairs(missing_episodes(town.snapshot())).child) == 0


def test_away_or_absent_is_not_missing() -> None:
    town = Town()
    event = town.event("a", "away_or_absent", night(5), end=night(4))
    town.took_part(town.person("a", age=14), event, "missing_person")
    assert len(missing_episodes(town.snapshot())) == 0


def found_pair(metres: float, end_hours: float) -> MissingPairs:
    """Two children who set out five hours apart, found so far and so many hours from each other."""
    town = Town()
    one, other = town.person("a", age=14), town.person("b", age=15)
    here, there = town.place("p"), town.place("q")
    town.missing("1", one, night(5, 18), hours=8, found=here)
    town.missing("2", other, night(5, 23), hours=3 + end_hours, found=there)
    snapshot = town.snapshot()
    xy = np.full((len(snapshot), 2), np.nan)
    xy[snapshot.row_of[here]], xy[snapshot.row_of[there]] = (0, 0), (metres, 0)
    return missing_pairs(missing_episodes(snapshot), place_xy=xy)


@pytest.mark.parametrize(
    ("metres", "hours", "expected"), [(200, 1, 1), (201, 1, 0), (200, 1.01, 0), (0, -1, 1), (float("nan"), 0, 0)]
)
def test_found_within_an_hour_and_two_hundred_metres_coincides(metres: float, hours: float, expected: int) -> None:
    assert len(found_pair(metres, hours).child) == expected


def test_a_place_that_made_the_coincidence_is_not_counted_again() -> None:
    pairs = found_pair(0, 0)
    assert pairs.surprise == pytest.approx(-np.log10(pairs.p_value))


def test_places_near_each_other_are_one_place() -> None:
    town = Town()
    here, there = town.place("p"), town.place("q")
    town.missing("1", town.person("a", age=14), night(5, 21), found=here)
    town.missing("2", town.person("b", age=14), night(5, 21), found=there)
    snapshot = town.snapshot()
    episodes = missing_episodes(snapshot)
    xy = np.zeros((len(snapshot), 2))
    places = [snapshot.row_of[here], snapshot.row_of[there]]
    assert found_nearby(episodes, xy)[places].tolist() == [2, 2]
    assert found_nearby(episodes)[places].tolist() == [1, 1]
    assert missing_pairs(episodes, place_xy=xy).same_place.tolist() == [1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 24 * 120)), min_size=2, max_size=12, unique=True),
    st.integers(14, 60),
)
def test_expected_is_what_moving_every_episode_to_every_day_gives(rows: list[tuple[int, int]], spread: int) -> None:
    """One child's episode put on each day within the spread of the other's: how often do the hours meet?"""
    rows = sorted(rows, key=lambda row: row[1])
    person = np.array([row[0] for row in rows], dtype=np.int64)
    # in winter, so that the clocks are those of UTC
    start = 1_767_225_600 - 120 * 86_400 + np.array([row[1] * HOUR for row in rows], dtype=np.int64)
    start = start - start.min() + int(dt.datetime(2025, 11, 1, tzinfo=dt.UTC).timestamp())
    none = np.full(len(rows), -1, dtype=np.int64)
    episodes = MissingEpisodes(person, start, start + 6 * HOUR, none, none, none, none)
    pairs = missing_pairs(episodes, spread=spread)
    for child, other, found, expected in zip(pairs.child, pairs.other, pairs.coincidences, pairs.expected, strict=True):
        days = 0
        for one in start[person == child].tolist():
            for two in start[person == other].tolist():
                shifts = [shift for shift in range(-spread, spread + 1) if abs(one - two) <= spread * 86_400]
                # on its day nearest to the other's clock
                near = {round((two - one) / 86_400) + more for more in (-1, 0, 1)}
                days += any(abs(one + shift * 86_400 - two) <= 3 * HOUR for shift in near) and bool(shifts)
        assert expected == pytest.approx(max(days / (2 * spread + 1), found / (2 * spread + 1)))
