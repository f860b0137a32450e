"""Ordinary life as it gets recorded: families, schools, friends, acquaintances and places."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.city.reporting import add_reports, random_minutes
from ingest.city.state import (
    ACCOUNT,
    GROUP,
    PERSON,
    PHONE,
    PLACE,
    SCHOOL,
    Booleans,
    City,
    Integers,
    choose,
    code,
    entity,
    mixed,
)
from ingest.city.writing import MINUTES_PER_DAY


def add_families(city: City) -> None:
    """Parents, siblings, partners, households and grandparents, each family with one report."""
    generator, people = city.generator("families"), city.people
    recorded = generator.random(len(people.first)) < np.where(people.children > 0, 0.9, 0.3)
    homes = np.flatnonzero(recorded)
    report = np.full(len(recorded), -1, dtype=np.int64)
    when = random_minutes(generator, city.first_day, city.today, len(homes))
    report[homes] = add_reports(city, generator, when, mix="family", quality="good", dated=False)

    everyone = np.arange(len(people), dtype=np.int64)
    within = everyone - people.first[people.household]
    child = within >= people.adults[people.household]
    known = recorded[people.household]
    for parent, share in ((0, 1.0), (1, 0.8)):
        chosen = child & known & (people.adults[people.household] > parent) & (generator.random(len(people)) < share)
        _family_links(city, "parent_of", people.first[people.household[chosen]] + parent, everyone[chosen], report)
    for gap in (1, 2, 3):
        younger = child & known & (within - gap >= people.adults[people.household])
        _family_links(city, "sibling_of", everyone[younger] - gap, everyone[younger], report)
    second = ~child & known & (within == 1) & (generator.random(len(people)) < 0.8)
    _family_links(city, "partner_of", everyone[second] - 1, everyone[second], report)
    third = ~child & known & (within == 2)
    _family_links(city, "shares_household_with", everyone[third] - 2, everyone[third], report)
    _add_grandparents(city, generator, report, homes)
    _add_care(city, generator)


def _family_links(city: City, kind: str, source: NDArray[Any], target: NDArray[Any], report: Integers) -> None:
    reports = report[city.people.household[target]]
    city.link(len(source), kind, source=entity(PERSON, source), target=entity(PERSON, target), report=reports)


def _add_grandparents(city: City, generator: np.random.Generator, report: Integers, homes: Integers) -> None:
    """An older adult of another household is kin of every child of a family."""
    people = city.people
    families = homes[(people.children[homes] > 0) & (generator.random(len(homes)) < 0.3)]
    older = people.grown[people.age[people.grown] > 48]
    if not len(families) or not len(older):
        return
    grandparent = older[generator.integers(0, len(older), len(families))]
    counts = people.children[families]
    start = np.repeat(people.first[families] + people.adults[families], counts)
    step = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    children = start + step
    _family_links(city, "kin_of", np.repeat(grandparent, counts), children, report)
    for person in grandparent[counts >= 2].tolist()[:400]:
        city.truth.confounders.append((person, "grandparent"))


def _add_care(city: City, generator: np.random.Generator) -> None:
    """Looked-after episodes, residents placed together, carers of fostered children."""
    people = city.people
    residents = np.flatnonzero(people.childrens_home >= 0)
    cared_for = np.flatnonzero(people.looked_after)
    start = city.today - generator.integers(60, 1_500, len(people))
    when = start * MINUTES_PER_DAY + 700
    reports = np.full(len(people), -1, dtype=np.int64)
    reports[cared_for] = add_reports(city, generator, when[cared_for], mix="care", quality="good")
    city.episodes.add(
        len(cared_for), person=cared_for, type=code("episode_type", "looked_after"), start=start[cared_for],
        report=reports[cared_for],
    )  # fmt: skip
    city.link(
        len(residents), "lives_at", source=entity(PERSON, residents),
        target=entity(PLACE, people.childrens_home[residents]), start=start[residents], report=reports[residents],
    )  # fmt: skip
    order = residents[np.argsort(people.childrens_home[residents], kind="stable")]
    for gap in (1, 2):
        left, right = order[:-gap], order[gap:]
        same = people.childrens_home[left] == people.childrens_home[right]
        left, right = left[same], right[same]
        city.link(
            len(left), "placed_with", source=entity(PERSON, left), target=entity(PERSON, right),
            start=np.maximum(start[left], start[right]), report=reports[right],
        )  # fmt: skip
    fostered = cared_for[people.childrens_home[cared_for] < 0]
    carers = people.grown[generator.integers(0, len(people.grown), len(fostered))]
    city.link(
        len(fostered), "carer_of", source=entity(PERSON, carers), target=entity(PERSON, fostered),
        start=start[fostered], report=reports[fostered], polarity=code("polarity", "protective"),
    )  # fmt: skip


def add_schools_and_homes(city: City) -> None:
    """School rolls (one report a school) and recorded addresses."""
    generator, people = city.generator("rolls"), city.people
    pupils = np.flatnonzero(people.school >= 0)
    count = len(city.schools.names)
    census = np.full(count, (city.today - 20) * MINUTES_PER_DAY + 600)
    roll = add_reports(city, generator, census, mix="school", quality="good", dated=False)
    city.link(
        len(pupils), "attends", source=entity(PERSON, pupils), target=entity(SCHOOL, people.school[pupils]),
        start=city.today - generator.integers(30, 1_400, len(pupils)), report=roll[people.school[pupils]],
    )  # fmt: skip
    pupil_referral = pupils[np.isin(people.school[pupils], city.schools.alternative)]
    city.episodes.add(
        len(pupil_referral), person=pupil_referral, type=code("episode_type", "pupil_referral_unit"),
        start=city.today - generator.integers(30, 500, len(pupil_referral)), report=roll[people.school[pupil_referral]],
    )  # fmt: skip
    missing_school = people.youths[people.school[people.youths] < 0]
    kind = mixed(
        generator, "episode_type", {"elective_home_education": 0.6, "missing_from_education": 0.4}, len(missing_school)
    )
    city.episodes.add(
        len(missing_school), person=missing_school, type=kind,
        start=city.today - generator.integers(30, 700, len(missing_school)),
    )  # fmt: skip
    addresses = np.flatnonzero((people.childrens_home < 0) & (generator.random(len(people)) < 0.42))
    when = random_minutes(generator, city.first_day, city.today, len(addresses))
    # people of one household are recorded together
    own = np.ones(len(addresses), dtype=bool)
    own[1:] = people.household[addresses[1:]] != people.household[addresses[:-1]]
    reports, when = _shared_reports(city, generator, when, own, mix="general", quality="good")
    city.link(
        len(addresses), "lives_at", source=entity(PERSON, addresses), target=entity(PLACE, people.home[addresses]),
        start=when // MINUTES_PER_DAY, report=reports,
    )  # fmt: skip


def friendship_groups(city: City) -> Integers:
    """The true friendship group of every person, -1 for those under 10 and adults: four to nine of a school year."""
    generator, people = city.generator("friendship groups"), city.people
    youths = people.youths
    year = np.floor(people.age[youths]).astype(np.int64)
    key = (people.school[youths] + 1) * 100 + year
    order = youths[np.lexsort((generator.random(len(youths)), key))]
    sorted_key = (people.school[order] + 1) * 100 + np.floor(people.age[order]).astype(np.int64)
    sizes = generator.integers(4, 10, len(youths) // 4 + 2)
    block = np.repeat(np.arange(len(sizes)), sizes)[: len(order)]
    combined = sorted_key * (len(sizes) + 1) + block
    _, group = np.unique(combined, return_inverse=True)
    result = np.full(len(people), -1, dtype=np.int64)
    result[order] = group
    return result


def _pairs_within(group: Integers) -> tuple[Integers, Integers]:
    """All pairs of people in the same group."""
    members = np.flatnonzero(group >= 0)
    order = members[np.argsort(group[members], kind="stable")]
    left: list[Integers] = []
    right: list[Integers] = []
    for gap in range(1, 9):
        same = group[order[:-gap]] == group[order[gap:]]
        left.append(order[:-gap][same])
        right.append(order[gap:][same])
    return np.concatenate(left), np.concatenate(right)


def add_friends(city: City, group: Integers) -> None:
    """Recorded friendships: part of the true pairs, more of them where children are recorded more."""
    generator, people = city.generator("friends"), city.people
    left, right = _pairs_within(group)
    chance = np.minimum(0.3 * city.scale.tie_intensity * (people.intensity[left] + people.intensity[right]), 0.75)
    kept = generator.random(len(left)) < chance
    left, right = left[kept], right[kept]
    wide = round(2.4 * len(people.youths) * city.scale.tie_intensity)
    a, b = _acquaintances(city, generator, people.youths, wide)
    left, right = np.concatenate([left, a]), np.concatenate([right, b])
    kinds = {
        "friend_of": 0.62,
        "companion_of": 0.08,
        "seen_with": 0.18,
        "associate_of": 0.06,
        "online_contact_with": 0.06,
    }
    person_links(city, generator, left, right, kinds, mix="general")
    _add_peer_groups(city, generator, group)


def _acquaintances(city: City, generator: np.random.Generator, among: Integers, rows: int) -> tuple[Integers, Integers]:
    """Pairs by recorded intensity, three quarters of them from neighbouring homes."""
    people = city.people
    order = among[np.argsort(people.neighbourhood[among], kind="stable")]
    weights = people.intensity[order]
    i = choose(generator, weights, rows)
    local = (i + generator.integers(1, 40, rows)) % len(order)
    anywhere = choose(generator, weights, rows)
    j = np.where(generator.random(rows) < 0.75, local, anywhere)
    different = people.household[order[i]] != people.household[order[j]]
    return order[i[different]], order[j[different]]


def person_links(
    city: City,
    generator: np.random.Generator,
    left: NDArray[Any],
    right: NDArray[Any],
    kinds: dict[str, float],
    *,
    mix: str,
    quality: Any = "mixed",
    shared: float = 0.2,
    first_day: int | None = None,
) -> Integers:
    """Ties between people, each with a report of its own, some sharing the report of the tie before."""
    rows = len(left)
    begin = city.first_day if first_day is None else first_day
    when = random_minutes(generator, begin, city.today, rows)
    own = generator.random(rows) >= shared
    report, when = _shared_reports(city, generator, when, own, mix=mix, quality=quality)
    return city.links.add(
        rows, source=entity(PERSON, left), target=entity(PERSON, right),
        type=mixed(generator, "link_type", kinds, rows), start=when // MINUTES_PER_DAY, report=report,
        confidence=np.where(generator.random(rows) < 0.05, generator.integers(30, 96, rows), -1),
    )  # fmt: skip


def _shared_reports(
    city: City, generator: np.random.Generator, when: Integers, own: Booleans, *, mix: str, quality: Any = "mixed"
) -> tuple[Integers, Integers]:
    """Report and time of each row; a row that is not ``own`` takes those of the row before."""
    rows = len(when)
    if not rows:
        return when, when
    own[0] = True
    report = np.zeros(rows, dtype=np.int64)
    report[own] = add_reports(city, generator, when[own], mix=mix, quality=quality)
    position = np.maximum.accumulate(np.where(own, np.arange(rows), 0))
    return report[position], when[position]


def _add_peer_groups(city: City, generator: np.random.Generator, group: Integers) -> None:
    """A quarter of the friendship groups became recorded peer groups, known in part."""
    people, schools, ground = city.people, city.schools, city.geography
    count = int(group.max()) + 1
    size = np.bincount(group[group >= 0], minlength=count)
    recorded = np.flatnonzero((size >= 4) & (generator.random(count) < 0.25))
    number = np.full(count, -1, dtype=np.int64)
    number[recorded] = np.arange(len(recorded))
    members = np.flatnonzero((group >= 0) & (generator.random(len(people)) < 0.65))
    members = members[number[group[members]] >= 0]
    contexts = mixed(
        generator, "context", {"school": 0.5, "neighbourhood": 0.3, "peer_group": 0.1, "online": 0.1}, len(recorded)
    )
    city.groups.context += contexts.tolist()
    first_member = np.full(count, -1, dtype=np.int64)
    first_member[group[members][::-1]] = members[::-1]
    for serial, lead in enumerate(first_member[recorded].tolist()):
        school = int(people.school[lead]) if lead >= 0 else -1
        area = ground.ward_names[int(ground.ward_of[people.neighbourhood[max(lead, 0)]])]
        where = schools.names[school] if school >= 0 and serial % 2 else area
        city.groups.names.append(f"{where} friends {serial + 1}")
    when = random_minutes(generator, city.first_day, city.today, len(recorded))
    report = add_reports(city, generator, when, mix="general", quality="mixed")
    own = number[group[members]]
    city.link(
        len(members), "member_of", source=entity(PERSON, members), target=entity(GROUP, own),
        start=when[own] // MINUTES_PER_DAY, report=report[own],
    )  # fmt: skip
    everyone = np.flatnonzero(group >= 0)
    city.truth.peer_networks += zip(group[everyone].tolist(), everyone.tolist(), strict=True)


def add_acquaintances(city: City) -> None:
    """Adults with adults, some adults with young people, phones and accounts in ordinary use, jobs."""
    generator, people, scale = city.generator("acquaintances"), city.people, city.scale
    rows = round(0.95 * len(people) * scale.tie_intensity)
    left, right = _acquaintances(city, generator, people.grown, rows)
    kinds = {"associate_of": 0.5, "friend_of": 0.2, "seen_with": 0.2, "online_contact_with": 0.1}
    person_links(city, generator, left, right, kinds, mix="street", shared=0.6)
    mixed_rows = round(0.05 * len(people) * scale.tie_intensity)
    adult = people.grown[choose(generator, people.intensity[people.grown], mixed_rows)]
    youth = people.youths[choose(generator, people.intensity[people.youths], mixed_rows)]
    person_links(city, generator, adult, youth, {"seen_with": 0.5, "associate_of": 0.3, "supports": 0.2}, mix="general")
    users = np.flatnonzero(generator.random(len(people)) < 0.07 * people.intensity * (people.age > 10))
    for kind, share in ((PHONE, 0.7), (ACCOUNT, 0.3)):
        own = users[generator.random(len(users)) < share]
        objects = city.objects.new(kind, len(own))
        when = random_minutes(generator, city.first_day, city.today, len(own))
        city.link(
            len(own), "uses", source=entity(PERSON, own), target=objects, start=when // MINUTES_PER_DAY,
            report=add_reports(city, generator, when, mix="general"),
        )  # fmt: skip
        # a family phone or a shared account
        lent = generator.random(len(own)) < 0.12
        other = people.first[people.household[own[lent]]]
        city.link(
            int(lent.sum()), "uses", source=entity(PERSON, other), target=objects[lent],
            report=add_reports(city, generator, when[lent], mix="general"),
        )  # fmt: skip
    workers = people.grown[(generator.random(len(people.grown)) < 0.1) & (people.age[people.grown] < 66)]
    meeting = city.places.meeting
    where = meeting[choose(generator, city.places.popularity[meeting] ** 0.5, len(workers))]
    when = random_minutes(generator, city.first_day, city.today, len(workers))
    city.link(
        len(workers), "works_at", source=entity(PERSON, workers), target=entity(PLACE, where),
        start=when // MINUTES_PER_DAY, report=add_reports(city, generator, when, mix="general"),
    )  # fmt: skip


def ordinary_places(city: City, generator: np.random.Generator, visitors: Integers) -> Integers:
    """A place for each visit: a third at the busy places of the whole city, the rest near home."""
    places, people = city.places, city.people
    rows = len(visitors)
    everywhere = places.anywhere.draw(generator, np.zeros(rows, dtype=np.int64))
    near = city.geography.nearest(6)
    area = near[people.neighbourhood[visitors], generator.integers(0, near.shape[1], rows)]
    local = places.nearby.draw(generator, area)
    result: Integers = np.where((local >= 0) & (generator.random(rows) < 0.66), local, everywhere)
    return result


def add_whereabouts(city: City) -> None:
    """Where people were seen, spend time, feel safe or unsafe, and how they travel."""
    generator, people, scale = city.generator("whereabouts"), city.people, city.scale
    for who, rate in ((people.youths, 1.6), (people.grown, 0.45)):
        counts = generator.poisson(rate * scale.tie_intensity * people.intensity[who])
        visitors = np.repeat(who, counts)
        where = ordinary_places(city, generator, visitors)
        when = random_minutes(generator, city.first_day, city.today, len(visitors))
        own = generator.random(len(visitors)) < 0.4
        own[1:] |= visitors[1:] != visitors[:-1]
        report, when = _shared_reports(city, generator, when, own, mix="general")
        kinds = {"seen_at": 0.6, "frequents": 0.32, "feels_safe_at": 0.05, "feels_unsafe_at": 0.03}
        city.links.add(
            len(visitors), source=entity(PERSON, visitors), target=entity(PLACE, where),
            type=mixed(generator, "link_type", kinds, len(visitors)), start=when // MINUTES_PER_DAY, report=report,
        )  # fmt: skip
    routes = max(10, len(city.places.meeting) // 10)
    start = city.places.meeting[generator.integers(0, len(city.places.meeting), routes)]
    end = city.places.busy[generator.integers(0, len(city.places.busy), routes)]
    differ = start != end
    when = random_minutes(generator, city.first_day, city.today, int(differ.sum()))
    city.link(
        int(differ.sum()), "travels_between", source=entity(PLACE, start[differ]), target=entity(PLACE, end[differ]),
        qualifier=city.detail("by bus"), report=add_reports(city, generator, when, mix="general"),
    )  # fmt: skip
