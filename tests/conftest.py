"""Fixtures for the whole suite: a Neo4j server, a browser, the public data; what is not here is skipped visibly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from scripts.neo4j_server import Neo4jUnavailable, shared_server
from tests.support import needs

settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("ci" if os.environ.get("CI") else "developer")
    for variable in [name for name in os.environ if needs.is_users_own(name)]:
        del os.environ[variable]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs a server or a browser. ``make test`` runs what is marked neo4j by itself, one after another."""
    fixtures = getattr(item, "fixturenames", ())
    if "neo4j_server" in fixtures:
        item.add_marker(pytest.mark.neo4j)
    if "chromium" in fixtures:
        item.add_marker(pytest.mark.browser)
    if "shared_data" in fixtures:
        item.add_marker(pytest.mark.shared_data)


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """``(url, user, password)`` of a real Neo4j server whose content the tests may erase.

    The server of ``KITH_TEST_NEO4J_URL``, ``_USER`` and ``_PASSWORD`` if given; else one of our own, shared by the
    workers of a parallel run.
    """
    url = os.environ.get("KITH_TEST_NEO4J_URL")
    if url:
        user = os.environ.get("KITH_TEST_NEO4J_USER", "neo4j")
        yield url, user, os.environ.get("KITH_TEST_NEO4J_PASSWORD", "")
        return
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    # Only what the machine lacks turns into a skip: a server that fails to start is an error.
    server = shared_server(folder)
    try:
        address = server.__enter__()
    except Neo4jUnavailable as error:
        needs.missing("neo4j", f"{error}; or name a server in KITH_TEST_NEO4J_URL")
    try:
        yield address.url, address.user, address.password
    finally:
        server.__exit__(None, None, None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium through Playwright.

    One a module, not one a session: while Playwright's synchronous interface is open its event loop counts as running
    in this thread, and another module's ``asyncio.run`` would be refused.
    """
    path = needs.chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=needs.chromium_flags())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public example data beside the project, or the one that ``KITH_SHARED_DATA`` names."""
    return needs.shared_data_folder()
