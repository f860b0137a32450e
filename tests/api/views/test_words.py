"""Dates, periods, claims and reports in words."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from api.views.words import (
    Claim,
    claim_of,
    fill_markers,
    instant_words,
    merged_claims,
    partial_date_words,
    period_words,
)
from graph.model import (
    NodeId,
    PartialDate,
    Period,
    Person,
    Precision,
    Restriction,
    Standing,
    Tie,
    TieId,
)
from graph.store import SeenNode, SeenTie

ADA, BEN, PARK = NodeId("person:1"), NodeId("person:2"), NodeId("place:park")
OTHERS = {
    ADA: SeenNode(Person(ADA, "Ada", "Marsh"), Restriction()),
    BEN: SeenNode(Person(BEN, "Ben", "Fell"), Restriction()),
}


def seen(source: NodeId, target: NodeId, tie_type: str) -> SeenTie:
    tie = Tie(TieId("t"), source, target, tie_type)
    return SeenTie(tie, (), Standing.UNCONFIRMED, Restriction())


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (Period(), ""),
        (Period(dt.date(2026, 3, 1)), "since 1 March 2026"),
        (Period(None, dt.date(2026, 3, 2)), "until 1 March 2026"),
        (Period(dt.date(2026, 3, 1), dt.date(2026, 3, 2)), "1 March 2026"),
        (Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1)), "1 March 2026 to 31 March 2026"),
    ],
)
def test_both_days_of_a_period_count(period: Period, words: str) -> None:
    assert period_words(period) == words


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (None, ""),
        (PartialDate(dt.date(2010, 3, 1), Precision.DAY), "1 March 2010"),
        (PartialDate(dt.date(2010, 3, 1), Precision.MONTH), "March 2010"),
        (PartialDate(dt.date(2010, 1, 1), Precision.YEAR), "2010"),
    ],
)
def test_a_date_is_said_no_more_exactly_than_it_is_known(date: PartialDate | None, words: str) -> None:
    assert partial_date_words(date) == words


def test_an_instant_is_said_in_the_time_of_the_hub() -> None:
    assert instant_words(dt.datetime(2026, 7, 1, 13, 5, tzinfo=dt.UTC)) == "1 July 2026, 14:05"


def test_midnight_stands_for_a_day_without_a_time() -> None:
    assert instant_words(dt.datetime(2026, 6, 30, 23, tzinfo=dt.UTC)) == "1 July 2026"


def test_a_claim_is_said_from_the_side_that_is_looked_at() -> None:
    tie = seen(BEN, ADA, "targets")
    assert claim_of(tie, BEN, OTHERS, "Ben Fell").sentence == "Ben Fell is reported to target Ada Marsh"
    assert claim_of(tie, ADA, OTHERS, "Ada Marsh").sentence == (
        "Harm to Ada Marsh: Ben Fell is reported to target them"
    )


def test_at_a_place_the_people_come_first() -> None:
    claim = claim_of(seen(ADA, PARK, "seen_at"), PARK, OTHERS, "Moss Park", turned=False)
    assert claim.sentence == "Ada Marsh is reported to have been seen at Moss Park"
    assert claim.url == "/entities/person:1"


def test_who_may_not_be_named_has_no_page_to_go_to() -> None:
    assert claim_of(seen(ADA, PARK, "seen_at"), ADA, {}, "Ada Marsh").url is None


def test_a_pseudonym_has_no_page() -> None:
    alias = NodeId("person:anon-4f")
    others = {alias: SeenNode(Person(alias, "Child 1"), Restriction())}
    assert claim_of(seen(alias, PARK, "seen_at"), PARK, others, "Moss Park").url is None


def claim(key: str, standing: str) -> Claim:
    return Claim(key, "Ada lives at 1 Moss Row", standing, "neutral", "", "", "/entities/place:1")


def test_the_same_claim_twice_stands_once_with_the_best_support_first() -> None:
    (merged,) = merged_claims([claim("a", "tentative"), claim("b", "confirmed")])
    assert (merged.id, [other.id for other in merged.also]) == ("b", ["a"])


def test_claims_about_two_records_of_one_name_stay_apart() -> None:
    other = dataclasses.replace(claim("b", "confirmed"), url="/entities/place:2")
    assert len(merged_claims([claim("a", "confirmed"), other])) == 2


def test_a_marker_in_a_name_stays_as_it_is() -> None:
    assert fill_markers("{person:1} met", lambda _: "{person:2}") == "{person:2} met"
