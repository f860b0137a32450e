"""Every route is declared in the matrix, and every role gets what the matrix says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api.app import create_app
from api.bootstrap import Wiring
from tests.api.conftest import PASSWORD, Clock, make_hub
from tests.api.http import Client
from tests.api.matrix import EVERYBODY, MATRIX, PUBLIC

ROLES = EVERYBODY.split()

#: something to put in place of each parameter; about a person, so that a panel is refused
PARAMETERS = {
    "{entity_id:path}": "person:1",
    "{node_id}": "person:1",
    "{tie_id:path}": "t1",
    "{report_id:path}": "r1",
    "{kind}": "person",
    "{name:path}": "1.json",
    "{key:path}": "1",
    "{flag_id}": "none",
    "{detector}": "hotspot_places",
    "{job_id}": "none",
    "{name}": "officer",
    "{operation:path}": "OP1",
}
#: addresses that are not made of the parameters
ADDRESSES = {"GET /lists/{kind}": "/lists/operation"}
QUERIES = {
    "GET /api/v1/search": "?q=park",
    "GET /api/v1/entities": "?kind=person",
    "GET /api/v1/neighbourhood": "?seed=person:1",
    "GET /api/v1/paths": "?from=person:1&to=person:3",
}
BODIES: dict[str, dict[str, object]] = {
    "POST /api/v1/search": {"q": "park"},
    "POST /api/v1/neighbourhood": {"seeds": ["person:1"]},
    "POST /api/v1/flags/{flag_id}/decisions": {"state": "seen"},
    "POST /api/v1/analyses": {"detectors": ["none"]},
    "POST /api/v1/accounts": {"name": "x", "role": "police", "agency": "police", "password": "short"},
    "PATCH /api/v1/accounts/{name}": {},
    "POST /api/v1/accounts/{name}/memberships": {"operation": "OP1", "until": "2026-06-02", "purpose": "to test"},
}

FORMS: dict[str, dict[str, str]] = {
    "POST /search": {"q": "park"},
    "POST /flags/find": {"q": "park"},
    "POST /flags/analysis": {"detectors": "none"},
    "POST /maps/{kind}/{key:path}/export": {"recipient": "the board", "ending": "csv"},
}


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    with make_hub(tmp_path_factory.mktemp("hub"), Clock()) as wiring:
        yield wiring


@pytest.fixture(scope="module")
def shared_app(shared_hub: Wiring) -> FastAPI:
    return create_app(shared_hub)


def declared(app: FastAPI) -> set[str]:
    found = set()
    for route in iter_route_contexts(app.routes):
        for method in (route.methods or {"GET"}) - {"HEAD"}:
            found.add(f"{method} {route.path}")
    return found


def test_every_route_is_declared_and_every_declared_route_exists(shared_app: FastAPI) -> None:
    assert declared(shared_app) == set(MATRIX)


def address_of(route: str) -> tuple[str, str]:
    method, path = route.split(" ", 1)
    path = ADDRESSES.get(route, path)
    for parameter, value in PARAMETERS.items():
        path = path.replace(parameter, value)
    return method, path + QUERIES.get(route, "")


def ask(app: FastAPI, route: str, token: str | None) -> int:
    method, path = address_of(route)
    client = Client(app, bearer=token)
    if route in BODIES:
        return client.request(method, path, json=BODIES[route]).status_code
    if method == "POST" and "loads" in path:
        return client.request(method, path, files={"files": ("x.csv", b"")}).status_code
    if method == "POST" and not path.startswith("/api/"):
        return client.request(method, path, data={"form_token": "x", **FORMS.get(route, {})}).status_code
    return client.request(method, path).status_code


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", sorted(set(MATRIX)))
def test_roles(shared_hub: Wiring, shared_app: FastAPI, route: str, role: str) -> None:
    token, _ = shared_hub.accounts.sign_in(role, PASSWORD, "a test of the matrix")
    status = ask(shared_app, route, token)
    allowed = MATRIX[route] == PUBLIC or role in MATRIX[route].split()
    assert status < 500
    assert (status == 403) is not allowed


@pytest.mark.parametrize("route", sorted(route for route in MATRIX if MATRIX[route] != PUBLIC))
def test_nobody_is_answered_without_a_session(shared_app: FastAPI, route: str) -> None:
    expected = 401 if " /api/" in route else 303
    assert ask(shared_app, route, None) == expected


def test_the_documentation_has_every_route() -> None:
    page = (Path(__file__).parents[2] / "docs" / "access.md").read_text(encoding="utf-8")
    lines = {line.split("|")[1].strip().strip("`"): line for line in page.splitlines() if line.startswith("| `")}
    told = {route: " ".join(line.split("|")[2].split()) for route, line in lines.items() if route in MATRIX}
    assert told == dict(MATRIX)
