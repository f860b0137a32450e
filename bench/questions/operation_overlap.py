"""Operations that touch: nothing is planted, so operations are split in two and the halves have to be found again.

Every second operation of an invented city is emptied, and what is recorded in the one before it is dealt out to both:
those pairs look into one ring and touch; all other pairs look into different rings. Beside it: any shared neighbour.
"""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np

from analysis.codes import code
from analysis.operation_overlap import SPEC, detect
from analysis.run import run
from analysis.spec import Detector
from bench.figures import Figure
from graph.model import NodeKind
from graph.snapshot import Snapshot


def split(snapshot: Snapshot, seed: int) -> tuple[Snapshot, set[frozenset[str]]]:
    """The snapshot with operations split in two, and the pairs that were one."""
    ties = snapshot.ties
    target = np.array(ties.target)
    generator = np.random.default_rng(seed)
    subject = ties.type == code("tie_type", "subject_of")
    operations = snapshot.rows(NodeKind.OPERATION).tolist()
    true = set()
    kept = np.ones(len(target), dtype=np.bool_)
    for one, two in zip(operations[::2], operations[1::2], strict=False):
        kept[subject & (target == two)] = False
        rows = generator.permutation(np.flatnonzero(subject & (target == one)))
        if len(rows) > 1:
            target[rows[: len(rows) // 2]] = two
            true.add(frozenset((str(snapshot.node_id(one)), str(snapshot.node_id(two)))))
    # what is emptied is withdrawn: protective ties are not used
    polarity = np.where(kept, ties.polarity, 2).astype(np.int8)
    return dataclasses.replace(snapshot, ties=dataclasses.replace(ties, target=target, polarity=polarity)), true


def any_shared(snapshot: Snapshot) -> set[frozenset[str]]:
    """Pairs of operations with any neighbour of their subjects in common, as a map would draw them."""
    start, other, tie = snapshot.incidence
    used = snapshot.ties.polarity != 2
    around: dict[int, set[int]] = {}
    for operation in snapshot.rows(NodeKind.OPERATION).tolist():
        here = slice(start[operation], start[operation + 1])
        subjects = set(other[here][used[tie[here]]].tolist())
        around[operation] = subjects.union(*(other[start[row] : start[row + 1]].tolist() for row in subjects))
        around[operation].discard(operation)
    return {
        frozenset((str(snapshot.node_id(one)), str(snapshot.node_id(two))))
        for one, two in itertools.combinations(around, 2)
        if around[one] & around[two]
    }


def measure(snapshot: Snapshot, _truth: Path, seed: int) -> list[Figure]:
    """Split operations found again, and how many other pairs are shown; nothing planted is read."""
    changed, true = split(snapshot, seed)
    flags = run(Detector(SPEC, detect), changed, {"limit": 100_000, "stability_runs": 0}, seed).flags
    own = {frozenset(map(str, flag.subjects)) for flag in flags}
    untouched = run(Detector(SPEC, detect), snapshot, {"limit": 100_000, "stability_runs": 0}, seed).flags
    figures = [Figure("operation_overlap: as recorded", "Kith", "pairs shown", float(len(untouched)))]
    as_drawn = float(len(any_shared(snapshot)))
    figures.append(Figure("operation_overlap: as recorded", "any shared neighbour", "pairs shown", as_drawn))
    for method, pairs in (("Kith", own), ("any shared neighbour", any_shared(changed))):
        figures.append(Figure("operation_overlap: split in two", method, "pairs shown", float(len(pairs))))
        figures.append(
            Figure("operation_overlap: split in two", method, "precision", len(pairs & true) / max(len(pairs), 1))
        )
        figures.append(
            Figure("operation_overlap: split in two", method, "recall", len(pairs & true) / max(len(true), 1))
        )
    return figures
