"""Reasons of a suggested peer network in words: one for each family of evidence, and what chance takes off."""

from __future__ import annotations

import numpy as np

from analysis.communities import Network
from analysis.peer_networks_evidence import FAMILIES, Evidence, Pairs
from analysis.wording import (
    count_of,
    day,
    event_ids,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
    ties_words,
)
from graph.flags import Plain, Reason
from graph.model import NODE_KINDS, NodeKind
from graph.snapshot import NO_DAY, Int64

#: pairs, events, things and places named in one reason
NAMED = 3
#: ties one reason rests on that are named by id; the newest
LINKED = 200


class Reasons:
    """Writes the reasons of networks; sorts the pairs once."""

    def __init__(self, evidence: Evidence, pairs: Pairs, label: Int64, resolution: float) -> None:
        self._evidence, self._resolution = evidence, resolution
        inside = (label[pairs.one] == label[pairs.two]) & (label[pairs.one] >= 0)
        pairs = pairs.take(inside)
        self._order = label[pairs.one]
        order = np.lexsort((pairs.tie, pairs.two, pairs.one, -pairs.value, pairs.family, self._order))
        self._pairs, self._order = pairs.take(order), self._order[order]

    def of(self, number: int, network: Network, dropped: float) -> tuple[Reason, ...]:
        """All reasons of one network, largest first; their contributions add up to its quality.

        ``dropped`` is the evidence inside of pairs with too little of it to be in the network at all.
        """
        first, last = np.searchsorted(self._order, [number, number + 1])
        pairs = self._pairs.take(np.arange(first, last))
        reasons = []
        for family, name in enumerate(FAMILIES):
            own = pairs.take(pairs.family == family)
            if len(own.one):
                reasons.append(self._reason(name, own))
        reasons.sort(key=lambda reason: (-reason.contribution, reason.text))
        size = len(network.members)
        count = size * (size - 1) // 2
        text = f"{size} people make {count} pairs; {self._resolution:g} for each is what chance brings and is taken off"
        if dropped > 0:
            text += ", as is what little is recorded of pairs below half of that"
        return (*reasons, Reason(text, -self._resolution * count - dropped))

    def _reason(self, family: str, pairs: Pairs) -> Reason:
        snapshot = self._evidence.snapshot
        rows = np.unique(np.concatenate([pairs.tie, pairs.other_tie]))
        last = self._evidence.last_day[rows]
        newest = rows[np.lexsort((rows, -last))][:LINKED].tolist()
        text = getattr(self, f"_{family}")(pairs)
        latest = int(last.max())
        if family != "ties" and latest != int(NO_DAY):
            text += f", last on {day(latest)}"
        if len(rows) > LINKED:
            text += f" (the newest {LINKED} of {len(rows)} records are named here)"
        reports = reports_of(snapshot, newest)
        through = [row for row in np.unique(pairs.through).tolist() if row >= 0]
        if family == "missing":
            through = snapshot.ties.target[newest].tolist()
        return Reason(
            text + sources_words(snapshot, reports),
            float(pairs.value.sum()),
            tie_ids(snapshot, newest),
            event_ids(snapshot, through[:LINKED]) if family in ("events", "missing") else (),
            report_ids(snapshot, reports[:LINKED]),
        )

    def _ties(self, pairs: Pairs) -> str:
        strongest = list(dict.fromkeys(pairs.tie.tolist()))[:NAMED]
        claims = ties_words(self._evidence.snapshot, strongest, self._evidence.last_day[strongest].tolist())
        return f"{_pairs_of(pairs)} connected by {count_of(len(pairs.tie), 'reported tie')}, such as: {claims}"

    def _missing(self, pairs: Pairs) -> str:
        said = [f"{self._name(one)} and {self._name(two)}" for one, two in _first(pairs)]
        return (
            f"{_pairs_of(pairs)} recorded as missing at the same times, beyond what their own patterns would bring by "
            f"chance: {listed(said)}{_more(pairs)}"
        )

    def _events(self, pairs: Pairs) -> str:
        events = count_of(len(np.unique(pairs.through)), "event")
        said = [f"{self._name(one)} with {self._name(two)}" for one, two in _first(pairs)]
        return f"{_pairs_of(pairs)} named together in {events}: {listed(said)}{_more(pairs)}"

    def _things(self, pairs: Pairs) -> str:
        return f"{_pairs_of(pairs)} both connected with {self._shared(pairs)}"

    def _places(self, pairs: Pairs) -> str:
        return f"{_pairs_of(pairs)} both recorded, at whatever times, at quiet places: {self._shared(pairs)}"

    def _shared(self, pairs: Pairs) -> str:
        found, inverse = np.unique(pairs.through, return_inverse=True)
        weight = np.bincount(inverse, weights=pairs.value)
        best = found[np.lexsort((found, -weight))].tolist()
        said = [self._name(row) for row in best[:NAMED]]
        if len(best) > NAMED:
            said.append(f"{len(best) - NAMED} more")
        return listed(said)

    def _name(self, row: int) -> str:
        return marker(self._evidence.snapshot.node_id(row))


def _first(pairs: Pairs) -> list[tuple[int, int]]:
    return list(dict.fromkeys(zip(pairs.one.tolist(), pairs.two.tolist(), strict=True)))[:NAMED]


def _pairs(pairs: Pairs) -> int:
    return len(set(zip(pairs.one.tolist(), pairs.two.tolist(), strict=True)))


def _pairs_of(pairs: Pairs) -> str:
    count = _pairs(pairs)
    return f"{count_of(count, 'pair')} of them {'is' if count == 1 else 'are'}"


def _more(pairs: Pairs) -> str:
    rest = _pairs(pairs) - NAMED
    return f" and {count_of(rest, 'further pair')}" if rest > 0 else ""


class RecordedGroups:
    """Groups that somebody recorded, to be shown beside what was computed."""

    def __init__(self, evidence: Evidence) -> None:
        snapshot = evidence.snapshot
        ties = snapshot.ties
        group = snapshot.nodes.kind == NODE_KINDS.index(NodeKind.PEER_GROUP)
        today = evidence.roles.today
        rows = np.flatnonzero(
            group[ties.target] & evidence.roles.person[ties.source] & ((ties.start_day <= today) | ~group[ties.source])
        )
        key = np.unique(ties.target[rows].astype(np.int64) * len(snapshot) + ties.source[rows])
        self._snapshot = snapshot
        self._group, self._person = key // len(snapshot), key % len(snapshot)
        self._size = np.bincount(self._group, minlength=len(snapshot))
        self._by_person = np.argsort(self._person, kind="stable")

    def of(self, members: Int64) -> list[Plain]:
        """Recorded groups with two members or more in the network: which, how many, of how many; most first."""
        sorted_people = self._person[self._by_person]
        first, last = np.searchsorted(sorted_people, members), np.searchsorted(sorted_people, members, side="right")
        rows = [self._by_person[low:high] for low, high in zip(first.tolist(), last.tolist(), strict=True)]
        groups, shared = np.unique(self._group[np.concatenate(rows)], return_counts=True)
        order = np.lexsort((groups, -shared))
        return [
            {
                "group": self._snapshot.node_id(int(groups[at])),
                "shared": int(shared[at]),
                "recorded": int(self._size[groups[at]]),
            }
            for at in order.tolist()
            if shared[at] >= 2
        ]
