"""Real published formats, read through the mapping files of ``examples/mappings`` from the public data folder."""

from __future__ import annotations

from pathlib import Path

import neo4j
import orjson
import pytest
import shapely

from graph.open import open_store
from graph.records import RecordKind
from graph.store import Store
from ingest.load import LoadOptions, LoadResult, load
from tests.ingest.recording_store import RecordingStore

_MAPPINGS = tuple(sorted((Path(__file__).parents[2] / "examples" / "mappings").glob("*.yaml")))
_FILES = (
    "geo/gm_ward_2023_super_generalised.geojson",
    "gias/trafford_schools_and_colleges.csv",
    "places/trafford_fast_food_outlets.csv",
    "police/2019-06-greater-manchester-stop-and-search.csv",
    "ssda903/header.csv",
    "ssda903/episodes.csv",
    "ssda903/missing.csv",
)
#: as the README of the data says; 498 different points, 10 searches without one
_COUNTS = {
    RecordKind.LOCALITY: 215,
    RecordKind.SCHOOL: 103,
    RecordKind.PLACE: 291 + 498,
    RecordKind.PERSON: 2_675,
    RecordKind.EPISODE: 5_050,
    RecordKind.EVENT: 907 + 43,
    RecordKind.PARTICIPATION: 43,
    RecordKind.REPORT: 5_050 + 43 + 43,
}


def load_all(data: Path, store: Store) -> LoadResult:
    return load([data / name for name in _FILES], store, LoadOptions(mappings=_MAPPINGS))


def filled(store: Store) -> dict[RecordKind, int]:
    return {kind: count for kind, count in store.counts().items() if count and kind in _COUNTS}


@pytest.fixture
def loaded(shared_data: Path) -> RecordingStore:
    store = RecordingStore()
    load_all(shared_data, store.contract())
    return store


def test_every_row_becomes_the_records_that_the_mapping_says(loaded: RecordingStore) -> None:
    assert filled(loaded.contract()) == _COUNTS


def test_missing_and_away_without_authorisation_are_kept_apart(loaded: RecordingStore) -> None:
    details = [row[2] for row in loaded.records[RecordKind.EVENT].values() if row[1] == "missing_episode"]
    assert (details.count("M"), details.count("A")) == (19, 24)


def test_anonymous_points_of_the_police_are_areas_and_not_premises(loaded: RecordingStore) -> None:
    points = [row for key, row in loaded.records[RecordKind.PLACE].items() if "police-point" in key]
    assert {(row[2], row[5]) for row in points} == {("area", "area")}


def test_searches_without_a_point_are_kept_without_a_place(loaded: RecordingStore) -> None:
    events = [row for row in loaded.records[RecordKind.EVENT].values() if row[1] == "stop_and_search"]
    assert sum(row[6] is None for row in events) == 10


def test_sex_is_read_in_the_old_code(loaded: RecordingStore) -> None:
    sexes = [row[6] for row in loaded.records[RecordKind.PERSON].values()]
    assert (sexes.count("M"), sexes.count("F")) == (1_333, 1_342)


def test_wards_lie_where_the_publisher_says(loaded: RecordingStore, shared_data: Path) -> None:
    document = orjson.loads((shared_data / _FILES[0]).read_bytes())
    stated = {feature["properties"]["area_code"]: feature["properties"]["area"] for feature in document["features"]}
    for key, row in loaded.records[RecordKind.LOCALITY].items():
        assert isinstance(row[5], bytes)
        # outlines are generalised, so their area differs somewhat from the stated one
        assert shapely.from_wkb(row[5]).area == pytest.approx(stated[key], rel=0.2)


def test_the_same_files_again_change_nothing(shared_data: Path) -> None:
    store = RecordingStore()
    load_all(shared_data, store.contract())
    assert load_all(shared_data, store.contract()).report.outcome == "unchanged"


def test_the_public_data_goes_into_sqlite(shared_data: Path, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'kith.sqlite'}") as store:
        load_all(shared_data, store)
        assert filled(store) == _COUNTS


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_public_data_goes_into_neo4j(shared_data: Path, neo4j_server: tuple[str, str, str]) -> None:
    url, user, password = neo4j_server
    with neo4j.GraphDatabase.driver(url, auth=(user, password)) as driver, driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()
    with open_store(url, user=user, password=password) as store:
        load_all(shared_data, store)
        assert filled(store) == _COUNTS
