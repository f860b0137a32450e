"""Everything in a SQLite store as columns, by few wide queries; ids come joined, numbers packed several to a column."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from graph.model import NodeId
from graph.snapshot import NO_TIME, AreaTables, Snapshot, Strings
from graph.store import Lens
from graph.stores.snapshot_files import SnapshotFiles
from graph.stores.snapshots import Columns, assemble, strings_joined
from graph.stores.sqlite.reading import Reading
from graph.stores.sqlite.restricting import STILL

Int64 = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
_NO_TIME = int(NO_TIME)
_CHUNK = 200_000


def snapshot(reading: Reading, path: Path, lens: Lens, scope: NodeId | None, now: dt.datetime) -> Snapshot:
    """The snapshot for a lens, from the versioned files when they are those of this change counter."""
    connection = reading.connection
    row = connection.execute("SELECT seq, committed_at FROM change ORDER BY seq DESC LIMIT 1").fetchone()
    sequence, committed_at = row or (0, 0)
    files = SnapshotFiles(path.with_name(path.name + "-snapshots"), sequence, committed_at)
    view = reading.view(lens)
    as_at = lens.as_at or now.date()
    key = files.key(view.allowed, lens.known_at, as_at, scope)
    found = files.snapshot(key)
    if found is not None:
        return found
    columns = files.columns()
    if columns is None:
        columns = read_columns(connection, sequence)
        files.keep_columns(columns)
    made = assemble(columns, lens, as_at=as_at, scope=scope, areas=read_areas(connection))
    files.keep_snapshot(key, made)
    return made


def _numbers(connection: sqlite3.Connection, query: str, width: int, rows: int) -> Int64:
    """The whole numbers of a query as a table of ``width`` columns."""
    flat = np.fromiter(chain.from_iterable(connection.execute(query)), dtype=np.int64, count=rows * width)
    return flat.reshape(rows, width)


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _sparse(connection: sqlite3.Connection, query: str) -> tuple[Int64, Array]:
    """(key, value) pairs of a query that gives few."""
    rows = connection.execute(query).fetchall()
    return np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows])


def _ids(connection: sqlite3.Connection, table: str, pks: Int64) -> Strings:
    """Ids of all rows of a table by pk."""
    parts: list[bytes] = []
    for start in range(0, len(pks), _CHUNK):
        first, last = int(pks[start]), int(pks[min(start + _CHUNK, len(pks)) - 1])
        some = f"SELECT id FROM {table} WHERE pk BETWEEN ? AND ? ORDER BY pk"
        query = f"SELECT CAST(group_concat(id, char(10)) AS BLOB) FROM ({some})"
        parts.append(connection.execute(query, (first, last)).fetchone()[0])
    return strings_joined(b"\n".join(parts), len(pks))


class _Rows:
    """Rows by number: from pk to position."""

    def __init__(self, pks: Int64, order: Int64 | None = None) -> None:
        top = int(pks.max()) + 1 if len(pks) else 1
        self.row = np.full(top + 1, -1, dtype=np.int32)
        self.row[pks if order is None else order] = np.arange(len(pks), dtype=np.int32)

    def of(self, pks: Int64) -> npt.NDArray[np.int32]:
        """-1 for 0 (none)."""
        return self.row[np.where(pks <= 0, len(self.row) - 1, pks)]


def read_columns(connection: sqlite3.Connection, sequence: int) -> Columns:
    """Everything the store holds, as seen by the open transaction."""
    restrictions = tuple(key for (key,) in connection.execute("SELECT key FROM restriction ORDER BY rs"))
    agencies = dict(connection.execute("SELECT pk, name FROM agency").fetchall())
    nodes = _nodes(connection)
    rows_of_nodes, rows_of_reports = nodes.pop("rows"), None
    reports = _reports(connection)
    rows_of_reports = reports.pop("rows")
    nodes["version_report"] = rows_of_reports.of(nodes["version_report"])
    nodes["version_place"] = rows_of_nodes.of(nodes["version_place"])
    ties = _ties(connection, rows_of_nodes, rows_of_reports)
    episodes = _episodes(connection, rows_of_nodes, rows_of_reports)
    names = tuple(agencies.get(number, "") for number in range(max(agencies, default=0) + 1))
    return Columns(sequence, restrictions, names, **nodes, **reports, **ties, **episodes)


#: seven whole numbers a version of a node
_NODE_NUMBERS = (
    f"kind | (rs << 8),code,coalesce(started_at,{_NO_TIME}),coalesce(ended_at,{_NO_TIME}),"
    "(coalesce(report,0) << 32) | coalesce(place,0),known_from"
)
#: sorts the newest version after all others
_NEWEST = 2**31 - 1


def _nodes(connection: sqlite3.Connection) -> dict[str, Any]:
    count, past = _count(connection, "node"), _count(connection, "node_history")
    pks = _pks(connection, "node", count)
    main = _numbers(connection, f"SELECT {_NODE_NUMBERS} FROM node ORDER BY pk", 6, count)
    old = _numbers(connection, f"SELECT {_NODE_NUMBERS},pk,key,known_to,seq FROM node_history ORDER BY pk", 10, past)
    by_id = np.fromiter(chain.from_iterable(connection.execute("SELECT pk FROM node ORDER BY id")), np.int64, count)
    rows = _Rows(by_id)
    ids = _ids(connection, "node", pks)
    positions = np.searchsorted(pks, by_id)
    everything = np.concatenate([main, old[:, :6]])
    easting, northing = np.full(len(everything), np.nan), np.full(len(everything), np.nan)
    for table, offset, numbers in (("node", 0, pks), ("node_history", count, old[:, 6])):
        query = f"SELECT pk, easting, northing FROM {table} WHERE easting IS NOT NULL AND northing IS NOT NULL"
        points = np.array(connection.execute(query).fetchall(), dtype=np.float64).reshape(-1, 3)
        where = offset + np.searchsorted(numbers, points[:, 0].astype(np.int64))
        easting[where], northing[where] = points[:, 1], points[:, 2]
    node = rows.of(np.concatenate([pks, old[:, 7]]))
    to = np.concatenate([np.full(count, STILL, dtype=np.int64), old[:, 8]])
    sequence = np.concatenate([np.full(count, _NEWEST, dtype=np.int32), old[:, 9].astype(np.int32)])
    # within one write the later version has the lower number
    age = np.concatenate([np.zeros(count, dtype=np.int64), -old[:, 6]])
    order = np.lexsort((age, sequence, node))
    guards = np.array(
        connection.execute("SELECT node, rs FROM node_alternative ORDER BY node, rs").fetchall(), dtype=np.int64
    ).reshape(-1, 2)
    return {
        "rows": rows,
        "node_ids": ids.take(positions),
        "node_kind": (main[positions, 0] & 255).astype(np.int8),
        "guard_node": rows.of(guards[:, 0]),
        "guard_rs": guards[:, 1].astype(np.int32),
        "version_node": node[order],
        "version_code": everything[order, 1],
        "version_easting": easting[order],
        "version_northing": northing[order],
        "version_started": everything[order, 2],
        "version_ended": everything[order, 3],
        "version_report": everything[order, 4] >> 32,
        "version_place": everything[order, 4] & 0xFFFFFFFF,
        "version_rs": (everything[order, 0] >> 8).astype(np.int32),
        "version_from": everything[order, 5],
        "version_to": to[order],
        "version_sequence": sequence[order],
    }


def _reports(connection: sqlite3.Connection) -> dict[str, Any]:
    count, past = _count(connection, "report"), _count(connection, "report_history")
    times = f"coalesce(recorded_at,{_NO_TIME}),coalesce(occurred_at,{_NO_TIME})"
    columns = f"code | (agency << 20),{times},coalesce(reference,-1)"
    pks = _pks(connection, "report", count)
    main = _numbers(connection, f"SELECT {columns},known_from FROM report ORDER BY pk", 5, count)
    old = _numbers(
        connection, f"SELECT key,{columns},known_from,known_to,seq,pk FROM report_history ORDER BY key, seq", 9, past
    )
    by_id = np.fromiter(chain.from_iterable(connection.execute("SELECT pk FROM report ORDER BY id")), np.int64, count)
    rows = _Rows(by_id)
    positions = np.searchsorted(pks, by_id)
    ids = _ids(connection, "report", pks).take(positions)
    rs = np.zeros(count, dtype=np.int32)
    first = main[positions, 4].copy()
    wanted, values = _sparse(connection, "SELECT pk, rs FROM report WHERE rs <> 0")
    rs[rows.of(wanted)] = values
    wanted, values = _sparse(connection, "SELECT pk, first_known FROM report WHERE first_known <> known_from")
    first[rows.of(wanted)] = values
    report = np.concatenate([rows.of(pks), rows.of(old[:, 0])])
    still = np.full(count, STILL, dtype=np.int64)
    ends = np.concatenate([still, old[:, 6]])
    together = np.concatenate([main, old[:, 1:6]])
    order = np.lexsort((ends, report))
    return {
        "rows": rows,
        "report_ids": ids,
        "report_rs": rs,
        "report_first": first,
        "issue_report": report[order],
        "issue_code": together[order, 0] & 0xFFFFF,
        "issue_agency": (together[order, 0] >> 20).astype(np.int32),
        "issue_reference": together[order, 3],
        "issue_recorded": together[order, 1],
        "issue_occurred": together[order, 2],
        "issue_from": together[order, 4],
        "issue_to": ends[order],
    }


_TIE_NUMBERS = (
    # every shift in brackets: in SQL it does not bind closer than |
    "(src << 32) | dst,"
    "((coalesce(start_day, -2147483647) + 2147483648) << 32) | (coalesce(end_day, 2147483647) + 2147483648),"
    "(coalesce(report, 0) << 32) | ((role + 1) << 16) | (type << 8) | (polarity << 4) | (more > 0),"
    "known_from"
)


def _ties(connection: sqlite3.Connection, nodes: _Rows, reports: _Rows) -> dict[str, Any]:
    count, past = _count(connection, "tie"), _count(connection, "tie_history")
    main = _numbers(connection, f"SELECT {_TIE_NUMBERS} FROM tie ORDER BY pk", 4, count)
    pks = _pks(connection, "tie", count)
    old = _numbers(connection, f"SELECT {_TIE_NUMBERS},pk,key,known_to,seq FROM tie_history ORDER BY pk", 8, past)
    numbers = np.concatenate([main, old[:, :4]])
    place = {int(pk): count + position for position, pk in enumerate(old[:, 4].tolist())}

    def rows_of(wanted: Int64) -> Int64:
        out = np.searchsorted(pks, wanted)
        for position in np.flatnonzero(wanted < 0).tolist():
            out[position] = place[int(wanted[position])]
        return out

    rs = np.zeros(len(numbers), dtype=np.int32)
    confidence = np.full(len(numbers), np.nan, dtype=np.float32)
    for table in ("tie", "tie_history"):
        wanted, values = _sparse(connection, f"SELECT pk, rs FROM {table} WHERE rs <> 0")
        rs[rows_of(wanted)] = values
        wanted, values = _sparse(connection, f"SELECT pk, confidence FROM {table} WHERE confidence IS NOT NULL")
        confidence[rows_of(wanted)] = values
    to = np.full(len(numbers), STILL, dtype=np.int64)
    to[count:] = old[:, 6]
    sequence = np.ones(len(numbers), dtype=np.int32)
    sequence[count:] = -old[:, 7]
    wanted, values = _sparse(connection, "SELECT pk, -seq FROM tie WHERE pk IN (SELECT key FROM tie_history)")
    sequence[rows_of(wanted)] = values
    ids = _ids(connection, "tie", pks)
    if past:
        ids = _appended(ids, _ids(connection, "tie_history", old[:, 4]))
    source, target = nodes.of(numbers[:, 0] >> 32), nodes.of(numbers[:, 0] & 0xFFFFFFFF)
    kind = (numbers[:, 2] >> 8 & 255).astype(np.int16)
    order = canonical_order(source, target, kind, ids, sequence)
    starts, report, support_rs, support_from = _supports(connection, numbers, rs, rows_of, reports, order)
    days = numbers[order, 1].view(np.uint64)
    return {
        "tie_ids": ids.take(order),
        "tie_source": source[order],
        "tie_target": target[order],
        "tie_type": kind[order],
        "tie_role": ((numbers[order, 2] >> 16 & 255) - 1).astype(np.int16),
        "tie_polarity": (numbers[order, 2] >> 4 & 15).astype(np.int8),
        "tie_start": ((days >> np.uint64(32)).astype(np.int64) - 2**31).astype(np.int32),
        "tie_end": ((days & np.uint64(0xFFFFFFFF)).astype(np.int64) - 2**31).astype(np.int32),
        "tie_confidence": confidence[order],
        "tie_rs": rs[order],
        "tie_from": numbers[order, 3],
        "tie_to": to[order],
        "tie_sequence": sequence[order],
        "support_start": starts,
        "support_report": report,
        "support_rs": support_rs,
        "support_from": support_from,
    }


def _pks(connection: sqlite3.Connection, table: str, count: int) -> Int64:
    """Numbers of all rows; without reading them when there is no gap."""
    first = connection.execute(f"SELECT min(pk) FROM {table}").fetchone()[0]
    last = connection.execute(f"SELECT max(pk) FROM {table}").fetchone()[0]
    if count and last - first + 1 == count:
        return np.arange(first, last + 1, dtype=np.int64)
    return np.fromiter(chain.from_iterable(connection.execute(f"SELECT pk FROM {table} ORDER BY pk")), np.int64, count)


def _appended(first: Strings, second: Strings) -> Strings:
    return Strings(
        np.concatenate([first.data, second.data]),
        np.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]),
    )


def canonical_order(source: Array, target: Array, kind: Array, ids: Strings, sequence: Array) -> Int64:
    """Order by source, target, type, id and version."""
    order = np.lexsort((kind, source.astype(np.int64) << 32 | target.astype(np.int64)))
    a, b, c = source[order], target[order], kind[order]
    same = (a[1:] == a[:-1]) & (b[1:] == b[:-1]) & (c[1:] == c[:-1])
    rows = np.flatnonzero(same)
    if len(rows):
        breaks = np.flatnonzero(np.diff(rows) > 1) + 1
        for run in np.split(rows, breaks):
            first, last = int(run[0]), int(run[-1]) + 2
            part = sorted(order[first:last].tolist(), key=lambda row: (ids[row], -int(sequence[row])))
            order[first:last] = part
    return order


def _supports(
    connection: sqlite3.Connection, numbers: Int64, rs: Array, rows_of: Any, reports: _Rows, order: Int64
) -> tuple[Int64, Array, Array, Int64]:
    """The reports of all ties in canonical order: starts, report, restriction, known from."""
    first = numbers[:, 2] >> 32
    lengths = (first > 0).astype(np.int64)
    more = np.array(
        connection.execute("SELECT tie, position, report, rs, known_from FROM tie_more").fetchall(), dtype=np.int64
    ).reshape(-1, 5)
    more_rows = rows_of(more[:, 0]) if len(more) else np.zeros(0, dtype=np.int64)
    np.add.at(lengths, more_rows, 1)
    starts = np.zeros(len(numbers) + 1, dtype=np.int64)
    np.cumsum(lengths[order], out=starts[1:])
    place = np.empty(len(numbers), dtype=np.int64)
    place[order] = starts[:-1]
    total = int(starts[-1])
    report, support_rs = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int32)
    known = np.zeros(total, dtype=np.int64)
    has = first > 0
    report[place[has]], support_rs[place[has]], known[place[has]] = first[has], rs[has], numbers[has, 3]
    where = place[more_rows] + more[:, 1]
    report[where], support_rs[where], known[where] = more[:, 2], more[:, 3], more[:, 4]
    return starts, reports.of(report), support_rs, known


def _episodes(connection: sqlite3.Connection, nodes: _Rows, reports: _Rows) -> dict[str, Any]:
    count, past = _count(connection, "episode"), _count(connection, "episode_history")
    columns = (
        "person,code,coalesce(start_day,-2147483647),coalesce(end_day,2147483647),coalesce(report,0),rs,known_from"
    )
    main = _numbers(connection, f"SELECT pk,pk,{STILL},seq,{columns} FROM episode ORDER BY pk", 11, count)
    old = _numbers(connection, f"SELECT pk,key,known_to,seq,{columns} FROM episode_history ORDER BY pk", 11, past)
    ids = _ids(connection, "episode", main[:, 0])
    if past:
        ids = _appended(ids, _ids(connection, "episode_history", old[:, 0]))
    everything = np.concatenate([main, old])
    several = np.isin(everything[:, 1], old[:, 1])
    sequence = np.where(several, -everything[:, 3], 1).astype(np.int32)
    if past:
        order = np.array(
            sorted(range(len(everything)), key=lambda row: (ids[row], -int(sequence[row]))), dtype=np.int64
        )
    else:
        by_id = np.fromiter(
            chain.from_iterable(connection.execute("SELECT pk FROM episode ORDER BY id")), np.int64, count
        )
        order = np.searchsorted(main[:, 0], by_id)
    return {
        "episode_ids": ids.take(order),
        "episode_person": nodes.of(everything[order, 4]),
        "episode_code": everything[order, 5],
        "episode_start": everything[order, 6].astype(np.int32),
        "episode_end": everything[order, 7].astype(np.int32),
        "episode_report": reports.of(everything[order, 8]),
        "episode_rs": everything[order, 9].astype(np.int32),
        "episode_from": everything[order, 10],
        "episode_to": everything[order, 2],
        "episode_sequence": sequence[order],
    }


def read_areas(connection: sqlite3.Connection) -> AreaTables:
    """Localities by id with their exposure and population."""
    rows = connection.execute(
        f"SELECT kind, id, content, boundary FROM area WHERE known_to = {STILL} ORDER BY kind, id"
    ).fetchall()
    localities = [(key, bytes(edge or b"")) for kind, key, _, edge in rows if kind == "locality"]
    row_of = {key: row for row, (key, _) in enumerate(localities)}
    return AreaTables(
        tuple(key for key, _ in localities),
        tuple(edge for _, edge in localities),
        tuple(_exposures(rows, row_of)),
        tuple(_populations(rows, row_of)),
    )


def _exposures(rows: Sequence[Any], row_of: dict[str, int]) -> list[tuple[int, float, int, int]]:
    found = []
    for kind, _, content, _ in rows:
        if kind == "exposure":
            locality, amount, start, end = orjson.loads(content)
            start, end = (-(2**31) + 1 if start is None else start), (2**31 - 1 if end is None else end)
            found.append((row_of[locality], float(amount), start, end))
    return sorted(found)


def _populations(rows: Sequence[Any], row_of: dict[str, int]) -> list[tuple[int, str, str, str, float]]:
    found = []
    for kind, _, content, _ in rows:
        if kind == "population":
            locality, age_band, sex, ethnicity, amount = orjson.loads(content)
            found.append((row_of[locality], age_band or "", sex or "", ethnicity or "", float(amount)))
    return sorted(found)
