"""Reading through a lens: nodes, ties with their reports and standing, entities, lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, LiteralString

from graph.model import (
    LoadId,
    Locality,
    NodeId,
    NodeKind,
    NodeRecord,
    Period,
    Polarity,
    Provenance,
    Report,
    ReportId,
    Restriction,
    Standing,
    Tie,
    TieId,
    Version,
)
from graph.records import RecordKind, date_of
from graph.standing import Support, standing
from graph.store import Entity, Lens, SeenEpisode, SeenNode, SeenTie, TieFilter
from graph.stores import rows
from graph.stores.chain import instant_of_microseconds, microseconds
from graph.stores.neo4j import codec, lens, questions
from graph.stores.neo4j.connection import Row, Transaction
from graph.stores.neo4j.lens import Frame, View
from graph.stores.neo4j.plan import EVER
from graph.stores.neo4j.schema import TIE_CODES

STANDINGS = tuple(Standing)
_OF_EVENTS = frozenset({"took_part_in", "occurred_at", "went_missing_from"})


@dataclass(frozen=True, slots=True)
class StoredTie:
    """One version of a tie as read."""

    id: str
    source: str
    target: str
    tie_type: str
    polarity: str
    period: Period
    qualifier: str | None
    confidence: float | None
    report_ids: tuple[str, ...]
    restrictions: tuple[str, ...]
    #: positions of the alternatives within the lens
    seen: tuple[int, ...]
    sequence: int

    @classmethod
    def of(cls, values: Row) -> StoredTie:
        return cls(
            values[0],
            values[1],
            values[2],
            TIE_CODES[values[3]],
            values[4],
            Period(_date(values[5]), _date(values[6])),
            values[7],
            values[8],
            tuple(values[9]),
            tuple(values[10]),
            tuple(values[11]),
            values[12],
        )

    def other(self, node_id: str) -> str:
        return self.target if node_id == self.source else self.source

    @property
    def seen_reports(self) -> tuple[str, ...]:
        return tuple(self.report_ids[position] for position in self.seen) if self.report_ids else ()

    @property
    def recency(self) -> tuple[float, str]:
        """Sorts the latest start first, an open start last, then by id."""
        start = self.period.start
        return (float("inf") if start is None else -start.toordinal(), self.id)


@lru_cache(maxsize=65_536)
def standing_of(supports: frozenset[Support]) -> Standing:
    return standing(supports)


class Reading:
    """Reads inside one transaction, all as of one commit."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.frame = Frame.read(transaction)

    def view(self, through: Lens) -> View:
        return View(self.frame, through)

    def run(self, view: View, statement: LiteralString, **parameters: Any) -> list[Row]:
        return self.transaction.run(statement, view.parameters | parameters)

    # -- nodes -----------------------------------------------------------------------------------------------
    def seen_nodes(self, view: View, ids: Iterable[str], *, degrees: bool = True) -> dict[str, SeenNode]:
        """The nodes with these ids that are within the lens."""
        found: dict[str, SeenNode] = {}
        earlier: dict[str, tuple[Mapping[str, Any], int]] = {}
        for node_id, stored, newest, degree in self.run(view, questions.NODES, ids=sorted(set(ids)), degrees=degrees):
            if newest:
                found[node_id] = self._seen(view, stored, stored, degree)
            else:
                earlier[node_id] = (stored, degree)
        if earlier:
            for node_id, stored in self.run(view, questions.PAST, ids=list(earlier), record="node"):
                if node_id not in found:
                    anchor, degree = earlier[node_id]
                    found[node_id] = self._seen(view, stored, anchor, degree)
        return found

    def _seen(self, view: View, stored: Mapping[str, Any], anchor: Mapping[str, Any], degree: int) -> SeenNode:
        restriction = Restriction.from_key(stored["restriction"])
        opened = anchor.get("open_from")
        if anchor.get("attested_by") and (opened is None or opened > self.frame.committed):
            for key in anchor["attested_by"]:
                if view.sees(key):
                    restriction = restriction.combined(Restriction.from_key(key))
        return SeenNode(record_of(stored), restriction, degree)

    # -- ties ------------------------------------------------------------------------------------------------
    def ties_of(self, view: View, ids: Iterable[str], where: TieFilter = TieFilter()) -> dict[str, list[StoredTie]]:
        """All ties of each node within the lens and filter, the standing apart; latest first, then by id."""
        found: dict[str, list[StoredTie]] = {node_id: [] for node_id in ids}
        for node_id, *values in self.run(view, questions.TIES, ids=list(found), **lens.filter_parameters(where)):
            found[node_id].append(StoredTie.of(values))
        for ties in found.values():
            ties.sort(key=_recency)
        return found

    def evidence(
        self, view: View, ties: Sequence[StoredTie]
    ) -> tuple[list[tuple[Standing, Restriction]], dict[str, Report]]:
        """The standing and restriction of each tie, and the reports by id."""
        groups: dict[tuple[str, str, str], list[StoredTie]] = {}
        pairs = sorted({(tie.source, tie.target) for tie in ties})
        for values in self.run(view, questions.PARALLEL, pairs=[list(pair) for pair in pairs]):
            tie = StoredTie.of(values)
            groups.setdefault((tie.source, tie.target, tie.tie_type), []).append(tie)
        every = [tie for group in groups.values() for tie in group] + list(ties)
        reports = self.report_records(view, {key for tie in every for key in tie.seen_reports})
        events = self._events_of(view, reports)
        answers = []
        for tie in ties:
            together: set[Support] = set()
            for other in groups.get((tie.source, tie.target, tie.tie_type), [tie]):
                if other.id == tie.id or other.period.overlaps(tie.period):
                    own = other.target if other.tie_type == "took_part_in" else other.source
                    event = own if other.tie_type in _OF_EVENTS else None
                    for key in other.seen_reports:
                        if key in reports:
                            together.add(Support.of(reports[key], event or events.get(key)))
            restriction = Restriction()
            for position in tie.seen:
                if tie.restrictions[position]:
                    restriction = restriction.combined(Restriction.from_key(tie.restrictions[position]))
            answers.append((standing_of(frozenset(together)), restriction))
        return answers, reports

    def seen_ties(self, view: View, ties: Sequence[StoredTie], where: TieFilter = TieFilter()) -> list[SeenTie]:
        """The ties with their evidence, those below the standing asked for left out."""
        if not ties:
            return []
        answers, reports = self.evidence(view, ties)
        seen = []
        for tie, (stands, restriction) in zip(ties, answers, strict=True):
            if not enough(stands, where):
                continue
            own = tuple(reports[key] for key in tie.seen_reports)
            shown = Tie(
                TieId(tie.id),
                NodeId(tie.source),
                NodeId(tie.target),
                tie.tie_type,
                tie.qualifier,
                Polarity(tie.polarity),
                tie.period,
                tuple(report.id for report in own),
                tie.confidence,
            )
            seen.append(SeenTie(shown, own, stands, restriction))
        return seen

    def with_standing(self, view: View, ties: list[StoredTie], where: TieFilter) -> list[StoredTie]:
        """Those of the ties that stand at least as well as asked for."""
        if where.standing is None or not ties:
            return ties
        answers, _ = self.evidence(view, ties)
        return [tie for tie, (stands, _) in zip(ties, answers, strict=True) if enough(stands, where)]

    # -- reports ---------------------------------------------------------------------------------------------
    def report_records(self, view: View, ids: Iterable[str]) -> dict[str, Report]:
        """Reports by id, as known then. The caller has checked that they may be seen."""
        return {key: report_of(stored) for key, stored in self._stored_reports(view, ids).items()}

    def _stored_reports(self, view: View, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        wanted = sorted(set(ids))
        found: dict[str, Mapping[str, Any]] = {}
        past: list[str] = []
        if not wanted:
            return found
        for key, stored in self.run(view, questions.REPORTS, ids=wanted):
            found[key] = stored
            known_at = view.lens.known_at
            corrected = stored["first_known"] < stored["known_from"]
            late = known_at is not None and corrected and stored["known_from"] > microseconds(known_at)
            if late or self.known_to(stored) is not None:
                past.append(key)
        newest: dict[str, Mapping[str, Any]] = {}
        if past:
            for key, stored in self.run(view, questions.PAST_REPORTS, ids=past):
                newest.setdefault(key, stored)
        return found | newest

    def _events_of(self, view: View, reports: Iterable[str]) -> dict[str, str]:
        """The event each report speaks of: the first by id of those it is the report of, else of those in which
        somebody's part rests on it."""
        wanted = sorted(reports)
        if not wanted:
            return {}
        events = dict(_pairs(self.run(view, questions.EVENTS_OF, ids=wanted)))
        rest = [key for key in wanted if key not in events]
        if rest:
            events.update(_pairs(self.run(view, questions.PARTS_OF, ids=rest)))
        return events

    # -- versions --------------------------------------------------------------------------------------------
    def versions(self, stored: Sequence[tuple[Mapping[str, Any], Any]]) -> list[Version]:
        """The version of each record as stored; beside it until when it was known."""
        sequences = sorted({record["sequence"] for record, _ in stored})
        found = self.transaction.run(questions.LOADS, {"sequences": sequences})
        loads = {sequence: (load_id, author, reason) for sequence, load_id, author, reason in found}
        versions = []
        for record, known_to in stored:
            load_id, author, reason = loads[record["sequence"]]
            versions.append(
                Version(
                    _instant(record["known_from"]),
                    _instant(known_to),
                    record["sequence"],
                    author,
                    reason,
                    Provenance(LoadId(load_id), record.get("file"), record.get("row")),
                )
            )
        return versions

    def known_to(self, stored: Mapping[str, Any]) -> Any:
        """Until when it was known, as far as committed."""
        replaced = stored.get("replaced")
        return None if replaced is None or replaced > self.frame.committed else stored.get("known_to")

    # -- verbs -----------------------------------------------------------------------------------------------
    def nodes(self, node_ids: Sequence[NodeId], through: Lens) -> dict[NodeId, SeenNode]:
        seen = self.seen_nodes(self.view(through), node_ids)
        return {node_id: seen[node_id] for node_id in node_ids if node_id in seen}

    def ties(self, tie_ids: Sequence[TieId], through: Lens) -> dict[TieId, SeenTie]:
        view = self.view(through)
        ids = list(tie_ids)
        found: list[StoredTie] = []
        for label in sorted({row[0] for row in self.run(view, questions.TYPES_OF_TIES, ids=ids)}):
            found += [StoredTie.of(values) for values in self.run(view, questions.TIES_BY_ID[label], ids=ids)]
        seen = {shown.tie.id: shown for shown in self.seen_ties(view, found)}
        return {tie_id: seen[tie_id] for tie_id in tie_ids if tie_id in seen}

    def reports(self, report_ids: Sequence[ReportId], through: Lens) -> dict[ReportId, tuple[Report, Version]]:
        view = self.view(through)
        found = {}
        for key, stored in self._stored_reports(view, report_ids).items():
            late = through.known_at is not None and stored["first_known"] > microseconds(through.known_at)
            if view.sees(stored["restriction"]) and not late:
                found[key] = stored
        keys = list(found)
        past = {key: self.known_to(found[key]) if through.known_at is not None else None for key in keys}
        versions = self.versions([(found[key], past[key]) for key in keys])
        by_key = {key: (report_of(found[key]), version) for key, version in zip(keys, versions, strict=True)}
        return {report_id: by_key[report_id] for report_id in report_ids if report_id in by_key}

    def entity(self, node_id: NodeId, through: Lens) -> Entity | None:
        view = self.view(through)
        node = self.seen_nodes(view, [node_id]).get(node_id)
        if node is None:
            return None
        history = self._node_versions(view, node_id)
        stored = self.ties_of(view, [node_id])[node_id]
        ties = self.seen_ties(view, stored)
        others = self.seen_nodes(view, {tie.other(node_id) for tie in stored} - {node_id})
        return Entity(
            node,
            history[0][1],
            tuple(ties),
            {NodeId(key): others[key] for key in sorted(others)},
            self._episodes(view, node_id),
            tuple(history[1:]),
        )

    def _node_versions(self, view: View, node_id: str) -> list[tuple[NodeRecord, Version]]:
        """The version within the lens and those before it, newest first."""
        found = sorted(self.run(view, questions.VERSIONS, id=node_id), key=lambda row: -row[1])
        stored = []
        ends = None
        for record, _ in found:
            known_to = self.known_to(record)
            # one that stayed for those who may not see the one that followed ends with it for the others
            stored.append((record, ends if known_to is None else known_to))
            ends = record["known_from"]
        versions = self.versions(stored)
        return [(record_of(record), version) for (record, _), version in zip(stored, versions, strict=True)]

    def _episodes(self, view: View, node_id: str) -> tuple[SeenEpisode, ...]:
        newest: dict[str, Mapping[str, Any]] = {}
        for (stored,) in self.run(view, questions.EPISODES, id=node_id):
            newest.setdefault(stored["id"], stored)
        reports = self.report_records(view, {s["report_id"] for s in newest.values() if "report_id" in s})
        versions = self.versions([(stored, self.known_to(stored)) for stored in newest.values()])
        seen = []
        for stored, version in zip(newest.values(), versions, strict=True):
            values = codec.values(RecordKind.EPISODE, stored)
            episode = rows.episode_record(values[0], values[1], values[2:])
            if view.lens.as_at is None or episode.period.contains(view.lens.as_at):
                own = (reports[stored["report_id"]],) if "report_id" in stored else ()
                seen.append(SeenEpisode(episode, own, version))
        seen.sort(key=lambda each: (_latest_first(each.episode.period), each.episode.id))
        return tuple(seen)

    def list_nodes(self, kind: NodeKind, through: Lens, *, after: NodeId | None, limit: int) -> tuple[SeenNode, ...]:
        view = self.view(through)
        prefix = f"{kind}:"
        found = self.run(view, questions.LIST[kind], after=after or "", prefix=prefix, limit=limit)
        ids = [node_id for (node_id,) in found]
        seen = self.seen_nodes(view, ids)
        return tuple(seen[node_id] for node_id in ids)

    def localities(self) -> tuple[Locality, ...]:
        view = self.view(Lens())
        found = [codec.values(RecordKind.LOCALITY, stored) for (stored,) in self.run(view, questions.LOCALITIES)]
        return tuple(rows.locality_record(values[0], values[1:5], bytes(values[5] or b"")) for values in found)


def record_of(stored: Mapping[str, Any]) -> NodeRecord:
    """The node's record from its properties."""
    node_id = stored["id"]
    kind = codec.kind_prefix(node_id)
    return rows.node_record(kind, node_id, codec.values(rows.RECORD_OF_NODE[kind], stored)[1:])


def report_of(stored: Mapping[str, Any]) -> Report:
    return rows.report_record(stored["id"], codec.values(RecordKind.REPORT, stored)[1:])


def enough(stands: Standing, where: TieFilter) -> bool:
    return where.standing is None or STANDINGS.index(stands) <= STANDINGS.index(where.standing)


def _recency(tie: StoredTie) -> tuple[float, str]:
    return tie.recency


def _latest_first(span: Period) -> int:
    return 1 if span.start is None else -span.start.toordinal()


def _date(value: Any) -> dt.date | None:
    return None if value is None else date_of(value.to_ordinal() - dt.date(1970, 1, 1).toordinal())


def _instant(value: int | None) -> dt.datetime | None:
    return None if value is None or value <= EVER else instant_of_microseconds(value)


def _pairs(found: Iterable[Row]) -> Iterable[tuple[str, str]]:
    return ((row[0], row[1]) for row in found)
