"""The page of one record: notices, strengths, groups and the timeline."""

from __future__ import annotations

import datetime as dt

import pytest

from api.views.entities import entity_page
from graph.model import (
    Event,
    LoadId,
    NodeId,
    NodeRecord,
    PartialDate,
    Person,
    Place,
    Polarity,
    Precision,
    Provenance,
    Restriction,
    Standing,
    Tie,
    TieId,
    Version,
)
from graph.store import Entity, SeenNode, SeenTie

TODAY = dt.date(2026, 6, 1)
ADA, BEN = NodeId("person:1"), NodeId("person:2")
PARK, FIGHT = NodeId("place:park"), NodeId("event:1")


def person(node_id: NodeId, name: str, born: int | None) -> Person:
    date = None if born is None else PartialDate(dt.date(born, 1, 1), Precision.YEAR)
    return Person(node_id, name, "Marsh", date_of_birth=date)


FIGHT_RECORD = Event(FIGHT, "incident", started_at=dt.datetime(2026, 5, 1, 20, tzinfo=dt.UTC))


def seen(
    key: str, source: NodeId, target: NodeId, tie_type: str, role: str | None = None, *, good: bool = False
) -> SeenTie:
    polarity = Polarity.PROTECTIVE if good else Polarity.NEUTRAL
    return SeenTie(Tie(TieId(key), source, target, tie_type, role, polarity), (), Standing.UNCONFIRMED, Restriction())


def entity(record: NodeRecord, *ties: SeenTie, others: tuple[NodeRecord, ...] = ()) -> Entity:
    version = Version(None, None, 1, "operator", None, Provenance(LoadId("load-1"), "people.csv", 2))
    known = {other.id: SeenNode(other, Restriction()) for other in others}
    return Entity(SeenNode(record, Restriction()), version, ties, known, (), ())


@pytest.mark.parametrize(("born", "noticed"), [(2012, True), (None, True), (1990, False)])
@pytest.mark.parametrize("role", ["suspect", "convicted"])
def test_a_child_named_as_suspect_is_shown_as_a_child_first(born: int | None, noticed: bool, role: str) -> None:
    found = entity(person(ADA, "Ada", born), seen("a", ADA, FIGHT, "took_part_in", role), others=(FIGHT_RECORD,))
    assert (entity_page(found, TODAY).child_notice is not None) is noticed


def test_a_child_who_was_harmed_gets_no_such_notice() -> None:
    found = entity(person(ADA, "Ada", 2012), seen("a", ADA, FIGHT, "took_part_in", "victim"), others=(FIGHT_RECORD,))
    assert entity_page(found, TODAY).child_notice is None


def test_strengths_stand_apart_from_the_other_claims() -> None:
    found = entity(
        person(ADA, "Ada", 2012),
        seen("a", BEN, ADA, "friend_of", good=True),
        seen("b", ADA, PARK, "seen_at"),
        others=(person(BEN, "Ben", 2011), Place(PARK, "Moss Park")),
    )
    page = entity_page(found, TODAY)
    assert [claim.id for claim in page.strengths] == ["a"]
    assert [claim.id for group in page.groups for claim in group.claims] == ["b"]


def test_an_event_is_told_by_the_timeline_and_not_twice() -> None:
    found = entity(person(ADA, "Ada", 2012), seen("a", ADA, FIGHT, "took_part_in", "victim"), others=(FIGHT_RECORD,))
    page = entity_page(found, TODAY)
    assert [moment.when for moment in page.timeline] == ["1 May 2026, 21:00"]
    assert page.groups == ()


def test_a_place_tells_what_is_recorded_there_as_a_timeline() -> None:
    found = entity(Place(PARK, "Moss Park"), seen("a", FIGHT, PARK, "occurred_at"), others=(FIGHT_RECORD,))
    page = entity_page(found, TODAY)
    assert (page.timeline_title, [moment.url for moment in page.timeline]) == (
        "What is recorded here",
        ["/entities/event:1"],
    )


def test_a_person_who_went_missing_from_a_place_is_not_lost_there() -> None:
    found = entity(
        Place(PARK, "Moss Park"), seen("a", ADA, PARK, "went_missing_from"), others=(person(ADA, "Ada", 2012),)
    )
    assert [claim.url for group in entity_page(found, TODAY).groups for claim in group.claims] == ["/entities/person:1"]


def test_an_age_is_as_exact_as_the_date_of_birth() -> None:
    assert entity_page(entity(person(ADA, "Ada", 2012)), TODAY).tags[0].text == "Child, about 14"


def test_the_record_says_which_row_it_came_from() -> None:
    assert entity_page(entity(person(ADA, "Ada", 2012)), TODAY).source == "From people.csv, row 2, load load-1."


@pytest.mark.parametrize(
    ("born", "printed"),
    [(2011, "Ada Marsh and another child are reported to be friends"), (1980, None)],
)
def test_a_printout_of_one_child_does_not_name_another(born: int, printed: str | None) -> None:
    friends = seen("a", ADA, BEN, "friend_of")
    found = entity(person(ADA, "Ada", 2012), friends, others=(person(BEN, "Ben", born),))
    ((claim,),) = [group.claims for group in entity_page(found, TODAY).groups]
    assert claim.printed == printed
