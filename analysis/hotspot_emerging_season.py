"""Weeks in which more or less is recorded every year: school holidays, Halloween and bonfire night, by the calendar."""

from __future__ import annotations

import datetime as dt

from analysis.wording import listed


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature 1876)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    skipped, leap = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - skipped - correction + 15) % 30
    quarter, left = divmod(rest, 4)
    weekday = (32 + 2 * leap + 2 * quarter - moon - left) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return dt.date(year, month, day + 1)


def seasons(year: int) -> tuple[tuple[str, dt.date, dt.date], ...]:
    """Usual school holidays in England and the autumn nights, first and last day; single councils differ."""
    sunday = easter(year)
    return (
        ("the winter half-term", dt.date(year, 2, 12), dt.date(year, 2, 22)),
        ("the Easter holidays", sunday - dt.timedelta(days=9), sunday + dt.timedelta(days=8)),
        ("the May half-term", dt.date(year, 5, 24), dt.date(year, 6, 2)),
        ("the summer holidays", dt.date(year, 7, 20), dt.date(year, 9, 3)),
        ("the autumn half-term", dt.date(year, 10, 20), dt.date(year, 11, 1)),
        ("Halloween and bonfire night", dt.date(year, 10, 29), dt.date(year, 11, 7)),
        ("the Christmas holidays", dt.date(year, 12, 19), dt.date(year + 1, 1, 4)),
    )


def season_words(first: dt.date, last: dt.date) -> tuple[str, ...]:
    """A caution when the days from first to last touch such weeks."""
    touched = [
        name
        for year in range(first.year - 1, last.year + 1)
        for name, begin, end in seasons(year)
        if begin <= last and end >= first
    ]
    if not touched:
        return ()
    return (f"These weeks touch {listed(list(dict.fromkeys(touched)))}, in which what is recorded often changes.",)
