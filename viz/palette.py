"""Shapes, colours and strokes of a map: one table for the browser, the SVG and the stand-alone page.

Every difference shows twice: kinds by shape and icon as well as colour, standing by solid, dashed and dotted, polarity
by a marker as well as colour, children and adults by shape. Colours keep at least 4.5:1 against the background and stay
apart for people who do not see red and green alike (blue-green, violet, brown, brick, ochre with differing lightness).
``viz/web/js/palette.js`` is written from here by ``python -m viz.palette``; a test compares the two.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

BACKGROUND = "#fbfaf7"
INK = "#1d2a33"
SECONDARY = "#4f5b64"
HIGHLIGHT = "#ffdd00"
FOCUS = "#0b0c0c"
#: radius of a symbol, units; seeds and hubs are drawn larger by the factors
RADIUS = 13.0
SEED_FACTOR = 1.35
#: events are many and small, so that people and places stand out
EVENT_FACTOR = 0.72
#: soft tints behind peer groups (edge, middle), blended by darkening; told apart by their printed name
SETS = (
    ("#ecf1f3", "#dce7ef"),
    ("#f6f0e4", "#f1e5d1"),
    ("#eef2e7", "#e1ebd7"),
    ("#f2edf1", "#eae0eb"),
    ("#eaf1ef", "#d9e9e7"),
    ("#f6ede9", "#f2e0db"),
)
FONT = "Arial, Helvetica, sans-serif"


@dataclass(frozen=True, slots=True)
class Symbol:
    """How one kind of node is drawn."""

    #: words in the legend
    label: str
    #: outline in a box from -1 to 1, as an SVG path
    outline: str
    #: drawn in white on the outline, same box
    icon: str
    colour: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """How one word about a tie is drawn."""

    label: str
    #: what it means, in the legend
    meaning: str
    #: lengths of dash and gap, pixels; empty for solid
    dash: tuple[float, ...] = ()
    width: float = 1.6
    colour: str = ""
    #: drawn at the middle of the tie, in a box from -1 to 1; empty for none
    marker: str = ""


_CIRCLE = "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z"
_PERSON = "M0 -.62A.3 .3 0 1 1 0 -.02A.3 .3 0 1 1 0 -.62ZM-.56 .6C-.56 .22 -.32 .08 0 .08C.32 .08 .56 .22 .56 .6Z"

#: key: kind, or person_child, person_adult, person_unknown
SYMBOLS: dict[str, Symbol] = {
    "person_child": Symbol("Child or young person (under 18)", _CIRCLE, _PERSON, "#1f6f8b"),
    "person_adult": Symbol(
        "Adult",
        "M-.62 -.92H.62A.3 .3 0 0 1 .92 -.62V.62A.3 .3 0 0 1 .62 .92H-.62A.3 .3 0 0 1 -.92 .62V-.62A.3 .3 0"
        " 0 1 -.62 -.92Z",
        _PERSON,
        "#5d4a86",
    ),
    "person_unknown": Symbol(
        "Person, age not known",
        "M0 -1.05L.95 -.32L.62 .85H-.62L-.95 -.32Z",
        "M-.3 -.22C-.3 -.62 .36 -.64 .36 -.2C.36 .06 .08 .08 .08 .3H-.14C-.14 -.02 .12 -.06 .12 -.2C.12 -.36"
        " -.1 -.36 -.1"
        " -.22ZM-.03 .42A.13 .13 0 1 1 -.03 .68A.13 .13 0 1 1 -.03 .42Z",
        "#5a666e",
    ),
    "place": Symbol(
        "Place",
        "M0 1.15C-.3 .72 -.9 .3 -.9 -.25A.9 .9 0 1 1 .9 -.25C.9 .3 .3 .72 0 1.15Z",
        "M0 -.58A.34 .34 0 1 1 0 .1A.34 .34 0 1 1 0 -.58Z",
        "#8a5523",
    ),
    "school": Symbol(
        "School",
        "M0 -1.1L1.05 -.3V.9H-1.05V-.3Z",
        "M-.7 0H-.36V.34H-.7ZM.36 0H.7V.34H.36ZM-.2 .9V.3H.2V.9ZM-.14 -.5H.14V-.14H-.14Z",
        "#2d6a4c",
    ),
    "group": Symbol(
        "Peer group",
        "M-.55 -.95H.55L1.1 0L.55 .95H-.55L-1.1 0Z",
        "M-.36 -.42A.2 .2 0 1 1 -.36 -.02A.2 .2 0 1 1 -.36 -.42ZM.36 -.42A.2 .2 0 1 1 .36 -.02A.2 .2 0 1 1 .36 -.42Z"
        "M-.74 .46C-.74 .18 -.58 .06 -.36 .06C-.14 .06 .02 .18 .02 .46ZM.06 .46C.06 .3 .04 .2 -.02 .14C.06"
        " .08 .2 .06 .36"
        " .06C.58 .06 .74 .18 .74 .46Z",
        "#6b6420",
    ),
    "event": Symbol("Event", "M0 -1.1L1.1 .85H-1.1Z", "M-.12 -.45H.12L.08 .2H-.08ZM-.13 .36H.13V.6H-.13Z", "#80405f"),
    "operation": Symbol(
        "Operation",
        "M-.42 -1H.42L1 -.42V.42L.42 1H-.42L-1 .42V-.42Z",
        "M0 -.55L.46 -.36V0C.46 .3 .24 .5 0 .62C-.24 .5 -.46 .3 -.46 0V-.36Z",
        "#33424d",
    ),
    "vehicle": Symbol(
        "Vehicle",
        "M-.9 -.7H.9A.25 .25 0 0 1 1.15 -.45V.45A.25 .25 0 0 1 .9 .7H-.9A.25 .25 0 0 1 -1.15 .45V-.45A.25"
        " .25 0 0 1 -.9 -.7Z",
        "M-.7 .12L-.42 -.36H.36L.6 -.06H.76V.26H-.7ZM-.36 .16A.16 .16 0 1 1 -.36 .48A.16 .16 0 1 1 -.36"
        " .16ZM.4 .16A.16 .16 0"
        " 1 1 .4 .48A.16 .16 0 1 1 .4 .16Z",
        "#46597a",
    ),
    "phone": Symbol(
        "Phone",
        "M-.45 -1.05H.45A.2 .2 0 0 1 .65 -.85V.85A.2 .2 0 0 1 .45 1.05H-.45A.2 .2 0 0 1 -.65 .85V-.85A.2 .2"
        " 0 0 1 -.45 -1.05Z",
        "M-.42 -.78H.42V.48H-.42ZM-.1 .64H.1V.84H-.1Z",
        "#46597a",
    ),
    "account": Symbol(
        "Online account",
        "M-.85 -.85H.85A.2 .2 0 0 1 1.05 -.65V.35A.2 .2 0 0 1 .85 .55H-.1L-.55 1.05V.55H-.85A.2 .2 0 0 1"
        " -1.05 .35V-.65A.2 .2"
        " 0 0 1 -.85 -.85Z",
        "M-.62 -.5H.62V-.3H-.62ZM-.62 -.1H.3V.1H-.62Z",
        "#46597a",
    ),
}

STANDINGS: dict[str, Stroke] = {
    "confirmed": Stroke("Confirmed", "a strong graded report, or two independent sources", (), 2.0),
    "unconfirmed": Stroke("Unconfirmed", "reported, not yet supported by a second source", (7.0, 4.0), 1.7),
    "tentative": Stroke("Tentative", "every report is doubtful", (1.5, 4.0), 1.7),
}
POLARITIES: dict[str, Stroke] = {
    "concern": Stroke(
        "Concern", "the tie itself is a worry", colour="#a33a2c", marker="M0 -1.15L1.15 0L0 1.15L-1.15 0Z"
    ),
    "neutral": Stroke("Neutral", "says neither good nor bad", colour="#67737c"),
    "protective": Stroke(
        "Protective",
        "somebody or somewhere that keeps safe",
        colour="#1f7350",
        marker="M-.3 -1H.3V-.3H1V.3H.3V1H-.3V.3H-1V-.3H-.3Z",
    ),
}


def symbol_key(kind: str, age_band: str | None) -> str:
    """The row of ``SYMBOLS`` for a node."""
    return f"person_{age_band or 'unknown'}" if kind == "person" else kind


def radius_of(kind: str, seed: bool) -> float:
    """Radius of a node's symbol, units."""
    return RADIUS * (SEED_FACTOR if seed else EVENT_FACTOR if kind == "event" else 1.0)


def palette_module() -> str:
    """The text of ``viz/web/js/palette.js``."""
    table = {
        "background": BACKGROUND,
        "ink": INK,
        "secondary": SECONDARY,
        "highlight": HIGHLIGHT,
        "focus": FOCUS,
        "radius": RADIUS,
        "seedFactor": SEED_FACTOR,
        "eventFactor": EVENT_FACTOR,
        "font": FONT,
        "sets": SETS,
        "symbols": {key: asdict(symbol) for key, symbol in SYMBOLS.items()},
        "standings": {key: asdict(stroke) for key, stroke in STANDINGS.items()},
        "polarities": {key: asdict(stroke) for key, stroke in POLARITIES.items()},
    }
    body = json.dumps(table, indent=1, ensure_ascii=False)
    return (
        "// Written by `python -m viz.palette` from viz/palette.py; change that file, not this one.\n\n"
        "/** @typedef {{label: string, outline: string, icon: string, colour: string}} Symbol */\n"
        "/** @typedef {{label: string, meaning: string, dash: number[], width: number, colour: string, marker: string}}"
        " Stroke */\n"
        "/** @type {{background: string, ink: string, secondary: string, highlight: string, focus: string,"
        " radius: number,"
        " seedFactor: number, eventFactor: number, font: string, sets: [string, string][],"
        " symbols: Record<string, Symbol>,"
        " standings: Record<string, Stroke>, polarities: Record<string, Stroke>}} */\n"
        f"export const PALETTE = {body};\n"
    )


if __name__ == "__main__":
    (Path(__file__).parent / "web" / "js" / "palette.js").write_text(palette_module(), encoding="utf-8")
