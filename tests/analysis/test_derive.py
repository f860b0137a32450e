"""Roles at a date."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from analysis.codes import PLACE_ROLES
from analysis.derive import Roles, base_rate, derive, first_day_of_age, months_before
from graph.model import years_between
from graph.records import date_of, day_number
from tests.analysis.build import AS_AT, Town, days_ago, night


def roles_of(town: Town, node_id: str, as_at: dt.date = AS_AT) -> tuple[Roles, int]:
    snapshot = town.snapshot(as_at)
    return derive(snapshot), snapshot.row_of[node_id]


@pytest.mark.parametrize(
    "as_at", [dt.date(2026, 6, 1), dt.date(2024, 2, 29), dt.date(2025, 2, 28), dt.date(2025, 3, 1)]
)
@pytest.mark.parametrize("years", [10, 17, 18])
def test_ages_agree_with_the_model_around_the_birthday(as_at: dt.date, years: int) -> None:
    last = first_day_of_age(as_at, years)
    for shift in range(-3, 4):
        born = date_of(last + shift)
        assert (day_number(born) <= last) == (years_between(born, as_at) >= years)


def test_months_before_the_end_of_a_long_month() -> None:
    assert date_of(months_before(dt.date(2026, 3, 31), 1)) == dt.date(2026, 2, 28)
    assert date_of(months_before(dt.date(2026, 6, 15), 24)) == dt.date(2024, 6, 15)


@pytest.mark.parametrize(
    ("age", "closed", "known", "candidate"),
    [
        (14, None, True, False),
        (14, 300, True, False),
        (14, 800, False, True),
        (9, 800, False, False),
        (18, None, False, False),
    ],
)
def test_known_child_and_candidate(age: int, closed: int | None, known: bool, candidate: bool) -> None:
    town = Town()
    child = town.person(1, age=age)
    town.open_to_hub(child, days_ago(900), None if closed is None else days_ago(closed))
    roles, row = roles_of(town, child)
    assert (bool(roles.known_child[row]), bool(roles.candidate[row])) == (known, candidate)


def test_an_episode_that_begins_later_is_not_known_yet() -> None:
    town = Town()
    child = town.person(1, age=14)
    town.open_to_hub(child, days_ago(-5))
    roles, row = roles_of(town, child)
    assert not roles.known_child[row] and roles.candidate[row]


@pytest.mark.parametrize(
    ("event_type", "strand", "known"),
    [("offence", "sexual_exploitation", True), ("offence", "serious_youth_violence", False),
     ("intelligence", "sexual_exploitation", False)],
)  # fmt: skip
def test_a_victim_of_exploitation_is_known(event_type: str, strand: str, known: bool) -> None:
    town = Town()
    child = town.person(1, age=14)
    town.took_part(child, town.event(1, event_type, night(30), strand=strand), "victim")
    roles, row = roles_of(town, child)
    assert bool(roles.known_child[row]) == known


def test_who_acts_is_of_concern_and_the_child_acted_upon_is_not() -> None:
    town = Town()
    adult, child = town.person("a", age=30), town.person("c", age=14)
    town.tie(adult, child, "targets", start=days_ago(10))
    roles, row = roles_of(town, adult)
    assert roles.person_of_concern[row] and roles.exploitation_concern[row]
    assert not roles.person_of_concern[roles_of(town, child)[1]]


def test_a_suspect_in_another_matter_is_of_concern_but_not_in_exploitation() -> None:
    town = Town()
    adult = town.person("a", age=30)
    town.took_part(adult, town.event(1, "offence", night(30)), "suspect")
    roles, row = roles_of(town, adult)
    assert roles.person_of_concern[row] and not roles.exploitation_concern[row]


def test_a_professional_is_left_out_unless_of_concern() -> None:
    town = Town()
    child = town.person("c", age=14)
    good, bad = town.person("good", age=40), town.person("bad", age=40)
    for adult in (good, bad):
        town.tie(adult, child, "professional_for", polarity="protective")
    town.tie(bad, child, "exploits", start=days_ago(5))
    roles, row = roles_of(town, good)
    assert roles.professional[row]
    assert not roles.professional[roles_of(town, bad)[1]]


def test_households_by_sibling_parent_and_address() -> None:
    town = Town()
    home = town.place("home", "home_address")
    one, two = town.person(1, age=14, address=home), town.person(2, age=12, address=home)
    three, mother, four = town.person(3, age=11), town.person(4, age=40), town.person(5, age=11)
    town.tie(two, three, "sibling_of")
    town.tie(mother, three, "parent_of")
    snapshot = town.snapshot()
    household = derive(snapshot).household
    together = [household[snapshot.row_of[key]] for key in (one, two, three, mother)]
    assert len(set(together)) == 1
    assert household[snapshot.row_of[four]] not in together


def test_a_large_block_is_no_household() -> None:
    town = Town()
    block = town.place("block", "home_address")
    people = [town.person(at, age=14, address=block) for at in range(13)]
    snapshot = town.snapshot()
    assert len({int(derive(snapshot).household[snapshot.row_of[key]]) for key in people}) == 13


def test_a_childrens_home_is_no_household() -> None:
    town = Town()
    home = town.place("home", "childrens_home")
    people = [town.person(at, age=14, address=home) for at in range(3)]
    snapshot = town.snapshot()
    roles = derive(snapshot)
    assert len({int(roles.household[snapshot.row_of[key]]) for key in people}) == 3
    assert PLACE_ROLES[roles.place_role[snapshot.row_of[home]]] == "placement"


def test_base_rates_are_of_each_part_and_shrunk() -> None:
    part = np.array([0] * 300 + [1], dtype=np.int32)
    marked = np.arange(301) < 100
    rates = base_rate(marked, np.ones(301, dtype=np.bool_), part, prior=0.02, weight=200)
    assert rates[0] == pytest.approx((100 + 4) / 500)
    assert rates[300] == pytest.approx((0 + 4) / 201)
