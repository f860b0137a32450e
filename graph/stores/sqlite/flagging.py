"""Runs, flags and decisions in SQLite, as JSON with the columns that are searched by."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence

import orjson

from graph.flags import Band, Flag, FlagDecision, FlagState, Run
from graph.model import NodeId
from graph.store import FlagFilter, FlagPage, Lens, StoredFlag
from graph.stores.chain import microseconds
from graph.stores.flag_rows import (
    REVIEWED,
    FlagHead,
    RunHead,
    decision_of,
    decision_plain,
    flag_of,
    flag_plain,
    in_order,
    listed,
    run_plain,
    run_seen,
    shown_runs,
    state_of,
    state_on,
)
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
        [(cursor.lastrowid, flag.rank, flag.id, _kept(flag)) for flag in run.flags],
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
    heads = _heads(connection, lens, detector, None if subject is None else [subject], today)
    return _whole(connection, in_order(heads, state, limit=limit, offset=offset), today)


def flag_page(
    connection: sqlite3.Connection,
    lens: Lens,
    where: FlagFilter,
    *,
    limit: int,
    offset: int,
    after: str | None,
    today: dt.date,
) -> FlagPage:
    subjects = None if where.subjects is None else sorted(where.subjects)
    found = listed(_heads(connection, lens, None, subjects, today), where, limit=limit, offset=offset, after=after)
    return FlagPage(_whole(connection, found.page, today), found.total, found.counts)


def flag(connection: sqlite3.Connection, flag_id: str, lens: Lens, today: dt.date) -> StoredFlag | None:
    rows = connection.execute(
        f"SELECT {_RUN_HEAD}, f.content FROM flag f JOIN run r ON r.pk = f.run WHERE f.id = ? ORDER BY r.pk DESC",
        (flag_id,),
    ).fetchall()
    for *head, content in rows:
        if run_seen(lens, _run_head(*head), parsed):
            return _stored(connection, _flag(content), head[0], today)
    return None


def reviewed_flags(connection: sqlite3.Connection, lens: Lens, today: dt.date) -> tuple[StoredFlag, ...]:
    decisions: dict[str, list[FlagDecision]] = {}
    for flag_id, content in connection.execute("SELECT flag, content FROM flag_decision ORDER BY pk"):
        decisions.setdefault(flag_id, []).append(decision_of(orjson.loads(content)))
    ids = [flag_id for flag_id, own in decisions.items() if any(item.state in REVIEWED for item in own)]
    found: dict[str, StoredFlag] = {}
    seen: dict[str, bool] = {}
    for *head, content in connection.execute(_REVIEWED, (orjson.dumps(ids).decode(),)):
        run = _run_head(*head)
        if run.id not in seen:
            seen[run.id] = run_seen(lens, run, parsed)
        flag = flag_of(orjson.loads(content)) if seen[run.id] else None
        if flag is not None and flag.id not in found:
            own = tuple(decisions[flag.id])
            found[flag.id] = StoredFlag(flag, run.id, state_of(flag, own, today), own)
    return tuple(found[flag_id] for flag_id in sorted(found))


#: columns of ``_run_head``
_RUN_HEAD = "r.id, r.detector, r.restrictions, json_extract(r.content, '$.may_see', '$.over_open')"

#: what is kept of a flag starts with a line of its own for what lists are chosen by: the whole, which is long, is then
#: read for the flags that are shown only
_REVIEWED = f"""
SELECT {_RUN_HEAD}, json_set(substr(f.content, instr(f.content, char(10)) + 1), '$.reasons', json('[]'),
  '$.details', json('{{}}'))
FROM json_each(?1) j CROSS JOIN flag f ON f.id = j.value CROSS JOIN run r ON r.pk = f.run ORDER BY r.pk DESC"""

_HEADS = """
SELECT f.id, r.id, r.detector, f.rank,
  CASE instr(f.content, char(10)) WHEN 0 THEN f.content
    ELSE substr(f.content, 1, instr(f.content, char(10)) - 1) END,
  (SELECT json_extract(d.content, '$.state') FROM flag_decision d WHERE d.flag = f.id ORDER BY d.pk DESC LIMIT 1)
FROM json_each(?) j CROSS JOIN run r ON r.id = j.value CROSS JOIN flag f ON f.run = r.pk"""


def _kept(flag: Flag) -> str:
    plain = flag_plain(flag)
    head = {key: plain[key] for key in ("band", "expires_on", "subjects")}
    return f"{orjson.dumps(head).decode()}\n{orjson.dumps(plain).decode()}"


def _flag(content: str) -> Flag:
    return flag_of(orjson.loads(content.rpartition("\n")[2]))


def _run_head(run_id: str, detector: str, restrictions: str, more: str) -> RunHead:
    may_see, over_open = orjson.loads(more)
    return RunHead(run_id, detector, tuple(orjson.loads(restrictions)), tuple(may_see or ()), over_open or run_id)


def _shown_runs(connection: sqlite3.Connection, lens: Lens, detector: str | None) -> tuple[RunHead, ...]:
    """The run of each detector that is shown, by detector."""
    rows = connection.execute(
        f"SELECT {_RUN_HEAD} FROM run r WHERE ?1 IS NULL OR r.detector = ?1 ORDER BY r.pk DESC", (detector,)
    )
    return shown_runs(head for head in (_run_head(*row) for row in rows) if run_seen(lens, head, parsed))


def _heads(
    connection: sqlite3.Connection,
    lens: Lens,
    detector: str | None,
    subjects: Sequence[str] | None,
    today: dt.date,
) -> list[FlagHead]:
    """Heads of the flags of the shown runs, those about any of the subjects when these are given."""
    runs = orjson.dumps([run.id for run in _shown_runs(connection, lens, detector)]).decode()
    wanted = None if subjects is None else frozenset(subjects)
    heads = []
    for flag_id, run_id, name, rank, kept, latest in connection.execute(_HEADS, (runs,)):
        head = orjson.loads(kept)
        if wanted is not None and wanted.isdisjoint(head["subjects"]):
            continue
        expires_on = dt.date.fromisoformat(head["expires_on"])
        state = state_on(FlagState(latest or FlagState.NEW), expires_on, today)
        heads.append(FlagHead(flag_id, run_id, name, rank, Band(head["band"]), state))
    return heads


def _whole(connection: sqlite3.Connection, heads: Sequence[FlagHead], today: dt.date) -> tuple[StoredFlag, ...]:
    """The flags of these heads, in their order."""
    query = "SELECT f.content FROM flag f JOIN run r ON r.pk = f.run WHERE r.id = ? AND f.rank = ? AND f.id = ?"
    found = []
    for head in heads:
        (content,) = connection.execute(query, (head.run_id, head.rank, head.id)).fetchone()
        found.append(_stored(connection, _flag(content), head.run_id, today))
    return tuple(found)


def _stored(connection: sqlite3.Connection, flag: Flag, run_id: str, today: dt.date) -> StoredFlag:
    rows = connection.execute("SELECT content FROM flag_decision WHERE flag = ? ORDER BY pk", (flag.id,)).fetchall()
    decisions = tuple(decision_of(orjson.loads(content)) for (content,) in rows)
    return StoredFlag(flag, run_id, state_of(flag, decisions, today), decisions)
