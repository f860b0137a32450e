"""What routes, pages and the command line share: maps, exports, flags in words, search. Everything through a gate."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.registry import DETECTORS
from analysis.run import flag_to_json
from graph.access.actors import Actor
from graph.access.gate import Gate
from graph.errors import NotFound, UsageError
from graph.flags import Flag, FlagState, Plain
from graph.model import NodeId, NodeKind, Polarity, Standing, kind_of
from graph.store import Lens, Neighbourhood, SearchHit, StoredFlag, TieFilter
from graph.vocabulary import vocabulary
from viz.elements import KIND_LABELS, MapDocument, label_of, map_document, plain
from viz.export import FORMATS, Disclosure
from viz.export import export_map as write_map

#: bounds of a map, whatever is asked for
MOST_NODES, MOST_HOPS, MOST_SEEDS = 2000, 4, 50

#: how the id of an area starts among the subjects of a flag
AREA = "locality:"
#: {person:12} in a reason, to be named by the gate
_MARKER = re.compile(r"\{((?:" + "|".join([*(kind.value for kind in NodeKind), "locality"]) + r"):[^{}]+)\}")


@dataclass(frozen=True, slots=True)
class MapRequest:
    """What map is asked for."""

    seeds: tuple[NodeId, ...]
    lens: Lens = Lens()
    hops: int = 1
    where: TieFilter = TieFilter()
    #: at most this many nodes
    limit: int = 500
    #: nodes already drawn stay where they are
    positions: Mapping[str, tuple[float, float]] | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.seeds) <= MOST_SEEDS:
            raise UsageError(f"a map starts from 1 to {MOST_SEEDS} records")
        if not 0 <= self.hops <= MOST_HOPS:
            raise UsageError(f"a map reaches 0 to {MOST_HOPS} steps from where it starts")
        if not 1 <= self.limit <= MOST_NODES:
            raise UsageError(f"a map has 1 to {MOST_NODES} records")


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that leaves the hub."""

    name: str
    media_type: str
    content: bytes
    #: stands in the file and in the audit
    serial: str


@dataclass(frozen=True, slots=True)
class NamedFlag:
    """A kept flag with the names that this reader may see."""

    stored: StoredFlag
    #: as in the interface, markers in the reasons filled in
    json: Mapping[str, Any] = field(repr=False)
    #: subject id to name
    names: Mapping[str, str] = field(repr=False)

    @property
    def flag(self) -> Flag:
        return self.stored.flag


def tie_filter(
    *,
    start: dt.date | None = None,
    last: dt.date | None = None,
    tie_types: Iterable[str] | None = None,
    polarities: Iterable[str] | None = None,
    standing: str | None = None,
) -> TieFilter:
    """A filter from words; in a period both days count. Raises UsageError."""
    if start is not None and last is not None and last < start:
        raise UsageError("a period ends before it starts")
    known = vocabulary("tie_type")
    types = frozenset(known.check(word) for word in tie_types or ())
    try:
        kept = frozenset(Polarity(word) for word in polarities or ())
        least = Standing(standing) if standing else None
    except ValueError:
        raise UsageError(
            "polarity is concern, neutral or protective; standing is confirmed, unconfirmed or tentative"
        ) from None
    end = None if last is None or last == dt.date.max else last + dt.timedelta(days=1)
    return TieFilter(types or None, kept or None, least, start, end)


def audience_of(actor: Actor) -> str:
    """For whom something was made, in words."""
    return f"{actor.account}, {actor.role.value} ({vocabulary('agency').label(actor.agency)})"


def map_of(gate: Gate, asked: MapRequest, *, marking: str, now: dt.datetime) -> MapDocument:
    """The map for the screen. Raises NotFound when this actor sees none of the seeds."""
    found = gate.neighbourhood(asked.seeds, asked.lens, hops=asked.hops, where=asked.where, limit=asked.limit)
    return _document(gate.actor, found, asked, marking=marking, now=now)


def export_map(
    gate: Gate, asked: MapRequest, ending: str, recipient: str, *, marking: str, now: dt.datetime
) -> Exported:
    """The map as a file for a named recipient; kept in the audit as a disclosure with the file's serial number.

    Raises UsageError for an unknown ending or a recipient who is not named, NotFound when no seed is seen.
    """
    if ending not in FORMATS:
        raise UsageError(f"a map can be written as {', '.join(FORMATS)}")
    if len(recipient.strip()) < 2:
        raise UsageError("an export names its recipient")
    serial = f"K{now:%Y%m%d}-{secrets.token_hex(5)}"
    found = gate.neighbourhood_for_export(
        asked.seeds,
        asked.lens,
        recipient=recipient.strip(),
        form=ending,
        serial=serial,
        hops=asked.hops,
        where=asked.where,
        limit=asked.limit,
    )
    document = _document(gate.actor, found, asked, marking=marking, now=now)
    made = write_map(ending, document, Disclosure(serial, recipient.strip()), found)
    return Exported(f"kith-{serial}{made.ending}", made.media_type, made.content, serial)


def _document(actor: Actor, found: Neighbourhood, asked: MapRequest, *, marking: str, now: dt.datetime) -> MapDocument:
    if not found.nodes:
        raise NotFound("no such record")
    return map_document(
        found,
        title=f"Around {label_of(found.nodes[0].record)}",
        audience=audience_of(actor),
        purpose=actor.purpose or "",
        marking=marking,
        as_at=asked.lens.as_at,
        known_at=asked.lens.known_at,
        made_at=now,
        positions=asked.positions,
    )


def search(
    gate: Gate, text: str, lens: Lens, *, kinds: Sequence[str] = (), fuzzy: bool = True, limit: int = 20
) -> tuple[SearchHit, ...]:
    """Records found by name, id, postcode or identifier. Raises UsageError for an unknown kind."""
    try:
        wanted = frozenset(NodeKind(word) for word in kinds) or None
    except ValueError:
        raise UsageError(f"a kind is one of {', '.join(kind.value for kind in NodeKind)}") from None
    # A NUL or half a surrogate pair is in no name, and not every store takes it.
    clean = "".join(sign for sign in text if sign.isprintable() and not "\ud800" <= sign <= "\udfff")
    return gate.search(clean.strip(), lens, kinds=wanted, fuzzy=fuzzy, limit=limit)


# -- flags in words ----------------------------------------------------------------------------------------------------
def flags_page(
    gate: Gate,
    lens: Lens,
    *,
    detector: str | None = None,
    state: str | None = None,
    subject: NodeId | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[tuple[NamedFlag, ...], int | None]:
    """A page of flags, named, and the offset of the next page."""
    if detector is not None and detector not in DETECTORS:
        raise UsageError(f"a detector is one of {', '.join(DETECTORS)}")
    try:
        wanted = FlagState(state) if state else None
    except ValueError:
        raise UsageError(f"a state is one of {', '.join(known.value for known in FlagState)}") from None
    found = gate.flags(lens, detector=detector, state=wanted, subject=subject, limit=limit + 1, offset=offset)
    return named_flags(gate, found[:limit], lens), offset + limit if len(found) > limit else None


def named_flags(gate: Gate, stored: Sequence[StoredFlag], lens: Lens) -> tuple[NamedFlag, ...]:
    """Flags with every ``{person:12}`` marker filled with the name this reader may see, in one reading of names."""
    names = names_of(gate, [node_id for item in stored for node_id in ids_named(item.flag)], lens)
    return tuple(
        NamedFlag(
            item, flag_json(item.flag, names), {subject: name_in(names, subject) for subject in item.flag.subjects}
        )
        for item in stored
    )


def ids_named(flag: Flag) -> list[NodeId]:
    """Subjects, and whatever the texts of a flag mention."""
    texts = [*(reason.text for reason in flag.reasons), flag.would_clear, *flag.cautions, *_texts(dict(flag.details))]
    mentioned = [NodeId(found) for text in texts for found in _MARKER.findall(text)]
    return [*flag.subjects, *mentioned, *(NodeId(person) for person, _ in excluded_of(flag))]


def summary_of(flag: Flag) -> str:
    """The sentence a detector says first, markers and all; "" when it says none."""
    found = flag.details.get("summary")
    return found if isinstance(found, str) else ""


def excluded_of(flag: Flag) -> list[tuple[str, str]]:
    """People a detector left out by role, and why."""
    found = flag.details.get("excluded")
    return [
        (str(item["person"]), str(item["reason"]))
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, dict) and "person" in item and "reason" in item
    ]


def names_of(gate: Gate, node_ids: Iterable[NodeId], lens: Lens) -> dict[NodeId, str]:
    """Names of these nodes, of those this reader may see."""
    wanted = list(dict.fromkeys(node_ids))
    nodes = [node_id for node_id in wanted if not node_id.startswith(AREA)]
    found = gate.nodes(nodes, lens) if nodes else {}
    areas = area_names(gate, wanted)
    return {node_id: label_of(node.record) for node_id, node in found.items()} | {
        NodeId(area): name for area, name in areas.items()
    }


def area_names(gate: Gate, node_ids: Iterable[str]) -> dict[str, str]:
    """Names of the areas among these ids, by ``locality:`` id. Areas are public."""
    wanted = {node_id for node_id in node_ids if node_id.startswith(AREA)}
    if not wanted:
        return {}
    known = {f"{AREA}{locality.id}": plain(locality.name) for locality in gate.localities()}
    return {area: known[area] for area in sorted(wanted) if area in known}


def name_in(names: Mapping[NodeId, str], node_id: str) -> str:
    """The name, or the kind of thing when it may not be named."""
    known = names.get(NodeId(node_id))
    if known is not None:
        return known
    return "area not shown" if node_id.startswith(AREA) else f"{KIND_LABELS[kind_of(node_id).value].lower()} not shown"


def fill(text: str, names: Mapping[NodeId, str]) -> str:
    """A text with its markers named."""
    return _MARKER.sub(lambda found: name_in(names, found.group(1)), text)


def _texts(value: Plain) -> list[str]:
    """Every text inside."""
    if isinstance(value, str):
        return [value] if "{" in value else []
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inside for text in _texts(item)]


def _filled(value: Plain, names: Mapping[NodeId, str]) -> Plain:
    """The same with the markers of every text named."""
    if isinstance(value, str):
        return fill(value, names) if "{" in value else value
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    return {key: _filled(item, names) for key, item in value.items()} if isinstance(value, dict) else value


def flag_json(flag: Flag, names: Mapping[NodeId, str]) -> dict[str, Any]:
    """A flag as the interface has it, with names in its texts."""
    content = flag_to_json(flag)
    content["reasons"] = [{**reason, "text": fill(reason["text"], names)} for reason in content["reasons"]]
    content["would_clear"] = fill(content["would_clear"], names)
    content["cautions"] = [fill(text, names) for text in content["cautions"]]
    content["details"] = {key: _filled(value, names) for key, value in content["details"].items()}
    if "excluded" in content["details"]:
        content["details"]["excluded"] = [
            {"person": person, "reason": reason} for person, reason in excluded_of(flag) if NodeId(person) in names
        ]
    return content
