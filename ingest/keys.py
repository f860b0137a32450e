"""Sets of millions of ids in eight bytes each: sorted arrays of Python's 64-bit string hashes.

The hash is keyed anew in every process, so that no file can be made to collide; by chance two of five million
different ids share one with a probability below one in a million, and that shows as a refused duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.int64]


def hashes(values: Sequence[Any]) -> Hashes:
    """Hashes of the values, in their order."""
    return np.fromiter(map(hash, values), np.int64, len(values))


class KeyIndex:
    """A growing set of hashes: a few sorted arrays, merged when they become as long as the one before."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, found: Hashes) -> NDArray[np.bool_] | None:
        """Add keys; returns which of them are repeated (here or earlier), or None when none is."""
        order = np.argsort(found, kind="stable")
        ordered = found[order]
        repeated = np.zeros(len(found), bool)
        repeated[1:] = ordered[1:] == ordered[:-1]
        if self._runs:
            repeated |= self._contains_sorted(ordered)
        answer: NDArray[np.bool_] | None = None
        if repeated.any():
            answer = np.empty(len(found), bool)
            answer[order] = repeated
            ordered = ordered[~repeated]
        self._runs.append(ordered)
        while len(self._runs) > 1 and len(self._runs[-1]) * 2 >= len(self._runs[-2]):
            merged = np.concatenate((self._runs.pop(), self._runs.pop()))
            merged.sort(kind="stable")
            self._runs.append(merged)
        return answer

    def settle(self) -> None:
        """Make look-ups as fast as they get; call when a file has been read."""
        if len(self._runs) > 1:
            merged = np.concatenate(self._runs)
            merged.sort(kind="stable")
            self._runs = [merged]

    def contains(self, wanted: Hashes) -> NDArray[np.bool_]:
        """Which of the keys are in the set."""
        return self._contains_sorted(wanted)

    def _contains_sorted(self, wanted: Hashes) -> NDArray[np.bool_]:
        answer = np.zeros(len(wanted), bool)
        for run in self._runs:
            if not len(run):
                continue
            places = np.searchsorted(run, wanted)
            places[places == len(run)] = 0
            answer |= run[places] == wanted
        return answer


def repeated_hashes(parts: Iterable[Hashes]) -> dict[int, int]:
    """Hashes that occur more than once, with how often."""
    arrays = [part for part in parts if len(part)]
    if not arrays:
        return {}
    everything = np.concatenate(arrays)
    everything.sort()
    same = everything[1:] == everything[:-1]
    if not same.any():
        return {}
    values, counts = np.unique(everything[1:][same], return_counts=True)
    return dict(zip(values.tolist(), (counts + 1).tolist(), strict=True))
