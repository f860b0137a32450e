"""Circular windows of the scan: the places around each place, nearest first, up to a share of the people at risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graph.snapshot import Bool, Float64, Int64

#: mean radius of the earth in metres (International Union of Geodesy and Geophysics)
EARTH = 6_371_008.8
#: distances that differ by less than this share are one distance: rounding must not decide who is inside a circle
SAME = 1e-9
_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """Circles around each place: circle k of place i holds the first so many members of i."""

    #: members of place i are ``member[start[i]:start[i + 1]]``, nearest first, itself among the first
    start: Int64
    member: Int64
    #: a circle ends after this member: no other place is as far away
    closes: Bool


def distances(xy: Float64, rows: Int64, metric: str) -> Float64:
    """Distances of some places to all, in the unit of ``xy`` or, for degrees (longitude, latitude), in metres."""
    if metric == "euclidean":
        across, along = xy[rows, None, 0] - xy[None, :, 0], xy[rows, None, 1] - xy[None, :, 1]
        apart: Float64 = np.sqrt(across * across + along * along)
        return apart
    if metric != "haversine":
        raise ValueError("metric is euclidean or haversine")
    longitude, latitude = np.radians(xy[:, 0]), np.radians(xy[:, 1])
    east = np.sin((longitude[rows, None] - longitude[None, :]) / 2)
    north = np.sin((latitude[rows, None] - latitude[None, :]) / 2)
    half = north**2 + np.cos(latitude[rows, None]) * np.cos(latitude[None, :]) * east**2
    result: Float64 = 2 * EARTH * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return result


def zones(xy: Float64, at_risk: Float64, max_fraction: float, metric: str) -> Zones:
    """Circles that hold at most ``max_fraction`` of ``at_risk`` (one figure a place).

    Places at one distance enter together; a circle whose last ring would pass the limit is not made.
    """
    count = len(xy)
    limit = max_fraction * float(at_risk.sum()) * (1 + 1e-12)
    members: list[Int64] = []
    closing: list[Bool] = []
    sizes = np.zeros(count, dtype=np.int64)
    step = max(1, _AT_ONCE // max(count, 1))
    for first in range(0, count, step):
        rows = np.arange(first, min(first + step, count))
        apart = distances(xy, rows, metric)
        order = np.argsort(apart, axis=1)
        apart = np.take_along_axis(apart, order, axis=1)
        inside = np.cumsum(at_risk[order], axis=1) <= limit
        closes = np.ones(apart.shape, dtype=np.bool_)
        closes[:, :-1] = apart[:, 1:] > apart[:, :-1] * (1 + SAME)
        closes &= inside
        # members after the last circle are of no use
        last = np.where(closes.any(axis=1), count - np.argmax(closes[:, ::-1], axis=1), 0)
        sizes[rows] = last
        used = np.arange(count) < last[:, None]
        members.append(order[used].astype(np.int64))
        closing.append(closes[used])
    start = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(sizes, out=start[1:])
    if not members:
        return Zones(start, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_))
    return Zones(start, np.concatenate(members), np.concatenate(closing))
