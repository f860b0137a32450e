"""The list that a detector makes: what is on it, in which order, how steadily, and what all its flags say alike.

A detector is its question (``SPEC``), its evidence (a score for each node, or findings with one) and its words (reasons
and a summary). What all lists share is here; docs/detectors.md shows how the parts go together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from analysis.spec import DetectorSpec, Progress, flag_id, number
from analysis.stability import stability
from analysis.wording import expiry
from graph.flags import Band, Flag, Parameter, Plain, Reason
from graph.model import NodeId
from graph.snapshot import Bool, Float64, Int64, Snapshot

Item = TypeVar("Item")

#: what ``best_nodes`` reads
LIST_PARAMETERS = (
    Parameter("minimum_score", 0.0, "Smallest score that is listed", "natural log units", -1000, 1000),
    Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
    Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
)
#: flags written between two reports of progress
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a flag stands in its list."""

    #: from 1
    rank: int
    #: share of repeats with records left out in which it is listed again; None when not measured
    stability: float | None


def best(total: Float64, least: float, limit: int) -> Int64:
    """Node rows with at least that score, best first, ties broken by id; at most ``limit``."""
    # nodes are sorted by id, so by row is by id
    chosen = np.flatnonzero(total >= least)
    return chosen[np.argsort(-total[chosen], kind="stable")][:limit].astype(np.int64)


def best_nodes(
    snapshot: Snapshot,
    score: Callable[[Bool], Float64],
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    progress: Progress,
) -> tuple[Int64, Float64 | None]:
    """Rows of the nodes listed, best first, and how steady each is when ties are left out; 0.3 to 0.9 of the work.

    ``score`` gets a mask over the ties (False: left out) and gives one score a node, minus infinity for what cannot be
    listed. Reads ``LIST_PARAMETERS``.
    """
    progress(0.3, "weighing evidence")
    ties, runs, done = len(snapshot.ties.source), int(number(parameters, "stability_runs")), 0
    total = score(np.ones(ties, dtype=np.bool_))
    listed = best(total, number(parameters, "minimum_score"), int(number(parameters, "limit")))

    def again(kept: Bool) -> Float64:
        nonlocal done
        progress(0.5 + 0.4 * done / max(runs, 1), "leaving out ties")
        done += 1
        return score(kept)

    return listed, stability(again, listed, ties, generator, runs=runs)


def flags_in_order(
    items: Sequence[Item], steady: Float64 | None, write: Callable[[Item, Entry], Flag], progress: Progress
) -> tuple[Flag, ...]:
    """The flag of each item, by ``write``; the items are in the order of the list. The last tenth of the work."""
    flags = []
    for at, item in enumerate(items):
        if at % _AT_ONCE == 0:
            progress(0.92 + 0.08 * at / len(items), "writing reasons")
        flags.append(write(item, Entry(at + 1, None if steady is None else float(steady[at]))))
    return tuple(flags)


def flag_for(
    spec: DetectorSpec,
    as_at: dt.date,
    subjects: tuple[NodeId, ...],
    entry: Entry,
    reasons: tuple[Reason, ...],
    details: Mapping[str, Plain],
    *,
    strength: float,
    band: Band,
    about: tuple[NodeId, ...] = (),
    key: str = "",
    cautions: tuple[str, ...] = (),
) -> Flag:
    """A flag of a detector.

    ``about``: those of the subjects who make it the same flag in the next run, all of them when not given; ``key``
    tells apart flags about the same. ``cautions`` are of this very flag, beside those of all.
    """
    return Flag(
        id=flag_id(spec.name, about or subjects, key),
        detector=spec.name,
        subjects=subjects,
        strength=strength,
        band=band,
        rank=entry.rank,
        stability=entry.stability,
        reasons=reasons,
        would_clear=spec.would_clear,
        cautions=spec.cautions + cautions,
        expires_on=expiry(as_at, spec.expires_after),
        details=details,
    )


def score_of(reasons: Iterable[Reason]) -> float:
    """What the reasons add up to."""
    return float(sum(reason.contribution for reason in reasons))


def largest_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Reasons by what they add, then by their words."""
    return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text)))
