"""SQLite against the model of plain dictionaries, over random sequences of writes and reads."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

from graph.store import Store
from graph.stores.sqlite import SqliteStore
from tests.conformance.machine import StoreMachine
from tests.conformance.suite import Clock


class SqliteMachine(StoreMachine):
    def open_store(self, clock: Clock) -> Store:
        self.folder = Path(tempfile.mkdtemp())
        return SqliteStore(self.folder / "kith.db", clock=clock)

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder, ignore_errors=True)


SqliteMachine.TestCase.settings = settings(
    max_examples=15, stateful_step_count=6, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSqliteMachine = SqliteMachine.TestCase
