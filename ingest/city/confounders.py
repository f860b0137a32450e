"""What misleads counting: well-recorded adults, professionals, wrong ties, second entries, look-alike names."""

from __future__ import annotations

import numpy as np

from ingest.city.networks import person_links
from ingest.city.reporting import add_reports, random_minutes
from ingest.city.state import PERSON, PLACE, City, Integers, choose, code, entity, mixed
from ingest.city.writing import MINUTES_PER_DAY


def add_super_connectors(city: City) -> None:
    """Adults whom every patrol notes down: dozens of ties to people of all kinds, many of them children."""
    generator, people = city.generator("super connectors"), city.people
    free = people.grown[people.free[people.grown] & (people.age[people.grown] < 60)]
    chosen = free[generator.permutation(len(free))[: city.scale.super_connectors]]
    people.free[chosen] = False
    span = (25, 70) if city.size == "hub" else (40, 130)
    counts = generator.integers(*span, len(chosen))
    adults = np.repeat(chosen, counts)
    rows = len(adults)
    youth = people.youths[choose(generator, people.intensity[people.youths], rows)]
    grown = people.grown[choose(generator, people.intensity[people.grown], rows)]
    other = np.where(generator.random(rows) < 0.35, youth, grown)
    kinds = {"associate_of": 0.4, "seen_with": 0.45, "contacts": 0.15}
    person_links(city, generator, adults, other, kinds, mix="street")
    visits = np.repeat(chosen, generator.integers(5, 25, len(chosen)))
    when = random_minutes(generator, city.first_day, city.today, len(visits))
    places = city.places.meeting[choose(generator, city.places.popularity[city.places.meeting], len(visits))]
    city.link(
        len(visits), "seen_at", source=entity(PERSON, visits), target=entity(PLACE, places),
        start=when // MINUTES_PER_DAY, report=add_reports(city, generator, when, mix="police"),
    )  # fmt: skip
    city.truth.confounders += [(person, "super_connector") for person in chosen.tolist()]


def add_professionals(city: City) -> None:
    """Social workers, teachers and youth workers of many known children; some contact is recorded without the role."""
    generator, people = city.generator("professionals"), city.people
    free = people.grown[people.free[people.grown] & (people.age[people.grown] > 23) & (people.age[people.grown] < 64)]
    chosen = free[generator.permutation(len(free))[: city.scale.professionals]]
    people.free[chosen] = False
    known = np.flatnonzero(people.known)
    counts = generator.integers(8, 26, len(chosen))
    worker = np.repeat(chosen, counts)
    other_child = people.youths[generator.integers(0, len(people.youths), len(worker))]
    child = np.where(
        generator.random(len(worker)) < 0.7, known[generator.integers(0, len(known), len(worker))], other_child
    )
    roles = np.array([city.detail(word) for word in ("social worker", "teacher", "youth worker", "return interviewer")])
    role = roles[generator.integers(0, len(roles), len(chosen))]
    when = random_minutes(generator, city.first_day, city.today, len(worker))
    city.link(
        len(worker), "professional_for", source=entity(PERSON, worker), target=entity(PERSON, child),
        qualifier=np.repeat(role, counts), polarity=code("polarity", "protective"), start=when // MINUTES_PER_DAY,
        report=add_reports(city, generator, when, mix="care", quality="good"),
    )  # fmt: skip
    untyped = generator.random(len(worker)) < 0.12
    kinds = {"seen_with": 0.6, "supports": 0.4}
    person_links(city, generator, worker[untyped], child[untyped], kinds, mix="general")
    city.truth.confounders += [(person, "professional") for person in chosen.tolist()]
    _youth_centres(city, generator, known)


def _youth_centres(city: City, generator: np.random.Generator, known: Integers) -> None:
    """Youth centres that work with known children: many at-risk visitors, and good for them."""
    centres = np.flatnonzero(np.array(city.places.kind[: city.places.first_home]) == code("place_type", "youth_centre"))
    if not len(centres):
        return
    visitors = known[generator.random(len(known)) < 0.35]
    where = centres[generator.integers(0, max(1, len(centres) // 3), len(visitors))]
    when = random_minutes(generator, city.first_day, city.today, len(visitors))
    city.links.add(
        len(visitors), source=entity(PERSON, visitors), target=entity(PLACE, where),
        type=mixed(generator, "link_type", {"feels_safe_at": 0.6, "attends": 0.4}, len(visitors)),
        polarity=code("polarity", "protective"), start=when // MINUTES_PER_DAY,
        report=add_reports(city, generator, when, mix="interview", quality="good"),
    )  # fmt: skip


def add_supporters(city: City) -> None:
    """Trusted adults and friends who keep a child safe: strengths, recorded for a third of the known children."""
    generator, people = city.generator("supporters"), city.people
    known = np.flatnonzero(people.known)
    child = known[generator.random(len(known)) < 0.35]
    parent = people.first[people.household[child]]
    stranger = people.grown[generator.integers(0, len(people.grown), len(child))]
    adult = np.where(generator.random(len(child)) < 0.55, parent, stranger)
    words = np.array([city.detail(word) for word in ("trusted adult", "sports coach", "mentor", "grandparent")])
    when = random_minutes(generator, city.look_back_day, city.today, len(child))
    city.link(
        len(child), "supports", source=entity(PERSON, adult), target=entity(PERSON, child),
        qualifier=words[generator.integers(0, len(words), len(child))], polarity=code("polarity", "protective"),
        start=when // MINUTES_PER_DAY, report=add_reports(city, generator, when, mix="interview", quality="good"),
    )  # fmt: skip


def add_false_ties(city: City) -> None:
    """Wrong ties of the lowest grades, many between ordinary youths and people of concern."""
    generator, people = city.generator("false ties"), city.people
    rows = round(0.012 * len(people) * city.assumptions.false_ties)
    adults = np.array([adult for ring in city.rings for adult in ring.recruiters], dtype=np.int64)
    known = np.flatnonzero(people.known)
    youth = people.youths[choose(generator, people.intensity[people.youths], rows)]
    draw = generator.random(rows)
    other = people.grown[choose(generator, people.intensity[people.grown], rows)]
    other = np.where(draw < 0.45, known[generator.integers(0, len(known), rows)], other)
    if len(adults):
        other = np.where(draw < 0.06, adults[generator.integers(0, len(adults), rows)], other)
    kinds = {"associate_of": 0.45, "seen_with": 0.4, "contacts": 0.15}
    person_links(city, generator, other, youth, kinds, mix="police", quality="poor")


def add_second_entries(city: City) -> None:
    """One event entered by two agencies: the same participants again under a second report."""
    generator = city.generator("second entries")
    kinds = [code("event_type", word) for word in ("incident", "offence", "intelligence")]
    eligible = np.flatnonzero(np.isin(city.events.column("type"), kinds))
    twice = eligible[generator.random(len(eligible)) < 0.08]
    start = city.events.column("start")[twice]
    reports = add_reports(city, generator, start, mix="family", quality="good")
    second = np.full(city.events.rows, -1, dtype=np.int64)
    second[twice] = reports
    event = city.participants.column("event")
    repeated = np.flatnonzero(second[event] >= 0)
    city.participants.add(
        len(repeated), event=event[repeated], entity=city.participants.column("entity")[repeated],
        role=city.participants.column("role")[repeated], report=second[event[repeated]],
    )  # fmt: skip


def give_same_names(city: City) -> None:
    """Pairs of different people with one name, some born in the same year, one of them known to the hub."""
    generator, people = city.generator("same names"), city.people
    known = np.flatnonzero(people.known)
    chosen = known[generator.permutation(len(known))[: max(3, len(known) // 25)]]
    for person in chosen.tolist():
        alike = people.youths[np.abs(people.age[people.youths] - people.age[person]) < 2]
        alike = alike[(people.sex[alike] == people.sex[person]) & (people.household[alike] != people.household[person])]
        alike = alike[~people.known[alike]]
        if len(alike):
            twin = int(alike[int(generator.integers(len(alike)))])
            people.given[twin], people.family[twin] = people.given[person], people.family[person]
            city.truth.confounders.append((twin, "same_name_as_known_child"))
