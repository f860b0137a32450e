"""What share of a list chance alone would make, counted on data moved about at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graph.snapshot import Float64


def share_by_chance(score: Float64, chance: Sequence[Float64], *, each: float = 1.0) -> Float64:
    """For each score the share of items with at least that score that chance alone would make.

    ``score`` is descending. Each of ``chance`` holds the scores of one repeat, ascending; each stands for ``each``
    items, and one more is counted than was seen. The smallest of all longer lists counts, after J. D. Storey, Journal
    of the Royal Statistical Society B 64 (2002), so that the share never falls down the list.
    """
    if not len(score):
        return np.empty(0)
    reached = sum(len(one) - np.searchsorted(one, score) for one in chance)
    expected = (reached * each + 1.0) / len(chance)
    # equal scores stand or fall together
    many = len(score) - np.searchsorted(score[::-1], score)
    shares: Float64 = np.minimum(np.minimum.accumulate((expected / many)[::-1])[::-1], 1.0)
    return shares
