"""Suggested networks on small towns: what makes one, what does not, and what is said beside it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.derive import derive
from analysis.peer_networks import SPEC, detect
from analysis.peer_networks_evidence import FAMILIES, Pairs, gather, pairs
from analysis.run import checked, run
from analysis.spec import Detector
from graph.flags import Flag
from tests.analysis.build import Town, days_ago, night
from tests.analysis.towns import random_town

NETWORKS = Detector(SPEC, detect)


def ask(town: Town, **parameters: object) -> tuple[Flag, ...]:
    return run(NETWORKS, town.snapshot(), {"stability_runs": 0, "minimum_score": 0, "seeds": 5, **parameters}, 1).flags


def records(town: Town) -> Pairs:
    snapshot = town.snapshot()
    return pairs(gather(snapshot, derive(snapshot), checked(NETWORKS, {})))


def children(town: Town, prefix: str, count: int, *, known: int = 1) -> list[str]:
    people = [town.person(f"{prefix}{at}", age=15) for at in range(count)]
    for person in people[:known]:
        town.open_to_hub(person)
    return people


def befriended(town: Town, people: list[str], kind: str = "companion_of") -> None:
    for at, (one, two) in enumerate(combinations(people, 2)):
        town.tie(one, two, kind, id=f"{people[0]}-{kind}-{at}", start=days_ago(20))


def circle(count: int = 5, *, known: int = 1, kind: str = "companion_of") -> Town:
    town = Town()
    befriended(town, children(town, "a", count, known=known), kind)
    return town


def test_a_circle_is_one_network_with_all_its_members() -> None:
    (flag,) = ask(circle())
    assert flag.subjects == tuple(f"person:a{at}" for at in range(5))
    assert flag.details["agreed"] == 1.0


def test_two_circles_with_one_tie_between_them_are_two() -> None:
    town = Town()
    one, two = children(town, "a", 5), children(town, "b", 5)
    befriended(town, one)
    befriended(town, two)
    town.tie(one[0], two[0], "friend_of", start=days_ago(20))
    assert {len(flag.subjects) for flag in ask(town)} == {5} and len(ask(town)) == 2


@pytest.mark.parametrize("kind", ["sibling_of", "kin_of", "shares_household_with"])
def test_family_and_household_are_no_network(kind: str) -> None:
    assert ask(circle(kind=kind)) == ()


def test_a_circle_without_anybody_known_or_of_concern_is_not_listed() -> None:
    assert ask(circle(known=0)) == ()


def test_three_are_too_few() -> None:
    assert ask(circle(3)) == ()


def test_an_adult_with_evidence_of_the_circle_is_in_it() -> None:
    town = circle()
    adult = town.person("z", age=30)
    for at in range(5):
        town.tie(adult, f"person:a{at}", "contacts", start=days_ago(20))
    (flag,) = ask(town)
    assert adult in flag.subjects
    assert "1 adult" in str(flag.details["summary"])


def test_a_professional_is_in_no_network() -> None:
    town = circle()
    worker = town.person("z", age=30)
    for at in range(5):
        town.tie(worker, f"person:a{at}", "professional_for", start=days_ago(90))
        town.tie(worker, f"person:a{at}", "seen_with", start=days_ago(20))
    assert worker not in ask(town)[0].subjects


def test_recorded_groups_are_shown_beside() -> None:
    town = circle()
    group = town.thing("group:1")
    outsider = town.person("out", age=15)
    for person in ("person:a0", "person:a1", "person:a2", outsider):
        town.tie(person, group, "member_of", start=days_ago(100))
    (flag,) = ask(town)
    assert flag.details["recorded_groups"] == [{"group": group, "shared": 3, "recorded": 4}]
    assert "3 of the 5 are recorded in {group:1}, which has 4" in str(flag.details["summary"])


def test_a_recorded_group_alone_makes_no_network() -> None:
    town = Town()
    group = town.thing("group:1")
    for person in children(town, "a", 6):
        town.tie(person, group, "member_of", start=days_ago(100))
    assert ask(town) == ()


def at_place(people: int, prefix: str) -> Town:
    town = Town()
    place = town.place(prefix, "takeaway")
    for person in children(town, prefix, people):
        town.tie(person, place, "frequents", start=days_ago(5))
    return town


def test_a_quiet_place_says_more_than_a_busy_one() -> None:
    quiet, busy = (float(records(at_place(count, "p")).value.max()) for count in (4, 20))
    weight = 0.6 * 0.9 * 2 ** (-5 / 540)
    assert quiet == pytest.approx(-np.log1p(-weight / (1 + (4 / 5) ** 2)), abs=1e-9)
    assert busy < quiet / 8


def test_a_very_busy_place_says_nothing() -> None:
    assert len(records(at_place(30, "p")).one) == 0


def test_an_event_of_several_is_no_presence_as_well() -> None:
    town = Town()
    place = town.place("p", "takeaway")
    event = town.event(1, "incident", night(10))
    town.tie(event, place, "occurred_at")
    for person in children(town, "a", 4):
        town.took_part(person, event, "mentioned")
    assert {FAMILIES[family] for family in records(town).family.tolist()} == {"events"}


def test_people_of_one_household_are_no_pair() -> None:
    town = Town()
    home = town.place("h", "home_address")
    people = [town.person(at, age=15, address=home) for at in range(3)]
    befriended(town, people)
    assert len(records(town).one) == 0


def test_missing_together_is_evidence() -> None:
    town = Town()
    one, two = children(town, "a", 2)
    for at, days in enumerate((10, 17, 25, 33)):
        place = town.place(f"p{at}", "takeaway")
        town.missing(f"x{at}", one, night(days), found=place)
        town.missing(f"y{at}", two, night(days, 21.5), found=place)
    assert "missing" in {FAMILIES[family] for family in records(town).family.tolist()}


def test_removing_the_ties_of_a_family_takes_away_what_was_stated() -> None:
    town = circle()
    phone = town.thing("phone:1")
    for at in range(5):
        town.tie(f"person:a{at}", phone, "uses", start=days_ago(10))
    (flag,) = ask(town)
    reason = next(reason for reason in flag.reasons if "{phone:1}" in reason.text)
    (after,) = ask(town.without(reason.ties))
    assert after.details["score"] == pytest.approx(float(str(flag.details["score"])) - reason.contribution, abs=1e-9)


def test_a_steady_network_is_found_again() -> None:
    assert (ask(circle(6), stability_runs=10)[0].stability or 0.0) >= 0.9


@settings(max_examples=30)
@given(seed=st.integers(0, 100_000))
def test_contributions_add_up_to_the_score(seed: int) -> None:
    for flag in ask(random_town(seed), smallest=3):
        assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(flag.details["score"], abs=1e-12)
        assert float(str(flag.details["score"])) > 0


@settings(max_examples=20)
@given(first=st.integers(0, 10_000), second=st.integers(0, 10_000))
def test_an_unrelated_district_changes_nothing(first: int, second: int) -> None:
    town = random_town(first)
    alone = {flag.id: flag.details["score"] for flag in ask(town, smallest=3)}
    both = ask(town.joined(random_town(second, "z", missing=False)), smallest=3)
    assert {flag.id: flag.details["score"] for flag in both if flag.id in alone} == alone


@settings(max_examples=20)
@given(seed=st.integers(0, 100_000))
def test_same_seed_same_flags(seed: int) -> None:
    assert ask(random_town(seed), smallest=3) == ask(random_town(seed), smallest=3)


def test_the_worked_example_is_worked_right() -> None:
    evidence = 3 * -np.log(1 - 0.36) - np.log(1 - 0.6)
    assert (round(evidence, 3), round(evidence - 6 * 0.05, 3)) == (2.255, 1.955)
