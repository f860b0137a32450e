"""Two hubs that differ in one thing: what a restricted operation alone knows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graph.access.actors import Actor, Membership, Role
from graph.access.gate import Gate
from graph.open import open_store
from graph.store import Store
from tests.api.world import open_records, secret_records
from tests.conformance.factories import note

NOW = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
MEMBER = Membership("OP2", "admin", dt.date(2026, 5, 1), dt.date(2026, 6, 30))

#: nobody of these is a member of OP2
OUTSIDERS: Mapping[str, Actor] = {
    actor.account: actor
    for actor in (
        Actor("analyst", Role.ANALYST, "community_safety", purpose="a test"),
        Actor("police", Role.POLICE, "police", purpose="a test"),
        Actor("socialworker", Role.SOCIAL_WORKER, "childrens_social_care", purpose="a test"),
        Actor("panel", Role.PANEL, "education", purpose="a test"),
        Actor("late", Role.POLICE, "police",
              (Membership("OP2", "admin", dt.date(2026, 1, 1), dt.date(2026, 5, 31)),), "a test"),
        Actor("early", Role.POLICE, "police",
              (Membership("OP2", "admin", dt.date(2026, 6, 2), dt.date(2026, 12, 31)),), "a test"),
    )
}  # fmt: skip
INSIDER = Actor("insider", Role.POLICE, "police", (MEMBER,), "a test")


def make_store(path: Path, *, secret: bool) -> Store:
    """A hub; what is secret comes with the same write, so that nothing can be told from the number of loads."""
    store = open_store(f"sqlite:///{path}", migrate=True)
    store.write([*open_records(), *(secret_records() if secret else ())], note())
    return store


def gate_of(store: Store, actor: Actor) -> Gate:
    return Gate(store, actor, clock=lambda: NOW, secret=b"the same in both")


def told(answer: Any) -> str:
    """An answer as text, with made-up names and instants of writing put in the same words."""
    text = repr(answer)
    for number, name in enumerate(dict.fromkeys(re.findall(r"anon-[0-9a-f]+", text))):
        text = text.replace(name, f"anon-{number}")
    return re.sub(r"datetime\.datetime\(20(2[6-9]|[3-9]\d), .*?tzinfo=datetime\.timezone\.utc\)", "WRITTEN", text)
