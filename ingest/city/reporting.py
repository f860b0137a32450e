"""Reports: who said it, when it was so, when it was recorded, and how it was graded."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ingest.city.state import City, Integers, choose, code, mixed, words
from ingest.city.writing import MINUTES_PER_DAY, UNKNOWN

Quality = Literal["good", "mixed", "poor"]

SYSTEMS = (
    "Lantern Case",
    "Sentry Records",
    "Beacon Health",
    "SchoolTrack",
    "Harbour Notes",
    "Tenancy One",
    "YJ Pathway",
)
GRADES = ("1", "2", "3", "A", "B", "C", "D", "E", "4", "5")
SCHEMES = ("3x5x2", "5x5x5", "none")

#: which agencies usually report something of a kind
MIXES: dict[str, dict[str, float]] = {
    "general": {
        "police": 0.4, "childrens_social_care": 0.25, "education": 0.15, "health": 0.06, "voluntary_sector": 0.07,
        "youth_justice": 0.05, "housing": 0.02,
    },
    "police": {"police": 1.0},
    "street": {"police": 0.72, "community_safety": 0.1, "voluntary_sector": 0.08, "transport": 0.05, "housing": 0.05},
    "care": {"childrens_social_care": 0.8, "voluntary_sector": 0.15, "health": 0.05},
    "school": {"education": 1.0},
    "family": {"childrens_social_care": 0.5, "education": 0.25, "health": 0.25},
    "interview": {"voluntary_sector": 0.55, "childrens_social_care": 0.45},
    "missing": {"police": 0.9, "childrens_social_care": 0.1},
}  # fmt: skip
_AUTHORS = {
    "police": "police_officer", "childrens_social_care": "social_worker", "health": "nurse", "education": "teacher",
    "voluntary_sector": "voluntary_sector_worker", "youth_justice": "youth_justice_worker",
    "housing": "housing_officer", "community_safety": "community_safety_officer", "transport": "transport_staff",
}  # fmt: skip
_SYSTEM = {
    "police": 1, "childrens_social_care": 0, "health": 2, "education": 3, "voluntary_sector": 4, "housing": 5,
    "youth_justice": 6,
}  # fmt: skip
#: shares of source evaluation 1 2 3 and of assessment A B C D E under 3x5x2
_SHARES: dict[Quality, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "good": ((0.45, 0.5, 0.05), (0.3, 0.3, 0.3, 0.09, 0.01)),
    "mixed": ((0.2, 0.65, 0.15), (0.15, 0.15, 0.4, 0.26, 0.04)),
    "poor": ((0.03, 0.5, 0.47), (0.01, 0.03, 0.16, 0.55, 0.25)),
}
HISTORIC_DAYS = 600


def add_reports(
    city: City,
    generator: np.random.Generator,
    minutes: NDArray[Any],
    *,
    mix: str = "general",
    quality: Quality = "mixed",
    dated: bool = True,
) -> Integers:
    """One report for each time (minutes since 1970 at which it was so); returns the report numbers.

    ``dated=False`` leaves out when it was so, as in a record of a standing fact.
    """
    minutes = np.asarray(minutes, dtype=np.int64)
    rows = len(minutes)
    agency = mixed(generator, "agency", MIXES[mix], rows)
    police = agency == code("agency", "police")
    historic = police & (minutes // MINUTES_PER_DAY < city.today - HISTORIC_DAYS) & (generator.random(rows) < 0.2)
    current = police & ~historic
    source_shares, information_shares = (np.array(shares) for shares in _SHARES[quality])
    source = choose(generator, source_shares, rows)
    information = choose(generator, information_shares, rows)
    # grades of the two schemes swap letters and digits: 1 2 3 and A to E, A to E and 1 to 5
    old_source = np.minimum(3 + source + (generator.random(rows) < 0.5), 7)
    old_information = np.array([0, 1, 2, 8, 9])[information]
    none = np.full(rows, -1, dtype=np.int64)
    u = generator.random(rows)
    conditional = police & (u < 0.06)
    conditions = none.copy()
    conditions[conditional] = _conditions(city, generator, int(conditional.sum()))
    return city.reports.add(
        rows,
        agency=agency,
        system=_table(_SYSTEM)[agency],
        role=_table({name: code("author_role", role) for name, role in _AUTHORS.items()})[agency],
        start=minutes // MINUTES_PER_DAY if dated else UNKNOWN,
        recorded=_recorded(city, generator, minutes),
        scheme=np.where(current, 0, np.where(historic, 1, 2)),
        source=np.where(current, source, np.where(historic, old_source, none)),
        information=np.where(current, 3 + information, np.where(historic, old_information, none)),
        handling=np.where(conditional, 1, 0),
        conditions=conditions,
        basis=choose(generator, np.array([0.55, 0.2, 0.25]), rows),
    )


def _table(values: dict[str, int]) -> Integers:
    codes = {code("agency", name): value for name, value in values.items()}
    return np.array([codes.get(i, -1) for i in range(len(words("agency")))], dtype=np.int64)


def _recorded(city: City, generator: np.random.Generator, minutes: Integers) -> Integers:
    """When it was entered: mostly within days, one in twenty months later, never after the as-at date."""
    rows = len(minutes)
    lag = np.exp(generator.normal(6.8, 1.3, rows))
    late = generator.random(rows) < 0.05
    lag[late] = generator.uniform(60, 300, int(late.sum())) * MINUTES_PER_DAY
    latest = city.today * MINUTES_PER_DAY - 1 - generator.integers(0, 600, rows)
    recorded: Integers = np.maximum(np.minimum(minutes + lag.astype(np.int64), latest), minutes)
    return recorded


def _conditions(city: City, generator: np.random.Generator, rows: int) -> Integers:
    """Machine-readable conditions; a few were never stated."""
    texts = [
        "agency:police;agency:childrens_social_care",
        "agency:police",
        f"agency:police;until:{np.datetime64(city.today + 180, 'D')}",
        "agency:police;agency:childrens_social_care;agency:youth_justice",
    ]
    numbers = np.array([*(city.conditions.number(text) for text in texts), -1])
    return numbers[choose(generator, np.array([0.5, 0.2, 0.1, 0.15, 0.05]), rows)]


def for_operation(city: City, reports: NDArray[Any], operation: int) -> None:
    """Hold reports back for the members of one operation."""
    city.reports.column("conditions")[reports] = city.conditions.number(f"operation:{operation_key(operation)}")
    city.reports.column("handling")[reports] = 1


def operation_key(operation: int) -> str:
    """The key of an operation in the bundle."""
    return f"OP{operation + 1}"


def random_minutes(
    generator: np.random.Generator, first_day: int | NDArray[Any], last_day: int, rows: int, *, evening: bool = False
) -> Integers:
    """Times between two days (the last excluded), in the evening or at any waking hour."""
    span = np.maximum(last_day - np.asarray(first_day, dtype=np.int64), 1)
    days = first_day + (generator.random(rows) * span).astype(np.int64)
    hours = generator.normal(20.5 if evening else 15, 2.2 if evening else 4, rows)
    minute = np.clip(hours * 60, 0, MINUTES_PER_DAY - 1).astype(np.int64)
    result: Integers = days * MINUTES_PER_DAY + minute
    return result
