"""Answers kept with a snapshot: the same ones, not to be written to, gone with it."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from analysis.derive import derive
from analysis.remember import MOST, remembered
from graph.snapshot import Int64, Snapshot
from tests.analysis.build import Town

TODAY = dt.date(2026, 10, 1)


@pytest.fixture
def snapshot() -> Snapshot:
    return Town().snapshot(TODAY)


def test_the_same_question_is_answered_once(snapshot: Snapshot) -> None:
    asked = []

    @remembered
    def count(snapshot: Snapshot, more: int = 0) -> int:
        asked.append(more)
        return len(snapshot) + more

    assert [count(snapshot), count(snapshot), count(snapshot, 1), count(snapshot, more=2)] == [0, 0, 1, 2]
    assert asked == [0, 1, 2]


def test_another_snapshot_has_its_own_answers(snapshot: Snapshot) -> None:
    derive(snapshot)
    later = dataclasses.replace(snapshot, as_at=dt.date(2027, 10, 1))
    assert derive(later).today == derive(snapshot).today + 365


def test_arrays_come_back_read_only(snapshot: Snapshot) -> None:
    @remembered
    def ones(snapshot: Snapshot) -> tuple[Int64, int]:
        return np.ones(3, dtype=np.int64), len(snapshot)

    with pytest.raises(ValueError):
        ones(snapshot)[0][0] = 2


def test_only_so_many_answers_are_kept(snapshot: Snapshot) -> None:
    asked = []

    @remembered
    def count(snapshot: Snapshot, more: int) -> int:
        asked.append(more)
        return more

    for more in (*range(MOST + 1), MOST, 0):
        count(snapshot, more)
    assert asked == [*range(MOST + 1), 0]
