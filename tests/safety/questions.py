"""Everything that can be asked of the application over HTTP, as plain requests, for comparing two worlds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests.api.matrix import MATRIX
from tests.safety.drawing import Drawn

#: routes that change something or end the session; asked elsewhere
NOT_ASKED = frozenset(
    {
        "POST /api/v1/session",
        "DELETE /api/v1/session",
        "POST /login",
        "POST /logout",
        "POST /api/v1/loads",
        "POST /loads",
        "POST /api/v1/accounts",
        "PATCH /api/v1/accounts/{name}",
        "POST /api/v1/accounts/{name}/memberships",
        "DELETE /api/v1/accounts/{name}/memberships/{operation:path}",
        "POST /accounts",
        "POST /accounts/grant",
        "POST /accounts/{name}/disable",
        # begins work in the background; what it keeps is what POST /api/v1/analyses keeps
        "POST /flags/analysis",
        # ids of records are what the audit is about; who reads it is governance
        "GET /api/v1/audit",
        "GET /api/v1/audit/verdict",
        "GET /audit",
        "GET /static/css",
        "GET /static/js",
        "GET /static/vendor",
    }
)
KINDS = ("person", "place", "school", "group", "operation", "phone", "event")
FORMS = ("html", "svg", "csv", "geojson", "graphml", "gexf", "json")


@dataclass(frozen=True, slots=True)
class Question:
    """One request. ``route`` is its line of the matrix."""

    route: str
    method: str
    path: str
    given: Mapping[str, Any] = field(default_factory=dict)


def asked_routes() -> frozenset[str]:
    return frozenset(MATRIX) - NOT_ASKED


def get(route: str, path: str, **query: Any) -> Question:
    text = urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)
    return Question(f"GET {route}", "GET", path + (f"?{text}" if text else ""))


def about_node(node: str) -> Iterator[Question]:
    """Every route that takes one record."""
    kind, _, key = node.partition(":")
    safe, safe_key = quote(node, safe=":"), quote(key, safe="")
    yield get("/api/v1/entities/{entity_id:path}", f"/api/v1/entities/{safe}")
    yield get("/api/v1/entities/{entity_id:path}", f"/api/v1/entities/{safe}", limit=1)
    yield get("/api/v1/entities/{entity_id:path}", f"/api/v1/entities/{safe}", known_at="2026-05-03T00:00:00Z")
    yield get("/entities/{node_id}", f"/entities/{safe}")
    yield get("/entities/{node_id}", f"/entities/{safe}", as_at="2026-05-04")
    yield get("/api/v1/neighbourhood", "/api/v1/neighbourhood", seed=node, hops=1)
    yield get("/api/v1/neighbourhood", "/api/v1/neighbourhood", seed=node, hops=3, standing="confirmed")
    yield get("/api/v1/neighbourhood", "/api/v1/neighbourhood", seed=node, hops=2, limit=4)
    yield Question(
        "POST /api/v1/neighbourhood",
        "POST",
        "/api/v1/neighbourhood",
        {"json": {"seeds": [node], "hops": 2, "positions": {"person:0": [1.0, 2.0], "person:s1": [3.0, 4.0]}}},
    )
    yield get("/maps/{kind}/{key:path}", f"/maps/{kind}/{safe_key}")
    yield get("/api/v1/maps/{kind}/{name:path}", f"/api/v1/maps/{kind}/{safe_key}.json", hops=2)
    yield get("/api/v1/flags", "/api/v1/flags", subject=node)
    yield get("/flags", "/flags", subject=node, state="any")
    yield get("/flags/next", "/flags/next", subject=node)


def about_export(node: str, form: str) -> Iterator[Question]:
    kind, _, key = node.partition(":")
    safe_key = quote(key, safe="")
    yield get(
        "/api/v1/maps/{kind}/{name:path}", f"/api/v1/maps/{kind}/{safe_key}.{form}", recipient="the board", hops=2
    )
    path = f"/maps/{kind}/{safe_key}/export"
    for method in ("GET", "POST"):
        route = f"{method} /maps/{{kind}}/{{key:path}}/export"
        if route in MATRIX:
            data = {"recipient": "the board", "ending": form}
            given = {"data": data} if method == "POST" else {"params": data}
            yield Question(route, method, path, given)


def about_pair(source: str, target: str) -> Iterator[Question]:
    yield Question(
        "GET /api/v1/paths", "GET", "/api/v1/paths", {"params": {"from": source, "to": target, "max_hops": 6}}
    )


def about_word(word: str) -> Iterator[Question]:
    yield get("/api/v1/search", "/api/v1/search", q=word)
    yield get("/api/v1/search", "/api/v1/search", q=word, limit=2)
    yield Question("POST /api/v1/search", "POST", "/api/v1/search", {"json": {"q": word, "kinds": ["person", "event"]}})
    yield Question("POST /search", "POST", "/search", {"data": {"q": word}})
    yield Question("POST /flags/find", "POST", "/flags/find", {"data": {"q": word}})


def about_nothing() -> Iterator[Question]:
    """Routes without a record."""
    for path in ("/api/openapi.json", "/api/v1/health", "/api/v1/session", "/api/v1/detectors", "/api/v1/flags",
                 "/api/v1/loads", "/api/v1/localities", "/api/v1/localities.geojson", "/api/v1/analyses",
                 "/hotspots", "/api/v1/hotspots", "/flags/next", "/equity", "/api/v1/equity", "/api/v1/accounts",
                 "/login", "/", "/about", "/methods", "/search", "/flags", "/loads", "/localities",
                 "/accounts"):  # fmt: skip
        yield get(path, path)
    yield get("/api/v1/loads", "/api/v1/loads", limit=1)
    yield get("/api/v1/localities", "/api/v1/localities", **{"from": "2026-05-01", "to": "2026-05-31"})
    yield get("/api/v1/flags", "/api/v1/flags", limit=1)
    yield get("/api/v1/flags", "/api/v1/flags", limit=1, cursor="1")
    yield get("/flags", "/flags", family="children", state="any")
    yield get("/flags", "/flags", band="slight", offset=1, state="any")
    yield get("/hotspots", "/hotspots", layer="places", period="12")
    yield get("/api/v1/hotspots", "/api/v1/hotspots", layer="places", period="12", limit=1)
    yield get("/methods/{detector}", "/methods/hotspot_places")
    yield get("/api/v1/analyses/{job_id}", "/api/v1/analyses/none")
    yield Question("DELETE /api/v1/analyses/{job_id}", "DELETE", "/api/v1/analyses/none")
    yield Question("POST /flags/analysis/{job_id}/cancel", "POST", "/flags/analysis/none/cancel")
    for kind in KINDS:
        yield get("/api/v1/entities", "/api/v1/entities", kind=kind)
        yield get("/api/v1/entities", "/api/v1/entities", kind=kind, limit=2)
        yield get("/api/v1/entities", "/api/v1/entities", kind=kind, limit=1, cursor=f"{kind}:0")
        yield get("/lists/{kind}", f"/lists/{kind}")


def about_flag(flag: str) -> Iterator[Question]:
    yield get("/api/v1/flags/{flag_id}", f"/api/v1/flags/{flag}")
    yield get("/flags/{flag_id}", f"/flags/{flag}")
    yield get("/flags/{flag_id}/map", f"/flags/{flag}/map")
    yield get("/api/v1/flags/{flag_id}/map", f"/api/v1/flags/{flag}/map")
    yield get("/flags/next", "/flags/next", after=flag)


def deciding(flag: str) -> Iterator[Question]:
    yield Question(
        "POST /api/v1/flags/{flag_id}/decisions", "POST", f"/api/v1/flags/{flag}/decisions", {"json": {"state": "seen"}}
    )
    yield Question(
        "POST /flags/{flag_id}/decisions", "POST", f"/flags/{flag}/decisions", {"data": {"state": "seen", "reason": ""}}
    )


def analysing() -> Question:
    return Question("POST /api/v1/analyses", "POST", "/api/v1/analyses", {"json": {"as_at": "2026-06-01"}})


def everything_about(drawn: Drawn, flags: tuple[str, ...]) -> Iterator[Question]:
    """Every question about every id of both worlds."""
    yield from about_nothing()
    for node in drawn.nodes:
        yield from about_node(node)
    for form in FORMS:
        yield from about_export(drawn.witness, form)
    yield from about_export("person:s1", "csv")
    yield from about_export("school:100", "csv")
    for target in drawn.nodes[1:]:
        yield from about_pair(drawn.witness, target)
    for tie in drawn.ties:
        yield get("/api/v1/ties/{tie_id:path}", f"/api/v1/ties/{quote(tie, safe='')}")
        yield get("/ties/{tie_id:path}", f"/ties/{quote(tie, safe='')}")
    for report in drawn.reports:
        yield get("/api/v1/reports/{report_id:path}", f"/api/v1/reports/{report}")
    for word in (*drawn.words, *drawn.nodes):
        yield from about_word(word)
    for flag in (*flags, "0" * 24):
        yield from about_flag(flag)
    for flag in (*flags[:2], "0" * 24):
        yield from deciding(flag)
    yield analysing()
