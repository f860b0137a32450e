"""Small codes of a record in one whole number: what an array needs of it, without reading the record.

Positions of words are those of their lists (terms are only ever appended); 0 stands for not known, so every position is
kept one higher. Layout of a node's code, from the lowest bit: birth day + 2**23 (24 bits), sex (4), ethnicity (8),
send (2), place type (9), event type (8), strand (7). Of a report's: scheme, source evaluation, information assessment,
basis (4 bits each). Of an episode's: type (8), strand (7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from graph.model import PartialDate, Precision
from graph.records import RecordKind, date_of, day_number
from graph.vocabulary import analysed_event_type, grades, vocabulary

BIRTH_OFFSET = 2**23
SCHEMES = ("3x5x2", "5x5x5")


@cache
def positions(name: str) -> Mapping[str, int]:
    """Position of each accepted word of a list."""
    return vocabulary(name).index


def _number(name: str, word: Any) -> int:
    """Position and one; 0 for None and for words outside the list."""
    return 0 if word is None else positions(name).get(word, -1) + 1


def latest_birth_day(birth_day: int, precision: str | None) -> int:
    """The last day a partial date of birth can be."""
    if precision in (None, "day"):
        return birth_day
    return day_number(PartialDate(date_of(birth_day), Precision(precision)).latest)


def _person(v: Sequence[Any]) -> int:
    born = 0 if v[3] is None else latest_birth_day(v[3], v[4]) + BIRTH_OFFSET
    send = 0 if v[14] is None else int(v[14]) + 1
    return born | _number("sex", v[5]) << 24 | _number("ethnicity", v[6]) << 28 | send << 36


def _place(v: Sequence[Any]) -> int:
    return _number("place_type", v[1]) << 38


def _school(_: Sequence[Any]) -> int:
    return _number("place_type", "school") << 38


def _event(v: Sequence[Any]) -> int:
    return _number("event_type", analysed_event_type(v[0], v[1])) << 47 | _number("strand", v[2]) << 55


def _operation(v: Sequence[Any]) -> int:
    return _number("strand", v[2]) << 55


def _none(_: Sequence[Any]) -> int:
    return 0


#: code of a node from the values of its row after the id, by record kind
NODE_CODE: dict[RecordKind, Callable[[Sequence[Any]], int]] = {
    RecordKind.PERSON: _person,
    RecordKind.PLACE: _place,
    RecordKind.SCHOOL: _school,
    RecordKind.EVENT: _event,
    RecordKind.OPERATION: _operation,
    RecordKind.PEER_GROUP: _none,
    RecordKind.OBJECT: _none,
}


@cache
def report_code(
    scheme: str | None, source_evaluation: str | None, information_assessment: str | None, basis: str | None
) -> int:
    """Code of a report."""
    source = information = 0
    if scheme in SCHEMES:
        lists = grades(scheme)
        assert lists is not None
        if source_evaluation is not None:
            source = lists[0].index.get(source_evaluation, -1) + 1
        if information_assessment is not None:
            information = lists[1].index.get(information_assessment, -1) + 1
    return (
        _number("grading_scheme", scheme or "none") | source << 4 | information << 8 | _number("basis", basis) << 12
    )  # fmt: skip


@cache
def episode_code(episode_type: str, strand: str | None) -> int:
    return _number("episode_type", episode_type) | _number("strand", strand) << 8


def role_code(role: str | None) -> int:
    """Position of a role in its list; -1 when none."""
    return -1 if role is None else positions("role").get(role, -1)


def reference_key(reference: str) -> int:
    """A number for an agency reference, so that equal references are found without their text (62 bits)."""
    return int.from_bytes(hashlib.blake2b(reference.encode(), digest_size=8).digest(), "big") >> 2
