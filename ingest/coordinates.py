"""Positions on the British National Grid (EPSG:27700), in which all distances are computed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer


@cache
def _transformer() -> Any:
    return Transformer.from_crs(4326, 27700, always_xy=True)


def to_national_grid(longitude: Sequence[float], latitude: Sequence[float]) -> tuple[list[float], list[float]]:
    """Eastings and northings in metres (to the centimetre) of WGS84 positions in degrees.

    The accuracy is that of the transformation that is installed: 2 m without the Ordnance Survey grid, 0.1 m with it.
    """
    if not len(longitude):
        return [], []
    east, north = _transformer().transform(np.asarray(longitude, float), np.asarray(latitude, float))
    return np.round(east, 2).tolist(), np.round(north, 2).tolist()


def grid_of_points(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for an array of (longitude, latitude) rows, not rounded."""
    east, north = _transformer().transform(points[:, 0], points[:, 1])
    return np.column_stack((east, north))
