"""The page of one person, place, school, peer group, operation, event or object."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from api.views.words import (
    Claim,
    Link,
    claim_of,
    day_words,
    entity_url,
    instant_words,
    link_to,
    merged_claims,
    partial_date_words,
    period_words,
    sources_words,
    term,
)
from graph.model import (
    AgeBand,
    Event,
    NodeId,
    NodeKind,
    Operation,
    PeerGroup,
    Person,
    Place,
    Polarity,
    School,
    TracedObject,
    Version,
    kind_of,
    years_between,
)
from graph.store import Entity, SeenTie
from graph.vocabulary import tie_types
from viz.elements import KIND_LABELS, label_of

#: claims on the page in one group before the rest is only counted
SHOWN_PER_GROUP = 200
SHOWN_IN_TIMELINE = 200

#: family of tie -> heading, in the order of the page
_GROUPS: tuple[tuple[str, str], ...] = (
    ("contact_of_concern", "Reported contact and harm by others"),
    ("friendship", "Friends and peers"),
    ("co_presence", "Seen together or in contact"),
    ("group", "Peer groups"),
    ("kinship", "Family"),
    ("household", "Household"),
    ("place", "Places"),
    ("object", "Vehicles, phones and online accounts"),
    ("professional", "Professionals and support"),
    ("operation", "Operations"),
    ("structural", "Part in events"),
)
#: structural ties that a timeline tells already, by kind of the node whose page it is
_TOLD_BY_TIMELINE: Mapping[NodeKind, frozenset[str]] = {
    NodeKind.PERSON: frozenset({"took_part_in"}),
    NodeKind.PLACE: frozenset({"occurred_at", "went_missing_from"}),
    NodeKind.SCHOOL: frozenset({"occurred_at", "went_missing_from"}),
    NodeKind.PEER_GROUP: frozenset({"took_part_in"}),
    NodeKind.VEHICLE: frozenset({"took_part_in"}),
    NodeKind.PHONE: frozenset({"took_part_in"}),
    NodeKind.ACCOUNT: frozenset({"took_part_in"}),
}
_TIMELINE_TITLES: Mapping[NodeKind, str] = {
    NodeKind.PLACE: "What is recorded here",
    NodeKind.SCHOOL: "What is recorded here",
}


@dataclass(frozen=True, slots=True)
class Tag:
    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of a timeline."""

    when: str
    text: str
    note: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimGroup:
    title: str
    claims: tuple[Claim, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class EntityPage:
    """What the template lays out."""

    kind: str
    title: str
    tags: tuple[Tag, ...]
    rows: tuple[tuple[str, str], ...]
    child_notice: str | None
    strengths: tuple[Claim, ...]
    groups: tuple[ClaimGroup, ...]
    timeline_title: str
    timeline: tuple[Moment, ...]
    source: str
    history: tuple[str, ...]
    links: Mapping[NodeId, Link] = field(default_factory=dict)


_AGE_STYLE: Mapping[AgeBand, str] = {AgeBand.CHILD: "child"}


def entity_page(found: Entity, as_at: dt.date) -> EntityPage:
    """The page of what the gate let through; ``as_at`` decides who is a child and which status is shown."""
    record = found.node.record
    title = label_of(record)
    protective = [seen for seen in found.ties if seen.tie.polarity is Polarity.PROTECTIVE]
    strengths = merged_claims(_claim(seen, found, as_at) for seen in protective)
    return EntityPage(
        kind=KIND_LABELS[kind_of(record.id).value],
        title=title,
        tags=tuple(_tags(found, as_at)),
        rows=tuple(_rows(found)),
        child_notice=_child_notice(found, as_at),
        strengths=strengths[:SHOWN_PER_GROUP],
        groups=tuple(_groups(found, as_at)),
        timeline_title=_TIMELINE_TITLES.get(kind_of(record.id), "Timeline"),
        timeline=tuple(_timeline(found)),
        source=_source(found.version),
        history=tuple(_earlier(version) for _, version in found.history),
        links={node_id: link_to(node.record) for node_id, node in found.others.items()},
    )


def _tags(found: Entity, as_at: dt.date) -> list[Tag]:
    record = found.node.record
    tags: list[Tag] = []
    if isinstance(record, Person):
        band = record.age_band(as_at)
        if record.date_of_birth is not None:
            age = years_between(record.date_of_birth.earliest, as_at)
            about = "" if record.date_of_birth.latest == record.date_of_birth.earliest else "about "
            tags.append(Tag(f"{band.value.capitalize()}, {about}{max(age, 0)}", _AGE_STYLE.get(band, "")))
        else:
            tags.append(Tag("Age not known"))
        for seen in found.episodes:
            episode = seen.episode
            if episode.period.contains(as_at):
                tags.append(Tag(term("episode_type", episode.episode_type)))
        if record.send:
            tags.append(Tag("SEND"))
        if record.died_on:
            tags.append(Tag(f"Died {day_words(record.died_on)}"))
    elif isinstance(record, Place):
        tags.append(Tag(term("place_type", record.place_type) or "Kind of place not known"))
    elif isinstance(record, School):
        tags += [Tag(word) for word in (term("phase", record.phase),) if word]
    elif isinstance(record, PeerGroup) and record.context:
        tags.append(Tag(term("context", record.context)))
    elif isinstance(record, Operation):
        tags += [
            Tag(word) for word in (term("strand", record.strand), "Restricted" if record.restricted else "") if word
        ]
    elif isinstance(record, Event):
        tags += [Tag(word) for word in (term("event_type", record.event_type), term("strand", record.strand)) if word]
    return list(dict.fromkeys(tags))


def _rows(found: Entity) -> list[tuple[str, str]]:
    record = found.node.record
    rows: list[tuple[str, str | None]] = [("Reference", record.id)]
    if isinstance(record, Person):
        rows += [
            ("Also known as", "; ".join(record.also_known_as)),
            ("Born", partial_date_words(record.date_of_birth) or "Not known"),
            ("Sex", term("sex", record.sex) or "Not known"),
            ("Ethnicity", term("ethnicity", record.ethnicity) or "Not recorded"),
            ("NHS number", record.nhs_number),
            ("Unique pupil number", record.upn),
            ("Home authority", record.home_authority),
            ("Placing authority", record.placing_authority),
            ("Host authority", record.host_authority),
        ]
    elif isinstance(record, Place):
        rows += [("Postcode", record.postcode), ("UPRN", record.uprn), ("Ward", record.ward_code)]
        rows.append(("Location known to", term("location_precision", record.precision) if record.precision else None))
    elif isinstance(record, School):
        kind = term("establishment_type", record.establishment_type)
        rows += [("Type", kind), ("Postcode", record.postcode), ("Open", period_words(record.open))]
    elif isinstance(record, Operation):
        rows += [("Lead agency", term("agency", record.lead_agency)), ("Open", period_words(record.open))]
    elif isinstance(record, Event):
        rows += [
            ("Started", instant_words(record.started_at) or "Not known"),
            ("Ended", instant_words(record.ended_at) or "Open or not known"),
            ("Detail", record.detail),
        ]
    elif isinstance(record, TracedObject):
        rows.append(("Identifier", record.identifier))
    return [(label, value) for label, value in rows if value]


def _child_notice(found: Entity, as_at: dt.date) -> str | None:
    """A child reported to have harmed is still shown as a child and possible victim."""
    record = found.node.record
    if not isinstance(record, Person) or record.age_band(as_at) is AgeBand.ADULT:
        return None
    roles = {seen.tie.qualifier for seen in found.ties if seen.tie.tie_type == "took_part_in"}
    if not roles & {"suspect", "convicted"}:
        return None
    return (
        "This is a child. Reports name them in the role of suspect in an event; children who are exploited are often "
        "made to harm others. Ask first what was done to them, and by whom."
    )


def _claim(seen: SeenTie, found: Entity, as_at: dt.date) -> Claim:
    """On a person's page from the person's side; elsewhere people come first, which is what a list is scanned for."""
    record = found.node.record
    turned = isinstance(record, Person)
    claim = claim_of(seen, record.id, found.others, label_of(record), turned=turned)
    other_id = seen.tie.source if seen.tie.target == record.id else seen.tie.target
    other = found.others.get(other_id)
    if not turned or other is None or not isinstance(other.record, Person):
        return claim
    if other.record.age_band(as_at) is AgeBand.ADULT:
        return claim
    unnamed = replace(other, record=Person(other_id, "another child"))
    on_paper = claim_of(seen, record.id, {other_id: unnamed}, label_of(record))
    return replace(claim, printed=on_paper.sentence[:1].upper() + on_paper.sentence[1:])


def _groups(found: Entity, as_at: dt.date) -> list[ClaimGroup]:
    by_family: dict[str, list[SeenTie]] = defaultdict(list)
    kinds = tie_types()
    record = found.node.record
    for seen in found.ties:
        if seen.tie.polarity is Polarity.PROTECTIVE or _event_told(seen, found) is not None:
            continue
        kind = kinds.get(seen.tie.tie_type)
        by_family[kind.family if kind else "structural"].append(seen)
    groups = []
    for family, heading in _GROUPS:
        ties = by_family.get(family, [])
        if not ties:
            continue
        claims = merged_claims(_claim(seen, found, as_at) for seen in ties[:SHOWN_PER_GROUP])
        more = len(ties) - SHOWN_PER_GROUP
        note = f"The newest {SHOWN_PER_GROUP}; {more} more on the map." if more > 0 else ""
        groups.append(ClaimGroup(_heading(family, heading, record.id), claims, note))
    return groups


def _heading(family: str, heading: str, node_id: NodeId) -> str:
    kind = kind_of(node_id)
    if family == "structural":
        return {NodeKind.EVENT: "Who and where"}.get(kind, heading)
    if family == "place" and kind in {NodeKind.PLACE, NodeKind.SCHOOL}:
        return "People here"
    if family == "group" and kind is NodeKind.PEER_GROUP:
        return "Young people in this group"
    if family == "operation" and kind is NodeKind.OPERATION:
        return "Subjects of the operation"
    return heading


def _timeline(found: Entity) -> list[Moment]:
    dated: list[tuple[dt.date, str, Moment]] = []
    for seen in found.ties:
        event = _event_told(seen, found)
        if event is not None:
            dated.append(_event_moment(seen, event))
    for item in found.episodes:
        episode = item.episode
        start = episode.period.start or dt.date.min
        text = term("episode_type", episode.episode_type) + (f": {episode.detail}" if episode.detail else "")
        dated.append((start, episode.id, Moment(period_words(episode.period), text, term("strand", episode.strand))))
    dated.sort(key=lambda entry: (entry[0], entry[1]), reverse=True)
    return [moment for _, _, moment in dated[:SHOWN_IN_TIMELINE]]


def _event_told(seen: SeenTie, found: Entity) -> Event | None:
    """The event that this tie puts on the timeline of the page, if it does."""
    node_id = found.node.record.id
    if seen.tie.tie_type not in _TOLD_BY_TIMELINE.get(kind_of(node_id), frozenset()):
        return None
    other = found.others.get(seen.tie.target if seen.tie.source == node_id else seen.tie.source)
    return other.record if other is not None and isinstance(other.record, Event) else None


def _event_moment(seen: SeenTie, event: Event) -> tuple[dt.date, str, Moment]:
    text = term("event_type", event.event_type)
    if seen.tie.tie_type == "took_part_in" and seen.tie.qualifier:
        text += f", as {term('role', seen.tie.qualifier).lower()}"
    elif seen.tie.tie_type == "went_missing_from":
        text += ", starting from here"
    detail = term("strand", event.strand)
    note = " · ".join(part for part in (detail, seen.standing.value.capitalize(), sources_words(seen.reports)) if part)
    day = event.started_at.date() if event.started_at else dt.date.min
    return day, event.id, Moment(instant_words(event.started_at) or "Not dated", text, note, entity_url(event.id))


def _source(version: Version) -> str:
    where = version.provenance
    if where.file:
        return f"From {where.file}, row {where.row}, load {where.load_id}."
    return f"Entered by {version.author}."


def _earlier(version: Version) -> str:
    until = "" if version.known_to is None else f" until {instant_words(version.known_to)}"
    reason = f" – {version.reason}" if version.reason else ""
    return f"By {version.author}{until}{reason}"
