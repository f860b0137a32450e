"""Children not open to the hub to whom evidence of harm around others comes close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.derive import SECONDS_A_DAY, derive
from analysis.exposure import Exposure
from analysis.meetings_grades import low_grade_words, low_ties
from analysis.peripheral_checks import Surroundings, counterfactuals, sums_by_family
from analysis.peripheral_evidence import (
    OWN_CIRCUMSTANCES,
    Evidence,
    expose,
    gather,
    own_circumstances,
    recorded_otherwise,
    together,
)
from analysis.peripheral_reasons import Reasons, circumstances, own_reason
from analysis.peripheral_second import also_near
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet, switch
from analysis.stability import stability
from analysis.wording import count_of, event_ids, expiry, listed, marker
from graph.flags import Band, Flag, Parameter, Plain, Reason
from graph.model import NodeId
from graph.snapshot import Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="peripheral_children",
    version="2.0",
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
        "many recorded ties lead to somebody at risk by accident. What is recorded about the child alone is a reason "
        "of its own and only moves children within the list. What services did because somebody was worried "
        "(referrals, meetings, visits, interviews) is no evidence. A walk along the ties gives a second opinion that "
        "moves nothing."
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
        "Contacts recorded only because a child was flagged before are no new evidence; the work of services is left "
        "out, but a search made because of a flag cannot always be told.",
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
    progress(0.15, "weighing evidence")
    own, applies = own_circumstances(evidence)
    if not switch(parameters, "own_circumstances"):
        own = np.zeros_like(own)
    least = number(parameters, "minimum_score")
    whole = np.ones(len(snapshot.ties.source), dtype=np.bool_)
    found = together(evidence, whole)
    exposed = expose(evidence, whole, found)
    recorded = recorded_otherwise(evidence, exposed)
    moves = own - np.log1p(recorded / number(parameters, "typical"))
    order_by = log_odds_of(exposed.score, moves, least)
    chosen = np.flatnonzero(np.isfinite(order_by))
    ids = [snapshot.nodes.ids[int(row)] for row in chosen]
    order = sorted(range(len(chosen)), key=lambda at: (-order_by[chosen[at]], ids[at]))
    flagged = chosen[order[: int(number(parameters, "limit"))]]
    runs, done = int(number(parameters, "stability_runs")), 0

    def again(ties: Bool) -> Float64:
        nonlocal done
        done += 1
        progress(0.2 + 0.5 * done / (runs + 1), "leaving out ties")
        return log_odds_of(expose(evidence, ties).score, moves, least)

    steady = stability(again, flagged, len(whole), generator, runs=runs)
    progress(0.7, "asking for a second opinion")
    last = float(order_by[flagged[-1]]) if len(chosen) > len(flagged) and len(flagged) else -np.inf
    writing = _Writing(
        evidence, exposed, Reasons(evidence, found, exposed), Surroundings.of(evidence), own, moves, recorded, applies,
        sums_by_family(exposed, len(snapshot)), expose(evidence, ~low_ties(snapshot)).score,
        also_near(evidence, found, flagged), least, last,
    )  # fmt: skip
    flags = []
    for rank, row in enumerate(flagged.tolist(), start=1):
        if rank % 20 == 1:
            progress(0.75 + 0.25 * rank / len(flagged), "writing reasons")
        flags.append(writing.flag(row, rank, None if steady is None else float(steady[rank - 1])))
    return tuple(flags)


def log_odds_of(exposure: Float64, moves: Float64, least: float) -> Float64:
    """Log-odds of the exposure plus what moves it; minus infinity for who is not listed."""
    listed = exposure >= max(least, 1e-12)
    return np.where(listed, np.log(np.expm1(np.where(listed, exposure, 1.0))) + moves, -np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class _Writing:
    """Everything that flags are written from; arrays by node row."""

    evidence: Evidence
    exposed: Exposure
    reasons: Reasons
    around: Surroundings
    #: log-odds of what is recorded about each child alone, and that with the correction for much being recorded
    own: Float64
    moves: Float64
    recorded: Int64
    applies: Mapping[str, Bool]
    by_family: Mapping[str, Float64]
    #: exposure without ties of the lowest grades
    better_grades: Float64
    #: of each flagged child, by rank
    near: Bool
    least: float
    #: log-odds below which the list ends
    last: float

    def flag(self, row: int, rank: int, steady: float | None) -> Flag:
        """The flag of one child."""
        snapshot = self.evidence.snapshot
        subject = snapshot.node_id(row)
        reasons = self.reasons.of(row)
        exposure = float(sum(reason.contribution for reason in reasons))
        ties, people = sorted(self.reasons.ties), sorted(self.reasons.sources)
        alone = circumstances(row, self.applies)
        own = float(self.own[row])
        log_odds = float(log_odds_of(np.array([self.exposed.score[row]]), self.moves[[row]], self.least)[0])
        details: dict[str, Plain] = {
            "question": "child_at_edge",
            "score": exposure + own,
            "exposure": exposure,
            "log_odds": log_odds,
            "own_circumstances": [
                {"text": name, "log_odds": OWN_CIRCUMSTANCES[name] if own else 0.0} for name in alone
            ],
            "recorded_otherwise": {
                "records": int(self.recorded[row]),
                "log_odds": float(self.moves[row] - self.own[row]),
            },
            "paths": len(reasons),
        }
        details |= self._beside(row, rank, exposure, reasons, ties, people)
        connections = reasons
        if own:
            reasons = (*reasons, own_reason(marker(subject), alone, own, self._own_missing(row)))
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
            details={**details, "summary": _summary(marker(subject), connections, bool(self.near[rank - 1]))},
        )

    def _beside(
        self, row: int, rank: int, exposure: float, reasons: tuple[Reason, ...], ties: list[int], people: list[int]
    ) -> dict[str, Plain]:
        """What is said beside the reasons."""
        child = marker(self.evidence.snapshot.node_id(row))

        def band_without(left: float) -> Band | None:
            odds = float(log_odds_of(np.array([left]), self.moves[[row]], self.least)[0])
            return band_of(odds, MODERATE, STRONG) if odds > self.last and np.isfinite(odds) else None

        whole = float(self.exposed.score[row])
        parts = {name: float(sums[row]) for name, sums in self.by_family.items()}
        without = counterfactuals(exposure, parts, reasons, band_without)
        better = float(self.better_grades[row])
        low = max(1.0 - better / whole, 0.0)
        checked = self.around.checked(row, people)
        strengths = self.around.strengths(row)
        near = bool(self.near[rank - 1])
        against = [str(entry["text"]) for entry in checked if entry["found"]]
        nothing = [_EXPLANATIONS[str(entry["explanation"])] for entry in checked if not entry["found"]]
        if nothing:
            against.append(f"Looked for and not recorded between {child} and those named: {listed(nothing)}.")
        against += [str(entry["text"]) for entry in without if not entry["listed"] or entry["without"] == "missing"]
        against += low_grade_words(low, band_without(better) is not None)
        against += [f"Protective: {entry['text']}" for entry in strengths]
        if not near:
            against.append(f"A second method, a walk along the recorded ties, does not have {child} among its first.")
        return {
            "against": list(against),
            "counterfactual": list(without),
            "checked": list(checked),
            "strengths": list(strengths),
            "low_grades": low,
            "second_opinion": {"method": "personalised PageRank", "also_near": near},
            "not_known": list(self.around.unknown(row, ties)),
        }

    def _own_missing(self, row: int) -> tuple[NodeId, ...]:
        """The child's own missing episodes of the last year."""
        episodes = self.reasons.episodes
        since = (self.evidence.roles.today - 365) * SECONDS_A_DAY
        own = np.flatnonzero((episodes.person == row) & (episodes.start >= since))
        return event_ids(self.evidence.snapshot, episodes.event[own].tolist())


#: ordinary explanations in a list of what was not found
_EXPLANATIONS = {
    "household": "one household",
    "family": "family ties",
    "placement": "one placement",
    "school": "one school",
    "group": "one group",
}


def _summary(child: str, reasons: tuple[Reason, ...], near: bool) -> str:
    connections = count_of(len(reasons), "recorded connection")
    second = f" A second method, a walk along the recorded ties, has {child} near as well." if near else ""
    return (
        f"{child} is not open to the hub. {connections} with children who are, or with adults of concern, "
        f"{'suggests' if len(reasons) == 1 else 'suggest'} asking those who know {child} how they are.{second}"
    )
