"""Compiles the analysis and the layout once, at set-up: numba keeps the result beside the sources.

The kernels are compiled for the types they are called with, so the demonstration is prepared once, unseen, in a folder
that is removed again. Without this the first ``kith demo`` of a machine waits for it instead.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from pathlib import Path

from api.bootstrap import wire
from api.commands import acting_as
from api.console import Console
from api.demo import prepare
from api.services import MapRequest, map_of
from api.settings import Settings
from graph.model import NodeKind
from graph.store import Lens


def compile_kernels(folder: Path) -> None:
    """Load, analyse and draw a small invented city in ``folder``."""
    settings = Settings(store=f"sqlite:///{folder / 'kernels.db'}", data_folder=folder, cache_folder=folder / "cache")
    with wire(settings, migrate=True) as wiring:
        prepare(wiring, folder, "hub", 1, secrets.token_urlsafe(12), Console(as_json=True, output=io.StringIO()))
        gate = wiring.gate(acting_as(wiring, "analyst", "compiling"))
        schools = gate.list_nodes(NodeKind.SCHOOL, Lens(), limit=1)
        asked = MapRequest(tuple(school.record.id for school in schools), hops=2)
        map_of(gate, asked, marking=settings.marking, now=wiring.clock())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="kith-kernels-") as temporary:
        compile_kernels(Path(temporary))
