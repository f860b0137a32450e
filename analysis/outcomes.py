"""What reviewers decided about flags: an input to analysis like the records, and the calibration of bands by it.

A flag counts as confirmed when its last acceptance or dismissal is an acceptance ("we will look into it"), as not
confirmed when it is a dismissal. That is what a reviewer made of it, not what was true.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from scipy import stats

from graph.flags import Band, Flag, FlagDecision, FlagState
from graph.model import FlagId, NodeId
from graph.store import StoredFlag

#: reviewed flags from which a share is given
ENOUGH_REVIEWED = 20
_REVIEWED = (FlagState.ACCEPTED, FlagState.DISMISSED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One flag and what was decided about it."""

    flag: FlagId
    detector: str
    band: Band
    subjects: tuple[NodeId, ...]
    #: the last of accepted and dismissed; else new, seen or expired
    state: FlagState
    #: UTC day of that decision; None when not reviewed
    decided_on: dt.date | None = None
    #: among the flags that are shown now (not only in an older run)
    current: bool = True

    @property
    def reviewed(self) -> bool:
        return self.state in _REVIEWED

    @property
    def confirmed(self) -> bool:
        return self.state is FlagState.ACCEPTED


@dataclass(frozen=True)
class Outcomes:
    """What one reader may see of flags and decisions; rows by flag id, each flag once."""

    rows: tuple[Outcome, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Hex digest of all that is inside: equal outcomes have equal digests."""
        plain = [
            [
                row.flag,
                row.detector,
                row.band.value,
                list(row.subjects),
                row.state.value,
                None if row.decided_on is None else row.decided_on.isoformat(),
                row.current,
            ]
            for row in self.rows
        ]
        return hashlib.blake2b(json.dumps(plain).encode(), digest_size=16).hexdigest()


#: nothing was flagged or decided
NO_OUTCOMES = Outcomes()


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often reviewers confirmed flags of one detector and band."""

    detector: str
    band: Band
    reviewed: int
    confirmed: int
    #: share confirmed with its interval (Wilson); None below ``ENOUGH_REVIEWED``
    share: float | None
    low: float | None
    high: float | None

    @property
    def words(self) -> str:
        """One sentence for a reader, with the interval, or why there is none."""
        if self.share is None or self.low is None or self.high is None:
            return (
                f"Too few flags like this were reviewed to say how often they are confirmed "
                f"({self.reviewed} of the {ENOUGH_REVIEWED} it takes)."
            )
        return (
            f"Of 100 flagged like this, reviewers confirmed {round(100 * self.share)} "
            f"(interval {round(100 * self.low)} to {round(100 * self.high)}; {self.reviewed} reviewed)."
        )


def outcomes_of(
    shown: Iterable[StoredFlag], reviewed: Iterable[StoredFlag] = (), found: Iterable[Flag] = ()
) -> Outcomes:
    """Outcomes from flags that are shown now, flags of any run that were reviewed, and flags found but not kept yet.

    What was decided about an earlier flag of the same id stands for one just found.
    """
    rows: dict[FlagId, Outcome] = {}
    for stored in reviewed:
        rows[stored.flag.id] = _outcome(stored.flag, stored.state, stored.decisions, current=False)
    for stored in shown:
        rows[stored.flag.id] = _outcome(stored.flag, stored.state, stored.decisions, current=True)
    for flag in found:
        before = rows.get(flag.id)
        state, day = (before.state, before.decided_on) if before else (FlagState.NEW, None)
        rows[flag.id] = Outcome(flag.id, flag.detector, flag.band, flag.subjects, state, day)
    return Outcomes(tuple(rows[flag] for flag in sorted(rows)))


def _outcome(flag: Flag, state: FlagState, decisions: tuple[FlagDecision, ...], *, current: bool) -> Outcome:
    verdicts = [decision for decision in decisions if decision.state in _REVIEWED]
    return Outcome(
        flag=flag.id,
        detector=flag.detector,
        band=flag.band,
        subjects=flag.subjects,
        state=verdicts[-1].state if verdicts else state,
        decided_on=verdicts[-1].decided_at.astimezone(dt.UTC).date() if verdicts else None,
        current=current,
    )


def calibration(outcomes: Outcomes, *, level: float = 0.95) -> tuple[Calibration, ...]:
    """One entry a detector and band with any flag, by detector, strongest band first."""
    tally: dict[tuple[str, int], list[int]] = {}
    for row in outcomes.rows:
        counts = tally.setdefault((row.detector, list(Band).index(row.band)), [0, 0])
        counts[0] += row.reviewed
        counts[1] += row.confirmed
    return tuple(
        _calibration(detector, list(Band)[band], reviewed, confirmed, level)
        for (detector, band), (reviewed, confirmed) in sorted(tally.items())
    )


def calibration_of(outcomes: Outcomes, detector: str, band: Band) -> Calibration:
    """The entry of flags like this one."""
    for found in calibration(outcomes):
        if (found.detector, found.band) == (detector, band):
            return found
    return Calibration(detector, band, 0, 0, None, None, None)


def _calibration(detector: str, band: Band, reviewed: int, confirmed: int, level: float) -> Calibration:
    if reviewed < ENOUGH_REVIEWED:
        return Calibration(detector, band, reviewed, confirmed, None, None, None)
    interval = stats.binomtest(confirmed, reviewed).proportion_ci(level, method="wilson")
    return Calibration(
        detector, band, reviewed, confirmed, confirmed / reviewed, float(interval.low), float(interval.high)
    )
