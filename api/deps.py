"""What routes ask for, as named aliases. Nothing here touches the store but through the gate."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from api.bootstrap import Wiring
from graph.access.accounts import Session
from graph.access.gate import Gate
from graph.errors import NotFound, NotSignedIn, UsageError
from graph.model import NodeId, kind_of
from graph.store import Lens

#: longest typed id accepted anywhere
LONGEST_ID = 200


async def current_wiring(request: Request) -> Wiring:
    return cast(Wiring, request.app.state.wiring)


async def current_session(request: Request) -> Session:
    """The session that the middleware found. Raises NotSignedIn on a path that is answered without one."""
    session = request.scope["state"].get("session")
    if session is None:
        raise NotSignedIn("please log in")
    return cast(Session, session)


CurrentWiring = Annotated[Wiring, Depends(current_wiring)]
CurrentSession = Annotated[Session, Depends(current_session)]


async def current_gate(wiring: CurrentWiring, session: CurrentSession) -> Gate:
    return wiring.gate(session.actor)


CurrentGate = Annotated[Gate, Depends(current_gate)]


def lens_of(as_at: dt.date | None, known_at: dt.datetime | dt.date | None) -> Lens:
    """A lens for a day and an instant; a time without a zone is UTC, a day means its end."""
    if known_at is None:
        return Lens(as_at)
    if not isinstance(known_at, dt.datetime):
        known_at = dt.datetime.combine(known_at, dt.time.max, dt.UTC)
    return Lens(as_at, known_at if known_at.tzinfo else known_at.replace(tzinfo=dt.UTC))


async def current_lens(
    as_at: Annotated[dt.date | None, Query(description="day for which it is asked what was so")] = None,
    known_at: Annotated[dt.datetime | None, Query(description="instant for which it is asked what was known")] = None,
) -> Lens:
    return lens_of(as_at, known_at)


CurrentLens = Annotated[Lens, Depends(current_lens)]

Limit = Annotated[int, Query(ge=1, le=200, description="entries on a page")]
Cursor = Annotated[str | None, Query(max_length=LONGEST_ID, description="`next` of the page before")]


def node_id_of(text: str) -> NodeId:
    """A typed id from an address. What is not one does not exist."""
    try:
        kind_of(text)
    except ValueError:
        raise NotFound("no such record") from None
    if len(text) > LONGEST_ID or not text.isprintable():
        raise NotFound("no such record")
    return NodeId(text)


def number_cursor(cursor: str | None) -> int | None:
    """A cursor that is a number. Raises UsageError when it is not."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise UsageError("a cursor is taken from the page before")
    return int(cursor)
