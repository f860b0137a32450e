"""Ties of a write: stated ones, those that events make, and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from graph.errors import StoreError
from graph.records import RecordKind
from graph.stores.codes import role_code
from graph.stores.rows import (
    POSITION,
    period_of_event,
)
from graph.stores.sqlite import segments
from graph.stores.sqlite.restricting import OPEN
from graph.stores.sqlite.writing_reports import ReportWriting
from graph.stores.sqlite.writing_state import (
    DEFAULT_POLARITY,
    INSERT,
    LIVES_AT,
    OCCURRED_AT,
    POLARITY_NUMBER,
    TOOK_PART_IN,
    TYPE_NUMBER,
    WENT_MISSING_FROM,
    TieRow,
    WriteState,
)


class _Facts:
    """Restriction and first known time of reports by number; those of this write without asking the store."""

    def __init__(self, writer: WriteState, older: set[int]) -> None:
        self._first = writer.reports.first
        self._rs, self._known = writer.report_rs, writer.report_known
        self._older = writer._facts(older) if older else {}

    def __getitem__(self, report: int) -> tuple[int, int]:
        position = report - self._first
        if position < 0:
            return self._older[report]
        return self._rs[position], self._known[position]


class TieWriting(ReportWriting):
    """Ties of a write: stated ones, those that events make, and their versions."""

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
        self.connection.executemany(INSERT["tie"], stored)
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
            if kind is None or (stated is not None and stated not in POLARITY_NUMBER):
                raise StoreError("a tie is of a type or polarity that is not in the list")
            polarity = DEFAULT_POLARITY[word] if stated is None else POLARITY_NUMBER[stated]
            if len(report_ids) == 1:
                reports: tuple[int | None, ...] = (next(numbers_of_reports),)
            else:
                reports = tuple(dict.fromkeys(next(numbers_of_reports) for _ in report_ids))
            ties.append((row[0], source, target, kind, polarity, start, end, qualifier, confidence, -1, reports,
                         note_rs, known, file, number))  # fmt: skip
        return ties

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
        polarity = DEFAULT_POLARITY["took_part_in"]
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
                    ties.append((f"{word}:{row[0]}", key, place, number, DEFAULT_POLARITY[word], first, last, None,
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
                ties.append((tie_id, source, event, TOOK_PART_IN, DEFAULT_POLARITY["took_part_in"], first, last,
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
