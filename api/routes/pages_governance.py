"""Pages for those who look after Kith: localities for panels, the audit for governance, accounts for administrators."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from api.deps import CurrentGate, CurrentSession, CurrentWiring
from api.places import last_months
from api.routes.pages_common import ROLE_LABELS, day_of, page
from api.routes.pages_entry import Message
from api.views.audit import audit_line, verdict_view
from api.views.localities import levels_of, locality_svg, table_of, usual_level
from api.views.words import day_words, term
from graph.access.accounts import Account
from graph.access.actors import ACCOUNT_ROLES, Role
from graph.access.gate import Gate
from graph.access.policy import Action
from graph.errors import KithError, NotFound, Refused, StoreError
from graph.vocabulary import vocabulary

router = APIRouter(include_in_schema=False)

AUDIT_PAGE = 50
#: areas on one map; more belong to a choice of authority first
MOST_AREAS = 400
#: months back that children are counted
MONTHS = 12


@dataclass(frozen=True, slots=True)
class AccountRow:
    name: str
    role: str
    agency: str
    memberships: list[str]
    state: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A type of area to choose, and whether it is the one shown."""

    url: str
    label: str
    chosen: bool


@router.get("/localities")
def localities(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    level: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    every = gate.localities()
    levels = levels_of(every)
    chosen = level if level in levels else usual_level(levels)
    areas = levels[chosen][:MOST_AREAS] if chosen else ()
    asked = last_months(gate.today, MONTHS)
    counts = wiring.locality_counts.of(gate, asked, every, wiring.store.change_counter)
    table = table_of(areas, counts)
    return page(
        request,
        "pages/localities.html",
        wiring,
        session,
        title="Localities",
        lede="Children by area over the last twelve months, as far as reports are open to the whole hub.",
        levels=[
            Level(
                f"/localities?{urlencode({'level': kind})}",
                f"{term('locality_type', kind)} ({len(items)})",
                kind == chosen,
            )
            for kind, items in levels.items()
        ],
        svg=Markup(locality_svg(table, areas)),  # noqa: S704  names inside are escaped where they are put in
        key="Darker means more children counted. White: none recorded. Palest: fewer than 6.",
        caption=f"Twelve months to {day_words(gate.today)}",
        columns=table.columns,
        rows=table.with_records,
        none=table.without_records,
    )


@router.get("/audit")
def audit(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    chain: str = "views",
    actor: Annotated[str, Query(max_length=64)] = "",
    about: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[int | None, Query(ge=1, le=10**15)] = None,
    check: bool = False,
) -> Response:
    chain = chain if chain in {"views", "changes"} else "views"
    rows = gate.audit_rows(
        chain=chain,
        after=before or 0,
        limit=AUDIT_PAGE,
        newest_first=True,
        actor=actor.strip().casefold() or None,
        about=about.strip() or None,
    )
    older = None
    if len(rows) == AUDIT_PAGE and rows[-1].number > 1:
        older = "/audit?" + urlencode({"chain": chain, "actor": actor, "about": about, "before": rows[-1].number})
    return page(
        request,
        "pages/audit.html",
        wiring,
        session,
        title="Audit",
        verdict=verdict_view(gate.verify_audit()) if check else None,
        chain=chain,
        actor_filter=actor,
        about=about,
        rows=[audit_line(row) for row in rows],
        older=older,
    )


@router.get("/accounts")
def accounts(
    request: Request, wiring: CurrentWiring, session: CurrentSession, gate: CurrentGate, done: str = ""
) -> Response:
    _require(gate, Action.MANAGE_ACCOUNTS)
    return _accounts(request, wiring, session, done=_DONE.get(done, ""))


@router.post("/accounts")
def add(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    name: Annotated[str, Form(max_length=64)] = "",
    role: Annotated[str, Form(max_length=30)] = "",
    agency: Annotated[str, Form(max_length=60)] = "",
    password: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    _require(gate, Action.MANAGE_ACCOUNTS)
    if role not in {item.value for item in ACCOUNT_ROLES}:
        return _accounts(request, wiring, session, problem=Message("Choose a role", "new-role"))
    try:
        wiring.accounts.add(name.strip(), Role(role), agency, password, by=session.actor.account)
    except StoreError as error:
        if error.code != "conflict":
            raise
        return _accounts(request, wiring, session, problem=Message("There is such an account already", "new-name"))
    except KithError as error:
        return _accounts(request, wiring, session, problem=Message(_sentence(error), "new-name"))
    return RedirectResponse("/accounts?done=added", 303)


@router.post("/accounts/grant")
def grant(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    name: Annotated[str, Form(max_length=64)] = "",
    operation: Annotated[str, Form(max_length=200)] = "",
    until: Annotated[str, Form(max_length=10)] = "",
    purpose: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    _require(gate, Action.GRANT_MEMBERSHIP)
    last = day_of(until)
    if last is None or len(purpose.strip()) < 3 or not operation.strip():
        problem = Message("Give the operation, its last day and what it is for", "grant-operation")
        return _accounts(request, wiring, session, problem=problem)
    try:
        wiring.accounts.grant(
            name.strip(), operation.strip(), until=last, approver=session.actor.account, purpose=purpose.strip()
        )
    except (NotFound, Refused, KithError) as error:
        return _accounts(request, wiring, session, problem=Message(_sentence(error), "grant-name"))
    return RedirectResponse("/accounts?done=granted", 303)


@router.post("/accounts/{name}/disable")
def disable(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    name: str,
    disabled: Annotated[str, Form(max_length=1)] = "1",
) -> Response:
    _require(gate, Action.MANAGE_ACCOUNTS)
    if name.casefold() == session.actor.account.casefold():
        problem = Message("You cannot disable your own account", None)
        return _accounts(request, wiring, session, problem=problem)
    wiring.accounts.disable(name, by=session.actor.account, disabled=disabled != "0")
    return RedirectResponse("/accounts?done=changed", 303)


_DONE = {
    "added": "The account has been added.",
    "granted": "The membership has been granted.",
    "changed": "The account has been changed; its sessions have ended.",
}


def _require(gate: Gate, action: Action) -> None:
    if not gate.may(action):
        raise Refused("not part of this role")


def _accounts(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    *,
    done: str = "",
    problem: Message | None = None,
) -> Response:
    return page(
        request,
        "pages/accounts.html",
        wiring,
        session,
        status=422 if problem else 200,
        title="Accounts",
        problems=[problem] if problem else [],
        done=done,
        rows=[_account(account, wiring.clock().date()) for account in wiring.accounts.all()],
        roles=[(role.value, ROLE_LABELS[role]) for role in ACCOUNT_ROLES],
        agencies=[(item.code, item.label) for item in vocabulary("agency").terms],
    )


def _account(account: Account, today: dt.date) -> AccountRow:
    memberships = [
        f"{item.operation} until {day_words(item.until)}, approved by {item.approver}"
        + ("" if item.is_active(today) else " (ended)")
        for item in account.memberships
    ]
    state = "Disabled" if account.disabled else "In use"
    role = ROLE_LABELS[account.role]
    return AccountRow(account.name, role, term("agency", account.agency), memberships, state, account.disabled)


def _sentence(error: Exception) -> str:
    words = str(error)
    return words[:1].upper() + words[1:]
