"""Accounts and memberships, for administrators, who see no records."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import orjson
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import CurrentGate, CurrentWiring, Cursor, Limit
from api.schemas import account_json, page
from graph.access.accounts import MAXIMUM_PASSWORD
from graph.access.actors import Role
from graph.access.policy import Action

router = APIRouter(prefix="/api/v1", tags=["accounts"])

Name = Annotated[str, Path(max_length=64)]
Key = Annotated[str, Path(max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewAccount(_Body):
    """An account with its first password."""

    name: str = Field(max_length=64)
    role: Role
    agency: str = Field(max_length=60)
    password: str = Field(max_length=MAXIMUM_PASSWORD, repr=False)


class AccountChange(_Body):
    """What is to change; the rest stays. Every change ends the account's sessions."""

    role: Role | None = None
    agency: str | None = Field(default=None, max_length=60)
    disabled: bool | None = None
    password: str | None = Field(default=None, max_length=MAXIMUM_PASSWORD, repr=False)


class NewMembership(_Body):
    """Leave to know what one operation knows, until the last day, for a purpose."""

    operation: str = Field(max_length=200)
    until: dt.date
    purpose: str = Field(max_length=500)


@router.get("/accounts")
def accounts(gate: CurrentGate, wiring: CurrentWiring, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Accounts by name, without passwords."""
    gate.require(Action.MANAGE_ACCOUNTS, "accounts")
    found = [account for account in wiring.accounts.all() if cursor is None or account.name > cursor]
    following = found[limit - 1].name if len(found) > limit else None
    return _json(page([account_json(account) for account in found[:limit]], following))


@router.post("/accounts", status_code=201)
def add(gate: CurrentGate, wiring: CurrentWiring, body: NewAccount) -> Response:
    """A new account."""
    gate.require(Action.MANAGE_ACCOUNTS, "accounts")
    account = wiring.accounts.add(body.name, body.role, body.agency, body.password, by=gate.actor.account)
    return _json(account_json(account), 201)


@router.patch("/accounts/{name}")
def change(gate: CurrentGate, wiring: CurrentWiring, name: Name, body: AccountChange) -> Response:
    """Role, agency, password, or whether the account is disabled; sessions end at once."""
    gate.require(Action.MANAGE_ACCOUNTS, "accounts")
    accounts, by = wiring.accounts, gate.actor.account
    account = accounts.get(name)
    if body.role is not None or body.agency is not None:
        account = accounts.set_role(name, body.role or account.role, body.agency, by=by)
    if body.password is not None:
        accounts.set_password(name, body.password, by=by)
    if body.disabled is not None:
        account = accounts.disable(name, by=by, disabled=body.disabled)
    return _json(account_json(account))


@router.post("/accounts/{name}/memberships", status_code=201)
def grant(gate: CurrentGate, wiring: CurrentWiring, name: Name, body: NewMembership) -> Response:
    """Make the account a member of an operation; nobody approves their own."""
    gate.require(Action.GRANT_MEMBERSHIP, "membership")
    account = wiring.accounts.grant(
        name, body.operation, until=body.until, approver=gate.actor.account, purpose=body.purpose
    )
    return _json(account_json(account), 201)


@router.delete("/accounts/{name}/memberships/{operation:path}")
def revoke(gate: CurrentGate, wiring: CurrentWiring, name: Name, operation: Key) -> Response:
    """Take a membership away; sessions end at once."""
    gate.require(Action.GRANT_MEMBERSHIP, "membership")
    return _json(account_json(wiring.accounts.revoke(name, operation, by=gate.actor.account)))


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
