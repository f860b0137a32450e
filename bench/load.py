"""How long does a whole load of a bundle take, and how much memory?

    python bench/load.py --size city

Writes the invented city of that size to a temporary folder, loads it into a new SQLite store in a process of its own,
and prints seconds, rows a second and the peak of memory; beside them the share of reading and checking alone (a store
that takes the blocks and does nothing).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parents[1]))

from graph.open import open_store
from graph.records import Block, Commit, RecordKind, Tally, WriteNote
from graph.store import Store
from ingest.load import load
from ingest.synthetic import generate


class Nowhere:
    """Takes blocks and does nothing with them."""

    def counts(self) -> dict[RecordKind, int]:
        return {}

    def known_keys(self, _: RecordKind, __: Sequence[str]) -> set[str]:
        return set()

    def write(self, blocks: Iterable[Block], _: WriteNote) -> Commit:
        counts: dict[RecordKind, int] = {}
        for block in blocks:
            counts[block.kind] = counts.get(block.kind, 0) + len(block.rows)
        tallies = {kind: Tally(new=count) for kind, count in counts.items()}
        return Commit(1, dt.datetime.now(dt.UTC), "nowhere", tallies)


def measure(folder: Path, store: Store) -> dict[str, float]:
    """Load once and say what it took."""
    started = time.perf_counter()
    result = load([folder], store)
    seconds = time.perf_counter() - started
    rows = sum(tally.new for tally in result.report.tallies.values())
    return {"seconds": seconds, "rows": rows, "rows_per_second": rows / seconds, "peak_mb": peak_megabytes()}


def peak_megabytes() -> float:
    """Most memory of this process; ru_maxrss would also count what its parent had used."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def in_own_process(folder: Path, url: str | None) -> dict[str, float]:
    """The peak of memory belongs to a process, so each measurement has its own."""
    command = [sys.executable, __file__, "--folder", str(folder), *(["--url", url] if url else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("hub", "city", "region"), default="city")
    parser.add_argument("--runs", type=int, default=1, help="the median is printed")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder is not None:
        if given.url:
            with open_store(given.url) as store:
                print(json.dumps(measure(given.folder, store)))
        else:
            print(json.dumps(measure(given.folder, cast(Store, Nowhere()))))
        return
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as name:
        folder = Path(name) / "bundle"
        generate(given.size, 1, folder, truth=Path(name) / "truth")
        print(f"{'':<26}{'seconds':>9}{'rows':>12}{'rows/s':>10}{'peak MB':>9}")
        for label, kind in (("reading and checking", None), ("whole load into SQLite", "sqlite")):
            runs = []
            for run in range(given.runs):
                url = f"sqlite:///{name}/{run}.sqlite" if kind else None
                runs.append(in_own_process(folder, url))
            middle = sorted(runs, key=lambda each: each["seconds"])[len(runs) // 2]
            print(
                f"{label:<26}{middle['seconds']:>9.1f}{middle['rows']:>12,.0f}"
                f"{middle['rows_per_second']:>10,.0f}{middle['peak_mb']:>9,.0f}"
            )


if __name__ == "__main__":
    main()
