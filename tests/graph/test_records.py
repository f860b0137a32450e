"""Blocks and the whole numbers in them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.records import COLUMNS, Block, RecordKind, date_of, day_number, instant_of, second_number


@given(st.dates())
def test_days_are_read_back(day: dt.date) -> None:
    assert date_of(day_number(day)) == day


@given(st.datetimes(timezones=st.just(dt.UTC)).map(lambda instant: instant.replace(microsecond=0)))
def test_instants_are_read_back(instant: dt.datetime) -> None:
    assert instant_of(second_number(instant)) == instant


def test_day_zero_is_the_first_of_1970() -> None:
    assert day_number(dt.date(1970, 1, 1)) == 0


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        second_number(dt.datetime(2024, 1, 1))


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        Block(RecordKind.OBJECT, [("vehicle:1",)])


def test_row_numbers_are_one_a_row() -> None:
    with pytest.raises(ValueError, match="one row number"):
        Block(RecordKind.OBJECT, [("vehicle:1", None)], "f.csv", [2, 3])


def test_every_kind_has_an_id_first_and_no_column_twice() -> None:
    assert all(columns[0] == "id" and len(set(columns)) == len(columns) for columns in COLUMNS.values())
    assert set(COLUMNS) == set(RecordKind)
