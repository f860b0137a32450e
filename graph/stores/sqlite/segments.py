"""The numbers of many rows packed into few, so that arrays are made by joining bytes instead of reading row by row.

Each insert of nodes, reports or ties also writes a *segment*: its columns of numbers, one after the other, and its ids.
A row changed afterwards is listed as stale by a trigger, whatever statement changed it; it, and every row without a
segment (of a store written before there were segments), is read from its table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.snapshot import NO_END, NO_START, NO_TIME, Strings
from graph.stores.snapshots import strings_joined

Array = npt.NDArray[Any]
_TIME, _START, _END = int(NO_TIME), int(NO_START), int(NO_END)
#: stands for a coordinate that is not there
_NO_NUMBER = "1e999"


@dataclass(frozen=True, slots=True)
class Layout:
    """The packed columns of one table."""

    table: str
    #: (name, type of the array, SQL expression that gives the same)
    columns: tuple[tuple[str, str, str], ...]


NODE = Layout(
    "node",
    (
        ("bits", "<i4", "kind | (rs << 8)"),
        ("code", "<i8", "code"),
        ("started", "<i8", f"coalesce(started_at, {_TIME})"),
        ("ended", "<i8", f"coalesce(ended_at, {_TIME})"),
        ("report", "<i4", "coalesce(report, 0)"),
        ("place", "<i4", "coalesce(place, 0)"),
        ("known", "<i8", "known_from"),
        ("easting", "<f8", f"CASE WHEN northing IS NULL THEN {_NO_NUMBER} ELSE coalesce(easting, {_NO_NUMBER}) END"),
        ("northing", "<f8", f"CASE WHEN easting IS NULL THEN {_NO_NUMBER} ELSE coalesce(northing, {_NO_NUMBER}) END"),
    ),
)
REPORT = Layout(
    "report",
    (
        ("code", "<i4", "code"),
        ("agency", "<i4", "agency"),
        ("recorded", "<i8", f"coalesce(recorded_at, {_TIME})"),
        ("occurred", "<i8", f"coalesce(occurred_at, {_TIME})"),
        ("reference", "<i8", "coalesce(reference, -1)"),
        ("known", "<i8", "known_from"),
        ("rs", "<i4", "rs"),
        ("first", "<i8", "first_known"),
    ),
)
TIE = Layout(
    "tie",
    (
        ("source", "<i4", "src"),
        ("target", "<i4", "dst"),
        ("start", "<i4", f"coalesce(start_day, {_START})"),
        ("end", "<i4", f"coalesce(end_day, {_END})"),
        ("report", "<i4", "coalesce(report, 0)"),
        # every shift in brackets: in SQL it does not bind closer than |
        ("bits", "<i4", "((role + 1) << 16) | (type << 8) | (polarity << 4) | (more > 0)"),
        ("rs", "<i4", "rs"),
        ("known", "<i8", "known_from"),
        ("confidence", "<f4", f"coalesce(confidence, {_NO_NUMBER})"),
    ),
)


def put_nodes(connection: sqlite3.Connection, stored: Sequence[tuple[Any, ...]]) -> None:
    """A segment of rows as inserted: pk, then the columns of the table in the order of the insert."""
    if not stored:
        return
    (_, ids, kind, _, rs, known, _, _, _, _, place, report, started, ended, east, north, code) = zip(
        *stored, strict=True
    )
    there = [one is not None and other is not None for one, other in zip(east, north, strict=True)]
    _put(connection, NODE, stored[0][0], ids, (
        np.array(kind) | np.array(rs) << 8, code, _filled(started, _TIME), _filled(ended, _TIME), _filled(report, 0),
        _filled(place, 0), known,
        [value if ok else np.nan for ok, value in zip(there, east, strict=True)],
        [value if ok else np.nan for ok, value in zip(there, north, strict=True)],
    ))  # fmt: skip


def put_reports(connection: sqlite3.Connection, stored: Sequence[tuple[Any, ...]]) -> None:
    if not stored:
        return
    (_, ids, rs, known, _, _, _, first, _, code, agency, recorded, occurred, reference) = zip(*stored, strict=True)
    _put(connection, REPORT, stored[0][0], ids, (
        code, agency, _filled(recorded, _TIME), _filled(occurred, _TIME), _filled(reference, -1), known, rs, first,
    ))  # fmt: skip


def put_ties(connection: sqlite3.Connection, stored: Sequence[tuple[Any, ...]]) -> None:
    if not stored:
        return
    (_, ids, source, target, kind, polarity, start, end, _, confidence, role, report, more, rs, known, _, _, _) = zip(
        *stored, strict=True
    )
    bits = (np.array(role) + 1) << 16 | np.array(kind) << 8 | np.array(polarity) << 4 | (np.array(more) > 0)
    _put(connection, TIE, stored[0][0], ids, (
        source, target, _filled(start, _START), _filled(end, _END), _filled(report, 0), bits, rs, known,
        [np.nan if value is None else value for value in confidence],
    ))  # fmt: skip


def _filled(values: Sequence[Any], missing: int) -> list[Any]:
    return [missing if value is None else value for value in values]


def _put(
    connection: sqlite3.Connection, layout: Layout, first: int, ids: Sequence[str], columns: Sequence[Any]
) -> None:
    packed = b"".join(
        np.asarray(values, dtype=dtype).tobytes() for values, (_, dtype, _) in zip(columns, layout.columns, strict=True)
    )
    connection.execute(
        "INSERT INTO segment VALUES (?, ?, ?, ?, ?)", (layout.table, first, len(ids), packed, "\n".join(ids).encode())
    )


def read(connection: sqlite3.Connection, layout: Layout) -> tuple[Array, dict[str, Array], Strings]:
    """Numbers (pk, ascending), columns and ids of every row of a table, as seen by the open transaction."""
    pks, columns, ids = _packed(connection, layout)
    stale = np.fromiter(
        (pk for (pk,) in connection.execute("SELECT pk FROM segment_stale WHERE tab = ?", (layout.table,))), np.int64
    )
    kept = np.isin(pks, stale, invert=True) if len(stale) else None
    own, own_ids = _rows(connection, layout, int(pks[-1]) if len(pks) else 0)
    if kept is not None and not kept.all():
        pks, ids = pks[kept], ids.take(np.flatnonzero(kept))
        columns = {name: each[kept] for name, each in columns.items()}
    if not len(own):
        return pks, columns, ids
    pks = np.concatenate([pks, own["pk"]])
    order = np.argsort(pks, kind="stable")
    joined = {key: np.concatenate([each, own[key]])[order] for key, each in columns.items()}
    return pks[order], joined, appended(ids, own_ids).take(order)


def appended(first: Strings, second: Strings) -> Strings:
    return Strings(
        np.concatenate([first.data, second.data]),
        np.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]),
    )


def _packed(connection: sqlite3.Connection, layout: Layout) -> tuple[Array, dict[str, Array], Strings]:
    query = "SELECT first, rows, numbers, ids FROM segment WHERE tab = ? ORDER BY first"
    segments = connection.execute(query, (layout.table,)).fetchall()
    total = sum(rows for _, rows, _, _ in segments)
    pks = np.empty(total, dtype=np.int64)
    columns = {name: np.empty(total, dtype=dtype) for name, dtype, _ in layout.columns}
    end = 0
    for first, rows, numbers, _ in segments:
        start, end = end, end + rows
        pks[start:end] = np.arange(first, first + rows)
        offset = 0
        for name, dtype, _ in layout.columns:
            columns[name][start:end] = np.frombuffer(numbers, dtype=dtype, count=rows, offset=offset)
            offset += rows * columns[name].itemsize
    ids = strings_joined(b"\n".join(each[3] for each in segments), total)
    return pks, columns, ids


def _rows(connection: sqlite3.Connection, layout: Layout, last: int) -> tuple[Array, Strings]:
    """Rows that are stale or come after the last one packed, from the table itself."""
    wanted = ",".join(expression for _, _, expression in layout.columns)
    table = layout.table
    stale = f"SELECT pk FROM segment_stale WHERE tab = '{table}'"
    chosen = f"SELECT pk,{wanted},id FROM {table}"
    query = f"{chosen} WHERE pk > {last} UNION ALL {chosen} WHERE pk IN ({stale}) AND pk <= {last} ORDER BY pk"
    types = np.dtype([("pk", "<i8"), *((name, dtype) for name, dtype, _ in layout.columns)])
    rows = connection.execute(query).fetchall()
    found = np.array([row[:-1] for row in rows], dtype=types)
    for name, dtype, _ in layout.columns:
        if dtype.startswith("<f"):
            found[name][np.isinf(found[name])] = np.nan
    return found, Strings.of([row[-1] for row in rows])
