"""Runs, flags and decisions in SQLite, as JSON with the columns that are searched by."""

from __future__ import annotations

import datetime as dt
import sqlite3

import orjson

from graph.flags import Flag, FlagDecision, FlagState, Run
from graph.model import NodeId, Restriction
from graph.store import Lens, StoredFlag
from graph.stores.chain import microseconds
from graph.stores.flag_rows import decision_of, decision_plain, flag_of, flag_plain, run_plain, state_of
from graph.stores.sqlite.restricting import parsed


def save_run(connection: sqlite3.Connection, run: Run, now_us: int) -> None:
    """Keep a run with its flags; the same run again replaces itself."""
    old = connection.execute("SELECT pk FROM run WHERE id = ?", (run.id,)).fetchone()
    if old is not None:
        connection.execute("DELETE FROM flag WHERE run = ?", old)
        connection.execute("DELETE FROM run WHERE pk = ?", old)
    cursor = connection.execute(
        "INSERT INTO run(id, detector, saved_at, restrictions, content) VALUES (?, ?, ?, ?, ?)",
        (
            run.id,
            run.detector,
            now_us,
            orjson.dumps(sorted(run.restrictions)).decode(),
            orjson.dumps(run_plain(run)).decode(),
        ),
    )
    connection.executemany(
        "INSERT INTO flag VALUES (?, ?, ?, ?)",
        [(cursor.lastrowid, flag.rank, flag.id, orjson.dumps(flag_plain(flag)).decode()) for flag in run.flags],
    )


def decide(connection: sqlite3.Connection, decision: FlagDecision) -> bool:
    """Add a decision; False when there is no such flag."""
    if connection.execute("SELECT 1 FROM flag WHERE id = ?", (decision.flag,)).fetchone() is None:
        return False
    connection.execute(
        "INSERT INTO flag_decision(flag, decided_at, content) VALUES (?, ?, ?)",
        (decision.flag, microseconds(decision.decided_at), orjson.dumps(decision_plain(decision)).decode()),
    )
    return True


def flags(
    connection: sqlite3.Connection,
    lens: Lens,
    *,
    detector: str | None,
    state: FlagState | None,
    subject: NodeId | None,
    limit: int,
    offset: int,
    today: dt.date,
) -> tuple[StoredFlag, ...]:
    found: list[StoredFlag] = []
    for run, run_id in _newest_runs(connection, lens, detector):
        rows = connection.execute("SELECT content FROM flag WHERE run = ? ORDER BY rank, id", (run,)).fetchall()
        for (content,) in rows:
            flag = flag_of(orjson.loads(content))
            if subject is not None and subject not in flag.subjects:
                continue
            stored = _stored(connection, flag, run_id, today)
            if state is None or stored.state is state:
                found.append(stored)
            if len(found) >= offset + limit:
                return tuple(found[offset:])
    return tuple(found[offset : offset + limit])


def flag(connection: sqlite3.Connection, flag_id: str, lens: Lens, today: dt.date) -> StoredFlag | None:
    rows = connection.execute(
        "SELECT r.id, r.restrictions, f.content FROM flag f JOIN run r ON r.pk = f.run WHERE f.id = ?"
        " ORDER BY r.pk DESC",
        (flag_id,),
    ).fetchall()
    for run_id, restrictions, content in rows:
        if _run_seen(lens, restrictions):
            return _stored(connection, flag_of(orjson.loads(content)), run_id, today)
    return None


def _newest_runs(connection: sqlite3.Connection, lens: Lens, detector: str | None) -> list[tuple[int, str]]:
    """The newest run within sight of each detector, by detector."""
    newest: dict[str, tuple[int, str]] = {}
    rows = connection.execute("SELECT pk, id, detector, restrictions FROM run ORDER BY pk DESC")
    for pk, run_id, name, restrictions in rows:
        if (detector is None or name == detector) and name not in newest and _run_seen(lens, restrictions):
            newest[name] = (pk, run_id)
    return [newest[name] for name in sorted(newest)]


def _run_seen(lens: Lens, restrictions: str) -> bool:
    if lens.sight is None:
        return True
    keys = orjson.loads(restrictions)
    return lens.sight(Restriction()) and all(lens.sight(parsed(key)) for key in keys)


def _stored(connection: sqlite3.Connection, flag: Flag, run_id: str, today: dt.date) -> StoredFlag:
    rows = connection.execute("SELECT content FROM flag_decision WHERE flag = ? ORDER BY pk", (flag.id,)).fetchall()
    decisions = tuple(decision_of(orjson.loads(content)) for (content,) in rows)
    return StoredFlag(flag, run_id, state_of(flag, decisions, today), decisions)
