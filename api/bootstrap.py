"""The one wiring place: settings in, an open store with its accounts and gates out."""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import cast

from api.diary import StoredDiary
from api.jobs import Jobs
from api.places import LocalityCounts
from api.settings import Settings
from graph.access.accounts import Accounts, SessionLimits
from graph.access.actors import Actor
from graph.access.gate import Gate
from graph.errors import StoreConflict
from graph.open import open_store
from graph.store import Store

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Wiring:
    """One open store and what stands on it. ``close`` it, or use it as a context manager."""

    settings: Settings
    store: Store
    accounts: Accounts
    #: keys the HMAC under which search terms stand in the audit
    secret: bytes = field(repr=False)
    clock: Clock = utc_now
    locality_counts: LocalityCounts = field(default_factory=LocalityCounts, repr=False)
    #: analyses in the background
    jobs: Jobs = field(default_factory=Jobs, repr=False)

    def gate(self, actor: Actor) -> Gate:
        """This actor's view of the store."""
        return Gate(self.store, actor, clock=self.clock, secret=self.secret)

    def close(self) -> None:
        self.jobs.close()
        self.store.close()

    def __enter__(self) -> Wiring:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def wire(settings: Settings, *, migrate: bool = False, clock: Clock = utc_now) -> Wiring:
    """Open the store of the settings; ``migrate`` creates or migrates it.

    Raises StoreError when it cannot be opened, is not there or is not of this version.
    """
    if migrate and not settings.store:
        settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = open_store(
        settings.store_url,
        user=settings.neo4j_user,
        password=settings.neo4j_password,
        migrate=migrate,
        cache=settings.cache_folder,
    )
    return wire_store(store, settings, clock=clock)


def wire_store(store: Store, settings: Settings, *, clock: Clock = utc_now) -> Wiring:
    """The same over a store that is already open (tests, the demo)."""
    limits = SessionLimits(
        dt.timedelta(minutes=settings.session_idle_minutes), dt.timedelta(hours=settings.session_hours)
    )
    accounts = Accounts(store, limits=limits, clock=clock)
    jobs = Jobs(clock=clock, diary=StoredDiary(store))
    return Wiring(settings, store, accounts, _secret(store), clock, jobs=jobs)


def _secret(store: Store) -> bytes:
    """The secret of this store, made when it is first needed."""
    found = store.get_document("secret", "search_terms")
    if found is None:
        # Another process may be making it just now.
        with contextlib.suppress(StoreConflict):
            store.put_document("secret", "search_terms", secrets.token_hex(32), expected=0)
        found = store.get_document("secret", "search_terms")
    if found is None:
        raise StoreConflict("the store does not keep documents")
    return bytes.fromhex(cast(str, found[0]))
