"""The session cookie: one place that names it, sets it and takes it away."""

from __future__ import annotations

import datetime as dt

from starlette.responses import Response

from api.settings import Settings
from graph.access.accounts import Session


def cookie_name(settings: Settings) -> str:
    """``__Host-`` binds the cookie to this host and https; without https browsers refuse the prefix."""
    return "__Host-kith" if settings.is_https else "kith_session"


def set_session_cookie(response: Response, settings: Settings, token: str, session: Session, now: dt.datetime) -> None:
    """The browser keeps the token no longer than the session may last."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=max(1, int((session.started_at - now).total_seconds()) + settings.session_hours * 3600),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="strict",
    )


def end_session_cookie(response: Response, settings: Settings) -> None:
    """Take the cookie away and have the browser forget everything of this site."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.is_https, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
