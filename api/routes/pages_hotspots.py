"""The hotspot map, for those who see prompts and for panels, who see areas and places and nobody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from analysis.registry import DETECTORS
from api.deps import CurrentGate, CurrentSession, CurrentWiring
from api.routes.pages_common import page
from api.views.flag_lists import for_role
from api.views.hotspots import (
    LAYERS,
    PERIODS,
    hotspot_view,
    layer_choices,
    period_choices,
    read_hotspots,
)
from api.views.methods import method_links
from graph.access.actors import Role
from graph.access.policy import Action

router = APIRouter(include_in_schema=False)


@router.get("/hotspots")
def hotspots(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    layer: Annotated[str, Query(max_length=20)] = "",
    period: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    layer = layer if layer in LAYERS else ""
    period = period if period in PERIODS else ""
    found = read_hotspots(gate, layer, period)
    kinds = LAYERS[layer][1] & for_role(gate.actor.role.value)
    hidden = gate.hidden_kinds(kinds, Action.READ_HOTSPOTS, "hotspots") if not found.flags and not period else ()
    view = hotspot_view(found.flags, found.localities, found.places, link=gate.may(Action.READ_FLAGS))
    return page(
        request,
        "pages/hotspots.html",
        wiring,
        session,
        title="Hotspots",
        view=view,
        panel=gate.actor.role is Role.PANEL,
        layers=layer_choices(layer),
        periods=period_choices(period),
        filtered=bool(layer or period),
        hidden=bool(hidden),
        has_areas=bool(found.localities),
        may_analyse=gate.may(Action.ANALYSE),
        methods=method_links(sorted(LAYERS[""][1], key=list(DETECTORS).index)),
        here="/hotspots",
    )
