"""How many rows a second the Neo4j store loads, and how quickly it answers then.

    python bench/neo4j_load.py [--size city] [--heap 3g]

The same bundle as ``bench/load.py`` loads into SQLite goes into an empty Neo4j store, twice: with the server just
started, whose Java code is compiled meanwhile, and after all was removed once more, as on a server that has been
running. Seconds are those of the whole load, reading and checking the files included; beside them the processor time of
Kith and of the server, which a busy machine changes less. Rows are those of the files; the ties that Kith derives from
them are not counted. The server is one of our own, on this machine, and is removed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graph.model import NodeId, NodeKind
from graph.store import Area, Lens, SeenNode
from graph.stores.neo4j import Neo4jStore
from ingest.load import load
from ingest.synthetic import generate
from scripts.neo4j_server import Neo4jServer

BAR = 20_000
PLACES = 200


def seconds_of(process: int) -> float:
    """Processor time of a process so far, all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def bundle_of(size: str) -> Iterator[Path]:
    """The folder of the invented bundle: the kept one of ``KITH_BENCH_CITIES``, or one that goes away."""
    kept = Path(os.environ.get("KITH_BENCH_CITIES", "")) / f"{size}-1" / "bundle"
    if kept.is_dir():
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as name:
        generate(size, 1, Path(name) / "bundle", truth=Path(name) / "truth")  # type: ignore[arg-type]
        yield Path(name) / "bundle"


@contextmanager
def opened(server: Neo4jServer, cache: Path) -> Iterator[Neo4jStore]:
    with Neo4jStore(server.url, user=server.user, password=server.password, cache=cache, deadline=20) as store:
        yield store


def empty(server: Neo4jServer, cache: Path) -> None:
    """Remove all the store holds but its layout."""
    with opened(server, cache) as store:
        for statement in (
            "MATCH ()-[t]->() CALL (t) { DELETE t } IN TRANSACTIONS OF 20000 ROWS",
            "MATCH (n) WHERE NOT n:Store AND NOT n:AuditHead CALL (n) { DELETE n } IN TRANSACTIONS OF 20000 ROWS",
            "MATCH (s:Store) SET s = {id: s.id, layout: s.layout, store_id: s.store_id, committed: 0}",
            "MATCH (h:AuditHead) SET h = {chain: h.chain}",
        ):
            store.connection.alone(statement)


def load_once(bundle: Path, server: Neo4jServer, store: Neo4jStore, label: str) -> None:
    """Load the bundle and print the row of the table."""
    own, others, started = time.process_time(), seconds_of(server.process), time.perf_counter()
    result = load([bundle], store)
    taken = time.perf_counter() - started
    own, others = time.process_time() - own, seconds_of(server.process) - others
    rows = sum(tally.new for tally in result.report.tallies.values())
    print(
        f"| {label} | {rows:,} | {taken:.1f} | {rows / taken:,.0f} | {BAR:,} | {own:.1f} | {others:.1f} |", flush=True
    )


def timed(name: str, times: int, work: Callable[[int], object]) -> None:
    taken = []
    for number in range(times + 3):
        started = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - started) * 1000)
    taken = sorted(taken[3:])  # the first ones wait for the server's plans
    print(f"| {name} | {statistics.median(taken):.1f} | {taken[-1]:.1f} |")


def answers(store: Neo4jStore) -> None:
    """How quickly the store answers when it holds the bundle."""
    lens = Lens()
    started = time.perf_counter()
    columns = store.snapshot(lens)
    print(f"\nFirst snapshot, {len(columns.ties.source):,} ties: {time.perf_counter() - started:.1f} s; ", end="")
    started = time.perf_counter()
    store.snapshot(lens)
    print(f"from its files: {(time.perf_counter() - started) * 1000:.0f} ms.\n")
    people = [each.record for each in store.list_nodes(NodeKind.PERSON, lens, limit=40)]
    ids = [NodeId(person.id) for person in people]
    families = [str(getattr(person, "family_name", None) or "mar")[:4] for person in people]
    print("| question | p50 ms | worst ms |\n|---|---:|---:|")
    timed("entity", 30, lambda i: store.entity(ids[i], lens))
    timed("neighbourhood, two hops", 30, lambda i: store.neighbourhood([ids[i]], lens, hops=2))
    timed("search, beginning of a name", 30, lambda i: store.search(families[i], lens))
    places: tuple[SeenNode, ...] = store.list_nodes(NodeKind.PLACE, lens, limit=PLACES)
    points = [point for each in places if (point := getattr(each.record, "location", None)) is not None]
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def events(number: int) -> object:
        east, north = points[number].easting, points[number].northing
        area = Area((east - 1_500, north - 1_500, east + 1_500, north + 1_500))
        return store.events_within(area, start, start + dt.timedelta(days=30), lens)

    if len(points) > 33:
        timed("events in 3 km and 30 days", 30, events)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("hub", "city", "region"), default="city")
    parser.add_argument("--heap", default="3g")
    parser.add_argument("--page-cache", default="1g")
    parser.add_argument("--answers", action="store_true", help="measure questions as well")
    options = parser.parse_args()
    with (
        bundle_of(options.size) as bundle,
        tempfile.TemporaryDirectory() as cache,
        Neo4jServer(heap=options.heap, page_cache=options.page_cache) as server,
    ):
        print("| server | rows of files | seconds | rows/s | bar | processor, Kith, s | processor, server, s |")
        print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
        with opened(server, Path(cache) / "1") as store:
            load_once(bundle, server, store, f"{options.size}, server just started")
        empty(server, Path(cache) / "1")
        with opened(server, Path(cache) / "2") as store:
            load_once(bundle, server, store, f"{options.size}, server running")
            if options.answers:
                answers(store)


if __name__ == "__main__":
    main()
