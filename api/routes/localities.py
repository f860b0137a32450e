"""Areas with counts of open records; panels see counts of 1 to 5 as null and the others rounded to 5."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import CurrentGate, CurrentLens, CurrentWiring, Cursor, Limit, number_cursor
from api.places import MEANINGS, CountRequest, as_geojson, counted_localities
from api.schemas import locality_json, page

router = APIRouter(prefix="/api/v1", tags=["localities"])

FirstDay = Annotated[dt.date | None, Query(alias="from", description="first day on which events are counted")]
LastDay = Annotated[dt.date | None, Query(alias="to", description="last day, counted")]


@router.get("/localities")
def localities(
    gate: CurrentGate,
    wiring: CurrentWiring,
    lens: CurrentLens,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Areas by id, without boundaries. `counts` are of events, places and schools; `children` are of different children
    in those events, by type of event and in any, 1 to 5 null and others rounded to 5 for everybody: the page of
    localities shows these, over twelve months. `meanings` says of each number what it is."""
    found = counted_localities(
        gate, wiring.locality_counts, CountRequest(lens, first_day, last_day), wiring.store.change_counter
    )
    first = number_cursor(cursor) or 0
    items = [
        {**locality_json(item.locality), "counts": dict(item.counts), "children": dict(item.children)}
        for item in found[first : first + limit]
    ]
    following = str(first + limit) if first + limit < len(found) else None
    return Response(orjson.dumps({**page(items, following), "meanings": dict(MEANINGS)}), media_type="application/json")


@router.get("/localities.geojson")
def localities_geojson(
    gate: CurrentGate,
    wiring: CurrentWiring,
    lens: CurrentLens,
    first_day: FirstDay = None,
    last_day: LastDay = None,
) -> Response:
    """The same as a map layer with boundaries, in WGS 84."""
    asked = CountRequest(lens, first_day, last_day)
    found = counted_localities(gate, wiring.locality_counts, asked, wiring.store.change_counter)
    return Response(as_geojson(found), media_type="application/geo+json")
