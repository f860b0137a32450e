"""Adults recorded with several known children, more than their other contacts would bring by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from analysis.codes import code, role_groups
from analysis.excess import Meetings, strength
from analysis.excess_listing import ExcessTable
from analysis.excess_weighing import Weighing, weighing_of, who_is_who
from analysis.listing import LIST_PARAMETERS, Entry, best_nodes, flag_for, flags_in_order, score_of
from analysis.meetings import family_ties, with_adults
from analysis.shared_associates_reasons import LeftOut, alternatives, excluded, reasons_of, summary_of
from analysis.spec import DetectorSpec, Progress, band_of, number, quiet
from analysis.weights import TieWeights
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
        *LIST_PARAMETERS,
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
#: households of known children, and independent sources that name them, without which nobody is listed
HOUSEHOLDS, SEPARATE = 2, 2


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for the whole run."""

    weighing: Weighing
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
    roles, weights = who_is_who(snapshot, parameters, progress)
    everything = with_adults(snapshot, roles, weights, roles.teenager | roles.known_child)
    own = _own_family(snapshot, weights, everything)
    own |= roles.household[everything.subject] == roles.household[everything.person]
    own |= roles.professional[everything.subject]
    weighing = weighing_of(
        snapshot, roles, weights, everything.take(~own), parameters, progress,
        concern_rate=None, households=HOUSEHOLDS, separate=SEPARATE,
    )  # fmt: skip
    ties = snapshot.ties
    concern = (
        ((ties.type == code("tie_type", "took_part_in")) & role_groups("person_of_concern")[ties.role])
        | (ties.type == code("tie_type", "subject_of"))
    ) & weights.usable
    bonus = number(parameters, "concern_bonus")
    return _Case(weighing, LeftOut(snapshot, everything.take(own)), np.flatnonzero(concern), bonus)


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
    adults, steady = best_nodes(snapshot, case.score, parameters, generator, progress)
    progress(0.9, "writing reasons")
    table = ExcessTable(case.weighing, case.score, parameters)
    bonus, bonus_left = case.bonus(np.ones_like(table.low.ties)), case.bonus(~table.low.ties)
    return flags_in_order(adults.tolist(), steady, partial(_flag, case, table, bonus, bonus_left), progress)


def _flag(case: _Case, table: ExcessTable, bonuses: Float64, bonuses_left: Float64, row: int, entry: Entry) -> Flag:
    weighing, excess = case.weighing, table.of(row)
    snapshot = weighing.snapshot
    bonus, bonus_left = float(bonuses[row]), float(bonuses_left[row])
    reasons = reasons_of(weighing, excess, bonus, case.concern)
    score = score_of(reasons)
    other = alternatives(weighing, row, excess.known_children, case.left_out)
    details: dict[str, Plain] = {
        "score": score,
        "summary": summary_of(snapshot, excess, other),
        "children_at_risk": excess.observed,
        "children_all": excess.turnout,
        "expected": excess.expected,
        "p_value": excess.p_value,
        "person_of_concern": bool(weighing.roles.person_of_concern[row]),
        "score_without_concern": score - bonus,
        "alternative_explanations": [found.kind for found in other],
        "excluded": excluded(weighing, excess.known_children, case.left_out),
        **table.low.details(row, entry.rank, bonus, bonus_left),
    }
    return flag_for(
        SPEC, snapshot.as_at, (snapshot.node_id(row),), entry, reasons, details,
        strength=strength(score, STRONG), band=band_of(score, MODERATE, STRONG),
    )  # fmt: skip
