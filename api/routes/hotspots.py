"""What stands out about areas and places: the same as the page, counted and held back in the same way."""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.deps import CurrentGate, Cursor, Limit, number_cursor
from api.schemas import Json, page
from api.services import AREA
from api.views.flags import name_of
from api.views.hotspots import (
    EMERGING,
    LEVEL_WORDS,
    PLACES,
    SERIES,
    Hotspots,
    against_expected,
    counted,
    layer_levels,
    locality_ids,
    read_hotspots,
)
from graph.access.policy import Action
from graph.flags import Flag

router = APIRouter(prefix="/api/v1", tags=["hotspots"])

_KINDS = {EMERGING: "growing", SERIES: "series", PLACES: "place"}

Layer = Annotated[
    Literal["areas", "emerging", "series", "places"] | None,
    Query(description="only areas, areas where it is growing, occasions one after the other, or places; none for all"),
]
Period = Annotated[
    Literal["1", "3", "12"] | None, Query(description="recorded in the last so many months; none for all")
]


class Subject(BaseModel):
    """An area or a place."""

    id: str = Field(description="typed id, or locality:ID")
    name: str


class Hotspot(BaseModel):
    """One line of the page's tables."""

    detector: str
    kind: Literal["area", "growing", "series", "place"]
    subjects: list[Subject]
    band: Literal["strong", "moderate", "slight"] = Field(description="how strong the evidence is, not how much harm")
    children: int | None = Field(
        None, description="different children; null: from 1 to 5, which panels do not see; absent: not counted"
    )
    observed: int | None = Field(None, description="records; null and absent as for children")
    relative_risk: float | None = Field(description="times what would be expected; null where it is not shown")
    first_day: str | None = Field(alias="from")
    last_day: str | None = Field(alias="to")
    flag: str | None = Field(description="the prompt; null for whoever reads no prompts")


class ComparedArea(BaseModel):
    """How one area compares, where it is above or below what would be expected."""

    id: str
    name: str
    level: Literal["high", "raised", "lower"]
    words: str


class HotspotPage(BaseModel):
    items: list[Hotspot]
    areas: list[ComparedArea]
    next: str | None


@router.get("/hotspots", responses={200: {"model": HotspotPage}})
def hotspots(
    gate: CurrentGate,
    layer: Layer = None,
    period: Period = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Areas and places that stand out in what is recorded, strongest evidence first. Panels get counts of 1 to 5 as
    null and the others rounded to 5, no prompt, and nobody's home. Recorded is not all harm."""
    found = read_hotspots(gate, layer or "", period or "")
    first = number_cursor(cursor) or 0
    link = gate.may(Action.READ_FLAGS)
    flags = [stored.flag for stored in found.flags]
    items = [hotspot_json(flag, found, link=link) for flag in flags[first : first + limit]]
    following = str(first + limit) if first + limit < len(flags) else None
    content = {**page(items, following), "areas": _areas(found)}
    return Response(orjson.dumps(content), media_type="application/json")


def hotspot_json(flag: Flag, found: Hotspots, *, link: bool) -> Json:
    """One line. ``link`` is off for who sees no prompts."""
    names = {f"{AREA}{locality.id}": locality.name for locality in found.localities}
    subjects = [f"{AREA}{key}" for key in locality_ids(flag)] or list(flag.subjects)
    counts = {what: value for what in ("children", "observed") for value, known in [counted(flag, what)] if known}
    return {
        "detector": flag.detector,
        "kind": _KINDS.get(flag.detector, "area"),
        "subjects": [{"id": key, "name": names.get(key) or name_of(key, found.places)} for key in subjects],
        "band": flag.band.value,
        **counts,
        "relative_risk": against_expected(flag),
        "from": _day(flag, "from"),
        "to": _day(flag, "to"),
        "flag": flag.id if link else None,
    }


def _day(flag: Flag, key: str) -> str | None:
    value = flag.details.get(key)
    return str(value)[:10] if value else None


def _areas(found: Hotspots) -> list[Json]:
    """Areas above or below what would be expected, as the page lists them."""
    levels = layer_levels(stored.flag for stored in found.flags)
    names = {locality.id: locality.name for locality in found.localities}
    return [
        {"id": f"{AREA}{key}", "name": names[key], "level": level, "words": LEVEL_WORDS[level]}
        for key, level in sorted(levels.items(), key=lambda item: (item[1], item[0]))
        if key in names and level != "usual"
    ]
