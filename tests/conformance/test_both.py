"""The same writes into SQLite and Neo4j: equal snapshots and equal answers of every reading verb."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.model import NodeId, NodeKind, ReportId, TieId
from graph.records import RecordKind, Row
from graph.store import Area, Lens, Reader, TieFilter
from graph.stores.neo4j import Neo4jStore, loads
from graph.stores.sqlite import SqliteStore
from tests.conformance.factories import (
    blocks,
    day,
    episode,
    event,
    locality,
    members_of,
    note,
    operation,
    participation,
    person,
    place,
    report,
    second,
    tie,
)
from tests.conformance.suite import START, Clock, square
from tests.conformance.test_neo4j import fresh

Record = tuple[RecordKind, Row]
NAMES = ("Ana", "Anna", "Béla", "Cara", "Dov", "Evan", "Fay")
FAMILIES = ("Marsh", "March", "Stone", "Stein", "Hill")
AGENCIES = ("police", "health", "education")


def world(rng: random.Random, people: int = 14) -> list[Record]:
    """A small invented network with restricted reports, an operation and a protected address."""
    records: list[Record] = [
        place(str(i), name=f"{rng.choice(FAMILIES)} Park", easting=i * 100.0, northing=i * 50.0, postcode=f"ZZ{i} 1AA")
        for i in range(4)
    ]
    for i in range(people):
        home = f"place:{rng.randrange(4)}" if rng.random() < 0.5 else None
        records.append(
            person(
                str(i),
                given_name=rng.choice(NAMES),
                family_name=rng.choice(FAMILIES),
                address_place_id=home,
                also_known_as=("Bee",) if i % 5 == 0 else None,
                birth_day=14_000 + i,
                birth_precision="month",
                protected_address=int(rng.random() < 0.2),
                sex="F",
            )
        )
    records += [operation("OP1", name="Heron", restricted=1), operation("OP2", name="Wren")]
    for i in range(12):
        conditions = rng.choice((None, None, None, "operation:OP1", "agency:health"))
        records.append(
            report(
                f"r{i}",
                agency=rng.choice(AGENCIES),
                recorded_at=second("2024-01-01") + 86_400 * i * 10,
                handling="C" if conditions else "P",
                conditions=conditions,
                grading_scheme="3x5x2",
                source_evaluation=rng.choice("123"),
                information_assessment=rng.choice("ABCDE"),
                reference=rng.choice((None, "ref1")),
            )
        )
    records += [
        event(
            str(i),
            started_at=second("2024-02-01") + i * 400_000,
            place_id=f"place:{rng.randrange(4)}",
            report_id=rng.choice((None, f"r{rng.randrange(12)}")),
            strand="county_lines",
        )
        for i in range(6)
    ]
    parts = {(f"event:{rng.randrange(6)}", f"person:{rng.randrange(people)}") for _ in range(12)}
    records += [
        participation(one, other, "mentioned", report_id=rng.choice((None, f"r{rng.randrange(12)}")))
        for one, other in sorted(parts)
    ]
    records += [
        episode(f"ep{i}", f"person:{rng.randrange(people)}", report_id=rng.choice((None, f"r{rng.randrange(12)}")))
        for i in range(5)
    ]
    records += [claim(rng, str(i), people) for i in range(30)]
    records += [tie(f"s{i}", f"person:{i}", f"operation:OP{i % 2 + 1}", "r1", tie_type="subject_of") for i in range(4)]
    return [*records, locality("L", square(0, 0, 160))]


def claim(rng: random.Random, key: str, people: int = 14) -> Record:
    one, other = rng.sample(range(people), 2)
    reports = [f"r{each}" for each in rng.sample(range(12), rng.randrange(3))]
    return tie(
        f"t{key}",
        f"person:{one}",
        f"person:{other}",
        *reports,
        tie_type=rng.choice(("friend_of", "seen_with")),
        start_day=rng.choice((None, day("2024-01-01"), day("2024-06-01"))),
        end_day=rng.choice((None, day("2024-07-01"))),
        polarity=rng.choice((None, "concern")),
    )


def changes(rng: random.Random) -> list[Record]:
    """Corrections of some of the same records."""
    return [
        *(claim(rng, str(i)) for i in range(0, 30, 4)),
        person("1", given_name="Una", family_name="Hill", address_place_id="place:2", protected_address=1),
        report("r2", agency="police", recorded_at=second("2024-01-21"), handling="C", conditions="operation:OP1"),
        report("r3", agency="health", recorded_at=second("2024-01-31"), basis="opinion"),
        event("1", started_at=second("2024-03-01"), place_id="place:3"),
        episode("ep1", "person:2", end_day=day("2025-01-01")),
        place("3", name="Moved Park", easting=10.0, northing=10.0),
    ]


LENSES = {
    "everything": Lens(),
    "members": Lens(sight=members_of("OP1", agencies=AGENCIES)),
    "police": Lens(sight=members_of()),
    "open": Lens(sight=lambda restriction: restriction.is_open),
    "as at": Lens(as_at=dt.date(2024, 6, 15), sight=members_of()),
    "known at": Lens(known_at=dt.datetime(2024, 2, 15, tzinfo=dt.UTC)),
    "known before the changes": Lens(known_at=START, sight=members_of()),
}


def plain(value: Any) -> Any:
    """The same as lists, which are compared without asking for types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value))
        return (type(value).__name__, *((name, plain(each)) for name, each in pairs))
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def answers(reader: Reader, lens: Lens) -> Iterator[tuple[str, Any]]:
    """Every reading verb, some ways each."""
    people = [NodeId(f"person:{i}") for i in range(14)]
    for node_id in [*people[:3], NodeId("place:3"), NodeId("event:1"), NodeId("operation:OP1")]:
        yield f"entity {node_id}", reader.entity(node_id, lens)
    yield "nodes", reader.nodes(people, lens)
    yield "ties", reader.ties([TieId(f"t{i}") for i in range(30)], lens)
    yield "reports", reader.reports([ReportId(f"r{i}") for i in range(12)], lens)
    yield "neighbourhood", reader.neighbourhood([people[0]], lens, hops=2, per_node=4, hub_limit=6)
    where = TieFilter(tie_types=frozenset({"friend_of"}), start=dt.date(2024, 2, 1))
    yield "neighbourhood filtered", reader.neighbourhood(people[1:3], lens, hops=3, where=where, limit=9)
    for other in people[3:5]:
        yield f"paths {other}", reader.paths(people[0], other, lens, hub_limit=9)
    start, end = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    yield "events", reader.events_within(Area((0, 0, 250, 250), square(0, 0, 220)), start, end, lens)
    for text in ("marsh", "Anna Marsch", "ZZ1 1AA", "bela", "heron"):
        yield f"search {text}", reader.search(text, lens)
    yield "list", reader.list_nodes(NodeKind.PERSON, lens, after=NodeId("person:1"), limit=5)
    yield "list places", reader.list_nodes(NodeKind.PLACE, lens)
    yield "localities", reader.localities()
    for scope in (None, "locality:L"):
        made = reader.snapshot(lens, scope=None if scope is None else NodeId(scope))
        yield f"snapshot {scope}", (list(made.nodes.ids), list(made.ties.ids), made.areas, made.digest)


@pytest.mark.parametrize("size", ["small", "large"])
def test_both_stores_answer_alike(
    neo4j_server: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    if size == "large":
        monkeypatch.setattr(loads, "SMALL_ROWS", 0)
        monkeypatch.setattr(loads, "BATCH_ROWS", 7)
    clock = Clock()
    url, user, password = neo4j_server
    fresh(neo4j_server, tmp_path.name + size)
    with (
        Neo4jStore(url, user=user, password=password, clock=clock, cache=tmp_path) as neo4j,
        SqliteStore(tmp_path / "kith.db", clock=clock) as sqlite,
    ):
        rng = random.Random(11)
        for records, author in ((world(rng), "ana"), (changes(rng), "bo")):
            commits = [each.write(blocks(records), note(author)) for each in (sqlite, neo4j)]
            assert commits[0] == commits[1]
            clock.tick()
        assert sqlite.counts() == neo4j.counts()
        assert sqlite.restrictions() == neo4j.restrictions()
        differing = [
            f"{name}: {verb}"
            for name, lens in LENSES.items()
            for (verb, one), (_, other) in zip(answers(sqlite, lens), answers(neo4j, lens), strict=True)
            if plain(one) != plain(other)
        ]
        assert differing == []
