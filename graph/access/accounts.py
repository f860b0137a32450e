"""Local accounts, sessions and memberships, kept as documents in the store.

Passwords are argon2id (64 MiB, three passes; OWASP and RFC 9106 second profile). Sessions live on the server: the
browser holds a random token, the store holds its SHA-256, so that a copy of the store opens no session. Names that do
not exist cost the same time as wrong passwords.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import argon2

from graph.access.actors import ACCOUNT_ROLES, Actor, Membership, Purpose, Role
from graph.errors import NotFound, NotSignedIn, Refused, StoreConflict, UsageError
from graph.flags import Plain
from graph.store import AuditEntry, Store
from graph.vocabulary import vocabulary

#: at most this many password hashes at once (64 MiB each)
_HASHING = threading.BoundedSemaphore(2)
#: at most this many log-ins at once, hashing and waiting: a flood may not take every thread of the server
_LOGGING_IN = threading.BoundedSemaphore(12)
_HASHER = argon2.PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
#: checked when the account does not exist, so that the answer takes as long
_NO_ACCOUNT = _HASHER.hash(secrets.token_urlsafe(16))

#: said of every log-in that fails, whatever the cause
_NOT_RIGHT = "the name or password is not right, or the account must wait; try again later"

MINIMUM_PASSWORD = 12
MAXIMUM_PASSWORD = 200

#: failed log-ins before the next must wait, by what is counted (many people share one address), and the longest wait
_FREE_TRIES = {"name": 5, "address": 50}
_LONGEST_WAIT = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lives (NHS DSPT and ASVS 7.3: idle and absolute)."""

    idle: dt.timedelta = dt.timedelta(minutes=15)
    absolute: dt.timedelta = dt.timedelta(hours=10)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as administrators see it; never the password."""

    name: str
    role: Role
    agency: str
    disabled: bool
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A session in force. ``form_token`` must come back with every change made from a page (CSRF)."""

    key: str
    actor: Actor
    form_token: str
    started_at: dt.datetime
    ends_at: dt.datetime


class Accounts:
    """Accounts and sessions of one store. ``clock`` gives the present UTC instant."""

    def __init__(
        self,
        store: Store,
        *,
        limits: SessionLimits = SessionLimits(),
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._store, self._limits, self._clock = store, limits, clock

    # -- accounts ----------------------------------------------------------------------------------------------
    def add(self, name: str, role: Role, agency: str, password: str, *, by: str) -> Account:
        """A new account. Raises UsageError for a bad name, role, agency or password; StoreConflict when it exists."""
        if not (2 <= len(name) <= 64 and all(sign.isalnum() or sign in "._-@" for sign in name)):
            raise UsageError("an account name has 2 to 64 letters, digits, dots, dashes or @")
        if role not in ACCOUNT_ROLES:
            raise UsageError("this role cannot be given to an account")
        vocabulary("agency").check(agency)
        value: Plain = {
            "role": role.value,
            "agency": agency,
            "password": _hash(password),
            "disabled": False,
            "memberships": [],
        }
        entry = AuditEntry(by, "account added", (f"account:{name}",), details={"role": role.value, "agency": agency})
        self._store.put_document("account", name.casefold(), value, expected=0, entry=entry)
        return self.get(name)

    def get(self, name: str) -> Account:
        document = self._store.get_document("account", name.casefold())
        if document is None:
            raise NotFound("no such account")
        return _account(name.casefold(), cast(dict[str, Plain], document[0]))

    def all(self) -> tuple[Account, ...]:
        found = self._store.documents("account")
        return tuple(_account(name, cast(dict[str, Plain], found[name])) for name in sorted(found))

    def set_role(self, name: str, role: Role, agency: str | None, *, by: str) -> Account:
        if role not in ACCOUNT_ROLES:
            raise UsageError("this role cannot be given to an account")
        if agency is not None:
            vocabulary("agency").check(agency)

        def change(value: dict[str, Plain]) -> None:
            value["role"] = role.value
            value["agency"] = agency or value["agency"]

        self._change(name, change, AuditEntry(by, "role changed", (f"account:{name}",), details={"role": role.value}))
        self.end_sessions_of(name)
        return self.get(name)

    def set_password(self, name: str, password: str, *, by: str) -> None:
        hashed = _hash(password)
        self._change(
            name,
            lambda value: value.__setitem__("password", hashed),
            AuditEntry(by, "password changed", (f"account:{name}",)),
        )
        self.end_sessions_of(name)

    def disable(self, name: str, *, by: str, disabled: bool = True) -> Account:
        word = "account disabled" if disabled else "account enabled"
        self._change(
            name,
            lambda value: value.__setitem__("disabled", disabled),
            AuditEntry(by, word, (f"account:{name}",)),
        )
        self.end_sessions_of(name)
        return self.get(name)

    # -- memberships -------------------------------------------------------------------------------------------
    def grant(self, name: str, operation: str, *, until: dt.date, approver: str, purpose: str) -> Account:
        """Make an account a member of an operation. Nobody approves their own membership (two-person rule)."""
        if name.casefold() == approver.casefold():
            raise Refused("nobody approves their own membership")
        _check_purpose(purpose)
        today = self._clock().date()
        if until < today:
            raise UsageError("the last day of a membership is not in the past")
        key = operation.removeprefix("operation:")
        added: Plain = {
            "operation": key,
            "approver": approver,
            "granted_on": today.isoformat(),
            "until": until.isoformat(),
        }

        def change(value: dict[str, Plain]) -> None:
            value["memberships"] = [*_others(value, key), added]

        entry = AuditEntry(
            approver,
            "membership granted",
            (f"account:{name}", f"operation:{key}"),
            purpose=purpose,
            details={"until": until.isoformat()},
        )
        self._change(name, change, entry)
        return self.get(name)

    def revoke(self, name: str, operation: str, *, by: str) -> Account:
        key = operation.removeprefix("operation:")
        self._change(
            name,
            lambda value: value.__setitem__("memberships", _others(value, key)),
            AuditEntry(by, "membership revoked", (f"account:{name}", f"operation:{key}")),
        )
        self.end_sessions_of(name)
        return self.get(name)

    # -- sessions ----------------------------------------------------------------------------------------------
    def sign_in(self, name: str, password: str, purpose: str, *, address: str | None = None) -> tuple[str, Session]:
        """The session token (for the cookie or the bearer header) and the session.

        Raises NotSignedIn with the same words for an unknown name, a wrong password, a disabled account and an
        account that must wait; UsageError when the purpose says nothing.
        """
        _check_purpose(purpose)
        key = name.casefold()
        keys = [f"name:{key}", *([f"address:{address}"] if address else [])]
        waiting = any(self._must_wait(item) for item in keys)
        document = self._store.get_document("account", key)
        value = cast(dict[str, Plain], document[0]) if document else None
        stored = cast(str, value["password"]) if value else _NO_ACCOUNT
        if not _LOGGING_IN.acquire(blocking=False):
            raise NotSignedIn(_NOT_RIGHT)
        try:
            right = _verify(stored, password) and value is not None and not value["disabled"] and not waiting
        finally:
            _LOGGING_IN.release()
        if not right:
            for item in keys:
                self._failed(item)
            # What is no account may be anything that was typed into the wrong field, a password or a name among them.
            ids = (f"account:{key}",) if value is not None else ()
            self._store.append_audit(AuditEntry("nobody", "log-in refused", ids))
            raise NotSignedIn(_NOT_RIGHT)
        for item in keys:
            self._store.delete_document("throttle", item)
        token = secrets.token_urlsafe(32)
        now = self._clock()
        session: Plain = {
            "account": key,
            "purpose": purpose.strip(),
            "form_token": secrets.token_urlsafe(24),
            "started_at": now.timestamp(),
            "seen_at": now.timestamp(),
        }
        entry = AuditEntry(key, "log-in", (f"account:{key}",), purpose=purpose.strip())
        self._store.put_document("session", _digest(token), session, expected=0, entry=entry)
        return token, self.session(token)

    def session(self, token: str) -> Session:
        """The session of a token, with role and memberships read anew. Raises NotSignedIn when none is in force."""
        key = _digest(token)
        document = self._store.get_document("session", key)
        if document is None:
            raise NotSignedIn("please log in")
        value, version = cast(dict[str, Plain], document[0]), document[1]
        now = self._clock()
        started = dt.datetime.fromtimestamp(cast(float, value["started_at"]), dt.UTC)
        seen = dt.datetime.fromtimestamp(cast(float, value["seen_at"]), dt.UTC)
        if now >= started + self._limits.absolute or now >= seen + self._limits.idle:
            self._store.delete_document("session", key)
            raise NotSignedIn("the session has ended; please log in again")
        account_document = self._store.get_document("account", cast(str, value["account"]))
        if account_document is None or cast(dict[str, Plain], account_document[0])["disabled"]:
            raise NotSignedIn("please log in")
        if now - seen > dt.timedelta(seconds=60):
            try:
                self._store.put_document("session", key, {**value, "seen_at": now.timestamp()}, expected=version)
            except StoreConflict:
                seen = now  # another request of the same session has just noted it
        account = _account(cast(str, value["account"]), cast(dict[str, Plain], account_document[0]))
        actor = Actor(account.name, account.role, account.agency, account.memberships, cast(str, value["purpose"]))
        ends = min(started + self._limits.absolute, now + self._limits.idle)
        return Session(key, actor, cast(str, value["form_token"]), started, ends)

    def sign_out(self, token: str) -> None:
        key = _digest(token)
        document = self._store.get_document("session", key)
        if document is not None:
            name = cast(str, cast(dict[str, Plain], document[0])["account"])
            self._store.delete_document("session", key, entry=AuditEntry(name, "log-out", (f"account:{name}",)))

    def end_sessions_of(self, name: str) -> int:
        """End every session of an account; returns how many."""
        ended = 0
        for key, value in self._store.documents("session").items():
            if cast(dict[str, Plain], value)["account"] == name.casefold():
                ended += self._store.delete_document("session", key)
        return ended

    # -- inside ------------------------------------------------------------------------------------------------
    def _change(self, name: str, change: Callable[[dict[str, Plain]], None], entry: AuditEntry) -> None:
        document = self._store.get_document("account", name.casefold())
        if document is None:
            raise NotFound("no such account")
        value = dict(cast(dict[str, Plain], document[0]))
        change(value)
        self._store.put_document("account", name.casefold(), value, expected=document[1], entry=entry)

    def _must_wait(self, key: str) -> bool:
        document = self._store.get_document("throttle", key)
        if document is None:
            return False
        value = cast(dict[str, Plain], document[0])
        return self._clock().timestamp() < cast(float, value["until"])

    def _failed(self, key: str) -> None:
        """Wait twice as long after each failure past the free tries."""
        document = self._store.get_document("throttle", key)
        failures = 1 + (cast(int, cast(dict[str, Plain], document[0])["failures"]) if document else 0)
        wait = dt.timedelta(seconds=0)
        excess = failures - _FREE_TRIES[key.partition(":")[0]]
        if excess > 0:
            wait = min(_LONGEST_WAIT, dt.timedelta(seconds=2 ** min(excess, 12)))
        until = (self._clock() + wait).timestamp()
        self._store.put_document("throttle", key, {"failures": failures, "until": until})


def _account(name: str, value: dict[str, Plain]) -> Account:
    memberships = tuple(
        Membership(
            cast(str, item["operation"]),
            cast(str, item["approver"]),
            dt.date.fromisoformat(cast(str, item["granted_on"])),
            dt.date.fromisoformat(cast(str, item["until"])),
        )
        for item in cast(list[dict[str, Plain]], value["memberships"])
    )
    return Account(
        name, Role(cast(str, value["role"])), cast(str, value["agency"]), bool(value["disabled"]), memberships
    )


def _check_purpose(purpose: str) -> None:
    try:
        Purpose(purpose)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _others(value: dict[str, Plain], operation: str) -> list[Plain]:
    return [
        item
        for item in cast(list[Plain], value["memberships"])
        if cast(dict[str, Plain], item)["operation"] != operation
    ]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hash(password: str) -> str:
    if not MINIMUM_PASSWORD <= len(password) <= MAXIMUM_PASSWORD:
        raise UsageError(f"a password has {MINIMUM_PASSWORD} to {MAXIMUM_PASSWORD} characters")
    with _HASHING:
        return _HASHER.hash(password)


def _verify(stored: str, password: str) -> bool:
    if len(password) > MAXIMUM_PASSWORD:
        return False
    with _HASHING:
        try:
            return _HASHER.verify(stored, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
