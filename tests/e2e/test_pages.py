"""Every page for every role in a real browser: accessible, quiet, inert, and only what its reader may know."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from tests.e2e.conftest import Visit, log_in
from tests.e2e.hub_site import HIDDEN_FROM_PANEL, IMAGE_NAME, PAGES, SCRIPT_NAME, Site

ROLES = tuple(PAGES)


def settle(page: Page) -> None:
    """Wait for a map to be drawn, where there is one."""
    if page.locator("[data-kith-map]").count():
        page.wait_for_selector(".kith-map__canvas")
        page.wait_for_load_state("networkidle")


def violations(page: Page) -> list[str]:
    """What axe finds wrong, as rule and element."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@dataclass(slots=True)
class Walk:
    """What was noticed on the way through every page of a role, by name of the page."""

    statuses: dict[str, int] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)
    too_wide: dict[str, int] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)


def walk(page: Page, site: Site, role: str) -> Walk:
    noticed = Walk()

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            noticed.said.append(message.text)

    def requested(request: Request) -> None:
        parts = urllib.parse.urlsplit(request.url)
        if parts.scheme not in {"data", "blob"}:
            noticed.hosts.add(f"{parts.scheme}://{parts.netloc}")

    page.on("request", requested)
    page.on("console", heard)
    page.on("pageerror", lambda error: noticed.said.append(str(error)))
    for name, path in PAGES[role].items():
        page.set_viewport_size({"width": 1280, "height": 900})
        answer = page.goto(site.address + path)
        noticed.statuses[name] = answer.status if answer else 0
        settle(page)
        if found := violations(page):
            noticed.violations[name] = found
        page.set_viewport_size({"width": 320, "height": 700})
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            noticed.too_wide[name] = width
    return noticed


@pytest.fixture(scope="module")
def walked(site: Site, chromium: Browser) -> Callable[[str], Walk]:
    """The walk of a role, done when it is first asked for."""

    @cache
    def of(role: str) -> Walk:
        with log_in(chromium, site, role) as page:
            return walk(page, site, role)

    return of


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_the_role_answers(role: str, walked: Callable[[str], Walk]) -> None:
    assert walked(role).statuses == dict.fromkeys(PAGES[role], 200)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_has_an_accessibility_violation(role: str, walked: Callable[[str], Walk]) -> None:
    assert walked(role).violations == {}


@pytest.mark.parametrize("role", ROLES)
def test_no_page_asks_another_host(role: str, walked: Callable[[str], Walk], site: Site) -> None:
    assert walked(role).hosts == {site.address}


@pytest.mark.parametrize("role", ROLES)
def test_no_page_breaks_the_content_policy_or_complains(role: str, walked: Callable[[str], Walk]) -> None:
    assert walked(role).said == []


@pytest.mark.parametrize("role", ROLES)
def test_pages_fit_a_screen_of_320_pixels(role: str, walked: Callable[[str], Walk]) -> None:
    assert walked(role).too_wide == {}


@pytest.mark.parametrize("path", ["/login", "/entities/person:nobody", "/audit"])
def test_pages_of_errors_and_of_log_in_have_no_violation(path: str, visit: Visit, site: Site) -> None:
    page = visit("analyst")
    page.goto(site.address + path)
    assert violations(page) == []


def test_hostile_names_are_text_on_every_page(visit: Visit, site: Site) -> None:
    page = visit("analyst")
    for path in (*PAGES["analyst"].values(), "/flags/prompt-hostile", "/maps/person/h1"):
        page.goto(site.address + path)
        settle(page)
        assert page.evaluate("window.hostile") is None, path
        assert page.locator("img[src=x]").count() == 0, path
    page.goto(site.address + "/entities/person:h1")
    assert page.inner_text("h1") == f"{SCRIPT_NAME} {IMAGE_NAME}"


def test_a_search_stays_out_of_addresses_and_of_what_the_browser_keeps(visit: Visit, site: Site) -> None:
    page = visit("police")
    page.fill("#find", "Quillfeather")
    page.press("#find", "Enter")
    page.get_by_role("link", name="Zephyrine Quillfeather", exact=True).click()
    page.get_by_role("link", name="Open the map around this person").click()
    settle(page)
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert kept == "[{},{}]"
    addresses = [page.url, *page.evaluate("performance.getEntries().map(entry => entry.name)")]
    assert not [url for url in addresses if "uillfeather" in url or "ephyrine" in url]


def test_only_members_know_of_a_restricted_operation(visit: Visit, site: Site) -> None:
    member, other = visit("police"), visit("officer")
    for page in (member, other):
        page.goto(site.address + "/lists/operation")
    assert "Operation Osmunda" in member.inner_text("main")
    assert "Operation Osmunda" not in other.inner_text("main")
    secret = member.goto(site.address + "/entities/person:77")
    hidden = other.goto(site.address + "/entities/person:77")
    assert secret is not None and secret.status == 200
    assert hidden is not None and hidden.status == 404


def test_a_protected_address_is_shown_to_those_who_protect_only(visit: Visit, site: Site) -> None:
    protecting, analyst = visit("socialworker"), visit("analyst")
    for page in (protecting, analyst):
        page.goto(site.address + "/entities/person:3")
    assert "1 Osmunda Close" in protecting.inner_text("main")
    assert "1 Osmunda Close" not in analyst.inner_text("main")


def test_no_byte_that_a_panel_receives_names_a_person(visit: Visit, site: Site) -> None:
    page = visit("panel")
    received: list[tuple[str, bytes]] = []

    def keep(answer: Response) -> None:
        if "/static/" not in answer.url and answer.status != 303:
            received.append((answer.url, answer.body()))

    page.on("response", keep)
    for path in (
        *PAGES["panel"].values(),
        "/entities/person:1",
        "/lists/operation",
        "/flags",
        "/maps/place/park?hops=2",
    ):
        page.goto(site.address + path)
        settle(page)
    for text in ("Quill", "Zephyrine", "Osmunda"):
        page.fill("#find", text)
        page.press("#find", "Enter")
        page.wait_for_load_state("networkidle")
        # the words asked for come back in the box; nothing else may
        page.evaluate("document.querySelectorAll('input').forEach(field => field.removeAttribute('value'))")
        assert not [word for word in HIDDEN_FROM_PANEL if word in page.content()]
    searched = site.address + "/search"
    told = [
        (url, word) for url, body in received if url != searched for word in HIDDEN_FROM_PANEL if word.encode() in body
    ]
    assert told == []
    assert any("/api/v1/neighbourhood" in url for url, _ in received)
    assert b'"Child 1"' in b"".join(body for url, body in received if "/api/v1/neighbourhood" in url)


def test_a_session_that_ended_leads_to_log_in_and_back(visit: Visit, site: Site) -> None:
    page = visit("socialworker")
    before = site.clock.now
    try:
        site.clock.now = before.replace(hour=before.hour + 9)
        page.goto(site.address + "/entities/school:100")
        assert page.url == site.address + "/login?next=%2Fentities%2Fschool%3A100"
        page.fill("#name", "socialworker")
        page.fill("#password", "a long enough password")
        page.fill("#purpose", "the same meeting")
        page.click("main button")
        page.wait_for_url(site.address + "/entities/school:100")
        assert page.inner_text("h1") == "Brambleton School"
    finally:
        site.clock.now = before


def test_on_paper_a_child_is_the_only_child_named(visit: Visit, site: Site) -> None:
    page = visit("socialworker")
    page.goto(site.address + "/entities/person:1")
    page.emulate_media(media="print")
    printed = page.inner_text("main")
    assert "another child" in printed
    assert "Osmunda Brambleton" not in printed
