"""The hotspot map: drawing and tables, and what a panel gets of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from api.bootstrap import Wiring
from graph.flags import Band, Flag, Plain, Reason, Run
from graph.model import FlagId, NodeId
from graph.store import AuditEntry
from tests.api.conftest import TODAY
from tests.api.http import Client

LogIn = Callable[[str], Client]
ROLES = frozenset({"analyst", "police", "socialworker", "panel"})


def flag(key: str, detector: str, subject: str, band: Band = Band.STRONG, /, **details: Plain) -> Flag:
    reason = Reason("{person:1} and 3 others were found at {place:park}", 0.5)
    return Flag(
        FlagId(key), detector, (NodeId(subject),), 0.876, band, 1, None, (reason,), "nothing", (),
        TODAY + dt.timedelta(days=60), {"score": 0.5, "summary": "{person:1} and 3 others", **details},
    )  # fmt: skip


def save(hub: Wiring, detector: str, *flags: Flag) -> None:
    run = Run(f"run-{detector}", detector, "1", TODAY, None, "everything", {}, 0, "d", 0.1, flags, may_see=ROLES)
    hub.store.save_run(run, AuditEntry("analyst", "analyse"))


@pytest.fixture(autouse=True)
def hotspots(hub: Wiring) -> None:
    layer: list[Plain] = [{"locality": "L1", "z": 3.4123, "ratio": 2.7321, "band": "high"}]
    area: dict[str, Plain] = {
        "locality_ids": ["L1"],
        "observed": 13,
        "expected": 4.321,
        "relative_risk": 3.14,
        "layer": layer,
    }
    ended = (TODAY - dt.timedelta(days=200)).isoformat()
    save(hub, "hotspot_areas", flag("a1", "hotspot_areas", "locality:L1", Band.STRONG, children=4, **area, to=ended))
    save(
        hub,
        "hotspot_emerging",
        flag("e1", "hotspot_emerging", "locality:L1", Band.STRONG, **area, to=TODAY.isoformat()),
    )
    save(
        hub,
        "hotspot_places",
        flag("p1", "hotspot_places", "place:park", observed=3),
        flag("p2", "hotspot_places", "place:home", observed=12),
        flag("p3", "hotspot_places", "school:100", Band.SLIGHT, observed=12),
    )


def words(text: str) -> str:
    main = text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub("<[^>]*>", " ", main).split())


@pytest.mark.parametrize("role", ["analyst", "police", "socialworker"])
def test_those_who_work_with_names_see_areas_and_places_with_their_numbers(as_user: LogIn, role: str) -> None:
    text = as_user(role).get("/hotspots").text
    said = words(text)
    assert "Brambleton Stands out Strong evidence 4 13 3.1 times" in said
    assert "Brambleton Park Park or open space Strong evidence 3" in said
    assert 'href="/flags/p2?family=places"' in text
    assert 'fill="url(#kith-high)"' in text


def test_a_panel_sees_areas_and_public_places_with_rounded_numbers(as_user: LogIn) -> None:
    text = as_user("panel").get("/hotspots").text
    said = words(text)
    assert "Brambleton Stands out Strong evidence fewer than 6 15 3.0 times" in said
    assert "Brambleton Park Park or open space Strong evidence fewer than 6" in said
    assert "Brambleton School School Slight evidence 10" in said
    for hidden in ("Osmunda", "Quillfeather", "person:", "/flags/", "/entities/", "3.14", "4.321", "3.41", "2.73"):
        assert hidden not in text.partition("<main")[2]


def test_a_panel_reads_nothing_of_it_elsewhere(as_user: LogIn) -> None:
    for path in ("/flags", "/flags/a1", "/flags/a1/map", "/api/v1/flags/a1", "/api/v1/flags/a1/map"):
        assert as_user("panel").get(path).status_code == 403


def test_layers(as_user: LogIn) -> None:
    client = as_user("police")
    assert "Growing in the last weeks" in words(client.get("/hotspots?layer=emerging").text)
    assert "Brambleton Park" not in words(client.get("/hotspots?layer=emerging").text)
    places = words(client.get("/hotspots?layer=places").text)
    assert "Brambleton Park" in places
    assert "Areas that stand out" not in places


def test_periods(as_user: LogIn) -> None:
    client = as_user("police")
    assert 'href="/flags/a1?' in client.get("/hotspots?layer=areas").text
    recent = client.get("/hotspots?layer=areas&period=3").text
    assert 'href="/flags/a1?' not in recent
    assert "Nothing stands out with this choice" in recent


def test_recorded_is_not_all_harm(as_user: LogIn) -> None:
    for name in ("police", "panel"):
        assert "Recorded, not all harm" in as_user(name).get("/hotspots").text


def test_a_map_without_flags_says_what_to_do(as_user: LogIn, hub: Wiring) -> None:
    for detector in ("hotspot_areas", "hotspot_emerging", "hotspot_places"):
        save(hub, detector)
    assert "Look for patterns on the page of prompts" in as_user("analyst").get("/hotspots").text
    assert "Nothing recorded is not the same as no harm" in as_user("panel").get("/hotspots").text


def test_what_was_shown_is_in_the_audit(as_user: LogIn, hub: Wiring) -> None:
    as_user("panel").get("/hotspots")
    rows = [row.entry for row in hub.store.audit_rows(chain="views", actor="panel") if row.entry.action == "hotspots"]
    assert [set(entry.ids) for entry in rows] == [{"a1", "e1", "p1", "p3", "locality:L1", "place:park", "school:100"}]


# -- JSON --------------------------------------------------------------------------------------------------------------
def lines(client: Client, **query: str) -> dict[str, dict[str, Any]]:
    """Items of the JSON by name of the first subject and kind."""
    answer = client.get("/api/v1/hotspots", params=query)
    assert answer.status_code == 200, answer.text
    return {f"{item['subjects'][0]['name']} {item['kind']}": item for item in answer.json()["items"]}


def test_the_json_has_what_the_page_has(as_user: LogIn) -> None:
    found = lines(as_user("police"))
    area = found["Brambleton area"]
    assert (area["children"], area["observed"], area["relative_risk"], area["flag"]) == (4, 13, 3.1, "a1")
    assert area["subjects"] == [{"id": "locality:L1", "name": "Brambleton"}]
    park = found["Brambleton Park place"]
    assert (park["children"], "observed" in park, park["band"], park["flag"]) == (3, False, "strong", "p1")
    assert "1 Osmunda Close place" in found


def test_the_json_of_a_panel_holds_back_what_the_page_does(as_user: LogIn) -> None:
    client = as_user("panel")
    found = lines(client)
    area = found["Brambleton area"]
    assert (area["children"], area["observed"], area["relative_risk"], area["flag"]) == (None, 15, 3.0, None)
    assert found["Brambleton Park place"]["children"] is None
    assert found["Brambleton School place"]["children"] == 10
    text = client.get("/api/v1/hotspots").text
    for hidden in ("Osmunda", "Quillfeather", "person:", "place:home", "3.14", "4.321", "3.41", "2.73", "0.876", "a1"):
        assert hidden not in text


def test_what_was_not_counted_is_not_there(as_user: LogIn) -> None:
    growing = lines(as_user("police"))["Brambleton growing"]
    assert "children" not in growing and growing["observed"] == 13


@pytest.mark.parametrize(("layer", "kinds"), [("emerging", {"growing"}), ("places", {"place"}), ("series", set())])
def test_layers_of_the_json(as_user: LogIn, layer: str, kinds: set[str]) -> None:
    assert {item["kind"] for item in lines(as_user("police"), layer=layer).values()} == kinds


def test_periods_of_the_json(as_user: LogIn) -> None:
    assert lines(as_user("police"), layer="areas", period="3") == {}
    assert list(lines(as_user("police"), layer="areas")) == ["Brambleton area"]


@pytest.mark.parametrize(
    ("query", "status"), [("layer=none", 422), ("period=2", 422), ("limit=0", 422), ("cursor=x", 400)]
)
def test_what_the_json_cannot_answer_is_said(as_user: LogIn, query: str, status: int) -> None:
    assert as_user("police").get(f"/api/v1/hotspots?{query}").status_code == status


def test_the_json_is_paged(as_user: LogIn) -> None:
    client = as_user("police")
    whole = client.get("/api/v1/hotspots").json()
    paged: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        part = client.get("/api/v1/hotspots?limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
        assert len(part["items"]) <= 2
        paged += part["items"]
        cursor = part["next"]
    assert paged == whole["items"] and whole["next"] is None


def test_the_json_says_how_single_areas_compare(as_user: LogIn) -> None:
    (area,) = as_user("panel").get("/api/v1/hotspots").json()["areas"]
    assert (area["id"], area["level"]) == ("locality:L1", "high")


def test_what_the_json_showed_is_in_the_audit(as_user: LogIn, hub: Wiring) -> None:
    as_user("panel").get("/api/v1/hotspots")
    rows = [row.entry for row in hub.store.audit_rows(chain="views", actor="panel") if row.entry.action == "hotspots"]
    assert [set(entry.ids) for entry in rows] == [{"a1", "e1", "p1", "p3", "locality:L1", "place:park", "school:100"}]


def test_the_json_is_described(as_user: LogIn) -> None:
    schema = as_user("police").get("/api/openapi.json").json()
    described = schema["paths"]["/api/v1/hotspots"]["get"]
    assert {item["name"] for item in described["parameters"]} == {"layer", "period", "limit", "cursor"}
    assert described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/HotspotPage")
    assert set(schema["components"]["schemas"]["Hotspot"]["properties"]) >= set(
        next(iter(lines(as_user("police")).values()))
    )
