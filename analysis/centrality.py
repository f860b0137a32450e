"""Who lies between others: betweenness, Burt's constraint and effective size, cut vertices, participation.

All take a sparse matrix (n, n) of ties and see an undirected simple graph: a tie is there when either direction is, a
pair counts once however many ties it has, loops are left out. **Values of the matrix are not used unless asked for**:
taken as lengths by accident, strong ties would be long ones (igraph takes an attribute called "weight" so). Betweenness
takes them as distances with ``distance=True``, constraint and effective size as strengths with ``strength=True``.

Sources: L. C. Freeman, A set of measures of centrality based on betweenness, Sociometry 40 (1977); U. Brandes, A faster
algorithm for betweenness centrality, Journal of Mathematical Sociology 25 (2001); U. Brandes and C. Pich, Centrality
estimation in large networks, International Journal of Bifurcation and Chaos 17 (2007), random pivots; R. S. Burt,
Structural Holes, Harvard 1992; S. P. Borgatti, Structural holes: unpacking Burt's redundancy measures, Connections 20
(1997); R. Guimerà and L. A. N. Amaral, Functional cartography of complex metabolic networks, Nature 433 (2005).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis import centrality_kernels as kernels
from analysis.spec import Progress, quiet
from graph.errors import UsageError
from graph.snapshot import Float64, Int32, Int64

#: sums are kept in so many parts and added in order, so that the answer does not depend on the number of cores
_LANES = 4
#: ties looked at between two reports of progress, by each lane: a fifth of a second or so
_AT_ONCE = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class SimpleGraph:
    """An undirected graph without loops and parallel ties, as compressed rows with sorted columns."""

    #: others of node i are other[start[i]:start[i + 1]]
    start: Int64
    other: Int32
    #: length or strength by entry; None where ties are all alike
    value: Float64 | None

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def degree(self) -> Int64:
        """Number of others each node has ties with."""
        return np.diff(self.start)


def simple_graph(ties: Any, *, distance: bool = False, strength: bool = False) -> SimpleGraph:
    """The undirected simple graph of a sparse matrix; explicit zeros are no ties.

    ``distance``: values are lengths, and the shortest of parallel ties counts. ``strength``: values are strengths, and
    parallel ties add up, as do the two directions. Raises UsageError for what is not a square matrix, or for a value
    used that is not above 0 and finite.
    """
    matrix = sparse.coo_array(ties)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise UsageError("the ties are not a square matrix")
    if distance and strength:
        raise UsageError("values are distances or strengths, not both")
    count = matrix.shape[0]
    values = np.asarray(matrix.data, dtype=np.float64)
    kept = (matrix.row != matrix.col) & ((values != 0) | distance)
    row, column, values = matrix.row[kept].astype(np.int64), matrix.col[kept].astype(np.int64), values[kept]
    if (distance or strength) and not (np.isfinite(values) & (values > 0)).all():
        raise UsageError("lengths and strengths of ties are above 0")
    if distance:
        return _with_lengths(count, row, column, values)
    # as yes and no, so that parallel ties do not add up
    entries = values if strength else np.ones(len(row), dtype=np.bool_)
    one_way = sparse.coo_array((entries, (row, column)), shape=(count, count)).tocsr()
    both = (one_way + one_way.T).tocsr()
    both.sort_indices()
    value = both.data.astype(np.float64) if strength else None
    return SimpleGraph(both.indptr.astype(np.int64), both.indices.astype(np.int32), value)


def _with_lengths(count: int, row: Int64, column: Int64, lengths: Float64) -> SimpleGraph:
    keys = np.concatenate([row * count + column, column * count + row])
    keys, where = np.unique(keys, return_inverse=True)
    shortest = np.full(len(keys), np.inf)
    np.minimum.at(shortest, where, np.concatenate([lengths, lengths]))
    start = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys // max(count, 1), minlength=count), out=start[1:])
    return SimpleGraph(start, (keys % max(count, 1)).astype(np.int32), shortest)


def betweenness(
    ties: Any,
    *,
    pivots: int | npt.ArrayLike | None = None,
    rng: np.random.Generator | None = None,
    normalised: bool = True,
    distance: bool = False,
    progress: Progress = quiet,
) -> Float64:
    """Share of shortest paths between other nodes that lead through each node, one number a node.

    Exact without ``pivots``. With a number of pivots: estimated from the shortest paths that start at as many nodes
    drawn without replacement by ``rng``, scaled by n / pivots (unbiased; exact when all are drawn). ``pivots`` may
    also be the node numbers themselves. ``normalised``: divided by the number of pairs of others, (n - 1)(n - 2) / 2;
    else in pairs. ``distance``: values of the matrix are lengths of ties. Raises UsageError for pivots that do not fit.
    """
    graph = ties if isinstance(ties, SimpleGraph) else simple_graph(ties, distance=distance)
    count = len(graph)
    sources = _sources(count, pivots, rng)
    total = _by_steps(graph, sources, progress) if graph.value is None else _by_length(graph, sources, progress)
    # every pair was walked from both ends
    total *= 0.5 * count / max(len(sources), 1)
    if normalised:
        total /= max((count - 1) * (count - 2) / 2.0, 1.0)
    return total


def _by_length(graph: SimpleGraph, sources: Int32, progress: Progress) -> Float64:
    lanes = [np.zeros(len(graph)) for _ in range(_LANES)]

    def work(lane: int, first: int, last: int) -> None:
        kernels.add_dependencies_by_length(graph.start, graph.other, graph.value, sources[first:last], lanes[lane])

    _shared(work, len(sources), _AT_ONCE // max(1, len(graph) + len(graph.other)), progress)
    return lanes[0] + lanes[1] + lanes[2] + lanes[3]


def _by_steps(graph: SimpleGraph, sources: Int32, progress: Progress) -> Float64:
    """Dependencies of the sources on every node: trees that hang on the rest are counted, the rest is walked.

    What hangs on a node by single ties is reached through it and in one way only (after Baglioni and others, Fast exact
    computation of betweenness centrality, ASONAM 2012), so only the core is walked, once for all sources that hang on
    one node; each core node counts for all that hangs on it.
    """
    count = len(graph)
    parent, order = kernels.fold(graph.start, graph.other)
    matrix = sparse.csr_array(
        (np.ones(len(graph.other), dtype=np.int8), graph.other, graph.start), shape=(count, count)
    )
    _, part = sparse.csgraph.connected_components(matrix, directed=False)
    drawn = np.bincount(sources, minlength=count).astype(np.float64)
    total, size, inside = np.zeros(count), np.ones(count), drawn.copy()
    kernels.hang(parent, order, np.bincount(part, weights=drawn)[part], np.bincount(part)[part].astype(np.float64),
                 size, inside, total)  # fmt: skip
    core = kernels.breadth_first(graph.start, graph.other, parent < 0)
    number = np.full(count, -1, dtype=np.int32)
    number[core] = np.arange(len(core), dtype=np.int32)
    start, other = kernels.core_of(graph.start, graph.other, core, number)
    weight, many = size[core], inside[core]
    roots = np.flatnonzero((many > 0) & (np.diff(start) > 0)).astype(np.int32)
    lanes = [np.zeros(len(core)) for _ in range(_LANES)]

    def work(lane: int, first: int, last: int) -> None:
        chosen = roots[first:last]
        kernels.add_dependencies(start, other, weight, chosen, many[chosen], lanes[lane])

    _shared(work, len(roots), _AT_ONCE // max(1, len(core) + len(other)), progress)
    total[core] += lanes[0] + lanes[1] + lanes[2] + lanes[3]
    return total


def _sources(count: int, pivots: int | npt.ArrayLike | None, rng: np.random.Generator | None) -> Int32:
    if pivots is None:
        return np.arange(count, dtype=np.int32)
    given = np.asarray(pivots)
    if given.ndim == 0:
        if rng is None:
            raise UsageError("drawing pivots needs a random generator")
        if not 1 <= int(given) <= max(count, 1):
            raise UsageError("there are between one and as many pivots as nodes")
        return rng.permutation(count)[: int(given)].astype(np.int32)
    if len(np.unique(given)) != len(given) or (given.size and (given.min() < 0 or given.max() >= count)):
        raise UsageError("pivots are different node numbers")
    return given.astype(np.int32)


def _shared(work: Callable[[int, int, int], None], items: int, batch: int, progress: Progress) -> None:
    """Hand out batches of items to the lanes; which lane gets which batch does not depend on the number of cores."""
    batch = max(1, batch)
    with ThreadPoolExecutor(max(1, min(_LANES, os.cpu_count() or 1))) as pool:
        for begin in range(0, items, batch * _LANES):
            cuts = [min(items, begin + batch * lane) for lane in range(_LANES + 1)]
            running = [pool.submit(work, lane, cuts[lane], cuts[lane + 1]) for lane in range(_LANES)]
            for each in running:
                each.result()
            progress(cuts[-1] / items, "looking at who lies between others")


def constraint(ties: Any, *, strength: bool = False, progress: Progress = quiet) -> Float64:
    """Burt's constraint: how far a node's contacts lead back to one another; low for who joins separate people.

    Sum over contacts j of (p_ij + sum over q of p_iq p_qj) squared, p_ij the share of i's strength spent on j; above 1
    in small closed circles. Not a number for nodes without ties.
    """
    return structural_holes(ties, strength=strength, progress=progress)[0]


def effective_size(ties: Any, *, strength: bool = False, progress: Progress = quiet) -> Float64:
    """Burt's effective size: contacts less their redundancy, n - 2t / n for n contacts with t ties among them.

    Not a number for nodes without ties.
    """
    return structural_holes(ties, strength=strength, progress=progress)[1]


def structural_holes(ties: Any, *, strength: bool = False, progress: Progress = quiet) -> tuple[Float64, Float64]:
    """Constraint and effective size at once."""
    graph = ties if isinstance(ties, SimpleGraph) else simple_graph(ties, strength=strength)
    count = len(graph)
    value = np.ones(len(graph.other)) if graph.value is None else graph.value
    owner = np.repeat(np.arange(count), graph.degree)
    total = np.bincount(owner, weights=value, minlength=count)
    share = value / total[owner]
    most = np.zeros(count)
    np.maximum.at(most, owner, share)
    held, size = np.empty(count), np.empty(count)

    def work(_: int, first: int, last: int) -> None:
        kernels.structural_holes(graph.start, graph.other, share, total, most, first, last, held, size)

    _shared(work, count, count // 64 + 1, progress)
    return held, size


def cut_off(ties: Any) -> Int64:
    """How many nodes lose touch with the rest of their part when a node is taken away; 0: not a cut vertex.

    The rest is what is left of the part, largest piece first: everybody else is cut off.
    """
    graph = ties if isinstance(ties, SimpleGraph) else simple_graph(ties)
    apart: Int64 = kernels.cut_nodes(graph.start, graph.other)
    return apart


def participation(ties: Any, community: npt.ArrayLike) -> Float64:
    """How evenly a node's ties are spread over communities: 1 - sum of squared shares; 0 for one community or no ties.

    ``community``: label of each node, from 0; -1 belongs to none and does not count.
    """
    graph = ties if isinstance(ties, SimpleGraph) else simple_graph(ties)
    count = len(graph)
    labels = np.asarray(community, dtype=np.int64)
    if labels.shape != (count,):
        raise UsageError("there is one community a node")
    owner = np.repeat(np.arange(count, dtype=np.int64), graph.degree)
    theirs = labels[graph.other]
    owner, theirs = owner[theirs >= 0], theirs[theirs >= 0]
    span = int(labels.max(initial=0)) + 1
    keys, many = np.unique(owner * span + theirs, return_counts=True)
    total = np.bincount(owner, minlength=count)
    squares = np.bincount(keys // span, weights=many.astype(np.float64) ** 2, minlength=count)
    return np.where(total > 0, 1.0 - squares / np.maximum(total, 1) ** 2, 0.0)
