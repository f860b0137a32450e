"""Statements of a large load, carried out one after the other beside the work that makes them.

One thread speaks to the server while the caller prepares what comes next. Order is kept: a question waits for all that
was handed over before it. What goes wrong stops everything after it and is raised at the next call, or at the end.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, LiteralString, Self, TypeVar

from graph.stores.neo4j.connection import Parameters, Row, Transaction

Answer = TypeVar("Answer")
#: statements that may wait, so that a load needs the memory of few batches
WAITING = 6


class Pipeline:
    """Steps of a load, each in a transaction that ``begin`` opens and commits at its end."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Transaction]]) -> None:
        self._begin = begin
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kith-neo4j-load")
        self._room = threading.BoundedSemaphore(WAITING)
        self._error: BaseException | None = None
        self._stack = contextlib.ExitStack()
        self._transaction: Transaction | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        """Wait for all that was handed over; raises what went wrong with it."""
        self._thread.shutdown(wait=True)
        if kind is None and self._error is not None:
            raise self._error

    # -- in the thread ---------------------------------------------------------------------------------------
    def _open(self) -> None:
        self._transaction = self._stack.enter_context(self._begin())

    def _commit(self) -> None:
        stack, self._stack = self._stack, contextlib.ExitStack()
        stack.close()

    def _roll_back(self, error: BaseException) -> None:
        stack, self._stack = self._stack, contextlib.ExitStack()
        with contextlib.suppress(BaseException):
            stack.__exit__(type(error), error, error.__traceback__)

    def _now(self) -> Transaction:
        if self._transaction is None:
            raise RuntimeError("no step is open")
        return self._transaction

    def _do(self, job: Callable[[], Answer]) -> Answer:
        try:
            if self._error is not None:
                raise self._error
            return job()
        except BaseException as error:
            if self._error is None:
                self._error = error
                self._roll_back(error)
            raise
        finally:
            self._room.release()

    # -- for the caller --------------------------------------------------------------------------------------
    def hand_over(self, job: Callable[[], Answer]) -> Future[Answer]:
        """Have it done after everything handed over before. Raises what went wrong earlier."""
        if self._error is not None:
            raise self._error
        self._room.acquire()
        return self._thread.submit(self._do, job)

    @contextlib.contextmanager
    def step(self) -> Iterator[Transaction]:
        """A transaction of the load; it is committed when its turn comes."""
        self.hand_over(self._open)
        try:
            yield _Pipelined(self)
        except BaseException as error:
            failure = error
            with contextlib.suppress(BaseException):
                self.hand_over(lambda: self._roll_back(failure)).result()
            raise
        self.hand_over(self._commit)

    def run(self, statement: LiteralString, parameters: Parameters | None) -> list[Row]:
        return self.hand_over(lambda: self._now().run(statement, parameters)).result()

    def later(
        self, statement: LiteralString, parameters: Parameters | None, expected: int | None, complaint: str
    ) -> None:
        self.hand_over(lambda: self._now().later(statement, parameters, expected=expected, complaint=complaint))


class _Pipelined(Transaction):
    """A transaction whose statements go through a pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def run(self, statement: LiteralString, parameters: Parameters | None = None) -> list[Row]:
        return self._pipeline.run(statement, parameters)

    def later(
        self,
        statement: LiteralString,
        parameters: Parameters | None = None,
        *,
        expected: int | None = None,
        complaint: str = "",
    ) -> None:
        self._pipeline.later(statement, parameters, expected, complaint)

    def stream(self, statement: LiteralString, parameters: Parameters | None = None) -> Iterator[list[Row]]:
        yield self.run(statement, parameters)
