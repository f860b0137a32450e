"""Rows of blocks to properties of the database and back.

Days become dates, instants become datetimes in UTC, coordinates become cartesian points in EPSG:27700 metres (the
database has no number for that system; its own for a plane, 7203, says only that distances are Pythagoras'). They
travel as numbers, in columns, and the database makes them: its driver takes some seventy microseconds for each datetime
that it packs. When a record became known, or ceased to be, is kept as microseconds since 1970 (UTC).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, LiteralString

from neo4j.spatial import CartesianPoint

from graph.model import NodeKind
from graph.records import COLUMNS, RecordKind, date_of, instant_of

#: property of each column whose name differs
_PROPERTY_NAMES = {
    "birth_day": "date_of_birth",
    "birth_precision": "date_of_birth_precision",
    "died_day": "died_on",
    "start_day": "start",
    "end_day": "end",
}
_DAYS = frozenset({"birth_day", "died_day", "start_day", "end_day"})
_INSTANTS = frozenset({"occurred_from", "occurred_to", "recorded_at", "started_at", "ended_at"})
_LISTS = frozenset({"also_known_as", "report_ids"})
_TRUTHS = frozenset({"protected_address", "send", "restricted"})
#: positions of the numbers that are counted, and what Cypher makes of them
_FORMS: dict[str, LiteralString] = {
    "day": "CASE WHEN {0} IS NULL THEN null ELSE date(datetime.fromepoch({0} * 86400, 0)) END",
    "instant": "CASE WHEN {0} IS NULL THEN null ELSE datetime.fromepoch({0}, 0) END",
    "value": "{0}",
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()

_KINDS: dict[str, NodeKind] = {kind.value: kind for kind in NodeKind}

Encoder = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _decode_day(value: Any) -> int:
    return int(value.to_ordinal()) - _EPOCH_ORDINAL


def instant_of_database(value: Any) -> dt.datetime:
    """The UTC instant of a datetime of the database."""
    native: dt.datetime = value.to_native()
    return native.astimezone(dt.UTC)


def second_of(value: Any) -> int:
    """UTC seconds of a datetime of the database."""
    return int((value.to_native() - _EPOCH).total_seconds())


def _codec(column: str) -> tuple[Encoder, Encoder]:
    if column in _DAYS:
        return _same, _decode_day
    if column in _INSTANTS:
        return _same, second_of
    if column in _LISTS:
        return list, tuple
    if column in _TRUTHS:
        return bool, int
    return _same, _same


#: of each kind: (position, property, encoder, decoder), coordinates left out
FIELDS: dict[RecordKind, tuple[tuple[int, str, Encoder, Encoder], ...]] = {
    kind: tuple(
        (position, _PROPERTY_NAMES.get(column, column), *_codec(column))
        for position, column in enumerate(columns)
        if column not in ("easting", "northing")
    )
    for kind, columns in COLUMNS.items()
}
#: position of the easting of each kind that has one; the northing follows
EASTING = {kind: columns.index("easting") for kind, columns in COLUMNS.items() if "easting" in columns}


def _form(column: str) -> str:
    return "day" if column in _DAYS else "instant" if column in _INSTANTS else "value"


#: of each kind: form of each property, coordinates left out
FORMS: dict[RecordKind, dict[str, str]] = {
    kind: {name: _form(COLUMNS[kind][position]) for position, name, _, _ in fields} for kind, fields in FIELDS.items()
}


def expression(name: LiteralString, form: str) -> LiteralString:
    """Cypher for the value at place ``i`` of the column of that name."""
    text: LiteralString = _FORMS[form].format(f"${name}[i]")
    return text


def columns(names: Iterable[str], stored: Sequence[Mapping[str, Any]]) -> dict[str, list[Any] | None]:
    """Properties of records as one list a name; None for what none of them has."""
    return {name: _column([record.get(name) for record in stored]) for name in names}


def row_columns(kind: RecordKind, records: Sequence[Sequence[Any]]) -> dict[str, list[Any] | None]:
    """What is stored of rows as one list a name, days, instants and coordinates as numbers; None for what none of them
    has."""
    by_position: list[Sequence[Any]] = list(zip(*records, strict=True))
    made: dict[str, list[Any] | None] = {}
    for position, name, encode, _ in FIELDS[kind]:
        column = _column(list(by_position[position]))
        if column is not None and encode is not _same:
            column = [None if value is None else encode(value) for value in column]
        made[name] = column
    at = EASTING.get(kind)
    if at is not None:
        pairs = [
            (None, None) if east is None or north is None else (float(east), float(north))
            for east, north in zip(by_position[at], by_position[at + 1], strict=True)
        ]
        made["easting"] = _column([east for east, _ in pairs])
        made["northing"] = _column([north for _, north in pairs])
    return made


def _column(values: list[Any]) -> list[Any] | None:
    return None if values.count(None) == len(values) else values


def native(kind: RecordKind, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The same properties as the database has them, for statements that take a record whole."""
    made = dict(stored)
    for name, form in FORMS[kind].items():
        if form != "value" and name in made:
            made[name] = date_of(made[name]) if form == "day" else instant_of(made[name])
    if "easting" in made:
        made["location"] = CartesianPoint((made.pop("easting"), made.pop("northing")))
    return made


def properties(kind: RecordKind, row: Sequence[Any]) -> dict[str, Any]:
    """What is stored of a row, days, instants and coordinates as numbers; what is not known is left out."""
    stored = {
        name: row[position] if encode is _same else encode(row[position])
        for position, name, encode, _ in FIELDS[kind]
        if row[position] is not None
    }
    at = EASTING.get(kind)
    if at is not None and row[at] is not None and row[at + 1] is not None:
        stored["easting"], stored["northing"] = float(row[at]), float(row[at + 1])
    return stored


def values(kind: RecordKind, stored: Mapping[str, Any]) -> list[Any]:
    """The row again, id included, in the order of ``COLUMNS``."""
    row: list[Any] = [None] * len(COLUMNS[kind])
    for position, name, _, decode in FIELDS[kind]:
        value = stored.get(name)
        if value is not None:
            row[position] = decode(value)
    at = EASTING.get(kind)
    location = stored.get("location")
    if at is not None and location is not None:
        row[at], row[at + 1] = float(location[0]), float(location[1])
    return row


def fingerprint(values_of_row: Sequence[Any]) -> int:
    """A signed 64-bit number: rows of equal content have equal ones."""
    digest = hashlib.blake2b(repr(values_of_row).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def kind_prefix(node_id: str) -> NodeKind:
    """The kind in a typed id, without checks of the rest. Raises ValueError for another prefix."""
    kind = _KINDS.get(node_id.partition(":")[0])
    if kind is None:
        raise ValueError("not the prefix of a kind of node")
    return kind
