"""A map as one SVG picture: the look of the browser's canvas, with a title and description that tell the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from viz.bubbles import bubble
from viz.elements import MapDocument, day_in_words
from viz.palette import (
    BACKGROUND,
    FONT,
    INK,
    POLARITIES,
    SECONDARY,
    SETS,
    STANDINGS,
    SYMBOLS,
    radius_of,
    symbol_key,
)

_MARGIN = 70.0
_HEAD = 92.0
_LEGEND = 30.0
_LINE = 15.0
_MARKER = 5.0


def map_svg(document: MapDocument, *, serial: str, recipient: str | None = None) -> str:
    """The picture as text, at its natural size of one unit a pixel."""
    nodes = document.nodes
    facts = _facts(document, serial, recipient)
    left, right = min(nodes.x, default=0.0) - _MARGIN, max(nodes.x, default=0.0) + _MARGIN
    top, bottom = min(nodes.y, default=0.0) - _MARGIN, max(nodes.y, default=0.0) + _MARGIN
    width = max(right - left, 900.0)
    left -= (width - (right - left)) / 2
    legend = list(_legend(document))
    placed, height = _placed_legend(legend, width, bottom - top + _HEAD)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="map-title map-description" '
        f"font-family={quoteattr(FONT)}>",
        f'<title id="map-title">{_text(document.title)}</title>',
        f'<desc id="map-description">{_text(_description(document, facts))}</desc>',
        f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>',
        *_head(document, facts, width),
        f'<g transform="translate({-left:.1f} {_HEAD - top:.1f})">',
        *_bubbles(document),
        *_ties(document),
        *_nodes(document),
        "</g>",
        *placed,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _text(value: str) -> str:
    """Escaped, without what XML 1.0 cannot hold."""
    return escape("".join(mark for mark in value if mark in " \t\n" or mark.isprintable()))


def _facts(document: MapDocument, serial: str, recipient: str | None) -> str:
    facts = [
        f"For: {document.audience}",
        f"Recipient: {recipient}" if recipient else "",
        f"Purpose: {document.purpose}",
        f"As at {day_in_words(document.as_at)}" if document.as_at else "Any time",
        f"As known on {day_in_words(document.known_at)}" if document.known_at else "",
        f"Made {day_in_words(document.made_at)}",
        f"Serial {serial}",
    ]
    return " · ".join(fact for fact in facts if fact)


def _description(document: MapDocument, facts: str) -> str:
    claims = " ".join(document.ties.sentence[:200])
    more = len(document.ties.sentence) - 200
    return (
        f"{document.marking}. {facts}. {len(document.nodes.id)} people, places and events with "
        f"{len(document.ties.id)} ties; every tie is a claim made in reports, not a fact. {claims}"
        + (f" And {more} more." if more > 0 else "")
    )


def _head(document: MapDocument, facts: str, width: float) -> Iterator[str]:
    yield f'<rect width="100%" height="28" fill="{INK}"/>'
    yield (
        f'<text x="{width / 2:.0f}" y="19" text-anchor="middle" font-size="14" font-weight="bold" fill="#fff">'
        f"{_text(document.marking)}</text>"
    )
    yield f'<text x="20" y="58" font-size="21" font-weight="bold" fill="{INK}">{_text(document.title)}</text>'
    yield f'<text x="20" y="80" font-size="13" fill="{SECONDARY}">{_text(facts)}</text>'


def _bubbles(document: MapDocument) -> Iterator[str]:
    nodes = document.nodes
    row_of = {node_id: row for row, node_id in enumerate(nodes.id)}
    for number, group in enumerate(document.sets):
        rows = sorted({*group.members, *([row_of[group.id]] if group.id in row_of else [])})
        if len(rows) < 2:
            continue
        edge, fill = SETS[number % len(SETS)]
        pairs, triangles = bubble(nodes.x, nodes.y, rows)
        dots = "".join(f"M{nodes.x[i]} {nodes.y[i]}h0" for i in rows)
        lines = dots + "".join(f"M{nodes.x[a]} {nodes.y[a]}L{nodes.x[b]} {nodes.y[b]}" for a, b in pairs)
        areas = "".join("M" + "L".join(f"{nodes.x[i]} {nodes.y[i]}" for i in corners) + "Z" for corners in triangles)
        style = 'style="mix-blend-mode:darken" fill="none" stroke-linecap="round" stroke-linejoin="round"'
        yield f'<path {style} d="{lines}" stroke="{edge}" stroke-width="66"/>'
        yield f'<path {style} d="{lines}" stroke="{fill}" stroke-width="58"/>'
        if areas:
            yield f'<path style="mix-blend-mode:darken" d="{areas}" fill="{fill}"/>'


def _ties(document: MapDocument) -> Iterator[str]:
    nodes, ties = document.nodes, document.ties
    bends = bend_steps(ties.source, ties.target)
    for t in range(len(ties.id)):
        a, b = ties.source[t], ties.target[t]
        ax, ay, bx, by = nodes.x[a], nodes.y[a], nodes.x[b], nodes.y[b]
        length = math.hypot(bx - ax, by - ay) or 1.0
        off = bends[t] * 34.0
        cx, cy = (ax + bx) / 2 - (by - ay) / length * off, (ay + by) / 2 + (bx - ax) / length * off
        standing, polarity = STANDINGS[ties.standing[t]], POLARITIES[ties.polarity[t]]
        dash = f' stroke-dasharray="{" ".join(map(str, standing.dash))}"' if standing.dash else ""
        course = f"Q{cx:.1f} {cy:.1f} {bx} {by}" if off else f"L{bx} {by}"
        yield (
            f'<path d="M{ax} {ay}{course}" fill="none" stroke="{polarity.colour}" stroke-width="{standing.width}"'
            f"{dash}><title>{_text(ties.sentence[t])} {standing.label}.</title></path>"
        )
        if ties.directed[t]:
            seed = nodes.id[b] in document.seeds
            yield _arrow(cx, cy, bx, by, radius_of(nodes.kind[b], seed) * 1.12, polarity.colour)
        if polarity.marker and length >= 50:
            mx, my = (ax + bx + 2 * cx) / 4, (ay + by + 2 * cy) / 4
            yield (
                f'<path d="{polarity.marker}" transform="translate({mx:.1f} {my:.1f}) scale({_MARKER})" '
                f'fill="{polarity.colour}" stroke="{BACKGROUND}" stroke-width=".45" paint-order="stroke"/>'
            )


def _arrow(from_x: float, from_y: float, to_x: float, to_y: float, reach: float, colour: str) -> str:
    angle = math.atan2(to_y - from_y, to_x - from_x)
    tip_x, tip_y = to_x - math.cos(angle) * reach, to_y - math.sin(angle) * reach
    wings = [
        f"L{tip_x - math.cos(angle + turn) * 9.5:.1f} {tip_y - math.sin(angle + turn) * 9.5:.1f}"
        for turn in (-0.42, 0.42)
    ]
    return f'<path d="M{tip_x:.1f} {tip_y:.1f}{"".join(wings)}Z" fill="{colour}"/>'


def _nodes(document: MapDocument) -> Iterator[str]:
    nodes = document.nodes
    for i in range(len(nodes.id)):
        symbol = SYMBOLS[symbol_key(nodes.kind[i], nodes.age_band[i])]
        seed = nodes.id[i] in document.seeds
        radius = radius_of(nodes.kind[i], seed)
        yield (
            f'<g transform="translate({nodes.x[i]} {nodes.y[i]})">'
            f"<title>{_text(nodes.label[i])}. {_text(nodes.detail[i])}</title>"
            f'<g transform="scale({radius:.2f})"><path d="{symbol.outline}" fill="{symbol.colour}" '
            f'stroke="{INK if seed else BACKGROUND}" stroke-width=".14"/>'
            f'<path d="{symbol.icon}" fill="#fff" fill-rule="evenodd"/></g>'
        )
        weight = ' font-weight="bold"' if seed else ""
        for row, line in enumerate(wrapped(nodes.label[i], 22 if seed else 16)):
            yield (
                f'<text y="{radius + 14 + row * _LINE:.1f}" text-anchor="middle" font-size="12.5"{weight} fill="{INK}" '
                f'stroke="{BACKGROUND}" stroke-width="4" stroke-linejoin="round" paint-order="stroke">'
                f"{_text(line)}</text>"
            )
        yield "</g>"


def _legend(document: MapDocument) -> Iterator[tuple[float, str]]:
    """(length, drawing at the origin) of each entry."""
    nodes = document.nodes
    used = {symbol_key(kind, band) for kind, band in zip(nodes.kind, nodes.age_band, strict=True)}
    for key, symbol in SYMBOLS.items():
        if key in used:
            drawing = (
                f'<g transform="translate(12 -4) scale(9)"><path d="{symbol.outline}" fill="{symbol.colour}"/>'
                f'<path d="{symbol.icon}" fill="#fff" fill-rule="evenodd"/></g>'
            )
            yield _entry(drawing, 30, symbol.label)
    for stroke in STANDINGS.values():
        dash = f' stroke-dasharray="{" ".join(map(str, stroke.dash))}"' if stroke.dash else ""
        drawing = f'<path d="M0 -4H40" stroke="{INK}" stroke-width="{stroke.width}"{dash}/>'
        yield _entry(drawing, 48, f"{stroke.label}: {stroke.meaning}")
    for stroke in POLARITIES.values():
        drawing = f'<path d="M0 -4H40" stroke="{stroke.colour}" stroke-width="2"/>'
        if stroke.marker:
            drawing += f'<path d="{stroke.marker}" transform="translate(20 -4) scale(5)" fill="{stroke.colour}"/>'
        yield _entry(drawing, 48, f"{stroke.label}: {stroke.meaning}")
    yield _entry("", 0, "Every tie is a claim made in reports, not a fact.")


def _entry(drawing: str, indent: int, label: str) -> tuple[float, str]:
    return (
        indent + len(label) * 6.9 + 26,
        f'{drawing}<text x="{indent}" font-size="13" fill="{INK}">{_text(label)}</text>',
    )


def _placed_legend(entries: Sequence[tuple[float, str]], width: float, top: float) -> tuple[list[str], float]:
    """The entries in lines below ``top``, and where they end."""
    x, y = 20.0, top + 20
    placed = []
    for length, drawing in entries:
        if x > 20 and x + length > width - 10:
            x, y = 20.0, y + _LEGEND
        placed.append(f'<g transform="translate({x:.0f} {y:.0f})">{drawing}</g>')
        x += length
    return placed, y + 24


def bend_steps(source: Sequence[int], target: Sequence[int]) -> list[float]:
    """How far each of several ties between the same two nodes is bent aside; 0 for a single one."""
    pairs: dict[tuple[int, int], list[int]] = {}
    for t, (a, b) in enumerate(zip(source, target, strict=True)):
        pairs.setdefault((min(a, b), max(a, b)), []).append(t)
    bends = [0.0] * len(source)
    for members in pairs.values():
        for rank, t in enumerate(members):
            step = rank - (len(members) - 1) / 2
            bends[t] = step if source[t] < target[t] else -step
    return bends


def wrapped(text: str, length: int) -> list[str]:
    """A label in at most two lines, parted at a comma or as even as its words allow; what is far too long is cut."""
    if len(text) <= length:
        return [text]
    words, most = text.split(), length + 6
    comma = next((at for at, word in enumerate(words, 1) if word.endswith(",")), 0)
    parted = [" ".join(words[:comma]), " ".join(words[comma:])]
    if all(0 < len(line) <= length + 2 for line in parted):
        return parted
    cuts = [[" ".join(words[:at]), " ".join(words[at:])] for at in range(1, len(words))]
    lines = min(reversed(cuts), key=lambda pair: max(map(len, pair)), default=[text])
    return [line if len(line) <= most else line[: most - 1] + "…" for line in lines]
