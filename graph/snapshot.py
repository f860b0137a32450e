"""Snapshot: the network within one lens as read-only arrays, for analysis, layout and quick neighbourhoods.

Rows of ``nodes`` arrays are node numbers; ties are in a canonical order (source number, target number, type, id) and
refer to node numbers. Days are int32 days since 1970-01-01, ``NO_START``/``NO_END`` where open; instants are int64 UTC
seconds, ``NO_TIME`` where not known. Missing small codes are -1. Code arrays index the vocabularies of that name.
Nodes are sorted by id, so equal records give equal arrays on every store.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graph.model import NODE_KINDS, NodeId, NodeKind, ReportId, Restriction, TieId

if TYPE_CHECKING:
    import networkx

NO_START = np.int32(-(2**31) + 1)
NO_END = np.int32(2**31 - 1)
NO_DAY = NO_START
NO_TIME = np.int64(-(2**62))

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


#: as many are picked at a time as their places stay in the processor's cache
_STRINGS_AT_ONCE = 8_192


class Strings(Sequence[str]):
    """Many strings in one byte array with offsets; decoded one at a time, so that it can be memory-mapped."""

    def __init__(self, data: npt.NDArray[np.uint8], offsets: Int64) -> None:
        self.data, self.offsets = data, offsets

    @classmethod
    def of(cls, values: Sequence[str]) -> Strings:
        encoded = [value.encode() for value in values]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(value) for value in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        position = int(index)
        if position < 0:
            position += len(self)
        if not 0 <= position < len(self):
            raise IndexError(position)
        return self.data[self.offsets[position] : self.offsets[position + 1]].tobytes().decode()

    def take(self, rows: npt.NDArray[Any]) -> Strings:
        """The strings at these rows, in that order."""
        lengths = (self.offsets[1:] - self.offsets[:-1])[rows]
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        data = np.empty(int(offsets[-1]), dtype=np.uint8)
        shift = self.offsets[:-1][rows] - offsets[:-1]
        for start in range(0, len(rows), _STRINGS_AT_ONCE):
            part = slice(start, start + _STRINGS_AT_ONCE)
            first, last = int(offsets[start]), int(offsets[min(start + _STRINGS_AT_ONCE, len(rows))])
            data[first:last] = self.data[np.repeat(shift[part], lengths[part]) + np.arange(first, last)]
        return Strings(data, offsets)


@dataclass(frozen=True, slots=True)
class NodeArrays:
    """One row a node, sorted by id."""

    ids: Strings
    #: index into NODE_KINDS
    kind: Int8
    #: people: latest possible birth day (a doubtful age counts as the younger); NO_DAY otherwise
    birth_day: Int32
    #: people: index into the sex vocabulary; -1
    sex: Int8
    #: people: index into the ethnicity vocabulary; -1
    ethnicity: Int8
    #: people: 1, 0, -1 not known
    send: Int8
    #: places: index into the place_type vocabulary; schools: the index of "school"; -1
    place_type: Int16
    #: places, schools and events: EPSG:27700 metres; NaN
    easting: Float64
    northing: Float64
    #: events: index into the event_type and strand vocabularies; operations: strand; -1. A missing_episode whose detail
    #: says away or absent is away_or_absent here, a return_interview that says declined return_interview_declined
    event_type: Int16
    strand: Int16
    #: events: NO_TIME when not known
    started_at: Int64
    ended_at: Int64
    #: first report of an event, as row of ``reports``; -1
    report: Int32
    #: people: family/household proxy is not stored: see ties of kinship and household
    address: Int32


@dataclass(frozen=True, slots=True)
class TieArrays:
    """One row a tie; took_part_in, occurred_at, went_missing_from and lives_at included."""

    ids: Strings
    source: Int32
    target: Int32
    #: index into the tie_type vocabulary
    type: Int16
    #: took_part_in: index into the role vocabulary; -1
    role: Int16
    #: 0 concern, 1 neutral, 2 protective
    polarity: Int8
    #: 0 confirmed, 1 unconfirmed, 2 tentative
    standing: Int8
    start_day: Int32
    #: exclusive
    end_day: Int32
    #: stated confidence, NaN when not stated
    confidence: Float32
    #: reports of tie i are report_of_tie[report_start[i]:report_start[i + 1]]
    report_start: Int64
    report_of_tie: Int32


@dataclass(frozen=True, slots=True)
class ReportArrays:
    """One row a report within the sight that some tie, event or episode rests on."""

    ids: Strings
    #: index into ``agencies``
    agency: Int16
    agencies: tuple[str, ...]
    #: index into the grading_scheme vocabulary
    scheme: Int8
    #: position in the scheme's own scale (0 best); -1 not graded
    source_evaluation: Int8
    information_assessment: Int8
    #: index into the basis vocabulary; -1
    basis: Int8
    #: when the agency recorded it, else when Kith learned it
    recorded_at: Int64
    #: start of what it speaks of; NO_TIME
    occurred_at: Int64


@dataclass(frozen=True, slots=True)
class EpisodeArrays:
    """One row an episode of a person."""

    ids: Strings
    person: Int32
    #: index into the episode_type vocabulary
    type: Int16
    strand: Int16
    start_day: Int32
    #: exclusive
    end_day: Int32
    #: row of ``reports``; -1
    report: Int32


@dataclass(frozen=True, slots=True)
class AreaTables:
    """Localities with what is known of them; boundaries as WKB in EPSG:27700."""

    ids: tuple[str, ...]
    boundaries: tuple[bytes, ...]
    #: (locality row, exposure, start day, end day)
    exposure: tuple[tuple[int, float, int, int], ...]
    #: (locality row, age band, sex, ethnicity, population)
    population: tuple[tuple[int, str, str, str, float], ...]


@dataclass(frozen=True)
class Snapshot:
    """The network within one lens. Arrays must not be written to; they may be memory-mapped."""

    #: the store's change counter when it was taken
    sequence: int
    as_at: dt.date
    #: None: all that is known
    known_at: dt.datetime | None
    #: typed id, "locality:ID", or "everything"
    scope: str
    nodes: NodeArrays
    ties: TieArrays
    reports: ReportArrays
    episodes: EpisodeArrays
    areas: AreaTables
    #: every restriction among the records inside
    restrictions: frozenset[Restriction] = frozenset()

    def __len__(self) -> int:
        return len(self.nodes.kind)

    @cached_property
    def digest(self) -> str:
        """Hex digest over the content of the arrays: equal snapshots have equal digests on every store."""
        import hashlib

        digest = hashlib.blake2b(digest_size=16)
        for part in (self.nodes, self.ties, self.reports, self.episodes):
            for name in part.__dataclass_fields__:
                value = getattr(part, name)
                if isinstance(value, Strings):
                    digest.update(np.ascontiguousarray(value.data).data)
                    digest.update(np.ascontiguousarray(value.offsets).data)
                elif isinstance(value, np.ndarray):
                    digest.update(np.ascontiguousarray(value).data)
                else:
                    digest.update(repr(value).encode())
        return digest.hexdigest()

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Node id to row. Built when first asked for."""
        return {node_id: row for row, node_id in enumerate(self.nodes.ids)}

    def node_id(self, row: int) -> NodeId:
        return NodeId(self.nodes.ids[row])

    def tie_id(self, row: int) -> TieId:
        return TieId(self.ties.ids[row])

    def report_id(self, row: int) -> ReportId:
        return ReportId(self.reports.ids[row])

    def rows(self, kind: NodeKind) -> Int32:
        """Rows of the nodes of one kind, ascending."""
        return np.flatnonzero(self.nodes.kind == NODE_KINDS.index(kind)).astype(np.int32)

    @cached_property
    def incidence(self) -> tuple[Int64, Int32, Int32]:
        """(start, other node, tie row): ties of node i, both directions, at start[i]:start[i + 1]."""
        count = len(self)
        ends = np.concatenate([self.ties.source, self.ties.target])
        others = np.concatenate([self.ties.target, self.ties.source])
        ties = np.tile(np.arange(len(self.ties.source), dtype=np.int32), 2)
        order = np.argsort(ends, kind="stable")
        start = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(ends, minlength=count), out=start[1:])
        return start, others[order].astype(np.int32), ties[order]

    def adjacency(self, tie_rows: npt.NDArray[Any] | None = None, weights: Float64 | None = None) -> sparse.csr_array:
        """Symmetric n-by-n matrix of the ties chosen (all when None); weights add up over parallel ties."""
        rows = np.arange(len(self.ties.source)) if tie_rows is None else tie_rows
        values = np.ones(len(rows)) if weights is None else weights
        source, target = self.ties.source[rows], self.ties.target[rows]
        matrix = sparse.coo_array((values, (source, target)), shape=(len(self), len(self))).tocsr()
        both: sparse.csr_array = (matrix + matrix.T).tocsr()
        return both

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """The same network for networkx users: nodes by typed id, ties keyed by tie id, codes as words."""
        import networkx

        from graph.vocabulary import vocabulary

        types = [term.code for term in vocabulary("tie_type").terms]
        graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
        ids = list(self.nodes.ids)
        for node_id, kind in zip(ids, self.nodes.kind.tolist(), strict=True):
            graph.add_node(node_id, kind=NODE_KINDS[kind].value)
        columns = (self.ties.source, self.ties.target, self.ties.type, self.ties.polarity, self.ties.standing)
        for tie_id, (source, target, tie_type, polarity, standing) in zip(
            self.ties.ids, zip(*(column.tolist() for column in columns), strict=True), strict=True
        ):
            graph.add_edge(
                ids[source],
                ids[target],
                key=tie_id,
                type=types[tie_type],
                polarity=("concern", "neutral", "protective")[polarity],
                standing=("confirmed", "unconfirmed", "tentative")[standing],
            )
        return graph
