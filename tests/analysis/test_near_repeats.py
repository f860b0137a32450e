"""Runs of occasions near one place: what counts, what does not, and chance."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from scipy import stats

from analysis.near_repeat import count_each, reach_of
from analysis.near_repeats import SPEC, detect
from analysis.near_repeats_evidence import Local, _soon_by_rank, occasions_of, weigh
from analysis.run import checked, run
from analysis.spec import Detector, quiet
from graph.flags import Band, Flag
from graph.snapshot import AreaTables, Snapshot
from tests.analysis.build import Town, night

THIS = Detector(SPEC, detect)
ALL: dict[str, Any] = {"largest_share_by_chance": 1, "stability_runs": 0, "permutations": 19, "recent_days": 400}


class Map:
    """A town whose places have points."""

    def __init__(self) -> None:
        self.town = Town()
        self.points: dict[str, tuple[float, float]] = {}

    def place(self, key: str, x: float, y: float = 0.0, kind: str = "park") -> str:
        place = self.town.place(key, kind)
        self.points[place] = (x, y)
        return place

    def found(self, key: str, place: str, days: int, *, child: str | None = None, hour: float = 21.0) -> None:
        child = child or self.town.person(f"c{key}", age=14)
        self.town.missing(key, child, night(days, hour), hours=2, found=place)

    def elsewhere(self, many: int, seed: int = 1) -> None:
        """Children found all over the map through the year, far from each other."""
        generator = np.random.default_rng(seed)
        for at in range(many):
            place = self.place(f"far{at}", 10_000.0 + 5_000.0 * at)
            self.found(f"far{at}", place, int(generator.integers(1, 360)))

    def snapshot(self, **areas: Any) -> Snapshot:
        made = self.town.snapshot()
        easting, northing = made.nodes.easting.copy(), made.nodes.northing.copy()
        for node, (x, y) in self.points.items():
            easting[made.row_of[node]], northing[made.row_of[node]] = x, y
        nodes = replace(made.nodes, easting=easting, northing=northing)
        return replace(made, nodes=nodes, **areas)

    def ask(self, seed: int = 1, **parameters: Any) -> tuple[Flag, ...]:
        return run(THIS, self.snapshot(), {**ALL, **parameters}, seed).flags


def park(days: tuple[int, ...] = (5, 8, 11, 15), background: int = 30) -> Map:
    """Different children found at one park on these days, and others elsewhere."""
    made = Map()
    place = made.place("park", 500.0)
    for at, ago in enumerate(days):
        made.found(f"p{at}", place, ago)
    made.elsewhere(background)
    return made


def score(flag: Flag) -> float:
    value = flag.details["score"]
    assert isinstance(value, float)
    return value


def local(made: Map, kind: str = "found", **parameters: Any) -> Local:
    chosen = checked(THIS, {**ALL, **parameters})
    found = weigh(occasions_of(made.snapshot(), kind, chosen), chosen, np.random.default_rng(1), quiet)
    assert found is not None
    return found


def test_a_run_is_found_with_its_place_as_subject() -> None:
    (flag,) = park().ask(largest_share_by_chance=0.05)
    assert flag.subjects == ("place:park",) and flag.details["observed"] == 3


def test_the_score_by_hand() -> None:
    """Four occasions within 10 days and 30 in other months: 3 near the first, 3 of 33 others soon: 0.27 expected."""
    made = Map()
    place = made.place("park", 500.0)
    for at, ago in enumerate((5, 8, 11, 15)):
        made.found(f"p{at}", place, ago)
    for at in range(30):
        made.found(f"far{at}", made.place(f"far{at}", 10_000.0 + 5_000.0 * at), 60 + 10 * at)
    (flag,) = made.ask()
    assert flag.details["expected"] == pytest.approx(3 * 3 / 33)
    assert score(flag) == pytest.approx(-math.log10(float(stats.poisson.sf(2, 9 / 33))), abs=1e-9)
    assert round(score(flag), 1) == 2.6


def test_contributions_add_up_and_nobody_is_named() -> None:
    (flag,) = park().ask(largest_share_by_chance=0.05)
    assert sum(reason.contribution for reason in flag.reasons) == pytest.approx(score(flag), abs=1e-9)
    assert not any("person:" in reason.text or reason.ties for reason in flag.reasons)
    assert "person:" not in str(flag.details)


def test_the_same_child_again_counts_once_and_it_is_said() -> None:
    made = park()
    made.found("again", "place:park", 13, child="person:cp3")
    (before,), (after,) = park().ask(largest_share_by_chance=0.05), made.ask(largest_share_by_chance=0.05)
    assert score(after) == pytest.approx(score(before))
    assert any(len(reason.events) == 2 for reason in after.reasons)
    assert "1 further occasion of the same people" in str(after.details["not_known"])


def test_one_child_alone_makes_no_run() -> None:
    alone = Map()
    place, child = alone.place("park", 500.0), alone.town.person("one", age=14)
    for at in range(5):
        alone.found(f"p{at}", place, 5 + 3 * at, child=child)
    alone.elsewhere(30)
    assert alone.ask() == ()


def test_children_found_together_are_one_occasion() -> None:
    made = park((5, 8, 11))
    made.found("friend", "place:park", 8, hour=22)
    occasions = occasions_of(made.snapshot(), "found", checked(THIS, ALL))
    assert len(occasions) == 3 + 30
    assert sorted(np.diff(occasions.start).tolist())[-1] == 2


@pytest.mark.parametrize("kind", ["home_address", "childrens_home", "police_station"])
def test_homes_placements_and_police_stations_are_left_out(kind: str) -> None:
    made = park()
    made.place("park", 500.0, kind=kind)
    assert len(occasions_of(made.snapshot(), "found", checked(THIS, ALL))) == 30


def test_too_far_or_too_late_is_no_repeat() -> None:
    far = Map()
    for at in range(4):
        far.found(f"p{at}", far.place(f"p{at}", 201.0 * at), 5 + 3 * at)
    far.elsewhere(30)
    assert far.ask() == ()
    assert park((5, 20, 35, 50)).ask() == ()


def test_incidents_of_one_kind_only() -> None:
    """Two incidents and two reports of antisocial behaviour are no run."""
    made = Map()
    place = made.place("park", 500.0)
    for at, kind in enumerate(("incident", "antisocial_behaviour") * 2):
        event = made.town.event(f"e{at}", kind, night(5 + 2 * at))
        made.town.tie(event, place, "occurred_at")
    for at in range(15):
        for kind in ("incident", "antisocial_behaviour"):
            far = made.place(f"{kind}{at}", 9_000.0 + 5_000.0 * at)
            made.town.tie(made.town.event(f"{kind}{at}", kind, night(20 + 20 * at)), far, "occurred_at")
    assert made.ask() == ()
    assert len(local(made, "incident").occasions) == 17


def test_an_event_with_a_point_only_has_its_locality_as_subject() -> None:
    made = Map()
    for at in range(5):
        made.points[made.town.event(f"e{at}", "incident", night(5 + 2 * at))] = (500.0 + at, 0.0)
    for at in range(20):
        made.points[made.town.event(f"f{at}", "incident", night(30 + 15 * at))] = (9_000.0 + 5_000 * at, 0.0)
    boxes = tuple(
        bytes(shapely.to_wkb(shapely.MultiPolygon([shapely.box(-size, -size, size, size)]))) for size in (9_000, 1_000)
    )
    snapshot = made.snapshot(areas=AreaTables(("city", "ward"), boxes, (), ()))
    (flag,) = run(THIS, snapshot, {**ALL, "largest_share_by_chance": 0.1}, 1).flags
    assert flag.subjects == ("locality:ward",) and flag.details["locality_ids"] == ["ward"]


def test_old_runs_are_not_listed() -> None:
    old = park((105, 108, 111, 115))
    assert old.ask(recent_days=60, largest_share_by_chance=0.05) == ()
    assert len(old.ask(recent_days=200, largest_share_by_chance=0.05)) == 1


def test_what_is_soon_after_each_other_is_counted_as_by_comparing() -> None:
    generator = np.random.default_rng(4)
    for _ in range(20):
        days = generator.integers(0, 60, 40) / 2.0
        ranks, reach = reach_of(days, 3.0)
        plain = (np.abs(days[:, None] - days[None, :]) <= 3.0).sum(axis=1) - 1
        assert _soon_by_rank(reach)[ranks].tolist() == plain.tolist()
        pairs = np.array([(i, j) for i in range(40) for j in range(i)])
        assert count_each(pairs[:, 0], pairs[:, 1], ranks, reach).tolist() == plain.tolist()


def test_places_and_days_at_random_are_rarely_a_run() -> None:
    """Negative control: twelve patterns of busy and quiet places without interaction; corrected p of .05 in one."""
    listed = 0
    for seed in range(12):
        generator, made = np.random.default_rng(seed), Map()
        for at in range(12):
            made.place(f"s{at}", 1_000.0 * at)
        for at in range(120):
            busy = int(12 * generator.random() ** 3)
            made.found(f"n{at}", f"place:s{busy}", int(generator.integers(1, 360)))
        listed += any(flag.band is not Band.SLIGHT for flag in made.ask(permutations=99))
    assert listed <= 3


def test_stability_is_the_share_of_repeats_in_which_it_is_there_again() -> None:
    (flag,) = park((5, 7, 9, 11, 13, 15)).ask(largest_share_by_chance=0.05, stability_runs=20)
    assert flag.stability is not None and flag.stability > 0.5


def test_the_same_seed_gives_the_same_flags() -> None:
    assert park().ask(3, stability_runs=5) == park().ask(3, stability_runs=5)


def test_few_records_give_no_flags() -> None:
    assert park(background=2).ask() == ()
