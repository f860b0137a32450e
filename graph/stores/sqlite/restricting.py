"""Restrictions by number: the distinct ones stand in a table, rows carry numbers, a sight is a set of numbers."""

from __future__ import annotations

import sqlite3

from graph.model import Restriction
from graph.store import Lens, Sight

OPEN = 0
#: known_to of a version that is the newest
STILL = 2**62
#: known_from of what was known from the beginning of time
EVER = -(2**62)


class Restrictions:
    """Numbers of restrictions inside one write; new ones are added as they come."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers: dict[str, int] = {}
        self._parsed: list[Restriction] = []
        self._combined: dict[tuple[int, int], int] = {}
        for number, key in connection.execute("SELECT rs, key FROM restriction ORDER BY rs"):
            self._numbers[key] = number
            self._parsed.append(Restriction.from_key(key))

    def number(self, restriction: Restriction) -> int:
        key = restriction.key
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._parsed)
            self._parsed.append(Restriction.from_key(key))
            self._connection.execute("INSERT INTO restriction VALUES (?, ?)", (number, key))
        return number

    def restriction(self, number: int) -> Restriction:
        return self._parsed[number]

    def combine(self, first: int, second: int) -> int:
        """The number of both together."""
        if first == second or second == OPEN:
            return first
        if first == OPEN:
            return second
        pair = (first, second)
        number = self._combined.get(pair)
        if number is None:
            number = self.number(self._parsed[first].combined(self._parsed[second]))
            self._combined[pair] = number
        return number

    def no_stricter(self, new: int, old: int) -> bool:
        """Whether everybody who may see past ``old`` may see past ``new``."""
        return new == OPEN or self.combine(old, new) == old


_PARSED: dict[str, Restriction] = {"": Restriction()}


def parsed(key: str) -> Restriction:
    restriction = _PARSED.get(key)
    if restriction is None:
        if len(_PARSED) > 100_000:
            _PARSED.clear()
        restriction = _PARSED[key] = Restriction.from_key(key)
    return restriction


class View:
    """A lens made ready for SQL: which numbers may be seen, and the conditions on known time."""

    def __init__(self, connection: sqlite3.Connection, lens: Lens) -> None:
        self.lens = lens
        self.by_number = [parsed(key) for (key,) in connection.execute("SELECT key FROM restriction ORDER BY rs")]
        self.allowed = seen_by(lens.sight, self.by_number)
        hidden = len(self.by_number) - len(self.allowed)
        if hidden == 0:
            self._numbers = None
        elif hidden <= len(self.allowed):
            missing = [number for number in range(len(self.by_number)) if number not in self.allowed]
            self._numbers = "NOT IN (" + ",".join(map(str, missing)) + ")"
        else:
            self._numbers = "IN (" + ",".join(map(str, sorted(self.allowed))) + ")"
        self.known_us = None if lens.known_at is None else _microseconds(lens)

    def permits(self, column: str) -> str:
        """Condition that the restriction in ``column`` may be seen past."""
        return "1" if self._numbers is None else f"{column} {self._numbers}"

    @property
    def plain(self) -> bool:
        """Whether everything known now is seen: no condition at all."""
        return self._numbers is None and self.known_us is None

    def record(self, name: str) -> str:
        """Condition that a row of ``name`` (its rs and known_from) is within sight and known."""
        known = "" if self.known_us is None else f" AND {name}.known_from <= {self.known_us}"
        return f"({self.permits(name + '.rs')}{known})"

    def tie(self, name: str) -> str:
        """Condition that at least one report of a row of tie or tie_history is within sight and known."""
        if self.plain:
            return "1"
        return (
            f"({self.record(name)} OR ({name}.more > 0 AND EXISTS (SELECT 1 FROM tie_more m"
            f" WHERE m.tie = {name}.pk AND {self.record('m')})))"
        )

    def past(self, name: str) -> str:
        """Condition that a row of a history table was the newest then."""
        if self.known_us is None:
            return f"{name}.known_to = {STILL}"
        return f"{name}.known_to > {self.known_us}"

    def node(self, name: str) -> str:
        """Condition that the node in row ``name`` of node is seen (S7)."""
        parts = []
        if self._numbers is not None:
            parts.append(
                f"({name}.guarded = 0 OR EXISTS (SELECT 1 FROM node_alternative a"
                f" WHERE a.node = {name}.pk AND {self.permits('a.rs')}))"
            )
        if not self.plain:
            parts.append(
                f"({self.record(name)} OR EXISTS (SELECT 1 FROM node_history v WHERE v.key = {name}.pk"
                f" AND {self.record('v')} AND {self.past('v')}))"
            )
        if self.lens.as_at is not None:
            parts.append(f"({name}.started_at IS NULL OR {name}.started_at < {self.day_after * 86_400})")
        return " AND ".join(parts) or "1"

    @property
    def day_after(self) -> int:
        """Number of the day after ``as_at``."""
        assert self.lens.as_at is not None
        return self.lens.as_at.toordinal() - 719_163 + 1

    def so(self, name: str, structural: tuple[int, ...] = ()) -> str:
        """Condition that the tie in row ``name`` was so on the day asked for."""
        if self.lens.as_at is None:
            return "1"
        day = self.day_after - 1
        ended = f"{name}.end_day IS NULL OR {name}.end_day > {day}"
        if structural:
            ended += f" OR {name}.type IN ({','.join(map(str, structural))})"
        return f"({name}.start_day IS NULL OR {name}.start_day <= {day}) AND ({ended})"


def seen_by(sight: Sight, restrictions: list[Restriction]) -> frozenset[int]:
    if sight is None:
        return frozenset(range(len(restrictions)))
    return frozenset(number for number, restriction in enumerate(restrictions) if sight(restriction))


def _microseconds(lens: Lens) -> int:
    from graph.stores.chain import microseconds

    assert lens.known_at is not None
    return microseconds(lens.known_at)
