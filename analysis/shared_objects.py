"""Phones, vehicles, accounts and addresses recorded with several known children, more than chance would bring."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from analysis.codes import kind_code, marked
from analysis.derive import months_before
from analysis.excess import Meetings, strength
from analysis.excess_listing import ExcessTable
from analysis.excess_weighing import Weighing, at_home, weighing_of, who_is_who
from analysis.listing import LIST_PARAMETERS, Entry, best_nodes, flag_for, flags_in_order, score_of
from analysis.meetings import at_places, with_things
from analysis.shared_objects_reasons import alternatives, excluded, reasons_of, summary_of
from analysis.spec import DetectorSpec, Progress, band_of, number, quiet, switch
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
        *LIST_PARAMETERS,
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
#: households of known children, and independent sources that name them, without which nothing is listed
HOUSEHOLDS, SEPARATE = 2, 2
#: kinds of place that are an address and not a home, a placement or a place open to everybody
ADDRESSES = ("address_of_concern", "short_let")


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain], progress: Progress) -> tuple[Weighing, Meetings]:
    """What is weighed, and the meetings left out: professionals by role, residents of an address."""
    roles, weights = who_is_who(snapshot, parameters, progress)
    meetings = with_things(snapshot, weights)
    if switch(parameters, "addresses"):
        seen = at_places(snapshot, weights, months_before(snapshot.as_at, int(number(parameters, "window_months"))))
        address = marked("place_type", ADDRESSES)[snapshot.nodes.place_type]
        address &= snapshot.nodes.kind == kind_code(NodeKind.PLACE)
        meetings = Meetings.joined(meetings, seen.take(address[seen.subject]))
    counted = roles.teenager | roles.known_child | (roles.person & ~roles.child)
    meetings = meetings.take(counted[meetings.person])
    out = roles.professional[meetings.person] | at_home(snapshot, meetings)
    weighing = weighing_of(
        snapshot, roles, weights, meetings.take(~out), parameters, progress,
        concern_rate=number(parameters, "concern_rate"), households=HOUSEHOLDS, separate=SEPARATE,
    )  # fmt: skip
    return weighing, meetings.take(out)


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for things, best evidence first."""
    weighing, left_out = _prepare(snapshot, parameters, progress)
    things, steady = best_nodes(snapshot, weighing.score, parameters, generator, progress)
    progress(0.9, "writing reasons")
    table = ExcessTable(weighing, weighing.score, parameters)
    return flags_in_order(things.tolist(), steady, partial(_flag, table, left_out), progress)


def _flag(table: ExcessTable, left_out: Meetings, row: int, entry: Entry) -> Flag:
    weighing, excess = table.weighing, table.of(row)
    snapshot = weighing.snapshot
    reasons = reasons_of(weighing, excess)
    score = score_of(reasons)
    other = alternatives(weighing, row, excess.known_children)
    details: dict[str, Plain] = {
        "score": score,
        "summary": summary_of(snapshot, excess, other),
        "children_at_risk": excess.observed,
        "children_all": excess.turnout,
        "expected": excess.expected,
        "p_value": excess.p_value,
        "adults_of_concern": excess.adults_of_concern,
        "adults_expected": excess.adults_expected,
        "kind": NODE_KINDS[int(snapshot.nodes.kind[row])].value,
        "alternative_explanations": [found.kind for found in other],
        "excluded": excluded(weighing, row, left_out),
        **table.low.details(row, entry.rank),
    }
    return flag_for(
        SPEC, snapshot.as_at, (snapshot.node_id(row),), entry, reasons, details,
        strength=strength(score, STRONG), band=band_of(score, MODERATE, STRONG),
    )  # fmt: skip
