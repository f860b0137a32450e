"""How long a search by the beginning of a name, by a whole name and by a misspelt one takes, in process.

    python bench/search.py city region [--store PATH]

Prints a Markdown table: milliseconds p50 and p95, and the processor's time per query.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def typed_words(names: list[str], way: str, generator: random.Random) -> str:
    """What somebody types who looks for this name."""
    if way == "prefix":
        return names[-1][: generator.randint(2, 4)]
    if way == "name":
        return " ".join(names)
    word = list(names[-1])
    position = generator.randrange(len(word) - 1)
    word[position], word[position + 1] = word[position + 1], word[position]
    return f"{names[0]} {''.join(word)}"


def measure(size: str, path: Path, queries: int = 100) -> None:
    from bench.random_blocks import SIZES, blocks
    from graph.model import NodeId, Person
    from graph.records import WriteNote
    from graph.store import Lens
    from graph.stores.sqlite import SqliteStore

    with SqliteStore(path) as store:
        if store.change_counter == 0:
            store.write(blocks(*SIZES[size]), WriteNote("system"))
        generator = random.Random(1)
        ids = [NodeId(f"person:{generator.randrange(SIZES[size][0])}") for _ in range(queries)]
        people = [seen.record for seen in store.nodes(ids, Lens()).values() if isinstance(seen.record, Person)]
        for way in ("prefix", "name", "fuzzy"):
            times, cpu = [], time.process_time()
            for person in people:
                text = typed_words([person.given_name or "", person.family_name or ""], way, generator)
                started = time.perf_counter()
                store.search(text, Lens(), fuzzy=way == "fuzzy")
                times.append((time.perf_counter() - started) * 1000)
            processor = (time.process_time() - cpu) * 1000 / len(people)
            print(
                f"| {size} | {way} | {quantile(times, 0.5):.1f} | {quantile(times, 0.95):.1f} | {processor:.1f} |",
                flush=True,
            )


def main() -> None:
    print("| size | search | p50 ms | p95 ms | processor ms |")
    print("|---|---|---|---|---|")
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
