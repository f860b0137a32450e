"""Settings: the only place of the application that reads the environment. ``docs/settings.md`` lists them all."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.errors import UsageError

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured. Secrets are left out of ``repr``. Variables: ``VARIABLES``."""

    #: URL of the store; empty for a SQLite file in the data folder
    store: str = ""
    neo4j_user: str | None = None
    neo4j_password: str | None = field(default=None, repr=False)
    #: password for ``kith user add|password`` without a terminal
    password: str | None = field(default=None, repr=False)
    #: password of every demo user; random when not set
    demo_password: str | None = field(default=None, repr=False)
    #: address and port to listen on
    host: str = "127.0.0.1"
    port: int = 8000
    #: the address users type, when a proxy stands in front
    origin: str | None = None
    #: addresses of proxies whose forwarded headers are believed, comma separated
    trusted_proxies: str | None = None
    session_idle_minutes: int = 15
    session_hours: int = 10
    #: bytes of an ordinary request
    body_limit: int = MEGABYTE
    #: bytes of a load
    load_limit: int = 200 * MEGABYTE
    #: folder for uploads while they are read; the machine's temporary folder when None
    spool: Path | None = None
    #: marking on every page and file
    marking: str = "OFFICIAL-SENSITIVE"
    #: folder of the default store and the demo
    data_folder: Path = Path()
    #: folder of files that can be made again at any time; ``.cache/kith`` in the home folder when None
    cache_folder: Path | None = None

    @property
    def store_url(self) -> str:
        """The store asked for, or a SQLite file in the data folder."""
        return self.store or f"sqlite:///{self.data_folder / 'kith.db'}"

    @property
    def is_https(self) -> bool:
        """True when users reach Kith over https, so that the session cookie may demand it."""
        return self.origin is not None and self.origin.startswith("https://")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Settings of the environment, overridden by what is given (None means not given).

        Raises UsageError naming the variable when a value cannot be read.
        """
        source = os.environ if environment is None else environment
        values: dict[str, Any] = {"data_folder": _data_folder(source), "cache_folder": _cache_folder(source)}
        for variable, (name, _) in VARIABLES.items():
            text = source.get(variable, "").strip()
            if text:
                values[name] = _read(variable, text, name)
        values.update({name: value for name, value in given.items() if value is not None})
        settings = cls(**values)
        if settings.origin is not None and not settings.origin.startswith(("https://", "http://")):
            raise UsageError("KITH_ORIGIN reads https://HOST or http://HOST:PORT")
        return settings


#: environment variable -> (field, meaning); ``docs/settings.md`` has an entry for each
VARIABLES: Mapping[str, tuple[str, str]] = {
    "KITH_STORE": ("store", "URL of the store: sqlite:///PATH, neo4j://HOST:PORT or bolt://HOST:PORT"),
    "KITH_NEO4J_USER": ("neo4j_user", "user name for a Neo4j store"),
    "KITH_NEO4J_PASSWORD": ("neo4j_password", "password for a Neo4j store"),
    "KITH_PASSWORD": ("password", "password of the account that `kith user` adds or changes"),
    "KITH_DEMO_PASSWORD": ("demo_password", "password of every demo user; random when not set"),
    "KITH_HOST": ("host", "address that `kith serve` listens on"),
    "KITH_PORT": ("port", "port that `kith serve` listens on"),
    "KITH_ORIGIN": (
        "origin",
        "address that users type, such as https://kith.example; changes asked for from elsewhere are refused",
    ),
    "KITH_TRUSTED_PROXIES": ("trusted_proxies", "proxies whose X-Forwarded headers are believed, comma separated"),
    "KITH_SESSION_IDLE_MINUTES": ("session_idle_minutes", "minutes without a request after which a session ends"),
    "KITH_SESSION_HOURS": ("session_hours", "hours after which a session ends whatever happens"),
    "KITH_BODY_LIMIT": ("body_limit", "largest body of an ordinary request, bytes"),
    "KITH_LOAD_LIMIT": ("load_limit", "largest body of a load, bytes"),
    "KITH_SPOOL": ("spool", "folder for uploads while they are read; a private temporary one when not set"),
    "KITH_MARKING": ("marking", "marking printed on every page and file"),
    "KITH_DATA": ("data_folder", "folder of the default store and the demo"),
    "KITH_CACHE": ("cache_folder", "folder of files that can be made again at any time"),
}

_NUMBERS = frozenset({"port", "session_idle_minutes", "session_hours", "body_limit", "load_limit"})
_FOLDERS = frozenset({"spool", "data_folder", "cache_folder"})


def _read(variable: str, text: str, name: str) -> Any:
    if name in _FOLDERS:
        return Path(text).expanduser()
    if name not in _NUMBERS:
        return text.rstrip("/") if name == "origin" else text
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise UsageError(f"{variable} is a whole number of at least 1")
    return int(text)


def _data_folder(environment: Mapping[str, str]) -> Path:
    """Where the XDG base directory specification puts a user's data."""
    base = environment.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else _home(environment) / ".local" / "share") / "kith"


def _cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the XDG base directory specification puts what can be made again."""
    base = environment.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else _home(environment) / ".cache") / "kith"


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment["HOME"]) if environment.get("HOME") else Path.home()


def has_screen(environment: Mapping[str, str] | None = None) -> bool:
    """Whether a browser could show itself: a desktop, or a system where there always is one."""
    source = os.environ if environment is None else environment
    return sys.platform in {"darwin", "win32"} or bool(source.get("DISPLAY") or source.get("WAYLAND_DISPLAY"))
