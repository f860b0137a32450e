"""Run detectors."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from analysis.registry import DETECTORS
from api.analysing import AnalysisRequest, analyse, runs_json
from api.deps import LONGEST_ID, CurrentGate, lens_of
from api.schemas import Json, page
from graph.access.policy import Action
from graph.model import NodeId

router = APIRouter(prefix="/api/v1", tags=["analysis"])

Word = Annotated[str, Field(max_length=100)]


class Analysis(BaseModel):
    """Which detectors to run over what."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    #: none for all
    detectors: list[Word] = Field(default_factory=list, max_length=40)
    as_at: dt.date | None = None
    known_at: dt.datetime | None = None
    scope: str | None = Field(default=None, max_length=LONGEST_ID)
    parameters: dict[Word, bool | int | float | Word] = Field(default_factory=dict, max_length=100)
    seed: int = Field(default=0, ge=0, le=2**63 - 1)


@router.post("/analyses", status_code=201)
def run_detectors(gate: CurrentGate, body: Analysis) -> Response:
    """Run, keep the flags, and return them as found over all this actor may see."""
    asked = AnalysisRequest(
        tuple(dict.fromkeys(body.detectors)),
        lens_of(body.as_at, body.known_at),
        None if body.scope is None else NodeId(body.scope),
        body.parameters,
        body.seed,
    )
    runs = analyse(gate, asked)
    content = {"runs": runs_json(gate, runs, asked.lens)}
    return Response(orjson.dumps(content), 201, media_type="application/json")


@router.get("/detectors")
def detectors(gate: CurrentGate) -> Response:
    """The detectors with their questions, parameters and cautions. One page."""
    gate.require(Action.READ_FLAGS, "flags")
    items: list[Json] = [
        {
            "name": name,
            "version": found.spec.version,
            "title": found.spec.title,
            "question": found.spec.question,
            "method": found.spec.method,
            "method_page": found.spec.method_page,
            "cautions": list(found.spec.cautions),
            "would_clear": found.spec.would_clear,
            "expires_after_days": found.spec.expires_after,
            "parameters": [
                {
                    "name": parameter.name,
                    "default": parameter.default,
                    "meaning": parameter.meaning,
                    "unit": parameter.unit,
                    "minimum": parameter.minimum,
                    "maximum": parameter.maximum,
                }
                for parameter in found.spec.parameters
            ],
        }
        for name, found in DETECTORS.items()
    ]
    return Response(orjson.dumps(page(items, None)), media_type="application/json")
