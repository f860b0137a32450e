"""Flags, runs and decisions to plain JSON and back: the same for every back end."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.flags import Band, Flag, FlagDecision, FlagState, Plain, Reason, Run
from graph.model import FlagId, NodeId, ReportId, Restriction, TieId
from graph.store import FlagFilter, Lens

_BANDS = tuple(Band)
#: decisions that say what a reviewer made of a flag
REVIEWED = (FlagState.ACCEPTED, FlagState.DISMISSED)


@dataclass(frozen=True, slots=True)
class RunHead:
    """What of a kept run decides whether it is shown."""

    id: str
    detector: str
    restrictions: tuple[str, ...]
    may_see: tuple[str, ...]
    base: str


@dataclass(frozen=True, slots=True)
class FlagHead:
    """What of a kept flag decides whether and where it is listed."""

    id: str
    run_id: str
    detector: str
    rank: int
    band: Band
    state: FlagState

    @property
    def place(self) -> tuple[int, int, str, str]:
        """Where it stands in the queue."""
        return _BANDS.index(self.band), self.rank, self.detector, self.id


@dataclass(frozen=True, slots=True)
class Listed:
    """Heads of one page of the queue, and how many there are in all."""

    page: tuple[FlagHead, ...]
    total: int
    counts: Mapping[tuple[str, FlagState, Band], int]


def run_seen(lens: Lens, run: RunHead, parsed: Callable[[str], Restriction] = Restriction.from_key) -> bool:
    """Whether the reader's role and sight let the run through (S15)."""
    if lens.audience is not None and lens.audience not in run.may_see:
        return False
    if lens.sight is None:
        return True
    return lens.sight(Restriction()) and all(lens.sight(parsed(key)) for key in run.restrictions)


def shown_runs(seen: Iterable[RunHead]) -> tuple[RunHead, ...]:
    """Of runs that are seen, newest first: the one of each detector that is shown (S15), by detector."""
    shown: dict[str, RunHead] = {}
    for run in seen:
        best = shown.get(run.detector)
        if best is None or (run.base == best.base and len(run.restrictions) > len(best.restrictions)):
            shown[run.detector] = run
    return tuple(shown[name] for name in sorted(shown))


def listed(heads: Iterable[FlagHead], where: FlagFilter, *, limit: int, offset: int, after: str | None) -> Listed:
    """The page of the queue, from all heads about the subjects asked for."""
    queue = sorted(heads, key=lambda head: head.place)
    counts = Counter((head.detector, head.state, head.band) for head in queue)
    chosen = [head for head in queue if _chosen(head, where)]
    behind = next((head.place for head in queue if head.id == after), None)
    rest = chosen if behind is None else [head for head in chosen if head.place > behind]
    return Listed(tuple(rest[offset : offset + limit]), len(chosen), dict(counts))


def _chosen(head: FlagHead, where: FlagFilter) -> bool:
    return (
        (where.detectors is None or head.detector in where.detectors)
        and (where.states is None or head.state in where.states)
        and (where.bands is None or head.band in where.bands)
    )


def flag_plain(flag: Flag) -> dict[str, Plain]:
    return {
        "id": flag.id,
        "detector": flag.detector,
        "subjects": list(flag.subjects),
        "strength": flag.strength,
        "band": flag.band.value,
        "rank": flag.rank,
        "stability": flag.stability,
        "reasons": [
            {
                "text": reason.text,
                "contribution": reason.contribution,
                "ties": list(reason.ties),
                "events": list(reason.events),
                "reports": list(reason.reports),
            }
            for reason in flag.reasons
        ],
        "would_clear": flag.would_clear,
        "cautions": list(flag.cautions),
        "expires_on": flag.expires_on.isoformat(),
        "details": dict(flag.details),
    }


def flag_of(plain: Mapping[str, Any]) -> Flag:
    reasons = tuple(
        Reason(
            reason["text"],
            reason["contribution"],
            tuple(TieId(each) for each in reason["ties"]),
            tuple(NodeId(each) for each in reason["events"]),
            tuple(ReportId(each) for each in reason["reports"]),
        )
        for reason in plain["reasons"]
    )
    return Flag(
        FlagId(plain["id"]),
        plain["detector"],
        tuple(NodeId(each) for each in plain["subjects"]),
        plain["strength"],
        Band(plain["band"]),
        plain["rank"],
        plain["stability"],
        reasons,
        plain["would_clear"],
        tuple(plain["cautions"]),
        dt.date.fromisoformat(plain["expires_on"]),
        plain["details"],
    )


def run_plain(run: Run) -> dict[str, Plain]:
    """A run without its flags."""
    return {
        "id": run.id,
        "detector": run.detector,
        "version": run.version,
        "as_at": run.as_at.isoformat(),
        "known_at": None if run.known_at is None else run.known_at.isoformat(),
        "scope": run.scope,
        "parameters": dict(run.parameters),
        "seed": run.seed,
        "snapshot_digest": run.snapshot_digest,
        "seconds": run.seconds,
        "restrictions": list[Plain](sorted(run.restrictions)),
        "may_see": list[Plain](sorted(run.may_see)),
        "over_open": run.over_open,
    }


def decision_plain(decision: FlagDecision) -> dict[str, Plain]:
    return {
        "flag": decision.flag,
        "state": decision.state.value,
        "reason": decision.reason,
        "author": decision.author,
        "decided_at": decision.decided_at.isoformat(),
    }


def decision_of(plain: Mapping[str, Any]) -> FlagDecision:
    return FlagDecision(
        FlagId(plain["flag"]),
        FlagState(plain["state"]),
        plain["reason"],
        plain["author"],
        dt.datetime.fromisoformat(plain["decided_at"]),
    )


def state_of(flag: Flag, decisions: Sequence[FlagDecision], today: dt.date) -> FlagState:
    """The latest decision; expired when its day has passed and nobody accepted or dismissed it."""
    return state_on(decisions[-1].state if decisions else FlagState.NEW, flag.expires_on, today)


def state_on(latest: FlagState, expires_on: dt.date, today: dt.date) -> FlagState:
    """The state on a day, from the latest decision and the day of expiry."""
    undecided = latest in (FlagState.NEW, FlagState.SEEN)
    return FlagState.EXPIRED if undecided and today > expires_on else latest


def in_order(heads: Iterable[FlagHead], state: FlagState | None, *, limit: int, offset: int) -> list[FlagHead]:
    """Those in that state, if one is asked for, by detector and rank: ``limit`` of them from the ``offset``-th on."""
    chosen = [head for head in heads if state is None or head.state is state]
    chosen.sort(key=lambda head: (head.detector, head.rank, head.id))
    return chosen[offset : offset + limit]
