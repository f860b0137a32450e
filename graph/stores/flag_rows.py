"""Flags, runs and decisions to plain JSON and back: the same for every back end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from graph.flags import Band, Flag, FlagDecision, FlagState, Plain, Reason, Run
from graph.model import FlagId, NodeId, ReportId, TieId


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
    state = decisions[-1].state if decisions else FlagState.NEW
    if state in (FlagState.NEW, FlagState.SEEN) and today > flag.expires_on:
        return FlagState.EXPIRED
    return state
