"""What every page needs: the templates, who is looking, what they may do, where they can go."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from starlette.responses import HTMLResponse, Response

from api.bootstrap import Wiring
from api.errors import ErrorAnswer
from api.views.words import term
from graph.access.accounts import Session
from graph.access.actors import Role
from graph.access.gate import Gate
from graph.access.policy import Action

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "viz" / "web" / "templates"

ROLE_LABELS: dict[Role, str] = {
    Role.ANALYST: "Analyst",
    Role.POLICE: "Police",
    Role.SOCIAL_WORKER: "Social worker",
    Role.PANEL: "Panel member",
    Role.GOVERNANCE: "Governance",
    Role.ADMIN: "Administrator",
    Role.OPERATOR: "Operator",
}

_NAVIGATION: tuple[tuple[Action | None, str, str], ...] = (
    (None, "/", "Start"),
    (Action.READ_FLAGS, "/flags", "Prompts"),
    (Action.READ_HOTSPOTS, "/hotspots", "Hotspots"),
    (Action.READ_PLACES, "/lists/school", "Schools"),
    (Action.READ_PLACES, "/lists/place", "Places"),
    (Action.READ_NAMED, "/lists/group", "Peer groups"),
    (Action.READ_NAMED, "/lists/operation", "Operations"),
    (Action.READ_LOCALITIES, "/localities", "Localities"),
    (Action.READ_EQUITY, "/equity", "Fairness"),
    (Action.READ_LOADS, "/loads", "Loads"),
    (Action.READ_AUDIT, "/audit", "Audit"),
    (Action.MANAGE_ACCOUNTS, "/accounts", "Accounts"),
)

_ERROR_TITLES = {
    400: "That could not be read",
    401: "Please log in",
    403: "Not part of your role",
    404: "There is nothing here",
    405: "That does not work here",
    409: "Somebody else changed it first",
    413: "The file is too large",
    422: "Something is missing",
    503: "Kith cannot reach its records",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the navigation."""

    label: str
    url: str


@cache
def templates() -> jinja2.Environment:
    """The templates: everything escaped, a name that is not given is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: Request,
    template: str,
    wiring: Wiring,
    session: Session | None,
    /,
    *,
    status: int = 200,
    **context: Any,
) -> Response:
    """One page as an answer."""
    gate = wiring.gate(session.actor) if session else None
    rendered = (
        templates()
        .get_template(template)
        .render(
            marking=wiring.settings.marking,
            here=context.pop("here", request.url.path),
            actor=session.actor if session else None,
            role_label=ROLE_LABELS[session.actor.role] if session else "",
            agency_label=term("agency", session.actor.agency) if session else "",
            form_token=session.form_token if session else "",
            navigation=navigation(gate),
            may=permissions(gate),
            **context,
        )
    )
    return HTMLResponse(rendered, status)


def navigation(gate: Gate | None) -> list[Item]:
    if gate is None:
        return []
    return [Item(label, url) for action, url, label in _NAVIGATION if action is None or gate.may(action)]


def permissions(gate: Gate | None) -> dict[str, bool]:
    """What to offer; the gate decides again when it is asked."""
    if gate is None:
        return dict.fromkeys(("search", "export", "decide", "load"), False)
    return {
        "search": gate.may(Action.READ_PLACES),
        "export": gate.may(Action.EXPORT),
        "decide": gate.may(Action.DECIDE_FLAG),
        "load": gate.may(Action.LOAD),
    }


def error_page(request: Request, answer: ErrorAnswer) -> Response | None:
    """The page of an error. Says no more than the answer does."""
    if "app" not in request.scope:
        return None
    wiring: Wiring = request.app.state.wiring
    session = request.scope.get("state", {}).get("session")
    title = _ERROR_TITLES.get(answer.status, "Something went wrong")
    words = answer.message[:1].upper() + answer.message[1:] + "."
    if answer.status == 404:
        words = "It does not exist, or it is not yours to see."
    if answer.code == "refused":
        words = (
            "Your role does not have this part of Kith. If your work needs it, ask whoever looks after your account."
        )
    if answer.status == 503:
        words = "Nothing is lost. Wait a moment and try again; an empty page would be no answer."
    return page(request, "pages/error.html", wiring, session, status=answer.status, title=title, words=words)


def day_of(text: str | None) -> dt.date | None:
    """A day from a form; what is not one counts as not given."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None
