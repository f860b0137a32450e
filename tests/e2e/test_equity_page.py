"""The page about groups in a real browser: accessible, readable on a small screen and on paper, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from graph.flags import FlagState
from tests.api.groups import actor_of, add_groups, compare, flag_children
from tests.e2e.conftest import Visit
from tests.e2e.hub_site import Site

CHOICES = ("ethnicity", "ethnicity_detail", "sex", "send", "looked_after")


@pytest.fixture(scope="module")
def grouped(site: Site) -> Iterator[Site]:
    """The site with children of several groups, flags that were reviewed, and a run about them."""
    add_groups(site.wiring)
    for number, flag in enumerate(flag_children(site.wiring, "WBRI", 40)):
        state = FlagState.ACCEPTED if number % 3 else FlagState.DISMISSED
        site.wiring.gate(actor_of(site.wiring, "police")).decide_flag(flag, state, "looked into")
    compare(site.wiring)
    yield site


@pytest.mark.parametrize("role", ["analyst", "panel", "governance"])
def test_it_is_accessible_and_says_nothing_to_the_console(role: str, visit: Visit, grouped: Site) -> None:
    page = visit(role)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for by in CHOICES if role == "analyst" else CHOICES[:1]:
        page.goto(f"{grouped.address}/equity?by={by}")
        found = Axe().run(page).response["violations"]
        assert [f"{rule['id']}: {node['html'][:100]}" for rule in found for node in rule["nodes"]] == []
    assert said == []


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_it_fits_the_screen(width: int, visit: Visit, grouped: Site) -> None:
    page = visit("governance")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{grouped.address}/equity")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_ratio_of_the_picture_stands_in_the_table_before_it(visit: Visit, grouped: Site) -> None:
    page = visit("analyst")
    page.goto(f"{grouped.address}/equity")
    picture = page.get_by_role("img")
    drawn = [text for text in picture.locator("text").all_text_contents() if " to " in text]
    table = page.locator("main table").first
    assert drawn and set(drawn) <= set(table.locator("td .kith-nowrap").all_inner_texts())
    before = "([one, other]) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING"
    assert page.evaluate(before, [table.element_handle(), picture.element_handle()])
    assert "The table above says the same" in (picture.get_attribute("aria-label") or "")


def test_it_is_found_and_read_by_keyboard_without_scripts(grouped: Site, visit: Visit) -> None:
    page = visit("governance", scripts=False)
    link = page.get_by_role("link", name="Fairness")
    link.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.inner_text("h1") == "Who is referred, opened and flagged"
    page.get_by_role("link", name="Sex", exact=True).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("nav a[aria-current=true]").inner_text() == "Sex"
    assert "Of 100 flagged like this, reviewers confirmed" in page.inner_text("main")


def test_on_paper_the_tables_and_the_picture_stay(visit: Visit, grouped: Site) -> None:
    page = visit("analyst")
    page.goto(f"{grouped.address}/equity")
    page.emulate_media(media="print")
    assert page.get_by_role("img").is_visible()
    assert page.locator("main table").count() == page.locator("main table:visible").count()
