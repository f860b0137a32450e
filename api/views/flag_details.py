"""Everything the page of one prompt says, in words, with names only as the gate let them through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.outcomes import Calibration
from analysis.registry import DETECTORS
from api.views.flags import (
    AGAINST_KEYS,
    OTHERWISE_KEY,
    OWN_KEY,
    STATE_LABELS,
    STRENGTHS_KEY,
    decision_words,
    detector_title,
    figures,
    left_out,
    name_of,
    reason_views,
    said_in,
    stability_words,
    subject_links,
    summary_words,
)
from api.views.words import day_words, fill_markers, link_to, method_address
from graph.flags import Flag
from graph.model import NodeId, TieId
from graph.store import SeenNode, SeenTie, StoredFlag

#: detectors about contexts: no person is its subject
_ABOUT_CONTEXTS = frozenset(
    {"hotspot_places", "hotspot_areas", "hotspot_emerging", "near_repeats", "disproportionality"}
)

#: pages that show all of a kind at once
_HOTSPOTS = (("/hotspots", "Open the hotspot map"),)
_MORE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "hotspot_places": _HOTSPOTS,
    "hotspot_areas": _HOTSPOTS,
    "hotspot_emerging": _HOTSPOTS,
    "disproportionality": (("/equity", "Open all the tables"),),
}

#: share of repeats from which a flag is called steady, and what is said
_STEADY: tuple[tuple[float, str], ...] = (
    (0.8, "Steady"),
    (0.5, "Fairly steady"),
    (0.0, "Not steady: a few reports more or less could change it"),
)


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a role of a pattern."""

    role: str
    label: str
    url: str | None


def flag_details(
    stored: StoredFlag, names: Mapping[NodeId, SeenNode], ties: Mapping[TieId, SeenTie], confirmed: Calibration
) -> dict[str, Any]:
    """The parts of the page. ``confirmed``: how often reviewers confirmed flags like this."""
    flag = stored.flag
    spec = DETECTORS[flag.detector].spec if flag.detector in DETECTORS else None

    def named(texts: Sequence[str]) -> list[str]:
        return [fill_markers(text, lambda item: name_of(item, names)) for text in texts]

    return {
        "detector_title": detector_title(flag.detector),
        "question": spec.question if spec else "",
        "summary": summary_words(flag, names),
        "band": flag.band.value,
        "band_words": confirmed.words,
        "stability": steady_words(flag),
        "expires": day_words(flag.expires_on),
        "state": STATE_LABELS[stored.state],
        "reasons": reason_views(flag, names, ties),
        "against": named(said_in(flag, *AGAINST_KEYS)),
        "strengths": named(said_in(flag, STRENGTHS_KEY)),
        "own": named(said_in(flag, OWN_KEY)),
        "otherwise": named(said_in(flag, OTHERWISE_KEY)),
        "parties": parties(flag, names),
        "would_clear": named([flag.would_clear])[0],
        "cautions": named(flag.cautions),
        "not_known": named([*said_in(flag, "not_known"), *(spec.not_known if spec else ())]),
        "left_out": left_out(flag, names),
        "subjects": subject_links(flag, names),
        "areas": [name_of(subject, names) for subject in flag.subjects if subject.startswith("locality:")],
        "subjects_title": subjects_title(flag),
        "decisions": [decision_words(decision) for decision in stored.decisions],
        "figures": figures(flag),
        "method": spec.method if spec else "",
        "uses": spec.uses if spec else (),
        "sources": spec.sources if spec else (),
        "method_url": method_address(flag.detector) if spec else None,
        "more": _MORE.get(flag.detector, ()),
    }


def subjects_title(flag: Flag) -> str:
    """What the list of subjects is called."""
    if flag.detector == "peer_networks":
        return f"{len(flag.subjects)} people in the suggested network"
    if flag.detector in _ABOUT_CONTEXTS:
        return "Where it is"
    if not flag.subjects:
        return "The tables"
    people = all(subject.startswith("person:") for subject in flag.subjects)
    return "Whom it is about" if people else "Who or what it is about"


def steady_words(flag: Flag) -> str | None:
    """How often it stands out when records are missing, with a word for it."""
    said = stability_words(flag)
    if said is None or flag.stability is None:
        return None
    word = next(word for least, word in _STEADY if flag.stability >= least)
    return f"{word}. {said}."


def parties(flag: Flag, names: Mapping[NodeId, SeenNode]) -> tuple[Party, ...]:
    """Who is in which role of an offence pattern. A child recorded as a suspect is shown as a child."""
    found = []
    children = said_in(flag, "suspects_under_18")
    for victim in said_in(flag, "victim"):
        found.append(_party("Recorded as harmed", victim, names))
    for suspect in said_in(flag, "suspects"):
        role = (
            "Child recorded as a suspect, who may be a victim too" if suspect in children else "Recorded as a suspect"
        )
        found.append(_party(role, suspect, names))
    return tuple(found)


def _party(role: str, node_id: str, names: Mapping[NodeId, SeenNode]) -> Party:
    seen = names.get(NodeId(node_id))
    return Party(role, name_of(node_id, names), None if seen is None else link_to(seen.record).url)
