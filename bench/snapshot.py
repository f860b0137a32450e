"""How long it takes to make a snapshot of a whole store, and to open it again from its files.

    python bench/snapshot.py city region [--store PATH]

Prints a Markdown table: ties, seconds and ties a second of the first build (all columns read, arrays assembled, files
written), of another lens on the same columns, and of opening the files again.
"""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import tempfile
import time
from pathlib import Path


def measure(size: str, path: Path) -> None:
    from bench.random_blocks import SIZES, blocks
    from graph.records import WriteNote
    from graph.store import Lens
    from graph.stores.sqlite import SqliteStore

    with SqliteStore(path) as store:
        if store.change_counter == 0:
            store.write(blocks(*SIZES[size]), WriteNote("system"))
        shutil.rmtree(path.with_name(path.name + "-snapshots"), ignore_errors=True)
        day = dt.date(2027, 1, 1)
        for name, lens in (
            ("first build", Lens(as_at=day)),
            ("another sight", Lens(as_at=day, sight=lambda restriction: restriction.is_open)),
            ("opened again", Lens(as_at=day)),
        ):
            started, cpu = time.perf_counter(), time.process_time()
            made = store.snapshot(lens)
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
            ties = len(made.ties.source)
            print(
                f"| {size} | {name} | {ties:,} | {seconds:.3f} | {cpu:.3f} | {ties / seconds / 1e6:,.1f} |", flush=True
            )


def main() -> None:
    print("| size | what | ties | seconds | of it processor | M ties/s |")
    print("|---|---|---|---|---|---|")
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
