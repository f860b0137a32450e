"""Every kind of prompt has its family on the page, and its picture and method in the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.registry import DETECTORS
from api.views.flag_lists import FAMILIES

DOCS = Path(__file__).parents[3] / "docs"
#: a picture larger than this is slow to open
MOST_BYTES = 150_000


def test_every_kind_is_of_one_family() -> None:
    named = [name for _, _, names in FAMILIES for name in names]
    assert sorted(named) == sorted(DETECTORS)


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_every_kind_is_shown_with_its_method(name: str) -> None:
    page = (DOCS / "flags.md").read_text(encoding="utf-8")
    assert f"### {DETECTORS[name].spec.title}\n" in page
    assert f"(images/flags/{name}.png)" in page
    assert f"(methods/{DETECTORS[name].spec.method_page})" in page
    assert 0 < (DOCS / "images" / "flags" / f"{name}.png").stat().st_size <= MOST_BYTES
