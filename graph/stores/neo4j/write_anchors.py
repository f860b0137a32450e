"""Writing the records that are nodes of the database."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, LiteralString

from graph.records import RecordKind
from graph.stores.neo4j import statements
from graph.stores.neo4j.codec import kind_prefix
from graph.stores.neo4j.connection import Transaction
from graph.stores.neo4j.plan import (
    Anchor,
    Known,
)
from graph.stores.neo4j.schema import LABELS, RECORD_LABELS
from graph.stores.neo4j.write_state import WriteState
from graph.stores.rows import NODE_RECORDS


class AnchorWriting(WriteState):
    """New versions of nodes, reports, episodes and areas."""

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
            transaction.later(statements.CREATE_ANCHOR[kind, labels], self._anchor_columns(records))
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
            records = [{"stored": anchor.native()} for anchor in again]
            transaction.run(statements.rewrite_anchor(label), parameters | {"rows": records})
        if later:
            self._close_older(transaction, changed, parameters)
            columns = self._anchor_columns(later, close=closes)
            transaction.run(statements.CHANGE_ANCHOR[kind], parameters | columns)
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
    def _by_labels(kind: RecordKind, anchors: list[Anchor]) -> dict[LiteralString, list[Anchor]]:
        grouped: dict[LiteralString, list[Anchor]] = defaultdict(list)
        for anchor in anchors:
            if kind in NODE_RECORDS:
                labels: LiteralString = "Node:" + LABELS[kind_prefix(anchor.id)]
            else:
                labels = RECORD_LABELS[kind]
            grouped[labels].append(anchor)
        return grouped
