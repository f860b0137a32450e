"""Ids to numbers in little memory."""

from __future__ import annotations

import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.stores.sqlite.keys import CompactMap, Keys


@given(st.lists(st.sets(st.text(max_size=8), max_size=30), max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_compact_map_answers_like_a_dictionary(batches: list[set[str]]) -> None:
    plain: dict[str, int] = {}
    packed = CompactMap()
    for batch in batches:
        new = sorted(batch - set(plain))
        numbers = range(len(plain) + 1, len(plain) + 1 + len(new))
        if new:
            packed.add(new, list(numbers))
        plain.update(zip(new, numbers, strict=True))
    asked = [*plain, "never", "never before"]
    assert packed.find(asked).tolist() == [plain.get(each, 0) for each in asked]


def test_keys_are_found_whether_packed_stored_or_neither() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (pk INTEGER PRIMARY KEY, id TEXT)")
    connection.execute("CREATE TABLE t_history (pk INTEGER, key INTEGER)")
    connection.execute("INSERT INTO t VALUES (7, 'old')")
    keys = Keys(connection, "t", most_in_words=3)
    assert list(keys.give(["a", "b", "c", "d"])) == [8, 9, 10, 11]
    keys.give(["e"])
    assert keys.find(["d", "old", "x", "e", "a"]) == [11, 7, None, 12, 8]
    keys.forget("a")
    assert keys.find(["a"]) == [None]
    connection.close()
