"""Says before the tests what this machine provides and what is going to be skipped.

python -m tests.support.machine
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scripts.neo4j_server import Neo4jUnavailable, cache_folder, ensure_jars, find_java
from tests.support.needs import CHROMIUM_COMMANDS, ROOT


def neo4j() -> str:
    if os.environ.get("KITH_TEST_NEO4J_URL"):
        return "the server that KITH_TEST_NEO4J_URL names"
    try:
        find_java()
    except Neo4jUnavailable as error:
        return f"MISSING: {error}"
    if (cache_folder() / "lib").is_dir():
        return "here"
    if shutil.which("mvn") is None:
        return "MISSING: its jars are resolved by Maven (Debian: apt-get install maven)"
    print("  Fetching Neo4j's jars through Maven (120 MB, once) ...", flush=True)
    try:
        # Before the tests, so that a slow connection is not taken for a test that hangs.
        ensure_jars()
    except Neo4jUnavailable as error:
        return f"MISSING: {error}"
    return "here"


def browser() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUM_COMMANDS)), None)
    return "here" if found else "MISSING: Chromium (Debian: apt-get install chromium)"


def shared_data() -> str:
    given = os.environ.get("KITH_SHARED_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    return "here" if folder.is_dir() else "MISSING: ../shared/data, or the folder that KITH_SHARED_DATA names"


def node() -> str:
    return "here" if shutil.which("node") else "MISSING: Node.js (Debian: apt-get install nodejs npm)"


def main() -> None:
    rows = {"Neo4j": neo4j(), "browser": browser(), "Node.js": node(), "public data": shared_data()}
    for name, state in rows.items():
        print(f"  {name:<12} {state}")
    if any(state.startswith("MISSING") for state in rows.values()):
        print("  Tests that need what is missing are skipped and named at the end.")


if __name__ == "__main__":
    main()
