"""Method pages: current, complete, in the right words."""

from __future__ import annotations

import math

import pytest

from analysis.pages import FOLDER, current, parts
from analysis.registry import DETECTORS
from viz.wording import check

PAGES = sorted(parts())


@pytest.mark.parametrize("page", PAGES)
def test_the_part_from_the_registry_is_current(page: str) -> None:
    text = (FOLDER / page).read_text(encoding="utf-8")
    assert current(text, parts()[page]) == text, "run python -m analysis.pages"


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_every_detector_has_a_page_with_all_its_sections(name: str) -> None:
    text = (FOLDER / DETECTORS[name].spec.method_page).read_text(encoding="utf-8")
    for title in ("How the score is made", "Worked example", "Where the method comes from", "When it fails",
                  "Transparency record", "Parameters"):  # fmt: skip
        assert f"## {title}" in text


@pytest.mark.parametrize("page", PAGES)
def test_pages_keep_to_the_language_guide(page: str) -> None:
    assert not check((FOLDER / page).read_text(encoding="utf-8"))


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError):
        current("no marks", "part")


def test_the_worked_examples_are_worked_right() -> None:
    exposed = -math.log(1 - 0.40 * 0.90 * 2 ** (-10 / 180) * 0.8)
    assert (round(exposed, 3), round(math.expm1(exposed) / 1.4, 2)) == (0.325, 0.27)
    assert round(2 * 0.625 * math.log(0.6 / 0.03), 2) == 3.74
    assert round(0.5 * math.log(0.4 / 0.97), 2) == -0.44
    assert round(4 * 0.55 * math.log(0.4 / 0.05) + 2 * 0.5 * math.log(0.6 / 0.95), 1) == 4.1
