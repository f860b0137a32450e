"""Groups of people who are closer to each other than chance, from a network of weighted evidence.

The quality of a grouping is that of the Constant Potts Model: the weight of all ties inside groups, less ``resolution``
for each pair of people inside a group. A group is worth its while when its pairs have more evidence than ``resolution``
on average; so, unlike modularity, the answer for some people does not depend on how large the rest of the network is
(V. Traag, P. Van Dooren and Y. Nesterov, Narrow scope for resolution-limit-free community detection, Physical Review E
84, 2011). Groupings are found with the Leiden algorithm (V. Traag, L. Waltman and N. van Eck, Scientific Reports 9,
2019), from several seeds, because near-equal groupings are many. The consensus is the median of them: the grouping that
disagrees with theirs about the fewest pairs of people, which is again the Constant Potts Model, at 1/2, on the share of
seeds that put a pair together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from analysis.communities_kernels import leiden_by_part
from analysis.spec import Progress, quiet
from graph.errors import UsageError
from graph.snapshot import Float64, Int32, Int64

#: rounds of the Leiden algorithm; more find next to nothing
ITERATIONS = 3
#: by how much the resolution rises when a group is too large
FINER = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One group of people, with how sure it is."""

    #: rows, ascending
    members: Int64
    #: for each member: share of the seeds that put them together with the others of the group, on average; 0 to 1
    strength: Float64
    #: the same for the group: share of seeds that agree about a pair of members, on average; 0 to 1
    agreed: float
    #: weight of all ties between members
    inside: float
    #: ``inside`` less ``resolution`` for each pair of members
    quality: float
    #: rows of people of elsewhere whose joining would raise the quality too: their second membership
    overlapping: Int64
    #: for each of these: share of the weight of their ties that leads to members; 0 to 1
    share: Float64


@dataclass(frozen=True, slots=True, eq=False)
class PeerNetworks:
    """All groups of an accepted size."""

    #: by quality, largest first, then by first member
    networks: tuple[Network, ...]
    #: number of the group of each row; -1 for rows in none
    label: Int64


def partition(
    weights: Any, *, resolution: float, seed: int, iterations: int = ITERATIONS, measure: str = "cpm"
) -> Int64:
    """Group of each row of a symmetric sparse matrix, by the Leiden algorithm; groups are numbered by first row.

    ``measure`` is "cpm" or "modularity". The connected parts of the network do not influence each other (by "cpm").
    Raises UsageError for a matrix that is not square or not symmetric, weights below 0 or a resolution not above 0.
    """
    matrix = _checked(weights)
    if not resolution > 0:
        raise UsageError("the resolution is above 0")
    if measure not in ("cpm", "modularity"):
        raise UsageError("the measure is cpm or modularity")
    size = np.ones(matrix.shape[0])
    if measure == "modularity":
        size = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()
        resolution /= max(float(size.sum()), 1e-300)
    return _Parts(matrix, size).partition(resolution, seed, iterations)


def cpm_quality(weights: Any, labels: Any, resolution: float) -> float:
    """Sum over groups of the weight inside less ``resolution`` for each pair of members."""
    inside, size = _inside(sparse.coo_array(weights), np.asarray(labels, dtype=np.int64))
    return float(inside.sum() - resolution * (size * (size - 1) / 2).sum())


def modularity(weights: Any, labels: Any, resolution: float = 1.0) -> float:
    """M. Newman and M. Girvan's modularity of a grouping, between -1/2 and 1."""
    matrix, groups = sparse.coo_array(weights), np.asarray(labels, dtype=np.int64)
    inside, _ = _inside(matrix, groups)
    strength = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()
    whole = float(strength.sum())
    if whole == 0:
        return 0.0
    of_group = np.bincount(groups, weights=strength)
    return float(2 * inside.sum() / whole - resolution * ((of_group / whole) ** 2).sum())


def _inside(matrix: sparse.coo_array, labels: Int64) -> tuple[Float64, Int64]:
    same = (labels[matrix.row] == labels[matrix.col]) & (matrix.row != matrix.col)
    count = int(labels.max(initial=-1)) + 1
    inside = np.bincount(labels[matrix.row[same]], weights=matrix.data[same], minlength=count) / 2
    return inside, np.bincount(labels, minlength=count)


def _checked(weights: Any) -> sparse.csr_array:
    matrix = sparse.csr_array(weights).astype(np.float64)
    if matrix.shape[0] != matrix.shape[1]:
        raise UsageError("the matrix of ties has as many rows as columns")
    if len(matrix.data) and not (matrix.data.min() >= 0 and np.isfinite(matrix.data.max())):
        raise UsageError("the weight of a tie is a number of 0 or more")
    apart = matrix - matrix.T
    if len(apart.data) and np.abs(apart.data).max() > 1e-9:
        raise UsageError("a tie counts the same from both sides")
    kept = matrix.tocoo()
    chosen = (kept.data > 0) & (kept.row != kept.col)
    matrix = sparse.csr_array(
        sparse.coo_array((kept.data[chosen], (kept.row[chosen], kept.col[chosen])), shape=matrix.shape)
    )
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix


class _Parts:
    """A network with the rows of each connected part together, ready for the compiled loops."""

    def __init__(self, matrix: sparse.csr_array, size: Float64) -> None:
        _, label = sparse.csgraph.connected_components(matrix, directed=False)
        self.order = np.argsort(label, kind="stable")
        self.begin = np.searchsorted(label[self.order], np.arange(int(label.max(initial=-1)) + 2)).astype(np.int64)
        sorted_rows = matrix[self.order]
        place = np.empty(len(self.order), dtype=np.int32)
        place[self.order] = np.arange(len(self.order), dtype=np.int32)
        self.start = sorted_rows.indptr.astype(np.int64)
        self.other: Int32 = place[sorted_rows.indices]
        self.weight: Float64 = sorted_rows.data
        self.size: Float64 = size[self.order]

    def partition(self, resolution: float, seed: int, iterations: int) -> Int64:
        """Groups numbered by first row."""
        own = leiden_by_part(
            self.start, self.other, self.weight, self.size, self.begin, float(resolution), np.uint64(seed), iterations
        )
        labels = np.empty(len(own), dtype=np.int64)
        labels[self.order] = own
        return _numbered(labels)


def _numbered(labels: Int64) -> Int64:
    """The same groups, numbered by first row."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def peer_networks(
    weights: Any,
    *,
    resolution: float,
    seeds: int,
    rng: np.random.Generator,
    smallest: int = 4,
    largest: int = 30,
    progress: Progress = quiet,
) -> PeerNetworks:
    """Groups of ``smallest`` to ``largest`` people on which the groupings from ``seeds`` seeds agree.

    ``weights`` is a symmetric sparse matrix of evidence per pair, 0 or more; loops are ignored. In a grouping from one
    seed, what is larger than ``largest`` is grouped again at a finer resolution. A group whose quality is not above 0
    is no group. Work runs on all cores; the answer depends only on the arguments, and for each connected part of the
    network only on that part. Raises UsageError for arguments that do not fit.
    """
    if seeds < 1 or smallest < 2 or largest < smallest:
        raise UsageError("seeds are 1 or more; groups have 2 people or more")
    if not resolution > 0:
        raise UsageError("the resolution is above 0")
    matrix = _checked(weights)
    drawn = rng.integers(0, 2**63 - 1, size=seeds)
    together = _together(matrix, resolution, drawn, largest, progress)
    agreed = _Parts(together, np.ones(matrix.shape[0])).partition(0.5, int(drawn[0]), 10)
    return _described(matrix, together, agreed, resolution, (smallest, largest))


def _together(
    matrix: sparse.csr_array, resolution: float, seeds: Int64, largest: int, progress: Progress
) -> sparse.csr_array:
    """Share of the seeds that put two people into one group, for all pairs that any puts together."""
    count = matrix.shape[0]
    parts = _Parts(matrix, np.ones(count))
    pieces = []
    for done, labels in enumerate(_from_seeds(matrix, parts, resolution, seeds, largest), start=1):
        members = np.bincount(labels, minlength=count)
        pieces.append(np.where(members[labels] > 1, labels, -1))
        progress(done / len(seeds), "grouping from several seeds")
    rows, columns = [], []
    offset = 0
    for labels in pieces:
        chosen = np.flatnonzero(labels >= 0)
        rows.append(chosen)
        columns.append(labels[chosen] + offset)
        offset += count
    row, column = np.concatenate(rows), np.concatenate(columns)
    _, column = np.unique(column, return_inverse=True)
    groups = int(column.max(initial=-1)) + 1
    share = np.full(len(row), 1.0)
    membership = sparse.csr_array((share, (row, column)), shape=(count, groups))
    both = sparse.coo_array(membership @ membership.T)
    apart = both.row != both.col
    return sparse.csr_array((both.data[apart] / len(seeds), (both.row[apart], both.col[apart])), shape=(count, count))


def _from_seeds(
    matrix: sparse.csr_array, parts: _Parts, resolution: float, seeds: Int64, largest: int
) -> Iterator[Int64]:
    def one(seed: int) -> Int64:
        return _cut(matrix, parts.partition(resolution, seed, ITERATIONS), resolution, seed, largest)

    # never more at a time than there are cores, so that memory stays flat and a cancelled run ends soon
    workers = max(1, min(len(seeds), os.cpu_count() or 1))
    with ThreadPoolExecutor(workers) as pool:
        for first in range(0, len(seeds), workers):
            yield from pool.map(one, seeds[first : first + workers].tolist())


def _cut(matrix: sparse.csr_array, labels: Int64, resolution: float, seed: int, largest: int) -> Int64:
    """Groups larger than ``largest`` grouped again inside, at ever finer resolutions."""
    size = np.bincount(labels)
    while (size > largest).any():
        resolution *= FINER
        rows = np.flatnonzero(size[labels] > largest)
        part = sparse.coo_array(matrix[rows][:, rows])
        own = labels[rows]
        within = own[part.row] == own[part.col]
        inner = sparse.csr_array((part.data[within], (part.row[within], part.col[within])), shape=part.shape)
        found = _Parts(inner, np.ones(len(rows))).partition(resolution, seed, ITERATIONS)
        labels = labels.copy()
        labels[rows] = found + int(labels.max()) + 1
        labels = _numbered(labels)
        size = np.bincount(labels)
    return labels


def _described(
    matrix: sparse.csr_array, together: sparse.csr_array, labels: Int64, resolution: float, sizes: tuple[int, int]
) -> PeerNetworks:
    inside, size = _inside(matrix.tocoo(), labels)
    quality = inside - resolution * size * (size - 1) / 2
    chosen = np.flatnonzero((size >= sizes[0]) & (size <= sizes[1]) & (quality > 0))
    shares, _ = _inside(together.tocoo(), labels)
    pairs = together.tocoo()
    same = labels[pairs.row] == labels[pairs.col]
    weight = np.bincount(pairs.row[same], weights=pairs.data[same], minlength=len(labels))
    strength: Float64 = weight / np.maximum(size[labels] - 1, 1)
    order = np.argsort(labels, kind="stable")
    begin = np.searchsorted(labels[order], np.arange(len(size) + 1))
    also, where, share = _second(matrix, labels, size, chosen, resolution)
    networks = []
    for group in chosen[np.argsort(-quality[chosen], kind="stable")].tolist():
        members = order[begin[group] : begin[group + 1]]
        low, high = np.searchsorted(where, [group, group + 1])
        networks.append(
            Network(
                members=members,
                strength=strength[members],
                agreed=float(shares[group] / (size[group] * (size[group] - 1) / 2)),
                inside=float(inside[group]),
                quality=float(quality[group]),
                overlapping=also[low:high],
                share=share[low:high],
            )
        )
    label = np.full(len(labels), -1, dtype=np.int64)
    for number, network in enumerate(networks):
        label[network.members] = number
    return PeerNetworks(tuple(networks), label)


def _second(
    matrix: sparse.csr_array, labels: Int64, size: Int64, chosen: Int64, resolution: float
) -> tuple[Int64, Int64, Float64]:
    """(row, group, share of the row's ties) of everybody whose joining another group would raise its quality."""
    groups = len(size)
    listed = np.zeros(groups, dtype=np.bool_)
    listed[chosen] = True
    ties = matrix.tocoo()
    kept = listed[labels[ties.col]] & (labels[ties.row] != labels[ties.col])
    key = labels[ties.col[kept]] * len(labels) + ties.row[kept]
    unique, inverse = np.unique(key, return_inverse=True)
    weight = np.bincount(inverse, weights=ties.data[kept], minlength=len(unique))
    group, row = unique // len(labels), unique % len(labels)
    enough = weight > resolution * size[group]
    whole = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    return row[enough], group[enough], weight[enough] / whole[row[enough]]
