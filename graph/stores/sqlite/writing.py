"""One atomic write: blocks in, rows, versions, derived ties, restrictions and search words out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from graph.errors import StoreError
from graph.records import COLUMNS, Block, RecordKind
from graph.stores.rows import (
    NODE_RECORDS,
)
from graph.stores.sqlite.writing_nodes import NodeWriting
from graph.stores.sqlite.writing_state import CONTROL


class Writer(NodeWriting):
    """The work of one write inside an open immediate transaction."""

    def write(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            for start in range(0, len(block.rows), 20_000):
                part = block.rows[start : start + 20_000]
                numbers = block.row_numbers[start : start + 20_000] if block.row_numbers else repeat(None, len(part))
                self._part(block.kind, part, self._file(block.file), list(numbers))
                self.rows_written += len(part)
                if self.progress is not None:
                    self.progress(self.rows_written)

    def _part(self, kind: RecordKind, rows: Sequence[Any], file: int, numbers: list[int | None]) -> None:
        width = len(COLUMNS[kind])
        if any(len(row) != width for row in rows):
            raise StoreError(f"a {kind} row does not have its {width} columns")
        ids = [row[0] for row in rows]
        if not all(type(record_id) is str and record_id for record_id in ids) or CONTROL.search("".join(ids)):
            raise StoreError(f"an id of a {kind} row is empty or holds control characters")
        if kind in NODE_RECORDS:
            self._put_nodes(kind, rows, ids, file, numbers)
        elif kind is RecordKind.REPORT:
            self._put_reports(rows, ids, file, numbers)
        elif kind is RecordKind.TIE:
            self._put_ties(kind, self._stated_ties(rows, file, numbers))
        elif kind is RecordKind.PARTICIPATION:
            self._put_ties(kind, self._ties_of_participations(rows, file, numbers))
        elif kind is RecordKind.EPISODE:
            self._put_episodes(rows, ids, file, numbers)
        else:
            self._put_areas(kind, rows)

    def finish(self) -> None:
        """What is known only when all rows are in: who sees the nodes, words, counts."""
        alternatives = self.attestation.alternatives()
        self.connection.executemany(
            "INSERT INTO node_alternative VALUES (?, ?)",
            [(node, rs) for node, numbers in alternatives.items() for rs in sorted(numbers)],
        )
        self.connection.executemany("UPDATE node SET guarded = 1 WHERE pk = ?", [(node,) for node in alternatives])
        opened = [(node,) for node in self.attestation.opened]
        self.connection.executemany("DELETE FROM node_alternative WHERE node = ?", opened)
        self.connection.executemany("UPDATE node SET guarded = 0 WHERE pk = ?", opened)
        self.connection.execute(
            "INSERT OR IGNORE INTO word_of SELECT word, id, node FROM temp.new_word_of ORDER BY word, id"
        )
        self.connection.execute(
            "INSERT OR IGNORE INTO reference_of SELECT text, id, node FROM temp.new_reference_of ORDER BY text, id"
        )
        self.connection.execute("DELETE FROM temp.new_word_of")
        self.connection.execute("DELETE FROM temp.new_reference_of")
        self.connection.executemany(
            "INSERT INTO count VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET records = records + excluded.records",
            [(kind.value, counts[0]) for kind, counts in self.tallies.counts.items()],
        )
