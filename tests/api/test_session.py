"""Sessions over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.bootstrap import Wiring, wire_store
from api.settings import Settings
from tests.api.conftest import PASSWORD, Clock
from tests.api.http import Client

LogIn = Callable[[str], Client]
BODY = {"name": "police", "password": PASSWORD, "purpose": "a test of access"}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: FastAPI) -> None:
    cookie = Client(app).post("/api/v1/session", json=BODY).headers["set-cookie"]
    assert cookie.startswith("kith_session=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_over_https_the_cookie_is_bound_to_the_host(hub: Wiring) -> None:
    app = create_app(wire_store(hub.store, Settings(origin="https://kith.example"), clock=hub.clock))
    cookie = Client(app).post("/api/v1/session", json=BODY).headers["set-cookie"]
    assert cookie.startswith("__Host-kith=")
    assert "Secure" in {part.strip() for part in cookie.split(";")}
    assert "domain" not in cookie.lower()


def test_a_program_asks_for_no_cookie(app: FastAPI) -> None:
    answer = Client(app).post("/api/v1/session", json={**BODY, "cookie": False})
    assert "set-cookie" not in answer.headers


def test_the_token_is_a_bearer_token(app: FastAPI) -> None:
    token = Client(app).post("/api/v1/session", json=BODY).json()["token"]
    found = Client(app, bearer=token).get("/api/v1/session").json()
    assert (found["account"], found["role"], found["purpose"]) == ("police", "police", "a test of access")


@pytest.mark.parametrize("missing", ["name", "password", "purpose"])
def test_everything_is_needed(app: FastAPI, missing: str) -> None:
    body = {key: value for key, value in BODY.items() if key != missing}
    assert Client(app).post("/api/v1/session", json=body).status_code == 422


@pytest.mark.parametrize("body", [{**BODY, "password": "wrong"}, {**BODY, "name": "nobody"}])
def test_what_is_wrong_is_not_told(app: FastAPI, body: dict[str, str]) -> None:
    answer = Client(app).post("/api/v1/session", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")


def test_a_role_cannot_be_brought_along(app: FastAPI) -> None:
    assert Client(app).post("/api/v1/session", json={**BODY, "role": "admin"}).status_code == 422


def test_a_copy_of_the_token_is_dead_after_logging_out(app: FastAPI, as_user: LogIn) -> None:
    client = as_user("police")
    copy = Client(app, bearer=client.cookies["kith_session"])
    answer = client.request("DELETE", "/api/v1/session")
    assert (answer.status_code, copy.get("/api/v1/session").status_code) == (204, 401)
    assert '"cookies"' in answer.headers["Clear-Site-Data"]


def test_an_idle_session_ends(as_user: LogIn, clock: Clock) -> None:
    client = as_user("police")
    clock.now += dt.timedelta(minutes=15)
    assert client.get("/api/v1/session").status_code == 401


def test_an_expired_membership_counts_no_more_in_the_same_session(hub: Wiring, as_user: LogIn, clock: Clock) -> None:
    client = as_user("police")
    before = client.get("/api/v1/entities/person:77").status_code
    hub.accounts.grant("police", "OP2", until=clock.now.date(), approver="admin", purpose="a test")
    clock.now = clock.now.replace(hour=23, minute=59)
    client.log_in("police", PASSWORD)
    last = client.get("/api/v1/entities/person:77").status_code
    clock.now += dt.timedelta(minutes=2)
    assert (before, last, client.get("/api/v1/entities/person:77").status_code) == (200, 200, 404)


def test_an_administrator_adds_grants_and_disables(app: FastAPI, as_user: LogIn) -> None:
    admin = as_user("admin")
    new = {"name": "newcomer", "role": "police", "agency": "police", "password": PASSWORD}
    assert admin.post("/api/v1/accounts", json=new).status_code == 201
    membership = {"operation": "OP2", "until": "2026-06-30", "purpose": "joining the operation"}
    assert admin.post("/api/v1/accounts/newcomer/memberships", json=membership).status_code == 201
    newcomer = Client(app)
    newcomer.log_in("newcomer", PASSWORD)
    assert newcomer.get("/api/v1/entities/person:77").status_code == 200
    admin.request("PATCH", "/api/v1/accounts/newcomer", json={"disabled": True})
    assert newcomer.get("/api/v1/entities/person:77").status_code == 401


def test_an_administrator_does_not_grant_to_themselves(as_user: LogIn) -> None:
    membership = {"operation": "OP2", "until": "2026-06-30", "purpose": "joining the operation"}
    assert as_user("admin").post("/api/v1/accounts/admin/memberships", json=membership).status_code == 403


def test_accounts_come_in_pages_without_passwords(as_user: LogIn) -> None:
    admin = as_user("admin")
    first = admin.get("/api/v1/accounts?limit=4").json()
    second = admin.get("/api/v1/accounts", params={"limit": 4, "cursor": first["next"]}).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (4, 3, None)
    assert "argon2" not in str(first)


def test_the_audit_is_read_in_pages_and_looking_is_kept(as_user: LogIn) -> None:
    client = as_user("governance")
    first = client.get("/api/v1/audit?limit=1").json()
    second = client.get("/api/v1/audit", params={"limit": 1, "cursor": first["next"]}).json()
    about = client.get("/api/v1/audit", params={"actor": "governance"}).json()
    assert second["items"][0]["previous_digest"] == first["items"][0]["digest"]
    assert [row["action"] for row in about["items"]][-1] == "audit"


def test_the_chains_are_checked(as_user: LogIn) -> None:
    assert as_user("governance").get("/api/v1/audit/verdict").json()["intact"] is True


def test_health_says_nothing_of_the_content(app: FastAPI) -> None:
    assert Client(app).get("/api/v1/health").json() == {"live": True, "ready": True}


def test_a_store_that_is_gone_is_said(hub: Wiring, app: FastAPI) -> None:
    client = Client(app)
    hub.store.close()
    answer = client.get("/api/v1/health")
    assert (answer.status_code, answer.json()["ready"], answer.headers["Retry-After"]) == (503, False, "5")


def test_a_store_that_is_gone_is_no_empty_answer(hub: Wiring, as_user: LogIn) -> None:
    client = as_user("police")
    hub.store.close()
    answer = client.get("/api/v1/search?q=park")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
