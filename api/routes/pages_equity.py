"""The page about groups: who is referred, opened and flagged."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from analysis.registry import DETECTORS
from api.deps import CurrentGate, CurrentSession, CurrentWiring
from api.routes.pages_common import page
from api.views.equity import choices, chosen_key, equity_view, standing_out
from api.views.words import method_address
from graph.access.policy import Action

router = APIRouter(include_in_schema=False)


@router.get("/equity")
def equity(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    by: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    flags = gate.equity()
    key = chosen_key(flags, by)
    view = None if key is None else equity_view(flags, key)
    kind = frozenset({"disproportionality"})
    hidden = gate.hidden_kinds(kind, Action.READ_EQUITY, "equity") if not flags else ()
    spec = DETECTORS["disproportionality"].spec
    return page(
        request,
        "pages/equity.html",
        wiring,
        session,
        title=spec.title,
        question=spec.question,
        method_url=method_address(spec.name),
        cautions=(*spec.cautions, *spec.not_known),
        would_clear=spec.would_clear,
        view=view,
        hidden=bool(hidden),
        svg=Markup(view.svg) if view else "",  # noqa: S704  words inside are escaped where they are put in
        choices=choices(flags, key or ""),
        standing_out=standing_out(flags),
        here="/equity",
    )
