"""The map document: what lies around something, in columns, ready to draw.

Built from what the Gate let through, so a name that may not be shown is not there: such a person is "Person" and the
key of the id, or the pseudonym that the Gate put in the place of the name. A link is a claim: every tie carries the
sentence that states it, its standing, its reports' agencies and grades, and where to read the evidence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from graph.errors import UnknownWord
from graph.model import (
    Event,
    NodeId,
    NodeKind,
    NodeRecord,
    Operation,
    PeerGroup,
    Person,
    Place,
    Report,
    School,
    TracedObject,
    kind_of,
    years_between,
)
from graph.store import Neighbourhood, SeenTie
from graph.vocabulary import tie_types, vocabulary
from viz.layout import place

KIND_LABELS: Mapping[str, str] = {
    NodeKind.PERSON.value: "Person",
    NodeKind.PLACE.value: "Place",
    NodeKind.SCHOOL.value: "School",
    NodeKind.PEER_GROUP.value: "Peer group",
    NodeKind.OPERATION.value: "Operation",
    NodeKind.EVENT.value: "Event",
    NodeKind.VEHICLE.value: "Vehicle",
    NodeKind.PHONE.value: "Phone",
    NodeKind.ACCOUNT.value: "Online account",
}

#: ties to a peer group pull harder, so that its bubble is one
_MEMBER_PULL = 4.0

UrlOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class NodeColumns:
    """One entry a node, in the order of the neighbourhood."""

    id: Sequence[str]
    kind: Sequence[str]
    label: Sequence[str]
    #: abstract units, y down
    x: Sequence[float]
    y: Sequence[float]
    hop: Sequence[int]
    #: ties within the lens, drawn here or not
    degree: Sequence[int]
    #: community, 0 the largest
    group: Sequence[int]
    #: child, adult, unknown; None for what is not a person
    age_band: Sequence[str | None]
    detail: Sequence[str]
    url: Sequence[str | None]
    #: 1 when not expanded, or not wholly, because of its many ties
    hub: Sequence[int]


@dataclass(frozen=True, slots=True)
class TieColumns:
    """One entry a tie."""

    id: Sequence[str]
    #: node numbers
    source: Sequence[int]
    target: Sequence[int]
    type: Sequence[str]
    label: Sequence[str]
    #: the claim in words, names filled in
    sentence: Sequence[str]
    polarity: Sequence[str]
    standing: Sequence[str]
    #: first and last day, inclusive, ISO; None when open or not known
    start: Sequence[str | None]
    end: Sequence[str | None]
    #: number of reports within sight
    reports: Sequence[int]
    agencies: Sequence[Sequence[str]]
    grades: Sequence[Sequence[str]]
    qualifier: Sequence[str | None]
    url: Sequence[str | None]
    #: 1 when the claim could be misread the other way round (a parent and a child, not a child and a school): drawn
    #: with an arrow head
    directed: Sequence[int]


@dataclass(frozen=True, slots=True)
class PeerSet:
    """A peer group drawn as a bubble around its members."""

    id: str
    label: str
    members: Sequence[int]


@dataclass(frozen=True, slots=True)
class MapDocument:
    """Everything a page, a file or a printer needs to show one map."""

    id: str
    title: str
    kind: str
    seeds: Sequence[str]
    marking: str
    audience: str
    purpose: str
    #: ISO day and instants
    as_at: str | None
    known_at: str | None
    made_at: str
    nodes: NodeColumns
    ties: TieColumns
    sets: Sequence[PeerSet]
    type_labels: Mapping[str, str]
    kind_labels: Mapping[str, str]
    agency_labels: Mapping[str, str]
    #: numbers of nodes that were not expanded because of their many ties
    cut: Sequence[int]
    #: True when the limit of nodes stopped the growth
    truncated: bool
    #: suppressed counts a viewer is told of, by kind; None when nothing is said
    hidden: Mapping[str, str] | None = None

    def to_json_bytes(self) -> bytes:
        return orjson.dumps(self, option=orjson.OPT_SERIALIZE_NUMPY)


def map_document(
    neighbourhood: Neighbourhood,
    *,
    title: str,
    audience: str,
    purpose: str,
    marking: str,
    as_at: dt.date | None,
    known_at: dt.datetime | None,
    made_at: dt.datetime,
    url_of: UrlOf = lambda node_id: f"/entities/{node_id}",
    tie_url_of: UrlOf = lambda tie_id: f"/ties/{tie_id}",
    seed: int = 0,
    positions: Mapping[str, tuple[float, float]] | None = None,
) -> MapDocument:
    """The document of a neighbourhood. ``positions`` of nodes already on a map are kept; the rest are laid out."""
    nodes, ties = neighbourhood.nodes, neighbourhood.ties
    ids = [str(node.record.id) for node in nodes]
    row_of = {node_id: row for row, node_id in enumerate(ids)}
    labels = [label_of(node.record) for node in nodes]
    source = [row_of[tie.tie.source] for tie in ties]
    target = [row_of[tie.tie.target] for tie in ties]
    pull = np.array([_MEMBER_PULL if tie.tie.tie_type == "member_of" else 1.0 for tie in ties])
    drawn = place(ids, source, target, seed=seed, positions=positions, weights=pull)
    cut = [row_of[node_id] for node_id in neighbourhood.cut if node_id in row_of]
    day = as_at or made_at.date()
    first = neighbourhood.seeds[0] if neighbourhood.seeds else None
    cut_rows = set(cut)
    return MapDocument(
        id=str(first) if first else "map",
        title=title,
        kind=kind_of(first).value if first else "map",
        seeds=[str(node_id) for node_id in neighbourhood.seeds],
        marking=marking,
        audience=audience,
        purpose=purpose,
        as_at=as_at.isoformat() if as_at else None,
        known_at=_instant(known_at) if known_at else None,
        made_at=_instant(made_at),
        nodes=NodeColumns(
            id=ids,
            kind=[kind_of(node_id).value for node_id in ids],
            label=labels,
            x=drawn.x.tolist(),
            y=drawn.y.tolist(),
            hop=list(neighbourhood.hops),
            degree=[node.degree for node in nodes],
            group=drawn.group.tolist(),
            age_band=[_age_band(node.record, day) for node in nodes],
            detail=[detail_of(node.record, day) for node in nodes],
            url=[url_of(node_id) for node_id in ids],
            hub=[int(row in cut_rows) for row in range(len(ids))],
        ),
        ties=_tie_columns(ties, labels, source, target, tie_url_of),
        sets=_peer_sets(ties, ids, labels, source, target),
        type_labels={code: _type_label(code) for code in sorted({tie.tie.tie_type for tie in ties})},
        kind_labels=dict(KIND_LABELS),
        agency_labels={term.code: term.label for term in vocabulary("agency").terms},
        cut=cut,
        truncated=neighbourhood.truncated,
    )


def label_of(record: NodeRecord) -> str:
    """What a node is called on a map, as far as its record may be shown."""
    match record:
        case Person():
            name = " ".join(part for part in (record.given_name, record.family_name) if part)
        case Event():
            day = record.started_at
            name = _label("event_type", record.event_type) + (f", {_day(day.date())}" if day else "")
        case TracedObject():
            name = record.identifier or ""
        case Place() | School() | PeerGroup() | Operation():
            name = record.name or ""
    return plain(name) or f"{KIND_LABELS[kind_of(record.id).value]} {record.id.partition(':')[2]}"


def detail_of(record: NodeRecord, as_at: dt.date) -> str:
    """One short line about a node: what kind of person, place or event it is."""
    match record:
        case Person():
            return _person_detail(record, as_at)
        case Place():
            parts = [_label("place_type", record.place_type), record.postcode]
        case School():
            parts = [_label("phase", record.phase), _label("establishment_type", record.establishment_type)]
        case PeerGroup():
            parts = ["Peer group", _label("context", record.context) if record.context != "peer_group" else None]
        case Operation():
            parts = ["Operation", _label("strand", record.strand)]
        case Event():
            parts = ["Event", _label("strand", record.strand)]
        case TracedObject():
            parts = [KIND_LABELS[kind_of(record.id).value]]
    return ", ".join(plain(part) for part in parts if part)


def grade_of(report: Report) -> str:
    """The grade in its own scheme, "3x5x2 1 B"; the schemes are never mapped onto each other."""
    if report.grading_scheme == "none" or report.source_evaluation is None:
        return "not graded by police"
    return " ".join(filter(None, (report.grading_scheme, report.source_evaluation, report.information_assessment)))


def _person_detail(person: Person, as_at: dt.date) -> str:
    if person.died_on is not None and person.died_on <= as_at:
        return "Died"
    born = person.date_of_birth
    band = person.age_band(as_at).value
    if born is None:
        return "Age not known"
    youngest, oldest = years_between(born.latest, as_at), years_between(born.earliest, as_at)
    if oldest < 0:
        return "Not yet born"
    aged = f"aged {youngest}" if youngest == oldest else f"aged {max(youngest, 0)} or {oldest}"
    return f"{band.capitalize()}, {aged}"


def _age_band(record: NodeRecord, as_at: dt.date) -> str | None:
    return record.age_band(as_at).value if isinstance(record, Person) else None


def _tie_columns(
    ties: Sequence[SeenTie], labels: Sequence[str], source: Sequence[int], target: Sequence[int], url_of: UrlOf
) -> TieColumns:
    last = [tie.tie.period.end - dt.timedelta(days=1) if tie.tie.period.end else None for tie in ties]
    return TieColumns(
        id=[str(tie.tie.id) for tie in ties],
        source=source,
        target=target,
        type=[tie.tie.tie_type for tie in ties],
        label=[_tie_label(tie) for tie in ties],
        sentence=[_sentence(tie, labels[a], labels[b]) for tie, a, b in zip(ties, source, target, strict=True)],
        polarity=[tie.tie.polarity.value for tie in ties],
        standing=[tie.standing.value for tie in ties],
        start=[tie.tie.period.start.isoformat() if tie.tie.period.start else None for tie in ties],
        end=[day.isoformat() if day else None for day in last],
        reports=[len(tie.reports) for tie in ties],
        agencies=[sorted({report.agency for report in tie.reports}) for tie in ties],
        grades=[sorted({grade_of(report) for report in tie.reports}) for tie in ties],
        qualifier=[tie.tie.qualifier for tie in ties],
        url=[url_of(str(tie.tie.id)) for tie in ties],
        directed=[int(_may_be_misread(tie)) for tie in ties],
    )


def _may_be_misread(tie: SeenTie) -> bool:
    """Whether the same type of tie could also run the other way between ends of these kinds."""
    known = tie_types()[tie.tie.tie_type]
    forth, back = kind_of(tie.tie.source).value, kind_of(tie.tie.target).value
    return not known.symmetric and back in known.source_kinds and forth in known.target_kinds


def _role(tie: SeenTie) -> str | None:
    """The role in an event, in words; other qualifiers are free text and stay out of sentences."""
    return _label("role", tie.tie.qualifier).lower() if tie.tie.tie_type == "took_part_in" else None


def _tie_label(tie: SeenTie) -> str:
    label, role = _type_label(tie.tie.tie_type), _role(tie)
    return f"{label} ({role})" if role else label


def _sentence(tie: SeenTie, source: str, target: str) -> str:
    known = tie_types().get(tie.tie.tie_type)
    claim = known.say(source, target) if known else f"{source} and {target}: {tie.tie.tie_type}"
    role = _role(tie)
    return f"{claim} as {role}." if role else f"{claim}."


def _peer_sets(
    ties: Sequence[SeenTie], ids: Sequence[str], labels: Sequence[str], source: Sequence[int], target: Sequence[int]
) -> list[PeerSet]:
    members: dict[int, set[int]] = {}
    for tie, person, group in zip(ties, source, target, strict=True):
        if tie.tie.tie_type == "member_of" and kind_of(NodeId(ids[group])) is NodeKind.PEER_GROUP:
            members.setdefault(group, set()).add(person)
    return [PeerSet(ids[group], labels[group], sorted(found)) for group, found in sorted(members.items())]


def _type_label(code: str) -> str:
    known = tie_types().get(code)
    return known.label if known else code.replace("_", " ").capitalize()


def _label(list_name: str, code: str | None) -> str:
    if code is None:
        return ""
    try:
        return vocabulary(list_name).label(code)
    except UnknownWord:
        return ""


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def day_in_words(iso: str) -> str:
    """ "3 January 2026" for an ISO day or instant."""
    return _day(dt.date.fromisoformat(iso[:10]))


def period_in_words(start: str | None, end: str | None) -> str:
    """When it was so, from ISO days, both inclusive."""
    if start and end:
        both = f"from {day_in_words(start)} to {day_in_words(end)}"
        return f"on {day_in_words(start)}" if start == end else both
    if start:
        return f"since {day_in_words(start)}"
    return f"until {day_in_words(end)}" if end else "dates not known"


def support_in_words(document: MapDocument, tie: int) -> str:
    """Number of reports, agencies and grades of a tie."""
    ties = document.ties
    count = ties.reports[tie]
    if not count:
        return "no report that may be seen"
    agencies = ", ".join(document.agency_labels.get(code, code) for code in ties.agencies[tie])
    return f"{count} report{'' if count == 1 else 's'}; {agencies}; {'; '.join(ties.grades[tie])}"


#: characters that turn the direction of text or break a line: a name must not rearrange what stands beside it
_TURNING = (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_BREAKING = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
_PLAIN: dict[int, str] = dict.fromkeys(_TURNING, "") | dict.fromkeys(_BREAKING, " ")


def plain(text: str) -> str:
    """A text for display: without control characters and marks that turn the direction of what follows."""
    return " ".join(text.translate(_PLAIN).split())


def _instant(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
