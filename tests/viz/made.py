"""Invented neighbourhoods for tests and benchmarks: no name, place or event in them is real."""

from __future__ import annotations

import datetime as dt

import numpy as np

from graph.model import (
    Event,
    Location,
    NodeId,
    NodeRecord,
    PartialDate,
    PeerGroup,
    Period,
    Person,
    Place,
    Polarity,
    Precision,
    Report,
    ReportId,
    Restriction,
    School,
    Tie,
    TieId,
)
from graph.standing import Support, standing
from graph.store import Neighbourhood, SeenNode, SeenTie

AS_AT = dt.date(2026, 10, 1)
MADE_AT = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
_GIVEN = (
    "Amara", "Bilal", "Cerys", "Dev", "Elif", "Finn", "Grace", "Hana", "Idris", "Jonah", "Kezia", "Leon", "Mina",
    "Noor", "Owen", "Priya", "Rhys", "Safa", "Tomas", "Una",
)  # fmt: skip
_FAMILY = (
    "Ashwell", "Birkby", "Cawdron", "Delph", "Ebsworth", "Fallow", "Garrick", "Holmwood", "Ivelaw", "Jessop",
    "Kirkdale", "Lathom", "Merrow", "Nettley",
)  # fmt: skip
_PLACES = (
    ("Linden Park", "park"),
    ("Canal Street Takeaway", "takeaway"),
    ("Station Arcade", "shopping_centre"),
    ("Harbour Lodge", "childrens_home"),
    ("Corner Shop, Mill Lane", "shop"),
    ("Bus interchange", "transport_hub"),
)
_PEER_TIES = ("friend_of", "companion_of", "seen_with", "co_reported_with", "online_contact_with", "in_conflict_with")


def report(number: int, rng: np.random.Generator) -> Report:
    agency, scheme = (
        ("police", "3x5x2"),
        ("childrens_social_care", "none"),
        ("education", "none"),
        ("health", "none"),
    )[int(rng.integers(0, 4))]
    graded = scheme != "none"
    return Report(
        ReportId(f"R{number}"),
        agency,
        reference=f"REF-{number}",
        grading_scheme=scheme,
        source_evaluation=str(rng.choice(["1", "2", "3"], p=[0.4, 0.45, 0.15])) if graded else None,
        information_assessment=str(rng.choice(["A", "B", "C", "D"])) if graded else None,
        basis=None if graded else str(rng.choice(["fact", "opinion", "allegation"])),
    )


def _nodes(count: int, rng: np.random.Generator, communities: int) -> tuple[list[NodeRecord], list[int]]:
    records: list[NodeRecord] = []
    community: list[int] = []
    for i in range(count):
        mine = int(rng.integers(0, communities)) if i >= 3 * communities else i % communities
        community.append(mine)
        if i < communities:
            name = f"Oak{('field', 'bank', 'mere', 'ley', 'wood')[i % 5]} School {i // 5 + 1 if i >= 5 else ''}".strip()
            records.append(
                School(NodeId(f"school:{1000 + i}"), name, "1", "secondary", Location(380_000 + 900 * i, 396_000))
            )
        elif i < 2 * communities:
            names = ("Park friends", "Arcade group", "Football lads", "Year 10 form", "Skate ramp")
            number = i - communities
            text = names[number % 5] + (f" {number // 5 + 1}" if number >= 5 else "")
            records.append(PeerGroup(NodeId(f"group:{i}"), text, "peer_group"))
        elif i < 3 * communities:
            text, kind = _PLACES[i % len(_PLACES)]
            records.append(Place(NodeId(f"place:{i}"), text, kind, Location(381_000 + 300 * i, 395_000), "premises"))
        elif rng.random() < 0.06:
            when = dt.datetime(2026, int(rng.integers(1, 10)), int(rng.integers(1, 28)), 22, tzinfo=dt.UTC)
            records.append(Event(NodeId(f"event:{i}"), "missing_episode", started_at=when))
        else:
            born = PartialDate(dt.date(int(rng.integers(2009, 2013)), int(rng.integers(1, 13)), 9), Precision.DAY)
            if rng.random() < 0.2:
                born = PartialDate(dt.date(int(rng.integers(1975, 2004)), 1, 1), Precision.YEAR)
            unknown = rng.random() < 0.05
            given, family = str(rng.choice(_GIVEN)), str(rng.choice(_FAMILY))
            records.append(Person(NodeId(f"person:{i}"), given, family, date_of_birth=None if unknown else born))
    return records, community


def _tie_type(
    a: NodeRecord, b: NodeRecord, rng: np.random.Generator
) -> tuple[NodeId, NodeId, str, str | None, Polarity]:
    """Type and direction that fit the two kinds."""
    if not isinstance(a, Person):
        a, b = b, a
    if isinstance(a, Person) and isinstance(b, Person):
        adult = a.date_of_birth is not None and a.date_of_birth.earliest.year < 2005
        if adult and rng.random() < 0.5:
            kind, polarity = ("targets", Polarity.CONCERN) if rng.random() < 0.6 else ("supports", Polarity.PROTECTIVE)
            return a.id, b.id, kind, None, polarity
        kind = str(rng.choice(_PEER_TIES, p=[0.45, 0.15, 0.15, 0.12, 0.08, 0.05]))
        return a.id, b.id, kind, None, Polarity.CONCERN if kind == "in_conflict_with" else Polarity.NEUTRAL
    if isinstance(a, Person) and isinstance(b, School):
        return a.id, b.id, "attends", None, Polarity.NEUTRAL
    if isinstance(a, Person) and isinstance(b, PeerGroup):
        return a.id, b.id, "member_of", None, Polarity.NEUTRAL
    if isinstance(a, Person) and isinstance(b, Place):
        kind = str(rng.choice(["frequents", "seen_at", "feels_safe_at", "feels_unsafe_at"], p=[0.5, 0.3, 0.1, 0.1]))
        word = {"feels_safe_at": Polarity.PROTECTIVE, "feels_unsafe_at": Polarity.CONCERN}.get(kind, Polarity.NEUTRAL)
        return a.id, b.id, kind, None, word
    if isinstance(a, Person):
        return a.id, b.id, "took_part_in", str(rng.choice(["missing_person", "companion"])), Polarity.NEUTRAL
    return a.id, b.id, "travels_between", None, Polarity.NEUTRAL


def neighbourhood(count: int, seed: int = 7, *, per_node: float = 2.2, community_size: int = 26) -> Neighbourhood:
    """So many nodes in communities of about ``community_size``, most ties inside them."""
    rng = np.random.default_rng(seed)
    communities = max(1, count // community_size)
    records, community = _nodes(count, rng, communities)
    members: dict[int, list[int]] = {}
    for i, mine in enumerate(community):
        members.setdefault(mine, []).append(i)
    seen: set[tuple[int, int]] = set()
    pairs: list[tuple[int, int]] = []

    def join(a: int, b: int) -> None:
        if a != b and (a, b) not in seen and (b, a) not in seen:
            seen.add((a, b))
            pairs.append((a, b))

    for i in range(communities, count):
        peers = members[community[i]]
        join(i, int(peers[int(rng.integers(0, min(3, len(peers))))]))
    for _ in range(int(count * (per_node - 1))):
        a = int(rng.integers(0, count))
        b = int(rng.choice(members[community[a]])) if rng.random() < 0.9 else int(rng.integers(0, count))
        join(a, b)
    ties = []
    for number, (a, b) in enumerate(pairs):
        source, target, kind, qualifier, polarity = _tie_type(records[a], records[b], rng)
        reports = tuple(report(number * 4 + k, rng) for k in range(int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))))
        start = dt.date(2025, 1, 1) + dt.timedelta(days=int(rng.integers(0, 600)))
        period = Period(start, start + dt.timedelta(days=90) if rng.random() < 0.3 else None)
        tie = Tie(TieId(f"T{number}"), source, target, kind, qualifier, polarity, period, tuple(r.id for r in reports))
        ties.append(SeenTie(tie, reports, standing(Support.of(r) for r in reports), Restriction()))
    degree = np.bincount(np.array(pairs).ravel(), minlength=count) if pairs else np.zeros(count, dtype=int)
    nodes = tuple(SeenNode(record, Restriction(), int(d)) for record, d in zip(records, degree, strict=True))
    cut = (records[0].id,) if count > 20 else ()
    nodes = tuple(SeenNode(n.record, n.restriction, n.degree + 240) if n.record.id in cut else n for n in nodes)
    return Neighbourhood((records[0].id,), nodes, tuple(min(3, i) for i in range(count)), tuple(ties), cut, False)
