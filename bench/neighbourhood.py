"""How long a two-hop neighbourhood capped at 500 nodes takes, in process, from random people.

    python bench/neighbourhood.py city region [--store PATH]

Prints a Markdown table: milliseconds p50 and p95 of the verb with all records, evidence and standings, the processor's
time per query, and the median number of nodes and ties. ``restricted`` looks through a sight that hides some.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(size: str, path: Path, queries: int = 200) -> None:
    from bench.random_blocks import SIZES, blocks
    from graph.model import NodeId
    from graph.records import WriteNote
    from graph.store import Lens
    from graph.stores.sqlite import SqliteStore

    with SqliteStore(path) as store:
        if store.change_counter == 0:
            store.write(blocks(*SIZES[size]), WriteNote("system"))
        generator = random.Random(1)
        people = [NodeId(f"person:{generator.randrange(SIZES[size][0])}") for _ in range(queries)]
        for name, lens in (("all", Lens()), ("restricted", Lens(sight=lambda restriction: restriction.is_open))):
            times, cpu, nodes, ties = [], time.process_time(), [], []
            for person in people:
                started = time.perf_counter()
                near = store.neighbourhood([person], lens, hops=2)
                times.append((time.perf_counter() - started) * 1000)
                nodes.append(float(len(near.nodes)))
                ties.append(float(len(near.ties)))
            processor = (time.process_time() - cpu) * 1000 / queries
            print(
                f"| {size} | {name} | {quantile(times, 0.5):.1f} | {quantile(times, 0.95):.1f} | {processor:.1f} |"
                f" {quantile(nodes, 0.5):.0f} | {quantile(ties, 0.5):.0f} |",
                flush=True,
            )


def main() -> None:
    print("| size | sight | p50 ms | p95 ms | processor ms | nodes | ties |")
    print("|---|---|---|---|---|---|---|")
    arguments = sys.argv[1:]
    given = Path(arguments[arguments.index("--store") + 1]) if "--store" in arguments else None
    for size in [each for each in arguments if each in ("hub", "city", "region")] or ["city"]:
        if given is not None:
            measure(size, given)
            continue
        with tempfile.TemporaryDirectory() as folder:
            measure(size, Path(folder) / "kith.db")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
