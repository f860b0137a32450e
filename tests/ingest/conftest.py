"""A store that records what is written, and small bundles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from graph.store import Store
from tests.ingest.recording_store import RecordingStore


@pytest.fixture
def store() -> RecordingStore:
    return RecordingStore()


@pytest.fixture
def as_store(store: RecordingStore) -> Store:
    return store.contract()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Writes files into a new folder and returns it."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        target = tmp_path / "bundle"
        target.mkdir(exist_ok=True)
        for name, text in files.items():
            content = text if isinstance(text, bytes) else text.encode("utf-8")
            (target / name).write_bytes(content)
        return target

    return write
