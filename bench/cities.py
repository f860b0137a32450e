"""Invented cities for measuring: written, loaded into a SQLite store and read back, kept between runs if asked.

With ``KITH_BENCH_CITIES`` naming a folder, a city is made there once and used again; else in a temporary folder.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from graph.open import open_store
from graph.snapshot import Snapshot
from graph.store import Lens
from ingest.load import load
from ingest.synthetic import DEFAULT_AS_AT, Assumptions, generate


def city(size: str, seed: int, folder: Path, assumptions: Assumptions | None = None) -> tuple[Snapshot, Path]:
    """Snapshot of an invented city through a store, and the folder of its truth."""
    name = f"{size}-{seed}"
    if assumptions is not None and assumptions != Assumptions():
        name += "-" + hashlib.blake2b(repr(sorted(asdict(assumptions).items())).encode(), digest_size=4).hexdigest()
    home = folder / name
    path = home / "store.db"
    fresh = not (home / "complete").exists()
    if fresh:
        home.mkdir(parents=True, exist_ok=True)
        generate(size, seed, home / "bundle", truth=home / "truth", assumptions=assumptions or Assumptions())  # type: ignore[arg-type]
    with open_store(f"sqlite:///{path}") as store:
        if fresh:
            load([home / "bundle"], store)
            (home / "complete").touch()
        return store.snapshot(Lens(as_at=DEFAULT_AS_AT)), home / "truth"


def kept() -> AbstractContextManager[str]:
    """The folder of cities: the kept one, or one that goes away."""
    folder = os.environ.get("KITH_BENCH_CITIES")
    return _Kept(folder) if folder else TemporaryDirectory()


class _Kept(AbstractContextManager[str]):
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __enter__(self) -> str:
        return self.folder

    def __exit__(self, *_: object) -> None:
        return None
