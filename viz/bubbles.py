"""The shape drawn around a peer group: covers its members and nobody else. Same rules as ``geometry.js``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

#: members farther apart than this are not joined, units
REACH = 210.0
#: a stroke keeps this far from those who are not members
CLEAR = 34.0


def bubble(
    x: Sequence[float], y: Sequence[float], rows: Sequence[int]
) -> tuple[list[tuple[int, int]], list[tuple[int, int, int]]]:
    """Strokes between members (row numbers, ascending), and triangles to fill."""
    members = set(rows)
    left, right = min(x[i] for i in rows) - CLEAR, max(x[i] for i in rows) + CLEAR
    top, bottom = min(y[i] for i in rows) - CLEAR, max(y[i] for i in rows) + CLEAR
    others = [i for i in range(len(x)) if i not in members and left < x[i] < right and top < y[i] < bottom]

    def near(a: int, b: int) -> bool:
        return math.hypot(x[a] - x[b], y[a] - y[b]) <= REACH

    def clear(a: int, b: int) -> bool:
        return all(_distance(x[i], y[i], x[a], y[a], x[b], y[b]) >= CLEAR for i in others)

    def empty(corners: tuple[int, int, int]) -> bool:
        return not any(_inside(x, y, i, corners) for i in others)

    joined = {(a, b) for a, b in combinations(rows, 2) if near(a, b) and clear(a, b)}
    # all one way round: overlapping areas of opposite turn would cancel out
    triangles = [
        corners if _turns_left(x, y, corners) else (corners[0], corners[2], corners[1])
        for corners in combinations(rows, 3)
        if all(pair in joined for pair in combinations(corners, 2)) and empty(corners)
    ]
    return sorted(joined - _hidden(x, y, triangles)), triangles


def _hidden(x: Sequence[float], y: Sequence[float], triangles: Sequence[tuple[int, int, int]]) -> set[tuple[int, int]]:
    """Strokes with triangles on both sides, which would show nowhere."""
    sides: dict[tuple[int, int], set[bool]] = {}
    for a, b, c in triangles:
        for p, q, r in ((a, b, c), (a, c, b), (b, c, a)):
            low, high = min(p, q), max(p, q)
            sides.setdefault((low, high), set()).add(_turns_left(x, y, (low, high, r)))
    return {pair for pair, found in sides.items() if len(found) == 2}


def _turns_left(x: Sequence[float], y: Sequence[float], corners: tuple[int, int, int]) -> bool:
    a, b, c = corners
    return (x[b] - x[a]) * (y[c] - y[a]) > (y[b] - y[a]) * (x[c] - x[a])


def _distance(px: float, py: float, ax: float, ay: float, bx: float, by: float) -> float:
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    along = min(1.0, max(0.0, ((px - ax) * dx + (py - ay) * dy) / square)) if square else 0.0
    return math.hypot(px - ax - along * dx, py - ay - along * dy)


def _inside(x: Sequence[float], y: Sequence[float], i: int, corners: tuple[int, int, int]) -> bool:
    a, b, c = corners
    sides = [(x[q] - x[p]) * (y[i] - y[p]) - (y[q] - y[p]) * (x[i] - x[p]) for p, q in ((a, b), (b, c), (c, a))]
    return all(side >= 0 for side in sides) or all(side <= 0 for side in sides)
