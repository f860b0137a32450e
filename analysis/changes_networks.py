"""Which peer networks are new, larger, joined or parted, compared with the earlier date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.changes_differences import BEGAN, LEARNED, Differences
from analysis.derive import Roles
from analysis.peer_networks import SPEC as NETWORKS
from analysis.peer_networks import Found, found_in, with_reason
from analysis.peer_networks_evidence import Pairs, gather
from analysis.spec import Progress
from graph.flags import Plain
from graph.snapshot import Int64, Snapshot

#: groups with this share of the people of both in both are one group (Jaccard)
SAME_GROUP = 0.3
#: repeats of the grouping; the detector of networks itself makes more
SEEDS = 6


@dataclass(frozen=True, slots=True)
class Match:
    """What became of a group."""

    #: same, new, merged, split or gone
    kind: str
    #: number of the group then and now; -1 for none
    then: int
    now: int


def matched(then: Sequence[frozenset[int]], now: Sequence[frozenset[int]]) -> tuple[Match, ...]:
    """What became of each group: by the largest Jaccard overlap of at least ``SAME_GROUP``, each pair once.

    A group into which another one that stood by itself has gone (half of its people or more) is merged; a group that
    half of whose people come from one that goes on as another group is split off. Without an overlap it is new or gone.
    """
    holding: dict[int, list[int]] = {}
    for number, group in enumerate(then):
        for person in group:
            holding.setdefault(person, []).append(number)
    overlaps = []
    for number, group in enumerate(now):
        for old in {old for person in group for old in holding.get(person, ())}:
            shared = len(group & then[old])
            overlaps.append((-shared / len(group | then[old]), old, number, shared))
    partner_of_now: dict[int, int] = {}
    taken: set[int] = set()
    for overlap, old, number, _ in sorted(overlaps):
        if -overlap >= SAME_GROUP and old not in taken and number not in partner_of_now:
            partner_of_now[number] = old
            taken.add(old)
    merged = {number for _, old, number, shared in overlaps if old not in taken and 2 * shared >= len(then[old])}
    parted = {number for _, old, number, shared in overlaps if old in taken and 2 * shared >= len(now[number])}
    found = []
    for number in range(len(now)):
        partner = partner_of_now.get(number, -1)
        if partner >= 0:
            found.append(Match("merged" if number in merged else "same", partner, number))
        else:
            found.append(Match("split" if number in parted else "new", -1, number))
    gone = [Match("gone", old, -1) for old in range(len(then)) if old not in taken]
    return (*found, *gone)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkChange:
    """One network that is new or has new members or has been joined from two."""

    kind: str
    #: node rows, ascending
    members: Int64
    joined: Int64
    left: Int64
    #: evidence inside that began or was learned since
    began: Pairs
    learned: Pairs
    #: share of repeats without a fifth of the ties in which half of the new evidence is still there
    sure: float | None


def network_changes(
    snapshot: Snapshot, found: Differences, roles: Roles, generator: np.random.Generator, runs: int, progress: Progress
) -> tuple[NetworkChange, ...]:
    """Changes of networks that have a reason to look now; what only fades is no change."""
    asked: dict[str, Plain] = {parameter.name: parameter.default for parameter in NETWORKS.parameters}
    asked["seeds"] = SEEDS
    evidence = gather(snapshot, roles, asked)
    seed = int(generator.integers(0, 2**62))
    progress(0.2, "networks now")
    now = found_in(evidence, np.random.default_rng(seed))
    progress(0.5, "networks then")
    then = found_in(replace(evidence), np.random.default_rng(seed), found.known_then)
    progress(0.9, "comparing networks")
    listed = set(with_reason(now).tolist())
    groups_then, groups_now = _groups(then), _groups(now)
    kept = [generator.random(len(found.ties)) >= 0.2 for _ in range(runs)]
    changes = []
    inside = _inside(now)
    for match in matched(groups_then, groups_now):
        if match.now not in listed:
            continue
        before = groups_then[match.then] if match.then >= 0 else frozenset()
        after = groups_now[match.now]
        joined = np.array(sorted(after - before), dtype=np.int64)
        if not len(joined):
            continue
        first, last = np.searchsorted(inside[0], [match.now, match.now + 1])
        pairs = inside[1].take(np.arange(first, last))
        kinds = np.stack([found.ties[pairs.tie], found.ties[pairs.other_tie]])
        began = pairs.take((kinds == BEGAN).any(axis=0))
        learned = pairs.take((kinds == LEARNED).any(axis=0) & ~(kinds == BEGAN).any(axis=0))
        if not len(began.one) and not len(learned.one):
            continue
        changes.append(
            NetworkChange(
                "grown" if match.kind == "same" else match.kind,
                np.array(sorted(after), dtype=np.int64),
                joined,
                np.array(sorted(before - after), dtype=np.int64),
                began,
                learned,
                _sure(began, learned, kept),
            )
        )
    return tuple(changes)


def _groups(found: Found) -> list[frozenset[int]]:
    return [frozenset(found.members(network).tolist()) for network in found.networks.networks]


def _inside(found: Found) -> tuple[Int64, Pairs]:
    """Pairs inside networks, sorted by network; and the network of each."""
    label = np.full(len(found.evidence.snapshot), -1, dtype=np.int64)
    label[found.circle.rows] = found.networks.label
    own = label[found.pairs.one]
    rows = np.flatnonzero((own >= 0) & (own == label[found.pairs.two]))
    rows = rows[np.argsort(own[rows], kind="stable")]
    return own[rows], found.pairs.take(rows)


def _sure(began: Pairs, learned: Pairs, kept: list[np.ndarray]) -> float | None:
    if not kept:
        return None
    pairs = Pairs.joined([began, learned])
    whole = float(pairs.value.sum())
    again = [float(pairs.value[ties[pairs.tie] & ties[pairs.other_tie]].sum()) >= whole / 2 for ties in kept]
    return float(np.mean(again))
