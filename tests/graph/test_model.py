"""Ids, periods, partial dates, ages and restrictions."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import (
    HUB_ANALYSTS,
    AgeBand,
    NodeId,
    NodeKind,
    PartialDate,
    Period,
    Person,
    Precision,
    Restriction,
    kind_of,
    restriction_of_report,
    years_between,
)

NAMES = st.sampled_from(["A", "B", "C"])
RESTRICTIONS = st.builds(
    Restriction,
    operations=st.frozensets(NAMES, max_size=2),
    agencies=st.one_of(st.none(), st.frozensets(NAMES, max_size=2)),
    until=st.one_of(st.none(), st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 5))),
    protected_address=st.booleans(),
    conditional=st.booleans(),
    closed=st.booleans(),
)


def test_a_typed_id_names_its_kind() -> None:
    assert kind_of("vehicle:a:b") is NodeKind.VEHICLE


@pytest.mark.parametrize("bad", ["person", "person:", "gang:1", "", ":1"])
def test_what_is_not_a_typed_id_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"kind|valid"):
        kind_of(bad)


@pytest.mark.parametrize(
    ("precision", "latest", "text"),
    [
        (Precision.DAY, dt.date(2024, 2, 1), "2024-02-01"),
        (Precision.MONTH, dt.date(2024, 2, 29), "2024-02"),
        (Precision.YEAR, dt.date(2024, 12, 31), "2024"),
    ],
)
def test_partial_dates_know_the_last_day_they_can_be(precision: Precision, latest: dt.date, text: str) -> None:
    partial = PartialDate(dt.date(2024, 2, 1), precision)
    assert (partial.latest, str(partial)) == (latest, text)


def test_a_period_is_half_open() -> None:
    period = Period(dt.date(2024, 1, 1), dt.date(2024, 1, 3))
    assert [period.contains(dt.date(2024, 1, day)) for day in (1, 2, 3)] == [True, True, False]
    assert not period.overlaps(Period(dt.date(2024, 1, 3), None))
    assert period.overlaps(Period(None, dt.date(2024, 1, 2)))


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        Period(dt.date(2024, 1, 2), dt.date(2024, 1, 1))


def test_a_leap_day_birthday_completes_on_the_first_of_march() -> None:
    born = dt.date(2008, 2, 29)
    assert (years_between(born, dt.date(2026, 2, 28)), years_between(born, dt.date(2026, 3, 1))) == (17, 18)


def test_a_doubtful_age_protects() -> None:
    child = Person(NodeId("person:1"), date_of_birth=PartialDate(dt.date(2008, 1, 1), Precision.YEAR))
    assert child.age_band(dt.date(2026, 6, 1)) is AgeBand.CHILD
    assert child.age_band(dt.date(2026, 12, 31)) is AgeBand.ADULT
    assert Person(NodeId("person:2")).age_band(dt.date(2026, 1, 1)) is AgeBand.UNKNOWN


@given(RESTRICTIONS)
def test_a_restriction_is_read_back_from_its_key(restriction: Restriction) -> None:
    assert Restriction.from_key(restriction.key) == restriction


@given(RESTRICTIONS, RESTRICTIONS, RESTRICTIONS)
def test_combining_restrictions_has_no_order_and_never_widens(a: Restriction, b: Restriction, c: Restriction) -> None:
    assert a.combined(b) == b.combined(a)
    assert a.combined(b).combined(c) == a.combined(b.combined(c))
    assert a.combined(a) == a
    assert a.combined(Restriction()) == a
    assert a.combined(b).operations >= a.operations


@pytest.mark.parametrize(
    ("handling", "conditions", "expected"),
    [
        ("P", None, Restriction()),
        ("P", " ; ", Restriction()),
        ("P", "operation:OP1", Restriction(operations=frozenset({"OP1"}))),
        ("C", "operation:operation:OP1", Restriction(operations=frozenset({"OP1"}), conditional=True)),
        ("C", "agency:health", Restriction(agencies=frozenset({"health", "police"}), conditional=True)),
        ("C", "until:2024-05-01", Restriction(until=dt.date(2024, 5, 1), conditional=True)),
        ("C", None, Restriction(agencies=frozenset({"police", HUB_ANALYSTS}), conditional=True, closed=True)),
        ("P", "ask Jo first", Restriction(agencies=frozenset({"police", HUB_ANALYSTS}), conditional=True, closed=True)),
        (
            "C",
            "operation:OP1; until:soon",
            Restriction(frozenset({"OP1"}), frozenset({"police", HUB_ANALYSTS}), conditional=True, closed=True),
        ),
    ],
)
def test_what_a_handling_code_restricts(handling: str, conditions: str | None, expected: Restriction) -> None:
    assert restriction_of_report("police", handling, conditions) == expected
