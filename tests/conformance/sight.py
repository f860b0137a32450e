"""S6 and S7: what restrictions hide."""

from __future__ import annotations

from graph.model import (
    NodeId,
    NodeKind,
    Person,
    ReportId,
    Restriction,
    Standing,
    TieId,
)
from graph.store import Lens, Store
from tests.conformance.basis import (
    EVERYTHING,
    Clock,
    Conformance,
    ids,
)
from tests.conformance.factories import (
    episode,
    event,
    members_of,
    operation,
    person,
    place,
    report,
    second,
    tie,
)


class SightSentences(Conformance):
    def test_s6_hidden_reports_are_left_out_and_the_standing_is_that_of_the_rest(self, store: Store) -> None:
        self.put(
            store,
            person("1"),
            person("2"),
            report("open", agency="health", basis="fact"),
            report(
                "shut",
                agency="police",
                grading_scheme="3x5x2",
                source_evaluation="1",
                information_assessment="A",
                handling="C",
                conditions="operation:OP1",
            ),
            tie("t1", "person:1", "person:2", "shut", "open"),
        )
        full = store.ties([TieId("t1")], EVERYTHING)[TieId("t1")]
        member = store.ties([TieId("t1")], Lens(sight=members_of("OP1")))[TieId("t1")]
        other = store.ties([TieId("t1")], Lens(sight=members_of()))[TieId("t1")]
        assert (full.standing, member.standing, other.standing) == (
            Standing.CONFIRMED,
            Standing.CONFIRMED,
            Standing.UNCONFIRMED,
        )
        assert [report.id for report in other.reports] == ["open"]
        assert other.tie.report_ids == ("open",)
        assert other.restriction.is_open
        assert full.restriction.operations == {"OP1"}

    def test_s6_a_tie_of_hidden_reports_only_is_not_there(self, store: Store) -> None:
        self.put(store, person("1"), person("2"))
        self.put(
            store,
            report("r1", handling="C"),
            tie("t1", "person:1", "person:2", "r1"),
            episode("ep1", "person:1", report_id="r1"),
        )
        lens = Lens(sight=members_of())
        entity = store.entity(NodeId("person:1"), lens)
        assert entity is not None
        assert (entity.ties, entity.episodes, entity.others, entity.node.degree) == ((), (), {}, 0)
        assert store.reports([ReportId("r1")], lens) == {}
        assert store.neighbourhood([NodeId("person:1")], lens).ties == ()
        assert store.paths(NodeId("person:1"), NodeId("person:2"), lens) == ()

    def test_s6_what_touches_a_restricted_operation_is_for_its_members(self, store: Store) -> None:
        self.put(store, person("1"))
        self.put(
            store,
            operation("OP1", name="Heron", restricted=1),
            report("r1"),
            tie("t1", "person:1", "operation:OP1", "r1", tie_type="subject_of"),
        )
        assert store.search("heron", Lens(sight=members_of())) == ()
        assert store.entity(NodeId("operation:OP1"), Lens(sight=members_of())) is None
        assert store.ties([TieId("t1")], Lens(sight=members_of())) == {}
        assert set(store.ties([TieId("t1")], Lens(sight=members_of("OP1")))) == {"t1"}
        assert ids(hit.node for hit in store.search("heron", Lens(sight=members_of("OP1")))) == ["operation:OP1"]

    def test_s6_an_operation_that_becomes_restricted_hides_what_touches_it(self, store: Store) -> None:
        self.put(
            store,
            person("1"),
            operation("OP1"),
            report("r1"),
            tie("t1", "person:1", "operation:OP1", "r1", tie_type="subject_of"),
        )
        self.put(store, operation("OP1", restricted=1))
        assert store.ties([TieId("t1")], Lens(sight=members_of())) == {}
        assert set(store.ties([TieId("t1")], Lens(sight=members_of("OP1")))) == {"t1"}

    def test_s6_a_report_that_is_handled_more_strictly_hides_what_rests_on_it(self, store: Store, clock: Clock) -> None:
        self.put(
            store,
            person("1"),
            person("2"),
            report("r1", recorded_at=second("2024-01-01")),
            tie("t1", "person:1", "person:2", "r1"),
            episode("ep1", "person:1", report_id="r1"),
            event("e1", report_id="r1"),
        )
        before = clock.now
        clock.tick()
        self.put(store, report("r1", recorded_at=second("2024-01-01"), handling="C"))
        for lens in (Lens(sight=members_of()), Lens(sight=members_of(), known_at=before)):
            entity = store.entity(NodeId("person:1"), lens)
            assert entity is not None
            assert (entity.ties, entity.episodes) == ((), ())
            assert store.entity(NodeId("event:e1"), lens) is None
            assert store.reports([ReportId("r1")], lens) == {}
        assert set(store.ties([TieId("t1")], EVERYTHING)) == {"t1"}

    def test_s6_the_restriction_of_a_write_holds_for_all_it_brings(self, store: Store) -> None:
        self.put(store, person("1"), person("2"))
        only = Restriction(operations=frozenset({"OP1"}))
        self.put(store, person("3"), tie("t1", "person:1", "person:2"), restriction=only)
        assert store.restrictions() >= {Restriction(), only}
        assert store.entity(NodeId("person:3"), Lens(sight=members_of())) is None
        assert store.ties([TieId("t1")], Lens(sight=members_of())) == {}
        assert set(store.ties([TieId("t1")], Lens(sight=members_of("OP1")))) == {"t1"}

    def test_s6_a_restricted_correction_leaves_others_what_they_saw(self, store: Store) -> None:
        self.put(
            store,
            person("1", given_name="Ana"),
            person("2"),
            report("r1"),
            tie("t1", "person:1", "person:2", "r1", qualifier="a"),
        )
        only = Restriction(operations=frozenset({"OP1"}))
        self.put(
            store,
            person("1", given_name="Zed"),
            tie("t1", "person:1", "person:2", "r1", qualifier="b"),
            restriction=only,
        )
        for lens, name, qualifier in (
            (Lens(sight=members_of()), "Ana", "a"),
            (Lens(sight=members_of("OP1")), "Zed", "b"),
            (EVERYTHING, "Zed", "b"),
        ):
            entity = store.entity(NodeId("person:1"), lens)
            assert entity is not None
            assert isinstance(entity.node.record, Person)
            assert (entity.node.record.given_name, [seen.tie.qualifier for seen in entity.ties]) == (name, [qualifier])
        assert store.search("zed", Lens(sight=members_of())) == ()
        assert ids(hit.node for hit in store.search("ana", Lens(sight=members_of()))) == ["person:1"]

    def test_s6_a_protected_address_is_hidden_but_not_the_person(self, store: Store) -> None:
        self.put(store, place("P", name="Refuge"), person("1", address_place_id="place:P", protected_address=1))
        lens = Lens(sight=members_of())
        entity = store.entity(NodeId("person:1"), lens)
        assert entity is not None
        assert (entity.ties, entity.node.degree) == ((), 0)
        assert store.entity(NodeId("place:P"), lens) is None
        full = store.entity(NodeId("person:1"), EVERYTHING)
        assert full is not None
        assert full.ties[0].restriction.protected_address

    def test_s6_an_address_protected_later_is_hidden_in_the_past_too(self, store: Store, clock: Clock) -> None:
        self.put(store, place("P"), person("1", address_place_id="place:P"))
        before = clock.now
        clock.tick()
        self.put(store, person("1", address_place_id="place:P", protected_address=1))
        for lens in (Lens(sight=members_of()), Lens(sight=members_of(), known_at=before)):
            entity = store.entity(NodeId("person:1"), lens)
            assert entity is not None
            assert entity.ties == ()

    def test_s7_a_node_brought_by_restricted_records_only_is_hidden(self, store: Store) -> None:
        self.put(store, person("1"))
        self.put(
            store,
            person("2", given_name="Hidden"),
            person("3"),
            person("4"),
            report("shut", handling="C", conditions="operation:OP1"),
            report("open"),
            tie("t1", "person:1", "person:2", "shut"),
            tie("t2", "person:1", "person:3", "shut"),
            tie("t3", "person:1", "person:3", "open"),
        )
        lens = Lens(sight=members_of())
        assert set(store.nodes([NodeId(f"person:{key}") for key in "1234"], lens)) == {
            "person:1",
            "person:3",
            "person:4",
        }
        assert ids(store.list_nodes(NodeKind.PERSON, lens)) == ["person:1", "person:3", "person:4"]
        assert store.search("hidden", lens) == ()
        assert len(store.snapshot(lens)) == 3
        assert ids(store.list_nodes(NodeKind.PERSON, Lens(sight=members_of("OP1")))) == [
            f"person:{key}" for key in "1234"
        ]

    def test_s7_any_one_of_the_records_is_enough(self, store: Store) -> None:
        self.put(
            store,
            person("1"),
            person("2"),
            report("a", handling="C", conditions="operation:A"),
            report("b", handling="C", conditions="operation:B"),
            tie("t1", "person:1", "person:2", "a"),
            tie("t2", "person:1", "person:2", "b"),
        )
        seen = {
            name: len(store.nodes([NodeId("person:2")], Lens(sight=members_of(*name)))) for name in ("", "A", "B", "AB")
        }
        assert seen == {"": 0, "A": 1, "B": 1, "AB": 1}

    def test_s7_a_later_open_record_opens_and_a_later_restricted_one_never_hides(self, store: Store) -> None:
        shut = report("shut", handling="C")
        self.put(store, person("1"))
        self.put(store, person("2"), shut, tie("t1", "person:1", "person:2", "shut"))
        lens = Lens(sight=members_of())
        assert store.entity(NodeId("person:2"), lens) is None
        self.put(store, report("open"), tie("t2", "person:1", "person:2", "open"))
        assert store.entity(NodeId("person:2"), lens) is not None
        self.put(store, tie("t3", "person:2", "person:1", "shut"))
        assert store.entity(NodeId("person:2"), lens) is not None

    def test_s7_an_address_speaks_for_a_hidden_person_no_more_than_others_do(self, store: Store) -> None:
        self.put(store, person("1"))
        self.put(
            store,
            place("P"),
            person("2", address_place_id="place:P"),
            report("shut", handling="C"),
            tie("t1", "person:1", "person:2", "shut"),
        )
        lens = Lens(sight=members_of())
        assert store.entity(NodeId("person:2"), lens) is None
        assert store.entity(NodeId("place:P"), lens) is None
