"""Connections to the two files of a SQLite store: opened safe or not at all, few, lent to one thread at a time.

The store is PATH; beside it PATH-views holds the chain of views and the application's documents, so that a read can
be recorded while a long load holds the write lock of the store itself.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.errors import KithError, StoreError, StoreTooNew, StoreUnavailable, StoreUnsafe

MIGRATIONS = Path(__file__).parent.parent / "migrations"
#: newest schema this program knows: number of the last migration file
SCHEMA_VERSION = 1
#: "Kith" in the header of both files
APPLICATION_ID = 0x4B697468

INDEX_SCRIPT = (MIGRATIONS / "sqlite_001_indexes.sql").read_text(encoding="utf-8")

_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_AUTH,
}  # fmt: skip
_UNSAFE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_WHY = {
    sqlite3.SQLITE_BUSY: "another program is writing; try again shortly",
    sqlite3.SQLITE_LOCKED: "another part of the program is writing; try again shortly",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file or its folder cannot be written to",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk does not answer as it should",
    sqlite3.SQLITE_INTERRUPT: "the request took too long",
}


def translated(error: sqlite3.Error) -> KithError:
    """The Kith error for one of SQLite's; its text, which may quote values, is left behind."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in _UNSAFE:
        return StoreUnsafe("the store's file is damaged or is not a store; check it with kith doctor")
    if primary in _UNAVAILABLE:
        return StoreUnavailable(f"the store is not available: {_WHY.get(primary, 'it does not answer')}")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreUnavailable("the store is closed")
    return StoreError(f"the store refused an operation ({type(error).__name__} {code})")


@contextmanager
def translating() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error) from error


class Pool:
    """Connections to one store."""

    def __init__(self, path: Path, *, deadline: float, largest: int = 32) -> None:
        self.path = path
        self.views_path = path.with_name(path.name + "-views")
        self.deadline = deadline
        self._free: list[sqlite3.Connection] = []
        self._places = threading.BoundedSemaphore(largest)
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection without an open transaction; takes it back rolled back."""
        if not self._places.acquire(timeout=self.deadline):
            raise StoreUnavailable("the store is not available: too many requests at once")
        connection = None
        try:
            with translating():
                with self._lock:
                    if self._closed:
                        raise StoreUnavailable("the store is closed")
                    connection = self._free.pop() if self._free else None
                if connection is None:
                    connection = self.opened()
                yield connection
        finally:
            if connection is not None:
                self._take_back(connection)
            self._places.release()

    def _take_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            connection.close()
            return
        with self._lock:
            if self._closed:
                connection.close()
            else:
                self._free.append(connection)

    def opened(self) -> sqlite3.Connection:
        """A new connection with every promise checked. Raises StoreUnsafe when one is not kept."""
        if not self.path.exists():
            raise StoreUnavailable("the store is not available: its file is gone")
        return connect(self.path, self.views_path, self.deadline)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        for connection in free:
            connection.close()


def connect(path: Path, views_path: Path, deadline: float) -> sqlite3.Connection:
    """Open both files. Raises StoreUnsafe when a setting is not as promised."""
    connection = sqlite3.connect(
        path, timeout=deadline * 0.8, isolation_level=None, check_same_thread=False, cached_statements=400
    )
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("ATTACH DATABASE ? AS views", (str(views_path),))
        for name in ("main", "views"):
            connection.execute(f"PRAGMA {name}.synchronous = FULL")
            connection.execute(f"PRAGMA {name}.secure_delete = ON")
            _journal_mode(connection, name, deadline)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA main.cache_size = -32768")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA main.mmap_size = 1073741824")
        assert_safe(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _journal_mode(connection: sqlite3.Connection, name: str, deadline: float) -> None:
    """Write-ahead log on; the change of mode does not wait for others by itself."""
    until = time.monotonic() + deadline * 0.8
    while True:
        try:
            connection.execute(f"PRAGMA {name}.journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def assert_safe(connection: sqlite3.Connection) -> None:
    """Raise StoreUnsafe unless every durability and integrity setting is as promised."""
    wanted: tuple[tuple[str, object], ...] = (
        ("main.journal_mode", "wal"),
        ("views.journal_mode", "wal"),
        ("main.synchronous", 2),
        ("views.synchronous", 2),
        ("main.secure_delete", 1),
        ("views.secure_delete", 1),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
    )
    for name, value in wanted:
        row = connection.execute(f"PRAGMA {name}").fetchone()
        if row is None or row[0] != value:
            raise StoreUnsafe(f"the store does not keep the setting {name}; it may lie on a network drive")


def settings(connection: sqlite3.Connection) -> dict[str, str | int]:
    """The settings that are asserted, as they are."""
    names = (
        "main.journal_mode", "main.synchronous", "main.secure_delete", "views.journal_mode", "views.synchronous",
        "views.secure_delete", "foreign_keys", "trusted_schema", "main.user_version", "views.user_version",
    )  # fmt: skip
    return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}


def prepare(path: Path, *, deadline: float, migrate: bool) -> None:
    """Create or migrate the files. Raises StoreTooNew, StoreError (old and ``migrate`` off) or StoreUnavailable."""
    views_path = path.with_name(path.name + "-views")
    with translating():
        if not path.exists():
            if not migrate:
                raise StoreUnavailable("there is no store here; make one with kith init")
            try:
                for file in (path, views_path):
                    file.touch(mode=0o600, exist_ok=True)
            except OSError:
                raise StoreUnavailable("the store is not available: its file cannot be made here") from None
        connection = connect(path, views_path, deadline)
        try:
            _migrate(connection, migrate)
        finally:
            connection.close()


def _migrate(connection: sqlite3.Connection, migrate: bool) -> None:
    versions = _versions(connection)
    if versions == (SCHEMA_VERSION, SCHEMA_VERSION):
        return
    if not migrate:
        raise StoreError("the store is of an older version; migrate it with kith init")
    connection.execute("BEGIN IMMEDIATE")
    try:
        main, views = _versions(connection)
        for number in range(main, SCHEMA_VERSION):
            run_script(connection, (MIGRATIONS / f"sqlite_{number + 1:03}.sql").read_text(encoding="utf-8"))
        for number in range(views, SCHEMA_VERSION):
            run_script(connection, (MIGRATIONS / f"sqlite_views_{number + 1:03}.sql").read_text(encoding="utf-8"))
        for name in ("main", "views"):
            connection.execute(f"PRAGMA {name}.user_version = {SCHEMA_VERSION}")
            connection.execute(f"PRAGMA {name}.application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _versions(connection: sqlite3.Connection) -> tuple[int, int]:
    found = []
    for name in ("main", "views"):
        version = connection.execute(f"PRAGMA {name}.user_version").fetchone()[0]
        application = connection.execute(f"PRAGMA {name}.application_id").fetchone()[0]
        tables = connection.execute(f"SELECT count(*) FROM {name}.sqlite_schema").fetchone()[0]
        if (tables or application) and application != APPLICATION_ID:
            raise StoreUnsafe("the file is a database, but not a store of Kith")
        if version > SCHEMA_VERSION:
            raise StoreTooNew("the store was written by a newer version of Kith")
        found.append(version)
    return found[0], found[1]


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements of a script inside the open transaction (``executescript`` would commit it)."""
    statement = ""
    for line in script.splitlines():
        if line.startswith("--"):
            continue
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
