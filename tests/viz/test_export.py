from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import networkx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.errors import UsageError
from graph.model import Person
from graph.store import Neighbourhood
from tests.viz.conftest import document_of, with_record
from viz.elements import MapDocument
from viz.export import FORMATS, Disclosure, as_networkx, export_map, safe_cell
from viz.svg import bend_steps, wrapped

DISCLOSURE = Disclosure("K-2026-000017", "Panel of 12 March")
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    '=HYPERLINK("http://example.org")',
    "@SUM(1+1)",
    "a\u2028b\u2029c",
    "\u202egnp.exe",
    "nul\0l \x1b[31m",
    "&amp;&lt;]]>",
]


def renamed(found: Neighbourhood, name: str) -> Neighbourhood:
    row = next(i for i, node in enumerate(found.nodes) if isinstance(node.record, Person) and node.degree > 0)
    return with_record(found, row, Person(found.nodes[row].record.id, name, None))


@pytest.mark.parametrize("kind", FORMATS)
def test_every_file_says_what_it_is_and_for_whom(kind: str, document: MapDocument, found: Neighbourhood) -> None:
    content = export_map(kind, document, DISCLOSURE, found).content.decode("utf-8")
    for fact in (
        "OFFICIAL-SENSITIVE",
        "analyst (police)",
        "mapping session",
        "K-2026-000017",
        "Panel of 12 March",
        "2026",
    ):
        assert fact in content


def test_an_unknown_kind_is_refused(document: MapDocument) -> None:
    with pytest.raises(UsageError, match="html, json, csv"):
        export_map("docx", document, DISCLOSURE)


def test_geojson_without_the_places_is_refused(document: MapDocument) -> None:
    with pytest.raises(UsageError):
        export_map("geojson", document, DISCLOSURE)


def _csv_rows(document: MapDocument) -> list[list[str]]:
    return list(csv.reader(io.StringIO(export_map("csv", document, DISCLOSURE).content.decode("utf-8-sig"))))


def test_csv_has_every_tie_and_every_node_without_ties(document: MapDocument) -> None:
    rows = _csv_rows(document)
    table = rows[rows.index([]) + 1 :]
    tied = {*document.ties.source, *document.ties.target}
    assert len(table) - 1 == len(document.ties.id) + len(document.nodes.id) - len(tied)


@given(st.text(max_size=40))
def test_no_cell_is_a_formula(text: str) -> None:
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert safe_cell(text).removeprefix("'") == text.removeprefix("'") or safe_cell(text) == text


@pytest.mark.parametrize("name", HOSTILE)
def test_csv_cells_of_hostile_names_are_texts(name: str, found: Neighbourhood) -> None:
    for row in _csv_rows(document_of(renamed(found, name))):
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row)


@pytest.mark.parametrize("kind", ["graphml", "gexf", "svg"])
@pytest.mark.parametrize("name", HOSTILE)
def test_xml_stays_well_formed_and_names_stay_text(kind: str, name: str, found: Neighbourhood) -> None:
    root = ElementTree.fromstring(export_map(kind, document_of(renamed(found, name)), DISCLOSURE).content)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "img", "a", "foreignObject", "image", "use"}
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=30))
def test_any_name_gives_a_well_formed_picture(name: str, found: Neighbourhood) -> None:
    ElementTree.fromstring(export_map("svg", document_of(renamed(found, name)), DISCLOSURE).content)


def test_graphml_reads_back_as_the_same_network(document: MapDocument) -> None:
    content = export_map("graphml", document, DISCLOSURE).content
    graph = networkx.parse_graphml(content.decode(), force_multigraph=True)
    assert isinstance(graph, networkx.MultiDiGraph)
    assert set(graph.nodes) == set(document.nodes.id)
    assert {key for *_, key in graph.edges(keys=True)} == set(document.ties.id)
    assert graph.graph["serial"] == "K-2026-000017"


def test_gexf_reads_back_as_the_same_network(document: MapDocument) -> None:
    content = export_map("gexf", document, DISCLOSURE).content
    graph = networkx.read_gexf(io.BytesIO(content))
    assert set(graph.nodes) == set(document.nodes.id)
    assert graph.number_of_edges() == len(document.ties.id)


def test_the_networkx_graph_has_the_claims(document: MapDocument) -> None:
    graph = as_networkx(document, DISCLOSURE)
    claims = {data["claim"] for *_, data in graph.edges(data=True)}
    assert claims == set(document.ties.sentence)


def test_json_is_the_document_with_a_stamp(document: MapDocument) -> None:
    body = json.loads(export_map("json", document, DISCLOSURE).content)
    assert body["kith"]["recipient"] == "Panel of 12 March"
    assert body["nodes"] == json.loads(document.to_json_bytes())["nodes"]


def test_the_picture_has_every_node_and_tie_with_words(document: MapDocument) -> None:
    root = ElementTree.fromstring(export_map("svg", document, DISCLOSURE).content)
    titles = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 1 + len(document.nodes.id) + len(document.ties.id)
    assert root.get("role") == "img"


def test_the_picture_asks_for_nothing(document: MapDocument) -> None:
    content = export_map("svg", document, DISCLOSURE).content.decode().replace("http://www.w3.org/2000/svg", "")
    assert "http" not in content
    assert "url(" not in content


def test_ties_between_the_same_two_are_bent_apart() -> None:
    assert bend_steps([0, 0, 1], [1, 2, 0]) == [-0.5, 0.0, -0.5]


@given(st.text(max_size=80))
def test_labels_have_at_most_two_short_lines(text: str) -> None:
    lines = wrapped(text, 16)
    assert 1 <= len(lines) <= 2
    assert all(len(line) <= 22 for line in lines)
