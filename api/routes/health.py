"""Whether Kith is alive and its store answers. No log-in, and nothing about the content."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from api.deps import CurrentWiring
from api.errors import RETRY_AFTER
from graph.errors import StoreError, StoreUnavailable

router = APIRouter(prefix="/api/v1", tags=["health"])

#: bytes below which a disk counts as full: nobody is answered once an audit row finds no room
LEAST_FREE = 4_000_000


@router.get("/health")
def health(wiring: CurrentWiring) -> Response:
    """200 when alive and ready; 503 when the store does not answer or its disk is all but full."""
    try:
        found = wiring.store.health()
    except StoreError as error:
        return _not_ready(error.code)
    free = found.get("free_bytes")
    if isinstance(free, int) and free < LEAST_FREE:
        return _not_ready(StoreUnavailable.code)
    return Response(orjson.dumps({"live": True, "ready": True}), media_type="application/json")


def _not_ready(code: str) -> Response:
    body = orjson.dumps({"live": True, "ready": False, "code": code})
    return Response(body, 503, {"Retry-After": str(RETRY_AFTER)}, "application/json")
