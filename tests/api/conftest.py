"""One hub with accounts of every role, over a real SQLite store."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import argon2
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.bootstrap import Wiring, wire_store
from api.routes import api_routers, page_routers
from api.settings import Settings
from graph.access import accounts as accounts_module
from graph.access.actors import Role
from graph.open import open_store
from tests.api.http import Client
from tests.api.world import open_records, secret_records
from tests.conformance.factories import note

# Routes are imported when an application is first made: here, before a test puts another registry in place.
api_routers(), page_routers()

PASSWORD = "a long enough password"
TODAY = dt.date(2026, 6, 1)

#: name, role, agency
PEOPLE = (
    ("analyst", Role.ANALYST, "community_safety"),
    ("police", Role.POLICE, "police"),
    ("officer", Role.POLICE, "police"),
    ("socialworker", Role.SOCIAL_WORKER, "childrens_social_care"),
    ("panel", Role.PANEL, "education"),
    ("governance", Role.GOVERNANCE, "other"),
    ("admin", Role.ADMIN, "other"),
)


class Clock:
    """A clock that a test can move."""

    def __init__(self) -> None:
        self.now = dt.datetime.combine(TODAY, dt.time(9), dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture(scope="module", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """The real function with the smallest cost: what it costs in use is tested in tests/graph/access."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(accounts_module, "_HASHER", cheap)
        patch.setattr(accounts_module, "_NO_ACCOUNT", cheap.hash("nobody has this"))
        yield


def make_hub(folder: Path, clock: Clock, *, secret: bool = True) -> Wiring:
    """A hub with or without what operation OP2 alone knows. ``police`` and ``analyst`` are its members."""
    store = open_store(f"sqlite:///{folder / 'kith.db'}", migrate=True)
    store.write(open_records(), note())
    if secret:
        store.write(secret_records(), note())
    wiring = wire_store(store, Settings(data_folder=folder), clock=clock)
    for name, role, agency in PEOPLE:
        wiring.accounts.add(name, role, agency, PASSWORD, by="operator")
    for name in ("police", "analyst"):
        wiring.accounts.grant(
            name, "OP2", until=TODAY + dt.timedelta(days=30), approver="admin", purpose="a test of membership"
        )
    return wiring


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def hub_files(tmp_path_factory: pytest.TempPathFactory, cheap_passwords: None) -> Path:
    """The files of a hub that is closed, made once a module, as the cheap passwords are."""
    folder = tmp_path_factory.mktemp("hub")
    make_hub(folder, Clock()).close()
    return folder


@pytest.fixture
def hub(tmp_path: Path, hub_files: Path, clock: Clock) -> Iterator[Wiring]:
    shutil.copytree(hub_files, tmp_path, dirs_exist_ok=True)
    store = open_store(f"sqlite:///{tmp_path / 'kith.db'}", migrate=False)
    with wire_store(store, Settings(data_folder=tmp_path), clock=clock) as wiring:
        yield wiring


@pytest.fixture
def app(hub: Wiring) -> FastAPI:
    return create_app(hub)


@pytest.fixture
def as_user(app: FastAPI) -> Callable[[str], Client]:
    """A client that is logged in by cookie."""

    def log_in(name: str) -> Client:
        client = Client(app)
        assert client.log_in(name, PASSWORD).status_code == 200
        return client

    return log_in
