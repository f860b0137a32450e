"""Phones, vehicles, accounts and addresses recorded with several known children."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.excess import AGAINST, LEAST
from tests.analysis.build import Town, days_ago, night
from tests.analysis.towns import ask, by_subject, random_town, reported, score
from viz.wording import check


def users(*, known: int = 2, others: int = 0, thing: str = "phone:1") -> Town:
    """A thing that known and other children of different households use."""
    town = Town()
    town.thing(thing)
    for at in range(known + others):
        child = town.person(f"child{at}", age=14)
        if at < known:
            town.open_to_hub(child)
        town.tie(child, thing, "uses", start=days_ago(0))
    for at in range(200):
        town.person(f"nobody{at}", age=14)
    return town


def test_score_of_a_phone_by_hand() -> None:
    """Base rate of the part: the two known of three, with a prior of 200 people at 2 %."""
    rate = 6 / 203
    weight = LEAST + (1 - LEAST) * 0.6 * 0.9
    expected = 2 * weight * math.log(0.5 / rate) + AGAINST * math.log(0.5 / (1 - rate))
    flag = by_subject(users(others=1), "shared_objects")["phone:1"]
    assert score(flag) == pytest.approx(expected)
    assert (flag.details["children_at_risk"], flag.details["children_all"]) == (2, 3)


@pytest.mark.parametrize("thing", ["phone:1", "vehicle:1", "account:1"])
def test_every_kind_of_thing_is_found_and_named(thing: str) -> None:
    flag = by_subject(users(thing=thing), "shared_objects")[thing]
    assert flag.details["kind"] == thing.split(":")[0]


def test_one_known_child_or_one_household_is_not_enough() -> None:
    assert ask(users(known=1, others=3), "shared_objects").flags == ()
    town = users()
    town.tie("person:child0", "person:child1", "sibling_of")
    assert ask(town, "shared_objects").flags == ()


def test_one_report_that_names_both_is_not_enough() -> None:
    town = users(known=0)
    report = town.report("r", occurred=days_ago(3))
    for at in range(2):
        child = town.person(f"k{at}", age=14)
        town.open_to_hub(child)
        town.tie(child, "phone:1", "uses", reports=(report,))
    assert ask(town, "shared_objects").flags == ()


def test_events_that_name_the_thing_and_a_child_count_once_each() -> None:
    for many in (1, 2):
        town = Town()
        car = town.thing("vehicle:1")
        for at in range(2):
            town.open_to_hub(town.person(f"k{at}", age=14))
        for at in range(many):
            event = town.event(at, "incident", night(20 + at))
            town.took_part(car, event, "object_used")
            for child in ("person:k0", "person:k1"):
                town.took_part(child, event, "mentioned")
        assert len(ask(town, "shared_objects").flags) == many - 1


def test_an_adult_of_concern_speaks_for_and_anybody_else_against() -> None:
    town = users()
    before = score(by_subject(town, "shared_objects")["phone:1"])
    adult = town.person("adult", age=30)
    town.tie(adult, "phone:1", "uses", start=days_ago(0))
    after = by_subject(town, "shared_objects")["phone:1"]
    assert score(after) < before
    town.took_part(adult, town.event("old", "offence", night(300), strand="criminal_exploitation"), "suspect")
    found = by_subject(town, "shared_objects")["phone:1"]
    assert score(found) > before and found.details["adults_of_concern"] == 1


def test_an_adult_of_the_household_is_said_and_does_not_count_against() -> None:
    town = users()
    before = by_subject(town, "shared_objects")["phone:1"]
    assert "No adult of these children's households" in str(before.details["summary"])
    parent = town.person("parent", age=40)
    town.tie(parent, "person:child0", "parent_of")
    town.tie(parent, "phone:1", "uses", start=days_ago(0))
    after = by_subject(town, "shared_objects")["phone:1"]
    assert "{person:parent} of the household of one of these children" in str(after.details["summary"])
    assert score(after) == pytest.approx(score(before), abs=0.05)


def test_a_professional_is_left_out_and_shown() -> None:
    town = users()
    worker = town.person("worker", age=40)
    town.tie(worker, "person:child0", "professional_for", polarity="protective")
    town.tie(worker, "phone:1", "contacts", start=days_ago(0))
    flag = by_subject(town, "shared_objects")["phone:1"]
    assert flag.details["excluded"] == [{"person": "person:worker", "reason": "professional by role"}]
    assert not any("{person:worker}" in reason.text for reason in flag.reasons)


def address(place_type: str) -> Town:
    town = Town()
    place = town.place("flat", place_type)
    for at in range(3):
        child = town.person(f"child{at}", age=14)
        town.open_to_hub(child)
        town.tie(child, place, "seen_at", start=days_ago(5))
    return town


@pytest.mark.parametrize(
    ("place_type", "listed"),
    [("address_of_concern", True), ("short_let", True), ("home_address", False), ("childrens_home", False),
     ("takeaway", False)],
)  # fmt: skip
def test_addresses_that_are_nobodys_home_are_listed(place_type: str, listed: bool) -> None:
    assert bool(ask(address(place_type), "shared_objects").flags) == listed


def test_addresses_can_be_left_to_the_list_of_places() -> None:
    assert ask(address("short_let"), "shared_objects", addresses=False).flags == ()


def test_who_lives_at_the_address_is_left_out_and_shown() -> None:
    town = address("address_of_concern")
    town.tie("person:child0", "place:flat", "lives_at")
    flag = by_subject(town, "shared_objects")["place:flat"]
    assert flag.details["children_at_risk"] == 2
    assert flag.details["excluded"] == [{"person": "person:child0", "reason": "lives at the address"}]


def test_low_grades_are_said() -> None:
    town = users()
    for name in town.reports:
        town.reports[name] |= {"source": "3", "information": "D"}
    details = by_subject(town, "shared_objects")["phone:1"].details
    assert details["rests_on_low_grades"] == 1.0 and details["listed_without_low_grades"] is False


def shared_car(seed: int) -> Town:
    """A random town with a car that half of everybody uses or is named with in an event."""
    town = random_town(seed)
    generator = np.random.default_rng(seed)
    car = town.thing("vehicle:car")
    everybody = [node for node in town.nodes if node.startswith("person:")]
    events = [node for node in town.nodes if node.startswith("event:e")]
    for event in events:
        town.took_part(car, event, "object_used")
    for person in everybody:
        if person.startswith("person:k") or generator.random() < 0.4:
            days, grade = int(generator.integers(1, 300)), int(generator.integers(5))
            name = f"uses-{person}"
            town.tie(person, car, "uses", id=name, start=days_ago(days), reports=reported(town, name, days, grade))
    return town


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000), data=st.data())
def test_removing_the_named_ties_takes_away_what_was_stated(seed: int, data: st.DataObject) -> None:
    town = shared_car(seed)
    flag = by_subject(town, "shared_objects")["vehicle:car"]
    reason = data.draw(st.sampled_from(flag.reasons))
    after = by_subject(town.without(reason.ties), "shared_objects")["vehicle:car"]
    assert score(after) == pytest.approx(score(flag) - reason.contribution, abs=1e-9)


def test_texts_keep_to_the_language_guide() -> None:
    for flag in (*ask(users(others=2), "shared_objects").flags, *ask(address("short_let"), "shared_objects").flags):
        for text in (str(flag.details["summary"]), *(reason.text for reason in flag.reasons)):
            assert not check(text.replace("{", "").replace("}", ""))


def test_the_worked_example_is_worked_right() -> None:
    assert round(3 * 0.55 * math.log(0.5 / 0.05), 2) == 3.80
    assert round(0.5 * math.log(0.5 / 0.95), 2) == -0.32
