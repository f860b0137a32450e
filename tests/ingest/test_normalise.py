"""Cells become values, or say why not."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.records import date_of, day_number, instant_of
from ingest.normalise import (
    Bad,
    CellError,
    Cells,
    Noted,
    clean_text,
    parse_birth_date,
    parse_count,
    parse_day,
    parse_instant,
    parse_last_day,
    parse_nhs_number,
    parse_number,
    parse_postcode,
)

DAYS = st.dates(dt.date(1850, 1, 1), dt.date(2150, 12, 31))


def at(text: str) -> dt.datetime:
    value = parse_instant(text)
    return instant_of(value.value if isinstance(value, Noted) else value)


@given(DAYS)
def test_a_day_is_read_as_that_day(day: dt.date) -> None:
    assert date_of(parse_day(day.isoformat())) == day


@given(DAYS)
def test_the_last_day_of_a_period_counts(day: dt.date) -> None:
    assert parse_last_day(day.isoformat()) == day_number(day) + 1


@pytest.mark.parametrize(
    "text", ["2024-02-30", "01/02/2024", "2024-2-1", "20240201", "9999-12-31", "0001-01-01", "٢٠٢٤-01-01"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(CellError) as error:
        parse_day(text)
    assert error.value.kind == "bad_date"


@pytest.mark.parametrize(
    ("text", "first", "precision"),
    [
        ("2010-05-06", dt.date(2010, 5, 6), "day"),
        ("2010-05", dt.date(2010, 5, 1), "month"),
        ("2010", dt.date(2010, 1, 1), "year"),
    ],
)
def test_birth_dates_keep_how_exactly_they_are_known(text: str, first: dt.date, precision: str) -> None:
    assert parse_birth_date(text) == (day_number(first), precision)


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)))
def test_a_time_with_a_zone_is_that_instant(moment: dt.datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert at(whole.isoformat()) == whole
    assert at(whole.isoformat().replace("+00:00", "Z")) == whole


@given(st.datetimes(dt.datetime(1972, 1, 1), dt.datetime(2037, 1, 1)))
def test_a_time_without_a_zone_is_london_time(moment: dt.datetime) -> None:
    from ingest.normalise import LONDON

    whole = moment.replace(microsecond=0)
    assert at(whole.isoformat()) == whole.replace(tzinfo=LONDON)


def test_an_hour_that_occurs_twice_is_the_first_and_said() -> None:
    value = parse_instant("2024-10-27T01:30:00")
    assert isinstance(value, Noted)
    assert instant_of(value.value) == dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC)
    assert "twice" in value.note


def test_an_hour_that_does_not_occur_is_one_later_and_said() -> None:
    value = parse_instant("2024-03-31T01:30:00")
    assert isinstance(value, Noted)
    assert instant_of(value.value) == dt.datetime(2024, 3, 31, 1, 30, tzinfo=dt.UTC)
    assert "does not occur" in value.note


def test_a_date_alone_is_the_start_of_the_day_and_said() -> None:
    value = parse_instant("2024-07-01")
    assert isinstance(value, Noted)
    assert instant_of(value.value) == dt.datetime(2024, 6, 30, 23, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text", ["2024-01-01T25:00", "2024-01-01T12", "12:00", "2024-01-01T12:00:00+99:00", "2024-W01-1"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        parse_instant(text)


@given(st.text(max_size=40))
def test_any_text_is_a_value_or_a_refusal(text: str) -> None:
    for parse in (parse_day, parse_birth_date, parse_instant, parse_number, parse_count, parse_postcode):
        value = Cells(parse)[text]
        assert value is None or isinstance(value, (int, float, str, tuple, Bad))


@pytest.mark.parametrize(
    ("text", "postcode"), [("m16 0ex", "M16 0EX"), ("SW1A1AA", "SW1A 1AA"), ("M14", "M14"), ("gir0aa", "GIR 0AA")]
)
def test_postcodes_have_one_spelling(text: str, postcode: str) -> None:
    assert parse_postcode(text) == postcode


def test_a_wrong_check_digit_is_kept_and_said() -> None:
    assert parse_nhs_number("943 476 5919") == "9434765919"
    assert isinstance(parse_nhs_number("943 476 5918"), Noted)


def test_accents_have_one_spelling() -> None:
    assert clean_text(" Zoe\u0308 ") == "Zoë"


def test_remembered_cells_are_bounded() -> None:
    cells = Cells(str.upper, most=10)
    assert [cells[str(number)] for number in range(1_000)] == [str(number) for number in range(1_000)]
    assert len(cells) <= 11
    assert cells[""] is None
