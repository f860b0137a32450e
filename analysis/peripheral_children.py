"""Children not open to the hub to whom evidence of harm around others comes close."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.derive import derive
from analysis.peripheral_evidence import gather
from analysis.peripheral_listing import Question, flags_of
from analysis.peripheral_own import OWN_CIRCUMSTANCES, own_circumstances
from analysis.spec import DetectorSpec, Progress, number, quiet
from analysis.wording import count_of
from graph.flags import Flag, Parameter, Plain
from graph.snapshot import Snapshot

SPEC = DetectorSpec(
    name="peripheral_children",
    version="2.0",
    title="Children close to harm who are not open to the hub",
    question=(
        "Which children aged 10 to 17, not open to the hub, are connected by several recorded ties with children who "
        "are, or with adults of concern, so that somebody should ask how they are?"
    ),
    method=(
        "Each path of one or two recorded ties from a known child or person of concern adds to the child's exposure "
        "according to the kind of tie, the grade of its reports and how recent it is; going missing at the same times, "
        "beyond chance, counts as a tie. Sharing a place, school or group counts only by how many more people at risk "
        "it has than elsewhere. A household counts once. A child of whom much else is recorded moves down: some of "
        "many recorded ties lead to somebody at risk by accident. What is recorded about the child alone is a reason "
        "of its own and only moves children within the list. What services did because somebody was worried "
        "(referrals, meetings, visits, interviews) is no evidence. A walk along the ties gives a second opinion that "
        "moves nothing."
    ),
    parameters=(
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter("missing_months", 24, "How far back missing episodes count", "months", 1, 120),
        Parameter("own_circumstances", True, "Let what is recorded about the child alone move the order"),
        Parameter(
            "together_half",
            3.0,
            "Surprise at which two missing children count as half together",
            "powers of ten",
            0,
            20,
        ),
        Parameter("common_place", 50.0, "Episodes found at a place that make it a common one", "episodes", 1, 10_000),
        Parameter(
            "typical", 10.0, "Records that have nothing to do with harm that halve a child's odds", "records", 1, 1000
        ),
        Parameter("hub_limit", 60, "Ordinary ties above which a person carries no second step", "people", 1, 100_000),
        Parameter("minimum_score", 0.1, "Smallest exposure that is listed", "natural log units", 0, 50),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("largest_share", 0.1, "Longest list as a share of those it could name; at least 20", "", 0, 1),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "A prompt to ask, not a finding: most children near harm are not being harmed.",
        "Children who are recorded more are connected more; absence of records is not safety.",
        "Look for the ordinary reason first: siblings, one home, one class, one team.",
        "Contacts recorded only because a child was flagged before are no new evidence; the work of services is left "
        "out, but a search made because of a flag cannot always be told.",
    ),
    not_known=(
        "Whether the child comes to harm: exposure is what was recorded around a child, nothing more.",
        "Ties that nobody recorded; a child without a flag is not a child without risk.",
    ),
    would_clear=(
        "A conversation with those who know the child that explains the ties, reports found to be about somebody else, "
        "or the children having been apart on the nights in question."
    ),
    uses=(
        "dates of birth",
        "episodes (open to the hub; looked after and others only as own vulnerability, shown apart)",
        "ties between people, parts taken in events, missing episodes",
        "places, schools, peer groups, phones, vehicles and accounts shared",
        "grades and dates of reports",
    ),
    sources=(
        "A. Papachristos and C. Wildeman, American Journal of Public Health 104 (2014): harm falls off with each step "
        "from somebody harmed",
        "B. Green, T. Horel and A. Papachristos, JAMA Internal Medicine 177 (2017): months rather than years; both are "
        "about gun violence in the United States, used as starting points only",
    ),
    method_page="peripheral_children.md",
    expires_after=84,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for children, best evidence first."""
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    evidence = gather(snapshot, roles, parameters)
    progress(0.15, "weighing evidence")
    asked = Question(SPEC, "child_at_edge", OWN_CIRCUMSTANCES, own_circumstances(evidence), _summary)
    return flags_of(asked, evidence, generator, progress)


def _summary(child: str, connections: int) -> str:
    return (
        f"{child} is not open to the hub. {count_of(connections, 'recorded connection')} with children who are, or "
        f"with adults of concern, {'suggests' if connections == 1 else 'suggest'} asking those who know {child} how "
        "they are."
    )
