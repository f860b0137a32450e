"""people.csv: what was recorded about each person, second records included."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ingest.city.keys import keys
from ingest.city.people import DAY, MISSING, MONTH, YEAR_ONLY, health_numbers, pupil_numbers, recorded_ethnicity
from ingest.city.state import City, Integers, words
from ingest.city.words import AWKWARD, NICKNAMES
from ingest.city.writing import UNKNOWN, Column, Days, Lookup, Texts, Whole, Words, table, write_csv


def _birth_dates(city: City, source: Integers) -> list[str]:
    people = city.people
    days = np.datetime_as_string(people.birth.astype("datetime64[D]")).tolist()
    lengths = {DAY: 10, MONTH: 7, YEAR_ONLY: 4, MISSING: 0}
    return [
        days[i][: lengths[precision]]
        for i, precision in zip(source.tolist(), people.date_precision[source].tolist(), strict=True)
    ]


def _names(
    city: City, source: Integers, originals: int, generator: np.random.Generator
) -> tuple[list[str], list[str], list[str]]:
    people = city.people
    given = [people.given_names[i] for i in people.given[source].tolist()]
    family = [people.family_names[i] for i in people.family[source].tolist()]
    known_as = [""] * len(source)
    named = np.flatnonzero(generator.random(len(source)) < 0.015 + 0.1 * people.known[source])
    for i, nick in zip(named.tolist(), generator.integers(0, len(NICKNAMES), len(named)).tolist(), strict=True):
        known_as[i] = NICKNAMES[nick]
        if nick % 5 == 0:
            known_as[i] += ";" + given[i][:3]
    for person, (first, last) in zip(people.awkward.tolist(), AWKWARD, strict=False):
        given[person], family[person] = first, last
    for row in range(originals, len(source)):
        # a second record differs as such records do: a short name, a letter less, another order
        variant = int(generator.integers(4))
        if variant == 0:
            given[row] = given[row][: max(3, len(given[row]) - 2)]
        elif variant == 1 and len(family[row]) > 4:
            family[row] = family[row][:-2] + family[row][-1]
        elif variant == 2:
            known_as[row] = given[row]
    return given, family, known_as


def write_people(
    city: City,
    twins: Integers,
    secret: int,
    folder: Path,
    place_keys: Words,
) -> int:
    people, generator = city.people, city.generator("people as recorded")
    originals = len(people)
    source = np.concatenate([np.arange(originals, dtype=np.int64), twins])
    rows = len(source)
    given, family, known_as = _names(city, source, originals, generator)
    second = np.arange(rows) >= originals
    age = people.age[source]
    health = health_numbers(generator, originals)[source]
    pupil = pupil_numbers(generator, originals)
    with_pupil = (age > 4) & (age < 19) & (generator.random(rows) < 0.82) & ~second
    health = np.where(second | (health < 0), UNKNOWN, health)
    ground = city.geography
    home_authority = ground.district_of[ground.ward_of[people.neighbourhood[people.first[people.household[source]]]]]
    lives_in = ground.district_of[ground.ward_of[people.neighbourhood[source]]]
    cared_for = people.looked_after[source]
    elsewhere = cared_for & (generator.random(rows) < 0.15)
    authorities = table([*(ground.district_code(i) for i in range(len(ground.districts))), "E08999999"])
    outside = len(ground.districts)
    child = age < 18
    sex = np.where(generator.random(rows) < 0.004, 2, people.sex[source])
    send = np.where(child, people.send[source].astype(int), -1)
    address = np.where((source == secret) | second | (generator.random(rows) < 0.02), -1, people.home[source])
    protected = np.where(generator.random(rows) < np.where(people.known[source], 0.04, 0.002), 1, 0)
    died = np.where(
        (age > 16) & (generator.random(rows) < 0.003), city.today - generator.integers(1, 900, rows), UNKNOWN
    )
    died[source == secret] = UNKNOWN
    columns: dict[str, Column] = {
        "person_id": Lookup(table(keys("person", rows)), np.arange(rows)),
        "given_name": Texts(given),
        "family_name": Texts(family),
        "also_known_as": Texts(known_as),
        "date_of_birth": Texts(_birth_dates(city, source)),
        "sex": Lookup(table("FMU"), sex),
        "ethnicity": Lookup(table(words("ethnicity")), recorded_ethnicity(city)[source]),
        "nhs_number": Whole(health),
        "upn": Texts([pupil[i] if has else "" for i, has in zip(source.tolist(), with_pupil.tolist(), strict=True)]),
        "home_authority": Lookup(authorities, np.where(child, np.where(elsewhere, outside, home_authority), -1)),
        "placing_authority": Lookup(authorities, np.where(cared_for, np.where(elsewhere, outside, home_authority), -1)),
        "host_authority": Lookup(authorities, np.where(cared_for, lives_in, -1)),
        "address_place_id": Lookup(place_keys, address),
        "protected_address": Lookup(table("01"), protected),
        "send": Lookup(table("01"), send),
        "died_on": Days(died),
    }
    return write_csv(folder / "people.csv", columns, rows)
