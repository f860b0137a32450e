"""kill -9 at any moment: nothing acknowledged is lost, nothing is half visible, the audit stands."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from graph.open import open_store
from scripts.neo4j_server import Neo4jServer, Neo4jUnavailable
from tests.safety.rounds import CHECKS, Said, check_whole, killed_worker, prepare, worker_on_killed_server
from tests.support import needs

ROUNDS = 3


def rounds_of(what: str, url: str, count: int, seed: int) -> int:
    """Kill and look, so many times on the same store; returns how many units of work were acknowledged."""
    chance, start, acknowledged = random.Random(seed), 0, 0
    with open_store(url, migrate=True) as store:
        prepare(what, store)
    for _ in range(count):
        said = killed_worker(what, url, start, chance, {})
        with open_store(url, migrate=True) as store:
            CHECKS[what](store, said)
            check_whole(store)
        start, acknowledged = said.next, acknowledged + len(said.acked)
    return acknowledged


@pytest.mark.slow
@pytest.mark.parametrize("what", sorted(CHECKS))
def test_killed_at_work(tmp_path: Path, what: str) -> None:
    assert rounds_of(what, f"sqlite:///{tmp_path / 'kith.db'}", ROUNDS, seed=3) >= 1


@pytest.mark.slow
def test_killed_while_a_new_store_is_made_and_first_filled(tmp_path: Path) -> None:
    """The first load makes the indexes as well; nothing is prepared here."""
    chance = random.Random(5)
    for number in range(2):
        url = f"sqlite:///{tmp_path / f'kith{number}.db'}"
        said = killed_worker("load", url, 0, chance, {})
        with open_store(url, migrate=True) as store:
            CHECKS["load"](store, said)
            check_whole(store)


@pytest.mark.slow
@pytest.mark.neo4j
@pytest.mark.timeout(600)
def test_neo4j_client_and_server_killed(tmp_path: Path) -> None:
    """First the loading program, then the server in the middle of a load; the server comes back with its data."""
    home = tmp_path / "neo4j"
    server = Neo4jServer(home, password="a-test-password", heap="512m")
    try:
        server.start()
    except Neo4jUnavailable as error:
        needs.missing("neo4j", str(error))
    try:
        chance, start = random.Random(11), 0
        environment = {"TEST_USER": server.user, "TEST_PASSWORD": server.password}

        def look(said: Said) -> None:
            with open_store(server.url, user=server.user, password=server.password, migrate=True) as store:
                CHECKS["load"](store, said)
                check_whole(store)

        for _ in range(2):
            said = killed_worker("load", server.url, start, chance, environment)
            look(said)
            start = said.next
        said = worker_on_killed_server("load", server.url, start, environment, server.kill)
        server.start()
        look(said)
    finally:
        server.stop()
