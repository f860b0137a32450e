"""Adults recorded with several known children, more than their other contacts would bring by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import code, role_groups, tie_families, words
from analysis.derive import Roles, base_rate, derive
from analysis.excess import Contributions, Meetings, binomial_p, contributions, endpoint_share, scores
from analysis.meetings import with_adults
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.stability import stability
from analysis.weights import TieWeights
from analysis.wording import (
    count_of,
    event_ids,
    expiry,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
    ties_words,
)
from graph.flags import Flag, Parameter, Plain, Reason
from graph.snapshot import Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="shared_associates",
    version="1.0",
    title="Adults connected to several children open to the hub",
    question=(
        "Which adults are recorded, by separate reports, with two or more children already known to the hub, more than "
        "the number of young people they are recorded with would lead one to expect?"
    ),
    method=(
        "Each household of a known child recorded with the adult adds the logarithm of how much likelier that is if "
        "the adult is a source of harm than by chance, times the weight of the evidence; each other young person "
        "recorded with the adult takes something away. Relatives count neither way for their own family, professionals "
        "are left out by role, and an adult needs two households and two separate reports to be listed."
    ),
    parameters=(
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter(
            "alternative", 0.5, "Share of known children around an adult who is a source of harm", None, 0.05, 0.9
        ),
        Parameter("typical", 4.0, "Adults recorded with a young person before each counts less", "adults", 1, 100),
        Parameter(
            "concern_bonus", 1.0, "Added for other records as a person of concern, shown as its own reason", None, 0, 5
        ),
        Parameter("minimum_score", 0.0, "Smallest score that is listed", "natural log units", -1000, 1000),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "Being recorded with a child is not harm: check first whether this is a relative, carer, neighbour or "
        "professional whose role has not been recorded.",
        "People who are already known are looked for, and so collect records.",
        "One incident entered twice as two events counts twice: compare the dates.",
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


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for the whole run."""

    snapshot: Snapshot
    roles: Roles
    weights: TieWeights
    #: young people who count
    children: Bool
    rate: Float64
    #: all meetings with possible associates
    meetings: Meetings
    #: meetings left out because of a role: professional or family
    left_out: Meetings
    concern: Float64
    concern_ties: Int64
    parameters: Mapping[str, Plain]

    def parts(self, meetings: Meetings) -> Contributions:
        pairs = np.unique(meetings.subject * len(self.snapshot) + meetings.person) % len(self.snapshot)
        recorded = np.bincount(pairs, minlength=len(self.snapshot)).astype(np.float64)
        return contributions(
            meetings,
            at_risk=self.roles.known_child,
            base_rate=self.rate,
            household=self.roles.household,
            recorded=recorded,
            alternative=number(self.parameters, "alternative"),
            typical=number(self.parameters, "typical"),
        )

    def score(self, ties: Bool) -> Float64:
        """Scores by node when the ties that are False are left out; minus infinity for who is not on the list."""
        meetings = self.meetings.kept(ties)
        parts = self.parts(meetings)
        total = scores(parts, len(self.snapshot)) + self.bonus(ties)
        listed = _listed(meetings, parts, self.snapshot, self.roles)
        return np.where(listed, total, -np.inf)

    def bonus(self, ties: Bool) -> Float64:
        """Added for records as a person of concern: the parameter times how sure they are."""
        rows = self.concern_ties[ties[self.concern_ties]]
        doubt = np.bincount(
            self.snapshot.ties.source[rows],
            weights=np.log1p(-np.minimum(self.concern[rows], 0.95)),
            minlength=len(self.snapshot),
        )
        return -np.expm1(doubt) * number(self.parameters, "concern_bonus")


def _listed(meetings: Meetings, parts: Contributions, snapshot: Snapshot, roles: Roles) -> Bool:
    """Two households of known children, by two separate incidents (events, or reports of direct ties)."""
    count = len(snapshot)
    households = np.bincount(parts.subject[parts.at_risk], minlength=count)
    risky = meetings.take(roles.known_child[meetings.person])
    incident = _incident(risky, snapshot)
    span = int(incident.max(initial=0)) + 1
    separate = np.unique(risky.subject * span + incident) // span
    return (households >= 2) & (np.bincount(separate, minlength=count) >= 2)


def _incident(meetings: Meetings, snapshot: Snapshot) -> Int64:
    """What makes two records one incident: the event, the thing, or the first report of a direct tie."""
    ties, nodes = snapshot.ties, len(snapshot)
    has_report = ties.report_start[meetings.tie + 1] > ties.report_start[meetings.tie]
    first = np.minimum(ties.report_start[meetings.tie], max(len(ties.report_of_tie) - 1, 0))
    report = ties.report_of_tie[first] if len(ties.report_of_tie) else np.zeros(len(meetings), dtype=np.int32)
    direct = np.where(has_report, nodes + report, nodes + len(snapshot.reports.agency) + meetings.tie)
    return np.where(meetings.through >= 0, meetings.through, direct).astype(np.int64)


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain]) -> _Case:
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    weights = TieWeights(snapshot, roles.today)
    children = roles.teenager | roles.known_child
    everything = with_adults(snapshot, roles, weights, children)
    by_subject = everything.take(np.lexsort((everything.tie, everything.person, everything.subject)))
    ties = snapshot.ties
    kin = tie_families("kinship", "household")[ties.type] & weights.usable
    kin |= ties.type == code("tie_type", "carer_of")
    span = len(snapshot)
    source, target = ties.source[kin].astype(np.int64), ties.target[kin].astype(np.int64)
    family_pairs = np.unique(np.concatenate([source * span + target, target * span + source]))
    pair = by_subject.subject * span + by_subject.person
    own = np.isin(pair, family_pairs) | (roles.household[by_subject.subject] == roles.household[by_subject.person])
    own |= roles.professional[by_subject.subject]
    concern = (
        ((ties.type == code("tie_type", "took_part_in")) & role_groups("person_of_concern")[ties.role])
        | (ties.type == code("tie_type", "subject_of"))
    ) & weights.usable
    return _Case(
        snapshot,
        roles,
        weights,
        children,
        base_rate(roles.known_child, children, roles.part, prior=PRIOR),
        by_subject.take(~own),
        by_subject.take(own),
        weights.confidence,
        np.flatnonzero(concern),
        parameters,
    )


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for adults, best evidence first."""
    case = _prepare(snapshot, parameters)
    progress(0.3, "weighing evidence")
    whole = np.ones(len(snapshot.ties.source), dtype=np.bool_)
    total = case.score(whole)
    chosen = np.flatnonzero(total >= number(parameters, "minimum_score"))
    ids = [snapshot.nodes.ids[int(row)] for row in chosen]
    order = sorted(range(len(chosen)), key=lambda at: (-total[chosen[at]], ids[at]))
    flagged = chosen[order[: int(number(parameters, "limit"))]]
    progress(0.5, "leaving out ties")
    steady = stability(case.score, flagged, len(whole), generator, runs=int(number(parameters, "stability_runs")))
    progress(0.9, "writing reasons")
    parts, bonus = case.parts(case.meetings), case.bonus(whole)
    share = endpoint_share(case.meetings, case.roles.known_child, case.children, case.rate, case.roles.part)
    return tuple(
        _flag(
            case,
            parts,
            int(row),
            rank,
            float(bonus[row]),
            float(share[row]),
            None if steady is None else float(steady[rank - 1]),
        )
        for rank, row in enumerate(flagged, start=1)
    )


def _flag(
    case: _Case, parts: Contributions, row: int, rank: int, bonus: float, share: float, steady: float | None
) -> Flag:
    first, last = np.searchsorted(parts.subject, [row, row + 1])
    here = slice(int(first), int(last))
    reasons = _reasons(case, parts, row, here, bonus)
    score = float(sum(reason.contribution for reason in reasons))
    children, risky = last - first, int(parts.at_risk[here].sum())
    expected = float(children * share)
    p_value = float(binomial_p(np.array([risky]), np.array([children]), np.array([share]))[0])
    subject = case.snapshot.node_id(row)
    spec = SPEC
    details: dict[str, Plain] = {
        "score": score,
        "summary": _summary(marker(subject), int(children), risky, expected),
        "children_at_risk": risky,
        "children_all": int(children),
        "expected": expected,
        "p_value": p_value,
        "person_of_concern": bool(case.roles.person_of_concern[row]),
        "excluded": _excluded(case, parts.person[here][parts.at_risk[here]]),
    }
    return Flag(
        id=flag_id(spec.name, (subject,)),
        detector=spec.name,
        subjects=(subject,),
        strength=float(-np.expm1(-score / STRONG)),
        band=band_of(score, MODERATE, STRONG),
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=spec.would_clear,
        cautions=spec.cautions,
        expires_on=expiry(case.snapshot.as_at, spec.expires_after),
        details=details,
    )


def _summary(subject: str, children: int, risky: int, expected: float) -> str:
    return (
        f"{subject} is recorded with {count_of(children, 'young person', 'young people')} of different households, "
        f"{risky} of them known to the hub; about {expected:.1f} would be expected by chance. "
        "Consider asking what each connection is."
    )


def _reasons(case: _Case, parts: Contributions, row: int, here: slice, bonus: float) -> tuple[Reason, ...]:
    reasons = []
    first, last = np.searchsorted(case.meetings.subject, [row, row + 1])
    meetings = case.meetings.take(np.arange(first, last))
    for household, at_risk, value in zip(
        parts.household[here].tolist(), parts.at_risk[here].tolist(), parts.value[here].tolist(), strict=True
    ):
        if at_risk:
            own = meetings.take(case.roles.household[meetings.person] == household)
            reasons.append(_child_reason(case, row, own, value))
    against = parts.value[here][~parts.at_risk[here]]
    if len(against):
        people = set(parts.person[here][~parts.at_risk[here]].tolist())
        other = meetings.take(np.isin(meetings.person, list(people)))
        text = (
            f"{marker(case.snapshot.node_id(row))} is also recorded with "
            f"{count_of(len(against), 'young person', 'young people')} not known to the hub, which speaks against"
        )
        reasons.append(Reason(text, float(against.sum()), tie_ids(case.snapshot, other.tie)))
    if bonus > 0:
        reasons.append(_concern_reason(case, row, bonus))
    return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text)))


def _child_reason(case: _Case, row: int, meetings: Meetings, value: float) -> Reason:
    snapshot = case.snapshot
    subject = marker(snapshot.node_id(row))
    direct = np.unique(meetings.tie[meetings.through < 0]).tolist()
    through = meetings.take(meetings.through >= 0)
    claims = [ties_words(snapshot, direct, case.weights.last_day[direct].tolist())] if direct else []
    for place in dict.fromkeys(through.through.tolist()):
        people = sorted({marker(snapshot.node_id(p)) for p in through.person[through.through == place].tolist()})
        claims.append(f"{subject} and {', '.join(people)} are both recorded with {marker(snapshot.node_id(place))}")
    ties = np.unique(np.concatenate([meetings.tie, meetings.other_tie[meetings.other_tie >= 0]])).tolist()
    reports = reports_of(snapshot, ties)
    events = [row for row in dict.fromkeys(through.through.tolist()) if snapshot.nodes.event_type[row] >= 0]
    return Reason(
        "; ".join(claims) + sources_words(snapshot, reports),
        float(value),
        # the young person's side: taking these away takes away this reason and no other
        tie_ids(snapshot, meetings.tie),
        event_ids(snapshot, events),
        report_ids(snapshot, reports),
    )


def _concern_reason(case: _Case, row: int, bonus: float) -> Reason:
    snapshot = case.snapshot
    rows = case.concern_ties[snapshot.ties.source[case.concern_ties] == row].tolist()
    role_words = words("role")
    roles = sorted({role_words[snapshot.ties.role[tie]] for tie in rows if snapshot.ties.role[tie] >= 0})
    events = [int(snapshot.ties.target[tie]) for tie in rows if snapshot.ties.role[tie] >= 0]
    operations = len(rows) - len(events)
    said = [f"as {' and '.join(roles)} in {count_of(len(events), 'event')}"] if events else []
    if operations:
        said.append(f"in {count_of(operations, 'operation')}")
    reports = reports_of(snapshot, rows)
    text = f"{marker(snapshot.node_id(row))} is recorded {' and '.join(said)}" + sources_words(snapshot, reports)
    return Reason(text, bonus, (), event_ids(snapshot, events), report_ids(snapshot, reports))


def _excluded(case: _Case, children: Int64) -> list[Plain]:
    """Others recorded with the same children who were left out by role, and why; at most ten."""
    rows = case.left_out.take(np.isin(case.left_out.person, children))
    answer: list[Plain] = []
    for subject in np.unique(rows.subject).tolist()[:10]:
        reason = "professional by role" if case.roles.professional[subject] else "family or household of the child"
        answer.append({"person": case.snapshot.node_id(subject), "reason": reason})
    return answer
