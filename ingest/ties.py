"""Links that several rows state: one tie with several reports, when the rows agree on everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from graph.records import RecordKind, Row
from ingest.findings import Findings
from ingest.keys import hashes
from ingest.validate import ChunkCheck

_REPORTS = 8

Part = tuple[RecordKind, str, list[Row], Sequence[int]]


@dataclass(slots=True)
class _Group:
    """The rows of one tie seen so far."""

    #: rows still to come
    missing: int
    #: (file, row number, tie, reports stated in the row); None instead of a tie with a problem
    rows: list[tuple[str, int, Row | None, tuple[Row, ...]]] = field(default_factory=list)


class TieGroups:
    """Holds back the rows of a tie until all of them have been read."""

    def __init__(self, repeated: Mapping[int, int], findings: Findings) -> None:
        self._repeated = repeated
        self._sorted = np.array(sorted(repeated), np.int64)
        self._open: dict[int, _Group] = {}
        self._findings = findings

    @property
    def any(self) -> bool:
        """Whether any link is stated by several rows."""
        return bool(self._repeated)

    def sort_out(self, check: ChunkCheck, rows: Sequence[Row], reports: Sequence[tuple[int, Row]]) -> Iterator[Part]:
        """Blocks to write after this chunk: single links, and ties whose last row it holds."""
        chunk = check.chunk
        stated: dict[int, list[Row]] = {}
        for place, report in reports:
            stated.setdefault(place, []).append(report)
        keys = hashes([row[0] for row in rows])
        in_group = set(np.nonzero(np.isin(keys, self._sorted))[0].tolist()) if self.any else set()
        single = [place for place in range(len(rows)) if place not in in_group and place not in check.faulty]
        single_reports = [(place, report) for place in single for report in stated.get(place, ())]
        if single_reports:
            own = [chunk.row_numbers[place] for place, _ in single_reports]
            yield RecordKind.REPORT, chunk.file, [report for _, report in single_reports], own
        if single:
            yield RecordKind.TIE, chunk.file, [rows[p] for p in single], [chunk.row_numbers[p] for p in single]
        done: dict[tuple[RecordKind, str], tuple[list[Row], list[int]]] = {}
        for place in sorted(in_group):
            key = int(keys[place])
            group = self._open.setdefault(key, _Group(self._repeated[key]))
            tie = None if place in check.faulty else rows[place]
            group.rows.append((chunk.file, chunk.row_numbers[place], tie, tuple(stated.get(place, ()))))
            group.missing -= 1
            if group.missing == 0:
                for kind, file, row, number in self._finish(self._open.pop(key), check):
                    found, numbers = done.setdefault((kind, file), ([], []))
                    found.append(row)
                    numbers.append(number)
        for (kind, file), (found, numbers) in sorted(done.items(), key=lambda item: item[0][0] is RecordKind.TIE):
            yield kind, file, found, numbers

    def close(self) -> None:
        """All rows have been read: ties of which a row could not be read at all are set aside."""
        for group in self._open.values():
            for file, number, _, _ in group.rows:
                self._findings.reject_row(file, number, "another row of the same link has a problem")
        self._open.clear()

    def _finish(self, group: _Group, check: ChunkCheck) -> Iterator[tuple[RecordKind, str, Row, int]]:
        ties = [tie for _, _, tie, _ in group.rows if tie is not None]
        if len(ties) < len(group.rows):
            for file, number, tie, _ in group.rows:
                if tie is not None:
                    self._findings.reject_row(file, number, "another row of the same link has a problem")
            return
        first = ties[0]
        reports: dict[object, tuple[str, int, Row]] = {}
        sound = True
        for file, number, tie, stated in group.rows:
            assert tie is not None
            if (tie[:_REPORTS], tie[_REPORTS + 1 :]) != (first[:_REPORTS], first[_REPORTS + 1 :]):
                self._differs(file, number, "an earlier row has the same link_id and claims something else")
                sound = False
            for report in stated:
                if reports.setdefault(report[0], (file, number, report))[2] != report:
                    message = "an earlier row of the same link has another report by the same agency; use report_id"
                    self._differs(file, number, message)
                    sound = False
        if not sound:
            for file, number, _, _ in group.rows:
                self._findings.reject_row(file, number, "another row of the same link says something else")
            return
        yield from self._merged(group, ties, list(reports.values()), check)

    def _differs(self, file: str, number: int, message: str) -> None:
        self._findings.problem(file, number, "link_id", "duplicate_key", message)

    def _merged(
        self, group: _Group, ties: Sequence[Row], reports: Sequence[tuple[str, int, Row]], check: ChunkCheck
    ) -> Iterator[tuple[RecordKind, str, Row, int]]:
        for file, number, report in reports:
            yield RecordKind.REPORT, file, report, number
        ids: dict[str, None] = {}
        again = 0
        for tie in ties:
            named = tie[_REPORTS]
            assert isinstance(named, tuple)
            again += all(report in ids for report in named)
            ids.update(dict.fromkeys(named))
        if again:
            check.note("link_id", "row that repeats a link and its report: read once", again)
        file, number = group.rows[0][:2]
        first = ties[0]
        yield RecordKind.TIE, file, (*first[:_REPORTS], tuple(ids), *first[_REPORTS + 1 :]), number
