"""Places where more children at risk are recorded than the place's own turnout would bring by chance."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from analysis.codes import PLACE_ROLES
from analysis.derive import months_before
from analysis.excess import strength
from analysis.excess_listing import Excess, ExcessTable, excess_p
from analysis.excess_weighing import Weighing, at_home, weighing_of, who_is_who
from analysis.hotspot_places_reasons import reasons_of, records_of, summary_of
from analysis.listing import LIST_PARAMETERS, Entry, best_nodes, flag_for, flags_in_order, score_of
from analysis.meetings import at_places
from analysis.spec import DetectorSpec, Progress, band_of, number, quiet
from analysis.wording import marker
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
        *LIST_PARAMETERS,
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
_LISTED_ROLES = ("place_of_gathering", "transport", "online", "other", "home")


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain], progress: Progress) -> Weighing:
    roles, weights = who_is_who(snapshot, parameters, progress)
    meetings = at_places(snapshot, weights, months_before(snapshot.as_at, int(number(parameters, "window_months"))))
    listed_roles = np.array([PLACE_ROLES.index(role) for role in _LISTED_ROLES])
    counted = (roles.teenager | roles.known_child | (roles.person & ~roles.child)) & ~roles.professional
    kept = np.isin(roles.place_role[meetings.subject], listed_roles) & counted[meetings.person]
    kept &= ~at_home(snapshot, meetings)
    return weighing_of(
        snapshot, roles, weights, meetings.take(kept), parameters, progress,
        concern_rate=number(parameters, "concern_rate"), households=int(number(parameters, "minimum_children")),
        separate=1,
    )  # fmt: skip


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for places, best evidence first."""
    weighing = _prepare(snapshot, parameters, progress)
    places, steady = best_nodes(snapshot, weighing.score, parameters, generator, progress)
    progress(0.9, "writing reasons")
    table = ExcessTable(weighing, weighing.score, parameters)
    return flags_in_order(places.tolist(), steady, partial(_flag, table), progress)


def _flag(table: ExcessTable, row: int, entry: Entry) -> Flag:
    weighing, excess = table.weighing, table.of(row)
    snapshot = weighing.snapshot
    reasons = reasons_of(weighing, excess)
    score = score_of(reasons)
    subject = snapshot.node_id(row)
    place_role = PLACE_ROLES[int(weighing.roles.place_role[row])]
    without = _without_largest(excess, score)
    records = records_of(weighing, row)
    details: dict[str, Plain] = {
        "score": score,
        "summary": summary_of(marker(subject), place_role, excess, records, without),
        "observed": excess.observed,
        "expected": excess.expected,
        "turnout": excess.turnout,
        "episodes": records[0],
        "records": records[1],
        "adults_of_concern": excess.adults_of_concern,
        "adults_expected": excess.adults_expected,
        "p_value": excess.p_value,
        "score_without_largest": score - float(excess.parts.value[excess.parts.at_risk].max(initial=0.0)),
        "without_largest_child": without,
        "place_role": place_role,
        **table.low.details(row, entry.rank),
    }
    return flag_for(
        SPEC, snapshot.as_at, (subject,), entry, reasons, details,
        strength=strength(score, STRONG), band=band_of(score, MODERATE, STRONG),
    )  # fmt: skip


def _without_largest(excess: Excess, score: float) -> dict[str, Plain]:
    """The same figures as if the household with the known child who adds most had not been there."""
    left = score - float(excess.parts.value[excess.known].max(initial=0.0))
    observed, turnout = max(excess.observed - 1, 0), max(excess.turnout - 1, 0)
    band = band_of(left, MODERATE, STRONG).value
    return {
        "score": left,
        "observed": observed,
        "expected": turnout * excess.share,
        "p_value": excess_p(observed, turnout, excess.share),
        "band": band if left >= 0.0 else "not listed",
    }
