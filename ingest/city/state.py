"""The city while it is being made: growing tables of codes, and the truth beside them."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from graph.vocabulary import vocabulary
from ingest.city.settings import HISTORY_MONTHS, LOOK_BACK_MONTHS, Assumptions, Scale, Size
from ingest.city.writing import MINUTES_PER_DAY, UNKNOWN

if TYPE_CHECKING:
    from ingest.city.areas import AreaCluster
    from ingest.city.geography import Geography
    from ingest.city.people import People
    from ingest.city.places import Places, Schools
    from ingest.city.rings import Ring

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Booleans = NDArray[np.bool_]

#: entity code = kind * KIND_STEP + number within the kind
KIND_STEP = 10**9
KINDS = ("person", "place", "school", "group", "operation", "vehicle", "phone", "account")
PERSON, PLACE, SCHOOL, GROUP, OPERATION, VEHICLE, PHONE, ACCOUNT = range(len(KINDS))


def entity(kind: int, numbers: NDArray[Any] | int) -> Integers:
    """Entity codes of one kind."""
    return np.asarray(numbers, dtype=np.int64) + kind * KIND_STEP


@cache
def code(list_name: str, word: str) -> int:
    """The number of a word in a controlled list. Raises UnknownWord."""
    terms = vocabulary(list_name)
    terms.term(word)
    return int(terms.index[word])


@cache
def words(list_name: str) -> tuple[str, ...]:
    """The words of a controlled list by their number."""
    return tuple(term.code for term in vocabulary(list_name).terms)


def mixed(generator: np.random.Generator, list_name: str, weights: dict[str, float], rows: int) -> Integers:
    """``rows`` random words of a list by weight, as codes."""
    codes = np.array([code(list_name, word) for word in weights], dtype=np.int64)
    return codes[choose(generator, np.fromiter(weights.values(), dtype=float), rows)]


def choose(generator: np.random.Generator, weights: NDArray[Any], rows: int) -> Integers:
    """``rows`` positions drawn with replacement by weight (positive sum)."""
    totals = np.cumsum(weights, dtype=float)
    found = np.searchsorted(totals, generator.random(rows) * totals[-1], side="right")
    result: Integers = np.minimum(found, len(totals) - 1).astype(np.int64)
    return result


class ByArea:
    """Things sorted by neighbourhood, to draw one from each of many neighbourhoods by weight."""

    def __init__(self, area_of: Integers, things: Integers, weights: Numbers, areas: int) -> None:
        self.order = things[np.argsort(area_of[things], kind="stable")]
        self.totals = np.concatenate([[0.0], np.cumsum(weights[self.order])])
        self.starts = np.searchsorted(area_of[self.order], np.arange(areas + 1))

    def draw(self, generator: np.random.Generator, areas: Integers) -> Integers:
        """One thing from each area; -1 where the area has none."""
        low, high = self.starts[areas], self.starts[areas + 1]
        base = self.totals[low]
        found = np.searchsorted(
            self.totals, base + generator.random(len(areas)) * (self.totals[high] - base), side="right"
        )
        inside = np.clip(found - 1, low, np.maximum(high - 1, low))
        return np.where(high > low, self.order[np.minimum(inside, len(self.order) - 1)], -1)


class Ledger:
    """A table that grows by blocks of rows; every column holds integers, -1 or UNKNOWN where nothing is known."""

    def __init__(self, **defaults: int) -> None:
        self.defaults = defaults
        self.rows = 0
        self._numbers: Integers | None = None
        self._blocks: dict[str, list[Integers]] = {name: [] for name in defaults}

    def add(self, rows: int, **values: Any) -> Integers:
        """Append ``rows`` rows (scalars are repeated) and return their numbers."""
        unknown = values.keys() - self.defaults.keys()
        if unknown:
            raise KeyError(f"no such column: {sorted(unknown)}")
        for name, default in self.defaults.items():
            block = np.asarray(values.get(name, default), dtype=np.int64)
            self._blocks[name].append(np.broadcast_to(block, (rows,)))
        self.rows += rows
        return np.arange(self.rows - rows, self.rows, dtype=np.int64)

    def column(self, name: str) -> Integers:
        """The whole column; changes made to it stay."""
        blocks = self._blocks[name]
        if len(blocks) != 1 or not blocks[0].flags.writeable:
            merged = np.concatenate(blocks) if blocks else np.empty(0, dtype=np.int64)
            self._blocks[name] = [merged]
        return self._blocks[name][0]

    @property
    def numbers(self) -> Integers:
        """The number each row was given when it was added."""
        return np.arange(self.rows, dtype=np.int64) if self._numbers is None else self._numbers

    def keep(self, chosen: Booleans) -> None:
        """Drop every row that is not chosen; the others keep their numbers. Nothing may be added afterwards."""
        self._numbers = self.numbers[chosen]
        for name in self.defaults:
            self._blocks[name] = [self.column(name)[chosen]]
        self.rows = int(chosen.sum())


def _links() -> Ledger:
    return Ledger(
        source=-1, target=-1, type=-1, qualifier=-1, polarity=-1, start=UNKNOWN, end=UNKNOWN, report=-1, confidence=-1
    )


def _events() -> Ledger:
    return Ledger(
        type=-1, detail=-1, strand=-1, start=UNKNOWN, end=UNKNOWN, place=-1, origin=-1, easting=UNKNOWN,
        northing=UNKNOWN, report=-1,
    )  # fmt: skip


def _reports() -> Ledger:
    return Ledger(
        agency=-1, system=-1, role=-1, start=UNKNOWN, end=UNKNOWN, recorded=UNKNOWN, scheme=-1, source=-1,
        information=-1, handling=-1, conditions=-1, basis=-1,
    )  # fmt: skip


class Terms:
    """A growing list of distinct texts, referred to by number."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return found


@dataclass(slots=True)
class Operations:
    names: list[str] = field(default_factory=list)
    strand: list[int] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    restricted: list[bool] = field(default_factory=list)


@dataclass(slots=True)
class Groups:
    names: list[str] = field(default_factory=list)
    context: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Objects:
    """Numbers of vehicles, phones and accounts made so far."""

    vehicle: int = 0
    phone: int = 0
    account: int = 0

    def new(self, kind: int, rows: int = 1) -> Integers:
        """Entity codes of new objects of a kind."""
        name = KINDS[kind]
        first: int = getattr(self, name)
        setattr(self, name, first + rows)
        return entity(kind, np.arange(first, first + rows))


@dataclass(slots=True)
class Truth:
    """What was planted, one list of rows per truth file; people and places as numbers until written."""

    rings: list[tuple[object, ...]] = field(default_factory=list)
    members: list[tuple[object, ...]] = field(default_factory=list)
    places: list[tuple[object, ...]] = field(default_factory=list)
    associates: list[tuple[object, ...]] = field(default_factory=list)
    objects: list[tuple[object, ...]] = field(default_factory=list)
    co_missing: dict[tuple[int, int], list[object]] = field(default_factory=dict)
    areas: list[tuple[object, ...]] = field(default_factory=list)
    patterns: list[tuple[object, ...]] = field(default_factory=list)
    pattern_events: list[tuple[object, ...]] = field(default_factory=list)
    peer_networks: list[tuple[object, ...]] = field(default_factory=list)
    confounders: list[tuple[object, ...]] = field(default_factory=list)
    duplicate_events: list[tuple[object, ...]] = field(default_factory=list)
    duplicate_people: list[tuple[object, ...]] = field(default_factory=list)
    restricted: list[tuple[object, ...]] = field(default_factory=list)


@dataclass(slots=True)
class City:
    """Everything known while generating."""

    size: Size
    seed: int
    scale: Scale
    assumptions: Assumptions
    as_at: dt.date
    #: day numbers since 1970
    today: int = field(init=False)
    first_day: int = field(init=False)
    look_back_day: int = field(init=False)
    geography: Geography = field(init=False)
    places: Places = field(init=False)
    schools: Schools = field(init=False)
    people: People = field(init=False)
    clusters: list[AreaCluster] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    links: Ledger = field(default_factory=_links)
    events: Ledger = field(default_factory=_events)
    reports: Ledger = field(default_factory=_reports)
    participants: Ledger = field(default_factory=lambda: Ledger(event=-1, entity=-1, role=-1, report=-1))
    episodes: Ledger = field(
        default_factory=lambda: Ledger(person=-1, type=-1, detail=-1, strand=-1, start=UNKNOWN, end=UNKNOWN, report=-1)
    )
    details: Terms = field(default_factory=Terms)
    conditions: Terms = field(default_factory=Terms)
    operations: Operations = field(default_factory=Operations)
    groups: Groups = field(default_factory=Groups)
    objects: Objects = field(default_factory=Objects)
    truth: Truth = field(default_factory=Truth)

    def __post_init__(self) -> None:
        self.today = (self.as_at - dt.date(1970, 1, 1)).days
        self.first_day = self.today - round(HISTORY_MONTHS * 30.4375)
        self.look_back_day = self.today - round(LOOK_BACK_MONTHS * 30.4375)

    def generator(self, step: str) -> np.random.Generator:
        """The random numbers of one step: a change in one step does not move the others."""
        return np.random.default_rng([self.seed, zlib.crc32(step.encode())])

    def detail(self, text: str) -> int:
        return self.details.number(text)

    def link(self, rows: int, kind: str, **values: Any) -> Integers:
        """Append links of one type."""
        return self.links.add(rows, type=code("link_type", kind), **values)

    def take_part(self, events: NDArray[Any], entities: NDArray[Any], role: str, report: Any = -1) -> None:
        """Append participants of one role."""
        self.participants.add(len(events), event=events, entity=entities, role=code("role", role), report=report)


def days_of(minutes: NDArray[Any]) -> Integers:
    """Day numbers of minutes since 1970."""
    return np.asarray(minutes, dtype=np.int64) // MINUTES_PER_DAY


def integers(values: Iterable[int]) -> Integers:
    """A list of whole numbers as an array."""
    return np.fromiter(values, dtype=np.int64)
