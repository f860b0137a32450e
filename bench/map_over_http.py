"""A map over HTTP, 500 nodes, access checks and audit on: milliseconds by part, and against FastAPI's response_model.

``python bench/map_over_http.py --size hub --rounds 60``. An invented city is loaded into a fresh SQLite store and
served in process (ASGI, no network). Seeds are schools and places in turn, two steps, at most 500 nodes. The columns:
the whole request; its parts (the gate with its audit row, the document with its layout, the bytes); and the same
document through a pydantic ``response_model``, as FastAPI does it by default. Printed as Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import BaseModel

from api.app import create_app
from api.bootstrap import Wiring, wire
from api.demo import add_users
from api.loading import load_files
from api.services import MapRequest, map_of
from api.settings import Settings
from graph.access.actors import OPERATOR
from graph.model import NodeId, NodeKind
from graph.store import Lens
from ingest.synthetic import generate

PASSWORD = "only for this benchmark"


class Nodes(BaseModel):
    id: str
    kind: str
    label: str
    x: float
    y: float
    hop: int
    degree: int
    group: int
    age_band: str | None
    detail: str
    url: str | None
    hub: int


class Ties(BaseModel):
    id: str
    source: int
    target: int
    type: str
    label: str
    sentence: str
    polarity: str
    standing: str
    start: str | None
    end: str | None
    reports: int
    agencies: list[str]
    grades: list[str]
    qualifier: str | None
    url: str | None


class Rows(BaseModel):
    """The document as lists of objects, the way a response model has it."""

    nodes: list[Nodes]
    ties: list[Ties]


def milliseconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def summary(values: Sequence[float]) -> str:
    ordered = sorted(values)
    return f"{statistics.median(ordered):.1f} | {ordered[int(0.95 * (len(ordered) - 1))]:.1f}"


def rows_of(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        part: [dict(zip(document[part], values, strict=True)) for values in zip(*document[part].values(), strict=True)]
        for part in ("nodes", "ties")
    }


async def through_http(app: FastAPI, headers: dict[str, str], addresses: Sequence[str]) -> list[float]:
    transport = httpx.ASGITransport(app)
    found = []
    async with httpx.AsyncClient(transport=transport, base_url="http://bench.test", headers=headers) as client:
        for address in addresses:
            started = time.perf_counter()
            answer = await client.get(address)
            found.append(1000 * (time.perf_counter() - started))
            if answer.status_code != 200:
                raise SystemExit(f"{address} answered {answer.status_code}")
    return found


def seeds_of(wiring: Wiring, count: int) -> list[NodeId]:
    """Schools and public places in turn whose map reaches 500 nodes."""
    gate = wiring.gate(OPERATOR)
    found: list[NodeId] = []
    for kind in (NodeKind.SCHOOL, NodeKind.PLACE):
        for node in gate.list_nodes(kind, Lens(), limit=400):
            seen = gate.neighbourhood([node.record.id], Lens(), hops=2, limit=500)
            if len(seen.nodes) == 500:
                found.append(node.record.id)
            if len(found) >= count:
                return found
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", choices=("hub", "city", "region"), default="hub")
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--seeds", type=int, default=10)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(given.size, 1, folder / "bundle", truth=folder / "truth")
        with wire(Settings(store=f"sqlite:///{folder / 'kith.db'}"), migrate=True) as wiring:
            load_files(wiring.gate(OPERATOR), [folder / "bundle"])
            add_users(wiring, PASSWORD)
            measure(wiring, given.size, given.rounds, given.seeds)


def measure(wiring: Wiring, size: str, rounds: int, seed_count: int) -> None:
    seeds = seeds_of(wiring, seed_count)
    chosen = [seeds[number % len(seeds)] for number in range(rounds)]
    token, session = wiring.accounts.sign_in("analyst", PASSWORD, "the benchmark of maps")
    gate = wiring.gate(session.actor)
    marking, now = wiring.settings.marking, wiring.clock()
    asked = [MapRequest((seed,), hops=2, limit=500) for seed in chosen]
    documents = [map_of(gate, request, marking=marking, now=now) for request in asked[: len(seeds)]]
    gate_times = [milliseconds(partial(gate.neighbourhood, r.seeds, Lens(), hops=2, limit=500)) for r in asked]
    map_times = [milliseconds(partial(map_of, gate, r, marking=marking, now=now)) for r in asked]
    byte_times = [milliseconds(documents[n % len(documents)].to_json_bytes) for n in range(rounds)]
    plain = FastAPI()
    rows = [rows_of(httpx.Response(200, content=document.to_json_bytes()).json()) for document in documents]

    @plain.get("/{number}", response_model=Rows)
    def _(number: int) -> Any:
        return rows[number]

    plain_times = asyncio.run(through_http(plain, {}, [f"/{n % len(rows)}" for n in range(rounds)]))
    addresses = [f"/api/v1/neighbourhood?seed={seed}&hops=2&limit=500" for seed in chosen]
    app = create_app(wiring)
    asyncio.run(through_http(app, {"Authorization": f"Bearer {token}"}, addresses[:5]))
    http_times = asyncio.run(through_http(app, {"Authorization": f"Bearer {token}"}, addresses))
    ties = statistics.mean(len(document.ties.id) for document in documents)
    print(f"{size}: {len(seeds)} seeds, 500 nodes and {ties:.0f} ties on average, {rounds} requests\n")
    print("| part | p50 ms | p95 ms |\n|---|---|---|")
    print(f"| whole request | {summary(http_times)} |")
    print(f"| gate: neighbourhood and its audit row | {summary(gate_times)} |")
    print(f"| gate and document with layout | {summary(map_times)} |")
    print(f"| document to bytes | {summary(byte_times)} |")
    print(f"| rows through response_model, nothing else | {summary(plain_times)} |")


if __name__ == "__main__":
    main()
