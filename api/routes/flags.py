"""Flags with their reasons, and what people decided about them."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import LONGEST_ID, CurrentGate, CurrentLens, CurrentWiring, Cursor, Limit, node_id_of, number_cursor
from api.schemas import page, stored_flag_json
from api.services import NamedFlag, flags_page, named_flags
from api.views.flag_maps import evidence_map, picture_title
from graph.errors import NotFound, UsageError
from graph.flags import FlagState
from graph.store import Lens

router = APIRouter(prefix="/api/v1", tags=["flags"])

FlagKey = Annotated[str, Path(max_length=LONGEST_ID)]


class Decision(BaseModel):
    """What was decided; accepting and dismissing need a reason."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    state: FlagState
    reason: str | None = Field(default=None, max_length=2000)


@router.get("/flags")
def flags(
    gate: CurrentGate,
    lens: CurrentLens,
    detector: Annotated[str | None, Query(max_length=60)] = None,
    state: Annotated[str | None, Query(max_length=20)] = None,
    subject: Annotated[str | None, Query(max_length=LONGEST_ID, description="typed id")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Flags of the newest run of each detector, strongest evidence first."""
    found, following = flags_page(
        gate,
        lens,
        detector=detector,
        state=state,
        subject=None if subject is None else node_id_of(subject),
        limit=limit,
        offset=number_cursor(cursor) or 0,
    )
    items = [_flag(flag) for flag in found]
    return Response(
        orjson.dumps(page(items, None if following is None else str(following))), media_type="application/json"
    )


@router.get("/flags/{flag_id}")
def flag(gate: CurrentGate, lens: CurrentLens, flag_id: FlagKey) -> Response:
    """One flag, also of an older run."""
    found = gate.flag(flag_id, lens)
    if found is None:
        raise NotFound("no such flag")
    (named,) = named_flags(gate, [found], lens)
    return Response(orjson.dumps(_flag(named)), media_type="application/json")


@router.get("/flags/{flag_id}/map")
def flag_map(gate: CurrentGate, wiring: CurrentWiring, flag_id: FlagKey) -> Response:
    """The evidence of one flag as a map document: its subjects, the ties and events of its reasons, at most 200
    records. 404 also when nothing of it can be drawn."""
    found = gate.flag(flag_id, Lens())
    marking = wiring.settings.marking
    document = None
    if found is not None:
        document = evidence_map(gate, found.flag, picture_title(found.flag), marking=marking, now=wiring.clock())
    if document is None:
        raise NotFound("no such flag")
    return Response(document.to_json_bytes(), media_type="application/json")


@router.post("/flags/{flag_id}/decisions", status_code=201)
def decide(gate: CurrentGate, flag_id: FlagKey, body: Decision) -> Response:
    """Keep a decision: seen, accepted or dismissed. Nothing else happens by itself."""
    decide_flag(gate, flag_id, body.state, body.reason)
    return Response(orjson.dumps({"flag": flag_id, "state": body.state.value}), 201, media_type="application/json")


def decide_flag(gate: CurrentGate, flag_id: str, state: FlagState, reason: str | None) -> None:
    """Raises NotFound when this actor sees no such flag, UsageError when the decision lacks its reason."""
    try:
        decision = gate.decide_flag(flag_id, state, reason.strip() if reason else None)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if decision is None:
        raise NotFound("no such flag")


def _flag(named: NamedFlag) -> dict[str, object]:
    return {**stored_flag_json(named.stored, dict(named.json)), "names": dict(named.names)}
