"""The server script does what the tests of the Neo4j store rely on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString

import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError

from scripts import neo4j_server as script
from tests.support.needs import ROOT

_HOLDER = """
import sys, time
from pathlib import Path
from scripts.neo4j_server import shared_server
with shared_server(Path(sys.argv[1])) as address:
    print(address.url, flush=True)
    time.sleep(300)
"""


def _eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.2)
    return holds()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A process that ended and was not yet waited for still has a number.
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z")


def test_the_server_answers_a_signed_in_query(neo4j_server: tuple[str, str, str]) -> None:
    url, user, password = neo4j_server
    with GraphDatabase.driver(url, auth=(user, password)) as driver:
        assert driver.execute_query("RETURN 40 + 2 AS sum").records[0]["sum"] == 42


def test_a_routing_address_works_too(neo4j_server: tuple[str, str, str]) -> None:
    url, user, password = neo4j_server
    with GraphDatabase.driver(url.replace("bolt://", "neo4j://"), auth=(user, password)) as driver:
        driver.verify_connectivity()


def test_a_wrong_password_is_refused(neo4j_server: tuple[str, str, str]) -> None:
    url, user, _ = neo4j_server
    with GraphDatabase.driver(url, auth=(user, "not-the-password")) as driver, pytest.raises(AuthError):
        driver.verify_connectivity()


def test_the_cache_is_outside_the_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KITH_CACHE", raising=False)
    assert not script.cache_folder().is_relative_to(ROOT)
    monkeypatch.setenv("KITH_CACHE", str(tmp_path))
    assert script.cache_folder() == tmp_path / f"neo4j-{script.VERSION}"


def test_without_java_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(script.Neo4jUnavailable, match="apt-get install openjdk-17-jre-headless"):
        script.find_java()


def test_without_maven_and_without_jars_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KITH_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(script.Neo4jUnavailable, match="apt-get install maven"):
        script.ensure_jars()


def test_a_java_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(script.Neo4jUnavailable, match="version 11"):
        script.find_java()


@pytest.mark.slow
@pytest.mark.neo4j
def test_two_processes_share_a_server_and_killing_both_ends_it(
    neo4j_server: tuple[str, str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", _HOLDER, str(tmp_path)]
    with contextlib.ExitStack() as stack:
        holders = [stack.enter_context(_holder(command)) for _ in range(2)]
        first, second = (holder.stdout.readline().strip() for holder in holders if holder.stdout is not None)
        assert first.startswith("bolt://127.0.0.1:")
        assert second == first
        home = Path(json.loads((tmp_path / "neo4j.json").read_text(encoding="utf-8"))["home"])
        java = int((home / "java.pid").read_text(encoding="ascii"))
        holders[0].send_signal(signal.SIGKILL)
        holders[0].wait()
        time.sleep(1)
        assert _is_running(java), "the server ended while somebody still used it"
        holders[1].send_signal(signal.SIGKILL)
        holders[1].wait()
    assert _eventually(lambda: not _is_running(java)), "a killed test run left a server behind"
    assert _eventually(lambda: not home.exists()), "a killed test run left a data folder behind"


@contextlib.contextmanager
def _holder(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.neo4j
def test_a_server_with_a_home_keeps_its_data_after_a_kill(neo4j_server: tuple[str, str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    with script.Neo4jServer(home, password="correct horse") as server:
        _query(server, "CREATE (:Kept)")
        server.kill()
    with script.Neo4jServer(home, password="correct horse") as server:
        assert _query(server, "MATCH (n:Kept) RETURN count(n) AS n") == 1
    assert home.exists()


def _query(server: script.Neo4jServer, text: LiteralString) -> int | None:
    with GraphDatabase.driver(server.url, auth=(server.user, server.password)) as driver:
        records = driver.execute_query(text).records
        return records[0]["n"] if records else None
