"""Records over HTTP: what is there, for whom, in pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.bootstrap import Wiring
from graph.model import NodeKind
from graph.store import Lens
from tests.api.http import Client
from tests.api.world import SECRET_PERSON
from tests.conformance.factories import blocks, day, event, note, participation, person, second

LogIn = Callable[[str], Client]


def test_an_entity_comes_with_its_evidence_and_where_it_came_from(as_user: LogIn) -> None:
    found = as_user("police").get("/api/v1/entities/person:1").json()
    contact = next(tie for tie in found["ties"]["items"] if tie["id"] == "t4")
    assert (contact["reports"][0]["agency"], found["version"]["file"], found["version"]["row"]) == (
        "police", "small.csv", 2
    )  # fmt: skip


def test_a_field_that_is_not_for_this_role_is_absent(as_user: LogIn) -> None:
    records = [as_user(name).get("/api/v1/entities/person:1").json()["record"] for name in ("analyst", "police")]
    assert ["nhs_number" in record for record in records] == [True, False]


def test_two_people_get_different_answers(as_user: LogIn) -> None:
    addresses = ["/api/v1/entities/person:1", "/api/v1/neighbourhood?seed=person:1", "/api/v1/entities?kind=person"]
    told = [
        [SECRET_PERSON in as_user(name).get(address).text for address in addresses] for name in ("police", "officer")
    ]
    assert told == [[True] * 3, [False] * 3]


def test_what_was_so_on_a_day(as_user: LogIn) -> None:
    found = as_user("police").get("/api/v1/entities/person:1", params={"as_at": "2025-06-01"})
    assert found.json()["episodes"] == []


def test_ties_come_in_pages_that_together_are_all(as_user: LogIn) -> None:
    client = as_user("police")
    whole = client.get("/api/v1/entities/person:1").json()["ties"]["items"]
    parts, cursor = [], None
    while True:
        params = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/v1/entities/person:1", params=params).json()["ties"]
        parts += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [tie["id"] for tie in parts] == [tie["id"] for tie in whole]


def test_records_of_a_kind_come_in_pages(as_user: LogIn) -> None:
    client = as_user("officer")
    first = client.get("/api/v1/entities", params={"kind": "person", "limit": 2}).json()
    second = client.get("/api/v1/entities", params={"kind": "person", "limit": 2, "cursor": first["next"]}).json()
    assert [item["id"] for item in [*first["items"], *second["items"]]] == ["person:1", "person:2", "person:3"]


def test_a_tie_leads_to_its_reports(as_user: LogIn) -> None:
    client = as_user("police")
    report = client.get("/api/v1/ties/t4").json()["reports"][0]["id"]
    found = client.get(f"/api/v1/reports/{report}").json()
    assert (found["grading_scheme"], found["source_evaluation"], found["version"]["file"]) == (
        "3x5x2",
        "1",
        "small.csv",
    )


@pytest.mark.parametrize("address", ["/api/v1/ties/t-secret", "/api/v1/reports/r-secret", "/api/v1/ties/none"])
def test_secret_ties_and_reports_do_not_exist_for_others(as_user: LogIn, address: str) -> None:
    client = as_user("officer")
    assert client.get(address).content == client.get("/api/v1/reports/never").content


def test_search_by_name_says_what_matched_and_not_the_text(as_user: LogIn) -> None:
    hit = as_user("police").get("/api/v1/search", params={"q": "quillf"}).json()["items"][0]
    assert (hit["id"], hit["matched"]) == ("person:1", "name")


def test_search_by_body_finds_the_same(as_user: LogIn) -> None:
    client = as_user("police")
    by_body = client.post("/api/v1/search", json={"q": "quillf"})
    assert by_body.content == client.get("/api/v1/search", params={"q": "quillf"}).content


def test_an_unknown_kind_is_said(as_user: LogIn) -> None:
    assert as_user("police").get("/api/v1/search", params={"q": "park", "kind": "gang"}).status_code == 400


def test_the_map_document_has_columns_of_equal_length(as_user: LogIn) -> None:
    document = as_user("police").get("/api/v1/neighbourhood?seed=person:1&hops=2").json()
    lengths = {len(column) for column in document["nodes"].values()}
    assert (len(lengths), document["nodes"]["id"][0], document["purpose"]) == (1, "person:1", "a test of access")


def test_what_is_on_the_screen_stays_where_it_is(as_user: LogIn) -> None:
    client = as_user("police")
    asked = {"seeds": ["person:1"], "positions": {"person:1": [10, 20], "person:2": [310, 20]}}
    nodes = client.post("/api/v1/neighbourhood", json=asked).json()["nodes"]
    places = dict(zip(nodes["id"], zip(nodes["x"], nodes["y"], strict=True), strict=True))
    assert (places["person:2"][0] - places["person:1"][0], places["person:2"][1]) == (300, places["person:1"][1])


def test_a_period_counts_both_its_days(as_user: LogIn) -> None:
    client = as_user("police")
    address = "/api/v1/neighbourhood?seed=person:1&from=2026-04-30&to=2026-04-30&tie_type=took_part_in"
    assert "event:1" in client.get(address).json()["nodes"]["id"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?seed=person:1&hops=9",
        "?seed=person:1&limit=100000",
        "?seed=person:1&as_at=yesterday",
        "?seed=person:1&hops=x",
    ],
)
def test_a_map_that_cannot_be_is_refused(as_user: LogIn, query: str) -> None:
    assert as_user("police").get(f"/api/v1/neighbourhood{query}").status_code == 422


@pytest.mark.parametrize(
    "query", ["tie_type=friends", "polarity=bad", "standing=sure", "from=2026-02-01&to=2026-01-01"]
)
def test_a_filter_that_makes_no_sense_is_said(as_user: LogIn, query: str) -> None:
    assert as_user("police").get(f"/api/v1/neighbourhood?seed=person:1&{query}").status_code == 400


def test_a_map_around_a_secret_is_not_found(as_user: LogIn) -> None:
    client = as_user("officer")
    answers = [client.get(f"/api/v1/neighbourhood?seed={seed}").content for seed in (SECRET_PERSON, "person:404")]
    assert answers[0] == answers[1]


def test_paths_name_what_they_pass(as_user: LogIn) -> None:
    found = as_user("officer").get("/api/v1/paths?from=person:2&to=school:100").json()
    assert (found["items"][0]["nodes"], set(found["nodes"])) == (
        ["person:2", "person:1", "school:100"], {"person:2", "person:1", "school:100"}
    )  # fmt: skip


def test_a_panels_map_names_nobody(as_user: LogIn) -> None:
    text = as_user("panel").get("/api/v1/neighbourhood?seed=place:park").text
    assert "Child 1" in text
    assert not [name for name in ("Zephyrine", "Quillfeather", "Thistlewick", 'person:1"') if name in text]


def test_localities_are_counted_openly_and_rounded_for_panels(hub: Wiring, as_user: LogIn) -> None:
    counts = [as_user(name).get("/api/v1/localities").json()["items"][0]["counts"] for name in ("police", "panel")]
    assert counts == [{"events": 1, "places": 2, "schools": 1}, {"events": None, "places": None, "schools": None}]


def test_children_are_counted_beside_events_and_told_apart(hub: Wiring, as_user: LogIn) -> None:
    add_found_children(hub, 8, events_each=2)
    client = as_user("police")
    answer = client.get("/api/v1/localities?from=2026-05-20&to=2026-05-31").json()
    (area,) = answer["items"]
    assert area["counts"]["events"] == 16
    assert area["children"] == {"any": 10, "missing_episode": 10, "incident": 0, "offence": 0}
    assert set(answer["meanings"]) == {f"counts.{name}" for name in area["counts"]} | {
        f"children.{name}" for name in area["children"]
    }
    shown = client.get("/localities").text
    assert '<th scope="row">Brambleton</th><td class="kith-number">about 10</td>' in shown


def test_few_children_are_told_to_nobody(hub: Wiring, as_user: LogIn) -> None:
    add_found_children(hub, 4, events_each=3)
    for name in ("analyst", "panel"):
        (area,) = as_user(name).get("/api/v1/localities").json()["items"]
        assert (area["children"]["missing_episode"], area["children"]["any"]) == (None, None)


def test_the_map_layer_says_what_its_numbers_are(as_user: LogIn) -> None:
    layer = as_user("analyst").get("/api/v1/localities.geojson").json()
    properties = layer["features"][0]["properties"]
    assert properties["children"] is None and properties["events"] == 1
    assert set(layer["meanings"]) <= set(properties)


def add_found_children(hub: Wiring, many: int, *, events_each: int) -> None:
    """So many children, each found in the park so many times at the end of May after going missing."""
    records = []
    for number in range(many):
        records.append(person(f"f{number}", birth_day=day("2012-01-01"), birth_precision="day"))
        for time in range(events_each):
            key = f"f{number}-{time}"
            started = second(f"2026-05-2{time + 1}T20:00:00")
            records += [
                event(key, event_type="missing_episode", started_at=started, place_id="place:park"),
                participation(f"event:{key}", f"person:f{number}", "missing_person"),
            ]
    hub.store.write(blocks(records, file="found.csv"), note())


def test_the_map_of_localities_is_in_degrees(as_user: LogIn) -> None:
    feature = as_user("panel").get("/api/v1/localities.geojson").json()["features"][0]
    longitude, latitude = feature["geometry"]["coordinates"][0][0][0]
    assert (round(longitude), round(latitude)) == (-2, 53)


def test_events_outside_the_period_are_not_counted(as_user: LogIn) -> None:
    found = as_user("police").get("/api/v1/localities?from=2026-05-01&to=2026-05-31").json()
    assert found["items"][0]["counts"]["events"] == 0


def test_every_view_over_http_is_in_the_audit(hub: Wiring, as_user: LogIn) -> None:
    as_user("police").get("/api/v1/entities/person:2")
    assert hub.store.audit_rows(chain="views", about="person:2", actor="police")


def test_the_store_holds_what_the_tests_think(hub: Wiring) -> None:
    assert len(hub.store.list_nodes(NodeKind.PERSON, Lens())) == 4
