"""Snapshots; counts, keys and health."""

from __future__ import annotations

import datetime as dt

import pytest

from graph.errors import (
    StoreError,
)
from graph.model import (
    NodeId,
    Restriction,
    Standing,
    TieId,
)
from graph.records import Block, RecordKind
from graph.snapshot import Snapshot
from graph.store import Lens, Store
from graph.vocabulary import vocabulary
from tests.conformance.basis import (
    EVERYTHING,
    BackDoor,
    Clock,
    Conformance,
    square,
)
from tests.conformance.factories import (
    blocks,
    day,
    episode,
    event,
    exposure,
    locality,
    members_of,
    note,
    participation,
    person,
    place,
    report,
    row,
    school,
    second,
    tie,
)


class SnapshotSentences(Conformance):
    # -- snapshot ----------------------------------------------------------------------------------------------
    def test_snapshot_holds_what_a_detector_needs(self, store: Store) -> None:
        self.put(
            store,
            place("P", place_type="park", easting=1.0, northing=2.0),
            person(
                "1", birth_day=day("2010-01-01"), birth_precision="year", sex="F", address_place_id="place:P", send=1
            ),
            person("2"),
            report("r1", agency="health", recorded_at=second("2024-01-01")),
            event(
                "e1",
                event_type="incident",
                strand="county_lines",
                started_at=second("2024-01-01"),
                place_id="place:P",
                report_id="r1",
            ),
            participation("event:e1", "person:1", "victim"),
            tie("t1", "person:1", "person:2", "r1", confidence=0.5),
            episode("ep1", "person:1", report_id="r1"),
            locality("L", square(0, 0, 10)),
            exposure("x", "L", 5.0),
        )
        made = store.snapshot(EVERYTHING)
        assert list(made.nodes.ids) == ["event:e1", "person:1", "person:2", "place:P"]
        assert made.sequence == 1
        born = made.nodes.birth_day[made.row_of["person:1"]]
        assert int(born) == day("2010-12-31")
        assert made.nodes.address.tolist() == [-1, 3, -1, -1]
        assert len(made.ties.source) == 4
        assert sorted(made.ties.ids) == [
            "lives_at:person:1",
            "occurred_at:event:e1",
            "t1",
            "took_part_in:event:e1|person:1|victim",
        ]
        assert made.reports.agencies == ("health", "register")
        assert made.areas.exposure[0][:2] == (0, 5.0)
        assert [made.node_id(row) for row in made.episodes.person] == ["person:1"]
        self.agrees(store, made, EVERYTHING)

    def test_snapshot_sets_away_and_absent_apart_from_missing(self, store: Store) -> None:
        details = {"e1": "A", "e2": "M", "e3": "absent", "e4": None}
        self.put(store, *(event(key, event_type="missing_episode", detail=said) for key, said in details.items()))
        made = store.snapshot(EVERYTHING)
        words = vocabulary("event_type").terms
        assert [words[number].code for number in made.nodes.event_type] == [
            "away_or_absent", "missing_episode", "away_or_absent", "missing_episode",
        ]  # fmt: skip
        kept = store.nodes([NodeId(f"event:{key}") for key in details], EVERYTHING)
        assert all(getattr(item.record, "event_type", None) == "missing_episode" for item in kept.values())

    def test_snapshot_sets_interviews_declined_apart_from_those_held(self, store: Store) -> None:
        details = {"e1": "completed", "e2": "declined", "e3": None}
        self.put(store, *(event(key, event_type="return_interview", detail=said) for key, said in details.items()))
        made = store.snapshot(EVERYTHING)
        words = vocabulary("event_type").terms
        assert [words[number].code for number in made.nodes.event_type] == [
            "return_interview", "return_interview_declined", "return_interview",
        ]  # fmt: skip

    def agrees(self, store: Store, made: Snapshot, lens: Lens) -> None:
        """The arrays say what the other verbs say."""
        ties = store.ties([TieId(each) for each in made.ties.ids], lens)
        assert len(ties) == len(made.ties.ids)
        standings = list(Standing)
        for tie_row, tie_id in enumerate(made.ties.ids):
            seen = ties[TieId(tie_id)]
            assert made.node_id(made.ties.source[tie_row]) == seen.tie.source
            assert made.node_id(made.ties.target[tie_row]) == seen.tie.target
            assert standings[made.ties.standing[tie_row]] is seen.standing
            start, end = made.ties.report_start[tie_row : tie_row + 2]
            reports = [made.report_id(each) for each in made.ties.report_of_tie[start:end]]
            assert reports == [each.id for each in seen.reports]

    def test_snapshot_keeps_to_the_lens(self, store: Store, clock: Clock) -> None:
        self.put(
            store,
            person("1"),
            person("2"),
            person("3"),
            report("open", recorded_at=second("2024-01-01")),
            report("shut", handling="C", recorded_at=second("2024-01-01"), agency="secret"),
            tie("t1", "person:1", "person:2", "open", "shut"),
            tie("t2", "person:1", "person:3", "shut"),
            episode("ep1", "person:1", report_id="shut"),
            tie("later", "person:1", "person:2", start_day=day("2026-05-20")),
        )
        lens = Lens(sight=members_of())
        made = store.snapshot(lens)
        assert list(made.nodes.ids) == ["person:1", "person:2"]
        assert list(made.ties.ids) == ["t1"]
        assert (list(made.reports.ids), made.reports.agencies) == (["open"], ("police",))
        assert len(made.episodes.person) == 0
        assert made.restrictions == {Restriction()}
        self.agrees(store, made, lens)
        full = store.snapshot(Lens(as_at=dt.date(2026, 6, 1)))
        assert list(full.ties.ids) == ["later", "t1", "t2"]
        before = store.snapshot(Lens(known_at=dt.datetime(2023, 1, 1, tzinfo=dt.UTC)))
        assert (len(before), len(before.ties.source)) == (3, 0)

    def test_snapshot_at_an_earlier_knowledge_is_what_it_was(self, store: Store, clock: Clock) -> None:
        first = [
            person("1", sex="F"),
            person("2"),
            report("r1", recorded_at=second("2024-01-01")),
            tie("t1", "person:1", "person:2", "r1", start_day=day("2024-01-01")),
            episode("ep1", "person:1", report_id="r1"),
        ]
        self.put(store, *first)
        lens = Lens(as_at=dt.date(2026, 5, 1), known_at=clock.now)
        before = store.snapshot(lens).digest
        clock.tick()
        self.put(
            store,
            person("1", sex="M"),
            person("3"),
            report("r1", recorded_at=second("2024-01-01"), basis="opinion"),
            tie("t1", "person:2", "person:1", "r1"),
            episode("ep1", "person:1", report_id="r1", end_day=day("2025-01-01")),
            known_from_now=True,
        )
        assert store.snapshot(lens).digest == before
        now = store.snapshot(Lens(as_at=dt.date(2026, 5, 1)))
        assert now.digest != before
        self.agrees(store, now, Lens(as_at=None))

    def test_snapshot_is_the_same_whatever_the_order_of_loading(self, store: Store, back_door: BackDoor) -> None:
        self.put(
            store, *(person(key) for key in "312"), tie("b", "person:1", "person:2"), tie("a", "person:1", "person:2")
        )
        made = store.snapshot(EVERYTHING)
        assert list(made.nodes.ids) == ["person:1", "person:2", "person:3"]
        assert list(made.ties.ids) == ["a", "b"]
        with back_door.reopened() as again:
            assert again.snapshot(Lens(as_at=made.as_at)).digest == made.digest

    def test_snapshot_of_a_scope_holds_what_belongs_and_what_touches_it(self, store: Store) -> None:
        self.put(
            store,
            school("9", easting=5.0, northing=5.0),
            *(person(key) for key in "1234"),
            place("far", easting=500.0, northing=5.0),
            tie("a", "person:1", "school:9", tie_type="attends"),
            tie("b", "person:1", "person:2"),
            tie("c", "person:2", "person:3"),
            tie("d", "person:3", "person:4"),
            locality("L", square(0, 0, 10)),
        )
        for scope in ("school:9", "locality:L"):
            made = store.snapshot(EVERYTHING, scope=NodeId(scope))
            assert (list(made.nodes.ids), sorted(made.ties.ids)) == (["person:1", "person:2", "school:9"], ["a", "b"])
            assert made.scope == scope
        assert len(store.snapshot(EVERYTHING, scope=NodeId("school:404"))) == 0

    def test_snapshot_of_an_empty_store_is_empty(self, store: Store) -> None:
        made = store.snapshot(EVERYTHING)
        assert (len(made), len(made.ties.ids), made.sequence) == (0, 0, 0)
        assert isinstance(made.digest, str)

    # -- keeping -----------------------------------------------------------------------------------------------
    def test_counts_keys_localities_and_health(self, store: Store) -> None:
        self.put(
            store,
            person("1"),
            person("2"),
            report("r1"),
            tie("t1", "person:1", "person:2", "r1"),
            locality("L", square(0, 0, 10), name="Lea"),
        )
        counts = store.counts()
        assert (counts[RecordKind.PERSON], counts[RecordKind.TIE], counts[RecordKind.EVENT]) == (2, 1, 0)
        assert store.known_keys(RecordKind.PERSON, ["person:1", "person:9"]) == {"person:1"}
        assert store.known_keys(RecordKind.REPORT, ["r1", "r9"]) == {"r1"}
        assert store.known_keys(RecordKind.TIE, ["t1"]) == {"t1"}
        assert store.known_keys(RecordKind.LOCALITY, ["L", "M"]) == {"L"}
        (locality_,) = store.localities()
        assert (locality_.id, locality_.name, locality_.boundary_wkb) == ("L", "Lea", square(0, 0, 10))
        health = store.health()
        assert health["change_counter"] == 1
        assert "@" not in store.url

    def test_rows_of_the_wrong_shape_are_refused(self, store: Store) -> None:
        for kind, bad in (
            (RecordKind.PERSON, row(RecordKind.PERSON, "place:1")),
            (RecordKind.PERSON, row(RecordKind.PERSON, "person:a\nb")),
            (RecordKind.REPORT, row(RecordKind.REPORT, "")),
            (RecordKind.OBJECT, row(RecordKind.OBJECT, "person:1")),
        ):
            with pytest.raises(StoreError):
                store.write([Block(kind, [bad])], note())
        assert store.change_counter == 0

    def test_progress_is_told(self, store: Store) -> None:
        told: list[int] = []
        store.write(blocks([person("1"), person("2"), report("r1")]), note(), progress=told.append)
        assert told[-1] == 3
        assert told == sorted(told)
