"""Growing areas: Kith's flags beside "twice its own past" and a scan whose baselines are drawn to the city's mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.areas_ground import ground_of
from analysis.hotspot_emerging_scan import DAYS, History, history_of
from analysis.run import run
from analysis.scan_emerging import emerging_scan
from bench.figures import Figure, read
from bench.questions.hotspot_areas import scored
from graph.records import day_number
from graph.snapshot import Snapshot

QUESTION = "hotspot_emerging"
WEEKS, PAST = 8, 104
#: more areas than this: a region
REGION = 1_000


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Areas named by any flag against the planted growing areas."""
    shipped = run(QUESTION, snapshot, {}, seed)
    named = {str(area) for flag in shipped.flags for area in _list(flag.details["locality_ids"])}
    naive, areas = _naive(snapshot)
    true = {row["locality_id"] for row in read(truth, "areas.csv") if row["kind"] == "emerging"}
    figures = scored(QUESTION, "Kith", named, true, 0.80 if areas > REGION else 0.90, 0.65)
    for method, listed in naive.items():
        figures += scored(QUESTION, method, listed, true)
    stability = [flag.stability for flag in shipped.flags if flag.stability is not None]
    if stability:
        figures.append(Figure(QUESTION, "Kith", "mean stability", float(np.mean(stability))))
    return figures


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _naive(snapshot: Snapshot) -> tuple[dict[str, set[str]], int]:
    today = day_number(snapshot.as_at)
    ground = ground_of(snapshot, "harm police", today - DAYS * (WEEKS + PAST) + 1, today)
    assert ground is not None
    rows = np.arange(len(ground.areas))
    history = history_of(ground, rows, today, WEEKS, PAST)
    assert history is not None
    counts, means = history.last(6)
    ids = ground.areas.ids
    return {
        "six weeks at twice its own past": {ids[at] for at in np.flatnonzero(counts >= 2 * means).tolist()},
        "scan, baselines drawn to the mean": {ids[at] for at in _shrunk(history).tolist()},
    }, len(rows)


def _shrunk(history: History) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Members of significant windows when baselines are half the area's own past and half the mean of all."""
    own = history.baseline
    baseline = np.repeat(((own + own.mean()) / 2)[:, None], WEEKS, axis=1)
    found = emerging_scan(
        history.centre, history.now, baseline, max_fraction=0.03, permutations=199, rng=np.random.default_rng(1)
    )
    members = [place for cluster in found.clusters if cluster.p_value <= 0.05 for place in cluster.members]
    return np.array(sorted(members), dtype=np.int64)
