"""How many rows a second the Neo4j store loads, and how quickly it answers then.

    python bench/neo4j_load.py [--rows 200000] [--url bolt://HOST:PORT --user neo4j]

Without ``--url`` a server of our own is started (2 GB heap) and removed. With it the password comes from
KITH_NEO4J_PASSWORD and the store must be empty. Rows are those of the exchange bundle; ties that Kith derives are not
counted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graph.model import NodeId
from graph.records import COLUMNS, Block, RecordKind, Row, Value, WriteNote
from graph.store import Area, Lens
from graph.stores.neo4j import Neo4jStore
from scripts.neo4j_server import Neo4jServer

#: share of the rows of each kind, in load order
SHARES = {
    RecordKind.PLACE: 0.05,
    RecordKind.PERSON: 0.15,
    RecordKind.REPORT: 0.20,
    RecordKind.EVENT: 0.05,
    RecordKind.PARTICIPATION: 0.10,
    RecordKind.EPISODE: 0.05,
    RecordKind.TIE: 0.40,
}
GIVEN = ("Ada", "Bram", "Cleo", "Dara", "Emil", "Fay", "Gus", "Hana", "Ivo", "June", "Kit", "Lena", "Milo", "Nia")
SYLLABLES = ("al", "ber", "cor", "dun", "el", "fen", "gar", "hol", "ing", "kel", "lor", "mar", "nor", "ost", "pel")
TYPES = ("friend_of", "seen_with", "associate_of", "sibling_of", "companion_of", "contacts")


def row(kind: RecordKind, key: str, **values: Value) -> Row:
    return (key, *(values.get(column) for column in COLUMNS[kind][1:]))


def rows_of(kind: RecordKind, count: int, counts: dict[RecordKind, int], rng: random.Random) -> Iterator[Row]:
    people, places, reports = counts[RecordKind.PERSON], counts[RecordKind.PLACE], counts[RecordKind.REPORT]

    def one(prefix: str, number: int) -> str:
        return f"{prefix}{rng.randrange(number)}"

    for i in range(count):
        if kind is RecordKind.PLACE:
            east, north = 400_000 + rng.random() * 30_000, 300_000 + rng.random() * 30_000
            yield row(kind, f"place:{i}", name=f"Place {i}", place_type="park", easting=east, northing=north)
        elif kind is RecordKind.PERSON:
            family = "".join(rng.choices(SYLLABLES, k=3)).capitalize()
            home = one("place:", places) if i % 2 else None
            yield row(
                kind, f"person:{i}", given_name=rng.choice(GIVEN), family_name=family, birth_day=12_000 + i % 5_000,
                birth_precision="day", sex="FM"[i % 2], address_place_id=home, protected_address=0,
            )  # fmt: skip
        elif kind is RecordKind.REPORT:
            yield row(
                kind, f"r{i}", agency=("police", "health", "education")[i % 3], grading_scheme="3x5x2",
                source_evaluation="1", information_assessment="B", handling="P", recorded_at=1_650_000_000 + i,
            )  # fmt: skip
        elif kind is RecordKind.EVENT:
            yield row(
                kind, f"event:{i}", event_type="incident", started_at=1_650_000_000 + i * 600,
                place_id=one("place:", places), report_id=one("r", reports),
            )  # fmt: skip
        elif kind is RecordKind.PARTICIPATION:
            event = i % counts[RecordKind.EVENT]
            yield row(
                kind, f"p{i}", event_id=f"event:{event}", entity_id=one("person:", people), role="mentioned",
                report_id=one("r", reports),
            )  # fmt: skip
        elif kind is RecordKind.EPISODE:
            yield row(
                kind, f"ep{i}", person_id=one("person:", people), episode_type="open_to_hub", start_day=19_000 + i % 500
            )
        else:
            yield row(
                kind, f"t{i}", source_id=one("person:", people), target_id=one("person:", people),
                tie_type=rng.choice(TYPES), start_day=19_000 + i % 500, report_ids=(one("r", reports),),
            )  # fmt: skip


def blocks(total: int, seed: int = 7) -> list[Block]:
    rng = random.Random(seed)
    counts = {kind: int(total * share) for kind, share in SHARES.items()}
    return [
        Block(kind, rows, f"{kind}.csv", range(2, 2 + len(rows)))
        for kind, count in counts.items()
        if (rows := list(rows_of(kind, count, counts, rng)))
    ]


def timed(name: str, times: int, work: Callable[[int], object]) -> None:
    taken = []
    for number in range(times + 3):
        started = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - started) * 1000)
    taken = sorted(taken[3:])  # the first ones wait for the server's plans
    print(f"{name:<28} p50 {statistics.median(taken):7.1f} ms   worst {taken[-1]:7.1f} ms")


def measure(store: Neo4jStore, total: int) -> None:
    made = blocks(total)
    count = sum(len(block.rows) for block in made)
    started = time.perf_counter()
    store.write(made, WriteNote("bench"))
    taken = time.perf_counter() - started
    print(f"load of {count:,} rows: {taken:.1f} s, {count / taken:,.0f} rows/s")
    started = time.perf_counter()
    store.write(made, WriteNote("bench"))
    taken = time.perf_counter() - started
    print(f"the same again, unchanged: {taken:.1f} s, {count / taken:,.0f} rows/s")
    started = time.perf_counter()
    columns = store.snapshot(Lens())
    print(f"first snapshot, {len(columns.ties.source):,} ties: {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    store.snapshot(Lens())
    print(f"the same from its files: {(time.perf_counter() - started) * 1000:.0f} ms")
    lens = Lens()
    timed("entity", 30, lambda i: store.entity(NodeId(f"person:{i}"), lens))
    timed("neighbourhood, two hops", 30, lambda i: store.neighbourhood([NodeId(f"person:{i}")], lens, hops=2))
    timed("search, prefix", 30, lambda i: store.search(f"{GIVEN[i % 14]} {SYLLABLES[i % 15]}", lens))
    start = dt.datetime(2022, 6, 1, tzinfo=dt.UTC)
    area = Area((405_000, 305_000, 408_000, 308_000))
    timed("events in 3 km and 30 days", 30, lambda _: store.events_within(area, start, start + dt.timedelta(30), lens))


def main() -> None:
    parser = argparse.ArgumentParser(description="How many rows a second the Neo4j store loads")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--url")
    parser.add_argument("--user", default="neo4j")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        if options.url:
            password = os.environ.get("KITH_NEO4J_PASSWORD", "")
            with Neo4jStore(options.url, user=options.user, password=password, cache=Path(cache)) as store:
                measure(store, options.rows)
            return
        with (
            Neo4jServer(heap="2g", page_cache="256m") as server,
            Neo4jStore(server.url, user=server.user, password=server.password, cache=Path(cache)) as store,
        ):
            measure(store, options.rows)


if __name__ == "__main__":
    main()
