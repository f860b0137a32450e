"""The one place that names a back end."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from graph.errors import UsageError
from graph.store import Store


def open_store(
    url: str,
    *,
    migrate: bool = True,
    user: str | None = None,
    password: str | None = None,
    cache: Path | None = None,
) -> Store:
    """Open the store at a URL; it is created (SQLite) or migrated when ``migrate`` says so.

    ``sqlite:///RELATIVE``, ``sqlite:////ABSOLUTE``; ``neo4j://HOST:PORT``, ``bolt://HOST:PORT`` and their ``+s`` and
    ``+ssc`` forms with ``user`` and ``password``. ``cache`` is the folder of files that can be made again, used by
    Neo4j stores (else ``.cache/kith`` in the home folder; a SQLite store has its files beside it). Raises UsageError
    for any other URL, StoreUnavailable, StoreTooNew, StoreUnsafe.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        if not rest.startswith("/") or len(rest) < 2 or "\0" in rest:
            raise UsageError("a SQLite store is written sqlite:///PATH")
        from graph.stores.sqlite import SqliteStore

        return SqliteStore(Path(rest[1:]), migrate=migrate)
    if scheme.partition("+")[0] in ("neo4j", "bolt"):
        if urlsplit(url).username is not None:
            raise UsageError("user and password do not belong in the URL of a store")
        from graph.stores.neo4j import Neo4jStore

        return Neo4jStore(url, user=user, password=password, migrate=migrate, cache=cache)
    raise UsageError("a store's URL starts with sqlite:, neo4j: or bolt:")
