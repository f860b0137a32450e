"""Rows of blocks to records of the model and back: the same for every back end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graph.model import (
    Episode,
    EpisodeId,
    Event,
    Locality,
    Location,
    NodeId,
    NodeKind,
    NodeRecord,
    Operation,
    PartialDate,
    PeerGroup,
    Period,
    Person,
    Place,
    Precision,
    Report,
    ReportId,
    Restriction,
    School,
    TracedObject,
)
from graph.records import COLUMNS, RecordKind, date_of, instant_of

#: record kind of each kind of node
RECORD_OF_NODE: dict[NodeKind, RecordKind] = {
    NodeKind.PERSON: RecordKind.PERSON,
    NodeKind.PLACE: RecordKind.PLACE,
    NodeKind.SCHOOL: RecordKind.SCHOOL,
    NodeKind.PEER_GROUP: RecordKind.PEER_GROUP,
    NodeKind.OPERATION: RecordKind.OPERATION,
    NodeKind.EVENT: RecordKind.EVENT,
    NodeKind.VEHICLE: RecordKind.OBJECT,
    NodeKind.PHONE: RecordKind.OBJECT,
    NodeKind.ACCOUNT: RecordKind.OBJECT,
}
#: the record kinds that are nodes
NODE_RECORDS = frozenset(RECORD_OF_NODE.values())

#: position of each column in a row of its kind
POSITION: dict[RecordKind, dict[str, int]] = {
    kind: {name: position for position, name in enumerate(columns)} for kind, columns in COLUMNS.items()
}

STRUCTURAL = frozenset({"took_part_in", "occurred_at", "went_missing_from", "lives_at"})
SECONDS_A_DAY = 86_400


def day(value: int | None) -> dt.date | None:
    return None if value is None else date_of(value)


def instant(value: int | None) -> dt.datetime | None:
    return None if value is None else instant_of(value)


def period(start: int | None, end: int | None) -> Period:
    return Period(day(start), day(end))


def period_of_event(started_at: int | None, ended_at: int | None) -> tuple[int | None, int | None]:
    """Days (start, exclusive end) of the ties that an event makes: the days it touched, in UTC."""
    if started_at is None:
        return None, None
    last = started_at if ended_at is None else max(started_at, ended_at)
    return started_at // SECONDS_A_DAY, last // SECONDS_A_DAY + 1


def _location(easting: float | None, northing: float | None) -> Location | None:
    return None if easting is None or northing is None else Location(float(easting), float(northing))


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _person(node_id: NodeId, v: Sequence[Any]) -> Person:
    born = None if v[3] is None else PartialDate(date_of(v[3]), Precision(v[4] or "day"))
    return Person(
        node_id, v[0], v[1], tuple(v[2] or ()), born, v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12],
        bool(v[13]), _flag(v[14]), day(v[15]),
    )  # fmt: skip


def _place(node_id: NodeId, v: Sequence[Any]) -> Place:
    return Place(node_id, v[0], v[1], _location(v[2], v[3]), v[4], v[5], v[6], v[7], v[8])


def _school(node_id: NodeId, v: Sequence[Any]) -> School:
    return School(node_id, v[0], v[1], v[2], _location(v[3], v[4]), v[5], period(v[6], v[7]))


def _group(node_id: NodeId, v: Sequence[Any]) -> PeerGroup:
    return PeerGroup(node_id, v[0], v[1])


def _operation(node_id: NodeId, v: Sequence[Any]) -> Operation:
    return Operation(node_id, v[0], v[1], v[2], period(v[3], v[4]), bool(v[5]))


def _object(node_id: NodeId, v: Sequence[Any]) -> TracedObject:
    return TracedObject(node_id, v[0])


def _event(node_id: NodeId, v: Sequence[Any]) -> Event:
    return Event(
        node_id, v[0], v[1], v[2], instant(v[3]), instant(v[4]), v[5], v[6], _location(v[7], v[8]), v[9]
    )  # fmt: skip


_NODE_BUILDERS: Mapping[NodeKind, Callable[[NodeId, Sequence[Any]], NodeRecord]] = {
    NodeKind.PERSON: _person,
    NodeKind.PLACE: _place,
    NodeKind.SCHOOL: _school,
    NodeKind.PEER_GROUP: _group,
    NodeKind.OPERATION: _operation,
    NodeKind.EVENT: _event,
    NodeKind.VEHICLE: _object,
    NodeKind.PHONE: _object,
    NodeKind.ACCOUNT: _object,
}


def node_record(kind: NodeKind, node_id: str, values: Sequence[Any]) -> NodeRecord:
    """The record of a node from the values of its row after the id, in the order of ``COLUMNS``."""
    return _NODE_BUILDERS[kind](NodeId(node_id), values)


def report_record(report_id: str, v: Sequence[Any]) -> Report:
    """A report from the values of its row after the id."""
    return Report(
        ReportId(report_id), v[0], v[1], v[2], v[3], instant(v[4]), instant(v[5]), instant(v[6]), v[7] or "none",
        v[8], v[9], v[10] or "P", v[11], v[12],
    )  # fmt: skip


def episode_record(episode_id: str, person: str, v: Sequence[Any]) -> Episode:
    """An episode from the values of its row after the person."""
    return Episode(EpisodeId(episode_id), NodeId(person), v[0], v[1], v[2], period(v[3], v[4]), v[5])


def locality_record(locality_id: str, v: Sequence[Any], boundary: bytes) -> Locality:
    return Locality(locality_id, v[0], v[1], v[2], v[3], boundary)


def implicit_report_id(tie_id: str) -> str:
    """Id of the report that Kith makes for a ``lives_at`` tie read from a person's own row."""
    return f"report:{tie_id}"


def implicit_report_values(agency: str | None) -> tuple[Any, ...]:
    """Values after the id of the report behind an address in a person's own row: a fact of the register."""
    return (agency or "register", None, None, None, None, None, None, "none", None, None, "P", None, "fact")


def operation_restriction(operation_id: str) -> Restriction:
    """Who may know of what touches a restricted operation: its members."""
    return Restriction(operations=frozenset({operation_id.removeprefix("operation:")}))


def batches(sequence: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(sequence), size):
        yield sequence[start : start + size]
