"""What stands around every route, outermost first: headers, errors, body limit, authentication, cross-site check.

Plain ASGI, because it has to decide before any body is read. The session of a request is found in
``scope["state"]["session"]``; only the paths of ``PUBLIC`` are answered without one.
"""

from __future__ import annotations

import secrets
import urllib.parse
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.bootstrap import Wiring
from api.errors import ErrorAnswer, RequestRefused, answer_for
from graph.access.accounts import Session
from graph.errors import NotSignedIn

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
#: makes a page of an error for a browser; None for the plain JSON answer
ErrorPage = Callable[[Request, ErrorAnswer], Response | None]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: answered without a session: (methods, path); a path ending in a slash stands for all below it
PUBLIC: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"GET"}), "/api/v1/health"),
    (frozenset({"POST"}), "/api/v1/session"),
    (frozenset({"GET"}), "/api/openapi.json"),
    (frozenset({"GET", "POST"}), "/login"),
    (frozenset({"GET", "HEAD"}), "/static/"),
)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS: dict[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
    "Cache-Control": "no-store",
}

#: the first part of a multipart form has to be the token, within this many bytes
_FIRST_PART = 4096


class SecurityHeaders:
    """Puts the headers on every answer; files of the application itself may be kept by the browser."""

    def __init__(self, app: App, *, https: bool = False) -> None:
        self.app = app
        self.headers = {**HEADERS, "Strict-Transport-Security": "max-age=31536000"} if https else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_static = scope["path"].startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                if is_static and message["status"] in {200, 304}:
                    headers["Cache-Control"] = "no-cache"
            await send(message)

        await self.app(scope, receive, send_with_headers)


class Errors:
    """Turns whatever went wrong outside a route into the one error shape; nothing reaches the server's own log."""

    def __init__(self, app: App, error_page: Callable[[], ErrorPage | None]) -> None:
        self.app, self.error_page = app, error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            answer = answer_for(error)
            if started:
                return
            await respond_to_error(Request(scope), answer, self.error_page())(scope, receive, send)


def respond_to_error(request: Request, answer: ErrorAnswer, error_page: ErrorPage | None) -> Response:
    """JSON for the API, a page for a browser where the pages offer one."""
    if error_page is not None and not request.url.path.startswith("/api/"):
        page = error_page(request, answer)
        if page is not None:
            for name, value in answer.headers().items():
                page.headers[name] = value
            return page
    return answer.response()


class BodyLimit:
    """Refuses a body above its limit: at once when its length is stated, else when it has grown too large."""

    def __init__(self, app: App, limit: int, load_limit: int, load_paths: Iterable[str]) -> None:
        self.app, self.limit, self.load_limit = app, limit, load_limit
        self.load_paths = frozenset(load_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.load_limit if scope["path"] in self.load_paths and scope["method"] == "POST" else self.limit
        too_large = RequestRefused(413, "too_large", f"the body is larger than the {limit} bytes allowed here")
        stated = Headers(scope=scope).get("content-length", "0")
        if not (stated.isascii() and stated.isdigit()) or int(stated) > limit:
            raise too_large
        seen, exceeded, started = 0, False, False

        async def counted() -> Message:
            nonlocal seen, exceeded
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit:
                    exceeded = True
                    raise too_large
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            if exceeded and not started:
                return  # whatever a parser made of the cut body is not the answer
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except Exception:
            if not exceeded:
                raise
        if exceeded and not started:
            raise too_large


class Authentication:
    """Finds the session of the cookie or the bearer token before a byte of the body is read."""

    def __init__(self, app: App, wiring: Callable[[], Wiring], cookie: str) -> None:
        self.app, self.wiring, self.cookie = app, wiring, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        if scope["type"] == "websocket":
            await _refuse_socket(receive, send)
            return
        public = is_public(scope["method"], scope["path"])
        try:
            session, by_cookie = await self._session(scope)
        except NotSignedIn:
            if public:
                session, by_cookie = None, False
            elif scope["path"].startswith("/api/"):
                raise
            else:
                await _to_login(scope)(scope, receive, send)
                return
        scope["state"]["session"] = session
        scope["state"]["by_cookie"] = by_cookie
        await self.app(scope, receive, send)

    async def _session(self, scope: Scope) -> tuple[Session, bool]:
        token, by_cookie = token_of(scope, self.cookie)
        if token is None:
            raise NotSignedIn("please log in")
        return await run_in_threadpool(self.wiring().accounts.session, token), by_cookie


class CrossSite:
    """Refuses changes asked for from another site, and changes by cookie without the session's form token.

    The token comes in the header ``X-Kith-Token``, or as the field ``form_token`` of a form (in a multipart form the
    first field, so that a large body is not read before it is known to be meant).
    """

    def __init__(self, app: App, origin: str | None) -> None:
        self.app, self.origin = app, origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        session: Session | None = scope["state"].get("session")
        by_bearer = session is not None and not scope["state"]["by_cookie"]
        if not by_bearer and not self._from_here(headers):
            raise RequestRefused(403, "cross_site", "a change can only be asked for from Kith itself")
        if session is not None and scope["state"]["by_cookie"] and not is_public(scope["method"], scope["path"]):
            token = headers.get("x-kith-token")
            if token is None:
                token, receive = await _token_in_body(headers, receive)
            if token is None or not secrets.compare_digest(token.encode(), session.form_token.encode()):
                raise RequestRefused(403, "cross_site", "the form token is missing or of another session; load again")
        await self.app(scope, receive, send)

    def _from_here(self, headers: Headers) -> bool:
        """By the two headers that a browser sets and a page cannot.

        Under ``Referrer-Policy: no-referrer`` browsers send ``Origin: null`` with our own forms, so null is judged by
        Sec-Fetch-Site, where the browser sends it.
        """
        fetch_site = headers.get("sec-fetch-site")
        if fetch_site is not None and fetch_site not in {"same-origin", "none"}:
            return False
        origin = headers.get("origin")
        if origin is None or origin == "null":
            return True
        if self.origin is not None:
            return origin == self.origin
        return urllib.parse.urlsplit(origin).netloc == headers.get("host")


def is_public(method: str, path: str) -> bool:
    """Whether a request is answered without a session."""
    return any(
        method in methods and (path.startswith(public) if public.endswith("/") else path == public)
        for methods, public in PUBLIC
    )


def token_of(scope: Scope, cookie: str) -> tuple[str | None, bool]:
    """The session token of a request, and whether it came by cookie. A bearer header goes first."""
    headers = Headers(scope=scope)
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip(), False
    for part in "; ".join(headers.getlist("cookie")).split(";"):
        name, _, value = part.strip().partition("=")
        if name == cookie and value:
            return value, True
    return None, False


def _to_login(scope: Scope) -> Response:
    """To the log-in page; the path is kept, the query is not (it may hold what somebody typed)."""
    path = scope["path"] if scope["method"] == "GET" and scope["path"] != "/" else None
    query = "?" + urllib.parse.urlencode({"next": path}) if path else ""
    return RedirectResponse(f"/login{query}", 303, headers={"Connection": "close"})


async def _refuse_socket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": ""})


async def _token_in_body(headers: Headers, receive: Receive) -> tuple[str | None, Receive]:
    """The form token of the body, and a receive that gives what has been read once more."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    read: list[Message] = []

    async def again() -> Message:
        return read.pop(0) if read else await receive()

    if kind == "application/x-www-form-urlencoded":
        body = await _read(receive, read, None)
        try:
            values = urllib.parse.parse_qs(body.decode("ascii"), max_num_fields=1000).get("form_token", [])
        except ValueError:
            values = []
        return (values[0] if values else None), again
    if kind == "multipart/form-data":
        body = await _read(receive, read, _FIRST_PART)
        head, _, rest = body.partition(b"\r\n\r\n")
        disposition = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-disposition:")]
        is_token = len(disposition) == 1 and b'name="form_token"' in disposition[0]
        value, line_end, _ = rest.partition(b"\r\n")
        return (value.decode("ascii", "replace") if is_token and line_end else None), again
    return None, again


async def _read(receive: Receive, read: list[Message], enough: int | None) -> bytes:
    """Messages until the body ends or there is enough of it."""
    body = b""
    while True:
        message = await receive()
        read.append(message)
        if message["type"] != "http.request":
            return body
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False) or (enough is not None and len(body) >= enough):
            return body
