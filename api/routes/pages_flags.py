"""Pages of prompts: the list, one prompt with its evidence, the decision about it, and looking for patterns."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from analysis.registry import DETECTORS
from api.analysing import AnalysisRequest, analyse_in_background, cancel_job
from api.deps import CurrentGate, CurrentSession, CurrentWiring, node_id_of
from api.errors import RequestRefused
from api.routes.analyses import job_json
from api.routes.pages_common import page
from api.routes.pages_entry import Message
from api.services import search as find
from api.views.equity import confirmed_like
from api.views.flag_details import flag_details
from api.views.flag_lists import (
    Chosen,
    band_choices,
    chosen_from,
    empty_words,
    families,
    for_role,
    hidden_words,
    new_within,
    open_in_all,
    state_choices,
)
from api.views.flag_maps import can_be_drawn
from api.views.flags import detector_title, flag_row, flag_title, names_for, nodes_named
from api.views.hotspots import area_drawing
from api.views.words import instant_words, method_address
from graph.access.gate import Gate
from graph.access.policy import Action
from graph.errors import NotFound
from graph.flags import FlagState
from graph.model import FlagId, NodeId, TieId
from graph.store import FlagFilter, Lens, StoredFlag
from viz.elements import label_of

router = APIRouter(include_in_schema=False)

PAGE = 25
#: records looked through when somebody asks for the prompts about a name
MOST_FOUND = 20
_CHOICES = (
    ("seen", "Seen, no decision yet"),
    ("accepted", "Accepted: we will look into it"),
    ("dismissed", "Dismissed"),
)
#: ties looked up for one page at most
_MOST_TIES = 400

Word = Annotated[str, Query(max_length=60)]
Subject = Annotated[str, Query(max_length=200)]


@router.get("/flags")
def flags(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    detector: Word = "",
    family: Word = "",
    state: Word = "",
    band: Word = "",
    subject: Subject = "",
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    chosen = chosen_from(detector, family, state, band, _subject(subject))
    return _list_page(request, wiring, session, gate, chosen, offset)


@router.get("/flags/next")
def next_flag(
    gate: CurrentGate,
    detector: Word = "",
    family: Word = "",
    band: Word = "",
    subject: Subject = "",
    after: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The next prompt nobody has looked at, within the list it was asked from; the list when there is none."""
    chosen = chosen_from(detector, family, "", band, _subject(subject))
    return RedirectResponse(_next_address(gate, chosen, after), 303)


@router.post("/flags/find")
def find_flags(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    q: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Prompts about a name. What is typed travels in the body: addresses are kept by browsers and proxies."""
    gate.require(Action.READ_FLAGS, "flags")
    wanted = q.strip()
    hits = find(gate, wanted, Lens(), limit=MOST_FOUND) if len(wanted) >= 2 else ()
    subjects = frozenset(hit.node.record.id for hit in hits)
    listed = gate.flag_page(Lens(), FlagFilter(subjects=subjects), limit=500).flags if subjects else ()
    about = {subject for stored in listed for subject in stored.flag.subjects} & subjects
    found = [
        {
            "url": Chosen(state="any", subject=hit.node.record.id).address(),
            "label": label_of(hit.node.record),
            "many": sum(hit.node.record.id in stored.flag.subjects for stored in listed),
        }
        for hit in hits
        if hit.node.record.id in about
    ]
    return page(request, "pages/flags_find.html", wiring, session, title="Prompts about a name", asked=wanted,
                found=found, looked=len(hits), here="/flags")  # fmt: skip


@router.post("/flags/analysis")
def start_analysis(
    wiring: CurrentWiring,
    session: CurrentSession,
    detectors: Annotated[list[str] | None, Form(max_length=40)] = None,
) -> Response:
    """Look for patterns in the background; how far it is stands on the list."""
    try:
        analyse_in_background(wiring, session.actor, AnalysisRequest(tuple(dict.fromkeys(detectors or ()))))
    except RequestRefused as error:
        if error.status != 409:
            raise
    return RedirectResponse("/flags#analysis", 303)


@router.post("/flags/analysis/{job_id}/cancel")
def stop_analysis(wiring: CurrentWiring, session: CurrentSession, job_id: str) -> Response:
    cancel_job(wiring, session.actor, job_id)
    return RedirectResponse("/flags#analysis", 303)


@router.get("/flags/{flag_id}")
def flag(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    flag_id: str,
    detector: Word = "",
    family: Word = "",
    band: Word = "",
    subject: Subject = "",
) -> Response:
    chosen = chosen_from(detector, family, "", band, _subject(subject))
    return _page(request, wiring, session, gate, _found(gate, flag_id), chosen)


@router.get("/flags/{flag_id}/map")
def flag_map(
    request: Request, wiring: CurrentWiring, session: CurrentSession, gate: CurrentGate, flag_id: str
) -> Response:
    """The evidence of a prompt as a map that can be grown."""
    item = _found(gate, flag_id).flag
    if not can_be_drawn(item):
        raise NotFound("no such map")
    names = names_for(gate, item.subjects)
    return page(
        request,
        "pages/flag_map.html",
        wiring,
        session,
        width="kith-wide",
        title=f"Evidence: {flag_title(item, names)}",
        detector_title=detector_title(item.detector),
        flag_url=f"/flags/{item.id}",
        source_url=f"/api/v1/flags/{item.id}/map",
        expand_url="/api/v1/neighbourhood",
    )


@router.post("/flags/{flag_id}/decisions")
def decide(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    flag_id: str,
    state: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    then: Annotated[str, Form(max_length=20)] = "",
    detector: Annotated[str, Form(max_length=60)] = "",
    family: Annotated[str, Form(max_length=60)] = "",
    band: Annotated[str, Form(max_length=60)] = "",
    subject: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    stored = _found(gate, flag_id)
    chosen = chosen_from(detector, family, "", band, _subject(subject))
    problem = None
    if state not in dict(_CHOICES):
        problem = Message("Choose what you decide", f"state-{_CHOICES[0][0]}")
    elif state != FlagState.SEEN.value and not reason.strip():
        problem = Message("Give a reason to accept or dismiss", "reason")
    if problem is not None:
        return _page(request, wiring, session, gate, stored, chosen, problem, decided=state, reason=reason)
    gate.decide_flag(flag_id, FlagState(state), reason.strip() or None)
    here = chosen.address(f"/flags/{flag_id}")
    return RedirectResponse(_next_address(gate, chosen, flag_id) if then == "next" else here, 303)


def _found(gate: Gate, flag_id: str) -> StoredFlag:
    stored = gate.flag(flag_id, Lens()) if len(flag_id) <= 100 else None
    if stored is None:
        raise NotFound("no such prompt")
    return stored


def _subject(text: str) -> NodeId | None:
    return node_id_of(text) if text else None


def _next_address(gate: Gate, chosen: Chosen, after: str) -> str:
    where = FlagFilter(chosen.detectors, frozenset({FlagState.NEW}), chosen.where.bands, chosen.where.subjects)
    found = gate.flag_page(Lens(), where, limit=1, after=FlagId(after)).flags
    if not found and after:
        found = gate.flag_page(Lens(), where, limit=1).flags
    if not found or found[0].flag.id == after:
        return chosen.address()
    return chosen.address(f"/flags/{found[0].flag.id}")


def _list_page(
    request: Request, wiring: CurrentWiring, session: CurrentSession, gate: Gate, chosen: Chosen, offset: int
) -> Response:
    role = gate.actor.role.value
    found, hidden = gate.flag_list(chosen.where, for_role(role), limit=PAGE, offset=offset)
    wanted = [*nodes_named(stored.flag for stored in found.flags), *([chosen.subject] if chosen.subject else [])]
    names = names_for(gate, wanted)
    spec = DETECTORS[chosen.detector].spec if chosen.detector else None
    about = names.get(chosen.subject) if chosen.subject else None
    return page(
        request,
        "pages/flags.html",
        wiring,
        session,
        title="Prompts",
        heading=spec.title if spec else f"Prompts about {label_of(about.record)}" if about else "Prompts to look at",
        question=spec.question if spec else "",
        method_url=method_address(spec.name) if spec else "/methods",
        families=families(found, chosen, role, hidden),
        all_url=chosen.address(detector=None, family=None),
        open=open_in_all(found),
        states=state_choices(chosen),
        bands=band_choices(chosen),
        chosen=chosen,
        rows=[flag_row(stored, names, chosen.address(f"/flags/{stored.flag.id}", state="")) for stored in found.flags],
        first=offset + 1,
        last=offset + len(found.flags),
        total=found.total,
        waiting=new_within(found, chosen),
        next_url=chosen.address("/flags/next", state=""),
        clear_url="/flags" if chosen != Chosen() else None,
        empty=empty_words(found, chosen, role, gate.may(Action.ANALYSE), hidden),
        hidden=hidden_words(hidden, role, gate.may(Action.ANALYSE)),
        older=chosen.address(offset=offset + PAGE) if offset + len(found.flags) < found.total else None,
        newer=chosen.address(offset=max(0, offset - PAGE)) if offset else None,
        analysis=_analysis(wiring, session, gate),
        here="/flags",
    )


def _analysis(wiring: CurrentWiring, session: CurrentSession, gate: Gate) -> dict[str, Any] | None:
    """The part of the page in which an analyst looks for patterns; None for who may not."""
    if not gate.may(Action.ANALYSE):
        return None
    jobs = wiring.jobs.of(session.actor.account)
    last = jobs[0] if jobs else None
    runs = [
        {"title": detector_title(run.detector), "flags": run.flags, "url": Chosen(run.detector).address()}
        for run in (last.runs if last else ())
    ]
    role = gate.actor.role.value
    offered = [
        {"name": name, "title": item.spec.title} for name, item in DETECTORS.items() if role in item.spec.may_run
    ]
    begun = instant_words(last.started_at) if last else ""
    return {"job": job_json(last) if last else None, "begun": begun, "runs": runs, "offered": offered}


def _page(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: Gate,
    stored: StoredFlag,
    chosen: Chosen,
    problem: Message | None = None,
    *,
    decided: str = "",
    reason: str = "",
) -> Response:
    item = stored.flag
    wanted: tuple[TieId, ...] = tuple(dict.fromkeys(tie for cause in item.reasons for tie in cause.ties))
    ties = gate.ties(wanted[:_MOST_TIES], Lens()) if wanted else {}
    ends = (end for seen in ties.values() for end in (seen.tie.source, seen.tie.target))
    events = (event for cause in item.reasons for event in cause.events)
    names = names_for(gate, (*nodes_named([item]), *ends, *events))
    counted = gate.flag_page(Lens(), FlagFilter(subjects=chosen.where.subjects), limit=0)
    waiting = new_within(counted, chosen) - (stored.state is FlagState.NEW)
    return page(
        request,
        "pages/flag.html",
        wiring,
        session,
        status=422 if problem else 200,
        title=flag_title(item, names),
        problems=[problem] if problem else [],
        choices=_CHOICES,
        chosen=decided,
        reason_given=reason,
        back_url=chosen.address(),
        next_url=chosen.address("/flags/next", state="") if waiting > 0 else None,
        after=item.id,
        waiting=max(waiting, 0),
        list=chosen,
        map_url=f"/flags/{item.id}/map" if can_be_drawn(item) else None,
        map_source=f"/api/v1/flags/{item.id}/map",
        drawing=area_drawing(gate, item, names),
        here=f"/flags/{item.id}",
        **flag_details(stored, names, ties, confirmed_like(gate, item)),
    )
