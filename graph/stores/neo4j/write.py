"""Writing the records of one write, batch by batch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from graph.errors import StoreError
from graph.records import COLUMNS, Block, RecordKind, Row
from graph.stores.neo4j import statements
from graph.stores.neo4j.connection import Transaction
from graph.stores.neo4j.plan import (
    Known,
    Moment,
)
from graph.stores.neo4j.write_anchors import AnchorWriting
from graph.stores.neo4j.write_state import MOST_REMEMBERED
from graph.stores.neo4j.write_ties import TieWriting
from graph.stores.rows import NODE_RECORDS, POSITION

_CONTROL = re.compile(r"[\x00-\x1f]")

#: a row and its (file, row number)
Origin = tuple[Row, tuple[str | None, int | None]]


class Writer(AnchorWriting, TieWriting):
    """One write, block by block; ``finish`` when all rows are in."""

    # -- blocks ----------------------------------------------------------------------------------------------
    def put(self, transaction: Transaction, block: Block) -> None:
        """Write the rows of a block; those of one key in their order."""
        width = len(COLUMNS[block.kind])
        numbers: Sequence[int | None] = block.row_numbers or [None] * len(block.rows)
        batch: dict[str, Origin] = {}
        for row, number in zip(block.rows, numbers, strict=True):
            if len(row) != width:
                raise StoreError(f"a {block.kind} row does not have its {width} columns")
            key = row[0]
            if not isinstance(key, str) or not key or _CONTROL.search(key):
                raise StoreError(f"an id of a {block.kind} row is empty or holds control characters")
            if key in batch:
                self._put(transaction, block.kind, list(batch.values()))
                batch = {}
            batch[key] = (row, (block.file, number))
        if batch:
            self._put(transaction, block.kind, list(batch.values()))

    def _put(self, transaction: Transaction, kind: RecordKind, rows: list[Origin]) -> None:
        tally = self.tallies[kind]
        if kind is RecordKind.TIE:
            self._put_ties(transaction, rows, tally)
        elif kind is RecordKind.PARTICIPATION:
            self._put_participations(transaction, rows, tally)
        elif kind is RecordKind.REPORT:
            self._put_anchors(transaction, kind, [self.plan.report(row, origin) for row, origin in rows], tally)
        elif kind is RecordKind.EPISODE:
            self._put_episodes(transaction, rows, tally)
        elif kind in NODE_RECORDS:
            self._put_nodes(transaction, kind, rows, tally)
        else:
            self._check_localities(transaction, kind, rows)
            self._put_anchors(transaction, kind, [self.plan.area(kind, row, origin) for row, origin in rows], tally)
        self.rows += len(rows)

    # -- nodes and what follows from them --------------------------------------------------------------------
    def _put_nodes(self, transaction: Transaction, kind: RecordKind, rows: list[Origin], tally: list[int]) -> None:
        at = POSITION[kind].get("report_id")
        known: dict[str, Known] = {}
        if at is not None:
            known = self._known(transaction, (row[at] for row, _ in rows))

        def reports(row: Row) -> dict[str, Known]:
            report_id = None if at is None else row[at]
            return {} if report_id is None else {str(report_id): known[str(report_id)]}

        anchors = [
            self.plan.node(kind, row, origin, next(iter(reports(row).values()), None)) for row, origin in rows
        ]  # fmt: skip
        new, changed = self._put_anchors(transaction, kind, anchors, tally)
        fresh, written = {a.id for a in new}, {a.id for a in new} | {a.id for a in changed}
        touched = [(row, origin) for row, origin in rows if row[0] in written]
        if not touched:
            return
        if kind is RecordKind.EVENT:
            self._remember_moments(touched)
            self.doubtful.update(a.id for a in new if a.restriction and a.value("report_id") is not None)
            edges = [
                edge
                for row, origin in touched
                for edge in self.plan.of_event(row, reports(row), origin, is_new=row[0] in fresh)
            ]
            self._put_edges(transaction, edges, [0, 0, 0])
            self._end_vanished(transaction, [a.id for a in changed], edges, ("occurred_at", "went_missing_from"))
            if changed:
                self._move_parts(transaction, [a.id for a in changed])
        elif kind is RecordKind.PERSON:
            homes = [
                home
                for row, origin in touched
                if (home := self.plan.of_person(row, origin, is_new=row[0] in fresh)) is not None
            ]
            registers = [register for _, register in homes]
            self._put_anchors(transaction, RecordKind.REPORT, registers, [0, 0, 0], keep=True)
            self._put_edges(transaction, [edge for edge, _ in homes], [0, 0, 0])
            self._end_vanished(transaction, [a.id for a in changed], [edge for edge, _ in homes], ("lives_at",))

    def _move_parts(self, transaction: Transaction, events: list[str]) -> None:
        """The days of the parts people had in changed events follow the event's."""
        found = transaction.run(statements.PARTS_OF_EVENTS, {"ids": events})
        moments = self._moments(transaction, events)
        parts = []
        for event, tie_id, entity, role, report_ids, before, file, number in found:
            now = moments[event].report_id
            # a part that rests on the event's own report follows it
            own = [] if now is None else [now]
            kept = own if before is not None and report_ids == [before] else report_ids
            kept = own if before is None and not report_ids else kept
            parts.append(((tie_id, entity, event), role, kept, (file, number)))
        known = self._known(transaction, (report_id for _, _, kept, _ in parts for report_id in kept))
        edges = [
            self.plan.part(ends, role, moments[ends[2]], {key: known[key] for key in kept}, origin)
            for ends, role, kept, origin in parts
        ]
        self._put_edges(transaction, edges, [0, 0, 0])

    # -- other anchors ---------------------------------------------------------------------------------------
    def _put_episodes(self, transaction: Transaction, rows: list[Origin], tally: list[int]) -> None:
        kind = RecordKind.EPISODE
        at = POSITION[kind]["report_id"]
        known = self._known(transaction, (row[at] for row, _ in rows))
        anchors = [
            self.plan.episode(row, origin, None if row[at] is None else known[str(row[at])]) for row, origin in rows
        ]
        new, changed = self._put_anchors(transaction, kind, anchors, tally)
        written = new + changed
        if not written:
            return
        owners = [{"id": anchor.id, "person_id": anchor.value("person_id")} for anchor in written]
        transaction.later(
            statements.HAD_EPISODE,
            {"rows": owners},
            expected=len(written),
            complaint="an episode refers to a record that is not there",
        )
        for anchor in written:
            if anchor.restriction:
                self.doubtful.add(anchor.value("person_id"))
        self._open(transaction, {anchor.value("person_id") for anchor in written if not anchor.restriction})

    @staticmethod
    def _check_localities(transaction: Transaction, kind: RecordKind, rows: list[Origin]) -> None:
        at = POSITION[kind].get("locality_id")
        if at is not None:
            ids = sorted({str(row[at]) for row, _ in rows})
            [(count,)] = transaction.run(statements.LOCALITIES_THERE, {"ids": ids})
            if count != len(ids):
                raise StoreError(f"{kind} refers to a locality that is not there")

    # -- ties ------------------------------------------------------------------------------------------------
    def _put_ties(self, transaction: Transaction, rows: list[Origin], tally: list[int]) -> None:
        at = POSITION[RecordKind.TIE]["report_ids"]

        def stated(row: Row) -> tuple[str, ...]:
            return tuple(dict.fromkeys(row[at] or ()))  # type: ignore[arg-type]

        known = self._known(transaction, (report_id for row, _ in rows for report_id in stated(row)))
        edges = [self.plan.tie(row, {key: known[key] for key in stated(row)}, origin) for row, origin in rows]
        self._put_edges(transaction, edges, tally)

    def _remember_moments(self, rows: list[Origin]) -> None:
        at = POSITION[RecordKind.EVENT]
        if len(self.moments) > MOST_REMEMBERED:
            self.moments.clear()
        for row, _ in rows:
            started, ended, report = (row[at[name]] for name in ("started_at", "ended_at", "report_id"))
            self.moments[str(row[0])] = Moment(started, ended, report)  # type: ignore[arg-type]

    def _moments(self, transaction: Transaction, ids: Iterable[str]) -> dict[str, Moment]:
        wanted = set(ids)
        moments = {event: self.moments[event] for event in wanted if event in self.moments}
        left = sorted(wanted - set(moments))
        if left:
            found = transaction.run(statements.KNOWN_EVENTS, {"ids": left, "sequence": self.sequence})
            moments |= {event: Moment(started, ended, report) for event, started, ended, report in found}
        if len(moments) != len(wanted):
            raise StoreError("a participation refers to a record that is not there")
        return moments

    def _put_participations(self, transaction: Transaction, rows: list[Origin], tally: list[int]) -> None:
        at = POSITION[RecordKind.PARTICIPATION]
        moments = self._moments(transaction, (str(row[at["event_id"]]) for row, _ in rows))
        chosen = [row[at["report_id"]] or moments[str(row[at["event_id"]])].report_id for row, _ in rows]
        known = self._known(transaction, chosen)
        edges = []
        for (row, origin), report_id in zip(rows, chosen, strict=True):
            event = str(row[at["event_id"]])
            ends = (f"took_part_in:{row[0]!s}", str(row[at["entity_id"]]), event)
            reports = {} if report_id is None else {str(report_id): known[str(report_id)]}
            role = row[at["role"]]
            edges.append(self.plan.part(ends, None if role is None else str(role), moments[event], reports, origin))
        self._put_edges(transaction, edges, tally)
