"""Flags of people near harm, written from their exposure: shared by the questions about children and about adults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.derive import SECONDS_A_DAY
from analysis.exposure import Exposure
from analysis.meetings_grades import low_grade_words, low_ties
from analysis.peripheral_checks import Surroundings, counterfactuals, sums_by_family
from analysis.peripheral_evidence import Evidence, expose, recorded_otherwise, together
from analysis.peripheral_reasons import Reasons, circumstances, own_reason
from analysis.peripheral_second import also_near
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, switch
from analysis.stability import stability
from analysis.wording import event_ids, expiry, listed, marker
from graph.flags import Band, Flag, Plain, Reason
from graph.model import NodeId
from graph.snapshot import Bool, Float64, Int64

#: log-odds from which the evidence is called moderate and strong: one in four, and even
MODERATE, STRONG = -1.1, 0.0
#: a list may always be so long
LEAST_LISTED = 20


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked about people near harm."""

    spec: DetectorSpec
    #: in ``details.question``
    name: str
    #: log-odds of what is recorded about a person alone
    own_weights: Mapping[str, float]
    #: their sum, by node, and which of it applies
    own: tuple[Float64, Mapping[str, Bool]]
    #: first sentence, from the marker and the number of connections
    summary: Callable[[str, int], str]


def flags_of(
    question: Question, evidence: Evidence, generator: np.random.Generator, progress: Progress
) -> tuple[Flag, ...]:
    """Flags of the targets of ``evidence``, best evidence first."""
    snapshot, parameters = evidence.snapshot, evidence.parameters
    own, applies = question.own
    progress(0.2, "weighing evidence")
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
    flagged = chosen[order[: longest(evidence)]]
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
        question, evidence, exposed, Reasons(evidence, found, exposed), Surroundings.of(evidence), own, moves,
        recorded, applies, sums_by_family(exposed, len(snapshot)), expose(evidence, ~low_ties(snapshot)).score,
        also_near(evidence, found, flagged), least, last,
    )  # fmt: skip
    flags = []
    for rank, row in enumerate(flagged.tolist(), start=1):
        if rank % 20 == 1:
            progress(0.75 + 0.25 * rank / len(flagged), "writing reasons")
        flags.append(writing.flag(row, rank, None if steady is None else float(steady[rank - 1])))
    return tuple(flags)


def longest(evidence: Evidence) -> int:
    """How many flags at most: what reviewers can read, and no large part of everybody where few people are recorded."""
    share = number(evidence.parameters, "largest_share") * int(evidence.targets.sum())
    return int(min(number(evidence.parameters, "limit"), max(share, LEAST_LISTED)))


def log_odds_of(exposure: Float64, moves: Float64, least: float) -> Float64:
    """Log-odds of the exposure plus what moves it; minus infinity for who is not listed."""
    listed = exposure >= max(least, 1e-12)
    return np.where(listed, np.log(np.expm1(np.where(listed, exposure, 1.0))) + moves, -np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class _Writing:
    """Everything that flags are written from; arrays by node row."""

    question: Question
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
        snapshot, spec = self.evidence.snapshot, self.question.spec
        subject = snapshot.node_id(row)
        reasons = self.reasons.of(row)
        exposure = float(sum(reason.contribution for reason in reasons))
        ties, people = sorted(self.reasons.ties), sorted(self.reasons.sources)
        alone = circumstances(row, self.applies)
        own = float(self.own[row])
        log_odds = float(log_odds_of(np.array([self.exposed.score[row]]), self.moves[[row]], self.least)[0])
        details: dict[str, Plain] = {
            "question": self.question.name,
            "score": exposure + own,
            "exposure": exposure,
            "log_odds": log_odds,
            "own_circumstances": [
                {"text": name, "log_odds": self.question.own_weights[name] if own else 0.0} for name in alone
            ],
            "recorded_otherwise": {
                "records": int(self.recorded[row]),
                "log_odds": float(self.moves[row] - self.own[row]),
            },
            "paths": len(reasons),
        }
        details |= self._beside(row, rank, exposure, reasons, ties, people)
        connections = reasons
        second = ""
        if self.near[rank - 1]:
            second = f" A second method, a walk along the recorded ties, has {marker(subject)} near as well."
        if own:
            reasons = (*reasons, own_reason(marker(subject), alone, own, self._own_missing(row)))
        return Flag(
            id=flag_id(spec.name, (subject,)),
            detector=spec.name,
            subjects=(subject,),
            strength=float(1.0 / (1.0 + np.exp(-log_odds))),
            band=band_of(log_odds, MODERATE, STRONG),
            rank=rank,
            stability=steady,
            reasons=reasons,
            would_clear=spec.would_clear,
            cautions=spec.cautions,
            expires_on=expiry(snapshot.as_at, spec.expires_after),
            details={**details, "summary": self.question.summary(marker(subject), len(connections)) + second},
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
