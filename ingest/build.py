"""From checked chunks to record blocks: one function a table, and the reports stated within rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import eq, itemgetter
from typing import Any

from graph.model import NodeKind
from graph.records import RecordKind, Row
from graph.vocabulary import tie_types
from ingest.resolve import References
from ingest.schemas import OBJECT_TYPES, TABLE_BY_NAME
from ingest.validate import ChunkCheck

_ANY = tuple(NodeKind)
_PLACES = (NodeKind.PLACE, NodeKind.SCHOOL)
_INLINE = tuple(
    column.name for column in TABLE_BY_NAME["events"].columns if TABLE_BY_NAME["reports"].column(column.name)
)[1:]
Columns = tuple[Sequence[Any], ...]


@dataclass(slots=True)
class Built:
    """Columns of the records of a chunk, rows with problems included."""

    #: in the order of the record's columns; the first is the id
    columns: Columns
    #: (position, report) of the reports stated within rows
    reports: list[tuple[int, Row]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What building a row needs to know beyond its chunk."""

    references: References
    #: agency of rows that have to name one and do not
    agency: str | None = None


Builder = Callable[[ChunkCheck, Surroundings], Built]


def digest_of(parts: Sequence[str]) -> str:
    """24 hexadecimal digits standing for the content of a row."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _places(check: ChunkCheck, _: Surroundings) -> Built:
    east, north = check.position()
    return Built(
        (
            check.keys("place_id", (NodeKind.PLACE,)),
            check.values("name"),
            check.values("place_type"),
            east,
            north,
            *map(check.values, ("precision", "postcode", "uprn", "ward_code", "ward_vintage")),
        )
    )


def _schools(check: ChunkCheck, _: Surroundings) -> Built:
    east, north = check.position()
    start, end = check.period("opened_on", "closed_on")
    return Built(
        (
            check.keys("urn", (NodeKind.SCHOOL,)),
            *map(check.values, ("name", "establishment_type", "phase")),
            east,
            north,
            check.values("postcode"),
            start,
            end,
        )
    )


def _people(check: ChunkCheck, around: Surroundings) -> Built:
    born = check.values("date_of_birth")
    address = check.references("address_place_id", _PLACES)
    check.unknown("address_place_id", address, around.references.unknown_nodes(address))
    return Built(
        (
            check.keys("person_id", (NodeKind.PERSON,)),
            check.values("given_name"),
            check.values("family_name"),
            check.values("also_known_as"),
            [date and date[0] for date in born],
            [date and date[1] for date in born],
            *map(
                check.values,
                ("sex", "ethnicity", "nhs_number", "upn", "home_authority", "placing_authority", "host_authority"),
            ),
            address,
            check.values("protected_address"),
            check.values("send"),
            check.values("died_on"),
        )
    )


def _peer_groups(check: ChunkCheck, _: Surroundings) -> Built:
    return Built((check.keys("peer_group_id", (NodeKind.PEER_GROUP,)), check.values("name"), check.values("context")))


def _operations(check: ChunkCheck, _: Surroundings) -> Built:
    start, end = check.period("opened_on", "closed_on")
    return Built(
        (
            check.keys("operation_id", (NodeKind.OPERATION,)),
            *map(check.values, ("name", "lead_agency", "strand")),
            start,
            end,
            check.values("restricted"),
        )
    )


def _objects(check: ChunkCheck, _: Surroundings) -> Built:
    kinds = check.values("object_type")
    keys = check.keys("object_id")
    ids = []
    for position, (kind, key) in enumerate(zip(kinds, keys, strict=True)):
        if kind is not None and kind not in OBJECT_TYPES:
            check.fault(position, "object_type", "unknown_word", f"not one of {' '.join(OBJECT_TYPES)}")
        ids.append(key if not key or key.startswith(f"{kind}:") else f"{kind}:{key}")
    return Built((ids, check.values("identifier")))


def _graded(check: ChunkCheck) -> tuple[list[Any], ...]:
    scheme = check.values("grading_scheme")
    source, assessment = check.grades(scheme)
    scheme = [word or "none" for word in scheme]
    handling = [word or "P" for word in check.values("handling")]
    conditions = check.values("conditions")
    closed = sum(code == "C" and not words for code, words in zip(handling, conditions, strict=True))
    if closed:
        message = "handling code C without conditions: only the agency and hub analysts will see it"
        check.note("handling", message, closed)
    return scheme, source, assessment, handling, conditions, check.values("basis")


def _reports(check: ChunkCheck, _: Surroundings) -> Built:
    keys = check.keys("report_id")
    for position, key in enumerate(keys):
        if ";" in key:
            check.fault(position, "report_id", "bad_id", "the id of a report holds no semicolon")
    start, end = check.period("occurred_from", "occurred_to", days=False)
    return Built(
        (
            keys,
            *map(check.values, ("agency", "system", "reference", "author_role")),
            start,
            end,
            check.values("recorded_at"),
            *_graded(check),
        )
    )


def _events(check: ChunkCheck, around: Surroundings) -> Built:
    keys = check.keys("event_id", (NodeKind.EVENT,))
    start, end = check.period("started_at", "ended_at", days=False)
    places = []
    for name in ("place_id", "from_place_id"):
        ids = check.references(name, _PLACES)
        check.unknown(name, ids, around.references.unknown_nodes(ids))
        places.append(ids)
    east, north = check.position()
    reports, stated = _evidence(check, around, [key.partition(":")[2] for key in keys])
    words = map(check.values, ("event_type", "detail", "strand"))
    return Built((keys, *words, start, end, *places, east, north, _one(check, reports)), stated)


def _participants(check: ChunkCheck, around: Surroundings) -> Built:
    events = check.references("event_id", (NodeKind.EVENT,))
    check.unknown("event_id", events, around.references.unknown_nodes(events))
    entities = check.references("entity_id", _ANY)
    check.unknown("entity_id", entities, around.references.unknown_nodes(entities))
    roles = check.values("role")
    # the same part told by two reports is two claims that support each other
    told = check.raw("report_id") if check.has("report_id") else [""] * check.size
    ids = [
        f"{event}/{entity}/{role}/{report}" if report else f"{event}/{entity}/{role}"
        for event, entity, role, report in zip(events, entities, roles, told, strict=True)
    ]
    reports, stated = _evidence(check, around, ids)
    return Built((ids, events, entities, roles, _one(check, reports)), stated)


def _episodes(check: ChunkCheck, around: Surroundings) -> Built:
    people = check.references("person_id", (NodeKind.PERSON,))
    check.unknown("person_id", people, around.references.unknown_nodes(people))
    start, end = check.period("started_on", "ended_on")
    types, details, strands = map(check.values, ("episode_type", "detail", "strand"))
    ids = check.keys("episode_id", required=False)
    if "" in ids:
        # an episode is closed later: its last day must not change which episode it is
        content = zip(people, types, details, strands, start, strict=True)
        ids = [key or digest_of([str(part) for part in parts]) for key, parts in zip(ids, content, strict=True)]
    reports, stated = _evidence(check, around, ids)
    return Built((ids, people, types, details, strands, start, end, _one(check, reports)), stated)


#: cells that make the id of a link which has none
_LINK_CONTENT = ("source_id", "target_id", "link_type", "qualifier", "polarity", "started_on", "ended_on")


def link_keys(check: ChunkCheck) -> list[str]:
    """Ids of links: the source's own, or one made from what the row claims (its reports not included)."""
    keys = check.keys("link_id", required=False)
    if "" not in keys:
        return keys
    content = zip(*map(check.raw, _LINK_CONTENT), strict=True)
    return [key or digest_of(parts) for key, parts in zip(keys, content, strict=True)]


def _links(check: ChunkCheck, around: Surroundings) -> Built:
    ids = link_keys(check)
    sources, targets = check.references("source_id", _ANY), check.references("target_id", _ANY)
    unknown = around.references.unknown_nodes([*sources, *targets])
    check.unknown("source_id", sources, unknown)
    check.unknown("target_id", targets, unknown)
    types = check.values("link_type")
    _ends(check, types, sources, targets)
    stated_polarity = check.values("polarity")
    usual = {code: tie.default_polarity for code, tie in tie_types().items()}
    polarity = [word or usual.get(kind) for word, kind in zip(stated_polarity, types, strict=True)]
    start, end = check.period("started_on", "ended_on")
    reports, stated = _evidence(check, around, ids)
    qualifier, confidence = check.values("qualifier"), check.values("confidence")
    columns = (ids, sources, targets, types, qualifier, polarity, start, end, reports, confidence)
    return Built(columns, stated)


def _ends(check: ChunkCheck, types: Sequence[Any], sources: Sequence[Any], targets: Sequence[Any]) -> None:
    from_kinds, to_kinds = _kinds(sources), _kinds(targets)
    wrong = {}
    for kind, source, target in set(zip(types, from_kinds, to_kinds, strict=True)):
        if kind is None:
            continue
        meaning = tie_types()[kind]
        if _KIND_OF_MARK.get(source, source) not in {"", *meaning.source_kinds}:
            wrong[kind, source, target] = ("source_id", f"{kind} starts from {_or(meaning.source_kinds)}")
        elif _KIND_OF_MARK.get(target, target) not in {"", *meaning.target_kinds}:
            wrong[kind, source, target] = ("target_id", f"{kind} leads to {_or(meaning.target_kinds)}")
    if wrong:
        for position, combination in enumerate(zip(types, from_kinds, to_kinds, strict=True)):
            if combination not in wrong:
                continue
            column, message = wrong[combination]
            if not check.said(position, column):
                check.fault(position, column, "wrong_kind", message)
    same = map(eq, sources, targets)
    for position in compress(range(check.size), same):
        if sources[position] is not None:
            check.fault(position, "target_id", "self_link", "both ends are the same")


#: the kinds differ in their first two letters, and taking two letters off five million ids is what costs
_MARK: Any = itemgetter(slice(0, 2))
_KIND_OF_MARK = {kind.value[:2]: kind.value for kind in NodeKind}


def _kinds(ends: Sequence[str | None]) -> list[str]:
    """A mark for the kind of each end, "" where there is none."""
    return list(map(_MARK, [end or "" for end in ends] if None in ends else ends))


def _or(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))


def _localities(check: ChunkCheck, _: Surroundings) -> Built:
    words = map(check.values, ("name", "locality_type", "authority_code", "vintage"))
    outlines = check.chunk.geometries or [b""] * check.size
    return Built((check.keys("locality_id"), *words, outlines))


def _in_locality(check: ChunkCheck, around: Surroundings) -> list[str]:
    ids = check.keys("locality_id")
    known: list[str | None] = [key or None for key in ids]
    check.unknown("locality_id", known, around.references.unknown(RecordKind.LOCALITY, known))
    return ids


def _exposure(check: ChunkCheck, around: Surroundings) -> Built:
    areas = _in_locality(check, around)
    start, end = check.period("period_from", "period_to")
    ids = _joined(areas, start, end)
    return Built((ids, areas, check.values("exposure"), start, end))


def _populations(check: ChunkCheck, around: Surroundings) -> Built:
    areas = _in_locality(check, around)
    parts = [check.values(name) for name in ("age_band", "sex", "ethnicity")]
    return Built((_joined(areas, *parts), areas, *parts, check.values("population")))


def _joined(*columns: Sequence[Any]) -> list[str]:
    return ["/".join("" if part is None else str(part) for part in parts) for parts in zip(*columns, strict=True)]


def _one(check: ChunkCheck, reports: Sequence[tuple[str, ...]]) -> list[str | None]:
    """The single report that an event, episode or part in an event rests on."""
    for position, ids in enumerate(reports):
        if len(ids) > 1:
            check.fault(position, "report_id", "too_many_reports", "only a link may name several reports")
    return [ids[0] if ids else None for ids in reports]


def _evidence(
    check: ChunkCheck, around: Surroundings, keys: Sequence[str]
) -> tuple[list[tuple[str, ...]], list[tuple[int, Row]]]:
    """Report ids of each row, and the reports that rows state themselves."""
    named = _named_reports(check, around)
    if not any(map(check.has, _INLINE)):
        required = check.table.report_required and around.agency is None
        if check.table.report_required:
            bare = [position for position, ids in enumerate(named) if not ids]
            if required:
                for position in bare:
                    check.fault(position, "report_id", "missing", _NO_REPORT)
            elif bare:
                return _stated(check, around, keys, named, bare)
        return named, []
    wanted = _rows_with_inline_report(check, around, named)
    return _stated(check, around, keys, named, wanted) if wanted else (named, [])


_NO_REPORT = "a link is a claim: name its report (report_id) or its agency and grading"


def _named_reports(check: ChunkCheck, around: Surroundings) -> list[tuple[str, ...]]:
    if not check.has("report_id"):
        return [()] * check.size
    cells = check.raw("report_id")
    named: list[tuple[str, ...]]
    if any(";" in cell for cell in cells):
        named = [tuple(dict.fromkeys(filter(None, map(str.strip, cell.split(";"))))) for cell in cells]
    else:
        named = [(cell,) if cell else () for cell in cells]
    every: list[str | None] = [report for reports in named for report in reports]
    unknown = around.references.unknown(RecordKind.REPORT, every)
    if unknown:
        for position, reports in enumerate(named):
            for report in reports:
                if report in unknown:
                    check.fault(position, "report_id", "unknown_reference", unknown[report])
    return named


def _rows_with_inline_report(
    check: ChunkCheck, around: Surroundings, named: Sequence[tuple[str, ...]]
) -> Sequence[int]:
    inline = [check.raw(name) for name in _INLINE if check.has(name)]
    if not any(named) and check.has("agency") and "" not in check.raw("agency"):
        return range(check.size)
    wanted, beside = [], 0
    agencies = check.raw("agency")
    required = check.table.report_required
    for position, reports in enumerate(named):
        filled = any(cells[position] for cells in inline)
        if reports:
            beside += filled
        elif (filled or required) and not agencies[position] and around.agency is None:
            column, message = ("agency", "a report needs its agency") if filled else ("report_id", _NO_REPORT)
            check.fault(position, column, "missing", message)
        elif filled or required:
            wanted.append(position)
    if beside:
        check.note("report_id", "agency and grading beside report_id are those of the report and were not read", beside)
    return wanted


def _stated(
    check: ChunkCheck,
    around: Surroundings,
    keys: Sequence[str],
    named: Sequence[tuple[str, ...]],
    wanted: Sequence[int],
) -> tuple[list[tuple[str, ...]], list[tuple[int, Row]]]:
    agencies = [agency or around.agency for agency in check.values("agency")]
    prefix = check.table.name + ":"
    ids = [f"{prefix}{key}:{agency}" for key, agency in zip(keys, agencies, strict=True)]
    system, reference, author, recorded = map(check.values, ("system", "reference", "author_role", "recorded_at"))
    nothing: list[None] = [None] * check.size
    rows = list(zip(ids, agencies, system, reference, author, nothing, nothing, recorded, *_graded(check), strict=True))
    if len(wanted) == check.size:
        return [(report,) for report in ids], list(enumerate(rows))
    answer = list(named)
    for position in wanted:
        answer[position] = (ids[position],)
    return answer, [(position, rows[position]) for position in wanted]


BUILDERS: dict[RecordKind, Builder] = {
    RecordKind.PLACE: _places,
    RecordKind.SCHOOL: _schools,
    RecordKind.PERSON: _people,
    RecordKind.PEER_GROUP: _peer_groups,
    RecordKind.OPERATION: _operations,
    RecordKind.OBJECT: _objects,
    RecordKind.REPORT: _reports,
    RecordKind.EVENT: _events,
    RecordKind.PARTICIPATION: _participants,
    RecordKind.EPISODE: _episodes,
    RecordKind.TIE: _links,
    RecordKind.LOCALITY: _localities,
    RecordKind.EXPOSURE: _exposure,
    RecordKind.POPULATION: _populations,
}
