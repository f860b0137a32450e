"""Rates by group at each stage, on small towns that can be counted by hand."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.disproportionality_groups import age_group
from analysis.equity import relative_rate
from analysis.outcomes import NO_OUTCOMES, Outcome, Outcomes
from analysis.registry import detector
from analysis.run import run, run_to_json
from graph.flags import Band, Flag, FlagState, Run
from graph.model import FlagId, NodeId
from graph.snapshot import AreaTables, Snapshot
from tests.analysis.build import Town, days_ago, night
from viz.wording import check


class Hub(Town):
    """A town whose children are told by how many of which group reach which stage."""

    def children(
        self,
        ethnicity: str | None,
        many: int,
        *,
        referred: int = 0,
        opened: int = 0,
        stopped: int = 0,
        **more: Any,
    ) -> list[str]:
        """The first so many are referred, the first so many open, the first so many stopped."""
        found = [self.person(f"{ethnicity}{len(self.nodes)}", age=14, ethnicity=ethnicity, **more) for _ in range(many)]
        for number, child in enumerate(found):
            if number < referred:
                self.took_part(child, self.event(f"r{child[7:]}", "referral", night(30)), "subject")
            if number < opened:
                self.open_to_hub(child)
            if number < stopped:
                self.took_part(child, self.event(f"s{child[7:]}", "stop_and_search", night(40)), "mentioned")
        return found


def square(west: float, size: float) -> bytes:
    return bytes(shapely.to_wkb(shapely.MultiPolygon([shapely.box(west, 0, west + size, size)])))


def ask(town: Town, outcomes: Outcomes = NO_OUTCOMES, areas: AreaTables | None = None, **parameters: Any) -> Run:
    snapshot = town.snapshot()
    if areas is not None:
        snapshot = dataclasses.replace(snapshot, areas=areas)
    return run("disproportionality", snapshot, {"stability_runs": 0, **parameters}, 1, outcomes=outcomes)


def flag_of(found: Run, key: str) -> Flag:
    (flag,) = [flag for flag in found.flags if flag.details["characteristic"] == key]
    return flag


def table(found: Run, key: str, stage: str, base: str, name: str | None = None) -> dict[str, dict[str, Any]]:
    """Rows by label of the group."""
    details: Any = flag_of(found, key).details
    (chosen,) = [
        item for item in details["tables"] if (item["stage"], item["base"], item["detector"]) == (stage, base, name)
    ]
    return {details["groups"][row["group"]]: row for row in chosen["rows"]}


def flagged(
    children: Sequence[str], accepted: int, dismissed: int, name: str = "peripheral_children", *, current: bool = True
) -> list[Outcome]:
    """A flag a child; the first so many accepted, then so many dismissed."""
    states = [FlagState.ACCEPTED] * accepted + [FlagState.DISMISSED] * dismissed
    states += [FlagState.NEW] * (len(children) - len(states))
    return [
        Outcome(FlagId(f"{name} {child}"), name, Band.STRONG, (NodeId(child),), state, None, current)
        for child, state in zip(children, states, strict=True)
    ]


def reviewed(*rows: Iterable[Outcome]) -> Outcomes:
    return Outcomes(tuple(sorted((row for each in rows for row in each), key=lambda row: row.flag)))


# -- counting ----------------------------------------------------------------------------------------------------------
def test_children_are_counted_once_and_not_their_records() -> None:
    town = Hub()
    (child, *_) = town.children("WBRI", 20, referred=10)
    for number in range(7):
        town.took_part(child, town.event(f"again{number}", "referral", night(60 + number)), "subject")
    row = table(ask(town), "ethnicity", "referral", "recorded")["White"]
    assert (row["count"], row["base"], row["rate"]) == (10, 20, 0.5)


def test_each_stage_is_out_of_the_one_before_and_out_of_everybody() -> None:
    town = Hub()
    town.children("WBRI", 100, referred=40, opened=20)
    found = ask(town)
    assert table(found, "ethnicity", "opened", "recorded")["White"]["rate"] == 0.2
    assert table(found, "ethnicity", "opened", "referred")["White"]["rate"] == 0.5


def test_only_children_from_ten_to_seventeen_and_only_the_period() -> None:
    town = Hub()
    children = town.children("WBRI", 10)
    for number, age in enumerate((9, 9, 9, 9, 9, 9, 18, 18, 18, 18, 18, 18)):
        person = town.person(f"other{number}", age=age, ethnicity="WBRI")
        town.took_part(person, town.event(f"o{number}", "referral", night(30)), "subject")
    for child in children:
        town.took_part(child, town.event(f"old{child[7:]}", "referral", night(800)), "subject")
    row = table(ask(town), "ethnicity", "referral", "recorded")["White"]
    assert (row["count"], row["base"]) == (0, 10)


def test_whoever_writes_or_chairs_is_not_counted() -> None:
    town = Hub()
    for child in town.children("WBRI", 10):
        town.took_part(child, town.event(f"e{child[7:]}", "referral", night(30)), "reporter")
    assert table(ask(town), "ethnicity", "referral", "recorded")["White"]["count"] == 0


def test_what_is_not_recorded_is_a_row_of_its_own() -> None:
    town = Hub()
    town.children("WBRI", 50, referred=10)
    town.children(None, 15, referred=10)
    town.children("REFU", 5, referred=5)
    row = table(ask(town), "ethnicity", "referral", "recorded")["Not recorded"]
    assert (row["count"], row["base"]) == (15, 20)
    assert row["ratio"] == pytest.approx(15 / 20 * 5)


def test_groups_are_those_of_the_census_and_in_detail() -> None:
    town = Hub()
    for code in ("WBRI", "WROM", "MWBC", "APKN", "CHNE", "BCRB", "OOTH"):
        town.children(code, 10, referred=10)
    found = ask(town)
    details: Any = flag_of(found, "ethnicity").details
    rows = table(found, "ethnicity", "referral", "recorded")
    assert {label: row["count"] for label, row in rows.items()} == {
        "White": 20, "Mixed or multiple ethnic groups": 10, "Asian or Asian British": 20,
        "Black, African, Caribbean or Black British": 10, "Other ethnic group": 10, "Not recorded": 0,
    }  # fmt: skip
    (narrow,) = [item for item in details["detail"]["tables"] if item["stage"] == "referral"]
    counted = {details["detail"]["groups"][row["group"]]: row["count"] for row in narrow["rows"]}
    assert {label for label, count in counted.items() if count} >= {"Gypsy or Roma", "Chinese", "Pakistani"}


def test_sex_needs_and_care() -> None:
    town = Hub()
    town.children("WBRI", 10, referred=10, sex="F", send=True)
    for child in town.children("WBRI", 20, referred=10, sex="M", send=False):
        town.episode(child, "looked_after", days_ago(50), None)
    for child in town.children("WBRI", 10, sex="U"):
        town.episode(child, "looked_after", days_ago(90), days_ago(50))
    found = ask(town)
    assert [row["base"] for row in table(found, "sex", "referral", "recorded").values()] == [10, 20, 10]
    assert [row["base"] for row in table(found, "send", "referral", "recorded").values()] == [10, 20, 10]
    assert [row["base"] for row in table(found, "looked_after", "referral", "recorded").values()] == [20, 20]


# -- the population ----------------------------------------------------------------------------------------------------
def areas(*rows: tuple[int, str, str, str, float], sizes: Sequence[float] = (10,)) -> AreaTables:
    shapes = tuple(square(100 * number if len(sizes) == 1 else 0, size) for number, size in enumerate(sizes))
    return AreaTables(tuple(f"L{number}" for number in range(len(sizes))), shapes, (), tuple(rows))


def test_the_population_is_of_that_age_in_the_widest_areas() -> None:
    town = Hub()
    town.children("WBRI", 50, referred=40)
    living = areas(
        (0, "10-17", "F", "WBRI", 300.0), (0, "10-17", "M", "WBRI", 100.0), (0, "0-9", "M", "WBRI", 999.0),
        (0, "16-24", "M", "WBRI", 999.0), (1, "10-17", "F", "WBRI", 77.0), sizes=(10, 3),
    )  # fmt: skip
    row = table(ask(town, areas=living), "ethnicity", "referral", "population")["White"]
    assert (row["base"], row["rate"]) == (400, 0.1)


def test_who_is_not_recorded_lives_nowhere_in_the_figures() -> None:
    town = Hub()
    town.children("WBRI", 50, referred=40)
    town.children(None, 30, referred=30)
    row = table(ask(town, areas=areas((0, "10-17", "F", "WBRI", 300.0))), "ethnicity", "referral", "population")
    assert (row["Not recorded"]["count"], row["Not recorded"]["base"], row["Not recorded"]["ratio"]) == (30, None, None)


def test_a_part_of_the_records_has_no_population() -> None:
    town = Hub()
    town.children("WBRI", 50, referred=40)
    snapshot = dataclasses.replace(town.snapshot(), scope="school:1", areas=areas((0, "10-17", "F", "WBRI", 300.0)))
    found = run("disproportionality", snapshot, {"stability_runs": 0})
    assert table(found, "ethnicity", "referral", "recorded")["White"]["base"] == 50


@pytest.mark.parametrize(
    ("band", "group"),
    [("10-17", 0), ("10 to 14", 0), ("15–17", 0), ("12", 0), ("18-24", 1), ("65+", 1), ("0-9", None), ("16-24", None),
     ("5-17", None), ("all ages", None), ("", None)],
)  # fmt: skip
def test_bands_of_ages(band: str, group: int | None) -> None:
    assert age_group(band) == group


# -- comparing ---------------------------------------------------------------------------------------------------------
def test_a_difference_by_hand() -> None:
    """60 of 1,000 and 200 of 8,000, as on the method page."""
    town = Hub()
    town.children("BCRB", 60, referred=60)
    town.children("WBRI", 200, referred=200)
    living = areas((0, "10-17", "F", "BCRB", 1_000.0), (0, "10-17", "F", "WBRI", 8_000.0))
    found = ask(town, areas=living)
    row = table(found, "ethnicity", "referral", "population")["Black, African, Caribbean or Black British"]
    error = math.sqrt(1 / 60 + 1 / 200 + 2 / 60**2 + 2 / 200**2)
    assert row["ratio"] == pytest.approx(2.4)
    assert row["low"] == pytest.approx(2.4 * math.exp(-1.96 * error), abs=5e-4)
    assert [row["low"], row["high"]] == pytest.approx([1.79, 3.22], abs=0.006)
    flag = flag_of(found, "ethnicity")
    assert flag.band is Band.STRONG
    assert flag.reasons[0].contribution == pytest.approx(math.log(2.4) - 1.959964 * error, abs=1e-6)
    assert round(flag.reasons[0].contribution, 2) == 0.58


def test_families_widen_the_interval_as_on_the_method_page() -> None:
    town = Hub()
    children = town.children("BCRB", 60, referred=60)
    for one, other in zip(children[::2], children[1::2], strict=True):
        town.tie(one, other, "sibling_of")
    town.children("WBRI", 200, referred=200)
    living = areas((0, "10-17", "F", "BCRB", 1_000.0), (0, "10-17", "F", "WBRI", 8_000.0))
    row = table(ask(town, areas=living), "ethnicity", "referral", "population")[
        "Black, African, Caribbean or Black British"
    ]
    assert (row["families"], [round(row[end], 2) for end in ("low", "high")]) == (30, [1.63, 3.53])


def test_equal_rates_are_a_slight_flag_that_says_so() -> None:
    town = Hub()
    town.children("WBRI", 200, referred=50, opened=25, stopped=50)
    town.children("APKN", 100, referred=25, opened=13, stopped=25)
    flag = flag_of(ask(town, stability_runs=3), "ethnicity")
    assert (flag.band, flag.strength, flag.details["score"], flag.stability) == (Band.SLIGHT, 0.0, 0.0, None)
    assert "no proof" in flag.reasons[0].text


def test_a_lower_rate_stands_out_as_well() -> None:
    town = Hub()
    town.children("WBRI", 400, referred=200, opened=150)
    town.children("APKN", 400, referred=200, opened=40)
    flag = flag_of(ask(town), "ethnicity")
    assert [reason.text.split(",")[0] for reason in flag.reasons] == [
        "Asian or Asian British: opened to the hub 0.27 times as often as White"
    ]


def test_what_stands_out_when_records_are_missing_is_steady() -> None:
    town = Hub()
    town.children("WBRI", 400, referred=100)
    town.children("APKN", 400, referred=300)
    assert flag_of(ask(town, stability_runs=5), "ethnicity").stability == 1.0


# -- flags -------------------------------------------------------------------------------------------------------------
def test_flags_and_false_flags_by_group() -> None:
    town = Hub()
    white, asian = town.children("WBRI", 100), town.children("APKN", 100)
    outcomes = reviewed(flagged(white[:40], 30, 10), flagged(asian[:40], 10, 30))
    found = ask(town, outcomes)
    assert table(found, "ethnicity", "flagged", "recorded")["Asian or Asian British"]["ratio"] == 1.0
    row = table(found, "ethnicity", "not_confirmed", "reviewed")["Asian or Asian British"]
    assert (row["count"], row["base"], row["ratio"]) == (30, 40, 3.0)
    assert row["stands_out"]


def test_flags_that_left_the_list_count_as_reviewed_and_not_as_flagged() -> None:
    town = Hub()
    children = town.children("WBRI", 100)
    found = ask(town, reviewed(flagged(children[:20], 10, 10, current=False)))
    assert table(found, "ethnicity", "flagged", "recorded")["White"]["count"] == 0
    assert table(found, "ethnicity", "confirmed", "reviewed")["White"]["base"] == 20


def test_a_child_with_two_flags_is_one_child_and_confirmed_by_either() -> None:
    town = Hub()
    children = town.children("WBRI", 20)
    outcomes = reviewed(flagged(children, 0, 20), flagged(children, 20, 0, "repeat_missing"))
    found = ask(town, outcomes)
    assert table(found, "ethnicity", "confirmed", "reviewed")["White"]["rate"] == 1.0
    assert table(found, "ethnicity", "not_confirmed", "reviewed")["White"]["count"] == 0
    assert table(found, "ethnicity", "not_confirmed", "reviewed", "peripheral_children")["White"]["rate"] == 1.0


def test_flags_about_adults_are_counted_among_adults() -> None:
    town = Hub()
    town.children("WBRI", 20)
    adults = [town.person(f"a{number}", age=30, ethnicity="APKN") for number in range(30)]
    found = ask(town, reviewed(flagged(adults[:15], 0, 15, "shared_associates")))
    row = table(found, "ethnicity", "flagged", "recorded", "shared_associates")["Asian or Asian British"]
    assert (row["count"], row["base"]) == (15, 30)
    assert table(found, "ethnicity", "flagged", "recorded")["Asian or Asian British"]["count"] == 0


def test_the_run_is_of_its_outcomes_and_only_where_they_are_needed() -> None:
    town = Hub()
    outcomes = reviewed(flagged(town.children("WBRI", 10), 5, 5))
    assert ask(town).id != ask(town, outcomes).id
    snapshot = town.snapshot()
    plain = run("peripheral_children", snapshot, {"stability_runs": 0})
    assert run("peripheral_children", snapshot, {"stability_runs": 0}, outcomes=outcomes).id == plain.id


def test_shares_confirmed_without_small_counts() -> None:
    town = Hub()
    children = town.children("WBRI", 60)
    rows = reviewed(flagged(children[:30], 27, 3), flagged(children[30:], 15, 15, "repeat_missing"))
    entries: Any = flag_of(ask(town, rows), "sex").details["calibration"]
    few, many = entries
    assert (few["detector"], few["share"], few["mostly"], few["reviewed"]) == ("peripheral_children", None, True, 30)
    assert (many["share"], many["reviewed"]) == (0.5, 30)


# -- small numbers -----------------------------------------------------------------------------------------------------
def numbers(value: Any, skip: frozenset[str] = frozenset({"group", "groups", "level", "months"})) -> list[float]:
    """Every number in details but those that count nobody."""
    if isinstance(value, dict):
        return [found for key, item in value.items() if key not in skip for found in numbers(item, skip)]
    if isinstance(value, list):
        return [found for item in value for found in numbers(item, skip)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


groups = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)), min_size=4, max_size=4
)


def filled(made: list[tuple[int, int, int, int]]) -> tuple[Hub, Outcomes]:
    town, rows = Hub(), []
    for code, (many, referred, opened, verdicts) in zip(("WBRI", "APKN", "BCRB", None), made, strict=True):
        children = town.children(code, many, referred=referred, opened=opened, stopped=opened)
        rows += flagged(children[: verdicts // 2 * 2], min(verdicts // 2, many), 0)
    return town, reviewed(rows)


@settings(max_examples=25, deadline=None)
@given(groups)
def test_every_count_is_nought_or_a_multiple_of_five(made: list[tuple[int, int, int, int]]) -> None:
    town, rows = filled(made)
    for flag in ask(town, rows).flags:
        details = {name: value for name, value in flag.details.items() if name != "calibration"}
        assert all(number == 0 or (number >= 5 and number % 5 == 0) for number in numbers(details))


@settings(max_examples=25, deadline=None)
@given(groups)
def test_ratios_follow_from_the_rounded_counts(made: list[tuple[int, int, int, int]]) -> None:
    """So that they tell nothing else."""
    town, rows = filled(made)
    details: Any = flag_of(ask(town, rows), "ethnicity").details
    at = details["groups"].index(details["reference"]) if details["reference"] else 0
    for item in details["tables"]:
        reference = item["rows"][at]
        for row in item["rows"]:
            if row["ratio"] is None:
                continue
            assert None not in (row["count"], row["base"], reference["count"], reference["base"])
            pair = [row["count"], reference["count"]], [row["base"], reference["base"]]
            if row is not reference:
                again = relative_rate(*pair, reference=1, smallest=1, rounded_to=5)
                assert row["ratio"] == pytest.approx(float(again.ratio[0]), rel=1e-3)


def test_where_a_group_is_hidden_there_is_no_total() -> None:
    for few, expected in ((3, None), (10, 60)):
        town = Hub()
        town.children("WBRI", 50, referred=50)
        town.children("APKN", few, referred=few)
        details: Any = flag_of(ask(town), "ethnicity").details
        (item,) = [item for item in details["tables"] if item["stage"] == "referral"]
        assert (item["total"], item["total_base"]) == (expected, expected)


# -- what every detector keeps -----------------------------------------------------------------------------------------
@settings(max_examples=15, deadline=None)
@given(groups)
def test_reasons_add_up_and_the_queue_is_in_order(made: list[tuple[int, int, int, int]]) -> None:
    town, rows = filled(made)
    found = ask(town, rows)
    assert [flag.rank for flag in found.flags] == [1, 2, 3, 4]
    assert [flag.strength for flag in found.flags] == sorted((flag.strength for flag in found.flags), reverse=True)
    for flag in found.flags:
        assert math.fsum(reason.contribution for reason in flag.reasons) == pytest.approx(flag.details["score"])
        assert flag.subjects == () and 0 <= flag.strength <= 1
    assert ask(town, rows).flags == found.flags


def test_words_keep_to_the_language_guide_and_name_nobody() -> None:
    town = Hub()
    town.children("WBRI", 200, referred=20, stopped=10)
    town.children("APKN", 200, referred=150, stopped=150)
    spec = detector("disproportionality").spec
    said = [spec.title, spec.question, spec.method, spec.would_clear, *spec.cautions, *spec.not_known]
    said += [parameter.meaning for parameter in spec.parameters]
    for flag in ask(town).flags:
        said += [str(flag.details["summary"]), *(reason.text for reason in flag.reasons)]
    for text in said:
        assert not check(text), text
        assert not re.search(r"[{}]|person:", text)


def test_an_empty_hub_has_no_rates() -> None:
    found = ask(Town())
    assert [flag.band for flag in found.flags] == [Band.SLIGHT] * 4
    assert run_to_json(found)["flags"][0]["details"]["tables"]


def test_detail_can_be_left_out() -> None:
    town = Hub()
    town.children("WBRI", 10)
    assert "detail" not in flag_of(ask(town, detail=False), "ethnicity").details


def test_progress_can_cancel() -> None:
    class Cancelled(Exception):
        pass

    def stop(share: float, what: str) -> None:
        if share > 0.3:
            raise Cancelled

    snapshot: Snapshot = Hub().snapshot()
    with pytest.raises(Cancelled):
        run("disproportionality", snapshot, progress=stop)
