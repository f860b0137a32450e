"""The Leiden algorithm as compiled loops: local moving, refinement, aggregation.

After V. Traag, L. Waltman and N. van Eck, From Louvain to Leiden: guaranteeing well-connected communities, Scientific
Reports 9 (2019), for qualities of the form: sum over communities of (weight inside - resolution × sizes of all pairs).
With node sizes of 1 that is the Constant Potts Model (V. Traag, P. Van Dooren and Y. Nesterov, Physical Review E 84,
2011); with node sizes equal to strengths and resolution / (2 m) it is modularity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

#: how freely refinement chooses among gains; small: nearly always the largest
FREEDOM = 0.01
#: a smaller gain than this is rounding
_LEAST_GAIN = 1e-12


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


@_compiled
def _random(state):  # type: ignore[no-untyped-def]
    """Next number of a splitmix64 sequence, 0 to 1; each run has its own state, so threads leave each other alone."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    mixed = state[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return float(mixed >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@_compiled
def _shuffled(count, state):  # type: ignore[no-untyped-def]
    order = np.arange(count, dtype=np.int32)
    for at in range(count - 1, 0, -1):
        other = int(_random(state) * (at + 1))
        order[at], order[other] = order[other], order[at]
    return order


@_compiled
def _renumbered(labels):  # type: ignore[no-untyped-def]
    """Labels as 0, 1, 2 ... in the order of their first row, in place; returns how many."""
    count = len(labels)
    names = np.full(count, -1, dtype=np.int32)
    found = 0
    for row in range(count):
        label = labels[row]
        if names[label] < 0:
            names[label] = found
            found += 1
        labels[row] = names[label]
    return found


@_compiled
def _move(start, other, weight, size, labels, resolution, state):  # type: ignore[no-untyped-def]
    """Move nodes to the community that gains most until no node gains; whether anything moved."""
    count = len(size)
    total = np.zeros(count)
    members = np.zeros(count, dtype=np.int32)
    for node in range(count):
        total[labels[node]] += size[node]
        members[labels[node]] += 1
    empty = np.empty(count, dtype=np.int32)
    empties = 0
    for label in range(count):
        if members[label] == 0:
            empty[empties] = label
            empties += 1
    queue = _shuffled(count, state)
    waiting = np.ones(count, dtype=np.bool_)
    toward = np.zeros(count)
    seen = np.empty(count, dtype=np.int32)
    head, length, moved = 0, count, False
    while length > 0:
        node = queue[head]
        head = (head + 1) % count
        length -= 1
        waiting[node] = False
        own = labels[node]
        found = 0
        for at in range(start[node], start[node + 1]):
            label = labels[other[at]]
            if toward[label] == 0.0:
                seen[found] = label
                found += 1
            toward[label] += weight[at]
        total[own] -= size[node]
        members[own] -= 1
        best, gain = own, toward[own] - resolution * size[node] * total[own]
        if gain < -_LEAST_GAIN and members[own] > 0:
            best, gain = -1, 0.0
        for at in range(found):
            label = seen[at]
            value = toward[label] - resolution * size[node] * total[label]
            if value > gain + _LEAST_GAIN:
                best, gain = label, value
        for at in range(found):
            toward[seen[at]] = 0.0
        if best == -1:
            empties -= 1
            best = empty[empties]
        if best != own and members[own] == 0:
            empty[empties] = own
            empties += 1
        total[best] += size[node]
        members[best] += 1
        if best != own:
            labels[node] = best
            moved = True
            for at in range(start[node], start[node + 1]):
                neighbour = other[at]
                if not waiting[neighbour] and labels[neighbour] != best:
                    waiting[neighbour] = True
                    queue[(head + length) % count] = neighbour
                    length += 1
    return moved


@_compiled
def _refine(start, other, weight, size, labels, resolution, state):  # type: ignore[no-untyped-def]
    """Communities inside the communities: lone nodes merged with a well-connected part that gains, chosen at random."""
    count = len(size)
    refined = np.arange(count, dtype=np.int32)
    whole = np.zeros(count)
    for node in range(count):
        whole[labels[node]] += size[node]
    total = size.copy()
    alone = np.ones(count, dtype=np.bool_)
    #: weight from each part to the rest of its community
    outward = np.zeros(count)
    for node in range(count):
        for at in range(start[node], start[node + 1]):
            if labels[other[at]] == labels[node]:
                outward[node] += weight[at]
    toward = np.zeros(count)
    seen = np.empty(count, dtype=np.int32)
    chance = np.empty(count)
    for node in _shuffled(count, state):
        of = whole[labels[node]]
        if not alone[node] or outward[node] < resolution * size[node] * (of - size[node]):
            continue
        found = 0
        for at in range(start[node], start[node + 1]):
            if labels[other[at]] != labels[node]:
                continue
            label = refined[other[at]]
            if toward[label] == 0.0:
                seen[found] = label
                found += 1
            toward[label] += weight[at]
        largest = 0.0
        for at in range(found):
            label = seen[at]
            value = toward[label] - resolution * size[node] * total[label]
            fits = outward[label] >= resolution * total[label] * (of - total[label])
            chance[at] = value if fits and value > 0.0 else -1.0
            largest = max(largest, chance[at])
        summed = 0.0
        for at in range(found):
            # against the largest, so that the exponential does not overflow
            chance[at] = np.exp((chance[at] - largest) / (FREEDOM * resolution)) if chance[at] > 0.0 else 0.0
            summed += chance[at]
        chosen = -1
        if summed > 0.0:
            drawn = _random(state) * summed
            for at in range(found):
                drawn -= chance[at]
                if chance[at] > 0.0:
                    chosen = seen[at]
                    if drawn <= 0.0:
                        break
        if chosen >= 0:
            between = toward[chosen]
            outward[chosen] += outward[node] - 2.0 * between
            total[chosen] += size[node]
            refined[node] = chosen
            # a part that others have joined stays where it is
            alone[chosen] = False
            alone[node] = False
        for at in range(found):
            toward[seen[at]] = 0.0
    return refined


@_compiled
def _aggregated(start, other, weight, size, parts, count):  # type: ignore[no-untyped-def]
    """The network whose nodes are the parts; ties inside a part are left out, for they never change."""
    rows = len(size)
    first = np.zeros(count + 1, dtype=np.int64)
    sizes = np.zeros(count)
    for node in range(rows):
        first[parts[node] + 1] += 1
        sizes[parts[node]] += size[node]
    for part in range(count):
        first[part + 1] += first[part]
    members = np.empty(rows, dtype=np.int32)
    place = first[:-1].copy()
    for node in range(rows):
        members[place[parts[node]]] = node
        place[parts[node]] += 1
    starts = np.zeros(count + 1, dtype=np.int64)
    others = np.empty(len(other), dtype=np.int32)
    weights = np.empty(len(other))
    toward = np.zeros(count)
    found = 0
    for part in range(count):
        begin = found
        for member in range(first[part], first[part + 1]):
            node = members[member]
            for at in range(start[node], start[node + 1]):
                label = parts[other[at]]
                if label == part:
                    continue
                if toward[label] == 0.0:
                    others[found] = label
                    found += 1
                toward[label] += weight[at]
        for at in range(begin, found):
            weights[at] = toward[others[at]]
            toward[others[at]] = 0.0
        starts[part + 1] = found
    return starts, others[:found].copy(), weights[:found].copy(), sizes


@_compiled
def leiden(start, other, weight, size, resolution, seed, iterations):  # type: ignore[no-untyped-def]
    """Community of each node of a symmetric network in compressed rows (weights above 0, no loops).

    ``size`` is what a node counts in the penalty; ``iterations`` the most rounds, fewer when a round changes nothing.
    """
    count = len(size)
    state = np.empty(1, dtype=np.uint64)
    state[0] = seed
    answer = np.arange(count, dtype=np.int32)
    for _ in range(iterations):
        before = answer.copy()
        starts, others, weights, sizes = start, other, weight, size
        labels = answer.copy()
        #: node of the present, aggregated network that each node of the whole network lies in
        holder = np.arange(count, dtype=np.int32)
        while True:
            _move(starts, others, weights, sizes, labels, resolution, state)
            found = _renumbered(labels)
            for node in range(count):
                answer[node] = labels[holder[node]]
            if found == len(sizes):
                break
            parts = _refine(starts, others, weights, sizes, labels, resolution, state)
            pieces = _renumbered(parts)
            if pieces == len(sizes):
                break
            held = np.empty(pieces, dtype=np.int32)
            for node in range(len(sizes)):
                held[parts[node]] = labels[node]
            starts, others, weights, sizes = _aggregated(starts, others, weights, sizes, parts, pieces)
            for node in range(count):
                holder[node] = parts[holder[node]]
            labels = held
        _renumbered(answer)
        same = True
        for node in range(count):
            if answer[node] != before[node]:
                same = False
                break
        if same:
            break
    return answer


@_compiled
def leiden_by_part(start, other, weight, size, begin, resolution, seed, iterations):  # type: ignore[no-untyped-def]
    """Like ``leiden`` for a network whose connected parts are the rows ``begin[i]:begin[i + 1]``, each by itself.

    Every part begins with the same seed, so that what happens elsewhere changes nothing in it.
    """
    answer = np.empty(len(size), dtype=np.int32)
    for part in range(len(begin) - 1):
        low, high = begin[part], begin[part + 1]
        if high - low == 1:
            answer[low] = low
            continue
        span = slice(start[low], start[high])
        own = leiden(
            start[low : high + 1] - start[low], other[span] - np.int32(low), weight[span], size[low:high], resolution,
            seed, iterations,
        )  # fmt: skip
        answer[low:high] = own + np.int32(low)
    return answer
