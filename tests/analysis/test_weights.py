"""Weights of ties: grades, sources, recency."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analysis.derive import derive
from analysis.weights import (
    CONTEXT_TIES,
    EVENT_ROLES,
    OBJECT_TIES,
    PERSON_TIES,
    RECENCY_FLOOR,
    UNGRADED,
    TieWeights,
    recency,
    report_confidence,
    tie_confidence,
)
from graph.vocabulary import vocabulary
from tests.analysis.build import Town, days_ago


def confidence(**report: str) -> float:
    town = Town()
    town.report("r", **report)
    return float(report_confidence(town.snapshot())[0])


@pytest.mark.parametrize(("scheme", "sources", "information"), [("3x5x2", "123", "ABCDE"), ("5x5x5", "ABCD", "12345")])
def test_a_better_grade_never_counts_less(scheme: str, sources: str, information: str) -> None:
    for source, other in itertools.product(sources, repeat=2):
        for known, less in itertools.product(information, repeat=2):
            if source <= other and known <= less:
                better = confidence(scheme=scheme, source=source, information=known)
                assert better >= confidence(scheme=scheme, source=other, information=less)


def test_suspected_false_is_no_evidence() -> None:
    assert confidence(scheme="3x5x2", source="1", information="E") == 0
    assert confidence(scheme="5x5x5", source="A", information="5") == 0


def test_without_grade_or_basis_the_stated_floor_counts() -> None:
    assert confidence() == UNGRADED
    town = Town()
    town.tie(town.person(1), town.person(2), "friend_of", reports=())
    assert tie_confidence(town.snapshot()).tolist() == [UNGRADED]


def tie_with(*agencies: str, event: bool = False, stated: float | None = None) -> float:
    town = Town()
    reports = tuple(town.report(f"{at}", agency, basis="fact") for at, agency in enumerate(agencies))
    target = town.event(1, "incident") if event else town.person(2)
    kind, role = ("took_part_in", "mentioned") if event else ("friend_of", None)
    town.tie(town.person(1), target, kind, role=role, reports=reports, confidence=stated)
    return float(tie_confidence(town.snapshot())[0])


def test_a_second_agency_is_a_second_source_and_a_second_report_of_one_agency_is_not() -> None:
    assert tie_with("police", "health") == pytest.approx(1 - 0.25 * 0.25)
    assert tie_with("police", "police") == pytest.approx(0.75)


def test_two_agencies_on_one_event_are_one_source() -> None:
    assert tie_with("police", "health", event=True) == pytest.approx(0.75)


def test_what_the_source_stated_multiplies() -> None:
    assert tie_with("police", stated=0.5) == pytest.approx(0.375)


def test_recency_halves_and_stops_at_its_floor() -> None:
    found = recency(np.array([1000, 820, -5000], dtype=np.int32), 1000, np.full(3, 180.0))
    assert found == pytest.approx([1.0, 0.5, RECENCY_FLOOR])


def weight_of(town: Town) -> float:
    snapshot = town.snapshot()
    return float(TieWeights(snapshot, derive(snapshot).today).of(PERSON_TIES)[0])


def test_a_protective_tie_and_a_tie_that_has_not_begun_weigh_nothing() -> None:
    for more in ({"polarity": "protective"}, {"start": days_ago(-3)}):
        town = Town()
        town.tie(town.person(1), town.person(2), "friend_of", **more)
        assert weight_of(town) == 0.0


def test_kinship_does_not_age_while_it_lasts() -> None:
    town = Town()
    town.tie(town.person(1), town.person(2), "sibling_of", start=days_ago(3000))
    assert weight_of(town) == pytest.approx(PERSON_TIES["sibling_of"][0] * 0.9)


@pytest.mark.parametrize("table", [PERSON_TIES, OBJECT_TIES, CONTEXT_TIES])
def test_tables_name_types_of_tie(table: dict[str, tuple[float, int | None]]) -> None:
    assert set(table) <= vocabulary("tie_type").codes
    assert all(0 < weight < 1 for weight, _ in table.values())


def test_event_roles_are_roles_and_leave_out_professionals_and_reporters() -> None:
    roles = vocabulary("role")
    assert set(EVENT_ROLES) <= roles.codes
    assert not {roles.group(role) for role in EVENT_ROLES} & {"professional", "hidden"}
