"""The inner loops of the projection, compiled by numba.

Pairs are counted row by row into one array; two layers of bits remember which rows were met, so that they come out in
order without sorting. Tails are worked out once for each pair of degrees that occurs, when it first occurs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that can hold the cache
        return numba.njit(nogil=True)(function)


def _positions() -> Any:
    """Place of the lowest bit set, by the top six bits of (that bit times the constant)."""
    table = np.zeros(64, dtype=np.int64)
    for bit in range(64):
        table[((1 << bit) * 0x03F79D71B4CB0A89 % 2**64) >> 58] = bit
    return table


_POSITION = _positions()
_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)


@_compiled
def _lowest(bits):  # type: ignore[no-untyped-def]
    return _POSITION[np.int64(((bits & (~bits + np.uint64(1))) * _SEQUENCE) >> np.uint64(58))]


@_compiled
def transposed(start, member, columns):  # type: ignore[no-untyped-def]
    """(start, row) by column of a matrix given as (start, column) by row; rows of a column ascend."""
    column_start = np.zeros(columns + 1, dtype=np.int64)
    for at in range(len(member)):
        column_start[member[at] + 1] += 1
    for column in range(columns):
        column_start[column + 1] += column_start[column]
    filled = column_start[:-1].copy()
    row_of = np.empty(len(member), dtype=np.int32)
    for row in range(len(start) - 1):
        for at in range(start[row], start[row + 1]):
            column = member[at]
            row_of[filled[column]] = row
            filled[column] += 1
    return column_start, row_of


@_compiled
def bound(column_start):  # type: ignore[no-untyped-def]
    """At most so many pairs share a column."""
    pairs = 0
    for column in range(len(column_start) - 1):
        size = column_start[column + 1] - column_start[column]
        pairs += size * (size - 1) // 2
    return pairs


@_compiled
def pair_counts(start, member, column_start, row_of, most):  # type: ignore[no-untyped-def]
    """(row, other, shared columns) of every pair with row < other that shares a column, by row, then other.

    ``most``: room to begin with; grown when it does not do.
    """
    rows = len(start) - 1
    row_out = np.empty(most, dtype=np.int32)
    other_out = np.empty(most, dtype=np.int32)
    shared_out = np.empty(most, dtype=np.int32)
    count = np.zeros(rows, dtype=np.int32)
    words = (rows + 63) // 64
    low = np.zeros(words, dtype=np.uint64)
    high = np.zeros((words + 63) // 64, dtype=np.uint64)
    reached = filled = 0
    place = column_start[:-1].copy()
    one = np.uint64(1)
    for row in range(rows):
        first, last = len(high), -1
        for at in range(start[row], start[row + 1]):
            column = member[at]
            # rows up to this one are behind for good: rows are visited in order
            place[column] += 1
            for inner in range(place[column], column_start[column + 1]):
                other = row_of[inner]
                if count[other] == 0:
                    word = other >> 6
                    low[word] |= one << np.uint64(other & 63)
                    top = word >> 6
                    high[top] |= one << np.uint64(word & 63)
                    first, last = min(first, top), max(last, top)
                    reached += 1
                count[other] += 1
        if reached > len(row_out):
            room = max(reached + rows, 2 * len(row_out))
            row_out, old_row = np.empty(room, dtype=np.int32), row_out
            other_out, old_other = np.empty(room, dtype=np.int32), other_out
            shared_out, old_shared = np.empty(room, dtype=np.int32), shared_out
            row_out[:filled] = old_row[:filled]
            other_out[:filled] = old_other[:filled]
            shared_out[:filled] = old_shared[:filled]
        for top in range(first, last + 1):
            upper = high[top]
            high[top] = np.uint64(0)
            while upper:
                word = top * 64 + _lowest(upper)
                upper &= upper - one
                bits = low[word]
                low[word] = np.uint64(0)
                while bits:
                    other = word * 64 + _lowest(bits)
                    bits &= bits - one
                    row_out[filled] = row
                    other_out[filled] = other
                    shared_out[filled] = count[other]
                    count[other] = 0
                    filled += 1
    return row_out[:filled], other_out[:filled], shared_out[:filled]


@_compiled
def _hypergeometric(contexts, one, two, upper):  # type: ignore[no-untyped-def]
    """Fill ``upper[x]`` with P(X >= x), X the contexts of ``one`` among ``two`` of all; from the small end."""
    most = min(one, two)
    least = max(0, one + two - contexts)
    total = (
        math.lgamma(one + 1.0)
        + math.lgamma(contexts - one + 1.0)
        + math.lgamma(two + 1.0)
        + math.lgamma(contexts - two + 1.0)
        - math.lgamma(contexts + 1.0)
    )
    mode = min(max(((one + 1) * (two + 1)) // (contexts + 2), least), most)
    top = math.exp(
        total
        - math.lgamma(mode + 1.0)
        - math.lgamma(one - mode + 1.0)
        - math.lgamma(two - mode + 1.0)
        - math.lgamma(contexts - one - two + mode + 1.0)
    )
    upper[mode] = top
    for x in range(mode, most):
        upper[x + 1] = upper[x] * ((one - x) * (two - x)) / ((x + 1.0) * (contexts - one - two + x + 1.0))
    for x in range(mode, least, -1):
        upper[x - 1] = upper[x] * (x * (contexts - one - two + x + 0.0)) / ((one - x + 1.0) * (two - x + 1.0))
    for x in range(least):
        upper[x] = 0.0
    # the terms above add up to one; what they miss of it by rounding is given back
    whole = 0.0
    for x in range(most, least - 1, -1):
        whole += upper[x]
    tail = 0.0
    for x in range(most, -1, -1):
        tail += upper[x] / whole
        upper[x] = min(tail, 1.0)


@_compiled
def hypergeometric_tails(contexts, degree, row, other, shared):  # type: ignore[no-untyped-def]
    """(expected, P(X >= shared), -log10 of it) for every pair; tails are worked out once for each pair of degrees."""
    classes, of_row = class_numbers(degree)
    many = len(classes)
    where = np.full(many * many, -1, dtype=np.int64)
    tails = np.empty(1024, dtype=np.float64)
    logs = np.empty(1024, dtype=np.float64)
    used = 0
    expected = np.empty(len(row), dtype=np.float64)
    p_value = np.empty(len(row), dtype=np.float64)
    surprise = np.empty(len(row), dtype=np.float64)
    for at in range(len(row)):
        one, two = of_row[row[at]], of_row[other[at]]
        expected[at] = classes[one] * classes[two] / contexts
        low, up = min(one, two), max(one, two)
        begin = where[low * many + up]
        if begin < 0:
            begin = used
            room = classes[low] + 1
            used += room
            if used > len(tails):
                tails, before = np.empty(2 * used, dtype=np.float64), tails
                tails[:begin] = before[:begin]
                logs, before = np.empty(2 * used, dtype=np.float64), logs
                logs[:begin] = before[:begin]
            _hypergeometric(contexts, classes[low], classes[up], tails[begin:used])
            for x in range(begin, used):
                tails[x] = max(tails[x], 1e-300)
                logs[x] = 0.0 if tails[x] >= 1.0 else -math.log10(tails[x])
            where[low * many + up] = begin
        p_value[at] = tails[begin + shared[at]]
        surprise[at] = logs[begin + shared[at]]
    return expected, p_value, surprise


@_compiled
def class_numbers(degree):  # type: ignore[no-untyped-def]
    """(distinct values ascending, number of each entry's value among them)."""
    most = 0
    for value in degree:
        most = max(most, value)
    number = np.full(most + 1, -1, dtype=np.int64)
    for value in degree:
        number[value] = 0
    many = 0
    for value in range(most + 1):
        if number[value] == 0:
            number[value] = many
            many += 1
    classes = np.empty(many, dtype=np.int64)
    for value in range(most + 1):
        if number[value] >= 0:
            classes[number[value]] = value
    of = np.empty(len(degree), dtype=np.int64)
    for at in range(len(degree)):
        of[at] = number[degree[at]]
    return classes, of
