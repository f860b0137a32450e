"""Households and the people in them: ages, names, identifiers, schools, and how much each is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ingest.city.state import Booleans, City, Integers, Numbers, choose, code, words
from ingest.city.words import (
    AWKWARD,
    FAMILY,
    FAMILY_END,
    FAMILY_MIDDLE,
    FAMILY_START,
    GIVEN,
    POOL_OF_ETHNICITY,
    STREET_FIRST,
    STREET_SECOND,
)

YEAR = 365.2425
ETHNICITY_SHARES = {
    "WBRI": 0.53, "WIRI": 0.02, "WOTH": 0.06, "MWBC": 0.04, "MWBA": 0.02, "MOTH": 0.03, "AIND": 0.03, "APKN": 0.10,
    "ABAN": 0.02, "AOTH": 0.02, "BAFR": 0.06, "BCRB": 0.025, "BOTH": 0.015, "CHNE": 0.01, "OOTH": 0.02,
}  # fmt: skip
#: groups recorded more often at equal true risk (an assumption of the simulation)
OVER_RECORDED = ("BAFR", "BCRB", "BOTH", "MWBC", "MWBA")
DAY, MONTH, YEAR_ONLY, MISSING = range(4)


@dataclass(slots=True)
class People:
    """One entry per person. True values; what was recorded is decided when they are written."""

    sex: Integers
    #: position in ETHNICITY_SHARES
    ethnicity: Integers
    birth: Integers
    #: years at the as-at date
    age: Numbers
    household: Integers
    #: number of the home address
    home: Integers
    neighbourhood: Integers
    #: number of the school, -1 for none
    school: Integers
    given: Integers
    family: Integers
    #: latent vulnerability, standard normal with additions
    vulnerability: Numbers
    #: multiplier on how often ordinary contact is recorded
    intensity: Numbers
    send: Booleans
    looked_after: Booleans
    #: number of the children's home lived in, -1 for none
    childrens_home: Integers
    #: DAY, MONTH, YEAR_ONLY or MISSING: how exactly the birth date was recorded
    date_precision: Integers
    #: persons who carry the names of AWKWARD, in that order
    awkward: Integers
    #: first person, adults and children of each household
    first: Integers
    adults: Integers
    children: Integers
    #: children 10 to 17 at the as-at date
    youths: Integers
    #: adults 18 and over
    grown: Integers
    given_names: Sequence[str]
    family_names: Sequence[str]
    #: true while the person has no part in what is planted
    free: Booleans
    #: open to the hub within the look-back
    known: Booleans

    def __len__(self) -> int:
        return len(self.sex)


def _households(city: City, generator: np.random.Generator) -> tuple[Integers, Integers]:
    """Adults and children of each household, exactly the wanted number of people."""
    scale = city.scale
    estimate = round(scale.people / 1.9) + 50
    with_children = generator.random(estimate) < scale.households_with_children
    children = np.where(with_children, 1 + choose(generator, np.array([0.42, 0.36, 0.15, 0.07]), estimate), 0)
    adults = 1 + choose(generator, np.array([0.36, 0.52, 0.12]), estimate)
    ends = np.cumsum(adults + children)
    households = int(np.searchsorted(ends, scale.people, side="left")) + 1
    adults, children = adults[:households].copy(), children[:households].copy()
    surplus = int(ends[households - 1]) - scale.people
    taken = min(surplus, int(children[-1]))
    children[-1] -= taken
    adults[-1] -= surplus - taken
    if adults[-1] == 0:
        adults, children = adults[:-1], children[:-1]
    return adults, children


def _ages(city: City, generator: np.random.Generator, adults: Integers, children: Integers) -> Numbers:
    """Ages: children spaced in a family, parents older by 17 to 40 years, the others by a pyramid."""
    size = adults + children
    first = np.cumsum(size) - size
    household = np.repeat(np.arange(len(size)), size)
    within = np.arange(int(size.sum())) - first[household]
    child = within >= adults[household]
    order = within - adults[household]
    eldest = generator.uniform(city.scale.youngest_eldest, 18, len(size))
    age = eldest[household] - np.where(child, order, 0) * generator.uniform(1.2, 4.0, len(household))
    negative = child & (age < 0)
    age[negative] = generator.uniform(0, 3, int(negative.sum()))
    parent = ~child & (within < 2) & (children[household] > 0)
    parent_age = eldest[household] + 17.5 + generator.gamma(3.2, 3.2, len(household))
    age = np.where(parent, parent_age, age)
    other = ~child & ~parent
    bands = np.array([(18, 25), (25, 35), (35, 45), (45, 55), (55, 65), (65, 75), (75, 90)], dtype=float)
    band = choose(generator, np.array([17, 24, 16, 13, 12, 10, 8]), int(other.sum()))
    age[other] = generator.uniform(bands[band, 0], bands[band, 1])
    return np.asarray(np.clip(age, 0.01, 97), dtype=np.float64)


def _name_tables() -> tuple[list[str], list[str], dict[str, tuple[int, int, int]], dict[str, tuple[int, int]]]:
    """All given and family names, and the ranges of each pool: (first, females, males) and (first, count)."""
    given: list[str] = []
    given_range: dict[str, tuple[int, int, int]] = {}
    for pool, (female, male) in GIVEN.items():
        given_range[pool] = (len(given), len(female), len(male))
        given += [*female, *male]
    family: list[str] = []
    family_range: dict[str, tuple[int, int]] = {}
    made = ["".join(parts) for parts in product(FAMILY_START, FAMILY_MIDDLE, FAMILY_END)]
    for pool, names in FAMILY.items():
        more = [*names, *made[::3]] if pool == "isles" else list(names)
        family_range[pool] = (len(family), len(more))
        family += more
    return given, family, given_range, family_range


def _draw_names(
    generator: np.random.Generator, sex: Integers, ethnicity: Integers, household: Integers, first: Integers
) -> tuple[Integers, Integers, list[str], list[str]]:
    given_names, family_names, given_range, family_range = _name_tables()
    pools = list(GIVEN)
    pool_of = np.array([pools.index(POOL_OF_ETHNICITY[code]) for code in ETHNICITY_SHARES])
    pool = pool_of[ethnicity]
    # squares make some names much more common than others, so that people of one name exist
    u, v = generator.random(len(sex)) ** 1.5, generator.random(len(sex)) ** 2.2
    start = np.array([given_range[name] for name in pools])
    female = sex == 0
    count = np.where(female, start[pool, 1], start[pool, 2])
    given = start[pool, 0] + np.where(female, 0, start[pool, 1]) + (u * count).astype(np.int64)
    span = np.array([family_range[name] for name in pools])
    own = span[pool, 0] + (v * span[pool, 1]).astype(np.int64)
    shared = generator.random(len(sex)) < 0.8
    family = np.where(shared, own[first[household]], own)
    return given, family, given_names, family_names


def _schools(city: City, generator: np.random.Generator, age: Numbers, neighbourhood: Integers) -> Integers:
    """A school by age: one of the three nearest, else any; some in alternative provision."""
    schools, centres = city.schools, city.geography.centres
    result = np.full(len(age), -1, dtype=np.int64)
    for numbers, youngest, oldest in ((schools.primary, 4.5, 11.2), (schools.secondary, 11.2, 17.5)):
        if not len(numbers):
            continue
        offset = centres[:, None, :] - centres[schools.neighbourhood[numbers]][None, :, :]
        nearest = np.argsort((offset**2).sum(axis=2), axis=1, kind="stable")[:, :3]
        pupils = np.flatnonzero((age >= youngest) & (age < oldest))
        rank = choose(generator, np.array([0.62, 0.25, 0.13]), len(pupils)) % nearest.shape[1]
        chosen = numbers[nearest[neighbourhood[pupils], rank]]
        anywhere = generator.random(len(pupils)) < 0.08
        chosen[anywhere] = numbers[generator.integers(0, len(numbers), int(anywhere.sum()))]
        result[pupils] = chosen
    secondary_age = np.flatnonzero((age >= 11.2) & (age < 16.5))
    moved = secondary_age[generator.random(len(secondary_age)) < 0.015]
    result[moved] = schools.alternative[generator.integers(0, len(schools.alternative), len(moved))]
    result[(age >= 4.5) & (age < 17.5) & (generator.random(len(age)) < 0.04)] = -1
    return result


def make_people(city: City) -> People:
    """Fill the households, then give everybody attributes; children's homes take older children from families."""
    generator, ground, scale = city.generator("people"), city.geography, city.scale
    adults, children = _households(city, generator)
    size = adults + children
    first = np.cumsum(size) - size
    household = np.repeat(np.arange(len(size), dtype=np.int64), size)
    total = len(household)
    age = _ages(city, generator, adults, children)
    weights = 0.5 + np.exp(-3 * ground.remoteness) + generator.gamma(3, 0.1, scale.neighbourhoods)
    area = choose(generator, weights, len(size))
    shares = np.array(list(ETHNICITY_SHARES.values()))
    mixture = generator.dirichlet(shares * 12, scale.neighbourhoods)
    totals = np.cumsum(mixture, axis=1)[area]
    of_household = np.minimum((generator.random(len(size))[:, None] > totals).sum(axis=1), len(shares) - 1)
    ethnicity = of_household[household].astype(np.int64)
    odd = generator.random(total) < 0.07
    ethnicity[odd] = choose(generator, shares, int(odd.sum()))
    sex = (generator.random(total) < 0.5).astype(np.int64)
    given, family, given_names, family_names = _draw_names(generator, sex, ethnicity, household, first)
    vulnerability = generator.standard_normal(total)
    over = np.isin(ethnicity, [list(ETHNICITY_SHARES).index(word) for word in OVER_RECORDED])
    intensity = generator.gamma(1.6, 1 / 1.6, total) * np.where(over, 1 + city.assumptions.recording_bias, 1.0)
    people = People(
        sex=sex,
        ethnicity=ethnicity,
        birth=np.floor(city.today - age * YEAR).astype(np.int64),
        age=age,
        household=household,
        home=city.places.first_home + household,
        neighbourhood=area[household],
        school=_schools(city, generator, age, area[household]),
        given=given,
        family=family,
        vulnerability=vulnerability,
        intensity=intensity,
        send=generator.random(total) < np.where(age < 18, 0.14 + 0.05 * (vulnerability > 1), 0.02),
        looked_after=np.zeros(total, dtype=bool),
        childrens_home=np.full(total, -1, dtype=np.int64),
        date_precision=np.where(
            age < 18,
            choose(generator, np.array([0.985, 0.006, 0.004, 0.005]), total),
            choose(generator, np.array([0.91, 0.02, 0.04, 0.03]), total),
        ),
        awkward=np.empty(0, dtype=np.int64),
        first=first,
        adults=adults,
        children=children,
        youths=np.flatnonzero((age >= 10) & (age < 18)),
        grown=np.flatnonzero(age >= 18),
        given_names=given_names,
        family_names=family_names,
        free=np.ones(total, dtype=bool),
        known=np.zeros(total, dtype=bool),
    )
    _place_in_care(city, people, generator)
    older = people.youths[generator.permutation(len(people.youths))[: len(AWKWARD) // 2]]
    others = people.grown[generator.permutation(len(people.grown))[: len(AWKWARD) - len(older)]]
    people.awkward = np.concatenate([older, others])
    return people


def _place_in_care(city: City, people: People, generator: np.random.Generator) -> None:
    homes = city.places.childrens_homes
    older = people.youths[people.age[people.youths] >= 11]
    chosen = older[np.argsort(-(people.vulnerability[older] + generator.gumbel(0, 1, len(older))), kind="stable")]
    residents = chosen[: 5 * len(homes)]
    people.childrens_home[residents] = np.repeat(homes, 5)[: len(residents)]
    fostered = chosen[5 * len(homes) : 9 * len(homes)]
    people.looked_after[residents] = True
    people.looked_after[fostered] = True
    people.vulnerability[residents] += 0.9
    people.vulnerability[fostered] += 0.5
    people.home[residents] = people.childrens_home[residents]
    people.neighbourhood[residents] = city.places.neighbourhood[people.childrens_home[residents]]


def add_homes(city: City) -> None:
    """Append the home addresses of all households to the places."""
    generator, people, places = city.generator("homes"), city.people, city.places
    count = len(people.first)
    kind = code("place_type", "home_address")
    area = people.neighbourhood[people.first]
    streets = [f"{first} {second}" for first in STREET_FIRST for second in STREET_SECOND]
    street = (area * 7 + generator.integers(0, 6, count)) % len(streets)
    house = generator.integers(1, 140, count)
    places.kind += [kind] * count
    places.names += [f"{n} {streets[s]}" for n, s in zip(house.tolist(), street.tolist(), strict=True)]
    places.neighbourhood = np.concatenate([places.neighbourhood, area])
    places.points = np.concatenate([places.points, city.geography.points(generator, area)])
    places.popularity = np.concatenate([places.popularity, np.zeros(count)])


def recorded_ethnicity(city: City) -> Integers:
    """Codes of the ethnicity list as recorded: some refused, some not obtained, some empty (-1)."""
    generator = city.generator("recorded ethnicity")
    true = np.array([words("ethnicity").index(word) for word in ETHNICITY_SHARES])
    recorded = true[city.people.ethnicity]
    u = generator.random(len(recorded))
    recorded[u < 0.06] = code("ethnicity", "NOBT")
    recorded[u < 0.015] = code("ethnicity", "REFU")
    recorded[(u >= 0.06) & (u < 0.10)] = -1
    return recorded


def health_numbers(generator: np.random.Generator, people: int) -> NDArray[np.int64]:
    """Valid ten-digit numbers in the range kept for tests (999...), distinct, -1 where not recorded."""
    stems = 999_000_000 + np.arange(1_000_000)
    digits = stems[:, None] // 10 ** np.arange(8, -1, -1) % 10
    check = 11 - (digits * np.arange(10, 1, -1)).sum(axis=1) % 11
    check = np.where(check == 11, 0, check)
    valid = (stems * 10 + check)[check != 10]
    result = np.full(people, -1, dtype=np.int64)
    chosen = generator.permutation(people)[: round(people * 0.6)]
    result[chosen] = valid[generator.permutation(len(valid))[: len(chosen)]]
    return result


def pupil_numbers(generator: np.random.Generator, people: int) -> list[str]:
    """Distinct unique pupil numbers with a right check letter, for a local authority number no one has (999)."""
    serial = generator.permutation(people)
    stems = 999_000_000_000 + serial
    digits = stems[:, None] // 10 ** np.arange(11, -1, -1) % 10
    check = (digits * np.arange(2, 14)).sum(axis=1) % 23
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    return [f"{letters[c]}{stem:012d}" for c, stem in zip(check.tolist(), stems.tolist(), strict=True)]
