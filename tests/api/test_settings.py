"""Settings: from the environment in one place, each documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from api.settings import VARIABLES, Settings, has_screen
from graph.errors import UsageError

ROOT = Path(__file__).parents[2]


def test_every_setting_has_a_variable() -> None:
    assert {name for name, _ in VARIABLES.values()} == {item.name for item in fields(Settings)}


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_variable_is_documented(variable: str) -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{variable}` \|", page, re.MULTILINE)


def test_nothing_is_documented_that_does_not_exist() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(KITH_\w+)` \|", page, re.MULTILINE)) == set(VARIABLES)


@pytest.mark.parametrize("folder", ["graph", "ingest", "analysis", "viz", "api"])
def test_nobody_else_reads_the_environment(folder: str) -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"os\.environ|os\.getenv|getenv\(", path.read_text(encoding="utf-8"))
    ]
    assert readers == (["api/settings.py"] if folder == "api" else [])


def test_the_default_store_is_in_the_users_data_folder() -> None:
    settings = Settings.from_environment({"XDG_DATA_HOME": "/data", "HOME": "/home/somebody"})
    assert settings.store_url == "sqlite:////data/kith/kith.db"


def test_without_a_data_folder_it_is_in_the_home() -> None:
    settings = Settings.from_environment({"HOME": "/home/somebody", "XDG_DATA_HOME": "relative"})
    assert settings.store_url == "sqlite:////home/somebody/.local/share/kith/kith.db"


def test_what_is_given_goes_before_the_environment() -> None:
    environment = {"HOME": "/home/somebody", "KITH_STORE": "sqlite:///a"}
    assert Settings.from_environment(environment, store="sqlite:///b").store_url == "sqlite:///b"


@pytest.mark.parametrize(
    ("variable", "text"),
    [("KITH_PORT", "http"), ("KITH_BODY_LIMIT", "-1"), ("KITH_LOAD_LIMIT", "1.5"), ("KITH_ORIGIN", "kith.example")],
)
def test_a_value_that_cannot_be_is_said_by_variable(variable: str, text: str) -> None:
    with pytest.raises(UsageError, match=variable):
        Settings.from_environment({"HOME": "/home/somebody", variable: text})


def test_secrets_are_not_shown() -> None:
    settings = Settings(neo4j_password="hunter2", password="hunter2", demo_password="hunter2")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(("origin", "https"), [("https://kith.example", True), ("http://localhost:8000", False)])
def test_https_is_known_from_the_origin(origin: str, https: bool) -> None:
    assert Settings.from_environment({"HOME": "/h", "KITH_ORIGIN": origin + "/"}).is_https is https


def test_a_desktop_is_known_by_its_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert [has_screen({}), has_screen({"DISPLAY": ":0"})] == [False, True]
