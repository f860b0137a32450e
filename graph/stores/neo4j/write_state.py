"""What one write has seen, counted and has still to do."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.errors import StoreError
from graph.records import RecordKind, Tally, WriteNote
from graph.stores import names
from graph.stores.neo4j import statements
from graph.stores.neo4j.connection import Transaction
from graph.stores.neo4j.plan import (
    Anchor,
    Known,
    Moment,
    Planner,
    anchor_columns,
)
from graph.stores.neo4j.schema import RECORD_LABELS

#: reports remembered within a write; forgotten all at once when there are more
MOST_REMEMBERED = 400_000
#: ids of what changed that go into the audit row
MOST_IDS = 1_000


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


class WriteState:
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

    def _columns(self, columns: dict[str, list[Any] | None], count: int) -> dict[str, Any]:
        """Parameters of a statement that takes records as columns."""
        return columns | {"count": count, "sequence": self.sequence}

    def _anchor_columns(self, anchors: list[Anchor], **more: list[Any] | None) -> dict[str, Any]:
        return self._columns(anchor_columns(anchors, statements.BESIDE_ROW) | more, len(anchors))

    def _changed(self, ids: Iterable[str]) -> None:
        for record_id in ids:
            self.anything = True
            if len(self.ids) >= MOST_IDS:
                return
            self.ids.append(record_id)

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


def gram_text(word: str) -> str:
    """The groups of three letters of a word as one text, edges written as ``_``."""
    return " ".join(sorted(gram.replace(" ", "_") for gram in names.trigrams(word)))
