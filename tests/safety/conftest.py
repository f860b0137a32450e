"""Passwords that cost little, and a hub with accounts of every role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import argon2
import pytest

from graph.access import accounts as accounts_module
from tests.safety.hubs import Clock, Hub, canary_hub


@pytest.fixture(scope="module", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """The real function with the smallest cost; its real cost is tested with the accounts."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(accounts_module, "_HASHER", cheap)
        patch.setattr(accounts_module, "_NO_ACCOUNT", cheap.hash("nobody has this"))
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(tmp_path: Path, clock: Clock) -> Iterator[Hub]:
    with canary_hub(tmp_path, clock) as made:
        yield made
