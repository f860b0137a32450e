"""Areas with the people at risk in them, and which events lie where."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from analysis.areas import Areas, covered_areas, locate, smoothed_ratio
from analysis.areas_events import GROUPS, children_in, incidents, without_place
from graph.snapshot import AreaTables
from tests.analysis.area_towns import TODAY, Squared
from tests.analysis.build import days_ago, night

YEAR = TODAY - 365


def areas_of(squared: Squared) -> Areas:
    found = covered_areas(squared.snapshot(), YEAR, TODAY)
    assert found is not None
    return found


def square(width: int = 3, height: int = 3) -> Squared:
    squared = Squared()
    squared.grid(width, height)
    return squared


def test_areas_without_exposure_or_people_are_not_covered() -> None:
    squared = square()
    squared.cells["A00"] = (0, 0, 0.0)
    assert "A00" not in areas_of(squared).ids
    assert covered_areas(Squared().snapshot(), YEAR, TODAY) is None


def test_recorded_population_stands_in_for_exposure() -> None:
    squared = square()
    squared.population = {"A00": 30.0, "A01": 20.0}
    found = areas_of(squared)
    assert (found.ids, found.at_risk.tolist(), found.ambient) == (("A00", "A01"), [30.0, 20.0], False)


def test_exposures_are_weighted_by_the_days_they_share_with_the_period() -> None:
    snapshot = square(1, 1).snapshot()
    table = ((0, 10.0, TODAY - 99, TODAY - 49), (0, 40.0, TODAY - 49, TODAY + 1), (0, 999.0, 0, 5))
    changed = dataclasses.replace(snapshot, areas=dataclasses.replace(snapshot.areas, exposure=table))
    found = covered_areas(changed, TODAY - 99, TODAY)
    assert found is not None and found.at_risk.tolist() == [pytest.approx(25.0)]


def test_an_exposure_of_another_time_is_better_than_none() -> None:
    snapshot = square(1, 1).snapshot()
    table = ((0, 10.0, 0, 5), (0, 20.0, 5, 9))
    changed = dataclasses.replace(snapshot, areas=dataclasses.replace(snapshot.areas, exposure=table))
    found = covered_areas(changed, YEAR, TODAY)
    assert found is not None and found.at_risk.tolist() == [20.0]


def test_of_layers_on_one_another_the_finer_is_used() -> None:
    squared = square()
    snapshot = squared.snapshot()
    whole = shapely.to_wkb(shapely.box(0, 0, 3_000, 3_000))
    tables = snapshot.areas
    both = AreaTables((*tables.ids, "Z"), (*tables.boundaries, whole), (*tables.exposure, (9, 900.0, 0, TODAY + 1)), ())
    found = covered_areas(dataclasses.replace(snapshot, areas=both), YEAR, TODAY)
    assert found is not None and found.ids == tables.ids


def test_a_snapshot_of_a_locality_has_the_areas_inside_it_and_one_of_an_operation_none() -> None:
    squared = square()
    snapshot = squared.snapshot()
    half = shapely.to_wkb(shapely.box(0, 0, 1_000, 3_000))
    tables = dataclasses.replace(
        snapshot.areas, ids=(*snapshot.areas.ids, "Z"), boundaries=(*snapshot.areas.boundaries, half)
    )
    part = covered_areas(dataclasses.replace(snapshot, areas=tables, scope="locality:Z"), YEAR, TODAY)
    assert part is not None and part.ids == ("A00", "A01", "A02")
    assert covered_areas(dataclasses.replace(snapshot, areas=tables, scope="operation:1"), YEAR, TODAY) is None


def test_regions_are_areas_that_touch() -> None:
    squared = square(2, 1)
    squared.grid(2, 1, prefix="B", east=20)
    found = areas_of(squared)
    assert found.region[0] == found.region[1] != found.region[2] == found.region[3]


def test_only_the_middle_of_nine_squares_is_off_the_edge() -> None:
    found = areas_of(square())
    assert [area for area, edge in zip(found.ids, found.edge, strict=True) if not edge] == ["A11"]
    assert found.touching.sum(axis=1).tolist() == [4, 6, 4, 6, 9, 6, 4, 6, 4]


def test_points_lie_in_their_square_or_the_first_on_a_boundary_or_nowhere() -> None:
    found = areas_of(square())
    x = np.array([500.0, 1_000.0, 2_999.0, 3_001.0, np.nan])
    y = np.array([500.0, 500.0, 2_500.0, 100.0, 1.0])
    assert locate(found, x, y).tolist() == [0, 0, 8, -1, -1]


@given(st.lists(st.tuples(st.floats(-500, 3_500), st.floats(-500, 3_500)), max_size=40))
def test_every_point_is_where_a_plain_search_puts_it(points: list[tuple[float, float]]) -> None:
    found = areas_of(square())
    xy = np.array(points).reshape(-1, 2)
    plain = [
        next((row for row, shape in enumerate(found.shapes) if shapely.intersects_xy(shape, *point)), -1)
        for point in points
    ]
    assert locate(found, xy[:, 0], xy[:, 1]).tolist() == plain


def test_the_smoothed_ratio_solved_on_paper() -> None:
    """10 of 5 and 0 of 5: mean 1, squared deviation 1, of which 1 / 5 is chance; so 1 +- 0.8 / (0.8 + 0.2)."""
    assert smoothed_ratio(np.array([10.0, 0.0]), np.array([5.0, 5.0])) == pytest.approx([1.8, 0.2])


def test_small_areas_are_drawn_to_the_whole() -> None:
    ratio = smoothed_ratio(np.array([20.0, 2.0, 5.0, 8.0]), np.array([10.0, 1.0, 10.0, 14.0]))
    assert 1 < ratio[1] < ratio[0] < 2


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0.1, 50)), min_size=2, max_size=20))
def test_smoothing_lies_between_the_area_and_the_whole(rows: list[tuple[int, float]]) -> None:
    observed, expected = np.array([float(many) for many, _ in rows]), np.array([mean for _, mean in rows])
    whole, raw = observed.sum() / expected.sum(), observed / expected
    smoothed = smoothed_ratio(observed, expected)
    assert (smoothed >= np.minimum(raw, whole) - 1e-9).all() and (smoothed <= np.maximum(raw, whole) + 1e-9).all()


def test_events_lie_at_their_own_point_or_at_their_place() -> None:
    squared = square()
    squared.event("A00", 10)
    squared.event("A11", 10, at_place=True)
    squared.town.event("nowhere", "incident", night(10))
    snapshot = squared.snapshot()
    found = incidents(snapshot, areas_of(squared), ("harm",), YEAR, TODAY)
    assert found.area.tolist() == [0, 4]
    assert without_place(snapshot, found, ("harm",), YEAR, TODAY) == 1


def test_kinds_and_days_that_are_not_asked_for_do_not_count() -> None:
    squared = square()
    squared.event("A00", 10, kind="intelligence")
    squared.event("A00", 400)
    squared.event("A00", -3)
    squared.event("A00", 20, kind="police_contact")
    snapshot, areas = squared.snapshot(), areas_of(squared)
    assert len(incidents(snapshot, areas, ("harm",), YEAR, TODAY)) == 0
    assert len(incidents(snapshot, areas, ("harm", "police", "information"), YEAR, TODAY)) == 2


def test_where_children_were_found_and_went_missing_from_are_told_apart() -> None:
    squared = square()
    child = squared.town.person("c", age=15)
    for name, area in (("here", "A00"), ("there", "A22")):
        squared.points[squared.town.place(name)] = tuple(500.0 + 1_000 * at for at in squared.cells[area][:2])  # type: ignore[assignment]
    squared.town.missing("m", child, night(9), found="place:there", origin="place:here")
    found = incidents(squared.snapshot(), areas_of(squared), ("found", "missing_from"), YEAR, TODAY)
    assert {GROUPS[group]: area for group, area in zip(found.group, found.area, strict=True)} == {
        "found": 8, "missing_from": 0,
    }  # fmt: skip


def test_versions_of_one_missing_episode_count_once() -> None:
    squared = square()
    child = squared.town.person("c", age=15)
    squared.points[squared.town.place("there")] = (500.0, 500.0)
    squared.town.missing("police", child, night(9), found="place:there")
    squared.town.missing("care", child, night(9, 22), found="place:there")
    assert len(incidents(squared.snapshot(), areas_of(squared), ("found",), YEAR, TODAY)) == 1


def test_children_are_people_under_18_who_are_not_there_for_work() -> None:
    squared = square()
    event = squared.event("A00", 10, ("person:c1", "person:c2"))
    adult = squared.town.person("a", age=30)
    squared.town.took_part(adult, event, "suspect", start=days_ago(10))
    snapshot, areas = squared.snapshot(), areas_of(squared)
    part = children_in(snapshot, incidents(snapshot, areas, ("harm",), YEAR, TODAY))
    assert sorted(str(snapshot.node_id(row)) for row in part.indices.tolist()) == ["person:c1", "person:c2"]
