"""What a detector is: data that people read, and a pure function over a Snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analysis.outcomes import NO_OUTCOMES, Outcomes
from graph.flags import Band, Flag, Parameter, Plain
from graph.model import FlagId
from graph.snapshot import Snapshot

#: gets the share of the work done (0 to 1) and what is being done; what it raises ends the run (that is how to cancel)
Progress = Callable[[float, str], None]


def quiet(share: float, what: str) -> None:
    """Progress that nobody watches."""


class Detect(Protocol):
    """The function of a detector: the same snapshot, parameters and generator state give the same flags."""

    def __call__(
        self,
        snapshot: Snapshot,
        parameters: Mapping[str, Plain],
        generator: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> tuple[Flag, ...]: ...


class DetectFromOutcomes(Protocol):
    """The function of a detector that needs what reviewers decided: a further input like the snapshot."""

    def __call__(
        self,
        snapshot: Snapshot,
        parameters: Mapping[str, Plain],
        generator: np.random.Generator,
        *,
        progress: Progress = quiet,
        outcomes: Outcomes = NO_OUTCOMES,
    ) -> tuple[Flag, ...]: ...


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """What people may know of a detector before they run it."""

    #: as in interfaces, flags and the command line
    name: str
    #: raised whenever the same input could give another answer
    version: str
    title: str
    #: the question it answers, in plain words
    question: str
    #: what it says of each flag it does not make: how it works in two or three sentences
    method: str
    parameters: tuple[Parameter, ...]
    #: shown with every flag
    cautions: tuple[str, ...]
    #: what no run of it can tell, shown beside the cautions
    not_known: tuple[str, ...]
    #: what would clear a flag, in words for the person who reviews it
    would_clear: str
    #: kinds of records it uses, for the transparency record
    uses: tuple[str, ...]
    #: where the method comes from: author, title or journal, year; what of it was changed
    sources: tuple[str, ...]
    #: page of docs/methods
    method_page: str
    #: days until a flag that nobody decided expires
    expires_after: int
    #: roles that may run it
    may_run: frozenset[str]
    #: roles that may see its flags
    may_see: frozenset[str]
    #: whether it also needs what reviewers decided: its function then takes ``outcomes`` as well
    needs_outcomes: bool = False


@dataclass(frozen=True, slots=True)
class Detector:
    """A registered detector."""

    spec: DetectorSpec
    detect: Detect


def flag_id(detector: str, subjects: tuple[str, ...], key: str = "") -> FlagId:
    """The id of a flag: the same question about the same subjects keeps its id, so decisions stay with it.

    ``key`` tells apart flags of one detector on the same subjects (a pattern, a period).
    """
    content = "\x1f".join((detector, *subjects, "", key))
    return FlagId(hashlib.blake2b(content.encode(), digest_size=10).hexdigest())


def band_of(score: float, moderate: float, strong: float) -> Band:
    """The band of a score by the two thresholds documented with the detector; a score at a threshold is in."""
    if score >= strong:
        return Band.STRONG
    return Band.MODERATE if score >= moderate else Band.SLIGHT


def number(parameters: Mapping[str, Plain], name: str) -> float:
    """A numeric parameter. Raises TypeError for anything else: ``run`` has checked parameters before."""
    value = parameters[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"parameter {name} is not a number")
    return float(value)


def switch(parameters: Mapping[str, Plain], name: str) -> bool:
    """A yes-or-no parameter."""
    value = parameters[name]
    if not isinstance(value, bool):
        raise TypeError(f"parameter {name} is not a switch")
    return value
