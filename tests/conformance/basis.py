"""What the modules of the conformance suite share: a clock, the back door of a store, small records, fixtures."""

from __future__ import annotations

import abc
import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import shapely

from graph.flags import Band, Flag, Reason, Run
from graph.model import (
    FlagId,
    NodeId,
    ReportId,
    TieId,
)
from graph.records import RecordKind, Row
from graph.store import Area, AuditEntry, Lens, Store
from tests.conformance.factories import (
    blocks,
    note,
)

EVERYTHING = Lens()
OPEN_ONLY = Lens(sight=lambda restriction: restriction.is_open)
START = dt.datetime(2026, 5, 4, 9, 0, tzinfo=dt.UTC)


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def tick(self, seconds: float = 60) -> dt.datetime:
        self.now += dt.timedelta(seconds=seconds)
        return self.now


class BackDoor(abc.ABC):
    """What a test does to a store behind its back."""

    @abc.abstractmethod
    def edit_audit(self, chain: str, number: int) -> None:
        """Change the actor of a row and leave its digest."""

    @abc.abstractmethod
    def remove_audit(self, chain: str, number: int) -> None: ...

    @abc.abstractmethod
    def swap_audit(self, chain: str, first: int, second: int) -> None:
        """Exchange the contents of two rows, numbers apart."""

    @abc.abstractmethod
    def cut_audit(self, chain: str, keep: int) -> None:
        """Remove all rows after ``keep`` and make the store's own end of the chain agree."""

    @abc.abstractmethod
    def refuse_audit(self, chain: str) -> AbstractContextManager[None]:
        """While inside, the chain cannot be written."""

    @abc.abstractmethod
    def claim_version(self, number: int) -> None:
        """Say the store was written by schema version ``number``."""

    @abc.abstractmethod
    def newest_version(self) -> int:
        """Schema version that this program writes."""

    @abc.abstractmethod
    def reopened(self) -> Store:
        """The same store opened anew; the caller closes it."""


def ids(nodes: Any) -> list[str]:
    return [node.record.id for node in nodes]


def area(west: float = 0, south: float = 0, east: float = 1000, north: float = 1000) -> Area:
    return Area((west, south, east, north))


def square(west: float, south: float, size: float) -> bytes:
    polygon = shapely.MultiPolygon([shapely.box(west, south, west + size, south + size)])
    return bytes(shapely.to_wkb(polygon))


def run(
    *flags: Flag,
    run_id: str = "run-1",
    restrictions: frozenset[str] = frozenset(),
    detector: str = "places",
    may_see: frozenset[str] = frozenset(),
    over_open: str | None = None,
) -> Run:
    return Run(
        run_id, detector, "1", dt.date(2026, 5, 1), None, "everything", {"least": 3}, 7, "abc", 0.5, flags,
        restrictions, may_see, over_open,
    )  # fmt: skip


def flag(flag_id: str, rank: int, *subjects: str, expires_on: dt.date = dt.date(2026, 8, 1),
         band: Band = Band.MODERATE) -> Flag:  # fmt: skip
    return Flag(
        FlagId(flag_id),
        "places",
        tuple(NodeId(each) for each in subjects),
        0.5,
        band,
        rank,
        None,
        (Reason("{person:1} was there", 0.5, (TieId("t1"),), (), (ReportId("r1"),)),),
        "another report",
        ("a caution",),
        expires_on,
        {"score": 0.5},
    )


ENTRY = AuditEntry("ana", "view", ("person:1",), purpose="a test", agency="police", details={"count": 1})


class Conformance(abc.ABC):
    """What the tests of every sentence use; the fixtures are given by the module of a back end."""

    @pytest.fixture
    @abc.abstractmethod
    def store(self) -> Iterator[Store]: ...

    @pytest.fixture
    @abc.abstractmethod
    def back_door(self, store: Store) -> BackDoor: ...

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def put(self, store: Store, *records: tuple[RecordKind, Row], **values: Any) -> Any:
        return store.write(blocks(records), note(**values))
