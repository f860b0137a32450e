"""Whether Kith is alive and its store answers. No log-in, and nothing about the content."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from api.deps import CurrentWiring
from api.errors import RETRY_AFTER
from graph.errors import StoreError

router = APIRouter(prefix="/api/v1", tags=["health"])


@router.get("/health")
def health(wiring: CurrentWiring) -> Response:
    """200 when alive and ready; 503 when the store does not answer."""
    try:
        wiring.store.health()
    except StoreError as error:
        body = orjson.dumps({"live": True, "ready": False, "code": error.code})
        return Response(body, 503, {"Retry-After": str(RETRY_AFTER)}, "application/json")
    return Response(orjson.dumps({"live": True, "ready": True}), media_type="application/json")
