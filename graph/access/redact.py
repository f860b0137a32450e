"""What may be shown of a record: pure, field by field. A field not permitted is absent, not masked."""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graph.access.actors import Actor, Role
from graph.access.policy import PROTECTING_ROLES
from graph.model import (
    AgeBand,
    Event,
    NodeId,
    NodeKind,
    NodeRecord,
    Operation,
    PeerGroup,
    Person,
    Place,
    Report,
    ReportId,
    Restriction,
    School,
    Tie,
    TieId,
    TracedObject,
    kind_of,
)
from graph.store import Neighbourhood, SeenNode, SeenTie
from graph.vocabulary import vocabulary

#: roles that match a child with the child's own record by NHS number or UPN; others do not see them
IDENTIFIER_ROLES: frozenset[Role] = frozenset({Role.ANALYST, Role.SOCIAL_WORKER, Role.OPERATOR})

#: places where people live: never shown to a panel as a place
_PRIVATE_PLACE_GROUPS = frozenset({"home", "placement"})

#: a home that others may have taken over is still somebody's home
_PRIVATE_PLACE_TYPES = frozenset({"address_of_concern"})

#: counts below this are not shown to a panel; others are rounded to a multiple of it (NHS small-number practice)
SMALL_COUNT = 6
ROUND_TO = 5


def record_for(actor: Actor, record: NodeRecord) -> NodeRecord:
    """The record with the fields this actor may see."""
    if not isinstance(record, Person):
        return record
    shown = record
    if actor.role not in IDENTIFIER_ROLES:
        shown = dataclasses.replace(shown, nhs_number=None, upn=None)
    if record.protected_address and actor.role not in PROTECTING_ROLES:
        shown = dataclasses.replace(shown, address_place_id=None)
    return shown


def suppressed_count(count: int) -> int | None:
    """A count as a panel may see it: None for 1 to 5, zero as zero, others rounded to 5."""
    if count == 0:
        return 0
    if count < SMALL_COUNT:
        return None
    return ROUND_TO * round(count / ROUND_TO)


def is_private_place(record: NodeRecord) -> bool:
    """A home, a placement, or a place whose kind is not known."""
    if not isinstance(record, Place):
        return False
    if record.place_type is None:
        return True
    if record.place_type in _PRIVATE_PLACE_TYPES:
        return True
    terms = {term.code: term for term in vocabulary("place_type").terms}
    term = terms.get(record.place_type)
    return term is None or term.group in _PRIVATE_PLACE_GROUPS


@dataclass
class Pseudonyms:
    """Names for one map and no other: random, so that two maps cannot be laid side by side."""

    as_at: dt.date
    token: Callable[[], str] = field(default=lambda: secrets.token_hex(5))
    _nodes: dict[NodeId, NodeId] = field(default_factory=dict)
    _labels: dict[str, int] = field(default_factory=dict)
    _ties: dict[TieId, TieId] = field(default_factory=dict)

    def node_id(self, node_id: NodeId) -> NodeId:
        known = self._nodes.get(node_id)
        if known is None:
            known = self._nodes[node_id] = NodeId(f"{kind_of(node_id).value}:anon-{self.token()}")
        return known

    def tie_id(self, tie_id: TieId) -> TieId:
        known = self._ties.get(tie_id)
        if known is None:
            known = self._ties[tie_id] = TieId(f"tie:anon-{self.token()}")
        return known

    def label(self, word: str) -> str:
        self._labels[word] = self._labels.get(word, 0) + 1
        return f"{word} {self._labels[word]}"

    def record(self, record: NodeRecord) -> NodeRecord:
        """What a panel sees of a record: places and contexts by name, people and events by pseudonym."""
        if isinstance(record, Person):
            words = {AgeBand.CHILD: "Child", AgeBand.ADULT: "Adult", AgeBand.UNKNOWN: "Person"}
            band = record.age_band(self.as_at)
            return Person(self.node_id(record.id), given_name=self.label(words[band]), stated_age_band=band)
        if isinstance(record, Event):
            return Event(self.node_id(record.id), record.event_type, strand=record.strand)
        if isinstance(record, TracedObject):
            word = kind_of(record.id).value.capitalize()
            return TracedObject(self.node_id(record.id), identifier=self.label(word))
        if isinstance(record, Place) and is_private_place(record):
            return Place(self.node_id(record.id), name=self.label("Home"), place_type=record.place_type)
        if isinstance(record, Operation):
            return Operation(self.node_id(record.id), name=self.label("Operation"))
        if isinstance(record, PeerGroup):
            return PeerGroup(self.node_id(record.id), name=self.label("Peer group"), context=record.context)
        return record

    def reveals(self, record: NodeRecord) -> bool:
        """True when the record keeps its own id in the map."""
        return isinstance(record, School) or (isinstance(record, Place) and not is_private_place(record))


def neighbourhood_for_panel(found: Neighbourhood, names: Pseudonyms) -> Neighbourhood:
    """The same picture with people, events and homes under pseudonyms of this one map."""
    renamed: dict[NodeId, NodeId] = {}
    nodes = []
    for seen in found.nodes:
        record = names.record(seen.record)
        renamed[seen.record.id] = record.id
        degree = suppressed_count(seen.degree) or 0 if names.reveals(seen.record) else 0
        nodes.append(SeenNode(record, Restriction(), degree))
    ties = [_tie_for_panel(seen, renamed, names) for seen in found.ties]
    return Neighbourhood(
        seeds=tuple(renamed.get(seed, seed) for seed in found.seeds),
        nodes=tuple(nodes),
        hops=found.hops,
        ties=tuple(ties),
        cut=tuple(renamed[node] for node in found.cut if node in renamed),
        truncated=found.truncated,
    )


def _tie_for_panel(seen: SeenTie, renamed: Mapping[NodeId, NodeId], names: Pseudonyms) -> SeenTie:
    """A tie without its dates, references or free text; agency and grade stay, so that weak ties still look weak."""
    tie = seen.tie
    shown = Tie(
        id=names.tie_id(tie.id),
        source=renamed[tie.source],
        target=renamed[tie.target],
        tie_type=tie.tie_type,
        qualifier=tie.qualifier if tie.tie_type == "took_part_in" else None,
        polarity=tie.polarity,
    )
    reports = tuple(
        Report(
            ReportId(f"report:anon-{names.token()}"),
            report.agency,
            grading_scheme=report.grading_scheme,
            source_evaluation=report.source_evaluation,
            information_assessment=report.information_assessment,
            basis=report.basis,
        )
        for report in seen.reports
    )
    return SeenTie(shown, reports, seen.standing, Restriction())


#: kinds a panel may list and search
PANEL_KINDS: frozenset[NodeKind] = frozenset({NodeKind.PLACE, NodeKind.SCHOOL})
