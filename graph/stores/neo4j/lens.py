"""A lens made ready for Cypher: parameters, and the conditions that every reading statement puts on its records.

Conditions are evaluated in the database, before anything is counted, capped, ordered or followed further. They are
written as CASE: the planner brings nested AND and OR into a normal form, which for these takes it seconds.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, LiteralString

from graph.model import Restriction
from graph.store import Lens, Sight, TieFilter
from graph.stores.chain import microseconds
from graph.stores.neo4j.codec import instant_of_database
from graph.stores.neo4j.connection import Transaction
from graph.stores.neo4j.schema import TIE_LABELS

#: later than anything known
_FAR = microseconds(dt.datetime(9999, 12, 31, tzinfo=dt.UTC))
_FRAME: LiteralString = """
MATCH (s:Store {id: 'kith'})
OPTIONAL MATCH (r:Restriction)
RETURN s.committed, s.committed_at, s.store_id, collect(r.key)"""


def known(name: LiteralString) -> LiteralString:
    """The version is committed, known then and within the sight."""
    return (
        f"CASE WHEN {name}.sequence > $now OR {name}.known_from > $known_at THEN false"
        f" WHEN $all THEN true ELSE {name}.restriction IN $allowed END"
    )  # fmt: skip


def past(name: LiteralString) -> LiteralString:
    """The version had not been replaced then."""
    return (
        f"CASE WHEN {name}.replaced IS NULL THEN true WHEN {name}.replaced > $now THEN true"
        f" ELSE {name}.known_to > $known_at END"
    )  # fmt: skip


def node(name: LiteralString) -> LiteralString:
    """The node is seen (S7)."""
    return f"""CASE
  WHEN $day_after IS NOT NULL AND {name}.started_at >= $day_after THEN false
  WHEN NOT $all AND {name}.attested_by IS NOT NULL AND coalesce({name}.open_from > $now, true)
    AND none(key IN {name}.attested_by WHERE key IN $allowed) THEN false
  WHEN {known(name)} AND {past(name)} THEN true
  ELSE EXISTS {{
    MATCH (earlier:Version {{record: 'node', id: {name}.id}}) WHERE {known("earlier")} AND {past("earlier")} }}
  END"""


def alternatives(name: LiteralString) -> LiteralString:
    """Positions of the reports within the sight and known then."""
    return (
        f"[i IN range(0, size({name}.restrictions) - 1)"
        f" WHERE {name}.known_from[i] <= $known_at AND ($all OR {name}.restrictions[i] IN $allowed)]"
    )


def tie(name: LiteralString) -> LiteralString:
    """The version of the tie is the one within the lens; its ends apart."""
    return f"""CASE
  WHEN {name}.sequence > $now THEN false
  WHEN NOT ({past(name)}) THEN false
  WHEN $as_at IS NOT NULL AND {name}.start > $as_at THEN false
  WHEN $as_at IS NOT NULL AND {name}.end <= $as_at
    AND NOT type({name}) IN ['TOOK_PART_IN', 'OCCURRED_AT', 'WENT_MISSING_FROM'] THEN false
  WHEN {name}.newer IS NOT NULL AND {name}.newer_sequence <= $now AND {name}.newer_known_from <= $known_at
    AND any(key IN {name}.newer WHERE $all OR key IN $allowed) THEN false
  ELSE any(i IN range(0, size({name}.restrictions) - 1)
    WHERE {name}.known_from[i] <= $known_at AND ($all OR {name}.restrictions[i] IN $allowed))
  END"""


def filtered(name: LiteralString) -> LiteralString:
    """The tie meets a TieFilter, its standing apart."""
    return f"""CASE
  WHEN $types IS NOT NULL AND NOT type({name}) IN $types THEN false
  WHEN $polarities IS NOT NULL AND NOT {name}.polarity IN $polarities THEN false
  WHEN $start IS NOT NULL AND {name}.end <= $start THEN false
  WHEN $end IS NOT NULL AND {name}.start >= $end THEN false
  ELSE true END"""


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
    committed_at: dt.datetime | None
    store_id: str
    keys: tuple[str, ...]

    @classmethod
    def read(cls, transaction: Transaction) -> Frame:
        [(committed, committed_at, store_id, keys)] = transaction.run(_FRAME)
        at = None if committed_at is None else instant_of_database(committed_at)
        return cls(int(committed), at, str(store_id), tuple(sorted({"", *keys})))

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
            "known_at": _FAR if lens.known_at is None else microseconds(lens.known_at),
            "as_at": lens.as_at,
            "day_after": day_after,
        }

    def sees(self, key: str) -> bool:
        return key in self.allowed
