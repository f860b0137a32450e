"""The conformance suite: the numbered sentences of ``graph.store``, run against every back end.

A back end's test module makes a subclass with the fixtures ``store`` (empty, with ``clock`` set to ``Clock``) and
``back_door`` (a ``BackDoor`` to the same store).
"""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any

import pytest
import shapely

from graph.errors import (
    AuditUnavailable,
    NotFound,
    StoreConflict,
    StoreError,
    StoreTooNew,
)
from graph.flags import Band, Flag, FlagDecision, FlagState, Reason, Run
from graph.model import (
    FlagId,
    NodeId,
    NodeKind,
    Person,
    Polarity,
    ReportId,
    Restriction,
    Standing,
    TieId,
)
from graph.records import Block, RecordKind, Row, Tally
from graph.snapshot import Snapshot
from graph.store import Area, AuditEntry, FlagFilter, Lens, Reader, Store, TieFilter
from graph.vocabulary import vocabulary
from tests.conformance.factories import (
    blocks,
    day,
    episode,
    event,
    exposure,
    group,
    locality,
    members_of,
    note,
    operation,
    participation,
    person,
    place,
    population,
    report,
    row,
    school,
    second,
    tie,
    traced,
)

EVERYTHING = Lens()
OPEN_ONLY = Lens(sight=lambda restriction: restriction.is_open)
START = dt.datetime(2026, 5, 4, 9, 0, tzinfo=dt.UTC)


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def tick(self, seconds: float = 60) -> dt.datetime:
        self.now += dt.timedelta(seconds=seconds)
        return self.now


class BackDoor(abc.ABC):
    """What a test does to a store behind its back."""

    @abc.abstractmethod
    def edit_audit(self, chain: str, number: int) -> None:
        """Change the actor of a row and leave its digest."""

    @abc.abstractmethod
    def remove_audit(self, chain: str, number: int) -> None: ...

    @abc.abstractmethod
    def swap_audit(self, chain: str, first: int, second: int) -> None:
        """Exchange the contents of two rows, numbers apart."""

    @abc.abstractmethod
    def cut_audit(self, chain: str, keep: int) -> None:
        """Remove all rows after ``keep`` and make the store's own end of the chain agree."""

    @abc.abstractmethod
    def refuse_audit(self, chain: str) -> AbstractContextManager[None]:
        """While inside, the chain cannot be written."""

    @abc.abstractmethod
    def claim_version(self, number: int) -> None:
        """Say the store was written by schema version ``number``."""

    @abc.abstractmethod
    def newest_version(self) -> int:
        """Schema version that this program writes."""

    @abc.abstractmethod
    def reopened(self) -> Store:
        """The same store opened anew; the caller closes it."""


def ids(nodes: Any) -> list[str]:
    return [node.record.id for node in nodes]


def area(west: float = 0, south: float = 0, east: float = 1000, north: float = 1000) -> Area:
    return Area((west, south, east, north))


def square(west: float, south: float, size: float) -> bytes:
    polygon = shapely.MultiPolygon([shapely.box(west, south, west + size, south + size)])
    return bytes(shapely.to_wkb(polygon))


def run(
    *flags: Flag,
    run_id: str = "run-1",
    restrictions: frozenset[str] = frozenset(),
    detector: str = "places",
    may_see: frozenset[str] = frozenset(),
    over_open: str | None = None,
) -> Run:
    return Run(
        run_id, detector, "1", dt.date(2026, 5, 1), None, "everything", {"least": 3}, 7, "abc", 0.5, flags,
        restrictions, may_see, over_open,
    )  # fmt: skip


def flag(flag_id: str, rank: int, *subjects: str, expires_on: dt.date = dt.date(2026, 8, 1),
         band: Band = Band.MODERATE) -> Flag:  # fmt: skip
    return Flag(
        FlagId(flag_id),
        "places",
        tuple(NodeId(each) for each in subjects),
        0.5,
        band,
        rank,
        None,
        (Reason("{person:1} was there", 0.5, (TieId("t1"),), (), (ReportId("r1"),)),),
        "another report",
        ("a caution",),
        expires_on,
        {"score": 0.5},
    )


ENTRY = AuditEntry("ana", "view", ("person:1",), purpose="a test", agency="police", details={"count": 1})


class StoreConformance(abc.ABC):
    """Inherit, give the fixtures, and every sentence is checked."""

    @pytest.fixture
    @abc.abstractmethod
    def store(self) -> Iterator[Store]: ...

    @pytest.fixture
    @abc.abstractmethod
    def back_door(self, store: Store) -> BackDoor: ...

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def put(self, store: Store, *records: tuple[RecordKind, Row], **values: Any) -> Any:
        return store.write(blocks(records), note(**values))

    # -- S1, S2: atomic and kept -------------------------------------------------------------------------------
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

    # -- S6, S7: sight -----------------------------------------------------------------------------------------
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

    # -- S8: neighbourhood -------------------------------------------------------------------------------------
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

    # -- S9: orders --------------------------------------------------------------------------------------------
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

    # -- S11, S12: audit ---------------------------------------------------------------------------------------
    def fill(self, store: Store) -> None:
        for number in range(4):
            store.append_audit(AuditEntry("ana", "view", (f"person:{number}",)))
            self.put(store, person(str(number)))

    def test_s11_chains_are_gapless_and_intact(self, store: Store) -> None:
        self.fill(store)
        verdict = store.verify_audit()
        assert (verdict.intact, dict(verdict.rows)) == (True, {"changes": 4, "views": 4})
        views = store.audit_rows(chain="views")
        assert [each.number for each in views] == [1, 2, 3, 4]
        assert all(after.previous_digest == before.digest for before, after in pairwise(views))
        assert verdict.heads["views"] == views[-1].digest

    @pytest.mark.parametrize("chain", ["changes", "views"])
    def test_s11_an_edit_is_found(self, store: Store, back_door: BackDoor, chain: str) -> None:
        self.fill(store)
        back_door.edit_audit(chain, 2)
        verdict = store.verify_audit()
        assert (verdict.intact, verdict.broken_at) == (False, (chain, 2))

    @pytest.mark.parametrize("chain", ["changes", "views"])
    @pytest.mark.parametrize("number", [1, 2, 4])
    def test_s11_a_removal_is_found(self, store: Store, back_door: BackDoor, chain: str, number: int) -> None:
        self.fill(store)
        back_door.remove_audit(chain, number)
        verdict = store.verify_audit()
        assert (verdict.intact, verdict.broken_at) == (False, (chain, number))

    @pytest.mark.parametrize("chain", ["changes", "views"])
    def test_s11_a_reordering_is_found(self, store: Store, back_door: BackDoor, chain: str) -> None:
        self.fill(store)
        back_door.swap_audit(chain, 2, 3)
        verdict = store.verify_audit()
        assert (verdict.intact, verdict.broken_at) == (False, (chain, 2))

    @pytest.mark.parametrize("chain", ["changes", "views"])
    def test_s11_a_cut_is_found_by_a_head_kept_elsewhere(self, store: Store, back_door: BackDoor, chain: str) -> None:
        self.fill(store)
        heads = {chain: (4, store.verify_audit().heads[chain])}
        assert store.verify_audit(heads).intact
        back_door.cut_audit(chain, 2)
        verdict = store.verify_audit(heads)
        assert (verdict.intact, verdict.broken_at) == (False, (chain, 3))

    def test_s11_rows_are_found_by_actor_and_record(self, store: Store) -> None:
        store.append_audit(AuditEntry("ana", "view", ("person:1", "person:2")))
        store.append_audit(AuditEntry("bo", "search", ("person:2",), details={"found": 1}))
        store.append_audit(AuditEntry("ana", "login"))
        assert [each.number for each in store.audit_rows(chain="views", actor="ana")] == [1, 3]
        assert [each.number for each in store.audit_rows(chain="views", about="person:2")] == [1, 2]
        assert [each.number for each in store.audit_rows(chain="views", newest_first=True, limit=2)] == [3, 2]
        assert [each.number for each in store.audit_rows(chain="views", after=1, limit=1)] == [2]
        assert store.audit_rows(about="person:1")[0].entry == AuditEntry("ana", "view", ("person:1", "person:2"))

    def test_s12_a_recorded_read_answers_with_its_row(self, store: Store) -> None:
        self.put(store, person("1", given_name="Ana"))
        answer = store.recorded(
            lambda reader: reader.search("ana", EVERYTHING),
            lambda hits: AuditEntry("bo", "search", tuple(hit.node.record.id for hit in hits)),
        )
        assert ids(hit.node for hit in answer) == ["person:1"]
        (audited,) = store.audit_rows(chain="views")
        assert (audited.entry.actor, audited.entry.ids) == ("bo", ("person:1",))

    def test_s12_no_audit_no_answer(self, store: Store, back_door: BackDoor) -> None:
        self.put(store, person("1"))
        with back_door.refuse_audit("views"):
            with pytest.raises(AuditUnavailable):
                store.recorded(lambda reader: reader.nodes([NodeId("person:1")], EVERYTHING), lambda _: ENTRY)
            with pytest.raises(AuditUnavailable):
                store.append_audit(ENTRY)
        assert store.recorded(lambda reader: len(reader.nodes([NodeId("person:1")], EVERYTHING)), lambda _: ENTRY) == 1
        assert store.verify_audit().intact

    def test_s12_no_audit_no_change(self, store: Store, back_door: BackDoor) -> None:
        with back_door.refuse_audit("changes"), pytest.raises(StoreError):
            self.put(store, person("1"))
        assert store.nodes([NodeId("person:1")], EVERYTHING) == {}

    def test_s12_a_read_that_fails_leaves_no_row(self, store: Store) -> None:
        def read(reader: Reader) -> int:
            raise RuntimeError("refused")

        with pytest.raises(RuntimeError):
            store.recorded(read, lambda _: ENTRY)
        assert store.verify_audit().rows["views"] == 0

    # -- S13 ---------------------------------------------------------------------------------------------------
    def test_s13_a_store_of_a_newer_version_is_refused(self, store: Store, back_door: BackDoor) -> None:
        self.put(store, person("1"))
        back_door.claim_version(back_door.newest_version() + 1)
        with pytest.raises(StoreTooNew):
            back_door.reopened()
        back_door.claim_version(back_door.newest_version())
        with back_door.reopened() as again:
            assert again.counts()[RecordKind.PERSON] == 1

    # -- flags and documents -----------------------------------------------------------------------------------
    def test_flags_come_by_rank_with_their_decisions(self, store: Store) -> None:
        self.put(store, person("1"))
        store.save_run(run(flag("f1", 2, "person:1"), flag("f2", 1, "person:2")), ENTRY)
        decision = FlagDecision(FlagId("f1"), FlagState.DISMISSED, "known already", "ana", START)
        store.decide_flag(decision, ENTRY)
        shown = store.flags(EVERYTHING, today=dt.date(2026, 6, 1))
        assert [(stored.flag.id, stored.state) for stored in shown] == [
            ("f2", FlagState.NEW),
            ("f1", FlagState.DISMISSED),
        ]
        assert shown[1].decisions == (decision,)
        assert shown[0].flag == flag("f2", 1, "person:2")
        assert [stored.flag.id for stored in store.flags(EVERYTHING, subject=NodeId("person:1"))] == ["f1"]
        assert [stored.flag.id for stored in store.flags(EVERYTHING, state=FlagState.DISMISSED)] == ["f1"]
        assert [stored.flag.id for stored in store.flags(EVERYTHING, offset=1, limit=1)] == ["f1"]
        assert store.flags(EVERYTHING, detector="other") == ()
        assert store.verify_audit().rows["changes"] == 3

    def test_only_the_newest_run_is_listed_and_decisions_stay(self, store: Store) -> None:
        store.save_run(run(flag("f1", 1, "person:1"), flag("old", 2, "person:2")), ENTRY)
        store.decide_flag(FlagDecision(FlagId("f1"), FlagState.SEEN, None, "ana", START), ENTRY)
        store.save_run(run(flag("f1", 1, "person:1"), run_id="run-2"), ENTRY)
        (stored,) = store.flags(EVERYTHING, today=dt.date(2026, 6, 1))
        assert (stored.run_id, stored.state) == ("run-2", FlagState.SEEN)
        older = store.flag("old", EVERYTHING)
        assert older is not None
        assert older.run_id == "run-1"
        assert store.flags(EVERYTHING, today=dt.date(2026, 8, 2))[0].state is FlagState.EXPIRED

    def test_a_run_on_restricted_records_is_seen_by_those_who_may_see_them_all(self, store: Store) -> None:
        store.save_run(run(flag("open", 1, "person:1")), ENTRY)
        store.save_run(
            run(flag("shut", 1, "person:1"), run_id="run-2", restrictions=frozenset({"operation:OP1"})), ENTRY
        )
        assert [each.flag.id for each in store.flags(Lens(sight=members_of()))] == ["open"]
        assert [each.flag.id for each in store.flags(Lens(sight=members_of("OP1")))] == ["shut"]
        assert store.flag("shut", Lens(sight=members_of())) is None

    def test_a_run_is_seen_by_the_roles_of_its_detector(self, store: Store) -> None:
        """S15"""
        store.save_run(run(flag("f1", 1, "person:1"), may_see=frozenset({"police", "analyst"})), ENTRY)
        store.save_run(run(flag("f2", 1, "person:1"), run_id="run-2", may_see=frozenset({"analyst"})), ENTRY)
        store.save_run(run(flag("f3", 1, "person:1"), run_id="run-3"), ENTRY)
        seen = {
            role: [stored.flag.id for stored in store.flags(Lens(audience=role))]
            for role in ("analyst", "police", "panel", None)
        }
        assert seen == {"analyst": ["f2"], "police": ["f1"], "panel": [], None: ["f3"]}
        assert store.flag("f2", Lens(audience="police")) is None
        assert store.flag_page(Lens(audience="panel")).counts == {}
        assert [stored.flag.id for stored in store.flag_page(Lens(audience="police")).flags] == ["f1"]

    def test_the_fullest_run_over_the_newest_open_records_is_shown(self, store: Store) -> None:
        """S15"""
        closed, more = frozenset({"closed"}), frozenset({"closed", "operation:OP1"})
        store.save_run(run(flag("open", 1, "person:1"), run_id="open"), ENTRY)
        store.save_run(run(flag("most", 1, "person:1"), run_id="most", restrictions=more, over_open="open"), ENTRY)
        store.save_run(run(flag("open", 1, "person:1"), run_id="open"), ENTRY)
        store.save_run(run(flag("some", 1, "person:1"), run_id="some", restrictions=closed, over_open="open"), ENTRY)

        def shown(lens: Lens) -> list[str]:
            return [stored.flag.id for stored in store.flags(lens)]

        def sees_closed(restriction: Restriction) -> bool:
            return not restriction.operations

        assert shown(EVERYTHING) == ["most"]
        assert shown(Lens(sight=sees_closed)) == ["some"]
        assert shown(Lens(sight=members_of())) == ["open"]
        store.save_run(run(flag("later", 1, "person:1"), run_id="later"), ENTRY)
        assert shown(EVERYTHING) == ["later"]

    def test_reviewed_flags_are_those_of_every_run_that_is_seen(self, store: Store) -> None:
        store.save_run(run(flag("a", 1, "person:1"), flag("b", 2, "person:2"), flag("c", 3, "person:3")), ENTRY)
        store.save_run(run(flag("b", 1, "person:2"), run_id="run-2"), ENTRY)
        shut = run(flag("d", 1, "person:1"), run_id="run-3", restrictions=frozenset({"operation:OP1"}))
        store.save_run(shut, ENTRY)
        decided = {"a": FlagState.ACCEPTED, "b": FlagState.DISMISSED, "c": FlagState.SEEN, "d": FlagState.ACCEPTED}
        for flag_id, state in decided.items():
            store.decide_flag(FlagDecision(FlagId(flag_id), state, "a reason", "ana", START), ENTRY)

        def reviewed(lens: Lens) -> list[tuple[str, str]]:
            return [(stored.flag.id, stored.run_id) for stored in store.reviewed_flags(lens)]

        assert reviewed(Lens(sight=members_of())) == [("a", "run-1"), ("b", "run-2")]
        assert reviewed(EVERYTHING) == [("a", "run-1"), ("b", "run-2"), ("d", "run-3")]
        dismissed = store.reviewed_flags(EVERYTHING)[1]
        assert (dismissed.state, dismissed.decisions[0].reason) == (FlagState.DISMISSED, "a reason")
        assert dismissed.flag == dataclasses.replace(flag("b", 1, "person:2"), reasons=(), details={})

    def test_flags_of_all_detectors_make_one_queue(self, store: Store) -> None:
        store.save_run(
            run(
                flag("a1", 1, "person:1"),
                flag("a2", 2, "person:2", band=Band.STRONG),
                flag("a3", 3, "person:3", expires_on=dt.date(2026, 5, 2)),
            ),
            ENTRY,
        )
        other = run(flag("b1", 1, "person:1", band=Band.SLIGHT), run_id="run-2", detector="areas")
        store.save_run(other, ENTRY)
        store.decide_flag(FlagDecision(FlagId("a2"), FlagState.SEEN, None, "ana", START), ENTRY)
        today = dt.date(2026, 6, 1)

        def queue(where: FlagFilter = FlagFilter(), **given: Any) -> list[str]:
            return [stored.flag.id for stored in store.flag_page(EVERYTHING, where, today=today, **given).flags]

        assert queue() == ["a2", "a1", "a3", "b1"]
        assert queue(limit=2, offset=1) == ["a1", "a3"]
        assert queue(FlagFilter(states=frozenset({FlagState.NEW}))) == ["a1", "b1"]
        assert queue(FlagFilter(states=frozenset({FlagState.NEW})), after=FlagId("a2"), limit=1) == ["a1"]
        assert queue(after=FlagId("b1")) == []
        assert queue(after=FlagId("nothing"), limit=1) == ["a2"]
        assert queue(FlagFilter(detectors=frozenset({"areas"}))) == ["b1"]
        assert queue(FlagFilter(bands=frozenset({Band.STRONG, Band.SLIGHT}))) == ["a2", "b1"]
        assert queue(FlagFilter(subjects=frozenset({NodeId("person:1")}))) == ["a1", "b1"]
        page = store.flag_page(EVERYTHING, FlagFilter(states=frozenset({FlagState.NEW})), limit=1, today=today)
        assert page.total == 2
        assert page.counts == {
            ("places", FlagState.SEEN, Band.STRONG): 1,
            ("places", FlagState.NEW, Band.MODERATE): 1,
            ("places", FlagState.EXPIRED, Band.MODERATE): 1,
            ("areas", FlagState.NEW, Band.SLIGHT): 1,
        }

    def test_a_decision_on_no_flag_is_not_kept(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.decide_flag(FlagDecision(FlagId("f9"), FlagState.SEEN, None, "ana", START), ENTRY)
        assert store.verify_audit().rows["changes"] == 0

    def test_documents_have_versions_and_conflicts(self, store: Store) -> None:
        assert store.get_document("accounts", "ana") is None
        assert store.put_document("accounts", "ana", {"role": "analyst"}, expected=0) == 1
        with pytest.raises(StoreConflict):
            store.put_document("accounts", "ana", {"role": "admin"}, expected=0)
        assert (
            store.put_document("accounts", "ana", {"role": "police", "list": [1, None, "ü"]}, expected=1, entry=ENTRY)
            == 2
        )
        assert store.get_document("accounts", "ana") == ({"role": "police", "list": [1, None, "ü"]}, 2)
        store.put_document("accounts", "bo", 3)
        assert store.documents("accounts") == {"ana": {"role": "police", "list": [1, None, "ü"]}, "bo": 3}
        assert store.documents("sessions") == {}
        assert store.delete_document("accounts", "bo", entry=ENTRY) is True
        assert store.delete_document("accounts", "bo") is False
        assert store.verify_audit().rows["changes"] == 2

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
