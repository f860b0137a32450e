from __future__ import annotations

from pathlib import Path

import pytest

from graph.model import NodeKind
from viz import palette
from viz.palette import BACKGROUND, INK, POLARITIES, SECONDARY, STANDINGS, SYMBOLS, palette_module, symbol_key

MODULE = Path(palette.__file__).parent / "web" / "js" / "palette.js"


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_browser_has_the_same_palette() -> None:
    assert MODULE.read_text(encoding="utf-8") == palette_module(), "run python -m viz.palette"


@pytest.mark.parametrize("colour", [INK, SECONDARY, *(stroke.colour for stroke in POLARITIES.values())])
def test_text_and_ties_stand_out_from_the_background(colour: str) -> None:
    assert contrast(colour, BACKGROUND) >= 4.5


@pytest.mark.parametrize("key", list(SYMBOLS))
def test_symbols_stand_out_and_so_does_the_icon_on_them(key: str) -> None:
    assert contrast(SYMBOLS[key].colour, BACKGROUND) >= 4.5
    assert contrast(SYMBOLS[key].colour, "#ffffff") >= 4.5


def test_every_kind_has_a_shape_of_its_own() -> None:
    keys = {symbol_key(kind.value, None) for kind in NodeKind} | {
        symbol_key("person", band) for band in ("child", "adult")
    }
    assert keys == set(SYMBOLS)
    assert len({symbol.outline for symbol in SYMBOLS.values()}) == len(SYMBOLS)


def test_standing_and_polarity_do_not_rest_on_colour() -> None:
    assert len({stroke.dash for stroke in STANDINGS.values()}) == len(STANDINGS)
    assert len({stroke.marker for stroke in POLARITIES.values()}) == len(POLARITIES)
