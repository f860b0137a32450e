"""Towns on squared paper: areas of one kilometre with exposure, events at points, children in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from graph.records import day_number
from graph.snapshot import AreaTables, Snapshot
from tests.analysis.build import AS_AT, Town, days_ago, night

TODAY = day_number(AS_AT)
SIDE = 1_000.0


@dataclasses.dataclass
class Squared:
    """A town with a map. ``cells`` maps the id of an area to its square and exposure."""

    town: Town = dataclasses.field(default_factory=Town)
    cells: dict[str, tuple[int, int, float]] = dataclasses.field(default_factory=dict)
    points: dict[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    #: (area, people) instead of exposure
    population: dict[str, float] = dataclasses.field(default_factory=dict)
    number: int = 0

    def grid(self, width: int, height: int, *, exposure: float = 100.0, prefix: str = "A", east: int = 0) -> None:
        for x in range(width):
            for y in range(height):
                self.cells[f"{prefix}{x}{y}"] = (east + x, y, exposure)

    def event(
        self, area: str, days: int, children: tuple[str, ...] = (), kind: str = "incident", *, at_place: bool = False
    ) -> str:
        """An event in the middle of an area, so many days before the as-at date."""
        x, y, _ = self.cells[area]
        middle = ((x + 0.5) * SIDE, (y + 0.5) * SIDE)
        self.number += 1
        event = self.town.event(f"{area}-{self.number:05d}", kind, night(days, 12))
        if at_place:
            place = self.town.place(f"p-{area}-{self.number:05d}")
            self.points[place] = middle
            self.town.tie(event, place, "occurred_at", reports=())
        else:
            self.points[event] = middle
        for child in children:
            if child not in self.town.nodes:
                self.town.person(child.removeprefix("person:"), age=15)
            self.town.took_part(child, event, "mentioned", reports=())
        return event

    def snapshot(self) -> Snapshot:
        plain = self.town.snapshot()
        easting, northing = plain.nodes.easting.copy(), plain.nodes.northing.copy()
        for node, (x, y) in self.points.items():
            easting[plain.row_of[node]], northing[plain.row_of[node]] = x, y
        ids = tuple(sorted(self.cells))
        shapes = tuple(
            shapely.to_wkb(shapely.box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE))
            for x, y, _ in (self.cells[area] for area in ids)
        )
        years = (day_number(days_ago(1500)), TODAY + 1)
        exposure = tuple((row, self.cells[area][2], *years) for row, area in enumerate(ids))
        people = tuple((ids.index(area), "all", "all", "all", many) for area, many in self.population.items())
        tables = AreaTables(ids, shapes, () if self.population else exposure, people)
        nodes = dataclasses.replace(plain.nodes, easting=easting, northing=northing)
        return dataclasses.replace(plain, nodes=nodes, areas=tables)


def filled(
    seed: int, *, width: int = 5, height: int = 4, mean: float = 30.0, days: int = 1_000, prefix: str = "A",
    east: int = 0, town: Squared | None = None, more: Mapping[str, float] | None = None,
) -> Squared:  # fmt: skip
    """Squares with Poisson counts over the days; ``more`` multiplies what some of them have."""
    generator = np.random.default_rng(seed)
    squared = town or Squared()
    squared.grid(width, height, prefix=prefix, east=east)
    for area in [area for area in sorted(squared.cells) if area.startswith(prefix)]:
        for _ in range(int(generator.poisson(mean * (more or {}).get(area, 1.0)))):
            child = f"person:{prefix}{int(generator.integers(400))}"
            squared.event(area, int(generator.integers(0, days)), (child,))
    return squared


def quick(**parameters: Any) -> dict[str, Any]:
    """Parameters that make a small run quick."""
    return {"permutations": 199, "stability_runs": 0, **parameters}


def plain_json(value: object) -> bool:
    """Whether a value is made of JSON's own kinds only, not of numpy's."""
    if isinstance(value, dict):
        return all(type(key) is str and plain_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(plain_json(item) for item in value)
    return value is None or type(value) in (str, int, float, bool)
