"""Numbers of records by their ids while a write goes on, in little memory however many there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import orjson

from graph.errors import StoreError

Int64 = npt.NDArray[np.int64]
#: bits of the sieve that says of most new ids at once that they are new (64 MB)
_SIEVE_BITS = 29


class CompactMap:
    """Ids to numbers at twelve bytes an id: sorted hashes in a few runs. What is not there is known by a sieve.

    Two ids with the same 64-bit hash would be taken for one; that is noticed when runs are joined and refused (the hash
    has another key in every process, so the next try tells them apart).
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Int64, npt.NDArray[np.int32]]] = []
        self._sieve: npt.NDArray[np.uint8] | None = None

    def add(self, ids: Sequence[str], numbers: Sequence[int]) -> None:
        hashes = np.fromiter(map(hash, ids), dtype=np.int64, count=len(ids))
        if self._sieve is None:
            self._sieve = np.zeros(1 << (_SIEVE_BITS - 3), dtype=np.uint8)
        place, bit = self._bits(hashes)
        np.bitwise_or.at(self._sieve, place, bit)
        order = np.argsort(hashes)
        self._runs.append((hashes[order], np.asarray(numbers, dtype=np.int32)[order]))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            (first, first_numbers), (second, second_numbers) = self._runs[-2:]
            joined = np.concatenate([first, second])
            order = np.argsort(joined, kind="stable")
            joined = joined[order]
            if np.any(joined[1:] == joined[:-1]):
                raise StoreError("two ids cannot be told apart; repeat the load")
            self._runs[-2:] = [(joined, np.concatenate([first_numbers, second_numbers])[order])]

    @staticmethod
    def _bits(hashes: Int64) -> tuple[Int64, npt.NDArray[np.uint8]]:
        low = hashes & ((1 << _SIEVE_BITS) - 1)
        return low >> 3, np.left_shift(np.uint8(1), (low & 7).astype(np.uint8))

    def find(self, ids: Sequence[str]) -> Int64:
        """Numbers; 0 where there is none."""
        found = np.zeros(len(ids), dtype=np.int64)
        if self._sieve is None:
            return found
        hashes = np.fromiter(map(hash, ids), dtype=np.int64, count=len(ids))
        place, bit = self._bits(hashes)
        maybe = np.flatnonzero(self._sieve[place] & bit)
        wanted = hashes[maybe]
        for run, numbers in self._runs:
            position = np.minimum(np.searchsorted(run, wanted), len(run) - 1)
            hit = run[position] == wanted
            found[maybe[hit]] = numbers[position[hit]]
        return found


class Keys:
    """Numbers of the records of one table: those of this write from memory, the others from the table."""

    def __init__(self, connection: sqlite3.Connection, table: str, *, most_in_words: int = 1_500_000) -> None:
        self._connection, self._table = connection, table
        newest = connection.execute(f"SELECT coalesce(max(pk), 0) FROM {table}").fetchone()[0]
        past = connection.execute(f"SELECT coalesce(max(key), 0) FROM {table}_history").fetchone()[0]
        #: first number given in this write
        self.first = self.next = int(max(newest, past)) + 1
        self._empty = newest == 0
        self._new: dict[str, int] = {}
        #: ids kept as they are until they are packed
        self._most = most_in_words
        self._packed: CompactMap | None = None
        self.next_past = int(connection.execute(f"SELECT coalesce(min(pk), 0) FROM {table}_history").fetchone()[0]) - 1
        self._forgotten: set[str] = set()

    def find(self, ids: Sequence[str]) -> list[int | None]:
        """The number of each, None where there is none."""
        found: list[int | None] = list(map(self._new.get, ids))
        if self._packed is not None:
            self._fill(ids, found)
        if self._empty:
            return found
        missing = {record_id for record_id, key in zip(ids, found, strict=True) if key is None}
        if missing:
            stored: dict[str, int] = dict(
                self._connection.execute(
                    f"SELECT t.id, t.pk FROM json_each(?) j CROSS JOIN {self._table} t ON t.id = j.value",
                    (orjson.dumps(list(missing)).decode(),),
                ).fetchall()
            )
            if stored:
                found = [
                    stored.get(record_id) if key is None else key for record_id, key in zip(ids, found, strict=True)
                ]
        return found

    def _fill(self, ids: Sequence[str], found: list[int | None]) -> None:
        """Look for what is still missing among the packed."""
        missing = [position for position, key in enumerate(found) if key is None]
        assert self._packed is not None
        numbers = self._packed.find([ids[position] for position in missing])
        for place in np.flatnonzero(numbers).tolist():
            position = missing[place]
            if ids[position] not in self._forgotten:
                found[position] = int(numbers[place])

    def give(self, ids: Sequence[str]) -> range:
        """Numbers for new ids."""
        numbers = range(self.next, self.next + len(ids))
        self._new.update(zip(ids, numbers, strict=True))
        self.next += len(ids)
        if len(self._new) > self._most and not self._forgotten:
            self._packed = self._packed or CompactMap()
            self._packed.add(list(self._new), list(self._new.values()))
            self._new = {}
        return numbers

    def forget(self, record_id: str) -> None:
        """The record is no longer there."""
        self._new.pop(record_id, None)
        self._forgotten.add(record_id)

    def past(self) -> int:
        """A number for a past version."""
        number = self.next_past
        self.next_past -= 1
        return number
