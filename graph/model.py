"""What exists: nodes, reports, ties, episodes and events.

Evidence first. A tie is a claim supported by reports, never a bare fact; victim, suspect and witness are roles in an
event; child and adult are derived at a date. Two kinds of time: when it was so (``Period``, ``occurred``) and when it
became known (``Version.known_from``). Periods are half-open; instants are UTC seconds; days are ``datetime.date``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

NodeId = NewType("NodeId", str)  #: "person:12", "school:106167": kind, colon, the source's own key
TieId = NewType("TieId", str)
ReportId = NewType("ReportId", str)
EpisodeId = NewType("EpisodeId", str)
LoadId = NewType("LoadId", str)
FlagId = NewType("FlagId", str)


class NodeKind(StrEnum):
    """The kinds of node, spelled as the prefix of their typed ids."""

    PERSON = "person"
    PLACE = "place"
    SCHOOL = "school"
    PEER_GROUP = "group"
    OPERATION = "operation"
    EVENT = "event"
    VEHICLE = "vehicle"
    PHONE = "phone"
    ACCOUNT = "account"


#: stable small numbers for arrays and files; append only
NODE_KINDS: tuple[NodeKind, ...] = tuple(NodeKind)


def kind_of(node_id: str) -> NodeKind:
    """The kind in a typed id. Raises ValueError when the prefix is not a kind or the key is empty."""
    prefix, colon, key = node_id.partition(":")
    if not colon or not key:
        raise ValueError("a typed id reads kind:key")
    return NodeKind(prefix)


class Precision(StrEnum):
    """How exactly a date is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date known to the day, the month or the year."""

    #: first day it can be
    earliest: dt.date
    precision: Precision

    @property
    def latest(self) -> dt.date:
        """Last day it can be, inclusive."""
        if self.precision is Precision.DAY:
            return self.earliest
        if self.precision is Precision.YEAR:
            return dt.date(self.earliest.year, 12, 31)
        following = (self.earliest.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        return following - dt.timedelta(days=1)

    def __str__(self) -> str:
        length = {Precision.YEAR: 4, Precision.MONTH: 7, Precision.DAY: 10}[self.precision]
        return self.earliest.isoformat()[:length]


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open span of days ``[start, end)``; None means open on that side."""

    start: dt.date | None = None
    end: dt.date | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError("a period ends before it starts")

    def contains(self, day: dt.date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def overlaps(self, other: Period) -> bool:
        starts_before = self.start is None or other.end is None or self.start < other.end
        ends_after = self.end is None or other.start is None or other.start < self.end
        return starts_before and ends_after


@dataclass(frozen=True, slots=True)
class Location:
    """A point on the British National Grid (EPSG:27700), metres. Distances are computed only here."""

    easting: float
    northing: float


class AgeBand(StrEnum):
    CHILD = "child"
    ADULT = "adult"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """A person. Nothing here says victim, suspect or risk: those live in events and reports."""

    id: NodeId
    given_name: str | None = None
    family_name: str | None = None
    #: other names used, as recorded
    also_known_as: tuple[str, ...] = ()
    date_of_birth: PartialDate | None = None
    #: F, M or U
    sex: str | None = None
    #: DfE ethnicity code
    ethnicity: str | None = None
    nhs_number: str | None = None
    #: unique pupil number
    upn: str | None = None
    #: local authority the child comes from
    home_authority: str | None = None
    #: local authority responsible for a placement
    placing_authority: str | None = None
    #: local authority where the child now lives
    host_authority: str | None = None
    address_place_id: NodeId | None = None
    #: the address must not be shown outside those protecting the person
    protected_address: bool = False
    #: special educational needs or disability recorded; None when not known
    send: bool | None = None
    died_on: dt.date | None = None
    #: put in by the gate for readers who may know child or adult, but not the date of birth
    stated_age_band: AgeBand | None = None

    def age_band(self, as_at: dt.date) -> AgeBand:
        """Child when possibly under 18 at ``as_at`` (a doubtful date of birth protects), adult when surely not."""
        if self.date_of_birth is None:
            return self.stated_age_band or AgeBand.UNKNOWN
        return AgeBand.CHILD if years_between(self.date_of_birth.latest, as_at) < 18 else AgeBand.ADULT


def years_between(born: dt.date, as_at: dt.date) -> int:
    """Completed years; a 29 February birthday completes on 1 March in common years (as English law does)."""
    return as_at.year - born.year - ((as_at.month, as_at.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Place:
    id: NodeId
    name: str | None = None
    #: word of the place_type vocabulary
    place_type: str | None = None
    location: Location | None = None
    #: how exact the location is: premises, street, postcode, area
    precision: str | None = None
    postcode: str | None = None
    uprn: str | None = None
    ward_code: str | None = None
    #: year of the ward boundaries the code belongs to
    ward_vintage: str | None = None


@dataclass(frozen=True, slots=True)
class School:
    """A place with a unique reference number; its id is ``school:URN``."""

    id: NodeId
    name: str | None = None
    establishment_type: str | None = None
    phase: str | None = None
    location: Location | None = None
    postcode: str | None = None
    open: Period = Period()


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """A context young people share; never a gang list."""

    id: NodeId
    name: str | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    id: NodeId
    name: str | None = None
    lead_agency: str | None = None
    strand: str | None = None
    open: Period = Period()
    #: only members may know that it exists, or what only it knows
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class TracedObject:
    """A vehicle, phone or online account; the kind is in the id."""

    id: NodeId
    #: registration, number or handle
    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with participants in a role in that event only."""

    id: NodeId
    event_type: str
    detail: str | None = None
    strand: str | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    #: where it happened; for a missing episode where the child was found
    place_id: NodeId | None = None
    #: for a missing episode, where the child went missing from
    from_place_id: NodeId | None = None
    #: when there is no place record
    location: Location | None = None
    report_id: ReportId | None = None


@dataclass(frozen=True, slots=True)
class Restriction:
    """Who may know of a record. The default is open to the hub; combining keeps the stricter of each part."""

    #: an actor must be a member of every operation named (bare keys, "OP3")
    operations: frozenset[str] = frozenset()
    #: an actor must belong to one of these agencies (or be a hub analyst where HUB_ANALYSTS is named); None for any
    agencies: frozenset[str] | None = None
    #: last day on which the conditions hold; after it hub analysts only, until the originator states new ones
    until: dt.date | None = None
    #: only roles that protect the person see it (an address that must not be known)
    protected_address: bool = False
    #: handling code C: never leaves the hub in an export without the originator's word
    conditional: bool = False
    #: handling code C with conditions not stated or not readable: originating agency and hub analysts only
    closed: bool = False

    def combined(self, other: Restriction) -> Restriction:
        if self.agencies is None or other.agencies is None:
            agencies = other.agencies if self.agencies is None else self.agencies
        else:
            agencies = self.agencies & other.agencies
        days = [day for day in (self.until, other.until) if day is not None]
        return Restriction(
            operations=self.operations | other.operations,
            agencies=agencies,
            until=min(days, default=None),
            protected_address=self.protected_address or other.protected_address,
            conditional=self.conditional or other.conditional,
            closed=self.closed or other.closed,
        )

    @property
    def is_open(self) -> bool:
        return self == Restriction()

    @property
    def key(self) -> str:
        """Canonical text, "" when open; ``from_key`` reads it back."""
        parts = [f"operation:{name}" for name in sorted(self.operations)]
        if self.agencies is not None:
            parts.append("agencies:" + ",".join(sorted(self.agencies)))
        if self.until is not None:
            parts.append(f"until:{self.until.isoformat()}")
        parts += [word for word in ("protected_address", "conditional", "closed") if getattr(self, word)]
        return ";".join(parts)

    @classmethod
    def from_key(cls, key: str) -> Restriction:
        operations, flags = set(), set()
        agencies: frozenset[str] | None = None
        until: dt.date | None = None
        for part in filter(None, key.split(";")):
            name, _, value = part.partition(":")
            if name == "operation":
                operations.add(value)
            elif name == "agencies":
                agencies = frozenset(filter(None, value.split(",")))
            elif name == "until":
                until = dt.date.fromisoformat(value)
            else:
                flags.add(name)
        return cls(
            frozenset(operations),
            agencies,
            until,
            "protected_address" in flags,
            "conditional" in flags,
            "closed" in flags,
        )


#: stands among the agencies of a closed record: hub analysts, whatever their agency
HUB_ANALYSTS = "hub_analysts"


def restriction_of_report(agency: str, handling: str, conditions: str | None) -> Restriction:
    """The restriction that a handling code and its conditions put on a report.

    Conditions are tokens separated by semicolons: ``operation:ID`` (members only), ``agency:NAME`` (one of those
    named), ``until:YYYY-MM-DD``. Code P without conditions is open to the hub. Code C with none, or with any token that
    cannot be read, is closed: what is not understood is never shared.
    """
    tokens = [token.strip() for token in (conditions or "").split(";") if token.strip()]
    if not tokens and handling != "C":
        return Restriction()
    operations, agencies = set(), set()
    until: dt.date | None = None
    readable = bool(tokens)
    for token in tokens:
        name, colon, value = (part.strip() for part in token.partition(":"))
        if name == "operation" and value:
            operations.add(value.removeprefix("operation:"))
        elif name == "agency" and value:
            agencies.add(value)
        elif name == "until" and colon:
            try:
                until = dt.date.fromisoformat(value)
            except ValueError:
                readable = False
        else:
            readable = False
    conditional = handling == "C"
    if not readable:
        return Restriction(frozenset(operations), frozenset({agency, HUB_ANALYSTS}), None, False, True, True)
    named = frozenset(agencies | {agency}) if agencies else None
    return Restriction(frozenset(operations), named, until, False, conditional, False)


@dataclass(frozen=True, slots=True)
class Report:
    """One item of information, by one agency, graded by its own scheme."""

    id: ReportId
    agency: str
    system: str | None = None
    #: the agency's own reference; never a source's name
    reference: str | None = None
    author_role: str | None = None
    occurred_from: dt.datetime | None = None
    occurred_to: dt.datetime | None = None
    #: when the agency recorded it
    recorded_at: dt.datetime | None = None
    #: 3x5x2, 5x5x5 or none; the schemes are never mapped onto each other
    grading_scheme: str = "none"
    source_evaluation: str | None = None
    information_assessment: str | None = None
    #: P, or C with conditions
    handling: str = "P"
    conditions: str | None = None
    #: fact, opinion or allegation
    basis: str | None = None


class Polarity(StrEnum):
    CONCERN = "concern"
    NEUTRAL = "neutral"
    PROTECTIVE = "protective"


class Standing(StrEnum):
    """How well a tie is supported; drawn solid, dashed and dotted."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    TENTATIVE = "tentative"


@dataclass(frozen=True, slots=True)
class Tie:
    """A claim that two nodes were connected, with the reports that make it.

    Structural ties are built by Kith from events and people: ``took_part_in`` (qualifier = the role in that event),
    ``occurred_at``, ``went_missing_from`` and ``lives_at`` (from a person's address).
    """

    id: TieId
    source: NodeId
    target: NodeId
    tie_type: str
    qualifier: str | None = None
    polarity: Polarity = Polarity.NEUTRAL
    period: Period = Period()
    report_ids: tuple[ReportId, ...] = ()
    #: 0 to 1 as stated by the source; None when not stated
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """A dated status of a person."""

    id: EpisodeId
    person: NodeId
    episode_type: str
    detail: str | None = None
    strand: str | None = None
    period: Period = Period()
    report_id: ReportId | None = None


@dataclass(frozen=True, slots=True)
class Participation:
    """A part somebody or something had in one event."""

    event: NodeId
    entity: NodeId
    role: str
    report_id: ReportId | None = None


@dataclass(frozen=True, slots=True)
class Locality:
    """An area with a boundary; ``boundary_wkb`` is a MultiPolygon in EPSG:27700."""

    id: str
    name: str
    locality_type: str | None
    authority_code: str | None
    vintage: str | None
    boundary_wkb: bytes


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a version came from."""

    load_id: LoadId
    #: file name within the load; None for an entry made by hand
    file: str | None
    #: record number in that file (header = 1)
    row: int | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record: known from (inclusive) to (exclusive), by whom and why."""

    known_from: dt.datetime | None
    known_to: dt.datetime | None
    sequence: int
    author: str
    reason: str | None
    provenance: Provenance


NodeRecord = Person | Place | School | PeerGroup | Operation | TracedObject | Event
