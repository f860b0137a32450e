"""Reports, episodes and areas of a write, and restrictions that come with a later version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from graph.errors import StoreError
from graph.model import Restriction, restriction_of_report
from graph.records import RecordKind
from graph.stores.codes import episode_code, reference_key, report_code
from graph.stores.rows import (
    POSITION,
    implicit_report_values,
)
from graph.stores.sqlite import segments
from graph.stores.sqlite.restricting import OPEN, STILL
from graph.stores.sqlite.writing_state import INSERT, LIVES_AT, TieRow, WriteState


class ReportWriting(WriteState):
    """Reports, episodes and areas of a write, and restrictions that come with a later version."""

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
        self.connection.executemany(INSERT["report"], stored)
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
        self.connection.executemany(INSERT["report"], stored)
        segments.put_reports(self.connection, stored)
        return [number for number in self.reports.find(ids) if number is not None]

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
        self.connection.executemany(INSERT["episode"], [(first + offset, *values[p]) for offset, p in enumerate(new)])
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

    def _operation_changed(self, key: int, stored: tuple[Any, ...]) -> None:
        before = key in self.operations
        self._note_operations([(key, *stored)])
        if before != (key in self.operations):
            self.connection.execute("UPDATE node_history SET rs = ? WHERE key = ?", (stored[3], key))
            for table in ("tie", "tie_history"):
                query = f"SELECT pk FROM {table} WHERE src = ? OR dst = ?"
                for (pk,) in self.connection.execute(query, (key, key)).fetchall():
                    self._restrict_tie_again(table, pk)

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
