"""The controlled lists: versioned data files read once, each with its source.

A list is a JSON file of ``graph/vocabularies``. Terms are only ever appended, so the position of a term is its number
in arrays and files for good. ``link_type`` is not a file of its own: it is the part of ``tie_type`` that may be loaded;
the other ties are built by Kith.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graph.errors import UnknownWord, UsageError

_FOLDER = Path(__file__).with_name("vocabularies")
_LINK_TYPE = "link_type"
_TIE_TYPE = "tie_type"


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a list."""

    #: the word as stored and exchanged
    code: str
    #: the word as people read it
    label: str
    #: what to mind when using it
    note: str | None = None
    #: year from which it applies
    since: str | None = None
    #: heading under which it is analysed or shown
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A controlled list of words."""

    name: str
    title: str
    #: guidance, standard or law the words come from
    source: str
    #: version of the list; a changed list has a new one
    version: str
    terms: tuple[Term, ...]
    #: every accepted code, official second spellings included
    codes: frozenset[str] = field(repr=False)
    #: number of each accepted code; second spellings share a number
    index: Mapping[str, int] = field(repr=False)
    #: labels accepted on input in place of a code, in lower case
    accepted_labels: Mapping[str, str] = field(repr=False)

    def term(self, code: str) -> Term:
        """The term of an accepted code. Raises UnknownWord."""
        position = self.index.get(code)
        if position is None:
            raise UnknownWord(self.name, self.nearest(code))
        return self.terms[position]

    def label(self, code: str) -> str:
        """The word as people read it. Raises UnknownWord."""
        return self.term(code).label

    def group(self, code: str) -> str | None:
        """The heading of the word, if it has one. Raises UnknownWord."""
        return self.term(code).group

    def check(self, word: str) -> str:
        """The code to store for ``word``. Raises UnknownWord with the nearest valid word."""
        position = self.index.get(word)
        if position is not None:
            return self.terms[position].code
        by_label = self.accepted_labels.get(word.strip().lower())
        if by_label is None:
            raise UnknownWord(self.name, self.nearest(word))
        return by_label

    def nearest(self, word: str) -> str | None:
        """The valid code most like ``word`` by code or label; None when nothing is like it."""
        # a cell may hold megabytes; a word does not
        wanted = "_".join(word[:100].lower().replace("-", " ").split())
        if not wanted:
            return None
        spellings: dict[str, str] = {}
        for term in self.terms:
            spellings.setdefault(term.code.lower(), term.code)
            spellings.setdefault("_".join(term.label.lower().replace("-", " ").split()), term.code)
        matches = difflib.get_close_matches(wanted, spellings, n=1, cutoff=0.6)
        return spellings[matches[0]] if matches else None


@dataclass(frozen=True, slots=True)
class TieType:
    """What a type of tie means and how to say it."""

    code: str
    label: str
    #: the two ends may be exchanged without changing the meaning
    symmetric: bool
    #: concern, neutral or protective, when the source does not say
    default_polarity: str
    #: kinship, household, friendship, co_presence, contact_of_concern, professional, place, group, object, operation
    #: or structural
    family: str
    #: kinds of node it may start from
    source_kinds: frozenset[str]
    #: kinds of node it may lead to
    target_kinds: frozenset[str]
    #: with ``{source}`` and ``{target}``, read from the source's side; the person who harms is the one who acts
    sentence: str
    #: the same claim read from the target's side
    sentence_reverse: str
    #: may be loaded through links.csv; the others are built from events and people
    link: bool
    #: a person who is the source of such a tie is a person of concern
    source_is_person_of_concern: bool
    note: str | None = None

    def say(self, source: str, target: str, *, from_target: bool = False) -> str:
        """The claim in plain English about two display names."""
        template = self.sentence_reverse if from_target else self.sentence
        # one pass: a name that looks like a placeholder stays as it is
        parts = template.replace("{target}", "\0target\0").replace("{source}", "\0source\0").split("\0")
        return "".join(
            {"source": source, "target": target}.get(part, part) if i % 2 else part for i, part in enumerate(parts)
        )


@dataclass(frozen=True, slots=True)
class Power:
    """A power of police or partners; reference data, not legal advice."""

    code: str
    label: str
    #: heading of the Home Office disruption toolkit
    group: str
    #: the law it rests on
    law: str
    #: in_force, not_commenced or unconfirmed
    status: str
    #: what is known about commencement, when not simply in force
    commencement: str | None
    #: the section has been compared with the published law
    checked: bool
    note: str | None = None

    @property
    def usable(self) -> bool:
        """Whether it may be offered as an option without a warning."""
        return self.status == "in_force"


@cache
def names() -> tuple[str, ...]:
    """Names of all lists, in alphabetical order."""
    return tuple(sorted({path.stem for path in _FOLDER.glob("*.json")} | {_LINK_TYPE}))


@cache
def vocabulary(name: str) -> Vocabulary:
    """The list of that name. Raises UsageError when there is none."""
    if name not in names():
        raise UsageError("there is no such list of words")
    if name == _LINK_TYPE:
        data = _read(_TIE_TYPE)
        terms = [term for term in data["terms"] if term["link"]]
        return _build(data | {"name": _LINK_TYPE, "title": "Types of link", "terms": terms})
    return _build(_read(name))


@cache
def tie_types() -> Mapping[str, TieType]:
    """Every type of tie by its code, in the order of the list."""
    return MappingProxyType({term["code"]: _tie_type(term) for term in _read(_TIE_TYPE)["terms"]})


@cache
def powers() -> Mapping[str, Power]:
    """Every power by its code, in the order of the list."""
    return MappingProxyType(
        {
            term["code"]: Power(
                code=term["code"],
                label=term["label"],
                group=term["group"],
                law=term["law"],
                status=term["status"],
                commencement=term.get("commencement"),
                checked=term["checked"],
                note=term.get("note"),
            )
            for term in _read("power")["terms"]
        }
    )


def grades(scheme: str) -> tuple[Vocabulary, Vocabulary] | None:
    """Lists of source evaluations and information assessments of a grading scheme; None for ``none``.

    Raises UnknownWord for an unknown scheme. The two schemes swap letters and digits and are never mapped.
    """
    if vocabulary("grading_scheme").check(scheme) == "none":
        return None
    return vocabulary(f"source_evaluation_{scheme}"), vocabulary(f"information_assessment_{scheme}")


def role_of_place(place_type: str | None) -> str:
    """home, school, placement, police, transport, place_of_gathering, online or other; other when not known."""
    if place_type is None or place_type not in vocabulary("place_type").codes:
        return "other"
    return vocabulary("place_type").group(place_type) or "other"


def is_exploitation_strand(strand: str | None) -> bool:
    """Whether a strand is a form of exploitation (violence alone is not)."""
    strands = vocabulary("strand")
    return strand is not None and strand in strands.codes and strands.group(strand) == "exploitation"


def is_exploitation_event(event_type: str, strand: str | None) -> bool:
    """Whether a victim in such an event is a victim of exploitation; intelligence alone never makes one."""
    return event_type in _exploitation_events() and is_exploitation_strand(strand)


#: details of a missing episode, in lower case, that say the child was away or absent and not missing: SSDA903 A, and
#: the word police used until it was dropped; each keeps its own word in the record
_NOT_MISSING = frozenset({"a", "away", "away from placement without authorisation", "absent", "absence"})
#: details of a return interview, in lower case, that say it was offered and not held, because the child did not want it
_DECLINED = frozenset(
    {
        "declined", "child declined", "declined by child", "offered and declined", "offered, declined", "decline",
        "refused", "child refused", "refused by child", "offered and refused", "offered, refused", "refusal",
        "not accepted", "offered, not accepted", "offered and not accepted",
    }
)  # fmt: skip


def analysed_event_type(event_type: str | None, detail: str | None) -> str | None:
    """The type as which an event is analysed.

    A missing episode that says away or absent is ``away_or_absent``; a return interview that says declined is
    ``return_interview_declined``.
    """
    if detail is None:
        return event_type
    said = " ".join(detail.lower().split())
    if event_type == "missing_episode" and said in _NOT_MISSING:
        return "away_or_absent"
    if event_type == "return_interview" and said in _DECLINED:
        return "return_interview_declined"
    return event_type


@cache
def person_of_concern_roles() -> frozenset[str]:
    """Roles that make somebody a person of concern in one event: suspect and convicted."""
    return frozenset(term.code for term in vocabulary("role").terms if term.group == "person_of_concern")


@cache
def person_of_concern_ties() -> frozenset[str]:
    """Tie types whose source, when a person, is a person of concern."""
    return frozenset(code for code, tie in tie_types().items() if tie.source_is_person_of_concern)


@cache
def _exploitation_events() -> frozenset[str]:
    return frozenset(term["code"] for term in _read("event_type")["terms"] if term["exploitation"] == "with_strand")


@cache
def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return data


def _build(data: Mapping[str, Any]) -> Vocabulary:
    terms = tuple(
        Term(term["code"], term["label"], term.get("note"), term.get("since"), term.get("group"))
        for term in data["terms"]
    )
    index = {term.code: position for position, term in enumerate(terms)}
    for position, term in enumerate(data["terms"]):
        for alias in term.get("aliases", ()):
            index.setdefault(alias, position)
    labels = {term.label.lower(): term.code for term in terms} if data.get("accept_labels") else {}
    return Vocabulary(
        name=data["name"],
        title=data["title"],
        source=data["source"],
        version=data["version"],
        terms=terms,
        codes=frozenset(index),
        index=MappingProxyType(index),
        accepted_labels=MappingProxyType(labels),
    )


def _tie_type(term: Mapping[str, Any]) -> TieType:
    return TieType(
        code=term["code"],
        label=term["label"],
        symmetric=term["symmetric"],
        default_polarity=term["default_polarity"],
        family=term["group"],
        source_kinds=frozenset(term["source_kinds"]),
        target_kinds=frozenset(term["target_kinds"]),
        sentence=term["sentence"],
        sentence_reverse=term["sentence_reverse"],
        link=term["link"],
        source_is_person_of_concern=term["source_is_person_of_concern"],
        note=term.get("note"),
    )
