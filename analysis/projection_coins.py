"""Exact tails of sums of unequal coins (Poisson-binomial), compiled by numba.

The terms are coefficients of the product of (1 + r z)^n over classes of n coins of odds r. Many rare coins are
multiplied at once, by their power sums S(m) = sum of n r^m and Newton's identities,

    x e(x) = S(1) e(x - 1) - S(2) e(x - 2) + S(3) e(x - 3) - ...

The signs alternate, so this is done only where nothing cancels: e(x - 1) <= x e(x) / (S(1) - (x - 1) r) with r the
largest odds, so that with room² r <= S(1) what is added in absolute terms exceeds x e(x) by a factor of at most
1 + 3 / room, and rounding grows by at most e³ over all of them. The other coins are multiplied class by class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

#: logarithm of the largest coefficient, and of one over P(no coin), that is worked with as it is
LARGEST = 600.0
#: share of all below which one minus the other end keeps twelve digits or more
NEARLY_ALL = 0.99
#: what may be missing of a tail, relative to its first term
MISSING = 1e-13


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


@_compiled
def _rare(odds, many, room):  # type: ignore[no-untyped-def]
    """So many classes, from the first, are rare enough together for Newton's identities; odds ascend or not."""
    whole = largest = 0.0
    rare = 0
    for k in range(len(odds)):
        whole += many[k] * odds[k]
        largest = max(largest, odds[k])
        if whole > 0.0 and room * room * largest <= whole:
            rare = k + 1
    return rare


@_compiled
def _by_power_sums(odds, many, room):  # type: ignore[no-untyped-def]
    """Coefficients below ``room`` of the product of (1 + odds z)^many, for odds that ``_rare`` lets pass."""
    power = many * odds
    sums = np.zeros(room + 1)
    sums[1] = power.sum()
    largest = odds.max()
    used, still = 1, 1.0
    for m in range(2, room):
        # a later sum counts for at most so much of the first
        still *= 2.0 * room * largest / sums[1]
        if still < 1e-18:
            break
        power *= odds
        # four sums that need not wait for each other, in an order that does not depend on the machine
        a = b = c = d = 0.0
        for k in range(0, len(power) - 3, 4):
            a += power[k]
            b += power[k + 1]
            c += power[k + 2]
            d += power[k + 3]
        for k in range(len(power) // 4 * 4, len(power)):
            a += power[k]
        total = (a + b) + (c + d)
        sums[m] = total if m % 2 else -total
        used = m
    term = np.zeros(room)
    term[0] = 1.0
    for x in range(1, room):
        value = 0.0
        for m in range(min(x, used), 0, -1):
            value += sums[m] * term[x - m]
        term[x] = value / x
    return term


@_compiled
def _multiplied(term, length, following, part, terms):  # type: ignore[no-untyped-def]
    """``following`` filled with the product of two polynomials, of so many coefficients; how many that has."""
    end = min(len(term), length + terms - 1)
    following[:end] = 0.0
    following[:length] = term[:length]
    for y in range(1, terms):
        reached = min(length, end - y)
        ahead = following[y : y + reached]
        factor = part[y]
        for x in range(reached):
            ahead[x] += factor * term[x]
    return end


@_compiled
def _coefficients(odds, many, room):  # type: ignore[no-untyped-def]
    """Coefficients below ``room`` of the product of (1 + odds z)^many."""
    rare = _rare(odds, many, room)
    if rare:
        term = _by_power_sums(odds[:rare], many[:rare], room)
        length = room
    else:
        term = np.zeros(room)
        term[0] = 1.0
        length = 1
    following = np.zeros(room)
    part = np.empty(room)
    for k in range(rare, len(odds)):
        if odds[k] <= 0.0 or many[k] == 0:
            continue
        terms = min(room, many[k] + 1)
        part[0] = 1.0
        for y in range(1, terms):
            part[y] = part[y - 1] * odds[k] * (many[k] - y + 1.0) / y
        length = _multiplied(term, length, following, part, terms)
        term, following = following, term
    return term


@_compiled
def _sum_of_coins(chance, many, room):  # type: ignore[no-untyped-def]
    """P(X = x) for x below ``room``, X the sum of ``many[k]`` coins of ``chance[k]`` (all below 1): exact.

    For sums so large that the coefficients have to be rescaled as they grow.
    """
    term = np.zeros(room)
    part = np.empty(room)
    term[0] = 1.0
    length = 1
    scale = 0.0
    for k in range(len(chance)):
        if chance[k] <= 0.0 or many[k] == 0:
            continue
        if many[k] == 1:
            length = min(room, length + 1)
            for x in range(length - 1, 0, -1):
                term[x] = term[x] * (1.0 - chance[k]) + term[x - 1] * chance[k]
            term[0] *= 1.0 - chance[k]
            continue
        odds = chance[k] / (1.0 - chance[k])
        terms = min(room, many[k] + 1)
        # largest binomial term first, so that nothing overflows
        mode = min(int((many[k] + 1) * chance[k]), terms - 1)
        part[mode] = 1.0
        for x in range(mode, terms - 1):
            part[x + 1] = part[x] * odds * (many[k] - x) / (x + 1.0)
        for x in range(mode, 0, -1):
            part[x - 1] = part[x] * x / (odds * (many[k] - x + 1.0))
        scale += (
            math.lgamma(many[k] + 1.0)
            - math.lgamma(mode + 1.0)
            - math.lgamma(many[k] - mode + 1.0)
            + mode * math.log(chance[k])
            + (many[k] - mode) * math.log1p(-chance[k])
        )
        end = min(room, length + terms - 1)
        largest = 0.0
        for x in range(end - 1, -1, -1):
            value = 0.0
            for y in range(max(0, x - length + 1), min(x, terms - 1) + 1):
                value += term[x - y] * part[y]
            term[x] = value
            largest = max(largest, value)
        length = end
        if largest > 1e100 or 0.0 < largest < 1e-100:
            for x in range(length):
                term[x] /= largest
            scale += math.log(largest)
    factor = math.exp(scale)
    for x in range(room):
        term[x] *= factor
    return term


@_compiled
def _terms(chance, odds, many, none, room):  # type: ignore[no-untyped-def]
    """P(X = x) for x below ``room``; ``none`` is the logarithm of one over P(X = 0)."""
    if none > LARGEST:
        return _sum_of_coins(chance, many, room)
    return _coefficients(odds, many, room) * math.exp(-none)


@_compiled
def _room(term, last, total):  # type: ignore[no-untyped-def]
    """So many terms show the tail from ``last``, the last of those given.

    By Newton's inequality each is at most x / (x + 1) times as large, beside the one before, as that one was.
    """
    ratio = term[last] / term[last - 1] if term[last - 1] > 0.0 else 1.0
    left, end = 1.0, last
    while end < total and left > MISSING / 10.0 and end < 2 * last + 40:
        end += 1
        left *= ratio * last / end
    return end + 1


@_compiled
def coin_tail(chance, many, most):  # type: ignore[no-untyped-def]
    """P(X >= x) for x = 0..most, X the sum of ``many[k]`` coins of ``chance[k]`` (Poisson-binomial): exact.

    Where the tail is small it is summed from its small end, elsewhere the other end is taken from 1: neither cancels.
    """
    sure = total = 0
    mean = none = 0.0
    single = 1.0
    kept = chance.copy()
    odds = np.zeros(len(chance))
    for k in range(len(chance)):
        if chance[k] >= 1.0:
            sure += many[k]
            kept[k] = 0.0
        elif chance[k] > 0.0:
            total += many[k]
            mean += many[k] * chance[k]
            odds[k] = chance[k] / (1.0 - chance[k])
            if many[k] > 1:
                none -= many[k] * math.log1p(-chance[k])
            elif many[k] == 1:
                single *= 1.0 - chance[k]
                if single < 1e-200:
                    none -= math.log(single)
                    single = 1.0
    none -= math.log(single)
    tail = np.ones(most + 1)
    last = most - sure
    if last <= 0:
        return tail
    room = min(total, last) + 1
    term = _terms(kept, odds, many, none, room)
    if last < total and last > mean and term[:last].sum() > NEARLY_ALL:
        room = _room(term, last, total)
        while True:
            term = _terms(kept, odds, many, none, room)
            end = room - 1
            # beyond the mode terms fall at least geometrically; what is cut off must not show in the last tail
            ratio = term[end] / term[end - 1] if term[end - 1] > 0.0 else 0.0
            if end >= total or (ratio < 1.0 and term[end] * ratio / (1.0 - ratio) <= MISSING * term[last]):
                break
            room = min(total, 2 * room) + 1
    below = 0.0
    summed = min(last, total) + 1
    for x in range(min(last, total) + 1):
        if x > mean and below > NEARLY_ALL:
            summed = x
            break
        tail[sure + x] = max(1.0 - below, 0.0)
        below += term[x]
    upper = 0.0
    for x in range(room - 1, summed - 1, -1):
        upper += term[x]
        if x <= last:
            tail[sure + x] = min(upper, 1.0)
    for x in range(total + 1, last + 1):
        tail[sure + x] = 0.0
    return tail


@_compiled
def _most_shared(classes, of, row, other, shared):  # type: ignore[no-untyped-def]
    """Largest number of shared columns by pair of classes, in both orders; -1 where no pair is of them."""
    most = np.full((classes, classes), -1, dtype=np.int32)
    for at in range(np.uint64(len(row))):
        one, two = of[np.uint32(row[at])], of[np.uint32(other[at])]
        if shared[at] > most[one, two]:
            most[one, two] = shared[at]
    for one in range(classes):
        for two in range(one):
            most[one, two] = most[two, one] = max(most[one, two], most[two, one])
    return most


@_compiled
def coin_tails(chance, many, degree_class, row, other, shared):  # type: ignore[no-untyped-def]
    """(expected, P(X >= shared), -log10 of it) for every pair; ``chance[i, k]``: rows of class i in columns of class k.

    Worked out once for each pair of classes, for the largest number of shared columns that occurs.
    """
    classes = len(chance)
    # numbers without a sign: numba then need not ask at each place whether it counts from the end
    of = degree_class.astype(np.uint32)
    most = _most_shared(classes, of, row, other, shared)
    where = np.zeros((classes, classes), dtype=np.uint32)
    mean = np.zeros((classes, classes))
    used = 0
    for one in range(classes):
        for two in range(one, classes):
            if most[one, two] >= 0:
                where[one, two] = where[two, one] = used
                used += most[one, two] + 1
    # a p-value and its logarithm side by side
    found = np.empty((used, 2))
    for one in range(classes):
        for two in range(one, classes):
            if most[one, two] >= 0:
                both = chance[one] * chance[two]
                mean[one, two] = mean[two, one] = (both * many).sum()
                tail = coin_tail(both, many, most[one, two])
                for x in range(most[one, two] + 1):
                    at = where[one, two] + np.uint32(x)
                    found[at, 0] = max(tail[x], 1e-300)
                    found[at, 1] = 0.0 if tail[x] >= 1.0 else -math.log10(found[at, 0])
    expected = np.empty(len(row))
    p_value = np.empty(len(row))
    surprise = np.empty(len(row))
    for place in range(np.uint64(len(row))):
        one, two = of[np.uint32(row[place])], of[np.uint32(other[place])]
        expected[place] = mean[one, two]
        at = where[one, two] + np.uint32(shared[place])
        p_value[place] = found[at, 0]
        surprise[place] = found[at, 1]
    return expected, p_value, surprise
