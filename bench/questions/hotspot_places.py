"""Places of rings: Kith's list beside the raw count of known children."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.codes import PLACE_ROLES
from analysis.derive import derive
from analysis.meetings import at_places
from analysis.run import run
from analysis.weights import TieWeights
from bench.figures import Figure, average_precision, distinct, precision, ranked, read
from graph.snapshot import Snapshot

QUESTION = "hotspot_places"
#: long enough to measure average precision; the product's own limit is review capacity
LONG = {"limit": 100_000, "stability_runs": 0}
BARS = {"P@20": 0.93}
#: kinds of place the detector leaves out, as anybody who counts would
LEFT_OUT = ("school", "placement", "police")


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """The quiet places of rings are to be found; busy places and youth centres are not."""
    flags = [str(flag.subjects[0]) for flag in run(QUESTION, snapshot, LONG, seed).flags]
    shipped = run(QUESTION, snapshot, {}, seed).flags
    roles = derive(snapshot)
    seen = at_places(snapshot, TieWeights(snapshot, roles.today), roles.today - 730)
    count = len(snapshot)
    left_out = np.isin(roles.place_role, [PLACE_ROLES.index(role) for role in LEFT_OUT])
    listed = ((roles.place_role >= 0) & ~left_out).astype(np.float64)
    counted = ranked(snapshot, distinct(seen.subject, seen.person, roles.known_child, count), listed)
    events = np.bincount(seen.subject[roles.known_child[seen.person]], minlength=count).astype(np.float64)
    right = {row["place"] for row in read(truth, "places_truth.csv") if row["kind"] != "busy_place"}
    figures = []
    lists = {
        "Kith": flags,
        "number of known children": counted,
        "number of records of known children": ranked(snapshot, events, listed),
    }
    for method, items in lists.items():
        bars = BARS if method == "Kith" else {}
        for first in (20, 50):
            name = f"P@{first}"
            figures.append(Figure(QUESTION, method, name, precision(items, right, first), bars.get(name)))
        figures.append(Figure(QUESTION, method, "AP", average_precision(items, right)))
    for band in ("strong", "moderate", "slight"):
        of_band = [str(flag.subjects[0]) for flag in shipped if flag.band.value == band]
        if of_band:
            figures.append(
                Figure(QUESTION, "Kith", f"share right, band {band}", precision(of_band, right, len(of_band)))
            )
    steady = [flag.stability or 0.0 for flag in shipped[:50]]
    figures.append(Figure(QUESTION, "Kith", "mean stability of the first 50", sum(steady) / max(len(steady), 1)))
    return figures
