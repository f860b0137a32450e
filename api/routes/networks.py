"""What lies around a record, and the paths between two, as JSON for drawing."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import LONGEST_ID, CurrentGate, CurrentLens, CurrentWiring, lens_of, node_id_of
from api.schemas import node_json, path_json
from api.services import MOST_HOPS, MOST_NODES, MOST_SEEDS, MapRequest, map_of, tie_filter
from graph.access.gate import Gate
from graph.model import NodeId

router = APIRouter(prefix="/api/v1", tags=["network"])

Id = Annotated[str, Field(max_length=LONGEST_ID)]
Words = Annotated[list[str] | None, Query(max_length=60)]


class NeighbourhoodRequest(BaseModel):
    """The same as the query, with the places of what is already drawn."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, populate_by_name=True, allow_inf_nan=False)

    seeds: list[Id] = Field(min_length=1, max_length=MOST_SEEDS)
    hops: int = Field(default=1, ge=0, le=MOST_HOPS)
    first_day: dt.date | None = Field(default=None, alias="from")
    last_day: dt.date | None = Field(default=None, alias="to")
    tie_types: list[str] | None = Field(default=None, max_length=60)
    polarities: list[str] | None = Field(default=None, max_length=3)
    standing: str | None = Field(default=None, max_length=20)
    as_at: dt.date | None = None
    known_at: dt.datetime | None = None
    limit: int = Field(default=500, ge=1, le=MOST_NODES)
    #: typed id to x and y
    positions: dict[Id, tuple[float, float]] | None = Field(default=None, max_length=MOST_NODES)


@router.get("/neighbourhood")
def neighbourhood(
    gate: CurrentGate,
    wiring: CurrentWiring,
    lens: CurrentLens,
    seed: Annotated[list[str], Query(min_length=1, max_length=MOST_SEEDS, description="typed ids to start from")],
    first_day: Annotated[dt.date | None, Query(alias="from", description="first day of the period")] = None,
    last_day: Annotated[dt.date | None, Query(alias="to", description="last day of the period, counted")] = None,
    hops: Annotated[int, Query(ge=0, le=MOST_HOPS)] = 1,
    tie_type: Words = None,
    polarity: Words = None,
    standing: Annotated[str | None, Query(max_length=20)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_NODES)] = 500,
) -> Response:
    """The map document: columns of nodes and ties, laid out."""
    where = tie_filter(start=first_day, last=last_day, tie_types=tie_type, polarities=polarity, standing=standing)
    asked = MapRequest(tuple(node_id_of(text) for text in seed), lens, hops, where, limit)
    return _map(gate, wiring, asked)


@router.post("/neighbourhood")
def neighbourhood_by_body(gate: CurrentGate, wiring: CurrentWiring, body: NeighbourhoodRequest) -> Response:
    """The same for a map that is already on the screen: nodes with given positions stay where they are."""
    where = tie_filter(
        start=body.first_day,
        last=body.last_day,
        tie_types=body.tie_types,
        polarities=body.polarities,
        standing=body.standing,
    )
    seeds = tuple(node_id_of(text) for text in body.seeds)
    lens = lens_of(body.as_at, body.known_at)
    return _map(gate, wiring, MapRequest(seeds, lens, body.hops, where, body.limit, body.positions))


@router.get("/paths")
def paths(
    gate: CurrentGate,
    lens: CurrentLens,
    source: Annotated[str, Query(alias="from", max_length=LONGEST_ID, description="typed id")],
    target: Annotated[str, Query(alias="to", max_length=LONGEST_ID, description="typed id")],
    max_hops: Annotated[int, Query(ge=1, le=6)] = 4,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> Response:
    """The shortest chains of evidence between two records, not through hubs. One page."""
    ends = node_id_of(source), node_id_of(target)
    found = gate.paths(*ends, lens, max_hops=max_hops, limit=limit)
    wanted: dict[NodeId, None] = dict.fromkeys(node for path in found for node in path.nodes)
    named = gate.nodes(list(wanted), lens) if wanted else {}
    content: dict[str, Any] = {
        "items": [path_json(path) for path in found],
        "next": None,
        "nodes": {key: node_json(node) for key, node in named.items()},
    }
    return Response(orjson.dumps(content), media_type="application/json")


def _map(gate: Gate, wiring: CurrentWiring, asked: MapRequest) -> Response:
    document = map_of(gate, asked, marking=wiring.settings.marking, now=wiring.clock())
    return Response(document.to_json_bytes(), media_type="application/json")
