"""Running detectors at the levels of visibility that the records have, and keeping what they found."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.registry import DETECTORS, detector
from analysis.run import checked, run, run_to_json
from analysis.spec import Progress, quiet
from api.services import flag_json, ids_named, names_of
from graph.access.actors import Role
from graph.access.gate import Gate
from graph.access.policy import Action
from graph.errors import Refused, UsageError
from graph.flags import Run
from graph.model import FlagId, NodeId, kind_of
from graph.snapshot import Snapshot
from graph.store import Lens


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """Which detectors to run over what."""

    #: names; empty for all
    detectors: tuple[str, ...] = ()
    lens: Lens = Lens()
    #: typed id or locality:ID; None for everything
    scope: NodeId | None = None
    #: by name; ``detector.name`` means one detector only
    parameters: Mapping[str, object] = field(default_factory=dict)
    seed: int = 0


def analyse(gate: Gate, asked: AnalysisRequest, *, progress: Progress = quiet) -> tuple[Run, ...]:
    """Run and keep; returns the run over most records of each detector.

    A flag made with the help of a restricted record must not be seen by those who may not know of it, and their own
    flags must not depend on it. So when this actor sees restricted records each detector runs twice: over the open
    records only (for everybody entitled to flags), and over everything the actor sees (for those who see all of it).
    """
    gate.require(Action.ANALYSE, "analyse")
    names = asked.detectors or tuple(DETECTORS)
    for name in names:
        if gate.actor.role is not Role.OPERATOR and gate.actor.role.value not in detector(name).spec.may_run:
            raise Refused("running this detector is not part of this role")
    parameters = _parameters(names, asked.parameters)
    scope = _scope(asked.scope)
    progress(0.0, "reading the records")
    lens = asked.lens if asked.lens.as_at else Lens(gate.today, asked.lens.known_at)
    full = gate.snapshot(lens, scope=scope)
    levels: list[Snapshot] = [full]
    if any(not restriction.is_open for restriction in full.restrictions):
        levels.insert(0, gate.snapshot_of_open(lens, scope=scope))
    made: list[Run] = []
    fullest: dict[str, Run] = {}
    steps = len(levels) * len(names)
    for step, (snapshot, name) in enumerate((snapshot, name) for snapshot in levels for name in names):

        def tell(share: float, what: str, step: int = step) -> None:
            progress((step + share) / steps, what)

        found = run(name, snapshot, parameters[name], asked.seed, progress=tell)
        if name in fullest:
            found = _apart(found, fullest[name])
        made.append(found)
        fullest[name] = found
    # Kept only when all is done: who cancels leaves everything as it was.
    for found in made:
        gate.save_run(found)
    return tuple(fullest[name] for name in names)


def _apart(full: Run, over_open: Run) -> Run:
    """The fuller run, with ids of its own for flags that restricted records had a part in.

    Decisions stay with the id of a flag. What a member writes about a flag that only members can see as it is must not
    stand beside the flag of the same subject that everybody sees.
    """
    known = {flag.id: flag for flag in over_open.flags}
    among = "\x1f".join(sorted(full.restrictions))
    flags = []
    for flag in full.flags:
        open_one = known.get(flag.id)
        if open_one is None or (open_one.reasons, open_one.strength) != (flag.reasons, flag.strength):
            digest = hashlib.blake2b(f"{flag.id}\x1f{among}".encode(), digest_size=10).hexdigest()
            flag = dataclasses.replace(flag, id=FlagId(digest))
        flags.append(flag)
    return dataclasses.replace(full, flags=tuple(flags), over_open=over_open.id)


def runs_json(gate: Gate, runs: Sequence[Run], lens: Lens) -> list[dict[str, Any]]:
    """Runs as the interface has them, with the names that this actor may see in the texts; without their flags where
    these are not for this role."""
    role = gate.actor.role
    runs = [
        found if role is Role.OPERATOR or role.value in found.may_see else dataclasses.replace(found, flags=())
        for found in runs
    ]
    names = names_of(gate, [node_id for found in runs for flag in found.flags for node_id in ids_named(flag)], lens)
    return [{**run_to_json(found), "flags": [flag_json(flag, names) for flag in found.flags]} for found in runs]


def read_parameters(given: Sequence[str]) -> dict[str, object]:
    """``k=v`` words of a command line. Raises UsageError."""
    parameters: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError("a parameter reads name=value")
        parameters[name.strip()] = value.strip()
    return parameters


def _parameters(names: Sequence[str], given: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Parameters of each detector; each given one must belong to at least one of them, and fit."""
    chosen: dict[str, dict[str, object]] = {name: {} for name in names}
    for key, value in given.items():
        owner, dot, parameter = key.partition(".")
        takers = [owner] if dot else list(names)
        taken = False
        for name in takers:
            if name in chosen and (parameter if dot else key) in {item.name for item in detector(name).spec.parameters}:
                chosen[name][parameter if dot else key] = value
                taken = True
        if not taken:
            raise UsageError("none of these detectors has a parameter of that name; see kith analyse --list")
    for name, values in chosen.items():
        checked(detector(name), values)
    return chosen


def _scope(scope: str | None) -> NodeId | None:
    if scope is None or scope == "everything":
        return None
    if scope.startswith("locality:") and len(scope) > len("locality:"):
        return NodeId(scope)
    try:
        kind_of(scope)
    except ValueError:
        raise UsageError("a scope reads operation:ID, school:URN, group:ID or locality:ID") from None
    return NodeId(scope)


def read_day(text: str | None, what: str) -> dt.date | None:
    """A date of the command line. Raises UsageError."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{what} reads YYYY-MM-DD") from None


def read_instant(text: str | None, what: str) -> dt.datetime | None:
    """An instant; a bare date means the end of that day, a time without a zone is UTC. Raises UsageError."""
    if text is None:
        return None
    try:
        if len(text) == 10:
            return dt.datetime.combine(dt.date.fromisoformat(text), dt.time.max, dt.UTC)
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{what} reads YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
