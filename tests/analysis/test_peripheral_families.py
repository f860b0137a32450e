"""Families of people under threat, on towns solved on paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.run import run
from graph.flags import Flag
from tests.analysis.build import Town, days_ago, night

WEIGHT = 0.55 * 1.15 * 0.90 * 2 ** (-10 / 180)


def details(flag: Flag) -> dict[str, Any]:
    return dict(flag.details)


def town() -> Town:
    made = Town()
    home = made.place("home", "home_address")
    for name, age in (("boy", 16), ("sister", 12)):
        made.person(name, age=age)
        made.tie(f"person:{name}", home, "lives_at")
    made.person("grandmother", age=60)
    made.person("stranger", age=30)
    made.tie("person:grandmother", "person:boy", "kin_of", start=days_ago(1000))
    made.tie("person:stranger", "person:boy", "threatens", id="threat", start=days_ago(10))
    return made


def flags(made: Town, **parameters: object) -> dict[str, Flag]:
    asked = {"stability_runs": 0, "minimum_score": 0, **parameters}
    return {flag.subjects[0]: flag for flag in run("families_under_threat", made.snapshot(), asked, 0).flags}


def test_the_worked_example() -> None:
    found = flags(town())
    assert set(found) == {"person:sister", "person:grandmother"}
    assert details(found["person:sister"])["score"] == pytest.approx(-math.log(1 - WEIGHT))
    assert details(found["person:grandmother"])["score"] == pytest.approx(-math.log(1 - WEIGHT / 2))
    assert -math.log(1 - WEIGHT) == pytest.approx(0.794, abs=5e-4)
    assert -math.log(1 - WEIGHT / 2) == pytest.approx(0.320, abs=5e-4)
    assert [found[f"person:{who}"].band.value for who in ("sister", "grandmother")] == ["strong", "moderate"]


def test_who_is_threatened_is_not_family() -> None:
    made = town()
    made.tie("person:stranger", "person:sister", "threatens", start=days_ago(10))
    assert set(flags(made)) == {"person:grandmother"}


def test_two_threatened_people_of_one_household_count_once() -> None:
    made = town()
    made.person("brother", age=17)
    made.tie("person:brother", "place:home", "lives_at")
    made.tie("person:stranger", "person:brother", "threatens", start=days_ago(40))
    (reason,) = flags(made)["person:sister"].reasons
    assert reason.contribution == pytest.approx(-math.log(1 - WEIGHT))


def test_a_victim_of_serious_violence_is_under_threat() -> None:
    made = town().without(["threat"])
    assert flags(made) == {}
    fight = made.event("fight", "offence", night(10), strand="serious_youth_violence")
    made.took_part("person:boy", fight, "victim")
    (reason,) = flags(made)["person:sister"].reasons
    assert "harmed in 1 event of serious violence" in reason.text
    assert reason.events == ("event:fight",)
    age = 2 ** (-10 / 180)
    assert reason.contribution == pytest.approx(-math.log(1 - 0.60 * 0.90 * age * 0.4))
    made.took_part("person:boy", fight, "victim")
    assert details(flags(made)["person:sister"])["score"] == pytest.approx(reason.contribution)


def test_an_old_threat_does_not_count() -> None:
    made = town().without(["threat"])
    made.tie("person:stranger", "person:boy", "threatens", start=days_ago(500))
    assert flags(made) == {}


def test_protective_ties_are_shown_and_change_nothing() -> None:
    made = town()
    before = flags(made)["person:sister"]
    made.thing("school:1")
    made.tie("person:sister", "school:1", "feels_safe_at", polarity="protective", start=days_ago(30))
    after = flags(made)["person:sister"]
    assert details(after)["score"] == details(before)["score"]
    assert len(details(after)["strengths"]) == 1


@settings(max_examples=40)
@given(seed=st.integers(0, 100_000))
def test_reasons_add_up_and_removing_their_ties_takes_them_away(seed: int) -> None:
    generator = np.random.default_rng(seed)
    made = Town()
    homes = [made.place(f"h{at}", "home_address") for at in range(3)]
    people = [made.person(f"p{at}", age=int(generator.integers(10, 50))) for at in range(9)]
    for person in people:
        made.tie(person, homes[int(generator.integers(3))], "lives_at")
    for at in range(int(generator.integers(1, 8))):
        one, two = generator.choice(9, 2, replace=False)
        kind = ("threatens", "kin_of", "sibling_of")[int(generator.integers(3))]
        made.tie(people[one], people[two], kind, id=f"t{at}", start=days_ago(int(generator.integers(1, 300))))
    found = flags(made)
    for subject, flag in found.items():
        total = float(details(flag)["score"])
        assert total == pytest.approx(sum(reason.contribution for reason in flag.reasons), abs=1e-12)
        reason = flag.reasons[int(generator.integers(len(flag.reasons)))]
        after = flags(made.without(reason.ties)).get(subject)
        left = float(details(after)["score"]) if after else 0.0
        assert left == pytest.approx(total - reason.contribution, abs=1e-9)
