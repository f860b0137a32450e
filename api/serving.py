"""Running the web server. Its access log stays off: an address can hold what somebody typed."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

import uvicorn

from api.app import create_app
from api.bootstrap import Wiring
from graph.errors import UsageError
from viz.layout import place

_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        "kith": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            threading.Thread(target=warm_up, daemon=True).start()
            self._ready()


def warm_up() -> None:
    """Lay out a tiny map, so that the compiled kernels are there when somebody opens the first one."""
    ids = [f"person:{number}" for number in range(12)]
    place(ids, list(range(11)), list(range(1, 12)))


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket, so that a port in use is said at once. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise UsageError(f"cannot listen on {host} port {port}: in use, or not of this machine") from None
    bound.set_inheritable(True)
    return bound


def serve(wiring: Wiring, bound: socket.socket, *, ready: Callable[[], None]) -> None:
    """Serve until interrupted; ``ready`` is called when the first request can come."""
    settings = wiring.settings
    config = uvicorn.Config(
        create_app(wiring),
        log_config=_LOGGING,
        access_log=False,
        server_header=False,
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies,
        ws="none",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=10,
        limit_concurrency=500,
    )
    # Ctrl+C is how a server is stopped, not an error.
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, ready).run(sockets=[bound])


def address_of(bound: socket.socket) -> str:
    """The address to type."""
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else shown}:{port}/"  # noqa: S104
