"""Which nodes of a write are seen by whom (S7)."""

from __future__ import annotations

import sqlite3
from array import array
from typing import Any

import numpy as np

from graph.stores.sqlite.restricting import OPEN


class Attestation:
    """Which nodes of this write are seen by anyone, and which only by those who may see one of their records (S7)."""

    def __init__(self, connection: sqlite3.Connection, first: int) -> None:
        self.first = first
        self.open = bytearray()
        self.restricted: dict[int, set[int]] = {}
        self.guarded = {node for (node,) in connection.execute("SELECT DISTINCT node FROM node_alternative")}
        self.opened: set[int] = set()
        #: (person, place, rs) of addresses: they speak for the place only, and only as far as the person is seen
        self.addresses = (array("q"), array("q"), array("i"))

    def grown(self, end: int) -> None:
        self.open.extend(bytes(end - self.first - len(self.open)))

    def attest(self, node: int, rs: int) -> None:
        position = node - self.first
        if rs == OPEN:
            if position >= 0:
                self.open[position] = 1
            elif node in self.guarded:
                self.opened.add(node)
        elif position >= 0:
            self.restricted.setdefault(node, set()).add(rs)

    def attest_open(self, nodes: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        """Many nodes at once, each with an open record."""
        new = nodes >= self.first
        np.frombuffer(self.open, dtype=np.uint8)[nodes[new] - self.first] = 1
        if self.guarded:
            self.opened.update(self.guarded.intersection(nodes[~new].tolist()))

    def address(self, person: int, place: int, rs: int) -> None:
        for part, value in zip(self.addresses, (person, place, rs), strict=True):
            part.append(value)

    def alternatives(self) -> dict[int, set[int]]:
        """New nodes that are not open to all, with the restrictions of which one must be seen past."""
        closed = {node: rs for node, rs in self.restricted.items() if not self.open[node - self.first]}
        for person, place, rs in zip(*self.addresses, strict=True):
            through = closed.get(person)
            if through is None and person in self.guarded and person not in self.opened:
                continue
            for each in through or ():
                self.attest(place, each if each else rs)
            if through is None:
                self.attest(place, rs)
        return {node: rs for node, rs in self.restricted.items() if not self.open[node - self.first]}
