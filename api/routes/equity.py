"""Rates by group at each stage, without small numbers."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from api.deps import CurrentGate
from api.schemas import Json, page

router = APIRouter(prefix="/api/v1", tags=["equity"])


@router.get("/equity")
def equity(gate: CurrentGate) -> Response:
    """One item a characteristic: groups, and a table a stage and base. Counts from 1 to 5 are null, others rounded to
    5; ratios are to the reference, with their interval. Empty until it has been worked out. One page."""
    items: list[Json] = [
        {
            "band": stored.flag.band.value,
            "stands_out": [reason.text for reason in stored.flag.reasons if reason.contribution > 0],
            "run": stored.run_id,
            **{name: value for name, value in stored.flag.details.items() if name != "score"},
        }
        for stored in gate.equity()
    ]
    return Response(orjson.dumps(page(items, None)), media_type="application/json")
