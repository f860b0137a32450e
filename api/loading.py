"""Loading files on behalf of somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from graph.access.gate import Gate
from ingest.findings import LoadReport
from ingest.load import LoadOptions, Progress, load


def load_files(
    gate: Gate,
    paths: Sequence[Path],
    *,
    mappings: Sequence[Path] = (),
    agency: str | None = None,
    reason: str | None = None,
    dry_run: bool = False,
    rejects: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:
    """Load in one transaction, or check only.

    Raises LoadRejected with every problem when something is wrong, Refused when loading is not part of the role.
    """
    options = LoadOptions(
        author=gate.actor.account,
        reason=reason or gate.actor.purpose,
        agency=agency,
        mappings=tuple(mappings),
        dry_run=dry_run,
        rejects=rejects,
        progress=progress,
    )
    return gate.load(lambda store: load(paths, store, options)).report
