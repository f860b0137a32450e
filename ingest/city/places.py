"""Places people meet at, children's homes and schools; home addresses are added with the households."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ingest.city.state import ByArea, City, Integers, Numbers, choose, code
from ingest.city.words import FOOD_WORDS, SHOP_WORDS, STREET_FIRST, STREET_SECOND

#: place types with their share and their usual footfall (log mean)
_KINDS: dict[str, tuple[float, float]] = {
    "takeaway": (16, 1.0), "shop": (14, 1.2), "park": (11, 1.4), "transport_stop": (12, 1.5), "cafe": (5, 0.6),
    "licensed_premises": (6, 0.4), "hotel": (4, -0.2), "car_park": (5, 0.2), "estate": (6, 0.8), "alley": (3, 0.0),
    "youth_centre": (2, 1.4), "community_venue": (3, 0.8), "health_site": (3, 0.9), "sports_venue": (3, 1.0),
    "vape_shop": (3, 0.3), "address_of_concern": (5, -0.6), "short_let": (3, -0.6), "shisha_bar": (1, 0.2),
    "stairwell": (2, 0.0),
}  # fmt: skip
#: busy places: type, how many per hundred neighbourhoods (at least one), log mean of the footfall
_BUSY = (
    ("railway_station", 1.4, 5.0), ("bus_station", 1.2, 4.8), ("shopping_centre", 1.0, 5.3), ("high_street", 3.0, 4.2),
    ("library", 2.0, 2.6), ("police_station", 1.5, 2.5), ("hospital", 0.6, 3.6), ("taxi_rank", 1.5, 2.4),
)  # fmt: skip


@dataclass(slots=True)
class Places:
    """Place records, in the order of their numbers; home addresses follow the others."""

    kind: list[int]
    names: list[str]
    neighbourhood: Integers
    points: Integers
    #: how many people pass; 0 where only residents go
    popularity: Numbers
    #: numbers of the children's homes
    childrens_homes: Integers
    #: places where young people may be seen, and the busy ones among them
    meeting: Integers
    busy: Integers
    #: first number of the home addresses
    first_home: int
    #: meeting places to draw from: of the whole city by footfall, of each neighbourhood by a little less than footfall
    anywhere: ByArea = field(init=False)
    nearby: ByArea = field(init=False)

    def ready(self, areas: int) -> None:
        """All meeting places are there and may be drawn from."""
        everywhere = np.zeros(len(self.neighbourhood), dtype=np.int64)
        self.anywhere = ByArea(everywhere, self.meeting, self.popularity, 1)
        self.nearby = ByArea(self.neighbourhood, self.meeting, self.popularity**0.8, areas)

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(slots=True)
class Schools:
    names: list[str]
    establishment_type: list[str]
    phase: list[str]
    neighbourhood: Integers
    points: Integers
    #: numbers of the secondary schools and of the units outside the ordinary roll
    secondary: Integers
    alternative: Integers
    primary: Integers


def _name(kind: str, generator: np.random.Generator, area: str) -> str:
    first = SHOP_WORDS[int(generator.integers(len(SHOP_WORDS)))]
    street = f"{STREET_FIRST[int(generator.integers(len(STREET_FIRST)))]} {STREET_SECOND[int(generator.integers(10))]}"
    food = FOOD_WORDS[int(generator.integers(len(FOOD_WORDS)))]
    number = int(generator.integers(1, 90))
    patterns = {
        "takeaway": f"{first} {food}", "shop": f"{first} Stores, {street}", "park": f"{area} Park",
        "transport_stop": f"{street} stop", "cafe": f"{first} Café", "licensed_premises": f"The {first} Anchor",
        "hotel": f"{first} Lodge Hotel", "car_park": f"{street} car park", "estate": f"{first} Heights",
        "alley": f"Alley off {street}", "youth_centre": f"{area} Youth Centre",
        "community_venue": f"{area} Community Hall", "health_site": f"{area} Health Centre",
        "sports_venue": f"{area} Leisure Centre", "vape_shop": f"{first} Vapes",
        "address_of_concern": f"Flat {number}, {street}", "short_let": f"{number} {street} (short let)",
        "shisha_bar": f"{first} Lounge", "stairwell": f"Stairwell, {first} Heights",
        "railway_station": f"{area} Station", "bus_station": f"{area} Interchange",
        "shopping_centre": f"The {first} Centre", "high_street": f"{area} High Street", "library": f"{area} Library",
        "police_station": f"{area} Police Station", "hospital": f"{area} Hospital", "taxi_rank": f"{street} taxi rank",
        "childrens_home": f"{STREET_FIRST[number % 20]} House",
    }  # fmt: skip
    return patterns[kind]


def make_places(city: City) -> Places:
    """Everything but the home addresses. Busy places lie near the centre, ordinary ones where people live."""
    generator, ground, scale = city.generator("places"), city.geography, city.scale
    count = scale.neighbourhoods
    kinds: list[str] = []
    areas: list[int] = []
    popularity: list[float] = []
    centrality = np.exp(-4 * ground.remoteness)
    busy_numbers: list[int] = []
    for kind, per_hundred, level in _BUSY:
        for area in choose(generator, centrality, max(1, round(per_hundred * count / 100))).tolist():
            busy_numbers.append(len(kinds))
            kinds.append(kind)
            areas.append(area)
            popularity.append(float(np.exp(generator.normal(level, 0.4))))
    ordinary = round(scale.places_per_neighbourhood * count)
    weights = np.array([share for share, _ in _KINDS.values()])
    names_of_kinds = list(_KINDS)
    drawn = choose(generator, weights, ordinary).tolist()
    where = choose(generator, 0.4 + centrality, ordinary).tolist()
    noise = generator.normal(0, 0.7, ordinary).tolist()
    for number, area, shift in zip(drawn, where, noise, strict=True):
        kind = names_of_kinds[number]
        kinds.append(kind)
        areas.append(area)
        popularity.append(float(np.exp(_KINDS[kind][1] + shift)))
    meeting = [i for i, kind in enumerate(kinds) if kind not in ("police_station", "hospital")]
    homes = np.arange(len(kinds), len(kinds) + scale.childrens_homes)
    for area in generator.integers(0, count, scale.childrens_homes).tolist():
        kinds.append("childrens_home")
        areas.append(area)
        popularity.append(0.0)
    neighbourhood = np.array(areas, dtype=np.int64)
    names = [
        _name(kind, generator, ground.ward_names[int(ground.ward_of[area])])
        for kind, area in zip(kinds, areas, strict=True)
    ]
    return Places(
        kind=[code("place_type", kind) for kind in kinds],
        names=names,
        neighbourhood=neighbourhood,
        points=ground.points(generator, neighbourhood),
        popularity=np.array(popularity),
        childrens_homes=homes,
        meeting=np.array(meeting, dtype=np.int64),
        busy=np.array([i for i in busy_numbers if kinds[i] not in ("police_station", "hospital")], dtype=np.int64),
        first_home=len(kinds),
    )


def add_place(city: City, kind: str, neighbourhood: int, generator: np.random.Generator) -> int:
    """A further quiet place, made before the home addresses are; returns its number."""
    places, ground = city.places, city.geography
    number = len(places)
    places.kind.append(code("place_type", kind))
    places.names.append(_name(kind, generator, ground.ward_names[int(ground.ward_of[neighbourhood])]))
    places.neighbourhood = np.append(places.neighbourhood, neighbourhood)
    point = ground.points(generator, np.array([neighbourhood]))
    places.points = np.concatenate([places.points, point])
    places.popularity = np.append(places.popularity, float(np.exp(generator.normal(-1.2, 0.5))))
    places.meeting = np.append(places.meeting, number)
    places.first_home = number + 1
    return number


def make_schools(city: City) -> Schools:
    """Secondary schools, primaries, and a pupil referral unit or special school for every dozen."""
    generator, ground, scale = city.generator("schools"), city.geography, city.scale
    alternative = max(1, scale.secondary_schools // 8)
    total = scale.secondary_schools + scale.other_schools
    spread = generator.permutation(scale.neighbourhoods)
    areas = spread[np.arange(total) % scale.neighbourhoods].astype(np.int64)
    names, kinds, phases = [], [], []
    for number, area in enumerate(areas.tolist()):
        ward = ground.ward_names[int(ground.ward_of[area])]
        first = STREET_FIRST[number % len(STREET_FIRST)]
        if number < scale.secondary_schools:
            names.append(f"{ward} {first} Academy" if number % 2 else f"{first} {ward} High School")
            kinds.append("28" if number % 2 else "1")
            phases.append("secondary")
        elif number < scale.secondary_schools + alternative:
            names.append(f"The {first} Centre, {ward}" if number % 2 else f"{first} Bridge School")
            kinds.append("14" if number % 2 else "7")
            phases.append("not_applicable")
        else:
            names.append(f"{ward} {first} Primary School")
            kinds.append("34" if number % 3 else "1")
            phases.append("primary")
    return Schools(
        names=names,
        establishment_type=kinds,
        phase=phases,
        neighbourhood=areas,
        points=ground.points(generator, areas),
        secondary=np.arange(scale.secondary_schools),
        alternative=np.arange(scale.secondary_schools, scale.secondary_schools + alternative),
        primary=np.arange(scale.secondary_schools + alternative, total),
    )
