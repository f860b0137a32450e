"""The standing rule, case by case and by its laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import Standing
from graph.standing import Support, sources, standing

ORDER = [Standing.TENTATIVE, Standing.UNCONFIRMED, Standing.CONFIRMED]


def police(source: str = "1", information: str = "A", **values: str) -> Support:
    return Support("police", "3x5x2", source, information, None, **values)


def old(source: str, information: str) -> Support:
    return Support("police", "5x5x5", source, information, None)


def partner(agency: str, basis: str | None = "fact", **values: str) -> Support:
    return Support(agency, "none", None, None, basis, **values)


@pytest.mark.parametrize(
    ("supports", "expected"),
    [
        ([], Standing.TENTATIVE),
        ([police()], Standing.CONFIRMED),
        ([police("2", "B")], Standing.UNCONFIRMED),
        ([police("1", "C")], Standing.UNCONFIRMED),
        ([police("3", "A")], Standing.TENTATIVE),
        ([police("1", "D")], Standing.TENTATIVE),
        ([police("1", "E")], Standing.TENTATIVE),
        ([old("A", "1")], Standing.CONFIRMED),
        ([old("B", "2")], Standing.CONFIRMED),
        ([old("C", "1")], Standing.UNCONFIRMED),
        ([old("E", "1")], Standing.TENTATIVE),
        ([partner("health")], Standing.UNCONFIRMED),
        ([partner("health", "opinion")], Standing.TENTATIVE),
        ([partner("health", None)], Standing.UNCONFIRMED),
        ([partner("health"), partner("health")], Standing.UNCONFIRMED),
        ([partner("health"), partner("education")], Standing.CONFIRMED),
        ([partner("health", "allegation"), partner("education", "allegation")], Standing.UNCONFIRMED),
        ([partner("health"), partner("education", "opinion")], Standing.UNCONFIRMED),
        ([partner("health", event="e"), partner("education", event="e")], Standing.UNCONFIRMED),
        ([partner("health", reference="R"), partner("education", reference="R")], Standing.UNCONFIRMED),
        ([partner("health"), police("1", "E")], Standing.UNCONFIRMED),
    ],
)
def test_the_rule_case_by_case(supports: list[Support], expected: Standing) -> None:
    assert standing(supports) is expected


def test_sources_join_through_a_third_report() -> None:
    chain = [
        partner("health", event="e"),
        partner("education", reference="R"),
        partner("housing", event="e", reference="R"),
    ]
    assert len(sources(chain)) == 1


SUPPORTS = st.builds(
    lambda scheme, agency, event, basis: Support(agency, scheme[0], scheme[1], scheme[2], basis, None, event),
    st.sampled_from(
        [("none", None, None), ("3x5x2", "1", "A"), ("3x5x2", "2", "C"), ("3x5x2", "3", "E"), ("5x5x5", "E", "4")]
    ),
    st.sampled_from(["police", "health", "education"]),
    st.sampled_from([None, "e1", "e2"]),
    st.sampled_from([None, "fact", "opinion"]),
)


@given(st.lists(SUPPORTS, max_size=5), st.randoms())
def test_the_order_of_reports_does_not_matter(supports: list[Support], random: object) -> None:
    shuffled = sorted(supports, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert standing(shuffled) is standing(supports)


@given(st.lists(SUPPORTS, max_size=5))
def test_saying_the_same_twice_adds_nothing(supports: list[Support]) -> None:
    assert standing([*supports, *supports]) is standing(supports)


@given(SUPPORTS.filter(lambda support: support.grading_scheme == "none"))
def test_one_ungraded_report_is_never_confirmed(support: Support) -> None:
    assert standing([support]) is not Standing.CONFIRMED
