"""Packed numbers of rows: they say the same as the tables, whatever was changed since, and may be missing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from graph.snapshot import Strings
from graph.store import Lens
from graph.stores.snapshots import Columns
from graph.stores.sqlite import SqliteStore
from graph.stores.sqlite.arrays import id_order, id_ranks, read_columns
from tests.conformance.factories import blocks, event, note, participation, person, place, report, tie

WORLD = [
    place("A", easting=400_000.0, northing=300_000.0),
    place("B"),
    person("1", given_name="Ada", family_name="Able", address_place_id="place:A"),
    person("2", given_name="Ben", family_name="Best"),
    report("R1"),
    report("R2", reference="X1"),
    event("E1", place_id="place:A", report_id="R1"),
    participation("event:E1", "person:1", report_id="R1"),
    tie("T1", "person:1", "person:2", "R1", "R2"),
    tie("T2", "person:1", "person:2", "R2", confidence=0.5),
]


def equal(one: Columns, other: Columns) -> bool:
    for field in dataclasses.fields(Columns):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if isinstance(first, Strings):
            first, second = list(first), list(second)
        same = (
            np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
            if isinstance(first, np.ndarray)
            else first == second
        )
        if not same:
            return False
    return True


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "kith.db") as opened:
        opened.write(blocks(WORLD), note())
        yield opened


def columns_with_and_without(store: SqliteStore) -> tuple[Columns, Columns]:
    connection = sqlite3.connect(store.path)
    try:
        packed = read_columns(connection, 1)
        connection.execute("DELETE FROM segment")
        return packed, read_columns(connection, 1)
    finally:
        connection.close()


def test_segments_say_the_same_as_the_tables(store: SqliteStore) -> None:
    assert equal(*columns_with_and_without(store))


def test_rows_of_a_first_write_are_read_from_segments_alone(store: SqliteStore) -> None:
    connection = sqlite3.connect(store.path)
    stale = connection.execute("SELECT count(*) FROM segment_stale").fetchone()[0]
    packed = dict(connection.execute("SELECT tab, sum(rows) FROM segment GROUP BY tab").fetchall())
    tables = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in packed}
    connection.close()
    assert (stale, packed) == (0, tables)


def test_changed_rows_are_read_from_the_tables(store: SqliteStore) -> None:
    changed = [
        person("1", given_name="Ada", family_name="Able"),
        report("R2", reference="X1", handling="C"),
        tie("T2", "person:1", "person:2", "R2", confidence=0.75),
        event("E1", place_id="place:B", report_id="R1"),
        person("3", given_name="Cy", family_name="Cole"),
    ]
    store.write(blocks(changed), note())
    assert equal(*columns_with_and_without(store))


def test_a_snapshot_follows_a_correction(store: SqliteStore) -> None:
    before = store.snapshot(Lens(as_at=dt.date(2027, 1, 1)))
    store.write(blocks([tie("T2", "person:1", "person:2", "R2", confidence=0.75)]), note())
    after = store.snapshot(Lens(as_at=dt.date(2027, 1, 1)))
    stated = [float(made.ties.confidence[list(made.ties.ids).index("T2")]) for made in (before, after)]
    assert stated == [0.5, 0.75]


@pytest.mark.parametrize("words", [["b", "a", "ab", "é", "z", "event:10", "event:9"], ["x" * 100, "a", "y" * 90], []])
def test_ids_are_ordered_as_text(words: list[str]) -> None:
    assert [words[row] for row in id_order(Strings.of(words)).tolist()] == sorted(words)


def test_equal_ids_have_equal_ranks() -> None:
    assert id_ranks(Strings.of(["b", "a", "b"])).tolist() == [1, 0, 1]
