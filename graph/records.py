"""Records in columns: how many rows at once cross the store contract.

A region is millions of rows; a frozen dataclass a row would cost more than reading and writing it. So the bulk path
carries blocks: one record kind, its columns in a fixed order, plain values. Encodings: days are integers since
1970-01-01, instants are integer UTC seconds since then, coordinates are EPSG:27700 metres, booleans are 0 or 1, a
list is a tuple of strings, an empty cell is None. ``end_day`` is exclusive (half-open), whatever the file said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from graph.model import Restriction


class RecordKind(StrEnum):
    """The tables of the exchange bundle, as records. Order is load order: what is referred to comes first."""

    PLACE = "place"
    SCHOOL = "school"
    PERSON = "person"
    PEER_GROUP = "group"
    OPERATION = "operation"
    OBJECT = "object"
    REPORT = "report"
    EVENT = "event"
    PARTICIPATION = "participation"
    EPISODE = "episode"
    TIE = "tie"
    LOCALITY = "locality"
    EXPOSURE = "exposure"
    POPULATION = "population"


#: column names of each kind, in block order; ``id`` is a typed id for nodes, the source's key for others
COLUMNS: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.PLACE: (
        "id", "name", "place_type", "easting", "northing", "precision", "postcode", "uprn", "ward_code", "ward_vintage",
    ),
    RecordKind.SCHOOL: (
        "id", "name", "establishment_type", "phase", "easting", "northing", "postcode", "start_day", "end_day",
    ),
    RecordKind.PERSON: (
        "id", "given_name", "family_name", "also_known_as", "birth_day", "birth_precision", "sex", "ethnicity",
        "nhs_number", "upn", "home_authority", "placing_authority", "host_authority", "address_place_id",
        "protected_address", "send", "died_day",
    ),
    RecordKind.PEER_GROUP: ("id", "name", "context"),
    RecordKind.OPERATION: ("id", "name", "lead_agency", "strand", "start_day", "end_day", "restricted"),
    RecordKind.OBJECT: ("id", "identifier"),
    RecordKind.REPORT: (
        "id", "agency", "system", "reference", "author_role", "occurred_from", "occurred_to", "recorded_at",
        "grading_scheme", "source_evaluation", "information_assessment", "handling", "conditions", "basis",
    ),
    RecordKind.EVENT: (
        "id", "event_type", "detail", "strand", "started_at", "ended_at", "place_id", "from_place_id",
        "easting", "northing", "report_id",
    ),
    RecordKind.PARTICIPATION: ("id", "event_id", "entity_id", "role", "report_id"),
    RecordKind.EPISODE: (
        "id", "person_id", "episode_type", "detail", "strand", "start_day", "end_day", "report_id",
    ),
    RecordKind.TIE: (
        "id", "source_id", "target_id", "tie_type", "qualifier", "polarity", "start_day", "end_day", "report_ids",
        "confidence",
    ),
    RecordKind.LOCALITY: ("id", "name", "locality_type", "authority_code", "vintage", "boundary_wkb"),
    RecordKind.EXPOSURE: ("id", "locality_id", "exposure", "start_day", "end_day"),
    RecordKind.POPULATION: ("id", "locality_id", "age_band", "sex", "ethnicity", "population"),
}  # fmt: skip

Value = str | int | float | bytes | tuple[str, ...] | None
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of one record kind from one file, in file order.

    Raises ValueError when a row does not have the columns of its kind.
    """

    kind: RecordKind
    #: tuples in the order of ``COLUMNS[kind]``
    rows: Sequence[Row]
    #: file name within the load; None for entries made by hand
    file: str | None = None
    #: record number of each row in that file (the header is 1); a range when they follow each other
    row_numbers: Sequence[int] = ()

    def __post_init__(self) -> None:
        if self.rows and len(self.rows[0]) != len(COLUMNS[self.kind]):
            raise ValueError(f"a {self.kind} row has {len(COLUMNS[self.kind])} columns")
        if self.row_numbers and len(self.row_numbers) != len(self.rows):
            raise ValueError("one row number a row")


@dataclass(frozen=True, slots=True)
class WriteNote:
    """Who writes, why, and from what: goes into the audit row of the same transaction and into every version."""

    #: account name, or "system"
    author: str
    #: what for, in the writer's words; None for a plain load
    reason: str | None = None
    #: "load", "correction", "entry", "erasure" ...
    action: str = "load"
    #: agency on whose behalf, when one
    agency: str | None = None
    #: digest of the files; the last load once more changes nothing and is not read again
    content_digest: str | None = None
    #: the files of the load: (name, rows, digest)
    files: tuple[tuple[str, int, str], ...] = ()
    #: restriction put on every record of this write, beside what each record brings
    restriction: Restriction = field(default_factory=Restriction)
    #: records without a stated knowledge time are known from now, nodes included (hand entry); a load leaves it False
    known_from_now: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the rows of one kind."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Commit:
    """One atomic change of the store."""

    #: rises by one with every commit; the change counter
    sequence: int
    committed_at: dt.datetime
    #: id of the load, as in Provenance
    load_id: str
    tallies: dict[RecordKind, Tally]


_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def date_of(day: int) -> dt.date:
    """The date of a day number."""
    return dt.date.fromordinal(day + _EPOCH_DAY)


def second_number(instant: dt.datetime) -> int:
    """UTC seconds since 1970-01-01; the instant must name its zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant names its zone")
    return int(instant.timestamp())


def instant_of(second: int) -> dt.datetime:
    """The UTC instant of a second number (works before 1970 too)."""
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=second)
