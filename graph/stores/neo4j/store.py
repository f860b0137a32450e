"""The Neo4j store: one server, or a cluster through a routing address, shared by a team."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import LiteralString, TypeVar

from graph.errors import AuditUnavailable, StoreError, StoreUnavailable
from graph.flags import FlagDecision, FlagState, Plain, Run
from graph.model import FlagId, Locality, NodeId, NodeKind, Report, ReportId, Restriction, TieId, Version
from graph.records import Block, Commit, RecordKind, WriteNote
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
from graph.stores.neo4j import arrays, audit, documents, explore, flags, known, loads, schema, search, tidying
from graph.stores.neo4j.connection import (
    READING_SECONDS,
    AmbiguousCommit,
    Connection,
    Contention,
    Transaction,
    Unreachable,
)
from graph.stores.neo4j.lens import Frame
from graph.stores.neo4j.read import Reading
from graph.stores.reading_store import ReadingStore

Answer = TypeVar("Answer")
Clock = Callable[[], dt.datetime]

_SERVER: LiteralString = "CALL dbms.components() YIELD name, versions, edition RETURN name, versions[0], edition"
_INDEXES: LiteralString = "SHOW INDEXES YIELD state WHERE state <> 'ONLINE' RETURN count(*)"


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Neo4jReader(Reader):
    """The reading verbs inside one transaction: every answer is of the same commit."""

    def __init__(self, store: Neo4jStore, transaction: Transaction) -> None:
        self._store = store
        self._transaction = transaction
        self.reading = Reading(transaction)

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
        return explore.neighbourhood(
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
        return explore.paths(
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
        return explore.events_within(self.reading, area, start, end, lens, event_types=event_types, limit=limit)

    def search(
        self, text: str, lens: Lens, *, kinds: frozenset[NodeKind] | None = None, fuzzy: bool = True, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        return search.search(self.reading, text, lens, kinds=kinds, fuzzy=fuzzy, limit=limit)

    def snapshot(self, lens: Lens, *, scope: NodeId | None = None) -> Snapshot:
        today = self._store.clock().date()
        return arrays.snapshot(self.reading, self._store.cache, lens, scope=scope, today=today)

    def localities(self) -> tuple[Locality, ...]:
        return self.reading.localities()

    def list_nodes(
        self, kind: NodeKind, lens: Lens, *, after: NodeId | None = None, limit: int = 50
    ) -> tuple[SeenNode, ...]:
        return self.reading.list_nodes(kind, lens, after=after, limit=limit)

    def loads(self, *, limit: int = 50, before: int | None = None) -> tuple[Load, ...]:
        return loads.listed(self._transaction, limit=limit, before=before)

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
        return flags.flags(
            self._transaction,
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
        return flags.flag_page(self._transaction, lens, where, limit=limit, offset=offset, after=after, today=day)

    def flag(self, flag_id: str, lens: Lens) -> StoredFlag | None:
        return flags.flag(self._transaction, flag_id, lens, self._store.clock().date())

    def reviewed_flags(self, lens: Lens, *, today: dt.date | None = None) -> tuple[StoredFlag, ...]:
        return flags.reviewed_flags(self._transaction, lens, today or self._store.clock().date())


class Neo4jStore(ReadingStore):
    """A store on a Neo4j server (5.26 or newer). Safe for threads and for several processes.

    ``user`` and ``password`` sign in; ``database`` names one other than the user's home database; ``cache`` is the
    folder of snapshot files (else ``.cache/kith`` in the home folder). Raises StoreUnavailable, StoreTooNew,
    UsageError for an address that cannot be one.
    """

    def __init__(
        self,
        url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        migrate: bool = True,
        deadline: float = 5.0,
        cache: Path | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.deadline = deadline
        self.clock = clock
        self.cache = arrays.Cache(cache)
        self._url = url
        self.connection = Connection(url, user or "neo4j", password or "", database=database, deadline=deadline)
        try:
            schema.prepare(self.connection, migrate=migrate)
            tidying.tidy(self.connection)
        except BaseException:
            self.connection.close()
            raise

    def _read(self, read: Callable[[Reader], Answer]) -> Answer:
        return self.connection.managed(lambda transaction: read(Neo4jReader(self, transaction)), write=False)

    def _change(self, change: Callable[[Transaction], Answer]) -> Answer:
        return self.connection.managed(change, write=True)

    def snapshot(self, lens: Lens, *, scope: NodeId | None = None) -> Snapshot:
        return self.connection.managed(
            lambda transaction: Neo4jReader(self, transaction).snapshot(lens, scope=scope),
            write=False,
            seconds=READING_SECONDS,
        )

    # -- writing ---------------------------------------------------------------------------------------------
    def write(
        self, blocks: Iterable[Block], note: WriteNote, *, progress: Callable[[int], None] | None = None
    ) -> Commit:
        return loads.Loading(self.connection, note, progress, self.clock).write(blocks)

    def known_keys(self, kind: RecordKind, keys: Sequence[str]) -> set[str]:
        return self.connection.managed(lambda transaction: known.keys_there(transaction, kind, keys), write=False)

    def save_run(self, run: Run, entry: AuditEntry) -> None:
        self._change(lambda transaction: flags.save_run(transaction, run, entry, now=self.clock()))

    def decide_flag(self, decision: FlagDecision, entry: AuditEntry) -> None:
        self._change(lambda transaction: flags.decide(transaction, decision, entry, now=self.clock()))

    # -- audit -----------------------------------------------------------------------------------------------
    def append_audit(self, entry: AuditEntry) -> AuditRow:
        appended: list[AuditRow] = []

        def append(transaction: Transaction) -> AuditRow:
            appended.append(audit.append(transaction, "views", entry, now=self.clock()))
            return appended[-1]

        try:
            return self._change(append)
        except AmbiguousCommit:
            if appended and self._is_committed(appended[-1]):
                return appended[-1]
            raise AuditUnavailable("the audit log cannot be written") from None
        except StoreError:
            raise AuditUnavailable("the audit log cannot be written") from None

    def _is_committed(self, row: AuditRow) -> bool:
        try:
            return bool(loads.resolve(self.connection, lambda transaction: audit.find(transaction, row)))
        except StoreUnavailable:
            return False

    def recorded(self, read: Callable[[Reader], Answer], entry_of: Callable[[Answer], AuditEntry]) -> Answer:
        done: list[tuple[Answer, AuditRow]] = []

        def work(transaction: Transaction) -> Answer:
            answer = read(Neo4jReader(self, transaction))
            entry = entry_of(answer)
            try:
                done.append((answer, audit.append(transaction, "views", entry, now=self.clock())))
            except (Unreachable, Contention):
                raise
            except StoreError:
                raise AuditUnavailable("the audit log cannot be written") from None
            return answer

        try:
            # what is read may be a first snapshot; the audit row, which others wait for, comes after it
            return self.connection.managed(work, write=True, seconds=READING_SECONDS)
        except AmbiguousCommit:
            if done and self._is_committed(done[-1][1]):
                return done[-1][0]
            raise AuditUnavailable("the audit log cannot be written") from None

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
        return self.connection.managed(
            lambda transaction: audit.rows(
                transaction, chain=chain, after=after, limit=limit, newest_first=newest_first, actor=actor, about=about
            ),
            write=False,
        )

    def verify_audit(self, kept_heads: Mapping[str, tuple[int, str]] | None = None) -> AuditVerdict:
        return audit.verify(self.connection, kept_heads)

    # -- documents -------------------------------------------------------------------------------------------
    def get_document(self, collection: str, key: str) -> tuple[Plain, int] | None:
        return self.connection.managed(lambda transaction: documents.get(transaction, collection, key), write=False)

    def put_document(
        self, collection: str, key: str, value: Plain, *, expected: int | None = None, entry: AuditEntry | None = None
    ) -> int:
        return self._change(
            lambda transaction: documents.put(
                transaction, collection, key, value, expected=expected, entry=entry, now=self.clock()
            )
        )

    def delete_document(self, collection: str, key: str, *, entry: AuditEntry | None = None) -> bool:
        return self._change(
            lambda transaction: documents.delete(transaction, collection, key, entry=entry, now=self.clock())
        )

    def documents(self, collection: str) -> dict[str, Plain]:
        return self.connection.managed(lambda transaction: documents.every(transaction, collection), write=False)

    # -- keeping ---------------------------------------------------------------------------------------------
    @property
    def url(self) -> str:
        return self._url

    @property
    def change_counter(self) -> int:
        return self.connection.managed(lambda transaction: tidying.state(transaction).committed, write=False)

    def counts(self) -> dict[RecordKind, int]:
        counts = self.connection.managed(loads.stored_counts, write=False)
        return {kind: counts.get(kind.value, 0) for kind in RecordKind}

    def restrictions(self) -> frozenset[Restriction]:
        keys = self.connection.managed(lambda transaction: Frame.read(transaction).keys, write=False)
        return frozenset(map(Restriction.from_key, keys))

    def health(self, *, thorough: bool = False) -> Mapping[str, Plain]:  # noqa: ARG002  the server checks itself
        def ask(transaction: Transaction) -> dict[str, Plain]:
            [(_, version, edition), *_] = transaction.run(_SERVER)
            now = tidying.state(transaction)
            return {
                "kind": "neo4j",
                "server_version": version,
                "edition": edition,
                "layout": schema.layout_of(transaction),
                "change_counter": now.committed,
                "load_under_way": now.locked,
                "indexes_not_ready": transaction.run(_INDEXES)[0][0],
            }

        return self.connection.managed(ask, write=False)

    def close(self) -> None:
        self.connection.close()
