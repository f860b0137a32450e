"""What rests on the lowest grades is known and said."""

from __future__ import annotations

import pytest

from analysis.meetings_grades import low_grade_words, low_ties
from tests.analysis.build import Town
from viz.wording import check


@pytest.mark.parametrize(
    ("scheme", "source", "information", "low"),
    [
        ("3x5x2", "1", "C", False),
        ("3x5x2", "1", "D", True),
        ("3x5x2", "2", "E", True),
        ("3x5x2", "3", "A", True),
        ("3x5x2", "2", "B", False),
        ("5x5x5", "C", "3", False),
        ("5x5x5", "D", "1", True),
        ("5x5x5", "E", "2", True),
        ("5x5x5", "A", "4", True),
    ],
)
def test_low_grades_of_each_scheme(scheme: str, source: str, information: str, low: bool) -> None:
    town = Town()
    report = town.report("r", scheme=scheme, source=source, information=information)
    town.tie(town.person("a"), town.person("b"), "contacts", reports=(report,))
    assert low_ties(town.snapshot()).tolist() == [low]


def test_a_tie_with_one_better_report_is_not_low_and_what_nobody_graded_is_not() -> None:
    town = Town()
    one, two = town.person("a"), town.person("b")
    worst = town.report("worst", scheme="3x5x2", source="3", information="D")
    fact = town.report("fact", "health", basis="fact")
    ties = {
        town.tie(one, two, "contacts", reports=reports): low
        for reports, low in (((worst,), True), ((worst, fact), False), ((fact,), False), ((), False))
    }
    snapshot = town.snapshot()
    assert {snapshot.tie_id(row): bool(low) for row, low in enumerate(low_ties(snapshot))} == ties


@pytest.mark.parametrize(
    ("share", "listed", "many"), [(0.5, True, 0), (0.51, True, 1), (0.9, False, 2), (0.1, False, 1)]
)
def test_words_when_it_matters(share: float, listed: bool, many: int) -> None:
    said = low_grade_words(share, listed)
    assert len(said) == many
    assert not any(check(text) for text in said)


@pytest.mark.parametrize(
    ("now", "without", "many"), [(True, True, 0), (True, False, 1), (False, True, 1), (False, False, 0)]
)
def test_words_when_the_first_of_the_list_would_be_others(now: bool, without: bool, many: int) -> None:
    said = low_grade_words(0.2, True, 10, now, without)
    assert len(said) == many
    assert not any(check(text) for text in said)
