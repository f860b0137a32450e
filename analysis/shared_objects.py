"""Phones, vehicles, accounts and addresses recorded with several known children, more than chance would bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import kind_code, marked
from analysis.derive import base_rate, derive, home_of, months_before
from analysis.excess import Meetings, binomial_p, endpoint_share, strength
from analysis.excess_weighing import Weighing, best, low_grades, watched
from analysis.meetings import at_places, with_things
from analysis.meetings_sources import sources_of
from analysis.shared_objects_reasons import alternatives, excluded, reasons_of, summary_of
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet, switch
from analysis.stability import stability
from analysis.weights import TieWeights
from analysis.wording import expiry
from graph.flags import Flag, Parameter, Plain
from graph.model import NODE_KINDS, NodeKind
from graph.snapshot import Snapshot

SPEC = DetectorSpec(
    name="shared_objects",
    version="1.0",
    title="Phones, vehicles, accounts and addresses shared by several children open to the hub",
    question=(
        "Which phones, vehicles, accounts and addresses that are nobody's recorded home are connected, by separate "
        "reports, with two or more children already known to the hub, more than the people recorded with them would "
        "lead one to expect?"
    ),
    method=(
        "Each household of a known child, and each adult of concern in exploitation, recorded with the thing adds the "
        "logarithm of how much likelier that is if it is used to harm than by chance, times the weight of the "
        "evidence; everybody else recorded with it takes something away. A family counts once, so that a family's "
        "phone is not found. A thing needs two households of known children and two separate reports to be listed: "
        "one incident counts once, whoever reports it. Homes, placements and the people who live at an address are "
        "left out."
    ),
    parameters=(
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter("window_months", 24, "How far back people recorded at an address count", "months", 1, 120),
        Parameter("addresses", True, "Whether addresses are listed beside phones, vehicles and accounts"),
        Parameter("alternative", 0.5, "Share of people at risk around a thing used to harm", None, 0.05, 0.9),
        Parameter("typical", 2.0, "Things a person is recorded with before each counts less", "things", 1, 100),
        Parameter(
            "concern_rate", 0.05, "Share of adults of concern among adults recorded with any thing", None, 0.001, 0.5
        ),
        Parameter("minimum_score", 0.0, "Smallest score that is listed", "natural log units", -1000, 1000),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "A thing is the subject, not the people who use it: phones and accounts change hands and are borrowed.",
        "Check the number or the plate first: one digit read wrongly joins children who never met.",
        "A friend's phone, a lift or a shared game account is ordinary; ask what it was used for.",
    ),
    not_known=(
        "Who held the thing on the day: a report that somebody uses it gives no hours.",
        "Things nobody recorded; numbers and plates that were changed.",
    ),
    would_clear=(
        "An ordinary owner who explains the use (a family, a friend, a school, a taxi firm), a number or plate read "
        "wrongly, or reports that turn out to be one and the same incident."
    ),
    uses=(
        "dates of birth",
        "episodes open to the hub and victims in events of exploitation",
        "use of and contact through phones, vehicles and accounts; events that name them",
        "presence at addresses, and who lives there (to leave residents out)",
        "professional roles and households (to count a family once)",
        "grades and dates of reports",
    ),
    sources=(
        "M. Tumminello and others, Statistically validated networks in bipartite complex systems, PLoS ONE 6 (2011): "
        "over-expression beyond chance",
        "Z. Neal, The backbone of bipartite projections, Social Networks 39 (2014): chance corrected by degree",
    ),
    method_page="shared_objects.md",
    expires_after=90,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
#: score (natural log units) from which evidence is called moderate and strong: odds of about 3 and 20 to 1
MODERATE, STRONG = 1.0, 3.0
#: share of known children assumed where the records are few
PRIOR = 0.02
#: households of known children, and independent sources that name them, without which nothing is listed
HOUSEHOLDS, SEPARATE = 2, 2
#: kinds of place that are an address and not a home, a placement or a place open to everybody
ADDRESSES = ("address_of_concern", "short_let")


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    weighing: Weighing
    #: meetings left out: professionals by role, residents of an address
    left_out: Meetings
    concern_rate: float


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain], progress: Progress) -> _Case:
    progress(0.02, "finding who is who")
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    progress(0.05, "weighing ties")
    weights = TieWeights(snapshot, roles.today)
    progress(0.1, "gathering records")
    meetings = with_things(snapshot, weights)
    if switch(parameters, "addresses"):
        seen = at_places(snapshot, weights, months_before(snapshot.as_at, int(number(parameters, "window_months"))))
        address = marked("place_type", ADDRESSES)[snapshot.nodes.place_type]
        address &= snapshot.nodes.kind == kind_code(NodeKind.PLACE)
        meetings = Meetings.joined(meetings, seen.take(address[seen.subject]))
    grown = roles.person & ~roles.child
    counted = roles.teenager | roles.known_child | grown
    meetings = meetings.take(counted[meetings.person])
    span = len(snapshot)
    people, homes = home_of(snapshot)
    lives = np.isin(meetings.subject * span + meetings.person, homes.astype(np.int64) * span + people)
    out = roles.professional[meetings.person] | lives
    progress(0.15, "telling sources apart")
    kept, sources = sources_of(snapshot, meetings.take(~out))
    children = roles.teenager | roles.known_child
    rate = base_rate(roles.known_child, children, roles.part, prior=PRIOR)
    concern_rate = number(parameters, "concern_rate")
    weighing = Weighing(
        snapshot,
        roles,
        weights,
        kept,
        sources,
        at_risk=roles.known_child | (grown & roles.exploitation_concern),
        rate=np.where(children, rate, concern_rate),
        alternative=number(parameters, "alternative"),
        typical=number(parameters, "typical"),
        households=HOUSEHOLDS,
        separate=SEPARATE,
    )
    return _Case(weighing, meetings.take(out), concern_rate)


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for things, best evidence first."""
    case = _prepare(snapshot, parameters, progress)
    weighing = case.weighing
    progress(0.3, "weighing evidence")
    ties = len(snapshot.ties.source)
    total = weighing.score(np.ones(ties, dtype=np.bool_))
    flagged = best(total, number(parameters, "minimum_score"), int(number(parameters, "limit")))
    runs = int(number(parameters, "stability_runs"))
    steady = stability(watched(weighing.score, progress, runs), flagged, ties, generator, runs=runs)
    progress(0.9, "writing reasons")
    writer = _Writer(case, number(parameters, "minimum_score"))
    progress(0.92, "writing reasons")
    flags = []
    for rank, row in enumerate(flagged.tolist(), start=1):
        if rank % 20 == 0:
            progress(0.92 + 0.08 * rank / len(flagged), "writing reasons")
        flags.append(writer.flag(row, rank, None if steady is None else float(steady[rank - 1])))
    return tuple(flags)


class _Writer:
    """Puts flags into words."""

    def __init__(self, case: _Case, least: float) -> None:
        self.case = case
        weighing, roles = case.weighing, case.weighing.roles
        self.parts = weighing.parts(weighing.everything())
        self.low = low_grades(weighing, weighing.score, least)
        self.children = roles.teenager | roles.known_child
        rate = base_rate(roles.known_child, self.children, roles.part, prior=PRIOR)
        self.share = endpoint_share(weighing.meetings, roles.known_child, self.children, rate, roles.part)

    def flag(self, row: int, rank: int, steady: float | None) -> Flag:
        weighing, snapshot = self.case.weighing, self.case.weighing.snapshot
        first, last = np.searchsorted(self.parts.subject, [row, row + 1])
        parts = self.parts.take(slice(int(first), int(last)))
        reasons = reasons_of(weighing, parts, row)
        score = float(sum(reason.contribution for reason in reasons))
        child = self.children[parts.person]
        known = parts.person[weighing.roles.known_child[parts.person]]
        adults = int((parts.at_risk & ~child).sum())
        children, share = int(child.sum()), float(self.share[row])
        low, listed = self.low.share(row), bool(self.low.listed[row])
        other = alternatives(weighing, row, known)
        subject = snapshot.node_id(row)
        details: dict[str, Plain] = {
            "score": score,
            "summary": summary_of(snapshot, row, children, len(known), children * share, adults, other),
            "children_at_risk": len(known),
            "children_all": children,
            "expected": children * share,
            "p_value": float(binomial_p(np.array([len(known)]), np.array([children]), np.array([share]))[0]),
            "adults_of_concern": adults,
            "adults_expected": float((~child).sum() * self.case.concern_rate),
            "kind": NODE_KINDS[int(snapshot.nodes.kind[row])].value,
            "alternative_explanations": [found.kind for found in other],
            "excluded": excluded(weighing, row, self.case.left_out),
            "rests_on_low_grades": low,
            "listed_without_low_grades": listed,
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
