"""Adults recorded with several known children: who is listed, what else could explain it, what rests on low grades."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.flags import Flag
from tests.analysis.build import Town, days_ago, night
from tests.analysis.towns import by_subject, random_town, score
from viz.wording import check

ADULT = "person:adult"


def contacts(*, grades: tuple[str, ...] = ("B", "B", "B"), source: str = "1") -> Town:
    """One adult in contact with as many known children as there are grades of information."""
    town = Town()
    town.person("adult", age=30)
    for at, grade in enumerate(grades):
        child = town.person(f"child{at}", age=14)
        town.open_to_hub(child)
        report = town.report(f"r{at}", scheme="3x5x2", source=source, information=grade, occurred=days_ago(at))
        town.tie(ADULT, child, "contacts", start=days_ago(at), reports=(report,), id=f"t{at}")
    for at in range(200):
        town.person(f"nobody{at}", age=14)
    return town


def flagged(town: Town) -> Flag:
    return by_subject(town, "shared_associates")[ADULT]


def test_details_have_the_names_of_the_interface() -> None:
    details = flagged(contacts()).details
    assert {"children_at_risk", "children_all", "expected", "p_value", "score", "summary", "excluded"} <= set(details)
    assert (details["children_at_risk"], details["children_all"]) == (3, 3)


def test_one_incident_entered_by_two_agencies_lists_nobody() -> None:
    town = Town()
    town.person("adult", age=30)
    for at in range(2):
        town.open_to_hub(town.person(f"child{at}", age=14))
    for key in ("police", "care"):
        event = town.event(key, "incident", night(20))
        for person in (ADULT, "person:child0", "person:child1"):
            town.took_part(person, event, "mentioned")
    assert ADULT not in by_subject(town, "shared_associates")
    town.nodes["event:care"]["start"] = night(30)
    assert ADULT in by_subject(town, "shared_associates")


def test_two_ties_of_one_report_weigh_as_the_better_of_them() -> None:
    town = contacts()
    once = score(flagged(town))
    town.tie(ADULT, "person:child0", "seen_with", start=days_ago(0), reports=("r0",))
    assert score(flagged(town)) == pytest.approx(once)
    town.tie(ADULT, "person:child0", "seen_with", start=days_ago(0))
    assert score(flagged(town)) > once


def test_a_partner_of_a_child_is_not_family_of_the_child() -> None:
    town = contacts(grades=("B",))
    child = town.person("other", age=15)
    town.open_to_hub(child)
    town.tie(ADULT, child, "partner_of", start=days_ago(5))
    assert flagged(town).details["children_at_risk"] == 2


def test_events_of_one_child_are_named_in_one_sentence_newest_first() -> None:
    town = contacts(grades=("B",))
    child = town.person("other", age=15)
    town.open_to_hub(child)
    for days in range(1, 8):
        event = town.event(f"e{days}", "incident", night(days))
        town.took_part(ADULT, event, "mentioned")
        town.took_part(child, event, "mentioned")
    (reason,) = [reason for reason in flagged(town).reasons if "{person:other}" in reason.text]
    assert (
        "{person:adult} and {person:other} are both recorded with {event:e1}, {event:e2}, {event:e3}, {event:e4}, "
        "{event:e5} and 2 more"
    ) in reason.text
    assert len(reason.events) == len(reason.ties) == 7


def test_when_nothing_else_explains_it_the_summary_says_what_was_looked_for() -> None:
    flag = flagged(contacts())
    assert flag.details["alternative_explanations"] == []
    assert "No family, household, carer or supporting tie" in str(flag.details["summary"])


def test_a_partner_in_the_household_is_said() -> None:
    town = contacts()
    parent = town.person("parent", age=38)
    town.tie(parent, "person:child1", "parent_of")
    town.tie(ADULT, parent, "partner_of")
    flag = flagged(town)
    assert flag.details["alternative_explanations"] == ["family or partner in the household"]
    assert "in the household of {person:child1}" in str(flag.details["summary"])
    assert flag.details["children_at_risk"] == 3


def test_who_supports_a_child_is_said_to() -> None:
    town = contacts()
    town.tie(ADULT, "person:child2", "supports", polarity="protective")
    flag = flagged(town)
    assert "is recorded as supporting {person:child2}" in str(flag.details["summary"])


def test_own_family_left_out_is_said() -> None:
    town = contacts(grades=("B", "B", "B", "B"))
    town.tie(ADULT, "person:child3", "kin_of")
    flag = flagged(town)
    assert flag.details["children_at_risk"] == 3
    assert "1 young person of the family or household of {person:adult} is left out" in str(flag.details["summary"])


def test_carers_are_left_out_as_carers() -> None:
    town = contacts()
    carer = town.person("carer", age=50)
    for at in range(2):
        town.tie(carer, f"person:child{at}", "seen_with", start=days_ago(3))
        town.tie(carer, f"person:child{at}", "carer_of")
    flags = by_subject(town, "shared_associates")
    assert "person:carer" not in flags
    assert {"person": "person:carer", "reason": "carer by role"} in flags[ADULT].details["excluded"]  # type: ignore[operator]


def test_who_has_more_against_than_for_has_no_strength_and_never_less() -> None:
    town = contacts(grades=("B", "B"))
    for at in range(60):
        town.tie(ADULT, f"person:nobody{at}", "contacts", start=days_ago(3))
    flag = flagged(town)
    assert score(flag) < 0 and flag.strength == 0.0


def test_being_of_concern_stands_apart() -> None:
    town = contacts()
    before = score(flagged(town))
    town.took_part(ADULT, town.event("old", "offence", night(400)), "suspect")
    details = flagged(town).details
    assert details["score_without_concern"] == pytest.approx(before)
    assert float(details["score"]) > before  # type: ignore[arg-type]


def test_the_share_that_rests_on_low_grades_by_hand() -> None:
    """Three children alike but for the grade D of one: its part of what speaks for the adult goes."""
    good, mixed = flagged(contacts()), flagged(contacts(grades=("B", "B", "D")))
    assert good.details["rests_on_low_grades"] == 0.0 and good.details["not_known"] == []
    parts = sorted(reason.contribution for reason in mixed.reasons)
    assert mixed.details["rests_on_low_grades"] == pytest.approx(parts[0] / sum(parts))
    assert mixed.details["listed_without_low_grades"] is True


def test_a_list_that_would_change_without_low_grades_says_so() -> None:
    flag = flagged(contacts(grades=("D", "D", "B")))
    assert flag.details["listed_without_low_grades"] is False
    said = flag.details["not_known"]
    assert isinstance(said, list) and any("would not be listed" in str(text) for text in said)
    every = flagged(contacts(source="3")).details
    assert every["rests_on_low_grades"] == 1.0 and len(every["not_known"]) == 2  # type: ignore[arg-type]


def test_texts_keep_to_the_language_guide() -> None:
    flag = flagged(contacts(grades=("D", "D", "D")))
    for text in (str(flag.details["summary"]), *map(str, flag.details["not_known"])):  # type: ignore[arg-type]
        assert not check(text.replace("{person:adult}", "somebody"))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_without_the_lowest_grades_the_list_is_the_one_foretold(seed: int) -> None:
    """Who is said to stay listed stays listed when every tie of the lowest grades is gone, and nobody else does."""
    town = random_town(seed)
    low = {
        name for name, report in town.reports.items() if report.get("information") == "D" or report.get("source") == "3"
    }
    flags = by_subject(town, "shared_associates")
    foretold = {subject for subject, flag in flags.items() if flag.details["listed_without_low_grades"]}
    gone = [tie.id for tie in town.ties if tie.reports and set(tie.reports) <= low]
    assert set(by_subject(town.without(gone), "shared_associates")) == foretold


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000), agency=st.sampled_from(["health", "education"]))
def test_what_another_agency_tells_again_of_the_same_moment_changes_nothing(seed: int, agency: str) -> None:
    """Every direct tie between people once more, by another agency: the same list with the same scores."""
    town = random_town(seed)
    before = {subject: score(flag) for subject, flag in by_subject(town, "shared_associates").items()}
    again = dataclasses.replace(town, ties=list(town.ties), reports=dict(town.reports))
    for tie in town.ties:
        if tie.source.startswith("person:") and tie.target.startswith("person:") and tie.id in town.reports:
            again.reports[f"again-{tie.id}"] = {**town.reports[tie.id], "agency": agency}
            again.ties.append(dataclasses.replace(tie, id=f"again-{tie.id}", reports=(f"again-{tie.id}",)))
    after = {subject: score(flag) for subject, flag in by_subject(again, "shared_associates").items()}
    assert after == pytest.approx(before)


def test_a_first_ten_that_would_be_others_without_low_grades_says_so() -> None:
    """Ten adults with good reports, one with many of the lowest grade who stands before them."""
    town = Town()
    for at in range(40):
        town.open_to_hub(town.person(f"k{at}", age=14))

    def known_with(adult: str, children: range, information: str) -> None:
        person = town.person(adult, age=30)
        for child in children:
            name = f"{adult}-{child}"
            report = town.report(name, scheme="3x5x2", source="2", information=information, occurred=days_ago(child))
            town.tie(person, f"person:k{child}", "exploits", start=days_ago(child), reports=(report,))

    for at in range(10):
        known_with(f"a{at}", range(3 * at, 3 * at + 3), "B")
    known_with("b", range(30, 38), "D")
    known_with("b2", range(38, 40), "B")
    for child in (38, 39):
        report = town.report(f"b-{child}", scheme="3x5x2", source="2", information="B", occurred=days_ago(child))
        town.tie("person:b", f"person:k{child}", "exploits", start=days_ago(child), reports=(report,))
    for at in range(400):
        town.person(f"nobody{at}", age=14)
    flags = by_subject(town, "shared_associates")
    assert flags["person:b"].rank == 1
    changed = {subject for subject, flag in flags.items() if "among the first" in str(flag.details["not_known"])}
    assert "person:b" in changed
    # whoever takes the place says so too
    assert len(changed) == 2
