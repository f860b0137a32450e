"""S11 to S13: the audit log; stores of a newer version."""

from __future__ import annotations

from itertools import pairwise

import pytest

from graph.errors import (
    AuditUnavailable,
    StoreError,
    StoreTooNew,
)
from graph.model import (
    NodeId,
)
from graph.records import RecordKind
from graph.store import AuditEntry, Reader, Store
from tests.conformance.basis import (
    ENTRY,
    EVERYTHING,
    BackDoor,
    Conformance,
    ids,
)
from tests.conformance.factories import (
    person,
)


class AuditSentences(Conformance):
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
