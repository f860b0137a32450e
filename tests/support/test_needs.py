"""A missing need is a visible skip on a developer's machine and a failure where it is required."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support import needs


def test_a_missing_need_is_skipped_with_its_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KITH_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser: install it"):
        needs.missing("browser", "install it")


def test_a_missing_need_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_REQUIRE", "neo4j, browser")
    with pytest.raises(pytest.fail.Exception, match="install it"):
        needs.missing("browser", "install it")


def test_another_need_is_still_skipped_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_REQUIRE", "neo4j,browser")
    with pytest.raises(pytest.skip.Exception):
        needs.missing("shared_data", "put it there")


def test_no_browser_on_the_path_is_a_missing_need(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KITH_REQUIRE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        needs.chromium_path()


def test_public_data_that_is_not_there_is_a_missing_need(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KITH_REQUIRE", raising=False)
    monkeypatch.setenv("KITH_SHARED_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(pytest.skip.Exception, match="KITH_SHARED_DATA"):
        needs.shared_data_folder()


def test_named_public_data_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KITH_SHARED_DATA", str(tmp_path))
    assert needs.shared_data_folder() == tmp_path


@pytest.mark.parametrize("variable", ["KITH_STORE", "KITH_NEO4J_PASSWORD", "KITH_DATA"])
def test_the_users_own_settings_are_hidden_from_tests(variable: str) -> None:
    assert needs.is_users_own(variable)


@pytest.mark.parametrize("variable", ["KITH_TEST_NEO4J_URL", "KITH_REQUIRE", "KITH_SHARED_DATA", "PATH"])
def test_variables_for_the_tests_reach_them(variable: str) -> None:
    assert not needs.is_users_own(variable)


def test_the_browser_runs_scripts_and_reads_text(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<p id=sum></p><script>document.getElementById('sum').textContent = 40 + 2</script>")
    assert page.inner_text("#sum") == "42"
    page.close()
