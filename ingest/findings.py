"""What a load has to say: problems, notices and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from graph.errors import InputRejected, Problem
from graph.records import RecordKind, Tally

#: problems kept for the report; what is beyond is counted
MOST_PROBLEMS = 10_000
_MOST_REMEMBERED = 500_000


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth knowing that is no problem."""

    file: str
    column: str | None
    message: str
    #: rows it holds for; None when it is about the file
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of a load."""

    name: str
    #: tables it fills
    tables: tuple[str, ...]
    encoding: str
    #: rows read, header not counted
    rows: int
    #: hexadecimal SHA-256 of the bytes
    digest: str
    #: rows not loaded; only when rejected rows are set aside
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of a load; made of file names, counts and positions, never of names or free text."""

    #: loaded, unchanged, checked (dry run) or rejected
    outcome: str
    files: tuple[FileReport, ...]
    notices: tuple[Notice, ...]
    problems: tuple[Problem, ...]
    #: number of all problems, those beyond the kept ones included
    problem_count: int
    tallies: Mapping[RecordKind, Tally] = field(default_factory=dict)
    load_id: str | None = None
    sequence: int | None = None
    #: files with the rows that were not loaded
    rejects: tuple[str, ...] = ()
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "outcome": self.outcome,
            "load_id": self.load_id,
            "sequence": self.sequence,
            "seconds": round(self.seconds, 3),
            "files": [asdict(file) for file in self.files],
            "tallies": {kind.value: asdict(tally) for kind, tally in self.tallies.items()},
            "notices": [asdict(notice) for notice in self.notices],
            "problem_count": self.problem_count,
            "problems": [asdict(problem) for problem in self.problems],
            "rejects": list(self.rejects),
        }

    def as_text(self, *, most: int = 50) -> str:
        """Readable report; at most that many problems are listed."""
        lines = [_HEADLINES[self.outcome]]
        for file in self.files:
            kept = f", {file.rejected} not loaded" if file.rejected else ""
            lines.append(f"  {file.name}: {file.rows} rows, {file.encoding}{kept}")
        for kind, tally in self.tallies.items():
            lines.append(f"  {kind.value}: {tally.new} new, {tally.changed} changed, {tally.unchanged} unchanged")
        if self.notices:
            lines.append("Worth knowing:")
            lines += [f"  {_place(n.file, None, n.column)}: {n.message}{_rows(n.rows)}" for n in self.notices]
        if self.problems:
            lines.append(f"Problems ({self.problem_count}):")
            lines += [f"  {_place(p.file, p.row, p.column)}: {p.message} [{p.kind}]" for p in self.problems[:most]]
            if self.problem_count > min(most, len(self.problems)):
                lines.append(f"  and {self.problem_count - min(most, len(self.problems))} more")
        for name in self.rejects:
            lines.append(f"Rows not loaded, with reasons: {name}")
        return "\n".join(lines)


_HEADLINES = {
    "loaded": "Loaded.",
    "unchanged": "Nothing changed: all of it was there already.",
    "checked": "Checked; nothing was loaded.",
    "rejected": "Rejected; nothing was loaded.",
}


def _place(file: str, row: int | None, column: str | None) -> str:
    place = file
    if row is not None:
        place += f", row {row}"
    if column is not None:
        place += f", column {column}"
    return place


def _rows(rows: int | None) -> str:
    return "" if rows is None else f" ({rows} row{'s' if rows != 1 else ''})"


class LoadRejected(InputRejected):
    """Files with problems; nothing was loaded. ``report`` tells all of it."""

    def __init__(self, report: LoadReport) -> None:
        problems = report.problems
        more = report.problem_count - len(problems)
        if more > 0:
            problems += (Problem("", None, None, "more", f"{more} more problems are not listed"),)
        super().__init__(problems)
        self.report = report
        count = report.problem_count
        self.args = (f"{count} problem{'s' if count != 1 else ''} found; nothing was loaded",)


class Findings:
    """Collects problems and notices of one load, each once, whichever pass finds it."""

    def __init__(self, most: int = MOST_PROBLEMS, *, keep_rejected: bool = False) -> None:
        self._most = most
        self._keep_rejected = keep_rejected
        self._problems: dict[Problem, None] = {}
        self._beyond: set[int] = set()
        self._more = 0
        self._notices: Counter[tuple[str, str | None, str]] = Counter()
        self._plain: dict[Notice, None] = {}
        #: rows not loaded: file -> row -> reasons
        self.rejected: dict[str, dict[int, list[str]]] = {}

    def problem(self, file: str, row: int | None, column: str | None, kind: str, message: str) -> None:
        """Note a problem; problems beyond the most kept are counted only."""
        problem = Problem(file, row, column, kind, message)
        if len(self._problems) < self._most:
            self._problems[problem] = None
        elif problem not in self._problems and hash(problem) not in self._beyond:
            # a file of millions of bad rows must not fill the memory: what cannot be remembered is only counted
            if len(self._beyond) < _MOST_REMEMBERED:
                self._beyond.add(hash(problem))
            else:
                self._more += 1
        if row is not None and self._keep_rejected:
            reasons = self.rejected.setdefault(file, {}).setdefault(row, [])
            reason = f"{column}: {message}" if column else message
            if reason not in reasons:
                reasons.append(reason)

    def reject_row(self, file: str, row: int, reason: str) -> None:
        """Set a row aside without a problem of its own (it shares the fate of another)."""
        if not self._keep_rejected:
            return
        self.rejected.setdefault(file, {}).setdefault(row, []).append(reason)

    def note_rows(self, file: str, column: str | None, message: str, rows: int) -> None:
        """Add to the number of rows for which something holds."""
        self._notices[file, column, message] += rows

    def note(self, file: str, message: str, column: str | None = None) -> None:
        """Note something about a file."""
        self._plain[Notice(file, column, message)] = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(sorted(self._problems, key=_order))

    @property
    def problem_count(self) -> int:
        return len(self._problems) + len(self._beyond) + self._more

    @property
    def any_problem(self) -> bool:
        return bool(self._problems)

    @property
    def notices(self) -> tuple[Notice, ...]:
        counted = (Notice(file, column, text, rows) for (file, column, text), rows in self._notices.items())
        return (*self._plain, *counted)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note problems found elsewhere."""
        for problem in problems:
            self.problem(problem.file, problem.row, problem.column, problem.kind, problem.message)


def _order(problem: Problem) -> tuple[str, int, str]:
    return problem.file, problem.row or 0, problem.column or ""
