"""Search by name, id, postcode or identifier."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import CurrentGate, CurrentLens, lens_of
from api.schemas import hit_json, page
from api.services import search
from graph.access.gate import Gate
from graph.store import Lens

router = APIRouter(prefix="/api/v1", tags=["search"])


class SearchRequest(BaseModel):
    """The same as the query, for pages: what people type stays out of addresses."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    q: str = Field(max_length=200)
    kinds: list[str] = Field(default_factory=list, max_length=9)
    fuzzy: bool = True
    limit: int = Field(default=20, ge=1, le=100)
    as_at: dt.date | None = None
    known_at: dt.datetime | None = None


@router.get("/search")
def search_by_query(
    gate: CurrentGate,
    lens: CurrentLens,
    q: Annotated[str, Query(max_length=200, description="at least two characters")],
    kind: Annotated[list[str] | None, Query(max_length=9, description="kinds of record to look among")] = None,
    fuzzy: bool = True,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Best first. One page: more words find better than more pages."""
    return _answer(gate, q, lens, kind or [], fuzzy, limit)


@router.post("/search")
def search_by_body(gate: CurrentGate, body: SearchRequest) -> Response:
    """The same with the text in the body, so that it stands in no address and no log of a proxy."""
    return _answer(gate, body.q, lens_of(body.as_at, body.known_at), body.kinds, body.fuzzy, body.limit)


def _answer(gate: Gate, text: str, lens: Lens, kinds: list[str], fuzzy: bool, limit: int) -> Response:
    hits = search(gate, text, lens, kinds=kinds, fuzzy=fuzzy, limit=limit)
    return Response(orjson.dumps(page([hit_json(hit) for hit in hits], None)), media_type="application/json")
