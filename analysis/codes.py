"""Numbers of vocabulary words, for work on arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from graph.model import NODE_KINDS, NodeKind
from graph.snapshot import Bool, Int8
from graph.vocabulary import is_exploitation_event, is_exploitation_strand, role_of_place, tie_types, vocabulary


@cache
def code(list_name: str, word: str) -> int:
    """The number of a word. Raises UnknownWord."""
    terms = vocabulary(list_name)
    terms.term(word)
    return terms.index[word]


def kind_code(kind: NodeKind) -> int:
    return NODE_KINDS.index(kind)


def words(list_name: str) -> tuple[str, ...]:
    """All words of a list in the order of their numbers."""
    return tuple(term.code for term in vocabulary(list_name).terms)


def marked(list_name: str, chosen: Callable[[str], bool] | Iterable[str]) -> Bool:
    """A table by number that is True for the words chosen; one False entry more, so that -1 reads False."""
    wanted = chosen if callable(chosen) else frozenset(chosen).__contains__
    return np.array([*(wanted(word) for word in words(list_name)), False], dtype=np.bool_)


@cache
def tie_families(*families: str) -> Bool:
    """Table over tie types of these families (kinship, household, friendship ...)."""
    types = tie_types()
    return marked("tie_type", lambda word: types[word].family in families)


@cache
def role_groups(*groups: str) -> Bool:
    """Table over roles of these groups (victim, person_of_concern, professional ...)."""
    roles = vocabulary("role")
    return marked("role", lambda word: roles.group(word) in groups)


@cache
def event_groups(*groups: str) -> Bool:
    """Table over event types of these groups (harm, missing, police ...)."""
    types = vocabulary("event_type")
    return marked("event_type", lambda word: types.group(word) in groups)


#: how places are set apart, in the order of ``Roles.place_role``
PLACE_ROLES = ("home", "school", "placement", "police", "transport", "place_of_gathering", "online", "other")


@cache
def place_roles() -> Int8:
    """Number in PLACE_ROLES of each place type; the last entry (read by -1) is "other"."""
    roles = [PLACE_ROLES.index(role_of_place(word)) for word in words("place_type")]
    return np.array([*roles, PLACE_ROLES.index("other")], dtype=np.int8)


@cache
def exploitation_events() -> Bool:
    """Table (event type, strand) of events whose victims are victims of exploitation; -1 reads False."""
    strands: list[str | None] = [*words("strand"), None]
    rows = [[is_exploitation_event(event, strand) for strand in strands] for event in words("event_type")]
    return np.array([*rows, [False] * len(strands)], dtype=np.bool_)


@cache
def exploitation_strands() -> Bool:
    """Table over strands that are a form of exploitation; -1 reads False."""
    return marked("strand", lambda word: is_exploitation_strand(word))
