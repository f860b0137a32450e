"""What services did: children open to the hub, plans, referrals, meetings, exclusions, ordinary intelligence."""

from __future__ import annotations

import numpy as np

from ingest.city.areas import local_youths, prolific_adults
from ingest.city.networks import ordinary_places
from ingest.city.reporting import add_reports, random_minutes
from ingest.city.rings import KNOWN
from ingest.city.state import PERSON, PLACE, City, Integers, choose, code, entity, mixed
from ingest.city.writing import MINUTES_PER_DAY, UNKNOWN

HUB_STRANDS = {
    "criminal_exploitation": 0.5, "sexual_exploitation": 0.22, "multiple": 0.12, "serious_youth_violence": 0.1,
    "modern_slavery": 0.03, "online_exploitation": 0.03,
}  # fmt: skip


def choose_known(city: City) -> Integers:
    """Children open to the hub who belong to no ring; vulnerable ones are likelier, ethnic groups are not."""
    generator, people = city.generator("known children"), city.people
    pool = people.youths[people.free[people.youths] & (people.age[people.youths] > 11)]
    appeal = 0.9 * people.vulnerability[pool] + generator.gumbel(0, 1, len(pool))
    chosen = pool[np.argsort(-appeal, kind="stable")][: city.scale.known_outside_rings]
    people.known[chosen] = True
    people.free[chosen] = False
    return chosen


def add_hub_work(city: City, outside: Integers) -> None:
    """Episodes open to the hub with the referral, assessment and meetings around each, and the plans."""
    generator = city.generator("hub work")
    ring_children = [child for ring in city.rings for child in ring.of(KNOWN)]
    earliest = {child: ring.first_day for ring in city.rings for child in ring.of(KNOWN)}
    children = np.array([*outside.tolist(), *ring_children], dtype=np.int64)
    rows = len(children)
    first = np.maximum([earliest.get(child, 0) for child in children.tolist()], city.look_back_day)
    start = first + (generator.random(rows) * (city.today - 8 - first)).astype(np.int64)
    length = generator.integers(60, 420, rows)
    closed = (start + length < city.today) & (generator.random(rows) < 0.8)
    strand = mixed(generator, "strand", HUB_STRANDS, rows)
    for ring in city.rings:
        strand[np.isin(children, ring.of(KNOWN))] = ring.strand
    reports = add_reports(city, generator, start * MINUTES_PER_DAY + 600, mix="care", quality="good")
    city.episodes.add(
        rows, person=children, type=code("episode_type", "open_to_hub"), strand=strand, start=start,
        end=np.where(closed, start + length, UNKNOWN), report=reports,
    )  # fmt: skip
    _events_around(city, generator, children, start, strand)
    _plans(city, generator, children)
    _long_closed(city, generator)


def _events_around(
    city: City, generator: np.random.Generator, children: Integers, start: Integers, strand: Integers
) -> None:
    for kind, share, gap, role, mix in (
        ("referral", 1.0, -3, "subject", "general"),
        ("assessment", 0.75, 15, "subject", "care"),
        ("strategy_meeting", 0.5, 6, "subject", "care"),
        ("direct_work", 0.4, 40, "subject", "care"),
    ):
        chosen = np.flatnonzero((generator.random(len(children)) < share) & (start + gap < city.today))
        when = (start[chosen] + gap) * MINUTES_PER_DAY + generator.integers(540, 1_020, len(chosen))
        reports = add_reports(city, generator, when, mix=mix, quality="good")
        events = city.events.add(
            len(chosen), type=code("event_type", kind), strand=strand[chosen], start=when, report=reports
        )
        city.take_part(events, entity(PERSON, children[chosen]), role, reports)


def _plans(city: City, generator: np.random.Generator, children: Integers) -> None:
    """More than half of the children are on a plan; many others in the city are too."""
    people = city.people
    other = people.youths[generator.random(len(people.youths)) < 0.05]
    everyone = np.concatenate([children[generator.random(len(children)) < 0.6], other])
    kinds = {"child_in_need": 0.5, "early_help": 0.28, "child_protection": 0.14, "youth_justice": 0.08}
    begin = city.today - generator.integers(20, 1_000, len(everyone))
    length = generator.integers(90, 500, len(everyone))
    reports = add_reports(city, generator, begin * MINUTES_PER_DAY + 600, mix="care", quality="good")
    city.episodes.add(
        len(everyone), person=everyone, type=mixed(generator, "episode_type", kinds, len(everyone)), start=begin,
        end=np.where(begin + length < city.today, begin + length, UNKNOWN), report=reports,
    )  # fmt: skip


def _long_closed(city: City, generator: np.random.Generator) -> None:
    """Hub episodes that ended before the look-back, and care leavers."""
    people = city.people
    former = people.youths[(people.age[people.youths] > 14.5) & people.free[people.youths]]
    former = former[generator.permutation(len(former))[: max(4, city.scale.known_outside_rings // 6)]]
    end = city.look_back_day - generator.integers(20, 300, len(former))
    begin = end - generator.integers(60, 300, len(former))
    city.episodes.add(
        len(former), person=former, type=code("episode_type", "open_to_hub"), start=begin, end=end,
        strand=mixed(generator, "strand", HUB_STRANDS, len(former)),
        report=add_reports(city, generator, begin * MINUTES_PER_DAY + 600, mix="care", quality="good"),
    )  # fmt: skip
    young = people.grown[(people.age[people.grown] < 22) & (generator.random(len(people.grown)) < 0.02)]
    city.episodes.add(
        len(young), person=young, type=code("episode_type", "care_leaver"),
        start=city.today - generator.integers(10, 900, len(young)),
    )  # fmt: skip


def add_background_events(city: City) -> None:
    """Exclusions, referrals without follow-up, stop and search, absence and intelligence with no ring behind it."""
    generator, scale = city.generator("background events"), city.scale
    rows = scale.background_events
    kinds = {
        "intelligence": 0.34, "exclusion": 0.05, "suspension": 0.12, "referral": 0.09, "stop_and_search": 0.12,
        "school_absence": 0.1, "police_contact": 0.1, "hospital_attendance": 0.03, "sighting": 0.05,
    }  # fmt: skip
    kind = mixed(generator, "event_type", kinds, rows)
    area = choose(generator, city.geography.exposure, rows)
    child = local_youths(city, generator, area)
    minutes = random_minutes(generator, city.first_day, city.today, rows)
    school = np.isin(kind, [code("event_type", word) for word in ("exclusion", "suspension", "school_absence")])
    seen = np.isin(kind, [code("event_type", word) for word in ("intelligence", "sighting", "stop_and_search")])
    report = np.empty(rows, dtype=np.int64)
    for mask, mix in ((school, "school"), (seen, "street"), (~school & ~seen, "general")):
        report[mask] = add_reports(city, generator, minutes[mask], mix=mix)
    place = np.where(seen & (generator.random(rows) < 0.5), entity(PLACE, ordinary_places(city, generator, child)), -1)
    events = city.events.add(rows, type=kind, start=minutes, place=place, report=report)
    city.take_part(events[~seen], entity(PERSON, child[~seen]), "subject", report[~seen])
    city.take_part(events[seen], entity(PERSON, child[seen]), "mentioned", report[seen])
    more = np.flatnonzero(seen & (generator.random(rows) < 0.5))
    others = local_youths(city, generator, area[more])
    city.take_part(events[more], entity(PERSON, others), "mentioned", report[more])
    with_adult = np.flatnonzero(seen & (generator.random(rows) < 0.4))
    pool = prolific_adults(city)
    adults = pool[generator.integers(0, len(pool), len(with_adult))]
    city.take_part(events[with_adult], entity(PERSON, adults), "mentioned", report[with_adult])
