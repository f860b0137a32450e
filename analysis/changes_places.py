"""Places that joined or left the list of places where children at risk come together, and by which records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis import hotspot_places
from analysis.changes_differences import BEGAN, LEARNED, Views
from analysis.codes import code
from analysis.spec import Progress
from graph.flags import Plain
from graph.snapshot import Int64, Snapshot

#: places of each list compared
LISTED = 400


@dataclass(frozen=True, slots=True, eq=False)
class PlaceChange:
    """One place with a score on one list and not on the other."""

    #: new or gone
    kind: str
    place: int
    #: what happened and what was learned since adds to its score
    happened: float
    learned: float
    #: rows of the ties at the place that began, and that were learned
    began: Int64
    found_out: Int64


def place_changes(
    views: Views, least: float, generator: np.random.Generator, progress: Progress
) -> tuple[PlaceChange, ...]:
    """Places whose score passed ``least`` since, in either direction, by the method of ``hotspot_places``."""
    now = _scores(views.now, generator)
    progress(0.4, "places then")
    then, true = _scores(views.known_then, generator), _scores(views.true_then, generator)
    progress(0.9, "comparing places")
    changes = []
    for place in sorted(now.keys() | then.keys()):
        here, was, hindsight = now.get(place, 0.0), then.get(place, 0.0), true.get(place, 0.0)
        if (here >= least) == (was >= least):
            continue
        row = views.now.row_of[place]
        ties = _at(views.now, row)
        kind = views.differences.ties[ties]
        changes.append(
            PlaceChange(
                "new" if here > was else "gone", row, here - hindsight, hindsight - was, ties[kind == BEGAN],
                ties[kind == LEARNED],
            )
        )  # fmt: skip
    return tuple(changes)


def _scores(snapshot: Snapshot, generator: np.random.Generator) -> Mapping[str, float]:
    asked: dict[str, Plain] = {parameter.name: parameter.default for parameter in hotspot_places.SPEC.parameters}
    asked |= {"stability_runs": 0, "limit": LISTED, "minimum_score": 0.0}
    flags = hotspot_places.detect(snapshot, asked, generator)
    return {str(flag.subjects[0]): sum(reason.contribution for reason in flag.reasons) for flag in flags}


def _at(snapshot: Snapshot, place: int) -> Int64:
    """Ties of the place, and of people in events there."""
    start, other, row = snapshot.incidence
    span = slice(int(start[place]), int(start[place + 1]))
    ties = [row[span]]
    took_part = code("tie_type", "took_part_in")
    for event in other[span][snapshot.nodes.event_type[other[span]] >= 0].tolist():
        rows = row[int(start[event]) : int(start[event + 1])]
        ties.append(rows[snapshot.ties.type[rows] == took_part])
    return np.unique(np.concatenate(ties)).astype(np.int64)
