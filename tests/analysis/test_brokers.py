"""People who join circles, on towns small enough to see through."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.brokers import SPEC, detect
from analysis.run import run
from analysis.spec import Detector
from graph.flags import Flag
from tests.analysis.build import Town, days_ago
from viz.wording import check

BROKERS = Detector(SPEC, detect)


def ask(town: Town, seed: int = 0, **parameters: object) -> tuple[Flag, ...]:
    return run(BROKERS, town.snapshot(), {"stability_runs": 0, **parameters}, seed).flags


def circle(town: Town, name: str, size: int = 8) -> list[str]:
    """Children open to the hub who are all recorded with each other."""
    children = [town.person(f"{name}{at}", age=15) for at in range(size)]
    for at, child in enumerate(children):
        town.open_to_hub(child)
        for other in children[:at]:
            town.tie(other, child, "companion_of", id=f"{other}-{child}")
    return children


def town_of(broker_age: int = 30) -> Town:
    """Two circles, a ring of others for the ordinary, and one person recorded with two of each circle."""
    town = Town()
    circles = circle(town, "x"), circle(town, "y")
    others = [town.person(f"o{at}", age=30) for at in range(200)]
    for at, other in enumerate(others):
        for step in (1, 2, 3):
            town.tie(other, others[(at + step) % 200], "friend_of", id=f"o{at}-{step}")
    # one part of the network
    for at, members in enumerate(circles):
        town.tie(members[4], others[at * 100], "friend_of", id=f"out{at}")
    town.person("b", age=broker_age)
    for members in circles:
        for child in members[:2]:
            town.tie("person:b", child, "contacts", id=f"b-{child}")
    return town


def test_who_joins_two_circles_is_found_with_the_measures_that_agree() -> None:
    (flag,) = ask(town_of())
    assert flag.subjects == ("person:b",)
    assert flag.details["circles_joined"] == 2
    assert flag.details["households_at_risk"] == 4
    agree = flag.details["agree"]
    assert isinstance(agree, list)
    assert {"joins circles", "circles are otherwise apart", "lies between others"} <= set(map(str, agree))
    named = {tie for reason in flag.reasons for tie in reason.ties}
    assert {f"b-person:{name}{at}" for name in "xy" for at in (0, 1)} <= named


def test_one_circle_is_the_persons_own_and_adds_nothing() -> None:
    (flag,) = ask(town_of())
    circles = [reason for reason in flag.reasons if reason.text.startswith("a circle of")]
    assert sorted(reason.contribution == 0 for reason in circles) == [False, True]


@pytest.mark.parametrize("gone", ["b-person:y1", "b-person:x1"])
def test_one_household_in_a_circle_is_not_enough(gone: str) -> None:
    assert ask(town_of().without([gone])) == ()


def test_two_of_one_household_are_one() -> None:
    town = town_of()
    town.tie("person:y0", "person:y1", "sibling_of")
    assert ask(town) == ()


def test_circles_with_other_ties_between_them_are_not_apart() -> None:
    town = town_of()
    for at in range(5):
        for other in range(2):
            town.tie(f"person:x{at}", f"person:y{(at + other) % 5}", "seen_with", id=f"cross{at}-{other}",
                     polarity="neutral")  # fmt: skip
    assert ask(town) == ()


def test_many_other_contacts_speak_against() -> None:
    town = town_of()
    (before,) = ask(town)
    for at in range(40):
        town.tie("person:b", f"person:o{at}", "seen_with", id=f"more{at}")
    after = ask(town, minimum_score=-1000)
    assert not after or float(str(after[0].details["score"])) < float(str(before.details["score"]))


def test_a_place_joins_nobody() -> None:
    town = town_of()
    town = town.without(tie.id for tie in town.ties if tie.source == "person:b")
    station = town.place("station", "railway_station")
    for who in ("person:b", *(f"person:{name}{at}" for name in "xy" for at in range(5))):
        town.tie(who, station, "seen_at")
    assert ask(town) == ()


@pytest.mark.parametrize("kind", ["kin_of", "parent_of"])
def test_family_joins_nobody(kind: str) -> None:
    town = town_of()
    for tie in [tie.id for tie in town.ties if tie.source == "person:b"]:
        town = town.changed(tie, type=kind)
    assert ask(town) == ()


def test_professionals_are_left_out_and_shown() -> None:
    town = town_of()
    worker = town.person("w", age=40)
    town.tie(worker, "person:o1", "professional_for")
    for name in "xy":
        for at in (0, 1):
            town.tie(worker, f"person:{name}{at}", "seen_with")
    (flag,) = ask(town)
    assert flag.subjects == ("person:b",)
    assert flag.details["excluded"] == [{"person": "person:w", "reason": "professional by role"}]


def test_a_child_is_not_shown_unless_asked_for_and_then_as_a_child_to_protect() -> None:
    town = town_of(broker_age=16)
    assert ask(town) == ()
    (flag,) = ask(town, children=True)
    assert flag.subjects == ("person:b",)
    assert "may be exploited to carry messages or goods" in str(flag.details["summary"])


def test_ties_into_two_operations_are_named() -> None:
    town = town_of()
    for name in "xy":
        town.tie(f"person:{name}0", town.thing(f"operation:{name}"), "subject_of", id=f"op-{name}")
    (flag,) = ask(town)
    (reason,) = [reason for reason in flag.reasons if "op-x" in reason.ties]
    assert "{operation:x} and {operation:y}" in reason.text
    assert reason.contribution == 0.5


def test_steadiness_is_the_share_of_runs_in_which_the_circles_are_still_joined() -> None:
    (flag,) = ask(town_of(), stability_runs=40)
    # four ties, each kept with probability 0.8, and none may be missing
    assert flag.stability == pytest.approx(0.8**4, abs=0.25)


def random_town(seed: int) -> Town:
    generator = np.random.default_rng(seed)
    town = town_of()
    for at in range(int(generator.integers(0, 30))):
        one, two = (f"person:{who}" for who in generator.choice(
            [*(f"x{n}" for n in range(5)), *(f"y{n}" for n in range(5)), *(f"o{n}" for n in range(20)), "b"], 2,
            replace=False))  # fmt: skip
        town.tie(one, two, "seen_with", id=f"r{at}", start=days_ago(int(generator.integers(1, 700))))
    return town


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100_000))
def test_contributions_add_up_and_texts_are_in_the_right_words(seed: int) -> None:
    town = random_town(seed)
    flags = ask(town, minimum_score=-1000, children=True, stability_runs=2)
    assert flags == ask(town, minimum_score=-1000, children=True, stability_runs=2)
    assert [flag.rank for flag in flags] == list(range(1, len(flags) + 1))
    assert [flag.strength for flag in flags] == sorted((flag.strength for flag in flags), reverse=True)
    for flag in flags:
        assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(flag.details["score"], abs=1e-9)
        for text in (str(flag.details["summary"]), *(reason.text for reason in flag.reasons)):
            assert not check(text)


def test_the_worked_example_is_worked_right() -> None:
    each = (0.25 + 0.75 * 0.2) * math.log(0.2 / 0.0005)
    against = 9 * 0.5 * math.log(1 - 0.2)
    assert (round(each, 2), round(against, 2), round(3 * each + against + 2 * 0.5, 1)) == (2.4, -1.0, 7.2)
