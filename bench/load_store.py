"""How long it takes to write a city or a region into SQLite, all indexes and versions included.

    python bench/load_store.py city region

Prints a Markdown table: seconds (all and of the processor), rows a second, size of the store, peak memory.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measure(size: str, path: Path) -> str:
    """One load in this process; the time to make the blocks is taken off."""
    from bench.random_blocks import SIZES, blocks
    from graph.records import WriteNote
    from graph.stores.sqlite import SqliteStore

    started, making_cpu = time.perf_counter(), time.process_time()
    rows = sum(len(block.rows) for block in blocks(*SIZES[size]))
    making, making_cpu = time.perf_counter() - started, time.process_time() - making_cpu
    with SqliteStore(path) as store:
        started, cpu = time.perf_counter(), time.process_time()
        store.write(blocks(*SIZES[size]), WriteNote("system"))
        seconds, cpu = time.perf_counter() - started - making, time.process_time() - cpu - making_cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    megabytes = path.stat().st_size / 1e6
    return (
        f"| {size} | {rows:,} | {seconds:.1f} | {cpu:.1f} | {rows / seconds:,.0f} | {megabytes:,.0f} | {memory:,.0f} |"
    )


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1] == "--one":
        print(measure(sys.argv[2], Path(sys.argv[3])))
        return
    print("| size | rows | seconds | of it processor | rows/s | store MB | peak memory MB |")
    print("|---|---|---|---|---|---|---|")
    for size in sys.argv[1:] or ["city"]:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--one", size, str(Path(folder) / "kith.db")]
            print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
