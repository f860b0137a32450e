"""Phones, vehicles and addresses of rings: Kith's list beside the raw count of known children.

Most things of rings were recorded with fewer than two known children, so that no list of things shared by two can have
them; average precision is therefore given among those that can be found at all as well.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.codes import marked
from analysis.derive import derive
from analysis.meetings import with_things
from analysis.run import run
from analysis.shared_objects import ADDRESSES
from analysis.weights import TieWeights
from bench.figures import Figure, average_precision, distinct, precision, ranked, read
from graph.snapshot import Snapshot

QUESTION = "shared_objects"
#: long enough to measure average precision; the product's own limit is review capacity
LONG = {"limit": 100_000, "stability_runs": 0}


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Things of rings are to be found, and with addresses also the quiet addresses of rings."""
    things = [str(flag.subjects[0]) for flag in run(QUESTION, snapshot, LONG | {"addresses": False}, seed).flags]
    every = [str(flag.subjects[0]) for flag in run(QUESTION, snapshot, LONG, seed).flags]
    roles = derive(snapshot)
    met = with_things(snapshot, TieWeights(snapshot, roles.today))
    count = len(snapshot)
    known = distinct(met.subject, met.person, roles.known_child, count)
    people = distinct(met.subject, met.person, roles.person, count)
    right = {row["object"] for row in read(truth, "objects_truth.csv")}
    is_address = marked("place_type", ADDRESSES)[snapshot.nodes.place_type]
    quiet = [row["place"] for row in read(truth, "places_truth.csv") if row["kind"] != "busy_place"]
    with_addresses = right | {place for place in quiet if is_address[snapshot.row_of[place]]}
    possible = {item for item in right if item in snapshot.row_of and known[snapshot.row_of[item]] >= 2}
    figures = []
    lists = {
        "Kith": things,
        "number of known children": ranked(snapshot, known),
        "number of people": ranked(snapshot, np.where(known > 0, people, 0.0)),
    }
    for method, items in lists.items():
        for first in (20, 50):
            figures.append(Figure(QUESTION, method, f"P@{first}", precision(items, right, first)))
        figures.append(Figure(QUESTION, method, "AP", average_precision(items, right)))
        figures.append(
            Figure(QUESTION, method, "AP among those with two known children", average_precision(items, possible))
        )
    figures.append(Figure(QUESTION, "Kith", "P@20 with addresses", precision(every, with_addresses, 20)))
    figures.append(Figure(QUESTION, "Kith", "flags", len(things)))
    return figures
