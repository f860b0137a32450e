"""Everything the store holds as columns, for ``graph.stores.snapshots`` to make snapshots from."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

import numpy as np
import numpy.typing as npt

from graph.model import NODE_KINDS, NodeId, NodeKind
from graph.records import RecordKind, day_number
from graph.snapshot import NO_END, NO_START, NO_TIME, AreaTables, Snapshot, Strings
from graph.store import Lens
from graph.stores import codes
from graph.stores.chain import microseconds
from graph.stores.neo4j import codec
from graph.stores.neo4j.connection import Row
from graph.stores.neo4j.plan import EVER as SINCE_EVER
from graph.stores.neo4j.read import Reading
from graph.stores.neo4j.schema import TIE_CODES
from graph.stores.rows import RECORD_OF_NODE
from graph.stores.snapshot_files import SnapshotFiles
from graph.stores.snapshots import EVER, NO_REPORT, STILL, Columns, assemble
from graph.vocabulary import tie_types

_KINDS = {kind: number for number, kind in enumerate(NODE_KINDS)}
_TYPES = {code: number for number, code in enumerate(tie_types())}
_POLARITIES = {"concern": 0, "neutral": 1, "protective": 2}
_COMMITTED: LiteralString = "x.sequence <= $now"


def _known_to(name: LiteralString) -> LiteralString:
    return f"CASE WHEN {name}.replaced <= $now THEN {name}.known_to END"


_VERSION_COLUMNS: LiteralString = f"x.id, x.sequence, x.restriction, x.known_from, {_known_to('x')}"
_NODE_COLUMNS: LiteralString = (
    f"{_VERSION_COLUMNS}, x.date_of_birth, x.date_of_birth_precision, x.sex, x.ethnicity, x.send, x.place_type,"
    " x.location.x, x.location.y, x.event_type, x.strand, x.started_at.epochSeconds, x.ended_at.epochSeconds,"
    " x.report_id, coalesce(x.address_place_id, x.place_id), x.detail"
)
_NODES: LiteralString = f"MATCH (x:Node) WHERE {_COMMITTED} RETURN {_NODE_COLUMNS}"
_PAST_NODES: LiteralString = f"MATCH (x:Version) WHERE x.record = 'node' AND {_COMMITTED} RETURN {_NODE_COLUMNS}"
_GUARDS: LiteralString = """
MATCH (n:Node) WHERE n.attested_by IS NOT NULL AND n.sequence <= $now AND NOT coalesce(n.open_from <= $now, false)
UNWIND n.attested_by AS key RETURN n.id, key"""
_REPORT_COLUMNS: LiteralString = (
    f"{_VERSION_COLUMNS}, x.first_known, x.agency, x.reference, x.grading_scheme, x.source_evaluation,"
    " x.information_assessment, x.basis, x.recorded_at.epochSeconds, x.occurred_from.epochSeconds"
)
_REPORTS: LiteralString = f"MATCH (x:Report) WHERE {_COMMITTED} RETURN {_REPORT_COLUMNS}"
_PAST_REPORTS: LiteralString = f"MATCH (x:Version) WHERE x.record = 'report' AND {_COMMITTED} RETURN {_REPORT_COLUMNS}"
_TIES: LiteralString = f"""
MATCH (a:Node)-[x]->(b:Node) WHERE {_COMMITTED}
RETURN x.id, x.sequence, x.restrictions, x.known_from, {_known_to("x")},
       a.id, b.id, type(x), x.qualifier, x.polarity, x.start, x.end, x.confidence, x.report_ids"""
_EPISODE_COLUMNS: LiteralString = (
    f"{_VERSION_COLUMNS}, x.person_id, x.episode_type, x.strand, x.start, x.end, x.report_id"
)
_EPISODES: LiteralString = f"MATCH (x:Episode) WHERE {_COMMITTED} RETURN {_EPISODE_COLUMNS}"
_PAST_EPISODES: LiteralString = (
    f"MATCH (x:Version) WHERE x.record = 'episode' AND {_COMMITTED} RETURN {_EPISODE_COLUMNS}"
)


def area_statement(label: LiteralString, record: LiteralString) -> LiteralString:
    """The newest committed version of each area record."""
    return f"""
MATCH (x:{label}) WHERE {_COMMITTED} AND coalesce(x.replaced > $now, true)
RETURN x {{.*}} AS stored
UNION ALL
MATCH (x:Version) WHERE x.record = '{record}' AND {_COMMITTED} AND coalesce(x.replaced > $now, true)
RETURN x {{.*}} AS stored"""


_LOCALITIES = area_statement("Locality", "locality")
_EXPOSURES = area_statement("Exposure", "exposure")
_POPULATIONS = area_statement("Population", "population")


class Cache:
    """Where the columns of the newest commit are kept: files in ``folder/snapshots``, one folder a store.

    Without ``folder`` in the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or Path.home() / ".cache" / "kith") / "snapshots"

    def files(self, reading: Reading) -> SnapshotFiles:
        frame = reading.frame
        committed_at = 0 if frame.committed_at is None else microseconds(frame.committed_at)
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SnapshotFiles(self.folder / frame.store_id, frame.committed, committed_at)


def snapshot(reading: Reading, cache: Cache, lens: Lens, *, scope: NodeId | None, today: dt.date) -> Snapshot:
    """The Snapshot within the lens, from the versioned files when they are those of this change counter."""
    files = cache.files(reading)
    as_at = lens.as_at or today
    frame = reading.frame
    allowed = frame.allowed(lens.sight)
    numbers = [number for number, key in enumerate(frame.keys) if key in allowed]
    key = files.key(numbers, lens.known_at, as_at, scope)
    found = files.snapshot(key)
    if found is not None:
        return found
    columns = files.columns()
    if columns is None:
        columns = columns_of(reading)
        files.keep_columns(columns)
    made = assemble(columns, lens, as_at=as_at, scope=scope, areas=areas_of(reading))
    files.keep_snapshot(key, made)
    return made


class _Numbers:
    """Positions of ids in their order; unknown and None are -1."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = sorted(ids)
        self._places = {key: place for place, key in enumerate(self.ids)}

    def __call__(self, key: str | None) -> int:
        return -1 if key is None else self._places.get(key, -1)


def _rows(reading: Reading, *statements: LiteralString) -> list[Row]:
    found: list[Row] = []
    for statement in statements:
        for part in reading.transaction.stream(statement, {"now": reading.frame.committed}):
            found += part
    return found


def _day(value: Any, missing: int) -> int:
    return missing if value is None else day_number(value.to_native())


def _known(value: int) -> int:
    return EVER if value <= SINCE_EVER else value


def _until(value: int | None) -> int:
    return STILL if value is None else value


def _array(values: Iterable[Any], dtype: Any) -> npt.NDArray[Any]:
    return np.array(list(values), dtype=dtype)


def _node_code(row: Row) -> int:
    kind = RECORD_OF_NODE[codec.kind_prefix(row[0])]
    values: list[Any] = [None] * 16
    if kind is RecordKind.PERSON:
        values[3] = None if row[5] is None else day_number(row[5].to_native())
        values[4], values[5], values[6] = row[6], row[7], row[8]
        values[14] = None if row[9] is None else int(row[9])
    elif kind is RecordKind.PLACE:
        values[1] = row[10]
    elif kind is RecordKind.EVENT:
        values[0], values[1], values[2] = row[13], row[19], row[14]
    else:
        values[2] = row[14]
    return codes.NODE_CODE[kind](values)


def columns_of(reading: Reading) -> Columns:
    """Read everything that is committed."""
    rs = _Numbers(reading.frame.keys)
    node_rows = _rows(reading, _NODES, _PAST_NODES)
    nodes = _Numbers({row[0] for row in node_rows})
    report_rows = _rows(reading, _REPORTS, _PAST_REPORTS)
    reports = _Numbers({row[0] for row in report_rows})
    agencies = _Numbers({row[6] for row in report_rows})
    parts: dict[str, Any] = {
        "sequence": reading.frame.committed,
        "restrictions": tuple(rs.ids),
        "agencies": tuple(agencies.ids),
        "node_ids": Strings.of(nodes.ids),
        "node_kind": _array((_KINDS[NodeKind(key.partition(":")[0])] for key in nodes.ids), np.int8),
        "report_ids": Strings.of(reports.ids),
    }
    guards = sorted((nodes(key), rs(restriction)) for key, restriction in _rows(reading, _GUARDS))
    parts["guard_node"] = _array((node for node, _ in guards), np.int32)
    parts["guard_rs"] = _array((number for _, number in guards), np.int32)
    parts |= _versions(node_rows, nodes, reports, rs)
    parts |= _issues(report_rows, reports, agencies, rs)
    parts |= _ties(_rows(reading, _TIES), nodes, reports, rs)
    parts |= _episodes(_rows(reading, _EPISODES, _PAST_EPISODES), nodes, reports, rs)
    return Columns(**parts)


def _versions(found: list[Row], nodes: _Numbers, reports: _Numbers, rs: _Numbers) -> Mapping[str, Any]:
    found.sort(key=lambda row: (row[0], row[1], row[3]))
    return {
        "version_node": _array((nodes(row[0]) for row in found), np.int32),
        "version_code": _array(map(_node_code, found), np.int64),
        "version_easting": _array((np.nan if row[11] is None else row[11] for row in found), np.float64),
        "version_northing": _array((np.nan if row[12] is None else row[12] for row in found), np.float64),
        "version_started": _array((NO_TIME if row[15] is None else row[15] for row in found), np.int64),
        "version_ended": _array((NO_TIME if row[16] is None else row[16] for row in found), np.int64),
        "version_report": _array((reports(row[17]) for row in found), np.int32),
        "version_place": _array((nodes(row[18]) for row in found), np.int32),
        "version_rs": _array((rs(row[2]) for row in found), np.int32),
        "version_from": _array((_known(row[3]) for row in found), np.int64),
        "version_to": _array((_until(row[4]) for row in found), np.int64),
        "version_sequence": _array((row[1] for row in found), np.int32),
    }


def _issues(found: list[Row], reports: _Numbers, agencies: _Numbers, rs: _Numbers) -> Mapping[str, Any]:
    found.sort(key=lambda row: (row[0], row[1]))
    newest = {row[0]: row for row in found}
    first = {key: row[5] for key, row in newest.items()}
    return {
        "report_rs": _array((rs(newest[key][2]) for key in reports.ids), np.int32),
        "report_first": _array((_known(first[key]) for key in reports.ids), np.int64),
        "issue_report": _array((reports(row[0]) for row in found), np.int32),
        "issue_code": _array((codes.report_code(row[8], row[9], row[10], row[11]) for row in found), np.int64),
        "issue_agency": _array((agencies(row[6]) for row in found), np.int32),
        "issue_reference": _array((-1 if row[7] is None else codes.reference_key(row[7]) for row in found), np.int64),
        "issue_recorded": _array((NO_TIME if row[12] is None else row[12] for row in found), np.int64),
        "issue_occurred": _array((NO_TIME if row[13] is None else row[13] for row in found), np.int64),
        "issue_from": _array((_known(row[3]) for row in found), np.int64),
        "issue_to": _array((_until(row[4]) for row in found), np.int64),
    }


def _role(row: Row) -> int:
    return codes.role_code(row[8]) if row[7] == "TOOK_PART_IN" else -1


def _several(found: Sequence[Row]) -> list[int]:
    """Sequences, negative for records of which there is more than one version."""
    counts = Counter(row[0] for row in found)
    return [-row[1] if counts[row[0]] > 1 else row[1] for row in found]


def _ties(found: list[Row], nodes: _Numbers, reports: _Numbers, rs: _Numbers) -> Mapping[str, Any]:
    ordered = [(nodes(row[5]), nodes(row[6]), _TYPES[TIE_CODES[row[7]]], row[0], row[1], row) for row in found]
    ordered.sort(key=lambda each: each[:5])
    found = [each[5] for each in ordered]
    supports = [
        (reports(report), rs(key), _known(known))
        for row in found
        for report, key, known in zip(row[13], row[2], row[3], strict=False)
    ]
    starts = np.zeros(len(found) + 1, dtype=np.int64)
    np.cumsum([len(row[13]) for row in found], out=starts[1:])
    return {
        "tie_ids": Strings.of([row[0] for row in found]),
        "tie_source": _array((each[0] for each in ordered), np.int32),
        "tie_target": _array((each[1] for each in ordered), np.int32),
        "tie_type": _array((each[2] for each in ordered), np.int16),
        "tie_role": _array((_role(row) for row in found), np.int16),
        "tie_polarity": _array((_POLARITIES[row[9]] for row in found), np.int8),
        "tie_start": _array((_day(row[10], int(NO_START)) for row in found), np.int32),
        "tie_end": _array((_day(row[11], int(NO_END)) for row in found), np.int32),
        "tie_confidence": _array((np.nan if row[12] is None else row[12] for row in found), np.float32),
        "tie_rs": _array((rs(row[2][0]) for row in found), np.int32),
        "tie_from": _array((_known(min(row[3])) for row in found), np.int64),
        "tie_to": _array((_until(row[4]) for row in found), np.int64),
        "tie_sequence": _array(_several(found), np.int32),
        "support_start": starts,
        "support_report": _array((each[0] for each in supports), np.int32),
        "support_rs": _array((each[1] for each in supports), np.int32),
        "support_from": _array((each[2] for each in supports), np.int64),
    }


def _episodes(found: list[Row], nodes: _Numbers, reports: _Numbers, rs: _Numbers) -> Mapping[str, Any]:
    found.sort(key=lambda row: (row[0], row[1]))
    return {
        "episode_ids": Strings.of([row[0] for row in found]),
        "episode_person": _array((nodes(row[5]) for row in found), np.int32),
        "episode_code": _array((codes.episode_code(row[6], row[7]) for row in found), np.int64),
        "episode_start": _array((_day(row[8], int(NO_START)) for row in found), np.int32),
        "episode_end": _array((_day(row[9], int(NO_END)) for row in found), np.int32),
        "episode_report": _array((reports(row[10]) if row[10] else NO_REPORT for row in found), np.int32),
        "episode_rs": _array((rs(row[2]) for row in found), np.int32),
        "episode_from": _array((_known(row[3]) for row in found), np.int64),
        "episode_to": _array((_until(row[4]) for row in found), np.int64),
        "episode_sequence": _array(_several(found), np.int32),
    }


def areas_of(reading: Reading) -> AreaTables:
    """Localities with what is known of them, in the order of their ids."""

    def values(kind: RecordKind, statement: LiteralString) -> list[list[Any]]:
        found = [codec.values(kind, stored) for (stored,) in _rows(reading, statement)]
        return sorted(found, key=lambda row: str(row[0]))

    localities = values(RecordKind.LOCALITY, _LOCALITIES)
    numbers = _Numbers(row[0] for row in localities)
    exposure = [
        (numbers(row[1]), float(row[2]), _or(row[3], int(NO_START)), _or(row[4], int(NO_END)))
        for row in values(RecordKind.EXPOSURE, _EXPOSURES)
    ]
    population = [
        (numbers(row[1]), row[2] or "", row[3] or "", row[4] or "", float(row[5]))
        for row in values(RecordKind.POPULATION, _POPULATIONS)
    ]
    return AreaTables(
        tuple(row[0] for row in localities),
        tuple(bytes(row[5] or b"") for row in localities),
        tuple(sorted(exposure)),
        tuple(sorted(population)),
    )


def _or(value: int | None, missing: int) -> int:
    return missing if value is None else value
