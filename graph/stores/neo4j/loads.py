"""Atomic writes of any size.

A small write is one transaction. A large one does not fit into the server's memory: its batches carry the sequence
number of the load to come, which no reader looks at, and one small last transaction raises the committed number, writes
the audit row and so shows all of it. Then, batch by batch, the contents of changed records change places with those
they replace, which no reader can tell. What a killed load left is swept before the next write, or at the next opening.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, LiteralString

import orjson

from graph.errors import StoreConflict, StoreUnavailable
from graph.flags import Plain
from graph.records import Block, Commit, RecordKind, Tally, WriteNote
from graph.store import AuditEntry, Load
from graph.stores.neo4j import audit
from graph.stores.neo4j.codec import instant_of_database
from graph.stores.neo4j.connection import (
    LONG_TRANSACTION_SECONDS,
    AmbiguousCommit,
    Connection,
    Contention,
    Transaction,
    Unreachable,
)
from graph.stores.neo4j.pipeline import Pipeline
from graph.stores.neo4j.tidying import LOCK, LOCK_SECONDS, UNLOCK, release, release_now, state, tidy
from graph.stores.neo4j.write import Writer

#: rows up to which a write is one transaction
SMALL_ROWS = 3_000
#: rows of one batch of a large one
BATCH_ROWS = 10_000
_COUNTS: LiteralString = "MATCH (s:Store {id: 'kith'}) RETURN s.counts"
_LATEST: LiteralString = "MATCH (s:Store {id: 'kith'}) RETURN s.committed_at"
_STILL: LiteralString = """
MATCH (s:Store {id: 'kith'}) WHERE s.load_token = $token
SET s.load_expires = timestamp() + 1000 * $seconds
RETURN count(s)"""
_SHOW: LiteralString = """
MATCH (s:Store {id: 'kith'})
WHERE s.committed = $load.sequence - 1 AND ($token IS NULL OR s.load_token = $token)
SET s.committed = $load.sequence, s.load_token = null, s.load_expires = null, s.pending = null,
    s.releasing = $releasing, s.counts = $counts, s.committed_at = $load.committed_at
CREATE (l:Load) SET l = $load
RETURN count(*)"""
_LOAD: LiteralString = "MATCH (l:Load {token: $token}) RETURN l.sequence"
_SAME_CONTENT: LiteralString = """
MATCH (s:Store {id: 'kith'})
MATCH (l:Load {content_digest: $digest}) WHERE l.sequence = s.committed
RETURN l.id, l.committed_at, l.tallies"""
_LOADS: LiteralString = """
MATCH (l:Load) WHERE $before IS NULL OR l.sequence < $before
RETURN l.id, l.sequence, l.committed_at, l.author, l.action, l.reason, l.agency, l.files, l.tallies
ORDER BY l.sequence DESC LIMIT $limit"""


def stored_counts(transaction: Transaction) -> dict[str, int]:
    """Records of each kind."""
    [(text,)] = transaction.run(_COUNTS)
    counts: dict[str, int] = orjson.loads(text) if text else {}
    return counts


def _entry(note: WriteNote, tallies: dict[RecordKind, Tally], sequence: int, ids: Sequence[str]) -> AuditEntry:
    """What the chain keeps of a write: counts, files and digests, never the reason's words."""
    details: dict[str, Plain] = {
        "sequence": sequence,
        "records": {kind.value: [tally.new, tally.changed, tally.unchanged] for kind, tally in tallies.items()},
        "files": [[name, rows, digest] for name, rows, digest in note.files],
        "content_digest": note.content_digest,
    }
    return AuditEntry(note.author, note.action, tuple(ids), None, note.agency, None, details)


def _encode_tallies(tallies: dict[RecordKind, Tally]) -> str:
    return orjson.dumps({kind.value: [t.new, t.changed, t.unchanged] for kind, t in tallies.items()}).decode()


def _decode_tallies(text: str) -> dict[RecordKind, Tally]:
    return {RecordKind(kind): Tally(*numbers) for kind, numbers in orjson.loads(text).items()}


def listed(transaction: Transaction, *, limit: int, before: int | None) -> tuple[Load, ...]:
    """Loads, newest first."""
    rows = transaction.run(_LOADS, {"limit": limit, "before": before})
    return tuple(
        Load(
            load_id,
            sequence,
            instant_of_database(committed_at),
            author,
            action,
            reason,
            agency,
            tuple((name, count, digest) for name, count, digest in orjson.loads(files)),
            _decode_tallies(tallies),
        )
        for load_id, sequence, committed_at, author, action, reason, agency, files, tallies in rows
    )


class Loading:
    """One call of ``write``."""

    def __init__(
        self,
        connection: Connection,
        note: WriteNote,
        progress: Callable[[int], None] | None,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self.connection = connection
        self.note = note
        self.progress = progress
        self.clock = clock
        self.token = secrets.token_hex(8)

    def write(self, blocks: Iterable[Block]) -> Commit:
        same = self._same_content()
        if same is not None:
            return same
        incoming = iter(blocks)
        head: list[Block] = []
        rows = 0
        for block in incoming:
            head.append(block)
            rows += len(block.rows)
            if rows > SMALL_ROWS:
                return self._large(itertools.chain(head, incoming))
        return self._small(head)

    def _same_content(self) -> Commit | None:
        """The same files again: nothing to do but to say so."""
        if self.note.content_digest is None:
            return None
        parameters = {"digest": self.note.content_digest}

        def look(transaction: Transaction) -> Commit | None:
            rows = transaction.run(_SAME_CONTENT, parameters)
            if not rows:
                return None
            load_id, committed_at, stored = rows[0]
            tallies = {
                kind: Tally(unchanged=tally.new + tally.changed + tally.unchanged)
                for kind, tally in _decode_tallies(stored).items()
            }
            committed = state(transaction).committed
            audit.append(transaction, "changes", _entry(self.note, tallies, committed, ()), now=self.clock())
            return Commit(committed, instant_of_database(committed_at), load_id, tallies)

        return self.connection.managed(look, write=True)

    def _show(self, transaction: Transaction, writer: Writer, *, large: bool) -> Commit:
        """Make the write visible, with its audit row, in the present transaction."""
        now = writer.plan.committed_at
        tallies = writer.counted()
        load = {
            "id": f"load-{writer.sequence}",
            "token": self.token,
            "sequence": writer.sequence,
            "committed_at": now,
            "author": self.note.author,
            "restriction": self.note.restriction.key,
            "action": self.note.action,
            "reason": self.note.reason,
            "agency": self.note.agency,
            "content_digest": self.note.content_digest,
            "files": orjson.dumps(self.note.files).decode(),
            "tallies": _encode_tallies(tallies),
        }
        counts = stored_counts(transaction)
        for kind, tally in tallies.items():
            counts[kind.value] = counts.get(kind.value, 0) + tally.new
        parameters = {
            "load": load,
            "token": self.token if large else None,
            "releasing": writer.sequence if large else None,
            "counts": orjson.dumps(counts).decode(),
        }
        [(count,)] = transaction.run(_SHOW, parameters)
        if count != 1:
            raise StoreConflict("another load took the store over")
        audit.append(transaction, "changes", _entry(self.note, tallies, writer.sequence, writer.ids), now=now)
        return Commit(writer.sequence, now, str(load["id"]), tallies)

    def _unchanged(self, transaction: Transaction, writer: Writer) -> Commit:
        now, tallies = writer.plan.committed_at, writer.counted()
        audit.append(transaction, "changes", _entry(self.note, tallies, writer.sequence - 1, ()), now=now)
        return Commit(writer.sequence - 1, now, "unchanged", tallies)

    # -- small -----------------------------------------------------------------------------------------------
    def _wait_for_turn(self, work: Callable[[], Commit]) -> Commit:
        """Do it; again while another write is under way, up to the deadline."""
        started = time.monotonic()
        pause = 0.02
        while True:
            tidy(self.connection)
            try:
                return work()
            except Contention:
                if time.monotonic() - started + pause > self.connection.deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 0.5)

    def _small(self, blocks: list[Block]) -> Commit:
        def work() -> Commit:
            with contextlib.ExitStack() as stack:
                transaction = stack.enter_context(self.connection.transaction(write=True))
                turn = self._turn(transaction)
                writer = Writer(transaction, self.note, turn + 1, self._later_than_last(transaction))
                for block in blocks:
                    writer.put(transaction, block)
                    self._tell(writer)
                if not writer.anything:
                    return self._unchanged(transaction, writer)
                writer.finish(lambda step: step(transaction))
                release_now(transaction, writer)
                return self._show(transaction, writer, large=False)

        return self._wait_for_turn(lambda: self._certain(work))

    def _turn(self, transaction: Transaction) -> int:
        found = state(transaction, take=True)
        if found.locked or found.pending is not None or found.releasing is not None:
            raise Contention("another load is being written")
        return found.committed

    def _certain(self, work: Callable[[], Commit]) -> Commit:
        """When it is not known whether the commit came through, ask for the load by its id."""
        try:
            return work()
        except AmbiguousCommit:
            found = resolve(self.connection, lambda transaction: transaction.run(_LOAD, {"token": self.token}))
            if not found:
                raise StoreUnavailable("the connection was lost; nothing was written") from None
            loads = self.connection.managed(
                lambda transaction: listed(transaction, limit=1, before=found[0][0] + 1), write=False
            )
            return Commit(loads[0].sequence, loads[0].committed_at, loads[0].id, dict(loads[0].tallies))

    # -- large -----------------------------------------------------------------------------------------------
    def _large(self, blocks: Iterable[Block]) -> Commit:
        sequence = self._wait_for_lock()
        try:
            with Pipeline(self._step) as pipeline:
                writer = self._fill(pipeline, blocks, sequence)
            if not writer.anything:
                return self._give_up(writer)
        except BaseException:
            with contextlib.suppress(StoreUnavailable, StoreConflict):
                self._abandon()
            raise

        def show() -> Commit:
            with self.connection.transaction(write=True) as transaction:
                return self._show(transaction, writer, large=True)

        commit = self._certain(show)
        with contextlib.suppress(StoreUnavailable):
            release(self.connection, sequence, writer)
        return commit

    def _fill(self, pipeline: Pipeline, blocks: Iterable[Block], sequence: int) -> Writer:
        """Write all batches, as yet unseen."""
        with pipeline.step() as transaction:
            writer = Writer(transaction, self.note, sequence, self._later_than_last(transaction))
        for block in pieces(blocks):
            with pipeline.step() as transaction:
                writer.put(transaction, block)
            self._tell(writer)

        def each(step: Callable[[Transaction], None]) -> None:
            with pipeline.step() as transaction:
                step(transaction)

        if writer.anything:
            writer.finish(each)
        return writer

    def _wait_for_lock(self) -> int:
        def work() -> Commit:
            with self.connection.transaction(write=True) as transaction:
                committed = self._turn(transaction)
                parameters = {"token": self.token, "seconds": LOCK_SECONDS, "pending": committed + 1}
                transaction.run(LOCK, parameters)
                return Commit(committed + 1, self.clock(), "", {})

        return self._wait_for_turn(work).sequence

    @contextlib.contextmanager
    def _step(self) -> Iterator[Transaction]:
        """A transaction of the load, as long as the store is still kept for it."""
        with self.connection.transaction(write=True, seconds=LONG_TRANSACTION_SECONDS) as transaction:
            [(count,)] = transaction.run(_STILL, {"token": self.token, "seconds": LOCK_SECONDS})
            if count != 1:
                raise StoreConflict("another load took the store over")
            yield transaction

    def _give_up(self, writer: Writer) -> Commit:
        """Nothing was to be changed: let go of the store and say so in the audit chain."""
        with self._step() as transaction:
            transaction.run(UNLOCK, {"token": self.token})
            return self._unchanged(transaction, writer)

    def _abandon(self) -> None:
        """Let go of the store and sweep what was written."""
        expire: LiteralString = "MATCH (s:Store {id: 'kith'}) WHERE s.load_token = $token SET s.load_expires = 0"
        self.connection.managed(lambda transaction: transaction.run(expire, {"token": self.token}), write=True)
        tidy(self.connection)

    def _later_than_last(self, transaction: Transaction) -> dt.datetime:
        """Now, and later than the last commit even when the clock was set back."""
        [(last,)] = transaction.run(_LATEST)
        now = self.clock()
        return now if last is None else max(now, instant_of_database(last) + dt.timedelta(microseconds=1))

    def _tell(self, writer: Writer) -> None:
        if self.progress is not None:
            self.progress(writer.rows)


def pieces(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same rows in blocks of at most ``BATCH_ROWS``."""
    for block in blocks:
        for start in range(0, len(block.rows), BATCH_ROWS):
            stop = start + BATCH_ROWS
            yield Block(block.kind, block.rows[start:stop], block.file, block.row_numbers[start:stop])


def resolve(connection: Connection, ask: Callable[[Transaction], Any]) -> Any:
    """The answer to a question about a commit whose reply was lost, asked for some seconds."""
    until = time.monotonic() + connection.deadline
    while True:
        try:
            return connection.managed(ask, write=False)
        except Unreachable:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
