"""SQLite when the process is killed, the disk is full, the file is locked or the settings are not as promised."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.errors import StoreError, StoreUnavailable, StoreUnsafe, UsageError
from graph.model import NodeId
from graph.open import open_store
from graph.records import RecordKind
from graph.store import AuditEntry, Lens, Store
from graph.stores.sqlite import SqliteStore
from graph.stores.sqlite.connection import assert_safe
from tests.conformance.factories import blocks, note, person, place, report, tie

ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import sys
from pathlib import Path
from graph.stores.sqlite import SqliteStore
from tests.conformance.factories import blocks, note, person, tie
store = SqliteStore(Path(sys.argv[1]))
start = store.change_counter
for load in range(start, start + 10_000):
    records = [person(f"{load}-{n}", given_name="Canary") for n in range(200)]
    records += [tie(f"{load}-{n}", f"person:{load}-{n}", f"person:{load}-{n - 1}") for n in range(1, 200)]
    commit = store.write(blocks(records), note())
    print(commit.sequence, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "kith.db", deadline=1.0) as store:
        yield store


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_load_leaves_nothing_and_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "kith.db"
    acknowledged = 0
    generator = random.Random(seed)
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert child.stdout is not None
        acknowledged = int(child.stdout.readline())
        time.sleep(generator.uniform(0, 0.3))
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        acknowledged = max([acknowledged, *(int(each) for each in rest if each.isdigit())])
        with SqliteStore(path) as store:
            counter = store.change_counter
            assert counter in (acknowledged, acknowledged + 1)
            counts = store.counts()
            assert (counts[RecordKind.PERSON], counts[RecordKind.TIE]) == (200 * counter, 199 * counter)
            verdict = store.verify_audit()
            assert (verdict.intact, verdict.rows["changes"]) == (True, counter)
            health = store.health(thorough=True)
            assert (health["quick_check"], health["views_quick_check"]) == ("ok", "ok")
            assert store.entity(NodeId(f"person:{counter}-0"), Lens()) is None


def test_s10_readers_never_wait_for_a_long_write_nor_see_part_of_it(store: SqliteStore) -> None:
    store.write(blocks([person("1")]), note())
    held, go = threading.Event(), threading.Event()

    def slow() -> Iterator[object]:
        yield from blocks([person("2"), person("3")])
        held.set()
        go.wait(20)
        yield from blocks([person("4")])

    writer = threading.Thread(target=lambda: store.write(slow(), note()))  # type: ignore[arg-type]
    writer.start()
    assert held.wait(20)
    answer = store.recorded(
        lambda reader: len(reader.nodes([NodeId(f"person:{n}") for n in "1234"], Lens())),
        lambda _: AuditEntry("a", "view"),
    )
    store.put_document("sessions", "s", {"a": 1})
    assert answer == 1
    with pytest.raises(StoreUnavailable):
        store.write(blocks([person("9")]), note())
    go.set()
    writer.join(20)
    assert len(store.nodes([NodeId(f"person:{n}") for n in "1234"], Lens())) == 4


def test_s14_a_locked_store_is_said_to_be_unavailable_in_time(store: SqliteStore) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        store.write(blocks([person("1")]), note())
    assert time.monotonic() - started < 5
    other.close()
    store.write(blocks([person("1")]), note())


def test_s14_a_store_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        SqliteStore(tmp_path / "no" / "kith.db")
    with pytest.raises(StoreUnavailable):
        SqliteStore(tmp_path / "kith.db", migrate=False)


def test_s14_a_full_disk_undoes_the_write_and_heals(store: SqliteStore) -> None:
    store.write(blocks([person("1")]), note())
    with store._pool.connection() as connection:
        pages = connection.execute("PRAGMA main.page_count").fetchone()[0]
        connection.execute(f"PRAGMA main.max_page_count = {pages + 5}")
    with pytest.raises(StoreUnavailable, match="full"):
        store.write(blocks([person(f"x{n}", given_name="a" * 200) for n in range(2_000)]), note())
    assert store.entity(NodeId("person:1"), Lens()) is not None
    assert store.counts()[RecordKind.PERSON] == 1
    with store._pool.connection() as connection:
        connection.execute("PRAGMA main.max_page_count = 1000000000")
    store.write(blocks([person("2")]), note())
    assert store.verify_audit().intact


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kith.db"
    path.write_bytes(b"not a database at all, but long enough to look" * 100)
    with pytest.raises(StoreUnsafe):
        SqliteStore(path)


def test_another_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE a (b)")
    other.close()
    with pytest.raises(StoreUnsafe):
        SqliteStore(path)


@pytest.mark.parametrize(
    "setting", ["main.synchronous = NORMAL", "views.secure_delete = OFF", "foreign_keys = OFF", "trusted_schema = ON"]
)
def test_a_setting_that_is_not_as_promised_is_refused(store: SqliteStore, setting: str) -> None:
    connection = store._pool.opened()
    assert_safe(connection)
    connection.execute(f"PRAGMA {setting}")
    with pytest.raises(StoreUnsafe):
        assert_safe(connection)
    connection.close()


def test_both_files_and_snapshots_are_for_the_owner_only(store: SqliteStore) -> None:
    store.write(blocks([person("1")]), note())
    store.snapshot(Lens())
    loose = [each.name for each in store.path.parent.rglob("*") if each.stat().st_mode & 0o077]
    assert loose == []


def test_text_of_a_replaced_version_stays_and_that_of_a_deleted_document_does_not(store: SqliteStore) -> None:
    store.put_document("sessions", "s", "canary-in-a-session")
    store.delete_document("sessions", "s")
    with store._pool.connection() as connection:
        connection.execute("PRAGMA views.wal_checkpoint(TRUNCATE)")
    assert b"canary-in-a-session" not in store.path.with_name("kith.db-views").read_bytes()


def test_many_threads_append_to_one_chain_without_a_gap(store: SqliteStore) -> None:
    store.deadline = 20
    threads = [
        threading.Thread(target=lambda: [store.append_audit(AuditEntry("a", "view")) for _ in range(10)])
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = store.verify_audit()
    assert (verdict.intact, verdict.rows["views"]) == (True, 60)


def test_errors_carry_no_text_of_records(store: SqliteStore) -> None:
    with pytest.raises(StoreError) as caught:
        store.write(blocks([person("1", given_name="Canary"), tie("t", "person:1", "person:Canary")]), note())
    assert "Canary" not in str(caught.value)


def test_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store("sqlite:///kith.db") as store:
        assert (store.url, (tmp_path / "kith.db").exists()) == ("sqlite:///kith.db", True)
    with open_store(f"sqlite:///{tmp_path / 'other.db'}") as store:
        assert store.url == f"sqlite:///{tmp_path}/other.db"
    for url in ("kith.db", "postgres://x", "sqlite:", "sqlite:///", "neo4j://user:secret@host"):
        with pytest.raises(UsageError):
            open_store(url)


def test_s2_a_second_process_reads_while_one_writes(store: Store, tmp_path: Path) -> None:
    store.write(blocks([place("P"), person("1", address_place_id="place:P"), report("r")]), note())
    script = (
        "import sys; from pathlib import Path; from graph.stores.sqlite import SqliteStore;"
        "from graph.store import Lens;"
        "print(len(SqliteStore(Path(sys.argv[1])).entity('person:1', Lens()).ties))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "kith.db")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip() == "1"
