"""Adults recorded with several known children, more than their other contacts would bring by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import code, role_groups
from analysis.derive import base_rate, derive
from analysis.excess import Meetings, binomial_p, endpoint_share, strength
from analysis.excess_weighing import LowGrades, Weighing, best, low_grades, watched
from analysis.meetings import family_ties, with_adults
from analysis.meetings_sources import sources_of
from analysis.shared_associates_reasons import LeftOut, alternatives, excluded, reasons_of, summary_of
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.stability import stability
from analysis.weights import TieWeights
from analysis.wording import expiry
from graph.flags import Flag, Parameter, Plain
from graph.snapshot import Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="shared_associates",
    version="1.1",
    title="Adults connected to several children open to the hub",
    question=(
        "Which adults are recorded, by separate reports, with two or more children already known to the hub, more than "
        "the number of young people they are recorded with would lead one to expect?"
    ),
    method=(
        "Each household of a known child recorded with the adult adds the logarithm of how much likelier that is if "
        "the adult is a source of harm than by chance, times the weight of the evidence; each other young person "
        "recorded with the adult takes something away. Relatives and carers count neither way for their own family, "
        "professionals are left out by role, and an adult needs two households and two separate reports to be listed: "
        "one incident counts once, whoever reports it and however often it is entered."
    ),
    parameters=(
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter(
            "alternative", 0.6, "Share of known children around an adult who is a source of harm", None, 0.05, 0.9
        ),
        Parameter("typical", 4.0, "Adults recorded with a young person before each counts less", "adults", 1, 100),
        Parameter(
            "concern_bonus", 0.5, "Added for other records as a person of concern, shown as its own reason", None, 0, 5
        ),
        Parameter("minimum_score", 0.0, "Smallest score that is listed", "natural log units", -1000, 1000),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "Being recorded with a child is not harm: check first whether this is a relative, carer, neighbour or "
        "professional whose role has not been recorded.",
        "People who are already known are looked for, and so collect records.",
        "One incident told by two agencies with different dates or people counts twice: compare them.",
    ),
    not_known=(
        "Why the adult was with the children: the records rarely say.",
        "Contact that nobody recorded; adults who are known under another name.",
    ),
    would_clear=(
        "A known role that explains the contact (family, carer, professional, neighbour), reports found to be about "
        "somebody else of the same name, or reports that turn out to be one and the same incident."
    ),
    uses=(
        "dates of birth",
        "episodes open to the hub and victims in events of exploitation",
        "ties between people, shared phones, vehicles and accounts, parts taken in events",
        "professional roles and kinship (to leave out who is there by role, and to count a family once)",
        "grades and dates of reports",
    ),
    sources=(
        "M. Tumminello and others, Statistically validated networks in bipartite complex systems, PLoS ONE 6 (2011): "
        "over-expression beyond chance",
        "Z. Neal, The backbone of bipartite projections, Social Networks 39 (2014): chance corrected by degree",
    ),
    method_page="shared_associates.md",
    expires_after=90,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
#: score (natural log units) from which evidence is called moderate and strong: odds of about 3 and 20 to 1
MODERATE, STRONG = 1.0, 3.0
#: share of known children assumed where the records are few
PRIOR = 0.02
#: households of known children, and independent sources that name them, without which nobody is listed
HOUSEHOLDS, SEPARATE = 2, 2


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for the whole run."""

    weighing: Weighing
    #: young people who count
    children: Bool
    #: meetings left out because of a role: professional, or family of the child
    left_out: LeftOut
    #: ties that make a person of concern, and what all of them can add
    concern: Int64
    most_bonus: float

    def bonus(self, ties: Bool) -> Float64:
        """Added for records as a person of concern: the parameter times how sure they are, by node row."""
        snapshot = self.weighing.snapshot
        rows = self.concern[ties[self.concern]]
        doubt = np.bincount(
            snapshot.ties.source[rows],
            weights=np.log1p(-np.minimum(self.weighing.weights.confidence[rows], 0.95)),
            minlength=len(snapshot),
        )
        return -np.expm1(doubt) * self.most_bonus

    def score(self, ties: Bool) -> Float64:
        """Scores by node when the ties that are False are left out; minus infinity for who is not on the list."""
        return self.weighing.score(ties) + self.bonus(ties)


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain], progress: Progress) -> _Case:
    progress(0.02, "finding who is who")
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    progress(0.05, "weighing ties")
    weights = TieWeights(snapshot, roles.today)
    progress(0.1, "gathering records")
    children = roles.teenager | roles.known_child
    everything = with_adults(snapshot, roles, weights, children)
    own = _own_family(snapshot, weights, everything)
    own |= roles.household[everything.subject] == roles.household[everything.person]
    own |= roles.professional[everything.subject]
    progress(0.15, "telling sources apart")
    ties = snapshot.ties
    concern = (
        ((ties.type == code("tie_type", "took_part_in")) & role_groups("person_of_concern")[ties.role])
        | (ties.type == code("tie_type", "subject_of"))
    ) & weights.usable
    meetings, sources = sources_of(snapshot, everything.take(~own))
    progress(0.25, "telling sources apart")
    weighing = Weighing(
        snapshot,
        roles,
        weights,
        meetings,
        sources,
        at_risk=roles.known_child,
        rate=base_rate(roles.known_child, children, roles.part, prior=PRIOR),
        alternative=number(parameters, "alternative"),
        typical=number(parameters, "typical"),
        households=HOUSEHOLDS,
        separate=SEPARATE,
    )
    bonus = number(parameters, "concern_bonus")
    return _Case(weighing, children, LeftOut(snapshot, everything.take(own)), np.flatnonzero(concern), bonus)


def _own_family(snapshot: Snapshot, weights: TieWeights, meetings: Meetings) -> Bool:
    """Meetings of people with a tie of family, household or care between them."""
    ties, span = snapshot.ties, len(snapshot)
    kin = family_ties()[ties.type] & (weights.usable | (ties.type == code("tie_type", "carer_of")))
    source, target = ties.source[kin].astype(np.int64), ties.target[kin].astype(np.int64)
    pairs = np.unique(np.concatenate([source * span + target, target * span + source]))
    answer: Bool = np.isin(meetings.subject * span + meetings.person, pairs)
    return answer


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for adults, best evidence first."""
    case = _prepare(snapshot, parameters, progress)
    progress(0.3, "weighing evidence")
    whole = np.ones(len(snapshot.ties.source), dtype=np.bool_)
    total = case.score(whole)
    flagged = best(total, number(parameters, "minimum_score"), int(number(parameters, "limit")))
    runs = int(number(parameters, "stability_runs"))
    steady = stability(watched(case.score, progress, runs), flagged, len(whole), generator, runs=runs)
    progress(0.9, "writing reasons")
    low = low_grades(case.weighing, case.score, number(parameters, "minimum_score"))
    progress(0.91, "writing reasons")
    writer = _Writer(case, whole, low)
    progress(0.92, "writing reasons")
    flags = []
    for rank, row in enumerate(flagged.tolist(), start=1):
        if rank % 20 == 0:
            progress(0.92 + 0.08 * rank / len(flagged), "writing reasons")
        flags.append(writer.flag(row, rank, None if steady is None else float(steady[rank - 1])))
    return tuple(flags)


class _Writer:
    """Puts flags into words."""

    def __init__(self, case: _Case, whole: Bool, low: LowGrades) -> None:
        self.case, self.low = case, low
        weighing = case.weighing
        self.parts = weighing.parts(weighing.everything())
        self.bonus = case.bonus(whole)
        self.bonus_left = case.bonus(~low.ties)
        self.share = endpoint_share(
            weighing.meetings, weighing.roles.known_child, case.children, weighing.rate, weighing.roles.part
        )

    def flag(self, row: int, rank: int, steady: float | None) -> Flag:
        case, weighing = self.case, self.case.weighing
        snapshot = weighing.snapshot
        first, last = np.searchsorted(self.parts.subject, [row, row + 1])
        parts = self.parts.take(slice(int(first), int(last)))
        bonus = float(self.bonus[row])
        reasons = reasons_of(weighing, parts, row, bonus, case.concern)
        score = float(sum(reason.contribution for reason in reasons))
        children, risky = len(parts), int(parts.at_risk.sum())
        known = parts.person[parts.at_risk]
        expected = float(children * self.share[row])
        p_value = float(binomial_p(np.array([risky]), np.array([children]), np.array([self.share[row]]))[0])
        low = self.low.share(row, bonus, float(self.bonus_left[row]))
        other = alternatives(weighing, row, known, case.left_out)
        subject = snapshot.node_id(row)
        details: dict[str, Plain] = {
            "score": score,
            "summary": summary_of(snapshot, row, children, risky, expected, other),
            "children_at_risk": risky,
            "children_all": children,
            "expected": expected,
            "p_value": p_value,
            "person_of_concern": bool(weighing.roles.person_of_concern[row]),
            "score_without_concern": score - bonus,
            "alternative_explanations": [found.kind for found in other],
            "excluded": excluded(weighing, known, case.left_out),
            "rests_on_low_grades": low,
            "listed_without_low_grades": bool(self.low.listed[row]),
            "not_known": self.low.said(row, rank, low),
        }
        return Flag(
            id=flag_id(SPEC.name, (subject,)),
            detector=SPEC.name,
            subjects=(subject,),
            strength=strength(score, STRONG),
            band=band_of(score, MODERATE, STRONG),
            rank=rank,
            stability=steady,
            reasons=reasons,
            would_clear=SPEC.would_clear,
            cautions=SPEC.cautions,
            expires_on=expiry(snapshot.as_at, SPEC.expires_after),
            details=details,
        )
