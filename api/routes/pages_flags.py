"""Pages of prompts: the list, one prompt with its evidence, and the decision about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from analysis.registry import DETECTORS
from api.deps import CurrentGate, CurrentSession, CurrentWiring
from api.routes.pages_common import page
from api.routes.pages_entry import Message
from api.views.flags import (
    STATE_LABELS,
    FlagRow,
    decision_words,
    detector_title,
    ends_of,
    figures,
    flag_row,
    flag_title,
    left_out,
    nodes_named,
    reason_views,
    stability_words,
    subject_links,
    summary_words,
)
from api.views.words import day_words
from graph.access.gate import Gate
from graph.errors import NotFound
from graph.flags import FlagState
from graph.model import TieId
from graph.store import Lens, StoredFlag

router = APIRouter(include_in_schema=False)

PAGE = 30
#: prompts of each kind when no kind is chosen
PAGE_OF_EACH = 6
_CHOICES = (
    ("seen", "Seen, no decision yet"),
    ("accepted", "Accepted: we will look into it"),
    ("dismissed", "Dismissed"),
)
#: ties looked up for one page at most
_MOST_TIES = 400


@dataclass(frozen=True, slots=True)
class Section:
    """The prompts of one kind."""

    title: str
    question: str
    rows: tuple[FlagRow, ...]
    #: all of this kind, when not all are listed
    more: str | None


@router.get("/flags")
def flags(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    detector: Annotated[str, Query(max_length=60)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    wanted = detector if detector in DETECTORS else None
    chosen = FlagState(state) if state in {item.value for item in FlagState} else None
    shown, first = ([wanted], offset) if wanted else (list(DETECTORS), 0)
    each = PAGE if wanted else PAGE_OF_EACH
    found = {name: gate.flags(Lens(), detector=name, state=chosen, limit=each + 1, offset=first) for name in shown}
    named = nodes_named(stored.flag for flags in found.values() for stored in flags[:each])
    names = gate.nodes(named, Lens()) if named else {}

    def at(start: int, name: str | None = None) -> str:
        return "/flags?" + urlencode({"detector": name or detector, "state": state, "offset": start})

    sections = [
        Section(
            title=detector_title(name),
            question=DETECTORS[name].spec.question,
            rows=tuple(flag_row(stored, names) for stored in flags[:each]),
            more=at(0, name) if len(flags) > each and not wanted else None,
        )
        for name, flags in found.items()
        if flags
    ]
    more = wanted is not None and len(found[wanted]) > each

    return page(
        request,
        "pages/flags.html",
        wiring,
        session,
        title="Prompts",
        detectors=[{"name": name, "title": item.spec.title} for name, item in DETECTORS.items()],
        detector=wanted,
        state=chosen.value if chosen else None,
        states=[(item.value, label) for item, label in STATE_LABELS.items()],
        sections=sections,
        older=at(offset + PAGE) if more else None,
        newer=at(max(0, offset - PAGE)) if first else None,
    )


@router.get("/flags/{flag_id}")
def flag(request: Request, wiring: CurrentWiring, session: CurrentSession, gate: CurrentGate, flag_id: str) -> Response:
    stored = gate.flag(flag_id, Lens()) if len(flag_id) <= 100 else None
    if stored is None:
        raise NotFound("no such prompt")
    return _page(request, wiring, session, gate, stored)


@router.post("/flags/{flag_id}/decisions")
def decide(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    flag_id: str,
    state: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    stored = gate.flag(flag_id, Lens()) if len(flag_id) <= 100 else None
    if stored is None:
        raise NotFound("no such prompt")
    if state not in dict(_CHOICES):
        problem = Message("Choose what you decide", f"state-{_CHOICES[0][0]}")
        return _page(request, wiring, session, gate, stored, problem, reason=reason)
    if state != FlagState.SEEN.value and not reason.strip():
        problem = Message("Give a reason to accept or dismiss", "reason")
        return _page(request, wiring, session, gate, stored, problem, chosen=state)
    gate.decide_flag(flag_id, FlagState(state), reason.strip() or None)
    return RedirectResponse(f"/flags/{flag_id}", 303)


def _page(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: Gate,
    stored: StoredFlag,
    problem: Message | None = None,
    *,
    chosen: str = "",
    reason: str = "",
) -> Response:
    item = stored.flag
    wanted: tuple[TieId, ...] = tuple(dict.fromkeys(tie for reason in item.reasons for tie in reason.ties))
    ties = gate.ties(wanted[:_MOST_TIES], Lens()) if wanted else {}
    events = tuple(event for reason in item.reasons for event in reason.events)
    names = gate.nodes(tuple(dict.fromkeys((*nodes_named([item]), *ends_of(ties.values()), *events))), Lens())
    spec = DETECTORS[item.detector].spec if item.detector in DETECTORS else None
    return page(
        request,
        "pages/flag.html",
        wiring,
        session,
        status=422 if problem else 200,
        title=flag_title(item, names),
        detector_title=detector_title(item.detector),
        question=spec.question if spec else "",
        summary=summary_words(item, names),
        left_out=left_out(item, names),
        problems=[problem] if problem else [],
        band=item.band.value,
        stability=stability_words(item),
        expires=day_words(item.expires_on),
        state=STATE_LABELS[stored.state],
        reasons=reason_views(item, names, ties),
        would_clear=item.would_clear,
        cautions=item.cautions,
        subjects=subject_links(item, names),
        choices=_CHOICES,
        chosen=chosen,
        reason_given=reason,
        decisions=[decision_words(decision) for decision in stored.decisions],
        figures=figures(item),
        here=f"/flags/{item.id}",
    )
