"""S5: the day and the knowledge a lens looks through; the ties that Kith makes."""

from __future__ import annotations

import datetime as dt

from graph.model import (
    NodeId,
    NodeKind,
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
    day,
    episode,
    event,
    participation,
    person,
    place,
    report,
    school,
    second,
    tie,
)


class KnowledgeSentences(Conformance):
    # -- S5: lens ----------------------------------------------------------------------------------------------
    def test_s5_as_at_shows_ties_and_episodes_whose_period_contains_the_day(self, store: Store) -> None:
        self.put(
            store,
            person("1"),
            person("2"),
            episode("ep1", "person:1", start_day=day("2024-01-01"), end_day=day("2024-02-01")),
            tie("t1", "person:1", "person:2", start_day=day("2024-01-10"), end_day=day("2024-01-20")),
        )
        shown = {}
        for text in ("2024-01-09", "2024-01-10", "2024-01-19", "2024-01-20", "2024-02-01"):
            entity = store.entity(NodeId("person:1"), Lens(as_at=dt.date.fromisoformat(text)))
            assert entity is not None
            shown[text] = (len(entity.ties), len(entity.episodes), entity.node.degree)
        assert shown == {
            "2024-01-09": (0, 1, 0),
            "2024-01-10": (1, 1, 1),
            "2024-01-19": (1, 1, 1),
            "2024-01-20": (0, 1, 0),
            "2024-02-01": (0, 0, 0),
        }

    def test_s5_an_event_is_so_from_its_day_on(self, store: Store) -> None:
        self.put(
            store,
            person("1"),
            event("e1", started_at=second("2024-05-01T10:00")),
            participation("event:e1", "person:1", "victim"),
        )
        before, after = Lens(as_at=dt.date(2024, 4, 30)), Lens(as_at=dt.date(2025, 1, 1))
        assert store.entity(NodeId("event:e1"), before) is None
        entity = store.entity(NodeId("person:1"), after)
        assert entity is not None
        assert [seen.tie.qualifier for seen in entity.ties] == ["victim"]
        hidden = store.entity(NodeId("person:1"), before)
        assert hidden is not None
        assert (hidden.ties, hidden.node.degree) == ((), 0)

    def test_s5_known_at_follows_the_reports(self, store: Store) -> None:
        self.put(
            store,
            person("1"),
            person("2"),
            report("early", agency="health", recorded_at=second("2024-01-01")),
            report("late", agency="police", recorded_at=second("2024-06-01")),
            tie("t1", "person:1", "person:2", "late", "early"),
        )
        seen = {}
        for text in ("2023-12-31", "2024-01-01", "2024-06-01"):
            ties = store.ties([TieId("t1")], Lens(known_at=dt.datetime.fromisoformat(text + "T00:00:00+00:00")))
            seen[text] = [report.id for tie in ties.values() for report in tie.reports]
        assert seen == {"2023-12-31": [], "2024-01-01": ["early"], "2024-06-01": ["late", "early"]}

    def test_s5_what_states_no_time_is_known_from_the_commit_but_nodes_always(self, store: Store, clock: Clock) -> None:
        self.put(store, person("1"), person("2"), tie("t1", "person:1", "person:2"), episode("ep1", "person:1"))
        long_ago = store.entity(NodeId("person:1"), Lens(known_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)))
        assert long_ago is not None
        assert (long_ago.ties, long_ago.episodes, long_ago.version.known_from) == ((), (), None)
        now = store.entity(NodeId("person:1"), Lens(known_at=clock.now))
        assert now is not None
        assert (len(now.ties), len(now.episodes)) == (1, 1)

    def test_s5_known_from_now_holds_for_nodes_as_well(self, store: Store, clock: Clock) -> None:
        self.put(store, person("1", given_name="Ana"), known_from_now=True)
        earlier = Lens(known_at=clock.now - dt.timedelta(seconds=1))
        assert store.entity(NodeId("person:1"), earlier) is None
        assert store.search("ana", earlier) == ()
        assert ids(store.list_nodes(NodeKind.PERSON, Lens(known_at=clock.now))) == ["person:1"]

    def test_s5_an_address_is_known_like_its_person(self, store: Store) -> None:
        self.put(store, place("P"), person("1", address_place_id="place:P"))
        entity = store.entity(NodeId("person:1"), Lens(known_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)))
        assert entity is not None
        assert [seen.tie.tie_type for seen in entity.ties] == ["lives_at"]

    # -- ties that Kith makes ----------------------------------------------------------------------------------
    def test_structural_ties_carry_ids_ends_days_and_reports(self, store: Store) -> None:
        self.put(
            store,
            place("P"),
            school("100"),
            person("1", address_place_id="place:P"),
            report("r1"),
            report("r2"),
            event(
                "e1",
                event_type="missing_episode",
                place_id="place:P",
                from_place_id="school:100",
                started_at=second("2024-05-01T22:00"),
                ended_at=second("2024-05-03T06:00"),
                report_id="r1",
            ),
            participation("event:e1", "person:1", "missing_person", report_id="r2"),
        )
        wanted = [
            "took_part_in:event:e1|person:1|missing_person",
            "occurred_at:event:e1",
            "went_missing_from:event:e1",
            "lives_at:person:1",
        ]
        ties = store.ties([TieId(each) for each in wanted], EVERYTHING)
        facts = {
            key: (seen.tie.source, seen.tie.target, seen.tie.qualifier, [report.agency for report in seen.reports])
            for key, seen in ties.items()
        }
        assert facts == {
            wanted[0]: ("person:1", "event:e1", "missing_person", ["police"]),
            wanted[1]: ("event:e1", "place:P", None, ["police"]),
            wanted[2]: ("event:e1", "school:100", None, ["police"]),
            wanted[3]: ("person:1", "place:P", None, ["register"]),
        }
        assert ties[TieId(wanted[0])].reports[0].id == "r2"
        span = ties[TieId(wanted[1])].tie.period
        assert (span.start, span.end) == (dt.date(2024, 5, 1), dt.date(2024, 5, 4))

    def test_a_part_without_a_report_rests_on_the_events(self, store: Store) -> None:
        self.put(store, person("1"), report("r1"), event("e1", report_id="r1"), participation("event:e1", "person:1"))
        entity = store.entity(NodeId("person:1"), EVERYTHING)
        assert entity is not None
        assert [report.id for seen in entity.ties for report in seen.reports] == ["r1"]

    def test_a_moved_person_has_the_new_address_and_had_the_old(self, store: Store, clock: Clock) -> None:
        self.put(store, place("A"), place("B"), person("1", address_place_id="place:A"))
        before = clock.now
        clock.tick()
        self.put(store, person("1", address_place_id="place:B"))
        targets = {}
        for name, lens in (("now", EVERYTHING), ("then", Lens(known_at=before))):
            targets[name] = store.ties([TieId("lives_at:person:1")], lens)[TieId("lives_at:person:1")].tie.target
        assert targets == {"now": "place:B", "then": "place:A"}

    def test_a_place_taken_from_an_event_ends_its_tie(self, store: Store, clock: Clock) -> None:
        self.put(store, place("P"), event("e1", place_id="place:P", started_at=second("2024-01-01")))
        before = clock.now
        clock.tick()
        self.put(store, event("e1", started_at=second("2024-01-01")))
        assert store.ties([TieId("occurred_at:event:e1")], EVERYTHING) == {}
        assert set(store.ties([TieId("occurred_at:event:e1")], Lens(known_at=before))) == {"occurred_at:event:e1"}

    def test_parts_follow_the_day_of_a_corrected_event(self, store: Store) -> None:
        self.put(
            store, person("1"), event("e1", started_at=second("2024-01-01")), participation("event:e1", "person:1")
        )
        self.put(store, event("e1", started_at=second("2024-02-01")))
        entity = store.entity(NodeId("person:1"), EVERYTHING)
        assert entity is not None
        assert [seen.tie.period.start for seen in entity.ties] == [dt.date(2024, 2, 1)]
