"""A hub with accounts of every role over a real SQLite store, asked through the whole application.

``Hub`` keeps one event loop and one client for many requests, so that ten thousand worlds can be asked in a night.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.bootstrap import Wiring, wire_store
from api.settings import Settings
from graph.access.actors import Role
from graph.model import Restriction
from graph.records import Block
from graph.stores.sqlite import SqliteStore
from tests.api.world import open_records, secret_records
from tests.conformance.factories import note

PASSWORD = "a long enough password"
PURPOSE = "a test of safety"
TODAY = dt.date(2026, 6, 1)
ORIGIN = "http://kith.test"

#: name -> role, agency; ``member`` and ``chief`` are members of operation OP2, ``late`` was until yesterday
PEOPLE: Mapping[str, tuple[Role, str]] = {
    "analyst": (Role.ANALYST, "community_safety"),
    "police": (Role.POLICE, "police"),
    "socialworker": (Role.SOCIAL_WORKER, "childrens_social_care"),
    "nurse": (Role.SOCIAL_WORKER, "health"),
    "teacher": (Role.SOCIAL_WORKER, "education"),
    "panel": (Role.PANEL, "education"),
    "governance": (Role.GOVERNANCE, "other"),
    "admin": (Role.ADMIN, "other"),
    "member": (Role.POLICE, "police"),
    "chief": (Role.ANALYST, "community_safety"),
    "late": (Role.POLICE, "police"),
}
MEMBERS = frozenset({"member", "chief"})


class Clock:
    """A clock that a test can move. ``ticks`` moves it by so much at every look."""

    def __init__(self, ticks: dt.timedelta = dt.timedelta(0)) -> None:
        self.now = dt.datetime.combine(TODAY, dt.time(9), dt.UTC)
        self.ticks = ticks

    def __call__(self) -> dt.datetime:
        self.now += self.ticks
        return self.now


class Hub:
    """An application over a store of its own, and somebody to ask it as each account."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.app: FastAPI = create_app(wiring)
        self.loop = asyncio.new_event_loop()
        self._transport = httpx.ASGITransport(self.app, client=("192.0.2.1", 50_000), raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=self._transport, base_url=ORIGIN, follow_redirects=False)
        self._tokens: dict[str, str] = {}

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.run_until_complete(self._client.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.wiring.close()

    def token(self, name: str) -> str:
        """The token of this account's session, signed in when first needed."""
        if name not in self._tokens:
            self._tokens[name], _ = self.wiring.accounts.sign_in(name, PASSWORD, PURPOSE)
        return self._tokens[name]

    def ask(self, name: str | None, method: str, path: str, **given: Any) -> httpx.Response:
        """One request of this account (None for nobody) by bearer token."""
        headers = dict(given.pop("headers", {}))
        if name is not None:
            headers.setdefault("Authorization", f"Bearer {self.token(name)}")
        self._client.cookies.clear()
        request = self._client.request(method, path, headers=headers, **given)
        return self.loop.run_until_complete(request)


def make_hub(
    folder: Path,
    loads: Iterable[Iterable[Block]],
    clock: Clock,
    settings: Settings | None = None,
    *,
    people: frozenset[str] | None = None,
    hidden: Iterable[Block] = (),
) -> Hub:
    """A hub with these loads, in order, and every account of PEOPLE (or those named).

    ``hidden`` is one more load, all of it for the members of operation OP2.
    """
    store = SqliteStore(folder / "kith.db", clock=clock)
    for blocks in loads:
        store.write(blocks, note())
    if given := list(hidden):
        store.write(given, note(action="correction", restriction=Restriction(frozenset({"OP2"}))))
    wiring = wire_store(store, settings or Settings(data_folder=folder), clock=clock)
    chosen = frozenset(PEOPLE) if people is None else people
    for name in sorted(chosen):
        role, agency = PEOPLE[name]
        wiring.accounts.add(name, role, agency, PASSWORD, by="operator")
    for name in sorted(MEMBERS & chosen):
        until = TODAY + dt.timedelta(days=30)
        wiring.accounts.grant(name, "OP2", until=until, approver="admin", purpose="a test of membership")
    if "late" in chosen:
        clock.now -= dt.timedelta(days=2)
        yesterday = TODAY - dt.timedelta(days=1)
        wiring.accounts.grant("late", "OP2", until=yesterday, approver="admin", purpose="a test of membership")
        clock.now += dt.timedelta(days=2)
    return Hub(wiring)


def canary_hub(folder: Path, clock: Clock, settings: Settings | None = None) -> Hub:
    """The small hub of the API tests: open records, and what operation OP2 alone knows."""
    return make_hub(folder, [open_records(), secret_records()], clock, settings)


_RANDOM = (
    (re.compile(rb"anon-[0-9a-f]{10}"), b"anon-"),
    (re.compile(rb"K\d{8}-[0-9a-f]{10}"), b"SERIAL"),
    (re.compile(rb'name="form_token" value="[^"]{32}"'), b"FORM TOKEN"),
    (re.compile(rb'"form_token":"[^"]{32}"'), b"FORM TOKEN"),
    (re.compile(rb'(kith-token" content|data-form-token|data-token)="[^"]{32}"'), b"FORM TOKEN"),
)


def normal(answer: httpx.Response) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """An answer without what is drawn at random anew each time: pseudonyms (numbered in order), serials, form tokens.

    Headers count too, the length of the body among them.
    """
    body = answer.content
    for number, name in enumerate(dict.fromkeys(re.findall(rb"anon-[0-9a-f]{10}", body))):
        body = body.replace(name, b"pseudonym %05d" % number)
    for pattern, word in _RANDOM:
        body = pattern.sub(word, body)
    headers = tuple(
        sorted(
            (name, re.sub(r"K\d{8}-[0-9a-f]{10}", "SERIAL", value))
            for name, value in answer.headers.items()
            if name not in {"date", "set-cookie"}
        )
    )
    return answer.status_code, headers, body
