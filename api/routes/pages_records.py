"""Pages of records: find, list, one record, the evidence of one tie, the map around one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from api.deps import CurrentGate, CurrentSession, CurrentWiring, lens_of, node_id_of
from api.routes.pages_common import day_of, page
from api.services import MapRequest, export_map
from api.services import search as find
from api.views.entities import entity_page
from api.views.flags import detector_title, ends_of
from api.views.words import (
    STANDING_WORDS,
    entity_url,
    is_pseudonym,
    link_to,
    map_url,
    period_words,
    report_rows,
    term,
)
from graph.access.gate import Gate
from graph.access.policy import Action
from graph.errors import NotFound, UsageError
from graph.model import NodeId, NodeKind, TieId
from graph.store import Lens, SeenNode
from graph.vocabulary import tie_types
from viz.elements import KIND_LABELS, detail_of, label_of

router = APIRouter(include_in_schema=False)

SEARCH_LIMIT = 50
LIST_LIMIT = 50

_LISTS: dict[NodeKind, tuple[str, str]] = {
    NodeKind.SCHOOL: ("Schools", "Open a school to see what is reported around it."),
    NodeKind.PLACE: ("Places", "Places that reports mention. Homes are not listed to panels."),
    NodeKind.PEER_GROUP: (
        "Peer groups",
        "Contexts that young people share. Being in a group says nothing bad of anybody.",
    ),
    NodeKind.OPERATION: ("Operations", "Operations you may know of."),
    NodeKind.VEHICLE: ("Vehicles", "Vehicles that reports mention."),
    NodeKind.PHONE: ("Phones", "Phones that reports mention."),
    NodeKind.ACCOUNT: ("Online accounts", "Online accounts that reports mention."),
}

#: forms of a copy and their words, in the order offered
ENDINGS: tuple[tuple[str, str], ...] = (
    ("html", "Interactive page (one file)"),
    ("svg", "Picture (SVG)"),
    ("csv", "Tables (CSV)"),
    ("geojson", "Map points (GeoJSON)"),
    ("graphml", "GraphML"),
    ("gexf", "GEXF (Gephi)"),
    ("json", "JSON"),
)


#: steps from where the map starts
REACHES: tuple[tuple[int, str], ...] = ((1, "1 step away"), (2, "2 steps away"), (3, "3 steps away"))


@dataclass(frozen=True, slots=True)
class Found:
    url: str
    map_url: str
    label: str
    kind: str
    detail: str
    matched: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    agency: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PromptLink:
    url: str
    title: str
    band: str


@router.get("/search")
def search_form(request: Request, wiring: CurrentWiring, session: CurrentSession, gate: CurrentGate) -> Response:
    gate.require(Action.READ_PLACES, "search")
    return _search_page(request, wiring, session, "", ())


@router.post("/search")
def search(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    q: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """What is typed may be a name, so it travels in the body: addresses are kept by browsers and proxies."""
    wanted = q.strip()
    gate.require(Action.READ_PLACES, "search")
    hits = find(gate, wanted, Lens(), limit=SEARCH_LIMIT) if len(wanted) >= 2 else ()
    rows = tuple(_found(hit.node, gate, hit.matched.replace("_", " ")) for hit in hits)
    return _search_page(request, wiring, session, wanted, rows)


def _search_page(
    request: Request, wiring: CurrentWiring, session: CurrentSession, query: str, rows: tuple[Found, ...]
) -> Response:
    title = f"{len(rows)} found" if query else "Find a record"
    return page(request, "pages/search.html", wiring, session, title=title, query=query, hits=rows, limit=SEARCH_LIMIT)


@router.get("/lists/{kind}")
def list_of(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    kind: str,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    listed = next((item for item in _LISTS if item.value == kind), None)
    if listed is None:
        raise NotFound("no such list")
    start = node_id_of(after) if after else None
    nodes = gate.list_nodes(listed, Lens(), after=start, limit=LIST_LIMIT)
    older = f"/lists/{kind}?{urlencode({'after': nodes[-1].record.id})}" if len(nodes) == LIST_LIMIT else None
    title, lede = _LISTS[listed]
    rows = [_found(node, gate) for node in nodes]
    return page(request, "pages/list.html", wiring, session, title=title, lede=lede, rows=rows, older=older)


@router.get("/entities/{node_id}")
def entity(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    node_id: str,
    as_at: str | None = None,
    known_at: str | None = None,
) -> Response:
    day, known = day_of(as_at), day_of(known_at)
    found = gate.entity(node_id_of(node_id), lens_of(day, known))
    if found is None:
        raise NotFound("no such record")
    view = entity_page(found, day or gate.today)
    query = urlencode({key: value for key, value in (("as_at", day), ("known_at", known)) if value})
    around = map_url(found.node.record.id) + (f"?{query}" if query else "")
    return page(
        request,
        "pages/entity.html",
        wiring,
        session,
        kind=view.kind,
        title=view.title,
        tags=view.tags,
        rows=view.rows,
        child_notice=view.child_notice,
        strengths=view.strengths,
        groups=view.groups,
        timeline_title=view.timeline_title,
        timeline=view.timeline,
        source=view.source,
        history=view.history,
        flags=_prompts_about(gate, found.node.record.id),
        map_url=around,
        as_at=day,
        known_at=known,
    )


@router.get("/ties/{tie_id:path}")
def tie(request: Request, wiring: CurrentWiring, session: CurrentSession, gate: CurrentGate, tie_id: str) -> Response:
    seen = gate.ties([TieId(tie_id)], Lens()).get(TieId(tie_id)) if len(tie_id) <= 400 else None
    if seen is None:
        raise NotFound("no such tie")
    names = gate.nodes(ends_of([seen]), Lens())
    if len(names) < len(set(ends_of([seen]))):
        raise NotFound("no such tie")
    source, target = names[seen.tie.source].record, names[seen.tie.target].record
    known = gate.reports([report.id for report in seen.reports], Lens())
    reports = [
        Evidence(
            term("agency", report.agency), report_rows(report, known[report.id][1] if report.id in known else None)
        )
        for report in seen.reports
    ]
    kind = tie_types().get(seen.tie.tie_type)
    sentence = kind.say(label_of(source), label_of(target)) if kind else seen.tie.tie_type
    if seen.tie.tie_type == "took_part_in" and seen.tie.qualifier:
        sentence += f" (as {term('role', seen.tie.qualifier).lower()})"
    return page(
        request,
        "pages/tie.html",
        wiring,
        session,
        title="Evidence",
        sentence=sentence,
        standing=seen.standing.value,
        standing_words=STANDING_WORDS[seen.standing.value],
        polarity=seen.tie.polarity.value,
        when=period_words(seen.tie.period),
        source=link_to(source),
        target=link_to(target),
        reports=reports,
    )


@router.post("/maps/{kind}/{key:path}/export")
def export(
    wiring: CurrentWiring,
    gate: CurrentGate,
    kind: str,
    key: str,
    recipient: Annotated[str, Form(max_length=200)] = "",
    ending: Annotated[str, Form(max_length=20)] = "html",
    hops: Annotated[int, Form(ge=1, le=3)] = 1,
    as_at: Annotated[str, Form(max_length=10)] = "",
    known_at: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """The copy itself; the gate decides and writes the disclosure down."""
    if len(recipient.strip()) < 2:
        raise UsageError("say who the copy is for")
    asked = MapRequest((node_id_of(f"{kind}:{key}"),), lens_of(day_of(as_at), day_of(known_at)), hops)
    made = export_map(gate, asked, ending, recipient, marking=wiring.settings.marking, now=wiring.clock())
    disposition = f'attachment; filename="{made.name}"'
    return Response(made.content, media_type=made.media_type, headers={"Content-Disposition": disposition})


@router.get("/maps/{kind}/{key:path}")
def map_page(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    kind: str,
    key: str,
    hops: Annotated[int, Query(ge=1, le=3)] = 1,
    as_at: str | None = None,
    known_at: str | None = None,
) -> Response:
    node_id = node_id_of(f"{kind}:{key}")
    day, known = day_of(as_at), day_of(known_at)
    node = gate.nodes([node_id], lens_of(day, known)).get(node_id)
    if node is None:
        raise NotFound("no such record")
    query: dict[str, str | int] = {"seed": node_id, "hops": hops}
    if day:
        query["as_at"] = day.isoformat()
    if known:
        query["known_at"] = f"{known.isoformat()}T23:59:59Z"
    return page(
        request,
        "pages/map.html",
        wiring,
        session,
        width="kith-wide",
        title=f"Around {label_of(node.record)}",
        source_url=f"/api/v1/neighbourhood?{urlencode(query)}",
        expand_url="/api/v1/neighbourhood",
        record_url=None if is_pseudonym(node_id) else entity_url(node_id),
        here_url=map_url(node_id),
        export_url=f"{map_url(node_id)}/export",
        endings=ENDINGS,
        reaches=REACHES,
        hops=hops,
        as_at=day,
        known_at=known,
    )


def _found(node: SeenNode, gate: Gate, matched: str = "") -> Found:
    record = node.record
    return Found(
        entity_url(record.id),
        map_url(record.id),
        label_of(record),
        KIND_LABELS[record.id.partition(":")[0]],
        detail_of(record, gate.today),
        matched,
    )


def _prompts_about(gate: Gate, node_id: NodeId) -> list[PromptLink]:
    if not gate.may(Action.READ_FLAGS):
        return []
    return [
        PromptLink(f"/flags/{stored.flag.id}", detector_title(stored.flag.detector), stored.flag.band.value)
        for stored in gate.flags(Lens(), subject=node_id, limit=10)
    ]
