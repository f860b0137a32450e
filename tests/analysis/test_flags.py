"""What each detector says, on small towns that can be checked by hand."""

from __future__ import annotations

import math
import re

import pytest

from analysis.excess import AGAINST, LEAST
from analysis.registry import DETECTORS
from tests.analysis.build import Town, days_ago, night
from tests.analysis.towns import ALL, ask, by_subject, random_town, score
from viz.wording import check

MARKER = re.compile(r"\{[a-z]+:[^{}]+\}")


def texts(town: Town, detector: str) -> list[str]:
    spec = DETECTORS[detector].spec
    said = [spec.title, spec.question, spec.method, spec.would_clear, *spec.cautions]
    said += [parameter.meaning for parameter in spec.parameters]
    for flag in ask(town, detector).flags:
        said += [str(flag.details["summary"]), *(reason.text for reason in flag.reasons)]
    return said


@pytest.mark.parametrize("detector", sorted(ALL))
@pytest.mark.parametrize("seed", range(6))
def test_every_sentence_keeps_to_the_language_guide(detector: str, seed: int) -> None:
    for text in texts(random_town(seed), detector):
        assert not check(MARKER.sub("somebody", text)), text


@pytest.mark.parametrize("detector", sorted(ALL))
def test_nodes_are_named_by_marker_only(detector: str) -> None:
    town = random_town(4)
    for text in texts(town, detector):
        assert not any(node_id in MARKER.sub("", text) for node_id in town.nodes)
        assert all(found[1:-1] in town.nodes for found in MARKER.findall(text))


@pytest.mark.parametrize("detector", sorted(ALL))
def test_every_tie_event_and_report_of_a_reason_exists(detector: str) -> None:
    town = random_town(9)
    ties = {tie.id for tie in town.ties}
    for flag in ask(town, detector).flags:
        for reason in flag.reasons:
            assert set(reason.ties) <= ties and set(reason.reports) <= set(town.reports)
            assert all(event.startswith("event:") and event in town.nodes for event in reason.events)


# -- shared associates ---------------------------------------------------------------------------------------------


def contacts(*, known: int = 2, others: int = 0, kind: str = "contacts", reports: int | None = None) -> Town:
    """One adult with children who are known and who are not; ``reports``: how many reports all ties share."""
    town = Town()
    adult = town.person("adult", age=30)
    for at in range(known + others):
        child = town.person(f"child{at}", age=14)
        if at < known:
            town.open_to_hub(child)
        named = {}
        if reports is not None:
            own = town.report(f"r{at % reports}", scheme="3x5x2", source="1", information="A", occurred=days_ago(0))
            named = {"reports": (own,)}
        town.tie(adult, child, kind, start=days_ago(0), **named)
    for at in range(200):
        town.person(f"nobody{at}", age=14)
    return town


def test_score_of_an_adult_by_hand() -> None:
    """Three children in one part of the network, prior of 200 people at 2 %: base rate (2 + 4) / (3 + 200)."""
    rate = 6 / 203
    weight = LEAST + (1 - LEAST) * 0.5 * 1.15 * 0.9
    expected = 2 * weight * math.log(0.6 / rate) + AGAINST * math.log(0.4 / (1 - rate))
    assert score(by_subject(contacts(known=2, others=1), "shared_associates")["person:adult"]) == pytest.approx(
        expected
    )


def test_one_known_child_is_not_enough() -> None:
    assert ask(contacts(known=1, others=3), "shared_associates").flags == ()


def test_children_of_one_household_are_not_enough() -> None:
    town = contacts(known=2)
    town.tie("person:child0", "person:child1", "sibling_of")
    assert ask(town, "shared_associates").flags == ()


def test_one_report_that_names_both_is_not_enough() -> None:
    assert ask(contacts(known=2, reports=1), "shared_associates").flags == ()
    assert len(ask(contacts(known=2, reports=2), "shared_associates").flags) == 1


def test_one_event_is_not_enough_and_two_are() -> None:
    for many in (1, 2):
        town = Town()
        adult = town.person("adult", age=40)
        for at in range(2):
            child = town.person(f"c{at}", age=14)
            town.open_to_hub(child)
        for at in range(many):
            event = town.event(at, "offence", night(20 + at))
            town.took_part(adult, event, "suspect")
            for child in ("person:c0", "person:c1"):
                town.took_part(child, event, "victim")
        assert len(ask(town, "shared_associates").flags) == many - 1


def test_a_relative_counts_neither_way() -> None:
    town = contacts(known=3)
    town.tie("person:adult", "person:child0", "kin_of")
    flag = by_subject(town, "shared_associates")["person:adult"]
    assert flag.details["children_all"] == 2
    assert not any("{person:child0}" in reason.text for reason in flag.reasons)


def test_a_professional_is_left_out_and_shown_as_left_out() -> None:
    town = contacts(known=2)
    worker = town.person("worker", age=40)
    for at in range(2):
        town.tie(worker, f"person:child{at}", "seen_with", start=days_ago(3))
    town.tie(worker, "person:child0", "professional_for", polarity="protective")
    flags = by_subject(town, "shared_associates")
    assert "person:worker" not in flags
    assert {"person": "person:worker", "reason": "professional by role"} in flags["person:adult"].details["excluded"]  # type: ignore[operator]


def test_a_child_is_never_listed_as_an_associate() -> None:
    town = contacts(known=2)
    peer = town.person("peer", age=16)
    for at in range(2):
        town.tie(peer, f"person:child{at}", "friend_of")
    assert "person:peer" not in by_subject(town, "shared_associates")


def test_the_well_connected_adult_ranks_below_the_one_who_knows_only_children_at_risk() -> None:
    quiet, busy = (
        score(by_subject(contacts(known=3, others=others), "shared_associates")["person:adult"]) for others in (0, 30)
    )
    assert busy < 0 < quiet


def test_other_records_as_a_person_of_concern_are_their_own_reason() -> None:
    town = contacts(known=2)
    town.took_part("person:adult", town.event("old", "offence", night(400)), "convicted")
    flag = by_subject(town, "shared_associates")["person:adult"]
    (reason,) = [reason for reason in flag.reasons if "convicted" in reason.text]
    assert reason.events == ("event:old",) and reason.contribution == pytest.approx(0.45)


# -- places ----------------------------------------------------------------------------------------------------------


def gathering(*, known: int = 4, others: int = 0, place_type: str = "takeaway") -> Town:
    town = Town()
    place = town.place("here", place_type)
    for at in range(known + others):
        child = town.person(f"child{at}", age=14)
        if at < known:
            town.open_to_hub(child)
        town.tie(child, place, "seen_at", start=days_ago(5))
    return town


def test_a_quiet_place_with_children_at_risk_is_found_and_a_busy_one_with_as_many_is_not() -> None:
    quiet, busy = (score(by_subject(gathering(others=n), "hotspot_places").get("place:here")) for n in (1, 60))
    assert quiet > 1 and busy < 0


@pytest.mark.parametrize("place_type", ["childrens_home", "school", "police_station"])
def test_places_that_everybody_touches_are_left_out_by_kind(place_type: str) -> None:
    assert ask(gathering(place_type=place_type), "hotspot_places").flags == ()


def test_where_children_go_missing_from_does_not_count_and_where_they_are_found_does() -> None:
    for found in (True, False):
        town = Town()
        place = town.place("here", "park")
        for at in range(3):
            child = town.person(at, age=14)
            town.open_to_hub(child)
            town.missing(at, child, night(20 + at), found=place if found else None, origin=None if found else place)
        assert bool(ask(town, "hotspot_places").flags) == found


def test_residents_do_not_count_at_home() -> None:
    town = gathering(place_type="home_address")
    assert ask(town, "hotspot_places").flags
    for at in range(4):
        town.tie(f"person:child{at}", "place:here", "lives_at")
    assert not ask(town, "hotspot_places").flags


def test_one_child_seen_often_is_one_child() -> None:
    town = gathering(known=1)
    for _ in range(10):
        town.tie("person:child0", "place:here", "seen_at", start=days_ago(2))
    assert ask(town, "hotspot_places").flags == ()


# -- peripheral children -----------------------------------------------------------------------------------------------


def near(age: int = 15) -> Town:
    town = Town()
    child, known, adult = town.person("child", age=age), town.person("known", age=14), town.person("adult", age=30)
    town.open_to_hub(known)
    town.tie(child, known, "seen_with", start=days_ago(10))
    town.tie(adult, known, "exploits", start=days_ago(20))
    town.tie(adult, child, "contacts", start=days_ago(10))
    return town


def test_a_child_near_harm_is_flagged_with_both_connections() -> None:
    (flag,) = ask(near(), "peripheral_children").flags
    assert flag.subjects == ("person:child",)
    assert {tie.split("-")[0] for reason in flag.reasons for tie in reason.ties} >= {"seen_with", "contacts"}


@pytest.mark.parametrize("age", [9, 18])
def test_who_is_under_ten_or_grown_up_leaves_the_list(age: int) -> None:
    assert ask(near(age), "peripheral_children").flags == ()


def test_who_is_open_to_the_hub_leaves_the_list() -> None:
    town = near()
    town.open_to_hub("person:child")
    assert ask(town, "peripheral_children").flags == ()


def test_a_child_of_concern_is_a_child_believed_to_have_harmed() -> None:
    town = Town()
    child, other = town.person("child", age=15), town.person("other", age=15)
    town.took_part(other, town.event(1, "offence", night(40), strand="criminal_exploitation"), "suspect")
    town.tie(child, other, "companion_of", start=days_ago(10))
    flags = by_subject(town, "peripheral_children")
    assert "(child believed to have harmed)" in flags["person:child"].reasons[0].text


def test_one_night_alone_is_no_tie_and_several_nights_are() -> None:
    for nights in (1, 3):
        town = Town()
        child, known = town.person("child", age=15), town.person("known", age=14)
        town.open_to_hub(known)
        for at in range(nights):
            town.missing(f"a{at}", child, night(10 + 9 * at, 21))
            town.missing(f"b{at}", known, night(10 + 9 * at, 22))
        assert bool(ask(town, "peripheral_children").flags) == (nights == 3)


def test_own_circumstances_move_the_order_and_can_be_switched_off() -> None:
    town = near()
    town.episode("person:child", "looked_after", days_ago(50), None)
    (on,) = ask(town, "peripheral_children", own_circumstances=True).flags
    (off,) = ask(town, "peripheral_children", own_circumstances=False).flags
    assert score(on) == pytest.approx(score(off) + 0.3)
    assert on.details["exposure"] == score(off)
    assert on.reasons[-1].contribution == pytest.approx(0.3)
    assert float(on.details["log_odds"]) == pytest.approx(float(off.details["log_odds"]) + 0.3)  # type: ignore[arg-type]


def test_a_child_of_whom_much_else_is_recorded_moves_down_and_keeps_its_score() -> None:
    town = near()
    (before,) = ask(town, "peripheral_children").flags
    for at in range(10):
        town.tie("person:child", town.person(f"other{at}", age=14), "friend_of")
    after = by_subject(town, "peripheral_children")["person:child"]
    assert score(after) == pytest.approx(score(before))
    assert float(after.details["log_odds"]) == pytest.approx(float(before.details["log_odds"]) - math.log(2))  # type: ignore[arg-type]
    assert after.details["recorded_otherwise"] == {"records": 10, "log_odds": pytest.approx(-math.log(2))}


def test_circumstances_alone_never_make_a_flag() -> None:
    town = Town()
    child = town.person("child", age=15, send=True)
    town.episode(child, "looked_after", days_ago(50), None)
    for at in range(5):
        town.missing(at, child, night(9 * at + 3))
    assert ask(town, "peripheral_children").flags == ()


def test_a_large_ordinary_school_says_nothing() -> None:
    town = Town()
    school = town.thing("school:1")
    for at in range(120):
        child = town.person(at, age=14)
        town.tie(child, school, "attends")
        if at < 2:
            town.open_to_hub(child)
    assert ask(town, "peripheral_children", minimum_score=0.01).flags == ()
