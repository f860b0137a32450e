"""What somebody without need to know is told is the same whether or not the secret exists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.access.gate import Gate
from graph.errors import KithError
from graph.model import NodeId, NodeKind, ReportId, Standing, TieId
from graph.open import open_store
from graph.store import Area, Lens, Store, TieFilter
from tests.api.world import SECRET_IDS, SECRET_PERSON
from tests.conformance.factories import blocks, note, operation, person, report, school, tie
from tests.graph.access.worlds import INSIDER, OUTSIDERS, gate_of, make_store, told

Worlds = tuple[Store, Store]
Question = Callable[[Gate], Any]

IDS = st.sampled_from(
    ["person:1", "person:2", "person:3", "place:park", "place:home", "school:100", "group:1", "operation:OP1",
     "event:1", "phone:1", "person:77", "operation:OP2", "event:secret", "person:404"]
).map(NodeId)  # fmt: skip
TIES = st.sampled_from(["t1", "t4", "t7", "t-closed", "t-secret", "t-secret-operation", "t-404"]).map(TieId)
REPORTS = st.sampled_from(["r1", "r2", "r-closed", "r-secret", "r-404"]).map(ReportId)
LENSES = st.builds(Lens, st.sampled_from([None, dt.date(2026, 5, 10), dt.date(2020, 1, 1)]))
WORDS = st.sampled_from(
    [
        "zephyrine",
        "Thistlewick",
        "osmunda",
        "operation",
        "Quill",
        "qillfether",
        "person:77",
        "OP2",
        "park",
        "07000",
        "x",
    ]
)
FILTERS = st.builds(
    TieFilter,
    tie_types=st.sampled_from([None, frozenset({"contacts"}), frozenset({"took_part_in", "occurred_at"})]),
    standing=st.sampled_from([None, Standing.CONFIRMED, Standing.UNCONFIRMED]),
)
EVERYWHERE = Area((0.0, 0.0, 700_000.0, 1_300_000.0))
LONG = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))

QUESTIONS: st.SearchStrategy[Question] = st.one_of(
    st.builds(lambda a, lens: lambda gate: gate.entity(a, lens), IDS, LENSES),
    st.builds(lambda a, lens: lambda gate: gate.nodes(a, lens), st.lists(IDS, max_size=6), LENSES),
    st.builds(lambda a, lens: lambda gate: gate.ties(a, lens), st.lists(TIES, max_size=4), LENSES),
    st.builds(lambda a, lens: lambda gate: gate.reports(a, lens), st.lists(REPORTS, max_size=4), LENSES),
    st.builds(
        lambda seeds, lens, hops, where, each, limit: (
            lambda gate: gate.neighbourhood(
                seeds, lens, hops=hops, where=where, per_node=each, hub_limit=4, limit=limit
            )
        ),
        st.lists(IDS, min_size=1, max_size=3),
        LENSES,
        st.integers(0, 4),
        FILTERS,
        st.integers(1, 6),
        st.integers(1, 12),
    ),
    st.builds(
        lambda a, b, lens, hops: lambda gate: gate.paths(a, b, lens, max_hops=hops), IDS, IDS, LENSES, st.integers(1, 6)
    ),
    st.builds(
        lambda text, lens, limit: lambda gate: gate.search(text, lens, limit=limit), WORDS, LENSES, st.integers(1, 5)
    ),
    st.builds(
        lambda kind, lens, limit: lambda gate: gate.list_nodes(kind, lens, limit=limit),
        st.sampled_from(NodeKind),
        LENSES,
        st.integers(1, 3),
    ),
    st.builds(lambda lens: lambda gate: gate.events_within(EVERYWHERE, *LONG, lens), LENSES),
    st.builds(lambda lens: lambda gate: gate.snapshot(lens).digest, LENSES),
    st.builds(lambda lens: lambda gate: gate.snapshot_of_places(lens).digest, LENSES),
)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    folder = tmp_path_factory.mktemp("worlds")
    with make_store(folder / "with.db", secret=True) as one, make_store(folder / "without.db", secret=False) as other:
        yield one, other


def answer(gate: Gate, question: Question) -> str:
    try:
        return told(question(gate))
    except KithError as error:
        return f"{type(error).__name__}: {error}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(OUTSIDERS)), question=QUESTIONS)
def test_outsiders_are_told_the_same_in_both_worlds(worlds: Worlds, name: str, question: Question) -> None:
    with_secret, without = (answer(gate_of(store, OUTSIDERS[name]), question) for store in worlds)
    assert with_secret == without


@pytest.mark.parametrize("name", sorted(OUTSIDERS))
def test_no_outsider_is_told_a_secret_id(worlds: Worlds, name: str) -> None:
    gate = gate_of(worlds[0], OUTSIDERS[name])
    seen = gate.neighbourhood([NodeId("person:1"), NodeId("place:park")], Lens(), hops=4)
    assert not any(secret in told(seen) for secret in SECRET_IDS)


def test_a_member_is_told_more(worlds: Worlds) -> None:
    """The comparison above would pass for a gate that shows nothing."""
    assert gate_of(worlds[0], INSIDER).entity(NodeId(SECRET_PERSON), Lens()) is not None


def test_a_member_sees_the_secret_tie_around_an_open_person(worlds: Worlds) -> None:
    found = gate_of(worlds[0], INSIDER).neighbourhood([NodeId("person:1")], Lens(), hops=1)
    assert SECRET_PERSON in {node.record.id for node in found.nodes}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_drawn_hubs(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """The same over hubs that are drawn: people, open ties, and secret people, ties and reports beside them.

    Everybody who is open is known openly at a school: a person of whom only a secret record speaks is secret too.
    """
    size = data.draw(st.integers(2, 6))
    people = [f"person:{number}" for number in range(size)]
    pairs = st.tuples(st.sampled_from(people), st.sampled_from(people)).filter(lambda pair: pair[0] < pair[1])
    open_ties = data.draw(st.lists(pairs, max_size=8, unique=True))
    secret_pairs = st.tuples(st.sampled_from(["person:s1", "person:s2"]), st.sampled_from([*people, "person:s3"]))
    secret_ties = data.draw(st.lists(secret_pairs, min_size=1, max_size=6, unique=True))
    doubled = data.draw(st.lists(st.sampled_from(open_ties), max_size=3, unique=True)) if open_ties else []
    base = [person(str(number), given_name=f"Name{number}") for number in range(size)]
    base += [report("open", recorded_at=1_700_000_000), operation("OP1"), school("1", name="A school")]
    base += [tie(f"at-school-{name}", name, "school:1", "open", tie_type="attends") for name in people]
    ties_with = [
        tie(f"t{number}", *pair, "open", *(["hidden"] if pair in doubled else []))
        for number, pair in enumerate(open_ties)
    ]
    ties_without = [tie(f"t{number}", *pair, "open") for number, pair in enumerate(open_ties)]
    hidden = [
        report("hidden", handling="C", conditions="operation:OP2", recorded_at=1_700_000_000),
        operation("OP2", restricted=1),
    ]
    secret_people = sorted({end for pair in secret_ties for end in pair if end.startswith("person:s")})
    hidden += [person(name.partition(":")[2], given_name="Name0") for name in secret_people]
    hidden += [tie(f"s{number}", *pair, "hidden") for number, pair in enumerate(secret_ties)]
    folder = tmp_path_factory.mktemp("drawn")
    seeds = [NodeId(name) for name in data.draw(st.lists(st.sampled_from(people), min_size=1, max_size=3, unique=True))]
    hops, each, limit = data.draw(st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(1, 8)))
    told_in = []
    for name, records in (("with", [*base, *ties_with, *hidden]), ("without", [*base, *ties_without])):
        with open_store(f"sqlite:///{folder / name}.db", migrate=True) as store:
            store.write(blocks(records), note())
            gate = gate_of(store, OUTSIDERS["analyst"])
            told_in.append(
                told(
                    (
                        gate.neighbourhood(seeds, Lens(), hops=hops, per_node=each, hub_limit=3, limit=limit),
                        gate.paths(seeds[0], seeds[-1], Lens()),
                        gate.search("Name0", Lens()),
                        gate.entity(seeds[0], Lens()),
                        gate.list_nodes(NodeKind.PERSON, Lens()),
                        gate.snapshot(Lens()).digest,
                    )
                )
            )
    assert told_in[0] == told_in[1]
