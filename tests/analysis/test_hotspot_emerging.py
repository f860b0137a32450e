"""Areas that grow: found against their own past, silent where nothing changes, explained in full."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import numpy as np
import pytest

from analysis import hotspot_emerging
from analysis.hotspot_emerging import SPEC
from analysis.hotspot_emerging_scan import History
from analysis.hotspot_emerging_season import easter, season_words
from analysis.run import run, run_to_json
from analysis.spec import Detector
from graph.flags import Flag, Run
from tests.analysis.area_towns import Squared, filled, plain_json, quick
from viz.wording import check

DETECTOR = Detector(SPEC, hotspot_emerging.detect)
DAYS = 7 * 112


def ask(squared: Squared, seed: int = 0, **parameters: Any) -> Run:
    return run(DETECTOR, squared.snapshot(), quick(**parameters), seed)


def growing(seed: int = 3, *, area: str = "A22", more: int = 16, prefix: str = "A", days: int = 28) -> Squared:
    """Steady squares, and one with that many further events in its last days."""
    squared = filled(seed, width=5, height=5, mean=45, days=DAYS)
    generator = np.random.default_rng(seed)
    for at in range(more):
        squared.event(area, int(generator.integers(0, days)), (f"person:{prefix}new{at % 9}",))
    return squared


@pytest.fixture(scope="module")
def planted() -> Squared:
    return growing()


@pytest.fixture(scope="module")
def flag(planted: Squared) -> Flag:
    flags = ask(planted, stability_runs=10).flags
    assert len(flags) == 1
    return flags[0]


def test_the_growing_area_and_no_other_is_named(flag: Flag) -> None:
    assert flag.subjects == ("locality:A22",)
    assert flag.details["emerging"] is True
    assert float(str(flag.details["p_value"])) <= 0.01
    assert 2 <= int(str(flag.details["weeks"])) <= 6
    assert flag.stability is not None and flag.stability >= 0.5


def test_the_parts_add_up_to_the_score(flag: Flag) -> None:
    assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(flag.details["score"], abs=1e-9)
    assert flag.details["score"] == pytest.approx(flag.details["log_likelihood_ratio"], abs=1e-9)


def test_the_days_are_whole_weeks_up_to_the_as_at_date(flag: Flag) -> None:
    first, last = (dt.date.fromisoformat(str(flag.details[name])) for name in ("from", "to"))
    assert (last - first).days + 1 == 7 * int(str(flag.details["weeks"]))
    assert last == dt.date(2026, 6, 1)


def test_every_event_counted_is_named(planted: Squared, flag: Flag) -> None:
    named = {event for reason in flag.reasons for event in reason.events}
    assert len(named) == flag.details["observed"]
    assert all(event.startswith("event:A22") for event in named)


def test_details_are_plain_json(flag: Flag) -> None:
    assert plain_json(dict(flag.details))
    assert type(flag.strength) is float and all(type(reason.contribution) is float for reason in flag.reasons)


def test_nothing_says_who_a_child_is(planted: Squared) -> None:
    assert "person:" not in json.dumps(run_to_json(ask(planted)))


def test_the_words_keep_to_the_language_guide(flag: Flag) -> None:
    texts = [str(flag.details["summary"]), *flag.cautions, flag.would_clear, *(reason.text for reason in flag.reasons)]
    assert not [problem for text in texts for problem in check(text)]
    assert "windows" in str(flag.details["summary"])


def test_an_area_that_is_always_busy_does_not_grow() -> None:
    squared = filled(6, width=5, height=5, mean=25, days=DAYS, more={"A22": 12.0})
    assert ask(squared).flags == ()


def test_few_towns_without_growth_are_flagged() -> None:
    assert sum(bool(ask(filled(seed, width=5, height=5, mean=30, days=DAYS)).flags) for seed in range(300, 320)) <= 4


def test_an_unrelated_district_changes_nothing(flag: Flag) -> None:
    both = filled(9, prefix="Z", east=40, days=DAYS, town=growing())
    again = next(other for other in ask(both).flags if other.subjects == flag.subjects)
    for name in ("score", "p_value", "observed", "expected", "windows", "children", "trend"):
        assert again.details[name] == flag.details[name]


def test_same_seed_same_flags(planted: Squared) -> None:
    assert ask(planted, 5, stability_runs=3).flags == ask(planted, 5, stability_runs=3).flags


def test_without_a_past_nothing_is_called_growth() -> None:
    squared = filled(3, width=5, height=5, mean=30, days=100)
    assert ask(squared).flags == ()


def test_the_past_begins_with_the_first_record() -> None:
    """Records of half a year only: the baseline is that of half a year, not diluted by empty months before."""
    squared = filled(3, width=5, height=5, mean=25, days=7 * 34)
    assert ask(squared).flags == ()


def test_one_child_in_everything_is_said() -> None:
    squared = filled(8, width=5, height=5, mean=45, days=DAYS)
    for day in range(16):
        squared.event("A22", day, ("person:same",))
    found = ask(squared).flags[0]
    without = found.details["without_largest_child"]
    assert isinstance(without, dict) and without["events_of_that_child"] == 16
    assert float(str(without["p_value"])) > 0.05


def test_a_rise_everywhere_is_said() -> None:
    squared = growing(4, more=22)
    for area in list(squared.cells):
        squared.event(area, 3)
        squared.event(area, 12)
    cautions = [text for flag in ask(squared).flags for text in flag.cautions]
    assert any("All areas of the region together" in text for text in cautions)


def test_no_areas_no_flags() -> None:
    assert run(DETECTOR, Squared().snapshot(), quick()).flags == ()


def test_baselines_are_the_areas_own_and_not_drawn_to_the_mean() -> None:
    past = np.array([[10.0] * 20, [0.0] * 20])
    history = History(np.arange(2), np.zeros((2, 2)), past, np.zeros((2, 4)))
    assert history.baseline == pytest.approx([200.5 / 20, 0.5 / 20])


def test_variation_is_what_chance_does_not_explain() -> None:
    generator = np.random.default_rng(1)
    level = np.repeat(generator.gamma(1 / 0.1, 0.1, (200, 13)), 8, axis=1)
    past = generator.poisson(4.0 * level).astype(float)
    history = History(np.arange(200), np.zeros((200, 2)), past, np.zeros((200, 8)))
    assert history.variation == pytest.approx(0.1, abs=0.02)
    even = generator.poisson(np.full((200, 104), 4.0)).astype(float)
    assert History(np.arange(200), np.zeros((200, 2)), even, np.zeros((200, 8))).variation < 0.01


@pytest.mark.parametrize("day", ["2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25", "1961-04-02"])
def test_easter_as_in_the_calendar(day: str) -> None:
    assert easter(int(day[:4])).isoformat() == day


def test_weeks_of_halloween_and_of_no_season() -> None:
    assert "Halloween" in season_words(dt.date(2025, 10, 20), dt.date(2025, 11, 3))[0]
    assert "Christmas" in season_words(dt.date(2026, 1, 2), dt.date(2026, 1, 20))[0]
    assert season_words(dt.date(2026, 6, 10), dt.date(2026, 7, 1)) == ()


def test_the_worked_example_is_worked_right() -> None:
    expected = (80 + 0.5) / 104 * 4
    variation = 0.02 + 1 / 80.5
    extra = variation * expected**2
    assert [round(expected, 1), round(variation, 3), round(extra, 2)] == [3.1, 0.032, 0.31]
    plain = 11 * math.log(11 / expected) - (11 - expected)
    discount = expected / (expected + extra)
    assert [round(plain, 2), round(discount, 2), round(plain * discount, 1)] == [6.04, 0.91, 5.5]
