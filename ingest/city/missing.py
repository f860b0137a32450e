"""Missing episodes: alone, with friends, from children's homes, and on the nights a ring takes children out."""

from __future__ import annotations

import numpy as np

from ingest.city.networks import ordinary_places
from ingest.city.reporting import add_reports, random_minutes
from ingest.city.rings import FUTURE, HIDDEN, KNOWN, Ring
from ingest.city.state import PERSON, PLACE, City, Integers, choose, code, entity
from ingest.city.writing import MINUTES_PER_DAY, UNKNOWN

#: probability that a child out with the ring is reported missing that night
REPORTED = {KNOWN: 0.62, HIDDEN: 0.5, FUTURE: 0.35}
#: how readily each kind of child is taken along
ALONG = {KNOWN: 1.0, HIDDEN: 0.8, FUTURE: 0.3}


class Episodes:
    """Collects missing episodes as rows: child, start, end, found place, together number."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, int, int]] = []

    def add(self, child: int, start: int, end: int, found: int, companions: int = -1) -> None:
        self.rows.append((child, start, max(end, start + 20), found, companions))


def add_missing(city: City, group: Integers) -> None:
    """All missing episodes with their return interviews; pairs truly out together go into the truth."""
    generator = city.generator("missing")
    episodes = Episodes()
    _alone_or_with_friends(city, generator, episodes, group)
    _from_homes(city, generator, episodes)
    for ring in city.rings:
        _ring_nights(city, generator, ring, episodes)
    _write(city, generator, np.array(episodes.rows, dtype=np.int64))


def _together(city: City, children: list[int], kind: str, ring: int) -> None:
    ordered = sorted(set(children))
    for i, left in enumerate(ordered):
        for right in ordered[i + 1 :]:
            entry = city.truth.co_missing.setdefault((left, right), [0, kind, ring])
            entry[0] = int(str(entry[0])) + 1


def _length(generator: np.random.Generator, rows: int) -> Integers:
    return np.exp(generator.normal(6.1, 0.8, rows)).astype(np.int64)


def _alone_or_with_friends(city: City, generator: np.random.Generator, episodes: Episodes, group: Integers) -> None:
    people = city.people
    candidates = people.youths[(people.childrens_home[people.youths] < 0) & (people.age[people.youths] > 11)]
    appeal = 0.8 * people.vulnerability[candidates] + 0.8 * people.known[candidates]
    order = np.argsort(-(appeal + generator.gumbel(0, 1, len(candidates))), kind="stable")
    children = candidates[order][: city.scale.missing_children]
    counts = 1 + generator.poisson(generator.gamma(0.8, 3.2, len(children)))
    child = np.repeat(children, counts)
    start = random_minutes(generator, city.first_day, city.today, len(child), evening=True)
    end = start + _length(generator, len(child))
    draw = generator.random(len(child))
    found = np.where(draw < 0.4, ordinary_places(city, generator, child), -1)
    accompanied = generator.random(len(child)) < 0.08
    members = np.argsort(group, kind="stable")
    begins = np.searchsorted(group[members], np.arange(int(group.max()) + 2))
    rows = zip(child.tolist(), start.tolist(), end.tolist(), found.tolist(), accompanied.tolist(), strict=True)
    for one, begin, finish, place, with_friend in rows:
        episodes.add(one, begin, finish, place)
        if with_friend and group[one] >= 0:
            friends = members[begins[group[one]] : begins[group[one] + 1]]
            friend = int(friends[int(generator.integers(len(friends)))])
            if friend != one:
                shift = int(generator.integers(-30, 60))
                episodes.add(friend, begin + shift, finish + int(generator.integers(-60, 60)), place)
                _together(city, [one, friend], "friends", -1)


def _from_homes(city: City, generator: np.random.Generator, episodes: Episodes) -> None:
    """Residents go often, a third of the time with others of the home."""
    people = city.people
    for home in city.places.childrens_homes.tolist():
        residents = np.flatnonzero(people.childrens_home == home)
        if not len(residents):
            continue
        nights = random_minutes(generator, city.first_day, city.today, int(generator.poisson(34)), evening=True)
        places = ordinary_places(city, generator, residents[generator.integers(0, len(residents), len(nights))])
        for night, place in zip(nights.tolist(), places.tolist(), strict=True):
            size = 1 + int(choose(generator, np.array([0.62, 0.26, 0.12]), 1)[0])
            out = generator.permutation(residents)[:size].tolist()
            found = place if generator.random() < 0.4 else -1
            end = night + int(_length(generator, 1)[0])
            for child in out:
                shift = int(generator.integers(-15, 40))
                episodes.add(child, night + shift, end + int(generator.integers(-60, 90)), found)
            _together(city, out, "childrens_home", -1)


def _ring_nights(city: City, generator: np.random.Generator, ring: Ring, episodes: Episodes) -> None:
    """Nights with two to four children out; each is reported with its own probability."""
    months = (ring.last_day - ring.first_day) / 30.4
    count = 4 + int(generator.poisson(0.8 * months))
    nights = random_minutes(generator, ring.first_day, ring.last_day, count, evening=True)
    children = list(ring.children)
    weights = np.array([ALONG[ring.children[child]] for child in children])
    liking = weights * generator.gamma(2, 0.5, len(children))
    signal = city.assumptions.co_missing_signal
    for night in nights.tolist():
        late = night // MINUTES_PER_DAY > ring.last_day - 130
        open_to = liking * np.array([late or ring.children[child] != FUTURE for child in children])
        size = min(2 + int(generator.binomial(2, 0.45)), int((open_to > 0).sum()))
        if size == 0:
            continue
        order = np.argsort(-(np.log(open_to + 1e-12) + generator.gumbel(0, 1, len(children))), kind="stable")
        out = [children[i] for i in order[:size].tolist()]
        draw = generator.random()
        found = ring.places[int(generator.integers(len(ring.places)))] if draw < 0.42 else -1
        if draw > 0.8:
            found = int(ordinary_places(city, generator, np.array(out[:1]))[0])
        end = night + int(_length(generator, 1)[0])
        reported = []
        for child in out:
            if generator.random() >= REPORTED[ring.children[child]] * signal:
                continue
            own_end = (
                end + int(generator.normal(0, 25))
                if generator.random() < 0.6
                else night + int(_length(generator, 1)[0])
            )
            own_place = found if generator.random() < 0.75 else -1
            episodes.add(child, night + int(generator.normal(0, 28)), own_end, own_place, ring.number)
            reported.append(child)
        _together(city, reported, "ring", ring.number)


def _write(city: City, generator: np.random.Generator, table: Integers) -> None:
    """Events, participants, interviews, and the care version of some looked-after children's episodes."""
    people, rows = city.people, len(table)
    table = table[np.argsort(table[:, 1], kind="stable")]
    limit = city.today * MINUTES_PER_DAY - 30
    table = table[table[:, 1] < limit]
    rows = len(table)
    child, start, end, found = (table[:, i] for i in range(4))
    still_missing = end >= limit
    grades = np.array([city.detail(word) for word in ("low", "medium", "high", "no_apparent_risk")])
    reports = add_reports(city, generator, start, mix="missing", quality="good")
    # reported while still away: the report cannot come months late
    recorded = city.reports.column("recorded")
    recorded[reports] = np.minimum(recorded[reports], start + generator.integers(30, 900, rows))
    from_home = (people.childrens_home[child] >= 0) | (generator.random(rows) < 0.5)
    events = city.events.add(
        rows, type=code("event_type", "missing_episode"),
        detail=grades[choose(generator, np.array([3, 5, 1.5, 0.5]), rows)],
        start=start, end=np.where(still_missing, UNKNOWN, end), place=np.where(found >= 0, entity(PLACE, found), -1),
        origin=np.where(from_home, entity(PLACE, people.home[child]), -1), report=reports,
    )  # fmt: skip
    city.take_part(events, entity(PERSON, child), "missing_person", reports)
    _care_versions(city, generator, events, child, start, end, still_missing)
    _interviews(city, generator, table, still_missing)


def _care_versions(
    city: City, generator: np.random.Generator, events: Integers, child: Integers, start: Integers, end: Integers,
    still_missing: Integers | np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> None:  # fmt: skip
    """Social care enters a quarter of looked-after children's episodes again, with slightly other times."""
    people = city.people
    twice = np.flatnonzero(people.looked_after[child] & ~still_missing & (generator.random(len(child)) < 0.25))
    begin = start[twice] + generator.integers(-40, 41, len(twice))
    finish = np.maximum(end[twice] + generator.integers(-40, 41, len(twice)), begin + 5)
    reports = add_reports(city, generator, begin, mix="care", quality="good")
    copies = city.events.add(
        len(twice), type=code("event_type", "missing_episode"), detail=city.detail("care record"), start=begin,
        end=finish, origin=entity(PLACE, people.home[child[twice]]), report=reports,
    )  # fmt: skip
    city.take_part(copies, entity(PERSON, child[twice]), "missing_person", reports)
    for first, second in zip(events[twice].tolist(), copies.tolist(), strict=True):
        city.truth.duplicate_events.append((first, second))


def _interviews(
    city: City,
    generator: np.random.Generator,
    table: Integers,
    still_missing: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> None:
    """Two thirds within 72 hours, some later, some never; a few name a companion or a place."""
    draw = generator.random(len(table))
    done = np.flatnonzero((draw < 0.76) & ~still_missing)
    delay = np.where(
        draw[done] < 0.64, generator.integers(300, 72 * 60, len(done)), generator.integers(4_400, 20_000, len(done))
    )
    when = table[done, 2] + delay
    past = when < city.today * MINUTES_PER_DAY - 60
    done, when = done[past], when[past]
    reports = add_reports(city, generator, when, mix="interview", quality="good")
    outcome = np.array([city.detail("completed"), city.detail("declined")])
    events = city.events.add(
        len(done), type=code("event_type", "return_interview"), start=when,
        detail=outcome[(generator.random(len(done)) < 0.2).astype(np.int64)], report=reports,
    )  # fmt: skip
    child, found = table[done, 0], table[done, 3]
    city.take_part(events, entity(PERSON, child), "subject", reports)
    told = (found >= 0) & (generator.random(len(done)) < 0.2)
    city.link(
        int(told.sum()), "frequents", source=entity(PERSON, child[told]), target=entity(PLACE, found[told]),
        start=when[told] // MINUTES_PER_DAY, report=reports[told],
    )  # fmt: skip
    ring = table[done, 4]
    same_night = np.flatnonzero((ring[1:] >= 0) & (ring[1:] == ring[:-1]) & (np.diff(table[done, 1]) < 120))
    named = same_night[generator.random(len(same_night)) < 0.3]
    city.link(
        len(named), "companion_of", source=entity(PERSON, child[named]), target=entity(PERSON, child[named + 1]),
        start=when[named] // MINUTES_PER_DAY, report=reports[named],
    )  # fmt: skip
