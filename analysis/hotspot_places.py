"""Places where more children at risk are recorded than the place's own turnout would bring by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import PLACE_ROLES, code
from analysis.derive import Roles, base_rate, derive, home_of, months_before
from analysis.excess import Contributions, Meetings, binomial_p, contributions, endpoint_share, scores
from analysis.meetings import at_places
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.stability import stability
from analysis.weights import TieWeights
from analysis.wording import (
    count_of,
    day,
    event_ids,
    expiry,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
)
from graph.flags import Flag, Parameter, Plain, Reason
from graph.snapshot import NO_DAY, Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="hotspot_places",
    version="1.0",
    title="Places where children at risk come together",
    question=(
        "At which places are more children known to the hub, and adults of concern, recorded than the number of young "
        "people seen there would lead one to expect?"
    ),
    method=(
        "Each household with a known child (or adult of concern in exploitation) recorded at the place adds the "
        "logarithm of how much likelier that is at a place of harm than by chance, times the weight of the evidence; "
        "everybody else recorded there takes something away, so that a station or shopping centre pays for its "
        "footfall. Where a child goes missing from is not counted; nor are residents at their own home. Schools, "
        "placements and police stations are left out by kind."
    ),
    parameters=(
        Parameter("window_months", 24, "How far back people recorded at the place count", "months", 1, 120),
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter("alternative", 0.4, "Share of children at risk at a place of harm", None, 0.05, 0.9),
        Parameter("typical", 4.0, "Places a person is recorded at before each counts less", "places", 1, 100),
        Parameter(
            "concern_rate", 0.05, "Share of adults of concern among adults recorded at any place", None, 0.001, 0.5
        ),
        Parameter("minimum_children", 2, "Fewest households with a known child", "households", 1, 50),
        Parameter("minimum_score", 0.0, "Smallest score that is listed", "natural log units", -1000, 1000),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "Recorded, not all harm: where police and services look more, more is recorded.",
        "The place is the subject, not the people who work at or own it; ask who guards it and who could.",
        "Small numbers: one child seen differently can change the picture; look at the steadiness of the flag.",
    ),
    not_known=(
        "Who was there and was not recorded; what happened there that nobody reported.",
        "Whether the children met each other there: the records say that each was there, at some time.",
    ),
    would_clear=(
        "An ordinary reason why these children meet there (a youth club, a school bus stop), a wrong or imprecise "
        "location, or the children no longer going there."
    ),
    uses=(
        "dates of birth",
        "episodes open to the hub",
        "events of harm, police and missing with the places they happened at",
        "ties of presence at places",
        "home addresses (to leave residents out)",
        "grades and dates of reports",
    ),
    sources=(
        "M. Kulldorff, A spatial scan statistic, Communications in Statistics 26 (1997): the binomial model, here for "
        "single places at a fixed alternative with the turnout of the place as denominator",
    ),
    method_page="hotspot_places.md",
    expires_after=90,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker", "panel"}),
)
#: score (natural log units) from which evidence is called moderate and strong: odds of about 3 and 20 to 1
MODERATE, STRONG = 1.0, 3.0
#: share of known children assumed where the records are few
PRIOR = 0.02
_LISTED_ROLES = ("place_of_gathering", "transport", "online", "other", "home")


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for the whole run."""

    snapshot: Snapshot
    roles: Roles
    #: last day of each tie
    last_day: Int64
    #: known children and adults of concern in exploitation
    at_risk: Bool
    rate: Float64
    #: sorted by place, person, tie
    meetings: Meetings
    parameters: Mapping[str, Plain]

    def parts(self, meetings: Meetings) -> Contributions:
        count = len(self.snapshot)
        pairs = np.unique(meetings.subject * count + meetings.person) % count
        return contributions(
            meetings,
            at_risk=self.at_risk,
            base_rate=self.rate,
            household=self.roles.household,
            recorded=np.bincount(pairs, minlength=count).astype(np.float64),
            alternative=number(self.parameters, "alternative"),
            typical=number(self.parameters, "typical"),
        )

    def score(self, ties: Bool) -> Float64:
        """Scores by node when the ties that are False are left out; minus infinity for what is not on the list."""
        parts = self.parts(self.meetings.kept(ties))
        count = len(self.snapshot)
        children = parts.at_risk & self.roles.known_child[parts.person]
        enough = np.bincount(parts.subject[children], minlength=count) >= number(self.parameters, "minimum_children")
        return np.where(enough, scores(parts, count), -np.inf)


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain]) -> _Case:
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    weights = TieWeights(snapshot, roles.today)
    since = months_before(snapshot.as_at, int(number(parameters, "window_months")))
    meetings = at_places(snapshot, weights, since)
    listed_roles = np.array([PLACE_ROLES.index(role) for role in _LISTED_ROLES])
    span = len(snapshot)
    people, homes = home_of(snapshot)
    lives = np.isin(meetings.subject * span + meetings.person, homes.astype(np.int64) * span + people)
    grown = roles.person & ~roles.child
    counted = (roles.teenager | roles.known_child | grown) & ~roles.professional
    kept = np.isin(roles.place_role[meetings.subject], listed_roles) & ~lives & counted[meetings.person]
    meetings = meetings.take(kept)
    meetings = meetings.take(np.lexsort((meetings.tie, meetings.person, meetings.subject)))
    children = roles.teenager | roles.known_child
    rate = base_rate(roles.known_child, children, roles.part, prior=PRIOR)
    rate = np.where(children, rate, number(parameters, "concern_rate"))
    at_risk = roles.known_child | (grown & roles.exploitation_concern)
    return _Case(snapshot, roles, weights.last_day.astype(np.int64), at_risk, rate, meetings, parameters)


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for places, best evidence first."""
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
    parts = case.parts(case.meetings)
    roles = case.roles
    children = roles.teenager | roles.known_child
    known_rate = base_rate(roles.known_child, children, roles.part, prior=PRIOR)
    share = endpoint_share(case.meetings, roles.known_child, children, known_rate, roles.part)
    return tuple(
        _flag(case, parts, int(row), rank, float(share[row]), None if steady is None else float(steady[rank - 1]))
        for rank, row in enumerate(flagged, start=1)
    )


def _flag(case: _Case, parts: Contributions, row: int, rank: int, share: float, steady: float | None) -> Flag:
    first, last = np.searchsorted(parts.subject, [row, row + 1])
    here = slice(int(first), int(last))
    people = parts.person[here]
    child = (case.roles.teenager | case.roles.known_child)[people]
    known = case.roles.known_child[people]
    adults = parts.at_risk[here] & ~child
    reasons = _reasons(case, parts, row, here)
    score = float(sum(reason.contribution for reason in reasons))
    observed, turnout = int(known.sum()), int(child.sum())
    expected = turnout * share
    risky = np.sort(parts.value[here][parts.at_risk[here]])
    subject = case.snapshot.node_id(row)
    details: dict[str, Plain] = {
        "score": score,
        "summary": _summary(marker(subject), turnout, observed, expected, int(adults.sum())),
        "observed": observed,
        "expected": expected,
        "turnout": turnout,
        "adults_of_concern": int(adults.sum()),
        "p_value": float(binomial_p(np.array([observed]), np.array([turnout]), np.array([share]))[0]),
        "score_without_largest": score - float(risky[-1]) if len(risky) else score,
        "place_role": PLACE_ROLES[int(case.roles.place_role[row])],
    }
    return Flag(
        id=flag_id(SPEC.name, (subject,)),
        detector=SPEC.name,
        subjects=(subject,),
        strength=float(-np.expm1(-score / STRONG)),
        band=band_of(score, MODERATE, STRONG),
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(case.snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _summary(place: str, turnout: int, observed: int, expected: float, adults: int) -> str:
    also = (
        f" {count_of(adults, 'adult')} of concern {'is' if adults == 1 else 'are'} recorded there too."
        if adults
        else ""
    )
    return (
        f"Of {count_of(turnout, 'young person', 'young people')} of different households recorded at {place}, "
        f"{observed} {'is' if observed == 1 else 'are'} known to the hub; about {expected:.1f} would be expected from "
        f"its turnout.{also} Consider what draws children there and who could make it safer."
    )


def _reasons(case: _Case, parts: Contributions, row: int, here: slice) -> tuple[Reason, ...]:
    first, last = np.searchsorted(case.meetings.subject, [row, row + 1])
    meetings = case.meetings.take(np.arange(first, last))
    homes = case.roles.household[meetings.person]
    reasons = [
        _presence(case, row, meetings.take(homes == household), float(value))
        for household, at_risk, value in zip(
            parts.household[here].tolist(), parts.at_risk[here].tolist(), parts.value[here].tolist(), strict=True
        )
        if at_risk
    ]
    against = ~parts.at_risk[here]
    if against.any():
        others = meetings.take(np.isin(homes, parts.household[here][against]))
        text = (
            f"{count_of(int(against.sum()), 'household')} without anybody known to the hub "
            f"{'is' if against.sum() == 1 else 'are'} recorded at {marker(case.snapshot.node_id(row))} too, "
            "which speaks against"
        )
        reasons.append(Reason(text, float(parts.value[here][against].sum()), tie_ids(case.snapshot, others.tie)))
    return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text)))


def _presence(case: _Case, row: int, meetings: Meetings, value: float) -> Reason:
    """One household at the place: who, how often, when last, how it is known."""
    snapshot = case.snapshot
    missing = code("event_type", "missing_episode")
    risky = meetings.take(case.at_risk[meetings.person])
    people = [marker(snapshot.node_id(person)) for person in np.unique(risky.person).tolist()]
    found = int((snapshot.nodes.event_type[risky.through[risky.through >= 0]] == missing).sum())
    events = np.unique(risky.through[risky.through >= 0])
    ways = []
    if found:
        ways.append(f"found there after going missing {'once' if found == 1 else f'{found} times'}")
    if len(events) > found:
        ways.append(f"recorded there in {count_of(len(events) - found, 'event')}")
    direct = np.unique(risky.tie[risky.through < 0])
    if len(direct):
        ways.append(f"reported there {'once' if len(direct) == 1 else f'{len(direct)} times'}")
    who = "known to the hub" if case.roles.known_child[risky.person].any() else "a person of concern"
    last = int(case.last_day[risky.tie].max())
    when = f", last on {day(last)}" if last != int(NO_DAY) else ""
    reports = reports_of(snapshot, np.unique(meetings.tie).tolist())
    text = f"{listed(people)} ({who}): {listed(ways)}{when}, at {marker(snapshot.node_id(row))}"
    return Reason(
        text + sources_words(snapshot, reports),
        value,
        tie_ids(snapshot, meetings.tie),
        event_ids(snapshot, events.tolist()),
        report_ids(snapshot, reports),
    )
