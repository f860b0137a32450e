"""Safety of data in long loops: two worlds over HTTP, kill -9 rounds. Ends with 1 on any difference.

    python bench/safety.py worlds --examples 10000
    python bench/safety.py kill --rounds 100
    python bench/safety.py neo4j --rounds 20
    python bench/safety.py everybody

``--seed`` chooses other draws (``KITH_SAFETY_SEED`` does so for a nightly run); the seed is printed first.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import argon2
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from graph.access import accounts as accounts_module
from graph.open import open_store
from scripts.neo4j_server import Neo4jServer
from tests.safety.asking import compared, flag_ids, outside, sample_of
from tests.safety.drawing import worlds
from tests.safety.questions import everything_about
from tests.safety.rounds import CHECKS, check_whole, killed_worker, prepare, worker_on_killed_server
from tests.safety.test_two_worlds import ALL_CLOAKS, both, drawn_under


def two_worlds(examples: int, number: int) -> int:
    """Draw worlds, ask one outsider of each; prints the first difference of each example."""
    found: list[str] = []
    asked = [0, 0]
    started = time.monotonic()

    @seed(number)
    @settings(
        max_examples=examples,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        drawn = worlds(data.draw)
        name = data.draw(st.sampled_from(sorted(outside(drawn))))
        with both(drawn, people=name) as pair:
            questions = sample_of(data.draw, drawn, flag_ids(pair.with_secret))
            differences = compared(pair, name, questions)
        asked[0] += 1
        asked[1] += len(questions)
        found.extend(f"{drawn.cloak}: {text}" for text in differences[:1])
        if asked[0] % 100 == 0:
            print(f"  {asked[0]} worlds, {asked[1]} questions, {len(found)} differences, {_since(started)}", flush=True)

    ask()
    print(f"two worlds: {asked[0]} examples, {asked[1]} questions, {len(found)} differences, {_since(started)}")
    print("\n".join(found[:20]))
    return len(found)


def everybody() -> int:
    """Every question about every id, of everybody not cleared, under every cloak."""
    found = 0
    started = time.monotonic()
    for cloak in sorted(ALL_CLOAKS):
        drawn = drawn_under(cloak)
        with both(drawn) as pair:
            questions = list(everything_about(drawn, flag_ids(pair.with_secret)))
            for name in sorted(outside(drawn)):
                differences = compared(pair, name, questions)
                found += len(differences)
                print(f"  {cloak}, {name}: {len(questions)} questions, {len(differences)} differences", flush=True)
                print("\n".join(differences[:3]))
    print(f"everybody: {found} differences, {_since(started)}")
    return found


def kill(rounds: int, number: int) -> int:
    """Rounds on SQLite, of each kind of work."""
    failed = 0
    for what in sorted(CHECKS):
        chance, start, acknowledged = random.Random(number), 0, 0
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/kith.db"
            with open_store(url, migrate=True) as store:
                prepare(what, store)
            for done in range(rounds):
                said = killed_worker(what, url, start, chance, {})
                try:
                    with open_store(url, migrate=True) as store:
                        CHECKS[what](store, said)
                        check_whole(store)
                except AssertionError as error:
                    failed += 1
                    print(f"  {what}, round {done}: {error}", flush=True)
                start, acknowledged = said.next, acknowledged + len(said.acked)
        print(
            f"kill -9 during {what}: {rounds} rounds, {acknowledged} acknowledged, {failed} failed, {_since(started)}"
        )
    return failed


def neo4j(rounds: int, number: int) -> int:
    """Rounds on a real Neo4j server: the loading program is killed, every fourth time the server itself."""
    failed, chance, start = 0, random.Random(number), 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        server = Neo4jServer(Path(folder, "neo4j"), password="a-test-password", heap="512m").start()
        try:
            environment = {"TEST_USER": server.user, "TEST_PASSWORD": server.password}
            for done in range(rounds):
                if done % 4 == 3:
                    said = worker_on_killed_server("load", server.url, start, environment, server.kill)
                    server.start()
                else:
                    said = killed_worker("load", server.url, start, chance, environment)
                try:
                    with open_store(server.url, user=server.user, password=server.password, migrate=True) as store:
                        CHECKS["load"](store, said)
                        check_whole(store)
                except AssertionError as error:
                    failed += 1
                    print(f"  round {done}: {error}", flush=True)
                start = said.next
        finally:
            server.stop()
    print(f"kill -9 on Neo4j: {rounds} rounds, {failed} failed, {_since(started)}")
    return failed


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("worlds", "everybody", "kill", "neo4j"))
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("KITH_SAFETY_SEED", "1")))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts_module._HASHER = cheap
    if options.what == "worlds":
        return min(1, two_worlds(options.examples, options.seed))
    if options.what == "everybody":
        return min(1, everybody())
    if options.what == "kill":
        return min(1, kill(options.rounds, options.seed))
    return min(1, neo4j(options.rounds, options.seed))


if __name__ == "__main__":
    sys.exit(main())
