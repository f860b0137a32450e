"""The audit chains: rows numbered and chained by digest, two heads that order their writers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import LiteralString

from graph.store import AuditEntry, AuditRow, AuditVerdict
from graph.stores import chain as chains
from graph.stores.neo4j.connection import LONG_TRANSACTION_SECONDS, Connection, Row, Transaction

_HEAD: LiteralString = """
MATCH (h:AuditHead {chain: $chain})
SET h.taken = coalesce(h.taken, 0) + 1
RETURN coalesce(h.number, 0), coalesce(h.digest, $origin)
"""
_APPEND: LiteralString = """
MATCH (h:AuditHead {chain: $row.chain})
CREATE (a:AuditEntry) SET a = $row
SET h.number = $row.number, h.digest = $row.digest
"""
_COLUMNS: LiteralString = "a.chain, a.number, a.recorded_at_us, a.entry, a.previous_digest, a.digest"
_ROWS: LiteralString = f"""
MATCH (a:AuditEntry)
WHERE a.chain = $chain AND a.number > $after AND a.number < $before
  AND ($actor IS NULL OR a.actor = $actor) AND ($about IS NULL OR $about IN a.ids)
RETURN {_COLUMNS}"""
_FORWARD: LiteralString = _ROWS + " ORDER BY a.number LIMIT $limit"
_BACKWARD: LiteralString = _ROWS + " ORDER BY a.number DESC LIMIT $limit"
_CHAIN: LiteralString = """
MATCH (a:AuditEntry) WHERE a.chain = $chain AND a.number > 0
RETURN a.number, a.recorded_at_us, a.entry, a.previous_digest, a.digest ORDER BY a.number
"""
_TIPS: LiteralString = "MATCH (h:AuditHead) RETURN h.chain, coalesce(h.number, 0), coalesce(h.digest, $origin)"
_BY_KEY: LiteralString = f"MATCH (a:AuditEntry {{key: $key}}) RETURN {_COLUMNS}"


def append(transaction: Transaction, chain: str, entry: AuditEntry, *, now: dt.datetime) -> AuditRow:
    """Append a row; the lock on the head is held until the transaction ends, so rows cannot fork."""
    encoded = chains.encode_entry(entry)
    [(number, previous)] = transaction.run(_HEAD, {"chain": chain, "origin": chains.ORIGIN})
    recorded_at = chains.microseconds(now)
    digest = chains.digest_of(previous, chain, number + 1, recorded_at, encoded)
    row = {
        "key": f"{chain}:{number + 1}",
        "chain": chain,
        "number": number + 1,
        "recorded_at": now,
        "recorded_at_us": recorded_at,
        "actor": entry.actor,
        "action": entry.action,
        "ids": list(entry.ids),
        "entry": encoded.decode(),
        "previous_digest": previous,
        "digest": digest,
    }
    transaction.run(_APPEND, {"row": row})
    return chains.row_of(chain, number + 1, recorded_at, encoded, previous, digest)


def find(transaction: Transaction, row: AuditRow) -> bool:
    """Whether that very row is committed."""
    found = transaction.run(_BY_KEY, {"key": f"{row.chain}:{row.number}"})
    return bool(found) and found[0][5] == row.digest


def _row(values: Row) -> AuditRow:
    name, number, recorded_at, entry, previous, digest = values
    return chains.row_of(name, number, recorded_at, entry.encode(), previous, digest)


def rows(
    transaction: Transaction,
    *,
    chain: str | None,
    after: int,
    limit: int,
    newest_first: bool,
    actor: str | None,
    about: str | None,
) -> tuple[AuditRow, ...]:
    backward = newest_first and after > 0
    found: list[AuditRow] = []
    for name in chains.CHAINS if chain is None else (chain,):
        parameters = {
            "chain": name,
            "after": 0 if backward else after,
            "before": after if backward else 2**62,
            "limit": limit,
            "actor": actor,
            "about": about,
        }
        found += [_row(values) for values in transaction.run(_BACKWARD if newest_first else _FORWARD, parameters)]
    if chain is None:
        found.sort(key=lambda row: (row.recorded_at, row.chain, row.number), reverse=newest_first)
    return tuple(found[:limit])


def verify(connection: Connection, kept_heads: Mapping[str, tuple[int, str]] | None) -> AuditVerdict:
    """Check both chains from the start, in one reading transaction."""

    def stored(transaction: Transaction, chain: str) -> Iterator[chains.StoredRow]:
        for rows_read in transaction.stream(_CHAIN, {"chain": chain}):
            for number, recorded_at, entry, previous, digest in rows_read:
                yield number, recorded_at, entry.encode(), previous, digest

    # the lock on the heads keeps rows from being added while both are read
    with connection.transaction(write=True, seconds=LONG_TRANSACTION_SECONDS) as transaction:
        for chain in chains.CHAINS:
            transaction.run(_HEAD, {"chain": chain, "origin": chains.ORIGIN})
        tips = {name: (number, digest) for name, number, digest in transaction.run(_TIPS, {"origin": chains.ORIGIN})}
        return chains.verify({chain: stored(transaction, chain) for chain in chains.CHAINS}, tips, kept_heads)
