"""S9: orders and pages; provenance and standing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from graph.model import (
    NodeId,
    NodeKind,
    ReportId,
    Standing,
    TieId,
)
from graph.records import RecordKind, Tally
from graph.store import Area, Lens, Store
from tests.conformance.basis import (
    EVERYTHING,
    Clock,
    Conformance,
    area,
    ids,
    square,
)
from tests.conformance.factories import (
    blocks,
    day,
    event,
    group,
    note,
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


class OrderSentences(Conformance):
    def test_s9_paths_are_the_shortest_by_node_ids(self, store: Store) -> None:
        self.put(
            store,
            *(person(key) for key in "abcdez"),
            tie("1", "person:a", "person:c"),
            tie("2", "person:c", "person:z"),
            tie("3", "person:a", "person:b"),
            tie("4", "person:z", "person:b"),
            tie("5", "person:a", "person:d"),
            tie("6", "person:d", "person:e"),
            tie("7", "person:e", "person:z"),
        )
        found = store.paths(NodeId("person:a"), NodeId("person:z"), EVERYTHING)
        assert [path.nodes for path in found] == [
            ("person:a", "person:b", "person:z"),
            ("person:a", "person:c", "person:z"),
        ]
        assert [seen.tie.id for seen in found[0].ties] == ["3", "4"]
        assert len(store.paths(NodeId("person:a"), NodeId("person:z"), EVERYTHING, limit=1)) == 1
        assert store.paths(NodeId("person:a"), NodeId("person:z"), EVERYTHING, max_hops=1) == ()
        long = store.paths(NodeId("person:b"), NodeId("person:e"), EVERYTHING)
        assert [path.nodes for path in long] == [("person:b", "person:z", "person:e")]

    def test_s9_paths_do_not_go_through_hubs(self, store: Store) -> None:
        self.put(
            store,
            *(person(key) for key in "abcdz"),
            school("9"),
            *(tie(f"s{key}", f"person:{key}", "school:9", tie_type="attends") for key in "abcdz"),
            tie("1", "person:a", "person:b"),
            tie("2", "person:b", "person:c"),
            tie("3", "person:c", "person:z"),
        )
        through = store.paths(NodeId("person:a"), NodeId("person:z"), EVERYTHING, hub_limit=5)
        around = store.paths(NodeId("person:a"), NodeId("person:z"), EVERYTHING, hub_limit=4)
        assert [path.nodes for path in through] == [("person:a", "school:9", "person:z")]
        assert [path.nodes for path in around] == [("person:a", "person:b", "person:c", "person:z")]
        ends = store.paths(NodeId("person:a"), NodeId("school:9"), EVERYTHING, hub_limit=1)
        assert [len(path.ties) for path in ends] == [1]

    def test_s9_events_by_start_then_id_in_area_and_period(self, store: Store) -> None:
        self.put(
            store,
            place("P", easting=10.0, northing=10.0),
            place("far", easting=5000.0, northing=10.0),
            place("none"),
            school("9", easting=20.0, northing=20.0),
            event("b", place_id="place:P", started_at=second("2024-01-02")),
            event("a", place_id="school:9", started_at=second("2024-01-02")),
            event("own", easting=1000.0, northing=1000.0, started_at=second("2024-01-01"), event_type="offence"),
            event("late", place_id="place:P", started_at=second("2024-02-01")),
            event("away", place_id="place:far", started_at=second("2024-01-02")),
            event("nowhere", place_id="place:none", started_at=second("2024-01-02")),
            event("undated", place_id="place:P"),
        )
        start, end = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 2, 1, tzinfo=dt.UTC)
        assert ids(store.events_within(area(), start, end, EVERYTHING)) == ["event:own", "event:a", "event:b"]
        kinds = frozenset({"incident"})
        assert ids(store.events_within(area(), start, end, EVERYTHING, event_types=kinds)) == ["event:a", "event:b"]
        assert ids(store.events_within(area(), start, end, EVERYTHING, limit=1)) == ["event:own"]
        part = Area((0, 0, 1000, 1000), square(0, 0, 15))
        assert ids(store.events_within(part, start, end, EVERYTHING)) == ["event:b"]

    def test_s9_events_follow_a_corrected_place(self, store: Store, clock: Clock) -> None:
        self.put(
            store,
            place("P", easting=10.0, northing=10.0),
            event("e1", place_id="place:P", started_at=second("2024-01-02")),
        )
        before = clock.now
        clock.tick()
        self.put(store, place("P", easting=5000.0, northing=10.0))
        start, end = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 2, 1, tzinfo=dt.UTC)
        assert store.events_within(area(), start, end, EVERYTHING) == ()
        assert ids(store.events_within(area(west=4000, east=6000), start, end, EVERYTHING)) == ["event:e1"]
        known = Lens(known_at=before)
        assert len(store.events_within(area(), start, end, known)) in (0, 1)
        self.put(store, event("e2", place_id="place:P", started_at=second("2024-01-03")))
        assert ids(store.events_within(area(west=4000, east=6000), start, end, EVERYTHING)) == ["event:e1", "event:e2"]

    def test_s9_search_by_id_reference_name_and_likeness(self, store: Store) -> None:
        self.put(
            store,
            person(
                "12", given_name="Zoë", family_name="O'Brien-Smith", also_known_as=("Zed",), nhs_number="943 476 5919"
            ),
            person("13", given_name="Zoe", family_name="Smyth"),
            place("P", name="Smith Street Park", postcode="M1 1AA"),
            group("g", name="The Park Lot"),
            traced("vehicle", "v", identifier="AB12 CDE"),
            operation("OP", name="Heron"),
        )

        def found(text: str, **values: Any) -> list[tuple[str, str]]:
            return [(hit.node.record.id, hit.matched) for hit in store.search(text, EVERYTHING, **values)]

        assert found("person:12") == [("person:12", "id")]
        assert found("12")[0] == ("person:12", "id")
        assert found("m11aa", fuzzy=False) == [("place:P", "postcode")]
        assert found("9434765919") == [("person:12", "identifier")]
        assert found("ab12cde") == [("vehicle:v", "identifier")]
        assert found("ZOE", fuzzy=False) == [("person:12", "name"), ("person:13", "name")]
        assert found("zed", fuzzy=False) == [("person:12", "alias")]
        assert {key for key, _ in found("smi", fuzzy=False)} == {"person:12", "place:P"}
        assert found("zoe smith")[:2] == [("person:12", "name"), ("person:13", "name")]
        assert found("park", kinds=frozenset({NodeKind.PEER_GROUP})) == [("group:g", "name")]
        assert found("heorn") == [("operation:OP", "name")]
        assert found("heorn", fuzzy=False) == []
        assert found("z") == []
        assert found("  ") == []
        assert found("smith", limit=1) == [("person:12", "name")]

    def test_s9_search_finds_a_corrected_name_and_not_the_old(self, store: Store, clock: Clock) -> None:
        self.put(store, person("1", given_name="Wrong"))
        before = clock.now
        clock.tick()
        self.put(store, person("1", given_name="Right"))
        assert store.search("wrong", EVERYTHING, fuzzy=False) == ()
        assert ids(hit.node for hit in store.search("right", EVERYTHING)) == ["person:1"]
        assert ids(hit.node for hit in store.search("wrong", Lens(known_at=before))) == ["person:1"]

    def test_s9_search_takes_hostile_text_as_text(self, store: Store) -> None:
        self.put(store, person("1", given_name='Rob"; DROP', family_name="TABLE* OR NEAR(x)"))
        for text in (
            '"',
            "%%",
            "a*b",
            "NEAR(a b)",
            "'; --",
            "\u202eabc",
            "ab\x00cd",
            "x" * 5000,
            "-rob",
            "rob OR table",
        ):
            store.search(text, EVERYTHING)
        assert ids(hit.node for hit in store.search('rob"; drop', EVERYTHING)) == ["person:1"]

    def test_s9_lists_and_loads_come_in_pages(self, store: Store) -> None:
        self.put(store, *(person(key) for key in "cab"), files=(("people.csv", 3, "d"),), author="ana", reason="first")
        self.put(store, person("d"))
        first = store.list_nodes(NodeKind.PERSON, EVERYTHING, limit=2)
        assert ids(first) == ["person:a", "person:b"]
        assert ids(store.list_nodes(NodeKind.PERSON, EVERYTHING, after=NodeId("person:b"))) == ["person:c", "person:d"]
        newest, oldest = store.loads()
        assert (newest.sequence, oldest.sequence) == (2, 1)
        assert (oldest.files, oldest.author, oldest.reason) == ((("people.csv", 3, "d"),), "ana", "first")
        assert oldest.tallies == {RecordKind.PERSON: Tally(3, 0, 0)}
        assert [load.sequence for load in store.loads(before=2)] == [1]

    def test_s9_an_entity_shows_its_ties_latest_first(self, store: Store) -> None:
        self.put(
            store,
            *(person(key) for key in "0123"),
            tie("b", "person:0", "person:1", start_day=day("2024-01-01")),
            tie("a", "person:2", "person:0", start_day=day("2024-01-01")),
            tie("c", "person:0", "person:3"),
            tie("d", "person:3", "person:0", start_day=day("2025-01-01")),
            tie("e", "person:0", "person:0"),
        )
        entity = store.entity(NodeId("person:0"), EVERYTHING)
        assert entity is not None
        assert [seen.tie.id for seen in entity.ties] == ["d", "a", "b", "c", "e"]
        assert list(entity.others) == ["person:1", "person:2", "person:3"]
        assert entity.node.degree == 5

    def test_provenance_leads_to_file_and_row(self, store: Store) -> None:
        store.write(blocks([person("1"), report("r1")], file="people.csv"), note(author="ana"))
        _, version = store.reports([ReportId("r1")], EVERYTHING)[ReportId("r1")]
        assert (version.provenance.file, version.provenance.row, version.author) == ("people.csv", 2, "ana")
        assert version.provenance.load_id == store.loads()[0].id

    def test_standing_joins_parallel_ties_and_one_event_is_one_source(self, store: Store) -> None:
        self.put(
            store,
            *(person(key) for key in "1234"),
            report("p", agency="police"),
            report("h", agency="health"),
            report("p2", agency="police"),
            report("h2", agency="health"),
            event("e", report_id="p2"),
            participation("event:e", "person:3", report_id="h2"),
            participation("event:e", "person:4", report_id="p2"),
            tie("a", "person:1", "person:2", "p", start_day=day("2024-01-01")),
            tie("b", "person:1", "person:2", "h", start_day=day("2024-02-01")),
            tie("c", "person:3", "person:4", "p2", "h2"),
            tie("old", "person:1", "person:2", "p2", end_day=day("2020-01-01")),
        )
        ties = store.ties([TieId(each) for each in ("a", "b", "c", "old")], EVERYTHING)
        assert {key: seen.standing for key, seen in ties.items()} == {
            "a": Standing.CONFIRMED,
            "b": Standing.CONFIRMED,
            "c": Standing.UNCONFIRMED,
            "old": Standing.UNCONFIRMED,
        }
