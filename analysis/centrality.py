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
    keys = np.concatenate([row * count + column, column * count + row])
    value: Float64 | None = None
    if not (distance or strength):
        keys = np.unique(keys)
    else:
        keys, where = np.unique(keys, return_inverse=True)
        both = np.concatenate([values, values])
        if strength:
            value = np.bincount(where, weights=both, minlength=len(keys)).astype(np.float64)
        else:
            value = np.full(len(keys), np.inf)
            np.minimum.at(value, where, both)
    start = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys // max(count, 1), minlength=count), out=start[1:])
    return SimpleGraph(start, (keys % max(count, 1)).astype(np.int32), value)


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
    lanes = [np.zeros(count) for _ in range(_LANES)]

    def work(lane: int, part: Int32) -> None:
        if graph.value is None:
            kernels.add_dependencies(graph.start, graph.other, part, lanes[lane])
        else:
            kernels.add_dependencies_by_length(graph.start, graph.other, graph.value, part, lanes[lane])

    batch = max(1, _AT_ONCE // max(1, count + len(graph.other)))
    _shared(work, sources, batch, progress)
    total = lanes[0] + lanes[1] + lanes[2] + lanes[3]
    # every pair was walked from both ends
    total *= 0.5 * count / max(len(sources), 1)
    if normalised:
        total /= max((count - 1) * (count - 2) / 2.0, 1.0)
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


def _shared(work: Callable[[int, Int32], None], items: Int32, batch: int, progress: Progress) -> None:
    """Hand out batches to the lanes; which lane gets which batch does not depend on the number of cores."""
    rounds = range(0, len(items), batch * _LANES)
    with ThreadPoolExecutor(max(1, min(_LANES, os.cpu_count() or 1))) as pool:
        for begin in rounds:
            cuts = [begin + batch * lane for lane in range(_LANES + 1)]
            parts = [(lane, items[cuts[lane] : cuts[lane + 1]]) for lane in range(_LANES)]
            running = [pool.submit(work, lane, part) for lane, part in parts if len(part)]
            for each in running:
                each.result()
            progress(min(1.0, cuts[-1] / len(items)), "following shortest paths")


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

    def work(_: int, part: Int32) -> None:
        kernels.structural_holes(graph.start, graph.other, share, total, most, part[0], part[-1] + 1, held, size)

    _shared(work, np.arange(count, dtype=np.int32), max(1, count // 64), progress)
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
