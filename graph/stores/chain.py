"""The audit chains: canonical form of a row, its digest, and the check from the first row to the last."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping

import orjson

from graph.store import AuditEntry, AuditRow, AuditVerdict

CHAINS = ("changes", "views")
#: the digest before the first row
ORIGIN = "0" * 64


def encode_entry(entry: AuditEntry) -> bytes:
    """Canonical JSON of an entry: sorted keys, no spaces. Raises TypeError for what is not plain."""
    plain = {
        "actor": entry.actor,
        "action": entry.action,
        "ids": list(entry.ids),
        "purpose": entry.purpose,
        "agency": entry.agency,
        "recipient": entry.recipient,
        "details": dict(entry.details),
    }
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def decode_entry(data: bytes | str) -> AuditEntry:
    plain = orjson.loads(data)
    return AuditEntry(
        plain["actor"],
        plain["action"],
        tuple(plain["ids"]),
        plain["purpose"],
        plain["agency"],
        plain["recipient"],
        plain["details"],
    )


def digest_of(previous: str, chain: str, number: int, recorded_at_us: int, entry_json: bytes) -> str:
    """Hex SHA-256 over the previous digest and the row; every part is delimited, so none can slide into another."""
    digest = hashlib.sha256()
    digest.update(f"{previous}\n{chain}\n{number}\n{recorded_at_us}\n{len(entry_json)}\n".encode())
    digest.update(entry_json)
    return digest.hexdigest()


def microseconds(instant: dt.datetime) -> int:
    """UTC microseconds since 1970-01-01."""
    return int((instant - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1))


def instant_of_microseconds(value: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=value)


def row_of(chain: str, number: int, recorded_at_us: int, entry_json: bytes, previous: str, digest: str) -> AuditRow:
    return AuditRow(
        chain, number, instant_of_microseconds(recorded_at_us), decode_entry(entry_json), previous, digest
    )  # fmt: skip


#: (number, recorded at in microseconds, canonical entry, previous digest, digest)
StoredRow = tuple[int, int, bytes, str, str]


def verify(
    chains: Mapping[str, Iterable[StoredRow]],
    tips: Mapping[str, tuple[int, str]],
    kept_heads: Mapping[str, tuple[int, str]] | None,
) -> AuditVerdict:
    """Check the chains from the start. ``tips`` is what the store itself holds as the end of each chain."""
    kept = dict(kept_heads or {})
    rows: dict[str, int] = {}
    heads: dict[str, str] = {}
    broken: tuple[str, int] | None = None
    what: str | None = None
    for chain in CHAINS:
        previous, count = ORIGIN, 0
        kept_number, kept_digest = kept.get(chain, (0, ORIGIN))
        for number, recorded_at, entry, stated_previous, digest in chains.get(chain, ()):
            problem = None
            if number != count + 1:
                problem = "rows are missing or out of order"
            elif stated_previous != previous:
                problem = "the row does not follow the one before"
            elif digest != digest_of(previous, chain, number, recorded_at, entry):
                problem = "the row was changed"
            elif number == kept_number and digest != kept_digest:
                problem = "the row is not the one whose digest was kept elsewhere"
            if problem is not None:
                broken, what = broken or (chain, count + 1), what or problem
                break
            previous, count = digest, number
        rows[chain], heads[chain] = count, previous
        if broken is None and count < kept_number:
            broken, what = (chain, count + 1), "the chain ends before the digest that was kept elsewhere"
        if broken is None and tips.get(chain, (0, ORIGIN)) != (count, previous):
            broken, what = (chain, count + 1), "the end of the chain is not the one the store holds"
    return AuditVerdict(broken is None, rows, heads, broken, what)
