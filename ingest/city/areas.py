"""Incidents over the ground: in proportion to the people at risk there, more in planted areas.

Steady areas have more incidents than their exposure explains through the whole history; emerging ones only in the last
six weeks, against their own past. Counts vary more than Poisson counts would (gamma, by neighbourhood and by month).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.city.reporting import add_reports
from ingest.city.state import PERSON, PLACE, ByArea, City, Integers, choose, code, entity, mixed
from ingest.city.writing import MINUTES_PER_DAY, UNKNOWN

EMERGING_DAYS = 42
_NO_STRAND = "none"


@dataclass(slots=True)
class AreaCluster:
    kind: str
    members: Integers
    relative_risk: float
    first_day: int


def plan_areas(city: City) -> None:
    """Choose neighbourhoods for steady and emerging clusters; none is in two."""
    generator, ground, scale = city.generator("area plan"), city.geography, city.scale
    taken = np.zeros(scale.neighbourhoods, dtype=bool)
    for kind, count in (("steady", scale.steady_clusters), ("emerging", scale.emerging_clusters)):
        for _ in range(count):
            free = np.flatnonzero(~taken)
            middle = int(free[int(generator.integers(len(free)))])
            size = int(generator.integers(2, 6)) if kind == "steady" else int(generator.integers(2, 5))
            around = ground.near(middle, 8)
            members = around[~taken[around]][:size]
            taken[members] = True
            if kind == "steady":
                risk, first = float(generator.uniform(2.0, 3.0)), city.first_day
            else:
                risk, first = float(generator.uniform(4.0, 6.5)), city.today - EMERGING_DAYS
                risk *= 2.0 if city.size == "hub" else 1.0
            city.clusters.append(AreaCluster(kind, members, 1 + (risk - 1) * city.assumptions.area_signal, first))
            for member in members.tolist():
                city.truth.areas.append((member, kind, len(city.clusters), city.clusters[-1].relative_risk, first))


def set_exposure(city: City) -> None:
    """Ambient young people at risk per neighbourhood: those who live there and those who pass its places."""
    ground, people, places, scale = city.geography, city.people, city.places, city.scale
    living = np.bincount(people.neighbourhood[people.youths], minlength=scale.neighbourhoods).astype(float)
    meeting = places.meeting
    passing = np.zeros(scale.neighbourhoods)
    np.add.at(passing, places.neighbourhood[meeting], places.popularity[meeting])
    passing *= 2.5 * living.sum() / passing.sum()
    ground.exposure = (2 + living + passing) * scale.population_factor


def add_incidents(city: City) -> None:
    """Incidents at points and places, with the children and adults named in them."""
    generator, ground, scale = city.generator("incidents"), city.geography, city.scale
    base = ground.exposure / ground.exposure.sum() * scale.incidents
    base = base * generator.gamma(25, 1 / 25, len(base))
    level = base.copy()
    for cluster in city.clusters:
        if cluster.kind == "steady":
            level[cluster.members] *= cluster.relative_risk
    months = round((city.today - city.first_day) / 30.4375)
    by_month = level[:, None] / months * generator.gamma(18, 1 / 18, (len(level), months))
    counts = generator.poisson(by_month)
    area, month = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.reshape(-1), axis=1)
    day = city.first_day + ((month + generator.random(len(area))) * (city.today - city.first_day) / months).astype(int)
    history = city.today - city.first_day
    for cluster in city.clusters:
        if cluster.kind == "emerging":
            extra = generator.poisson(base[cluster.members] * EMERGING_DAYS / history * (cluster.relative_risk - 1))
            area = np.concatenate([area, np.repeat(cluster.members, extra)])
            day = np.concatenate([day, city.today - EMERGING_DAYS + generator.integers(0, EMERGING_DAYS, extra.sum())])
    _write_incidents(city, generator, area, np.minimum(day, city.today - 1))


def _write_incidents(city: City, generator: np.random.Generator, area: Integers, day: Integers) -> None:
    ground, places = city.geography, city.places
    rows = len(area)
    minutes = day * MINUTES_PER_DAY + np.clip(generator.normal(19, 3.5, rows) * 60, 0, 1_439).astype(np.int64)
    points = ground.points(generator, area, spread=20)
    pick = places.nearby.draw(generator, area)
    at_place = (pick >= 0) & (generator.random(rows) < 0.25)
    kinds = {"incident": 0.72, "antisocial_behaviour": 0.18, "police_contact": 0.1}
    strands = {
        "serious_youth_violence": 0.4,
        "criminal_exploitation": 0.35,
        "sexual_exploitation": 0.15,
        "county_lines": 0.1,
    }
    reports = add_reports(city, generator, minutes, mix="street")
    events = city.events.add(
        rows, type=mixed(generator, "event_type", kinds, rows),
        strand=np.where(generator.random(rows) < 0.45, mixed(generator, "strand", strands, rows), -1),
        start=minutes, place=np.where(at_place, entity(PLACE, pick), -1),
        easting=np.where(at_place, UNKNOWN, points[:, 0]), northing=np.where(at_place, UNKNOWN, points[:, 1]),
        report=reports,
    )  # fmt: skip
    _name_people(city, generator, events, reports, area)


def _name_people(
    city: City, generator: np.random.Generator, events: Integers, reports: Integers, area: Integers
) -> None:
    """One to three young people, local ones mostly and known ones more often; an adult in a third of incidents."""
    people = city.people
    count = 1 + choose(generator, np.array([0.6, 0.28, 0.12]), len(events))
    event = np.repeat(events, count)
    report = np.repeat(reports, count)
    where = np.repeat(area, count)
    child = local_youths(city, generator, where)
    known = np.flatnonzero(people.known)
    from_known = generator.random(len(event)) < 0.2
    child[from_known] = known[generator.integers(0, len(known), int(from_known.sum()))]
    exploitation = np.isin(
        city.events.column("strand")[event],
        [code("strand", word) for word in ("criminal_exploitation", "sexual_exploitation", "county_lines")],
    )
    draw = generator.random(len(event))
    victim = (draw < 0.35) & (~exploitation | people.known[child])
    for role, chosen in (
        ("victim", victim), ("witness", ~victim & (draw < 0.55)), ("mentioned", ~victim & (draw >= 0.55)),
    ):  # fmt: skip
        city.take_part(event[chosen], entity(PERSON, child[chosen]), role, report[chosen])
    named = generator.random(len(events)) < 0.3
    prolific = prolific_adults(city)
    suspects = prolific[generator.integers(0, len(prolific), int(named.sum()))]
    others = generator.random(len(suspects)) < 0.3
    suspects[others] = people.grown[generator.integers(0, len(people.grown), int(others.sum()))]
    city.take_part(events[named], entity(PERSON, suspects), "suspect", reports[named])


def prolific_adults(city: City) -> Integers:
    """The one adult in a hundred who is often a suspect, none of them in a ring."""
    generator, people = city.generator("prolific"), city.people
    free = people.grown[people.free[people.grown] & (people.age[people.grown] < 55)]
    return free[generator.permutation(len(free))[: max(8, len(people.grown) // 100)]]


def local_youths(city: City, generator: np.random.Generator, area: Integers) -> Integers:
    """A young person for each area: by recorded intensity from the neighbourhoods around, some from anywhere."""
    people, ground = city.people, city.geography
    youths = people.youths
    near = ground.nearest(5)
    home = near[area, generator.integers(0, near.shape[1], len(area))]
    local = ByArea(people.neighbourhood, youths, people.intensity, len(ground.centres)).draw(generator, home)
    anywhere = youths[choose(generator, people.intensity[youths], len(area))]
    result: Integers = np.where((local >= 0) & (generator.random(len(area)) < 0.8), local, anywhere)
    return result
