"""What a generated city is made from: sizes, assumptions that can be varied, and the summary handed back.

Magnitudes start from one English city's published hub figures (about 240 referrals a year, 4,277 missing episodes of
1,350 children a year, half of the children aged 15 to 16), brought to the number of recorded people. They are design
choices of the simulation, not estimates about any place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Size = Literal["hub", "city", "region"]

#: months of history before the as-at date
HISTORY_MONTHS = 36
#: months in which an ``open_to_hub`` episode makes a child known
LOOK_BACK_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the simulation takes for granted about harm and about recording. Multipliers are 1.0 at the default."""

    #: multiplies the probability that a child out with a ring is reported missing that night
    co_missing_signal: float = 1.0
    #: extra recorded contact of over-recorded ethnic groups: they are recorded ``1 + recording_bias`` times as often,
    #: at equal true risk; 0 records all alike
    recording_bias: float = 1.0
    #: share of the people who appear under a second, unlinked person record (0 to 0.5)
    duplicate_people: float = 0.0
    #: share of links and participations that never reached the hub (0 to 0.95)
    tie_loss: float = 0.0
    #: multiplies the probability that a true tie of a ring was recorded at all
    ring_evidence: float = 1.0
    #: multiplies the number of wrong, low-grade ties
    false_ties: float = 1.0
    #: multiplies the excess of incidents in planted areas (1 keeps the planted relative risks)
    area_signal: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.duplicate_people <= 0.5:
            raise ValueError("duplicate_people is a share between 0 and 0.5")
        if not 0 <= self.tie_loss <= 0.95:
            raise ValueError("tie_loss is a share between 0 and 0.95")
        others = (self.co_missing_signal, self.recording_bias, self.ring_evidence, self.false_ties, self.area_signal)
        if min(others) < 0:
            raise ValueError("an assumption cannot be negative")


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts for one size of city."""

    people: int
    #: share of households with children
    households_with_children: float
    #: age of the eldest child in a household is drawn from this to 18
    youngest_eldest: float
    districts: int
    wards: int
    neighbourhoods: int
    #: side lengths of the city's box in metres
    width: float
    height: float
    secondary_schools: int
    other_schools: int
    rings: int
    #: children open to the hub in the look-back who belong to no ring
    known_outside_rings: int
    operations: int
    #: shops, parks, stops and so on per neighbourhood
    places_per_neighbourhood: float
    childrens_homes: int
    #: ordinary children who go missing at times
    missing_children: int
    #: incidents spread over the areas in the whole history
    incidents: int
    #: intelligence and other events without a ring behind them
    background_events: int
    super_connectors: int
    professionals: int
    #: planted groups of neighbourhoods
    steady_clusters: int
    emerging_clusters: int
    #: planted offence patterns of each shape
    patterns: int
    #: multiplies ordinary recorded ties between people
    tie_intensity: float
    #: residents standing behind one recorded person, for the population table
    population_factor: int


SCALES: dict[Size, Scale] = {
    "hub": Scale(
        people=2_000, households_with_children=0.62, youngest_eldest=10.0, districts=1, wards=12, neighbourhoods=60,
        width=8_000, height=6_500, secondary_schools=5, other_schools=3, rings=6, known_outside_rings=118,
        operations=4, places_per_neighbourhood=2.5, childrens_homes=3, missing_children=34, incidents=620,
        background_events=420, super_connectors=3, professionals=14, steady_clusters=2, emerging_clusters=1,
        patterns=2, tie_intensity=0.8, population_factor=30,
    ),
    "city": Scale(
        people=100_000, households_with_children=0.28, youngest_eldest=0.0, districts=1, wards=32,
        neighbourhoods=288, width=13_000, height=11_000, secondary_schools=24, other_schools=64, rings=60,
        known_outside_rings=480, operations=12, places_per_neighbourhood=6.0, childrens_homes=18,
        missing_children=560, incidents=14_000, background_events=15_000, super_connectors=40, professionals=160,
        steady_clusters=8, emerging_clusters=6, patterns=24, tie_intensity=1.0, population_factor=1,
    ),
    "region": Scale(
        people=1_000_000, households_with_children=0.28, youngest_eldest=0.0, districts=10, wards=215,
        neighbourhoods=2_150, width=38_000, height=36_000, secondary_schools=240, other_schools=640, rings=600,
        known_outside_rings=4_800, operations=60, places_per_neighbourhood=6.0, childrens_homes=180,
        missing_children=5_600, incidents=140_000, background_events=150_000, super_connectors=400,
        professionals=1_600, steady_clusters=60, emerging_clusters=40, patterns=200, tie_intensity=1.5,
        population_factor=1,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written. Counts only: nothing about a person."""

    size: Size
    seed: int
    #: the exchange bundle
    folder: Path
    #: the planted truth, outside the bundle
    truth: Path
    #: data rows per file of the bundle (features for the GeoJSON file)
    rows: dict[str, int]
    #: data rows per truth file
    truth_rows: dict[str, int]
    #: links and participations together
    ties: int
    seconds: float
