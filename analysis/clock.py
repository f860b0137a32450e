"""Days and hours by the clocks of England: what people mean by a night, whatever the season."""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from graph.snapshot import Int64

LONDON = ZoneInfo("Europe/London")
HOUR = 3_600


def moment(second: int) -> dt.datetime:
    """An instant (UTC seconds) as the clocks of England show it."""
    return dt.datetime.fromtimestamp(second, LONDON)


def local(instant: Int64) -> Int64:
    """UTC seconds to seconds by the clocks: an hour more from the last Sunday of March to that of October, from 1996.

    Summer time by rule, because arrays of instants are large; before 1996 October's change may be a week out.
    """
    if not len(instant):
        return instant
    years = range(_year(int(instant.min())) - 1, _year(int(instant.max())) + 2)
    changes = [_last_sunday(year, month) for year in years for month in (3, 10)]
    summer = np.searchsorted(np.array(changes, dtype=np.int64), instant, side="right") % 2
    return instant + summer * HOUR


def _year(second: int) -> int:
    return 1970 + second // 31_556_952


@cache
def _last_sunday(year: int, month: int) -> int:
    """One in the morning, UTC, of the last Sunday of a month of 31 days."""
    last = dt.datetime(year, month, 31, 1, tzinfo=dt.UTC)
    return int((last - dt.timedelta(days=last.isoweekday() % 7)).timestamp())
