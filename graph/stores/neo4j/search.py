"""Search by id, reference and name; the rule of likeness is that of ``graph.stores.names``.

Every word of a name is kept once, with its groups of three letters in a full-text index. A typed word is first read as
the words it may stand for; then the nodes whose names hold them are asked for, most alike first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

from graph.model import NodeKind
from graph.store import Lens, SearchHit
from graph.stores import rows
from graph.stores.names import (
    MOST_WORDS,
    compact,
    hit_similarity,
    names_of,
    references_of,
    similar,
    words_of,
)
from graph.stores.neo4j import codec
from graph.stores.neo4j import lens as lenses
from graph.stores.neo4j.lens import View
from graph.stores.neo4j.read import Reading
from graph.stores.neo4j.write_state import gram_text

#: a word typed may stand for at most so many different words of names, the most alike first
MOST_READINGS = 2_000
#: words asked for in one statement; the index takes 1,024 terms
MOST_TERMS = 400

_OF_KINDS: LiteralString = "($prefixes IS NULL OR split(n.id, ':')[0] IN $prefixes)"
_IDS: LiteralString = f"""
UNWIND $ids AS id
MATCH (n:Node {{id: id}}) USING INDEX SEEK n:Node(id) WHERE {_OF_KINDS} AND {lenses.node("n")} RETURN n.id"""
_PREFIX: LiteralString = """
MATCH (w:Word) WHERE w.word STARTS WITH $typed
RETURN w.word ORDER BY size(w.word), w.word LIMIT $limit"""
_GRAMS: LiteralString = """
CALL db.index.fulltext.queryNodes('word_grams', $query) YIELD node
RETURN node.word"""
_HOLDING: LiteralString = f"""
CALL db.index.fulltext.queryNodes('node_names', $query) YIELD node AS n
WHERE {_OF_KINDS} AND {lenses.node("n")}
RETURN n.id ORDER BY n.id LIMIT $limit"""
_CONTENTS: LiteralString = f"""
UNWIND $ids AS id
MATCH (n:Node {{id: id}}) USING INDEX SEEK n:Node(id)
CALL (n) {{
  WITH n WHERE {lenses.known("n")} AND {lenses.past("n")}
  RETURN n AS v
  UNION ALL
  MATCH (v:Version {{record: 'node', id: n.id}}) USING INDEX SEEK v:Version(record, id)
  WHERE {lenses.known("v")} AND {lenses.past("v")}
  RETURN v
}}
RETURN id, v {{.*}} ORDER BY v.sequence"""


def search(
    reading: Reading, text: str, lens: Lens, *, kinds: frozenset[NodeKind] | None, fuzzy: bool, limit: int
) -> tuple[SearchHit, ...]:
    text = text.strip()
    if len(text) < 2 or limit < 1:
        return ()
    searching = _Searching(reading, reading.view(lens), kinds, limit)
    found: dict[str, tuple[float, str]] = {}
    for node_id, field in searching.exact(text):
        found.setdefault(node_id, (1.0, field))
    typed = words_of(text)[:MOST_WORDS]
    if typed and sum(map(len, typed)) >= 2:
        for similarity, node_id, field in searching.by_name(typed, fuzzy=fuzzy):
            if similarity > found.get(node_id, (0.0, ""))[0]:
                found[node_id] = (similarity, field)
    ranked = sorted(found, key=lambda node_id: (-found[node_id][0], node_id))[:limit]
    shown = reading.seen_nodes(searching.view, ranked)
    return tuple(
        SearchHit(shown[node_id], found[node_id][1], found[node_id][0]) for node_id in ranked if node_id in shown
    )


class _Searching:
    """One search through one lens."""

    def __init__(self, reading: Reading, view: View, kinds: frozenset[NodeKind] | None, limit: int) -> None:
        self.reading, self.view, self.limit = reading, view, limit
        self.kinds: dict[str, Any] = {"prefixes": None if kinds is None else sorted(kinds)}

    def _contents(self, ids: Sequence[str]) -> Iterator[tuple[str, list[Any], NodeKind]]:
        """Values of the versions within the lens."""
        newest = dict(map(tuple, self.reading.run(self.view, _CONTENTS, ids=list(ids))))
        for key, stored in newest.items():
            kind = codec.kind_prefix(key)
            yield key, codec.values(rows.RECORD_OF_NODE[kind], stored)[1:], kind

    def _nodes(self, query: str, limit: int) -> list[str]:
        found = self.reading.run(self.view, _HOLDING, query=query, limit=limit, **self.kinds)
        return [node_id for (node_id,) in found]

    def exact(self, text: str) -> Iterator[tuple[str, str]]:
        """Nodes with this id, key, postcode or identifier; those in an earlier version only do not count."""
        ids = [text, *(f"{kind}:{text}" for kind in NodeKind)]
        for (node_id,) in self.reading.run(self.view, _IDS, ids=ids, **self.kinds):
            yield node_id, "id"
        wanted = compact(text)
        if not wanted:
            return
        for node_id, values, kind in self._contents(self._nodes(f"search_references:{wanted}", 1000)):
            for field, reference in references_of(kind, values):
                if reference == wanted:
                    yield node_id, field
                    break

    def by_name(self, typed: Sequence[str], *, fuzzy: bool) -> list[tuple[float, str, str]]:
        """The best nodes of which one name holds every word typed, exact and prefix first, then similar."""
        readings = [self._readings(word, fuzzy=False) for word in typed]
        found = self._holding(typed, readings) if all(readings) else []
        if not fuzzy or (len(found) >= self.limit and found[self.limit - 1][0] > 0.75):
            return found
        readings = [self._readings(word, fuzzy=True) for word in typed]
        return self._holding(typed, readings) if all(readings) else found

    def _readings(self, typed: str, *, fuzzy: bool) -> dict[str, float]:
        """Words of names that a typed word may stand for, with their likeness."""
        words = {row[0] for row in self.reading.transaction.run(_PREFIX, {"typed": typed, "limit": MOST_READINGS})}
        if fuzzy and len(typed) > 1:
            query = " ".join(f"grams:{gram}" for gram in gram_text(typed).split())
            words |= {row[0] for row in self.reading.transaction.run(_GRAMS, {"query": query})}
        alike = similar(typed, words, fuzzy=fuzzy)
        return dict(heapq.nsmallest(MOST_READINGS, alike.items(), key=lambda item: (-item[1], item[0])))

    def _holding(self, typed: Sequence[str], readings: Sequence[dict[str, float]]) -> list[tuple[float, str, str]]:
        """Nodes with a name that holds each word in one of its readings, best first."""
        found: dict[str, tuple[float, str]] = {}
        for bound, candidates in self._tiers(typed, readings):
            best_found = heapq.nlargest(self.limit, (similarity for similarity, _ in found.values()))
            if len(best_found) == self.limit and best_found[-1] > bound:
                break
            new = [node_id for node_id in candidates() if node_id not in found]
            for node_id, values, kind in self._contents(new):
                best = (0.0, "")
                for field, words in names_of(kind, values):
                    best = max(best, (hit_similarity(typed, words), field))
                if best[0] > 0:
                    found[node_id] = best
        ranked = sorted((-similarity, node_id, field) for node_id, (similarity, field) in found.items())
        return [(-similarity, node_id, field) for similarity, node_id, field in ranked[: self.limit]]

    def _tiers(self, typed: Sequence[str], readings: Sequence[dict[str, float]]) -> Iterator[tuple[float, Any]]:
        """Candidates in falling order of the best similarity they can have."""
        if len(readings) > 1:
            parts = []
            for word, alike in zip(typed, readings, strict=True):
                parts.append(f"+({_terms([word + '*', *(w for w in alike if not w.startswith(word))])})")
            yield 1.0, lambda: self._nodes(" ".join(parts), 50_000)
            return
        levels: dict[float, list[str]] = {}
        for word, value in readings[0].items():
            levels.setdefault(value, []).append(word)
        for value in sorted(levels, reverse=True):
            words = levels[value]
            for start in range(0, len(words), MOST_TERMS):
                query = _terms(words[start : start + MOST_TERMS])
                yield value, lambda query=query: self._nodes(query, self.limit * 3)


def _terms(words: Sequence[str]) -> str:
    """Any of the words, for the full-text index; folded words hold letters and digits only."""
    return " ".join(f"search_names:{word}" for word in words[:MOST_TERMS])
