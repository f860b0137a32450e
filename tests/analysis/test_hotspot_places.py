"""Places: what is said beside the score, and what a panel may read."""

from __future__ import annotations

import pytest

from tests.analysis.build import Town, days_ago, night
from tests.analysis.towns import by_subject, score
from viz.wording import check


def gathering(*, known: int = 4, others: int = 1, place_type: str = "takeaway") -> Town:
    town = Town()
    place = town.place("here", place_type)
    for at in range(known + others):
        child = town.person(f"child{at}", age=14)
        if at < known:
            town.open_to_hub(child)
        town.tie(child, place, "seen_at", start=days_ago(5))
    return town


def test_without_the_largest_child_is_the_place_without_that_childs_records() -> None:
    town = gathering()
    town.tie("person:child0", "place:here", "frequents", start=days_ago(1), id="more")
    flag = by_subject(town, "hotspot_places")["place:here"]
    without = flag.details["without_largest_child"]
    assert isinstance(without, dict)
    of_first = [tie.id for tie in town.ties if tie.source == "person:child0"]
    after = by_subject(town.without(of_first), "hotspot_places")["place:here"]
    assert without["observed"] == after.details["observed"] == 3
    # taking the child away for good would change the base rate of the town as well
    assert without["score"] == pytest.approx(score(after), abs=0.3)
    assert "Without the one child who adds most" in str(flag.details["summary"])


def test_a_place_that_rests_on_one_child_more_than_the_least_says_so() -> None:
    flag = by_subject(gathering(known=2, others=6), "hotspot_places")["place:here"]
    without = flag.details["without_largest_child"]
    assert isinstance(without, dict) and without["band"] == "not listed"
    assert "too little to be listed" in str(flag.details["summary"])


def test_episodes_are_counted_beside_children_and_an_event_entered_twice_once() -> None:
    town = Town()
    place = town.place("here", "park")
    for at in range(3):
        town.open_to_hub(town.person(at, age=14))
    for night_ago in (20, 21):
        town.missing(f"m{night_ago}", "person:0", night(night_ago), found=place)
    for key in ("police", "care"):
        event = town.event(key, "incident", night(30))
        town.tie(event, place, "occurred_at")
        for at in range(3):
            town.took_part(f"person:{at}", event, "mentioned")
    details = by_subject(town, "hotspot_places")["place:here"].details
    assert (details["observed"], details["episodes"]) == (3, 3)


@pytest.mark.parametrize(
    ("place_type", "role", "words"),
    [
        ("bus_station", "transport", "transport"),
        ("home_address", "home", "a home address"),
        ("takeaway", "place_of_gathering", ""),
    ],
)
def test_kinds_are_set_apart(place_type: str, role: str, words: str) -> None:
    flag = by_subject(gathering(place_type=place_type), "hotspot_places")["place:here"]
    assert flag.details["place_role"] == role
    assert ("(" in str(flag.details["summary"])) == bool(words) and words in str(flag.details["summary"])


def test_the_summary_names_nobody_and_keeps_to_the_language_guide() -> None:
    summary = str(by_subject(gathering(), "hotspot_places")["place:here"].details["summary"])
    assert "{person:" not in summary and "{place:here}" in summary
    assert not check(summary.replace("{place:here}", "the place"))


def test_adults_of_concern_speak_for_a_place_and_are_counted() -> None:
    town = gathering()
    before = score(by_subject(town, "hotspot_places")["place:here"])
    adult = town.person("adult", age=30)
    town.took_part(adult, town.event("old", "offence", night(300), strand="criminal_exploitation"), "suspect")
    town.tie(adult, "place:here", "seen_at", start=days_ago(4))
    after = by_subject(town, "hotspot_places")["place:here"]
    assert score(after) > before
    assert after.details["adults_of_concern"] == 1
    assert after.details["adults_expected"] == pytest.approx(0.05)


def test_low_grades_are_said() -> None:
    town = gathering()
    for name in town.reports:
        town.reports[name] |= {"source": "3", "information": "D"}
    details = by_subject(town, "hotspot_places")["place:here"].details
    assert details["rests_on_low_grades"] == 1.0 and details["listed_without_low_grades"] is False
