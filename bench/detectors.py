"""How fast the detectors are and what memory they take: ``python bench/detectors.py --size city``.

Each detector runs as shipped, over a snapshot read from a SQLite store, in a process of its own (so that the peak
memory is its own). ``--graph`` adds the memory of the analysis arrays beside the same network in networkx. Printed as
Markdown.
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


def one(size: str, seed: int, folder: str, name: str, times: int, out: Connection) -> None:
    """Run one detector in this process; sends (median seconds, flags, peak GB)."""
    snapshot, _ = city(size, seed, Path(folder))
    taken, flags = [], 0
    for _ in range(times):
        started = time.perf_counter()
        flags = len(run(name, snapshot, {}, 1).flags)
        taken.append(time.perf_counter() - started)
    out.send((statistics.median(taken), flags, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20))
    out.close()


def time_detectors(size: str, seed: int, folder: str, names: Sequence[str], times: int) -> None:
    print("| detector | seconds | flags | peak memory of the process, GB |\n|---|---:|---:|---:|")
    total, most = 0.0, 0.0
    context = multiprocessing.get_context("spawn")
    for name in names:
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=one, args=(size, seed, folder, name, times, there))
        child.start()
        there.close()
        try:
            seconds, flags, peak = here.recv()
        except EOFError:
            print(f"| {name} | failed | | |")
            continue
        finally:
            child.join()
        total, most = total + seconds, max(most, peak)
        print(f"| {name} | {seconds:.2f} | {flags} | {peak:.2f} |", flush=True)
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
