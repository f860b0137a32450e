"""What stands before the routes: headers on everything, no body read of anybody unknown, no cross-site change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.bootstrap import Wiring, wire_store
from api.middleware import HEADERS
from api.settings import Settings
from tests.api.conftest import PASSWORD
from tests.api.http import ORIGIN, Client

LogIn = Callable[[str], Client]


def call(app: FastAPI, method: str, path: str, headers: dict[str, str], *, may_read: bool = False) -> int:
    """Send a request whose body must not be asked for; returns the status."""
    statuses: list[int] = []

    async def receive() -> MutableMapping[str, Any]:
        if not may_read:
            raise AssertionError("the body was read")
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.9", 1234),
        "server": ("kith.test", 80),
        "state": {},
    }
    asyncio.run(app(scope, receive, send))
    return statuses[0]


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/flags", "/nowhere", "/login", "/static/css/none.css"])
@pytest.mark.parametrize("name", HEADERS)
def test_every_answer_has_every_header(app: FastAPI, path: str, name: str) -> None:
    assert name in Client(app).get(path).headers


def test_over_https_browsers_are_told_to_stay_there(hub: Wiring) -> None:
    apps = [create_app(wire_store(hub.store, Settings(origin=origin))) for origin in (None, "https://kith.example")]
    told = [Client(app).get("/login").headers.get("Strict-Transport-Security") for app in apps]
    assert told == [None, "max-age=31536000"]


def test_the_policy_allows_nothing_from_elsewhere(app: FastAPI) -> None:
    policy = Client(app).get("/login").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer garbage"},
        {"Authorization": "Basic YTpi"},
        {"Cookie": "kith_session=garbage"},
        {"X-User": "analyst", "X-Forwarded-User": "analyst"},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmFseXN0In0."},
    ],
)
def test_an_anonymous_upload_is_refused_before_its_body_is_read(app: FastAPI, headers: dict[str, str]) -> None:
    given = {**headers, "Content-Type": "multipart/form-data; boundary=x", "Content-Length": "1000000"}
    assert call(app, "POST", "/api/v1/loads", given) == 401


def test_a_role_that_may_not_load_is_refused_before_its_body_is_read(app: FastAPI, hub: Wiring) -> None:
    token, _ = hub.accounts.sign_in("police", PASSWORD, "a test of access")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=x"}
    assert call(app, "POST", "/api/v1/loads", headers) == 403


def test_a_stated_length_above_the_limit_is_refused_unread(app: FastAPI, hub: Wiring) -> None:
    token, _ = hub.accounts.sign_in("analyst", PASSWORD, "a test of access")
    headers = {"Authorization": f"Bearer {token}", "Content-Length": "1000001", "Content-Type": "application/json"}
    assert call(app, "POST", "/api/v1/analyses", headers) == 413


def test_a_body_without_a_length_is_cut_at_the_limit(hub: Wiring) -> None:
    small = wire_store(hub.store, Settings(body_limit=1000), clock=hub.clock)
    client = Client(create_app(small))
    client.log_in("analyst", PASSWORD)

    async def chunks() -> Any:
        for _ in range(10_000):
            yield b" " * 500

    answer = client.post("/api/v1/analyses", content=chunks(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_page_sends_the_anonymous_to_log_in_and_keeps_only_the_path(app: FastAPI) -> None:
    answer = Client(app).get("/entities/person:1?typed=Quillfeather")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fentities%2Fperson%3A1")


def test_an_unknown_path_does_not_tell_the_anonymous_that_it_is_unknown(app: FastAPI) -> None:
    assert Client(app).get("/api/v1/nothing").status_code == 401


def test_a_method_that_is_not_used_is_refused(as_user: LogIn) -> None:
    answer = as_user("analyst").request("PUT", "/api/v1/flags")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_a_change_by_cookie_needs_the_form_token(as_user: LogIn) -> None:
    client = as_user("analyst")
    client.form_token = ""
    assert client.post("/api/v1/search", json={"q": "park"}).json()["error"]["code"] == "cross_site"


def test_another_sessions_form_token_does_not_do(as_user: LogIn) -> None:
    client, other = as_user("analyst"), as_user("police")
    client.form_token = other.form_token
    assert client.post("/api/v1/search", json={"q": "park"}).status_code == 403


def test_a_change_by_bearer_token_needs_no_form_token(app: FastAPI, hub: Wiring) -> None:
    token, _ = hub.accounts.sign_in("analyst", PASSWORD, "a test of access")
    assert Client(app, bearer=token).post("/api/v1/search", json={"q": "park"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://kith.test.elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ],
)
def test_a_change_from_another_site_is_refused(as_user: LogIn, headers: dict[str, str]) -> None:
    assert as_user("analyst").post("/api/v1/search", json={"q": "park"}, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [{"Origin": ORIGIN}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {}])
def test_a_change_from_here_is_taken(as_user: LogIn, headers: dict[str, str]) -> None:
    assert as_user("analyst").post("/api/v1/search", json={"q": "park"}, headers=headers).status_code == 200


def test_log_in_from_another_site_is_refused(app: FastAPI) -> None:
    body = {"name": "analyst", "password": PASSWORD, "purpose": "a test of access"}
    answer = Client(app).post("/api/v1/session", json=body, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403


def test_behind_a_proxy_only_the_stated_origin_may_ask(hub: Wiring) -> None:
    client = Client(create_app(wire_store(hub.store, Settings(origin="https://kith.example"), clock=hub.clock)))
    body = {"name": "analyst", "password": PASSWORD, "purpose": "a test of access"}
    assert client.post("/api/v1/session", json=body, headers={"Origin": ORIGIN}).status_code == 403


def test_the_token_of_a_form_is_read_and_the_form_still_arrives(as_user: LogIn) -> None:
    client = as_user("analyst")
    token, client.form_token = client.form_token, ""
    answer = client.post("/logout", data={"form_token": token})
    assert answer.status_code == 303


def test_a_form_without_token_is_refused(as_user: LogIn) -> None:
    client = as_user("analyst")
    client.form_token = ""
    assert client.post("/logout", data={"other": "field"}).status_code == 403


def test_the_token_of_a_multipart_form_is_its_first_field(as_user: LogIn) -> None:
    client = as_user("analyst")
    token, client.form_token = client.form_token, ""
    answer = client.post("/api/v1/loads", data={"form_token": token}, files={"files": ("none.csv", b"")})
    assert answer.status_code == 422


def test_a_token_after_the_files_is_not_looked_for(as_user: LogIn) -> None:
    client = as_user("analyst")
    token, client.form_token = client.form_token, ""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n' + token.encode() + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/v1/loads", content=body, headers=headers).status_code == 403


def test_templates_are_not_served(app: FastAPI) -> None:
    assert Client(app).get("/static/templates/base.html").status_code == 404


@pytest.mark.parametrize("path", ["/static/css/../templates/base.html", "/static/css/%2e%2e/templates/base.html"])
def test_nothing_outside_the_static_folders_is_served(app: FastAPI, path: str) -> None:
    assert Client(app).get(path).status_code in {303, 404}
