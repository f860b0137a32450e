"""Three in thirty days: what counts, who is listed, and return interviews."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.repeat_missing import SPEC, detect
from analysis.run import run
from analysis.spec import Detector
from graph.flags import Band, Flag, Run
from tests.analysis.build import Town, days_ago, night

THIS = Detector(SPEC, detect)


def ask(town: Town, seed: int = 1, **parameters: Any) -> Run:
    return run(THIS, town.snapshot(), {"stability_runs": 0, **parameters}, seed)


def only(town: Town, **parameters: Any) -> Flag:
    (flag,) = ask(town, **parameters).flags
    return flag


def often(*days: float, town: Town | None = None, name: str = "a", age: int = 14, hours: float = 6) -> Town:
    """A child missing from nine in the evening, so many days ago."""
    town = town or Town()
    child = town.person(name, age=age)
    for at, ago in enumerate(days):
        town.missing(f"{name}{at}", child, night(int(ago)), hours=hours)
    return town


def interview(town: Town, child: str, start: dt.datetime, key: str = "i", role: str = "subject") -> None:
    town.took_part(child, town.event(key, "return_interview", start), role)


def states(town: Town, **parameters: Any) -> Any:
    return only(town, **parameters).details["interviews"]


def test_three_in_thirty_days_is_listed_and_two_are_not() -> None:
    assert only(often(2, 10, 29)).subjects == ("person:a",)
    assert ask(often(2, 10)).flags == ()


def test_the_first_day_of_the_thirty_counts_and_the_day_before_does_not() -> None:
    assert len(ask(often(2, 10, 29)).flags) == 1
    assert ask(often(2, 10, 30)).flags == ()


def test_two_agencies_records_of_one_episode_count_once() -> None:
    town = often(2, 10)
    town.missing("care", "person:a", night(10, 22), hours=8)
    assert ask(town).flags == ()


def test_an_episode_told_twice_says_so_and_names_both_records() -> None:
    town = often(2, 10, 20)
    town.missing("care", "person:a", night(10, 22), hours=8)
    (told,) = (reason for reason in only(town).reasons if "counted once" in reason.text)
    assert told.events == ("event:a1", "event:care")


def test_away_or_absent_does_not_count() -> None:
    town = often(2, 10, 20)
    town.nodes["event:a1"]["event_type"] = "away_or_absent"
    assert ask(town).flags == ()


def test_adults_are_left_out_and_an_unknown_age_is_not() -> None:
    assert ask(often(2, 10, 20, age=18)).flags == ()
    town = often(2, 10, 20)
    town.nodes["person:a"]["born"] = None
    assert len(ask(town).flags) == 1


def test_the_score_is_the_number_of_episodes_and_each_is_a_reason() -> None:
    flag = only(often(1, 2, 9, 20))
    assert flag.details["score"] == sum(reason.contribution for reason in flag.reasons) == 4.0
    assert [len(reason.events) for reason in flag.reasons] == [1, 1, 1, 1]


def test_without_an_episodes_ties_the_score_is_one_less() -> None:
    town = often(1, 2, 9, 20)
    less = only(town.without(only(town).reasons[0].ties))
    assert less.details["score"] == 3.0


def test_six_are_strong_and_five_moderate() -> None:
    assert only(often(1, 3, 5, 7, 9)).band is Band.MODERATE
    assert only(often(1, 3, 5, 7, 9, 11)).band is Band.STRONG


def test_the_list_is_ten_by_number_then_id() -> None:
    town = Town()
    for at in range(12):
        often(2, 10, 20, town=town, name=f"c{at:02d}")
    often(2, 10, 20, 25, town=town, name="z")
    flags = ask(town).flags
    assert [flag.subjects[0] for flag in flags] == ["person:z", *(f"person:c{at:02d}" for at in range(9))]
    assert {flag.details["others_who_reach_it"] for flag in flags} == {12}


def test_the_trend_over_three_periods() -> None:
    assert only(often(2, 10, 20, 35, 40, 65)).details["trend"] == [1, 2, 3]


def test_the_time_and_the_places_are_said() -> None:
    town = Town()
    child, home, park = town.person("a", age=14), town.place("h", "childrens_home"), town.place("p", "park")
    for at, ago in enumerate((2, 10, 20)):
        town.missing(f"a{at}", child, night(ago), hours=6, found=park, origin=home)
    text = only(town).reasons[0].text
    assert text.startswith(
        "30 May 2026, 22:00: missing for 6 hours; set out from {place:h}; found at {place:p}; return interview"
    )


@pytest.mark.parametrize(
    ("hours", "state"),
    [(1, "in_time"), (72, "in_time"), (72.01, "late"), (200, "late"), (-1, "overdue"), (None, "overdue")],
)
def test_an_interview_within_seventy_two_hours_of_the_return(hours: float | None, state: str) -> None:
    town = often(20, 22, 25)
    for at, ago in enumerate((22, 25)):
        interview(town, "person:a", night(ago, 28), key=f"other{at}")
    if hours is not None:
        interview(town, "person:a", night(20, 27) + dt.timedelta(hours=hours))
    assert states(town)[state] == (1 if state != "in_time" else 3)


def test_an_interview_is_due_until_seventy_two_hours_are_over() -> None:
    assert states(often(2, 3, 4)) == {"due": 2, "overdue": 1}
    assert "return interview due by 3 June 2026, 04:00" in only(often(2, 3, 4)).reasons[0].text
    assert states(often(2, 3, 4), interview_hours=24) == {"overdue": 3}


def test_an_interview_after_two_returns_belongs_to_the_last_and_may_cover_both() -> None:
    town = often(20, 25, 28)
    interview(town, "person:a", night(19))
    assert states(town) == {"in_time": 1, "by_a_later": 2}


def test_a_child_who_is_not_back_has_no_interview_due() -> None:
    town = often(5, 10)
    town.took_part("person:a", town.event("open", "missing_episode", night(0)), "missing_person")
    flag = only(town)
    assert flag.details["interviews"] == {"not_returned": 1, "overdue": 2}
    assert "Whether the child is back" in str(flag.details["not_known"])


def test_an_interview_after_the_as_at_date_is_not_there() -> None:
    town = often(6, 8, 10)
    interview(town, "person:a", night(-1))
    assert states(town) == {"overdue": 3}


def test_who_held_the_interview_was_not_interviewed() -> None:
    town = often(6, 8, 10)
    interview(town, "person:a", night(5), role="interviewer")
    assert states(town) == {"overdue": 3}


def test_the_summary_says_what_waits() -> None:
    summary = str(only(often(2, 10, 20)).details["summary"])
    assert "2 return interviews overdue and 1 return interview due." in summary
    assert "0 → 0 → 3" in summary


def test_strengths_are_shown_and_not_counted() -> None:
    town = often(2, 10, 20)
    town.tie("person:a", town.place("club", "youth_centre"), "feels_safe_at", start=days_ago(50))
    town.tie(town.person("aunt", age=40), "person:a", "supports", start=days_ago(50))
    town.tie(town.person("uncle", age=40), "person:a", "supports", start=days_ago(50), end=days_ago(20))
    flag = only(town)
    strengths = [reason for reason in flag.reasons if reason.text.startswith("Strength")]
    assert len(strengths) == 2 and flag.details["score"] == 3.0
    assert not any("uncle" in reason.text for reason in strengths)


def test_unrelated_children_change_nothing() -> None:
    other = Town()
    often(50, 60, town=other, name="far")
    assert only(often(2, 10, 20)).reasons == only(often(2, 10, 20).joined(other)).reasons


def test_many_episodes_are_steadier_than_three() -> None:
    few, many = (only(often(*range(1, 2 * count, 2)), stability_runs=60).stability for count in (3, 9))
    assert few is not None and many is not None and few < many


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 100), max_size=14))
def test_one_more_episode_never_lowers_the_number(days: list[int]) -> None:
    """Days apart, so that no two are one episode."""
    apart = sorted({2 * (day // 2) for day in days})
    before = ask(often(*apart), minimum_episodes=1).flags
    after = ask(often(*apart, 1), minimum_episodes=1).flags
    counted = float(str(before[0].details["score"])) if before else 0.0
    assert float(str(after[0].details["score"])) == counted + 1.0
    assert counted == sum(day < 30 for day in apart)


def test_the_worked_example_of_the_method_page() -> None:
    """20 April to 28 May 2026, back at 04:00 by the clocks of England (03:00 UTC)."""
    town = often(42, 29, 20, 12, 4)
    town.missing("home", "person:a", night(4, 21.5), hours=5.5)
    first = only(town)
    assert (first.details["score"], first.details["trend"], first.band) == (4.0, [0, 1, 4], Band.MODERATE)
    assert "overdue since 1 June 2026" in first.reasons[0].text
    (before,) = run(THIS, town.snapshot(days_ago(1)), {"stability_runs": 0}, 1).flags
    assert "due by 1 June 2026, 04:00" in before.reasons[0].text
