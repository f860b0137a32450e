"""The reading verbs of a store, each asked of a reader of its own: every answer is of one commit."""

from __future__ import annotations

import abc
import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

from graph.flags import FlagState
from graph.model import FlagId, Locality, NodeId, NodeKind, Report, ReportId, TieId, Version
from graph.snapshot import Snapshot
from graph.store import (
    Area,
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
    Store,
    StoredFlag,
    TieFilter,
)

Answer = TypeVar("Answer")


class ReadingStore(Store):
    """A store that answers each reading verb by a reader within a transaction."""

    @abc.abstractmethod
    def _read(self, read: Callable[[Reader], Answer]) -> Answer:
        """What ``read`` answers, asked of a reader whose answers are all of the same commit."""

    def entity(self, node_id: NodeId, lens: Lens) -> Entity | None:
        return self._read(lambda reader: reader.entity(node_id, lens))

    def nodes(self, node_ids: Sequence[NodeId], lens: Lens) -> dict[NodeId, SeenNode]:
        return self._read(lambda reader: reader.nodes(node_ids, lens))

    def ties(self, tie_ids: Sequence[TieId], lens: Lens) -> dict[TieId, SeenTie]:
        return self._read(lambda reader: reader.ties(tie_ids, lens))

    def reports(self, report_ids: Sequence[ReportId], lens: Lens) -> dict[ReportId, tuple[Report, Version]]:
        return self._read(lambda reader: reader.reports(report_ids, lens))

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
        return self._read(
            lambda reader: reader.neighbourhood(
                seeds, lens, hops=hops, where=where, per_node=per_node, hub_limit=hub_limit, limit=limit
            )
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
        return self._read(
            lambda reader: reader.paths(
                source, target, lens, max_hops=max_hops, where=where, limit=limit, hub_limit=hub_limit
            )
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
        return self._read(
            lambda reader: reader.events_within(area, start, end, lens, event_types=event_types, limit=limit)
        )

    def search(
        self, text: str, lens: Lens, *, kinds: frozenset[NodeKind] | None = None, fuzzy: bool = True, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        return self._read(lambda reader: reader.search(text, lens, kinds=kinds, fuzzy=fuzzy, limit=limit))

    def snapshot(self, lens: Lens, *, scope: NodeId | None = None) -> Snapshot:
        return self._read(lambda reader: reader.snapshot(lens, scope=scope))

    def localities(self) -> tuple[Locality, ...]:
        return self._read(lambda reader: reader.localities())

    def list_nodes(
        self, kind: NodeKind, lens: Lens, *, after: NodeId | None = None, limit: int = 50
    ) -> tuple[SeenNode, ...]:
        return self._read(lambda reader: reader.list_nodes(kind, lens, after=after, limit=limit))

    def loads(self, *, limit: int = 50, before: int | None = None) -> tuple[Load, ...]:
        return self._read(lambda reader: reader.loads(limit=limit, before=before))

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
        return self._read(
            lambda reader: reader.flags(
                lens, detector=detector, state=state, subject=subject, limit=limit, offset=offset, today=today
            )
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
        return self._read(
            lambda reader: reader.flag_page(lens, where, limit=limit, offset=offset, after=after, today=today)
        )

    def flag(self, flag_id: str, lens: Lens) -> StoredFlag | None:
        return self._read(lambda reader: reader.flag(flag_id, lens))

    def reviewed_flags(self, lens: Lens, *, today: dt.date | None = None) -> tuple[StoredFlag, ...]:
        return self._read(lambda reader: reader.reviewed_flags(lens, today=today))
