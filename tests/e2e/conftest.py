"""A served hub, and people with browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import argon2
import pytest
from playwright.sync_api import Browser, Page, expect

from graph.access import accounts as accounts_module
from tests.api.conftest import PASSWORD
from tests.e2e import hub_site
from tests.e2e.hub_site import Site

# A busy machine is slow, not wrong: what never comes still fails.
expect.set_options(timeout=30_000)

#: name of the account -> page that is logged in, showing the first page
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One hub for the tests of a module; passwords at the smallest cost."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(accounts_module, "_HASHER", cheap)
        patch.setattr(accounts_module, "_NO_ACCOUNT", cheap.hash("nobody has this"))
        with hub_site.serve(tmp_path_factory.mktemp("hub")) as served:
            yield served


@contextmanager
def log_in(chromium: Browser, site: Site, name: str, *, scripts: bool = True) -> Iterator[Page]:
    """A browser of somebody who has logged in, on the first page."""
    context = chromium.new_context(
        java_script_enabled=scripts, viewport={"width": 1280, "height": 900}, accept_downloads=True
    )
    context.set_default_timeout(30_000)
    try:
        page = context.new_page()
        page.goto(site.address + "/login")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.fill("#purpose", "a test of the pages")
        page.click("main button")
        page.wait_for_url(site.address + "/")
        yield page
    finally:
        context.close()


@pytest.fixture
def visit(site: Site, chromium: Browser) -> Iterator[Visit]:
    """Somebody logs in with a browser of their own."""
    with ExitStack() as browsers:
        yield lambda name, scripts=True: browsers.enter_context(log_in(chromium, site, name, scripts=scripts))
