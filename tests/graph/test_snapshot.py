"""Strings in one array, and the views of a Snapshot."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import NodeKind
from graph.snapshot import Snapshot, Strings
from graph.store import Lens
from graph.stores.snapshots import strings_joined
from graph.stores.sqlite import SqliteStore
from tests.conformance.factories import blocks, note, person, report, school, tie


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_strings_are_read_back(values: list[str]) -> None:
    strings = Strings.of(values)
    assert list(strings) == values
    assert strings[:] == values
    assert list(strings.take(np.arange(len(values))[::-1])) == values[::-1]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]))))
def test_joined_strings_are_read_back(values: list[str]) -> None:
    assert list(strings_joined("\n".join(values).encode(), len(values))) == values


def test_positions_outside_are_refused() -> None:
    strings = Strings.of(["a", "b"])
    assert strings[-1] == "b"
    with pytest.raises(IndexError):
        strings[2]


@pytest.fixture
def made(tmp_path: Path) -> Snapshot:
    with SqliteStore(tmp_path / "kith.db") as store:
        records = [
            school("9"),
            *(person(key) for key in "123"),
            report("r"),
            tie("a", "person:1", "person:2", "r"),
            tie("b", "person:2", "person:1"),
            tie("c", "person:3", "school:9", tie_type="attends"),
        ]
        store.write(blocks(records), note())
        return store.snapshot(Lens(as_at=dt.date(2026, 1, 1)))


def test_rows_of_a_kind(made: Snapshot) -> None:
    assert [made.node_id(row) for row in made.rows(NodeKind.PERSON)] == ["person:1", "person:2", "person:3"]


def test_incidence_holds_every_tie_at_both_ends(made: Snapshot) -> None:
    start, others, ties = made.incidence
    around = {
        made.node_id(node): sorted(
            (made.node_id(others[place]), made.tie_id(ties[place])) for place in range(start[node], start[node + 1])
        )
        for node in range(len(made))
    }
    assert around == {
        "person:1": [("person:2", "a"), ("person:2", "b")],
        "person:2": [("person:1", "a"), ("person:1", "b")],
        "person:3": [("school:9", "c")],
        "school:9": [("person:3", "c")],
    }


def test_adjacency_is_symmetric_and_adds_parallel_ties(made: Snapshot) -> None:
    matrix = made.adjacency().toarray()
    assert (matrix == matrix.T).all()
    assert matrix[made.row_of["person:1"], made.row_of["person:2"]] == 2
    assert made.adjacency(np.array([0])).sum() == 2


def test_networkx_has_the_same_ties(made: Snapshot) -> None:
    graph = made.to_networkx()
    assert set(graph.nodes) == set(made.nodes.ids)
    assert {(source, target, key) for source, target, key in graph.edges(keys=True)} == {
        ("person:1", "person:2", "a"),
        ("person:2", "person:1", "b"),
        ("person:3", "school:9", "c"),
    }
    assert graph.edges["person:3", "school:9", "c"]["type"] == "attends"


def test_arrays_opened_from_files_cannot_be_written(made: Snapshot, tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "kith.db") as store:
        again = store.snapshot(Lens(as_at=dt.date(2026, 1, 1)))
    assert again.digest == made.digest
    with pytest.raises(ValueError, match="read-only"):
        again.ties.source[0] = 1
