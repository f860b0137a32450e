"""References between the rows of all files and the store, and typed ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from graph.model import NodeKind, kind_of
from graph.records import RecordKind
from ingest.keys import KeyIndex, hashes

#: asks the store which keys of a kind it holds
KnownKeys = Callable[[RecordKind, Sequence[str]], set[str]]

RECORD_OF_NODE: dict[NodeKind, RecordKind] = {
    NodeKind.PERSON: RecordKind.PERSON,
    NodeKind.PLACE: RecordKind.PLACE,
    NodeKind.SCHOOL: RecordKind.SCHOOL,
    NodeKind.PEER_GROUP: RecordKind.PEER_GROUP,
    NodeKind.OPERATION: RecordKind.OPERATION,
    NodeKind.EVENT: RecordKind.EVENT,
    NodeKind.VEHICLE: RecordKind.OBJECT,
    NodeKind.PHONE: RecordKind.OBJECT,
    NodeKind.ACCOUNT: RecordKind.OBJECT,
}
_NODE_RECORDS = frozenset(RECORD_OF_NODE.values())
_ONE_NUMBER = "nodes"


class References:
    """Which ids exist: those accepted in this load and those of the store."""

    def __init__(self, known_keys: KnownKeys) -> None:
        self._known_keys = known_keys
        self._indexes: dict[str, KeyIndex] = {}
        self._in_store: dict[RecordKind, dict[str, bool]] = {}
        self._rejected: dict[str, set[str]] = {}

    def add(self, kind: RecordKind, ids: Sequence[str]) -> list[int]:
        """Register the ids of accepted rows; returns the positions of those that were there before."""
        repeated = self._index(kind).add(hashes(ids))
        return [] if repeated is None else np.nonzero(repeated)[0].tolist()

    def settle(self) -> None:
        """All rows of a kind have been read."""
        for index in self._indexes.values():
            index.settle()

    def reject(self, kind: RecordKind, ids: Iterable[str]) -> None:
        """Remember ids of rejected rows, so that rows depending on them can say why they are rejected."""
        self._rejected.setdefault(self._name(kind), set()).update(ids)

    def unknown_nodes(self, ids: Sequence[str | None]) -> dict[str, str]:
        """Typed ids that no row and no record has, each with what is wrong with it."""
        missing = self._missing(_ONE_NUMBER, ids)
        by_kind: dict[RecordKind, list[str]] = {}
        answer: dict[str, str] = {}
        for wanted in missing:
            try:
                by_kind.setdefault(RECORD_OF_NODE[kind_of(wanted)], []).append(wanted)
            except ValueError:
                kinds = " ".join(kind.value for kind in NodeKind)
                answer[wanted] = f"not a typed id; write kind:id with a kind of {kinds}"
        for kind, wanted_ids in by_kind.items():
            answer |= self._ask(kind, _ONE_NUMBER, wanted_ids)
        return answer

    def unknown(self, kind: RecordKind, ids: Sequence[str | None]) -> dict[str, str]:
        """Ids of one kind that no row and no record has, each with what is wrong with it."""
        name = self._name(kind)
        return self._ask(kind, name, self._missing(name, ids))

    def _missing(self, name: str, ids: Sequence[str | None]) -> list[str]:
        index = self._indexes.get(name)
        if index is None:
            return [wanted for wanted in dict.fromkeys(ids) if wanted is not None]
        known = index.contains(hashes(ids))
        if known.all():
            return []
        missing = {ids[position] for position in np.nonzero(~known)[0].tolist()}
        return sorted(wanted for wanted in missing if wanted is not None)

    def _ask(self, kind: RecordKind, name: str, ids: Sequence[str]) -> dict[str, str]:
        if not ids:
            return {}
        cache = self._in_store.setdefault(kind, {})
        new = [wanted for wanted in ids if wanted not in cache]
        if new:
            found = self._known_keys(kind, new)
            if len(cache) > 1_000_000:
                cache.clear()
                new = list(ids)
                found = self._known_keys(kind, new)
            cache.update((wanted, wanted in found) for wanted in new)
        rejected = self._rejected.get(name, set())
        return {
            wanted: "the row that it refers to was rejected" if wanted in rejected else _NOT_THERE
            for wanted in ids
            if not cache[wanted]
        }

    def _index(self, kind: RecordKind) -> KeyIndex:
        return self._indexes.setdefault(self._name(kind), KeyIndex())

    @staticmethod
    def _name(kind: RecordKind) -> str:
        return _ONE_NUMBER if kind in _NODE_RECORDS else kind.value


_NOT_THERE = "nothing with this id is in the files or in the store"


def typed(values: Sequence[str], kinds: Sequence[NodeKind]) -> list[str]:
    """Typed ids; a bare id is taken to be of the first kind, an empty text too."""
    prefixes = tuple(kind.value + ":" for kind in kinds)
    first = prefixes[0]
    return [value if value.startswith(prefixes) else first + value for value in values]
