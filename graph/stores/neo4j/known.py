"""Which keys of records are there already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import LiteralString

from graph.records import RecordKind
from graph.stores.neo4j import schema, tidying
from graph.stores.neo4j.connection import Transaction
from graph.stores.rows import NODE_RECORDS, batches

_THERE: LiteralString = "UNWIND $ids AS id MATCH (n:Node {id: id}) WHERE n.sequence <= $now RETURN id"


def there(label: LiteralString) -> LiteralString:
    return f"UNWIND $ids AS id MATCH (n:{label} {{id: id}}) WHERE n.sequence <= $now RETURN id"


def tie_there(label: LiteralString) -> LiteralString:
    return f"""
UNWIND $ids AS id
MATCH ()-[t:{label} {{id: id}}]->()
WHERE t.sequence <= $now AND (t.replaced IS NULL OR t.replaced > $now)
RETURN DISTINCT id"""


_RECORD_THERE = {kind: there(label) for kind, label in schema.RECORD_LABELS.items()}
_TIE_THERE = {code: tie_there(label) for code, label in schema.TIE_LABELS.items()}


def keys_there(transaction: Transaction, kind: RecordKind, keys: Sequence[str]) -> set[str]:
    """Those of the keys of which there is a committed record of the kind."""
    now = tidying.state(transaction).committed
    found: set[str] = set()
    for part in batches(list(keys), 20_000):
        found.update(_known(transaction, kind, list(part), now))
    return found


def _known(transaction: Transaction, kind: RecordKind, keys: list[str], now: int) -> Iterator[str]:
    parameters = {"now": now}
    if kind in NODE_RECORDS:
        yield from (row[0] for row in transaction.run(_THERE, parameters | {"ids": keys}))
    elif kind is RecordKind.PARTICIPATION:
        ids = [f"took_part_in:{key}" for key in keys]
        found = transaction.run(_TIE_THERE["took_part_in"], parameters | {"ids": ids})
        yield from (row[0].removeprefix("took_part_in:") for row in found)
    elif kind is RecordKind.TIE:
        for statement in _TIE_THERE.values():
            yield from (row[0] for row in transaction.run(statement, parameters | {"ids": keys}))
    else:
        yield from (row[0] for row in transaction.run(_RECORD_THERE[kind], parameters | {"ids": keys}))
