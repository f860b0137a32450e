"""One record with its evidence, the list of records of a kind, ties and reports."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.deps import LONGEST_ID, CurrentGate, CurrentLens, Cursor, Limit, node_id_of, number_cursor
from api.schemas import entity_json, node_json, page, report_json, tie_json
from graph.errors import NotFound
from graph.model import NodeId, NodeKind, ReportId, TieId

router = APIRouter(prefix="/api/v1", tags=["records"])

Key = Annotated[str, Path(max_length=LONGEST_ID)]


@router.get("/entities")
def list_entities(
    gate: CurrentGate,
    lens: CurrentLens,
    kind: Annotated[NodeKind, Query(description="kind of record")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Records of one kind, by id."""
    after = None if cursor is None else NodeId(cursor)
    found = gate.list_nodes(kind, lens, after=after, limit=limit)
    following = found[-1].record.id if len(found) == limit else None
    return _json(page([node_json(node) for node in found], following))


@router.get("/entities/{entity_id:path}")
def entity(gate: CurrentGate, lens: CurrentLens, entity_id: Key, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Everything about one record, with a page of its ties, newest first."""
    found = gate.entity(node_id_of(entity_id), lens)
    if found is None:
        raise NotFound("no such record")
    first = number_cursor(cursor) or 0
    ties = found.ties[first : first + limit]
    following = str(first + limit) if first + limit < len(found.ties) else None
    return _json(entity_json(found, ties, following))


@router.get("/ties/{tie_id:path}")
def tie(gate: CurrentGate, lens: CurrentLens, tie_id: Key) -> Response:
    """One tie with the reports it rests on."""
    found = gate.ties([TieId(tie_id)], lens).get(TieId(tie_id))
    if found is None:
        raise NotFound("no such record")
    return _json(tie_json(found))


@router.get("/reports/{report_id:path}")
def report(gate: CurrentGate, lens: CurrentLens, report_id: Key) -> Response:
    """One report, with the file and row it came from."""
    found = gate.reports([ReportId(report_id)], lens).get(ReportId(report_id))
    if found is None:
        raise NotFound("no such record")
    return _json(report_json(*found))


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
