"""``kith demo``: an invented city in a fresh store, analysed and served, with a user of each role."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import secrets
import shutil
import socket
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from api.analysing import AnalysisRequest, analyse
from api.bootstrap import Wiring, wire
from api.console import Console
from api.loading import load_files
from api.serving import address_of, listening_socket, serve
from api.settings import Settings, has_screen
from graph.access.actors import OPERATOR, Actor, Role
from graph.errors import UsageError
from graph.model import NodeKind, Operation
from graph.store import Lens
from ingest.synthetic import generate

#: name, role, agency; the names are those of the roles
DEMO_USERS: tuple[tuple[str, Role, str], ...] = (
    ("analyst", Role.ANALYST, "community_safety"),
    ("police", Role.POLICE, "police"),
    ("socialworker", Role.SOCIAL_WORKER, "childrens_social_care"),
    ("panel", Role.PANEL, "community_safety"),
    ("governance", Role.GOVERNANCE, "other"),
    ("admin", Role.ADMIN, "other"),
)

#: members of one restricted operation, so that two people see different maps
_MEMBERS = ("analyst", "police")
_MEMBERSHIP_DAYS = 90
_PURPOSE = "looking at the demonstration"


def demo(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    """Make everything, say who can log in, and serve until interrupted. The folder is removed afterwards."""
    password = settings.demo_password or secrets.token_urlsafe(12)
    with _folder() as folder, _socket(settings, options.port) as bound:
        settings = dataclasses.replace(settings, store=f"sqlite:///{folder / 'demo.db'}", origin=None)
        started = time.monotonic()
        with wire(settings, migrate=True) as wiring:
            prepare(wiring, folder, options.size, options.seed, password, console)
            seconds = time.monotonic() - started
            address = address_of(bound)

            def ready() -> None:
                _welcome(console, address, password, seconds)
                if not options.no_browser and has_screen():
                    threading.Thread(target=_open, args=(address,), daemon=True).start()

            serve(wiring, bound, ready=ready)


def prepare(wiring: Wiring, folder: Path, size: str, seed: int, password: str, console: Console) -> None:
    """The city, the load, the users and the flags, each step said."""
    today = wiring.clock().date()
    with _step(console, f"Inventing a city (size {size}, seed {seed})"):
        summary = generate(size, seed, folder / "bundle", as_at=today, truth=folder / "truth")  # type: ignore[arg-type]
    rows = sum(summary.rows.values())
    with _step(console, f"Loading {rows:,} rows"):
        load_files(
            wiring.gate(dataclasses.replace(OPERATOR, purpose=_PURPOSE)),
            [folder / "bundle"],
            progress=lambda progress: console.progress(f"  {progress.file}: {progress.rows:,} rows"),
        )
    shutil.rmtree(folder / "bundle")
    shutil.rmtree(folder / "truth")
    with _step(console, "Adding users"):
        add_users(wiring, password)
    with _step(console, "Looking for patterns"):
        account = wiring.accounts.get("analyst")
        analyst = Actor(account.name, account.role, account.agency, account.memberships, _PURPOSE)
        analyse(
            wiring.gate(analyst),
            AnalysisRequest(lens=Lens(today)),
            progress=lambda share, what: console.progress(f"  {share:4.0%} {what}"),
        )


def add_users(wiring: Wiring, password: str) -> None:
    """One user of each role; two of them members of the first restricted operation."""
    for name, role, agency in DEMO_USERS:
        wiring.accounts.add(name, role, agency, password, by=OPERATOR.account)
    until = wiring.clock().date() + dt.timedelta(days=_MEMBERSHIP_DAYS)
    gate = wiring.gate(dataclasses.replace(OPERATOR, purpose=_PURPOSE))
    operations = gate.list_nodes(NodeKind.OPERATION, Lens(), limit=200)
    restricted = [node.record for node in operations if isinstance(node.record, Operation) and node.record.restricted]
    for operation in restricted[:1]:
        for name in _MEMBERS:
            wiring.accounts.grant(name, operation.id, until=until, approver="admin", purpose=_PURPOSE)


@contextlib.contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    started = time.monotonic()
    console.progress(what + " ...", now=True)
    yield
    console.say(f"{what}: {time.monotonic() - started:.1f} s")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kith-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _socket(settings: Settings, port: int | None) -> socket.socket:
    """The port asked for, else the usual one, else any that is free."""
    if port is not None:
        return listening_socket(settings.host, port)
    try:
        return listening_socket(settings.host, settings.port)
    except UsageError:
        return listening_socket(settings.host, 0)


def _welcome(console: Console, address: str, password: str, seconds: float) -> None:
    names = [name for name, _, _ in DEMO_USERS]
    console.result(
        {"address": address, "users": names, "password": password, "seconds": round(seconds, 1)},
        f"\nKith is ready after {seconds:.1f} s: {address}\n"
        f"  log in as     {', '.join(names)}\n"
        f"  password      {password}\n"
        "  purpose       whatever you like; it stands in the audit\n"
        "Everybody and everything in it is invented. Ctrl+C stops it and removes it.",
    )


def _open(address: str) -> None:
    """A browser, where there is one."""
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(address)
