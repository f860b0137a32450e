"""One round of killing: start a worker, kill it at a moment of chance, open the store again, look at what is there."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from graph.access.accounts import Accounts
from graph.access.actors import Role
from graph.errors import NotFound
from graph.flags import Band, Flag, Reason, Run
from graph.model import FlagId, NodeId, Person, TieId
from graph.store import AuditEntry, Lens, Store
from tests.conformance.factories import blocks, note, person
from tests.safety.killing import CORRECTED, PEOPLE, account_name, correction_of

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Said:
    """What the worker said before it was killed: numbers asked for, and numbers acknowledged."""

    asked: tuple[int, ...]
    acked: tuple[int, ...]

    @property
    def next(self) -> int:
        return max(self.asked, default=-1) + 1


def killed_worker(what: str, url: str, start: int, chance: random.Random, environment: Mapping[str, str]) -> Said:
    """Run a worker, kill -9 it up to a quarter of a second after its first word."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.safety.killing", what, url, str(start)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        if not select.select([process.stdout], [], [], 60)[0]:
            process.kill()
            raise AssertionError("the worker said nothing for a minute")
        time.sleep(chance.uniform(0.0, 0.25))
        process.kill()
        text = process.stdout.read().decode()
        trouble = process.stderr.read().decode()
    assert not trouble, trouble[-2000:]
    return _said(text)


def _said(text: str) -> Said:
    words = [line.split() for line in text.splitlines()]
    return Said(
        tuple(int(number) for word, number in words if word == "asked"),
        tuple(int(number) for word, number in words if word == "acked"),
    )


def worker_on_killed_server(
    what: str, url: str, start: int, environment: Mapping[str, str], kill_server: Callable[[], None]
) -> Said:
    """Run a worker, kill the server under it after its first acknowledgement, and let the worker fail."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.safety.killing", what, url, str(start)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(3)]
        kill_server()
        rest, trouble = process.communicate(timeout=60)
    assert b"the store went away" in trouble, trouble[-2000:]
    return _said("".join(lines) + rest.decode())


def check_loads(store: Store, said: Said) -> None:
    """Every acknowledged load is there whole; the one in flight is there whole or not at all."""
    for number in said.asked:
        ids = [NodeId(f"person:{number}-{index}") for index in range(PEOPLE)]
        seen = len(store.nodes(ids, Lens()))
        assert seen in {0, PEOPLE}, f"load {number}: {seen} of {PEOPLE} records"
        assert seen or number not in said.acked, f"load {number} was acknowledged and is lost"
        ties = store.ties([TieId(f"t{number}-{index}") for index in range(PEOPLE)], Lens())
        assert len(ties) == seen, f"load {number}: {seen} people and {len(ties)} ties"
        rows = store.audit_rows(chain="changes", about=f"person:{number}-0")
        assert len(rows) == bool(seen), f"load {number}: {len(rows)} audit rows, {seen} records"


def check_corrections(store: Store, said: Said) -> None:
    """All people bear the name of the same correction, at least as new as the last acknowledged."""
    found = store.nodes([NodeId(f"person:c{index}") for index in range(CORRECTED)], Lens())
    names = {node.record.given_name for node in found.values() if isinstance(node.record, Person)}
    assert len(names) <= 1, f"half a correction: {len(names)} names"
    if said.acked:
        (name,) = names
        assert name is not None and int(name.split()[1]) >= said.acked[-1], "an acknowledged correction is lost"
    if found:
        entity = store.entity(NodeId("person:c0"), Lens())
        assert entity is not None
        assert len(store.audit_rows(chain="changes", about="person:c0", limit=10_000)) == len(entity.history) + 1


def check_decisions(store: Store, said: Said) -> None:
    (stored,) = store.flags(Lens(), limit=1)
    reasons = {decision.reason for decision in stored.decisions}
    for number in said.asked:
        kept = f"reason {number}" in reasons
        assert kept or number not in said.acked, f"decision {number} was acknowledged and is lost"
        assert len(store.audit_rows(chain="changes", about=f"decision:{number}")) == kept


def check_accounts(store: Store, said: Said) -> None:
    """No account without its audit row; what was acknowledged is as it was left."""
    accounts = Accounts(store)
    for number in said.asked:
        name = account_name(number)
        account = None
        with contextlib.suppress(NotFound):
            account = accounts.get(name)
        actions = [row.entry.action for row in store.audit_rows(chain="changes", about=f"account:{name}")]
        if account is not None:
            assert "account added" in actions, f"account {number} has no audit row"
            assert account.role is Role.POLICE or "role changed" in actions
        if number in said.acked:
            assert account is not None and account.role is Role.ANALYST, (
                f"account {number} was acknowledged and is lost"
            )


def with_a_flag(store: Store) -> None:
    store.write(blocks([person("1")]), note())
    flag = Flag(
        id=FlagId("flag"), detector="hotspot_places", subjects=(NodeId("person:1"),), strength=0.5, band=Band.MODERATE,
        rank=1, stability=None, reasons=(Reason("{person:1}", 0.5),), would_clear="nothing", cautions=(),
        expires_on=dt.date(2030, 1, 1),
    )  # fmt: skip
    run = Run(
        id="run", detector="hotspot_places", version="1", as_at=dt.date(2026, 6, 1), known_at=None, scope="everything",
        parameters={}, seed=0, snapshot_digest="", seconds=0.0, flags=(flag,),
        may_see=frozenset({"analyst"}),
    )  # fmt: skip
    store.save_run(run, AuditEntry("analyst", "analyse"))


def prepare(what: str, store: Store) -> None:
    if what == "decide":
        with_a_flag(store)
    if what == "correct":
        store.write(correction_of(-1), note())


CHECKS: Mapping[str, Callable[[Store, Said], None]] = {
    "load": check_loads,
    "correct": check_corrections,
    "decide": check_decisions,
    "accounts": check_accounts,
}


def check_whole(store: Store) -> None:
    """The audit stands, and the store says it is sound."""
    verdict = store.verify_audit()
    assert verdict.intact, verdict.what
    health = store.health(thorough=True)
    assert health.get("quick_check", "ok") == "ok"
    assert health.get("views_quick_check", "ok") == "ok"
