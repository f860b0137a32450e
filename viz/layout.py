"""Where the nodes of a map stand: computed once on the server, so that nothing moves on the screen.

Groups first: communities by Leiden, each laid out by itself (Fruchterman and Reingold 1991), packed as discs beside the
groups they have most ties with, turned so that ties between groups run short, and pushed apart until no two symbols
overlap. The same network, seed and previous positions always give the same picture. Positions that exist are kept:
a new node lands in the nearest free spot beside what it touches, and nothing else moves.

Abstract units, y down; about one node per 60 by 60 units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import graspologic_native
import numpy as np
import numpy.typing as npt
from scipy import sparse

from viz import layout_kernels as kernels

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: usual distance of neighbouring nodes, units
SPACING = 54.0
#: least distance of two nodes: units down, and across (labels are wide)
LEAST_DOWN = 46.0
LEAST_ACROSS = 66.0
#: how much wider than high a map is drawn: screens and labels are wide
STRETCH = 1.45
#: maps up to this size are one group a component: cutting them up would hide their shape
WHOLE_UP_TO = 40
#: larger communities are divided again
LARGEST_GROUP = 150
#: the map is drawn closer together, step by step, until a node has about this much room, square units
ROOM = 7500.0
CLOSER = 0.85
CLOSER_ROUNDS = 6
#: pair steps spent on the inside of one group, which bounds its time
PAIR_STEPS = 40_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of nodes, aligned with the node order given."""

    x: Float64
    y: Float64
    #: community of each node, numbered by size (0 is the largest); isolated nodes share the last number
    group: Int64


def place(
    node_ids: Sequence[str],
    source: Sequence[int] | Int64,
    target: Sequence[int] | Int64,
    *,
    seed: int = 0,
    positions: Mapping[str, tuple[float, float]] | None = None,
    weights: Float64 | None = None,
) -> Layout:
    """Positions for the nodes of a network whose ties join node numbers ``source`` and ``target``.

    ``positions`` are kept exactly; only nodes without one are placed. ``weights`` (positive) make ties pull harder.
    """
    count = len(node_ids)
    if count == 0:
        return Layout(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    matrix = _adjacency(count, np.asarray(source, np.int64), np.asarray(target, np.int64), weights)
    group = _groups(matrix, seed)
    kept = np.array([node_id in positions for node_id in node_ids]) if positions else np.zeros(count, dtype=bool)
    if not kept.any():
        x, y = _from_scratch(matrix, group, seed)
        return Layout(x, y, group)
    x, y = np.zeros(count), np.zeros(count)
    assert positions is not None
    for row in np.flatnonzero(kept).tolist():
        x[row], y[row] = positions[node_ids[row]]
    start, other, _ = _arrays(matrix)
    kernels.land(x, y, kept.copy(), start, other, LEAST_ACROSS, LEAST_DOWN)
    return Layout(x, y, group)


def warm_up() -> None:
    """Compile the inner loops, or read what was compiled before, so that the first map of a process does not wait.

    Some ten seconds on a machine that never did it, well under one second afterwards.
    """
    ring = list(range(WHOLE_UP_TO + 4))
    ids = [str(i) for i in ring]
    place(ids, ring, [*ring[1:], 0])
    place([*ids, "new"], ring, [*ring[1:], 0], positions={node_id: (90.0 * i, 0.0) for i, node_id in enumerate(ids)})


def kept_near(x: Float64, y: Float64, source: Int64, target: Int64, nearest: int = 10) -> float:
    """Mean share of a node's neighbours that are among the ``nearest`` nodes drawn; how well a layout shows ties."""
    from scipy.spatial import cKDTree

    points = np.column_stack([x, y])
    near = np.asarray(cKDTree(points).query(points, k=min(nearest + 1, len(points)))[1])
    apart = source != target
    pairs = np.concatenate([np.stack([source, target]), np.stack([target, source])], axis=1)[:, np.tile(apart, 2)]
    ends, others = np.unique(pairs, axis=1)
    hits = (near[ends, 1:] == others[:, None]).any(axis=1)
    degree = np.bincount(ends, minlength=len(points))
    found = np.bincount(ends, weights=hits.astype(float), minlength=len(points))
    return float((found[degree > 0] / degree[degree > 0]).mean())


def _adjacency(count: int, source: Int64, target: Int64, weights: Float64 | None) -> sparse.csr_array:
    """Symmetric, without loops; parallel ties add up slowly (two reports of one friendship are not two friends)."""
    apart = source != target
    source, target = source[apart], target[apart]
    values = np.ones(len(source)) if weights is None else np.asarray(weights, float)[apart]
    matrix = sparse.coo_array((values, (source, target)), shape=(count, count)).tocsr()
    matrix = (matrix + matrix.T).tocsr()
    matrix.data = np.sqrt(matrix.data)
    matrix.sort_indices()
    return sparse.csr_array(matrix)


def _arrays(matrix: sparse.csr_array) -> tuple[Int64, npt.NDArray[np.int32], Float64]:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float64)


def _leiden(matrix: sparse.csr_array, resolution: float, seed: int) -> Int64:
    count = matrix.shape[0]
    if matrix.nnz == 0:
        return np.arange(count, dtype=np.int64)
    start, other, data = _arrays(matrix)
    _, found = graspologic_native.leiden_csr(start, other, data, count, resolution=resolution, seed=seed, iterations=2)
    return np.array([found.get(row, -1 - row) for row in range(count)], dtype=np.int64)


def _groups(matrix: sparse.csr_array, seed: int) -> Int64:
    count = matrix.shape[0]
    if count <= WHOLE_UP_TO:
        _, label = sparse.csgraph.connected_components(matrix, directed=False)
        group = np.asarray(label, dtype=np.int64)
    else:
        group = _divided(matrix, _leiden(matrix, 1.0, seed), seed)
    alone = np.diff(matrix.indptr) == 0
    group = np.unique(group, return_inverse=True)[1].astype(np.int64)
    group[alone] = -1
    names, sizes = np.unique(group[~alone], return_counts=True)
    rank = np.empty(int(group.max(initial=-1)) + 1, dtype=np.int64)
    rank[names[np.lexsort((names, -sizes))]] = np.arange(len(names))
    result = np.full(count, len(names), dtype=np.int64)
    result[~alone] = rank[group[~alone]]
    return result


def _divided(matrix: sparse.csr_array, group: Int64, seed: int) -> Int64:
    """Communities too large to read are divided at a finer resolution."""
    resolution = 1.0
    for _ in range(4):
        names, sizes = np.unique(group, return_counts=True)
        large = names[sizes > LARGEST_GROUP]
        if len(large) == 0:
            break
        resolution *= 2.0
        free = int(group.max()) + 1
        for name in large:
            rows = np.flatnonzero(group == name)
            parts = np.unique(_leiden(matrix[rows][:, rows].tocsr(), resolution, seed), return_inverse=True)[1]
            if parts.max() > len(rows) // 4:  # dust: better one large group than hundreds of pairs
                continue
            group[rows] = free + parts
            free += int(parts.max()) + 1
    return group


def _from_scratch(matrix: sparse.csr_array, group: Int64, seed: int) -> tuple[Float64, Float64]:
    count = len(group)
    order = np.argsort(group, kind="stable")
    groups = int(group.max()) + 1
    first = np.zeros(groups + 1, dtype=np.int64)
    np.cumsum(np.bincount(group, minlength=groups), out=first[1:])
    sorted_matrix = matrix[order][:, order].tocsr()
    sorted_matrix.sort_indices()
    start, other, weight = _arrays(sorted_matrix)
    jitter = np.random.default_rng(seed).uniform(-0.05, 0.05, size=(2, count))
    x, y = jitter[0].copy(), jitter[1].copy()
    of = np.repeat(np.arange(groups, dtype=np.int64), np.diff(first))
    kernels.inside(x, y, first, start, other, weight, SPACING, PAIR_STEPS)
    radius = kernels.radii(x, y, first) + 0.5 * SPACING
    middle_x, middle_y = _pack(start, other, weight, of, radius, seed)
    kernels.turn(x, y, first, of, start, other, weight, middle_x, middle_y)
    x, y = _lying(x + middle_x[of], y + middle_y[of])
    x *= STRETCH
    kernels.push_apart(x, y, LEAST_ACROSS, LEAST_DOWN, 80)
    for _ in range(CLOSER_ROUNDS):
        if float(np.ptp(x) * np.ptp(y)) < ROOM * count:
            break
        x *= CLOSER
        y *= CLOSER
        kernels.push_apart(x, y, LEAST_ACROSS, LEAST_DOWN, 80)
    placed_x, placed_y = np.empty(count), np.empty(count)
    placed_x[order], placed_y[order] = np.round(x, 1), np.round(y, 1)
    return placed_x, placed_y


def _lying(x: Float64, y: Float64) -> tuple[Float64, Float64]:
    """Turned so that the longer side lies along the screen."""
    points = np.column_stack([x - x.mean(), y - y.mean()])
    _, axes = np.linalg.eigh(points.T @ points)
    turned = points @ axes[:, ::-1] * np.where(axes[np.argmax(np.abs(axes), axis=0), [0, 1]][::-1] < 0, -1.0, 1.0)
    return turned[:, 0].copy(), turned[:, 1].copy()


def _pack(
    start: Int64, other: npt.NDArray[Any], weight: Float64, of: Int64, radius: Float64, seed: int
) -> tuple[Float64, Float64]:
    """Middles of the groups: near those they have ties with, not overlapping, around the largest."""
    groups = len(radius)
    if groups == 1:
        return np.zeros(1), np.zeros(1)
    ends = np.repeat(of, np.diff(start))
    quotient = sparse.coo_array((weight, (ends, of[other])), shape=(groups, groups)).tocsr()
    quotient.setdiag(0)
    quotient.eliminate_zeros()
    quotient.sort_indices()
    angle = np.arange(groups) * 2.399963229728653 + np.random.default_rng(seed).uniform(0, 0.1)
    reach = np.sqrt(np.concatenate([[0.0], np.cumsum(radius**2)[:-1]]))
    x, y = reach * np.cos(angle) * 1.2, reach * np.sin(angle) * 1.2
    kernels.pack(x, y, radius, *_arrays(quotient), 160)
    return x, y
