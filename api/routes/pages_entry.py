"""Pages to come in by: log in, start, how it works, log out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.cookies import cookie_name, end_session_cookie, set_session_cookie
from api.deps import CurrentGate, CurrentSession, CurrentWiring
from api.middleware import token_of
from api.routes.pages_common import ROLE_LABELS, page
from api.views.audit import ACTION_WORDS
from api.views.flags import detector_title, flag_title, names_for
from api.views.words import link_to, period_words
from graph.access.actors import ACCOUNT_ROLES, Role
from graph.access.gate import Gate
from graph.access.policy import RULES, Action
from graph.errors import NotSignedIn, UsageError
from graph.flags import FlagState
from graph.model import NodeKind, Operation
from graph.store import FlagFilter, Lens, StoredFlag

router = APIRouter(include_in_schema=False)

#: new prompts of each kind on the first page
PROMPTS_OF_EACH = 3
#: new prompts on the first page, and how far the queue is looked through for them
MOST_PROMPTS, MOST_WAITING = 12, 60


@dataclass(frozen=True, slots=True)
class Card:
    url: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    message: str
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    url: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    url: str
    title: str
    band: str
    kind: str


_CARDS: tuple[tuple[Action, Card], ...] = (
    (
        Action.READ_FLAGS,
        Card(
            "/flags", "Prompts to look at", "What stands out in the reports, with the evidence and what would clear it."
        ),
    ),
    (
        Action.READ_HOTSPOTS,
        Card("/hotspots", "Hotspots", "Areas and places that stand out in what is recorded, on a map and as a table."),
    ),
    (
        Action.READ_PLACES,
        Card("/lists/school", "Schools and places", "Start a map from a context: who and what is reported around it."),
    ),
    (
        Action.READ_NAMED,
        Card("/lists/group", "Peer groups", "Friendships and groups young people share, protective ones too."),
    ),
    (
        Action.READ_LOCALITIES,
        Card("/localities", "Locality map", "Counts by area, small numbers held back, no names."),
    ),
    (
        Action.LOAD,
        Card("/loads", "Load agency files", "Check and load an extract; all problems at once, nothing half done."),
    ),
    (
        Action.READ_LOADS,
        Card("/loads", "Loads", "Which files came in, when, from whom, and how many records they brought."),
    ),
    (
        Action.READ_AUDIT,
        Card("/audit", "Audit", "Who looked at and changed what, for which purpose, in an unbroken chain."),
    ),
    (
        Action.MANAGE_ACCOUNTS,
        Card("/accounts", "Accounts", "Accounts, roles and memberships of restricted operations."),
    ),
)

_LEDES: dict[Role, str] = {
    Role.ANALYST: "Prepare a mapping session: find a child, a school, a place or an operation and open its map.",
    Role.POLICE: "Open the map around a person, place or operation. Every tie is a claim with its grade and source.",
    Role.SOCIAL_WORKER: "Open the map around a child, school or place. Strengths stand beside concerns.",
    Role.PANEL: "Places and counts come first here. People appear only under a pseudonym made for one map.",
    Role.GOVERNANCE: "Check that records are used for what they are for.",
    Role.ADMIN: "Look after accounts and memberships. Records are not shown to administrators.",
    Role.OPERATOR: "",
}


@router.get("/login")
async def login_form(request: Request, wiring: CurrentWiring, next: str = "/") -> Response:
    return _login(request, wiring, next=_inside(next))


@router.post("/login")
def log_in(
    request: Request,
    wiring: CurrentWiring,
    name: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=500)] = "",
    purpose: Annotated[str, Form(max_length=500)] = "",
    next: Annotated[str, Form(max_length=300)] = "/",
) -> Response:
    address = request.client.host if request.client else None
    problems = []
    if not name.strip():
        problems.append(Message("Enter your account name", "name"))
    if not password:
        problems.append(Message("Enter your password", "password"))
    if len(purpose.strip()) < 3:
        problems.append(Message("Say why you are here today", "purpose"))
    if problems:
        return _login(request, wiring, problems=problems, name=name, purpose=purpose, next=_inside(next), status=422)
    try:
        token, session = wiring.accounts.sign_in(name.strip(), password, purpose, address=address)
    except (NotSignedIn, UsageError) as error:
        words = str(error)
        problems.append(Message(words[:1].upper() + words[1:], "name"))
        return _login(request, wiring, problems=problems, name=name, purpose=purpose, next=_inside(next), status=401)
    response = RedirectResponse(_inside(next), 303)
    set_session_cookie(response, wiring.settings, token, session, wiring.clock())
    return response


@router.post("/logout")
def log_out(request: Request, wiring: CurrentWiring, _: CurrentSession) -> Response:
    token, _by_cookie = token_of(request.scope, cookie_name(wiring.settings))
    if token is not None:
        wiring.accounts.sign_out(token)
    response = RedirectResponse("/login", 303)
    end_session_cookie(response, wiring.settings)
    return response


@router.get("/")
def home(request: Request, wiring: CurrentWiring, session: CurrentSession, gate: CurrentGate) -> Response:
    # Two cards may lead to one page: the first that fits says what this role does there.
    cards = {card.url: card for action, card in reversed(_CARDS) if gate.may(action)}
    return page(
        request,
        "pages/home.html",
        wiring,
        session,
        title="Start",
        greeting="What is today’s meeting about?" if gate.may(Action.READ_PLACES) else "Welcome",
        lede=_LEDES[session.actor.role],
        cards=[card for _, card in _CARDS if card in cards.values()],
        operations=_operations(gate),
        flags=_prompts(gate),
    )


@router.get("/about")
async def about(request: Request, wiring: CurrentWiring, session: CurrentSession) -> Response:
    roles = list(ACCOUNT_ROLES)
    table = [{"action": ACTION_WORDS[action], "cells": [action in RULES[role] for role in roles]} for action in Action]
    return page(
        request,
        "pages/about.html",
        wiring,
        session,
        title="How Kith decides what you see",
        roles=[ROLE_LABELS[role] for role in roles],
        table=table,
        rules=_RULES,
    )


_RULES = (
    "What is not listed for your role is refused.",
    "What belongs to a restricted operation exists only for its members, while their membership lasts.",
    "Conditions that name agencies or operations are kept; conditions that cannot be read, or are not stated under "
    "handling code C, leave the record with the agency it came from and the hub’s analysts.",
    "Conditions past their day leave the record with the hub’s analysts until new ones are stated.",
    "A protected address is shown only to roles that protect the person.",
    "Panel members see open records only, places by name, people by a pseudonym made for one map.",
    "Records under handling code C never go into a copy that leaves the hub.",
    "Everything else your role may do is allowed, and written down.",
)


def _login(
    request: Request,
    wiring: CurrentWiring,
    *,
    next: str,
    problems: list[Message] | None = None,
    name: str = "",
    purpose: str = "",
    status: int = 200,
) -> Response:
    return page(
        request,
        "pages/login.html",
        wiring,
        None,
        status=status,
        title="Log in",
        problems=problems or [],
        name=name,
        purpose=purpose,
        next=next,
        idle_minutes=wiring.settings.session_idle_minutes,
    )


def _inside(address: str) -> str:
    """Only a path of ours; never another site."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\", "/api/")) and address.isprintable()
    return address if safe and "\\" not in address else "/"


def _operations(gate: Gate) -> list[Entry]:
    if not gate.may(Action.READ_NAMED):
        return []
    entries = []
    for node in gate.list_nodes(NodeKind.OPERATION, Lens(), limit=20):
        link = link_to(node.record)
        record = node.record
        if isinstance(record, Operation):
            note = "restricted to its members" if record.restricted else period_words(record.open)
            entries.append(Entry(link.url, link.label, note))
    return entries


def _prompts(gate: Gate) -> list[Prompt]:
    if not gate.may(Action.READ_FLAGS):
        return []
    waiting = gate.flag_page(Lens(), FlagFilter(states=frozenset({FlagState.NEW})), limit=MOST_WAITING).flags
    found: list[StoredFlag] = []
    for stored in waiting:
        if sum(other.flag.detector == stored.flag.detector for other in found) < PROMPTS_OF_EACH:
            found.append(stored)
    names = names_for(gate, [subject for stored in found for subject in stored.flag.subjects])
    return [
        Prompt(
            f"/flags/{stored.flag.id}",
            flag_title(stored.flag, names),
            stored.flag.band.value,
            detector_title(stored.flag.detector),
        )
        for stored in found[:MOST_PROMPTS]
    ]
