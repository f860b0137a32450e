"""Adults recorded with several known children: Kith's list beside the raw count of known children."""

from __future__ import annotations

from pathlib import Path

from analysis.derive import derive
from analysis.meetings import with_adults
from analysis.run import run
from analysis.weights import TieWeights
from bench.figures import Figure, average_precision, distinct, precision, ranked, read
from graph.snapshot import Snapshot

QUESTION = "shared_associates"
#: long enough to measure average precision; the product's own limit is review capacity
LONG = {"limit": 100_000, "stability_runs": 0}
BARS = {"P@20": 0.95, "AP": 0.72}


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Recruiters of rings with two or more known children are what can be found at all."""
    flags = [str(flag.subjects[0]) for flag in run(QUESTION, snapshot, LONG, seed).flags]
    shipped = run(QUESTION, snapshot, {}, seed).flags
    roles = derive(snapshot)
    met = with_adults(snapshot, roles, TieWeights(snapshot, roles.today), roles.teenager | roles.known_child)
    counted = ranked(snapshot, distinct(met.subject, met.person, roles.known_child, len(snapshot)))
    right = {row["person"] for row in read(truth, "associates.csv") if int(row["known_children"]) >= 2}
    figures = []
    for method, items in (("Kith", flags), ("number of known children", counted)):
        bars = BARS if method == "Kith" else {}
        for first in (20, 50):
            name = f"P@{first}"
            figures.append(Figure(QUESTION, method, name, precision(items, right, first), bars.get(name)))
        figures.append(Figure(QUESTION, method, "AP", average_precision(items, right), bars.get("AP")))
    for band in ("strong", "moderate", "slight"):
        of_band = [str(flag.subjects[0]) for flag in shipped if flag.band.value == band]
        if of_band:
            share = precision(of_band, right, len(of_band))
            figures.append(Figure(QUESTION, "Kith", f"share right, band {band}", share))
    steady = [flag.stability or 0.0 for flag in shipped[:50]]
    figures.append(Figure(QUESTION, "Kith", "mean stability of the first 50", sum(steady) / max(len(steady), 1)))
    return figures
