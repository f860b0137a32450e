"""Areas with more than their people would bring: Kith's flags beside raw counts, Gi* on them and residents below."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from analysis.areas import locate
from analysis.areas_ground import Ground, ground_of
from analysis.derive import home_of, months_before
from analysis.local_g import getis_ord_g_star
from analysis.run import run
from analysis.scan import scan_statistic
from bench.figures import Figure, read
from graph.records import day_number
from graph.snapshot import Bool, Float64, Snapshot

QUESTION = "hotspot_areas"
#: of the naive list of the most events: twelve of a city's 288 areas
SHARE_LISTED = 12 / 288


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Areas named by any flag against the planted steady areas."""
    shipped = run(QUESTION, snapshot, {}, seed)
    named = {str(area) for flag in shipped.flags for area in _list(flag.details["locality_ids"])}
    naive = _naive(snapshot)
    true = {row["locality_id"] for row in read(truth, "areas.csv") if row["kind"] == "steady"}
    figures = scored(QUESTION, "Kith", named, true, 0.70, 0.90)
    for method, listed in naive.items():
        figures += scored(QUESTION, method, listed, true)
    stability = [flag.stability for flag in shipped.flags if flag.stability is not None]
    if stability:
        figures.append(Figure(QUESTION, "Kith", "mean stability", float(np.mean(stability))))
    return figures


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def scored(
    question: str,
    method: str,
    named: Iterable[str],
    true: set[str],
    precision: float | None = None,
    recall: float | None = None,
) -> list[Figure]:
    """Precision and recall of areas named, with their bars."""
    areas = set(named)
    hits = len(areas & true)
    return [
        Figure(question, method, "precision", hits / max(len(areas), 1), precision),
        Figure(question, method, "recall", hits / max(len(true), 1), recall),
    ]


def _naive(snapshot: Snapshot) -> dict[str, set[str]]:
    today = day_number(snapshot.as_at)
    ground = ground_of(snapshot, "harm police", months_before(snapshot.as_at, 36) + 1, today)
    assert ground is not None
    counts, areas = ground.counts(), ground.areas
    stars = getis_ord_g_star(counts, areas.touching)
    most = np.zeros(len(areas), dtype=np.bool_)
    most[np.argsort(-counts, kind="stable")[: round(SHARE_LISTED * len(areas))]] = True
    people = residents(snapshot, ground)
    lived = people > 0
    found = scan_statistic(areas.centre[lived], counts[lived], people[lived], rng=np.random.default_rng(1))
    inside = np.zeros(len(areas), dtype=np.bool_)
    for cluster in found:
        if cluster.p_value <= 0.05:
            inside[np.flatnonzero(lived)[list(cluster.members)]] = True
    return {
        "most events": _ids(ground, most),
        "Gi* on raw counts": _ids(ground, stars.significant & (stars.z > 0)),
        "scan against residents": _ids(ground, inside),
    }


def residents(snapshot: Snapshot, ground: Ground) -> Float64:
    """People who live in each area, by their home."""
    _, homes = home_of(snapshot)
    area = locate(ground.areas, snapshot.nodes.easting[homes], snapshot.nodes.northing[homes])
    return np.bincount(area[area >= 0], minlength=len(ground.areas)).astype(np.float64)


def _ids(ground: Ground, chosen: Bool) -> set[str]:
    return {ground.areas.ids[row] for row in np.flatnonzero(chosen).tolist()}
