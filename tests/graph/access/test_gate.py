"""The gate: no audit no answer, the actor's own sight whatever a lens says, roles, redaction, decisions."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.access.actors import OPERATOR, Actor, Membership, Role
from graph.access.gate import Gate
from graph.errors import AuditUnavailable, Refused
from graph.flags import Band, Flag, FlagState, Plain, Reason, Run
from graph.model import FlagId, NodeId, NodeKind, Person, ReportId, TieId
from graph.records import WriteNote
from graph.store import AuditRow, Lens, Store
from tests.api.world import SECRET_PERSON
from tests.conformance.factories import blocks, person
from tests.graph.access.worlds import INSIDER, NOW, OUTSIDERS, gate_of, make_store

ANALYST, POLICE = OUTSIDERS["analyst"], OUTSIDERS["police"]
SOCIAL_WORKER, PANEL = OUTSIDERS["socialworker"], OUTSIDERS["panel"]
GOVERNANCE = Actor("governance", Role.GOVERNANCE, "other", purpose="a test")
ADMIN = Actor("admin", Role.ADMIN, "other", purpose="a test")
PERSON = NodeId("person:1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_store(tmp_path / "kith.db", secret=True) as opened:
        yield opened


def last_row(store: Store) -> AuditRow:
    return store.audit_rows(chain="views", newest_first=True, limit=1)[0]


# -- audit -------------------------------------------------------------------------------------------------------------
def test_a_view_is_kept_with_who_why_and_what(store: Store) -> None:
    gate_of(store, POLICE).nodes([PERSON], Lens())
    entry = last_row(store).entry
    assert (entry.actor, entry.action, entry.ids, entry.purpose, entry.agency) == (
        "police", "view", ("person:1",), "a test", "police"
    )  # fmt: skip


def test_a_view_of_a_person_names_every_record_shown(store: Store) -> None:
    gate_of(store, POLICE).entity(PERSON, Lens())
    assert {"person:1", "person:2", "school:100", "t1", "t4"} <= set(last_row(store).entry.ids)


def test_a_list_is_kept_record_by_record(store: Store) -> None:
    gate_of(store, POLICE).list_nodes(NodeKind.PERSON, Lens())
    assert last_row(store).entry.ids == ("person:1", "person:2", "person:3")


def test_looking_for_what_is_not_shown_is_kept_too(store: Store) -> None:
    gate_of(store, POLICE).entity(NodeId(SECRET_PERSON), Lens())
    assert last_row(store).entry.ids == (SECRET_PERSON,)


def test_a_search_is_kept_without_its_text(store: Store) -> None:
    gate_of(store, POLICE).search("Quillfeather", Lens())
    row = last_row(store)
    assert row.entry.action == "search"
    assert "quillfeather" not in repr(row).lower()


def test_the_same_search_can_be_found_again(store: Store) -> None:
    terms = []
    for text in ("Quillfeather", "quillfeather", "Osmunda"):
        gate_of(store, POLICE).search(text, Lens())
        terms.append(last_row(store).entry.details["term"])
    assert terms[0] == terms[1] != terms[2]


@pytest.mark.parametrize(
    "ask",
    [
        lambda gate: gate.entity(PERSON, Lens()),
        lambda gate: gate.nodes([PERSON], Lens()),
        lambda gate: gate.ties([TieId("t1")], Lens()),
        lambda gate: gate.reports([ReportId("r1")], Lens()),
        lambda gate: gate.neighbourhood([PERSON], Lens()),
        lambda gate: gate.paths(PERSON, NodeId("person:2"), Lens()),
        lambda gate: gate.search("park", Lens()),
        lambda gate: gate.snapshot(Lens()),
        lambda gate: gate.snapshot_of_open(Lens()),
        lambda gate: gate.snapshot_of_places(Lens()),
        lambda gate: gate.localities(),
        lambda gate: gate.list_nodes(NodeKind.PERSON, Lens()),
        lambda gate: gate.loads(),
        lambda gate: gate.flags(Lens()),
        lambda gate: gate.flag("none", Lens()),
        lambda gate: gate.flag_page(Lens()),
        lambda gate: gate.context_flags(Lens(), frozenset({"hotspot_places"})),
        lambda gate: gate.note("analysis started", {}),
        lambda gate: gate.audit_rows(),
        lambda gate: gate.verify_audit(),
    ],
)
def test_no_audit_no_answer(store: Store, ask: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store refuses the row at the last moment, as on a full disk."""

    def refuse(*_: object, **__: object) -> None:
        raise AuditUnavailable("the disk is full")

    from graph.stores.sqlite import auditing

    monkeypatch.setattr(auditing, "append", refuse)
    with pytest.raises(AuditUnavailable):
        ask(gate_of(store, OPERATOR))  # type: ignore[operator]


def test_a_refusal_is_kept(store: Store) -> None:
    with pytest.raises(Refused):
        gate_of(store, GOVERNANCE).entity(PERSON, Lens())
    entry = last_row(store).entry
    assert (entry.actor, entry.action, entry.ids) == ("governance", "refused view", ("person:1",))


# -- sight -------------------------------------------------------------------------------------------------------------
def test_a_sight_given_from_outside_is_replaced(store: Store) -> None:
    assert gate_of(store, POLICE).entity(NodeId(SECRET_PERSON), Lens(sight=lambda _: True)) is None


@pytest.mark.parametrize(("day", "seen"), [(dt.date(2026, 6, 30), True), (dt.date(2026, 7, 1), False)])
def test_a_membership_counts_on_its_last_day_and_not_after(store: Store, day: dt.date, seen: bool) -> None:
    gate = Gate(store, INSIDER, clock=lambda: dt.datetime.combine(day, dt.time(23, 59), dt.UTC))
    assert (gate.entity(NodeId(SECRET_PERSON), Lens()) is not None) is seen


def test_a_closed_record_is_for_its_agency_and_analysts(store: Store) -> None:
    tie = TieId("t-closed")
    seen = {actor.account for actor in OUTSIDERS.values() if actor.role is not Role.PANEL
            and tie in gate_of(store, actor).ties([tie], Lens())}  # fmt: skip
    assert seen == {"analyst", "socialworker"}


def test_an_export_leaves_what_is_under_conditions_behind(store: Store) -> None:
    gate = gate_of(store, ANALYST)
    shown = gate.neighbourhood([NodeId("person:2")], Lens())
    sent = gate.neighbourhood_for_export([NodeId("person:2")], Lens(), recipient="the board", form="csv", serial="K1")
    ties = [{seen.tie.id for seen in found.ties} for found in (shown, sent)]
    assert ["t-closed" in seen for seen in ties] == [True, False]


def test_an_export_is_kept_as_a_disclosure(store: Store) -> None:
    gate_of(store, ANALYST).neighbourhood_for_export([PERSON], Lens(), recipient="the board", form="csv", serial="K1")
    entry = last_row(store).entry
    assert (entry.action, entry.recipient, entry.details["format"], entry.details["serial"]) == (
        "export", "the board", "csv", "K1"
    )  # fmt: skip


# -- fields ------------------------------------------------------------------------------------------------------------
def person_seen_by(store: Store, actor: Actor, node_id: str = "person:1") -> Person:
    record = gate_of(store, actor).nodes([NodeId(node_id)], Lens())[NodeId(node_id)].record
    assert isinstance(record, Person)
    return record


@pytest.mark.parametrize(("actor", "seen"), [(ANALYST, True), (SOCIAL_WORKER, True), (POLICE, False)])
def test_the_nhs_number_is_for_those_who_match_children(store: Store, actor: Actor, seen: bool) -> None:
    assert (person_seen_by(store, actor).nhs_number is not None) is seen


@pytest.mark.parametrize(("actor", "seen"), [(ANALYST, False), (SOCIAL_WORKER, True), (POLICE, True)])
def test_a_protected_address_is_for_those_who_protect(store: Store, actor: Actor, seen: bool) -> None:
    assert (person_seen_by(store, actor, "person:3").address_place_id is not None) is seen


def test_a_protected_address_is_no_tie_either(store: Store) -> None:
    found = gate_of(store, ANALYST).entity(NodeId("person:3"), Lens())
    assert found is not None
    assert "lives_at" not in {seen.tie.tie_type for seen in found.ties}


def test_every_reading_leaves_the_fields_out(store: Store) -> None:
    gate = gate_of(store, POLICE)
    answers = [
        gate.entity(PERSON, Lens()),
        gate.entity(NodeId("person:3"), Lens()),
        gate.nodes([PERSON], Lens()),
        gate.neighbourhood([PERSON], Lens()),
        gate.search("zephyrine", Lens()),
        gate.list_nodes(NodeKind.PERSON, Lens()),
    ]
    assert "9990001111" not in repr(answers)


# -- roles -------------------------------------------------------------------------------------------------------------
def test_governance_sees_the_audit_and_no_record(store: Store) -> None:
    assert gate_of(store, GOVERNANCE).audit_rows(chain="changes")


@pytest.mark.parametrize("actor", [GOVERNANCE, ADMIN])
@pytest.mark.parametrize(
    "ask",
    [
        lambda gate: gate.entity(PERSON, Lens()),
        lambda gate: gate.neighbourhood([PERSON], Lens()),
        lambda gate: gate.search("park", Lens()),
        lambda gate: gate.flags(Lens()),
        lambda gate: gate.snapshot_of_places(Lens()),
        lambda gate: gate.list_nodes(NodeKind.SCHOOL, Lens()),
    ],
)
def test_those_who_run_the_place_see_no_content(store: Store, actor: Actor, ask: object) -> None:
    with pytest.raises(Refused):
        ask(gate_of(store, actor))  # type: ignore[operator]


def test_a_panel_sees_a_school_with_nothing_attached(store: Store) -> None:
    found = gate_of(store, PANEL).entity(NodeId("school:100"), Lens())
    assert found is not None
    assert (found.ties, dict(found.others), found.episodes, found.node.degree) == ((), {}, (), 0)


@pytest.mark.parametrize("node_id", ["person:1", "event:1", "group:1", "operation:OP1", "phone:1"])
def test_a_panel_is_refused_people_whether_or_not_they_exist(store: Store, node_id: str) -> None:
    with pytest.raises(Refused):
        gate_of(store, PANEL).entity(NodeId(node_id), Lens())


def test_a_home_does_not_exist_for_a_panel(store: Store) -> None:
    assert gate_of(store, PANEL).entity(NodeId("place:home"), Lens()) is None


def test_a_panel_finds_no_people_and_no_homes(store: Store) -> None:
    hits = [hit for word in ("zephyrine", "osmunda", "brambleton")
            for hit in gate_of(store, PANEL).search(word, Lens())]  # fmt: skip
    assert {hit.node.record.id for hit in hits} == {"place:park", "school:100"}


def test_a_panels_page_of_places_is_full_although_homes_are_left_out(tmp_path: Path) -> None:
    from tests.conformance.factories import note, place

    with make_store(tmp_path / "kith.db", secret=False) as store:
        homes = [place(f"a{number}", place_type="home_address") for number in range(7)]
        parks = [place(f"b{number}", place_type="park", name="A park") for number in range(3)]
        store.write(blocks([*homes, *parks]), note())
        found = gate_of(store, PANEL).list_nodes(NodeKind.PLACE, Lens(), limit=3)
    assert [node.record.id for node in found] == ["place:b0", "place:b1", "place:b2"]


def test_a_panels_map_has_no_name_and_no_id_of_a_person(store: Store) -> None:
    found = gate_of(store, PANEL).neighbourhood([NodeId("place:park")], Lens())
    text = repr(found)
    assert len(found.nodes) > 1
    assert not [word for word in ("Zephyrine", "Thistlewick", "Osmunda", "person:1'", "9990001111") if word in text]


def test_two_maps_of_a_panel_cannot_be_laid_side_by_side(store: Store) -> None:
    ids = [
        {node.record.id for node in gate_of(store, PANEL).neighbourhood([NodeId("place:park")], Lens()).nodes}
        for _ in range(2)
    ]
    assert ids[0] & ids[1] == {"place:park"}


# -- writing and flags -------------------------------------------------------------------------------------------------
def test_the_author_of_a_write_is_the_actor(store: Store) -> None:
    gate_of(store, ANALYST).write(blocks([person("50")]), WriteNote("somebody else"))
    assert store.loads(limit=1)[0].author == "analyst"


def test_the_police_do_not_load(store: Store) -> None:
    with pytest.raises(Refused):
        gate_of(store, POLICE).write(blocks([person("50")]), WriteNote("police"))


def test_a_loader_is_not_let_in_without_the_right(store: Store) -> None:
    with pytest.raises(Refused):
        gate_of(store, POLICE).load(lambda _: None)


def test_other_peoples_loads_are_listed_without_their_counts(store: Store) -> None:
    (load,) = gate_of(store, ANALYST).loads()
    assert (dict(load.tallies), load.files, load.reason) == ({}, (), None)


def a_run(*, restrictions: frozenset[str] = frozenset(), key: str = "f1") -> Run:
    flag = Flag(
        FlagId(key), "hotspot_places", (NodeId("place:park"),), 0.5, Band.MODERATE, 1, None,
        (Reason("Events at {place:park}", 0.5),), "none", (), dt.date(2026, 12, 1), {"score": 0.5},
    )  # fmt: skip
    return Run(f"run-{key}", "hotspot_places", "1", NOW.date(), None, "everything", {}, 0, "digest", 0.1, (flag,),
               restrictions, NAMED_ROLES)  # fmt: skip


#: who may see the flags of most detectors
NAMED_ROLES = frozenset({"analyst", "police", "socialworker"})


def area_flag(key: str, *subjects: str, text: str = "{person:1} was there", **details: Plain) -> Flag:
    return Flag(
        FlagId(key), "hotspot_areas", tuple(NodeId(subject) for subject in subjects), 0.123, Band.STRONG, 1, 0.77,
        (Reason(text, 0.5, ties=(TieId("t1"),)),), "{person:1} moves", ("{person:1} is a child", "small numbers"),
        dt.date(2026, 12, 1), {"score": 0.5, **details},
    )  # fmt: skip


def area_run(*flags: Flag, roles: frozenset[str] = NAMED_ROLES | {"panel"}) -> Run:
    return Run("areas", "hotspot_areas", "1", NOW.date(), None, "everything", {}, 0, "digest", 0.1, flags,
               may_see=roles)  # fmt: skip


AREAS = frozenset({"hotspot_areas"})


def test_flags_are_for_the_roles_of_their_detector(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(dataclasses.replace(a_run(), may_see=frozenset({"police"})))
    for actor, many in ((POLICE, 1), (ANALYST, 0)):
        gate = gate_of(store, actor)
        found = gate.flags(Lens()), gate.flags(Lens(), subject=NodeId("place:park")), gate.flag_page(Lens()).flags
        assert [len(flags) for flags in found] == [many] * 3
        assert (gate.flag_page(Lens()).total, len(gate.flag_page(Lens()).counts)) == (many, many)
        assert (gate.flag("f1", Lens()) is not None) is bool(many)


def test_who_may_not_see_a_flag_cannot_decide_about_it(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(dataclasses.replace(a_run(), may_see=frozenset({"analyst"})))
    assert gate_of(store, POLICE).decide_flag("f1", FlagState.SEEN, None) is None


def test_a_reader_cannot_widen_the_audience(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(dataclasses.replace(a_run(), may_see=frozenset({"analyst"})))
    assert gate_of(store, POLICE).flags(Lens(audience="analyst")) == ()


def test_a_fuller_run_is_not_hidden_by_a_later_one_over_less(store: Store) -> None:
    fuller = dataclasses.replace(a_run(restrictions=frozenset({"operation:OP2"}), key="f2"), over_open="run-f1")
    for run in (a_run(), fuller, a_run()):
        gate_of(store, OPERATOR).save_run(run)
    assert [item.flag.id for item in gate_of(store, INSIDER).flags(Lens())] == ["f2"]


def test_a_panel_reads_which_areas_stand_out_and_nothing_else(store: Store) -> None:
    layer: list[Plain] = [{"locality": "L1", "z": 3.21, "ratio": 2.2, "band": "high"}]
    flag = area_flag(
        "a1", "locality:L1", observed=12, expected=3.21, relative_risk=3.7, p_value=0.001, locality_ids=["L1"],
        without_largest=4, summary="{person:1} and 2 more", layer=layer,
    )  # fmt: skip
    gate_of(store, OPERATOR).save_run(area_run(flag))
    (stored,) = gate_of(store, PANEL).context_flags(Lens(), AREAS)
    shown = stored.flag
    assert shown.details == {
        "locality_ids": ["L1"],
        "observed": 10,
        "relative_risk": 3.5,
        "layer": [{"locality": "L1", "band": "high"}],
    }
    assert (shown.strength, shown.stability, shown.reasons, shown.would_clear) == (0.9, None, (), "")
    assert shown.cautions == ("small numbers",)


def test_a_panel_is_not_told_a_small_count_nor_the_ratio_that_gives_it(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(area_run(area_flag("a1", "locality:L1", observed=5, relative_risk=4.0)))
    (stored,) = gate_of(store, PANEL).context_flags(Lens(), AREAS)
    assert stored.flag.details == {"observed": None}


@pytest.mark.parametrize("subjects", [("place:home",), ("person:1",), ("locality:L1", "person:1"), ("event:1",), ()])
def test_a_panel_reads_no_flag_about_a_home_or_anybody(store: Store, subjects: tuple[str, ...]) -> None:
    gate_of(store, OPERATOR).save_run(area_run(area_flag("a1", *subjects)))
    assert gate_of(store, PANEL).context_flags(Lens(), AREAS) == ()


def test_a_panel_reads_only_what_the_detector_leaves_to_panels(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(area_run(area_flag("a1", "locality:L1"), roles=NAMED_ROLES))
    found = [len(gate_of(store, actor).context_flags(Lens(), AREAS)) for actor in (PANEL, POLICE)]
    assert found == [0, 1]


def test_what_a_panel_reads_says_nothing_of_decisions(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(area_run(area_flag("a1", "locality:L1")))
    gate_of(store, POLICE).decide_flag("a1", FlagState.DISMISSED, "Zephyrine moved")
    (stored,) = gate_of(store, PANEL).context_flags(Lens(), AREAS)
    assert (stored.state, stored.decisions) == (FlagState.NEW, ())


def test_a_run_over_restricted_records_is_for_those_who_see_them(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(a_run())
    gate_of(store, OPERATOR).save_run(a_run(restrictions=frozenset({"operation:OP2;conditional"}), key="f2"))
    seen = {
        actor.account: [item.flag.id for item in gate_of(store, actor).flags(Lens())] for actor in (INSIDER, POLICE)
    }
    assert seen == {"insider": ["f2"], "police": ["f1"]}


def test_a_flag_of_a_restricted_run_does_not_exist_for_others(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(a_run(restrictions=frozenset({"operation:OP2"}), key="f2"))
    assert gate_of(store, POLICE).decide_flag("f2", FlagState.SEEN, None) is None


def test_a_decision_is_kept_with_its_author(store: Store) -> None:
    gate_of(store, OPERATOR).save_run(a_run())
    gate_of(store, POLICE).decide_flag("f1", FlagState.DISMISSED, "a market day")
    found = gate_of(store, ANALYST).flag("f1", Lens())
    assert found is not None
    assert [(item.author, item.state, item.reason) for item in found.decisions] == [
        ("police", FlagState.DISMISSED, "a market day")
    ]


@pytest.mark.parametrize("state", [FlagState.ACCEPTED, FlagState.DISMISSED])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_accepting_and_dismissing_need_a_reason(store: Store, state: FlagState, reason: str | None) -> None:
    gate_of(store, OPERATOR).save_run(a_run())
    with pytest.raises(ValueError, match="needs a reason"):
        gate_of(store, POLICE).decide_flag("f1", state, reason)


@pytest.mark.parametrize("state", [FlagState.NEW, FlagState.EXPIRED])
def test_nobody_decides_that_a_flag_is_new_or_expired(store: Store, state: FlagState) -> None:
    with pytest.raises(ValueError, match="seen, accepted or dismissed"):
        gate_of(store, POLICE).decide_flag("f1", state, "a reason")


def test_the_snapshot_of_open_records_is_the_same_for_all_who_analyse(store: Store) -> None:
    member = dataclasses.replace(ANALYST, memberships=(Membership("OP2", "admin", NOW.date(), NOW.date()),))
    digests = [gate_of(store, actor).snapshot_of_open(Lens()).digest for actor in (ANALYST, member, OPERATOR)]
    assert len(set(digests)) == 1


def test_a_member_analyses_what_the_operation_knows(store: Store) -> None:
    member = dataclasses.replace(ANALYST, memberships=(Membership("OP2", "admin", NOW.date(), NOW.date()),))
    assert SECRET_PERSON in gate_of(store, member).snapshot(Lens()).row_of
