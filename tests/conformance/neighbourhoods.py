"""S8: how a neighbourhood grows."""

from __future__ import annotations

import datetime as dt

from graph.model import (
    NodeId,
    Polarity,
    Standing,
)
from graph.store import Store, TieFilter
from tests.conformance.basis import (
    EVERYTHING,
    Conformance,
    ids,
)
from tests.conformance.factories import (
    day,
    person,
    report,
    school,
    tie,
)


class NeighbourhoodSentences(Conformance):
    def test_s8_grows_hop_by_hop_with_all_ties_among_what_was_reached(self, store: Store) -> None:
        self.put(
            store,
            *(person(key) for key in "12345"),
            tie("a", "person:1", "person:2"),
            tie("b", "person:3", "person:2"),
            tie("c", "person:3", "person:4"),
            tie("d", "person:1", "person:3"),
            tie("e", "person:4", "person:5"),
        )
        near = store.neighbourhood([NodeId("person:1")], EVERYTHING, hops=2)
        assert ids(near.nodes) == ["person:1", "person:2", "person:3", "person:4"]
        assert near.hops == (0, 1, 1, 2)
        assert [seen.tie.id for seen in near.ties] == ["a", "b", "c", "d"]
        assert (near.cut, near.truncated) == ((), False)
        assert [node.degree for node in near.nodes] == [2, 2, 3, 2]

    def test_s8_never_grows_through_a_hub_and_says_so(self, store: Store) -> None:
        self.put(
            store,
            person("1"),
            person("2"),
            school("9"),
            *(person(f"x{number}") for number in range(5)),
            tie("a", "person:1", "school:9", tie_type="attends"),
            tie("b", "person:2", "school:9", tie_type="attends"),
            *(tie(f"t{number}", f"person:x{number}", "school:9", tie_type="attends") for number in range(5)),
        )
        near = store.neighbourhood([NodeId("person:1")], EVERYTHING, hops=3, hub_limit=6)
        assert ids(near.nodes) == ["person:1", "school:9"]
        assert near.cut == ("school:9",)
        beyond = store.neighbourhood([NodeId("person:1")], EVERYTHING, hops=2, hub_limit=7)
        assert len(beyond.nodes) == 8

    def test_s8_takes_the_latest_ties_of_each_node_first_then_by_id(self, store: Store) -> None:
        starts = {"a": None, "b": "2024-01-01", "c": "2024-03-01", "d": "2024-02-01", "e": "2024-02-01"}
        self.put(
            store,
            person("0"),
            *(person(key) for key in starts),
            *(
                tie(
                    f"t{key}",
                    "person:0" if key < "d" else f"person:{key}",
                    f"person:{key}" if key < "d" else "person:0",
                    start_day=None if start is None else day(start),
                )
                for key, start in starts.items()
            ),
        )
        near = store.neighbourhood([NodeId("person:0")], EVERYTHING, per_node=3, hub_limit=2)
        assert ids(near.nodes) == ["person:0", "person:c", "person:d", "person:e"]
        assert near.cut == ("person:0",)
        fewer = store.neighbourhood([NodeId("person:0")], EVERYTHING, per_node=2)
        assert ids(fewer.nodes) == ["person:0", "person:c", "person:d"]

    def test_s8_stops_at_the_limit_and_says_so(self, store: Store) -> None:
        self.put(
            store,
            *(person(str(key)) for key in range(6)),
            *(tie(f"t{key}", "person:0", f"person:{key}") for key in range(1, 6)),
        )
        near = store.neighbourhood([NodeId("person:0")], EVERYTHING, limit=4)
        assert (ids(near.nodes), near.truncated) == (["person:0", "person:1", "person:2", "person:3"], True)
        whole = store.neighbourhood([NodeId("person:0")], EVERYTHING, limit=6)
        assert whole.truncated is False

    def test_s8_filters_by_type_polarity_standing_and_period(self, store: Store) -> None:
        strong = report("s", grading_scheme="3x5x2", source_evaluation="1", information_assessment="A")
        self.put(
            store,
            *(person(str(key)) for key in range(6)),
            strong,
            report("w", basis="opinion"),
            report("m"),
            tie("t1", "person:0", "person:1", "w", tie_type="friend_of"),
            tie("t2", "person:0", "person:2", "s", tie_type="threatens"),
            tie(
                "t3",
                "person:0",
                "person:3",
                "m",
                tie_type="supports",
                start_day=day("2024-01-01"),
                end_day=day("2024-02-01"),
            ),
            tie("t4", "person:0", "person:4", tie_type="seen_with", start_day=day("2024-06-01")),
        )

        def reached(where: TieFilter) -> list[str]:
            return [seen.tie.id for seen in store.neighbourhood([NodeId("person:0")], EVERYTHING, where=where).ties]

        assert reached(TieFilter(tie_types=frozenset({"supports", "threatens"}))) == ["t2", "t3"]
        assert reached(TieFilter(polarities=frozenset({Polarity.CONCERN}))) == ["t2"]
        assert reached(TieFilter(standing=Standing.CONFIRMED)) == ["t2"]
        assert reached(TieFilter(standing=Standing.UNCONFIRMED)) == ["t2", "t3"]
        assert reached(TieFilter(start=dt.date(2024, 2, 1))) == ["t1", "t2", "t4"]
        assert reached(TieFilter(end=dt.date(2024, 6, 1))) == ["t1", "t2", "t3"]

    def test_s8_seeds_that_are_not_there_are_left_out(self, store: Store) -> None:
        self.put(store, person("1"))
        near = store.neighbourhood([NodeId("person:9"), NodeId("person:1"), NodeId("person:1")], EVERYTHING)
        assert (near.seeds, ids(near.nodes)) == (("person:1",), ["person:1"])
        assert store.neighbourhood([NodeId("person:9")], EVERYTHING).nodes == ()
