"""The inner loops of the centralities, compiled by numba; they release the interpreter lock, so threads share the work.

Graphs are symmetric compressed rows (``start``, ``other``) without loops and without parallel ties. Compiled code is
kept beside the source, or in the user's cache folder; where neither can be written it is compiled in each process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

#: path lengths this close (in shares of the length) are equal: 0.1 + 0.2 is as long as 0.3
EQUAL = 1e-12


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


@_compiled
def fold(start, other):  # type: ignore[no-untyped-def]
    """Take away nodes with one tie, again and again: their only other (-1: stays) and the order of going."""
    count = len(start) - 1
    parent = np.full(count, -1, dtype=np.int32)
    degree = np.empty(count, dtype=np.int64)
    gone = np.zeros(count, dtype=np.bool_)
    order = np.empty(count, dtype=np.int32)
    filled = 0
    for node in range(count):
        degree[node] = start[node + 1] - start[node]
        if degree[node] == 1:
            order[filled] = node
            filled += 1
    taken, kept = 0, 0
    while taken < filled:
        node = order[taken]
        taken += 1
        if degree[node] != 1:  # the last of a tree stays
            continue
        order[kept] = node
        kept += 1
        gone[node] = True
        for at in range(start[node], start[node + 1]):
            near = other[at]
            if not gone[near]:
                parent[node] = near
                degree[near] -= 1
                if degree[near] == 1:
                    order[filled] = near
                    filled += 1
    return parent, order[:kept].copy()


@_compiled
def breadth_first(start, other, stays):  # type: ignore[no-untyped-def]
    """The nodes that stay, neighbours near each other, so that walking over them finds its numbers in the cache."""
    count = len(start) - 1
    seen = ~stays
    order = np.empty(count, dtype=np.int32)
    filled, taken = 0, 0
    for root in range(count):
        if seen[root]:
            continue
        seen[root] = True
        order[filled] = root
        filled += 1
        while taken < filled:
            node = order[taken]
            taken += 1
            for at in range(start[node], start[node + 1]):
                near = other[at]
                if not seen[near]:
                    seen[near] = True
                    order[filled] = near
                    filled += 1
    return order[:filled].copy()


@_compiled
def core_of(start, other, order, number):  # type: ignore[no-untyped-def]
    """Compressed rows of the nodes in ``order`` under their new numbers (``number``, -1: left out)."""
    size = len(order)
    core_start = np.zeros(size + 1, dtype=np.int64)
    for at in range(size):
        many = 0
        for entry in range(start[order[at]], start[order[at] + 1]):
            if number[other[entry]] >= 0:
                many += 1
        core_start[at + 1] = core_start[at] + many
    core_other = np.empty(core_start[size], dtype=np.int32)
    for at in range(size):
        filled = core_start[at]
        for entry in range(start[order[at]], start[order[at] + 1]):
            new = number[other[entry]]
            if new >= 0:
                core_other[filled] = new
                filled += 1
    return core_start, core_other


@_compiled
def add_dependencies(start, other, weight, sources, many, total):  # type: ignore[no-untyped-def]
    """Add to ``total`` the dependencies of each of ``sources`` on every node (Brandes 2001), ties of length 1.

    ``weight``: how many nodes each stands for, as targets; ``many``: how often each source counts. Neighbours differ by
    one level at most, so the level is kept modulo 3 in one byte a node, which stays in the processor's cache where
    whole distances would not.
    """
    count = len(start) - 1
    level = np.zeros(count, dtype=np.uint8)
    # shortest paths from the source on the way out; on the way back (weight + dependency) / paths
    paths = np.zeros(count, dtype=np.float64)
    order = np.empty(count, dtype=np.int32)
    for which in range(len(sources)):
        source = sources[which]
        order[0] = source
        filled, taken = 1, 0
        level[source] = 1
        paths[source] = 1.0
        while taken < filled:
            node = order[taken]
            taken += 1
            following = level[node] % 3 + 1
            ways = paths[node]
            for at in range(start[node], start[node + 1]):
                near = other[at]
                if level[near] == 0:
                    level[near] = following
                    order[filled] = near
                    filled += 1
                    paths[near] = ways
                elif level[near] == following:
                    paths[near] += ways
        for back in range(filled - 1, 0, -1):
            node = order[back]
            following = level[node] % 3 + 1
            dependency = 0.0
            for at in range(start[node], start[node + 1]):
                near = other[at]
                if level[near] == following:
                    dependency += paths[near]
            ways = paths[node]
            dependency *= ways
            # what hangs on the node is reached through it too
            total[node] += many[which] * (dependency + weight[node] - 1.0)
            paths[node] = (weight[node] + dependency) / ways
        for back in range(filled):
            level[order[back]] = 0


@_compiled
def hang(parent, order, pivot, part_size, size, inside, total):  # type: ignore[no-untyped-def]
    """The share of folded nodes in paths, exactly: in a tree there is one way.

    ``size`` and ``inside`` (ones and pivots on entry) become the nodes and pivots of what hangs on each node, itself
    included. A node lies between each pivot outside what hangs on it and all that hangs on it, and between each pivot
    inside one branch and all that is not in that branch.
    """
    for at in range(len(order)):
        node = order[at]
        above = parent[node]
        size[above] += size[node]
        inside[above] += inside[node]
    for at in range(len(order)):
        node = order[at]
        above = parent[node]
        total[above] += inside[node] * (part_size[node] - size[node] - 1.0)
        total[node] += (pivot[node] - inside[node]) * (size[node] - 1.0)


@_compiled
def _swap(heap, place, one, two):  # type: ignore[no-untyped-def]
    heap[one], heap[two] = heap[two], heap[one]
    place[heap[one]] = one
    place[heap[two]] = two


@_compiled
def _rise(heap, place, at, distance):  # type: ignore[no-untyped-def]
    while at > 0 and distance[heap[at]] < distance[heap[(at - 1) // 2]]:
        _swap(heap, place, at, (at - 1) // 2)
        at = (at - 1) // 2


@_compiled
def _sink(heap, place, size, distance):  # type: ignore[no-untyped-def]
    at = 0
    while True:
        least = at
        for below in (2 * at + 1, 2 * at + 2):
            if below < size and distance[heap[below]] < distance[heap[least]]:
                least = below
        if least == at:
            return
        _swap(heap, place, at, least)
        at = least


@_compiled
def add_dependencies_by_length(start, other, length, sources, total):  # type: ignore[no-untyped-def]
    """The same along shortest paths by the lengths of ties (all above 0)."""
    count = len(start) - 1
    distance = np.full(count, np.inf)
    paths = np.zeros(count, dtype=np.float64)
    dependency = np.zeros(count, dtype=np.float64)
    order = np.empty(count, dtype=np.int32)
    heap = np.empty(count, dtype=np.int32)
    place = np.full(count, -1, dtype=np.int32)
    for source in sources:
        distance[source] = 0.0
        paths[source] = 1.0
        heap[0] = source
        place[source] = 0
        size, filled = 1, 0
        while size > 0:
            node = heap[0]
            size -= 1
            _swap(heap, place, 0, size)
            _sink(heap, place, size, distance)
            place[node] = -2
            order[filled] = node
            filled += 1
            for at in range(start[node], start[node + 1]):
                near = other[at]
                if place[near] == -2:
                    continue
                far = distance[node] + length[at]
                if far < distance[near] * (1.0 - EQUAL) or place[near] == -1:
                    distance[near] = far
                    paths[near] = paths[node]
                    if place[near] == -1:
                        heap[size] = near
                        place[near] = size
                        size += 1
                    _rise(heap, place, place[near], distance)
                elif far <= distance[near] * (1.0 + EQUAL):
                    paths[near] += paths[node]
        for back in range(filled - 1, -1, -1):
            node = order[back]
            share = (1.0 + dependency[node]) / paths[node]
            for at in range(start[node], start[node + 1]):
                near = other[at]
                gap = distance[near] + length[at] - distance[node]
                if distance[near] < distance[node] and abs(gap) <= EQUAL * distance[node]:
                    dependency[near] += paths[near] * share
            if back > 0:
                total[node] += dependency[node]
        for back in range(filled):
            node = order[back]
            distance[node] = np.inf
            paths[node] = 0.0
            dependency[node] = 0.0
            place[node] = -1


@_compiled
def structural_holes(start, other, share, total, most, first, last, constraint, effective):  # type: ignore[no-untyped-def]
    """Burt's constraint and effective size of nodes ``first`` to ``last``; not a number for nodes without ties.

    ``share``: share of its row's strength, by entry; ``total``: strength of each row; ``most``: its largest share.
    """
    count = len(start) - 1
    own = np.zeros(count, dtype=np.float64)
    for node in range(first, last):
        if start[node] == start[node + 1]:
            constraint[node] = np.nan
            effective[node] = np.nan
            continue
        for at in range(start[node], start[node + 1]):
            own[other[at]] = share[at]
        held, size = 0.0, 0.0
        for at in range(start[node], start[node + 1]):
            near = other[at]
            redundant = 0.0
            indirect = 0.0
            for further in range(start[near], start[near + 1]):
                third = other[further]
                if own[third] > 0.0:
                    redundant += own[third] * share[further]
                    # strengths are mutual, shares are not: what counts is the share of the third person
                    indirect += own[third] * share[further] * total[near] / total[third]
            size += 1.0 - redundant / most[near]
            held += (share[at] + indirect) ** 2
        constraint[node] = held
        effective[node] = size
        for at in range(start[node], start[node + 1]):
            own[other[at]] = 0.0


@_compiled
def cut_nodes(start, other):  # type: ignore[no-untyped-def]
    """For each node, how many nodes are left outside the largest remainder of its part when it is taken away.

    0: not a cut vertex (Hopcroft and Tarjan 1973, without recursion).
    """
    count = len(start) - 1
    found = np.full(count, -1, dtype=np.int64)
    low = np.zeros(count, dtype=np.int64)
    size = np.ones(count, dtype=np.int64)
    parent = np.full(count, -1, dtype=np.int64)
    following = start[:-1].copy()
    stack = np.empty(count, dtype=np.int64)
    order = np.empty(count, dtype=np.int64)
    # subtrees cut off from the rest by a node: their sum, the largest, how many
    cut_sum = np.zeros(count, dtype=np.int64)
    cut_most = np.zeros(count, dtype=np.int64)
    cut_many = np.zeros(count, dtype=np.int64)
    apart = np.zeros(count, dtype=np.int64)
    clock = 0
    for root in range(count):
        if found[root] >= 0:
            continue
        begin = clock
        depth = 1
        stack[0] = root
        found[root] = low[root] = clock
        order[clock] = root
        clock += 1
        while depth > 0:
            node = stack[depth - 1]
            if following[node] < start[node + 1]:
                near = other[following[node]]
                following[node] += 1
                if found[near] < 0:
                    parent[near] = node
                    found[near] = low[near] = clock
                    order[clock] = near
                    clock += 1
                    stack[depth] = near
                    depth += 1
                elif near != parent[node]:
                    low[node] = min(low[node], found[near])
                continue
            depth -= 1
            above = parent[node]
            if above >= 0:
                low[above] = min(low[above], low[node])
                size[above] += size[node]
                if low[node] >= found[above]:
                    cut_sum[above] += size[node]
                    cut_most[above] = max(cut_most[above], size[node])
                    cut_many[above] += 1
        whole = clock - begin
        for at in range(begin, clock):
            node = order[at]
            rest = whole - 1 - cut_sum[node]
            if cut_many[node] + (1 if rest > 0 else 0) >= 2:
                apart[node] = whole - 1 - max(rest, cut_most[node])
    return apart
