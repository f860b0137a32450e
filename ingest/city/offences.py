"""Offences: the party, boyfriend and lone-offender shapes, and ordinary ones that look a little like them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ingest.city.areas import prolific_adults
from ingest.city.networks import ordinary_places
from ingest.city.reporting import add_reports, random_minutes
from ingest.city.rings import KNOWN
from ingest.city.state import PERSON, PLACE, City, Integers, code, entity
from ingest.city.writing import MINUTES_PER_DAY

YEAR_DAYS = 360
#: probability that a suspect who took part was recorded
RECORDED = 0.8


class Offences:
    """Collects offences and their people before writing."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.generator = city.generator("offences")
        self.pattern = 0
        people = city.people
        adults = people.grown[(people.age[people.grown] < 60) & people.free[people.grown]]
        self.adults: Iterator[int] = iter(self.generator.permutation(adults).tolist())
        known = np.flatnonzero(people.known & (people.age < 18))
        ring_children = {child for ring in city.rings for child in ring.children}
        outside = [child for child in self.generator.permutation(known).tolist() if child not in ring_children]
        self.victims: Iterator[int] = iter(outside)

    def adult(self) -> int:
        person = next(self.adults)
        self.city.people.free[person] = False
        return person

    def offence(self, victim: int, suspects: list[int], minutes: int, strand: str | int, detail: str) -> int:
        """One offence with a victim and the recorded suspects; returns the event number."""
        city, generator = self.city, self.generator
        when = np.array([minutes])
        report = add_reports(city, generator, when, mix="police", quality="good")
        place = ordinary_places(city, generator, np.array([victim]))
        number = strand if isinstance(strand, int) else code("strand", strand)
        event = city.events.add(
            1, type=code("event_type", "offence"), detail=city.detail(detail), strand=number, start=when,
            place=entity(PLACE, place) if generator.random() < 0.5 else -1, report=report,
        )  # fmt: skip
        city.take_part(event, entity(PERSON, np.array([victim])), "victim", report)
        if suspects:
            role = "convicted" if generator.random() < 0.1 else "suspect"
            city.take_part(np.repeat(event, len(suspects)), entity(PERSON, np.array(suspects)), role, report)
        return int(event[0])

    def recorded(self, suspects: list[int]) -> list[int]:
        kept = [person for person in suspects if self.generator.random() < RECORDED]
        return kept or suspects[:1]

    def times(self, count: int, within: int = YEAR_DAYS) -> list[int]:
        first = self.city.today - YEAR_DAYS + int(self.generator.integers(0, max(1, YEAR_DAYS - within)))
        return sorted(random_minutes(self.generator, first, min(first + within, self.city.today), count).tolist())

    def plant(self, shape: str, victim: int, suspects: list[int], events: list[int], ring: int = -1) -> None:
        city = self.city
        city.truth.patterns.append((self.pattern, shape, victim, tuple(suspects), ring))
        for event in events:
            city.truth.pattern_events.append((self.pattern, event))
        for suspect in suspects:
            if ring < 0:
                city.truth.associates.append((suspect, -1, f"suspect_{shape}", 0))
        self.pattern += 1


def add_offences(city: City) -> None:
    """Plant the patterns, then ordinary offences around them."""
    offences = Offences(city)
    for number in range(city.scale.patterns):
        _party(offences, number)
        _boyfriend(offences)
        _lone(offences)
    _ordinary(offences)


def _party(offences: Offences, number: int) -> None:
    """Several suspects who know each other: in one event, or one after another within thirty days."""
    city, generator = offences.city, offences.generator
    rings = [ring for ring in city.rings if len(ring.recruiters) >= 2]
    ring = rings[number % len(rings)] if rings and generator.random() < 0.6 else None
    if ring is not None:
        suspects = list(ring.recruiters)
        candidates = ring.of(KNOWN)
        victim = candidates[int(generator.integers(len(candidates)))] if candidates else next(offences.victims)
    else:
        suspects = [offences.adult() for _ in range(int(generator.integers(3, 6)))]
        victim = next(offences.victims)
        pairs = [(a, b) for i, a in enumerate(suspects) for b in suspects[i + 1 :] if generator.random() < 0.7]
        if pairs:
            when = random_minutes(generator, city.first_day, city.today, len(pairs))
            left, right = np.array(pairs, dtype=np.int64).T
            city.link(
                len(pairs), "associate_of", source=entity(PERSON, left), target=entity(PERSON, right),
                start=when // MINUTES_PER_DAY, report=add_reports(city, generator, when, mix="police"),
            )  # fmt: skip
    strand = "sexual_exploitation"
    if len(suspects) < 3 or generator.random() < 0.6:
        times = offences.times(1 + int(generator.random() < 0.3))
        events = [offences.offence(victim, offences.recorded(suspects), at, strand, "sexual offence") for at in times]
    else:
        events = [
            offences.offence(victim, [suspect], at, strand, "sexual offence")
            for suspect, at in zip(suspects, offences.times(len(suspects), 28), strict=True)
        ]
    offences.plant("party", victim, suspects, events, -1 if ring is None else ring.number)


def _boyfriend(offences: Offences) -> None:
    """One adult, one child, again and again."""
    city, generator = offences.city, offences.generator
    victim, suspect = next(offences.victims), offences.adult()
    events = []
    for at in offences.times(int(generator.integers(3, 7))):
        named = [suspect] if generator.random() < 0.92 else []
        events.append(offences.offence(victim, named, at, "sexual_exploitation", "sexual offence"))
    when = random_minutes(generator, city.today - YEAR_DAYS, city.today, 1)
    if generator.random() < 0.6:
        city.link(
            1, "contacts", source=entity(PERSON, suspect), target=entity(PERSON, victim),
            start=when // MINUTES_PER_DAY, report=add_reports(city, generator, when, mix="general"),
        )  # fmt: skip
    offences.plant("boyfriend", victim, [suspect], events)


def _lone(offences: Offences) -> None:
    """Three or more adults without any tie to each other, one offence each."""
    generator = offences.generator
    victim = next(offences.victims)
    suspects = [offences.adult() for _ in range(int(generator.integers(3, 6)))]
    events = [
        offences.offence(victim, [suspect], at, "sexual_exploitation", "sexual offence")
        for suspect, at in zip(suspects, offences.times(len(suspects)), strict=True)
    ]
    offences.plant("lone_offenders", victim, suspects, events)


def _ordinary(offences: Offences) -> None:
    """Single offences of exploitation, violence in families, robberies by two, and everything else."""
    city, generator = offences.city, offences.generator
    people = city.people
    single = max(4, city.scale.patterns * 3)
    for victim in list(offences.victims)[:single]:
        for at in offences.times(1):
            offences.offence(victim, [offences.adult()], at, "sexual_exploitation", "sexual offence")
    families = np.flatnonzero(people.children > 0)
    for family in families[generator.permutation(len(families))[: max(3, city.scale.patterns)]].tolist():
        adult = int(people.first[family])
        child = adult + int(people.adults[family])
        for at in offences.times(int(generator.integers(2, 5))):
            offences.offence(child, [adult], at, -1, "violence in the family")
    _bulk(city, generator)


def _bulk(city: City, generator: np.random.Generator) -> None:
    """Violence, theft and robbery: a victim of any age and one suspect or two, none of it exploitation."""
    people = city.people
    rows = city.scale.background_events // 4
    minutes = random_minutes(generator, city.first_day, city.today, rows)
    reports = add_reports(city, generator, minutes, mix="police", quality="good")
    victim: Integers = np.where(
        generator.random(rows) < 0.4,
        people.youths[generator.integers(0, len(people.youths), rows)],
        people.grown[generator.integers(0, len(people.grown), rows)],
    )
    details = np.array([city.detail(word) for word in ("assault", "robbery", "theft", "threats", "criminal damage")])
    place = entity(PLACE, ordinary_places(city, generator, victim))
    events = city.events.add(
        rows, type=code("event_type", "offence"), detail=details[generator.integers(0, 5, rows)],
        strand=np.where(generator.random(rows) < 0.1, code("strand", "serious_youth_violence"), -1), start=minutes,
        place=np.where(generator.random(rows) < 0.6, place, -1), report=reports,
    )  # fmt: skip
    city.take_part(events, entity(PERSON, victim), "victim", reports)
    pool = prolific_adults(city)
    for share in (0.55, 0.12):
        named = np.flatnonzero(generator.random(rows) < share)
        suspects = pool[generator.integers(0, len(pool), len(named))]
        young = generator.random(len(named)) < 0.3
        suspects[young] = people.youths[generator.integers(0, len(people.youths), int(young.sum()))]
        city.take_part(events[named], entity(PERSON, suspects), "suspect", reports[named])
