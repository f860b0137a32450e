"""The page about the Neo4j model is as the code says, and its queries do what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.stores.neo4j import Neo4jStore
from scripts.generate_neo4j_page import EXAMPLES, PAGE, page
from tests.conformance.factories import blocks, day, event, note, person, place, report, second, tie
from tests.conformance.test_neo4j import fresh


@pytest.fixture(scope="module")
def store(neo4j_server: tuple[str, str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jStore]:
    url, user, password = neo4j_server
    cache: Path = tmp_path_factory.mktemp("snapshots")
    fresh(neo4j_server, cache.name)
    made = Neo4jStore(url, user=user, password=password, cache=cache)
    records = [
        place("park", name="Elm Park", easting=400_000.0, northing=300_000.0),
        place("far", name="Oak Park", easting=420_000.0, northing=300_000.0),
        *(person(key, given_name="Ana") for key in "123"),
        report("r1", agency="health"),
        event("e1", place_id="place:park", started_at=second("2024-05-01")),
        event("e2", place_id="place:far", started_at=second("2024-05-01")),
        tie("t1", "person:1", "person:2", "r1", start_day=day("2024-01-01")),
        tie("t2", "person:2", "person:3", "r1", tie_type="seen_with"),
    ]
    made.write(blocks(records), note())
    made.write(blocks([person("1", given_name="Anna")]), note("bo"))
    yield made
    made.close()


def answers(store: Neo4jStore, number: int, **parameters: Any) -> list[tuple[Any, ...]]:
    with store.connection.transaction(write=False) as transaction:
        return [tuple(row) for row in transaction.run(EXAMPLES[number - 1].query, parameters)]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_ties_of_a_person(store: Neo4jStore) -> None:
    ((other, tie_type, start, end, reports),) = answers(store, 1, person="person:1")
    assert (other, tie_type, start.iso_format(), end, reports) == ("person:2", "FRIEND_OF", "2024-01-01", None, ["r1"])


def test_agencies_of_ties(store: Neo4jStore) -> None:
    assert answers(store, 2, person="person:1") == [("person:2", "FRIEND_OF", "health", "none", None, None)]


def test_places_near_a_point(store: Neo4jStore) -> None:
    parameters = {"easting": 400_300, "northing": 300_000, "since": "2024-01-01T00:00:00Z"}
    assert answers(store, 3, **parameters) == [("place:park", 1)]


def test_whom_two_people_know(store: Neo4jStore) -> None:
    assert answers(store, 4, first="person:1", second="person:3") == [("person:2", "FRIEND_OF", "SEEN_WITH")]


def test_what_was_believed_before(store: Neo4jStore) -> None:
    ((given_name, family_name, author, _, known_to),) = answers(store, 5, person="person:1")
    assert (given_name, family_name, author) == ("Ana", None, "system")
    assert known_to is not None
