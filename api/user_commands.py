"""``kith user``: accounts and memberships, by the operator of the machine."""

from __future__ import annotations

import argparse
import getpass
import sys

from api.analysing import read_day
from api.bootstrap import wire
from api.console import Console
from api.schemas import account_json
from api.settings import Settings
from graph.access.accounts import Account
from graph.access.actors import OPERATOR, Role
from graph.errors import NotFound, UsageError


def add(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    password_given = _password(settings)
    with wire(settings) as wiring:
        account = wiring.accounts.add(
            options.name, Role(options.role), options.agency, password_given, by=OPERATOR.account
        )
    _show(console, account, f"Added {account.name} ({account.role.value}, {account.agency}).")


def list_accounts(_: argparse.Namespace, settings: Settings, console: Console) -> None:
    with wire(settings) as wiring:
        found = wiring.accounts.all()
    lines = [_line(account) for account in found] or ["No accounts yet: kith user add NAME --role ROLE --agency AGENCY"]
    console.result({"accounts": [account_json(account) for account in found]}, "\n".join(lines))


def role(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    with wire(settings) as wiring:
        account = wiring.accounts.set_role(options.name, Role(options.role), options.agency, by=OPERATOR.account)
    _show(console, account, f"{account.name} is now {account.role.value} ({account.agency}); sessions have ended.")


def disable(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    with wire(settings) as wiring:
        account = wiring.accounts.disable(options.name, by=OPERATOR.account, disabled=not options.enable)
    state = "disabled; sessions have ended" if account.disabled else "enabled"
    _show(console, account, f"{account.name} is {state}.")


def password(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    with wire(settings) as wiring:
        wiring.accounts.get(options.name)
        wiring.accounts.set_password(options.name, _password(settings), by=OPERATOR.account)
        account = wiring.accounts.get(options.name)
    _show(console, account, f"{account.name} has a new password; sessions have ended.")


def grant(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    until = read_day(options.until, "--until")
    if until is None:
        raise UsageError("--until reads YYYY-MM-DD")
    with wire(settings) as wiring:
        approver = OPERATOR.account
        if options.approver is not None:
            approver = wiring.accounts.get(options.approver).name
        account = wiring.accounts.grant(
            options.name, options.operation, until=until, approver=approver, purpose=options.purpose
        )
    _show(console, account, f"{account.name} is a member until {until.isoformat()}.")


def revoke(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    with wire(settings) as wiring:
        key = options.operation.removeprefix("operation:")
        held = {membership.operation for membership in wiring.accounts.get(options.name).memberships}
        if key not in held:
            raise NotFound("no such membership")
        account = wiring.accounts.revoke(options.name, key, by=OPERATOR.account)
    _show(console, account, f"{account.name} is no member any more; sessions have ended.")


def _show(console: Console, account: Account, text: str) -> None:
    console.result({"account": account_json(account)}, text)


def _line(account: Account) -> str:
    state = " (disabled)" if account.disabled else ""
    held = "".join(f"; {item.operation} until {item.until.isoformat()}" for item in account.memberships)
    return f"{account.name:20} {account.role.value:14} {account.agency}{state}{held}"


def _password(settings: Settings) -> str:
    """From the environment or asked for twice; never from the command line, where others can read it."""
    if settings.password is not None:
        return settings.password
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask for a password; set KITH_PASSWORD")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise UsageError("the two passwords differ")
    return first
