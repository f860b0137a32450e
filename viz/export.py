"""A map as a file. Every file says inside itself: marking, audience, purpose, recipient, serial and dates."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx
import orjson

from graph.errors import UsageError
from graph.store import Neighbourhood
from viz.elements import MapDocument
from viz.geo import feature_collection
from viz.static_html import network_page
from viz.svg import map_svg

#: first characters that make a spreadsheet read a cell as a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Which copy this is, and for whom; the same serial stands in the audit log."""

    serial: str
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """A file to hand over."""

    content: bytes
    media_type: str
    #: with dot
    ending: str


def export_map(
    kind: str, document: MapDocument, disclosure: Disclosure, neighbourhood: Neighbourhood | None = None
) -> Exported:
    """The map as ``kind``: one of ``FORMATS``. GeoJSON needs the neighbourhood, for its locations.

    Raises UsageError for another kind, or when the neighbourhood is missing.
    """
    if kind == "geojson":
        if neighbourhood is None:
            raise UsageError("geojson needs the places themselves")
        return Exported(_geojson(document, disclosure, neighbourhood), "application/geo+json", ".geojson")
    if kind not in _WRITERS:
        raise UsageError(f"a map is written as one of {', '.join(FORMATS)}")
    writer, media_type = _WRITERS[kind]
    return Exported(writer(document, disclosure), media_type, f".{kind}")


def stamp(document: MapDocument, disclosure: Disclosure) -> dict[str, str]:
    """What every file says of itself."""
    facts = {
        "title": document.title,
        "marking": document.marking,
        "audience": document.audience,
        "purpose": document.purpose,
        "recipient": disclosure.recipient,
        "serial": disclosure.serial,
        "as_at": document.as_at,
        "known_at": document.known_at,
        "made_at": document.made_at,
        "note": "Every tie is a claim made in reports, not a fact.",
    }
    return {name: value for name, value in facts.items() if value is not None}


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet runs: a text that could be a formula gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(document: MapDocument, disclosure: Disclosure) -> bytes:
    body = orjson.loads(document.to_json_bytes())
    return orjson.dumps({"kith": stamp(document, disclosure), **body}, option=orjson.OPT_INDENT_2)


def _csv(document: MapDocument, disclosure: Disclosure) -> bytes:
    """Ties, one a row; the stamp stands above as rows of two cells, then an empty row. UTF-8 with BOM, for Excel."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for name, value in stamp(document, disclosure).items():
        writer.writerow([name, safe_cell(value)])
    writer.writerow([])
    writer.writerow(_CSV_COLUMNS)
    nodes, ties = document.nodes, document.ties
    for t in range(len(ties.id)):
        a, b = ties.source[t], ties.target[t]
        cells = [
            ties.id[t], nodes.id[a], nodes.label[a], nodes.detail[a], ties.type[t], ties.label[t], nodes.id[b],
            nodes.label[b], nodes.detail[b], ties.standing[t], ties.polarity[t], ties.start[t], ties.end[t],
            ties.reports[t], "; ".join(ties.agencies[t]), "; ".join(ties.grades[t]), ties.sentence[t],
        ]  # fmt: skip
        writer.writerow([safe_cell(cell) for cell in cells])
    tied = {*ties.source, *ties.target}
    for i in range(len(nodes.id)):
        if i not in tied:
            writer.writerow([safe_cell(cell) for cell in ("", nodes.id[i], nodes.label[i], nodes.detail[i])])
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")


_CSV_COLUMNS = (
    "tie_id", "source_id", "source", "source_about", "type", "tie", "target_id", "target", "target_about", "standing",
    "polarity", "start", "end", "reports", "agencies", "grades", "claim",
)  # fmt: skip


def as_networkx(document: MapDocument, disclosure: Disclosure) -> networkx.MultiDiGraph[str]:
    """The map for networkx users: nodes by typed id, ties keyed by tie id; the stamp as graph attributes."""
    graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    graph.graph.update({name: _xml(text) for name, text in stamp(document, disclosure).items()})
    nodes, ties = document.nodes, document.ties
    for i, node_id in enumerate(nodes.id):
        graph.add_node(
            node_id,
            label=_xml(nodes.label[i]),
            kind=nodes.kind[i],
            detail=_xml(nodes.detail[i]),
            age_band=nodes.age_band[i] or "",
            x=float(nodes.x[i]),
            y=float(nodes.y[i]),
        )
    for t, tie_id in enumerate(ties.id):
        graph.add_edge(
            nodes.id[ties.source[t]],
            nodes.id[ties.target[t]],
            key=tie_id,
            type=ties.type[t],
            claim=_xml(ties.sentence[t]),
            standing=ties.standing[t],
            polarity=ties.polarity[t],
            first_day=ties.start[t] or "",
            last_day=ties.end[t] or "",
            reports=ties.reports[t],
            agencies="; ".join(ties.agencies[t]),
            grades="; ".join(ties.grades[t]),
        )
    return graph


def _xml(text: str) -> str:
    """Without characters that XML 1.0 cannot hold."""
    return "".join(mark for mark in text if mark.isprintable() or mark in " \t\n")


def _graphml(document: MapDocument, disclosure: Disclosure) -> bytes:
    target = io.BytesIO()
    networkx.write_graphml_xml(as_networkx(document, disclosure), target, named_key_ids=True)
    return target.getvalue()


def _gexf(document: MapDocument, disclosure: Disclosure) -> bytes:
    """The stamp goes into the description, since GEXF has no attributes of a graph."""
    from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

    space = "http://gexf.net/1.3"
    register_namespace("", space)
    root = Element(f"{{{space}}}gexf", version="1.3")
    meta = SubElement(root, f"{{{space}}}meta", lastmodifieddate=document.made_at[:10])
    SubElement(meta, f"{{{space}}}creator").text = "Kith"
    facts = stamp(document, disclosure)
    SubElement(meta, f"{{{space}}}description").text = _xml(
        "; ".join(f"{name}: {text}" for name, text in facts.items())
    )
    graph = as_networkx(document, disclosure)
    drawn = SubElement(root, f"{{{space}}}graph", defaultedgetype="directed", mode="static")
    for group, items in (
        ("node", [data for _, data in graph.nodes(data=True)]),
        ("edge", [data for *_, data in graph.edges(data=True)]),
    ):
        declared = SubElement(drawn, f"{{{space}}}attributes", {"class": group})
        for name, value in (items[0] if items else {}).items():
            kinds = {float: "double", int: "integer"}
            SubElement(
                declared,
                f"{{{space}}}attribute",
                id=f"{group}_{name}",
                title=name,
                type=kinds.get(type(value), "string"),
            )
    nodes = SubElement(drawn, f"{{{space}}}nodes")
    for node_id, data in graph.nodes(data=True):
        _values(SubElement(nodes, f"{{{space}}}node", id=node_id, label=data["label"]), "node", data, space)
    edges = SubElement(drawn, f"{{{space}}}edges")
    for source, target, key, data in graph.edges(keys=True, data=True):
        _values(SubElement(edges, f"{{{space}}}edge", id=key, source=source, target=target), "edge", data, space)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True).encode("utf-8")


def _values(element: Any, group: str, data: Mapping[str, Any], space: str) -> None:
    from xml.etree.ElementTree import SubElement

    values = SubElement(element, f"{{{space}}}attvalues")
    for name, value in data.items():
        SubElement(values, f"{{{space}}}attvalue", {"for": f"{group}_{name}", "value": str(value)})


def _geojson(document: MapDocument, disclosure: Disclosure, neighbourhood: Neighbourhood) -> bytes:
    nodes = document.nodes
    properties = {
        node_id: {"name": nodes.label[i], "kind": nodes.kind[i], "detail": nodes.detail[i]}
        for i, node_id in enumerate(nodes.id)
    }
    records = [node.record for node in neighbourhood.nodes]
    return feature_collection(records, properties, stamp(document, disclosure))


def _svg(document: MapDocument, disclosure: Disclosure) -> bytes:
    return map_svg(document, serial=disclosure.serial, recipient=disclosure.recipient).encode("utf-8")


def _html(document: MapDocument, disclosure: Disclosure) -> bytes:
    return network_page(document, serial=disclosure.serial, recipient=disclosure.recipient).encode("utf-8")


_WRITERS: Mapping[str, tuple[Callable[[MapDocument, Disclosure], bytes], str]] = {
    "html": (_html, "text/html; charset=utf-8"),
    "json": (_json, "application/json"),
    "csv": (_csv, "text/csv; charset=utf-8"),
    "graphml": (_graphml, "application/graphml+xml"),
    "gexf": (_gexf, "application/gexf+xml"),
    "svg": (_svg, "image/svg+xml"),
}

#: endings without the dot
FORMATS: tuple[str, ...] = (*_WRITERS, "geojson")
