"""Accounts, memberships and sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import argon2
import pytest

from graph.access import accounts as accounts_module
from graph.access.accounts import Accounts, SessionLimits
from graph.access.actors import Role
from graph.errors import KithError, NotFound, NotSignedIn, Refused, StoreConflict, UsageError
from graph.open import open_store
from graph.store import Store

PASSWORD = "a long enough password"


class Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **span: int) -> None:
        self.now += dt.timedelta(**span)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts_module, "_HASHER", hasher)
    monkeypatch.setattr(accounts_module, "_NO_ACCOUNT", hasher.hash("nobody has this"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'kith.db'}", migrate=True) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(store: Store, clock: Clock, cheap: None) -> Accounts:
    made = Accounts(store, limits=SessionLimits(dt.timedelta(minutes=15), dt.timedelta(hours=10)), clock=clock)
    made.add("police", Role.POLICE, "police", PASSWORD, by="operator")
    return made


def sign_in(accounts: Accounts, name: str = "police", password: str = PASSWORD) -> str:
    return accounts.sign_in(name, password, "a test", address="192.0.2.1")[0]


def test_passwords_cost_what_they_should(store: Store) -> None:
    """RFC 9106's second profile: argon2id, 64 MiB, three passes."""
    Accounts(store).add("police", Role.POLICE, "police", PASSWORD, by="operator")
    document = store.get_document("account", "police")
    assert document is not None
    assert "$argon2id$v=19$m=65536,t=3,p=1$" in str(document[0])


def test_the_store_holds_no_token(store: Store, accounts: Accounts) -> None:
    token = sign_in(accounts)
    assert token not in repr(store.documents("session"))


def test_a_session_has_the_rights_of_now(accounts: Accounts) -> None:
    token = sign_in(accounts)
    accounts.grant("police", "OP2", until=dt.date(2026, 6, 2), approver="admin", purpose="a test")
    assert accounts.session(token).actor.operations(dt.date(2026, 6, 1)) == {"OP2"}


@pytest.mark.parametrize(("minutes", "alive"), [(14, True), (15, False)])
def test_an_idle_session_ends(accounts: Accounts, clock: Clock, minutes: int, alive: bool) -> None:
    token = sign_in(accounts)
    clock.forward(minutes=minutes)
    assert is_alive(accounts, token) is alive


def test_a_busy_session_ends_too(accounts: Accounts, clock: Clock) -> None:
    token = sign_in(accounts)
    answers = []
    for _ in range(61):
        clock.forward(minutes=10)
        answers.append(is_alive(accounts, token))
    assert answers == [True] * 59 + [False] * 2


def is_alive(accounts: Accounts, token: str) -> bool:
    try:
        accounts.session(token)
    except NotSignedIn:
        return False
    return True


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts: accounts.disable("police", by="admin"),
        lambda accounts: accounts.set_role("police", Role.ANALYST, None, by="admin"),
        lambda accounts: accounts.set_password("police", "another long password", by="admin"),
        lambda accounts: accounts.revoke("police", "OP2", by="admin"),
    ],
)
def test_a_change_of_rights_ends_sessions_at_once(accounts: Accounts, change: object) -> None:
    token = sign_in(accounts)
    change(accounts)  # type: ignore[operator]
    assert not is_alive(accounts, token)


def test_a_copied_token_is_dead_after_logging_out(accounts: Accounts) -> None:
    token = sign_in(accounts)
    accounts.sign_out(token)
    assert not is_alive(accounts, token)


def test_unknown_wrong_and_disabled_are_told_the_same(accounts: Accounts) -> None:
    accounts.add("gone", Role.POLICE, "police", PASSWORD, by="operator")
    accounts.disable("gone", by="admin")
    told = []
    for name, password in (("nobody", PASSWORD), ("police", "wrong"), ("gone", PASSWORD), ("police", "x" * 500)):
        with pytest.raises(NotSignedIn) as caught:
            sign_in(accounts, name, password)
        told.append(str(caught.value))
    assert len(set(told)) == 1


def test_an_unknown_name_costs_a_check_of_a_password(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def refuse(stored: str, _: str) -> bool:
        checked.append(stored)
        return False

    monkeypatch.setattr(accounts_module, "_verify", refuse)
    for name in ("nobody", "police"):
        with pytest.raises(NotSignedIn):
            sign_in(accounts, name)
    assert len(checked) == 2


def test_after_five_wrong_passwords_the_right_one_must_wait(accounts: Accounts, clock: Clock) -> None:
    for _ in range(6):
        with pytest.raises(NotSignedIn):
            sign_in(accounts, password="wrong")
    with pytest.raises(NotSignedIn):
        sign_in(accounts)
    clock.forward(minutes=15)
    assert sign_in(accounts)


def test_one_persons_failures_do_not_lock_out_others_at_the_same_address(accounts: Accounts) -> None:
    accounts.add("other", Role.POLICE, "police", PASSWORD, by="operator")
    for _ in range(10):
        with pytest.raises(NotSignedIn):
            sign_in(accounts, password="wrong")
    assert sign_in(accounts, "other")


def test_trying_many_names_from_one_address_must_wait(accounts: Accounts) -> None:
    for number in range(52):
        with pytest.raises(NotSignedIn):
            sign_in(accounts, f"name{number}", "wrong")
    with pytest.raises(NotSignedIn):
        sign_in(accounts)


@pytest.mark.parametrize("purpose", ["", "  ", "ab", "x" * 501])
def test_a_purpose_says_something(accounts: Accounts, purpose: str) -> None:
    with pytest.raises(UsageError):
        accounts.sign_in("police", PASSWORD, purpose)


def test_logging_in_out_and_being_refused_are_kept(store: Store, accounts: Accounts) -> None:
    token = sign_in(accounts)
    accounts.sign_out(token)
    with pytest.raises(NotSignedIn):
        sign_in(accounts, password="wrong")
    kept = {row.entry.action for chain in ("changes", "views") for row in store.audit_rows(chain=chain)}
    assert {"log-in", "log-out", "log-in refused", "account added"} <= kept


def test_nobody_approves_their_own_membership(accounts: Accounts) -> None:
    with pytest.raises(Refused):
        accounts.grant("police", "OP2", until=dt.date(2026, 6, 2), approver="Police", purpose="a test")


def test_a_membership_does_not_end_in_the_past(accounts: Accounts) -> None:
    with pytest.raises(UsageError):
        accounts.grant("police", "OP2", until=dt.date(2026, 5, 31), approver="admin", purpose="a test")


def test_a_grant_is_kept_with_approver_and_purpose(store: Store, accounts: Accounts) -> None:
    accounts.grant("police", "OP2", until=dt.date(2026, 6, 2), approver="admin", purpose="a test of grants")
    entry = store.audit_rows(chain="changes", newest_first=True, limit=1)[0].entry
    assert (entry.actor, entry.action, entry.ids, entry.purpose) == (
        "admin", "membership granted", ("account:police", "operation:OP2"), "a test of grants"
    )  # fmt: skip


def test_granting_again_replaces(accounts: Accounts) -> None:
    for day in (2, 3):
        accounts.grant("police", "operation:OP2", until=dt.date(2026, 6, day), approver="admin", purpose="a test")
    assert [held.until.day for held in accounts.get("police").memberships] == [3]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda it: it.add("police", Role.POLICE, "police", PASSWORD, by="x"), StoreConflict),
        (lambda it: it.add("POLICE", Role.POLICE, "police", PASSWORD, by="x"), StoreConflict),
        (lambda it: it.add("a b", Role.POLICE, "police", PASSWORD, by="x"), UsageError),
        (lambda it: it.add("new", Role.OPERATOR, "police", PASSWORD, by="x"), UsageError),
        (lambda it: it.add("new", Role.POLICE, "pollice", PASSWORD, by="x"), UsageError),
        (lambda it: it.add("new", Role.POLICE, "police", "short", by="x"), UsageError),
        (lambda it: it.set_role("nobody", Role.POLICE, None, by="x"), NotFound),
        (lambda it: it.set_role("police", Role.OPERATOR, None, by="x"), UsageError),
    ],
)
def test_what_cannot_be_is_refused(accounts: Accounts, call: object, kind: type[KithError]) -> None:
    with pytest.raises(kind):
        call(accounts)  # type: ignore[operator]


def test_accounts_are_listed_without_passwords(accounts: Accounts) -> None:
    assert "argon2" not in repr(accounts.all())
