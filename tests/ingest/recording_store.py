"""Stands in for a store in the loader's own tests: keeps what is written, all or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from graph.model import Tie, TieId
from graph.records import COLUMNS, Block, Commit, RecordKind, Row, Tally, WriteNote
from graph.store import Lens, SeenTie, Store


class RecordingStore:
    """Only the verbs that the loader uses."""

    def __init__(self) -> None:
        self.records: dict[RecordKind, dict[str, Row]] = {kind: {} for kind in RecordKind}
        self.sources: dict[tuple[RecordKind, str], tuple[str | None, int]] = {}
        self.notes: list[WriteNote] = []
        self.asked: list[tuple[RecordKind, int]] = []

    def contract(self) -> Store:
        return cast(Store, self)

    def counts(self) -> dict[RecordKind, int]:
        return {kind: len(rows) for kind, rows in self.records.items()}

    def known_keys(self, kind: RecordKind, keys: Sequence[str]) -> set[str]:
        self.asked.append((kind, len(keys)))
        return {key for key in keys if key in self.records[kind]}

    def ties(self, tie_ids: Sequence[TieId], lens: Lens) -> dict[TieId, SeenTie]:
        answer = {}
        for key in tie_ids:
            row = self.records[RecordKind.TIE].get(key)
            if row is not None:
                tie = cast(Tie, _Reports(cast(tuple[str, ...], row[8])))
                answer[key] = cast(SeenTie, _Seen(tie))
        return answer

    def write(
        self, blocks: Iterable[Block], note: WriteNote, *, progress: Callable[[int], None] | None = None
    ) -> Commit:
        records = {kind: dict(rows) for kind, rows in self.records.items()}
        tallies: dict[RecordKind, Tally] = {}
        for block in blocks:
            tally = tallies.get(block.kind, Tally())
            assert len(block.row_numbers) == len(block.rows)
            for row, number in zip(block.rows, block.row_numbers, strict=True):
                assert len(row) == len(COLUMNS[block.kind])
                key = str(row[0])
                before = records[block.kind].get(key)
                tally = Tally(
                    tally.new + (before is None),
                    tally.changed + (before is not None and before != row),
                    tally.unchanged + (before == row),
                )
                records[block.kind][key] = row
                self.sources[block.kind, key] = (block.file, number)
            tallies[block.kind] = tally
        self.records = records
        self.notes.append(note)
        now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        return Commit(len(self.notes), now, f"load-{len(self.notes)}", tallies)

    def one(self, kind: RecordKind, key: str) -> dict[str, object]:
        """A record by its column names."""
        return dict(zip(COLUMNS[kind], self.records[kind][key], strict=True))


class _Reports:
    def __init__(self, report_ids: tuple[str, ...]) -> None:
        self.report_ids = report_ids


class _Seen:
    def __init__(self, tie: Tie) -> None:
        self.tie = tie
