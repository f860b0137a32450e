"""How an area stands over time, in the words of emerging hot spot analysis: new, intensifying, sporadic ...

Each slice of time has its own Gi* on the smoothed ratio; the Mann-Kendall test says whether the z of an area rises or
falls over the slices (Mann, Econometrica 13, 1945; Kendall 1975). The classes follow those of the emerging hot spot
tools of ArcGIS and sfdep.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from graph.snapshot import Bool, Float64

#: share of slices from which an area is hot "nearly always"
NEARLY_ALWAYS = 0.9


def mann_kendall(series: Float64) -> tuple[Float64, Float64]:
    """(z, two-sided p) of a trend in each row; ties are allowed for. Rows without change have z 0."""
    count = series.shape[1]
    later = np.sign(series[:, None, :] - series[:, :, None])
    s = np.triu(later, 1).sum(axis=(1, 2))
    variance = np.full(len(series), count * (count - 1) * (2 * count + 5) / 18)
    for row, values in enumerate(series):
        _, ties = np.unique(values, return_counts=True)
        variance[row] -= (ties * (ties - 1) * (2 * ties + 5)).sum() / 18
    # one step towards zero: the sum moves in steps of two
    z = np.divide(s - np.sign(s), np.sqrt(variance), out=np.zeros(len(series)), where=variance > 0)
    return z, np.minimum(2 * stats.norm.sf(np.abs(z)), 1.0)


def categories(hot: Bool, cold: Bool, z: Float64, *, level: float = 0.05) -> list[str]:
    """A word for each row: (areas, slices) whether it is significantly high or low in each slice, and its z."""
    trend, p = mann_kendall(z)
    return [_category(hot[row], cold[row], float(trend[row]) if p[row] <= level else 0.0) for row in range(len(hot))]


def _category(hot: Bool, cold: Bool, trend: float) -> str:
    share, last = float(hot.mean()), bool(hot[-1])
    run = len(hot) if hot.all() else int(np.argmin(hot[::-1]))
    if share >= NEARLY_ALWAYS:
        if not last:
            return "historical"
        return "intensifying" if trend > 0 else "diminishing" if trend < 0 else "persistent"
    if not last:
        return "no pattern"
    if not hot[:-run].any():
        return "new" if run == 1 else "consecutive"
    return "oscillating" if cold.any() else "sporadic"
