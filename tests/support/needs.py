"""What a test needs from the machine: skipped with one clear line, or failed where ``KITH_REQUIRE`` names it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: environment variables that speak to the tests; every other ``KITH_…`` is the user's own and is hidden from them
TEST_VARIABLES = frozenset({"KITH_REQUIRE", "KITH_CACHE", "KITH_SHARED_DATA"})
CHROMIUM_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: no GPU, and no connection of the browser's own
CHROMIUM_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def required() -> frozenset[str]:
    """The needs that must be met here: the words of ``KITH_REQUIRE``, e.g. ``neo4j,browser``."""
    words = os.environ.get("KITH_REQUIRE", "").split(",")
    return frozenset(word.strip() for word in words if word.strip())


def missing(need: str, advice: str) -> NoReturn:
    """End the test: it needs ``need``, which is not here; ``advice`` says how to get it."""
    if need in required():
        pytest.fail(f"{need} is required by KITH_REQUIRE and is not here: {advice}", pytrace=False)
    pytest.skip(f"no {need}: {advice}")


def is_users_own(variable: str) -> bool:
    """Whether an environment variable configures the user's Kith and so must not reach a test."""
    if not variable.startswith("KITH_") or variable.startswith("KITH_TEST_"):
        return False
    return variable not in TEST_VARIABLES


def chromium_path() -> str:
    """The browser's command; ends the test when there is none."""
    for name in CHROMIUM_COMMANDS:
        found = shutil.which(name)
        if found is not None:
            return found
    missing("browser", "install Chromium (Debian: apt-get install chromium)")


def chromium_flags() -> list[str]:
    """Flags for a quiet headless browser; root has no sandbox of its own."""
    return [*CHROMIUM_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def shared_data_folder() -> Path:
    """The folder of public example data; ends the test when it is not here."""
    given = os.environ.get("KITH_SHARED_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        missing("shared_data", "put the public data folder at ../shared/data or name it in KITH_SHARED_DATA")
    return folder
