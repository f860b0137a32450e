"""A stand-alone page of a map, to keep or to hand over: pyvis with our own template.

One file that asks for nothing: the drawing library is inlined, a content policy in the page forbids every connection,
positions are preset and physics is off. Every text from a record is data, never markup; ids in the page are numbers, so
no record id leaves in it. Marking, audience, purpose, date and serial are printed, and the same ties stand in a table.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from viz.elements import MapDocument, day_in_words, period_in_words, support_in_words
from viz.palette import BACKGROUND, FONT, INK, POLARITIES, STANDINGS, SYMBOLS, radius_of, symbol_key
from viz.svg import wrapped

_WEB = Path(__file__).parent / "web"
_LIBRARY = _WEB / "vendor" / "vis-network-10.1.5.min.js"
_BOOT = _WEB / "js" / "standalone.js"
#: drawn beside a tie, so that polarity is not told by colour alone
_SIGNS = {"concern": "◆", "neutral": "", "protective": "✚"}


def network_page(document: MapDocument, *, serial: str, recipient: str | None = None) -> str:
    """The page as text, to be written as UTF-8. ``serial`` is the number of this copy in the disclosure log."""
    # pyvis brings IPython along: only those who export pay for that
    from pyvis.edge import Edge
    from pyvis.network import Network
    from pyvis.node import Node

    network = Network(directed=True, height="70vh", width="100%", heading=document.title, cdn_resources="in_line")
    # the constructor's own environment does not escape; add_node and add_edge search lists for each item
    network.templateEnv = _environment(document, serial, recipient)
    network.path = "network.html"
    network.options = _options(document)
    network.templateEnv.globals["network_options"] = network.options
    network.nodes = [Node(i, "image", **_node(document, i)).options for i in range(len(document.nodes.id))]
    network.edges = [
        Edge(document.ties.source[t], document.ties.target[t], True, **_edge(document, t, rank)).options
        for t, rank in enumerate(_ranks(document))
    ]
    page: str = network.generate_html(notebook=False)
    return page


def symbol_uri(key: str) -> str:
    """A symbol as a data address."""
    symbol = SYMBOLS[key]
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.25 -1.25 2.5 2.5" width="64" height="64">'
        f'<path d="{symbol.outline}" fill="{symbol.colour}"/>'
        f'<path d="{symbol.icon}" fill="#fff" fill-rule="evenodd"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def _environment(document: MapDocument, serial: str, recipient: str | None) -> Environment:
    environment = Environment(loader=FileSystemLoader(_WEB / "templates"), autoescape=True)
    library, boot = _script(_LIBRARY), _script(_BOOT)
    environment.globals.update(
        document=document,
        serial=serial,
        recipient=recipient,
        library=Markup(library),  # noqa: S704 - our own file; _script refuses a closing tag in it
        boot=Markup(boot),  # noqa: S704
        script_digests=[_digest(library), _digest(boot)],
        symbols={key: (SYMBOLS[key].label, symbol_uri(key)) for key in _keys(document)},
        standings=STANDINGS,
        polarities=POLARITIES,
        signs=_SIGNS,
        rows=_rows(document),
        data_block=data_block,
        day_in_words=day_in_words,
        background=BACKGROUND,
        sets=[(group.label, [document.nodes.label[i] for i in group.members]) for group in document.sets],
    )
    return environment


@cache
def _script(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("a script that cannot be inlined")
    return text


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _keys(document: MapDocument) -> list[str]:
    nodes = document.nodes
    used = {symbol_key(kind, band) for kind, band in zip(nodes.kind, nodes.age_band, strict=True)}
    return [key for key in SYMBOLS if key in used]


def _options(document: MapDocument) -> dict[str, Any]:
    return {
        "physics": {"enabled": False},
        "layout": {"improvedLayout": False},
        "interaction": {"hover": True, "dragNodes": False, "keyboard": {"enabled": True, "bindToWindow": False}},
        "nodes": {
            "font": {"size": 13, "color": INK, "face": FONT, "strokeWidth": 4, "strokeColor": BACKGROUND, "vadjust": -6}
        },
        "edges": {"arrowStrikethrough": False, "font": {"size": 13, "strokeWidth": 3, "strokeColor": BACKGROUND}},
        "groups": {key: {"shape": "image", "image": symbol_uri(key)} for key in _keys(document)},
    }


def _node(document: MapDocument, i: int) -> dict[str, Any]:
    nodes = document.nodes
    seed = nodes.id[i] in document.seeds
    return {
        "label": "\n".join(wrapped(nodes.label[i], 16)),
        "title": f"{nodes.label[i]}\n{nodes.detail[i]}" if nodes.detail[i] else nodes.label[i],
        "group": symbol_key(nodes.kind[i], nodes.age_band[i]),
        "x": nodes.x[i],
        "y": nodes.y[i],
        "size": radius_of(nodes.kind[i], seed) * 1.25,
    }


def _edge(document: MapDocument, t: int, rank: int) -> dict[str, Any]:
    ties = document.ties
    standing, polarity = STANDINGS[ties.standing[t]], POLARITIES[ties.polarity[t]]
    return {
        "id": t,
        "title": f"{ties.sentence[t]}\n{standing.label}. {support_in_words(document, t)}",
        "color": {"color": polarity.colour, "highlight": polarity.colour, "hover": polarity.colour},
        "label": _SIGNS[ties.polarity[t]],
        "font": {"color": polarity.colour},
        "dashes": list(standing.dash) or False,
        "width": standing.width,
        "arrows": {"to": {"enabled": bool(ties.directed[t]), "scaleFactor": 0.55}},
        "smooth": _bend(ties.source[t], ties.target[t], rank),
    }


def _bend(source: int, target: int, rank: int) -> dict[str, Any]:
    """Parallel ties lie apart: the first straight, the others in pairs to either side."""
    if rank == 0:
        return {"enabled": False}
    clockwise = (rank % 2 == 1) == (source < target)
    return {"enabled": True, "type": "curvedCW" if clockwise else "curvedCCW", "roundness": 0.12 * ((rank + 1) // 2)}


def _ranks(document: MapDocument) -> list[int]:
    """How many ties of the same two ends come before each tie."""
    seen: dict[tuple[int, int], int] = {}
    ranks = []
    for a, b in zip(document.ties.source, document.ties.target, strict=True):
        pair = (min(a, b), max(a, b))
        ranks.append(seen.get(pair, 0))
        seen[pair] = ranks[-1] + 1
    return ranks


def _rows(document: MapDocument) -> list[dict[str, str]]:
    """The table of ties."""
    ties = document.ties
    return [
        {
            "claim": ties.sentence[t],
            "standing": STANDINGS[ties.standing[t]].label,
            "polarity": POLARITIES[ties.polarity[t]].label,
            "when": period_in_words(ties.start[t], ties.end[t]),
            "support": support_in_words(document, t),
        }
        for t in range(len(ties.id))
    ]


def data_block(value: Any) -> Markup:
    """JSON for a data element of a page: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - escaped above
