"""A store that is locked, full, gone or hung: a clear 503 within five seconds, said by health, healed by itself."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.bootstrap import wire_store
from api.settings import Settings
from graph.access.actors import Role
from graph.model import NodeId
from graph.open import open_store
from graph.store import Lens
from scripts.neo4j_server import Neo4jServer, Neo4jUnavailable
from tests.api.world import open_records
from tests.conformance.factories import blocks, note, person
from tests.safety.hubs import PASSWORD, Clock, Hub, canary_hub
from tests.support import needs

#: seconds within which a store that does not answer has to be said to be down
SOON = 5.0

_HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def held_by_another(path: Path) -> Iterator[None]:
    """Another program holds the write lock of this file."""
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            process.kill()


@contextmanager
def no_file_may_grow(beyond: int) -> Iterator[None]:
    """No file of this process may be written beyond so many bytes: as good as a full disk, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def timed(hub: Hub, name: str | None, method: str, path: str, **given: object) -> httpx.Response:
    started = time.monotonic()
    answer = hub.ask(name, method, path, **given)
    assert time.monotonic() - started < SOON
    return answer


def is_a_clear_refusal(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["error"]["code"] in {"store_unavailable", "audit_unavailable"}


def views_of(folder: Path) -> Path:
    return folder / "kith.db-views"


def test_reads_while_another_holds_the_views(hub: Hub, tmp_path: Path) -> None:
    hub.token("analyst")
    with held_by_another(views_of(tmp_path)):
        is_a_clear_refusal(timed(hub, "analyst", "GET", "/api/v1/entities/person:1"))
    assert hub.ask("analyst", "GET", "/api/v1/entities/person:1").status_code == 200


def test_a_page_while_another_holds_the_views(hub: Hub, tmp_path: Path) -> None:
    hub.token("analyst")
    with held_by_another(views_of(tmp_path)):
        answer = timed(hub, "analyst", "GET", "/")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_health_says_so_while_another_holds_the_views(hub: Hub, tmp_path: Path) -> None:
    with held_by_another(views_of(tmp_path)):
        answer = timed(hub, None, "GET", "/api/v1/health")
        assert (answer.status_code, answer.json()["live"], answer.json()["ready"]) == (503, True, False)
    assert hub.ask(None, "GET", "/api/v1/health").json()["ready"] is True


def test_a_load_while_another_holds_the_store(hub: Hub, tmp_path: Path) -> None:
    hub.token("analyst")
    files = {"files": ("people.csv", b"person_id\nnew-one\n")}
    with held_by_another(tmp_path / "kith.db"):
        is_a_clear_refusal(timed(hub, "analyst", "POST", "/api/v1/loads", files=files))
        # a reader does not wait for a writer
        assert hub.ask("analyst", "GET", "/api/v1/entities/person:1").status_code == 200
    assert hub.ask("analyst", "POST", "/api/v1/loads", files=files).status_code == 201


def test_everybody_is_answered_during_a_long_load(hub: Hub) -> None:
    """The audit rows of views lie beside the store, so a load that takes minutes keeps nobody waiting."""
    answers = []

    def slow() -> Iterator[object]:
        yield from blocks([person("slow-1")])
        answers.append(timed(hub, "analyst", "GET", "/api/v1/entities/person:1"))
        answers.append(hub.ask("analyst", "GET", "/api/v1/entities/person:slow-1"))
        yield from blocks([person("slow-2")])

    hub.token("analyst")
    hub.wiring.store.write(slow(), note())  # type: ignore[arg-type]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert hub.ask("analyst", "GET", "/api/v1/entities/person:slow-1").status_code == 200


def test_reads_on_a_full_disk(hub: Hub, tmp_path: Path) -> None:
    hub.token("analyst")
    log = tmp_path / "kith.db-views-wal"
    with no_file_may_grow(log.stat().st_size if log.exists() else 0):
        is_a_clear_refusal(timed(hub, "analyst", "GET", "/api/v1/entities/person:1"))
    assert hub.ask("analyst", "GET", "/api/v1/entities/person:1").status_code == 200
    assert hub.wiring.store.verify_audit().intact


def test_a_load_on_a_full_disk(hub: Hub, tmp_path: Path) -> None:
    people = b"person_id\n" + b"".join(b"full-%d\n" % number for number in range(3000))
    hub.token("analyst")
    log = tmp_path / "kith.db-wal"
    # room for the audit row beside the store, none for the load
    with no_file_may_grow(max(log.stat().st_size if log.exists() else 0, 100_000)):
        is_a_clear_refusal(hub.ask("analyst", "POST", "/api/v1/loads", files={"files": ("people.csv", people)}))
    assert hub.ask("analyst", "GET", "/api/v1/entities/person:full-1").status_code == 404
    answer = hub.ask("analyst", "POST", "/api/v1/loads", files={"files": ("people.csv", people)})
    assert (answer.status_code, answer.json()["outcome"]) == (201, "loaded")
    assert hub.wiring.store.verify_audit().intact


def test_a_small_disk_that_fills_up(tmp_path: Path) -> None:
    """A real file system of 64 MB: filled by another program while Kith answers, emptied again."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here (needs root): the limit on file size is tested instead")
    try:
        with canary_hub(folder, Clock()) as hub:
            hub.token("analyst")
            filler = folder / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as target:
                while True:
                    target.write(b"\0" * 4096)
            refused = [timed(hub, "analyst", "GET", "/api/v1/entities/person:1") for _ in range(40)]
            is_a_clear_refusal(refused[-1])
            health = hub.ask(None, "GET", "/api/v1/health")
            assert (health.status_code, health.json()["ready"]) == (503, False)
            filler.unlink()
            assert hub.ask("analyst", "GET", "/api/v1/entities/person:1").status_code == 200
            assert hub.ask(None, "GET", "/api/v1/health").status_code == 200
            assert hub.wiring.store.verify_audit().intact
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_store_whose_files_are_gone(hub: Hub, tmp_path: Path) -> None:
    """Pulled from under the application: never an empty answer."""
    hub.token("analyst")
    hub.wiring.store.close()
    is_a_clear_refusal(timed(hub, "analyst", "GET", "/api/v1/entities/person:1"))
    assert timed(hub, None, "GET", "/api/v1/health").status_code == 503


def test_errors_name_no_path(hub: Hub, tmp_path: Path) -> None:
    hub.token("analyst")
    hub.wiring.store.close()
    assert str(tmp_path) not in hub.ask("analyst", "GET", "/api/v1/entities/person:1").text


@pytest.mark.slow
@pytest.mark.neo4j
def test_a_neo4j_server_that_hangs(tmp_path: Path) -> None:
    """Frozen, it keeps its port and answers nothing; thawed, Kith goes on by itself."""
    server = Neo4jServer(tmp_path / "neo4j", password="a-test-password", heap="512m")
    try:
        server.start()
    except Neo4jUnavailable as error:
        needs.missing("neo4j", str(error))
    try:
        with open_store(server.url, user=server.user, password=server.password, migrate=True) as store:
            store.write(open_records(), note())
            wiring = wire_store(store, Settings(data_folder=tmp_path))
            wiring.accounts.add("analyst", Role.ANALYST, "community_safety", PASSWORD, by="operator")
            with Hub(wiring) as hub:
                assert hub.ask("analyst", "GET", "/api/v1/entities/person:1").status_code == 200
                server.suspend()
                try:
                    is_a_clear_refusal(timed(hub, "analyst", "GET", "/api/v1/entities/person:1"))
                    assert timed(hub, None, "GET", "/api/v1/health").status_code == 503
                finally:
                    server.resume()
                deadline = time.monotonic() + 30
                while hub.ask("analyst", "GET", "/api/v1/entities/person:1").status_code != 200:
                    assert time.monotonic() < deadline, "Kith did not come back by itself"
                    time.sleep(0.5)
                assert store.entity(NodeId("person:1"), Lens()) is not None
    finally:
        server.stop()
