"""How each kind of prompt is found: for everybody, without a record, with everything the registry knows."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest

from analysis.registry import DETECTORS
from api.bootstrap import Wiring
from tests.api.conftest import PEOPLE
from tests.api.http import Client
from tests.api.test_hotspots import flag, save, words
from tests.api.world import CANARIES

LogIn = Callable[[str], Client]


@pytest.mark.parametrize("name", [name for name, _, _ in PEOPLE])
def test_the_list_has_every_method_for_everybody(as_user: LogIn, name: str) -> None:
    text = as_user(name).get("/methods").text
    for detector, found in DETECTORS.items():
        assert f'href="/methods/{detector}"' in text
        assert html.escape(found.spec.question, quote=False) in text.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("name", "first", "others"),
    [("police", "brokers", "disproportionality"), ("panel", "hotspot_places", "brokers"), ("admin", None, "brokers")],
)
def test_methods_whose_prompts_are_for_others_stand_apart(
    as_user: LogIn, name: str, first: str | None, others: str
) -> None:
    mine, _, rest = as_user(name).get("/methods").text.partition("are read by other roles")
    assert f"/methods/{others}" in rest and f"/methods/{others}" not in mine
    assert first is None or f"/methods/{first}" in mine


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_method_is_told_whole(as_user: LogIn, detector: str) -> None:
    answer = as_user("socialworker").get(f"/methods/{detector}")
    said = html.unescape(words(answer.text))
    spec = DETECTORS[detector].spec
    told = (
        spec.title, spec.question, spec.method, spec.would_clear, *spec.cautions, *spec.not_known, *spec.uses,
        *spec.sources, *(parameter.meaning for parameter in spec.parameters),
    )  # fmt: skip
    assert [text for text in told if text not in said] == []
    for heading in ("Worked example", "When it fails", "How the score is made", "Transparency record", "Who decides"):
        assert heading in said


def test_a_value_stands_with_its_unit_and_its_bounds(as_user: LogIn) -> None:
    said = words(as_user("police").get("/methods/hotspot_places").text)
    assert "How far back people recorded at the place count window_months 24 months 1 to 120" in said


def test_large_bounds_are_readable(as_user: LogIn) -> None:
    assert "Longest list limit 200 flags 1 to 100,000" in words(as_user("police").get("/methods/hotspot_places").text)


def test_roles_are_told_in_words(as_user: LogIn) -> None:
    assert "Prompts are read by analyst, police It is run by analyst" in words(
        as_user("police").get("/methods/brokers").text
    )


def test_pages_of_prompts_are_offered_to_those_who_may_open_them(as_user: LogIn) -> None:
    offered = {
        name: [
            link
            for link in ("/flags?detector=hotspot_places", "/hotspots")
            if f'href="{link}">Open' in as_user(name).get("/methods/hotspot_places").text
        ]
        for name in ("police", "panel", "governance")
    }
    assert offered == {
        "police": ["/flags?detector=hotspot_places", "/hotspots"],
        "panel": ["/hotspots"],
        "governance": [],
    }


def test_links_between_methods_lead_to_pages(as_user: LogIn) -> None:
    client = as_user("police")
    assert 'href="/methods/weights"' in client.get("/methods/hotspot_places").text
    assert "halves every" in client.get("/methods/weights").text


def test_what_is_no_method_is_not_found(as_user: LogIn) -> None:
    client = as_user("police")
    assert [client.get(f"/methods/{name}").status_code for name in ("none", "README", "..%2fflags")] == [404] * 3


def test_reading_a_method_shows_no_record_and_leaves_no_row(as_user: LogIn, hub: Wiring) -> None:
    client = as_user("police")
    before = len(hub.store.audit_rows(limit=1000))
    texts = [client.get(path).text for path in ("/methods", "/methods/brokers", "/methods/weights")]
    assert len(hub.store.audit_rows(limit=1000)) == before
    assert not [name for name in CANARIES for text in texts if name in text]


def test_prompts_lists_and_the_hotspot_map_lead_to_the_method(as_user: LogIn, hub: Wiring) -> None:
    save(hub, "hotspot_places", flag("p1", "hotspot_places", "place:park"))
    client = as_user("police")
    here = 'href="/methods/hotspot_places"'
    assert client.get("/flags/p1").text.count(here) == 2
    assert here in client.get("/flags?detector=hotspot_places").text
    assert here in client.get("/hotspots").text
    assert here in as_user("panel").get("/hotspots").text
    main = client.get("/flags").text.partition("<main")[2].partition("</main>")[0]
    assert 'href="/methods">How prompts are found' in main
    assert 'href="/methods/disproportionality"' in as_user("governance").get("/equity").text
