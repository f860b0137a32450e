"""Running detectors at the levels of visibility that the records have, and keeping what they found."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.outcomes import NO_OUTCOMES, Outcomes, outcomes_of
from analysis.registry import DETECTORS, detector
from analysis.run import checked, run, run_to_json
from analysis.spec import Progress, quiet
from api.bootstrap import Wiring
from api.jobs import Job, RunSummary
from api.services import flag_json, ids_named, names_of
from graph.access.actors import Actor, Role
from graph.access.gate import Gate
from graph.access.policy import Action
from graph.errors import NotFound, Refused, UsageError
from graph.flags import Flag, Plain, Run
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


def checked_parameters(gate: Gate, asked: AnalysisRequest) -> dict[str, dict[str, object]]:
    """The detectors to run with their parameters. Raises Refused or UsageError when it cannot be run."""
    gate.require(Action.ANALYSE, "analyse")
    names = asked.detectors or tuple(name for name in DETECTORS if _may_run(gate, name))
    for name in names:
        if not _may_run(gate, name):
            raise Refused("running this detector is not part of this role")
    _scope(asked.scope)
    return _parameters(names, asked.parameters)


def analyse(gate: Gate, asked: AnalysisRequest, *, progress: Progress = quiet) -> tuple[Run, ...]:
    """Run and keep; returns the run over most records of each detector.

    A flag made with the help of a restricted record must not be seen by those who may not know of it, and their own
    flags must not depend on it. So when this actor sees restricted records each detector runs twice: over the open
    records only (for everybody entitled to flags), and over everything the actor sees (for those who see all of it).
    Nothing is kept until all of it is done: what ``progress`` raises ends the analysis and leaves all as it was.
    """
    parameters = checked_parameters(gate, asked)
    # what needs the flags of the others comes after them
    names = tuple(sorted(parameters, key=lambda name: detector(name).spec.needs_outcomes))
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

        here = made[len(made) - step % len(names) :]
        outcomes = _outcomes(gate, snapshot, here) if detector(name).spec.needs_outcomes else NO_OUTCOMES
        found = run(name, snapshot, parameters[name], asked.seed, outcomes=outcomes, progress=tell)
        if name in fullest:
            found = _apart(found, fullest[name])
        made.append(found)
        fullest[name] = found
    progress(1.0, "keeping what was found")
    for found in made:
        gate.save_run(found)
    return tuple(fullest[name] for name in names)


def analyse_in_background(wiring: Wiring, actor: Actor, asked: AnalysisRequest) -> Job:
    """The same as a job of this account. Raises what can be said at once: Refused, UsageError, 409 while one runs."""
    gate = wiring.gate(actor)
    names = tuple(checked_parameters(gate, asked))

    def work(progress: Progress) -> list[RunSummary]:
        return [
            RunSummary(found.detector, len(found.flags) if actor.role.value in found.may_see else None)
            for found in analyse(gate, asked, progress=progress)
        ]

    job = wiring.jobs.start(actor.account, work, allowed=lambda: _is_still(wiring, actor))
    gate.note("analysis started", {"job": job.id, "detectors": list[Plain](names)})
    return job


def cancel_job(wiring: Wiring, actor: Actor, job_id: str) -> Job:
    """Stop a job of this account. Raises NotFound."""
    gate = wiring.gate(actor)
    gate.require(Action.ANALYSE, "analyse")
    job = wiring.jobs.cancel(actor.account, job_id)
    if job is None:
        raise NotFound("no such analysis")
    if job.is_running:
        gate.note("analysis cancelled", {"job": job_id})
    return job


def _is_still(wiring: Wiring, actor: Actor) -> bool:
    """Whether the account still has the role and the memberships it began with."""
    try:
        account = wiring.accounts.get(actor.account)
    except NotFound:
        return False
    today = wiring.clock().date()
    now = Actor(account.name, account.role, account.agency, account.memberships)
    return not account.disabled and now.role is actor.role and actor.operations(today) <= now.operations(today)


def _may_run(gate: Gate, name: str) -> bool:
    return gate.actor.role is Role.OPERATOR or gate.actor.role.value in detector(name).spec.may_run


def _outcomes(gate: Gate, snapshot: Snapshot, here: Sequence[Run]) -> Outcomes:
    """What reviewers decided about flags of no more restricted records than are in the snapshot; of detectors that have
    just run over it, the flags just found."""
    restrictions = frozenset(restriction for restriction in snapshot.restrictions if not restriction.is_open)
    shown, reviewed = gate.flags_to_analyse(restrictions)
    apart = {name for name, known in DETECTORS.items() if known.spec.needs_outcomes}
    done = {found.detector for found in here} | apart
    return outcomes_of(
        [stored for stored in shown if stored.flag.detector not in done],
        [stored for stored in reviewed if stored.flag.detector not in apart],
        [flag for found in here if found.detector not in apart for flag in found.flags],
    )


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
        if open_one is None or _said(open_one) != _said(flag):
            digest = hashlib.blake2b(f"{flag.id}\x1f{among}".encode(), digest_size=10).hexdigest()
            flag = dataclasses.replace(flag, id=FlagId(digest))
        flags.append(flag)
    return dataclasses.replace(full, flags=tuple(flags), over_open=over_open.id)


def _said(flag: Flag) -> tuple[object, ...]:
    """What makes two flags of one id the same; a flag about nobody is its tables."""
    return flag.reasons, flag.strength, None if flag.subjects else flag.details


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
