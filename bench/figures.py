"""Figures of detection: how a list compares with what was planted."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graph.snapshot import Bool, Float64, Int64, Snapshot


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one method about one question in one city."""

    #: name of the detector, or a finer question ("offence_patterns: party")
    question: str
    #: "Kith", or what it is compared with
    method: str
    #: "P@20", "AP", "recall", "F1" ...
    measure: str
    value: float
    #: the number to reach; None where there is none
    bar: float | None = None


def precision(ranked: Sequence[str], truth: set[str], first: int) -> float:
    """Share of the first so many that are true; a shorter list counts as if filled with wrong ones."""
    return sum(item in truth for item in ranked[:first]) / first


def average_precision(ranked: Sequence[str], truth: set[str]) -> float:
    """Mean precision at each true item of the list; true items that are not in it count 0."""
    hits, total = 0, 0.0
    for place, item in enumerate(ranked, start=1):
        if item in truth:
            hits += 1
            total += hits / place
    return total / max(len(truth), 1)


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """One file of the planted truth."""
    with (folder / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def ranked(snapshot: Snapshot, score: Float64, among: Float64 | None = None) -> list[str]:
    """Ids by score, then id, of those above 0."""
    score = score if among is None else np.where(among > 0, score, 0)
    rows = np.flatnonzero(score > 0)
    return [str(snapshot.node_id(int(row))) for row in rows[np.argsort(-score[rows], kind="stable")]]


def distinct(subject: Int64, person: Int64, counted: Bool, count: int) -> Float64:
    """Number of different people of ``counted`` recorded with each subject, by node row."""
    keys = np.unique(subject * count + person)
    return np.bincount((keys // count)[counted[keys % count]], minlength=count).astype(np.float64)
