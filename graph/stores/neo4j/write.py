"""Writing the records of one write, batch by batch."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, LiteralString

import numpy as np
import numpy.typing as npt

from graph.errors import StoreError
from graph.records import COLUMNS, Block, RecordKind, Row, Tally, WriteNote
from graph.stores import names
from graph.stores.neo4j import codec, statements
from graph.stores.neo4j.codec import kind_prefix
from graph.stores.neo4j.connection import Transaction
from graph.stores.neo4j.plan import PROTECTED_ADDRESS, Anchor, Edge, Known, Moment, Planner
from graph.stores.neo4j.schema import LABELS, RECORD_LABELS
from graph.stores.rows import NODE_RECORDS, POSITION

#: reports remembered within a write; forgotten all at once when there are more
MOST_REMEMBERED = 400_000
#: nodes looked at together when their attestation is worked out
ATTEST_ROWS = 2_000
#: ids of what changed that go into the audit row
MOST_IDS = 1_000
_CONTROL = re.compile(r"[\x00-\x1f]")

#: a row and its (file, row number)
Origin = tuple[Row, tuple[str | None, int | None]]

CLOSED_PEOPLE: LiteralString = """
UNWIND $ids AS id
MATCH (p:Person {id: id}) WHERE p.attested_by IS NOT NULL AND p.open_from IS NULL
RETURN p.id"""


class SeenKeys:
    """The keys a long write has had, as 64-bit numbers in a few sorted arrays; may say yes wrongly, never no."""

    def __init__(self) -> None:
        self._runs: list[npt.NDArray[np.int64]] = []

    def add(self, keys: Sequence[str]) -> bool:
        """Remember them; True when one of them was there already or comes twice."""
        fresh = np.unique(np.fromiter((hash(key) for key in keys), dtype=np.int64, count=len(keys)))
        seen = len(fresh) < len(keys)
        for run in self._runs:
            if len(run):
                places = np.minimum(np.searchsorted(run, fresh), len(run) - 1)
                seen = seen or bool((run[places] == fresh).any())
        self._runs.append(fresh)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs.append(np.union1d(self._runs.pop(), last))
        return seen


class Writer:
    """One write: what it has seen, counted and put in."""

    def __init__(self, transaction: Transaction, note: WriteNote, sequence: int, now: dt.datetime) -> None:
        self.sequence = sequence
        run = transaction.run
        restricted = [row[0] for row in run(statements.RESTRICTED_OPERATIONS)]
        self.plan = Planner(note, sequence, now, restricted)
        kinds = {name for name, number in run(statements.KINDS_IN_USE) if number}
        #: types of tie that the store may hold
        self.types = {name for name, number in run(statements.TYPES_IN_USE) if number}
        self.no_nodes = "node" not in kinds
        self.no_records = {kind for kind in RECORD_LABELS if kind.value not in kinds}
        self.no_ties = not self.types
        self.any_attested = bool(run(statements.ANY_ATTESTED))
        self.seen: dict[str, SeenKeys] = defaultdict(SeenKeys)
        self.reports: dict[str, Known] = {}
        #: days and reports of events that this write brought
        self.moments: dict[str, Moment] = {}
        self.restrictions: set[str] = set()
        self.words: set[str] = set()
        #: nodes with a record of this write that not everybody may see
        self.doubtful: set[str] = set()
        #: (person, place) of addresses everybody may see
        self.homes: list[tuple[str, str]] = []
        self.tallies: dict[RecordKind, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.ids: list[str] = []
        self.anything = False
        self.replaced_types: set[str] = set()
        self.changed_records: set[str] = set()
        #: reports and operations whose restriction is another now
        self.reports_restricted: set[str] = set()
        self.operations_restricted: set[str] = set()
        self.rows = 0

    def counted(self) -> dict[RecordKind, Tally]:
        return {kind: Tally(*counts) for kind, counts in self.tallies.items()}

    @property
    def _times(self) -> dict[str, Any]:
        return {"sequence": self.sequence, "known_to": self.plan.now, "note": self.plan.note_key}

    def _columns(self, names: Iterable[str], records: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return codec.columns(names, records) | {"count": len(records), "sequence": self.sequence}

    def _changed(self, ids: Iterable[str]) -> None:
        for record_id in ids:
            self.anything = True
            if len(self.ids) >= MOST_IDS:
                return
            self.ids.append(record_id)

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

    # -- reports referred to ---------------------------------------------------------------------------------
    def _known(self, transaction: Transaction, ids: Iterable[Any]) -> dict[str, Known]:
        wanted = {str(report_id) for report_id in ids if report_id is not None}
        missing = [report_id for report_id in wanted if report_id not in self.reports]
        if missing:
            if len(self.reports) > MOST_REMEMBERED:
                self.reports.clear()
                missing = list(wanted)
            parameters = {"ids": missing, "sequence": self.sequence}
            for report_id, known, restriction in transaction.run(statements.KNOWN_REPORTS, parameters):
                self.reports[report_id] = Known(known, restriction)
            if any(report_id not in self.reports for report_id in missing):
                raise StoreError("a report that is referred to is not there")
        return self.reports

    # -- anchors ---------------------------------------------------------------------------------------------
    def _put_anchors(
        self, transaction: Transaction, kind: RecordKind, anchors: list[Anchor], tally: list[int], *, keep: bool = False
    ) -> tuple[list[Anchor], list[Anchor]]:
        """Write new and changed ones; return both. With ``keep`` those that are there stay as they are."""
        is_node = kind in NODE_RECORDS
        label: LiteralString = "Node" if is_node else RECORD_LABELS[kind]
        record = "node" if is_node else kind.value
        keys = [anchor.id for anchor in anchors]
        repeated = self.seen[record].add(keys)
        latest: dict[str, tuple[int, int, str]] = {}
        parameters = self._times | {"record": record}
        if repeated or not (self.no_nodes if is_node else kind in self.no_records):
            found = transaction.run(statements.latest_anchor(label), parameters | {"ids": keys})
            latest = {key: (digest, sequence, restriction) for key, digest, sequence, restriction in found}
        new = [anchor for anchor in anchors if anchor.id not in latest]
        changed = [
            anchor for anchor in anchors if anchor.id in latest and latest[anchor.id][0] != anchor.stored["digest"]
        ]  # fmt: skip
        if keep:
            changed = []
        tally[0] += len(new)
        tally[1] += len(changed)
        tally[2] += len(anchors) - len(new) - len(changed)
        self._changed(anchor.id for anchor in new + changed)
        self._put_lists(transaction, new + changed)
        for labels, records in self._by_labels(kind, new).items():
            transaction.later(statements.CREATE_ANCHOR[kind, labels], self._columns(statements.ANCHOR[kind], records))
        if kind is RecordKind.REPORT:
            for anchor in new:
                self.reports[anchor.id] = Known(anchor.stored["first_known"], anchor.restriction)
        if changed:
            self._change_anchors(transaction, kind, label, changed, latest, parameters)
        return new, changed

    def _change_anchors(
        self,
        transaction: Transaction,
        kind: RecordKind,
        label: LiteralString,
        changed: list[Anchor],
        latest: dict[str, tuple[int, int, str]],
        parameters: dict[str, Any],
    ) -> None:
        self.changed_records.add(parameters["record"])
        keys = self.plan.keys
        again: list[Anchor] = []
        later: list[Anchor] = []
        closes: list[bool] = []
        for anchor in changed:
            _, sequence, restriction = latest[anchor.id]
            # what becomes restricted itself, or an event through its report, is hidden in its past as well
            close = kind in (RecordKind.OPERATION, RecordKind.REPORT)
            close = close or keys.all_see([restriction], [anchor.restriction])
            if sequence == self.sequence:
                again.append(anchor)
            else:
                self.plan.correct_anchor(anchor)
                later.append(anchor)
                closes.append(close)
            if restriction != anchor.restriction and kind is RecordKind.REPORT:
                self.reports_restricted.add(anchor.id)
            if restriction != anchor.restriction and kind is RecordKind.OPERATION:
                self.operations_restricted.add(anchor.id)
        if kind is RecordKind.REPORT:
            known = self._first_known(transaction, changed)
            for anchor in changed:
                anchor.stored["first_known"] = known[anchor.id]
                self.reports[anchor.id] = Known(known[anchor.id], anchor.restriction)
        if again:
            records = [{"stored": codec.native(kind, anchor.stored)} for anchor in again]
            transaction.run(statements.rewrite_anchor(label), parameters | {"rows": records})
        if later:
            self._close_older(transaction, changed, parameters)
            columns = self._columns(statements.ANCHOR[kind], [anchor.stored for anchor in later])
            transaction.run(statements.CHANGE_ANCHOR[kind], parameters | columns | {"close": closes})
        if kind in (RecordKind.OPERATION, RecordKind.REPORT):
            past = [{"id": anchor.id, "key": anchor.restriction} for anchor in changed]
            transaction.run(statements.PAST_OF, parameters | {"rows": past})

    def _first_known(self, transaction: Transaction, anchors: list[Anchor]) -> dict[str, int]:
        parameters = {"ids": [anchor.id for anchor in anchors], "sequence": self.sequence}
        found = transaction.run(statements.KNOWN_REPORTS, parameters)
        return {report_id: known for report_id, known, _ in found}

    def _close_older(self, transaction: Transaction, changed: list[Anchor], parameters: dict[str, Any]) -> None:
        """End the past versions still open whose readers may all see the new one."""
        news = {anchor.id: anchor.restriction for anchor in changed}
        found = transaction.run(statements.OPEN_VERSIONS, parameters | {"ids": list(news)})
        closed = [
            {"id": record_id, "sequence": sequence}
            for record_id, sequence, old in found
            if self.plan.keys.all_see([old], [news[record_id]])
        ]
        if closed:
            transaction.run(statements.CLOSE_VERSIONS, parameters | {"rows": closed})

    @staticmethod
    def _by_labels(kind: RecordKind, anchors: list[Anchor]) -> dict[LiteralString, list[dict[str, Any]]]:
        grouped: dict[LiteralString, list[dict[str, Any]]] = defaultdict(list)
        for anchor in anchors:
            if kind in NODE_RECORDS:
                labels: LiteralString = "Node:" + LABELS[kind_prefix(anchor.id)]
            else:
                labels = RECORD_LABELS[kind]
            grouped[labels].append(anchor.stored)
        return grouped

    def _put_lists(self, transaction: Transaction, written: Sequence[Anchor]) -> None:
        """The short lists beside the records: restrictions in use, words of names."""
        self._put_restrictions(transaction, {anchor.restriction for anchor in written})
        words = {word for anchor in written for word in anchor.words} - self.words
        if words:
            parameters = [{"word": word, "grams": gram_text(word)} for word in sorted(words)]
            transaction.later(statements.MERGE_WORDS, {"words": parameters})
            self.words |= words

    def _put_restrictions(self, transaction: Transaction, keys: Iterable[str]) -> None:
        fresh = set(keys) - self.restrictions
        if fresh:
            transaction.later(statements.MERGE_RESTRICTIONS, {"keys": sorted(fresh)})
            self.restrictions |= fresh

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
            self.doubtful.update(a.id for a in new if a.restriction and "report_id" in a.stored)
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
        owners = [{"id": anchor.id, "person_id": anchor.stored["person_id"]} for anchor in written]
        transaction.later(
            statements.HAD_EPISODE,
            {"rows": owners},
            expected=len(written),
            complaint="an episode refers to a record that is not there",
        )
        for anchor in written:
            if anchor.restriction:
                self.doubtful.add(anchor.stored["person_id"])
        self._open(transaction, {anchor.stored["person_id"] for anchor in written if not anchor.restriction})

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

    def _latest_edges(self, transaction: Transaction, edges: list[Edge]) -> dict[str, tuple[int, str, list[str]]]:
        """(digest, type, restrictions) of the newest version of each tie that is there."""
        latest: dict[str, tuple[int, str, list[str]]] = {}

        def look(tie_type: str, some: list[str]) -> None:
            for key, digest, _, keys in transaction.run(statements.LATEST_EDGE[tie_type], {"ids": some}):
                latest[key] = (digest, tie_type, keys)

        by_type: dict[str, list[str]] = defaultdict(list)
        for edge in edges:
            by_type[edge.tie_type].append(edge.id)
        for tie_type, some in by_type.items():
            if tie_type in self.types:
                look(tie_type, some)
        # a correction may change the type; the ties that Kith makes cannot
        stated = [edge for edge in edges if edge.id.partition(":")[0] != edge.tie_type]
        for tie_type in sorted(self.types):
            left = [edge.id for edge in stated if edge.id not in latest and edge.tie_type != tie_type]
            if left:
                look(tie_type, left)
        return latest

    def _put_edges(self, transaction: Transaction, edges: list[Edge], tally: list[int]) -> None:
        """Write new and changed ties."""
        if not edges:
            return
        repeated = self.seen["tie"].add([edge.id for edge in edges])
        latest = self._latest_edges(transaction, edges) if repeated or not self.no_ties else {}
        new = [edge for edge in edges if edge.id not in latest]
        changed = [edge for edge in edges if edge.id in latest and latest[edge.id][0] != edge.stored["digest"]]
        tally[0] += len(new)
        tally[1] += len(changed)
        tally[2] += len(edges) - len(new) - len(changed)
        ended: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for edge in changed:
            self.plan.correct_edge(edge)
            _, tie_type, olds = latest[edge.id]
            close = edge.tie_type == "lives_at" or self.plan.keys.all_see(olds, edge.restrictions)
            ended[tie_type].append({"id": edge.id, "close": close, "keys": edge.restrictions})
        self._end(transaction, ended)
        protected = [{"id": edge.id, "key": edge.restrictions[0]} for edge in changed if edge.stored.get("protected")]
        if protected:
            transaction.run(statements.PROTECT_PAST, self._times | {"rows": protected})
        self._create(transaction, new + changed)

    def _end(self, transaction: Transaction, ended: dict[str, list[dict[str, Any]]]) -> None:
        for tie_type, rows in ended.items():
            self.replaced_types.add(tie_type)
            news = {row["id"]: row["keys"] for row in rows}
            found = transaction.run(statements.OPEN_EDGES[tie_type], self._times | {"ids": list(news)})
            older = [
                {"id": key, "sequence": sequence, "keys": news[key], "close": self.plan.keys.all_see(olds, news[key])}
                for key, sequence, olds in found
            ]
            if older:
                transaction.run(statements.CLOSE_EDGES[tie_type], self._times | {"rows": older})
            transaction.run(statements.END_EDGE[tie_type], self._times | {"rows": rows})

    def _end_vanished(
        self, transaction: Transaction, owners: list[str], edges: list[Edge], tie_types: tuple[str, ...]
    ) -> None:
        """End the ties that changed people or events no longer make."""
        made = {edge.id for edge in edges}
        for tie_type in tie_types:
            ids = [key for owner in owners if (key := f"{tie_type}:{owner}") not in made]
            if ids and tie_type in self.types:
                found = transaction.run(statements.LATEST_EDGE[tie_type], {"ids": ids})
                # those who may not see the change keep what they saw
                rows = [
                    {"id": key, "close": True, "keys": []}
                    for key, _, _, olds in found
                    if self.plan.keys.all_see(olds, [self.plan.note_key])
                ]
                self._end(transaction, {tie_type: rows} if rows else {})
                self._changed(str(row["id"]) for row in rows)

    def _create(self, transaction: Transaction, edges: list[Edge]) -> None:
        by_type: dict[str, list[Edge]] = defaultdict(list)
        opened: set[str] = set()
        for edge in edges:
            by_type[edge.tie_type].append(edge)
            if edge.tie_type == "lives_at":
                if "" not in edge.restrictions:
                    self.doubtful.add(edge.target)
                elif self.any_attested:
                    self.homes.append((edge.source, edge.target))
            elif "" in edge.restrictions:
                opened.update((edge.source, edge.target))
            else:
                self.doubtful.update((edge.source, edge.target))
        for tie_type, some in by_type.items():
            columns = self._columns(statements.EDGE, [edge.stored for edge in some])
            columns["source"] = [edge.source for edge in some]
            columns["target"] = [edge.target for edge in some]
            transaction.later(
                statements.CREATE_EDGE[tie_type],
                columns,
                expected=len(some),
                complaint="a tie refers to a record that is not there",
            )
            self.types.add(tie_type)
        self._put_restrictions(transaction, {key for edge in edges for key in edge.restrictions})
        self._changed(edge.id for edge in edges)
        self._open(transaction, opened)

    # -- attestation and restrictions that change ------------------------------------------------------------
    def _open(self, transaction: Transaction, ids: set[str]) -> None:
        """Nodes that only restricted records spoke of become open once an open one does."""
        if ids and self.any_attested:
            transaction.later(statements.OPEN, {"ids": sorted(ids), "sequence": self.sequence})

    def finish(self, each: Callable[[Callable[[Transaction], None]], None]) -> None:
        """What is known only when all rows are in: who sees the nodes. ``each`` gives every step a transaction."""
        if self.reports_restricted or self.operations_restricted:
            each(self._restrict_again)
        places = {node_id for node_id in self.doubtful if node_id.startswith(("place:", "school:"))}
        homes: set[str] = set()
        self._attest_all(each, self.doubtful - places, homes)
        self._attest_all(each, places | homes, set())
        each(self._open_homes)

    def _attest_all(
        self, each: Callable[[Callable[[Transaction], None]], None], ids: set[str], homes: set[str]
    ) -> None:
        doubtful = sorted(ids)
        for start in range(0, len(doubtful), ATTEST_ROWS):
            some = doubtful[start : start + ATTEST_ROWS]
            each(lambda transaction, some=some: self._attest_new(transaction, some, homes))  # type: ignore[misc]

    def _attest_new(self, transaction: Transaction, ids: list[str], homes: set[str]) -> None:
        keys: dict[str, set[str]] = defaultdict(set)
        found = transaction.run(statements.RECORDS_OF_NEW, {"ids": ids, "sequence": self.sequence})
        for node_id, alternatives, person in found:
            keys[node_id].update(alternatives if person is None else person)
        rows = [{"id": node_id, "keys": sorted(some)} for node_id, some in keys.items() if "" not in some]
        if rows:
            self._put_restrictions(transaction, {key for row in rows for key in row["keys"]})
            transaction.run(statements.ATTEST, {"rows": rows})
            people = [row["id"] for row in rows if str(row["id"]).startswith("person:")]
            parameters = {"ids": people, "sequence": self.sequence}
            homes.update(home for (home,) in transaction.run(statements.HOMES_OF, parameters))

    def _open_homes(self, transaction: Transaction) -> None:
        if self.homes:
            closed = {row[0] for row in transaction.run(CLOSED_PEOPLE, {"ids": [person for person, _ in self.homes]})}
            self._open(transaction, {place for person, place in self.homes if person not in closed})

    def _restrict_again(self, transaction: Transaction) -> None:
        """A report or an operation is handled otherwise from now on: so is what rests on it, in its past as well."""
        reports = sorted(self.reports_restricted)
        combined = self.plan.keys.combined
        known = self._known(transaction, reports)
        rows = []
        for element, report_id, base, touched in transaction.run(
            statements.RECORDS_OF_REPORTS, self._times | {"ids": reports}
        ):
            key = combined(base, known[report_id].restriction)
            rows.append({"element": element, "key": key})
            if not key and touched is not None:
                self._open(transaction, {touched})
        transaction.run(statements.RESTRICT_RECORDS, {"rows": rows})
        self._put_restrictions(transaction, {row["key"] for row in rows})
        ties = []
        if self.operations_restricted:
            ids = sorted(self.operations_restricted)
            ties += transaction.run(statements.TIES_OF_OPERATIONS, self._times | {"ids": ids})
        if reports:
            ties += transaction.run(statements.TIES_OF_REPORTS, self._times | {"ids": reports})
        known = self._known(transaction, (report_id for tie in ties for report_id in tie[3]))
        again = []
        for element, source, target, report_ids, protected, base in ties:
            base = self.plan.touching(combined(base, PROTECTED_ADDRESS if protected else ""), source, target)
            keys = [combined(base, known[report_id].restriction) for report_id in report_ids] or [base]
            again.append({"element": element, "keys": keys})
            if "" in keys:
                self._open(transaction, {source, target})
        transaction.run(statements.RESTRICT_TIES, {"rows": again})
        self._put_restrictions(transaction, {key for row in again for key in row["keys"]})


def gram_text(word: str) -> str:
    """The groups of three letters of a word as one text, edges written as ``_``."""
    return " ".join(sorted(gram.replace(" ", "_") for gram in names.trigrams(word)))
