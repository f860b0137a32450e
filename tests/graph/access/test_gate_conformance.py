"""The gate of an actor who may see everything keeps every sentence of the Store contract about reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.access.actors import OPERATOR
from graph.access.gate import Gate
from graph.store import Lens, Reader, Store
from graph.stores.sqlite import SqliteStore
from tests.conformance.suite import BackDoor, Clock, StoreConformance
from tests.graph.stores.test_sqlite import SqliteBackDoor


def _delegate(name: str) -> Callable[..., Any]:
    """Reading goes through the gate, everything else to the store.

    The operator sees all, so a reading with somebody else's sight or role (which no gate takes from outside) is the
    store's own; those sentences are about the store.
    """

    def method(self: Any, *given: Any, **named: Any) -> Any:
        lens = next((item for item in (*given, *named.values()) if isinstance(item, Lens)), None)
        reads = name in Reader.__abstractmethods__ and (lens is None or (lens.sight is None and lens.audience is None))
        return getattr(self.gate if reads else self.store, name)(*given, **named)

    return method


_METHODS = {
    name: _delegate(name)
    for name in Store.__abstractmethods__
    if not isinstance(getattr(Store, name), property) and name != "close"
}


class _Gated(Store):
    def __init__(self, store: SqliteStore, clock: Callable[[], dt.datetime]) -> None:
        self.store, self.gate = store, Gate(store, OPERATOR, clock=clock, secret=b"secret")
        self.path = store.path

    @property
    def url(self) -> str:
        return self.store.url

    @property
    def change_counter(self) -> int:
        return self.store.change_counter

    def close(self) -> None:
        self.store.close()


GatedStore: Any = type("GatedStore", (_Gated,), _METHODS)


class TestGate(StoreConformance):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[Store]:
        with GatedStore(SqliteStore(tmp_path / "kith.db", clock=clock), clock) as store:
            yield store

    @pytest.fixture
    def back_door(self, store: Any, clock: Clock) -> BackDoor:
        return SqliteBackDoor(store.path, clock)


def test_reading_does_go_through_the_gate(tmp_path: Path) -> None:
    """The class above would pass as well if it never asked the gate."""
    with GatedStore(SqliteStore(tmp_path / "kith.db"), lambda: dt.datetime.now(dt.UTC)) as store:
        store.search("nobody", Lens())
        assert [row.entry.actor for row in store.audit_rows(chain="views")] == ["operator"]
