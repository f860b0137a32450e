"""The two audit chains in SQLite: ``changes`` in the store, ``views`` in the file beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from graph.errors import StoreUnsafe
from graph.store import AuditEntry, AuditRow, AuditVerdict
from graph.stores.chain import CHAINS, ORIGIN, StoredRow, digest_of, encode_entry, row_of, verify

SCHEMA_OF = {"changes": "main", "views": "views"}


def append(connection: sqlite3.Connection, chain: str, entry: AuditEntry, now_us: int) -> AuditRow:
    """Append inside the open transaction. The first statement takes the write lock of that file, then reads the tip:
    the other way round two writers could stand on the same tip."""
    schema = SCHEMA_OF[chain]
    encoded = encode_entry(entry)
    connection.execute(f"UPDATE {schema}.audit_tip SET number = number WHERE one = 1")
    tip = connection.execute(f"SELECT number, digest FROM {schema}.audit_tip WHERE one = 1").fetchone()
    if tip is None:
        raise StoreUnsafe("the audit log has lost its end; check it with kith audit verify")
    number, previous = tip
    number += 1
    digest = digest_of(previous, chain, number, now_us, encoded)
    connection.execute(
        f"INSERT INTO {schema}.audit VALUES (?, ?, ?, ?, ?, ?)",
        (number, now_us, entry.actor, encoded, previous, digest),
    )
    connection.executemany(
        f"INSERT OR IGNORE INTO {schema}.audit_about VALUES (?, ?)", ((about, number) for about in entry.ids)
    )
    connection.execute(f"UPDATE {schema}.audit_tip SET number = ?, digest = ? WHERE one = 1", (number, digest))
    return row_of(chain, number, now_us, encoded, previous, digest)


def rows(
    connection: sqlite3.Connection,
    chain: str,
    *,
    after: int,
    limit: int,
    newest_first: bool,
    actor: str | None,
    about: str | None,
) -> list[AuditRow]:
    schema = SCHEMA_OF[chain]
    conditions, values = ["a.number > ?" if not newest_first or after == 0 else "a.number < ?"], [after]
    source = f"{schema}.audit a"
    parameters: list[object] = []
    if about is not None:
        source = f"{schema}.audit_about b CROSS JOIN {schema}.audit a ON a.number = b.number"
        conditions.append("b.id = ?")
    parameters += values
    if about is not None:
        parameters.append(about)
    if actor is not None:
        conditions.append("a.actor = ?")
        parameters.append(actor)
    order = "DESC" if newest_first else "ASC"
    found = connection.execute(
        f"SELECT a.number, a.recorded_at, a.entry, a.previous, a.digest FROM {source}"
        f" WHERE {' AND '.join(conditions)} ORDER BY a.number {order} LIMIT ?",
        (*parameters, limit),
    )
    return [row_of(chain, number, at, bytes(entry), previous, digest) for number, at, entry, previous, digest in found]


def _stored(connection: sqlite3.Connection, chain: str) -> Iterator[StoredRow]:
    cursor = connection.execute(
        f"SELECT number, recorded_at, entry, previous, digest FROM {SCHEMA_OF[chain]}.audit ORDER BY number"
    )
    for number, at, entry, previous, digest in cursor:
        yield number, at, bytes(entry), previous, digest


def verified(connection: sqlite3.Connection, kept_heads: Mapping[str, tuple[int, str]] | None) -> AuditVerdict:
    """Check both chains as they stand in the open read transaction."""
    tips = {}
    for chain in CHAINS:
        tip = connection.execute(f"SELECT number, digest FROM {SCHEMA_OF[chain]}.audit_tip WHERE one = 1").fetchone()
        tips[chain] = (tip[0], tip[1]) if tip else (-1, ORIGIN)
    return verify({chain: _stored(connection, chain) for chain in CHAINS}, tips, kept_heads)
