"""How prompts are found, in a real browser: by keyboard alone, without scripts, every method, on paper, and offline."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from analysis.registry import DETECTORS
from tests.e2e.conftest import Visit
from tests.e2e.hub_site import Site
from tests.e2e.test_tasks import follow, heading, tab_to

TITLE = DETECTORS["peripheral_children"].spec.title


def test_from_a_prompt_to_its_method_and_back_by_keyboard_without_scripts(visit: Visit, site: Site) -> None:
    page = visit("socialworker", scripts=False)
    page.goto(site.address + "/flags/prompt-child")
    follow(page, "How this works")
    assert heading(page) == TITLE
    tab_to(page, words="Read the record")
    page.keyboard.press("Enter")
    assert page.get_by_text("a person, for every flag, with a reason").is_visible()
    page.reload()
    follow(page, "How prompts are found")
    assert heading(page) == "How prompts are found"
    follow(page, DETECTORS["hotspot_places"].spec.title)
    follow(page, "Open the hotspot map")
    assert heading(page) == "Hotspots"
    follow(page, DETECTORS["near_repeats"].spec.title)
    assert heading(page) == DETECTORS["near_repeats"].spec.title


def test_from_the_list_of_one_kind_to_its_method(visit: Visit, site: Site) -> None:
    page = visit("police")
    page.goto(site.address + "/flags?detector=peripheral_children")
    follow(page, "How this works")
    assert heading(page) == TITLE


def test_every_method_is_accessible_open_or_closed_and_asks_nobody_else(visit: Visit, site: Site) -> None:
    page = visit("police")
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.partition("/")[2].split("/")[1]))
    wrong = {}
    for name in (*DETECTORS, "weights"):
        page.goto(f"{site.address}/methods/{name}")
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        found = Axe().run(page).response["violations"]
        if found:
            wrong[name] = [f"{rule['id']}: {node['html'][:100]}" for rule in found for node in rule["nodes"]]
    assert wrong == {}
    assert asked == {site.address.removeprefix("http://")}


@pytest.mark.parametrize("width", [320, 400])
def test_every_method_fits_a_small_screen(width: int, visit: Visit, site: Site) -> None:
    page = visit("police")
    page.set_viewport_size({"width": width, "height": 800})
    too_wide = {}
    for name in (*DETECTORS, "weights"):
        page.goto(f"{site.address}/methods/{name}")
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        found = page.evaluate("document.documentElement.scrollWidth")
        if found > width:
            too_wide[name] = found
    assert too_wide == {}
