"""The frame of a list: order, steadiness, and what every flag of a detector says alike."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hotspot_areas import SPEC
from analysis.listing import (
    LIST_PARAMETERS,
    Entry,
    best,
    best_nodes,
    flag_for,
    flags_in_order,
    largest_first,
    score_of,
)
from analysis.spec import flag_id
from graph.flags import Band, Flag, Reason
from graph.model import NodeId
from graph.snapshot import Bool, Float64, Snapshot
from tests.analysis.build import Town

AS_AT = dt.date(2026, 3, 1)
DEFAULTS = MappingProxyType({parameter.name: parameter.default for parameter in LIST_PARAMETERS})
REASON = Reason("one record", 1.5)


def flag(subject: str, entry: Entry, **more: object) -> Flag:
    return flag_for(
        SPEC, AS_AT, (NodeId(subject),), entry, (REASON,), {"score": 1.5}, strength=0.5, band=Band.SLIGHT, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def four_people() -> Snapshot:
    """Three ties: of the first with each of the others."""
    town = Town()
    people = [town.person(name, age=30) for name in "abcd"]
    for other in people[1:]:
        town.tie(people[0], other, "friend_of")
    return town.snapshot()


def degree(snapshot: Snapshot, kept: Bool) -> Float64:
    """Ties of each node; minus infinity without any."""
    ties, count = snapshot.ties, len(snapshot)
    ends = np.r_[ties.source[kept], ties.target[kept]]
    many = np.bincount(ends, minlength=count).astype(np.float64)
    return np.where(many > 0, many, -np.inf)


# -- order -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-3, 3), max_size=12), st.integers(0, 12))
def test_the_best_come_first_and_who_draws_by_row(scores: list[int], limit: int) -> None:
    expected = sorted((at for at, score in enumerate(scores) if score >= 0), key=lambda at: (-scores[at], at))
    assert best(np.array(scores, dtype=np.float64), 0.0, limit).tolist() == expected[:limit]


def test_who_cannot_be_listed_is_not_whatever_the_least_score() -> None:
    assert best(np.array([-np.inf, -5.0]), -1000.0, 10).tolist() == [1]


def test_the_list_is_as_long_as_its_limit() -> None:
    snapshot = four_people()
    rows, _ = best_nodes(
        snapshot, lambda kept: degree(snapshot, kept), {**DEFAULTS, "limit": 2}, np.random.default_rng(1),
        lambda *_: None,
    )  # fmt: skip
    assert [snapshot.nodes.ids[row] for row in rows] == ["person:a", "person:b"]


def test_a_score_below_the_least_is_not_listed() -> None:
    snapshot = four_people()
    rows, _ = best_nodes(
        snapshot, lambda kept: degree(snapshot, kept), {**DEFAULTS, "minimum_score": 2}, np.random.default_rng(1),
        lambda *_: None,
    )  # fmt: skip
    assert len(rows) == 1


def test_steadiness_is_the_share_of_repeats_in_which_a_node_keeps_a_tie() -> None:
    snapshot = four_people()
    _, steady = best_nodes(
        snapshot, lambda kept: degree(snapshot, kept), {**DEFAULTS, "stability_runs": 2_000},
        np.random.default_rng(1), lambda *_: None,
    )  # fmt: skip
    assert steady is not None
    # the first is out only when all three of its ties are left out, each other with its only one
    assert steady == pytest.approx([1 - 0.2**3, 0.8, 0.8, 0.8], abs=0.03)


def test_a_run_that_is_ended_while_ties_are_left_out_stops_there() -> None:
    snapshot, asked = four_people(), []

    def stop(share: float, what: str) -> None:
        if what == "leaving out ties" and share > 0.6:
            raise InterruptedError

    def score(kept: Bool) -> Float64:
        asked.append(kept)
        return degree(snapshot, kept)

    with pytest.raises(InterruptedError):
        best_nodes(snapshot, score, DEFAULTS, np.random.default_rng(1), stop)
    # the whole list and the repeats up to six tenths of the work
    assert len(asked) == 1 + 6


def test_the_share_of_the_work_never_falls() -> None:
    snapshot, told = four_people(), list[float]()
    best_nodes(snapshot, lambda kept: degree(snapshot, kept), DEFAULTS, np.random.default_rng(1),
               lambda share, _: told.append(share))  # fmt: skip
    flags_in_order(range(50), None, lambda at, entry: flag(f"person:{at}", entry), lambda share, _: told.append(share))
    assert told == sorted(told)
    assert told[0] >= 0.3
    assert told[-1] <= 1.0


# -- writing ---------------------------------------------------------------------------------------------------------


def test_flags_get_their_place_and_their_steadiness() -> None:
    flags = flags_in_order(["person:b", "person:a"], np.array([0.75, 1.0]), flag, lambda *_: None)
    assert [(each.subjects[0], each.rank, each.stability) for each in flags] == [
        ("person:b", 1, 0.75),
        ("person:a", 2, 1.0),
    ]


def test_without_repeats_no_steadiness_is_stated() -> None:
    assert flags_in_order(["person:a"], None, flag, lambda *_: None)[0].stability is None


def test_a_list_of_nothing_has_no_flags() -> None:
    assert flags_in_order([], None, flag, lambda *_: None) == ()


def test_a_flag_says_what_its_detector_says() -> None:
    written = flag("person:a", Entry(1, None))
    assert (written.detector, written.would_clear, written.cautions) == (SPEC.name, SPEC.would_clear, SPEC.cautions)
    assert written.expires_on == AS_AT + dt.timedelta(days=SPEC.expires_after)


def test_cautions_of_one_flag_stand_behind_those_of_all() -> None:
    assert flag("person:a", Entry(1, None), cautions=("Fewer than 5.",)).cautions == (*SPEC.cautions, "Fewer than 5.")


def test_the_same_flag_is_the_one_about_the_same_with_the_same_key() -> None:
    here = (NodeId("person:a"), NodeId("person:b"))
    about = flag_for(
        SPEC, AS_AT, here, Entry(1, None), (), {}, strength=0.0, band=Band.SLIGHT, about=here[:1], key="party"
    )
    assert about.id == flag_id(SPEC.name, here[:1], "party") != flag_id(SPEC.name, here, "party")
    assert flag("person:a", Entry(1, None)).id == flag_id(SPEC.name, here[:1])


def test_a_score_is_what_the_reasons_add_up_to() -> None:
    assert score_of((REASON, Reason("another", -0.5))) == 1.0
    assert score_of(()) == 0.0


def test_the_largest_reason_comes_first_and_who_draws_by_words() -> None:
    reasons = [Reason("b", 1.0), Reason("c", 2.0), Reason("a", 1.0)]
    assert [reason.text for reason in largest_first(reasons)] == ["c", "a", "b"]
