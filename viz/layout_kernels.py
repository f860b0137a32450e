"""The inner loops of the layout, compiled by numba.

Compiled code is kept beside the source, or in the user's cache folder; where neither can be written it is compiled in
each process, which costs some seconds once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

#: radius of a group at most, in spacings and square roots of its size; hexagonal packing has 0.53
LOOSE = 0.62


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


@_compiled
def _begin(x, y, low, high, start, other):  # type: ignore[no-untyped-def]
    """A sunflower disc in breadth-first order from the node with most ties: a good guess for stars and trees."""
    size = high - low
    queue = np.empty(size, dtype=np.int64)
    seen = np.zeros(size, dtype=np.bool_)
    filled = 0
    taken = 0
    while filled < size:
        best, most = -1, -1
        for i in range(size):
            ties = start[low + i + 1] - start[low + i]
            if not seen[i] and ties > most:
                best, most = i, ties
        queue[filled] = best
        seen[best] = True
        filled += 1
        while taken < filled:
            node = queue[taken] + low
            taken += 1
            for at in range(start[node], start[node + 1]):
                near = other[at] - low
                if 0 <= near < size and not seen[near]:
                    seen[near] = True
                    queue[filled] = near
                    filled += 1
    for rank in range(size):
        angle = rank * 2.399963229728653
        reach = 0.75 * math.sqrt(rank)
        x[low + queue[rank]] += reach * math.cos(angle)
        y[low + queue[rank]] += reach * math.sin(angle)


@_compiled
def _spring(x, y, low, high, start, other, weight, steps):  # type: ignore[no-untyped-def]
    """Fruchterman and Reingold inside one group, ideal distance 1, cooling linearly."""
    size = high - low
    move_x, move_y = np.zeros(size), np.zeros(size)
    warmth = 0.35 * math.sqrt(size)
    for step in range(steps):
        limit = warmth * (1.0 - step / steps) + 0.01
        move_x[:] = 0.0
        move_y[:] = 0.0
        for i in range(size):
            for j in range(i):
                dx, dy = x[low + i] - x[low + j], y[low + i] - y[low + j]
                square = dx * dx + dy * dy + 1e-6
                # beyond this the push is nothing: keeps a group round instead of blowing it up
                if square < 25.0:
                    push = 1.0 / square
                    move_x[i] += dx * push
                    move_y[i] += dy * push
                    move_x[j] -= dx * push
                    move_y[j] -= dy * push
        for i in range(size):
            for at in range(start[low + i], start[low + i + 1]):
                j = other[at] - low
                if 0 <= j < size:
                    dx, dy = x[low + i] - x[low + j], y[low + i] - y[low + j]
                    pull = math.sqrt(dx * dx + dy * dy) * min(weight[at], 2.0)
                    move_x[i] -= dx * pull
                    move_y[i] -= dy * pull
            move_x[i] -= 0.12 * x[low + i]
            move_y[i] -= 0.12 * y[low + i]
            length = math.sqrt(move_x[i] ** 2 + move_y[i] ** 2) + 1e-9
            share = min(length, limit) / length
            move_x[i] *= share
            move_y[i] *= share
        for i in range(size):
            x[low + i] += move_x[i]
            y[low + i] += move_y[i]


@_compiled
def _grid(x, y, low, high):  # type: ignore[no-untyped-def]
    """Nodes without ties, in rows."""
    across = max(1, math.ceil(math.sqrt(high - low)))
    for i in range(high - low):
        x[low + i] = i % across
        y[low + i] = i // across


@_compiled
def inside(x, y, first, start, other, weight, spacing, pair_steps):  # type: ignore[no-untyped-def]
    """Lay out each group around its own middle; group g is the nodes first[g] to first[g + 1]."""
    for g in range(len(first) - 1):
        low, high = first[g], first[g + 1]
        size = high - low
        if size == 0:
            continue
        if start[high] == start[low]:
            _grid(x, y, low, high)
        else:
            _begin(x, y, low, high, start, other)
            steps = min(120, max(12, pair_steps // (size * size)))
            _spring(x, y, low, high, start, other, weight, steps)
        middle_x, middle_y = x[low:high].mean(), y[low:high].mean()
        scale = spacing
        if size > 2:
            nearest = np.full(size, 1e18)
            for i in range(size):
                for j in range(i):
                    dx, dy = x[low + i] - x[low + j], y[low + i] - y[low + j]
                    square = dx * dx + dy * dy
                    nearest[i] = min(nearest[i], square)
                    nearest[j] = min(nearest[j], square)
            scale = spacing / max(1e-3, math.sqrt(np.median(nearest)))
            # knots far apart would blow the group up: not larger than loosely filled, the knots are parted below
            spread = math.sqrt((x[low:high].var() + y[low:high].var()) * 2.0)
            scale = min(scale, LOOSE * spacing * math.sqrt(size) / max(1e-3, spread))
        elif size == 2:
            length = math.hypot(x[low] - x[low + 1], y[low] - y[low + 1])
            scale = 1.2 * spacing / max(1e-3, length)
        for i in range(low, high):
            x[i] = (x[i] - middle_x) * scale
            y[i] = (y[i] - middle_y) * scale
        push_apart(x[low:high], y[low:high], 0.85 * spacing, 0.85 * spacing, 40)


@_compiled
def radii(x, y, first):  # type: ignore[no-untyped-def]
    """Radius of each group around its middle (0, 0): between its farthest node and its body, so that one straggler
    does not keep all other groups away."""
    result = np.zeros(len(first) - 1)
    for g in range(len(result)):
        farthest, square = 0.0, 0.0
        for i in range(first[g], first[g + 1]):
            farthest = max(farthest, math.hypot(x[i], y[i]))
            square += x[i] * x[i] + y[i] * y[i]
        body = 1.42 * math.sqrt(square / max(1, first[g + 1] - first[g]))
        result[g] = 0.5 * (farthest + min(body, farthest))
    return result


@_compiled
def pack(x, y, radius, start, other, weight, rounds):  # type: ignore[no-untyped-def]
    """Draw discs towards those they have ties with and to the middle, then part them; pull weakens with the rounds."""
    groups = len(radius)
    strongest = 1e-9
    for at in range(len(weight)):
        strongest = max(strongest, weight[at])
    for step in range(rounds):
        ease = 1.0 - step / rounds
        for i in range(groups):
            sum_x, sum_y, total = 0.0, 0.0, 0.0
            for at in range(start[i], start[i + 1]):
                j = other[at]
                dx, dy = x[j] - x[i], y[j] - y[i]
                gap = max(0.0, math.hypot(dx, dy) - radius[i] - radius[j])
                share = math.sqrt(weight[at] / strongest) * gap / (math.hypot(dx, dy) + 1e-9)
                sum_x += dx * share
                sum_y += dy * share
                total += math.sqrt(weight[at] / strongest)
            if total > 0.0:
                x[i] += 0.35 * ease * sum_x / total
                y[i] += 0.35 * ease * sum_y / total
            home = 0.03 if total > 0.0 else 0.012
            x[i] -= home * x[i]
            y[i] -= home * y[i]
        for _ in range(3 if step < rounds - 1 else 60):
            moved = False
            for i in range(groups):
                for j in range(i):
                    dx, dy = x[i] - x[j], y[i] - y[j]
                    least = radius[i] + radius[j]
                    if abs(dx) >= least or abs(dy) >= least:
                        continue
                    length = math.sqrt(dx * dx + dy * dy)
                    if length < least:
                        if length < 1e-6:
                            dx, dy, length = 1.0, 0.1 * (i - j), math.hypot(1.0, 0.1 * (i - j))
                        # the smaller gives way
                        heavy = radius[i] ** 2 / (radius[i] ** 2 + radius[j] ** 2)
                        over = (least - length) / length
                        x[i] += dx * over * (1.0 - heavy)
                        y[i] += dy * over * (1.0 - heavy)
                        x[j] -= dx * over * heavy
                        y[j] -= dy * over * heavy
                        moved = True
            if not moved:
                break


@_compiled
def turn(x, y, first, of, start, other, weight, middle_x, middle_y):  # type: ignore[no-untyped-def]
    """Turn, and mirror where better, each group so that its ties to other groups run short."""
    for _ in range(3):
        for g in range(len(first) - 1):
            dot, cross, mirrored_dot, mirrored_cross = 0.0, 0.0, 0.0, 0.0
            for i in range(first[g], first[g + 1]):
                for at in range(start[i], start[i + 1]):
                    j = other[at]
                    h = of[j]
                    if h == g:
                        continue
                    to_x, to_y = x[j] + middle_x[h] - middle_x[g], y[j] + middle_y[h] - middle_y[g]
                    share = weight[at] / (math.hypot(to_x, to_y) + 1e-9)
                    to_x, to_y = to_x * share, to_y * share
                    dot += x[i] * to_x + y[i] * to_y
                    cross += x[i] * to_y - y[i] * to_x
                    mirrored_dot += -x[i] * to_x + y[i] * to_y
                    mirrored_cross += -x[i] * to_y - y[i] * to_x
            plain, mirrored = math.hypot(dot, cross), math.hypot(mirrored_dot, mirrored_cross)
            if plain + mirrored < 1e-9:
                continue
            sign = 1.0
            if mirrored > plain * 1.0001:
                sign, dot, cross, plain = -1.0, mirrored_dot, mirrored_cross, mirrored
            c, s = dot / plain, cross / plain
            for i in range(first[g], first[g + 1]):
                old_x, old_y = sign * x[i], y[i]
                x[i], y[i] = c * old_x - s * old_y, s * old_x + c * old_y


@_compiled
def _cells(x, y, across, down):  # type: ignore[no-untyped-def]
    """Nodes sorted into cells: (columns, rows, cell of node, start of cell, nodes by cell)."""
    left, top = x.min(), y.min()
    columns = int((x.max() - left) / across) + 1
    rows = int((y.max() - top) / down) + 1
    count = len(x)
    cell = np.empty(count, dtype=np.int64)
    begin = np.zeros(columns * rows + 1, dtype=np.int64)
    for i in range(count):
        cell[i] = int((y[i] - top) / down) * columns + int((x[i] - left) / across)
        begin[cell[i] + 1] += 1
    for c in range(columns * rows):
        begin[c + 1] += begin[c]
    fill = begin[:-1].copy()
    members = np.empty(count, dtype=np.int64)
    for i in range(count):
        members[fill[cell[i]]] = i
        fill[cell[i]] += 1
    return columns, rows, cell, begin, members


@_compiled
def push_apart(x, y, across, down, rounds):  # type: ignore[no-untyped-def]
    """Part nodes closer than an ellipse of these axes, until none is or the rounds are used up."""
    count = len(x)
    if count < 2:
        return
    for _ in range(rounds):
        width, height = x.max() - x.min(), y.max() - y.min()
        # cells never much more numerous than nodes, however far one node stands
        wide, high = max(across, width / (count + 1.0)), max(down, height / (count + 1.0))
        while (width / wide + 1) * (height / high + 1) > 16 * count + 64:
            wide *= 1.5
            high *= 1.5
        columns, rows, cell, begin, members = _cells(x, y, wide, high)
        worst = 0.0
        for i in range(count):
            row, column = cell[i] // columns, cell[i] % columns
            for r in range(max(0, row - 1), min(rows, row + 2)):
                for c in range(max(0, column - 1), min(columns, column + 2)):
                    for at in range(begin[r * columns + c], begin[r * columns + c + 1]):
                        j = members[at]
                        if j >= i:
                            continue
                        dx, dy = (x[i] - x[j]) / across, (y[i] - y[j]) / down
                        square = dx * dx + dy * dy
                        if square >= 0.9999:
                            continue
                        length = math.sqrt(square)
                        if length < 1e-6:
                            angle = 2.399963229728653 * (i + 1)
                            dx, dy, length = math.cos(angle), math.sin(angle), 1e-3
                            dx, dy = dx * length, dy * length
                        over = 0.51 * (1.0 - length) / length
                        x[i] += dx * over * across
                        y[i] += dy * over * down
                        x[j] -= dx * over * across
                        y[j] -= dy * over * down
                        worst = max(worst, 1.0 - length)
        if worst < 0.02:
            break


@_compiled
def land(x, y, placed, start, other, across, down):  # type: ignore[no-untyped-def]
    """Put nodes not yet placed beside what they touch, most attached first, in the nearest free spot."""
    count = len(x)
    right, lowest = -1e18, 1e18
    for i in range(count):
        if placed[i]:
            right, lowest = max(right, x[i]), min(lowest, y[i])
    while True:
        best, most = -1, -1
        for i in range(count):
            if placed[i]:
                continue
            touched = 0
            for at in range(start[i], start[i + 1]):
                if placed[other[at]]:
                    touched += 1
            if touched > most:
                best, most = i, touched
        if best < 0:
            return
        want_x, want_y = right + 2.0 * across, lowest
        if most > 0:
            want_x, want_y = 0.0, 0.0
            for at in range(start[best], start[best + 1]):
                if placed[other[at]]:
                    want_x += x[other[at]] / most
                    want_y += y[other[at]] / most
        for turn_number in range(1_000_000):
            reach = 0.5 * math.sqrt(turn_number)
            angle = 2.399963229728653 * turn_number
            at_x = want_x + across * reach * math.cos(angle)
            at_y = want_y + down * reach * math.sin(angle)
            free = True
            for j in range(count):
                if placed[j]:
                    dx, dy = (at_x - x[j]) / across, (at_y - y[j]) / down
                    if dx * dx + dy * dy < 1.0:
                        free = False
                        break
            if free:
                x[best], y[best] = round(at_x, 1), round(at_y, 1)
                placed[best] = True
                break
