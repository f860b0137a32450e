"""The tasks of docs/guide.md, each done with the keyboard alone; and those without a map without JavaScript too."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.conftest import PASSWORD
from tests.e2e.conftest import Visit
from tests.e2e.hub_site import Site

#: more than the stops of any page
MOST_STOPS = 120
FOCUSED = "selector => document.activeElement !== null && document.activeElement.matches(selector)"
NAMED = """words => {
  const focused = document.activeElement;
  if (focused === null || focused === document.body) return false;
  return (focused.innerText || focused.value || "").replace(/\\s+/g, " ").trim() === words;
}"""

WATCHED = """field => field.addEventListener("click", event => {
  event.preventDefault();
  field.dataset.asked = String(event.isTrusted);
})"""


def tab_to(page: Page, *, selector: str | None = None, words: str | None = None) -> None:
    """Press Tab until the focus is on an element by selector or by its own words; it must then be visible."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        there = page.evaluate(FOCUSED, selector) if selector else page.evaluate(NAMED, words)
        if there:
            return
    pytest.fail(f"no way to {selector or words} by Tab")


def follow(page: Page, words: str) -> None:
    """Tab to a link or button by its words and press Enter, then wait for the page that comes."""
    tab_to(page, words=words)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def choose_file(page: Page, selector: str, file: Path) -> None:
    """Tab to a file field, ask for its dialog with Space, and choose.

    The dialog belongs to the browser and not to the page: what is awaited is that the press reaches the field as the
    person's own click, which is what opens it. Waiting for the dialog itself has timed out on a busy machine.
    """
    tab_to(page, selector=selector)
    page.eval_on_selector(selector, WATCHED)
    page.keyboard.press("Space")
    expect(page.locator(selector)).to_have_attribute("data-asked", "true")
    page.set_input_files(selector, file)


def heading(page: Page) -> str:
    return page.inner_text("h1")


def test_log_in_and_out(site: Site, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(site.address + "/entities/school:100")
    for selector, text in (("#name", "police"), ("#password", PASSWORD), ("#purpose", "mapping meeting")):
        tab_to(page, selector=selector)
        page.keyboard.type(text)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert heading(page) == "Brambleton School"
    follow(page, "Log out")
    assert heading(page) == "Log in to Kith"
    page.goto(site.address + "/entities/school:100")
    assert heading(page) == "Log in to Kith"
    context.close()


def test_what_is_missing_at_log_in_is_said_and_led_to(site: Site, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(site.address + "/login")
    tab_to(page, selector="#name")
    page.keyboard.type("police")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, words="Say why you are here today")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED, "#purpose")
    assert page.input_value("#name") == "police"
    context.close()


def test_the_first_stop_skips_to_the_content(visit: Visit) -> None:
    page = visit("analyst")
    page.keyboard.press("Tab")
    assert page.evaluate(NAMED, "Skip to main content")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED, "#main")


def find(page: Page, text: str) -> None:
    tab_to(page, selector="#find")
    page.keyboard.type(text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_find_a_child_and_read_the_evidence_of_a_tie(visit: Visit) -> None:
    page = visit("socialworker")
    find(page, "Quillfeather")
    follow(page, "Zephyrine Quillfeather")
    assert heading(page) == "Zephyrine Quillfeather"
    tab_to(page, selector="a[href='/ties/t4']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("heading", name="Report from Police").count() == 1


def test_open_the_map_and_walk_on_it(visit: Visit, site: Site) -> None:
    page = visit("police")
    page.goto(site.address + "/entities/school:100")
    follow(page, "Open the map around this school")
    page.wait_for_selector(".kith-map__canvas")
    tab_to(page, selector=".kith-map__proxy, .kith-map__canvas, .kith-map__view")
    page.keyboard.press("Enter")
    opened = page.locator(".kith-map__details h2")
    expect(opened).to_have_text("Brambleton School")
    for arrow in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press("Escape")
        page.keyboard.press(arrow)
        page.keyboard.press("Enter")
        if opened.inner_text() != "Brambleton School":
            break
    expect(opened).to_have_text("Zephyrine Quillfeather")


def test_see_a_record_as_it_was_on_another_day(visit: Visit, site: Site) -> None:
    page = visit("analyst")
    page.goto(site.address + "/entities/person:1")
    tab_to(page, words="Another day")
    page.keyboard.press("Enter")
    tab_to(page, selector="#as_at")
    page.keyboard.type("05052020")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "as_at=2020-05-05" in page.url
    assert "Child, 8" in page.inner_text(".kith-tags")


def test_decide_about_a_prompt(visit: Visit, site: Site) -> None:
    page = visit("socialworker")
    page.goto(site.address + "/flags")
    follow(page, "Zephyrine Quillfeather")
    assert "Speaks against" in page.inner_text("main")
    tab_to(page, selector="input[name=state]")
    page.keyboard.press("ArrowDown")
    tab_to(page, selector="#reason")
    page.keyboard.type("Her school will speak with her.")
    follow(page, "Keep the decision")
    assert "Accepted by socialworker" in page.inner_text("main > .kith-columns > aside")


def test_review_one_prompt_after_the_other(visit: Visit, site: Site) -> None:
    page = visit("police")
    page.goto(site.address + "/flags?family=places")
    follow(page, "Review the next one")
    assert heading(page) == "Brambleton"
    tab_to(page, selector="input[name=state]")
    page.keyboard.press("Space")
    follow(page, "Keep, then next")
    assert heading(page) == "Brambleton Park"
    follow(page, "Back to the list")
    assert page.url.endswith("/flags?family=places")


def test_look_for_patterns_in_the_background(visit: Visit, site: Site) -> None:
    page = visit("analyst")
    page.goto(site.address + "/flags")
    tab_to(page, words="Only some kinds")
    page.keyboard.press("Enter")
    tab_to(page, selector="#run-shared_associates")
    page.keyboard.press("Space")
    follow(page, "Look for patterns")
    page.wait_for_selector("text=The last look for patterns is done", timeout=60_000)


def test_read_the_hotspot_map(visit: Visit, site: Site) -> None:
    page = visit("panel")
    page.goto(site.address + "/hotspots")
    tab_to(page, selector="#layer")
    page.keyboard.type("Places")
    follow(page, "Show")
    assert "fewer than 6" in page.inner_text("main")
    assert "Brambleton Park" in page.inner_text("main")


def test_a_dismissal_without_reason_is_sent_back(visit: Visit, site: Site) -> None:
    page = visit("police")
    page.goto(site.address + "/flags/prompt-hostile")
    tab_to(page, selector="input[name=state]")
    page.keyboard.press("ArrowUp")
    follow(page, "Keep the decision")
    assert "Give a reason to accept or dismiss" in page.inner_text(".govuk-error-summary")
    assert page.is_checked("#state-dismissed")


def test_take_a_copy_of_a_map(visit: Visit, site: Site) -> None:
    page = visit("police")
    page.goto(site.address + "/maps/school/100")
    page.wait_for_selector(".kith-map__canvas")
    tab_to(page, selector="#recipient")
    page.keyboard.type("The board")
    tab_to(page, words="Make the copy")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    content = Path(coming.value.path()).read_text("utf-8")
    assert coming.value.suggested_filename.endswith(".html")
    assert "The board" in content
    assert "OFFICIAL-SENSITIVE" in content


def test_read_the_locality_map(visit: Visit) -> None:
    page = visit("panel")
    follow(page, "Localities")
    assert heading(page) == "Locality map"
    assert "fewer than 6" in page.inner_text("main")


def test_check_and_load_a_file(visit: Visit, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text("place_id,name,place_type\nnew1,Tansy Green,park\n", "utf-8")
    page = visit("analyst")
    follow(page, "Loads")
    for check, outcome in ((True, "Checked, nothing loaded"), (False, "Loaded")):
        choose_file(page, "#file", file)
        if check:
            tab_to(page, selector="#dry")
            page.keyboard.press("Space")
        follow(page, "Load")
        assert heading(page) == outcome
        follow(page, "Back to loads")


def test_a_file_with_problems_says_them_all(visit: Visit, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text("place_id,name,place_type\nnew2,Tansy Green,parc\n,Nowhere,park\n", "utf-8")
    page = visit("analyst")
    page.goto(site.address + "/loads")
    page.set_input_files("#file", file)
    tab_to(page, selector="#file")
    follow(page, "Load")
    assert heading(page) == "Nothing was loaded"
    assert page.locator("table:has(caption:text('What to put right')) tbody tr").count() == 2


def test_check_the_audit_and_see_who_opened_a_record(visit: Visit, site: Site) -> None:
    visit("police").goto(site.address + "/entities/person:1")
    page = visit("governance")
    follow(page, "Audit")
    follow(page, "Check the whole log now")
    assert "The log is whole" in page.inner_text("main")
    tab_to(page, selector="#about")
    page.keyboard.type("person:1")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Opened a record" in page.inner_text("tbody")


def test_add_an_account_and_make_it_a_member(visit: Visit) -> None:
    page = visit("admin")
    follow(page, "Accounts")
    for selector, text in (("#new-name", "newcomer"), ("#new-password", "a long enough password")):
        tab_to(page, selector=selector)
        page.keyboard.type(text)
    follow(page, "Add")
    assert "The account has been added." in page.inner_text("main")
    for selector, text in (
        ("#grant-name", "newcomer"),
        ("#grant-operation", "OP1"),
        ("#grant-until", "06062026"),
        ("#grant-purpose", "covering for a colleague"),
    ):
        tab_to(page, selector=selector)
        page.keyboard.type(text)
    follow(page, "Grant")
    assert "OP1 until 6 June 2026" in page.inner_text("tbody")
    follow(page, "Disable newcomer")
    assert "Disabled" in page.inner_text("tr:has(th:text-is('newcomer'))")


def test_without_javascript_a_record_is_found_read_and_decided_about(visit: Visit, site: Site) -> None:
    page = visit("police", scripts=False)
    page.fill("#find", "Quillfeather")
    page.click("form[role=search] button")
    page.click("text=Zephyrine Quillfeather")
    assert heading(page) == "Zephyrine Quillfeather"
    page.goto(site.address + "/flags/prompt-hostile")
    page.check("#state-seen")
    page.click("text=Keep the decision")
    assert "Seen by police" in page.inner_text("main > .kith-columns > aside")


def test_without_javascript_a_file_is_loaded(visit: Visit, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text("place_id,name,place_type\nnew3,Tansy Corner,park\n", "utf-8")
    page = visit("analyst", scripts=False)
    page.goto(site.address + "/loads")
    page.set_input_files("#file", file)
    page.click("main form button")
    assert heading(page) == "Loaded"


def test_without_javascript_the_map_leads_to_the_same_as_a_list(visit: Visit, site: Site) -> None:
    page = visit("police", scripts=False)
    page.goto(site.address + "/maps/person/1")
    page.click("text=Read it as a list")
    assert heading(page) == "Zephyrine Quillfeather"
