"""Two worlds: what a reader without the right sees must not depend on whether the hidden records exist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from graph.model import NODE_KINDS, NodeId, TieId
from graph.records import RecordKind, Row
from graph.store import Area, Lens, Store
from tests.conformance.factories import (
    blocks,
    day,
    episode,
    event,
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

Record = tuple[RecordKind, Row]
HIDDEN = {"handling": "C", "conditions": "operation:OP1"}
WORDS = ("Ana", "Anna", "Bo", "Cyr", "Dean")


@dataclass(frozen=True)
class World:
    #: what everybody may see
    shown: tuple[Record, ...]
    #: what only members of OP1 may see; refers to the first as it likes
    hidden: tuple[Record, ...]
    #: whether the hidden records come in a later write
    later: bool


@st.composite
def worlds(draw: st.DrawFn) -> World:
    people = draw(st.integers(1, 4))
    places = draw(st.integers(1, 2))
    shown: list[Record] = [place(f"P{n}", name=f"Park {n}", easting=10.0 * n, northing=5.0) for n in range(places)]
    pick = st.integers(0, people - 1)
    for number in range(people):
        address = draw(st.one_of(st.none(), st.integers(0, places - 1)))
        shown.append(
            person(
                str(number),
                given_name=draw(st.sampled_from(WORDS)),
                address_place_id=None if address is None else f"place:P{address}",
                protected_address=int(draw(st.booleans())),
            )
        )
    shown += [report(f"r{n}", recorded_at=second("2024-01-01"), agency=("police", "health")[n]) for n in range(2)]
    # S7: a node whose every record in its first write is hidden is hidden itself, so each has an open one
    shown += [episode(f"o{n}", f"person:{n}", report_id="r0") for n in range(people)]
    shown += [tie(f"o{n}", "person:0", f"place:P{n}", "r0", tie_type="frequents") for n in range(places)]
    for number in range(draw(st.integers(0, 4))):
        reports = draw(st.lists(st.sampled_from(("r0", "r1")), min_size=1, unique=True))
        start = draw(st.one_of(st.none(), st.integers(19_000, 19_003)))
        shown.append(tie(f"t{number}", f"person:{draw(pick)}", f"person:{draw(pick)}", *reports, start_day=start))
    if draw(st.booleans()):
        shown.append(event("e", place_id="place:P0", started_at=second("2024-02-01"), report_id="r0"))
        shown.append(participation("event:e", f"person:{draw(pick)}", "victim"))
    hidden: list[Record] = [
        report("x", recorded_at=second("2023-01-01"), agency="secret", **HIDDEN),
        operation("OP1", name="Ana", restricted=1),
    ]
    strangers = draw(st.integers(0, 2))
    for number in range(strangers):
        hidden.append(person(f"x{number}", given_name=draw(st.sampled_from(WORDS)), address_place_id="place:P0"))
        hidden.append(tie(f"xs{number}", f"person:x{number}", f"person:{draw(pick)}", "x"))
    for number in range(draw(st.integers(0, 4))):
        ends = [f"person:{draw(pick)}", f"person:{draw(pick)}"]
        start = draw(st.one_of(st.none(), st.integers(19_000, 19_003)))
        hidden.append(tie(f"x{number}", *ends, "x", start_day=start))
    if draw(st.booleans()):
        hidden.append(event("x", place_id="place:P0", started_at=second("2024-01-15"), report_id="x"))
        hidden.append(participation("event:x", f"person:{draw(pick)}", "suspect"))
    if draw(st.booleans()):
        hidden.append(episode("x", f"person:{draw(pick)}", report_id="x", start_day=day("2024-01-01")))
    if draw(st.booleans()):
        hidden.append(tie("xo", f"person:{draw(pick)}", "operation:OP1", "r0", tie_type="subject_of"))
    return World(tuple(shown), tuple(hidden), draw(st.booleans()))


def answers(store: Store, world: World) -> dict[str, Any]:
    """Everything a reader outside the operation can ask, of everything in either world."""
    lens = Lens(sight=members_of())
    ids = [
        NodeId(str(row[0]))
        for kind, row in (*world.shown, *world.hidden)
        if str(row[0]).split(":")[0] in set(NODE_KINDS)
    ]
    ties = [TieId(str(row[0])) for kind, row in (*world.shown, *world.hidden) if kind is RecordKind.TIE]
    known = Lens(sight=members_of(), known_at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    start, end = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    found: dict[str, Any] = {}
    for name, each in (("now", lens), ("then", known)):
        found[f"entities {name}"] = [store.entity(node_id, each) for node_id in ids]
        found[f"ties {name}"] = store.ties(ties, each)
        found[f"near {name}"] = [
            store.neighbourhood([node_id], each, hops=2, per_node=2, hub_limit=3, limit=5) for node_id in ids
        ]
        found[f"paths {name}"] = [store.paths(ids[0], node_id, each, hub_limit=3) for node_id in ids]
        found[f"search {name}"] = [store.search(word, each) for word in (*WORDS, "ann", "park")]
        found[f"events {name}"] = store.events_within(Area((0, 0, 100, 100)), start, end, each)
        found[f"lists {name}"] = [store.list_nodes(kind, each) for kind in NODE_KINDS]
        found[f"digest {name}"] = store.snapshot(each).digest
        found[f"restrictions {name}"] = store.snapshot(each).restrictions
    return found


def check(world: World, open_store: Callable[[], AbstractContextManager[Store]]) -> None:
    """Both worlds answer alike. The hidden records come after the others, so that rows of files are the same."""
    with open_store() as store:
        if world.later:
            store.write(blocks(world.shown), note())
            store.write(blocks(world.hidden), note())
        else:
            store.write(blocks((*world.shown, *world.hidden)), note())
        with_hidden = answers(store, world)
    with open_store() as store:
        store.write(blocks(world.shown), note())
        without = answers(store, world)
    for name, answer in without.items():
        assert with_hidden[name] == answer, name
