"""The routes. A route parses, calls one service, converts; who may do what is decided in the gate."""

from __future__ import annotations

from fastapi import APIRouter

from api.middleware import ErrorPage


def api_routers() -> tuple[APIRouter, ...]:
    """The routers below /api/v1, in the order of the documentation."""
    from api.routes import (
        accounts,
        analyses,
        audit,
        entities,
        equity,
        flags,
        health,
        hotspots,
        loads,
        localities,
        maps,
        networks,
        search,
        session,
    )

    modules = (
        health,
        session,
        search,
        entities,
        networks,
        maps,
        flags,
        analyses,
        loads,
        localities,
        hotspots,
        equity,
        accounts,
        audit,
    )
    return tuple(module.router for module in modules)


def page_routers() -> tuple[APIRouter, ...]:
    """The routers of the pages."""
    from api.routes import (
        pages_entry,
        pages_equity,
        pages_flags,
        pages_governance,
        pages_hotspots,
        pages_loads,
        pages_methods,
        pages_records,
    )

    return tuple(
        module.router
        for module in (
            pages_entry,
            pages_records,
            pages_flags,
            pages_hotspots,
            pages_equity,
            pages_methods,
            pages_loads,
            pages_governance,
        )
    )


def page_error() -> ErrorPage | None:
    """What makes a page of an error."""
    from api.routes.pages_common import error_page

    return error_page
