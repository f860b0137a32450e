"""Children to whom more evidence of harm around others comes close than at the earlier date, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.changes_differences import BEGAN, LEARNED, Views
from analysis.derive import Roles, derive, months_before
from analysis.exposure import Exposure
from analysis.peripheral_children import SPEC as CHILDREN
from analysis.peripheral_evidence import Evidence, expose, gather, source_strength
from analysis.spec import Progress, number
from graph.flags import Plain
from graph.snapshot import Float64, Int64, Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class ChildChanges:
    """Exposure of every child in the three views; everything else by node row too."""

    evidence: Evidence
    now: Float64
    #: what happened since adds, and what was learned since
    happened: Float64
    learned: Float64
    #: share of repeats without a fifth of the ties in which the exposure is still above what it was
    sure: Float64
    #: neighbours, things and contexts through which it rose: (child, through)
    child: Int64
    through: Int64
    #: strength of every source now and then
    sources: Float64
    sources_then: Float64


def child_changes(
    views: Views,
    roles: Roles,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    progress: Progress,
) -> ChildChanges:
    """Exposure by the method of ``peripheral_children``, at one age of the evidence, with three sets of ties."""
    asked = {parameter.name: parameter.default for parameter in CHILDREN.parameters}
    found = views.differences
    true, known = _sources(views.true_then, asked), _sources(views.known_then, asked)
    now = source_strength(views.now, roles, _since(views.now, asked))
    evidence = gather(views.now, roles, asked, sources=np.maximum(now, np.maximum(true, known)))
    progress(0.3, "exposure of children")
    every = np.ones(len(found.ties), dtype=np.bool_)
    exposed = expose(replace(evidence, sources=now), every)
    before = expose(replace(evidence, sources=np.minimum(known, now)), found.known_then)
    hindsight = expose(replace(evidence, sources=np.minimum(true, now)), found.true_then)
    runs = int(number(parameters, "stability_runs"))
    above = np.zeros(len(views.now))
    for run in range(runs):
        less = expose(replace(evidence, sources=now), generator.random(len(every)) >= 0.2)
        above += less.score > before.score + 1e-9
        progress((run + 1) / runs, "leaving out ties")
    child, through = _rose(exposed, before)
    return ChildChanges(
        evidence,
        exposed.score,
        exposed.score - hindsight.score,
        hindsight.score - before.score,
        above / runs if runs else np.ones(len(views.now)),
        child,
        through,
        now,
        np.minimum(known, now),
    )


def _since(snapshot: Snapshot, asked: Mapping[str, Plain]) -> int:
    return months_before(snapshot.as_at, int(number(asked, "lookback_months")))


def _sources(snapshot: Snapshot, asked: Mapping[str, Plain]) -> Float64:
    roles = derive(snapshot, lookback_months=int(number(asked, "lookback_months")))
    return source_strength(snapshot, roles, _since(snapshot, asked))


def _rose(exposed: Exposure, before: Exposure) -> tuple[Int64, Int64]:
    """(child, through) of all parts that are larger now."""
    children, throughs = [], []
    for name, parts in exposed.contributions.items():
        old = before.contributions[name]
        span = int(max(parts.through.max(initial=0), old.through.max(initial=0))) + 1
        key, was = parts.target * span + parts.through, old.target * span + old.through
        order = np.argsort(was, kind="stable")
        at = np.minimum(np.searchsorted(was[order], key), max(len(was) - 1, 0))
        value = np.zeros(len(key))
        if len(was):
            same = was[order][at] == key
            value[same] = old.value[order][at][same]
        rose = parts.value > value + 1e-9
        children.append(parts.target[rose])
        throughs.append(parts.through[rose])
    return np.concatenate(children), np.concatenate(throughs)


def responsible(views: Views, changes: ChildChanges, child: int) -> tuple[Int64, Int64, Int64]:
    """Rows of the ties that began, of those that were learned, and of people who only became sources since.

    Ties of the child with those through whom the exposure rose, and of these with people at risk or of concern.
    """
    ties, kinds = views.now.ties, views.differences.ties
    start, other, row = views.now.incidence
    near = np.unique(changes.through[changes.child == child])
    own = slice(int(start[child]), int(start[child + 1]))
    rows = [row[own]]
    for through in near.tolist():
        span = slice(int(start[through]), int(start[through + 1]))
        rows.append(row[span][changes.sources[other[span]] > 0])
    touched = np.unique(np.concatenate(rows)).astype(np.int64)
    kind = kinds[touched]
    ends = np.concatenate([ties.source[touched], ties.target[touched]]).astype(np.int64)
    ends = np.unique(np.append(ends, near))
    ends = ends[ends < len(changes.sources)]
    new = ends[(changes.sources[ends] > changes.sources_then[ends] + 1e-9) & (ends != child)]
    return touched[kind == BEGAN], touched[kind == LEARNED], new
