from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.store import Neighbourhood
from tests.viz.conftest import document_of
from tests.viz.test_export import HOSTILE, renamed
from viz.elements import MapDocument
from viz.static_html import data_block, network_page

#: scripts of the page itself: three data elements, the library, the starter
SCRIPTS = 5


class Elements(HTMLParser):
    """Tags, addresses and data of a page, as a browser would find them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.data: dict[str, str] = {}
        self._inside: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "poster")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self._inside = values.get("id") if values.get("type") == "application/json" else None

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.data[self._inside] = data
            self._inside = None


@pytest.fixture(scope="module")
def page(document: MapDocument) -> str:
    return network_page(document, serial="K-17", recipient="Panel")


def test_it_prints_what_it_is_and_for_whom(page: str) -> None:
    text = html.unescape(re.sub(r"<script.*?</script>", "", page, flags=re.S))
    for fact in (
        "OFFICIAL-SENSITIVE",
        "analyst (police)",
        "mapping session",
        "Panel",
        "1 October 2026",
        "23 November 2026",
        "K-17",
    ):
        assert fact in text


def test_it_loads_nothing(page: str) -> None:
    found = Elements(page)
    assert set(found.tags).isdisjoint({"link", "iframe", "object", "embed", "base", "form"})
    assert all(address.startswith("data:image/svg+xml;base64,") for address in found.addresses)


def test_the_policy_forbids_every_connection(page: str) -> None:
    policy = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page).group(1))  # type: ignore[union-attr]
    assert "default-src 'none'" in policy
    script = re.search(r"script-src ([^;]*);", policy).group(1)  # type: ignore[union-attr]
    assert re.fullmatch(r"('sha256-[A-Za-z0-9+/=]{44}' ){2}", script)


def test_positions_are_preset_and_physics_is_off(page: str, document: MapDocument) -> None:
    data = Elements(page).data
    nodes = json.loads(data["kith-nodes"])
    assert [(node["x"], node["y"]) for node in nodes] == list(zip(document.nodes.x, document.nodes.y, strict=True))
    assert json.loads(data["kith-options"])["physics"] == {"enabled": False}


def test_no_record_id_is_in_it(page: str, document: MapDocument) -> None:
    assert not any(re.search(rf"\b{re.escape(node_id)}\b", page) for node_id in document.nodes.id)


def test_the_table_has_every_tie(page: str, document: MapDocument) -> None:
    rows = re.search(r'id="kith-ties".*?<tbody>(.*?)</tbody>', page, flags=re.S).group(1)  # type: ignore[union-attr]
    assert rows.count("<tr>") == len(document.ties.id)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name: str, found: Neighbourhood) -> None:
    result = Elements(network_page(document_of(renamed(found, name)), serial="K-1"))
    assert result.tags.count("script") == SCRIPTS
    assert not result.handlers
    assert len(json.loads(result.data["kith-nodes"])) == len(found.nodes)


@pytest.mark.parametrize("field", ["title", "audience", "purpose", "marking"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_headings_stay_text(field: str, text: str, found: Neighbourhood) -> None:
    result = Elements(network_page(document_of(found, **{field: text}), serial="K-1"))
    assert result.tags.count("script") == SCRIPTS
    assert not result.handlers


@settings(max_examples=200)
@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_data_blocks_hold_anything_and_cannot_be_ended(value: object) -> None:
    block = str(data_block(value))
    assert not set(block) & set("<>&\u2028\u2029")
    assert json.loads(block) == value


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=30))
def test_any_name_leaves_the_page_as_it_is(name: str, found: Neighbourhood) -> None:
    result = Elements(network_page(document_of(renamed(found, name)), serial="K-1"))
    assert result.tags.count("script") == SCRIPTS
