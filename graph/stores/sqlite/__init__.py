"""The SQLite back end."""

from graph.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
