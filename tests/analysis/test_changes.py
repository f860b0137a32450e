"""What happened and what was learned between two dates."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.changes import SPEC, detect, differences
from analysis.changes_differences import BEGAN, ENDED, KINDS, LATER, LEARNED, SAME, view, views
from analysis.changes_networks import matched
from analysis.run import run
from analysis.spec import Detector
from graph.errors import UsageError
from graph.flags import Flag
from tests.analysis.build import AS_AT, Town, days_ago
from tests.analysis.towns import random_town

CHANGES = Detector(SPEC, detect)
SINCE = days_ago(42)


def pair_tie(started: int, recorded: int, ended: int | None = None) -> Town:
    """One tie that started, was recorded and ended so many days before the as-at date."""
    town = Town()
    one, two = town.person(1, age=15), town.person(2, age=15)
    report = town.report("r", occurred=days_ago(started), recorded=days_ago(recorded))
    end = None if ended is None else days_ago(ended)
    town.tie(one, two, "friend_of", start=days_ago(started), end=end, reports=(report,))
    return town


@pytest.mark.parametrize(
    ("started", "recorded", "ended", "kind"),
    [
        (100, 90, None, SAME),
        (100, 30, None, LEARNED),
        (30, 29, None, BEGAN),
        (42, 42, None, BEGAN),
        (43, 43, None, SAME),
        (100, 90, 20, ENDED),
        (100, 90, 60, SAME),
        (100, 30, 20, LEARNED),
        (-5, 1, None, LATER),
    ],
)
def test_what_became_of_a_tie(started: int, recorded: int, ended: int | None, kind: int) -> None:
    found = differences(pair_tie(started, recorded, ended).snapshot(), SINCE)
    assert KINDS[found.ties[0]] == KINDS[kind]


def test_a_tie_corroborated_since_is_the_same() -> None:
    town = pair_tie(100, 90)
    town.report("second", occurred=days_ago(100), recorded=days_ago(5))
    town = town.changed(town.ties[0].id, reports=("r", "second"))
    assert differences(town.snapshot(), SINCE).ties.tolist() == [SAME]


def test_an_event_is_dated_by_itself_and_not_by_its_report() -> None:
    town = Town()
    child = town.person(1, age=15)
    event = town.event(1, "incident", dt.datetime.combine(days_ago(100), dt.time(), tzinfo=dt.UTC))
    town.took_part(child, event, "mentioned", reports=(town.report("r", recorded=days_ago(3)),))
    assert differences(town.snapshot(), SINCE).ties.tolist() == [LEARNED]


def test_people_enter_by_what_happened_or_by_what_was_learned() -> None:
    happened, learned = (differences(pair_tie(*days).snapshot(), SINCE) for days in ((30, 29), (100, 30)))
    assert happened.entered.tolist() == [True, True] and not happened.found_out.any()
    assert learned.found_out.tolist() == [True, True] and not learned.entered.any()


def test_people_leave_when_their_last_tie_ends() -> None:
    assert differences(pair_tie(100, 90, 20).snapshot(), SINCE).left.tolist() == [True, True]


def test_an_earlier_date_is_earlier() -> None:
    with pytest.raises(UsageError):
        differences(pair_tie(100, 90).snapshot(), AS_AT)


@pytest.mark.parametrize("since", ["yesterday", AS_AT.isoformat()])
def test_a_date_that_does_not_fit_is_refused(since: str) -> None:
    with pytest.raises(UsageError):
        run(CHANGES, pair_tie(100, 90).snapshot(), {"since": since})


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_a_view_keeps_its_ties_with_their_reports(seed: int, share: float) -> None:
    snapshot = random_town(seed).snapshot()
    kept = np.random.default_rng(seed).random(len(snapshot.ties.source)) < share
    part = view(snapshot, kept, np.ones(len(snapshot.episodes.person), dtype=np.bool_))
    rows = np.flatnonzero(kept)
    assert list(part.ties.ids) == [snapshot.ties.ids[int(row)] for row in rows]
    whole = [_reports(snapshot.ties, int(row)) for row in rows]
    assert [_reports(part.ties, row) for row in range(len(rows))] == whole


def _reports(ties: object, row: int) -> list[int]:
    start = ties.report_start  # type: ignore[attr-defined]
    return list(ties.report_of_tie[start[row] : start[row + 1]])  # type: ignore[attr-defined]


def circle_of(town: Town, prefix: str, started: int, recorded: int) -> list[str]:
    """A child, new to two children open to the hub by two ties, and those two."""
    known = [town.person(f"{prefix}k{at}", age=15) for at in range(3)]
    child = town.person(f"{prefix}c", age=14)
    for at, person in enumerate(known):
        town.open_to_hub(person, start=days_ago(300))
        for kind in ("seen_with", "companion_of", "contacts"):
            report = town.report(
                f"{prefix}{kind}{at}", scheme="3x5x2", source="1", information="A",
                occurred=days_ago(started), recorded=days_ago(recorded),
            )  # fmt: skip
            town.tie(person, child, kind, id=f"{prefix}-{kind}-{at}", start=days_ago(started), reports=(report,))
    return [*known, child]


def asked(town: Town, **parameters: object) -> tuple[Flag, ...]:
    return run(CHANGES, town.snapshot(), parameters, 1).flags


def of_kind(flags: tuple[Flag, ...], kind: str) -> list[Flag]:
    return [flag for flag in flags if str(flag.details["kind"]).startswith(kind)]


def town_of(started: int, recorded: int) -> Town:
    town = Town()
    circle_of(town, "", started, recorded)
    return town


def test_what_was_known_and_held_before_and_after_makes_no_flag() -> None:
    assert asked(town_of(100, 90)) == ()


@pytest.mark.parametrize("kind", ["child", "network"])
def test_what_began_since_happened(kind: str) -> None:
    flags = of_kind(asked(town_of(20, 19)), kind)
    assert flags and all(flag.details["happened"] and not flag.details["learned"] for flag in flags)
    assert all("Happened since" in reason.text for flag in flags for reason in flag.reasons)


@pytest.mark.parametrize("kind", ["child", "network"])
def test_an_old_fact_entered_late_is_only_learned(kind: str) -> None:
    flags = of_kind(asked(town_of(100, 19)), kind)
    assert flags and all(flag.details["learned"] and not flag.details["happened"] for flag in flags)
    assert all("Learned since" in reason.text for flag in flags for reason in flag.reasons)


def test_a_rise_that_rests_on_one_tie_is_not_listed() -> None:
    town = Town()
    known, child = town.person("k", age=15), town.person("c", age=14)
    town.open_to_hub(known, start=days_ago(300))
    town.tie(known, child, "companion_of", start=days_ago(10))
    assert of_kind(asked(town, stability_runs=60), "child") == []


def test_somebody_newly_open_to_the_hub_is_named() -> None:
    town = Town()
    child = town.person("c", age=14)
    friends = [town.person(f"k{at}", age=15) for at in range(3)]
    for at, friend in enumerate(friends):
        for kind in ("companion_of", "seen_with"):
            town.tie(friend, child, kind, id=f"{kind}{at}", start=days_ago(60))
        town.open_to_hub(friend, start=days_ago(10))
    flag = of_kind(asked(town), "child")[0]
    assert "{person:k0}" in flag.reasons[0].text and "came to be known to the hub" in flag.reasons[0].text


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_contributions_add_up(seed: int) -> None:
    for flag in asked(random_town(seed), least_change=0.001, least_sure=0, since_days=200):
        assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(flag.details["score"], abs=1e-9)


@settings(max_examples=10)
@given(first=st.integers(0, 10_000), second=st.integers(0, 10_000))
def test_an_unrelated_district_changes_nothing(first: int, second: int) -> None:
    town = random_town(first)
    asking = {"least_change": 0.001, "least_sure": 0, "stability_runs": 0, "since_days": 200, "limit": 1000}
    alone = {flag.id: flag.details["score"] for flag in asked(town, **asking)}
    both = asked(town.joined(random_town(second, "z", missing=False)), **asking)
    assert {f.id: f.details["score"] for f in both if not any(":z" in s for s in f.subjects)} == alone


def test_same_seed_same_flags() -> None:
    one, two = (asked(random_town(3), least_sure=0, since_days=200) for _ in range(2))
    assert one == two


def groups(*words: str) -> list[frozenset[int]]:
    return [frozenset(map(ord, word)) for word in words]


@pytest.mark.parametrize(
    ("then", "now", "kinds"),
    [
        (("abcd",), ("abcde",), ["same"]),
        ((), ("abcd",), ["new"]),
        (("abcd",), (), ["gone"]),
        (("abcd", "efgh"), ("abcdefgh",), ["merged", "gone"]),
        (("abcdefgh",), ("abcde", "fghi"), ["same", "split"]),
        (("abcd",), ("awxyzvu",), ["new", "gone"]),
    ],
)
def test_what_became_of_groups(then: tuple[str, ...], now: tuple[str, ...], kinds: list[str]) -> None:
    assert [match.kind for match in matched(groups(*then), groups(*now))] == kinds


def test_views_hold_what_was_known_and_what_was_true() -> None:
    town = pair_tie(100, 30)
    seen = views(town.snapshot(), SINCE)
    assert [len(part.ties.source) for part in (seen.known_then, seen.true_then, seen.now)] == [0, 1, 1]
