"""A lens made ready for Cypher: parameters, and the conditions that every reading statement puts on its records.

Conditions are evaluated in the database, before anything is counted, capped, ordered or followed further.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, LiteralString

from graph.model import Restriction
from graph.store import Lens, Sight, TieFilter
from graph.stores.neo4j.connection import Transaction
from graph.stores.neo4j.schema import TIE_LABELS

#: later than anything known
_FAR = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
_FRAME: LiteralString = """
MATCH (s:Store {id: 'kith'})
OPTIONAL MATCH (r:Restriction)
RETURN s.committed, s.store_id, collect(r.key)"""


def known(name: LiteralString) -> LiteralString:
    """The version is committed, known then and within the sight."""
    return (
        f"({name}.sequence <= $now AND {name}.known_from <= $known_at"
        f" AND ($all OR {name}.restriction IN $allowed))"
    )  # fmt: skip


def past(name: LiteralString) -> LiteralString:
    """The version had not been replaced then."""
    return f"({name}.replaced IS NULL OR {name}.replaced > $now OR {name}.known_to > $known_at)"


def node(name: LiteralString) -> LiteralString:
    """The node is seen (S7)."""
    return f"""(
  ($all OR {name}.attested_by IS NULL OR {name}.open_from <= $now
    OR any(key IN {name}.attested_by WHERE key IN $allowed))
  AND (({known(name)} AND {past(name)}) OR EXISTS {{
    MATCH (earlier:Version {{record: 'node', id: {name}.id}}) WHERE {known("earlier")} AND {past("earlier")} }})
  AND ($day_after IS NULL OR {name}.started_at IS NULL OR {name}.started_at < $day_after))"""


def alternatives(name: LiteralString) -> LiteralString:
    """Positions of the reports within the sight and known then."""
    return (
        f"[i IN range(0, size({name}.restrictions) - 1)"
        f" WHERE ($all OR {name}.restrictions[i] IN $allowed) AND {name}.known_from[i] <= $known_at]"
    )


def tie(name: LiteralString) -> LiteralString:
    """The version of the tie is the one within the lens; its ends apart."""
    return f"""({name}.sequence <= $now AND {past(name)}
  AND any(i IN range(0, size({name}.restrictions) - 1)
    WHERE ($all OR {name}.restrictions[i] IN $allowed) AND {name}.known_from[i] <= $known_at)
  AND ({name}.newer IS NULL OR {name}.newer_sequence > $now OR {name}.newer_known_from > $known_at
    OR none(key IN {name}.newer WHERE $all OR key IN $allowed))
  AND ($as_at IS NULL OR (({name}.start IS NULL OR {name}.start <= $as_at)
    AND ({name}.end IS NULL OR {name}.end > $as_at
      OR {name}:TOOK_PART_IN OR {name}:OCCURRED_AT OR {name}:WENT_MISSING_FROM))))"""


def filtered(name: LiteralString) -> LiteralString:
    """The tie meets a TieFilter, its standing apart."""
    return f"""(($types IS NULL OR type({name}) IN $types)
  AND ($polarities IS NULL OR {name}.polarity IN $polarities)
  AND ($start IS NULL OR {name}.end IS NULL OR {name}.end > $start)
  AND ($end IS NULL OR {name}.start IS NULL OR {name}.start < $end))"""


def filter_parameters(where: TieFilter) -> dict[str, Any]:
    types = where.tie_types
    return {
        "types": None if types is None else sorted(TIE_LABELS[code] for code in types if code in TIE_LABELS),
        "polarities": None if where.polarities is None else sorted(where.polarities),
        "start": where.start,
        "end": where.end,
    }


@dataclass(frozen=True, slots=True)
class Frame:
    """What a transaction reads once: how far the store has come and which restrictions there are."""

    committed: int
    store_id: str
    keys: tuple[str, ...]

    @classmethod
    def read(cls, transaction: Transaction) -> Frame:
        [(committed, store_id, keys)] = transaction.run(_FRAME)
        return cls(int(committed), str(store_id), tuple(sorted({"", *keys})))

    def allowed(self, sight: Sight) -> frozenset[str]:
        """Keys of the restrictions that may be seen past; the sight is asked once for each."""
        if sight is None:
            return frozenset(self.keys)
        return frozenset(key for key in self.keys if sight(Restriction.from_key(key)))


class View:
    """A lens within a frame."""

    def __init__(self, frame: Frame, lens: Lens) -> None:
        self.frame, self.lens = frame, lens
        self.allowed = frame.allowed(lens.sight)
        day_after = None
        if lens.as_at is not None:
            day_after = dt.datetime.combine(lens.as_at + dt.timedelta(days=1), dt.time(), dt.UTC)
        self.parameters: dict[str, Any] = {
            "now": frame.committed,
            "all": len(self.allowed) == len(frame.keys),
            "allowed": sorted(self.allowed),
            "known_at": lens.known_at or _FAR,
            "as_at": lens.as_at,
            "day_after": day_after,
        }

    def sees(self, key: str) -> bool:
        return key in self.allowed
