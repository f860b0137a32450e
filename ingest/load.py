"""Loads files into a store: everything or nothing, with all problems of all files at once."""

from __future__ import annotations

import gc
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graph.errors import UsageError
from graph.model import TieId
from graph.records import Block, Commit, RecordKind, Row, Tally, WriteNote
from graph.store import Lens, Store
from ingest.build import BUILDERS, Surroundings, link_keys
from ingest.chunks import Chunk, Source
from ingest.files import find_files
from ingest.findings import FileReport, Findings, LoadRejected, LoadReport
from ingest.keys import Hashes, KeyIndex, hashes, repeated_hashes
from ingest.normalise import CellError, parse_agency
from ingest.rejects import write_rejects
from ingest.resolve import References
from ingest.schemas import TABLE_OF_RECORD
from ingest.sources import Opened, open_sources
from ingest.ties import TieGroups
from ingest.validate import ChunkCheck, Converters

#: changed when the same files would give other records, so that they are read again
_READING = "1"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is."""

    #: checking or loading
    stage: str
    #: file being read
    file: str
    #: rows read so far, all files together
    rows: int


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load."""

    #: account on whose behalf
    author: str = "system"
    #: why, in the writer's words
    reason: str | None = None
    #: agency whose information links are that name neither report nor agency
    agency: str | None = None
    #: mapping files through which files of other formats are read
    mappings: tuple[Path, ...] = ()
    #: check everything, load nothing
    dry_run: bool = False
    #: folder for the rows that cannot be loaded; the others are then loaded
    rejects: Path | None = None
    progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did."""

    report: LoadReport
    #: None for a dry run
    commit: Commit | None


class _Stop(Exception):
    """Raised inside the write so that the store undoes it."""


@dataclass(slots=True)
class _Work:
    """One load in progress."""

    sources: Sequence[Source]
    store: Store
    findings: Findings
    options: LoadOptions
    converters: Converters = field(default_factory=Converters)
    row_indexes: dict[RecordKind, KeyIndex] = field(default_factory=dict)
    counted: dict[RecordKind, int] = field(default_factory=dict)
    rows: int = 0
    references: References = field(init=False)
    store_has_ties: bool = False

    def __post_init__(self) -> None:
        self.references = References(self.store.known_keys)
        self.store_has_ties = self.store.counts().get(RecordKind.TIE, 0) > 0

    @property
    def stopped(self) -> bool:
        """Nothing will be loaded; go on only to find the other problems."""
        return self.findings.any_problem and self.options.rejects is None


def load(paths: Sequence[Path], store: Store, options: LoadOptions | None = None) -> LoadResult:
    """Load files and folders in one transaction; the same files again change nothing.

    Raises LoadRejected (an InputRejected, with all problems and the report) when anything is wrong and no folder for
    rejected rows is given, UsageError when there is nothing to load, and what the store raises.
    """
    options = options or LoadOptions()
    started = time.monotonic()
    findings = Findings(keep_rejected=options.rejects is not None)
    _check(paths, options)
    with _RareCollections(), open_sources(find_files(paths, findings), options.mappings, findings) as opened:
        work = _Work(opened.sources, store, findings, options)
        if findings.any_problem and not opened.sources:
            raise LoadRejected(_report("rejected", opened, work, None, (), started))
        commit: Commit | None = None
        try:
            if options.dry_run:
                for _ in _blocks(work):
                    pass
            else:
                commit = store.write(_blocks(work), _note(opened, work))
        except _Stop:
            raise LoadRejected(_report("rejected", opened, work, None, (), started)) from None
        rejects = write_rejects(opened, findings, options.rejects) if options.rejects else ()
        outcome = _outcome(commit)
        report = _report(outcome, opened, work, commit, rejects, started)
        return LoadResult(report, commit)


class _RareCollections:
    """Millions of short-lived rows would make Python's cycle collector run all the time for nothing.

    The threshold belongs to the process, so the first load raises it and the last one puts it back.
    """

    _lock = threading.Lock()
    _loads = 0
    _before = (0, 0, 0)

    def __enter__(self) -> None:
        with _RareCollections._lock:
            if _RareCollections._loads == 0:
                _RareCollections._before = gc.get_threshold()
                gc.set_threshold(1_000_000, *_RareCollections._before[1:])
            _RareCollections._loads += 1

    def __exit__(self, *_: object) -> None:
        with _RareCollections._lock:
            _RareCollections._loads -= 1
            if _RareCollections._loads == 0:
                gc.set_threshold(*_RareCollections._before)


def _check(paths: Sequence[Path], options: LoadOptions) -> None:
    if not paths:
        raise UsageError("name at least one file or folder to load")
    if options.agency is not None:
        try:
            parse_agency(options.agency)
        except CellError as error:
            raise UsageError(f"agency: {error.message}") from None


def _outcome(commit: Commit | None) -> str:
    if commit is None:
        return "checked"
    changed = any(tally.new or tally.changed for tally in commit.tallies.values())
    return "loaded" if changed else "unchanged"


def _note(opened: Opened, work: _Work) -> WriteNote:
    options = work.options
    digest = hashlib.sha256(_READING.encode())
    for part in sorted(f"{file.name}\x1f{file.digest}" for file in opened.files):
        digest.update(part.encode("utf-8", "replace") + b"\n")
    for part in (*sorted(opened.mapping_digests), options.agency or ""):
        digest.update(part.encode() + b"\n")
    return WriteNote(
        author=options.author,
        reason=options.reason,
        action="load",
        agency=options.agency,
        # with rejected rows the same files may bring more next time
        content_digest=None if options.rejects else digest.hexdigest(),
        files=tuple((file.name, file.rows, file.digest) for file in opened.files),
    )


def _blocks(work: _Work) -> Iterator[Block]:
    """All records in the order in which the store takes them; raises _Stop at the end when there were problems."""
    groups = _repeated_links(work)
    for kind in RecordKind:
        table = TABLE_OF_RECORD[kind].name
        for source in work.sources:
            if table not in source.tables:
                continue
            for chunk in source.chunks(table):
                for block in _chunk_blocks(work, kind, chunk, groups):
                    work.counted[block.kind] = work.counted.get(block.kind, 0) + len(block.rows)
                    if not work.stopped:
                        yield block
                work.rows += len(chunk)
                _tell(work, "loading", chunk.file)
        work.references.settle()
    groups.close()
    if work.findings.any_problem and work.options.rejects is None:
        raise _Stop


def _tell(work: _Work, stage: str, file: str) -> None:
    if work.options.progress is not None:
        work.options.progress(Progress(stage, file, work.rows))


def _repeated_links(work: _Work) -> TieGroups:
    """Links stated by several rows, found before any is written."""
    parts: list[Hashes] = []
    for source in work.sources:
        if TABLE_OF_RECORD[RecordKind.TIE].name in source.tables:
            keys = _link_hashes(work, source, "link_id")
            parts += _link_hashes(work, source, None) or [] if keys is None else keys
    return TieGroups(repeated_hashes(parts), work.findings)


def _link_hashes(work: _Work, source: Source, only: str | None) -> list[Hashes] | None:
    """Hashes of the links of a source; None when they cannot be told from that column alone."""
    table = TABLE_OF_RECORD[RecordKind.TIE]
    quiet = Findings()
    parts = []
    for chunk in source.chunks(table.name, only):
        check = ChunkCheck(chunk, table, work.converters, quiet)
        if only is not None and "" in check.raw(only):
            return None
        parts.append(hashes(link_keys(check)))
        _tell(work, "checking", chunk.file)
    return parts


def _chunk_blocks(work: _Work, kind: RecordKind, chunk: Chunk, groups: TieGroups) -> Iterator[Block]:
    check = ChunkCheck(chunk, TABLE_OF_RECORD[kind], work.converters, work.findings)
    built = BUILDERS[kind](check, Surroundings(work.references, work.options.agency))
    if kind is RecordKind.TIE:
        yield from _tie_blocks(work, chunk, check, built.columns, built.reports, groups)
        return
    rows: list[Row] = list(zip(*built.columns, strict=True))
    dropped = _drop_repeated(work, kind, check, rows)
    reports = [(place, row) for place, row in built.reports if place not in dropped]
    if reports:
        yield Block(
            RecordKind.REPORT,
            [row for _, row in reports],
            chunk.file,
            _numbers(chunk, [place for place, _ in reports]),
        )
    if not dropped:
        yield Block(kind, rows, chunk.file, chunk.row_numbers)
        return
    kept = [place for place in range(len(rows)) if place not in dropped]
    if kept:
        yield Block(kind, [rows[place] for place in kept], chunk.file, _numbers(chunk, kept))


def _numbers(chunk: Chunk, places: Sequence[int]) -> Sequence[int]:
    if len(places) == len(chunk):
        return chunk.row_numbers
    return [chunk.row_numbers[place] for place in places]


def _further_reports(work: _Work, rows: list[Row], places: set[int]) -> set[int]:
    """The same part in an event by another report is a participation of its own; returns those that say no more."""
    left = set()
    for place in sorted(places):
        key, report = str(rows[place][0]), rows[place][4]
        own = f"{key}/{report!s}"
        if report is None or work.references.add(RecordKind.PARTICIPATION, [own]):
            left.add(place)
        else:
            rows[place] = (own, *rows[place][1:])
    return left


def _drop_repeated(work: _Work, kind: RecordKind, check: ChunkCheck, rows: list[Row]) -> set[int]:
    """Positions not to be written: rows with a problem, and rows that repeat an earlier one word for word."""
    work.references.reject(kind, (str(rows[place][0]) for place in check.faulty if rows[place][0]))
    sound = [place for place in range(len(rows)) if place not in check.faulty] if check.faulty else range(len(rows))
    ids = [str(rows[place][0]) for place in sound] if check.faulty else [str(row[0]) for row in rows]
    again = {sound[place] for place in work.references.add(kind, ids)}
    index = work.row_indexes.setdefault(kind, KeyIndex())
    content = index.add(hashes([rows[place] for place in sound] if check.faulty else rows))
    same = set() if content is None else {sound[place] for place in content.nonzero()[0].tolist()}
    repeats = again & same
    if kind is RecordKind.PARTICIPATION:
        repeats |= _further_reports(work, rows, again - same)
        again = repeats
    for place in again - repeats:
        check.fault(place, None, "duplicate_key", "an earlier row has the same id and says something else")
    if repeats and not check.chunk.repeats:
        check.note(None, "row that repeats an earlier row word for word: read once", len(repeats))
    return check.faulty | repeats


def _tie_blocks(
    work: _Work,
    chunk: Chunk,
    check: ChunkCheck,
    columns: Sequence[Sequence[object]],
    reports: list[tuple[int, Row]],
    groups: TieGroups,
) -> Iterator[Block]:
    rows: list[Row] = list(zip(*columns, strict=True))
    if not groups.any and not check.faulty:
        if reports:
            numbers = _numbers(chunk, [place for place, _ in reports])
            yield Block(RecordKind.REPORT, [row for _, row in reports], chunk.file, numbers)
        yield Block(RecordKind.TIE, _with_known_reports(work, check, rows), chunk.file, chunk.row_numbers)
        return
    for kind, file, found, numbers in groups.sort_out(check, rows, reports):
        if kind is RecordKind.TIE:
            found = _with_known_reports(work, check, found)
        yield Block(kind, found, file, numbers)


def _with_known_reports(work: _Work, check: ChunkCheck, rows: list[Row]) -> list[Row]:
    """Links without an id of their own keep the reports that earlier loads brought for the same claim."""
    if not work.store_has_ties or (check.has("link_id") and "" not in check.raw("link_id")):
        return rows
    own = set(check.raw("link_id"))
    made = [str(row[0]) for row in rows if row[0] not in own]
    known = work.store.known_keys(RecordKind.TIE, made)
    if not known:
        return rows
    before = work.store.ties([TieId(key) for key in sorted(known)], Lens())
    answer = []
    for row in rows:
        seen = before.get(TieId(str(row[0])))
        if seen is not None:
            stated = row[8] if isinstance(row[8], tuple) else ()
            merged = tuple(dict.fromkeys((*seen.tie.report_ids, *stated)))
            row = (*row[:8], merged, *row[9:])
        answer.append(row)
    return answer


def _report(
    outcome: str, opened: Opened, work: _Work, commit: Commit | None, rejects: tuple[str, ...], started: float
) -> LoadReport:
    findings = work.findings
    files = tuple(
        FileReport(
            file.name,
            file.tables,
            file.encoding,
            file.rows,
            file.digest,
            len(findings.rejected.get(file.name, ())) if outcome != "rejected" else 0,
        )
        for file in opened.files
    )
    tallies: Mapping[RecordKind, Tally] = commit.tallies if commit else {}
    return LoadReport(
        outcome=outcome,
        files=files,
        notices=findings.notices,
        problems=findings.problems,
        problem_count=findings.problem_count,
        tallies=tallies,
        load_id=commit.load_id if commit else None,
        sequence=commit.sequence if commit else None,
        rejects=rejects,
        seconds=time.monotonic() - started,
    )
