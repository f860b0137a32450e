"""Exploitation rings: who is drawn in, by whom, where, and what part of it was ever recorded.

A ring begins with one child near its place and spreads mostly along friendships (assumption: half of those drawn in
are friends of somebody already drawn in, two fifths live near, the others come from anywhere). Each ring has its own
quality of recording; known, hidden and future children leave less and less of a trace.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ingest.city.places import add_place
from ingest.city.reporting import add_reports, random_minutes
from ingest.city.state import PERSON, PHONE, PLACE, VEHICLE, City, Integers, code, entity, mixed
from ingest.city.writing import MINUTES_PER_DAY, UNKNOWN

KNOWN, HIDDEN, FUTURE = "child_known", "child_hidden", "child_future"
ROLES = (KNOWN, HIDDEN, FUTURE)
QUIET = {
    "takeaway": 0.34,
    "address_of_concern": 0.32,
    "short_let": 0.1,
    "hotel": 0.1,
    "car_park": 0.07,
    "vape_shop": 0.07,
}
STRANDS = {"criminal_exploitation": 0.44, "sexual_exploitation": 0.28, "county_lines": 0.16, "multiple": 0.12}
#: probability, before the ring's quality, that a tie was recorded
WITH_ADULT = {KNOWN: 0.56, HIDDEN: 0.3, FUTURE: 0.12}
AT_PLACE = {KNOWN: 0.6, HIDDEN: 0.45, FUTURE: 0.22}
WITH_OBJECT = {KNOWN: 0.4, HIDDEN: 0.28, FUTURE: 0.08}
BETWEEN = {
    frozenset({KNOWN}): 0.36, frozenset({KNOWN, HIDDEN}): 0.28, frozenset({HIDDEN}): 0.22,
    frozenset({KNOWN, FUTURE}): 0.2, frozenset({HIDDEN, FUTURE}): 0.15, frozenset({FUTURE}): 0.1,
}  # fmt: skip


@dataclass(slots=True)
class Ring:
    """One ring as it truly is."""

    number: int
    neighbourhood: int
    #: quiet places of its own
    places: list[int]
    first_day: int
    last_day: int
    strand: int
    #: 0 to 1: how well it was recorded
    quality: float
    children: dict[int, str] = field(default_factory=dict)
    recruiters: list[int] = field(default_factory=list)
    #: entity codes of phones and vehicles
    objects: list[int] = field(default_factory=list)

    def of(self, role: str) -> list[int]:
        return [child for child, its_role in self.children.items() if its_role == role]


def plan_rings(city: City) -> None:
    """Where and when rings work, and their quiet places. Comes before the people, whose homes follow the places."""
    generator = city.generator("ring plan")
    steady = [cluster.members for cluster in city.clusters if cluster.kind == "steady"]
    kinds, shares = list(QUIET), np.array(list(QUIET.values()))
    for number in range(city.scale.rings):
        if steady and generator.random() < 0.6:
            members = steady[number % len(steady)]
            area = int(members[int(generator.integers(len(members)))])
        else:
            area = int(generator.integers(city.scale.neighbourhoods))
        nearby = city.geography.near(area, 3)
        count = 1 if generator.random() < 0.6 else 2
        places = []
        for _ in range(count):
            kind = kinds[int(generator.choice(len(kinds), p=shares))]
            places.append(add_place(city, kind, int(nearby[int(generator.integers(len(nearby)))]), generator))
        first = city.today - int(generator.integers(210, 800))
        last = city.today if generator.random() < 0.8 else first + int(generator.integers(150, 210))
        city.rings.append(
            Ring(
                number=number,
                neighbourhood=area,
                places=places,
                first_day=first,
                last_day=min(last, city.today),
                strand=int(mixed(generator, "strand", STRANDS, 1)[0]),
                quality=float(generator.beta(6, 2.2)),
            )
        )


class Casting:
    """Draws the children and adults of rings from the population; nobody is drawn twice."""

    def __init__(self, city: City, group: Integers) -> None:
        self.city = city
        self.people = city.people
        self.group = group
        self.generator = city.generator("casting")
        youths = self.people.youths[self.people.age[self.people.youths] >= 11.5]
        self.by_area = youths[np.argsort(self.people.neighbourhood[youths], kind="stable")]
        self.area_start = np.searchsorted(
            self.people.neighbourhood[self.by_area], np.arange(city.scale.neighbourhoods + 1)
        )
        self.by_group = youths[np.argsort(group[youths], kind="stable")]
        self.group_start = np.searchsorted(group[self.by_group], np.arange(int(group.max()) + 2))
        grown = self.people.grown
        self.adults = grown[(self.people.age[grown] >= 19) & (self.people.age[grown] < 50)]

    def _draw(self, pool: Integers) -> int | None:
        pool = pool[self.people.free[pool]]
        if not len(pool):
            return None
        appeal = 0.6 * self.people.vulnerability[pool] + self.generator.gumbel(0, 1, len(pool))
        person = int(pool[int(np.argmax(appeal))])
        self.people.free[person] = False
        return person

    def _near(self, area: int) -> Integers:
        areas = self.city.geography.near(area, 8).tolist()
        return np.concatenate([self.by_area[self.area_start[a] : self.area_start[a + 1]] for a in areas])

    def _friend_of(self, members: list[int]) -> Integers:
        groups = self.group[members]
        chosen = int(groups[int(self.generator.integers(len(groups)))])
        return self.by_group[self.group_start[chosen] : self.group_start[chosen + 1]]

    def child(self, area: int, members: list[int]) -> int | None:
        way = self.generator.random()
        if members and way < 0.5:
            found = self._draw(self._friend_of(members))
            if found is not None:
                return found
        if way < 0.9:
            found = self._draw(self._near(area))
            if found is not None:
                return found
        sample = self.by_area[self.generator.integers(0, len(self.by_area), 60)]
        return self._draw(sample)

    def adult(self) -> int:
        while True:
            person = int(self.adults[int(self.generator.integers(len(self.adults)))])
            if self.people.free[person]:
                self.people.free[person] = False
                return person

    def fill(self, ring: Ring) -> None:
        generator = self.generator
        wanted = [KNOWN] * int(np.clip(2 + generator.negative_binomial(2.2, 0.43), 2, 12))
        wanted += [HIDDEN] * int(generator.poisson(2.2)) + [FUTURE] * int(generator.poisson(0.9))
        for role in wanted:
            child = self.child(ring.neighbourhood, list(ring.children))
            if child is not None:
                ring.children[child] = role
        ring.recruiters = [self.adult() for _ in range(1 + int(generator.binomial(3, 0.42)))]
        ring.objects = self.city.objects.new(PHONE, int(generator.integers(0, 3))).tolist()
        ring.objects += self.city.objects.new(VEHICLE, int(generator.random() < 0.45)).tolist()


def cast_rings(city: City, group: Integers) -> None:
    """Choose children, adults and objects of every ring and note them in the truth."""
    casting = Casting(city, group)
    for ring in city.rings:
        casting.fill(ring)
        city.people.known[ring.of(KNOWN)] = True
        strand = ring.strand
        city.truth.rings.append(
            (ring.number, strand, ring.neighbourhood, ring.first_day, ring.last_day, round(ring.quality, 3))
        )
        for child, role in ring.children.items():
            city.truth.members.append((child, ring.number, role))
        for adult in ring.recruiters:
            city.truth.members.append((adult, ring.number, "recruiter"))
            city.truth.associates.append((adult, ring.number, "recruiter", len(ring.of(KNOWN))))
        for place in ring.places:
            city.truth.places.append((place, ring.number, "quiet_place"))
        for thing in ring.objects:
            city.truth.objects.append((thing, ring.number))


class Evidence:
    """Collects ties and writes them in one go."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, int, int, int]] = []

    def tie(self, source: int, target: int, kind: str, minutes: int, polarity: int = -1, good: bool = False) -> None:
        self.rows.append((source, target, code("link_type", kind), minutes, polarity, int(good)))

    def write(self, city: City, generator: np.random.Generator, mix: str) -> None:
        if not self.rows:
            return
        table = np.array(self.rows, dtype=np.int64)
        report = np.empty(len(table), dtype=np.int64)
        for good in (False, True):
            chosen = table[:, 5] == int(good)
            quality = "good" if good else "mixed"
            report[chosen] = add_reports(city, generator, table[chosen, 3], mix=mix, quality=quality)  # type: ignore[arg-type]
        ended = generator.random(len(table)) < 0.1
        start = table[:, 3] // MINUTES_PER_DAY
        city.links.add(
            len(table), source=table[:, 0], target=table[:, 1], type=table[:, 2], polarity=table[:, 4], start=start,
            end=np.where(ended, np.minimum(start + generator.integers(20, 200, len(table)), city.today), UNKNOWN),
            report=report,
        )  # fmt: skip


_ADULT_KNOWN = (
    "contacts",
    "targets",
    "exploits",
    "controls",
    "threatens",
    "seen_with",
    "transports",
    "online_contact_with",
)
_ADULT_KNOWN_SHARES = np.array([0.3, 0.13, 0.12, 0.08, 0.06, 0.19, 0.05, 0.07])
_ADULT_OTHER = ("contacts", "seen_with", "online_contact_with", "targets")
_ADULT_OTHER_SHARES = np.array([0.42, 0.35, 0.15, 0.08])
_PEERS = ("friend_of", "seen_with", "companion_of", "associate_of")
_PEER_SHARES = np.array([0.4, 0.32, 0.18, 0.1])


class Recorder:
    """Turns a ring into what was recorded of it."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.generator = city.generator("ring evidence")
        self.evidence = Evidence()

    def happens(self, ring: Ring, probability: float) -> bool:
        return bool(self.generator.random() < probability * ring.quality * self.city.assumptions.ring_evidence)

    def when(self, ring: Ring, role: str) -> int:
        first = ring.first_day if role != FUTURE else max(ring.first_day, ring.last_day - 120)
        return int(random_minutes(self.generator, first, ring.last_day, 1)[0])

    def word(self, kinds: tuple[str, ...], shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
        return kinds[min(int(np.searchsorted(np.cumsum(shares), self.generator.random())), len(kinds) - 1)]

    def record(self, ring: Ring) -> None:
        tie = self.evidence.tie
        people = [(child, role) for child, role in ring.children.items()]
        for child, role in people:
            for adult in ring.recruiters:
                if self.happens(ring, WITH_ADULT[role]):
                    kinds = (
                        (_ADULT_KNOWN, _ADULT_KNOWN_SHARES) if role == KNOWN else (_ADULT_OTHER, _ADULT_OTHER_SHARES)
                    )
                    good = bool(self.generator.random() < 0.3)
                    tie(adult, child, self.word(*kinds), self.when(ring, role), good=good)
            for place in ring.places:
                if self.happens(ring, AT_PLACE[role]):
                    kind = "frequents" if self.generator.random() < 0.4 else "seen_at"
                    tie(child, PLACE * 10**9 + place, kind, self.when(ring, role), code("polarity", "concern"))
            for thing in ring.objects:
                if self.happens(ring, WITH_OBJECT[role]):
                    tie(child, thing, "uses", self.when(ring, role))
        for position, (child, role) in enumerate(people):
            for other, other_role in people[position + 1 :]:
                if self.happens(ring, BETWEEN[frozenset({role, other_role})]):
                    late = FUTURE if FUTURE in (role, other_role) else KNOWN
                    tie(child, other, self.word(_PEERS, _PEER_SHARES), self.when(ring, late))
        self._adults(ring)

    def _adults(self, ring: Ring) -> None:
        tie = self.evidence.tie
        for position, adult in enumerate(ring.recruiters):
            for place in ring.places:
                if self.happens(ring, 0.85):
                    kind = self.word(("frequents", "seen_at", "works_at"), np.array([0.5, 0.3, 0.2]))
                    tie(adult, PLACE * 10**9 + place, kind, self.when(ring, KNOWN))
            for thing in ring.objects:
                if self.happens(ring, 0.7):
                    tie(adult, thing, "uses", self.when(ring, KNOWN))
            for other in ring.recruiters[position + 1 :]:
                if self.happens(ring, 0.75):
                    tie(adult, other, "associate_of", self.when(ring, KNOWN))

    def intelligence(self, ring: Ring) -> None:
        """Intelligence and sightings that name an adult, a few children, a place or an object; at least one."""
        city, generator = self.city, self.generator
        weights = {KNOWN: 0.75, HIDDEN: 0.28, FUTURE: 0.08}
        count = 1 + int(generator.poisson(5 * ring.quality * city.assumptions.ring_evidence))
        minutes = random_minutes(generator, ring.first_day, ring.last_day, count)
        reports = add_reports(city, generator, minutes, mix="street")
        kinds = mixed(generator, "event_type", {"intelligence": 0.65, "sighting": 0.35}, count)
        at_place = generator.random(count) < 0.6
        at_place[0] = True
        where = entity(PLACE, np.array(ring.places)[generator.integers(0, len(ring.places), count)])
        events = city.events.add(
            count, type=kinds, strand=ring.strand, start=minutes, place=np.where(at_place, where, -1), report=reports
        )
        children = list(ring.children.items())
        for event, report in zip(events.tolist(), reports.tolist(), strict=True):
            adult = ring.recruiters[int(generator.integers(len(ring.recruiters)))]
            named = [child for child, role in children if generator.random() < 0.4 * weights[role]]
            everyone = [adult, *named]
            if ring.objects and generator.random() < 0.25:
                thing = np.array([ring.objects[int(generator.integers(len(ring.objects)))]])
                city.take_part(np.array([event]), thing, "object_used", report)
            city.take_part(np.full(len(everyone), event), entity(PERSON, np.array(everyone)), "mentioned", report)


def record_rings(city: City) -> None:
    """Write the recorded part of every ring into the tables."""
    recorder = Recorder(city)
    for ring in city.rings:
        recorder.record(ring)
        recorder.intelligence(ring)
    recorder.evidence.write(city, recorder.generator, "general")
