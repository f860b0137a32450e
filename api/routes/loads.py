"""Load files; what has been loaded."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.deps import CurrentGate, CurrentWiring, Cursor, Limit, number_cursor
from api.loading import load_files
from api.schemas import load_json, page
from api.uploads import receive

router = APIRouter(prefix="/api/v1", tags=["loads"])

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "mapping": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "agency": {"type": "string"},
                        "reason": {"type": "string"},
                    },
                }
            }
        },
    }
}


@router.post("/loads", status_code=201, openapi_extra=_FORM)
async def load(request: Request, gate: CurrentGate, wiring: CurrentWiring) -> Response:
    """Load the files of a form in one transaction: all of them, or none and a report of every problem."""
    async with receive(request, gate, wiring.settings) as upload:
        report = await run_in_threadpool(
            load_files,
            gate,
            upload.paths,
            mappings=upload.mappings,
            agency=upload.fields.get("agency") or None,
            reason=upload.fields.get("reason") or None,
        )
    return Response(orjson.dumps(report.as_json()), 201, media_type="application/json")


@router.get("/loads")
def list_loads(gate: CurrentGate, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Newest first. Of other people's loads the counts are left out."""
    found = gate.loads(limit=limit, before=number_cursor(cursor))
    following = str(found[-1].sequence) if len(found) == limit else None
    return Response(orjson.dumps(page([load_json(item) for item in found], following)), media_type="application/json")
