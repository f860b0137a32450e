"""Who may use which route: one declared line for each, checked against the application and against docs/access.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EVERYBODY = "analyst police socialworker panel governance admin"
#: answered without a log-in
PUBLIC = "public"
NAMED = "analyst police socialworker"
PLACES = "analyst police socialworker panel"

#: "METHOD path" -> roles that are not refused (what they then see is another matter)
MATRIX: Mapping[str, str] = MappingProxyType(
    {
        "GET /api/openapi.json": PUBLIC,
        "GET /api/v1/health": PUBLIC,
        "POST /api/v1/session": PUBLIC,
        "GET /api/v1/session": EVERYBODY,
        "DELETE /api/v1/session": EVERYBODY,
        "GET /api/v1/search": PLACES,
        "POST /api/v1/search": PLACES,
        "GET /api/v1/entities": NAMED,
        "GET /api/v1/entities/{entity_id:path}": NAMED,
        "GET /api/v1/ties/{tie_id:path}": NAMED,
        "GET /api/v1/reports/{report_id:path}": NAMED,
        "GET /api/v1/neighbourhood": PLACES,
        "POST /api/v1/neighbourhood": PLACES,
        "GET /api/v1/paths": NAMED,
        "GET /api/v1/maps/{kind}/{name:path}": PLACES,
        "GET /api/v1/flags": NAMED,
        "GET /api/v1/flags/{flag_id}": NAMED,
        "GET /api/v1/flags/{flag_id}/map": NAMED,
        "POST /api/v1/flags/{flag_id}/decisions": NAMED,
        "POST /api/v1/analyses": "analyst",
        "GET /api/v1/analyses": "analyst",
        "GET /api/v1/analyses/{job_id}": "analyst",
        "DELETE /api/v1/analyses/{job_id}": "analyst",
        "GET /api/v1/detectors": NAMED,
        "POST /api/v1/loads": "analyst",
        "GET /api/v1/loads": "analyst governance",
        "GET /api/v1/localities": PLACES,
        "GET /api/v1/localities.geojson": PLACES,
        "GET /api/v1/hotspots": PLACES,
        "GET /api/v1/equity": "analyst panel governance",
        "GET /api/v1/accounts": "admin",
        "POST /api/v1/accounts": "admin",
        "PATCH /api/v1/accounts/{name}": "admin",
        "POST /api/v1/accounts/{name}/memberships": "admin",
        "DELETE /api/v1/accounts/{name}/memberships/{operation:path}": "admin",
        "GET /api/v1/audit": "governance",
        "GET /api/v1/audit/verdict": "governance",
        "GET /static/css": PUBLIC,
        "GET /static/js": PUBLIC,
        "GET /static/vendor": PUBLIC,
        "GET /login": PUBLIC,
        "POST /login": PUBLIC,
        "POST /logout": EVERYBODY,
        "GET /": EVERYBODY,
        "GET /about": EVERYBODY,
        "GET /methods": EVERYBODY,
        "GET /methods/{detector}": EVERYBODY,
        "GET /search": PLACES,
        "POST /search": PLACES,
        "GET /lists/{kind}": NAMED,
        "GET /entities/{node_id}": NAMED,
        "GET /ties/{tie_id:path}": NAMED,
        "GET /maps/{kind}/{key:path}": PLACES,
        "POST /maps/{kind}/{key:path}/export": NAMED,
        "GET /flags": NAMED,
        "GET /flags/next": NAMED,
        "POST /flags/find": NAMED,
        "POST /flags/analysis": "analyst",
        "POST /flags/analysis/{job_id}/cancel": "analyst",
        "GET /flags/{flag_id}": NAMED,
        "GET /flags/{flag_id}/map": NAMED,
        "POST /flags/{flag_id}/decisions": NAMED,
        "GET /hotspots": PLACES,
        "GET /equity": "analyst panel governance",
        "GET /loads": "analyst governance",
        "POST /loads": "analyst",
        "GET /localities": PLACES,
        "GET /audit": "governance",
        "GET /accounts": "admin",
        "POST /accounts": "admin",
        "POST /accounts/grant": "admin",
        "POST /accounts/{name}/disable": "admin",
    }
)
