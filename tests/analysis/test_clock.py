"""The clocks of England."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.clock import HOUR, LONDON, local, moment


@pytest.mark.parametrize(
    ("utc", "hour"),
    [
        (dt.datetime(2026, 3, 29, 0, 59, 59, tzinfo=dt.UTC), 0),
        (dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC), 2),
        (dt.datetime(2026, 10, 25, 0, 59, 59, tzinfo=dt.UTC), 1),
        (dt.datetime(2026, 10, 25, 1, tzinfo=dt.UTC), 1),
        (dt.datetime(2025, 12, 31, 23, tzinfo=dt.UTC), 23),
    ],
)
def test_the_clocks_of_england(utc: dt.datetime, hour: int) -> None:
    assert int(local(np.array([int(utc.timestamp())]))[0]) % 86_400 // HOUR == hour


@given(st.lists(st.datetimes(dt.datetime(1997, 1, 1), dt.datetime(2040, 1, 1)), max_size=20))
def test_the_clocks_of_england_as_the_time_zone_database_has_them(moments: list[dt.datetime]) -> None:
    aware = [moment.replace(tzinfo=dt.UTC, microsecond=0) for moment in moments]
    there = [moment.astimezone(LONDON).replace(tzinfo=dt.UTC) for moment in aware]
    seconds = np.array([int(moment.timestamp()) for moment in aware], dtype=np.int64)
    assert local(seconds).tolist() == [int(moment.timestamp()) for moment in there]


def test_a_summer_evening_is_of_its_own_day() -> None:
    assert moment(int(dt.datetime(2026, 6, 1, 23, 30, tzinfo=dt.UTC).timestamp())).date() == dt.date(2026, 6, 2)


def test_nothing_stays_nothing() -> None:
    assert len(local(np.empty(0, dtype=np.int64))) == 0
