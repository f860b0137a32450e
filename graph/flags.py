"""Flags: explained prompts for a person to look, never a score of danger and never an action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from graph.model import FlagId, NodeId, ReportId, TieId

#: values that may stand in details and parameters; JSON as it is
Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


class Band(StrEnum):
    """Strength of the evidence, in words. Never strength of danger."""

    STRONG = "strong"
    MODERATE = "moderate"
    SLIGHT = "slight"


class FlagState(StrEnum):
    NEW = "new"
    SEEN = "seen"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob of a detector, as shown to the user."""

    name: str
    default: Plain
    meaning: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One additive part of a flag, in words, with the records it rests on.

    ``text`` names nodes only through ``{person:12}``-style markers, so that the gate can name them.
    """

    text: str
    #: share of ``details.score``; the contributions of a flag add up to it
    contribution: float
    ties: tuple[TieId, ...] = ()
    events: tuple[NodeId, ...] = ()
    reports: tuple[ReportId, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """A prompt with its evidence, what would clear it and when it expires."""

    id: FlagId
    detector: str
    #: typed ids; a pair flag has two, smaller first
    subjects: tuple[NodeId, ...]
    #: 0 to 1, strength of evidence
    strength: float
    band: Band
    #: order of the queue by strength of evidence, ties broken by id; never shown as a number beside a child
    rank: int
    #: share of repeated runs with ties left out at random in which it is flagged again; None when not measured
    stability: float | None
    reasons: tuple[Reason, ...]
    would_clear: str
    cautions: tuple[str, ...]
    expires_on: dt.date
    details: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one detector: everything needed to do it again."""

    id: str
    detector: str
    version: str
    as_at: dt.date
    known_at: dt.datetime | None
    #: typed id or "everything"
    scope: str
    parameters: Mapping[str, Plain]
    seed: int
    snapshot_digest: str
    seconds: float
    flags: tuple[Flag, ...]
    #: keys of the restrictions among the records used; who may not see one of them does not see the run
    restrictions: frozenset[str] = frozenset()
    #: roles that may see its flags, as its detector says; nobody but the operator when empty
    may_see: frozenset[str] = frozenset()
    #: id of the run of the same question over the open records only; None when this is that run. Runs that share it
    #: are of the same state of the open records, so the fullest of them is shown
    over_open: str | None = None

    @property
    def base(self) -> str:
        """What the runs of one question over one state of the open records have in common."""
        return self.over_open or self.id


@dataclass(frozen=True, slots=True)
class FlagDecision:
    """What a person decided about a flag, and why."""

    flag: FlagId
    state: FlagState
    #: required for accepted and dismissed
    reason: str | None
    author: str
    decided_at: dt.datetime
