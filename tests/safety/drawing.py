"""Drawn hubs that come in two worlds: with a secret part, and without.

A world is two loads of rows. Each load brings open rows, a decoy that nobody at the hub may see (so that a load exists
in both worlds whose content is hidden), and in one of the worlds the secret rows. The secret part is cloaked in one of
the ways the policy knows; ``entitled`` names the accounts that may see past it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import shapely
from hypothesis import strategies as st

from graph.records import COLUMNS, Block, RecordKind, Row
from tests.conformance.factories import (
    blocks,
    day,
    episode,
    event,
    group,
    locality,
    operation,
    participation,
    person,
    place,
    report,
    school,
    second,
    tie,
    traced,
)

Records = list[tuple[RecordKind, Row]]

SQUARE = shapely.to_wkb(shapely.MultiPolygon([shapely.box(400_000, 300_000, 402_000, 302_000)]))
#: so few that names of open and secret people meet in searches
NAMES = ("Zephyrine", "Zephyrina", "Osmunda", "Thistlewick")
FAMILIES = ("Quillfeather", "Brambleton", "Osmunda")


@dataclass(frozen=True, slots=True)
class Cloak:
    """One way in which a report is kept from most people."""

    name: str
    report: Mapping[str, Any]
    #: accounts of ``hubs.PEOPLE`` that see past it
    entitled: frozenset[str]


CLOAKS: tuple[Cloak, ...] = (
    Cloak(
        "operation",
        {"agency": "police", "handling": "C", "conditions": "operation:OP2"},
        frozenset({"member", "chief"}),
    ),
    Cloak(
        "operation without code",
        {"agency": "police", "handling": "P", "conditions": "operation:OP2"},
        frozenset({"member", "chief"}),
    ),
    Cloak(
        "agency",
        {"agency": "education", "handling": "C", "conditions": "agency:health"},
        frozenset({"nurse", "teacher"}),
    ),
    Cloak(
        "agency and operation",
        {"agency": "police", "handling": "C", "conditions": "agency:health;operation:OP2"},
        frozenset({"member"}),
    ),
    Cloak("closed", {"agency": "education", "handling": "C"}, frozenset({"teacher", "analyst", "chief"})),
    Cloak(
        "not readable",
        {"agency": "health", "handling": "P", "conditions": "ask the duty desk"},
        frozenset({"nurse", "analyst", "chief"}),
    ),
    Cloak(
        "past its day",
        {"agency": "police", "handling": "C", "conditions": "operation:OP2;until:2026-05-30"},
        frozenset({"chief"}),
    ),
)
#: accounts that may know a protected address
PROTECTING = frozenset({"police", "socialworker", "nurse", "teacher", "member", "late"})


@dataclass(frozen=True, slots=True)
class World:
    """What one hub holds: the rows of its loads, in order."""

    loads: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Two worlds that differ in the secret part, and what is needed to ask about them."""

    with_secret: World
    without: World
    cloak: str
    entitled: frozenset[str]
    #: ids of nodes, ties and reports of both worlds, and some of none
    nodes: tuple[str, ...]
    ties: tuple[str, ...]
    reports: tuple[str, ...]
    #: a node that those entitled see and others do not; empty when the secret is no node
    secret_node: str
    #: an id that must stand in what an entitled reader is told about ``witness``, and in nobody else's answers
    secret_mark: str
    #: an open node beside the secret
    witness: str
    words: tuple[str, ...] = field(default=())


def open_part(size: int, ties: list[tuple[int, int]], missing: list[int]) -> Records:
    """People who are openly known at a school, in a park, around an event."""
    records: Records = [
        place("park", name="Brambleton Park", place_type="park", easting=400_500.0, northing=300_500.0),
        place("home", name="1 Osmunda Close", place_type="home_address", easting=401_000.0, northing=301_000.0,
              postcode="ZZ1 1ZZ"),
        school("100", name="Brambleton School", phase="Secondary", easting=401_500.0, northing=301_500.0),
        group("1", name="Brambleton Park friends", context="neighbourhood"),
        operation("OP1", name="Operation Thistlewick", lead_agency="police"),
        traced("phone", "1", identifier="07000000000"),
        report("r1", grading_scheme="3x5x2", source_evaluation="2", information_assessment="B",
               recorded_at=second("2026-05-01T12:00:00")),
        report("r2", agency="education", recorded_at=second("2026-05-02T12:00:00")),
        event("1", started_at=second("2026-04-30T20:00:00"), place_id="place:park", report_id="r1"),
        tie("t-group", "person:0", "group:1", "r2", tie_type="member_of"),
        tie("t-phone", "person:0", "phone:1", "r1", tie_type="uses"),
        tie("t-operation", "person:0", "operation:OP1", "r1", tie_type="subject_of"),
        locality("L1", SQUARE, name="Brambleton", locality_type="ward", authority_code="E00000001", vintage="2024"),
    ]  # fmt: skip
    for number in range(size):
        key, birth = str(number), "1990-01-01" if number == size - 1 else "2011-03-04"
        records += [
            person(key, given_name=NAMES[number % 2], family_name=FAMILIES[number % 3], birth_day=day(birth),
                   birth_precision="day", sex="F"),
            tie(f"t-school-{key}", f"person:{key}", "school:100", "r2", tie_type="attends"),
        ]  # fmt: skip
    records += [tie(f"t{one}-{other}", f"person:{one}", f"person:{other}", "r1") for one, other in ties]
    records += [participation("event:1", f"person:{number}", "mentioned", report_id="r1") for number in range(size)]
    for number in missing:
        records.append(
            event(f"m{number}", event_type="missing_episode", started_at=second("2026-05-05T20:00:00"),
                  place_id="place:park", report_id="r1")
        )  # fmt: skip
        records.append(participation(f"event:m{number}", f"person:{number}", "missing_person", report_id="r1"))
    records.append(episode("e1", "person:0", start_day=day("2026-01-01"), report_id="r2"))
    return records


def decoy(number: int) -> Records:
    """Something of an operation of which nobody is a member; it is in both worlds."""
    key = f"decoy{number}"
    return [
        operation(f"OP9{number}", name="Operation Decoy", lead_agency="police", restricted=1),
        person(key, given_name=NAMES[0], family_name=FAMILIES[0]),
        report(
            f"r-{key}", handling="C", conditions=f"operation:OP9{number}", recorded_at=second("2026-05-04T12:00:00")
        ),
        tie(f"t-{key}", f"person:{key}", f"operation:OP9{number}", f"r-{key}", tie_type="subject_of"),
    ]


#: parts of a secret, by name; each says which of its ids proves that somebody sees it
PARTS = (
    "person",
    "pair",
    "tie",
    "second report",
    "event",
    "participation",
    "episode",
    "place",
    "phone",
    "group",
    "report only",
)


def secret_part(parts: frozenset[str], cloak: Cloak, near: int, far: int) -> Records:
    """Rows that only the cloaked report ``r-secret`` carries, beside the open people ``near`` and ``far``."""
    one, other = f"person:{near}", f"person:{far}"
    hidden: Records = [report("r-secret", recorded_at=second("2026-05-06T12:00:00"), **dict(cloak.report))]
    if cloak.name.startswith("operation"):
        hidden.append(operation("OP2", name="Operation Osmunda", lead_agency="police", restricted=1))
    if parts & {"person", "pair", "event", "place", "phone", "group"}:
        hidden += [
            person("s1", given_name=NAMES[0], family_name=FAMILIES[0], birth_day=day("2011-03-04"),
                   birth_precision="day"),
            tie("s-person", "person:s1", one, "r-secret", tie_type="contacts", polarity="concern"),
        ]  # fmt: skip
    if "pair" in parts:
        hidden += [
            person("s2", given_name=NAMES[2], family_name=FAMILIES[1]),
            tie("s-pair", "person:s1", "person:s2", "r-secret"),
            tie("s-bridge", "person:s2", other, "r-secret"),
        ]
    if "tie" in parts and near != far:
        hidden.append(tie("s-tie", one, other, "r-secret", tie_type="targets", polarity="concern"))
    if "event" in parts:
        hidden += [
            event("s1", started_at=second("2026-05-06T20:00:00"), place_id="place:park", report_id="r-secret"),
            participation("event:s1", "person:s1", "subject", report_id="r-secret"),
            participation("event:s1", one, "victim", report_id="r-secret"),
        ]
    if "participation" in parts:
        hidden.append(participation("event:1", one, "suspect", report_id="r-secret"))
    if "episode" in parts:
        hidden.append(episode("e-secret", one, start_day=day("2026-02-01"), report_id="r-secret"))
    if "place" in parts:
        hidden += [
            place("s1", name="Osmunda Yard", place_type="park", easting=400_600.0, northing=300_600.0,
                  postcode="ZZ1 1ZZ"),
            tie("s-place", "person:s1", "place:s1", "r-secret", tie_type="seen_at"),
        ]  # fmt: skip
    if "phone" in parts:
        hidden += [
            traced("phone", "s1", identifier="07000000001"),
            tie("s-phone", "person:s1", "phone:s1", "r-secret", tie_type="uses"),
            tie("s-phone-open", one, "phone:s1", "r-secret", tie_type="uses"),
        ]
    if "group" in parts:
        hidden += [
            group("s1", name="Brambleton Park friends", context="neighbourhood"),
            tie("s-group", "person:s1", "group:s1", "r-secret", tie_type="member_of"),
        ]
    return hidden


def doubled(records: Records, tie_id: str) -> Records:
    """The same rows, with the secret report among those of one tie as well."""
    return [
        (kind, (*row[:8], (*cast(tuple[str, ...], row[8]), "r-secret"), *row[9:]))
        if kind is RecordKind.TIE and row[0] == tie_id
        else (kind, row)
        for kind, row in records
    ]


def worlds(draw: Any) -> Drawn:
    size = draw(st.integers(2, 6))
    pairs = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(lambda pair: pair[0] < pair[1])
    ties = draw(st.lists(pairs, max_size=8, unique=True))
    missing = draw(st.lists(st.integers(0, size - 1), max_size=2, unique=True))
    near, far = draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))
    in_second = draw(st.booleans())
    if draw(st.integers(0, 7)) == 0:
        return _address_worlds(size, ties, missing, near, shared=draw(st.booleans()))
    cloak = draw(st.sampled_from(CLOAKS))
    parts = frozenset(draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5, unique=True)))
    return made_worlds(size, ties, missing, near, far, cloak, parts, in_second=in_second)


def made_worlds(
    size: int,
    ties: list[tuple[int, int]],
    missing: list[int],
    near: int,
    far: int,
    cloak: Cloak,
    parts: frozenset[str],
    *,
    in_second: bool,
) -> Drawn:
    """The worlds of one choice. ``in_second``: the secret comes with the second load."""
    first, then = [*open_part(size, ties, missing), *decoy(1)], decoy(2)
    hidden = secret_part(parts, cloak, near, far)
    second_report = f"t{ties[0][0]}-{ties[0][1]}" if ties and "second report" in parts and not in_second else ""
    with_first = doubled(first, second_report) if second_report else first
    loads_with = ([*with_first], [*then, *hidden]) if in_second else ([*with_first, *hidden], [*then])
    ids = [str(row[0]) for _, row in hidden]
    node_kinds = {"person", "place", "school", "group", "operation", "phone", "vehicle", "account", "event"}
    return Drawn(
        with_secret=_world(*loads_with),
        without=_world(first, then),
        cloak=cloak.name,
        entitled=cloak.entitled,
        nodes=_nodes(size, missing, [name for name in ids if name.partition(":")[0] in node_kinds and "|" not in name]),
        ties=("t-group", "t-404", *(f"t{a}-{b}" for a, b in ties[:2]),
              *(str(row[0]) for kind, row in hidden if kind is RecordKind.TIE),
              *(f"took_part_in:{row[0]!s}" for kind, row in hidden if kind is RecordKind.PARTICIPATION)),
        reports=("r1", "r-404", "r-secret"),
        secret_node="person:s1" if "person:s1" in ids else "",
        secret_mark="r-secret",
        witness=f"person:{near}",
        words=("zephyrine", "osmunda", "thistlewick quill", "07000", "ZZ1 1ZZ", "brambleton", "operation", "park"),
    )  # fmt: skip


def _address_worlds(size: int, ties: list[tuple[int, int]], missing: list[int], who: int, *, shared: bool) -> Drawn:
    """A protected address: one child's home is known to the roles that protect, and to nobody else.

    ``shared``: somebody else lives there openly, so that the home itself is no secret.
    """
    town = open_part(size, ties, missing)
    living = _with_address(town, (who + 1) % size, {"address_place_id": "place:home"}) if shared else town
    with_address = _with_address(living, who, {"address_place_id": "place:home", "protected_address": 1})
    without = _with_address(living, who, {"protected_address": 1})
    if not shared:
        without = [pair for pair in without if pair[1][0] != "place:home"]
    return Drawn(
        with_secret=_world([*with_address, *decoy(1)], decoy(2)),
        without=_world([*without, *decoy(1)], decoy(2)),
        cloak="protected address",
        entitled=PROTECTING,
        nodes=_nodes(size, missing, []),
        ties=("t-group", f"lives_at:person:{who}"),
        reports=("r1",),
        secret_node="" if shared else "place:home",
        secret_mark="place:home",
        witness=f"person:{who}",
        words=("zephyrine", "osmunda", "ZZ1 1ZZ"),
    )


def _with_address(records: Records, who: int, values: dict[str, Any]) -> Records:
    """The same rows with other values for one person."""
    columns = COLUMNS[RecordKind.PERSON]
    return [
        (kind, tuple(values.get(column, value) for column, value in zip(columns, row, strict=True)))
        if row[0] == f"person:{who}"
        else (kind, row)
        for kind, row in records
    ]


def _world(*loads: Records) -> World:
    return World(tuple(tuple(blocks(rows, file=None)) for rows in loads))


def _nodes(size: int, missing: list[int], secret: list[str]) -> tuple[str, ...]:
    known = [f"person:{number}" for number in range(size)]
    known += ["place:park", "place:home", "school:100", "group:1", "operation:OP1", "phone:1", "event:1"]
    known += [f"event:m{number}" for number in missing]
    return (*known, *secret, "person:404", "person:decoy1", "operation:OP91", "operation:OP2")


def everything(cloak: Cloak) -> Drawn:
    """The largest secret under one cloak, in a town where it touches everything."""
    ties = [(0, 1), (0, 2), (1, 2), (2, 3)]
    return made_worlds(5, ties, [0, 1], 0, 3, cloak, frozenset(PARTS), in_second=False)


def protected_address() -> Drawn:
    return _address_worlds(5, [(0, 1), (1, 2)], [0], 0, shared=False)
