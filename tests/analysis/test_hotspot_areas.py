"""Areas with more than their people would bring: found when planted, silent when not, explained in full."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from analysis import hotspot_areas
from analysis.hotspot_areas import SPEC, layer_band
from analysis.run import run, run_to_json
from analysis.spec import Detector
from graph.errors import UsageError
from graph.flags import Band, Flag, Run
from tests.analysis.area_towns import Squared, filled, plain_json, quick
from tests.analysis.build import night
from viz.wording import check

DETECTOR = Detector(SPEC, hotspot_areas.detect)
#: an area and its four neighbours
PLANTED = {"A12": 3.0, "A21": 3.0, "A22": 3.0, "A23": 3.0, "A32": 3.0}


def ask(squared: Squared, seed: int = 0, **parameters: Any) -> Run:
    return run(DETECTOR, squared.snapshot(), quick(**{"max_fraction": 0.2, **parameters}), seed)


def with_a_cluster() -> Squared:
    return filled(3, width=7, height=6, mean=14.0, more=PLANTED)


@pytest.fixture(scope="module")
def planted() -> Squared:
    return with_a_cluster()


@pytest.fixture(scope="module")
def flag(planted: Squared) -> Flag:
    flags = ask(planted, stability_runs=10).flags
    assert len(flags) == 1
    return flags[0]


def test_the_planted_areas_and_no_others_are_named(flag: Flag) -> None:
    assert flag.subjects == tuple(f"locality:{area}" for area in PLANTED)
    assert flag.details["locality_ids"] == list(PLANTED)
    assert flag.details["p_value"] == 1 / 200
    assert 2.3 < float(str(flag.details["relative_risk"])) < 3.7
    assert flag.stability is not None and flag.stability > 0.8


def test_the_parts_of_the_areas_add_up_to_the_log_likelihood_ratio(planted: Squared, flag: Flag) -> None:
    total = len([event for event in planted.points if event.startswith("event:")])
    inside = sum(event[6:9] in PLANTED for event in planted.points)
    expected = total * 5 / 42
    plain = inside * math.log(inside / expected) + (total - inside) * math.log((total - inside) / (total - expected))
    assert flag.details["observed"] == inside
    assert flag.details["expected"] == pytest.approx(expected)
    assert flag.details["score"] == flag.details["log_likelihood_ratio"] == pytest.approx(plain, abs=1e-9)
    assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(plain, abs=1e-9)


def test_every_reason_names_its_events(planted: Squared, flag: Flag) -> None:
    named = [event for reason in flag.reasons for event in reason.events]
    assert sorted(named) == sorted(event for event in planted.points if event[6:9] in PLANTED)


def test_details_are_plain_json(flag: Flag) -> None:
    assert plain_json(dict(flag.details))
    assert type(flag.strength) is float and all(type(reason.contribution) is float for reason in flag.reasons)


def test_nothing_says_who_a_child_is(planted: Squared) -> None:
    text = json.dumps(run_to_json(ask(planted)))
    assert "person:" not in text


def test_the_words_keep_to_the_language_guide(flag: Flag) -> None:
    texts = [str(flag.details["summary"]), *flag.cautions, flag.would_clear, *(reason.text for reason in flag.reasons)]
    assert not [problem for text in texts for problem in check(text)]


def test_the_first_flag_brings_the_whole_map(flag: Flag) -> None:
    layer = flag.details["layer"]
    assert isinstance(layer, list) and len(layer) == 42
    bands = {area["locality"]: area["band"] for area in layer if isinstance(area, dict)}
    assert bands["A22"] in ("high", "raised")


@pytest.mark.parametrize("seed", range(8))
def test_chance_alone_is_mostly_silent(seed: int) -> None:
    assert len(ask(filled(seed + 40)).flags) <= 1


def test_chance_is_flagged_in_few_towns() -> None:
    flagged = [seed for seed in range(20) if ask(filled(seed + 200, mean=12.0)).flags]
    assert len(flagged) <= 4


def test_an_unrelated_district_changes_nothing(planted: Squared, flag: Flag) -> None:
    both = filled(9, prefix="Z", east=40, town=with_a_cluster())
    again = next(other for other in ask(both).flags if other.subjects == flag.subjects)
    for name in ("score", "p_value", "observed", "expected", "windows", "children"):
        assert again.details[name] == flag.details[name]
    assert again.id == flag.id


def test_same_seed_same_flags(planted: Squared) -> None:
    assert ask(planted, 5, stability_runs=3).flags == ask(planted, 5, stability_runs=3).flags


def test_one_child_in_everything_is_said_and_weakens_the_band() -> None:
    squared = filled(5, mean=20.0)
    for day in range(60):
        squared.event("A11", 10 + day, ("person:same",))
    found = next(flag for flag in ask(squared).flags if "locality:A11" in flag.subjects)
    without = found.details["without_largest_child"]
    assert isinstance(without, dict)
    assert without["events_of_that_child"] == 60
    assert float(str(without["p_value"])) > 0.05
    assert float(str(found.details["children_p_value"])) > 0.05
    assert found.details["score"] > hotspot_areas.STRONG  # type: ignore[operator]
    assert found.band is Band.MODERATE


def test_the_edge_and_small_numbers_are_said() -> None:
    squared = Squared()
    squared.grid(5, 4)
    for area in squared.cells:
        for day in range(10):
            squared.event(area, 10 + day)
    for day in range(40):
        squared.event("A00", 10 + day, ("person:one",))
    found = ask(squared, max_fraction=0.1).flags[0]
    assert found.details["touches_edge"] is True
    assert any("edge of the covered ground" in text for text in found.cautions)
    assert any("Fewer than 5 different children" in text for text in found.cautions)


def test_residents_as_denominator_are_said() -> None:
    squared = with_a_cluster()
    squared.population = dict.fromkeys(squared.cells, 100.0)
    found = ask(squared).flags[0]
    assert found.details["denominator"] == "recorded population"
    assert any("No ambient exposure" in text for text in found.cautions)


def test_an_area_that_is_not_raised_itself_is_named_apart() -> None:
    squared = filled(3, mean=60.0, more={"A10": 4.0, "A12": 4.0, "A11": 0.9, "A21": 4.0, "A01": 4.0})
    flags = ask(squared, max_fraction=0.3).flags
    assert all("A11" not in flag.details["locality_ids"] for flag in flags)  # type: ignore[operator]
    assert any("A11" in flag.details["inside_not_raised"] for flag in flags)  # type: ignore[operator]


def test_events_without_a_place_are_not_forgotten() -> None:
    squared = with_a_cluster()
    for number in range(7):
        squared.town.event(f"lost{number}", "incident", night(30))
    said = ask(squared).flags[0].details["not_known"]
    assert isinstance(said, list) and "7 events" in str(said[0])


def test_no_areas_no_flags() -> None:
    assert run(DETECTOR, Squared().snapshot(), quick()).flags == ()


def test_a_kind_there_is_not_is_refused(planted: Squared) -> None:
    with pytest.raises(UsageError, match="harm"):
        ask(planted, events="harm rumours")


def test_what_progress_raises_ends_the_run(planted: Squared) -> None:
    def stop(share: float, what: str) -> None:
        if share > 0.2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(DETECTOR, planted.snapshot(), quick(), progress=stop)


def test_progress_rises_to_the_end(planted: Squared) -> None:
    shares: list[float] = []
    run(DETECTOR, planted.snapshot(), quick(), progress=lambda share, what: shares.append(share))
    assert shares == sorted(shares) and shares[-1] == 1


def test_words_of_the_layer() -> None:
    words = [layer_band(3, 2, True), layer_band(-3, 0.5, True), layer_band(1, 1.3, False), layer_band(0, 1, False)]
    assert words == ["high", "lower", "raised", "usual"]


def test_the_worked_example_is_worked_right() -> None:
    inside, outside = 100 * math.log(2), 900 * math.log(900 / 950)
    assert [round(inside, 1), round(outside, 1), round(inside + outside, 1)] == [69.3, -48.7, 20.7]
    assert round(60 * math.log(2) + outside * 30 / 50, 1) == 12.4
    assert round(40 * math.log(2) + outside * 20 / 50, 1) == 8.3
    assert round((100 / 50) / (900 / 950), 1) == 2.1
    assert np.isclose(12.393 + 8.262, inside + outside, atol=1e-3)
