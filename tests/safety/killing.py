"""A program that works on a store until it is killed, and says on standard output what it has been promised.

    python -m tests.safety.killing load URL START
    python -m tests.safety.killing correct URL START
    python -m tests.safety.killing decide URL START
    python -m tests.safety.killing accounts URL START

``asked N`` is said before work N begins, ``acked N`` after the store has acknowledged it.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable

from graph.access.accounts import Accounts
from graph.access.actors import Role
from graph.errors import StoreUnavailable
from graph.flags import FlagDecision, FlagState
from graph.open import open_store
from graph.records import Block
from graph.store import AuditEntry, Lens, Store
from tests.conformance.factories import blocks, note, person, report, school, tie

#: people of one load; each load also has one report and a tie of each person to the school
PEOPLE = 40
#: people whose records are corrected over and over
CORRECTED = 25
NOW = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)


def load_of(number: int) -> list[Block]:
    """Load ``number``: people and ties that no other load has."""
    keys = [f"{number}-{index}" for index in range(PEOPLE)]
    return blocks(
        [
            *(person(key, given_name="Somebody") for key in keys),
            school("100", name="A school"),
            report(f"r{number}"),
            *(tie(f"t{key}", f"person:{key}", "school:100", f"r{number}", tie_type="attends") for key in keys),
        ]
    )


def correction_of(number: int) -> list[Block]:
    """Correction ``number``: the same people, all under another name."""
    return blocks([person(f"c{index}", given_name=f"Name {number}") for index in range(CORRECTED)])


def account_name(number: int) -> str:
    return f"worker-{number}"


def work_of(what: str, store: Store) -> Callable[[int], None]:
    if what == "load":
        return lambda number: _unit(store.write(load_of(number), note()))
    if what == "correct":
        return lambda number: _unit(store.write(correction_of(number), note(action="correction")))
    if what == "decide":
        flags = store.flags(Lens(), limit=1)

        def decide(number: int) -> None:
            decision = FlagDecision(flags[0].flag.id, FlagState.DISMISSED, f"reason {number}", "analyst", NOW)
            store.decide_flag(decision, AuditEntry("analyst", "decision", (flags[0].flag.id, f"decision:{number}")))

        return decide
    accounts = Accounts(store)

    def change(number: int) -> None:
        accounts.add(account_name(number), Role.POLICE, "police", "a long enough password", by="operator")
        accounts.set_role(account_name(number), Role.ANALYST, None, by="operator")

    return change


def _unit(_: object) -> None:
    return None


def main(arguments: list[str]) -> None:
    what, url, start = arguments
    store = open_store(url, migrate=True, user=os.environ.get("TEST_USER"), password=os.environ.get("TEST_PASSWORD"))
    if what == "accounts":
        import argon2

        from graph.access import accounts as module

        module._HASHER = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    work, number = work_of(what, store), int(start)
    while True:
        say(f"asked {number}")
        try:
            work(number)
        except StoreUnavailable:
            os.write(2, b"the store went away\n")
            raise SystemExit(4) from None
        say(f"acked {number}")
        number += 1


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1:])
