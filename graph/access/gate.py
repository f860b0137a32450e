"""The gate: the only way from a person to a record. Decides, filters before counting, redacts, and records every call.

A Gate belongs to one actor and one visit. It has the reading verbs of the Store; a ``sight`` in a lens given to it is
ignored and replaced by the actor's own. Each verb runs with its audit row in one transaction: no audit, no answer.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from graph.access.actors import Actor, Role
from graph.access.context import flag_for_panel, is_about_contexts
from graph.access.policy import Action, decide, sight
from graph.access.redact import PANEL_KINDS, Pseudonyms, is_private_place, neighbourhood_for_panel, record_for
from graph.errors import AuditUnavailable, Refused
from graph.flags import FlagDecision, FlagState, Plain, Run
from graph.model import FlagId, Locality, NodeId, NodeKind, Report, ReportId, Restriction, TieId, Version
from graph.records import Block, Commit, WriteNote
from graph.snapshot import Snapshot
from graph.store import (
    Area,
    AuditEntry,
    AuditRow,
    AuditVerdict,
    Entity,
    EvidencePath,
    FlagFilter,
    FlagPage,
    Lens,
    Load,
    Neighbourhood,
    Reader,
    SearchHit,
    SeenNode,
    SeenTie,
    Store,
    StoredFlag,
    TieFilter,
)

Answer = TypeVar("Answer")

#: detector whose flags hold tables about groups, not about people
_EQUITY = "disproportionality"
#: more than all detectors together list
_ALL_FLAGS = 1_000_000


class Gate(Reader):
    """One actor's view of a store.

    ``clock`` gives the present UTC instant (membership and conditions depend on the day). ``secret`` keys the HMAC
    under which search terms are kept in the audit: the same term can be found again, the log does not hold it.
    """

    def __init__(
        self,
        store: Store,
        actor: Actor,
        *,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        secret: bytes = b"",
    ) -> None:
        self._store, self.actor, self._clock, self._secret = store, actor, clock, secret

    # -- reading -----------------------------------------------------------------------------------------------
    def entity(self, node_id: NodeId, lens: Lens) -> Entity | None:
        if self.actor.role is Role.PANEL:
            return self._place_for_panel(node_id, lens)
        self._require(Action.READ_NAMED, "view", (node_id,))
        inner = self._lens(lens, Action.READ_NAMED)

        def ids(found: Entity | None) -> Iterable[str]:
            if found is None:
                return (node_id,)
            return (node_id, *found.others, *(tie.tie.id for tie in found.ties))

        found = self._recorded("view", lambda store: store.entity(node_id, inner), ids)
        return None if found is None else self._entity(found)

    def nodes(self, node_ids: Sequence[NodeId], lens: Lens) -> dict[NodeId, SeenNode]:
        if self.actor.role is Role.PANEL:
            inner = self._lens(lens, Action.READ_PLACES)
            asked = [node_id for node_id in node_ids if _kind(node_id) in PANEL_KINDS]
            found = self._recorded("view", lambda store: store.nodes(asked, inner), lambda answer: answer)
            return {
                node_id: dataclasses.replace(node, degree=0)
                for node_id, node in found.items()
                if not is_private_place(node.record)
            }
        self._require(Action.READ_NAMED, "view", node_ids)
        inner = self._lens(lens, Action.READ_NAMED)
        found = self._recorded("view", lambda store: store.nodes(node_ids, inner), lambda answer: answer)
        return {node_id: self._node(node) for node_id, node in found.items()}

    def ties(self, tie_ids: Sequence[TieId], lens: Lens) -> dict[TieId, SeenTie]:
        self._require(Action.READ_NAMED, "view", tie_ids)
        inner = self._lens(lens, Action.READ_NAMED)
        return self._recorded("view", lambda store: store.ties(tie_ids, inner), lambda answer: answer)

    def reports(self, report_ids: Sequence[ReportId], lens: Lens) -> dict[ReportId, tuple[Report, Version]]:
        self._require(Action.READ_NAMED, "view", report_ids)
        inner = self._lens(lens, Action.READ_NAMED)
        return self._recorded("view", lambda store: store.reports(report_ids, inner), lambda answer: answer)

    def neighbourhood(
        self,
        seeds: Sequence[NodeId],
        lens: Lens,
        *,
        hops: int = 1,
        where: TieFilter = TieFilter(),
        per_node: int = 50,
        hub_limit: int = 200,
        limit: int = 500,
    ) -> Neighbourhood:
        return self._neighbourhood("map", Action.READ_NAMED, seeds, lens, hops, where, per_node, hub_limit, limit)

    def neighbourhood_for_export(
        self,
        seeds: Sequence[NodeId],
        lens: Lens,
        *,
        recipient: str,
        form: str,
        serial: str,
        hops: int = 1,
        where: TieFilter = TieFilter(),
        limit: int = 500,
    ) -> Neighbourhood:
        """The same, for a file that leaves the hub: records under handling code C stay behind, and the disclosure is
        recorded with its recipient, format and serial number."""
        self._require(Action.EXPORT, "export", seeds)
        details: dict[str, Plain] = {"format": form, "serial": serial}
        return self._neighbourhood(
            "export", Action.EXPORT, seeds, lens, hops, where, 50, 200, limit, recipient=recipient, details=details
        )

    def paths(
        self,
        source: NodeId,
        target: NodeId,
        lens: Lens,
        *,
        max_hops: int = 4,
        where: TieFilter = TieFilter(),
        limit: int = 5,
        hub_limit: int = 200,
    ) -> tuple[EvidencePath, ...]:
        self._require(Action.READ_PATHS, "paths", (source, target))
        inner = self._lens(lens, Action.READ_PATHS)
        return self._recorded(
            "paths",
            lambda store: store.paths(
                source, target, inner, max_hops=max_hops, where=where, limit=limit, hub_limit=hub_limit
            ),
            lambda found: dict.fromkeys([source, target, *(node for path in found for node in path.nodes)]),
        )

    def events_within(
        self,
        area: Area,
        start: dt.datetime,
        end: dt.datetime,
        lens: Lens,
        *,
        event_types: frozenset[str] | None = None,
        limit: int = 10_000,
    ) -> tuple[SeenNode, ...]:
        self._require(Action.READ_EVENTS, "events", ())
        inner = self._lens(lens, Action.READ_EVENTS)
        return self._recorded(
            "events",
            lambda store: store.events_within(area, start, end, inner, event_types=event_types, limit=limit),
            lambda found: (node.record.id for node in found),
        )

    def search(
        self, text: str, lens: Lens, *, kinds: frozenset[NodeKind] | None = None, fuzzy: bool = True, limit: int = 20
    ) -> tuple[SearchHit, ...]:
        panel = self.actor.role is Role.PANEL
        action = Action.READ_PLACES if panel else Action.READ_NAMED
        self._require(action, "search", ())
        if panel:
            kinds = PANEL_KINDS if kinds is None else kinds & PANEL_KINDS
        inner = self._lens(lens, action)
        term = hmac.new(self._secret, text.casefold().encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]
        hits = self._recorded(
            "search",
            lambda store: store.search(text, inner, kinds=kinds, fuzzy=fuzzy, limit=limit),
            lambda found: (hit.node.record.id for hit in found),
            details={"term": term},
        )
        if panel:
            return tuple(
                dataclasses.replace(hit, node=dataclasses.replace(hit.node, degree=0))
                for hit in hits
                if not is_private_place(hit.node.record)
            )
        return tuple(dataclasses.replace(hit, node=self._node(hit.node)) for hit in hits)

    def snapshot(self, lens: Lens, *, scope: NodeId | None = None) -> Snapshot:
        self._require(Action.ANALYSE, "analyse", () if scope is None else (scope,))
        inner = self._lens(lens, Action.ANALYSE)
        return self._recorded(
            "analyse",
            lambda store: store.snapshot(inner, scope=scope),
            lambda _: () if scope is None else (scope,),
        )

    def snapshot_of_open(self, lens: Lens, *, scope: NodeId | None = None) -> Snapshot:
        """The open records only, whatever this actor could see: for flags that everybody entitled to flags may read."""
        self._require(Action.ANALYSE, "analyse", () if scope is None else (scope,))
        inner = dataclasses.replace(lens, sight=_is_open)
        return self._recorded(
            "analyse",
            lambda store: store.snapshot(inner, scope=scope),
            lambda _: () if scope is None else (scope,),
            details={"open_records_only": True},
        )

    def snapshot_of_places(self, lens: Lens) -> Snapshot:
        """Open records only, for counts by locality that are suppressed before anybody sees them."""
        self._require(Action.READ_LOCALITIES, "localities", ())
        inner = dataclasses.replace(lens, sight=_is_open)
        return self._recorded("localities", lambda store: store.snapshot(inner), lambda _: ())

    def localities(self) -> tuple[Locality, ...]:
        self._require(Action.READ_LOCALITIES, "localities", ())
        return self._recorded("localities", lambda store: store.localities(), lambda _: ())

    def list_nodes(
        self, kind: NodeKind, lens: Lens, *, after: NodeId | None = None, limit: int = 50
    ) -> tuple[SeenNode, ...]:
        panel = self.actor.role is Role.PANEL
        if panel and kind not in PANEL_KINDS:
            raise self._refusal(Action.READ_NAMED, "view", ())
        action = Action.READ_PLACES if panel else Action.READ_NAMED
        self._require(action, "view", ())
        inner = self._lens(lens, action)

        def read(store: Reader) -> tuple[SeenNode, ...]:
            if panel:
                return _public_places(store, kind, inner, after, limit)
            return store.list_nodes(kind, inner, after=after, limit=limit)

        found = self._recorded("view", read, lambda answer: (node.record.id for node in answer))
        return found if panel else tuple(self._node(node) for node in found)

    def loads(self, *, limit: int = 50, before: int | None = None) -> tuple[Load, ...]:
        """Own loads in full; others' without their counts, which may count what this actor must not know."""
        self._require(Action.READ_LOADS, "loads", ())
        found = self._recorded(
            "loads", lambda store: store.loads(limit=limit, before=before), lambda answer: (load.id for load in answer)
        )
        if self.actor.role is Role.OPERATOR:
            return found
        return tuple(
            load if load.author == self.actor.account else dataclasses.replace(load, tallies={}, reason=None, files=())
            for load in found
        )

    def flags(
        self,
        lens: Lens,
        *,
        detector: str | None = None,
        state: FlagState | None = None,
        subject: NodeId | None = None,
        limit: int = 50,
        offset: int = 0,
        today: dt.date | None = None,
    ) -> tuple[StoredFlag, ...]:
        self._require(Action.READ_FLAGS, "flags", ())
        inner = self._lens(lens, Action.READ_FLAGS)
        day = today or self.today
        return self._recorded(
            "flags",
            lambda store: store.flags(
                inner, detector=detector, state=state, subject=subject, limit=limit, offset=offset, today=day
            ),
            _flag_ids,
        )

    def flag_page(
        self,
        lens: Lens,
        where: FlagFilter = FlagFilter(),
        *,
        limit: int = 50,
        offset: int = 0,
        after: FlagId | None = None,
        today: dt.date | None = None,
    ) -> FlagPage:
        self._require(Action.READ_FLAGS, "flags", ())
        inner = self._lens(lens, Action.READ_FLAGS)
        day = today or self.today
        return self._recorded(
            "flags",
            lambda store: store.flag_page(inner, where, limit=limit, offset=offset, after=after, today=day),
            lambda found: _flag_ids(found.flags),
        )

    def flag_list(
        self, where: FlagFilter, expected: frozenset[str], *, limit: int = 50, offset: int = 0
    ) -> tuple[FlagPage, frozenset[str]]:
        """A page of flags; and which of the ``expected`` detectors (those whose flags are for this role) have flags
        that the role does not see only because their kept run does not name it, until the detector is run again."""
        self._require(Action.READ_FLAGS, "flags", ())
        inner, day = self._lens(Lens(), Action.READ_FLAGS), self.today

        def read(store: Reader) -> tuple[FlagPage, frozenset[str]]:
            found = store.flag_page(inner, where, limit=limit, offset=offset, today=day)
            listed = {detector for detector, _, _ in found.counts}
            return found, frozenset() if where.subjects else _unread(store, inner, expected - listed, day)

        return self._recorded("flags", read, lambda found: _flag_ids(found[0].flags))

    def hidden_kinds(self, detectors: frozenset[str], action: Action, what: str) -> frozenset[str]:
        """The same question for another page, of detectors of which it shows nothing."""
        self._require(action, what, ())
        inner, day = self._lens(Lens(), action), self.today
        return self._recorded(what, lambda store: _unread(store, inner, detectors, day), lambda _: ())

    def context_flags(
        self, lens: Lens, detectors: frozenset[str], *, limit: int = 500, today: dt.date | None = None
    ) -> tuple[StoredFlag, ...]:
        """Flags of these detectors about places and areas. A panel gets those about areas and places it may see, with
        counts of 1 to 5 held back and nothing about anybody."""
        self._require(Action.READ_HOTSPOTS, "hotspots", ())
        inner = self._lens(lens, Action.READ_HOTSPOTS)
        day = today or self.today
        where = FlagFilter(detectors)
        panel = self.actor.role is Role.PANEL

        def read(store: Reader) -> tuple[StoredFlag, ...]:
            found = store.flag_page(inner, where, limit=limit, today=day).flags
            if not panel:
                return found
            places = {node for stored in found for node in stored.flag.subjects if _kind(node) in PANEL_KINDS}
            seen = store.nodes(sorted(places), inner)
            public = {node_id for node_id, node in seen.items() if not is_private_place(node.record)}
            return tuple(flag_for_panel(stored) for stored in found if is_about_contexts(stored.flag, public))

        return self._recorded("hotspots", read, _flag_ids)

    def flag(self, flag_id: str, lens: Lens) -> StoredFlag | None:
        self._require(Action.READ_FLAGS, "flags", (flag_id,))
        inner = self._lens(lens, Action.READ_FLAGS)
        return self._recorded(
            "flags",
            lambda store: store.flag(flag_id, inner),
            lambda found: (flag_id,) if found is None else (flag_id, *found.flag.subjects),
        )

    def reviewed_flags(self, lens: Lens, *, today: dt.date | None = None) -> tuple[StoredFlag, ...]:
        """For saying how often flags like one are confirmed: counted, so none of them is recorded as shown."""
        self._require(Action.READ_FLAGS, "flags", ())
        inner = self._lens(lens, Action.READ_FLAGS)
        day = today or self.today
        return self._recorded(
            "flags", lambda store: store.reviewed_flags(inner, today=day), lambda _: (), details={"reviewed": True}
        )

    def flags_to_analyse(
        self, among: frozenset[Restriction] = frozenset()
    ) -> tuple[tuple[StoredFlag, ...], tuple[StoredFlag, ...]]:
        """(flags that are shown now, flags ever reviewed), of all detectors, of runs over open records and over records
        under the restrictions ``among`` as far as this actor sees them. For counting only: whatever role the flags of a
        detector are for, what is made of them shows none of them."""
        self._require(Action.ANALYSE, "analyse", ())
        seen = self._lens(Lens(), Action.ANALYSE).sight

        def inside(restriction: Restriction) -> bool:
            return restriction.is_open or (restriction in among and (seen is None or seen(restriction)))

        inner, day = Lens(sight=inside), self.today
        return self._recorded(
            "analyse",
            lambda store: (store.flags(inner, limit=_ALL_FLAGS, today=day), store.reviewed_flags(inner, today=day)),
            lambda _: (),
            details={"flags": True},
        )

    def equity(self) -> tuple[StoredFlag, ...]:
        """The tables of the shown run about who is referred, opened and flagged, without decisions or their reasons:
        counts by group, none from 1 to 5, nobody named."""
        self._require(Action.READ_EQUITY, "equity", ())
        inner, day = self._lens(Lens(), Action.READ_EQUITY), self.today
        found = self._recorded(
            "equity",
            lambda store: store.flags(inner, detector=_EQUITY, limit=_ALL_FLAGS, today=day),
            _flag_ids,
        )
        return tuple(dataclasses.replace(stored, decisions=()) for stored in found)

    # -- acting ------------------------------------------------------------------------------------------------
    def write(
        self, blocks: Iterable[Block], note: WriteNote, *, progress: Callable[[int], None] | None = None
    ) -> Commit:
        """Load or enter records; the author is the actor, whatever the note says."""
        self._require(Action.LOAD, note.action, ())
        author = dataclasses.replace(note, author=self.actor.account, agency=note.agency or self.actor.agency)
        return self._store.write(blocks, author, progress=progress)

    def load(self, work: Callable[[Store], Answer], *, what: str = "load") -> Answer:
        """Let a loader work on the store itself: it has to resolve references to records this actor may not see. The
        loader names this actor as its author; the store keeps the audit row with the commit."""
        self._require(Action.LOAD, what, ())
        return work(self._store)

    def decide_flag(self, flag_id: str, state: FlagState, reason: str | None) -> FlagDecision | None:
        """Keep a decision on a flag this actor can see; None when there is no such flag for this actor.

        Raises ValueError when accepting or dismissing without a reason.
        """
        self._require(Action.DECIDE_FLAG, "decision", (flag_id,))
        if state in {FlagState.NEW, FlagState.EXPIRED}:
            raise ValueError("a decision is seen, accepted or dismissed")
        if state in {FlagState.ACCEPTED, FlagState.DISMISSED} and not (reason and reason.strip()):
            raise ValueError("accepting or dismissing a flag needs a reason")
        found = self.flag(flag_id, Lens())
        if found is None:
            return None
        decision = FlagDecision(found.flag.id, state, reason, self.actor.account, self._clock())
        self._store.decide_flag(decision, self._entry("decision", (flag_id, *found.flag.subjects), None, {}))
        return decision

    def save_run(self, run: Run) -> None:
        self._require(Action.ANALYSE, "analyse", ())
        details: dict[str, Plain] = {"detector": run.detector, "flags": len(run.flags), "run": run.id}
        self._store.save_run(run, self._entry("analyse", (), None, details))

    def note(self, what: str, details: Mapping[str, Plain]) -> None:
        """Keep in the audit that something was begun or stopped on this actor's behalf."""
        self._store.append_audit(self._entry(what, (), None, dict(details)))

    # -- governance --------------------------------------------------------------------------------------------
    def audit_rows(
        self,
        *,
        chain: str | None = None,
        after: int = 0,
        limit: int = 100,
        newest_first: bool = False,
        actor: str | None = None,
        about: str | None = None,
    ) -> tuple[AuditRow, ...]:
        self._require(Action.READ_AUDIT, "audit", ())
        self._store.append_audit(self._entry("audit", () if about is None else (about,), None, {}))
        return self._store.audit_rows(
            chain=chain, after=after, limit=limit, newest_first=newest_first, actor=actor, about=about
        )

    def verify_audit(self, kept_heads: Mapping[str, tuple[int, str]] | None = None) -> AuditVerdict:
        self._require(Action.READ_AUDIT, "audit", ())
        verdict = self._store.verify_audit(kept_heads)
        try:
            self._store.append_audit(self._entry("audit", (), None, {"verify": True}))
        except AuditUnavailable:
            # Onto a chain that was tampered with nothing may fit any more, and that is what has to be said.
            if verdict.intact:
                raise
        return verdict

    def require(self, action: Action, what: str, ids: Iterable[str] = ()) -> None:
        """Raise Refused, and keep that in the audit, when the role does not have this action."""
        self._require(action, what, ids)

    # -- inside ------------------------------------------------------------------------------------------------
    @property
    def today(self) -> dt.date:
        return self._clock().date()

    def may(self, action: Action) -> bool:
        """Whether the role has this action at all (for showing or leaving out a button)."""
        return decide(self.actor, action, Restriction(), self.today).allowed

    def _neighbourhood(
        self,
        what: str,
        action: Action,
        seeds: Sequence[NodeId],
        lens: Lens,
        hops: int,
        where: TieFilter,
        per_node: int,
        hub_limit: int,
        limit: int,
        *,
        recipient: str | None = None,
        details: dict[str, Plain] | None = None,
    ) -> Neighbourhood:
        panel = self.actor.role is Role.PANEL
        if panel:
            action = Action.READ_PLACES
            seeds = self._public_seeds(seeds, lens)
            hops = min(hops, 1)
        self._require(action, what, seeds)
        inner = self._lens(lens, action)
        found = self._recorded(
            what,
            lambda store: store.neighbourhood(
                seeds, inner, hops=hops, where=where, per_node=per_node, hub_limit=hub_limit, limit=limit
            ),
            lambda answer: (node.record.id for node in answer.nodes),
            recipient=recipient,
            details=details,
        )
        if panel:
            return neighbourhood_for_panel(found, Pseudonyms(lens.as_at or self.today))
        return dataclasses.replace(found, nodes=tuple(self._node(node) for node in found.nodes))

    def _public_seeds(self, seeds: Sequence[NodeId], lens: Lens) -> tuple[NodeId, ...]:
        return tuple(self.nodes(seeds, lens))

    def _place_for_panel(self, node_id: NodeId, lens: Lens) -> Entity | None:
        """A place or school by name, with nobody and nothing attached."""
        if _kind(node_id) not in PANEL_KINDS:
            self._require(Action.READ_NAMED, "view", (node_id,))
        inner = self._lens(lens, Action.READ_PLACES)
        found = self._recorded("view", lambda store: store.entity(node_id, inner), lambda _: (node_id,))
        if found is None or is_private_place(found.node.record):
            return None
        node = dataclasses.replace(found.node, degree=0)
        return dataclasses.replace(found, node=node, ties=(), others={}, episodes=(), history=())

    def _entity(self, found: Entity) -> Entity:
        return dataclasses.replace(
            found,
            node=self._node(found.node),
            others={node_id: self._node(node) for node_id, node in found.others.items()},
            history=tuple((record_for(self.actor, record), version) for record, version in found.history),
        )

    def _node(self, node: SeenNode) -> SeenNode:
        record = record_for(self.actor, node.record)
        return node if record is node.record else dataclasses.replace(node, record=record)

    def _lens(self, lens: Lens, action: Action) -> Lens:
        if self.actor.role is Role.OPERATOR:
            return dataclasses.replace(lens, sight=None, audience=None)
        seen = sight(self.actor, action, self.today)
        return dataclasses.replace(lens, sight=seen, audience=self.actor.role.value)

    def _require(self, action: Action, what: str, ids: Iterable[str]) -> None:
        if not decide(self.actor, action, Restriction(), self.today).allowed:
            raise self._refusal(action, what, ids)

    def _refusal(self, action: Action, what: str, ids: Iterable[str]) -> Refused:
        details: dict[str, Plain] = {"refused": action.value}
        self._store.append_audit(self._entry(f"refused {what}", tuple(ids), None, details))
        return Refused(f"{action.value.replace('_', ' ')} is not part of this role")

    def _entry(self, action: str, ids: Iterable[str], recipient: str | None, details: dict[str, Plain]) -> AuditEntry:
        return AuditEntry(
            actor=self.actor.account,
            action=action,
            ids=tuple(ids),
            purpose=self.actor.purpose,
            agency=self.actor.agency,
            recipient=recipient,
            details={"role": self.actor.role.value, **details},
        )

    def _recorded(
        self,
        action: str,
        read: Callable[[Reader], Answer],
        ids_of: Callable[[Answer], Iterable[str]],
        *,
        recipient: str | None = None,
        details: dict[str, Plain] | None = None,
    ) -> Answer:
        return self._store.recorded(read, lambda answer: self._entry(action, ids_of(answer), recipient, details or {}))


def _public_places(store: Reader, kind: NodeKind, lens: Lens, after: NodeId | None, limit: int) -> tuple[SeenNode, ...]:
    """A full page of what is nobody's home, so that a short page is the last one."""
    shown: list[SeenNode] = []
    while len(shown) < limit:
        found = store.list_nodes(kind, lens, after=after, limit=limit)
        shown += [dataclasses.replace(node, degree=0) for node in found if not is_private_place(node.record)]
        if len(found) < limit:
            break
        after = found[-1].record.id
    return tuple(shown[:limit])


def _unread(store: Reader, lens: Lens, detectors: frozenset[str], today: dt.date) -> frozenset[str]:
    """Those of the detectors that have flags within the sight which the audience of the lens leaves out."""
    anybody = dataclasses.replace(lens, audience=None)
    return frozenset(
        name
        for name in sorted(detectors)
        if store.flags(anybody, detector=name, limit=1, today=today)
        and not store.flags(lens, detector=name, limit=1, today=today)
    )


def _flag_ids(found: Iterable[StoredFlag]) -> Iterable[str]:
    return dict.fromkeys(item for stored in found for item in (stored.flag.id, *stored.flag.subjects))


def _is_open(restriction: Restriction) -> bool:
    return restriction.is_open


def _kind(node_id: str) -> NodeKind | None:
    try:
        return NodeKind(node_id.partition(":")[0])
    except ValueError:
        return None
