"""Sets of hashes agree with Python's sets."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingest.keys import KeyIndex, hashes, repeated_hashes

PARTS = st.lists(st.lists(st.integers(0, 60).map(str), max_size=30), max_size=12)


@given(PARTS)
def test_repeated_keys_are_those_seen_before(parts: list[list[str]]) -> None:
    index, seen = KeyIndex(), set()
    for part in parts:
        marks = index.add(hashes(part))
        expected = []
        for key in part:
            expected.append(key in seen)
            seen.add(key)
        assert (marks.tolist() if marks is not None else [False] * len(part)) == expected
    assert len(index) == len(seen)


@given(PARTS, st.booleans())
def test_the_keys_in_it_are_those_added(parts: list[list[str]], settled: bool) -> None:
    index = KeyIndex()
    for part in parts:
        index.add(hashes(part))
    if settled:
        index.settle()
    asked = [str(number) for number in range(80)]
    known = {key for part in parts for key in part}
    assert index.contains(hashes(asked)).tolist() == [key in known for key in asked]


@given(PARTS)
def test_how_often_keys_repeat(parts: list[list[str]]) -> None:
    counts = Counter(key for part in parts for key in part)
    expected = {hash(key): count for key, count in counts.items() if count > 1}
    assert repeated_hashes([hashes(part) for part in parts]) == expected
