"""Two further ways to read a table of rates: shares side by side, and the limits that chance alone would keep to.

Both are of the counts as shown (none from 1 to 5, others rounded to 5), so whoever has the table can work them out. A
group that is hidden on either side is left out of both, and shares and the common rate are those of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.equity import disproportionality_index, funnel_limits
from graph.access.redact import ROUND_TO

#: levels of the two limits: as customary for funnel plots, two and three standard errors (Spiegelhalter 2005)
USUAL, WIDE = 0.95, 0.998
#: by how much a rounded count may be off
_OFF = (ROUND_TO - 1) / 2


@dataclass(frozen=True, slots=True)
class Share:
    """One group of a table, beside the other groups that are shown."""

    #: position among the groups of the characteristic
    group: int
    #: of all counted at this stage, and of all whom they are out of; 0 to 1
    share: float
    base_share: float
    #: share over base share: 1 is as many as of the base; None where the base has nobody
    index: float | None
    #: the group's rate over the rate of everybody else; None where there is nobody else
    against_others: float | None
    rate: float
    #: limits of the rate at 95 % and at 99.8 % when every group has the common rate; None where there is none
    usual: tuple[float, float] | None
    wide: tuple[float, float] | None
    #: "above" or "below" the usual limits, also when rounding made all of the difference it can; else None
    outside: str | None
    #: whether it is outside the wide limits too
    far: bool


@dataclass(frozen=True, slots=True)
class Shares:
    """The groups of one table that are shown."""

    #: counted over base, of all groups that are shown
    rate: float
    rows: tuple[Share, ...]
    #: positions of groups left out: hidden, or without a figure to be out of
    left_out: tuple[int, ...]


def shares_of(rows: Sequence[Mapping[str, Any]], *, exact_base: bool) -> Shares | None:
    """Shares and limits of a table as kept with a flag; None with fewer than two groups, or nobody counted.

    ``exact_base``: the base is a figure about the area, which is not rounded.
    """
    shown = [row for row in rows if row["count"] is not None and row["base"]]
    counts = np.array([row["count"] for row in shown], dtype=np.float64)
    bases = np.array([row["base"] for row in shown], dtype=np.float64)
    if len(shown) < 2 or not counts.any():
        return None
    share, base_share = counts / counts.sum(), bases / bases.sum()
    index = disproportionality_index(share, base_share)
    rate = float(counts.sum() / bases.sum())
    limits = [funnel_limits(bases, rate, level=level) if 0 < rate < 1 else None for level in (USUAL, WIDE)]
    made = []
    for at, row in enumerate(shown):
        usual, wide = (None if ends is None else (float(ends[0][at]), float(ends[1][at])) for ends in limits)
        off_base = 0.0 if exact_base else _OFF
        outside = _outside(float(counts[at]), float(bases[at]), usual, off_base)
        far = outside is not None and _outside(float(counts[at]), float(bases[at]), wide, off_base) is not None
        made.append(
            Share(
                int(row["group"]),
                float(share[at]),
                float(base_share[at]),
                _known(index.of_base[at]),
                _known(index.against_others[at]),
                float(counts[at] / bases[at]),
                usual,
                wide,
                outside,
                far,
            )
        )
    known = {row.group for row in made}
    return Shares(rate, tuple(made), tuple(int(row["group"]) for row in rows if row["group"] not in known))


def _outside(count: float, base: float, limits: tuple[float, float] | None, off_base: float) -> str | None:
    """Outside also when the count, and the base, are off by as much as rounding can make them; nobody is nobody."""
    if limits is None:
        return None
    off = _OFF if count else 0.0
    if (count - off) / (base + off_base) > limits[1]:
        return "above"
    if (count + off) / max(base - off_base, 1.0) < limits[0]:
        return "below"
    return None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
