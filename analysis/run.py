"""Running a detector: parameters checked, seeds and digests kept, so that every run can be done again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from analysis.outcomes import NO_OUTCOMES, Outcomes
from analysis.registry import detector as registered
from analysis.spec import DetectFromOutcomes, Detector, Progress, quiet
from graph.errors import UsageError
from graph.flags import Flag, Parameter, Plain, Run
from graph.snapshot import Snapshot


def run(
    detector: str | Detector,
    snapshot: Snapshot,
    params: Mapping[str, object] | None = None,
    seed: int = 0,
    *,
    outcomes: Outcomes = NO_OUTCOMES,
    progress: Progress = quiet,
    clock: Callable[[], float] = time.perf_counter,
) -> Run:
    """Run one detector over a snapshot.

    ``params`` holds only what differs from the defaults; text is read as the kind of value the parameter has.
    ``outcomes`` is what reviewers decided, for detectors that need it; the others do not get it.
    ``progress`` gets the share done (0 to 1) and a word; what it raises ends the run and is raised again. ``clock``
    counts seconds. The run's id is a digest of all that decides its answer: the same question over the same records
    has the same id. Raises UsageError for an unknown detector or parameter, or a value that does not fit.
    """
    chosen = registered(detector) if isinstance(detector, str) else detector
    parameters = checked(chosen, params or {})
    started = clock()
    progress(0.0, chosen.spec.title)
    if chosen.spec.needs_outcomes:
        detect = cast("DetectFromOutcomes", chosen.detect)
        flags = detect(snapshot, parameters, np.random.default_rng(seed), progress=progress, outcomes=outcomes)
    else:
        flags = chosen.detect(snapshot, parameters, np.random.default_rng(seed), progress=progress)
    progress(1.0, chosen.spec.title)
    return Run(
        id=_run_id(chosen, snapshot, parameters, seed, outcomes),
        detector=chosen.spec.name,
        version=chosen.spec.version,
        as_at=snapshot.as_at,
        known_at=snapshot.known_at,
        scope=snapshot.scope,
        parameters=MappingProxyType(parameters),
        seed=seed,
        snapshot_digest=snapshot.digest,
        seconds=clock() - started,
        flags=flags,
        restrictions=frozenset(restriction.key for restriction in snapshot.restrictions if not restriction.is_open),
        may_see=chosen.spec.may_see,
    )


def _run_id(
    chosen: Detector, snapshot: Snapshot, parameters: Mapping[str, Plain], seed: int, outcomes: Outcomes
) -> str:
    known_at = snapshot.known_at.isoformat() if snapshot.known_at else None
    decides = [
        chosen.spec.name,
        chosen.spec.version,
        snapshot.as_at.isoformat(),
        known_at,
        snapshot.scope,
        dict(sorted(parameters.items())),
        seed,
        snapshot.digest,
    ]
    if chosen.spec.needs_outcomes:
        decides.append(outcomes.digest)
    return hashlib.blake2b(json.dumps(decides).encode(), digest_size=12).hexdigest()


def checked(chosen: Detector, params: Mapping[str, object]) -> dict[str, Plain]:
    """All parameters with their values. Raises UsageError."""
    known = {parameter.name: parameter for parameter in chosen.spec.parameters}
    for name in params:
        if name not in known:
            raise UsageError(f"{chosen.spec.name} has no such parameter; it has {', '.join(known)}")
    return {
        name: _value(parameter, params[name]) if name in params else parameter.default
        for name, parameter in known.items()
    }


def _value(parameter: Parameter, given: object) -> Plain:
    default = parameter.default
    if isinstance(default, bool):
        return _switch(parameter, given)
    if isinstance(default, (int, float)):
        return _number(parameter, given, whole=isinstance(default, int))
    if isinstance(default, str) and isinstance(given, str):
        return given
    raise UsageError(f"parameter {parameter.name} does not take such a value")


def _switch(parameter: Parameter, given: object) -> bool:
    if isinstance(given, bool):
        return given
    spelled = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if isinstance(given, str) and given.strip().lower() in spelled:
        return spelled[given.strip().lower()]
    raise UsageError(f"parameter {parameter.name} is yes or no")


def _number(parameter: Parameter, given: object, *, whole: bool) -> int | float:
    try:
        value = float(given) if isinstance(given, (int, float, str)) and not isinstance(given, bool) else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"parameter {parameter.name} is a number")
    if whole and value != int(value):
        raise UsageError(f"parameter {parameter.name} is a whole number")
    if parameter.minimum is not None and value < parameter.minimum:
        raise UsageError(f"parameter {parameter.name} is at least {parameter.minimum:g}")
    if parameter.maximum is not None and value > parameter.maximum:
        raise UsageError(f"parameter {parameter.name} is at most {parameter.maximum:g}")
    return int(value) if whole else value


def run_to_json(run: Run) -> dict[str, Any]:
    """A run as plain JSON values, in the form of the interface."""
    return {
        "run": {
            "id": run.id,
            "detector": run.detector,
            "version": run.version,
            "as_at": run.as_at.isoformat(),
            "known_at": _instant(run.known_at),
            "scope": run.scope,
            "parameters": dict(run.parameters),
            "seed": run.seed,
            "snapshot_digest": run.snapshot_digest,
            "seconds": run.seconds,
        },
        "flags": [flag_to_json(flag) for flag in run.flags],
    }


def flag_to_json(flag: Flag) -> dict[str, Any]:
    """A flag as plain JSON values."""
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


def _instant(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
