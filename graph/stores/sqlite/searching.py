"""Search in SQLite by id, reference and name; the rule of likeness is that of ``graph.stores.names``."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import orjson

from graph.model import NODE_KINDS, NodeKind
from graph.store import Lens, SearchHit
from graph.stores.names import (
    MOST_WORDS,
    compact,
    hit_similarity,
    names_of,
    references_of,
    similar,
    trigrams,
    words_of,
)
from graph.stores.sqlite.reading import GIVEN, Reading, _json, in_list
from graph.stores.sqlite.restricting import View

#: a word typed may stand for at most so many different words of names, the most alike first
MOST_READINGS = 2_000


def search(
    reading: Reading, text: str, lens: Lens, *, kinds: frozenset[NodeKind] | None, fuzzy: bool, limit: int
) -> tuple[SearchHit, ...]:
    text = text.strip()
    if len(text) < 2 or limit < 1:
        return ()
    view = reading.view(lens)
    found: dict[int, tuple[float, str]] = {}
    for pk, field in _exact(reading, view, text, kinds):
        found.setdefault(pk, (1.0, field))
    typed = words_of(text)[:MOST_WORDS]
    if typed and sum(map(len, typed)) >= 2:
        for similarity, pk, field in _by_name(reading, view, typed, kinds, fuzzy=fuzzy, limit=limit):
            if similarity > found.get(pk, (0.0, ""))[0]:
                found[pk] = (similarity, field)
    seen = reading.seen_nodes(view, list(found), degrees=False)
    ranked = sorted(seen, key=lambda pk: (-found[pk][0], seen[pk].record.id))[:limit]
    shown = reading.seen_nodes(view, ranked)
    return tuple(SearchHit(shown[pk], found[pk][1], found[pk][0]) for pk in ranked)


def _of_kinds(kinds: frozenset[NodeKind] | None, name: str) -> str:
    if kinds is None:
        return "1"
    return f"{name}.kind IN {in_list(sorted(NODE_KINDS.index(kind) for kind in kinds))}"


def _exact(reading: Reading, view: View, text: str, kinds: frozenset[NodeKind] | None) -> Iterator[tuple[int, str]]:
    """Nodes with this id, key, postcode or identifier; those in an earlier version only do not count."""
    ids = [text, *(f"{kind}:{text}" for kind in NodeKind)]
    query = (
        "SELECT n.pk FROM json_each(?) j CROSS JOIN node n ON n.id = j.value"
        f" WHERE {view.node('n')} AND {_of_kinds(kinds, 'n')}"
    )
    for (pk,) in reading.connection.execute(query, (_json(ids),)).fetchall():
        yield pk, "id"
    wanted = compact(text)
    if not wanted:
        return
    query = (
        "SELECT n.pk FROM reference_of r CROSS JOIN node n ON n.pk = r.node"
        f" WHERE r.text = ? AND {view.node('n')} AND {_of_kinds(kinds, 'n')} ORDER BY r.id LIMIT 1000"
    )
    rows = [pk for (pk,) in reading.connection.execute(query, (wanted,))]
    for pk, values, kind in _contents(reading, view, rows):
        for field, reference in references_of(kind, values):
            if reference == wanted:
                yield pk, field
                break


def _contents(reading: Reading, view: View, pks: Sequence[int]) -> Iterator[tuple[int, list[object], NodeKind]]:
    """Values of the versions within the lens."""
    query = f"SELECT n.pk, n.kind, n.content, {view.record('n')} FROM node n WHERE n.pk IN {GIVEN}"
    for pk, kind, content, newest in reading.connection.execute(query, (_json(list(pks)),)).fetchall():
        if not newest:
            past = reading._past_node(view, pk)
            if past is None:
                continue
            content = past[1]
        yield pk, orjson.loads(content), NODE_KINDS[kind]


def _by_name(
    reading: Reading,
    view: View,
    typed: Sequence[str],
    kinds: frozenset[NodeKind] | None,
    *,
    fuzzy: bool,
    limit: int,
) -> list[tuple[float, int, str]]:
    """The best ``limit`` nodes of which one name holds every word typed, exact and prefix first, then similar."""
    readings = [_readings(reading, word, fuzzy=False) for word in typed]
    found = _holding(reading, view, typed, readings, kinds, limit) if all(readings) else []
    if not fuzzy or (len(found) >= limit and found[limit - 1][0] > 0.75):
        return found
    readings = [_readings(reading, word, fuzzy=True) for word in typed]
    return _holding(reading, view, typed, readings, kinds, limit) if all(readings) else found


def _readings(reading: Reading, typed: str, *, fuzzy: bool) -> dict[int, float]:
    """Words of names that a typed word may stand for: number to likeness."""
    numbers: dict[str, int] = dict(
        reading.connection.execute(
            "SELECT text, pk FROM word WHERE text >= ? AND text < ? ORDER BY length(text), text LIMIT ?",
            (typed, typed + "\U0010ffff", MOST_READINGS),
        ).fetchall()
    )
    if fuzzy and len(typed) > 1:
        match = " OR ".join('"' + group.replace('"', "") + '"' for group in sorted(trigrams(typed)))
        rows = reading.connection.execute(
            "SELECT text, pk FROM word WHERE pk IN (SELECT rowid FROM word_group WHERE word_group MATCH ?)", (match,)
        )
        numbers.update(rows.fetchall())
    alike = similar(typed, numbers, fuzzy=fuzzy)
    best = heapq.nsmallest(MOST_READINGS, alike.items(), key=lambda item: (-item[1], item[0]))
    return {numbers[word]: value for word, value in best}


def _holding(
    reading: Reading,
    view: View,
    typed: Sequence[str],
    readings: Sequence[dict[int, float]],
    kinds: frozenset[NodeKind] | None,
    limit: int,
) -> list[tuple[float, int, str]]:
    """Nodes with a name that holds each word in one of its readings, best first."""
    found: dict[int, tuple[float, str, str]] = {}
    for bound, rows in _tiers(reading, view, readings, kinds, limit):
        if len(found) >= limit and heapq.nlargest(limit, (each[0] for each in found.values()))[-1] > bound:
            break
        new = [pk for pk in rows if pk not in found]
        for pk, values, kind in _contents(reading, view, new):
            best = (0.0, "")
            for field, words in names_of(kind, values):
                best = max(best, (hit_similarity(typed, words), field))
            if best[0] > 0:
                found[pk] = (best[0], best[1], "")
    ids = reading.ids(found)
    ranked = sorted(((-similarity, ids[pk], pk, field) for pk, (similarity, field, _) in found.items()))[:limit]
    return [(-similarity, pk, field) for similarity, _, pk, field in ranked]


def _tiers(
    reading: Reading,
    view: View,
    readings: Sequence[dict[int, float]],
    kinds: frozenset[NodeKind] | None,
    limit: int,
) -> Iterator[tuple[float, list[int]]]:
    """Candidates in falling order of the best similarity they can have."""
    seen = f"{view.node('n')} AND {_of_kinds(kinds, 'n')}"
    if len(readings) == 1:
        levels: dict[float, list[int]] = {}
        for word, value in readings[0].items():
            levels.setdefault(value, []).append(word)
        for value in sorted(levels, reverse=True):
            rows: list[tuple[str, int]] = []
            for word in levels[value]:
                query = (
                    "SELECT w.id, w.node FROM word_of w CROSS JOIN node n ON n.pk = w.node"
                    f" WHERE w.word = ? AND {seen} ORDER BY w.id LIMIT ?"
                )
                rows += reading.connection.execute(query, (word, limit * 3)).fetchall()
            yield value, [pk for _, pk in sorted(set(rows))]
        return
    parts = [f"SELECT node FROM word_of WHERE word IN {GIVEN}"] * len(readings)
    query = f"SELECT n.pk FROM node n WHERE n.pk IN ({' INTERSECT '.join(parts)}) AND {seen}"
    yield 1.0, [pk for (pk,) in reading.connection.execute(query, [_json(list(words)) for words in readings])]
