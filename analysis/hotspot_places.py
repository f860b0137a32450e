"""Places where more children at risk are recorded than the place's own turnout would bring by chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.codes import PLACE_ROLES
from analysis.derive import base_rate, derive, home_of, months_before
from analysis.excess import Contributions, binomial_p, endpoint_share, strength
from analysis.excess_weighing import Weighing, best, low_grades, watched
from analysis.hotspot_places_reasons import reasons_of, records_of, summary_of
from analysis.meetings import at_places
from analysis.meetings_sources import sources_of
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.stability import stability
from analysis.weights import TieWeights
from analysis.wording import expiry, marker
from graph.flags import Flag, Parameter, Plain
from graph.snapshot import Snapshot

SPEC = DetectorSpec(
    name="hotspot_places",
    version="1.1",
    title="Places where children at risk come together",
    question=(
        "At which places are more children known to the hub, and adults of concern, recorded than the number of young "
        "people seen there would lead one to expect?"
    ),
    method=(
        "Each household with a known child (or adult of concern in exploitation) recorded at the place adds the "
        "logarithm of how much likelier that is at a place of harm than by chance, times the weight of the evidence; "
        "everybody else recorded there takes something away, so that a station or shopping centre pays for its "
        "footfall. One event or report counts once. Where a child goes missing from is not counted; nor are residents "
        "at their own home. Schools, placements and police stations are left out by kind; homes, stations and stops "
        "and places online are named as such."
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


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain], progress: Progress) -> Weighing:
    progress(0.02, "finding who is who")
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    progress(0.05, "weighing ties")
    weights = TieWeights(snapshot, roles.today)
    progress(0.1, "gathering records")
    since = months_before(snapshot.as_at, int(number(parameters, "window_months")))
    meetings = at_places(snapshot, weights, since)
    listed_roles = np.array([PLACE_ROLES.index(role) for role in _LISTED_ROLES])
    span = len(snapshot)
    people, homes = home_of(snapshot)
    lives = np.isin(meetings.subject * span + meetings.person, homes.astype(np.int64) * span + people)
    grown = roles.person & ~roles.child
    counted = (roles.teenager | roles.known_child | grown) & ~roles.professional
    kept = np.isin(roles.place_role[meetings.subject], listed_roles) & ~lives & counted[meetings.person]
    progress(0.15, "telling sources apart")
    meetings, sources = sources_of(snapshot, meetings.take(kept))
    children = roles.teenager | roles.known_child
    rate = base_rate(roles.known_child, children, roles.part, prior=PRIOR)
    return Weighing(
        snapshot,
        roles,
        weights,
        meetings,
        sources,
        at_risk=roles.known_child | (grown & roles.exploitation_concern),
        rate=np.where(children, rate, number(parameters, "concern_rate")),
        alternative=number(parameters, "alternative"),
        typical=number(parameters, "typical"),
        households=int(number(parameters, "minimum_children")),
        separate=1,
    )


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for places, best evidence first."""
    weighing = _prepare(snapshot, parameters, progress)
    progress(0.3, "weighing evidence")
    ties = len(snapshot.ties.source)
    total = weighing.score(np.ones(ties, dtype=np.bool_))
    flagged = best(total, number(parameters, "minimum_score"), int(number(parameters, "limit")))
    runs = int(number(parameters, "stability_runs"))
    steady = stability(watched(weighing.score, progress, runs), flagged, ties, generator, runs=runs)
    progress(0.9, "writing reasons")
    writer = _Writer(weighing, number(parameters, "concern_rate"), number(parameters, "minimum_score"))
    progress(0.92, "writing reasons")
    flags = []
    for rank, row in enumerate(flagged.tolist(), start=1):
        if rank % 20 == 0:
            progress(0.92 + 0.08 * rank / len(flagged), "writing reasons")
        flags.append(writer.flag(row, rank, None if steady is None else float(steady[rank - 1])))
    return tuple(flags)


class _Writer:
    """Puts flags into words."""

    def __init__(self, weighing: Weighing, concern_rate: float, least: float) -> None:
        self.weighing, self.concern_rate = weighing, concern_rate
        roles = weighing.roles
        self.parts = weighing.parts(weighing.everything())
        self.low = low_grades(weighing, weighing.score, least)
        self.children = roles.teenager | roles.known_child
        rate = base_rate(roles.known_child, self.children, roles.part, prior=PRIOR)
        self.share = endpoint_share(weighing.meetings, roles.known_child, self.children, rate, roles.part)

    def flag(self, row: int, rank: int, steady: float | None) -> Flag:
        weighing, snapshot = self.weighing, self.weighing.snapshot
        first, last = np.searchsorted(self.parts.subject, [row, row + 1])
        parts = self.parts.take(slice(int(first), int(last)))
        reasons = reasons_of(weighing, parts, row)
        score = float(sum(reason.contribution for reason in reasons))
        low, listed = self.low.share(row), bool(self.low.listed[row])
        child = self.children[parts.person]
        known = weighing.roles.known_child[parts.person]
        adults = int((parts.at_risk & ~child).sum())
        observed, turnout, share = int(known.sum()), int(child.sum()), float(self.share[row])
        risky = parts.value[parts.at_risk]
        episodes, records = records_of(weighing, row)
        subject = snapshot.node_id(row)
        place_role = PLACE_ROLES[int(weighing.roles.place_role[row])]
        without = _without_largest(parts, known, score, turnout, share)
        details: dict[str, Plain] = {
            "score": score,
            "summary": summary_of(
                marker(subject), place_role, turnout, observed, turnout * share, adults, (episodes, records), without
            ),
            "observed": observed,
            "expected": turnout * share,
            "turnout": turnout,
            "episodes": episodes,
            "records": records,
            "adults_of_concern": adults,
            "adults_expected": float((~child).sum() * self.concern_rate),
            "p_value": _p_value(observed, turnout, share),
            "score_without_largest": score - float(risky.max(initial=0.0)),
            "without_largest_child": without,
            "place_role": place_role,
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


def _p_value(observed: int, turnout: int, share: float) -> float:
    return float(binomial_p(np.array([observed]), np.array([turnout]), np.array([share]))[0])


def _without_largest(
    parts: Contributions, known: np.ndarray[tuple[int], np.dtype[np.bool_]], score: float, turnout: int, share: float
) -> dict[str, Plain]:
    """The same figures as if the household with the known child who adds most had not been there."""
    left = score - float(parts.value[known].max(initial=0.0))
    observed = max(int(known.sum()) - 1, 0)
    band = band_of(left, MODERATE, STRONG).value
    return {
        "score": left,
        "observed": observed,
        "expected": max(turnout - 1, 0) * share,
        "p_value": _p_value(observed, max(turnout - 1, 0), share),
        "band": band if left >= 0.0 else "not listed",
    }
