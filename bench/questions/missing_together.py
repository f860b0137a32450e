"""Pairs of children who went missing together with a ring: Kith's list beside counts of overlapping nights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.co_missing import missing_episodes, missing_pairs
from analysis.missing_together import SPEC, detect
from analysis.run import run
from analysis.spec import Detector
from bench.figures import Figure, average_precision, precision, read
from graph.snapshot import Float64, Int64, Snapshot

QUESTION = "missing_together"
BAR = 0.80
#: share of a list that chance may make; the detector's own estimate is compared with the truth
LEVELS = (0.02, 0.05, 0.1)
#: long enough for average precision; what does not change the order is left out
LONG = {"limit": 5_000, "stability_runs": 0, "week_repeats": 0}


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Precision among the first 50 and 300, the estimate of chance beside what it was, and naive lists."""
    found = run(Detector(SPEC, detect), snapshot, LONG, seed).flags
    flagged = ["|".join(flag.subjects) for flag in found]
    shares = np.array([float(str(flag.details["share_by_chance"])) for flag in found])
    naive = naive_lists(snapshot)
    kinds = {f"{row['person_a']}|{row['person_b']}": row["kind"] for row in read(truth, "co_missing.csv")}
    ring = {pair for pair, kind in kinds.items() if kind == "ring"}
    figures = _figures("Kith", flagged, ring, BAR)
    for method, listed in naive.items():
        figures += _figures(method, listed, ring, None)
    for level in LEVELS:
        upto = flagged[: int((shares <= level).sum())]
        wrong = sum(pair not in kinds for pair in upto) / max(len(upto), 1)
        figures.append(Figure(QUESTION, f"Kith, estimated {level:.0%} by chance", "share by chance", wrong))
    return figures


def _figures(method: str, listed: list[str], ring: set[str], bar: float | None) -> list[Figure]:
    return [
        Figure(QUESTION, method, "P@50", precision(listed, ring, 50)),
        Figure(QUESTION, method, "P@300", precision(listed, ring, 300), bar),
        Figure(QUESTION, method, "AP", average_precision(listed, ring)),
    ]


def naive_lists(snapshot: Snapshot) -> dict[str, list[str]]:
    """Overlapping nights counted, and the Poisson surprise without anything else."""
    episodes = missing_episodes(snapshot)
    pairs = missing_pairs(episodes)

    def by(score: Float64 | Int64) -> list[str]:
        best = np.argsort(-score, kind="stable")[:5_000]
        return [
            f"{snapshot.node_id(int(one))}|{snapshot.node_id(int(two))}"
            for one, two in zip(pairs.child[best], pairs.other[best], strict=True)
        ]

    return {
        "nights that start within three hours": by(pairs.coincidences),
        "Poisson surprise of those nights": by(-np.log10(pairs.p_value)),
    }
