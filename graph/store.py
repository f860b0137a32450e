"""The Store contract: the verbs of the domain that every back end must keep, and what they return.

Numbered sentences; a conformance test names the sentence it checks.

 S1  A write is atomic: all of its blocks become visible at once, with its audit row, or nothing does.
 S2  An acknowledged write survives kill -9.
 S3  The same record written twice changes nothing (``unchanged``); other content under the same key is a new version,
     and the old one stays readable through ``known_at``.
 S4  Every commit raises ``change_counter`` by one; a write that changes nothing does not.
 S5  Every read looks through a Lens: what was so at ``as_at``, as known at ``known_at``, within ``sight``. A record
     outside the lens takes no part in any answer, count, path, order or cap.
 S6  A tie, event, episode or participation is seen when at least one of its reports is (those without a report: when
     their restriction, taken from the write and from restricted operations they touch, allows). Reports outside the
     sight are left out and the standing is that of the rest.
 S7  A node is seen when its own restriction allows and it is *attested*: it is not one whose every record, in the write
     that brought it, is hidden from this sight.
 S8  A neighbourhood never grows through a node of more than ``hub_limit`` ties, takes at most ``per_node`` ties of each
     node before it expands (most recent first, then by id), and says which nodes it cut.
 S9  Results have a stated order, equal on every back end; ties in order are broken by id.
 S10 Readers never wait for a long write and never see part of one.
 S11 ``append_audit`` chains each row to the one before; ``verify_audit`` finds any edit, removal, reordering or cut.
 S12 A read made inside ``recorded`` returns only if its audit row was committed.
 S13 A store of an unknown newer version is refused; an older one is migrated by ``open`` with ``migrate=True``.
 S14 A store that is down raises StoreUnavailable within ``deadline`` seconds (default 5), never an empty answer.
S15 A run is seen by a role of its ``may_see`` whose sight allows every restriction among the records it used. Of each
     detector one run is shown: among those seen that have the ``base`` of the newest one seen, the one over most
     restrictions, the newest of these. (So a run by somebody who sees less does not hide a fuller one, while the open
     records are the same; and nothing that a reader does not see decides which run that is.)
"""

from __future__ import annotations

import abc
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

from graph.flags import Band, Flag, FlagDecision, FlagState, Plain, Run
from graph.model import (
    Episode,
    FlagId,
    Locality,
    NodeId,
    NodeKind,
    NodeRecord,
    Polarity,
    Report,
    ReportId,
    Restriction,
    Standing,
    Tie,
    TieId,
    Version,
)
from graph.records import Block, Commit, RecordKind, Tally, WriteNote
from graph.snapshot import Snapshot

Answer = TypeVar("Answer")

#: a predicate over restriction; None sees everything (analysis of the whole store, backup, conformance)
Sight = Callable[[Restriction], bool] | None


@dataclass(frozen=True, slots=True)
class Lens:
    """What a read looks through.

    ``as_at``: a tie or an episode is so when its period contains the day; an event, and the ties made from it, when it
    started on or before the day (or on a day not known). A snapshot takes all that started by that day, ended or not:
    detectors look back. None is any time; a snapshot then says today.
    ``known_at``: of each record the newest version known then that the sight allows; each report from its own time on.
    None takes the newest version whatever its known time. First versions: a report is known from ``recorded_at`` when
    stated, else from the commit; a record with reports from the earliest of them; other ties and episodes from the
    commit; nodes from the beginning of time (``known_from_now``: from the commit); ties made from a node's own row
    (an address, a place of an event without a report) like that node. Later versions are known from their commit.
    """

    #: day for which it is asked what was so; None for any time (ties of all periods are shown with their periods)
    as_at: dt.date | None = None
    #: instant (UTC) for which it is asked what was known; None for now
    known_at: dt.datetime | None = None
    #: which restrictions this reader may see past; set by the Gate only
    sight: Sight = None
    #: role for which flags are read (``Run.may_see``); None reads those of every run; set by the Gate only
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class TieFilter:
    """Which ties take part in a neighbourhood or a path. None means no condition."""

    tie_types: frozenset[str] | None = None
    polarities: frozenset[Polarity] | None = None
    #: at least this standing (confirmed > unconfirmed > tentative)
    standing: Standing | None = None
    #: ties whose period meets [start, end)
    start: dt.date | None = None
    end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class SeenTie:
    """A tie as this reader may see it: the reports within sight and the standing they give."""

    tie: Tie
    reports: tuple[Report, ...]
    standing: Standing
    #: union of the restrictions of what is shown; exports and derived work keep it
    restriction: Restriction


@dataclass(frozen=True, slots=True)
class SeenNode:
    """A node as this reader may see it."""

    record: NodeRecord
    restriction: Restriction
    #: number of ties of this node within the lens (what an expansion could bring)
    degree: int = 0


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Nodes (seeds first, then by hop, then by id) and all ties within the filter among them."""

    #: those of the seeds asked for that are within the lens
    seeds: tuple[NodeId, ...]
    nodes: tuple[SeenNode, ...]
    #: hop at which each node was reached, aligned with ``nodes``
    hops: tuple[int, ...]
    ties: tuple[SeenTie, ...]
    #: nodes not expanded because they are hubs, and nodes whose ties were capped
    cut: tuple[NodeId, ...]
    #: True when ``limit`` stopped the growth
    truncated: bool


@dataclass(frozen=True, slots=True)
class EvidencePath:
    """A path of ties from one node to another, no node twice."""

    nodes: tuple[NodeId, ...]
    ties: tuple[SeenTie, ...]


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One node found; ``matched`` is the field (name, alias, id, postcode, identifier), never the text."""

    node: SeenNode
    matched: str
    #: 0 to 1; 1 for exact
    similarity: float


@dataclass(frozen=True, slots=True)
class SeenEpisode:
    episode: Episode
    reports: tuple[Report, ...]
    version: Version


@dataclass(frozen=True, slots=True)
class Entity:
    """Everything within the lens about one node."""

    node: SeenNode
    version: Version
    #: newest first; ties of every type, structural ones included
    ties: tuple[SeenTie, ...]
    #: the nodes at the other ends, by id
    others: Mapping[NodeId, SeenNode]
    episodes: tuple[SeenEpisode, ...]
    #: earlier versions of the node's own record, newest first, as (record, version)
    history: tuple[tuple[NodeRecord, Version], ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle (west, south, east, north) in EPSG:27700 metres, or a polygon as WKB; both: their intersection."""

    bounds: tuple[float, float, float, float]
    polygon_wkb: bytes | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """One write that brought records, as listed to users."""

    id: str
    sequence: int
    committed_at: dt.datetime
    author: str
    action: str
    reason: str | None
    agency: str | None
    files: tuple[tuple[str, int, str], ...]
    tallies: Mapping[RecordKind, Tally]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row to be appended to the audit log. Never a name or free text of a record."""

    actor: str
    #: search, view, map, export, load, correction, decision, login, refused ...
    action: str
    #: typed ids of every record shown or changed
    ids: tuple[str, ...] = ()
    purpose: str | None = None
    agency: str | None = None
    recipient: str | None = None
    #: plain facts: counts, formats, HMAC of search terms
    details: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry as it stands in its chain."""

    #: "changes" (same transaction as the change) or "views"
    chain: str
    number: int
    recorded_at: dt.datetime
    entry: AuditEntry
    #: hex digests: this row's is over the previous one's and the canonical JSON of the row
    previous_digest: str
    digest: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Result of checking the chains. ``broken_at`` is the first bad (chain, number)."""

    intact: bool
    rows: Mapping[str, int]
    heads: Mapping[str, str]
    broken_at: tuple[str, int] | None = None
    what: str | None = None


@dataclass(frozen=True, slots=True)
class StoredFlag:
    """A flag with its latest decision; ``state`` is expired when its day has passed undecided."""

    flag: Flag
    run_id: str
    state: FlagState
    decisions: tuple[FlagDecision, ...]


@dataclass(frozen=True, slots=True)
class FlagFilter:
    """Which flags are listed. None means no condition."""

    detectors: frozenset[str] | None = None
    states: frozenset[FlagState] | None = None
    bands: frozenset[Band] | None = None
    #: flags about any of these
    subjects: frozenset[NodeId] | None = None


@dataclass(frozen=True, slots=True)
class FlagPage:
    """A page of flags, and how many there are."""

    flags: tuple[StoredFlag, ...]
    #: number within the filter
    total: int
    #: (detector, state, band) to number, over all flags within the lens about the subjects of the filter
    counts: Mapping[tuple[str, FlagState, Band], int]


class Reader(abc.ABC):
    """The reading verbs, the same for stores and for the Gate (which sets the sight itself)."""

    @abc.abstractmethod
    def entity(self, node_id: NodeId, lens: Lens) -> Entity | None:
        """Everything about one node, or None when it is not there or not within the lens."""

    @abc.abstractmethod
    def nodes(self, node_ids: Sequence[NodeId], lens: Lens) -> dict[NodeId, SeenNode]:
        """The records of these nodes that are within the lens."""

    @abc.abstractmethod
    def ties(self, tie_ids: Sequence[TieId], lens: Lens) -> dict[TieId, SeenTie]:
        """These ties with their reports, as far as within the lens."""

    @abc.abstractmethod
    def reports(self, report_ids: Sequence[ReportId], lens: Lens) -> dict[ReportId, tuple[Report, Version]]:
        """These reports with where each came from (file and row), as far as within the lens."""

    @abc.abstractmethod
    def neighbourhood(
        self,
        seeds: Sequence[NodeId],
        lens: Lens,
        *,
        hops: int = 1,
        where: TieFilter = TieFilter(),
        per_node: int = 50,
        hub_limit: int = 200,
        limit: int = 500,
    ) -> Neighbourhood:
        """What lies around the seeds (S8). Seeds that are hubs are expanded up to ``per_node``.

        Hub counts and caps count the ties within the lens and ``where``. Growth: hop by hop; within a hop the nodes to
        expand by id; each takes its ``per_node`` ties of latest start (open start last), then by tie id; nodes reached
        join in that order until ``limit``."""

    @abc.abstractmethod
    def paths(
        self,
        source: NodeId,
        target: NodeId,
        lens: Lens,
        *,
        max_hops: int = 4,
        where: TieFilter = TieFilter(),
        limit: int = 5,
        hub_limit: int = 200,
    ) -> tuple[EvidencePath, ...]:
        """Shortest paths, shortest first, then by node ids; not through hubs. ``max_hops`` at most 6."""

    @abc.abstractmethod
    def events_within(
        self,
        area: Area,
        start: dt.datetime,
        end: dt.datetime,
        lens: Lens,
        *,
        event_types: frozenset[str] | None = None,
        limit: int = 10_000,
    ) -> tuple[SeenNode, ...]:
        """Events that started in [start, end) at a place (or coordinates) inside the area, by start then id."""

    @abc.abstractmethod
    def search(
        self, text: str, lens: Lens, *, kinds: frozenset[NodeKind] | None = None, fuzzy: bool = True, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        """By id or reference (exact), name or alias (prefix of any word, then fuzzy), postcode, identifier. Best first,
        then by id. Accents and case do not matter. At least 2 characters, else nothing. Ids, postcodes and identifiers
        match whole and count 1; names by the rule of ``graph.stores.names``, which is the same on every back end."""

    @abc.abstractmethod
    def snapshot(self, lens: Lens, *, scope: NodeId | None = None) -> Snapshot:
        """Arrays of everything within the lens for analysis; ``scope`` keeps what belongs to one operation, locality
        (``locality:ID``), school or peer group and what touches it."""

    @abc.abstractmethod
    def localities(self) -> tuple[Locality, ...]:
        """All areas, by id. Areas are public."""

    @abc.abstractmethod
    def list_nodes(
        self, kind: NodeKind, lens: Lens, *, after: NodeId | None = None, limit: int = 50
    ) -> tuple[SeenNode, ...]:
        """A page of the nodes of one kind by id, starting after ``after``."""

    @abc.abstractmethod
    def loads(self, *, limit: int = 50, before: int | None = None) -> tuple[Load, ...]:
        """Newest first; ``before`` is a sequence number."""

    @abc.abstractmethod
    def flags(
        self,
        lens: Lens,
        *,
        detector: str | None = None,
        state: FlagState | None = None,
        subject: NodeId | None = None,
        limit: int = 50,
        offset: int = 0,
        today: dt.date | None = None,
    ) -> tuple[StoredFlag, ...]:
        """Flags of the run of each detector that is shown (S15), by detector and rank."""

    @abc.abstractmethod
    def flag_page(
        self,
        lens: Lens,
        where: FlagFilter = FlagFilter(),
        *,
        limit: int = 50,
        offset: int = 0,
        after: FlagId | None = None,
        today: dt.date | None = None,
    ) -> FlagPage:
        """Flags of the shown runs (S15) of all detectors as one queue: strongest band first, then by rank, detector and
        id. ``after`` starts behind that flag, in or out of the filter; from the beginning when it is not listed."""

    @abc.abstractmethod
    def flag(self, flag_id: str, lens: Lens) -> StoredFlag | None:
        """One flag, also of an older run."""

    @abc.abstractmethod
    def reviewed_flags(self, lens: Lens, *, today: dt.date | None = None) -> tuple[StoredFlag, ...]:
        """Every flag that somebody ever accepted or dismissed, each once as in its newest run that is seen (S15), by
        id, without reasons and details: for counting. Also those that no shown run lists any more, since a child that
        was taken on leaves the list."""


class Store(Reader):
    """A back end. Opened by ``graph.open.open_store``; closed by ``close`` or as a context manager."""

    #: seconds until a store that does not answer is said to be unavailable
    deadline: float = 5.0

    # -- writing -----------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def write(
        self, blocks: Iterable[Block], note: WriteNote, *, progress: Callable[[int], None] | None = None
    ) -> Commit:
        """Write all blocks atomically (S1). ``blocks`` may be a generator far larger than memory; whatever it raises
        undoes everything and is raised again. References must be resolved by the caller; a reference that is not
        there raises StoreError. ``progress`` gets the number of rows written so far."""

    @abc.abstractmethod
    def known_keys(self, kind: RecordKind, keys: Sequence[str]) -> set[str]:
        """Those of the keys that exist in the store now (any sight; for the loader only)."""

    @abc.abstractmethod
    def save_run(self, run: Run, entry: AuditEntry) -> None:
        """Keep a run and its flags; decisions on a flag with the same id stay with it."""

    @abc.abstractmethod
    def decide_flag(self, decision: FlagDecision, entry: AuditEntry) -> None:
        """Add a decision. Raises NotFound for an unknown flag."""

    # -- audit -------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def append_audit(self, entry: AuditEntry) -> AuditRow:
        """Append to the ``views`` chain on its own. Raises AuditUnavailable."""

    @abc.abstractmethod
    def recorded(self, read: Callable[[Reader], Answer], entry_of: Callable[[Answer], AuditEntry]) -> Answer:
        """Run a read and append its audit row in one transaction; no audit, no answer (S12)."""

    @abc.abstractmethod
    def audit_rows(
        self,
        *,
        chain: str | None = None,
        after: int = 0,
        limit: int = 100,
        newest_first: bool = False,
        actor: str | None = None,
        about: str | None = None,
    ) -> tuple[AuditRow, ...]:
        """Rows by number; ``about`` is a typed id that must be among the row's ids."""

    @abc.abstractmethod
    def verify_audit(self, kept_heads: Mapping[str, tuple[int, str]] | None = None) -> AuditVerdict:
        """Check both chains from the start, and that a head kept elsewhere (number, digest) is still in them."""

    # -- accounts ----------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def get_document(self, collection: str, key: str) -> tuple[Plain, int] | None:
        """A small JSON document of the application (accounts, sessions, memberships) and its version number."""

    @abc.abstractmethod
    def put_document(
        self, collection: str, key: str, value: Plain, *, expected: int | None = None, entry: AuditEntry | None = None
    ) -> int:
        """Store a document, return its new version. ``expected`` (0 for new) other than the present version raises
        StoreConflict; an ``entry`` is appended to the changes chain in the same transaction."""

    @abc.abstractmethod
    def delete_document(self, collection: str, key: str, *, entry: AuditEntry | None = None) -> bool:
        """True when it was there."""

    @abc.abstractmethod
    def documents(self, collection: str) -> dict[str, Plain]:
        """All documents of a collection, by key."""

    # -- keeping -----------------------------------------------------------------------------------------------
    @property
    @abc.abstractmethod
    def url(self) -> str:
        """Where it is, without credentials."""

    @property
    @abc.abstractmethod
    def change_counter(self) -> int: ...

    @abc.abstractmethod
    def counts(self) -> dict[RecordKind, int]:
        """Current records of each kind, for the operator (any sight)."""

    @abc.abstractmethod
    def restrictions(self) -> frozenset[Restriction]:
        """Every distinct restriction in use."""

    @abc.abstractmethod
    def health(self, *, thorough: bool = False) -> Mapping[str, Plain]:
        """Settings and checks; raises StoreUnavailable when it does not answer. ``thorough`` (``kith doctor``) reads
        the whole store to see that it is whole, which takes as long as the store is large."""

    @abc.abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
