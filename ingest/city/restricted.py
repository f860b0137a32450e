"""Operations: most open to the hub, two restricted, with people, reports and one event only they know."""

from __future__ import annotations

import numpy as np

from ingest.city.reporting import add_reports, for_operation, random_minutes
from ingest.city.state import OPERATION, PERSON, PHONE, PLACE, City, code, entity
from ingest.city.words import OPERATION_NAMES
from ingest.city.writing import MINUTES_PER_DAY, UNKNOWN

RESTRICTED = 2


def plan_secret_person(city: City) -> int:
    """One adult nobody but a restricted operation knows; taken out before any tie is made."""
    generator, people = city.generator("secret person"), city.people
    alone = people.first[(people.adults == 1) & (people.children == 0)]
    alone = alone[(people.age[alone] > 22) & (people.age[alone] < 50)]
    person = int(alone[int(generator.integers(len(alone)))])
    people.free[person] = False
    people.intensity[person] = 0.0
    return person


def add_operations(city: City, secret: int) -> None:
    """Open operations around some rings; then the restricted ones."""
    generator = city.generator("operations")
    rings = generator.permutation(len(city.rings)).tolist()
    total = city.scale.operations + RESTRICTED
    for number in range(total):
        name = OPERATION_NAMES[number % len(OPERATION_NAMES)]
        serial = number // len(OPERATION_NAMES)
        restricted = number >= city.scale.operations
        ring = city.rings[rings[number % len(rings)]]
        opened = max(city.first_day, ring.first_day + int(generator.integers(30, 120)))
        opened = min(opened, city.today - 20)
        closed = opened + int(generator.integers(200, 500))
        operations = city.operations
        operations.names.append(f"Operation {name}" + (f" {serial + 1}" if serial else ""))
        operations.strand.append(ring.strand)
        operations.opened.append(opened)
        operations.closed.append(closed if closed < city.today and not restricted and number % 3 == 0 else UNKNOWN)
        operations.restricted.append(restricted)
        subjects = [adult for adult in ring.recruiters if restricted or generator.random() < 0.7] or ring.recruiters[:1]
        if number == total - 1:
            subjects = [*subjects, secret]
        _subjects(city, generator, number, opened, subjects, ring.places, restricted)
        if restricted:
            _restricted_work(city, generator, number, opened, subjects, ring.number)
    _secret_links(city, generator, total - 1, secret)


def _subjects(
    city: City,
    generator: np.random.Generator,
    operation: int,
    opened: int,
    adults: list[int],
    places: list[int],
    restricted: bool,
) -> None:
    sources = np.concatenate([entity(PERSON, np.array(adults)), entity(PLACE, np.array(places))])
    when = random_minutes(generator, opened, city.today, len(sources))
    reports = add_reports(city, generator, when, mix="police", quality="good")
    if restricted:
        for_operation(city, reports, operation)
    links = city.link(
        len(sources), "subject_of", source=sources, target=entity(OPERATION, operation),
        start=when // MINUTES_PER_DAY, report=reports,
    )  # fmt: skip
    if restricted:
        for adult in adults:
            city.truth.restricted.append((operation, adult, "subject"))
        for link in links.tolist():
            city.truth.restricted.append((operation, link, "link"))


def _restricted_work(
    city: City, generator: np.random.Generator, operation: int, opened: int, subjects: list[int], ring: int
) -> None:
    """Intelligence that only the operation's members may know: adults with children and places of the ring."""
    children = list(city.rings[ring].children)[:5]
    count = 6
    when = random_minutes(generator, opened, city.today, count)
    reports = add_reports(city, generator, when, mix="police", quality="good")
    for_operation(city, reports, operation)
    place = city.rings[ring].places[0]
    events = city.events.add(
        count, type=code("event_type", "intelligence"), strand=city.rings[ring].strand, start=when,
        place=entity(PLACE, place), report=reports,
    )  # fmt: skip
    for event, report in zip(events.tolist(), reports.tolist(), strict=True):
        adult = subjects[int(generator.integers(len(subjects)))]
        child = children[int(generator.integers(len(children)))]
        pair = entity(PERSON, np.array([adult, child]))
        city.take_part(np.array([event, event]), pair, "mentioned", report)
        city.truth.restricted.append((operation, event, "event"))
    pairs = [(adult, child) for adult in subjects for child in children if generator.random() < 0.5]
    if pairs:
        left, right = np.array(pairs, dtype=np.int64).T
        times = random_minutes(generator, opened, city.today, len(pairs))
        own = add_reports(city, generator, times, mix="police", quality="good")
        for_operation(city, own, operation)
        links = city.link(
            len(pairs), "contacts", source=entity(PERSON, left), target=entity(PERSON, right),
            start=times // MINUTES_PER_DAY, report=own,
        )  # fmt: skip
        city.truth.restricted += [(operation, link, "link") for link in links.tolist()]


def _secret_links(city: City, generator: np.random.Generator, operation: int, secret: int) -> None:
    """The secret person's phone is known to the operation only as well."""
    phone = city.objects.new(PHONE)
    when = np.array([(city.today - 15) * MINUTES_PER_DAY + 720])
    report = add_reports(city, generator, when, mix="police", quality="good")
    for_operation(city, report, operation)
    links = city.link(
        1, "uses", source=entity(PERSON, secret), target=phone, start=when // MINUTES_PER_DAY, report=report
    )
    city.truth.restricted.append((operation, int(links[0]), "link"))
    city.truth.restricted.append((operation, secret, "known_only_here"))
