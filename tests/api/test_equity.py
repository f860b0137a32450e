"""Who is referred, opened and flagged: the page, the JSON, who sees which run, and what goes into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.bootstrap import Wiring
from api.views.equity import confirmed_like
from api.views.equity_shares import share_tables
from graph.access.gate import Gate
from graph.errors import Refused
from graph.flags import FlagState
from graph.store import Lens
from tests.api.conftest import Clock, make_hub
from tests.api.groups import (
    FAMILY_NAME,
    actor_of,
    add_groups,
    children,
    compare,
    flag_children,
)
from tests.api.http import Client

LogIn = Callable[[str], Client]
BLACK = "Black, African, Caribbean or Black British"
#: key of the restriction of what operation OP2 alone knows
OP2 = frozenset({"operation:OP2;conditional"})


@pytest.fixture
def groups(hub: Wiring) -> Wiring:
    add_groups(hub)
    return hub


def told(client: Client) -> dict[str, dict[str, Any]]:
    """Items by characteristic."""
    answer = client.get("/api/v1/equity")
    assert answer.status_code == 200, answer.text
    return {item["characteristic"]: item for item in answer.json()["items"]}


def row(item: dict[str, Any], stage: str, base: str, label: str) -> dict[str, Any]:
    (table,) = [
        table for table in item["tables"] if (table["stage"], table["base"], table["detector"]) == (stage, base, None)
    ]
    found: dict[str, Any] = table["rows"][item["groups"].index(label)]
    return found


def gate_of(wiring: Wiring, name: str) -> Gate:
    return wiring.gate(actor_of(wiring, name))


def test_before_anybody_ran_it_the_page_says_so(as_user: LogIn) -> None:
    client = as_user("governance")
    assert told(client) == {}
    assert "not been worked out yet" in client.get("/equity").text


def test_rates_by_group_are_told(groups: Wiring, as_user: LogIn) -> None:
    compare(groups)
    item = told(as_user("governance"))["ethnicity"]
    asian = row(item, "referral", "population", "Asian or Asian British")
    assert (asian["count"], asian["base"], asian["ratio"]) == (15, 500, 0.375)
    assert row(item, "referral", "population", BLACK)["count"] is None
    assert item["stands_out"][0].startswith("Asian or Asian British: referred 0.38 times as often as White")


@pytest.mark.parametrize("by", ["", "ethnicity", "ethnicity_detail", "sex", "send", "looked_after", "shoe_size"])
def test_the_page_has_the_tables_and_a_picture_and_names_nobody(groups: Wiring, as_user: LogIn, by: str) -> None:
    compare(groups)
    text = as_user("panel").get(f"/equity?by={by}").text
    assert "What stands out beyond chance" in text and "<caption>Out of children" in text
    assert ("<svg" in text) == (by not in ("sex", "send", "looked_after"))
    assert FAMILY_NAME not in text and "person:" not in text


def test_only_members_get_what_their_operation_knows(groups: Wiring, as_user: LogIn) -> None:
    compare(groups)
    counts = {
        name: row(told(as_user(name))["ethnicity"], "referral", "population", BLACK)["count"]
        for name in ("analyst", "governance", "panel")
    }
    assert counts == {"analyst": 10, "governance": None, "panel": None}


def test_what_others_read_is_the_same_without_the_secret(groups: Wiring, as_user: LogIn, tmp_path: Path) -> None:
    flag_children(groups, "WBRI", 30)
    secret = flag_children(groups, "APKN", 25, restrictions=OP2)
    for flag in secret:
        gate_of(groups, "analyst").decide_flag(flag, FlagState.DISMISSED, "known otherwise")
    compare(groups)
    (tmp_path / "other").mkdir()
    with make_hub(tmp_path / "other", Clock(), secret=False) as other:
        add_groups(other, secret=False)
        flag_children(other, "WBRI", 30)
        compare(other)
        for name in ("panel", "governance"):
            with_secret, without = (
                [(stored.flag, stored.run_id) for stored in gate_of(wiring, name).equity()]
                for wiring in (groups, other)
            )
            assert [flag for flag, _ in with_secret] == [flag for flag, _ in without]
    fuller = row(told(as_user("analyst"))["ethnicity"], "not_confirmed", "reviewed", "Asian or Asian British")
    assert (fuller["count"], fuller["base"]) == (25, 25)


def test_decisions_go_into_the_next_run_and_their_reasons_stay_behind(groups: Wiring, as_user: LogIn) -> None:
    for number, flag in enumerate(flag_children(groups, "WBRI", 30)):
        state = FlagState.ACCEPTED if number < 20 else FlagState.DISMISSED
        gate_of(groups, "police").decide_flag(flag, state, "looked into quietly")
    flag_children(groups, "APKN", 40)
    compare(groups)
    client = as_user("panel")
    item = told(client)["ethnicity"]
    # the shown run flags other children by now; what was reviewed still counts
    assert row(item, "flagged", "population", "White")["count"] == 0
    assert row(item, "flagged", "population", "Asian or Asian British")["count"] == 40
    white = row(item, "confirmed", "reviewed", "White")
    assert (white["count"], white["base"]) == (20, 30)
    assert item["calibration"][0]["share"] == pytest.approx(0.667, abs=0.001)
    assert "of 100 flagged like this, reviewers confirmed 67" in client.get("/equity").text.lower()
    assert "quietly" not in client.get("/equity").text + client.get("/api/v1/equity").text


def test_the_flags_of_the_same_analysis_are_counted(groups: Wiring, as_user: LogIn) -> None:
    """They are kept only when all is done, and still they are what the tables are about."""
    old = flag_children(groups, "WBRI", 30)
    gate_of(groups, "analyst").decide_flag(old[0], FlagState.SEEN, None)
    body = {"detectors": ["disproportionality", "peripheral_children"]}
    runs = as_user("analyst").post("/api/v1/analyses", json=body).json()["runs"]
    assert [run["run"]["detector"] for run in runs] == ["peripheral_children", "disproportionality"]
    flagged = len({subject for flag in runs[0]["flags"] for subject in flag["subjects"]})
    item = next(flag for flag in runs[1]["flags"] if flag["details"]["characteristic"] == "sex")["details"]
    assert row(item, "flagged", "recorded", "Girls and women")["count"] in (None if 1 <= flagged < 6 else flagged, 0)
    assert flagged < 6


def test_the_same_question_again_is_the_same_run(groups: Wiring) -> None:
    flag_children(groups, "WBRI", 30)
    compare(groups)
    before = [stored.run_id for stored in gate_of(groups, "governance").equity()]
    compare(groups)
    assert [stored.run_id for stored in gate_of(groups, "governance").equity()] == before


def test_how_often_flags_like_one_are_confirmed(groups: Wiring) -> None:
    flags = flag_children(groups, "WBRI", 25)
    police = gate_of(groups, "police")
    for flag in flags[:20]:
        police.decide_flag(flag, FlagState.ACCEPTED, "looked into")
    stored = police.flag(flags[0], Lens())
    assert stored is not None
    assert confirmed_like(police, stored.flag).words.startswith("Of 100 flagged like this, reviewers confirmed 100")
    assert confirmed_like(police, stored.flag).reviewed == 20


def test_what_members_decided_about_fuller_flags_is_in_no_other_share(groups: Wiring) -> None:
    for flag in flag_children(groups, "WBRI", 25, restrictions=OP2):
        gate_of(groups, "analyst").decide_flag(flag, FlagState.DISMISSED, "no")
    seen = {name: len(gate_of(groups, name).reviewed_flags(Lens())) for name in ("analyst", "police", "officer")}
    assert seen == {"analyst": 25, "police": 25, "officer": 0}


def test_reading_it_is_written_down(groups: Wiring, as_user: LogIn) -> None:
    compare(groups)
    as_user("panel").get("/equity")
    newest = groups.store.audit_rows(chain="views", newest_first=True, limit=1)[0].entry
    assert (newest.actor, newest.action, len(newest.ids)) == ("panel", "equity", 4)


@pytest.mark.parametrize("name", ["police", "socialworker", "admin"])
def test_others_are_refused(hub: Wiring, name: str) -> None:
    with pytest.raises(Refused):
        gate_of(hub, name).equity()


@pytest.mark.parametrize("name", ["panel", "governance", "admin"])
def test_flags_themselves_stay_closed_to_those_who_only_read_the_tables(hub: Wiring, name: str) -> None:
    gate = gate_of(hub, name)
    for read in (lambda: gate.reviewed_flags(Lens()), gate.flags_to_analyse, lambda: gate.flags(Lens())):
        with pytest.raises(Refused):
            read()


def test_prompts_of_groups_are_no_prompts_about_children(groups: Wiring, as_user: LogIn) -> None:
    compare(groups)
    client = as_user("analyst")
    assert client.get("/flags?detector=disproportionality").status_code == 200
    listed = client.get("/api/v1/flags?detector=disproportionality").json()["items"]
    assert [item["subjects"] for item in listed] == [[]] * 4
    assert client.get(f"/flags/{listed[0]['id']}").status_code == 200
    assert client.get("/api/v1/flags", params={"subject": children("WBRI")[0]}).json()["items"] == []


def test_shares_and_limits_stand_on_the_page_and_in_the_json(groups: Wiring, as_user: LogIn) -> None:
    compare(groups)
    client = as_user("governance")
    item = told(client)["ethnicity"]
    (shares,) = [entry for entry in item["shares"] if (entry["stage"], entry["base"]) == ("referral", "population")]
    white, asian = shares["rows"]
    # 40 and 15 of 500 each: shares 40/55 and 15/55, of a half each
    assert (white["index"], asian["index"], shares["rate"]) == (1.455, 0.5455, 0.055)
    assert (white["outside"], asian["outside"]) == ("above", "below")
    assert white["against_others"] == pytest.approx(40 / 15, abs=0.001)
    assert item["groups"].index(BLACK) in shares["left_out"]
    text = client.get("/equity").text
    assert "Referred, out of children living in the area: 55 in 1,000 of all groups here" in text
    assert '<td class="kith-number">1.45</td>' in text or '<td class="kith-number">1.46</td>' in text


def test_no_share_tells_a_hidden_count(groups: Wiring, as_user: LogIn) -> None:
    compare(groups)
    for item in told(as_user("panel")).values():
        for entry in item["shares"]:
            (table,) = [
                table
                for table in item["tables"]
                if all(table[key] == entry[key] for key in ("stage", "base", "detector", "adults"))
            ]
            hidden = {row["group"] for row in table["rows"] if row["count"] is None or row["base"] is None}
            assert not hidden & {row["group"] for row in entry["rows"]}
            assert sum(row["share"] for row in entry["rows"]) == pytest.approx(1, abs=0.01)


def test_a_rate_that_rounding_alone_may_put_outside_is_unclear() -> None:
    def rows(count: int) -> dict[str, Any]:
        pairs = ((count, 100), (75, 1000))
        plain = [{"group": at, "count": some, "base": base} for at, (some, base) in enumerate(pairs)]
        return {"title": "Referred", "base": "population", "base_words": "children", "rows": plain}

    readings = [share_tables([rows(count)], {0: "one", 1: "other"})[0].rows[0].reading for count in (10, 15, 25)]
    assert readings == ["within", "unclear", "well above"]
