"""Talking to the server within a deadline.

The driver waits for minutes on a server that hangs, and a blocked socket read cannot be called off. So every exchange
runs in a daemon thread of its own while the caller waits. When the answer is slow the server is asked something trivial
beside it: as long as that is answered the work is only long; when it is not, the store is unavailable, the driver is
thrown away and for a moment every call is refused at once.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, LiteralString, TypeVar, cast

import neo4j
from neo4j import exceptions

from graph.errors import StoreError, StoreUnavailable, UsageError

Answer = TypeVar("Answer")
Parameters = Mapping[str, Any]
Row = Sequence[Any]

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
#: seconds for which calls are refused at once after the server did not answer
PAUSE_SECONDS = 0.5
#: seconds after which the server itself ends a transaction that nobody finishes
SHORT_TRANSACTION_SECONDS = 60.0
LONG_TRANSACTION_SECONDS = 1800.0
#: the same for what may read the whole store, as the first snapshot after a change does
READING_SECONDS = 1800.0
#: probes in a row that a long piece of work waits for: the server may be collecting garbage
LONG_PATIENCE = 6
#: rows fetched at a time
FETCH_ROWS = 2000
_PARAMETER = re.compile(r"\$(\w+)")


class Unreachable(StoreUnavailable):
    """The connection is of no more use."""


class AmbiguousCommit(Unreachable):
    """The connection was lost while committing: the change may be there or not."""


class Contention(StoreUnavailable):
    """Another transaction holds what this one needs; trying again may help."""


class DuplicateKey(StoreError):
    """A uniqueness constraint spoke."""


@functools.cache
def within_one_map(statement: LiteralString) -> LiteralString:
    """The statement with each parameter ``$name`` read as ``$given.name``.

    The server keeps plans by statement and by the types of the parameters, where null is a type and so is the size of a
    list, to a power of ten: a statement would be planned again, in some tenths of a second, for every mixture. Of a map
    it looks at no more than that it is one.
    """
    return _PARAMETER.sub(r"$given.\1", statement)


class _Worker:
    """A daemon thread that runs one function after another."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[tuple[bool, Any]]]] = (
            queue.SimpleQueue()
        )
        threading.Thread(target=self._serve, daemon=True, name="kith-neo4j").start()

    def _serve(self) -> None:
        while True:
            work, outbox = self._inbox.get()
            try:
                outbox.put((True, work()))
            except BaseException as error:
                outbox.put((False, error))

    def give(self, work: Callable[[], Any]) -> queue.SimpleQueue[tuple[bool, Any]]:
        outbox: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        self._inbox.put((work, outbox))
        return outbox


class Connection:
    """The driver with a deadline and a circuit breaker. Safe to share between threads."""

    def __init__(self, url: str, user: str, password: str, *, database: str | None, deadline: float) -> None:
        if url.partition("://")[0] not in SCHEMES:
            raise UsageError("a Neo4j address reads neo4j://HOST:PORT or bolt://HOST:PORT, or either with +s")
        self.url = url
        self.deadline = deadline
        self._auth = (user, password)
        self._database = database
        self._driver: neo4j.Driver | None = None
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._refuse_until = 0.0
        self._closed = False

    # -- the driver ------------------------------------------------------------------------------------------
    def _the_driver(self) -> neo4j.Driver:
        with self._lock:
            if self._closed:
                raise Unreachable("the store is closed")
            if time.monotonic() < self._refuse_until:
                raise Unreachable("the graph database does not answer")
            if self._driver is None:
                try:
                    self._driver = neo4j.GraphDatabase.driver(
                        self.url,
                        auth=self._auth,
                        connection_timeout=max(1.0, self.deadline * 0.6),
                        connection_acquisition_timeout=max(1.0, self.deadline * 0.8),
                        max_transaction_retry_time=max(1.0, self.deadline * 0.4),
                        max_connection_lifetime=900,
                        liveness_check_timeout=30,
                        keep_alive=True,
                        telemetry_disabled=True,
                        notifications_min_severity="OFF",
                        user_agent="kith",
                    )
                except (exceptions.ConfigurationError, ValueError):
                    raise UsageError("this is not an address of a Neo4j server") from None
            return self._driver

    def _break(self) -> None:
        """Drop the driver; the next call after the pause makes a new one."""
        with self._lock:
            driver, self._driver = self._driver, None
            self._refuse_until = time.monotonic() + PAUSE_SECONDS
        if driver is not None:
            _Worker().give(driver.close)

    def close(self) -> None:
        """Close the connections. A server that hangs is not waited for."""
        with self._lock:
            driver, self._driver = self._driver, None
            self._closed = True
        if driver is not None:
            with contextlib.suppress(queue.Empty):
                _Worker().give(driver.close).get(timeout=2.0)

    # -- calls within the deadline ---------------------------------------------------------------------------
    def _hire(self) -> _Worker:
        with self._lock:
            return self._idle.pop() if self._idle else _Worker()

    def _answers(self) -> bool:
        """Whether the server answers something trivial on another connection."""

        def probe() -> None:
            with self._the_driver().session(database=self._database) as session:
                session.run("RETURN 1").consume()

        worker = self._hire()
        try:
            done, _ = worker.give(probe).get(timeout=self.deadline * 0.7)
        except queue.Empty:
            return False
        with self._lock:
            self._idle.append(worker)
        return done

    def within_deadline(self, work: Callable[[], Answer], *, patience: int = 1) -> Answer:
        """The result of ``work``, which speaks to the server. Raises StoreUnavailable when the server is silent, that
        is when ``patience`` probes one after the other are not answered."""
        worker = self._hire()
        outbox = worker.give(work)
        silent = 0
        while True:
            try:
                done, answer = outbox.get(timeout=self.deadline * 0.2)
                break
            except queue.Empty:
                silent = 0 if self._answers() else silent + 1
                if silent >= patience and outbox.empty():
                    self._break()
                    raise Unreachable("the graph database does not answer") from None
        with self._lock:
            self._idle.append(worker)
        if done:
            return cast(Answer, answer)
        raise self._translated(answer)

    def _translated(self, error: BaseException) -> BaseException:
        """What Kith says for an error of the driver; never with text from a record."""
        error.__context__ = None
        if isinstance(error, exceptions.IncompleteCommit):
            self._break()
            return AmbiguousCommit("the connection was lost while committing")
        if isinstance(error, exceptions.AuthError):
            return Unreachable("the graph database refused the user name or password")
        if isinstance(error, exceptions.Neo4jError):
            return self._of_server(error)
        if isinstance(error, exceptions.DriverError | OSError):
            self._break()
            return Unreachable("the graph database cannot be reached")
        return error

    def _of_server(self, error: exceptions.Neo4jError) -> BaseException:
        code = error.code or ""
        if "ConstraintValidationFailed" in code:
            return DuplicateKey("a record with that key is already there")
        if "TransactionTimedOut" in code:
            return StoreUnavailable("the graph database ended a transaction that took too long")
        if "OutOfMemory" in code:
            return StoreUnavailable("the graph database has too little memory for this")
        if isinstance(error, exceptions.TransientError) or "EntityNotFound" in code:
            return Contention("the graph database is busy with another change")
        if error.is_retryable():
            self._break()
            return Unreachable("the graph database cannot be reached")
        return StoreError(f"the graph database refused a statement ({code.rpartition('.')[2]})")

    # -- transactions ----------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def transaction(
        self, *, write: bool, seconds: float = SHORT_TRANSACTION_SECONDS, patience: int | None = None
    ) -> Iterator[Transaction]:
        """A transaction: committed at the end of the block, rolled back when it raises. After ``patience`` probes that
        the server leaves without an answer it is said to be away; long ones have more unless said."""
        patience = patience or (LONG_PATIENCE if seconds > SHORT_TRANSACTION_SECONDS else 1)
        access = neo4j.WRITE_ACCESS if write else neo4j.READ_ACCESS

        def begin() -> tuple[neo4j.Session, neo4j.Transaction]:
            session = self._the_driver().session(
                database=self._database,
                default_access_mode=access,
                bookmark_manager=self._bookmarks,
                fetch_size=FETCH_ROWS,
            )
            try:
                return session, session.begin_transaction(timeout=seconds)
            except BaseException:
                session.close()
                raise

        session, raw = self.within_deadline(begin)
        lost = False
        try:
            yield Transaction(self, raw, patience)
            try:
                self.within_deadline(raw.commit, patience=patience)
            except Unreachable:
                raise AmbiguousCommit("the connection was lost while committing") from None
        except Unreachable:
            lost = True
            raise
        except BaseException:
            with contextlib.suppress(StoreError):
                self.within_deadline(raw.rollback)
            raise
        finally:
            if not lost:
                with contextlib.suppress(StoreError):
                    self.within_deadline(session.close)

    def managed(
        self, work: Callable[[Transaction], Answer], *, write: bool, seconds: float = SHORT_TRANSACTION_SECONDS
    ) -> Answer:
        """Run ``work`` in a transaction; again when another change was in the way, within the deadline."""
        started = time.monotonic()
        pause = 0.01
        while True:
            try:
                with self.transaction(write=write, seconds=seconds, patience=1) as transaction:
                    return work(transaction)
            except Contention:
                if time.monotonic() - started + pause > self.deadline:
                    raise
                time.sleep(pause)
                pause = min(pause * 2, 0.5)

    def alone(self, statement: LiteralString, parameters: Parameters | None = None) -> list[Row]:
        """Run a statement in a transaction of its own (schema changes, CALL ... IN TRANSACTIONS)."""

        def work() -> list[Row]:
            with self._the_driver().session(database=self._database, bookmark_manager=self._bookmarks) as session:
                return [
                    tuple(record.values())
                    for record in session.run(within_one_map(statement), {"given": parameters or {}})
                ]

        return self.within_deadline(work, patience=LONG_PATIENCE)


class Transaction:
    """A transaction in which statements run within the deadline."""

    def __init__(self, connection: Connection, raw: neo4j.Transaction, patience: int) -> None:
        self._connection = connection
        self._raw = raw
        self._patience = patience

    def run(self, statement: LiteralString, parameters: Parameters | None = None) -> list[Row]:
        """All rows of the result, as sequences of values in the order of the RETURN clause."""

        def work() -> list[Row]:
            result = self._raw.run(within_one_map(statement), {"given": parameters or {}})
            return [tuple(record.values()) for record in result]

        return self._connection.within_deadline(work, patience=self._patience)

    def later(
        self,
        statement: LiteralString,
        parameters: Parameters | None = None,
        *,
        expected: int | None = None,
        complaint: str = "",
    ) -> None:
        """Run a statement whose result nobody waits for. When the count it returns is not ``expected`` the transaction
        fails with StoreError(``complaint``)."""
        rows = self.run(statement, parameters)
        if expected is not None and sum(row[0] for row in rows) != expected:
            raise StoreError(complaint)

    def stream(self, statement: LiteralString, parameters: Parameters | None = None) -> Iterator[list[Row]]:
        """The rows of a large result, some thousands at a time."""
        result = self._connection.within_deadline(
            lambda: self._raw.run(within_one_map(statement), {"given": parameters or {}})
        )
        while True:
            rows: list[Row] = self._connection.within_deadline(
                lambda: [tuple(record.values()) for record in result.fetch(10 * FETCH_ROWS)]
            )
            if not rows:
                return
            yield rows
