"""Small JSON documents of the application: accounts, sessions, memberships."""

from __future__ import annotations

import datetime as dt
from typing import LiteralString

import orjson

from graph.errors import StoreConflict
from graph.flags import Plain
from graph.store import AuditEntry
from graph.stores.neo4j import audit
from graph.stores.neo4j.connection import Contention, DuplicateKey, Transaction

_GET: LiteralString = "MATCH (d:Document {key: $key}) RETURN d.value, d.version"
_ALL: LiteralString = "MATCH (d:Document {collection: $collection}) RETURN d.name, d.value ORDER BY d.name"
_LOCK: LiteralString = """
MATCH (d:Document {key: $key}) SET d.taken = true
WITH d REMOVE d.taken
RETURN d.version
"""
_CREATE: LiteralString = """
CREATE (:Document {key: $key, collection: $collection, name: $name, value: $value, version: $version})
"""
_CHANGE: LiteralString = "MATCH (d:Document {key: $key}) SET d.value = $value, d.version = $version"
_DELETE: LiteralString = "MATCH (d:Document {key: $key}) DELETE d RETURN count(*)"


def _key(collection: str, key: str) -> str:
    return f"{collection}/{key}"


def get(transaction: Transaction, collection: str, key: str) -> tuple[Plain, int] | None:
    rows = transaction.run(_GET, {"key": _key(collection, key)})
    return (orjson.loads(rows[0][0]), rows[0][1]) if rows else None


def put(
    transaction: Transaction,
    collection: str,
    key: str,
    value: Plain,
    *,
    expected: int | None,
    entry: AuditEntry | None,
    now: dt.datetime,
) -> int:
    """Store it and return its version number. Raises StoreConflict when it is not at ``expected``."""
    rows = transaction.run(_LOCK, {"key": _key(collection, key)})
    present = rows[0][0] if rows else 0
    if expected is not None and expected != present:
        raise StoreConflict("somebody else changed it first")
    parameters = {
        "key": _key(collection, key),
        "collection": collection,
        "name": key,
        "value": orjson.dumps(value).decode(),
        "version": present + 1,
    }
    try:
        transaction.run(_CHANGE if rows else _CREATE, parameters)
    except DuplicateKey:
        if expected is not None:
            raise StoreConflict("somebody else made it first") from None
        raise Contention("somebody else made it first") from None
    if entry is not None:
        audit.append(transaction, "changes", entry, now=now)
    return int(present) + 1


def delete(transaction: Transaction, collection: str, key: str, *, entry: AuditEntry | None, now: dt.datetime) -> bool:
    [(count,)] = transaction.run(_DELETE, {"key": _key(collection, key)})
    if entry is not None:
        audit.append(transaction, "changes", entry, now=now)
    return bool(count)


def every(transaction: Transaction, collection: str) -> dict[str, Plain]:
    return {name: orjson.loads(value) for name, value in transaction.run(_ALL, {"collection": collection})}
