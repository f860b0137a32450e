"""The evidence of one prompt as a network: subjects, the ties its reasons rest on with their ends, and events."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable

from api.services import AREA, audience_of
from api.views.flags import detector_title
from graph.access.gate import Gate
from graph.flags import Flag
from graph.model import NodeId, NodeKind, TieId, kind_of
from graph.store import Lens, Neighbourhood, SeenTie
from viz.elements import MapDocument, PeerSet, map_document

#: nodes and ties of one picture; more cannot be read
MOST_NODES = 200
MOST_TIES = 1000

#: ties drawn between what is in the picture though no reason names them: they hold an event to its people and place
_HOLDING = frozenset({"took_part_in", "occurred_at"})

#: detectors whose subjects are a group: drawn as one bubble
_GROUPS = {"peer_networks": "People who belong together here", "near_repeats": "One series"}


def evidence_map(gate: Gate, flag: Flag, title: str, *, marking: str, now: dt.datetime) -> MapDocument | None:
    """The picture of a flag this actor may see; None when nothing of it can be drawn."""
    wanted = _tie_ids(flag)
    ties = gate.ties(wanted, Lens()) if wanted else {}
    nodes = _nodes(flag, (ties[tie] for tie in wanted if tie in ties))
    if not nodes:
        return None
    found = gate.neighbourhood(nodes, Lens(), hops=0, limit=MOST_NODES)
    if not found.nodes:
        return None
    drawn = _only_evidence(found, flag, frozenset(ties))
    if not drawn.nodes:
        return None
    document = map_document(
        drawn,
        title=title,
        audience=audience_of(gate.actor),
        purpose=gate.actor.purpose or "",
        marking=marking,
        as_at=None,
        known_at=None,
        made_at=now,
    )
    document = dataclasses.replace(document, id=f"flag-{flag.id}", kind="flag")
    if flag.detector not in _GROUPS:
        return document
    members = [row for row, node in enumerate(drawn.nodes) if node.record.id in flag.subjects]
    own = PeerSet(f"flag-{flag.id}", _GROUPS[flag.detector], members)
    return dataclasses.replace(document, sets=[own, *document.sets])


def can_be_drawn(flag: Flag) -> bool:
    """Whether there is any tie between things to see: a lone area or a table of counts has no network."""
    if any(reason.ties for reason in flag.reasons):
        return True
    return any(_is_node(node) for node in flag.subjects) and any(reason.events for reason in flag.reasons)


def _tie_ids(flag: Flag) -> tuple[TieId, ...]:
    """The ties of the reasons, the strongest reasons first."""
    reasons = sorted(flag.reasons, key=lambda reason: -abs(reason.contribution))
    return tuple(dict.fromkeys(tie for reason in reasons for tie in reason.ties))[:MOST_TIES]


def _nodes(flag: Flag, ties: Iterable[SeenTie]) -> tuple[NodeId, ...]:
    """Subjects, the events of the reasons, then the ends of the ties, as far as a picture holds."""
    subjects = [node for node in flag.subjects if _is_node(node)]
    events = [event for reason in flag.reasons for event in reason.events]
    ends = [end for seen in ties for end in (seen.tie.source, seen.tie.target)]
    # Half of the room is kept for people and places: a long list of events says less than who is in them.
    chosen = dict.fromkeys([*subjects, *ends[: MOST_NODES // 2], *events, *ends])
    return tuple(chosen)[:MOST_NODES]


def _only_evidence(found: Neighbourhood, flag: Flag, evidence: frozenset[TieId]) -> Neighbourhood:
    """Without ties that are no evidence here, and without what then hangs on nothing."""
    subjects = frozenset(flag.subjects)
    ties = tuple(seen for seen in found.ties if seen.tie.id in evidence or seen.tie.tie_type in _HOLDING)
    held = {end for seen in ties for end in (seen.tie.source, seen.tie.target)} | subjects
    kept = sorted(
        (node for node in found.nodes if node.record.id in held),
        key=lambda node: (node.record.id not in subjects, node.record.id),
    )
    return Neighbourhood(
        seeds=tuple(node.record.id for node in kept if node.record.id in subjects),
        nodes=tuple(kept),
        hops=tuple(int(node.record.id not in subjects) for node in kept),
        ties=ties,
        cut=(),
        truncated=len(found.nodes) >= MOST_NODES,
    )


def _is_node(node_id: str) -> bool:
    if node_id.startswith(AREA):
        return False
    try:
        return isinstance(kind_of(node_id), NodeKind)
    except ValueError:
        return False


def picture_title(flag: Flag) -> str:
    return f"Evidence of one prompt: {detector_title(flag.detector)}"
