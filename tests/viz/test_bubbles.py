from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from viz.bubbles import CLEAR, bubble

POINTS = st.lists(st.tuples(st.integers(-300, 300), st.integers(-300, 300)), min_size=2, max_size=14, unique=True)


def test_members_around_nobody_are_one_shape() -> None:
    pairs, triangles = bubble([0, 150, 75], [0, 0, 130], [0, 1, 2])
    assert len(pairs) == 3
    assert len(triangles) == 1


def test_who_is_not_a_member_is_left_out() -> None:
    assert bubble([0, 150, 75, 75], [0, 0, 130, 45], [0, 1, 2])[1] == []


def test_a_group_in_two_places_is_two_shapes() -> None:
    assert bubble([0, 50, 2000, 2050], [0, 0, 0, 0], [0, 1, 2, 3])[0] == [(0, 1), (2, 3)]


@given(POINTS, st.integers(1, 14))
def test_no_stroke_comes_near_who_is_not_a_member(points: list[tuple[int, int]], members: int) -> None:
    x, y = [float(p[0]) for p in points], [float(p[1]) for p in points]
    rows = list(range(min(members, len(points))))
    pairs, _ = bubble(x, y, rows)
    for a, b in pairs:
        for i in range(len(rows), len(points)):
            middle = math.hypot(x[i] - (x[a] + x[b]) / 2, y[i] - (y[a] + y[b]) / 2)
            assert middle >= CLEAR - 1e-9
