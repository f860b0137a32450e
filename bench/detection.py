"""How well the detectors find what was planted: ``python -m bench.detection --size city --seeds 1 2 3``.

For each seed an invented city is written, loaded into a SQLite store and read back as a snapshot; the detectors see
nothing else. Only then is the planted truth read, and the lists are scored beside naive ones: raw counts, one step,
missing counts and personalised PageRank. Printed as Markdown, with the seconds and the memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import sparse

from analysis.co_missing import missing_episodes
from analysis.derive import Roles, derive
from analysis.meetings import at_places, with_adults
from analysis.peripheral_evidence import expose, gather
from analysis.registry import detector
from analysis.run import checked, run
from analysis.stability import top_overlap
from analysis.weights import PERSON_TIES, TieWeights
from bench.figures import average_precision, distinct, precision, ranked, read
from graph.open import open_store
from graph.snapshot import Float64, Snapshot
from graph.store import Lens
from graph.vocabulary import vocabulary
from ingest.load import load
from ingest.synthetic import DEFAULT_AS_AT, generate

#: long enough to measure average precision; the product's own limit is review capacity
LONG = {"limit": 100_000, "stability_runs": 0}
#: lists score as flagged; the truth of associates that can be found at all has two known children
SUBJECTS = ("peripheral_children", "shared_associates", "hotspot_places")


@dataclass
class Scores:
    """Figures of one question over the seeds."""

    rows: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)

    def add(self, method: str, ranked: Sequence[str], truth: set[str]) -> None:
        self.rows.setdefault(method, []).append(
            (precision(ranked, truth, 20), precision(ranked, truth, 50), average_precision(ranked, truth))
        )


def planted(folder: Path) -> dict[str, set[str]]:
    """The truth by question."""
    hidden = {row["person"] for row in read(folder, "members.csv") if row["role"] in ("child_hidden", "child_future")}
    shared = {row["person"] for row in read(folder, "associates.csv") if int(row["known_children"]) >= 2}
    places = {row["place"] for row in read(folder, "places_truth.csv") if row["kind"] != "busy_place"}
    return {"peripheral_children": hidden, "shared_associates": shared, "hotspot_places": places}


def naive_lists(snapshot: Snapshot, roles: Roles) -> Mapping[str, Mapping[str, list[str]]]:
    """What counting gives."""
    count = len(snapshot)
    weights = TieWeights(snapshot, roles.today)
    candidates = roles.candidate.astype(np.float64)
    pairs = np.flatnonzero(weights.of(PERSON_TIES) > 0)
    adjacency = snapshot.adjacency(pairs)
    adjacency.data[:] = 1.0
    known = (roles.known_child | roles.person_of_concern).astype(np.float64)
    episodes = missing_episodes(snapshot)
    missing = np.bincount(episodes.person, minlength=count).astype(np.float64)
    children = roles.teenager | roles.known_child
    met = with_adults(snapshot, roles, weights, children)
    seen = at_places(snapshot, weights, roles.today - 730)
    listed = np.isin(roles.place_role, (0, 4, 5, 6, 7)).astype(np.float64)
    return {
        "peripheral_children": {
            "one step to a known child or person of concern": ranked(snapshot, adjacency @ known, candidates),
            "missing episodes": ranked(snapshot, missing, candidates),
            "personalised PageRank on ties between people": ranked(
                snapshot, personalised_pagerank(adjacency, known), candidates
            ),
        },
        "shared_associates": {
            "known children": ranked(snapshot, distinct(met.subject, met.person, roles.known_child, count))
        },
        "hotspot_places": {
            "known children": ranked(snapshot, distinct(seen.subject, seen.person, roles.known_child, count), listed)
        },
    }


def personalised_pagerank(adjacency: sparse.csr_array, start: Float64, damping: float = 0.85) -> Float64:
    degree = np.asarray(adjacency.sum(axis=0)).ravel()
    walk = adjacency.multiply(1.0 / np.maximum(degree, 1)[None, :]).tocsr()
    home = start / max(start.sum(), 1)
    rank = home.copy()
    for _ in range(60):
        rank = damping * (walk @ rank)
        rank += (1 - rank.sum()) * home
    return np.where(start > 0, 0.0, rank)


def false_flag_rates(snapshot: Snapshot, roles: Roles, flagged: Sequence[str], truth: set[str]) -> tuple[float, float]:
    """Rate of false flags of the groups recorded more often, and of all others, among candidates not at risk."""
    codes = vocabulary("ethnicity").index
    over = np.array([codes[code] for code in ("BAFR", "BCRB", "BOTH", "MWBC", "MWBA")])
    candidates = {str(snapshot.node_id(int(row))): int(row) for row in np.flatnonzero(roles.candidate)}
    counts = np.zeros((2, 2))
    wrong = {item for item in flagged if item not in truth}
    for item, row in candidates.items():
        if item not in truth:
            group = int(snapshot.nodes.ethnicity[row] in over)
            counts[group] += (item in wrong, 1)
    return float(counts[1, 0] / max(counts[1, 1], 1)), float(counts[0, 0] / max(counts[0, 1], 1))


def snapshot_of(size: str, seed: int, folder: Path) -> tuple[Snapshot, Path]:
    """An invented city through a store, and where its truth lies."""
    truth = folder / f"truth-{seed}"
    generate(size, seed, folder / f"bundle-{seed}", truth=truth)  # type: ignore[arg-type]
    with open_store(f"sqlite:///{folder / f'store-{seed}.db'}") as store:
        load([folder / f"bundle-{seed}"], store)
        return store.snapshot(Lens(as_at=DEFAULT_AS_AT)), truth


def measure(snapshot: Snapshot, truth: Path, tables: dict[str, Scores], notes: list[str]) -> None:
    """One city, every question."""
    roles = derive(snapshot)
    right = planted(truth)
    naive = naive_lists(snapshot, roles)
    for name in SUBJECTS:
        started = time.perf_counter()
        as_shipped = run(name, snapshot, {}, 1)
        seconds = time.perf_counter() - started
        flags = [flag.subjects[0] for flag in run(name, snapshot, LONG, 1).flags]
        tables[name].add("this detector", flags, right[name])
        for method, items in naive[name].items():
            tables[name].add(method, items, right[name])
        steady = np.mean([flag.stability or 0.0 for flag in as_shipped.flags[:50]])
        notes.append(
            f"{name}: {seconds:.1f} s with {len(as_shipped.flags)} flags, mean steadiness of the first 50 {steady:.2f}"
        )
        if name == "peripheral_children":
            for first in (200, 500, len(flags)):
                over, others = false_flag_rates(snapshot, roles, flags[:first], right[name])
                ratio = over / others if others else float("nan")
                notes.append(
                    f"false flags among the first {first}: relative rate {ratio:.2f} ({over:.4f} / {others:.4f})"
                )


def overlap(snapshot: Snapshot) -> float:
    """Overlap of the first 50 peripheral children when a fifth of the ties is left out."""
    parameters = checked(detector("peripheral_children"), {})
    evidence = gather(snapshot, derive(snapshot), parameters)

    def score(ties: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Float64:
        found = expose(evidence, ties).score
        return np.where(found > 0, found, -np.inf)

    return top_overlap(score, len(snapshot.ties.source), np.random.default_rng(1))


def print_tables(tables: Mapping[str, Scores], tell: Callable[[str], None] = print) -> None:
    tell("| question | method | P@20 | P@50 | AP |\n|---|---|---|---|---|")
    for name, scores in tables.items():
        for method, rows in scores.rows.items():
            means = " | ".join(f"{value:.2f}" for value in np.mean(rows, axis=0))
            tell(f"| {name} | {method} | {means} |")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=("hub", "city", "region"), default="city")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    chosen = parser.parse_args(arguments)
    tables = {name: Scores() for name in SUBJECTS}
    notes: list[str] = []
    for seed in chosen.seeds:
        with tempfile.TemporaryDirectory() as folder:
            snapshot, truth = snapshot_of(chosen.size, seed, Path(folder))
            notes.append(f"seed {seed}: {len(snapshot):,} nodes, {len(snapshot.ties.source):,} ties")
            measure(snapshot, truth, tables, notes)
            notes.append(f"overlap of the first 50 children without a fifth of the ties: {overlap(snapshot):.2f}")
    print(f"{chosen.size}, seeds {chosen.seeds}, as at {DEFAULT_AS_AT:%d %B %Y}, {dt.date.today():%Y-%m-%d}\n")
    print_tables(tables)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("\n" + "\n".join(f"- {note}" for note in notes) + f"\n- peak memory of the whole run {peak:.1f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
