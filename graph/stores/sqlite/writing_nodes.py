"""People, places and all other nodes of a write, with points and search words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from graph.errors import StoreError
from graph.model import NODE_KINDS, Restriction, kind_of
from graph.records import RecordKind
from graph.stores.codes import NODE_CODE
from graph.stores.names import names_of, references_of
from graph.stores.rows import (
    POSITION,
    RECORD_OF_NODE,
    implicit_report_id,
    operation_restriction,
)
from graph.stores.sqlite import segments
from graph.stores.sqlite.restricting import EVER
from graph.stores.sqlite.writing_state import DEFAULT_POLARITY, INSERT, LIVES_AT, TieRow
from graph.stores.sqlite.writing_ties import TieWriting


class NodeWriting(TieWriting):
    """People, places and all other nodes of a write, with points and search words."""

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
        self.connection.executemany(INSERT["node"], fresh)
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

    def _ties_of_people(self, people: list[tuple[Any, int, tuple[Any, ...]]]) -> list[TieRow]:
        position = POSITION[RecordKind.PERSON]
        address, protected = position["address_place_id"], position["protected_address"]
        housed = [(row, key, value) for row, key, value in people if row[address] is not None]
        places = [value[9] for _, _, value in housed]
        hidden = self.restrictions.number(Restriction(protected_address=True))
        ties, reports = [], []
        for (row, key, value), place in zip(housed, places, strict=True):
            rs = self.restrictions.combine(value[3], hidden) if row[protected] else value[3]
            neutral = DEFAULT_POLARITY["lives_at"]
            tie_id = f"lives_at:{row[0]}"
            known = value[4] if key >= self.nodes.first else self.now
            reports.append(implicit_report_id(tie_id))
            ties.append(
                (tie_id, key, place, LIVES_AT, neutral, None, None, None, None, -1, (), rs, known, value[6], value[7])
            )
        numbers = self._implicit_reports(reports, ties)
        return [(*tie[:10], (number,), *tie[11:]) for tie, number in zip(ties, numbers, strict=True)]


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
