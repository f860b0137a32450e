"""S1 to S4: writes are atomic and kept, versions, the counter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from graph.errors import (
    StoreError,
)
from graph.model import (
    NodeId,
    Person,
    Polarity,
    ReportId,
    TieId,
)
from graph.records import Block, RecordKind, Tally
from graph.store import Lens, Store
from tests.conformance.basis import (
    ENTRY,
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
    note,
    participation,
    person,
    place,
    population,
    report,
    second,
    tie,
)


class VersionSentences(Conformance):
    def test_s1_a_generator_that_fails_leaves_nothing(self, store: Store) -> None:
        def some() -> Iterator[Block]:
            yield from blocks([person("1"), report("r1")])
            raise RuntimeError("broken file")

        with pytest.raises(RuntimeError, match="broken file"):
            store.write(some(), note())
        assert store.nodes([NodeId("person:1")], EVERYTHING) == {}
        assert store.change_counter == 0
        assert store.verify_audit().rows["changes"] == 0

    def test_s1_a_reference_that_is_not_there_undoes_the_write(self, store: Store) -> None:
        with pytest.raises(StoreError):
            self.put(store, person("1"), tie("t1", "person:1", "person:2"))
        assert store.entity(NodeId("person:1"), EVERYTHING) is None

    def test_s1_a_report_that_is_not_there_undoes_the_write(self, store: Store) -> None:
        with pytest.raises(StoreError):
            self.put(store, person("1"), person("2"), tie("t1", "person:1", "person:2", "r9"))
        assert store.counts()[RecordKind.PERSON] == 0

    def test_s1_a_failed_write_can_be_repeated(self, store: Store) -> None:
        with pytest.raises(StoreError):
            self.put(store, person("1"), tie("t1", "person:1", "person:2"))
        self.put(store, person("1"), person("2"), tie("t1", "person:1", "person:2"))
        assert set(store.ties([TieId("t1")], EVERYTHING)) == {"t1"}

    def test_s1_the_change_and_its_audit_row_come_together(self, store: Store) -> None:
        commit = self.put(store, person("1"), person("2"), author="ana", agency="police", content_digest="d1")
        (audited,) = store.audit_rows(chain="changes")
        assert audited.entry.actor == "ana"
        assert audited.entry.details["sequence"] == commit.sequence
        assert audited.entry.details["records"] == {"person": [2, 0, 0]}

    def test_s2_a_write_is_there_after_opening_again(self, store: Store, back_door: BackDoor) -> None:
        self.put(store, person("1", given_name="Ana"))
        with back_door.reopened() as again:
            assert again.change_counter == 1
            assert set(again.nodes([NodeId("person:1")], EVERYTHING)) == {"person:1"}

    # -- S3, S4: versions and the counter ----------------------------------------------------------------------
    def test_s3_the_same_record_twice_is_unchanged(self, store: Store) -> None:
        records = [
            place("P"),
            person("1", given_name="Ana", also_known_as=("An", "Anni"), address_place_id="place:P"),
            person("2"),
            report("r1", recorded_at=second("2024-01-01")),
            event("e1", place_id="place:P", started_at=second("2024-01-01"), report_id="r1"),
            participation("event:e1", "person:1", "victim"),
            episode("ep1", "person:1"),
            tie("t1", "person:1", "person:2", "r1", confidence=0.25),
            locality("L", square(0, 0, 10)),
            exposure("x1", "L", 12.5),
            population("p1", "L", 40.0),
        ]
        self.put(store, *records)
        commit = self.put(store, *records)
        assert set(commit.tallies.values()) == {Tally(0, 0, 1), Tally(0, 0, 2)}
        assert commit.sequence == 1

    def test_s3_other_content_is_a_new_version_and_the_old_one_stays(self, store: Store, clock: Clock) -> None:
        self.put(store, person("1", given_name="Ana"))
        before = clock.now
        clock.tick()
        commit = self.put(store, person("1", given_name="Anna"), author="bo", reason="spelling")
        assert commit.tallies[RecordKind.PERSON] == Tally(0, 1, 0)
        entity = store.entity(NodeId("person:1"), EVERYTHING)
        assert entity is not None
        assert entity.node.record == Person(NodeId("person:1"), given_name="Anna")
        assert (entity.version.author, entity.version.reason, entity.version.sequence) == ("bo", "spelling", 2)
        ((older, version),) = entity.history
        assert older == Person(NodeId("person:1"), given_name="Ana")
        assert version.known_to == entity.version.known_from == clock.now
        then = store.entity(NodeId("person:1"), Lens(known_at=before))
        assert then is not None
        assert then.node.record == older

    def test_s3_two_versions_within_one_moment_are_told_apart(self, store: Store) -> None:
        first = self.put(store, person("1", given_name="Ana"))
        second_ = self.put(store, person("1", given_name="Anna"))
        assert second_.committed_at > first.committed_at
        then = store.entity(NodeId("person:1"), Lens(known_at=first.committed_at))
        assert then is not None
        assert then.node.record == Person(NodeId("person:1"), given_name="Ana")

    def test_s3_the_same_key_twice_in_one_write_ends_with_the_later(self, store: Store) -> None:
        self.put(store, person("1", given_name="Ana"), person("1", given_name="Anna"))
        seen = store.nodes([NodeId("person:1")], EVERYTHING)[NodeId("person:1")]
        assert seen.record == Person(NodeId("person:1"), given_name="Anna")

    def test_s3_a_corrected_tie_is_a_new_version(self, store: Store, clock: Clock) -> None:
        people = [person("1"), person("2"), report("r1", recorded_at=second("2024-01-01"))]
        self.put(store, *people, tie("t1", "person:1", "person:2", "r1", start_day=day("2024-01-01")))
        before = clock.now
        clock.tick()
        self.put(store, tie("t1", "person:1", "person:2", "r1", start_day=day("2024-02-01"), polarity="concern"))
        now = store.ties([TieId("t1")], EVERYTHING)[TieId("t1")].tie
        then = store.ties([TieId("t1")], Lens(known_at=before))[TieId("t1")].tie
        assert (now.period.start, now.polarity) == (dt.date(2024, 2, 1), Polarity.CONCERN)
        assert (then.period.start, then.polarity) == (dt.date(2024, 1, 1), Polarity.NEUTRAL)

    def test_s3_a_corrected_report_and_episode_keep_their_past(self, store: Store, clock: Clock) -> None:
        self.put(
            store,
            person("1"),
            report("r1", basis="fact", recorded_at=second("2024-01-01")),
            episode("ep1", "person:1", report_id="r1", start_day=day("2024-01-01")),
        )
        before = clock.now
        clock.tick()
        self.put(
            store,
            report("r1", basis="opinion", recorded_at=second("2024-01-01")),
            episode("ep1", "person:1", report_id="r1", start_day=day("2024-01-01"), end_day=day("2024-03-01")),
        )
        for lens, basis, end in ((EVERYTHING, "opinion", dt.date(2024, 3, 1)), (Lens(known_at=before), "fact", None)):
            entity = store.entity(NodeId("person:1"), lens)
            assert entity is not None
            (seen,) = entity.episodes
            assert (seen.reports[0].basis, seen.episode.period.end) == (basis, end)
            assert store.reports([ReportId("r1")], lens)[ReportId("r1")][0].basis == basis

    def test_s3_files_loaded_before_change_nothing(self, store: Store) -> None:
        first = self.put(store, person("1"), content_digest="d1")
        again = store.write(iter(blocks([person("2")])), note(content_digest="d1"))
        assert (again.sequence, again.load_id) == (first.sequence, first.load_id)
        assert again.tallies == {RecordKind.PERSON: Tally(0, 0, 1)}
        assert store.entity(NodeId("person:2"), EVERYTHING) is None

    def test_s4_the_counter_rises_by_one_with_every_change_only(self, store: Store) -> None:
        assert store.change_counter == 0
        assert self.put(store, person("1")).sequence == 1
        assert self.put(store, person("1")).sequence == 1
        assert self.put(store, person("2")).sequence == 2
        store.append_audit(ENTRY)
        store.put_document("accounts", "ana", {"a": 1})
        assert store.change_counter == 2
