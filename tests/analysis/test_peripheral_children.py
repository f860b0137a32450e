"""Children at the edge: relations through the whole detector, and what is said beside the reasons."""

from __future__ import annotations

import dataclasses
import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.run import run
from analysis.weights import CAP, UNGRADED
from graph.flags import Flag
from tests.analysis.build import Town, days_ago, night
from tests.analysis.towns import ask, by_subject, random_town, reported, score

EVERYTHING: dict[str, Any] = {"minimum_score": 0, "limit": 1000, "stability_runs": 0}
towns = st.integers(0, 100_000).map(random_town)


def details(flag: Flag) -> dict[str, Any]:
    return dict(flag.details)


def flags(town: Town, **parameters: Any) -> dict[str, Flag]:
    found = run("peripheral_children", town.snapshot(), {**EVERYTHING, **parameters}, 0).flags
    return {flag.subjects[0]: flag for flag in found}


def near(**tie: Any) -> Town:
    """A child seen ten days ago with a child who is open to the hub."""
    town = Town()
    town.person("child", age=14)
    town.person("known", age=15)
    town.open_to_hub("person:known")
    town.tie("person:child", "person:known", "seen_with", id="seen", **{"start": days_ago(10), **tie})
    return town


def child(town: Town, **parameters: Any) -> Flag:
    return flags(town, **parameters)["person:child"]


# -- relations on random towns -----------------------------------------------------------------------------------------
@settings(max_examples=20)
@given(town=towns, send=st.booleans())
def test_contributions_add_up_with_own_circumstances_too(town: Town, send: bool) -> None:
    town.episode("person:c0", "looked_after", days_ago(40))
    town.nodes["person:c1"]["send"] = send
    for flag in flags(town).values():
        assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(score(flag), abs=1e-9)
        own = [entry["log_odds"] for entry in details(flag)["own_circumstances"]]
        assert score(flag) == pytest.approx(float(details(flag)["exposure"]) + sum(own), abs=1e-9)


@settings(max_examples=20)
@given(town=towns, data=st.data())
def test_removing_the_named_ties_takes_away_what_was_stated_with_own_circumstances_too(
    town: Town, data: st.DataObject
) -> None:
    town.episode("person:c0", "looked_after", days_ago(40))
    found = flags(town)
    assume(found)
    subject = data.draw(st.sampled_from(sorted(found)))
    reason = data.draw(st.sampled_from([reason for reason in found[subject].reasons if reason.ties]))
    after = flags(town.without(reason.ties)).get(subject)
    own = score(found[subject]) - float(details(found[subject])["exposure"])
    left = score(after) if after else own
    assert left == pytest.approx(score(found[subject]) - reason.contribution, abs=1e-9)


@settings(max_examples=20)
@given(seed=st.integers(0, 100_000), at=st.integers(0, 5), source=st.integers(0, 4), grade=st.integers(0, 4))
def test_a_further_tie_to_a_source_never_lowers_the_place_in_the_queue(
    seed: int, at: int, source: int, grade: int
) -> None:
    town = random_town(seed)
    before = flags(town).get(f"person:c{at}")
    ties = reported(town, "new", 30, grade)
    town.tie(f"person:c{at}", f"person:k{source}", "contacts", id="new", start=days_ago(30), reports=ties)
    after = flags(town)[f"person:c{at}"]
    assert before is None or after.strength >= before.strength - 1e-12


@settings(max_examples=20)
@given(seed=st.integers(0, 100_000), data=st.data(), days=st.integers(1, 300))
def test_ageing_a_tie_and_its_report_never_raises_anybody(seed: int, data: st.DataObject, days: int) -> None:
    town = random_town(seed)
    direct = [tie for tie in town.ties if tie.id in town.reports and tie.type != "took_part_in"]
    tie = data.draw(st.sampled_from(direct))
    assert tie.start is not None
    before = flags(town)
    older = {**town.reports[tie.id], "occurred": tie.start - timedelta(days=days)}
    aged = dataclasses.replace(town, reports={**town.reports, tie.id: older})
    aged = aged.changed(tie.id, start=tie.start - timedelta(days=days))
    for subject, flag in flags(aged).items():
        assert score(flag) <= score(before.get(subject)) + 1e-9


@settings(max_examples=20)
@given(first=st.integers(0, 10_000), second=st.integers(0, 10_000))
def test_an_unrelated_district_changes_nothing_that_is_said(first: int, second: int) -> None:
    town = random_town(first)
    alone = {subject: (flag.reasons, flag.details, flag.band) for subject, flag in by_subject(town, DETECTOR).items()}
    joined = town.joined(random_town(second, "z", missing=False))
    both = by_subject(joined, DETECTOR)
    assert {
        subject: (flag.reasons, flag.details, flag.band) for subject, flag in both.items() if subject in alone
    } == alone


DETECTOR = "peripheral_children"


# -- single rules ------------------------------------------------------------------------------------------------------
def test_an_ungradable_tie_counts_at_its_floor() -> None:
    flag = child(near(reports=()))
    # no report: the recency of the tie's own start
    weight = 0.40 * UNGRADED * 2 ** (-10 / 180)
    assert details(flag)["exposure"] == pytest.approx(-math.log(1 - weight * 0.8))


@pytest.mark.parametrize("grade", [("3", "E"), ("3", "D"), ("2", "C"), ("1", "A")])
def test_grading_an_ungradable_report_keeps_to_the_scheme(grade: tuple[str, str]) -> None:
    town = near(reports=())
    source = town.report("graded", scheme="3x5x2", source=grade[0], information=grade[1], occurred=days_ago(10))
    graded = flags(town.changed("seen", reports=(source,))).get("person:child")
    confidence = {"1": 1.0, "2": 0.75, "3": 0.4}[grade[0]] * {"A": 1.0, "C": 0.65, "D": 0.45, "E": 0.0}[grade[1]]
    expected = -math.log(1 - 0.40 * min(confidence, CAP) * 2 ** (-10 / 180) * 0.8)
    assert (float(details(graded)["exposure"]) if graded else 0.0) == pytest.approx(expected)


def test_a_shared_phone_counts_as_two_halves_of_a_link() -> None:
    town = near()
    phone = town.thing("phone:1")
    for who in ("child", "known"):
        town.tie(f"person:{who}", phone, "uses", id=f"uses-{who}", start=days_ago(10))
    parts = {tuple(map(str, reason.ties)): reason.contribution for reason in child(town).reasons}
    each = math.sqrt(0.60 * 0.90 * 2 ** (-10 / 180))
    assert parts[("uses-child",)] == pytest.approx(-math.log(1 - each * each * 0.8))


# -- what services do is no evidence -----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["referral", "assessment", "strategy_meeting", "return_interview", "mapping_meeting"])
def test_an_event_of_services_with_both_children_says_nothing(kind: str) -> None:
    town = near()
    before = child(town)
    event = town.event("visit", kind, night(3))
    for who in ("child", "known"):
        town.took_part(f"person:{who}", event, "subject")
    assert details(child(town))["exposure"] == details(before)["exposure"]


@pytest.mark.parametrize("kind", ["supports", "professional_for"])
def test_a_tie_of_a_professional_says_nothing(kind: str) -> None:
    town = near()
    before = child(town)
    town.person("worker", age=40)
    for who in ("child", "known"):
        town.tie("person:worker", f"person:{who}", kind, start=days_ago(5))
    assert details(child(town))["exposure"] == details(before)["exposure"]


def test_being_named_together_in_a_meeting_says_nothing_and_elsewhere_something() -> None:
    town = near()
    before = child(town)
    minutes = town.report("minutes", agency="childrens_social_care", basis="fact", occurred=days_ago(3))
    town.event("meeting", "mapping_meeting", night(3), report=minutes)
    town.tie("person:child", "person:known", "co_reported_with", id="named", start=days_ago(3), reports=(minutes,))
    assert details(child(town))["exposure"] == details(before)["exposure"]
    town.nodes["event:meeting"]["event_type"] = "incident"
    assert float(details(child(town))["exposure"]) > float(details(before)["exposure"])


# -- what is said beside the reasons -----------------------------------------------------------------------------------
def test_the_counterfactual_is_what_the_detector_says_without_those_ties() -> None:
    town = near()
    phone = town.thing("phone:1")
    for who in ("child", "known"):
        town.tie(f"person:{who}", phone, "uses", id=f"uses-{who}", start=days_ago(10))
    said = {entry["without"]: entry for entry in details(child(town))["counterfactual"]}
    without = child(town.without(["uses-child", "uses-known"]))
    assert said["things"]["listed"] is True
    assert said["things"]["band"] == without.band.value
    high = child(town, minimum_score=0.35)
    said = {entry["without"]: entry for entry in details(high)["counterfactual"]}
    assert said["things"]["listed"] is False
    assert said["things"]["text"].endswith("would not be listed.")
    assert flags(town.without(["uses-child", "uses-known"]), minimum_score=0.35) == {}


def found(flag: Flag) -> set[str]:
    return {entry["explanation"] for entry in details(flag)["checked"] if entry["found"]}


def test_ordinary_explanations_are_looked_for() -> None:
    town = near()
    assert found(child(town)) == set()
    school = town.thing("school:1")
    for who in ("child", "known"):
        town.tie(f"person:{who}", school, "attends")
    town.tie("person:child", "person:known", "kin_of")
    assert found(child(town)) == {"school", "family"}


def test_one_placement_is_seen() -> None:
    town = near()
    home = town.place("home", "childrens_home")
    for who in ("child", "known"):
        town.tie(f"person:{who}", home, "lives_at")
    assert "placement" in found(child(town))


def test_strengths_are_shown_and_change_nothing() -> None:
    town = near()
    before = child(town)
    club = town.place("club", "youth_centre")
    town.tie("person:child", club, "feels_safe_at", polarity="protective", start=days_ago(30))
    after = child(town)
    assert len(details(after)["strengths"]) == 1
    assert (details(after)["score"], after.strength) == (details(before)["score"], before.strength)


def test_what_is_not_known_is_said() -> None:
    unknown = details(child(near()))["not_known"]
    assert "What other agencies know: all of it comes from one." in unknown
    assert "Where {person:child} lives." in unknown
    assert not any("What has happened since" in text for text in unknown)
    old = details(child(near(start=days_ago(300))))["not_known"]
    assert any("What has happened since" in text for text in old)


def test_the_second_opinion_has_a_child_tied_to_a_source_and_not_one_at_the_same_place_only() -> None:
    town = near()
    town.person("visitor", age=14)
    place = town.place("corner", "takeaway")
    others = [town.person(f"known{at}", age=15) for at in range(4)]
    for other in others:
        town.open_to_hub(other)
        town.tie(other, place, "seen_at", start=days_ago(5))
    town.tie("person:visitor", place, "seen_at", start=days_ago(5))
    opinions = {who: details(flag)["second_opinion"] for who, flag in flags(town).items()}
    assert opinions["person:child"] == {"method": "personalised PageRank", "also_near": True}
    assert opinions["person:visitor"] == {"method": "personalised PageRank", "also_near": False}


def test_evidence_of_the_lowest_grades_alone_is_said() -> None:
    town = near(reports=())
    low = town.report("low", scheme="3x5x2", source="3", information="D", occurred=days_ago(10))
    flag = child(town.changed("seen", reports=(low,)))
    assert details(flag)["low_grades"] == pytest.approx(1.0)
    assert "Without reports of the lowest grades this would not be listed." in details(flag)["against"]


def test_progress_that_raises_ends_the_run() -> None:
    class Stopped(Exception):
        pass

    def stop(share: float, _: str) -> None:
        if share > 0.3:
            raise Stopped

    with pytest.raises(Stopped):
        run(DETECTOR, near().snapshot(), {}, 0, progress=stop)


def test_the_same_seed_says_the_same() -> None:
    town = random_town(11)
    assert ask(town, DETECTOR, 5, stability_runs=4).flags == ask(town, DETECTOR, 5, stability_runs=4).flags
