"""Words of overlapping operations: what is recorded in both, tied to both, and what speaks against."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from analysis.operation_overlap_records import Near, Records, Steps
from analysis.wording import (
    count_of,
    event_ids,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
)
from graph.flags import Reason
from graph.snapshot import Snapshot


class SharedLike(Protocol):
    """What the words need of a shared element."""

    @property
    def element(self) -> int: ...
    @property
    def small(self) -> Near: ...
    @property
    def large(self) -> Near: ...
    @property
    def value(self) -> float: ...


class OverlapLike(Protocol):
    """What the words need of two operations."""

    @property
    def small(self) -> int: ...
    @property
    def large(self) -> int: ...
    @property
    def shared(self) -> tuple[SharedLike, ...]: ...
    @property
    def others(self) -> int: ...
    @property
    def against(self) -> float: ...


def reasons_of(snapshot: Snapshot, records: Records, overlap: OverlapLike) -> tuple[Reason, ...]:
    """One reason a shared element, strongest first; then what is around the smaller operation only."""
    reasons = [_shared(snapshot, records, overlap, each) for each in overlap.shared]
    if overlap.others:
        small, large = marker(snapshot.node_id(overlap.small)), marker(snapshot.node_id(overlap.large))
        text = (
            f"{count_of(overlap.others, 'other person, place or object', 'other people, places and objects')} around "
            f"{small} {'is' if overlap.others == 1 else 'are'} not near {large}, which speaks against"
        )
        reasons.append(Reason(text, overlap.against))
    return tuple(reasons)


def _shared(snapshot: Snapshot, records: Records, overlap: OverlapLike, shared: SharedLike) -> Reason:
    who = marker(snapshot.node_id(shared.element))
    one, first, events = _side(snapshot, records, overlap.small, shared.small)
    two, second, more = _side(snapshot, records, overlap.large, shared.large)
    ties = sorted({*first, *second})
    reports = reports_of(snapshot, ties)
    return Reason(
        f"{who} is {one}, and {two}" + sources_words(snapshot, reports),
        shared.value,
        tie_ids(snapshot, ties),
        event_ids(snapshot, events | more),
        report_ids(snapshot, reports),
    )


def _side(snapshot: Snapshot, records: Records, operation: int, near: Near) -> tuple[str, set[int], set[int]]:
    """How the element belongs to one operation, with the ties and events that say so."""
    name = marker(snapshot.node_id(operation))
    if near.step == 0:
        return f"recorded in {name}", *_rows(records.inside, near.rows)
    rows = np.array(near.rows)
    members = set(records.beside.source[rows].tolist())
    ties, events = _rows(records.beside, near.rows)
    inside = records.inside
    recorded = [at for at in range(len(inside.tie)) if inside.source[at] == operation and inside.element[at] in members]
    more, others = _rows(inside, recorded)
    people = listed([marker(snapshot.node_id(row)) for row in sorted(members)[:5]])
    if len(members) > 5:
        people += f" and {len(members) - 5} more"
    return f"recorded with {people} of {name}", ties | more, events | others


def _rows(steps: Steps, rows: Iterable[int]) -> tuple[set[int], set[int]]:
    chosen = list(rows)
    ties = {*steps.tie[chosen].tolist(), *steps.other_tie[chosen].tolist()} - {-1}
    return ties, {*steps.event[chosen].tolist()} - {-1}


def summary(snapshot: Snapshot, overlap: OverlapLike) -> str:
    """What the two operations share, in one sentence, and what to consider."""
    one, two = sorted((snapshot.node_id(overlap.small), snapshot.node_id(overlap.large)))
    both = sum(each.small.step + each.large.step == 0 for each in overlap.shared)
    direct = sum(each.small.step + each.large.step == 1 for each in overlap.shared)
    common = len(overlap.shared) - both - direct
    said = []
    if both:
        said.append(f"{both} {'is' if both == 1 else 'are'} recorded in both")
    if direct:
        said.append(f"{direct} of one {'has a tie' if direct == 1 else 'have ties'} into the other")
    if common:
        said.append(f"{common} {'is' if common == 1 else 'are'} one tie away from both")
    return (
        f"{marker(one)} and {marker(two)} touch: of people, places and objects, {listed(said)}. "
        "Consider whether those who lead the two should speak with each other."
    )
