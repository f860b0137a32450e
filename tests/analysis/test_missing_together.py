"""Pairs missing together: what adds up, what is counted less, and what chance alone makes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.co_missing import MissingEpisodes
from analysis.missing_together import SPEC, detect
from analysis.missing_together_evidence import by_chance, by_weeks, prepare, weigh
from analysis.run import checked, run
from analysis.spec import Detector
from graph.flags import Band, Flag
from tests.analysis.build import Town, night

THIS = Detector(SPEC, detect)
#: list everything, repeat little
ALL: dict[str, Any] = {"largest_share_by_chance": 1, "stability_runs": 0, "week_repeats": 0, "chance_pairs": 100}


def ask(town: Town, seed: int = 1, **parameters: Any) -> dict[tuple[str, ...], Flag]:
    found = run(THIS, town.snapshot(), {**ALL, **parameters}, seed).flags
    assert [flag.rank for flag in found] == list(range(1, len(found) + 1))
    return {tuple(flag.subjects): flag for flag in found}


def only(town: Town, **parameters: Any) -> Flag:
    (flag,) = ask(town, **parameters).values()
    return flag


def pair(nights: int = 3, *, apart: float = 0.0, found: int = 0, **more: Any) -> Town:
    """Two children missing on the same Saturdays, ``apart`` hours after each other; found at p on the first nights."""
    town = Town()
    one, other = town.person("a", age=14), town.person("b", age=15)
    place = town.place("p")
    for at in range(nights):
        where = place if at < found else None
        town.missing(f"a{at}", one, night(20 + 21 * at, 20), found=where, **more)
        town.missing(f"b{at}", other, night(20 + 21 * at, 20 + apart), found=where, **more)
    return town


def score(flag: Flag) -> float:
    value = flag.details["score"]
    assert isinstance(value, float)
    return value


def contribution(flag: Flag, words: str) -> float:
    return sum(reason.contribution for reason in flag.reasons if words in reason.text)


def test_subjects_are_the_two_children_smaller_id_first() -> None:
    assert only(pair()).subjects == ("person:a", "person:b")


def test_the_score_by_hand() -> None:
    """Nine pairs of episodes could meet, each on one day of 181; ten minutes apart; once found where 4 others were."""
    town = pair(3, apart=1 / 6, found=1)
    for at in range(4):
        town.missing(f"x{at}", town.person(f"x{at}", age=13), night(300 + 2 * at), found="place:p")
    flag = ask(town)["person:a", "person:b"]
    by_time = -math.log10(float(stats.poisson.sf(2, 9 / 181)))
    close = math.log10(math.exp(-(1 / 6) / 0.7) / 0.7 * 3)
    place = -math.log10(5 / 55)
    assert score(flag) == pytest.approx(by_time + 3 * close + place, abs=1e-9)
    assert (round(by_time, 2), round(close, 2), round(place, 2), round(score(flag), 1)) == (4.7, 0.53, 1.04, 7.3)
    assert flag.details["expected"] == pytest.approx(9 / 181)


def test_contributions_add_up_to_the_score() -> None:
    for flag in ask(ring()).values():
        assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(score(flag), abs=1e-9)


def test_far_apart_in_time_counts_less_than_close() -> None:
    scores = [score(only(pair(apart=apart))) for apart in (0.0, 0.5, 1.0, 2.0, 2.9)]
    assert scores == sorted(scores, reverse=True)


def test_children_of_one_home_count_a_quarter_and_it_is_said() -> None:
    town = pair()
    door = town.place("home", "childrens_home")
    for at in range(3):
        for name in ("a", "b"):
            town.tie(f"event:{name}{at}", door, "went_missing_from")
    flag = only(town)
    assert score(flag) == pytest.approx(score(only(pair())) / 4)
    assert contribution(flag, "children of one home") == pytest.approx(-3 * score(flag))
    assert flag.details["one_address"] is True


def test_children_of_one_address_count_a_quarter_and_the_address_is_not_named() -> None:
    town = pair()
    home = town.place("h", "home_address")
    for name in ("a", "b"):
        town.tie(f"person:{name}", home, "lives_at")
    flag = only(town)
    assert score(flag) == pytest.approx(score(only(pair())) / 4)
    assert not any("place:h" in reason.text for reason in flag.reasons)


def ring() -> Town:
    """Three children in changing pairs on six nights."""
    town = Town()
    children = {name: town.person(name, age=14) for name in "abc"}
    for at, out in enumerate(("ab", "bc", "ac", "ab", "bc", "ac")):
        for name in out:
            town.missing(f"{name}{at}", children[name], night(10 + 11 * at, 21))
    return town


def test_a_third_child_missing_with_both_adds_to_the_pair() -> None:
    flag = ask(ring())["person:a", "person:b"]
    assert contribution(flag, "Each of the two was also missing") > 0.5


def test_without_the_third_child_the_score_is_less_by_what_is_stated() -> None:
    flag = ask(ring())["person:a", "person:b"]
    (reason,) = (reason for reason in flag.reasons if "Each of the two" in reason.text)
    less = ask(ring().without(reason.ties))["person:a", "person:b"]
    assert score(flag) - score(less) == pytest.approx(reason.contribution, abs=1e-9)


def test_a_recorded_friendship_is_shown_and_counts_nothing() -> None:
    town = pair()
    town.tie("person:a", "person:b", "friend_of")
    flag = only(town)
    assert score(flag) == pytest.approx(score(only(pair())))
    assert [reason.contribution for reason in flag.reasons if "friends" in reason.text] == [0.0]


def test_two_agencies_records_of_one_night_count_once() -> None:
    town = pair()
    town.missing("care", "person:b", night(20, 20.5), hours=5)
    assert score(only(town)) == pytest.approx(score(only(pair())))


def test_reasons_name_both_agencies_records() -> None:
    town = pair()
    town.missing("care", "person:b", night(20, 20.5), hours=5)
    assert any("event:care" in reason.events for reason in only(town).reasons)


def test_away_and_absent_do_not_count() -> None:
    town = pair(1)
    town.nodes["event:b0"]["event_type"] = "away_or_absent"
    assert ask(town) == {}


def test_pairs_of_adults_are_not_listed() -> None:
    town = pair()
    for name in ("a", "b"):
        town.person(name, age=19)
    assert ask(town) == {}


def test_hours_are_those_of_the_clocks_of_england() -> None:
    assert any("missing from 21:00" in reason.text for reason in only(pair(1)).reasons)


def test_one_night_alone_is_said_to_be_little() -> None:
    said = only(pair(1)).details["not_known"]
    assert isinstance(said, list) and "They coincide once only: that can be chance." in said


def test_unrelated_children_change_no_score() -> None:
    town = pair(3, found=1)
    far = Town()
    for at in range(12):
        child = far.person(f"z{at}", age=14)
        far.missing(f"z{at}", child, night(10 * at + 3, 22))
    before, after = only(town, week_repeats=99), ask(town.joined(far), week_repeats=99)["person:a", "person:b"]
    assert before.reasons == after.reasons
    assert {key: value for key, value in before.details.items() if key != "share_by_chance"} == {
        key: value for key, value in after.details.items() if key != "share_by_chance"
    }


def test_the_same_seed_gives_the_same_flags() -> None:
    assert ask(ring(), seed=3, stability_runs=5, week_repeats=99) == ask(
        ring(), seed=3, stability_runs=5, week_repeats=99
    )


def test_stability_falls_with_fewer_nights() -> None:
    steady = [only(pair(nights), stability_runs=50).stability for nights in (1, 6)]
    assert steady[0] is not None and steady[1] is not None and steady[0] < steady[1]


def test_p_by_whole_weeks_of_one_night_is_one_shift_in_twenty_five() -> None:
    """Both on a Saturday: of 25 by 25 shifts 25 meet."""
    case = prepare(pair(1).snapshot(), checked(THIS, ALL))
    scored = weigh(case, case.records.joined())
    found = by_weeks(case, scored, 0, 9_999, (1, 2))
    assert found is not None
    assert abs(found - 1 / 25) < 3 * math.sqrt(1 / 25 * 24 / 25 / 9_999)


def test_p_by_whole_weeks_is_large_for_a_child_who_is_out_every_evening() -> None:
    """Any of five evenings of that weekday may fall on the other child's: 1 - (4/5)^5."""
    town = Town()
    one, other = town.person("a", age=14), town.person("b", age=14)
    for day in range(70):
        town.missing(f"a{day}", one, night(day + 5, 20), hours=3)
    town.missing("b", other, night(40, 20), hours=3)
    case = prepare(town.snapshot(), checked(THIS, {**ALL, "spread": 14}))
    found = by_weeks(case, weigh(case, case.records.joined()), 0, 9_999, (1,))
    assert found is not None
    assert abs(found - (1 - 0.8**5)) < 3 * math.sqrt(0.8**5 * (1 - 0.8**5) / 9_999)


def test_moving_by_weeks_leaves_no_real_coincidence() -> None:
    """Nights 1, 2, 4, 8 ... days apart: no shift by weeks puts more than one of one child on one of the other's."""
    town = Town()
    one, other = town.person("a", age=14), town.person("b", age=15)
    for at in range(8):
        town.missing(f"a{at}", one, night(2**at, 20))
        town.missing(f"b{at}", other, night(2**at, 20))
    case = prepare(town.snapshot(), checked(THIS, ALL))
    episodes: MissingEpisodes = case.records.joined()
    real = weigh(case, episodes).score.max()
    for seed in range(40):
        assert by_chance(case, episodes, np.random.default_rng(seed)).max(initial=0.0) < real / 3


def test_chance_of_nobody_is_nothing() -> None:
    case = prepare(Town().snapshot(), checked(THIS, ALL))
    assert len(by_chance(case, case.records.joined(), np.random.default_rng(1))) == 0


def evenings(children: int, each: int, seed: int) -> Town:
    generator = np.random.default_rng(seed)
    town = Town()
    for child in range(children):
        person = town.person(f"{child:03d}", age=14)
        for at in range(each):
            start = night(int(generator.integers(5, 700)), 20 + float(generator.normal(0, 1.5)))
            town.missing(f"{child:03d}-{at}", person, start, hours=7)
    return town


def test_evenings_at_random_make_no_strong_or_moderate_pair() -> None:
    """Negative control."""
    flags = ask(evenings(100, 5, 4), largest_share_by_chance=0.1, chance_pairs=30_000)
    assert [flag for flag in flags.values() if flag.band is not Band.SLIGHT] == []
    assert len(flags) <= 2


def test_one_planted_pair_is_found_among_evenings_at_random() -> None:
    town = evenings(60, 4, 5).joined(pair(5, apart=0.3))
    flags = ask(town, largest_share_by_chance=0.1, chance_pairs=20_000)
    assert next(iter(flags)) == ("person:a", "person:b")
    assert flags["person:a", "person:b"].band is Band.STRONG


def test_nobody_missing_gives_no_flags() -> None:
    town = Town()
    town.person("a", age=14)
    assert ask(town, stability_runs=5) == {}


def test_progress_can_end_the_run() -> None:
    def stop(share: float, what: str) -> None:
        if share > 0.3:
            raise KeyboardInterrupt(what)

    with pytest.raises(KeyboardInterrupt):
        run(THIS, pair().snapshot(), ALL, progress=stop)
