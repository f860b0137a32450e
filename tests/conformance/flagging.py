"""Runs, flags, decisions and documents."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from graph.errors import (
    NotFound,
    StoreConflict,
)
from graph.flags import Band, FlagDecision, FlagState
from graph.model import (
    FlagId,
    NodeId,
    Restriction,
)
from graph.store import FlagFilter, Lens, Store
from tests.conformance.basis import (
    ENTRY,
    EVERYTHING,
    START,
    Conformance,
    flag,
    run,
)
from tests.conformance.factories import (
    members_of,
    person,
)


class FlagSentences(Conformance):
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
