from __future__ import annotations

import json
import math

import pytest

from graph.model import Event, Location, NodeId, NodeRecord, Person, Place, School
from viz.geo import feature_collection, features

# Ordnance Survey's worked example of the National Grid: Caister water tower
TOWER = Location(651409.903, 313177.270)


def test_coordinates_are_longitude_and_latitude() -> None:
    (feature,), without = features([Place(NodeId("place:1"), location=TOWER)], {"place:1": {"name": "Tower"}})
    longitude, latitude = feature["geometry"]["coordinates"]
    # 52°39'28.72" N, 1°42'57.79" E on ETRS89, within the few metres of a transformation without grid file
    assert math.isclose(longitude, 1.716053, abs_tol=6e-5)
    assert math.isclose(latitude, 52.657978, abs_tol=6e-5)
    assert without == 0


def test_people_and_places_without_location_are_counted_not_placed() -> None:
    records: list[NodeRecord] = [
        Person(NodeId("person:1")),
        Place(NodeId("place:2")),
        School(NodeId("school:3"), location=TOWER),
    ]
    found, without = features(records, {"school:3": {}})
    assert [feature["id"] for feature in found] == ["school:3"]
    assert without == 2


@pytest.mark.parametrize(
    "record", [School(NodeId("school:3"), location=TOWER), Event(NodeId("event:4"), "incident", location=TOWER)]
)
def test_schools_and_events_have_places_too(record: School | Event) -> None:
    found, _ = features([record], {str(record.id): {}})
    assert found[0]["geometry"]["type"] == "Point"


def test_the_precision_of_a_place_goes_along() -> None:
    found, _ = features([Place(NodeId("place:1"), location=TOWER, precision="street")], {"place:1": {}})
    assert found[0]["properties"]["precision"] == "street"


def test_an_empty_map_is_an_empty_collection() -> None:
    body = json.loads(feature_collection([], {}, {"serial": "K-1"}))
    assert (body["type"], body["features"], body["kith"]["serial"]) == ("FeatureCollection", [], "K-1")
