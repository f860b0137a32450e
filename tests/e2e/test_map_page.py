"""The map page in a real browser: by keyboard alone, with the content policy on, beside its table."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from graph.model import NodeId, Person, TieId
from graph.store import Neighbourhood
from tests.e2e.map_site import serve
from tests.viz.conftest import document_of, with_record
from tests.viz.made import neighbourhood
from tests.viz.test_export import HOSTILE, renamed
from viz.elements import MapDocument
from viz.static_html import network_page

COUNT = 40
NEW = "person:900"


@dataclass
class Opened:
    """A page with what it did."""

    page: Page
    document: MapDocument
    origin: str
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def state(self, expression: str) -> Any:
        """A value of the running map, named ``map``."""
        return self.page.evaluate(f"() => {{ const map = window.kithMap; return {expression}; }}")

    @property
    def focused(self) -> str | None:
        """Id of the node whose proxy has the focus."""
        return self.page.evaluate("() => document.activeElement?.dataset.node ?? null")  # type: ignore[no-any-return]


def expansion(found: Neighbourhood) -> bytes:
    """What lies around the hub: one new person."""
    hub = found.nodes[0]
    tie = next(tie for tie in found.ties if hub.record.id in (tie.tie.source, tie.tie.target))
    new = dataclasses.replace(hub, record=Person(NodeId(NEW), "Newly", "Added"), degree=1)
    claim = dataclasses.replace(tie.tie, id=TieId("T900"), source=NodeId(NEW), target=hub.record.id)
    joined = dataclasses.replace(claim, tie_type="attends")
    around = dataclasses.replace(
        found, nodes=(hub, new), hops=(0, 1), ties=(dataclasses.replace(tie, tie=joined),), cut=()
    )
    return document_of(around).to_json_bytes()


def opened(browser: Browser, document: MapDocument, expand: bytes | None, size: tuple[int, int]) -> Iterator[Opened]:
    with serve(document.to_json_bytes(), (lambda _: expand) if expand else None) as url:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        result = Opened(page, document, url)
        page.on("request", lambda request: result.requests.append(request.url))
        page.on("pageerror", lambda error: result.problems.append(str(error)))
        page.on("console", lambda message: result.problems.append(message.text) if message.type == "error" else None)
        page.add_init_script(
            "addEventListener('kith-map-ready', (event) => { window.kithMap = event.detail; }, true);"
            "addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective));"
        )
        page.goto(url)
        page.locator("[data-kith-map][data-ready='true']").wait_for()
        yield result
        page.close()


@pytest.fixture(scope="module")
def found() -> Neighbourhood:
    return neighbourhood(COUNT)


@pytest.fixture
def map_page(chromium: Browser, found: Neighbourhood) -> Iterator[Opened]:
    yield from opened(chromium, document_of(found), expansion(found), (1366, 900))


def test_it_opens_without_errors_and_asks_nobody_else(map_page: Opened) -> None:
    map_page.page.wait_for_timeout(200)
    assert map_page.problems == []
    assert all(url.startswith(map_page.origin) for url in map_page.requests)


def test_nothing_is_kept_in_the_browser(map_page: Opened) -> None:
    kept = map_page.page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, document.cookie,"
        " (await indexedDB.databases()).length]"
    )
    assert kept == [0, 0, "", 0]


def test_arrows_walk_the_map_and_enter_and_escape_open_and_close_the_details(map_page: Opened) -> None:
    page, document = map_page.page, map_page.document
    page.locator(".kith-map__proxy[tabindex='0']").focus()
    assert map_page.focused == document.seeds[0]
    visited = {map_page.focused}
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
        visited.add(map_page.focused)
    assert len(visited) >= 4
    here = map_page.focused
    label = document.nodes.label[list(document.nodes.id).index(str(here))]
    spoken = page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    assert spoken.startswith(label)
    page.keyboard.press("Enter")
    assert page.locator("[data-details-title]").text_content() == label
    assert page.evaluate("() => document.activeElement.hasAttribute('data-details-title')")
    page.keyboard.press("Escape")
    assert map_page.focused == here
    assert page.locator(".kith-legend").is_visible()


def test_axe_finds_nothing_in_any_state(map_page: Opened) -> None:
    page = map_page.page
    found: list[str] = []

    def look(state: str) -> None:
        wrong = Axe().run(page).response["violations"]
        found.extend(f"{state}: {rule['id']} {node['html'][:120]}" for rule in wrong for node in rule["nodes"])

    look("open")
    page.locator("[data-action='filter']").click()
    look("filter")
    page.locator(".kith-map__proxy[tabindex='0']").focus()
    page.keyboard.press("Enter")
    look("details")
    page.locator("[data-view='ties']").click()
    page.locator("[data-tie]").first.click()
    look("tie")
    page.locator("#kith-map-search").fill("a")
    look("search")
    assert found == []


def test_the_legend_can_be_scrolled_by_keyboard(map_page: Opened) -> None:
    page = map_page.page
    page.set_viewport_size({"width": 1366, "height": 480})
    page.locator(".kith-map__details").focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('.kith-map__details').scrollTop > 0")


def test_every_node_can_be_reached_by_arrow_keys(map_page: Opened) -> None:
    reached = map_page.state(
        """(() => { const seen = new Set([map.stage.current]); const open = [...seen];
        while (open.length) { const i = open.pop(); for (const [x, y] of [[1,0],[-1,0],[0,1],[0,-1]]) {
        const j = map.model.towards(i, x, y); if (j >= 0 && !seen.has(j)) { seen.add(j); open.push(j); } } }
        return seen.size; })()"""
    )
    assert reached == COUNT


def test_keys_zoom_fit_and_move_the_view(map_page: Opened) -> None:
    page = map_page.page
    page.locator(".kith-map__proxy[tabindex='0']").focus()
    before = map_page.state("map.renderer.camera.scale")
    page.keyboard.press("+")
    assert map_page.state("map.renderer.camera.scale") > before
    page.keyboard.press("0")
    assert map_page.state("map.renderer.camera.scale") == pytest.approx(before)
    left = map_page.state("map.renderer.camera.left")
    page.keyboard.press("Shift+ArrowRight")
    assert map_page.state("map.renderer.camera.left") == left - 80


def test_the_table_has_the_same_as_the_picture(map_page: Opened) -> None:
    page, document = map_page.page, map_page.document
    rows = page.locator(".kith-table tbody tr")
    assert rows.count() == len(document.nodes.id)
    page.locator("[data-view='ties']").click()
    assert rows.count() == min(100, len(document.ties.id))
    assert map_page.state("map.table.rows().length") == len(document.ties.id)


def test_a_filter_changes_picture_and_table_alike(map_page: Opened) -> None:
    page, document = map_page.page, map_page.document
    page.locator("[data-action='filter']").click()
    page.locator("[data-filter='standings'][data-value='unconfirmed']").uncheck()
    page.locator("[data-filter='standings'][data-value='tentative']").uncheck()
    confirmed = list(document.ties.standing).count("confirmed")
    assert 0 < confirmed < len(document.ties.id)
    assert map_page.state("map.model.shownTies.length") == confirmed
    page.locator("[data-view='ties']").click()
    assert page.locator(".kith-table tbody tr").count() == confirmed
    assert f"{confirmed} of {len(document.ties.id)} ties" in str(page.locator(".kith-map__status").text_content())
    page.locator("[data-action='clear-filter']").click()
    assert map_page.state("map.model.shownTies.length") == len(document.ties.id)


def test_a_filter_moves_nothing(map_page: Opened) -> None:
    page = map_page.page
    view = (
        "[map.renderer.camera.left, map.renderer.camera.top, map.renderer.camera.scale, ...map.model.x, ...map.model.y]"
    )
    page.locator("[data-action='filter']").click()
    page.wait_for_timeout(100)
    before = map_page.state(view)
    page.locator("[data-filter='polarities'][data-value='neutral']").uncheck()
    page.wait_for_timeout(300)
    assert map_page.state(view) == before


def test_the_table_sorts_by_any_column(map_page: Opened) -> None:
    page = map_page.page
    page.locator("[data-column='0']").click()
    names = page.locator(".kith-table tbody td:first-child").all_text_contents()
    assert names == sorted(names, key=lambda name: [part.zfill(6) if part.isdigit() else part for part in name.split()])
    page.locator("[data-column='0']").click()
    assert page.locator("th[aria-sort='descending']").count() == 1
    assert page.locator(".kith-table tbody td:first-child").first.text_content() == names[-1]


def test_search_leads_to_the_node(map_page: Opened) -> None:
    page, document = map_page.page, map_page.document
    row = next(i for i, kind in enumerate(document.nodes.kind) if kind == "place")
    page.locator("#kith-map-search").fill(document.nodes.label[row][:5].lower())
    page.keyboard.press("Enter")
    assert document.nodes.label[row][:5] in str(page.locator("[data-details-title]").text_content())


def test_details_tell_claims_standing_and_evidence(map_page: Opened) -> None:
    page, document = map_page.page, map_page.document
    t = next(t for t, (a, b) in enumerate(zip(document.ties.source, document.ties.target, strict=True)) if 0 in (a, b))
    page.locator(f"[data-node='{document.seeds[0]}']").last.click()
    details = page.locator(".kith-map__details")
    assert document.ties.sentence[t] in str(details.text_content())
    assert details.locator(f"a[href$='{document.ties.url[t]}']").count() == 1


def test_a_hub_is_asked_about_before_it_is_expanded(map_page: Opened) -> None:
    page = map_page.page
    page.locator(f"[data-node='{map_page.document.seeds[0]}']").last.click()
    page.locator("[data-action='expand']").click()
    page.locator("[data-action='refuse']").click()
    assert map_page.state("map.model.size") == COUNT
    page.locator("[data-action='expand']").click()
    page.locator("[data-action='confirm']").click()
    page.wait_for_function(f"() => window.kithMap.model.size === {COUNT + 1}")
    assert map_page.state(
        f"map.model.x.slice(0, {COUNT}).every((x, i) => x === {json.dumps(list(map_page.document.nodes.x))}[i])"
    )
    page.locator("[data-action='collapse']").click()
    assert map_page.state("map.model.size") == COUNT


def test_a_path_is_shown_step_by_step(map_page: Opened) -> None:
    page, document = map_page.page, map_page.document
    target = next(j for j in range(COUNT - 1, 0, -1) if map_page.state(f"map.model.path(0, {j})") is not None)
    page.locator(f"[data-node='{document.seeds[0]}']").last.click()
    page.locator("[data-action='path']").click()
    page.locator("#kith-map-search").fill(document.nodes.id[target])
    page.keyboard.press("Enter")
    steps = map_page.state(f"map.model.path(0, {target}).ties.length")
    assert page.locator("ol.kith-details__ties > li").count() == steps


def test_a_click_on_a_symbol_opens_it(map_page: Opened) -> None:
    page = map_page.page
    x, y, label = map_page.state(
        "(() => { const i = map.model.first(); const b = map.renderer.canvas.getBoundingClientRect();"
        "const { camera } = map.renderer; return [b.left + camera.screenX(map.model.x[i]),"
        "b.top + camera.screenY(map.model.y[i]), map.model.nodes.label[i]]; })()"
    )
    page.mouse.click(x, y)
    assert page.locator("[data-details-title]").text_content() == label


def test_it_reflows_on_a_narrow_screen(chromium: Browser, found: Neighbourhood) -> None:
    """320 CSS pixels: what a 1280-pixel screen has at 400% zoom."""
    for narrow in opened(chromium, document_of(found), None, (320, 640)):
        wide = narrow.page.evaluate(
            "() => [...document.querySelectorAll('.kith-map *')].filter((e) => !e.closest('.kith-table__scroll')"
            " && !e.closest('.kith-map__view') && e.getBoundingClientRect().right > 321).map((e) => e.className)"
        )
        assert wide == []


def test_hostile_names_are_only_text(chromium: Browser, found: Neighbourhood) -> None:
    people = [row for row, node in enumerate(found.nodes) if isinstance(node.record, Person)]
    for row, name in zip(people, HOSTILE, strict=False):
        found = with_record(found, row, Person(found.nodes[row].record.id, name, None))
    for hostile in opened(chromium, document_of(found), None, (1000, 700)):
        assert "<script>alert(1)</script>" in str(hostile.page.locator(".kith-table").text_content())
        hostile.page.locator("[data-view='ties']").click()
        assert hostile.page.locator(".kith-map img, .kith-map script, .kith-map iframe").count() == 0
        assert hostile.problems == []


def test_a_link_that_leaves_the_site_is_not_made(chromium: Browser, found: Neighbourhood) -> None:
    document = document_of(found, url_of=lambda _: "javascript:alert(1)", tie_url_of=lambda _: "https://example.org/")
    for page in opened(chromium, document, None, (1000, 700)):
        page.page.locator(f"[data-node='{document.seeds[0]}']").last.click()
        assert page.page.locator(".kith-map__details a").count() == 0


def test_a_failed_answer_is_said(chromium: Browser) -> None:
    with serve(b"not a map") as url:
        page = chromium.new_page()
        page.goto(url)
        page.locator("[data-ready='failed']").wait_for()
        assert "could not be opened" in str(page.locator("[role=alert]").text_content())
        page.close()


def test_the_stand_alone_page_draws_and_asks_for_nothing(
    chromium: Browser, found: Neighbourhood, tmp_path: Path
) -> None:
    file = tmp_path / "map.html"
    file.write_text(network_page(document_of(renamed(found, HOSTILE[0])), serial="K-1"), encoding="utf-8")
    page = chromium.new_page()
    requests: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    page.goto(file.as_uri())
    page.locator("html[data-ready='true']").wait_for()
    page.locator("#kith-in").click()
    page.wait_for_timeout(200)
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    assert problems == []
    page.close()
