"""Young adults and adults once harmed, who are not of concern themselves and have people of concern close to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.codes import code, exploitation_events, kind_code
from analysis.derive import Roles, derive, event_day, first_day_of_age, months_before, started_by
from analysis.peripheral_evidence import gather, source_strength
from analysis.peripheral_listing import Question, flags_of
from analysis.spec import DetectorSpec, Progress, number, quiet
from analysis.wording import count_of
from graph.flags import Flag, Parameter, Plain
from graph.model import NodeKind
from graph.snapshot import NO_DAY, Bool, Float64, Snapshot

SPEC = DetectorSpec(
    name="adults_at_risk",
    version="1.0",
    title="Adults who may still be at risk from people of concern",
    question=(
        "Which adults who left care, were open to the hub as children, are known to adult social care or were harmed "
        "by exploitation are connected by several recorded ties with people of concern, so that somebody should ask "
        "how they are?"
    ),
    method=(
        "The same exposure as for children not open to the hub, for adults of whom a reason for care is recorded and "
        "who are not of concern themselves. Only people of concern count as sources of harm: being connected with "
        "children at risk says nothing of this kind about an adult. Reaching eighteen ends no risk; these adults are a "
        "list of their own and are never mixed with the children."
    ),
    parameters=(
        Parameter("young_until", 25, "Age up to which having been open to the hub counts", "years", 18, 60),
        Parameter("lookback_months", 24, "How far back harm to an adult counts", "months", 1, 120),
        Parameter("missing_months", 24, "How far back missing episodes count", "months", 1, 120),
        Parameter("own_circumstances", True, "Let what is recorded about the adult alone move the order"),
        Parameter("together_half", 3.0, "Surprise at which two missing people count as half together",
                  "powers of ten", 0, 20),
        Parameter("common_place", 50.0, "Episodes found at a place that make it a common one", "episodes", 1, 10_000),
        Parameter("typical", 10.0, "Records that have nothing to do with harm that halve the odds", "records", 1, 1000),
        Parameter("hub_limit", 60, "Ordinary ties above which a person carries no second step", "people", 1, 100_000),
        Parameter("minimum_score", 0.1, "Smallest exposure that is listed", "natural log units", 0, 50),
        Parameter("limit", 50, "Longest list", "flags", 1, 100_000),
        Parameter("largest_share", 0.1, "Longest list as a share of those it could name; at least 20", "", 0, 1),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "A prompt to ask, not a finding: being near people of concern is not being harmed.",
        "An adult may decline help; see what adult safeguarding allows and the adult wishes.",
        "Somebody harmed may be recorded beside those who harmed them: that is no sign of taking part.",
    ),
    not_known=(
        "Whether the adult comes to harm: exposure is what was recorded around somebody, nothing more.",
        "What adult services know and did not share; needs for care that nobody recorded.",
    ),
    would_clear=(
        "A conversation with the adult or those who know them that explains the ties, or reports found to be about "
        "somebody else."
    ),
    uses=(
        "dates of birth",
        "episodes (care leaver, adult social care, open to the hub before the age of eighteen)",
        "ties between people, parts taken in events, missing episodes",
        "places, groups, phones, vehicles and accounts shared",
        "grades and dates of reports",
    ),
    sources=(
        "A. Papachristos and C. Wildeman, American Journal of Public Health 104 (2014): harm falls off with each step "
        "from somebody harmed; United States, a starting point only",
        "Care Act 2014 (England), section 42, for who an adult at risk is; what is recorded here is a part of that",
    ),
    method_page="adults_at_risk.md",
    expires_after=84,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)  # fmt: skip
#: log-odds of what is recorded about an adult alone; judgement, small on purpose
OWN: Mapping[str, float] = {
    "harmed by exploitation as an adult": 0.9,
    "open to the hub as a child": 0.5,
    "care leaver": 0.4,
    "known to adult social care": 0.4,
}


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for adults, best evidence first."""
    since = months_before(snapshot.as_at, int(number(parameters, "lookback_months")))
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    applies = reasons_for_care(snapshot, roles, since, int(number(parameters, "young_until")))
    targets: Bool = np.logical_or.reduce(tuple(applies.values()))
    sources = np.where(roles.person_of_concern & ~roles.child, source_strength(snapshot, roles, since), 0.0)
    evidence = gather(snapshot, roles, parameters, targets=targets, sources=sources)
    own: Float64 = np.zeros(len(snapshot))
    for name, mask in applies.items():
        own += OWN[name] * mask
    return flags_of(Question(SPEC, "adult_at_risk", OWN, (own, applies), _summary), evidence, generator, progress)


def reasons_for_care(snapshot: Snapshot, roles: Roles, since: int, young_until: int) -> Mapping[str, Bool]:
    """Adults by what makes somebody ask; people of concern and professionals are left out."""
    nodes, episodes, count = snapshot.nodes, snapshot.episodes, len(snapshot)
    grown = roles.person & ~roles.child & (nodes.birth_day != NO_DAY) & ~roles.person_of_concern & ~roles.professional
    young = grown & (nodes.birth_day > first_day_of_age(snapshot.as_at, young_until + 1))
    started = episodes.start_day <= roles.today

    def of_type(kind: str, also: Bool, among: Bool) -> Bool:
        mask = np.zeros(count, dtype=np.bool_)
        mask[episodes.person[started & also & (episodes.type == code("episode_type", kind))]] = True
        chosen: Bool = mask & among
        return chosen

    current = episodes.end_day > roles.today
    everything = np.ones(len(started), dtype=np.bool_)
    return {
        "harmed by exploitation as an adult": _harmed(snapshot, roles, since) & grown,
        "open to the hub as a child": of_type("open_to_hub", everything, young),
        "care leaver": of_type("care_leaver", current, grown),
        "known to adult social care": of_type("adult_social_care", current, grown),
    }


def _harmed(snapshot: Snapshot, roles: Roles, since: int) -> Bool:
    """Victims of exploitation events since a day."""
    nodes, ties = snapshot.nodes, snapshot.ties
    rows = np.flatnonzero((ties.type == code("tie_type", "took_part_in")) & (ties.role == code("role", "victim")))
    event = ties.target[rows]
    rows = rows[nodes.kind[event] == kind_code(NodeKind.EVENT)]
    event = ties.target[rows]
    counts = exploitation_events()[nodes.event_type[event], nodes.strand[event]]
    counts &= started_by(snapshot, roles.today)[rows] & (event_day(snapshot)[event] >= since)
    mask = np.zeros(len(snapshot), dtype=np.bool_)
    mask[ties.source[rows[counts]]] = True
    return mask


def _summary(adult: str, connections: int) -> str:
    return (
        f"{adult} is an adult with a reason for care on record. {count_of(connections, 'recorded connection')} with "
        f"people of concern {'suggests' if connections == 1 else 'suggest'} asking those who know {adult} how things "
        "are."
    )
