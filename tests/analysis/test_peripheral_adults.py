"""Adults who may still be at risk, on towns solved on paper."""

from __future__ import annotations

import math
from typing import Any

import pytest

from analysis.run import run
from graph.flags import Flag
from tests.analysis.build import Town, days_ago, night


def details(flag: Flag) -> dict[str, Any]:
    return dict(flag.details)


def town() -> Town:
    made = Town()
    made.person("leaver", age=20)
    made.person("bad", age=30)
    made.episode("person:leaver", "care_leaver", days_ago(400), None)
    offence = made.event("past", "offence", night(300), strand="criminal_exploitation")
    made.took_part("person:bad", offence, "suspect")
    made.tie("person:bad", "person:leaver", "contacts", id="contact", start=days_ago(10))
    return made


def flags(made: Town, **parameters: object) -> tuple[Flag, ...]:
    return run("adults_at_risk", made.snapshot(), {"stability_runs": 0, **parameters}, 0).flags


def test_the_worked_example() -> None:
    (flag,) = flags(town())
    weight = 0.50 * 1.15 * 0.90 * 2 ** (-10 / 180)
    contribution = -math.log(1 - weight * 0.9)
    assert [reason.contribution for reason in flag.reasons] == pytest.approx([contribution, 0.4])
    assert details(flag)["score"] == pytest.approx(contribution + 0.4)
    assert contribution == pytest.approx(0.594, abs=5e-4)
    assert details(flag)["log_odds"] == pytest.approx(0.19, abs=5e-3)
    assert flag.band.value == "strong"
    assert details(flag)["question"] == "adult_at_risk"


def test_own_circumstances_can_be_switched_off() -> None:
    (flag,) = flags(town(), own_circumstances=False)
    assert len(flag.reasons) == 1


def test_an_adult_without_a_reason_for_care_is_not_asked_about() -> None:
    made = town()
    made.episodes.clear()
    assert flags(made) == ()


def test_a_care_leaver_who_is_of_concern_is_left_out() -> None:
    made = town()
    made.took_part("person:leaver", "event:past", "suspect")
    assert flags(made) == ()


def test_a_tie_with_a_child_at_risk_is_no_source() -> None:
    made = town()
    made.person("child", age=15)
    made.open_to_hub("person:child")
    (before,) = flags(town())
    made.tie("person:leaver", "person:child", "friend_of", start=days_ago(5))
    (after,) = flags(made)
    assert details(after)["exposure"] == pytest.approx(details(before)["exposure"])


def test_no_child_is_in_the_list() -> None:
    made = town()
    made.person("young", age=16)
    made.episode("person:young", "care_leaver", days_ago(40), None)
    made.tie("person:bad", "person:young", "contacts", start=days_ago(10))
    assert [flag.subjects for flag in flags(made)] == [("person:leaver",)]


def test_having_been_open_to_the_hub_counts_until_twenty_five() -> None:
    made = town()
    made.episodes.clear()
    made.episode("person:leaver", "open_to_hub", days_ago(1500), days_ago(1200))
    assert len(flags(made)) == 1
    assert flags(made, young_until=19) == ()
