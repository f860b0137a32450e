"""Children not open to the hub to whom evidence of harm around others comes close."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.derive import derive
from analysis.exposure import Exposure
from analysis.peripheral_evidence import (
    OWN_CIRCUMSTANCES,
    Evidence,
    expose,
    gather,
    own_circumstances,
    recorded_otherwise,
    together,
)
from analysis.peripheral_reasons import Reasons, circumstances
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet, switch
from analysis.stability import stability
from analysis.wording import count_of, expiry, marker
from graph.flags import Flag, Parameter, Plain, Reason
from graph.snapshot import Bool, Float64, Snapshot

SPEC = DetectorSpec(
    name="peripheral_children",
    version="1.0",
    title="Children close to harm who are not open to the hub",
    question=(
        "Which children aged 10 to 17, not open to the hub, are connected by several recorded ties with children who "
        "are, or with adults of concern, so that somebody should ask how they are?"
    ),
    method=(
        "Each path of one or two recorded ties from a known child or person of concern adds to the child's exposure "
        "according to the kind of tie, the grade of its reports and how recent it is; going missing at the same times, "
        "beyond chance, counts as a tie. Sharing a place, school or group counts only by how many more people at risk "
        "it has than elsewhere. A household counts once. A child of whom much else is recorded moves down: some of "
        "many recorded ties lead to somebody at risk by accident. What is recorded about the child alone is kept apart "
        "and only moves children within the list."
    ),
    parameters=(
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter("missing_months", 24, "How far back missing episodes count", "months", 1, 120),
        Parameter("own_circumstances", True, "Let what is recorded about the child alone move the order"),
        Parameter(
            "together_half",
            3.0,
            "Surprise at which two missing children count as half together",
            "powers of ten",
            0,
            20,
        ),
        Parameter("common_place", 50.0, "Episodes found at a place that make it a common one", "episodes", 1, 10_000),
        Parameter(
            "typical", 10.0, "Records that have nothing to do with harm that halve a child's odds", "records", 1, 1000
        ),
        Parameter("hub_limit", 60, "Ordinary ties above which a person carries no second step", "people", 1, 100_000),
        Parameter("minimum_score", 0.1, "Smallest exposure that is listed", "natural log units", 0, 50),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "A prompt to ask, not a finding: most children near harm are not being harmed.",
        "Children who are recorded more are connected more; absence of records is not safety.",
        "Look for the ordinary reason first: siblings, one home, one class, one team.",
        "Contacts recorded only because a child was flagged before are no new evidence.",
    ),
    not_known=(
        "Whether the child comes to harm: exposure is what was recorded around a child, nothing more.",
        "Ties that nobody recorded; a child without a flag is not a child without risk.",
    ),
    would_clear=(
        "A conversation with those who know the child that explains the ties, reports found to be about somebody else, "
        "or the children having been apart on the nights in question."
    ),
    uses=(
        "dates of birth",
        "episodes (open to the hub; looked after and others only as own vulnerability, shown apart)",
        "ties between people, parts taken in events, missing episodes",
        "places, schools, peer groups, phones, vehicles and accounts shared",
        "grades and dates of reports",
    ),
    sources=(
        "A. Papachristos and C. Wildeman, American Journal of Public Health 104 (2014): harm falls off with each step "
        "from somebody harmed",
        "B. Green, T. Horel and A. Papachristos, JAMA Internal Medicine 177 (2017): months rather than years; both are "
        "about gun violence in the United States, used as starting points only",
    ),
    method_page="peripheral_children.md",
    expires_after=84,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
#: log-odds from which the evidence is called moderate and strong: one in four, and even
MODERATE, STRONG = -1.1, 0.0


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for children, best evidence first."""
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    evidence = gather(snapshot, roles, parameters)
    progress(0.2, "weighing evidence")
    own, applies = own_circumstances(evidence)
    if not switch(parameters, "own_circumstances"):
        own = np.zeros_like(own)
    least = number(parameters, "minimum_score")
    whole = np.ones(len(snapshot.ties.source), dtype=np.bool_)
    found = together(evidence, whole)
    exposed = expose(evidence, whole, found)
    recorded = recorded_otherwise(evidence, exposed)
    own -= np.log1p(recorded / number(parameters, "typical"))
    order_by = _log_odds(exposed, own, least)
    chosen = np.flatnonzero(np.isfinite(order_by))
    ids = [snapshot.nodes.ids[int(row)] for row in chosen]
    order = sorted(range(len(chosen)), key=lambda at: (-order_by[chosen[at]], ids[at]))
    flagged = chosen[order[: int(number(parameters, "limit"))]]
    progress(0.4, "leaving out ties")

    def again(ties: Bool) -> Float64:
        return _log_odds(expose(evidence, ties), own, least)

    steady = stability(again, flagged, len(whole), generator, runs=int(number(parameters, "stability_runs")))
    progress(0.9, "writing reasons")
    writer = Reasons(evidence, found, exposed)
    return tuple(
        _flag(
            evidence, writer.of(int(row)), int(row), rank, float(order_by[row]), circumstances(int(row), applies),
            int(recorded[row]), None if steady is None else float(steady[rank - 1]),
        )
        for rank, row in enumerate(flagged, start=1)
    )  # fmt: skip


def _log_odds(exposed: Exposure, own: Float64, least: float) -> Float64:
    """Log-odds of the exposure plus ``own`` corrections; minus infinity for who is not listed."""
    listed = exposed.score >= max(least, 1e-12)
    return np.where(listed, np.log(np.expm1(np.where(listed, exposed.score, 1.0))) + own, -np.inf)


def _flag(
    evidence: Evidence,
    reasons: tuple[Reason, ...],
    row: int,
    rank: int,
    log_odds: float,
    alone: list[str],
    recorded: int,
    steady: float | None,
) -> Flag:
    snapshot = evidence.snapshot
    subject = snapshot.node_id(row)
    score = float(sum(reason.contribution for reason in reasons))
    counted = switch(evidence.parameters, "own_circumstances")
    details: dict[str, Plain] = {
        "score": score,
        "summary": _summary(marker(subject), reasons),
        "log_odds": log_odds,
        "own_circumstances": [
            {"text": name, "log_odds": OWN_CIRCUMSTANCES[name] if counted else 0.0} for name in alone
        ],
        "recorded_otherwise": {
            "records": recorded,
            "log_odds": -float(np.log1p(recorded / number(evidence.parameters, "typical"))),
        },
        "paths": len(reasons),
    }
    return Flag(
        id=flag_id(SPEC.name, (subject,)),
        detector=SPEC.name,
        subjects=(subject,),
        strength=float(1.0 / (1.0 + np.exp(-log_odds))),
        band=band_of(log_odds, MODERATE, STRONG),
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _summary(child: str, reasons: tuple[Reason, ...]) -> str:
    connections = count_of(len(reasons), "recorded connection")
    return (
        f"{child} is not open to the hub. {connections} with children who are, or with adults of concern, "
        f"{'suggests' if len(reasons) == 1 else 'suggest'} asking those who know {child} how they are."
    )
