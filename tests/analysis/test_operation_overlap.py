"""Operations that touch, on towns small enough to solve on paper."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.operation_overlap import SPEC, detect
from analysis.run import run
from analysis.spec import Detector
from graph.flags import Flag
from tests.analysis.build import Town, days_ago, night
from viz.wording import check

OVERLAP = Detector(SPEC, detect)


def ask(town: Town, **parameters: object) -> tuple[Flag, ...]:
    return run(OVERLAP, town.snapshot(), {"stability_runs": 0, **parameters}, 0).flags


def town_of(people: int = 60) -> Town:
    """Two operations with two subjects each, among others who have ties with each other."""
    town = Town()
    for name in "ab":
        town.thing(f"operation:{name}")
        for at in (1, 2):
            town.tie(town.person(f"{name}{at}", age=30), f"operation:{name}", "subject_of", id=f"{name}{at}")
    others = [town.person(f"o{at}", age=30) for at in range(people)]
    for at, other in enumerate(others):
        town.tie(other, others[(at + 1) % people], "friend_of", id=f"ring{at}")
    # one part of the network, without making anything shared
    town.tie("person:a1", others[0], "associate_of", id="a-out")
    town.tie("person:b1", others[people // 2], "associate_of", id="b-out")
    return town


def test_operations_that_share_nothing_are_not_shown() -> None:
    assert ask(town_of()) == ()


def test_somebody_recorded_in_both() -> None:
    town = town_of()
    town.tie("person:a1", "operation:b", "subject_of", id="both")
    (flag,) = ask(town)
    assert flag.subjects == ("operation:a", "operation:b")
    assert flag.details["in_both"] == ["person:a1"]
    assert {"both", "a1"} <= set(flag.reasons[0].ties)
    assert flag.reasons[0].text.startswith("{person:a1} is recorded in {operation:")


def test_a_tie_between_the_two_counts_once() -> None:
    town = town_of()
    town.tie("person:a1", "person:b1", "seen_with", id="between")
    (flag,) = ask(town)
    assert flag.details["tied_to_both"] in (["person:a1"], ["person:b1"])
    assert flag.details["observed"] == 1
    assert "between" in flag.reasons[0].ties


@pytest.mark.parametrize("kind", ["person", "phone", "place", "group", "event"])
def test_what_is_one_tie_from_both(kind: str) -> None:
    town = town_of()
    if kind == "event":
        event = town.event("e", "arrest", night(20))
        middle = town.person("m", age=30)
        for at, who in enumerate(("person:a1", middle)):
            town.took_part(who, event, "mentioned", id=f"part{at}")
        town.tie(middle, "person:b1", "seen_with", id="to-b")
    else:
        words = {"person": "seen_with", "phone": "uses", "place": "frequents", "group": "member_of"}
        middle = {"person": lambda: town.person("m", age=30), "place": lambda: town.place("m")}.get(
            kind, lambda: town.thing(f"{kind}:m")
        )()
        for name in "ab":
            town.tie(f"person:{name}1", middle, words[kind], id=f"to-{name}")
    (flag,) = ask(town)
    assert flag.details["tied_to_both"] == [middle]
    assert {"to-b", "a1", "b1", "part0", "part1"} & set(flag.reasons[0].ties) >= {"to-b", "a1", "b1"}


def test_the_events_of_an_operation_are_its_records() -> None:
    town = town_of()
    event = town.event("e", "intelligence", night(20))
    town.took_part("operation:b", event, "other")
    town.took_part("person:a2", event, "mentioned", id="part")
    (flag,) = ask(town)
    assert flag.details["in_both"] == ["person:a2"]
    assert "event:e" in flag.reasons[0].events


def test_a_station_joins_no_operations() -> None:
    town = town_of(80)
    station = town.place("station", "railway_station")
    for at in range(70):
        town.tie(f"person:o{at}", station, "seen_at")
    for name in "ab":
        town.tie(f"person:{name}1", station, "seen_at")
    assert ask(town, minimum_score=-1000) == ()


def test_a_professional_joins_no_operations() -> None:
    town = town_of()
    worker = town.person("w", age=40)
    town.tie(worker, "person:o1", "professional_for")
    for name in "ab":
        town.tie(worker, f"person:{name}1", "seen_with")
    assert ask(town, minimum_score=-1000) == ()


def test_a_household_counts_once() -> None:
    town = town_of()
    for name in ("m", "n"):
        town.person(name, age=30)
        for operation in "ab":
            town.tie(f"person:{name}", f"person:{operation}1", "seen_with")
    (two,) = ask(town, minimum_score=-1000)
    town.tie("person:m", "person:n", "shares_household_with")
    (one,) = ask(town, minimum_score=-1000)
    assert (len(two.details["tied_to_both"]), len(one.details["tied_to_both"])) == (2, 1)  # type: ignore[arg-type]


def test_a_large_operation_does_not_touch_all_others() -> None:
    town = town_of(200)
    middle = town.person("m", age=30)
    for name in "ab":
        town.tie(f"person:{name}1", middle, "seen_with", id=f"to-{name}")
    assert len(ask(town)) == 1
    for at in range(100, 180):
        for name in "ab":
            who = town.person(f"{name}x{at}", age=30)
            town.tie(who, f"operation:{name}", "subject_of")
            town.tie(who, f"person:o{at if name == 'a' else at - 95}", "seen_with")
    assert ask(town) == ()


def test_an_operation_that_the_run_may_not_use_does_not_exist_for_it() -> None:
    town = town_of()
    town.tie("person:a1", "operation:b", "subject_of", id="both")
    gone = [tie.id for tie in town.ties if tie.target == "operation:b"]
    hidden = town.without(gone)
    del hidden.nodes["operation:b"]
    assert ask(hidden) == ()


def test_the_label_is_the_hypergeometric_test() -> None:
    town = town_of()
    town.tie("person:a1", "operation:b", "subject_of")
    (flag,) = ask(town)
    # around a: a1, a2, o0; around b: b1, b2, a1, o30, and o0 through a1; among the 62 with any tie besides subjects
    sizes = flag.details["sizes"]
    assert sizes == [{"operation": "operation:a", "around": 3}, {"operation": "operation:b", "around": 5}]
    population = 62
    exact = sum(
        math.comb(3, x) * math.comb(population - 3, 5 - x) for x in range(int(str(flag.details["observed"])), 4)
    ) / math.comb(population, 5)
    assert flag.details["p_value"] == pytest.approx(exact, rel=1e-9)
    assert flag.details["expected"] == pytest.approx(15 / 62)


def random_town(seed: int, prefix: str = "") -> Town:
    generator = np.random.default_rng(seed)
    town = Town()
    names = [f"operation:{prefix}{at}" for at in range(3)]
    for name in names:
        town.thing(name)
    people = [town.person(f"{prefix}p{at}", age=int(generator.integers(12, 50))) for at in range(25)]
    places = [town.place(f"{prefix}l{at}") for at in range(4)]
    for at, person in enumerate(people):
        town.tie(person, people[(at + 1) % 25], "friend_of", id=f"{prefix}f{at}", start=days_ago(30))
        if generator.random() < 0.3:
            town.tie(person, names[int(generator.integers(3))], "subject_of", id=f"{prefix}s{at}")
        if generator.random() < 0.4:
            town.tie(person, places[int(generator.integers(4))], "seen_at", id=f"{prefix}l{at}", start=days_ago(60))
    return town


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 100_000))
def test_contributions_add_up_and_texts_are_in_the_right_words(seed: int) -> None:
    flags = ask(random_town(seed), stability_runs=3, minimum_score=-1000)
    assert [flag.rank for flag in flags] == list(range(1, len(flags) + 1))
    assert [flag.strength for flag in flags] == sorted((flag.strength for flag in flags), reverse=True)
    for flag in flags:
        assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(flag.details["score"], abs=1e-9)
        assert flag.stability is not None
        assert 0 <= flag.stability <= 1
        for text in (str(flag.details["summary"]), *(reason.text for reason in flag.reasons)):
            assert not check(text)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_an_unrelated_district_changes_nothing(first: int, second: int) -> None:
    town = random_town(first)
    both = {flag.id: flag for flag in ask(town.joined(random_town(second, "z")), minimum_score=-1000)}
    for flag in ask(town, minimum_score=-1000):
        assert dataclasses.replace(both[flag.id], rank=0) == dataclasses.replace(flag, rank=0)


def test_the_worked_example_is_worked_right() -> None:
    evidence = math.sqrt(0.9 * 0.43 * 0.36 * 0.9 * 0.43 * 0.36)
    value = (0.25 + 0.75 * evidence) * math.log(0.1 / 0.0012)
    against = 12 * 0.5 * math.log(0.9 / 0.9994)
    assert (round(evidence, 2), round(value, 2), round(against, 2), round(value + against, 1)) == (
        0.14,
        1.57,
        -0.63,
        0.9,
    )
