"""Words of reasons: each claim once, each date once."""

from __future__ import annotations

import datetime as dt

from analysis.wording import day, ties_words, times
from graph.records import day_number
from tests.analysis.build import Town, days_ago

LAST = day_number(days_ago(5))


def test_a_claim_is_dated_by_its_latest_record() -> None:
    town = Town()
    one, other = town.person(1, age=15), town.person(2, age=15)
    town.tie(one, other, "friend_of", reports=(town.report("r"),))
    assert ties_words(town.snapshot(), [0, 0], [LAST - 9, LAST]).endswith(f"friends, last on {day(LAST)}")


def test_an_event_is_not_dated_twice() -> None:
    town = Town()
    event = town.event(1, "incident", dt.datetime.combine(days_ago(5), dt.time(), tzinfo=dt.UTC))
    town.took_part(town.person(1, age=15), event, "mentioned", reports=(town.report("r"),))
    assert "last on" not in ties_words(town.snapshot(), [0], [LAST])


def test_how_often_in_words() -> None:
    assert [times(many) for many in (1, 2, 3)] == ["once", "twice", "3 times"]
