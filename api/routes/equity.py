"""Rates by group at each stage, without small numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from api.deps import CurrentGate
from api.schemas import Json, page
from api.views.equity_shares import shares_plain
from graph.flags import Plain

router = APIRouter(prefix="/api/v1", tags=["equity"])


@router.get("/equity")
def equity(gate: CurrentGate) -> Response:
    """One item a characteristic: groups, and a table a stage and base. Counts from 1 to 5 are null, others rounded to
    5; ratios are to the reference, with their interval. `shares` has the same tables as shares of those counted and of
    those they are out of, their index (share over share), and the limits within which 95 (and 99.8) in 100 rates lie
    when all groups have the common rate. Empty until it has been worked out. One page."""
    items: list[Json] = [
        {
            "band": stored.flag.band.value,
            "stands_out": [reason.text for reason in stored.flag.reasons if reason.contribution > 0],
            "run": stored.run_id,
            **{name: value for name, value in stored.flag.details.items() if name != "score"},
            "shares": shares_plain(_tables(stored.flag.details)),
        }
        for stored in gate.equity()
    ]
    return Response(orjson.dumps(page(items, None)), media_type="application/json")


def _tables(details: Mapping[str, Plain]) -> list[Mapping[str, Any]]:
    tables = details.get("tables")
    return [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
