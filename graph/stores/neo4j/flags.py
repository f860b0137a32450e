"""Runs, flags and decisions, as JSON with the properties that are searched by."""

from __future__ import annotations

import datetime as dt
from typing import LiteralString

import orjson

from graph.errors import NotFound
from graph.flags import Flag, FlagDecision, FlagState, Run
from graph.model import NodeId, Restriction
from graph.store import AuditEntry, Lens, StoredFlag
from graph.stores.flag_rows import decision_of, decision_plain, flag_of, flag_plain, run_plain, state_of
from graph.stores.neo4j import audit
from graph.stores.neo4j.connection import Transaction

_DROP: LiteralString = """
MATCH (r:Run {id: $id})
OPTIONAL MATCH (f:Flag {run_id: $id})
DETACH DELETE f, r"""
_RUN: LiteralString = "CREATE (r:Run) SET r = $run"
_FLAGS: LiteralString = """
MATCH (r:Run {id: $id})
UNWIND $flags AS flag
CREATE (r)-[:RAISED]->(f:Flag) SET f = flag"""
_RUNS: LiteralString = """
MATCH (r:Run) WHERE $detector IS NULL OR r.detector = $detector
RETURN r.id, r.detector, r.restrictions ORDER BY r.number DESC"""
_OF_RUN: LiteralString = """
MATCH (f:Flag {run_id: $id}) WHERE $subject IS NULL OR $subject IN f.subjects
RETURN f.content ORDER BY f.rank, f.id"""
_DECISIONS: LiteralString = """
UNWIND $ids AS id
MATCH (d:FlagDecision {flag: id}) RETURN id, d.content ORDER BY d.number"""
_BY_ID: LiteralString = """
MATCH (f:Flag {id: $id}) MATCH (r:Run {id: f.run_id})
RETURN r.id, r.restrictions, f.content ORDER BY r.number DESC"""
_DECIDE: LiteralString = "CREATE (d:FlagDecision) SET d = $decision"


def save_run(transaction: Transaction, run: Run, entry: AuditEntry, *, now: dt.datetime) -> None:
    """Keep a run with its flags; the same run again replaces itself."""
    number = audit.append(transaction, "changes", entry, now=now).number
    transaction.run(_DROP, {"id": run.id})
    kept = {
        "id": run.id,
        "detector": run.detector,
        "number": number,
        "saved_at": now,
        "restrictions": sorted(run.restrictions),
        "content": orjson.dumps(run_plain(run)).decode(),
    }
    transaction.run(_RUN, {"run": kept})
    flags = [
        {
            "id": flag.id,
            "run_id": run.id,
            "rank": flag.rank,
            "subjects": list(flag.subjects),
            "content": orjson.dumps(flag_plain(flag)).decode(),
        }
        for flag in run.flags
    ]
    if flags:
        transaction.run(_FLAGS, {"id": run.id, "flags": flags})


def decide(transaction: Transaction, decision: FlagDecision, entry: AuditEntry, *, now: dt.datetime) -> None:
    """Add a decision. Raises NotFound when there is no such flag."""
    if not transaction.run(_BY_ID, {"id": decision.flag}):
        raise NotFound("there is no such flag")
    number = audit.append(transaction, "changes", entry, now=now).number
    kept = {
        "flag": decision.flag,
        "number": number,
        "decided_at": decision.decided_at,
        "content": orjson.dumps(decision_plain(decision)).decode(),
    }
    transaction.run(_DECIDE, {"decision": kept})


def flags(
    transaction: Transaction,
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
    for run_id in _newest_runs(transaction, lens, detector):
        rows = transaction.run(_OF_RUN, {"id": run_id, "subject": subject})
        kept = [flag_of(orjson.loads(content)) for (content,) in rows]
        found += [
            stored
            for stored in _stored(transaction, [(flag, run_id) for flag in kept], today)
            if state is None or stored.state is state
        ]
        if len(found) >= offset + limit:
            break
    return tuple(found[offset : offset + limit])


def flag(transaction: Transaction, flag_id: str, lens: Lens, today: dt.date) -> StoredFlag | None:
    for run_id, restrictions, content in transaction.run(_BY_ID, {"id": flag_id}):
        if _run_seen(lens, restrictions):
            return _stored(transaction, [(flag_of(orjson.loads(content)), run_id)], today)[0]
    return None


def _newest_runs(transaction: Transaction, lens: Lens, detector: str | None) -> list[str]:
    """The newest run within sight of each detector, by detector."""
    newest: dict[str, str] = {}
    for run_id, name, restrictions in transaction.run(_RUNS, {"detector": detector}):
        if name not in newest and _run_seen(lens, restrictions):
            newest[name] = run_id
    return [newest[name] for name in sorted(newest)]


def _run_seen(lens: Lens, restrictions: list[str]) -> bool:
    if lens.sight is None:
        return True
    sight = lens.sight
    return sight(Restriction()) and all(sight(Restriction.from_key(key)) for key in restrictions)


def _stored(transaction: Transaction, found: list[tuple[Flag, str]], today: dt.date) -> list[StoredFlag]:
    decisions: dict[str, list[FlagDecision]] = {}
    for flag_id, content in transaction.run(_DECISIONS, {"ids": [each.id for each, _ in found]}):
        decisions.setdefault(flag_id, []).append(decision_of(orjson.loads(content)))
    stored = []
    for each, run_id in found:
        own = tuple(decisions.get(each.id, ()))
        stored.append(StoredFlag(each, run_id, state_of(each, own, today), own))
    return stored
