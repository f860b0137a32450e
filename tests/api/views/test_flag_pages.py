"""A prompt in words."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.views.flags import flag_row, reason_views, said_and_sources
from graph.flags import Band, Flag, FlagState, Reason
from graph.model import FlagId, NodeId, Person, Restriction
from graph.store import SeenNode, StoredFlag

ADA = NodeId("person:1")
ADA_SEEN = {ADA: SeenNode(Person(ADA, "Ada (the elder)", "Marsh"), Restriction())}


def flag(*reasons: Reason) -> Flag:
    return Flag(
        FlagId("f"), "hotspot_places", (ADA,), 0.5, Band.STRONG, 1, None, reasons, "", (), dt.date(2026, 9, 1), {}
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{person:1} was seen (Police, graded 1B (3x5x2); and 2 more reports)",
         ("{person:1} was seen", "Police, graded 1B (3x5x2); and 2 more reports")),
        ("{person:1} (open to the hub) was seen", ("{person:1} (open to the hub) was seen", "")),
        ("(only this)", ("(only this)", "")),
        ("unbalanced)", ("unbalanced)", "")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_the_reports_of_a_reason_stand_apart(text: str, parts: tuple[str, str]) -> None:
    assert said_and_sources(text) == parts


@given(some.text("ab() ", max_size=40))
def test_no_letter_of_a_reason_is_lost(text: str) -> None:
    said, sources = said_and_sources(text)
    whole = f"{said}({sources})" if sources else said
    assert whole.replace(" ", "") in (text.replace(" ", ""), text.replace(" ", "") + "()") or text.endswith("()")


def test_a_name_with_brackets_is_not_taken_for_a_source() -> None:
    (view,) = reason_views(flag(Reason("children meet {person:1}", 1.0)), ADA_SEEN, {})
    assert view.text == "Children meet Ada (the elder) Marsh"


def test_shares_are_of_what_speaks_for_it() -> None:
    views = reason_views(flag(Reason("a", 3.0), Reason("b", 1.0), Reason("c", 0.001), Reason("d", -1.0)), {}, {})
    assert [view.share for view in views] == [
        "75% of the evidence",
        "25% of the evidence",
        "Under 1% of the evidence",
        "Speaks against",
    ]


def test_who_may_not_be_named_is_a_person() -> None:
    (view,) = reason_views(flag(Reason("{person:1} was seen", 1.0)), {}, {})
    assert view.text == "a person was seen"


def test_a_row_names_its_subject_and_its_strongest_reason() -> None:
    stored = StoredFlag(
        flag(Reason("weak {person:1}", 0.1), Reason("strong " + "x" * 90, 0.9)), "run", FlagState.NEW, ()
    )
    row = flag_row(stored, ADA_SEEN)
    assert (row.title, row.reason) == ("Ada (the elder) Marsh", "Strong " + "x" * 90 + ".")
