"""Children missing three times in thirty days: Kith's list beside counting records, with doubles known.

The invented city lets a child be out twice at once now and then; Kith takes such episodes as one, which costs recall.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from analysis.co_missing import missing_records
from analysis.derive import SECONDS_A_DAY, derive
from analysis.repeat_missing import SPEC, detect
from analysis.repeat_missing_evidence import end_of_day
from analysis.run import run
from analysis.spec import Detector
from bench.figures import Figure, read
from graph.records import date_of, day_number
from graph.snapshot import NO_DAY, Snapshot

QUESTION = "repeat_missing"
#: as-at days before the snapshot's own, so that there are enough children to count
PERIODS = 12


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Precision and recall of the children who truly reach three, summed over a year of months."""
    second = _second_records(snapshot, truth)
    sums = {"Kith": np.zeros(3), "records counted": np.zeros(3)}
    for period in range(PERIODS):
        as_at = date_of(day_number(snapshot.as_at) - 30 * period)
        then = replace(snapshot, as_at=as_at)
        parameters = {"limit": 10_000, "stability_runs": 0}
        listed = {str(flag.subjects[0]) for flag in run(Detector(SPEC, detect), then, parameters, seed).flags}
        true, counted = _by_records(then, second), _by_records(then, set())
        for method, found in (("Kith", listed), ("records counted", counted)):
            sums[method] += (len(found & true), len(found), len(true))
    return [
        Figure(QUESTION, method, measure, float(hits / max(total, 1)))
        for method, (hits, found, true_ones) in sums.items()
        for measure, total in (("precision", found), ("recall", true_ones))
    ]


def _second_records(snapshot: Snapshot, truth: Path) -> set[int]:
    """Events that repeat another."""
    rows = read(truth, "duplicate_events.csv")
    return {snapshot.row_of[row["event"]] for row in rows if row["event"] in snapshot.row_of}


def _by_records(snapshot: Snapshot, without: set[int]) -> set[str]:
    """Children with three records in thirty days, some records left out."""
    until = end_of_day(snapshot)
    episodes = missing_records(snapshot, since=day_number(snapshot.as_at) - 60).episodes
    kept = (episodes.start >= until - 30 * SECONDS_A_DAY) & (episodes.start < until)
    kept &= ~np.isin(episodes.event, list(without))
    roles = derive(snapshot)
    grown = (snapshot.nodes.birth_day != NO_DAY) & ~roles.child
    many = np.bincount(episodes.person[kept], minlength=len(snapshot))
    return {str(snapshot.node_id(int(row))) for row in np.flatnonzero((many >= 3) & ~grown)}
