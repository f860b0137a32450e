"""Sessions end when they should, everywhere at once; nobody else's page can use one; log-ins cannot be a flood."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable

import argon2
import httpx
import pytest

from graph.access import accounts as accounts_module
from graph.access.accounts import Accounts
from graph.access.actors import Role
from tests.api.matrix import MATRIX, PUBLIC
from tests.safety.hubs import ORIGIN, PASSWORD, PURPOSE, TODAY, Clock, Hub

Ending = Callable[[Accounts], object]


def cookie_of(hub: Hub, name: str) -> dict[str, str]:
    """The cookie of a new session, as somebody who copied it would send it."""
    token, _ = hub.wiring.accounts.sign_in(name, PASSWORD, PURPOSE)
    return {"Cookie": f"kith_session={token}"}


def is_alive(hub: Hub, cookie: dict[str, str]) -> bool:
    statuses = {
        hub.ask(None, "GET", "/api/v1/session", headers=cookie).status_code,
        {303: 401}.get(hub.ask(None, "GET", "/about", headers=cookie).status_code, 200),
    }
    assert len(statuses) == 1, "the API and the pages do not agree"
    return statuses == {200}


ENDINGS: dict[str, Ending] = {
    "the account is disabled": lambda accounts: accounts.disable("police", by="admin"),
    "the role changes": lambda accounts: accounts.set_role("police", Role.PANEL, None, by="admin"),
    "the agency changes": lambda accounts: accounts.set_role("police", Role.POLICE, "health", by="admin"),
    "the password changes": lambda accounts: accounts.set_password("police", "another long password", by="admin"),
    "a membership is taken away": lambda accounts: accounts.revoke("police", "OP2", by="admin"),
}


@pytest.mark.parametrize("what", ENDINGS)
def test_every_session_of_an_account_ends_at_once(hub: Hub, what: str) -> None:
    cookies = [cookie_of(hub, "police") for _ in range(3)]
    other = cookie_of(hub, "analyst")
    assert all(is_alive(hub, cookie) for cookie in cookies)
    ENDINGS[what](hub.wiring.accounts)
    assert [is_alive(hub, cookie) for cookie in cookies] == [False] * 3
    assert is_alive(hub, other)


def test_a_copied_cookie_is_dead_after_log_out(hub: Hub) -> None:
    token, session = hub.wiring.accounts.sign_in("police", PASSWORD, PURPOSE)
    cookie = {"Cookie": f"kith_session={token}"}
    answer = hub.ask(None, "POST", "/logout", headers=cookie, data={"form_token": session.form_token})
    assert answer.status_code == 303
    assert not is_alive(hub, cookie)


def test_a_copied_token_is_dead_after_log_out_of_the_api(hub: Hub) -> None:
    token, _ = hub.wiring.accounts.sign_in("police", PASSWORD, PURPOSE)
    bearer = {"Authorization": f"Bearer {token}"}
    assert hub.ask(None, "DELETE", "/api/v1/session", headers=bearer).status_code == 204
    assert hub.ask(None, "GET", "/api/v1/session", headers=bearer).status_code == 401


def test_a_session_ends_when_it_is_not_used(hub: Hub, clock: Clock) -> None:
    cookie = cookie_of(hub, "police")
    clock.now += dt.timedelta(minutes=14)
    assert is_alive(hub, cookie)
    clock.now += dt.timedelta(minutes=15)
    assert not is_alive(hub, cookie)


def test_a_session_ends_after_its_day_whatever_happens(hub: Hub, clock: Clock) -> None:
    cookie = cookie_of(hub, "police")
    end = clock.now + dt.timedelta(hours=10)
    while clock.now + dt.timedelta(minutes=10) < end:
        clock.now += dt.timedelta(minutes=10)
        assert is_alive(hub, cookie)
    clock.now = end
    assert not is_alive(hub, cookie)


def test_a_dead_session_does_not_come_back_when_the_clock_is_set_back(hub: Hub, clock: Clock) -> None:
    cookie = cookie_of(hub, "police")
    clock.now += dt.timedelta(minutes=20)
    assert not is_alive(hub, cookie)
    clock.now -= dt.timedelta(minutes=20)
    assert not is_alive(hub, cookie)


def test_a_membership_ends_with_its_last_day_inside_a_session(hub: Hub, clock: Clock) -> None:
    hub.wiring.accounts.grant("police", "OP2", until=TODAY, approver="admin", purpose="a test of its end")
    clock.now = dt.datetime.combine(TODAY, dt.time(23, 55), dt.UTC)
    cookie = cookie_of(hub, "police")
    assert hub.ask(None, "GET", "/api/v1/entities/person:77", headers=cookie).status_code == 200
    clock.now += dt.timedelta(minutes=6)
    assert hub.ask(None, "GET", "/api/v1/entities/person:77", headers=cookie).status_code == 404


def test_the_token_is_not_in_the_store(hub: Hub, tmp_path: object) -> None:
    token, _ = hub.wiring.accounts.sign_in("police", PASSWORD, PURPOSE)
    documents = str(hub.wiring.store.documents("session")) + str(hub.wiring.store.audit_rows(limit=1000))
    assert token not in documents


CHANGING = sorted(
    route for route in MATRIX if route.split()[0] in {"POST", "PATCH", "DELETE"} and MATRIX[route] != PUBLIC
)


def address(route: str) -> tuple[str, str]:
    method, path = route.split(" ", 1)
    for part in ("{name}", "{flag_id}", "{operation:path}", "{kind}", "{key:path}"):
        path = path.replace(part, {"{kind}": "person", "{key:path}": "1"}.get(part, "analyst"))
    return method, path


@pytest.mark.parametrize("route", CHANGING)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Kith-Token": ""},
        {"X-Kith-Token": "x" * 32},
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_no_change_by_cookie_without_the_token_or_from_elsewhere(hub: Hub, route: str, headers: dict[str, str]) -> None:
    token, session = hub.wiring.accounts.sign_in("admin", PASSWORD, PURPOSE)
    sent = {"Cookie": f"kith_session={token}", **headers}
    if "Origin" in headers or "Sec-Fetch-Site" in headers:
        sent["X-Kith-Token"] = session.form_token
    method, path = address(route)
    answer = hub.ask(None, method, path, headers=sent, data={"form_token": "y" * 32} if method == "POST" else None)
    assert answer.status_code == 403


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(hub: Hub) -> None:
    body = {"name": "police", "password": PASSWORD, "purpose": PURPOSE}
    cookie = hub.ask(None, "POST", "/api/v1/session", json=body).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


class SlowHasher:
    """Takes as long as the real function and says how many ran at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def verify(self, stored: str, password: str) -> bool:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.15)
        with self._lock:
            self.now -= 1
        raise argon2.exceptions.VerifyMismatchError


def test_many_log_ins_at_once_take_bounded_memory_and_keep_nobody_waiting(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 MiB each: never more than two hashes at once, and 120 log-ins do not take every thread of the server."""
    token = hub.token("analyst")
    hasher = SlowHasher()
    monkeypatch.setattr(accounts_module, "_HASHER", hasher)
    waited: list[float] = []

    async def flood() -> list[int]:
        transport = httpx.ASGITransport(hub.app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:

            async def log_in(number: int) -> int:
                body = {"name": f"nobody-{number}", "password": "wrong", "purpose": PURPOSE}
                return (await client.post("/api/v1/session", json=body)).status_code

            tries = [asyncio.create_task(log_in(number)) for number in range(120)]
            await asyncio.sleep(0.3)
            started = time.monotonic()
            headers = {"Authorization": f"Bearer {token}"}
            answer = await client.get("/api/v1/entities/person:1", headers=headers)
            waited.append(time.monotonic() - started)
            assert answer.status_code == 200
            return [await task for task in tries]

    statuses = hub.loop.run_until_complete(flood())
    assert hasher.most <= 2
    assert set(statuses) <= {401, 503}
    assert waited[0] < 2.0
