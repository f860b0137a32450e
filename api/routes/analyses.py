"""Run detectors."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import orjson
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from analysis.registry import DETECTORS
from api.analysing import AnalysisRequest, analyse, analyse_in_background, cancel_job, runs_json
from api.deps import LONGEST_ID, CurrentGate, CurrentSession, CurrentWiring, lens_of
from api.jobs import Job
from api.schemas import Json, page
from graph.access.policy import Action
from graph.errors import NotFound
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
    #: answer at once with a job that can be asked how far it is
    background: bool = False


JobId = Annotated[str, Path(max_length=40, description="id of a job")]


@router.post("/analyses", status_code=201)
def run_detectors(gate: CurrentGate, wiring: CurrentWiring, session: CurrentSession, body: Analysis) -> Response:
    """Run, keep the flags, and return them as found over all this actor may see. In the background: 202 and a job;
    409 while a job of this account is running."""
    asked = AnalysisRequest(
        tuple(dict.fromkeys(body.detectors)),
        lens_of(body.as_at, body.known_at),
        None if body.scope is None else NodeId(body.scope),
        body.parameters,
        body.seed,
    )
    if body.background:
        job = analyse_in_background(wiring, session.actor, asked)
        where = {"Location": f"/api/v1/analyses/{job.id}"}
        return Response(orjson.dumps(job_json(job)), 202, media_type="application/json", headers=where)
    runs = analyse(gate, asked)
    content = {"runs": runs_json(gate, runs, asked.lens)}
    return Response(orjson.dumps(content), 201, media_type="application/json")


@router.get("/analyses")
def jobs(gate: CurrentGate, wiring: CurrentWiring, session: CurrentSession) -> Response:
    """Own analyses in the background, newest first. One page."""
    gate.require(Action.ANALYSE, "analyse")
    items: list[Json] = [job_json(job) for job in wiring.jobs.of(session.actor.account)]
    return Response(orjson.dumps(page(items, None)), media_type="application/json")


@router.get("/analyses/{job_id}")
def job(gate: CurrentGate, wiring: CurrentWiring, session: CurrentSession, job_id: JobId) -> Response:
    """How far one is."""
    gate.require(Action.ANALYSE, "analyse")
    found = wiring.jobs.get(session.actor.account, job_id)
    if found is None:
        raise NotFound("no such analysis")
    return Response(orjson.dumps(job_json(found)), media_type="application/json")


@router.delete("/analyses/{job_id}")
def cancel(wiring: CurrentWiring, session: CurrentSession, job_id: JobId) -> Response:
    """Stop one; nothing of what it found is kept."""
    stopped = cancel_job(wiring, session.actor, job_id)
    return Response(orjson.dumps(job_json(stopped)), media_type="application/json")


def job_json(job: Job) -> Json:
    """A job as its account sees it."""
    return {
        "id": job.id,
        "state": job.state.value,
        "share": round(job.share, 4),
        "words": job.words,
        "started_at": job.started_at.isoformat(),
        "ended_at": None if job.ended_at is None else job.ended_at.isoformat(),
        "runs": [{"detector": run.detector, "flags": run.flags} for run in job.runs],
        "message": job.message,
        "interrupted": job.interrupted,
    }


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
            "not_known": list(found.spec.not_known),
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
