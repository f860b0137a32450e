"""What one write knows while it goes on: keys, restrictions, versions to close, tallies."""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from graph.errors import StoreError
from graph.model import NODE_KINDS, NodeKind
from graph.records import RecordKind, Tally, WriteNote
from graph.stores.rows import (
    POSITION,
    batches,
    operation_restriction,
)
from graph.stores.sqlite.attesting import Attestation
from graph.stores.sqlite.keys import Keys
from graph.stores.sqlite.restricting import OPEN, STILL, Restrictions
from graph.vocabulary import tie_types, vocabulary

TIE_TYPES = tuple(tie_types())
TYPE_NUMBER = {code: number for number, code in enumerate(TIE_TYPES)}
POLARITIES = ("concern", "neutral", "protective")
POLARITY_NUMBER = {word: number for number, word in enumerate(POLARITIES)}
DEFAULT_POLARITY = {code: POLARITY_NUMBER[tie.default_polarity] for code, tie in tie_types().items()}
ROLES = tuple(term.code for term in vocabulary("role").terms)
CONTROL = re.compile(r"[\x00-\x1f]")
TOOK_PART_IN, OCCURRED_AT = TYPE_NUMBER["took_part_in"], TYPE_NUMBER["occurred_at"]
WENT_MISSING_FROM, LIVES_AT = TYPE_NUMBER["went_missing_from"], TYPE_NUMBER["lives_at"]
#: types of the ties that an event makes
OF_EVENTS = (TOOK_PART_IN, OCCURRED_AT, WENT_MISSING_FROM)

TABLE_COLUMNS = {
    "node": "id,kind,guarded,rs,known_from,seq,file,row,content,place,report,started_at,ended_at,easting,northing,code",
    "report": "id,rs,known_from,seq,file,row,first_known,content,code,agency,recorded_at,occurred_at,reference",
    "tie": (
        "id,src,dst,type,polarity,start_day,end_day,qualifier,confidence,role,report,more,rs,known_from,seq,file,row"
    ),
    "episode": "id,person,report,rs,known_from,seq,file,row,content,start_day,end_day,code",
}
INSERT = {
    table: f"INSERT INTO {table}(pk,{columns}) VALUES (?{',?' * len(columns.split(','))})"
    for table, columns in TABLE_COLUMNS.items()
}
#: (id, src, dst, type, polarity, start, end, qualifier, confidence, reports, base rs, base known, file, row)
TieRow = tuple[Any, ...]


class Tallies:
    def __init__(self) -> None:
        self.counts: dict[RecordKind, list[int]] = {}

    def add(self, kind: RecordKind, new: int = 0, changed: int = 0, unchanged: int = 0) -> None:
        counts = self.counts.setdefault(kind, [0, 0, 0])
        counts[0] += new
        counts[1] += changed
        counts[2] += unchanged

    def as_dict(self) -> dict[RecordKind, Tally]:
        return {kind: Tally(*counts) for kind, counts in self.counts.items()}

    @property
    def changes(self) -> int:
        return sum(counts[0] + counts[1] for counts in self.counts.values())


class WriteState:
    """State of one write inside an open immediate transaction, and what all its parts need."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        note: WriteNote,
        sequence: int,
        now_us: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.connection, self.note, self.sequence, self.now = connection, note, sequence, now_us
        self.progress = progress
        self.restrictions = Restrictions(connection)
        self.note_rs = self.restrictions.number(note.restriction)
        self.nodes, self.reports = Keys(connection, "node"), Keys(connection, "report")
        self.tie_keys = Keys(connection, "tie", most_in_words=100_000)
        self.episodes = Keys(connection, "episode")
        self.tallies = Tallies()
        self.attestation = Attestation(connection, self.nodes.first)
        self.operations = self._restricted_operations()
        #: restriction and first known time of the reports of this write, by number
        self.report_rs, self.report_known = array("i"), array("q")
        self.rows_written = 0
        self.anything = False
        self.changed_ids: list[str] = []
        self._files: dict[str | None, int] = {}
        self._words: dict[str, int] = {}
        self._agencies: dict[str, int] = {}
        self._other_known = now_us
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS new_word_of (word INTEGER, id TEXT, node INTEGER)")
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS new_reference_of (text TEXT, id TEXT, node INTEGER)")
        connection.execute("DELETE FROM temp.new_word_of")
        connection.execute("DELETE FROM temp.new_reference_of")

    def _file(self, name: str | None) -> int:
        number = self._files.get(name)
        if number is None:
            cursor = self.connection.execute("INSERT INTO file(seq, name) VALUES (?, ?)", (self.sequence, name))
            number = self._files[name] = int(cursor.lastrowid or 0)
        return number

    def _restricted_operations(self) -> dict[int, int]:
        kind = NODE_KINDS.index(NodeKind.OPERATION)
        found = self.connection.execute("SELECT pk, id, content FROM node WHERE kind = ?", (kind,)).fetchall()
        restricted = POSITION[RecordKind.OPERATION]["restricted"] - 1
        return {
            pk: self.restrictions.number(operation_restriction(node_id))
            for pk, node_id, content in found
            if orjson.loads(content)[restricted]
        }

    def _note_operations(self, stored: Iterable[tuple[Any, ...]]) -> None:
        place = POSITION[RecordKind.OPERATION]["restricted"] - 1
        for row in stored:
            if orjson.loads(row[9])[place]:
                self.operations[row[0]] = self.restrictions.number(operation_restriction(row[1]))
            else:
                self.operations.pop(row[0], None)

    def _split(self, keys: Keys, ids: Sequence[str]) -> tuple[list[int], list[tuple[int, int]]]:
        """Positions of new ids, and (position, number) of those that are there already, in order."""
        found = keys.find(ids)
        if not any(found) and len(set(ids)) == len(ids):
            keys.give(ids)
            return list(range(len(ids))), []
        new, known = [], []
        given: dict[str, int] = {}
        for position, (record_id, key) in enumerate(zip(ids, found, strict=True)):
            if key is None:
                key = given.get(record_id)
            if key is None:
                given[record_id] = keys.next + len(given)
                new.append(position)
            else:
                known.append((position, key))
        keys.give(list(given))
        return new, known

    def _resolved(self, keys: Keys, ids: Sequence[str | None], what: str) -> list[int | None]:
        """Numbers of the ids referred to. Raises StoreError when one is not there."""
        wanted = [record_id for record_id in ids if record_id is not None]
        if not wanted:
            return [None] * len(ids)
        if len(wanted) == len(ids):
            found = keys.find(wanted)
            if None in found:
                raise StoreError(f"{what} refers to a record that is not there")
            return found
        numbers = iter(keys.find(wanted))
        out = [None if record_id is None else next(numbers) for record_id in ids]
        if any(key is None and record_id is not None for key, record_id in zip(out, ids, strict=True)):
            raise StoreError(f"{what} refers to a record that is not there")
        return out

    def _facts(self, reports: Iterable[int | None]) -> dict[int | None, tuple[int, int]]:
        """Restriction and first known time of reports by number."""
        first = self.reports.first
        facts: dict[int | None, tuple[int, int]] = {}
        older = []
        for report in set(reports):
            if report is None:
                continue
            if report >= first:
                facts[report] = (self.report_rs[report - first], self.report_known[report - first])
            else:
                older.append(report)
        for part in batches(older, 20_000):
            marks = ",".join(map(str, part))
            query = f"SELECT pk, rs, first_known FROM report WHERE pk IN ({marks})"
            facts.update((pk, (rs, known)) for pk, rs, known in self.connection.execute(query))
        return facts

    def _changed(self, record_id: str) -> None:
        self.anything = True
        if len(self.changed_ids) < 1_000:
            self.changed_ids.append(record_id)

    def _supersede(self, table: str, key: int, keys: Keys, *, close: bool) -> int:
        """Copy the newest version into the history; ``close`` ends it now, else it stays for those who may not see
        the one that follows."""
        past = keys.past()
        columns = TABLE_COLUMNS[table]
        source = columns
        if table == "node":
            columns = source = columns.replace("guarded,", "")
        self.connection.execute(
            f"INSERT INTO {table}_history(pk,key,known_to,{columns}) SELECT ?,pk,?,{source} FROM {table} WHERE pk = ?",
            (past, self.now if close else STILL, key),
        )
        if table == "tie":
            self.connection.execute("UPDATE tie_more SET tie = ? WHERE tie = ?", (past, key))
        return past

    def _close_older(self, table: str, key: int, new: Sequence[int]) -> None:
        """End the past versions still open whose readers may all see the new one."""
        open_versions = self.connection.execute(
            f"SELECT pk, rs FROM {table}_history WHERE key = ? AND known_to = {STILL}",
            (key,),
        ).fetchall()
        for past, rs in open_versions:
            olds = [rs]
            if table == "tie":
                olds += [more for (more,) in self.connection.execute("SELECT rs FROM tie_more WHERE tie = ?", (past,))]
            if self._all_see(olds, new):
                self.connection.execute(
                    f"UPDATE {table}_history SET known_to = ? WHERE pk = ?",
                    (self.now, past),
                )

    def _all_see(self, olds: Sequence[int], news: Sequence[int]) -> bool:
        return all(any(self.restrictions.no_stricter(new, old) for new in news) for old in olds)

    def _update(self, table: str, key: int, values: Sequence[Any]) -> None:
        assignments = ",".join(f"{column} = ?" for column in TABLE_COLUMNS[table].split(","))
        self.connection.execute(f"UPDATE {table} SET {assignments} WHERE pk = ?", (*values, key))

    def _contents(self, table: str, keys: Sequence[int]) -> dict[int, str]:
        contents: dict[int, str] = {}
        for part in batches(sorted(set(keys)), 20_000):
            marks = ",".join(map(str, part))
            query = f"SELECT pk, content FROM {table} WHERE pk IN ({marks})"
            contents.update(self.connection.execute(query).fetchall())
        return contents

    def _all_new(self, ids: Sequence[str]) -> None:
        if ids:
            self.anything = True
            if len(self.changed_ids) < 1_000:
                self.changed_ids += ids[: 1_000 - len(self.changed_ids)]

    def _note_rs_of(self, seq: int) -> int:
        if seq == self.sequence:
            return self.note_rs
        found = self.connection.execute("SELECT rs FROM change WHERE seq = ?", (seq,)).fetchone()
        return int(found[0]) if found else OPEN
