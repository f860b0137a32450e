"""Small blocks for tests: rows by column name, everything invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from graph.model import Restriction
from graph.records import COLUMNS, Block, RecordKind, Row, WriteNote, day_number

DEFAULTS: dict[RecordKind, dict[str, Any]] = {
    RecordKind.PERSON: {"protected_address": 0},
    RecordKind.OPERATION: {"restricted": 0},
    RecordKind.REPORT: {"agency": "police", "grading_scheme": "none", "handling": "P", "basis": "fact"},
    RecordKind.EVENT: {"event_type": "incident"},
    RecordKind.PARTICIPATION: {"role": "mentioned"},
    RecordKind.EPISODE: {"episode_type": "open_to_hub", "start_day": 19_000},
    RecordKind.TIE: {"tie_type": "friend_of", "report_ids": ()},
    RecordKind.LOCALITY: {"name": "Somewhere", "boundary_wkb": b""},
}
#: an instant before which nothing in these tests was recorded
LONG_AGO = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)


def day(text: str) -> int:
    """ "2024-05-01" as a day number."""
    return day_number(dt.date.fromisoformat(text))


def second(text: str) -> int:
    """An ISO instant (UTC when no zone is named) as a second number."""
    instant = dt.datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=dt.UTC)
    return int(instant.timestamp())


def row(kind: RecordKind, key: str, /, **values: Any) -> Row:
    """A row of that kind: the id, the values named, defaults for the rest."""
    given = {**DEFAULTS.get(kind, {}), **values}
    unknown = set(given) - set(COLUMNS[kind])
    if unknown:
        raise ValueError(f"no such columns of {kind}: {sorted(unknown)}")
    return (key, *(given.get(column) for column in COLUMNS[kind][1:]))


def person(key: str, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.PERSON, row(RecordKind.PERSON, f"person:{key}", **values)


def place(key: str, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.PLACE, row(RecordKind.PLACE, f"place:{key}", **values)


def school(key: str, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.SCHOOL, row(RecordKind.SCHOOL, f"school:{key}", **values)


def group(key: str, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.PEER_GROUP, row(RecordKind.PEER_GROUP, f"group:{key}", **values)


def operation(key: str, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.OPERATION, row(RecordKind.OPERATION, f"operation:{key}", **values)


def traced(kind: str, key: str, **values: Any) -> tuple[RecordKind, Row]:
    """A vehicle, phone or account."""
    return RecordKind.OBJECT, row(RecordKind.OBJECT, f"{kind}:{key}", **values)


def report(key: str, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.REPORT, row(RecordKind.REPORT, key, **values)


def event(key: str, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.EVENT, row(RecordKind.EVENT, f"event:{key}", **values)


def participation(event_id: str, entity_id: str, role: str = "mentioned", **values: Any) -> tuple[RecordKind, Row]:
    """Somebody's part in an event; the id is made of the three."""
    key = f"{event_id}|{entity_id}|{role}"
    return RecordKind.PARTICIPATION, row(
        RecordKind.PARTICIPATION, key, event_id=event_id, entity_id=entity_id, role=role, **values
    )


def episode(key: str, person_id: str, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.EPISODE, row(RecordKind.EPISODE, key, person_id=person_id, **values)


def tie(
    key: str, source_id: str, target_id: str, *reports: str, tie_type: str = "friend_of", **values: Any
) -> tuple[RecordKind, Row]:
    return RecordKind.TIE, row(
        RecordKind.TIE, key, source_id=source_id, target_id=target_id, tie_type=tie_type, report_ids=reports, **values
    )


def locality(key: str, boundary_wkb: bytes, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.LOCALITY, row(RecordKind.LOCALITY, key, boundary_wkb=boundary_wkb, **values)


def exposure(key: str, locality_id: str, amount: float, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.EXPOSURE, row(RecordKind.EXPOSURE, key, locality_id=locality_id, exposure=amount, **values)


def population(key: str, locality_id: str, amount: float, **values: Any) -> tuple[RecordKind, Row]:
    return RecordKind.POPULATION, row(RecordKind.POPULATION, key, locality_id=locality_id, population=amount, **values)


def blocks(records: Iterable[tuple[RecordKind, Row]], *, file: str | None = "small.csv") -> list[Block]:
    """Blocks in load order, numbered from row 2 as in a file with a header."""
    rows: dict[RecordKind, list[Row]] = {}
    for kind, values in records:
        rows.setdefault(kind, []).append(values)
    return [Block(kind, rows[kind], file, range(2, 2 + len(rows[kind]))) for kind in RecordKind if kind in rows]


def note(author: str = "system", **values: Any) -> WriteNote:
    return WriteNote(author, **values)


def members_of(*operations: str, agencies: Sequence[str] = ("police",)) -> Any:
    """A sight: sees past restrictions to these operations and agencies, nothing closed, no protected address."""

    def sight(restriction: Restriction) -> bool:
        return (
            restriction.operations <= frozenset(operations)
            and (restriction.agencies is None or bool(restriction.agencies & frozenset(agencies)))
            and not restriction.closed
            and not restriction.protected_address
        )

    return sight
