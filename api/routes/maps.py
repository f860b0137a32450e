"""Maps as files. A file that leaves the hub names its recipient and is kept in the audit as a disclosure."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.deps import LONGEST_ID, CurrentGate, CurrentLens, CurrentWiring, node_id_of
from api.errors import RequestRefused
from api.services import MOST_HOPS, MOST_NODES, MapRequest, export_map, map_of, tie_filter
from graph.model import NodeKind

router = APIRouter(prefix="/api/v1", tags=["maps"])


@router.get("/maps/{kind}/{name:path}")
def map_file(
    gate: CurrentGate,
    wiring: CurrentWiring,
    lens: CurrentLens,
    kind: NodeKind,
    name: Annotated[str, Path(max_length=LONGEST_ID, description="key and ending, such as 106167.geojson")],
    recipient: Annotated[str | None, Query(max_length=200, description="who the file is for")] = None,
    hops: Annotated[int, Query(ge=0, le=MOST_HOPS)] = 1,
    first_day: Annotated[dt.date | None, Query(alias="from")] = None,
    last_day: Annotated[dt.date | None, Query(alias="to")] = None,
    standing: Annotated[str | None, Query(max_length=20)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_NODES)] = 500,
) -> Response:
    """The map around one record as html, geojson, graphml, csv ... by ending. ``json`` without a recipient is the map
    for the screen; every other ending needs a recipient."""
    key, _, ending = name.rpartition(".")
    where = tie_filter(start=first_day, last=last_day, standing=standing)
    asked = MapRequest((node_id_of(f"{kind.value}:{key}"),), lens, hops, where, limit)
    now = wiring.clock()
    if ending == "json" and recipient is None:
        document = map_of(gate, asked, marking=wiring.settings.marking, now=now)
        return Response(document.to_json_bytes(), media_type="application/json")
    if recipient is None:
        raise RequestRefused(422, "invalid_request", "a file names its recipient: add recipient=...")
    made = export_map(gate, asked, ending, recipient, marking=wiring.settings.marking, now=now)
    return Response(
        made.content,
        media_type=made.media_type,
        headers={"Content-Disposition": f'attachment; filename="{made.name}"', "X-Kith-Serial": made.serial},
    )
