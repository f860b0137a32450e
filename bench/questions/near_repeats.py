"""Runs of occasions near one place: are they where something was planted? Beside the places with most pairs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import shapely

from analysis.near_repeat import near_pairs
from analysis.near_repeats import SPEC, detect
from analysis.near_repeats_evidence import KINDS, occasions_of
from analysis.run import checked, run
from analysis.spec import Detector
from bench.figures import Figure, read
from graph.flags import Plain
from graph.snapshot import Float64, Snapshot

QUESTION = "near_repeats"
#: how far from a planted place a run may lie, in metres
AROUND = 250.0
LEVELS = (0.1, 0.3)


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Share of the runs that lie in a planted area or at a place of a ring; listed ones may still be chance."""
    detector = Detector(SPEC, detect)
    flags = run(detector, snapshot, {"stability_runs": 0}, seed).flags
    centres = np.array([flag.details["centre"] for flag in flags], dtype=np.float64).reshape(-1, 2)
    shares = np.array([float(str(flag.details["share_by_chance"])) for flag in flags])
    naive = _most_pairs(snapshot, checked(detector, {}), max(len(flags), 1))
    planted = _Planted(snapshot, truth)
    figures = [
        Figure(QUESTION, f"Kith, at most {level:.0%} by chance", measure, value)
        for level in LEVELS
        for measure, value in (
            ("runs", float((shares <= level).sum())),
            ("precision", planted.share(centres[shares <= level])),
        )
    ]
    return [*figures, Figure(QUESTION, "occasions with most pairs, as many", "precision", planted.share(naive))]


class _Planted:
    """Where something was planted."""

    def __init__(self, snapshot: Snapshot, truth: Path) -> None:
        chosen = {row["locality_id"] for row in read(truth, "areas.csv")}
        rows = [row for row, name in enumerate(snapshot.areas.ids) if name in chosen]
        self.areas = shapely.from_wkb([snapshot.areas.boundaries[row] for row in rows])
        quiet = {row["place"] for row in read(truth, "places_truth.csv") if row["kind"] == "quiet_place"}
        places = [snapshot.row_of[place] for place in sorted(quiet) if place in snapshot.row_of]
        self.xy = np.column_stack([snapshot.nodes.easting[places], snapshot.nodes.northing[places]])

    def share(self, centres: Float64) -> float:
        """Share of the points in a planted area or near a ring's place; not a number for none."""
        if not len(centres):
            return float("nan")
        hits = [
            bool(shapely.intersects(self.areas, shapely.Point(point).buffer(AROUND)).any())
            or bool((np.hypot(*(self.xy - point).T) <= AROUND).any())
            for point in centres
        ]
        return float(np.mean(hits))


def _most_pairs(snapshot: Snapshot, parameters: Mapping[str, Plain], many: int) -> Float64:
    """Occasions with the most others near and soon in the last weeks, far from each other."""
    best: list[tuple[int, float, float]] = []
    for kind in KINDS:
        occasions = occasions_of(snapshot, kind, parameters)
        if not len(occasions):
            continue
        one, two = near_pairs(occasions.xy, 200.0)
        soon = np.abs(occasions.day[one] - occasions.day[two]) <= 14
        count = np.bincount(np.concatenate([one[soon], two[soon]]), minlength=len(occasions))
        recent = occasions.day >= occasions.day.max() - 60
        for row in np.argsort(-np.where(recent, count, -1), kind="stable")[: 50 * many].tolist():
            best.append((-int(count[row]), float(occasions.xy[row, 0]), float(occasions.xy[row, 1])))
    chosen: list[tuple[float, float]] = []
    for _, x, y in sorted(best):
        if all(np.hypot(x - other[0], y - other[1]) > 400 for other in chosen):
            chosen.append((x, y))
    return np.array(chosen[:many], dtype=np.float64).reshape(-1, 2)
