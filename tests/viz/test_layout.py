from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from viz.layout import LEAST_ACROSS, LEAST_DOWN, Layout, kept_near, place


def planted(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Communities of about 28, four ties in five inside them."""
    rng = np.random.default_rng(seed)
    home = rng.integers(0, max(1, count // 28), count)
    members = [np.flatnonzero(home == name) for name in range(int(home.max()) + 1)]
    source = rng.integers(0, count, int(2.5 * count))
    inside = np.array([rng.choice(members[home[i]]) for i in source])
    target = np.where(rng.random(len(source)) < 0.8, inside, rng.integers(0, count, len(source)))
    apart = source != target
    return source[apart], target[apart]


def laid(count: int, **options: object) -> Layout:
    return place([str(i) for i in range(count)], *planted(count), **options)  # type: ignore[arg-type]


def closest(layout: Layout) -> float:
    """Least distance of two nodes in the ellipse that a symbol with its label takes; 1 is just touching."""
    points = np.column_stack([layout.x / LEAST_ACROSS, layout.y / LEAST_DOWN])
    return float(np.asarray(cKDTree(points).query(points, k=2)[0])[:, 1].min())


@pytest.mark.parametrize("count", [2, 30, 200, 1000])
def test_no_two_nodes_overlap(count: int) -> None:
    assert closest(laid(count)) > 0.9


def test_ties_are_drawn_short() -> None:
    source, target = planted(1000)
    layout = laid(1000)
    assert kept_near(layout.x, layout.y, source, target) >= 0.5


@pytest.mark.parametrize("count", [200, 1000])
def test_a_map_is_not_blown_up(count: int) -> None:
    layout = laid(count)
    assert np.ptp(layout.x) * np.ptp(layout.y) < 9000 * count


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_longer_side_lies_across(seed: int) -> None:
    chain = place([str(i) for i in range(30)], list(range(29)), list(range(1, 30)), seed=seed)
    assert np.ptp(chain.x) > np.ptp(chain.y)


def test_ties_of_a_shuffled_picture_are_not_short() -> None:
    source, target = planted(1000)
    layout = laid(1000)
    order = np.random.default_rng(0).permutation(1000)
    assert kept_near(layout.x[order], layout.y[order], source, target) < 0.1


def test_the_same_seed_gives_the_same_picture() -> None:
    first, second = laid(200, seed=3), laid(200, seed=3)
    np.testing.assert_array_equal(first.x, second.x)
    np.testing.assert_array_equal(first.y, second.y)


def test_communities_are_numbered_by_size_and_isolated_nodes_come_last() -> None:
    layout = place([str(i) for i in range(60)], [*range(49), 50], [*range(1, 50), 51])
    sizes = np.bincount(layout.group)
    assert list(sizes[:-1]) == sorted(sizes[:-1], reverse=True)
    assert set(layout.group[52:]) == {len(sizes) - 1}


def test_an_empty_map_and_a_single_node_have_positions() -> None:
    assert len(place([], [], []).x) == 0
    assert np.isfinite(place(["a"], [], []).x).all()


def test_loops_and_parallel_ties_are_harmless() -> None:
    layout = place(["a", "b"], [0, 0, 0, 1], [0, 1, 1, 0])
    assert closest(layout) > 0.9


@settings(max_examples=25)
@given(
    count=st.integers(2, 25),
    kept=st.integers(1, 24),
    pairs=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=40),
)
def test_kept_nodes_do_not_move_and_new_ones_find_room(count: int, kept: int, pairs: list[tuple[int, int]]) -> None:
    kept = min(kept, count)
    ids = [str(i) for i in range(count)]
    positions = {str(i): (100.0 * i, 40.0 * (i % 3)) for i in range(kept)}
    inside = [(a, b) for a, b in pairs if a < count and b < count]
    layout = place(ids, [a for a, _ in inside], [b for _, b in inside], positions=positions)
    assert [(layout.x[i], layout.y[i]) for i in range(kept)] == [positions[str(i)] for i in range(kept)]
    assert closest(layout) > 0.9


def test_a_new_node_lands_beside_what_it_touches() -> None:
    positions = {"a": (0.0, 0.0), "b": (3000.0, 0.0)}
    layout = place(["a", "b", "c"], [1], [2], positions=positions)
    assert abs(layout.x[2] - 3000) < 3 * LEAST_ACROSS


def test_a_star_of_thousands_does_not_take_long_or_overlap() -> None:
    count = 2000
    layout = place([str(i) for i in range(count)], [0] * (count - 1), list(range(1, count)))
    assert closest(layout) > 0.8
