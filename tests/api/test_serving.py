"""A server and the demo as processes of their own: ready, answering, stopped cleanly, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PASSWORD = "a long enough password"


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "XDG_DATA_HOME": str(folder / "data"),
        "TMPDIR": str(folder),
        "KITH_DEMO_PASSWORD": PASSWORD,
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=folder,
    )  # fmt: skip


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The JSON that the process prints when it is ready."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("}"):
            break
    answer: dict[str, Any] = json.loads(text)
    return answer


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, subprocess.Popen[str]]]:
    folder = tmp_path_factory.mktemp("demo")
    process = start(folder, "demo", "--no-browser", "--port", "0", "--json")
    try:
        yield folder, told(process)["address"].rstrip("/"), process
    finally:
        process.kill()
        process.communicate()


def log_in(address: str, name: str) -> httpx.Client:
    body = {"name": name, "password": PASSWORD, "purpose": "a test of the demo", "cookie": False}
    token = httpx.post(f"{address}/api/v1/session", json=body).json()["token"]
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30)


@pytest.mark.parametrize("detector", ["hotspot_places", "shared_associates", "peripheral_children"])
def test_the_demo_has_flags_with_reasons(demo: tuple[Path, str, subprocess.Popen[str]], detector: str) -> None:
    with log_in(demo[1], "socialworker") as client:
        flags = client.get("/api/v1/flags", params={"detector": detector, "limit": 200}).json()["items"]
    assert flags
    assert all(flag["reasons"] and "{" not in flag["reasons"][0]["text"] for flag in flags)


def test_the_demos_police_know_an_operation_that_others_do_not(demo: tuple[Path, str, subprocess.Popen[str]]) -> None:
    known = []
    for name in ("police", "socialworker"):
        with log_in(demo[1], name) as client:
            items = client.get("/api/v1/entities?kind=operation").json()["items"]
        known.append({item["id"] for item in items})
    assert known[0] > known[1]


def test_only_the_owner_of_the_machines_account_reads_the_store(demo: tuple[Path, str, subprocess.Popen[str]]) -> None:
    (folder,) = demo[0].glob("kith-demo-*")
    modes = [path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())]
    assert set(modes) == {0}


def test_the_server_does_not_say_what_it_is(demo: tuple[Path, str, subprocess.Popen[str]]) -> None:
    assert "server" not in httpx.get(f"{demo[1]}/api/v1/health").headers


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopping_the_demo_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    process = start(tmp_path, "demo", "--no-browser", "--port", "0", "--json")
    told(process)
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    assert (list(tmp_path.glob("kith-demo-*")), "Traceback" in errors) == ([], False)


def test_stopping_the_demo_while_it_is_made_leaves_nothing_behind(tmp_path: Path) -> None:
    process = start(tmp_path, "demo", "--no-browser", "--port", "0", "--json", "--size", "city")
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("kith-demo-*/bundle")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert list(tmp_path.glob("kith-demo-*")) == []
