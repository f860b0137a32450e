"""Runs, flags and decisions, as JSON with the properties that are searched by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import LiteralString

import orjson

from graph.errors import NotFound
from graph.flags import Band, Flag, FlagDecision, FlagState, Run
from graph.model import NodeId
from graph.store import AuditEntry, FlagFilter, FlagPage, Lens, StoredFlag
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
RETURN r.id, r.detector, r.restrictions, r.may_see, r.over_open ORDER BY r.number DESC"""
_OF_RUNS: LiteralString = """
UNWIND $ids AS id
MATCH (f:Flag {run_id: id})
WHERE $subjects IS NULL OR any(subject IN f.subjects WHERE subject IN $subjects)
RETURN f.id, f.run_id, f.rank, f.band, f.expires_on"""
_LATEST: LiteralString = """
UNWIND $ids AS id
MATCH (d:FlagDecision {flag: id})
WITH id, d ORDER BY d.number
RETURN id, last(collect(d.content))"""
_WHOLE: LiteralString = """
UNWIND $pairs AS pair
MATCH (f:Flag {run_id: pair[0], id: pair[1]}) RETURN f.run_id, f.id, f.content"""
_DECISIONS: LiteralString = """
UNWIND $ids AS id
MATCH (d:FlagDecision {flag: id}) RETURN id, d.content ORDER BY d.number"""
_BY_ID: LiteralString = """
MATCH (f:Flag {id: $id}) MATCH (r:Run {id: f.run_id})
RETURN r.id, r.detector, r.restrictions, r.may_see, r.over_open, f.content ORDER BY r.number DESC"""
_VERDICTS: LiteralString = "MATCH (d:FlagDecision) RETURN d.flag, d.content"
_BY_IDS: LiteralString = """
MATCH (f:Flag) WHERE f.id IN $ids MATCH (r:Run {id: f.run_id})
RETURN r.id, r.detector, r.restrictions, r.may_see, r.over_open, f.content ORDER BY f.id, r.number DESC"""
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
        "may_see": sorted(run.may_see),
        "over_open": run.over_open,
        "content": orjson.dumps(run_plain(run)).decode(),
    }
    transaction.run(_RUN, {"run": kept})
    flags = [
        {
            "id": flag.id,
            "run_id": run.id,
            "rank": flag.rank,
            "subjects": list(flag.subjects),
            "band": flag.band.value,
            "expires_on": flag.expires_on,
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
    heads = _heads(transaction, lens, detector, None if subject is None else [subject], today)
    return _whole(transaction, in_order(heads, state, limit=limit, offset=offset), today)


def flag_page(
    transaction: Transaction,
    lens: Lens,
    where: FlagFilter,
    *,
    limit: int,
    offset: int,
    after: str | None,
    today: dt.date,
) -> FlagPage:
    subjects = None if where.subjects is None else sorted(where.subjects)
    found = listed(_heads(transaction, lens, None, subjects, today), where, limit=limit, offset=offset, after=after)
    return FlagPage(_whole(transaction, found.page, today), found.total, found.counts)


def flag(transaction: Transaction, flag_id: str, lens: Lens, today: dt.date) -> StoredFlag | None:
    for *head, content in transaction.run(_BY_ID, {"id": flag_id}):
        if run_seen(lens, _run_head(*head)):
            return _stored(transaction, [(flag_of(orjson.loads(content)), head[0])], today)[0]
    return None


def reviewed_flags(transaction: Transaction, lens: Lens, today: dt.date) -> tuple[StoredFlag, ...]:
    ids = {
        flag_id
        for flag_id, content in transaction.run(_VERDICTS, {})
        if FlagState(orjson.loads(content)["state"]) in REVIEWED
    }
    found: dict[str, tuple[Flag, str]] = {}
    for *head, content in transaction.run(_BY_IDS, {"ids": sorted(ids)}):
        kept = flag_of({**orjson.loads(content), "reasons": [], "details": {}})
        if kept.id not in found and run_seen(lens, _run_head(*head)):
            found[kept.id] = kept, head[0]
    return tuple(_stored(transaction, [found[flag_id] for flag_id in sorted(found)], today))


def _run_head(
    run_id: str, detector: str, restrictions: list[str], may_see: list[str] | None, over_open: str | None
) -> RunHead:
    return RunHead(run_id, detector, tuple(restrictions), tuple(may_see or ()), over_open or run_id)


def _heads(
    transaction: Transaction, lens: Lens, detector: str | None, subjects: list[NodeId] | None, today: dt.date
) -> list[FlagHead]:
    """Heads of the flags of the shown runs, those about any of the subjects when these are given."""
    kept = (_run_head(*row) for row in transaction.run(_RUNS, {"detector": detector}))
    detectors = {run.id: run.detector for run in shown_runs(run for run in kept if run_seen(lens, run))}
    rows = transaction.run(_OF_RUNS, {"ids": list(detectors), "subjects": subjects})
    decided = transaction.run(_LATEST, {"ids": [flag_id for flag_id, *_ in rows]})
    latest = {flag_id: FlagState(orjson.loads(content)["state"]) for flag_id, content in decided}
    heads = []
    for flag_id, run_id, rank, band, expires_on in rows:
        state = state_on(latest.get(flag_id, FlagState.NEW), expires_on.to_native(), today)
        heads.append(FlagHead(flag_id, run_id, detectors[run_id], rank, Band(band), state))
    return heads


def _whole(transaction: Transaction, heads: Sequence[FlagHead], today: dt.date) -> tuple[StoredFlag, ...]:
    """The flags of these heads, in their order."""
    rows = transaction.run(_WHOLE, {"pairs": [[head.run_id, head.id] for head in heads]})
    content = {(run_id, flag_id): text for run_id, flag_id, text in rows}
    wanted = [(flag_of(orjson.loads(content[head.run_id, head.id])), head.run_id) for head in heads]
    return tuple(_stored(transaction, wanted, today))


def _stored(transaction: Transaction, found: list[tuple[Flag, str]], today: dt.date) -> list[StoredFlag]:
    decisions: dict[str, list[FlagDecision]] = {}
    for flag_id, content in transaction.run(_DECISIONS, {"ids": [each.id for each, _ in found]}):
        decisions.setdefault(flag_id, []).append(decision_of(orjson.loads(content)))
    stored = []
    for each, run_id in found:
        own = tuple(decisions.get(each.id, ()))
        stored.append(StoredFlag(each, run_id, state_of(each, own, today), own))
    return stored
