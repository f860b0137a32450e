"""The conformance suite on SQLite, and what only SQLite promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graph.store import Store
from graph.stores.sqlite import SqliteStore
from graph.stores.sqlite.connection import SCHEMA_VERSION
from tests.conformance.suite import BackDoor, Clock, StoreConformance


class SqliteBackDoor(BackDoor):
    def __init__(self, path: Path, clock: Clock) -> None:
        self.path, self.clock = path, clock

    def _file(self, chain: str) -> Path:
        return self.path if chain == "changes" else self.path.with_name(self.path.name + "-views")

    @contextmanager
    def _open(self, chain: str) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file(chain), isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    def edit_audit(self, chain: str, number: int) -> None:
        with self._open(chain) as connection:
            (entry,) = connection.execute("SELECT entry FROM audit WHERE number = ?", (number,)).fetchone()
            changed = entry.replace(b'"actor":"', b'"actor":"x')
            connection.execute("UPDATE audit SET entry = ? WHERE number = ?", (changed, number))

    def remove_audit(self, chain: str, number: int) -> None:
        with self._open(chain) as connection:
            connection.execute("DELETE FROM audit WHERE number = ?", (number,))

    def swap_audit(self, chain: str, first: int, second: int) -> None:
        with self._open(chain) as connection:
            connection.execute("UPDATE audit SET number = -1 WHERE number = ?", (first,))
            connection.execute("UPDATE audit SET number = ? WHERE number = ?", (first, second))
            connection.execute("UPDATE audit SET number = ? WHERE number = -1", (second,))

    def cut_audit(self, chain: str, keep: int) -> None:
        with self._open(chain) as connection:
            connection.execute("DELETE FROM audit WHERE number > ?", (keep,))
            connection.execute(
                "UPDATE audit_tip SET number = ?, digest = (SELECT digest FROM audit WHERE number = ?)", (keep, keep)
            )

    @contextmanager
    def refuse_audit(self, chain: str) -> Iterator[None]:
        with self._open(chain) as connection:
            connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'refused'); END")
            yield
            connection.execute("DROP TRIGGER refuse")

    def claim_version(self, number: int) -> None:
        with self._open("changes") as connection:
            connection.execute(f"PRAGMA user_version = {number}")

    def newest_version(self) -> int:
        return SCHEMA_VERSION

    def reopened(self) -> Store:
        return SqliteStore(self.path, clock=self.clock)


class TestSqlite(StoreConformance):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[Store]:
        with SqliteStore(tmp_path / "kith.db", clock=clock) as store:
            yield store

    @pytest.fixture
    def back_door(self, store: Store, clock: Clock) -> BackDoor:
        assert isinstance(store, SqliteStore)
        return SqliteBackDoor(store.path, clock)
