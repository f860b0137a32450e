"""One atomic write: blocks in, rows, versions, derived ties, restrictions and search words out."""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import orjson

from graph.errors import StoreError
from graph.model import NODE_KINDS, NodeKind, Restriction, kind_of, restriction_of_report
from graph.records import COLUMNS, Block, RecordKind, Tally, WriteNote
from graph.stores.codes import NODE_CODE, episode_code, reference_key, report_code, role_code
from graph.stores.names import names_of, references_of
from graph.stores.rows import (
    NODE_RECORDS,
    POSITION,
    RECORD_OF_NODE,
    batches,
    implicit_report_id,
    implicit_report_values,
    operation_restriction,
    period_of_event,
)
from graph.stores.sqlite import segments
from graph.stores.sqlite.keys import Keys
from graph.stores.sqlite.restricting import EVER, OPEN, STILL, Restrictions
from graph.vocabulary import tie_types, vocabulary

TIE_TYPES = tuple(tie_types())
TYPE_NUMBER = {code: number for number, code in enumerate(TIE_TYPES)}
POLARITIES = ("concern", "neutral", "protective")
_POLARITY_NUMBER = {word: number for number, word in enumerate(POLARITIES)}
_DEFAULT_POLARITY = {code: _POLARITY_NUMBER[tie.default_polarity] for code, tie in tie_types().items()}
ROLES = tuple(term.code for term in vocabulary("role").terms)
_CONTROL = re.compile(r"[\x00-\x1f]")
TOOK_PART_IN, OCCURRED_AT = TYPE_NUMBER["took_part_in"], TYPE_NUMBER["occurred_at"]
WENT_MISSING_FROM, LIVES_AT = TYPE_NUMBER["went_missing_from"], TYPE_NUMBER["lives_at"]
#: types of the ties that an event makes
OF_EVENTS = (TOOK_PART_IN, OCCURRED_AT, WENT_MISSING_FROM)

_COLUMNS = {
    "node": "id,kind,guarded,rs,known_from,seq,file,row,content,place,report,started_at,ended_at,easting,northing,code",
    "report": "id,rs,known_from,seq,file,row,first_known,content,code,agency,recorded_at,occurred_at,reference",
    "tie": (
        "id,src,dst,type,polarity,start_day,end_day,qualifier,confidence,role,report,more,rs,known_from,seq,file,row"
    ),
    "episode": "id,person,report,rs,known_from,seq,file,row,content,start_day,end_day,code",
}
_INSERT = {
    table: f"INSERT INTO {table}(pk,{columns}) VALUES (?{',?' * len(columns.split(','))})"
    for table, columns in _COLUMNS.items()
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


class _Facts:
    """Restriction and first known time of reports by number; those of this write without asking the store."""

    def __init__(self, writer: Writer, older: set[int]) -> None:
        self._first = writer.reports.first
        self._rs, self._known = writer.report_rs, writer.report_known
        self._older = writer._facts(older) if older else {}

    def __getitem__(self, report: int) -> tuple[int, int]:
        position = report - self._first
        if position < 0:
            return self._older[report]
        return self._rs[position], self._known[position]


class Attestation:
    """Which nodes of this write are seen by anyone, and which only by those who may see one of their records (S7)."""

    def __init__(self, connection: sqlite3.Connection, first: int) -> None:
        self.first = first
        self.open = bytearray()
        self.restricted: dict[int, set[int]] = {}
        self.guarded = {node for (node,) in connection.execute("SELECT DISTINCT node FROM node_alternative")}
        self.opened: set[int] = set()
        #: (person, place, rs) of addresses: they speak for the place only, and only as far as the person is seen
        self.addresses = (array("q"), array("q"), array("i"))

    def grown(self, end: int) -> None:
        self.open.extend(bytes(end - self.first - len(self.open)))

    def attest(self, node: int, rs: int) -> None:
        position = node - self.first
        if rs == OPEN:
            if position >= 0:
                self.open[position] = 1
            elif node in self.guarded:
                self.opened.add(node)
        elif position >= 0:
            self.restricted.setdefault(node, set()).add(rs)

    def attest_open(self, nodes: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        """Many nodes at once, each with an open record."""
        new = nodes >= self.first
        np.frombuffer(self.open, dtype=np.uint8)[nodes[new] - self.first] = 1
        if self.guarded:
            self.opened.update(self.guarded.intersection(nodes[~new].tolist()))

    def address(self, person: int, place: int, rs: int) -> None:
        for part, value in zip(self.addresses, (person, place, rs), strict=True):
            part.append(value)

    def alternatives(self) -> dict[int, set[int]]:
        """New nodes that are not open to all, with the restrictions of which one must be seen past."""
        closed = {node: rs for node, rs in self.restricted.items() if not self.open[node - self.first]}
        for person, place, rs in zip(*self.addresses, strict=True):
            through = closed.get(person)
            if through is None and person in self.guarded and person not in self.opened:
                continue
            for each in through or ():
                self.attest(place, each if each else rs)
            if through is None:
                self.attest(place, rs)
        return {node: rs for node, rs in self.restricted.items() if not self.open[node - self.first]}


class Writer:
    """The work of one write inside an open immediate transaction."""

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

    # -- blocks ------------------------------------------------------------------------------------------------
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
        if not all(type(record_id) is str and record_id for record_id in ids) or _CONTROL.search("".join(ids)):
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

    # -- versions ----------------------------------------------------------------------------------------------
    def _supersede(self, table: str, key: int, keys: Keys, *, close: bool) -> int:
        """Copy the newest version into the history; ``close`` ends it now, else it stays for those who may not see
        the one that follows."""
        past = keys.past()
        columns = _COLUMNS[table]
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
        assignments = ",".join(f"{column} = ?" for column in _COLUMNS[table].split(","))
        self.connection.execute(f"UPDATE {table} SET {assignments} WHERE pk = ?", (*values, key))

    # -- nodes -------------------------------------------------------------------------------------------------
    def _put_nodes(
        self, kind: RecordKind, rows: Sequence[Any], ids: list[str], file: int, numbers: list[int | None]
    ) -> None:
        kinds = _kinds_of(kind, ids)
        position = POSITION[kind]
        reports: list[int | None] = [None] * len(rows)
        places: list[int | None] = reports
        facts: dict[int | None, tuple[int, int]] = {}
        if kind is RecordKind.EVENT:
            reports = self._resolved(self.reports, [row[position["report_id"]] for row in rows], "an event")
            places = self._resolved(self.nodes, [row[position["place_id"]] for row in rows], "an event")
            facts = self._facts(reports)
        elif kind is RecordKind.PERSON:
            places = self._resolved(self.nodes, [row[position["address_place_id"]] for row in rows], "a person")
        code = NODE_CODE[kind]
        new, known = self._split(self.nodes, ids)
        self.attestation.grown(self.nodes.next)
        node_known = self.now if self.note.known_from_now else EVER
        started = position.get("started_at")
        easting = position.get("easting")
        values = []
        for p, row in enumerate(rows):
            rs, known_from = self.note_rs, node_known
            if reports[p] is not None:
                report_rs, known_from = facts[reports[p]]
                rs = self.restrictions.combine(rs, report_rs)
            values.append(
                (
                    ids[p], kinds[p], 0, rs, known_from, self.sequence, file, numbers[p],
                    orjson.dumps(row[1:]).decode(), places[p], reports[p],
                    None if started is None else row[started], None if started is None else row[started + 1],
                    None if easting is None else row[easting], None if easting is None else row[easting + 1],
                    code(row[1:]),
                )
            )  # fmt: skip
        if kind is RecordKind.OPERATION:
            values = [self._as_operation(value, row) for value, row in zip(values, rows, strict=True)]
        first = self.nodes.next - len(new)
        fresh = [(first + offset, *values[p]) for offset, p in enumerate(new)]
        self.connection.executemany(_INSERT["node"], fresh)
        segments.put_nodes(self.connection, fresh)
        if kind is RecordKind.OPERATION:
            self._note_operations(fresh)
        if kind is RecordKind.EVENT:
            for row in fresh:
                if row[11] is not None:
                    self.attestation.attest(row[0], row[4])
        if easting is not None:
            self._put_points((row[0], row[14], row[15]) for row in fresh)
        self._all_new([row[1] for row in fresh])
        self._put_words(kind, fresh, [rows[p] for p in new])
        changed = self._change_nodes(kind, known, values, rows)
        self.tallies.add(kind, len(new), len(changed), len(known) - len(changed))
        touched = sorted({*new, *changed})
        if touched and kind in (RecordKind.PERSON, RecordKind.EVENT):
            keys = [key for key in self.nodes.find([ids[p] for p in touched]) if key is not None]
            make = self._ties_of_people if kind is RecordKind.PERSON else self._ties_of_events
            self._put_ties(None, make([(rows[p], key, values[p]) for p, key in zip(touched, keys, strict=True)]))
            if changed:
                self._end_vanished(kind, [(rows[p], values[p]) for p in changed])

    def _as_operation(self, value: tuple[Any, ...], row: Any) -> tuple[Any, ...]:
        if not row[POSITION[RecordKind.OPERATION]["restricted"]]:
            return value
        rs = self.restrictions.combine(value[3], self.restrictions.number(operation_restriction(value[0])))
        return (*value[:3], rs, *value[4:])

    def _note_operations(self, stored: Iterable[tuple[Any, ...]]) -> None:
        place = POSITION[RecordKind.OPERATION]["restricted"] - 1
        for row in stored:
            if orjson.loads(row[9])[place]:
                self.operations[row[0]] = self.restrictions.number(operation_restriction(row[1]))
            else:
                self.operations.pop(row[0], None)

    def _change_nodes(
        self, kind: RecordKind, known: list[tuple[int, int]], values: list[tuple[Any, ...]], rows: Sequence[Any]
    ) -> list[int]:
        """New versions of the nodes whose content differs; returns their positions."""
        changed = []
        contents = self._contents("node", [key for _, key in known])
        for p, key in known:
            value = values[p]
            if contents[key] == value[8]:
                continue
            contents[key] = value[8]
            changed.append(p)
            self._changed(value[0])
            old_rs = self.connection.execute("SELECT rs FROM node WHERE pk = ?", (key,)).fetchone()[0]
            # an operation that becomes restricted, or an event whose report does, must be hidden in its past as well
            close = kind is RecordKind.OPERATION or self.restrictions.no_stricter(value[3], old_rs)
            past = self._supersede("node", key, self.nodes, close=close)
            point = self.connection.execute("SELECT easting, northing FROM node WHERE pk = ?", (key,)).fetchone()
            self._put_points([(past, *point)])
            self.connection.execute("DELETE FROM point WHERE pk = ?", (key,))
            guarded = self.connection.execute("SELECT guarded FROM node WHERE pk = ?", (key,)).fetchone()[0]
            known_from = max(self.now, value[4]) if value[4] != EVER else self.now
            stored = (*value[:2], guarded, value[3], known_from, *value[5:])
            self._update("node", key, stored)
            self._close_older("node", key, [value[3]])
            self._put_points([(key, value[13], value[14])])
            self._put_words(kind, [(key, *stored)], [rows[p]])
            if kind is RecordKind.OPERATION:
                self._operation_changed(key, stored)
        return changed

    def _contents(self, table: str, keys: Sequence[int]) -> dict[int, str]:
        contents: dict[int, str] = {}
        for part in batches(sorted(set(keys)), 20_000):
            marks = ",".join(map(str, part))
            query = f"SELECT pk, content FROM {table} WHERE pk IN ({marks})"
            contents.update(self.connection.execute(query).fetchall())
        return contents

    def _put_points(self, points: Iterable[tuple[int, float | None, float | None]]) -> None:
        self.connection.executemany(
            "INSERT INTO point VALUES (?, ?, ?, ?, ?)",
            [(key, east, east, north, north) for key, east, north in points if east is not None and north is not None],
        )

    def _put_words(self, kind: RecordKind, stored: Sequence[tuple[Any, ...]], rows: Sequence[Any]) -> None:
        if kind is RecordKind.EVENT:
            return
        found, references = [], []
        word_number = self._words.get
        for (key, node_id, number, *_), row in zip(stored, rows, strict=True):
            node_kind, values = NODE_KINDS[number], row[1:]
            for _, words in names_of(node_kind, values):
                for word in words:
                    found.append((word_number(word) or self._word(word), node_id, key))
            for _, text in references_of(node_kind, values):
                references.append((text, node_id, key))
        self.connection.executemany("INSERT INTO temp.new_word_of VALUES (?, ?, ?)", found)
        self.connection.executemany("INSERT INTO temp.new_reference_of VALUES (?, ?, ?)", references)

    def _word(self, text: str) -> int:
        number = self._words.get(text)
        if number is None:
            found = self.connection.execute("SELECT pk FROM word WHERE text = ?", (text,)).fetchone()
            if found is None:
                number = int(self.connection.execute("INSERT INTO word(text) VALUES (?)", (text,)).lastrowid or 0)
                self.connection.execute("INSERT INTO word_group(rowid, text) VALUES (?, ?)", (number, f" {text} "))
            else:
                number = found[0]
            if len(self._words) > 500_000:
                self._words.clear()
            self._words[text] = number
        return number

    # -- ties made from other records --------------------------------------------------------------------------
    def _ties_of_people(self, people: list[tuple[Any, int, tuple[Any, ...]]]) -> list[TieRow]:
        position = POSITION[RecordKind.PERSON]
        address, protected = position["address_place_id"], position["protected_address"]
        housed = [(row, key, value) for row, key, value in people if row[address] is not None]
        places = [value[9] for _, _, value in housed]
        hidden = self.restrictions.number(Restriction(protected_address=True))
        ties, reports = [], []
        for (row, key, value), place in zip(housed, places, strict=True):
            rs = self.restrictions.combine(value[3], hidden) if row[protected] else value[3]
            neutral = _DEFAULT_POLARITY["lives_at"]
            tie_id = f"lives_at:{row[0]}"
            known = value[4] if key >= self.nodes.first else self.now
            reports.append(implicit_report_id(tie_id))
            ties.append(
                (tie_id, key, place, LIVES_AT, neutral, None, None, None, None, -1, (), rs, known, value[6], value[7])
            )
        numbers = self._implicit_reports(reports, ties)
        return [(*tie[:10], (number,), *tie[11:]) for tie, number in zip(ties, numbers, strict=True)]

    def _implicit_reports(self, ids: list[str], ties: list[TieRow]) -> list[int]:
        """Reports behind addresses; one that is there already is kept as it is."""
        new, _ = self._split(self.reports, ids)
        first = self.reports.next - len(new)
        stored = []
        values = implicit_report_values(self.note.agency)
        content, codes = orjson.dumps(values).decode(), self._report_codes(("", *values))
        for offset, p in enumerate(new):
            tie = ties[p]
            self.report_rs.append(tie[11])
            self.report_known.append(tie[12])
            stored.append((first + offset, ids[p], tie[11], tie[12], self.sequence, tie[13], tie[14], tie[12],
                           content, *codes))  # fmt: skip
        self.connection.executemany(_INSERT["report"], stored)
        segments.put_reports(self.connection, stored)
        return [number for number in self.reports.find(ids) if number is not None]

    def _ties_of_events(self, events: list[tuple[Any, int, tuple[Any, ...]]]) -> list[TieRow]:
        position = POSITION[RecordKind.EVENT]
        start, end = position["started_at"], position["ended_at"]
        origins = self._resolved(self.nodes, [row[position["from_place_id"]] for row, _, _ in events], "an event")
        ties: list[TieRow] = []
        for (row, key, value), origin in zip(events, origins, strict=True):
            first, last = period_of_event(row[start], row[end])
            reports = () if value[10] is None else (value[10],)
            known = value[4] if key >= self.nodes.first else self.now
            for word, number, place in (
                ("occurred_at", OCCURRED_AT, value[9]), ("went_missing_from", WENT_MISSING_FROM, origin)
            ):  # fmt: skip
                if place is not None:
                    ties.append((f"{word}:{row[0]}", key, place, number, _DEFAULT_POLARITY[word], first, last, None,
                                 None, -1, reports, self.note_rs, known, value[6], value[7]))  # fmt: skip
        changed = [key for _, key, _ in events if key < self.nodes.first]
        if changed:
            ties += self._parts_of_changed(changed)
        return ties

    def _parts_of_changed(self, events: Sequence[int]) -> list[TieRow]:
        """The parts people had in events that have changed: their days follow the event's."""
        ties: list[TieRow] = []
        for event in events:
            content = orjson.loads(
                self.connection.execute("SELECT content FROM node WHERE pk = ?", (event,)).fetchone()[0]
            )
            first, last = period_of_event(content[3], content[4])
            parts = self.connection.execute(
                "SELECT id, src, qualifier, role, report, file, row FROM tie WHERE dst = ? AND type = ?",
                (event, TOOK_PART_IN),
            ).fetchall()
            before = self.connection.execute(
                "SELECT report FROM node_history WHERE key = ? ORDER BY seq DESC, pk LIMIT 1", (event,)
            ).fetchone()
            now = self.connection.execute("SELECT report FROM node WHERE pk = ?", (event,)).fetchone()[0]
            for tie_id, source, qualifier, number, report, file, row in parts:
                if before is not None and report == before[0]:
                    report = now
                reports = () if report is None else (report,)
                ties.append((tie_id, source, event, TOOK_PART_IN, _DEFAULT_POLARITY["took_part_in"], first, last,
                             qualifier, None, number, reports, self.note_rs, self.now, file, row))  # fmt: skip
        return ties

    def _end_vanished(self, kind: RecordKind, changed: list[tuple[Any, tuple[Any, ...]]]) -> None:
        """End the ties that a changed person or event no longer makes."""
        position = POSITION[kind]
        made = (
            {"lives_at": "address_place_id"}
            if kind is RecordKind.PERSON
            else {"occurred_at": "place_id", "went_missing_from": "from_place_id"}
        )
        for row, value in changed:
            for word, column in made.items():
                tie_id = f"{word}:{row[0]}"
                if row[position[column]] is not None:
                    continue
                key = self.tie_keys.find([tie_id])[0]
                if key is None:
                    continue
                old = [
                    rs for (rs,) in self.connection.execute(
                        "SELECT rs FROM tie WHERE pk = ? UNION ALL SELECT rs FROM tie_more WHERE tie = ?", (key, key)
                    )
                ]  # fmt: skip
                if not self._all_see(old, [value[3]]):
                    continue  # those who may not see the change keep what they saw
                self._supersede("tie", key, self.tie_keys, close=True)
                self.connection.execute("DELETE FROM tie WHERE pk = ?", (key,))
                self.tie_keys.forget(tie_id)

    def _ties_of_participations(self, rows: Sequence[Any], file: int, numbers: list[int | None]) -> list[TieRow]:
        events = self._resolved(self.nodes, [row[1] for row in rows], "a participation")
        entities = self._resolved(self.nodes, [row[2] for row in rows], "a participation")
        reports = self._resolved(self.reports, [row[4] for row in rows], "a participation")
        marks = orjson.dumps(list(set(events))).decode()
        periods = {
            pk: (*period_of_event(started, ended), () if report is None else (report,))
            for pk, started, ended, report in self.connection.execute(
                "SELECT n.pk, n.started_at, n.ended_at, n.report FROM json_each(?) j"
                " CROSS JOIN node n ON n.pk = j.value",
                (marks,),
            )
        }
        polarity = _DEFAULT_POLARITY["took_part_in"]
        ties: list[TieRow] = []
        note_rs, known = self.note_rs, self._other_known
        roles = {role: role_code(role) for role in {row[3] for row in rows}}
        for row, event, entity, report, number in zip(rows, events, entities, reports, numbers, strict=True):
            first, last, of_event = periods[event]
            role = roles[row[3]]
            ties.append(("took_part_in:" + row[0], entity, event, TOOK_PART_IN, polarity, first, last,
                         row[3] if role < 0 else None, None, role, of_event if report is None else (report,), note_rs,
                         known, file, number))  # fmt: skip
        return ties

    def _stated_ties(self, rows: Sequence[Any], file: int, numbers: list[int | None]) -> list[TieRow]:
        sources = self._resolved(self.nodes, [row[1] for row in rows], "a tie")
        targets = self._resolved(self.nodes, [row[2] for row in rows], "a tie")
        flat = [report for row in rows for report in row[8]]
        numbers_of_reports = iter(self._resolved(self.reports, flat, "a tie"))
        ties: list[TieRow] = []
        note_rs, known = self.note_rs, self._other_known
        for row, source, target, number in zip(rows, sources, targets, numbers, strict=True):
            _, _, _, word, qualifier, stated, start, end, report_ids, confidence = row
            kind = TYPE_NUMBER.get(word)
            if kind is None or (stated is not None and stated not in _POLARITY_NUMBER):
                raise StoreError("a tie is of a type or polarity that is not in the list")
            polarity = _DEFAULT_POLARITY[word] if stated is None else _POLARITY_NUMBER[stated]
            if len(report_ids) == 1:
                reports: tuple[int | None, ...] = (next(numbers_of_reports),)
            else:
                reports = tuple(dict.fromkeys(next(numbers_of_reports) for _ in report_ids))
            ties.append((row[0], source, target, kind, polarity, start, end, qualifier, confidence, -1, reports,
                         note_rs, known, file, number))  # fmt: skip
        return ties

    # -- ties --------------------------------------------------------------------------------------------------
    def _put_ties(self, kind: RecordKind | None, ties: list[TieRow]) -> None:
        if not ties:
            return
        ids = [tie[0] for tie in ties]
        facts = _Facts(self, {report for tie in ties for report in tie[10] if report < self.reports.first})
        new, known = self._split(self.tie_keys, ids)
        self._new_ties(ties, new, facts)
        changed = sum(self._change_tie(key, ties[p], facts) for p, key in known)
        if kind is not None:
            self.tallies.add(kind, len(new), changed, len(known) - changed)

    def _new_ties(self, ties: list[TieRow], new: list[int], facts: _Facts) -> None:
        """Rows for the ties at these positions; those with one report and nothing special go the short way."""
        if not new:
            return
        key = self.tie_keys.next - len(new)
        sequence, operations, note_rs = self.sequence, self.operations, self.note_rs
        stored, more, special = [], [], []
        for p in new:
            tie = ties[p]
            reports = tie[10]
            if len(reports) == 1 and tie[11] == OPEN and tie[1] not in operations and tie[2] not in operations:
                report = reports[0]
                rs, known = facts[report]
                stored.append((key, *tie[:10], report, 0, rs, known, sequence, tie[13], tie[14]))
            else:
                row, others = self._tie_row(tie, facts, version_known=None)
                stored.append((key, *row))
                more += [(key, *other) for other in others]
                special.append((row, others))
            key += 1
        del note_rs
        self.connection.executemany(_INSERT["tie"], stored)
        segments.put_ties(self.connection, stored)
        if more:
            self.connection.executemany("INSERT INTO tie_more VALUES (?, ?, ?, ?, ?)", more)
        self._attest_ties(stored)
        for row, others in special:
            if others:
                self._attest_tie(row, others)
        self._all_new([row[1] for row in stored])

    def _attest_ties(self, stored: list[tuple[Any, ...]]) -> None:
        """Both ends of new ties, by their first report."""
        ends = np.array([(row[2], row[3], row[4], row[13]) for row in stored], dtype=np.int64)
        address = ends[:, 2] == LIVES_AT
        for source, target, _, rs in ends[address].tolist():
            self.attestation.address(source, target, rs)
        ends = ends[~address]
        self.attestation.attest_open(ends[ends[:, 3] == OPEN][:, :2].ravel())
        for source, target, _, rs in ends[ends[:, 3] != OPEN].tolist():
            self.attestation.attest(source, rs)
            self.attestation.attest(target, rs)

    def _all_new(self, ids: Sequence[str]) -> None:
        if ids:
            self.anything = True
            if len(self.changed_ids) < 1_000:
                self.changed_ids += ids[: 1_000 - len(self.changed_ids)]

    def _tie_row(
        self, tie: TieRow, facts: _Facts, version_known: int | None
    ) -> tuple[tuple[Any, ...], list[tuple[int, int, int, int]]]:
        """Values for the table, and (position, report, rs, known) of the second and further reports."""
        base = tie[11]
        for end in (tie[1], tie[2]):
            base = self.restrictions.combine(base, self.operations.get(end, OPEN))
        alternatives = []
        for each in tie[10]:
            report_rs, report_known = facts[each]
            known = report_known if version_known is None else max(report_known, version_known)
            alternatives.append((each, self.restrictions.combine(base, report_rs), known))
        report, rs, known = alternatives[0] if alternatives else (None, base, version_known or tie[12])
        others = [(position, *other) for position, other in enumerate(alternatives[1:], start=1)]
        row = (*tie[:10], report, len(others), rs, known, self.sequence, tie[13], tie[14])
        return row, others

    def _attest_tie(self, row: tuple[Any, ...], others: Sequence[tuple[int, int, int, int]]) -> None:
        source, target, rs = row[1], row[2], row[12]
        if row[3] == LIVES_AT:
            self.attestation.address(source, target, rs)
            return
        for each in (rs, *(other[2] for other in others)):
            self.attestation.attest(source, each)
            self.attestation.attest(target, each)

    def _change_tie(self, key: int, tie: TieRow, facts: _Facts) -> bool:
        old = self.connection.execute(
            "SELECT src, dst, type, polarity, start_day, end_day, qualifier, confidence, role, report, rs FROM tie"
            " WHERE pk = ?",
            (key,),
        ).fetchone()
        more = self.connection.execute(
            "SELECT report, rs FROM tie_more WHERE tie = ? ORDER BY position", (key,)
        ).fetchall()
        old_reports = (() if old[9] is None else (old[9],)) + tuple(report for report, _ in more)
        row, others = self._tie_row(tie, facts, version_known=self.now)
        same_protection = tie[3] != LIVES_AT or old[10] == row[12]
        if (*old[:9], old_reports) == (*row[1:10], tie[10]) and same_protection:
            return False
        new_alternatives = [row[12], *(other[2] for other in others)]
        # a protected address is hidden from now on in its past as well
        close = tie[3] == LIVES_AT or self._all_see([old[10], *(rs for _, rs in more)], new_alternatives)
        self._supersede("tie", key, self.tie_keys, close=close)
        if tie[3] == LIVES_AT:
            self._protect_address(key, row[10], row[12])
        self._update("tie", key, row)
        self.connection.executemany("INSERT INTO tie_more VALUES (?, ?, ?, ?, ?)", [(key, *other) for other in others])
        self._close_older("tie", key, new_alternatives)
        self._attest_tie(row, others)
        self._changed(tie[0])
        return True

    def _protect_address(self, key: int, report: int, rs: int) -> None:
        self.connection.execute("UPDATE report SET rs = ? WHERE pk = ?", (rs, report))
        if self.restrictions.restriction(rs).protected_address:
            past = self.connection.execute("SELECT pk, rs FROM tie_history WHERE key = ?", (key,)).fetchall()
            self.connection.executemany(
                "UPDATE tie_history SET rs = ? WHERE pk = ?",
                [(self.restrictions.combine(old, rs), pk) for pk, old in past],
            )

    # -- reports, episodes, areas ------------------------------------------------------------------------------
    def _put_reports(self, rows: Sequence[Any], ids: list[str], file: int, numbers: list[int | None]) -> None:
        position = POSITION[RecordKind.REPORT]
        recorded, handling, conditions = position["recorded_at"], position["handling"], position["conditions"]
        cache: dict[tuple[Any, ...], int] = {}
        values = []
        for row, number in zip(rows, numbers, strict=True):
            terms = (row[1], row[handling], row[conditions])
            rs = cache.get(terms)
            if rs is None:
                if row[handling] in (None, "P") and not row[conditions]:
                    rs = self.note_rs
                else:
                    own = restriction_of_report(row[1], row[handling] or "P", row[conditions])
                    rs = self.restrictions.combine(self.note_rs, self.restrictions.number(own))
                cache[terms] = rs
            known = self._other_known if row[recorded] is None else row[recorded] * 1_000_000
            values.append((row[0], rs, known, self.sequence, file, number, known, orjson.dumps(row[1:]).decode(),
                           *self._report_codes(row)))  # fmt: skip
        new, known_rows = self._split(self.reports, ids)
        first = self.reports.next - len(new)
        self.report_rs.extend(values[p][1] for p in new)
        self.report_known.extend(values[p][2] for p in new)
        stored = [(first + offset, *values[p]) for offset, p in enumerate(new)]
        self.connection.executemany(_INSERT["report"], stored)
        segments.put_reports(self.connection, stored)
        self._all_new([ids[p] for p in new])
        changed = 0
        contents = self._contents("report", [key for _, key in known_rows])
        for p, key in known_rows:
            value = values[p]
            if contents[key] == value[7]:
                continue
            contents[key] = value[7]
            changed += 1
            self._changed(ids[p])
            old_rs, first_known = self.connection.execute(
                "SELECT rs, first_known FROM report WHERE pk = ?", (key,)
            ).fetchone()
            self._supersede("report", key, self.reports, close=True)
            self._update("report", key, (*value[:2], self.now, *value[3:6], first_known, *value[7:]))
            if old_rs != value[1]:
                self._report_restricted(key, value[1])
        self.tallies.add(RecordKind.REPORT, len(new), changed, len(known_rows) - changed)

    def _report_codes(self, row: Sequence[Any]) -> tuple[int, int, int | None, int | None, int | None]:
        """What arrays need of a report: code, agency, recorded, occurred, key of the reference."""
        agency = self._agencies.get(row[1])
        if agency is None:
            found = self.connection.execute("SELECT pk FROM agency WHERE name = ?", (row[1],)).fetchone()
            if found is None:
                cursor = self.connection.execute("INSERT INTO agency(name) VALUES (?)", (row[1],))
                agency = int(cursor.lastrowid or 0)
            else:
                agency = int(found[0])
            self._agencies[row[1]] = agency
        reference = None if row[3] is None else reference_key(row[3])
        return report_code(row[8], row[9], row[10], row[13]), agency, row[7], row[5], reference

    def _put_episodes(self, rows: Sequence[Any], ids: list[str], file: int, numbers: list[int | None]) -> None:
        people = self._resolved(self.nodes, [row[1] for row in rows], "an episode")
        reports = self._resolved(self.reports, [row[7] for row in rows], "an episode")
        facts = self._facts(reports)
        values = []
        for p, row in enumerate(rows):
            rs, known = self.note_rs, self._other_known
            if reports[p] is not None:
                report_rs, known = facts[reports[p]]
                rs = self.restrictions.combine(rs, report_rs)
            values.append((ids[p], people[p], reports[p], rs, known, self.sequence, file, numbers[p],
                           orjson.dumps(row[1:]).decode(), row[5], row[6], episode_code(row[2], row[4])))  # fmt: skip
        new, known_rows = self._split(self.episodes, ids)
        first = self.episodes.next - len(new)
        self.connection.executemany(_INSERT["episode"], [(first + offset, *values[p]) for offset, p in enumerate(new)])
        for p in new:
            self._changed(ids[p])
            self.attestation.attest(values[p][1], values[p][3])  # type: ignore[arg-type]
        changed = 0
        contents = self._contents("episode", [key for _, key in known_rows])
        for p, key in known_rows:
            value = values[p]
            if contents[key] == value[8]:
                continue
            contents[key] = value[8]
            changed += 1
            self._changed(ids[p])
            old_rs = self.connection.execute("SELECT rs FROM episode WHERE pk = ?", (key,)).fetchone()[0]
            self._supersede("episode", key, self.episodes, close=self.restrictions.no_stricter(value[3], old_rs))
            self._update("episode", key, (*value[:4], max(self.now, value[4]), *value[5:]))
            self._close_older("episode", key, [value[3]])
            self.attestation.attest(value[1], value[3])  # type: ignore[arg-type]
        self.tallies.add(RecordKind.EPISODE, len(new), changed, len(known_rows) - changed)

    def _put_areas(self, kind: RecordKind, rows: Sequence[Any]) -> None:
        new = changed = unchanged = 0
        for row in rows:
            boundary = row[5] if kind is RecordKind.LOCALITY else None
            content = orjson.dumps(row[1:5] if kind is RecordKind.LOCALITY else row[1:]).decode()
            if kind is not RecordKind.LOCALITY:
                there = self.connection.execute("SELECT 1 FROM area WHERE kind = 'locality' AND id = ?", (row[1],))
                if there.fetchone() is None:
                    raise StoreError(f"{kind} refers to a locality that is not there")
            old = self.connection.execute(
                f"SELECT content, boundary, seq FROM area WHERE kind = ? AND id = ? AND known_to = {STILL}",
                (kind.value, row[0]),
            ).fetchone()
            if old is not None and (old[0], old[1]) == (content, boundary):
                unchanged += 1
                continue
            if old is None:
                new += 1
            else:
                changed += 1
                self.connection.execute(
                    f"UPDATE area SET known_to = ? WHERE kind = ? AND id = ? AND known_to = {STILL}",
                    (self.now, kind.value, row[0]),
                )
            self.connection.execute(
                "INSERT OR REPLACE INTO area VALUES (?, ?, ?, ?, ?, ?)",
                (kind.value, row[0], self.sequence, STILL, content, boundary),
            )
            self._changed(row[0])
        self.tallies.add(kind, new, changed, unchanged)

    # -- restrictions that change afterwards -------------------------------------------------------------------
    def _operation_changed(self, key: int, stored: tuple[Any, ...]) -> None:
        before = key in self.operations
        self._note_operations([(key, *stored)])
        if before != (key in self.operations):
            self.connection.execute("UPDATE node_history SET rs = ? WHERE key = ?", (stored[3], key))
            for table in ("tie", "tie_history"):
                query = f"SELECT pk FROM {table} WHERE src = ? OR dst = ?"
                for (pk,) in self.connection.execute(query, (key, key)).fetchall():
                    self._restrict_tie_again(table, pk)

    def _report_restricted(self, key: int, rs: int) -> None:
        """A report is handled otherwise from now on: so is what rests on it, in its past as well."""
        if key >= self.reports.first:
            self.report_rs[key - self.reports.first] = rs
        self.connection.execute("UPDATE report_history SET rs = ? WHERE key = ?", (rs, key))
        for table in ("tie", "tie_history"):
            query = (
                f"SELECT pk FROM {table} WHERE report = ? UNION SELECT m.tie FROM tie_more m JOIN {table} t"
                " ON t.pk = m.tie WHERE m.report = ?"
            )
            for (pk,) in self.connection.execute(query, (key, key)).fetchall():
                self._restrict_tie_again(table, pk)
        for table, node in (
            ("node", "pk"),
            ("node_history", "key"),
            ("episode", "person"),
            ("episode_history", "person"),
        ):
            query = f"SELECT pk, seq, {node} FROM {table} WHERE report = ?"
            for pk, seq, touched in self.connection.execute(query, (key,)).fetchall():
                again = self.restrictions.combine(self._note_rs_of(seq), rs)
                self.connection.execute(f"UPDATE {table} SET rs = ? WHERE pk = ?", (again, pk))
                if again == OPEN:
                    self.attestation.attest(touched, OPEN)

    def _note_rs_of(self, seq: int) -> int:
        if seq == self.sequence:
            return self.note_rs
        found = self.connection.execute("SELECT rs FROM change WHERE seq = ?", (seq,)).fetchone()
        return int(found[0]) if found else OPEN

    def _restrict_tie_again(self, table: str, pk: int) -> None:
        source, target, type_number, report, seq, rs_before = self.connection.execute(
            f"SELECT src, dst, type, report, seq, rs FROM {table} WHERE pk = ?",
            (pk,),
        ).fetchone()
        base = self._note_rs_of(seq)
        if type_number == LIVES_AT and self.restrictions.restriction(rs_before).protected_address:
            base = self.restrictions.combine(base, self.restrictions.number(Restriction(protected_address=True)))
        for end in (source, target):
            base = self.restrictions.combine(base, self.operations.get(end, OPEN))
        more = self.connection.execute("SELECT position, report FROM tie_more WHERE tie = ?", (pk,)).fetchall()
        facts = self._facts([report, *(each for _, each in more)])
        rs = base if report is None else self.restrictions.combine(base, facts[report][0])
        self.connection.execute(f"UPDATE {table} SET rs = ? WHERE pk = ?", (rs, pk))
        alternatives = [rs]
        for position, each in more:
            alternatives.append(self.restrictions.combine(base, facts[each][0]))
            self.connection.execute(
                "UPDATE tie_more SET rs = ? WHERE tie = ? AND position = ?", (alternatives[-1], pk, position)
            )
        if OPEN in alternatives and table == "tie" and type_number != LIVES_AT:
            self.attestation.attest(source, OPEN)
            self.attestation.attest(target, OPEN)

    # -- end ---------------------------------------------------------------------------------------------------
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


def _kinds_of(kind: RecordKind, ids: Sequence[str]) -> list[int]:
    """Numbers of the kinds of node in typed ids. Raises StoreError when one does not belong to the record kind."""
    try:
        if kind is not RecordKind.OBJECT:
            expected = next(node for node, record in RECORD_OF_NODE.items() if record is kind)
            prefix = f"{expected}:"
            if not all(record_id.startswith(prefix) and len(record_id) > len(prefix) for record_id in ids):
                raise StoreError(f"an id of a {kind} row does not read {expected}:key")
            return [NODE_KINDS.index(expected)] * len(ids)
        kinds = [kind_of(record_id) for record_id in ids]
    except ValueError:
        raise StoreError(f"an id of a {kind} row does not read kind:key") from None
    if not all(RECORD_OF_NODE[each] is kind for each in kinds):
        raise StoreError(f"an id of a {kind} row is of another kind")
    return [NODE_KINDS.index(each) for each in kinds]
