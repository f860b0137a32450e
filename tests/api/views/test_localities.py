"""The locality map: no small number, no overlapping areas, nothing that is not escaped."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as some

from api.views.localities import LocalityRow, LocalityTable, levels_of, locality_svg, locality_table, usual_level
from graph.access.redact import suppressed_count
from graph.model import Locality
from graph.open import open_store
from graph.store import Lens
from tests.conformance.factories import blocks, day, event, note, participation, person, second

HERE = shapely.to_wkb(shapely.MultiPolygon([shapely.box(0, 0, 1_000, 1_000)]))
THERE = shapely.to_wkb(shapely.MultiPolygon([shapely.box(1_000, 0, 2_000, 1_000)]))


def area(key: str, boundary: bytes = HERE, kind: str = "ward", name: str = "Moss") -> Locality:
    return Locality(id=key, name=name, locality_type=kind, authority_code=None, vintage=None, boundary_wkb=boundary)


@given(some.integers(0, 10_000))
def test_no_shown_count_lies_between_one_and_five_or_is_exact(count: int) -> None:
    shown = suppressed_count(count)
    assert shown is None or shown == 0 or (shown >= 5 and shown % 5 == 0)
    assert (shown is None) == (1 <= count <= 5)


def counted(folder: Path, children: int, *, suspects: int = 0, adults: int = 0) -> LocalityTable:
    """The table of one area in which so many children, suspects and adults are in an incident."""
    people = children + suspects + adults
    records = []
    for number in range(people):
        born = day("1980-01-01" if number >= children + suspects else "2012-01-01")
        role = "suspect" if children <= number < children + suspects else "victim"
        records += [
            person(str(number), birth_day=born, birth_precision="day"),
            event(str(number), started_at=second("2026-05-01T12:00:00"), easting=500.0, northing=500.0),
            participation(f"event:{number}", f"person:{number}", role),
        ]
    with contextlib.closing(open_store(f"sqlite:///{folder / 'kith.db'}", migrate=True)) as store:
        store.write(blocks(records), note())
        snapshot = store.snapshot(Lens(as_at=dt.date(2026, 6, 1)))
        return locality_table(snapshot, [area("a"), area("b", THERE)])


@pytest.mark.parametrize(
    ("children", "cell"), [(0, "0"), (1, "fewer than 6"), (5, "fewer than 6"), (6, "about 5"), (13, "about 15")]
)
def test_children_are_counted_and_rounded(children: int, cell: str, tmp_path: Path) -> None:
    here, there = counted(tmp_path, children).rows
    assert here.cells[1] == cell
    assert there.cells == ("0", "0", "0")


def test_suspects_and_adults_are_not_counted_as_children_harmed(tmp_path: Path) -> None:
    assert counted(tmp_path, 0, suspects=8, adults=9).rows[0].cells == ("0", "0", "0")


def test_areas_of_two_kinds_are_not_put_on_one_map() -> None:
    levels = levels_of([area("city", kind="district"), area("w1"), area("w2")])
    assert {kind: len(areas) for kind, areas in levels.items()} == {"district": 1, "ward": 2}
    assert usual_level(levels) == "ward"


def test_a_single_kind_of_area_is_shown_even_when_alone() -> None:
    assert usual_level(levels_of([area("city", kind="district")])) == "district"
    assert usual_level({}) is None


def table(*shades: int | None, names: tuple[str, ...] = ()) -> LocalityTable:
    rows = [LocalityRow(str(n), names[n] if names else f"Area {n}", ("0",), shade) for n, shade in enumerate(shades)]
    return LocalityTable(("Children",), tuple(rows))


def test_areas_with_records_come_most_first_and_empty_ones_are_only_named() -> None:
    found = table(0, 10, None, 25)
    assert [row.id for row in found.with_records] == ["3", "1", "2"]
    assert found.without_records == ("Area 0",)


def test_names_in_the_picture_are_text() -> None:
    name = "<script>alert(1)</script>"
    picture = locality_svg(table(10, names=(name,)), [area("a", name=name)])
    root = ElementTree.fromstring(picture)
    assert root.find(".//title").text == f"{name}: about 10 children"  # type: ignore[union-attr]
    assert "<script" not in picture


def test_a_name_that_does_not_fit_its_area_is_left_to_the_table() -> None:
    narrow = shapely.to_wkb(shapely.MultiPolygon([shapely.box(1_000, 0, 1_020, 1_000)]))
    picture = locality_svg(table(10, 10, names=("Moss", "Brackenthwaite")), [area("a"), area("b", narrow)])
    assert re.findall(r"aria-hidden=\"true\">([^<]*)<", picture) == ["Moss"]
