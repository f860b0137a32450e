"""The files of the exchange bundle as data: their columns, what each cell may hold, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from graph.model import NodeKind
from graph.records import RecordKind
from graph.vocabulary import vocabulary


class CellKind(StrEnum):
    """What a cell may hold."""

    #: the row's own id; bare or typed
    KEY = "key"
    #: id of another record; bare when only one kind can be meant
    REFERENCE = "reference"
    TEXT = "text"
    #: texts separated by semicolons
    LIST = "list"
    #: a word of a controlled list
    WORD = "word"
    #: a word of a controlled list, or other text, which is kept and said
    OPEN_WORD = "open_word"
    #: name of an agency
    AGENCY = "agency"
    DAY = "day"
    #: last day of a period; it still counts
    LAST_DAY = "last_day"
    BIRTH_DATE = "birth_date"
    INSTANT = "instant"
    YES_NO = "yes_no"
    #: a coordinate
    COORDINATE = "coordinate"
    #: 0 to 1
    FRACTION = "fraction"
    #: 0 or more
    AMOUNT = "amount"
    #: a whole number, 0 or more
    COUNT = "count"
    POSTCODE = "postcode"
    NHS_NUMBER = "nhs_number"
    #: one or more report ids separated by semicolons
    REPORTS = "reports"
    #: an outline of areas
    GEOMETRY = "geometry"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a bundle file."""

    name: str
    kind: CellKind
    #: what it says
    meaning: str
    required: bool = False
    #: name of the controlled list its words come from
    vocabulary: str | None = None
    #: kinds of node a reference may name; the first one is meant by a bare id
    refers_to: tuple[NodeKind, ...] = ()
    #: carries a name or free text about people, so that no message may repeat it
    sensitive: bool = False
    #: accepted second name of the header
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One file of the bundle."""

    #: file name without its ending
    name: str
    record: RecordKind
    meaning: str
    columns: tuple[Column, ...]
    #: a report is demanded, not only welcome
    report_required: bool = False
    #: ending of the file's name
    ending: str = ".csv"

    @property
    def file_name(self) -> str:
        return self.name + self.ending

    def column(self, name: str) -> Column | None:
        """The column with that header, or None."""
        return _columns_of(self).get(name)


def _columns_of(table: Table) -> Mapping[str, Column]:
    found = _BY_HEADER.get(table.name)
    if found is None:
        found = {column.name: column for column in table.columns}
        found |= {column.alias: column for column in table.columns if column.alias}
        _BY_HEADER[table.name] = found
    return found


_BY_HEADER: dict[str, dict[str, Column]] = {}

_PLACES = (NodeKind.PLACE, NodeKind.SCHOOL)
_C = CellKind


def _coordinates(when: str = "") -> tuple[Column, ...]:
    return (
        Column("easting", _C.COORDINATE, f"metres east, British National Grid (EPSG:27700){when}"),
        Column("northing", _C.COORDINATE, f"metres north, British National Grid (EPSG:27700){when}"),
        Column("longitude", _C.COORDINATE, f"degrees east, WGS84; instead of easting{when}"),
        Column("latitude", _C.COORDINATE, f"degrees north, WGS84; instead of northing{when}"),
    )


def _grading() -> tuple[Column, ...]:
    return (
        Column("agency", _C.AGENCY, "agency whose information it is"),
        Column("system", _C.TEXT, "system it is kept in"),
        Column("reference", _C.TEXT, "the agency's own reference; never a source's name", sensitive=True),
        Column("author_role", _C.OPEN_WORD, "role of who wrote it", vocabulary="author_role"),
        Column("recorded_at", _C.INSTANT, "when the agency recorded it"),
        Column("grading_scheme", _C.WORD, "3x5x2, 5x5x5 or none", vocabulary="grading_scheme"),
        Column("source_evaluation", _C.TEXT, "evaluation of the source in that scheme"),
        Column("information_assessment", _C.TEXT, "assessment of the information in that scheme"),
        Column("handling", _C.WORD, "P, or C with conditions", vocabulary="handling"),
        Column("conditions", _C.TEXT, "operation:ID; agency:NAME; until:YYYY-MM-DD", sensitive=True),
        Column("basis", _C.WORD, "fact, opinion or allegation", vocabulary="basis"),
    )


def _report() -> tuple[Column, ...]:
    """Columns that name a report or state one within the row."""
    return (
        Column("report_id", _C.REPORTS, "report it rests on; several separated by ;", alias="report"),
        *_grading(),
    )


TABLES: tuple[Table, ...] = (
    Table(
        "places",
        RecordKind.PLACE,
        "Places: homes, parks, takeaways, stations and so on",
        (
            Column("place_id", _C.KEY, "the source's own id", True),
            Column("name", _C.TEXT, "name of the place", sensitive=True),
            Column("place_type", _C.WORD, "what kind of place", vocabulary="place_type"),
            *_coordinates(),
            Column("precision", _C.WORD, "how exact the position is", vocabulary="location_precision"),
            Column("postcode", _C.POSTCODE, "postcode"),
            Column("uprn", _C.TEXT, "unique property reference number"),
            Column("ward_code", _C.TEXT, "code of the ward"),
            Column("ward_vintage", _C.TEXT, "year of the ward boundaries"),
        ),
    ),
    Table(
        "schools",
        RecordKind.SCHOOL,
        "Schools and colleges, by unique reference number",
        (
            Column("urn", _C.KEY, "unique reference number", True),
            Column("name", _C.TEXT, "name of the school", sensitive=True),
            Column(
                "establishment_type",
                _C.OPEN_WORD,
                "GIAS type of establishment, by code",
                vocabulary="establishment_type",
            ),
            Column("phase", _C.OPEN_WORD, "phase of education", vocabulary="phase"),
            *_coordinates(),
            Column("postcode", _C.POSTCODE, "postcode"),
            Column("opened_on", _C.DAY, "first day"),
            Column("closed_on", _C.LAST_DAY, "last day"),
        ),
    ),
    Table(
        "people",
        RecordKind.PERSON,
        "People, children and adults alike",
        (
            Column("person_id", _C.KEY, "the source's own id", True),
            Column("given_name", _C.TEXT, "given name", sensitive=True),
            Column("family_name", _C.TEXT, "family name", sensitive=True),
            Column("also_known_as", _C.LIST, "other names used, separated by ;", sensitive=True),
            Column("date_of_birth", _C.BIRTH_DATE, "YYYY-MM-DD, YYYY-MM or YYYY", sensitive=True),
            Column("sex", _C.WORD, "F, M or U", vocabulary="sex"),
            Column("ethnicity", _C.WORD, "DfE ethnicity code", vocabulary="ethnicity"),
            Column("nhs_number", _C.NHS_NUMBER, "NHS number", sensitive=True),
            Column("upn", _C.TEXT, "unique pupil number", sensitive=True),
            Column("home_authority", _C.TEXT, "local authority the child comes from"),
            Column("placing_authority", _C.TEXT, "local authority responsible for a placement"),
            Column("host_authority", _C.TEXT, "local authority where the child now lives"),
            Column("address_place_id", _C.REFERENCE, "place of residence", refers_to=_PLACES),
            Column("protected_address", _C.YES_NO, "1 when the address must not be known"),
            Column("send", _C.YES_NO, "1 when special educational needs or disability are recorded"),
            Column("died_on", _C.DAY, "day of death"),
        ),
    ),
    Table(
        "peer_groups",
        RecordKind.PEER_GROUP,
        "Groups of young people who share a context; never a gang list",
        (
            Column("peer_group_id", _C.KEY, "the source's own id", True),
            Column("name", _C.TEXT, "name of the group", sensitive=True),
            Column("context", _C.WORD, "what they share", vocabulary="context"),
        ),
    ),
    Table(
        "operations",
        RecordKind.OPERATION,
        "Operations: pieces of joint work with their own membership",
        (
            Column("operation_id", _C.KEY, "the source's own id", True),
            Column("name", _C.TEXT, "name of the operation", sensitive=True),
            Column("lead_agency", _C.AGENCY, "agency in the lead"),
            Column("strand", _C.WORD, "strand of exploitation or violence", vocabulary="strand"),
            Column("opened_on", _C.DAY, "first day"),
            Column("closed_on", _C.LAST_DAY, "last day"),
            Column("restricted", _C.YES_NO, "1 when only members may know of it"),
        ),
    ),
    Table(
        "objects",
        RecordKind.OBJECT,
        "Vehicles, phones and online accounts",
        (
            Column("object_id", _C.KEY, "the source's own id", True),
            Column("object_type", _C.TEXT, "vehicle, phone or account", True),
            Column("identifier", _C.TEXT, "registration, number or handle", sensitive=True),
        ),
    ),
    Table(
        "reports",
        RecordKind.REPORT,
        "Items of information, each by one agency, graded in its own scheme",
        (
            Column("report_id", _C.KEY, "the agency's own id", True),
            Column("agency", _C.AGENCY, "agency whose information it is", True),
            *(column for column in _grading() if column.name != "agency"),
            Column("occurred_from", _C.INSTANT, "start of what it tells about"),
            Column("occurred_to", _C.INSTANT, "end of what it tells about"),
        ),
    ),
    Table(
        "events",
        RecordKind.EVENT,
        "What happened: missing episodes, incidents, meetings and so on",
        (
            Column("event_id", _C.KEY, "the source's own id", True),
            Column("event_type", _C.WORD, "what kind of event", True, "event_type"),
            Column("detail", _C.TEXT, "further word or text", sensitive=True),
            Column("strand", _C.WORD, "strand of exploitation or violence", vocabulary="strand"),
            Column("started_at", _C.INSTANT, "when it began", True),
            Column("ended_at", _C.INSTANT, "when it ended"),
            Column(
                "place_id",
                _C.REFERENCE,
                "where it happened; for a missing episode where the child was found",
                refers_to=_PLACES,
            ),
            Column("from_place_id", _C.REFERENCE, "where the child went missing from", refers_to=_PLACES),
            *_coordinates("; when there is no place record"),
            *_report(),
        ),
    ),
    Table(
        "participants",
        RecordKind.PARTICIPATION,
        "Who or what had which part in one event, and in that event only",
        (
            Column("event_id", _C.REFERENCE, "the event", True, refers_to=(NodeKind.EVENT,)),
            Column("entity_id", _C.REFERENCE, "typed id of who or what took part", True, refers_to=tuple(NodeKind)),
            Column("role", _C.WORD, "the part", True, "role"),
            *_report(),
        ),
    ),
    Table(
        "episodes",
        RecordKind.EPISODE,
        "Dated status of a person",
        (
            Column("episode_id", _C.KEY, "the source's own id; made from the content when empty"),
            Column("person_id", _C.REFERENCE, "the person", True, refers_to=(NodeKind.PERSON,)),
            Column("episode_type", _C.WORD, "what kind of status", True, "episode_type"),
            Column("detail", _C.TEXT, "further word or text", sensitive=True),
            Column("strand", _C.WORD, "strand of exploitation or violence", vocabulary="strand"),
            Column("started_on", _C.DAY, "first day", True),
            Column("ended_on", _C.LAST_DAY, "last day; empty when it goes on"),
            *_report(),
        ),
    ),
    Table(
        "links",
        RecordKind.TIE,
        "Claims that two people, places or things are connected, each with its report",
        (
            Column("link_id", _C.KEY, "the source's own id; made from the content when empty"),
            Column("source_id", _C.REFERENCE, "typed id of one end", True, refers_to=tuple(NodeKind)),
            Column("target_id", _C.REFERENCE, "typed id of the other end", True, refers_to=tuple(NodeKind)),
            Column("link_type", _C.WORD, "what the connection is", True, "link_type"),
            Column("qualifier", _C.TEXT, "further word or text", sensitive=True),
            Column("polarity", _C.WORD, "concern, neutral or protective; by type if empty", vocabulary="polarity"),
            Column("started_on", _C.DAY, "first day"),
            Column("ended_on", _C.LAST_DAY, "last day"),
            *_report(),
            Column("confidence", _C.FRACTION, "0 to 1, as the source states it"),
        ),
        report_required=True,
    ),
    Table(
        "localities",
        RecordKind.LOCALITY,
        "Areas with a boundary (Polygon or MultiPolygon, CRS84 or EPSG:27700)",
        (
            Column("locality_id", _C.KEY, "code of the area", True),
            Column("name", _C.TEXT, "name of the area", True),
            Column("locality_type", _C.OPEN_WORD, "what kind of area", vocabulary="locality_type"),
            Column("authority_code", _C.TEXT, "code of the local authority"),
            Column("vintage", _C.TEXT, "year of the boundaries"),
            Column("geometry", _C.GEOMETRY, "the outline", True),
        ),
        ending=".geojson",
    ),
    Table(
        "exposure",
        RecordKind.EXPOSURE,
        "People present in an area, against whom a rate is measured",
        (
            Column("locality_id", _C.REFERENCE, "the area", True),
            Column("exposure", _C.AMOUNT, "ambient people at risk", True),
            Column("period_from", _C.DAY, "first day"),
            Column("period_to", _C.LAST_DAY, "last day"),
        ),
    ),
    Table(
        "populations",
        RecordKind.POPULATION,
        "Residents of an area by age, sex and ethnicity",
        (
            Column("locality_id", _C.REFERENCE, "the area", True),
            Column("age_band", _C.TEXT, "ages, such as 10-17"),
            Column("sex", _C.WORD, "F, M or U", vocabulary="sex"),
            Column("ethnicity", _C.WORD, "DfE ethnicity code", vocabulary="ethnicity"),
            Column("population", _C.COUNT, "number of people", True),
        ),
    ),
)

TABLE_BY_NAME: Mapping[str, Table] = MappingProxyType({table.name: table for table in TABLES})
TABLE_OF_RECORD: Mapping[RecordKind, Table] = MappingProxyType({table.record: table for table in TABLES})

#: column that a file of rejected rows begins with; ignored when the corrected file is loaded
REASONS_COLUMN = "kith_reasons"


@dataclass(frozen=True, slots=True)
class ColumnDescription:
    """A column as told to users."""

    name: str
    required: bool
    kind: str
    meaning: str
    #: words it may hold; empty when any text
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDescription:
    """A file of a format as told to users."""

    file: str
    meaning: str
    columns: tuple[ColumnDescription, ...]


@dataclass(frozen=True, slots=True)
class FormatDescription:
    """A format that ``load`` reads."""

    name: str
    meaning: str
    files: tuple[FileDescription, ...]


def describe_formats() -> tuple[FormatDescription, ...]:
    """Every format that ``load`` reads, with its files, columns and words."""
    bundle = FormatDescription(
        "bundle",
        "Folder or zip of CSV files (or a workbook with sheets of these names) and GeoJSON areas; any may be absent",
        tuple(_describe(table) for table in TABLES),
    )
    mapped = FormatDescription(
        "mapping", "Any CSV, Excel or GeoJSON file, read through a mapping file (YAML) into the columns above", ()
    )
    return bundle, mapped


def _describe(table: Table) -> FileDescription:
    columns = tuple(
        ColumnDescription(column.name, column.required, column.kind.value, column.meaning, _words(column))
        for column in table.columns
    )
    return FileDescription(table.file_name, table.meaning, columns)


def _words(column: Column) -> tuple[str, ...]:
    if column.name == "object_type":
        return OBJECT_TYPES
    if column.vocabulary is None:
        return ()
    return tuple(term.code for term in vocabulary(column.vocabulary).terms)


#: node kinds that objects.csv may hold
OBJECT_TYPES = (NodeKind.VEHICLE.value, NodeKind.PHONE.value, NodeKind.ACCOUNT.value)
