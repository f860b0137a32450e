"""How fast the detectors are and what memory they take: ``python bench/detectors.py --size city``.

The detectors run as shipped, one after another over one snapshot read from a SQLite store, as ``kith analyse`` runs
them, in a process of their own. ``--graph`` adds the memory of the analysis arrays beside the same network in networkx.
Printed as Markdown.
With ``KITH_BENCH_CITIES`` naming a folder the cities are kept there.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from analysis.registry import DETECTORS
from analysis.run import run
from bench.cities import city, kept
from graph.snapshot import Snapshot

#: seconds that all detectors together may take, by size
BARS = {"hub": 2.0, "city": 20.0, "region": 300.0}


def each(size: str, seed: int, folder: str, names: Sequence[str], times: int, out: Connection) -> None:
    """Run detectors one after another in this process; sends (median seconds, flags, peak GB so far) of each.

    Every repeat has a snapshot of its own, so that what detectors share is worked out once a repeat.
    """
    taken: dict[str, list[float]] = {name: [] for name in names}
    flags: dict[str, int] = {}
    peak: dict[str, float] = {}
    for _ in range(times):
        snapshot, _truth = city(size, seed, Path(folder))
        for name in names:
            started = time.perf_counter()
            flags[name] = len(run(name, snapshot, {}, 1).flags)
            taken[name].append(time.perf_counter() - started)
            peak[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    for name in names:
        out.send((name, statistics.median(taken[name]), flags[name], peak[name]))
    out.close()


def time_detectors(size: str, seed: int, folder: str, names: Sequence[str], times: int) -> None:
    print("| detector | seconds | flags | peak memory so far, GB |\n|---|---:|---:|---:|")
    total, most = 0.0, 0.0
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=each, args=(size, seed, folder, names, times, there))
    child.start()
    there.close()
    while True:
        try:
            name, seconds, flags, peak = here.recv()
        except EOFError:
            break
        total, most = total + seconds, max(most, peak)
        print(f"| {name} | {seconds:.2f} | {flags} | {peak:.2f} |", flush=True)
    child.join()
    print(f"| all | {total:.1f} (bar {BARS[size]:g}) | | {most:.2f} |")


def graph_memory(snapshot: Snapshot) -> None:
    """Bytes of the arrays that analysis reads beside the growth of this process by the same network in networkx."""
    parts = (snapshot.nodes, snapshot.ties, snapshot.reports, snapshot.episodes)
    arrays = sum(
        value.nbytes if hasattr(value, "nbytes") else value.data.nbytes + value.offsets.nbytes
        for part in parts
        for value in (getattr(part, name) for name in part.__dataclass_fields__)
        if hasattr(value, "nbytes") or hasattr(value, "offsets")
    )
    arrays += sum(array.nbytes for array in snapshot.incidence)
    before = psutil.Process().memory_info().rss
    graph = snapshot.to_networkx()
    peer = psutil.Process().memory_info().rss - before
    print(f"\n| network of {len(graph):,} nodes, {graph.number_of_edges():,} ties | MB | share of networkx |")
    print("|---|---:|---:|")
    print(f"| networkx MultiDiGraph with the same words | {peer / 2**20:.0f} | 1 |")
    print(f"| arrays of the snapshot, incidence and reports included | {arrays / 2**20:.0f} | {arrays / peer:.2f} |")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=("hub", "city", "region"), default="city")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--detectors", nargs="+", default=list(DETECTORS), choices=list(DETECTORS))
    parser.add_argument("--graph", action="store_true")
    chosen = parser.parse_args(arguments)
    with kept() as folder:
        snapshot, _ = city(chosen.size, chosen.seed, Path(folder))
        print(f"{chosen.size}: {len(snapshot):,} nodes, {len(snapshot.ties.source):,} ties\n")
        if chosen.graph:
            graph_memory(snapshot)
        del snapshot
        time_detectors(chosen.size, chosen.seed, folder, chosen.detectors, chosen.times)
    return 0


if __name__ == "__main__":
    sys.exit(main())
