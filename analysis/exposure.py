"""Typed exposure: how much evidence links a person with people at risk, as a sum of paths.

The chance that harm reaches i along one path is p = product of its ties' weights times the strength of its source;
paths are taken as independent, so E_i = sum of -log(1 - p): additive, and every part can be named. Two steps at most:
i - v - j, with each step beyond the first worth ``step`` of a direct one. A person v with more than ``hub_limit``
ordinary ties does not carry a second step. Sources of one household count once, through the path that adds most.
Nobody is exposed to themselves or, at second hand, to their own household.

It only ever adds: a further tie to a source, a better grade or a fresher date never lowers a score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graph.errors import UsageError
from graph.snapshot import Bool, Float64, Int64

#: no path is certain
CAP = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """Evidence that links people directly."""

    #: n by n, 0 to 1; entry (i, j) is how far i is exposed to j
    weights: Any
    #: whether these ties also carry a second step
    two_steps: bool = False
    #: number of ordinary people each is tied to, by person, when ``weights`` leaves out ties that no path needs
    ordinary: npt.ArrayLike | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Evidence that links people through something both are tied to: a phone, a vehicle, an event."""

    #: n by m, 0 to 1; people by things
    membership: Any
    #: things with more members who are not sources say nothing
    largest: int = 20


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Evidence by being where people at risk are, beyond what the size of the place brings."""

    #: n by m, 0 to 1; people by contexts
    membership: Any
    #: chance of being a source, by person
    base_rate: npt.ArrayLike
    #: weight of the base rate against what is seen, in people
    prior_weight: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Contributions of one family, by target, then through."""

    #: row of the person exposed
    target: Int64
    #: row of the neighbour, or column of the thing or context, through which
    through: Int64
    value: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Scores and what they consist of."""

    #: one entry a person; the sum of all contributions of that person
    score: Float64
    #: parts by family
    contributions: Mapping[str, Parts]


def exposure(
    families: Mapping[str, Ties | Shared | Context | Any],
    sources: npt.ArrayLike,
    *,
    households: npt.ArrayLike | None = None,
    targets: npt.ArrayLike | None = None,
    step: float = 0.43,
    hub_limit: int = 60,
) -> Exposure:
    """Exposure of every person (of ``targets`` when given as True and False by row) to the sources.

    ``families`` are Ties, Shared or Context by name; a bare sparse n-by-n matrix is Ties of one step. ``sources`` has
    one strength (0 to 1) a person, 0 for who is none; ``households`` one label a person. Raises UsageError for weights
    or strengths outside 0 to 1 or sizes that do not fit.
    """
    strength = np.asarray(sources, dtype=np.float64)
    count = len(strength)
    home = np.arange(count) if households is None else np.asarray(households).astype(np.int64)
    chosen = np.ones(count, dtype=np.bool_) if targets is None else np.asarray(targets, dtype=np.bool_)
    if strength.ndim != 1 or len(home) != count or len(chosen) != count:
        raise UsageError("sources, households and targets need one entry a person")
    if count and not (strength.min() >= 0 and strength.max() <= 1):
        raise UsageError("the strength of a source is 0 to 1")
    contributions: dict[str, Parts] = {}
    for name, family in families.items():
        if isinstance(family, Shared):
            parts = _shared(family, strength, home, chosen)
        elif isinstance(family, Context):
            parts = _context(family, strength, home, chosen)
        else:
            ties = family if isinstance(family, Ties) else Ties(family)
            parts = _ties(ties, strength, home, chosen, step, hub_limit)
        contributions[name] = parts
    score = np.zeros(count)
    for parts in contributions.values():
        score += np.bincount(parts.target, weights=parts.value, minlength=count)
    return Exposure(score, contributions)


def _entries(matrix: Any, count: int) -> tuple[Int64, Int64, Float64, int]:
    entries = sparse.coo_array(sparse.csr_array(matrix))
    if entries.shape[0] != count:
        raise UsageError("a family needs one row a person")
    if len(entries.data) and not (entries.data.min() >= 0 and entries.data.max() <= 1):
        raise UsageError("weights are 0 to 1")
    kept = entries.data > 0
    value = np.minimum(entries.data[kept], CAP)
    return entries.row[kept].astype(np.int64), entries.col[kept].astype(np.int64), value, int(entries.shape[1])


def _evidence(probability: Float64) -> Float64:
    return -np.log1p(-np.minimum(probability, CAP))


def _largest(group: tuple[Int64, ...], value: Float64, row: Int64) -> Int64:
    """Positions of the largest value in each group; ties by row. Sorted by group."""
    order = np.lexsort((row, -value, *group[::-1]))
    if not len(order):
        return order
    new = np.zeros(len(order), dtype=np.bool_)
    new[0] = True
    for key in group:
        new[1:] |= key[order][1:] != key[order][:-1]
    return order[new]


class _Reach:
    """Evidence that reaches each carrier (a person or a thing), by the household it comes from."""

    def __init__(self, carrier: Int64, home: Int64, value: Float64, row: Int64, carriers: int, homes: int) -> None:
        best = _largest((carrier, home), value, row)
        self._homes = homes
        self._key = carrier[best] * homes + home[best]
        self._value = value[best]
        self.total: Float64 = np.bincount(carrier[best], weights=self._value, minlength=carriers).astype(np.float64)

    def without(self, carrier: Int64, home: Int64) -> Float64:
        """Total at each carrier without what comes from that household; never below 0."""
        if not len(self._key):
            return np.zeros(len(carrier))
        key = carrier * self._homes + home
        at = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
        own = np.where(self._key[at] == key, self._value[at], 0.0)
        return np.maximum(self.total[carrier] - own, 0.0)


def _ties(family: Ties, strength: Float64, home: Int64, chosen: Bool, step: float, hub_limit: int) -> Parts:
    count = len(strength)
    row, other, weight, columns = _entries(family.weights, count)
    if columns != count:
        raise UsageError("ties between people need as many columns as rows")
    apart = row != other
    row, other, weight = row[apart], other[apart], weight[apart]
    value = _evidence(weight * strength[other])
    if family.two_steps:
        known = strength[other] > 0
        homes = int(home.max(initial=0)) + 1
        reach = _Reach(row[known], home[other[known]], value[known], other[known], count, homes)
        # who is not a source makes a hub: a further source never cuts a path
        ordinary = np.bincount(row[~known], minlength=count) if family.ordinary is None else np.asarray(family.ordinary)
        carries = (ordinary[other] <= hub_limit) & (reach.total[other] > 0) & chosen[row]
        at = np.flatnonzero(carries)
        second = -np.expm1(-reach.without(other[at], home[row[at]]))
        value[at] += _evidence(weight[at] * step * second)
    kept = (value > 0) & chosen[row]
    row, other, value = row[kept], other[kept], value[kept]
    best = _largest((row, home[other]), value, other)
    row, other, value = row[best], other[best], value[best]
    order = np.lexsort((other, row))
    return Parts(row[order], other[order], value[order])


def _shared(family: Shared, strength: Float64, home: Int64, chosen: Bool) -> Parts:
    person, thing, weight, things = _entries(family.membership, len(strength))
    known = strength[person] > 0
    homes = int(home.max(initial=0)) + 1
    value = _evidence(weight * strength[person])
    reach = _Reach(thing[known], home[person[known]], value[known], person[known], things, homes)
    ordinary = np.bincount(thing[~known], minlength=things)
    at = np.flatnonzero((ordinary[thing] <= family.largest) & (reach.total[thing] > 0) & chosen[person])
    second = -np.expm1(-reach.without(thing[at], home[person[at]]))
    value = _evidence(weight[at] * second)
    kept = value > 0
    person, thing, value = person[at][kept], thing[at][kept], value[kept]
    order = np.lexsort((thing, person))
    return Parts(person[order], thing[order], value[order])


def _context(family: Context, strength: Float64, home: Int64, chosen: Bool) -> Parts:
    """Weight times the excess of risky households over the base rate, leaving out the person's own household.

    The excess is (seen - expected) / (people + prior weight), never below 0: shrinking pulls small contexts to none.
    """
    person, context, weight, contexts = _entries(family.membership, len(strength))
    rate = np.broadcast_to(np.asarray(family.base_rate, dtype=np.float64), strength.shape)
    known = strength[person] > 0
    homes = int(home.max(initial=0)) + 1
    risky = _Reach(context[known], home[person[known]], strength[person[known]], person[known], contexts, homes)
    others = ~known
    ordinary = _Reach(
        context[others], home[person[others]], np.ones(int(others.sum())), person[others], contexts, homes
    )
    at = np.flatnonzero((risky.total[context] > 0) & chosen[person])
    own = home[person[at]]
    seen = risky.without(context[at], own)
    # a source counts with its strength on both sides: one more never lowers the share
    of = seen + ordinary.without(context[at], own)
    excess = np.maximum(seen - rate[person[at]] * of, 0.0) / (of + family.prior_weight)
    value = _evidence(weight[at] * np.minimum(excess, 1.0))
    kept = value > 0
    person, context, value = person[at][kept], context[at][kept], value[kept]
    order = np.lexsort((context, person))
    return Parts(person[order], context[order], value[order])
