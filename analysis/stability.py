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

    def again(_: int) -> Bool:
        scores = score(generator.random(ties) >= dropped)
        possible = scores[np.isfinite(scores)]
        if not len(possible):
            return np.zeros(len(flagged), dtype=np.bool_)
        place = min(len(flagged), len(possible))
        least = np.partition(possible, len(possible) - place)[len(possible) - place]
        found: Bool = np.isfinite(scores[flagged]) & (scores[flagged] >= least)
        return found

    return share_of_runs(again, len(flagged), runs)


def share_of_runs(again: Callable[[int], Bool], items: int, runs: int) -> Float64 | None:
    """Share of ``runs`` in which each item is found again; None without runs.

    ``again`` gets the number of the run, from 0, and leaves out records at random; without items nothing is asked.
    """
    if runs <= 0:
        return None
    found = np.zeros(items)
    for run in range(runs if items else 0):
        found += again(run)
    return found / runs


def top_overlap(score: Callable[[Bool], Float64], ties: int, generator: np.random.Generator, *, runs: int = 5,
                dropped: float = 0.2, first: int = 50) -> float:  # fmt: skip
    """Mean share of the first ``first`` that stay among the first when ties are left out at random."""
    whole = score(np.ones(ties, dtype=np.bool_))
    best = np.argsort(-whole, kind="stable")[:first]
    best = best[np.isfinite(whole[best])]
    shares = stability(score, best, ties, generator, runs=runs, dropped=dropped)
    return float(shares.mean()) if shares is not None and len(shares) else 1.0
