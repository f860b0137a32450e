"""Names for searching: how text is folded, which words a record is found by, and how alike two words are.

Both back ends keep the same words and rank by the same rule, so that they answer alike:

* a query is folded and cut into words; every one of them must be found in one name or alias of the node;
* a word found as it is counts 1; as the beginning of a longer word 0.75 to 1 by the share typed; a similar word at most
  0.75 (likeness of at least ``LEAST_LIKENESS`` and a common group of three letters, the word's edges included);
* the similarity of a hit is the mean over the words of the query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rapidfuzz import fuzz

from graph.model import NodeKind
from graph.records import RecordKind
from graph.stores.rows import POSITION, RECORD_OF_NODE

#: likeness (0 to 1, share of letters kept in order) from which a word counts as similar
LEAST_LIKENESS = 0.7
#: words of a query that are looked at
MOST_WORDS = 8
FIELDS = ("name", "alias", "postcode", "identifier", "id")

_NOT_WORD = re.compile(r"[^\w]+")
_NO_MARK = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "_": " ", "'": None,
                          "’": None})  # fmt: skip


def fold(text: str) -> str:
    """Case and accents taken away: what is left is compared."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return text.casefold().translate(_NO_MARK)


def words_of(text: str) -> list[str]:
    """The folded words of a name, in order."""
    return [word for word in _NOT_WORD.split(fold(text)) if word]


def compact(text: str) -> str:
    """A postcode, number or handle without case, spaces and signs."""
    return _NOT_WORD.sub("", fold(text))


def trigrams(word: str) -> set[str]:
    """Groups of three letters of a word with its edges marked."""
    padded = f" {word} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def likeness(typed: str, word: str) -> float:
    """0 to 1 for one typed word against one word of a name; 0 when they are not similar."""
    if typed == word:
        return 1.0
    if word.startswith(typed):
        return round(0.75 + 0.25 * len(typed) / len(word), 4)
    ratio = fuzz.ratio(typed, word) / 100
    if ratio < LEAST_LIKENESS or not trigrams(typed) & trigrams(word):
        return 0.0
    return round(0.75 * ratio, 4)


def similar(typed: str, words: Iterable[str], *, fuzzy: bool) -> dict[str, float]:
    """Those of the words that the typed one may stand for, with their likeness."""
    found = {}
    for word in words:
        if not fuzzy and not word.startswith(typed):
            continue
        alike = likeness(typed, word)
        if alike > 0:
            found[word] = alike
    return found


def hit_similarity(typed: Sequence[str], words: Iterable[str]) -> float:
    """Mean of the best likeness of each typed word; 0 when one of them is not found."""
    names = list(words)
    best = [max((likeness(word, name) for name in names), default=0.0) for word in typed]
    return round(sum(best) / len(best), 4) if best and min(best) > 0 else 0.0


_NAME_COLUMNS: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.PERSON: ("given_name", "family_name"),
    RecordKind.PLACE: ("name",),
    RecordKind.SCHOOL: ("name",),
    RecordKind.PEER_GROUP: ("name",),
    RecordKind.OPERATION: ("name",),
}
_REFERENCE_COLUMNS: dict[RecordKind, tuple[tuple[str, str], ...]] = {
    RecordKind.PERSON: (("nhs_number", "identifier"), ("upn", "identifier")),
    RecordKind.PLACE: (("postcode", "postcode"), ("uprn", "identifier")),
    RecordKind.SCHOOL: (("postcode", "postcode"),),
    RecordKind.OBJECT: (("identifier", "identifier"),),
}


def names_of(kind: NodeKind, values: Sequence[Any]) -> Iterator[tuple[str, list[str]]]:
    """(field, folded words) of each name of a node, from the values of its row after the id."""
    record_kind = RECORD_OF_NODE[kind]
    position = POSITION[record_kind]
    full = " ".join(values[position[name] - 1] or "" for name in _NAME_COLUMNS.get(record_kind, ()))
    words = words_of(full)
    if words:
        yield "name", words
    if record_kind is RecordKind.PERSON:
        for alias in values[position["also_known_as"] - 1] or ():
            words = words_of(alias)
            if words:
                yield "alias", words


def references_of(kind: NodeKind, values: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """(field, compact text) of each postcode or identifier of a node."""
    record_kind = RECORD_OF_NODE[kind]
    position = POSITION[record_kind]
    for column, name in _REFERENCE_COLUMNS.get(record_kind, ()):
        value = values[position[column] - 1]
        if value:
            text = compact(value)
            if text:
                yield name, text
