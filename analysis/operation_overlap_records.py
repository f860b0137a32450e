"""Who and what is recorded in each operation, and who and what is one tie away from that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import code, kind_code
from analysis.derive import Roles
from analysis.meetings import LARGEST_EVENT, event_parts
from analysis.weights import CONTEXT_TIES, OBJECT_TIES, PERSON_TIES, TieWeights
from graph.model import NodeKind
from graph.snapshot import Bool, Float64, Int64, Snapshot

#: what has more ties than this (a station, somebody stopped every night) is near everything
LARGEST_SURROUNDING = 60
#: going to school, and saying that a place feels safe, is no way in which operations touch
_NO_WAY = ("attends", "feels_safe_at")


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """One row a record: by which an element is in an operation, or is tied to one that is."""

    #: node row of the operation; or of the element that is in one
    source: Int64
    #: node row of the element
    element: Int64
    weight: Float64
    tie: Int64
    #: the tie on the other side of an event; -1
    other_tie: Int64
    #: node row of the event; -1
    event: Int64

    def kept(self, ties: Bool) -> Bool:
        """Which rows stand when the ties that are False are left out."""
        stands: Bool = ties[self.tie] & ((self.other_tie < 0) | ties[self.other_tie])
        return stands


@dataclass(frozen=True, slots=True)
class Near:
    """How an element belongs to an operation: 0 recorded in it, 1 one tie away."""

    step: int
    weight: float
    #: rows of ``inside`` (step 0) or ``beside`` (step 1)
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Everything the overlap of operations rests on."""

    operations: Int64
    inside: Steps
    beside: Steps
    #: ties and event companies of each element, by node row
    degree: Float64
    #: what can be shared: people who are not professionals, things, groups and places, with any tie
    eligible: Bool
    #: sum of degrees and number of eligible elements in each node's part of the network
    volume: Float64
    population: Float64

    def surroundings(self, kept: Bool | None = None) -> dict[int, dict[int, Near]]:
        """For each operation its elements, nearest step first. ``kept``: False for ties left out."""
        inside = _by_source(self.inside, kept)
        beside = _by_source(self.beside, kept)
        answer: dict[int, dict[int, Near]] = {}
        for operation in self.operations.tolist():
            members = {
                element: Near(0, _joined(self.inside.weight[rows]), tuple(rows))
                for element, rows in inside.get(operation, {}).items()
            }
            around: dict[int, list[int]] = defaultdict(list)
            for member in members:
                for element, rows in beside.get(member, {}).items():
                    if element not in members and self.eligible[element]:
                        around[element] += rows
            found = dict(members)
            for element, rows in around.items():
                found[element] = Near(1, _joined(self.beside.weight[rows]), tuple(sorted(rows)))
            answer[operation] = found
        return answer


def _by_source(steps: Steps, kept: Bool | None) -> Mapping[int, Mapping[int, list[int]]]:
    answer: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    chosen = np.arange(len(steps.tie)) if kept is None else np.flatnonzero(steps.kept(kept))
    for at in chosen.tolist():
        answer[int(steps.source[at])][int(steps.element[at])].append(at)
    return answer


def _joined(weights: Float64) -> float:
    return float(min(-np.expm1(np.log1p(-np.minimum(weights, 0.95)).sum()), 0.95))


def records_of(snapshot: Snapshot, roles: Roles, weights: TieWeights) -> Records:
    """Everything once. Professionals are left out by role; hubs are no surroundings."""
    nodes, ties = snapshot.nodes, snapshot.ties
    count = len(snapshot)
    is_operation = nodes.kind == kind_code(NodeKind.OPERATION)
    is_event = nodes.kind == kind_code(NodeKind.EVENT)
    element = ~is_operation & ~is_event & ~roles.professional
    weight = weights.of({**CONTEXT_TIES, **OBJECT_TIES, **PERSON_TIES})
    weight[np.isin(ties.type, [code("tie_type", word) for word in _NO_WAY])] = 0.0
    direct = np.flatnonzero((weight > 0) & element[ties.source] & element[ties.target])
    parts, part_weight = event_parts(snapshot, weights)
    event = ties.target[parts].astype(np.int64)
    sizes = np.bincount(event, minlength=count)
    small = (sizes[event] <= LARGEST_EVENT) & element[ties.source[parts]]
    parts, part_weight, event = parts[small], part_weight[small], event[small]
    person = ties.source[parts].astype(np.int64)
    degree = np.bincount(np.concatenate([ties.source[direct], ties.target[direct]]), minlength=count).astype(np.float64)
    degree += np.bincount(person, weights=np.maximum(sizes[event] - 1, 0).astype(np.float64), minlength=count)
    inside = _inside(snapshot, weights, is_operation, element, (parts, part_weight, event))
    member = np.zeros(count, dtype=np.bool_)
    member[inside.element] = True
    beside = _beside(snapshot, weight, direct, member, (parts, part_weight, event))
    many = int(roles.part.max(initial=-1)) + 1
    counted = element & (degree > 0)
    return Records(
        np.flatnonzero(is_operation).astype(np.int64),
        inside,
        beside,
        degree,
        counted & (degree <= LARGEST_SURROUNDING),
        np.bincount(roles.part, weights=degree, minlength=many)[roles.part].astype(np.float64),
        np.bincount(roles.part[counted], minlength=many)[roles.part].astype(np.float64),
    )


def _inside(
    snapshot: Snapshot, weights: TieWeights, is_operation: Bool, element: Bool, parts: tuple[Int64, Float64, Int64]
) -> Steps:
    """Subjects of operations, and who took a telling part in an event of one."""
    ties = snapshot.ties
    subject = (ties.type == code("tie_type", "subject_of")) & weights.usable & (weights.confidence > 0)
    rows = np.flatnonzero(subject & element[ties.source] & is_operation[ties.target]).astype(np.int64)
    of_event = ties.type == code("tie_type", "took_part_in")
    held = np.flatnonzero(of_event & is_operation[ties.source] & weights.usable).astype(np.int64)
    left, right = _pairs(ties.target[held].astype(np.int64), parts[2])
    one, two = held[left], parts[0][right]
    return Steps(
        np.concatenate([ties.target[rows].astype(np.int64), ties.source[one].astype(np.int64)]),
        np.concatenate([ties.source[rows].astype(np.int64), ties.source[two].astype(np.int64)]),
        np.concatenate([weights.confidence[rows], parts[1][right]]),
        np.concatenate([rows, two]),
        np.concatenate([np.full(len(rows), -1), one]),
        np.concatenate([np.full(len(rows), -1), parts[2][right]]),
    )


def _beside(
    snapshot: Snapshot, weight: Float64, direct: Int64, member: Bool, parts: tuple[Int64, Float64, Int64]
) -> Steps:
    """Ties of members with anything, and events in which they took part with others."""
    ties = snapshot.ties
    down, up = direct[member[ties.source[direct]]], direct[member[ties.target[direct]]]
    rows = np.concatenate([down, up]).astype(np.int64)
    person = ties.source[parts[0]].astype(np.int64)
    of_member = np.flatnonzero(member[person])
    left, right = _pairs(parts[2][of_member], parts[2])
    left = of_member[left]
    other = person[left] != person[right]
    left, right = left[other], right[other]
    return Steps(
        np.concatenate([ties.source[down], ties.target[up], person[left]]).astype(np.int64),
        np.concatenate([ties.target[down], ties.source[up], person[right]]).astype(np.int64),
        np.concatenate([weight[rows], np.sqrt(parts[1][left] * parts[1][right])]),
        np.concatenate([rows, parts[0][right]]),
        np.concatenate([np.full(len(rows), -1), parts[0][left]]),
        np.concatenate([np.full(len(rows), -1), parts[2][left]]),
    )


def _pairs(one: Int64, two: Int64) -> tuple[Int64, Int64]:
    """Positions of all equal entries of the two arrays."""
    order = np.argsort(two, kind="stable")
    first = np.searchsorted(two[order], one, side="left")
    counts = np.searchsorted(two[order], one, side="right") - first
    left = np.repeat(np.arange(len(one)), counts)
    offset = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    return left.astype(np.int64), order[np.repeat(first, counts) + offset].astype(np.int64)
