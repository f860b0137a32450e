"""The audit log, for governance."""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import LONGEST_ID, CurrentGate, Cursor, Limit, number_cursor
from api.schemas import audit_json, page

router = APIRouter(prefix="/api/v1", tags=["audit"])


@router.get("/audit")
def audit(
    gate: CurrentGate,
    chain: Literal["changes", "views"] = "views",
    actor: Annotated[str | None, Query(max_length=64)] = None,
    about: Annotated[str | None, Query(max_length=LONGEST_ID, description="typed id")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Rows of one chain in their order; looking is itself kept."""
    rows = gate.audit_rows(chain=chain, after=number_cursor(cursor) or 0, limit=limit, actor=actor, about=about)
    following = str(rows[-1].number) if len(rows) == limit else None
    return Response(orjson.dumps(page([audit_json(row) for row in rows], following)), media_type="application/json")


@router.get("/audit/verdict")
def verdict(gate: CurrentGate) -> Response:
    """Whether both chains are intact, checked from their first row."""
    found = gate.verify_audit()
    content = {
        "intact": found.intact,
        "rows": dict(found.rows),
        "heads": dict(found.heads),
        "broken_at": None if found.broken_at is None else list(found.broken_at),
        "what": found.what,
    }
    return Response(orjson.dumps(content), media_type="application/json")
