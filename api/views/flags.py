"""The list of prompts and the page of one, with names only as the gate lets them through."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from analysis.registry import DETECTORS
from api.services import AREA, area_names, excluded_of, summary_of
from api.views.words import Link, day_words, entity_url, fill_markers, instant_words, link_to, sources_words
from graph.access.gate import Gate
from graph.flags import Flag, FlagDecision, FlagState, Plain, Reason
from graph.model import NodeId, TieId, kind_of
from graph.store import Lens, SeenNode, SeenTie, StoredFlag
from graph.vocabulary import tie_types
from viz.elements import KIND_LABELS, label_of

STATE_LABELS: Mapping[FlagState, str] = {
    FlagState.NEW: "Not looked at yet",
    FlagState.SEEN: "Seen",
    FlagState.ACCEPTED: "Accepted",
    FlagState.DISMISSED: "Dismissed",
    FlagState.EXPIRED: "Expired",
}

#: subjects named in a title
MOST_NAMED = 3
#: pieces of evidence listed under one reason
SHOWN_EVIDENCE = 25
#: letters of a main reason that is too short to stand alone in a list
_SHORT = 80
_MARKER = re.compile(r"\{([a-z]+:[^{}]+)\}")

#: keys of ``details`` under which a detector says what speaks against a flag
AGAINST_KEYS = ("against", "negative_evidence")
#: the key under which it says what protects
STRENGTHS_KEY = "strengths"
#: the key of what is recorded about a person's own circumstances, each with its words
OWN_KEY = "own_circumstances"
#: the key under which it says what else is recorded that could explain it
OTHERWISE_KEY = "alternative_explanations"

#: figures of ``details`` worth a line, and their headings
_FIGURES: tuple[tuple[str, str], ...] = (
    ("children_at_risk", "Children open to the hub, linked"),
    ("children_all", "Children linked in all"),
    ("coincidences", "Times missing together"),
    ("turnout", "Young people recorded there"),
    ("observed", "Observed"),
    ("expected", "Expected by chance"),
    ("children", "Different children"),
    ("children_expected", "Different children expected"),
    ("relative_risk", "Times what is expected"),
    ("p_value", "Probability by chance"),
    ("score", "Sum of the reasons"),
)
#: probabilities below this are told as below it
_LEAST_P = 0.001


@dataclass(frozen=True, slots=True)
class FlagRow:
    url: str
    title: str
    detector: str
    reason: str
    band: str
    state: str
    expires: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence under a reason."""

    url: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class ReasonView:
    text: str
    #: the newest reports it rests on, in words; empty when the reason states none
    sources: str
    #: part of the flag's score, in words
    share: str
    #: whole per cent of the flag's score, 0 to 100
    percent: int
    evidence: tuple[Piece, ...]
    #: number of pieces when not all are listed
    more: int | None


class Names(dict[NodeId, SeenNode]):
    """The nodes that the gate let through, and the names of areas."""

    def __init__(self, nodes: Mapping[NodeId, SeenNode], areas: Mapping[str, str]) -> None:
        super().__init__(nodes)
        #: ``locality:`` id to name
        self.areas = areas


def names_for(gate: Gate, node_ids: Iterable[str]) -> Names:
    """Names of these nodes and areas, in one question to the gate for each."""
    wanted = tuple(dict.fromkeys(node_ids))
    nodes = tuple(NodeId(node_id) for node_id in wanted if not node_id.startswith(AREA))
    return Names(gate.nodes(nodes, Lens()) if nodes else {}, area_names(gate, wanted))


def nodes_named(flags: Iterable[Flag]) -> tuple[NodeId, ...]:
    """Every node and area that the texts of these flags name, for one question to the gate."""
    named: dict[NodeId, None] = {}
    for flag in flags:
        named.update(dict.fromkeys(flag.subjects))
        texts = [summary_of(flag), flag.would_clear, *flag.cautions, *(reason.text for reason in flag.reasons)]
        for text in (*texts, *said_in(flag, "not_known", OTHERWISE_KEY, STRENGTHS_KEY, OWN_KEY, *AGAINST_KEYS)):
            named.update(dict.fromkeys(NodeId(marker) for marker in _MARKER.findall(text)))
        named.update(dict.fromkeys(NodeId(person) for person, _ in excluded_of(flag)))
        named.update(dict.fromkeys(NodeId(person) for person in _in_roles(flag)))
    return tuple(named)


def said_in(flag: Flag, *keys: str) -> list[str]:
    """The sentences that ``details`` holds under these keys, plain or as the ``text`` of an entry."""
    found: list[str] = []
    for key in keys:
        value = flag.details.get(key)
        for item in value if isinstance(value, list) else [value]:
            text = item.get("text") if isinstance(item, dict) else item
            if isinstance(text, str) and text:
                found.append(text)
    return found


def _in_roles(flag: Flag) -> list[str]:
    """People an offence pattern puts in a role."""
    return [item for item in said_in(flag, "victim", "suspects") if ":" in item]


def name_of(node_id: str, names: Mapping[NodeId, SeenNode]) -> str:
    """The name the gate let through; else only what kind of thing it is."""
    seen = names.get(NodeId(node_id))
    if seen is not None:
        return label_of(seen.record)
    if node_id.startswith(AREA):
        return names.areas.get(node_id, "an area") if isinstance(names, Names) else "an area"
    try:
        return f"a {KIND_LABELS[kind_of(node_id).value].lower()}"
    except ValueError:
        return "a record"


def detector_title(name: str) -> str:
    return DETECTORS[name].spec.title if name in DETECTORS else name.replace("_", " ").capitalize()


def flag_title(flag: Flag, names: Mapping[NodeId, SeenNode]) -> str:
    """Whom or what it is about: all of up to three, else two and how many more."""
    subjects = [name_of(subject, names) for subject in flag.subjects]
    about, said = flag.details.get("victim"), flag.details.get("pattern_title")
    if isinstance(about, str) and isinstance(said, str):
        return f"{name_of(about, names)}: {said}"
    if not subjects:
        said = flag.details.get("title")
        return said if isinstance(said, str) else detector_title(flag.detector)
    if len(subjects) > MOST_NAMED:
        subjects[2:] = [f"{len(subjects) - 2} more"]
    return ", ".join(subjects[:-1]) + (" and " if len(subjects) > 1 else "") + subjects[-1]


def flag_row(stored: StoredFlag, names: Mapping[NodeId, SeenNode], url: str | None = None) -> FlagRow:
    flag = stored.flag
    strongest = sorted(flag.reasons, key=lambda reason: -reason.contribution)[:2]
    said = [_sentence(said_and_sources(reason.text)[0], names) for reason in strongest]
    if said and len(said[0]) > _SHORT:
        del said[1:]
    return FlagRow(
        url=url or f"/flags/{flag.id}",
        title=flag_title(flag, names),
        detector=detector_title(flag.detector),
        reason=". ".join(said) + ("." if said else ""),
        band=flag.band.value,
        state=STATE_LABELS[stored.state],
        expires=day_words(flag.expires_on),
    )


def reason_views(flag: Flag, names: Mapping[NodeId, SeenNode], ties: Mapping[TieId, SeenTie]) -> tuple[ReasonView, ...]:
    """The reasons, largest share first, each with its evidence as far as it may be seen."""
    whole = sum(max(reason.contribution, 0.0) for reason in flag.reasons) or 1.0
    views = []
    for reason in sorted(flag.reasons, key=lambda item: -item.contribution):
        pieces = _pieces(reason, names, ties)
        # Split before the names go in: a name may hold brackets of its own.
        said, sources = said_and_sources(reason.text)
        views.append(
            ReasonView(
                text=_sentence(said, names),
                sources=sources,
                share=_share_words(reason.contribution / whole),
                percent=round(100 * max(reason.contribution, 0.0) / whole),
                evidence=pieces[:SHOWN_EVIDENCE],
                more=len(pieces) if len(pieces) > SHOWN_EVIDENCE else None,
            )
        )
    return tuple(views)


def _sentence(text: str, names: Mapping[NodeId, SeenNode]) -> str:
    """A text with its names, starting as a sentence does."""
    filled = fill_markers(text, lambda item: name_of(item, names))
    return filled if text.startswith("{") else filled[:1].upper() + filled[1:]


def said_and_sources(text: str) -> tuple[str, str]:
    """A reason without the reports it ends with in brackets, and those reports: what is claimed reads on its own."""
    if not text.endswith(")"):
        return text, ""
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[position], 0)
        if depth == 0:
            said = text[:position].rstrip()
            return (said, text[position + 1 : -1]) if said else (text, "")
    return text, ""


def _share_words(share: float) -> str:
    if share < 0:
        return "Speaks against"
    percent = round(100 * share)
    return f"{percent}% of the evidence" if percent else "Under 1% of the evidence"


def _pieces(reason: Reason, names: Mapping[NodeId, SeenNode], ties: Mapping[TieId, SeenTie]) -> tuple[Piece, ...]:
    pieces = []
    for tie_id in reason.ties:
        seen = ties.get(tie_id)
        if seen is None:
            continue
        kind = tie_types().get(seen.tie.tie_type)
        source, target = name_of(seen.tie.source, names), name_of(seen.tie.target, names)
        text = kind.say(source, target) if kind else f"{source} – {target}"
        note = " · ".join(part for part in (seen.standing.value, sources_words(seen.reports)) if part)
        pieces.append(Piece(f"/ties/{quote(tie_id, safe='')}", text, note))
    for event in reason.events:
        if event in names:
            pieces.append(Piece(entity_url(event), name_of(event, names), ""))
    return tuple(pieces)


def ends_of(ties: Iterable[SeenTie]) -> tuple[NodeId, ...]:
    return tuple(dict.fromkeys(end for seen in ties for end in (seen.tie.source, seen.tie.target)))


def figures(flag: Flag) -> list[tuple[str, str]]:
    """The numbers behind the flag, for those who ask."""
    rows: list[tuple[str, str]] = []
    about_people = any(subject.startswith("person:") for subject in flag.subjects)
    for key, heading in _FIGURES:
        # beside a person a sum would be read as a score of that person
        if key == "score" and about_people:
            continue
        value: Plain = flag.details.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if key == "p_value" and value < _LEAST_P:
            rows.append((heading, f"less than {_LEAST_P}"))
        else:
            rows.append((heading, str(value) if isinstance(value, int) else f"{value:.3g}"))
    for key, heading in (("from", "From"), ("to", "To")):
        day = _day(flag.details.get(key))
        if day is not None:
            rows.append((heading, day_words(day)))
    rows.append(("Method", f"{detector_title(flag.detector)} ({flag.detector})"))
    return rows


def _day(value: Plain) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def subject_links(flag: Flag, names: Mapping[NodeId, SeenNode]) -> tuple[Link, ...]:
    return tuple(link_to(names[subject].record) for subject in flag.subjects if subject in names)


def decision_words(decision: FlagDecision) -> str:
    reason = f" – {decision.reason}" if decision.reason else ""
    return f"{STATE_LABELS[decision.state]} by {decision.author}, {instant_words(decision.decided_at)}{reason}"


def stability_words(flag: Flag) -> str | None:
    if flag.stability is None:
        return None
    return f"Still stands out in {round(100 * flag.stability)} of 100 repeats with a fifth of the records left out"


def summary_words(flag: Flag, names: Mapping[NodeId, SeenNode]) -> str:
    """What the detector says first, with names as they may be seen."""
    return fill_markers(summary_of(flag), lambda item: name_of(item, names))


def left_out(flag: Flag, names: Mapping[NodeId, SeenNode]) -> list[str]:
    """People left out of the question by their role, and why."""
    return [f"{name_of(person, names)}: {reason}" for person, reason in excluded_of(flag) if NodeId(person) in names]
