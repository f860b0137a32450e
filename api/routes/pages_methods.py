"""How each kind of prompt is found. Nothing here comes from a record, so reading it leaves no row in the audit."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from analysis.registry import DETECTORS
from api.deps import CurrentGate, CurrentSession, CurrentWiring
from api.routes.pages_common import ROLE_LABELS, page
from api.views.methods import WEIGHTS, groups, method_view, more_links, weights_view
from graph.errors import NotFound

router = APIRouter(include_in_schema=False)


@router.get("/methods")
async def methods(request: Request, wiring: CurrentWiring, session: CurrentSession) -> Response:
    mine, others = groups(role=session.actor.role.value)
    return page(
        request,
        "pages/methods.html",
        wiring,
        session,
        title="How prompts are found",
        mine=mine,
        others=others,
        weights_url=f"/methods/{WEIGHTS}",
    )


@router.get("/methods/{detector}")
def method(
    request: Request, wiring: CurrentWiring, session: CurrentSession, gate: CurrentGate, detector: str
) -> Response:
    if detector == WEIGHTS:
        return page(
            request, "pages/method_weights.html", wiring, session, title="Weights of ties", parts=weights_view()
        )
    found = DETECTORS.get(detector)
    if found is None:
        raise NotFound("no such method")
    return page(
        request,
        "pages/method.html",
        wiring,
        session,
        title=f"How it works: {found.spec.title}",
        view=method_view(found.spec, ROLE_LABELS),
        more=more_links(found.spec, gate),
    )
