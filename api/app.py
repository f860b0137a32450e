"""The application: routes in, layers around them. ``create_app`` takes its settings; importing connects to nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from api.bootstrap import Wiring, wire
from api.cookies import cookie_name
from api.errors import answer_for
from api.middleware import Authentication, BodyLimit, CrossSite, ErrorPage, Errors, SecurityHeaders, respond_to_error
from api.routes import api_routers, page_error, page_routers
from api.settings import Settings
from graph.errors import KithError

#: folders of viz/web that browsers may fetch; templates are not among them
STATIC_FOLDERS = ("css", "js", "vendor")
WEB = Path(__file__).resolve().parent.parent / "viz" / "web"

#: where uploads come in; their bodies may be larger
LOAD_PATHS = ("/api/v1/loads", "/loads")

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def create_app(given: Settings | Wiring) -> FastAPI:
    """The whole application over an open store, or over the store that the settings name (closed at the end)."""
    wiring = wire(given) if isinstance(given, Settings) else given
    settings = wiring.settings

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if isinstance(given, Settings):
            wiring.close()

    error_page = page_error()
    app = FastAPI(
        title="Kith",
        version="1",
        summary="The shared, accountable map of the people, places and groups around children at risk",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
        redirect_slashes=False,
        exception_handlers={
            error: _handler(error_page) for error in (KithError, RequestValidationError, HTTPException)
        },
    )
    app.state.wiring = wiring
    for router in (*api_routers(), *page_routers()):
        app.include_router(router)
    for folder in STATIC_FOLDERS:
        app.mount(f"/static/{folder}", StaticFiles(directory=WEB / folder, check_dir=False), name=f"static-{folder}")
    # Last added is outermost.
    app.add_middleware(CrossSite, origin=settings.origin)
    app.add_middleware(Authentication, wiring=lambda: wiring, cookie=cookie_name(settings))
    app.add_middleware(BodyLimit, limit=settings.body_limit, load_limit=settings.load_limit, load_paths=LOAD_PATHS)
    app.add_middleware(Errors, error_page=lambda: error_page)
    app.add_middleware(SecurityHeaders, https=settings.is_https)
    return app


def _handler(error_page: ErrorPage | None) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        response = respond_to_error(request, answer_for(error), error_page)
        if isinstance(error, HTTPException) and error.status_code == 405 and error.headers:
            response.headers.update(error.headers)
        return response

    return handle
