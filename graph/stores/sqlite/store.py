"""The SQLite store: the default, one file that needs no server."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import orjson

from graph.errors import AuditUnavailable, NotFound, StoreConflict, StoreError, StoreUnavailable
from graph.flags import FlagDecision, FlagState, Plain, Run
from graph.model import FlagId, Locality, NodeId, NodeKind, Report, ReportId, Restriction, TieId, Version
from graph.records import Block, Commit, RecordKind, Tally, WriteNote
from graph.snapshot import Snapshot
from graph.store import (
    Area,
    AuditEntry,
    AuditRow,
    AuditVerdict,
    Entity,
    EvidencePath,
    FlagFilter,
    FlagPage,
    Lens,
    Load,
    Neighbourhood,
    Reader,
    SearchHit,
    SeenNode,
    SeenTie,
    StoredFlag,
    TieFilter,
)
from graph.stores.chain import CHAINS, instant_of_microseconds, microseconds
from graph.stores.reading_store import ReadingStore
from graph.stores.sqlite import auditing, exploring, flagging, searching
from graph.stores.sqlite.connection import INDEX_SCRIPT, Pool, prepare, run_script, settings, translated, translating
from graph.stores.sqlite.reading import Reading
from graph.stores.sqlite.restricting import parsed
from graph.stores.sqlite.writing import Writer

Answer = TypeVar("Answer")


class SqliteReader(Reader):
    """The reading verbs on one connection inside one transaction: every answer is of the same moment."""

    def __init__(self, store: SqliteStore, connection: sqlite3.Connection) -> None:
        self._store = store
        self.reading = Reading(connection)

    def entity(self, node_id: NodeId, lens: Lens) -> Entity | None:
        return self.reading.entity(node_id, lens)

    def nodes(self, node_ids: Sequence[NodeId], lens: Lens) -> dict[NodeId, SeenNode]:
        return self.reading.nodes(node_ids, lens)

    def ties(self, tie_ids: Sequence[TieId], lens: Lens) -> dict[TieId, SeenTie]:
        return self.reading.ties(tie_ids, lens)

    def reports(self, report_ids: Sequence[ReportId], lens: Lens) -> dict[ReportId, tuple[Report, Version]]:
        return self.reading.reports(report_ids, lens)

    def neighbourhood(
        self,
        seeds: Sequence[NodeId],
        lens: Lens,
        *,
        hops: int = 1,
        where: TieFilter = TieFilter(),
        per_node: int = 50,
        hub_limit: int = 200,
        limit: int = 500,
    ) -> Neighbourhood:
        return exploring.neighbourhood(
            self.reading, seeds, lens, hops=hops, where=where, per_node=per_node, hub_limit=hub_limit, limit=limit
        )

    def paths(
        self,
        source: NodeId,
        target: NodeId,
        lens: Lens,
        *,
        max_hops: int = 4,
        where: TieFilter = TieFilter(),
        limit: int = 5,
        hub_limit: int = 200,
    ) -> tuple[EvidencePath, ...]:
        return exploring.paths(
            self.reading, source, target, lens, max_hops=max_hops, where=where, limit=limit, hub_limit=hub_limit
        )

    def events_within(
        self,
        area: Area,
        start: dt.datetime,
        end: dt.datetime,
        lens: Lens,
        *,
        event_types: frozenset[str] | None = None,
        limit: int = 10_000,
    ) -> tuple[SeenNode, ...]:
        return exploring.events_within(self.reading, area, start, end, lens, event_types=event_types, limit=limit)

    def search(
        self, text: str, lens: Lens, *, kinds: frozenset[NodeKind] | None = None, fuzzy: bool = True, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        return searching.search(self.reading, text, lens, kinds=kinds, fuzzy=fuzzy, limit=limit)

    def snapshot(self, lens: Lens, *, scope: NodeId | None = None) -> Snapshot:
        from graph.stores.sqlite.arrays import snapshot

        return snapshot(self.reading, self._store.path, lens, scope, self._store.clock())

    def localities(self) -> tuple[Locality, ...]:
        return self.reading.localities()

    def list_nodes(
        self, kind: NodeKind, lens: Lens, *, after: NodeId | None = None, limit: int = 50
    ) -> tuple[SeenNode, ...]:
        return self.reading.list_nodes(kind, lens, after=after, limit=limit)

    def loads(self, *, limit: int = 50, before: int | None = None) -> tuple[Load, ...]:
        return self.reading.loads(limit=limit, before=before)

    def flags(
        self,
        lens: Lens,
        *,
        detector: str | None = None,
        state: FlagState | None = None,
        subject: NodeId | None = None,
        limit: int = 50,
        offset: int = 0,
        today: dt.date | None = None,
    ) -> tuple[StoredFlag, ...]:
        return flagging.flags(
            self.reading.connection,
            lens,
            detector=detector,
            state=state,
            subject=subject,
            limit=limit,
            offset=offset,
            today=today or self._store.clock().date(),
        )

    def flag_page(
        self,
        lens: Lens,
        where: FlagFilter = FlagFilter(),
        *,
        limit: int = 50,
        offset: int = 0,
        after: FlagId | None = None,
        today: dt.date | None = None,
    ) -> FlagPage:
        day = today or self._store.clock().date()
        connection = self.reading.connection
        return flagging.flag_page(connection, lens, where, limit=limit, offset=offset, after=after, today=day)

    def flag(self, flag_id: str, lens: Lens) -> StoredFlag | None:
        return flagging.flag(self.reading.connection, flag_id, lens, self._store.clock().date())

    def reviewed_flags(self, lens: Lens, *, today: dt.date | None = None) -> tuple[StoredFlag, ...]:
        return flagging.reviewed_flags(self.reading.connection, lens, today or self._store.clock().date())


class SqliteStore(ReadingStore):
    """A store in one SQLite file (and PATH-views beside it). Safe for threads and for several processes."""

    def __init__(
        self,
        path: Path,
        *,
        migrate: bool = True,
        deadline: float = 5.0,
        clock: Callable[[], dt.datetime] | None = None,
    ) -> None:
        self.path = path
        self.deadline = deadline
        #: UTC now; tests give their own
        self.clock = clock or _now
        prepare(path, deadline=deadline, migrate=migrate)
        self._pool = Pool(path, deadline=deadline)

    # -- transactions ------------------------------------------------------------------------------------------
    @contextmanager
    def _reading(self) -> Iterator[SqliteReader]:
        with self._pool.connection() as connection:
            connection.execute("BEGIN")
            yield SqliteReader(self, connection)

    def _read(self, read: Callable[[Reader], Answer]) -> Answer:
        with self._reading() as reader:
            return read(reader)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the store's write lock, committed at the end, undone by any error."""
        with self._pool.connection() as connection:
            _begin_writing(connection)
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.execute("PRAGMA main.cache_size = -32768")

    @contextmanager
    def _beside(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes only to the file beside the store."""
        with self._pool.connection() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    def _now_us(self) -> int:
        return microseconds(self.clock())

    # -- writing -----------------------------------------------------------------------------------------------
    def write(
        self, blocks: Iterable[Block], note: WriteNote, *, progress: Callable[[int], None] | None = None
    ) -> Commit:
        with self._writing() as connection:
            counter = _counter(connection)
            if note.content_digest is not None:
                earlier = connection.execute(
                    # only when nothing came after: a file sent again after its correction takes the correction back
                    "SELECT seq, committed_at, load_id, tallies FROM change WHERE content_digest = ?"
                    " AND seq = (SELECT max(seq) FROM change)",
                    (note.content_digest,),
                ).fetchone()
                if earlier is not None:
                    return self._loaded_before(connection, note, counter, earlier)
            now_us = max(self._now_us(), _last_commit(connection) + 1)
            sequence = counter + 1
            indexes_to_make = _without_indexes(connection)
            connection.execute("PRAGMA main.cache_size = -262144")
            writer = Writer(connection, note, sequence, now_us, progress)
            writer.write(blocks)
            tallies = writer.tallies.as_dict()
            if not writer.anything:
                connection.execute("ROLLBACK")
                _begin_writing(connection)
                auditing.append(connection, "changes", _entry_of(note, tallies, counter, ()), now_us)
                return Commit(counter, instant_of_microseconds(now_us), "unchanged", tallies)
            writer.finish()
            if indexes_to_make:
                run_script(connection, INDEX_SCRIPT)
            load_id = f"load-{sequence}"
            connection.execute(
                "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    sequence, load_id, now_us, note.author, note.action, note.reason, note.agency, note.content_digest,
                    writer.note_rs, orjson.dumps(note.files).decode(), _tallies_json(tallies),
                ),
            )  # fmt: skip
            auditing.append(
                connection, "changes", _entry_of(note, tallies, sequence, tuple(writer.changed_ids)), now_us
            )
        return Commit(sequence, instant_of_microseconds(now_us), load_id, tallies)

    def _loaded_before(
        self, connection: sqlite3.Connection, note: WriteNote, counter: int, earlier: tuple[int, int, str, str]
    ) -> Commit:
        """The same files again: nothing to do but to say so."""
        _, committed_at, load_id, tallies_json = earlier
        tallies = {
            RecordKind(kind): Tally(unchanged=sum(counts)) for kind, counts in orjson.loads(tallies_json).items()
        }
        auditing.append(connection, "changes", _entry_of(note, tallies, counter, ()), self._now_us())
        return Commit(counter, instant_of_microseconds(committed_at), load_id, tallies)

    def known_keys(self, kind: RecordKind, keys: Sequence[str]) -> set[str]:
        from graph.stores.rows import NODE_RECORDS, batches
        from graph.stores.sqlite.restricting import STILL

        if kind in NODE_RECORDS:
            query = "SELECT t.id FROM json_each(?) j CROSS JOIN node t ON t.id = j.value"
        elif kind in (RecordKind.REPORT, RecordKind.TIE, RecordKind.EPISODE):
            query = f"SELECT t.id FROM json_each(?) j CROSS JOIN {kind.value} t ON t.id = j.value"
        elif kind is RecordKind.PARTICIPATION:
            query = "SELECT j.value FROM json_each(?) j CROSS JOIN tie t ON t.id = 'took_part_in:' || j.value"
        else:
            query = (
                "SELECT t.id FROM json_each(?) j CROSS JOIN area t ON t.id = j.value"
                f" WHERE t.kind = '{kind.value}' AND t.known_to = {STILL}"
            )
        found: set[str] = set()
        with self._reading() as reader:
            for part in batches(keys, 50_000):
                rows = reader.reading.connection.execute(query, (orjson.dumps(list(part)).decode(),))
                found.update(key for (key,) in rows)
        return found

    def save_run(self, run: Run, entry: AuditEntry) -> None:
        with self._writing() as connection:
            now_us = self._now_us()
            flagging.save_run(connection, run, now_us)
            auditing.append(connection, "changes", entry, now_us)

    def decide_flag(self, decision: FlagDecision, entry: AuditEntry) -> None:
        with self._writing() as connection:
            if not flagging.decide(connection, decision):
                raise NotFound("there is no such flag")
            auditing.append(connection, "changes", entry, self._now_us())

    # -- audit -------------------------------------------------------------------------------------------------
    def append_audit(self, entry: AuditEntry) -> AuditRow:
        try:
            with self._beside() as connection:
                return auditing.append(connection, "views", entry, self._now_us())
        except StoreError as error:
            raise AuditUnavailable("the audit log cannot be written") from error

    def recorded(self, read: Callable[[Reader], Answer], entry_of: Callable[[Answer], AuditEntry]) -> Answer:
        with self._pool.connection() as connection:
            connection.execute("BEGIN")
            answer = read(SqliteReader(self, connection))
            try:
                auditing.append(connection, "views", entry_of(answer), self._now_us())
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise AuditUnavailable("the audit log cannot be written") from translated(error)
            return answer

    def audit_rows(
        self,
        *,
        chain: str | None = None,
        after: int = 0,
        limit: int = 100,
        newest_first: bool = False,
        actor: str | None = None,
        about: str | None = None,
    ) -> tuple[AuditRow, ...]:
        found: list[AuditRow] = []
        with self._reading() as reader:
            for name in CHAINS if chain is None else (chain,):
                found += auditing.rows(
                    reader.reading.connection,
                    name,
                    after=after,
                    limit=limit,
                    newest_first=newest_first,
                    actor=actor,
                    about=about,
                )
        if chain is None:
            found.sort(key=lambda row: (row.recorded_at, row.chain, row.number), reverse=newest_first)
        return tuple(found[:limit])

    def verify_audit(self, kept_heads: Mapping[str, tuple[int, str]] | None = None) -> AuditVerdict:
        with self._reading() as reader:
            return auditing.verified(reader.reading.connection, kept_heads)

    # -- documents ---------------------------------------------------------------------------------------------
    def get_document(self, collection: str, key: str) -> tuple[Plain, int] | None:
        with self._reading() as reader:
            row = reader.reading.connection.execute(
                "SELECT value, version FROM views.document WHERE collection = ? AND key = ?", (collection, key)
            ).fetchone()
        return None if row is None else (orjson.loads(row[0]), row[1])

    def put_document(
        self, collection: str, key: str, value: Plain, *, expected: int | None = None, entry: AuditEntry | None = None
    ) -> int:
        with self._beside() if entry is None else self._writing() as connection:
            # the write comes first so that the version read after it is the newest
            connection.execute(
                "INSERT INTO views.document VALUES (?, ?, 0, 'null') ON CONFLICT DO UPDATE SET version = version",
                (collection, key),
            )
            (version,) = connection.execute(
                "SELECT version FROM views.document WHERE collection = ? AND key = ?", (collection, key)
            ).fetchone()
            if expected is not None and expected != version:
                raise StoreConflict("somebody else changed it first")
            connection.execute(
                "UPDATE views.document SET version = ?, value = ? WHERE collection = ? AND key = ?",
                (version + 1, orjson.dumps(value).decode(), collection, key),
            )
            if entry is not None:
                auditing.append(connection, "changes", entry, self._now_us())
        return int(version) + 1

    def delete_document(self, collection: str, key: str, *, entry: AuditEntry | None = None) -> bool:
        with self._beside() if entry is None else self._writing() as connection:
            cursor = connection.execute(
                "DELETE FROM views.document WHERE collection = ? AND key = ?", (collection, key)
            )
            if entry is not None:
                auditing.append(connection, "changes", entry, self._now_us())
            return cursor.rowcount > 0

    def documents(self, collection: str) -> dict[str, Plain]:
        with self._reading() as reader:
            rows = reader.reading.connection.execute(
                "SELECT key, value FROM views.document WHERE collection = ? ORDER BY key", (collection,)
            ).fetchall()
        return {key: orjson.loads(value) for key, value in rows}

    # -- keeping -----------------------------------------------------------------------------------------------
    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def change_counter(self) -> int:
        with self._reading() as reader:
            return _counter(reader.reading.connection)

    def counts(self) -> dict[RecordKind, int]:
        with self._reading() as reader:
            rows = dict(reader.reading.connection.execute("SELECT kind, records FROM count").fetchall())
        return {kind: rows.get(kind.value, 0) for kind in RecordKind}

    def restrictions(self) -> frozenset[Restriction]:
        with self._reading() as reader:
            rows = reader.reading.connection.execute("SELECT key FROM restriction").fetchall()
        return frozenset(parsed(key) for (key,) in rows)

    def health(self, *, thorough: bool = False) -> Mapping[str, Plain]:
        with self._pool.connection() as connection:
            answer: dict[str, Plain] = {"kind": "sqlite", "sqlite_version": sqlite3.sqlite_version}
            answer.update(settings(connection))
            connection.execute("BEGIN")
            answer["change_counter"] = _counter(connection)
            if thorough:
                answer["quick_check"] = connection.execute("PRAGMA main.quick_check(1)").fetchone()[0]
                answer["views_quick_check"] = connection.execute("PRAGMA views.quick_check(1)").fetchone()[0]
            # Nobody can be answered without an audit row, so a store that cannot take one is not well.
            connection.execute("ROLLBACK")
            connection.execute("BEGIN")
            connection.execute("UPDATE views.audit_tip SET number = number WHERE one = 1")
        with translating():
            try:
                answer["free_bytes"] = shutil.disk_usage(self.path.parent).free
                answer["store_bytes"] = self.path.stat().st_size
            except OSError:
                raise StoreUnavailable("the store is not available: its folder cannot be read") from None
        return answer

    def close(self) -> None:
        self._pool.close()


def _begin_writing(connection: sqlite3.Connection) -> None:
    """Take the write lock of the store only. ``BEGIN IMMEDIATE`` would take that of the views beside it as well, and
    nobody could be answered during a long load, for want of an audit row."""
    connection.execute("BEGIN")
    connection.execute("UPDATE main.audit_tip SET number = number WHERE one = 1")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _counter(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0])


def _last_commit(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(committed_at), 0) FROM change").fetchone()[0])


def _without_indexes(connection: sqlite3.Connection) -> bool:
    """Whether the indexes are still to be made: the first write makes them after its rows."""
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'tie_id'").fetchone() is None


def _tallies_json(tallies: Mapping[RecordKind, Tally]) -> str:
    plain = {kind.value: (tally.new, tally.changed, tally.unchanged) for kind, tally in tallies.items()}
    return orjson.dumps(plain).decode()


def _entry_of(note: WriteNote, tallies: Mapping[RecordKind, Tally], sequence: int, ids: tuple[str, ...]) -> AuditEntry:
    """What the chain keeps of a write: counts, files and digests, never the reason's words."""
    details: dict[str, Plain] = {
        "sequence": sequence,
        "records": {kind.value: [tally.new, tally.changed, tally.unchanged] for kind, tally in tallies.items()},
        "files": [[name, rows, digest] for name, rows, digest in note.files],
        "content_digest": note.content_digest,
    }
    return AuditEntry(note.author, note.action, ids, None, note.agency, None, details)
