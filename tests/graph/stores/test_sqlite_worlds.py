"""Two worlds on SQLite: hidden records change no answer of those who may not see them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings

from graph.store import Store
from graph.stores.sqlite import SqliteStore
from tests.conformance.suite import Clock
from tests.conformance.worlds import World, check, worlds


@contextmanager
def fresh_store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "kith.db", clock=Clock()) as store:
        yield store


@given(worlds())
@settings(max_examples=25, deadline=None)
def test_hidden_records_change_no_answer(world: World) -> None:
    check(world, fresh_store)
