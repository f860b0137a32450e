"""What stands beside a load: the state of the store, the lock, the sweep of a killed load, and the last step of one
that is committed, in which the contents of changed records change places with those they replace."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

from graph.stores.neo4j import statements
from graph.stores.neo4j.connection import Connection, Transaction
from graph.stores.neo4j.schema import RECORD_LABELS, TIE_LABELS
from graph.stores.neo4j.write import Writer

#: seconds for which a load keeps others out without a sign of life
LOCK_SECONDS = 600
_RELEASE_ROWS = 10_000

#: label of each kind of record that has versions
_RECORDS: dict[str, LiteralString] = {"node": "Node"} | {kind.value: label for kind, label in RECORD_LABELS.items()}

_TAKE: LiteralString = """
MATCH (s:Store {id: 'kith'})
SET s.taken = coalesce(s.taken, 0) + 1
RETURN s.committed, s.load_token, coalesce(s.load_expires, 0) > timestamp(), s.pending, s.releasing"""
_STATE: LiteralString = """
MATCH (s:Store {id: 'kith'})
RETURN s.committed, s.load_token, coalesce(s.load_expires, 0) > timestamp(), s.pending, s.releasing"""
LOCK: LiteralString = """
MATCH (s:Store {id: 'kith'})
SET s.load_token = $token, s.load_expires = timestamp() + 1000 * $seconds, s.pending = $pending"""
UNLOCK: LiteralString = """
MATCH (s:Store {id: 'kith'}) WHERE s.load_token = $token
SET s.load_token = null, s.load_expires = null, s.pending = null"""
_RELEASED: LiteralString = """
MATCH (s:Store {id: 'kith'}) WHERE s.releasing = $sequence SET s.releasing = null"""
_SWEEP: tuple[LiteralString, ...] = (
    "MATCH ()-[t]->() WHERE t.sequence > $committed CALL (t) { DELETE t } IN TRANSACTIONS OF 10000 ROWS",
    "MATCH (n) WHERE n.sequence > $committed CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS",
    "MATCH (n) WHERE n.replaced > $committed CALL (n) { REMOVE n.replaced, n.known_to } IN TRANSACTIONS OF 10000 ROWS",
    "MATCH (n:Node) WHERE n.open_from > $committed CALL (n) { REMOVE n.open_from } IN TRANSACTIONS OF 10000 ROWS",
    "MATCH ()-[t]->() WHERE t.replaced > $committed CALL (t) { REMOVE t.replaced, t.known_to }"
    " IN TRANSACTIONS OF 10000 ROWS",
    "MATCH ()-[t]->() WHERE t.newer_sequence > $committed"
    " CALL (t) { REMOVE t.newer, t.newer_sequence, t.newer_known_from } IN TRANSACTIONS OF 10000 ROWS",
)


@dataclass(frozen=True, slots=True)
class State:
    """What the store says of writes."""

    committed: int
    token: str | None
    locked: bool
    pending: int | None
    releasing: int | None


def state(transaction: Transaction, *, take: bool = False) -> State:
    """The state; with ``take`` nobody else may change it until the transaction ends."""
    [(committed, token, locked, pending, releasing)] = transaction.run(_TAKE if take else _STATE)
    return State(int(committed), token, bool(locked), pending, releasing)


def tidy(connection: Connection) -> None:
    """Finish what an earlier load left: exchange contents of a committed one, sweep a killed one."""
    now = connection.managed(state, write=False)
    if now.releasing is not None:
        release(connection, now.releasing)
    if now.pending is None or now.locked:
        return
    token = secrets.token_hex(8)

    def lock(transaction: Transaction) -> State:
        found = state(transaction, take=True)
        if found.pending is not None and not found.locked:
            parameters = {"token": token, "seconds": LOCK_SECONDS, "pending": found.pending}
            transaction.run(LOCK, parameters)
            return found
        return State(found.committed, None, True, None, None)

    found = connection.managed(lock, write=True)
    if found.pending is not None:
        for statement in _SWEEP:
            connection.alone(statement, {"committed": found.committed})
        connection.managed(lambda transaction: transaction.run(UNLOCK, {"token": token}), write=True)


def _release_steps(writer: Writer | None) -> Iterator[tuple[LiteralString, str]]:
    """The statements and the record each is for; of a writer that is known, those it needs."""
    for record, label in _RECORDS.items():
        if writer is None or record in writer.changed_records:
            yield statements.promote(label), record
    for tie_type in TIE_LABELS:
        if writer is None or tie_type in writer.replaced_types:
            yield statements.RELEASE_EDGE[tie_type], ""


def release(connection: Connection, sequence: int, writer: Writer | None = None) -> None:
    """After a large load: contents change places with those they replace; then nothing is left to do."""
    for statement, record in _release_steps(writer):
        parameters = {"sequence": sequence, "record": record, "limit": _RELEASE_ROWS}
        while connection.managed(lambda t, s=statement, p=parameters: _step_count(t, s, p), write=True):  # type: ignore[misc]
            pass
    connection.managed(lambda transaction: transaction.run(_RELEASED, {"sequence": sequence}), write=True)


def _step_count(transaction: Transaction, statement: LiteralString, parameters: dict[str, Any]) -> int:
    return int(sum(row[0] for row in transaction.run(statement, parameters)))


def release_now(transaction: Transaction, writer: Writer) -> None:
    """The same within the transaction of a small write, where it is needed only."""
    parameters = {"sequence": writer.sequence, "limit": 10**9}
    for record in sorted(writer.changed_records):
        transaction.run(statements.promote(_RECORDS[record]), parameters | {"record": record})
    for tie_type in sorted(writer.replaced_types):
        transaction.run(statements.RELEASE_EDGE[tie_type], parameters)
