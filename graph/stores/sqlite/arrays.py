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
from graph.stores.sqlite import segments
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
    """From pk to row; the rows are in the order of the pks given."""

    def __init__(self, pks: Int64) -> None:
        top = int(pks.max()) + 1 if len(pks) else 1
        self.row = np.full(top + 1, -1, dtype=np.int32)
        self.row[pks] = np.arange(len(pks), dtype=np.int32)

    def of(self, pks: Array) -> npt.NDArray[np.int32]:
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


#: six whole numbers a version of a node
_NODE_NUMBERS = (
    f"kind | (rs << 8),code,coalesce(started_at,{_NO_TIME}),coalesce(ended_at,{_NO_TIME}),"
    "(coalesce(report,0) << 32) | coalesce(place,0),known_from"
)
#: sorts the newest version after all others
_NEWEST = 2**31 - 1


def _nodes(connection: sqlite3.Connection) -> dict[str, Any]:
    past = _count(connection, "node_history")
    pks, found, ids = segments.read(connection, segments.NODE)
    count = len(pks)
    packed = (found["report"].astype(np.int64) << 32) | found["place"]
    main = (found["bits"], found["code"], found["started"], found["ended"], packed, found["known"])
    old = _numbers(connection, f"SELECT {_NODE_NUMBERS},pk,key,known_to,seq FROM node_history ORDER BY pk", 10, past)
    positions = id_order(ids)
    rows = _Rows(pks[positions])
    everything = [np.concatenate([one.astype(np.int64), old[:, place]]) for place, one in enumerate(main)]
    easting = np.concatenate([found["easting"], np.full(past, np.nan)])
    northing = np.concatenate([found["northing"], np.full(past, np.nan)])
    query = "SELECT pk, easting, northing FROM node_history WHERE easting IS NOT NULL AND northing IS NOT NULL"
    points = np.array(connection.execute(query).fetchall(), dtype=np.float64).reshape(-1, 3)
    where = count + np.searchsorted(old[:, 6], points[:, 0].astype(np.int64))
    easting[where], northing[where] = points[:, 1], points[:, 2]
    node = rows.of(np.concatenate([pks, old[:, 7]]))
    to = np.concatenate([np.full(count, STILL, dtype=np.int64), old[:, 8]])
    sequence = np.concatenate([np.full(count, _NEWEST, dtype=np.int32), old[:, 9].astype(np.int32)])
    # within one write the later version has the lower number
    age = np.concatenate([np.zeros(count, dtype=np.int64), -old[:, 6]])
    order = np.lexsort((age, sequence, node)) if past else positions
    guards = np.array(
        connection.execute("SELECT node, rs FROM node_alternative ORDER BY node, rs").fetchall(), dtype=np.int64
    ).reshape(-1, 2)
    return {
        "rows": rows,
        "node_ids": ids.take(positions),
        "node_kind": (found["bits"][positions] & 255).astype(np.int8),
        "guard_node": rows.of(guards[:, 0]),
        "guard_rs": guards[:, 1].astype(np.int32),
        "version_node": node[order],
        "version_code": everything[1][order],
        "version_easting": easting[order],
        "version_northing": northing[order],
        "version_started": everything[2][order],
        "version_ended": everything[3][order],
        "version_report": everything[4][order] >> 32,
        "version_place": everything[4][order] & 0xFFFFFFFF,
        "version_rs": (everything[0][order] >> 8).astype(np.int32),
        "version_from": everything[5][order],
        "version_to": to[order],
        "version_sequence": sequence[order],
    }


def _reports(connection: sqlite3.Connection) -> dict[str, Any]:
    past = _count(connection, "report_history")
    times = f"coalesce(recorded_at,{_NO_TIME}),coalesce(occurred_at,{_NO_TIME})"
    columns = f"code,agency,{times},coalesce(reference,-1),known_from"
    pks, found, ids = segments.read(connection, segments.REPORT)
    old = _numbers(connection, f"SELECT key,known_to,{columns} FROM report_history ORDER BY key, seq", 8, past)
    positions = id_order(ids)
    rows = _Rows(pks[positions])
    report = np.concatenate([rows.of(pks), rows.of(old[:, 0])])
    ends = np.concatenate([np.full(len(pks), STILL, dtype=np.int64), old[:, 1]])
    order = np.lexsort((ends, report)) if past else positions
    together = {
        name: np.concatenate([found[name], old[:, place]])[order]
        for place, name in enumerate(("code", "agency", "recorded", "occurred", "reference", "known"), start=2)
    }
    return {
        "rows": rows,
        "report_ids": ids.take(positions),
        "report_rs": found["rs"][positions],
        "report_first": found["first"][positions],
        "issue_report": report[order],
        "issue_code": together["code"],
        "issue_agency": together["agency"].astype(np.int32),
        "issue_reference": together["reference"],
        "issue_recorded": together["recorded"],
        "issue_occurred": together["occurred"],
        "issue_from": together["known"],
        "issue_to": ends[order],
    }


def _ties(connection: sqlite3.Connection, nodes: _Rows, reports: _Rows) -> dict[str, Any]:
    past = _count(connection, "tie_history")
    pks, found, ids = segments.read(connection, segments.TIE)
    count = len(pks)
    if past:
        found, ids, old = _with_history(connection, found, ids, past)
    else:
        old = np.zeros((0, 4), dtype=np.int64)
    place = {int(pk): count + position for position, pk in enumerate(old[:, 0].tolist())}

    def rows_of(wanted: Int64) -> Int64:
        out = np.searchsorted(pks, wanted)
        for position in np.flatnonzero(wanted < 0).tolist():
            out[position] = place[int(wanted[position])]
        return out

    to = np.full(count + past, STILL, dtype=np.int64)
    to[count:] = old[:, 2]
    sequence = np.ones(count + past, dtype=np.int32)
    sequence[count:] = -old[:, 3]
    if past:
        wanted, values = _sparse(connection, "SELECT pk, -seq FROM tie WHERE pk IN (SELECT key FROM tie_history)")
        sequence[rows_of(wanted)] = values
    source, target = nodes.of(found["source"]), nodes.of(found["target"])
    kind = (found["bits"] >> 8 & 255).astype(np.int16)
    order = canonical_order(source, target, kind, ids, sequence)
    starts, report, support_rs, support_from = _supports(connection, found, rows_of, reports, order)
    bits = found["bits"][order]
    return {
        "tie_ids": ids.take(order),
        "tie_source": source[order],
        "tie_target": target[order],
        "tie_type": kind[order],
        "tie_role": ((bits >> 16) - 1).astype(np.int16),
        "tie_polarity": (bits >> 4 & 15).astype(np.int8),
        "tie_start": found["start"][order],
        "tie_end": found["end"][order],
        "tie_confidence": found["confidence"][order],
        "tie_rs": found["rs"][order],
        "tie_from": found["known"][order],
        "tie_to": to[order],
        "tie_sequence": sequence[order],
        "support_start": starts,
        "support_report": report,
        "support_rs": support_rs,
        "support_from": support_from,
    }


def _with_history(
    connection: sqlite3.Connection, found: dict[str, Array], ids: Strings, past: int
) -> tuple[dict[str, Array], Strings, Int64]:
    """The columns with the past versions after the newest ones; and (pk, key, known_to, seq) of those."""
    columns = segments.TIE.columns[:-1]
    wanted = ",".join(expression for _, _, expression in columns)
    query = f"SELECT pk,key,known_to,seq,{wanted} FROM tie_history ORDER BY pk"
    old = _numbers(connection, query, 4 + len(columns), past)
    joined = {
        name: np.concatenate([found[name], old[:, place].astype(dtype)])
        for place, (name, dtype, _) in enumerate(columns, start=4)
    }
    stated = connection.execute("SELECT confidence FROM tie_history ORDER BY pk").fetchall()
    values = np.array([np.nan if value is None else value for (value,) in stated], dtype=np.float32)
    joined["confidence"] = np.concatenate([found["confidence"], values])
    return joined, segments.appended(ids, _ids(connection, "tie_history", old[:, 0])), old[:, :4]


#: longest id, in bytes, that is sorted as numbers
_MOST_BYTES = 64


def _id_keys(ids: Strings) -> list[npt.NDArray[np.uint64]] | None:
    """Numbers that sort as the ids do, eight bytes to each, the foremost first; None when an id is too long."""
    lengths = np.diff(ids.offsets)
    longest = int(lengths.max(initial=0))
    if longest > _MOST_BYTES:
        return None
    width = (longest + 7) // 8 * 8
    table = np.zeros((len(ids), width), dtype=np.uint8)
    table[np.arange(width) < lengths[:, None]] = ids.data
    keys = table.view(">u8").astype(np.uint64)
    return [keys[:, place] for place in range(keys.shape[1]) if len(ids) and np.any(keys[:, place] != keys[0, place])]


def id_ranks(ids: Strings) -> Int64:
    """Place of each id in the order of the different ones (of their bytes, which is that of their letters)."""
    keys = _id_keys(ids)
    if keys is None:
        places = {word: place for place, word in enumerate(sorted(set(ids)))}
        return np.array([places[word] for word in ids], dtype=np.int64)
    ranks = np.zeros(len(ids), dtype=np.int64)
    if keys:
        order = np.lexsort(keys[::-1])
        new = np.zeros(len(ids), dtype=np.bool_)
        for key in keys:
            new[1:] |= key[order[1:]] != key[order[:-1]]
        ranks[order] = np.cumsum(new)
    return ranks


def id_order(ids: Strings) -> Int64:
    """Positions that put ids, all different, in order."""
    ranks = id_ranks(ids)
    order = np.empty(len(ranks), dtype=np.int64)
    order[ranks] = np.arange(len(ranks))
    return order


def canonical_order(source: Array, target: Array, kind: Array, ids: Strings, sequence: Array) -> Int64:
    """Order by source, target, type, id and version."""
    order = np.lexsort((kind, source.astype(np.int64) << 32 | target.astype(np.int64)))
    a, b, c = source[order], target[order], kind[order]
    same = (a[1:] == a[:-1]) & (b[1:] == b[:-1]) & (c[1:] == c[:-1])
    # only where several share source, target and type does the id decide
    several = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    if len(several):
        group = np.cumsum(np.insert(~same, 0, True))[several]
        rows = order[several]
        order[several] = rows[np.lexsort((-sequence[rows].astype(np.int64), id_ranks(ids.take(rows)), group))]
    return order


def _supports(
    connection: sqlite3.Connection, found: dict[str, Array], rows_of: Any, reports: _Rows, order: Int64
) -> tuple[Int64, Array, Array, Int64]:
    """The reports of all ties in canonical order: starts, report, restriction, known from."""
    first, rs = found["report"].astype(np.int64), found["rs"]
    lengths = (first > 0).astype(np.int64)
    more = np.array(
        connection.execute("SELECT tie, position, report, rs, known_from FROM tie_more").fetchall(), dtype=np.int64
    ).reshape(-1, 5)
    more_rows = rows_of(more[:, 0]) if len(more) else np.zeros(0, dtype=np.int64)
    np.add.at(lengths, more_rows, 1)
    starts = np.zeros(len(first) + 1, dtype=np.int64)
    np.cumsum(lengths[order], out=starts[1:])
    place = np.empty(len(first), dtype=np.int64)
    place[order] = starts[:-1]
    total = int(starts[-1])
    report, support_rs = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int32)
    known = np.zeros(total, dtype=np.int64)
    has = first > 0
    report[place[has]], support_rs[place[has]], known[place[has]] = first[has], rs[has], found["known"][has]
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
        ids = segments.appended(ids, _ids(connection, "episode_history", old[:, 0]))
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
