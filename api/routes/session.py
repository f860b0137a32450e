"""Log in with a purpose, see the session, log out."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request
from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cookies import cookie_name, end_session_cookie, set_session_cookie
from api.deps import CurrentSession, CurrentWiring
from api.middleware import token_of
from graph.access.accounts import MAXIMUM_PASSWORD, Session
from graph.flags import Plain

router = APIRouter(prefix="/api/v1", tags=["session"])


class LogIn(BaseModel):
    """Name, password and why: the purpose stands beside everything done in this session."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(max_length=64, validation_alias=AliasChoices("name", "username", "user", "account"))
    password: str = Field(max_length=MAXIMUM_PASSWORD, repr=False)
    purpose: str = Field(max_length=500)
    #: False for programs, which send the token as ``Authorization: Bearer``
    cookie: bool = True


def session_json(session: Session) -> dict[str, Plain]:
    actor = session.actor
    return {
        "account": actor.account,
        "role": actor.role.value,
        "agency": actor.agency,
        "purpose": actor.purpose,
        "form_token": session.form_token,
        "started_at": session.started_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
    }


@router.post("/session")
def log_in(body: LogIn, request: Request, wiring: CurrentWiring) -> Response:
    """Start a session: a cookie for a browser (changes then need ``form_token`` in ``X-Kith-Token``), a token for a
    program."""
    address = request.client.host if request.client else None
    token, session = wiring.accounts.sign_in(body.name, body.password, body.purpose, address=address)
    content = orjson.dumps({"token": token, **session_json(session)})
    response = Response(content, media_type="application/json")
    if body.cookie:
        set_session_cookie(response, wiring.settings, token, session, wiring.clock())
    return response


@router.get("/session")
async def who(session: CurrentSession) -> Response:
    """Who is logged in, for what purpose, and until when."""
    return Response(orjson.dumps(session_json(session)), media_type="application/json")


@router.delete("/session", status_code=204)
def log_out(request: Request, wiring: CurrentWiring, _: CurrentSession) -> Response:
    """End the session on the server; a copy of the token is worth nothing afterwards."""
    token, _by_cookie = token_of(request.scope, cookie_name(wiring.settings))
    if token is not None:
        wiring.accounts.sign_out(token)
    response = Response(status_code=204)
    end_session_cookie(response, wiring.settings)
    return response
