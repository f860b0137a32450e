"""How steady a list is when records are missing: flagged again in what share of runs with ties left out at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graph.snapshot import Bool, Float64, Int64


def stability(
    score: Callable[[Bool], Float64],
    flagged: Int64,
    ties: int,
    generator: np.random.Generator,
    *,
    runs: int = 20,
    dropped: float = 0.2,
) -> Float64 | None:
    """Share of ``runs`` in which each of ``flagged`` is again among as many best by score; None without runs.

    ``score`` gets a mask over the ties (False: left out) and returns one score a node, minus infinity for who cannot be
    flagged. ``dropped`` is the share of ties left out. Who draws with the last in the list counts as in it.
    """
    if runs <= 0:
        return None
    again = np.zeros(len(flagged))
    if not len(flagged):
        return again
    for _ in range(runs):
        scores = score(generator.random(ties) >= dropped)
        possible = scores[np.isfinite(scores)]
        if not len(possible):
            continue
        place = min(len(flagged), len(possible))
        least = np.partition(possible, len(possible) - place)[len(possible) - place]
        again += np.isfinite(scores[flagged]) & (scores[flagged] >= least)
    return again / runs


def top_overlap(score: Callable[[Bool], Float64], ties: int, generator: np.random.Generator, *, runs: int = 5,
                dropped: float = 0.2, first: int = 50) -> float:  # fmt: skip
    """Mean share of the first ``first`` that stay among the first when ties are left out at random."""
    whole = score(np.ones(ties, dtype=np.bool_))
    best = np.argsort(-whole, kind="stable")[:first]
    best = best[np.isfinite(whole[best])]
    shares = stability(score, best, ties, generator, runs=runs, dropped=dropped)
    return float(shares.mean()) if shares is not None and len(shares) else 1.0
