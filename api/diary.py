"""The diary of analyses under way, as small documents of the store, so that it outlives the process.

One server works over one store. A second one would tell of the first one's jobs as ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from api.jobs import Job
from graph.store import Store

#: collection of documents, one an account
COLLECTION = "analysis"


class StoredDiary:
    """Which account has which job under way."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begun(self, account: str, job: Job) -> None:
        self._store.put_document(COLLECTION, account, {"job": job.id, "started_at": job.started_at.isoformat()})

    def ended(self, account: str) -> None:
        self._store.delete_document(COLLECTION, account)

    def under_way(self) -> Mapping[str, tuple[str, dt.datetime]]:
        return {
            account: (str(entry["job"]), dt.datetime.fromisoformat(str(entry["started_at"])))
            for account, entry in self._store.documents(COLLECTION).items()
            if isinstance(entry, dict)
        }
