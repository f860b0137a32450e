"""Recovery of planted rings: Kith's list of networks beside communities by modularity of all ties between people.

The figure is the mean over the rings of the best F1 (harmonic mean of precision and recall of members) that any one
group reaches. All members of a ring count, as the truth file ``members.csv`` lists them: known, hidden and future
children and recruiters, also those with no record that ties them to the ring. For Kith the groups are the flags, in
full and as listed by default; friendship groups that are no ring count as wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.communities import partition
from analysis.derive import derive
from analysis.run import run
from analysis.weights import PERSON_TIES, TieWeights
from bench.figures import Figure, read
from graph.snapshot import Snapshot

QUESTION = "peer_networks"
BAR = 0.85
#: all that is found; the product's own limit is review capacity
LONG = {"limit": 100_000, "minimum_score": 0, "stability_runs": 0}


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Mean best F1 of the rings, and how many of the first networks are one of them."""
    everything = [set(map(str, flag.subjects)) for flag in run(QUESTION, snapshot, LONG, seed).flags]
    shipped = [set(map(str, flag.subjects)) for flag in run(QUESTION, snapshot, {"stability_runs": 0}, seed).flags]
    naive = _by_modularity(snapshot, seed)
    rings: dict[str, set[str]] = {}
    for row in read(truth, "members.csv"):
        rings.setdefault(row["ring"], set()).add(row["person"])
    planted = list(rings.values())
    return [
        Figure(QUESTION, "Kith", "mean best F1", mean_best(planted, everything), BAR),
        Figure(QUESTION, "Kith, as listed by default", "mean best F1", mean_best(planted, shipped)),
        Figure(QUESTION, "modularity of all ties between people", "mean best F1", mean_best(planted, naive)),
        Figure(QUESTION, "Kith", "P@50 (F1 of a ring at least .5)", _precise(planted, shipped, 50)),
        Figure(QUESTION, "Kith, as listed by default", "flags", len(shipped)),
    ]


def _f1(ring: set[str], group: set[str]) -> float:
    return 2 * len(ring & group) / (len(ring) + len(group))


def mean_best(rings: Sequence[set[str]], groups: Sequence[set[str]]) -> float:
    """Mean over the rings of the best F1 of any one group."""
    holding: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        for person in group:
            holding.setdefault(person, []).append(number)
    best = []
    for ring in rings:
        near = {number for person in ring for number in holding.get(person, ())}
        best.append(max((_f1(ring, groups[number]) for number in near), default=0.0))
    return float(np.mean(best))


def _precise(rings: Sequence[set[str]], groups: Sequence[set[str]], first: int) -> float:
    return sum(any(_f1(ring, group) >= 0.5 for ring in rings) for group in groups[:first]) / first


def _by_modularity(snapshot: Snapshot, seed: int) -> list[set[str]]:
    weights = TieWeights(snapshot, derive(snapshot).today)
    matrix = snapshot.adjacency(np.flatnonzero(weights.of(PERSON_TIES) > 0))
    matrix.data[:] = 1.0
    labels = partition(matrix, resolution=1, seed=seed, measure="modularity")
    groups: dict[int, set[str]] = {}
    for row in np.flatnonzero(np.diff(matrix.indptr)).tolist():
        groups.setdefault(int(labels[row]), set()).add(str(snapshot.node_id(row)))
    return list(groups.values())
