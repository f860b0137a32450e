"""What reviewers decided, and how often each band was confirmed."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from analysis.outcomes import (
    ENOUGH_REVIEWED,
    NO_OUTCOMES,
    Outcome,
    Outcomes,
    calibration,
    calibration_of,
    outcomes_of,
)
from graph.flags import Band, Flag, FlagDecision, FlagState
from graph.model import FlagId, NodeId
from graph.store import StoredFlag

NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


def stored(key: str, *states: FlagState, state: FlagState | None = None) -> StoredFlag:
    flag = Flag(
        FlagId(key), "places", (NodeId("person:1"),), 0.5, Band.STRONG, 1, None, (), "", (), dt.date(2026, 8, 1), {}
    )
    decisions = tuple(FlagDecision(flag.id, each, "a reason", "ana", NOON) for each in states)
    return StoredFlag(flag, "run", state or (states[-1] if states else FlagState.NEW), decisions)


def outcome(number: int, *, confirmed: bool, band: Band = Band.STRONG) -> Outcome:
    state = FlagState.ACCEPTED if confirmed else FlagState.DISMISSED
    return Outcome(FlagId(f"f{number:03}"), "places", band, (), state)


def test_the_last_verdict_counts_whatever_was_looked_at_after() -> None:
    (row,) = outcomes_of([stored("a", FlagState.DISMISSED, FlagState.ACCEPTED, FlagState.SEEN)]).rows
    assert (row.state, row.confirmed, row.decided_on) == (FlagState.ACCEPTED, True, NOON.date())


def test_what_nobody_decided_is_not_reviewed() -> None:
    rows = outcomes_of([stored("a"), stored("b", FlagState.SEEN), stored("c", state=FlagState.EXPIRED)]).rows
    assert [(row.state, row.reviewed) for row in rows] == [
        (FlagState.NEW, False), (FlagState.SEEN, False), (FlagState.EXPIRED, False),
    ]  # fmt: skip


def test_flags_that_left_the_list_still_count_as_reviewed() -> None:
    found = outcomes_of([stored("b")], [stored("a", FlagState.ACCEPTED), stored("b", FlagState.DISMISSED)])
    assert [(row.flag, row.current, row.state) for row in found.rows] == [
        ("a", False, FlagState.ACCEPTED), ("b", True, FlagState.NEW),
    ]  # fmt: skip


def test_a_flag_just_found_keeps_what_was_decided_before() -> None:
    before, fresh = stored("a", FlagState.DISMISSED), stored("b")
    found = outcomes_of([], [before], [before.flag, fresh.flag])
    assert [(row.flag, row.current, row.state) for row in found.rows] == [
        ("a", True, FlagState.DISMISSED), ("b", True, FlagState.NEW),
    ]  # fmt: skip


def test_the_order_in_which_they_come_changes_nothing_and_any_change_changes_the_digest() -> None:
    one, two = stored("a", FlagState.ACCEPTED), stored("b")
    found = outcomes_of([one, two])
    assert outcomes_of([two, one]).digest == found.digest
    for field, value in (("band", Band.SLIGHT), ("state", FlagState.NEW), ("current", False), ("subjects", ())):
        other = Outcomes((dataclasses.replace(found.rows[0], **{field: value}), found.rows[1]))  # type: ignore[arg-type]
        assert other.digest != found.digest


def test_a_share_by_hand() -> None:
    """15 of 20: Wilson's interval is (15 + z²/2 ± z sqrt(15 · 5 / 20 + z²/4)) / (20 + z²)."""
    entry = calibration_of(Outcomes(tuple(outcome(at, confirmed=at < 15) for at in range(20))), "places", Band.STRONG)
    z = 1.959963984540054
    half = z * (15 * 5 / 20 + z * z / 4) ** 0.5
    assert entry.share == 0.75
    assert entry.low == pytest.approx((15 + z * z / 2 - half) / (20 + z * z))
    assert entry.words == "Of 100 flagged like this, reviewers confirmed 75 (interval 53 to 89; 20 reviewed)."


def test_below_twenty_reviewed_no_share_is_given() -> None:
    entry = calibration_of(
        Outcomes(tuple(outcome(at, confirmed=True) for at in range(ENOUGH_REVIEWED - 1))), "places", Band.STRONG
    )
    assert (entry.share, entry.low, entry.high) == (None, None, None)
    assert "19 of the 20 it takes" in entry.words


def test_each_detector_and_band_has_its_own_share_strongest_first() -> None:
    rows = [outcome(at, confirmed=at % 2 == 0, band=list(Band)[at % 3]) for at in range(9)]
    found = calibration(Outcomes(tuple(rows)))
    assert [(entry.band, entry.reviewed) for entry in found] == [(band, 3) for band in Band]


def test_of_nothing_nothing_is_said() -> None:
    assert calibration(NO_OUTCOMES) == ()
    assert calibration_of(NO_OUTCOMES, "places", Band.SLIGHT).reviewed == 0
