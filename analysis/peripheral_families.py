"""Families and households of people under threat: who else may be hurt, or used to put pressure on somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import code, kind_code, tie_families
from analysis.derive import Roles, derive, event_day, months_before
from analysis.exposure import CAP
from analysis.peripheral_checks import Surroundings
from analysis.peripheral_evidence import gather
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.stability import stability
from analysis.weights import PERSON_TIES, TieWeights
from analysis.wording import (
    clock_day,
    count_of,
    event_ids,
    expiry,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
    tie_words,
)
from graph.flags import Flag, Parameter, Plain, Reason
from graph.model import NodeKind
from graph.snapshot import Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="families_under_threat",
    version="1.0",
    title="Families and households of people under threat",
    question=(
        "Whose brother, sister, child, parent, partner or housemate is recorded as threatened, or as harmed by serious "
        "violence, so that somebody should ask whether the family is safe?"
    ),
    method=(
        "Each threatened person in the household counts with the weight of the reports of the threat, relatives "
        "elsewhere with half of it; two threatened people of one household count once. Threatened means: target of a "
        "reported threat, or victim of an event of threats to life or, with less weight, of serious youth violence. "
        "Nothing else about the family is used."
    ),
    parameters=(
        Parameter("window_months", 12, "How far back threats and violence count", "months", 1, 60),
        Parameter("elsewhere", 0.5, "What a threat to a relative of another household counts", "", 0, 1),
        Parameter("minimum_score", 0.1, "Smallest sum that is listed", "natural log units", 0, 50),
        Parameter("limit", 50, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "A prompt to ask whether the family is safe; nothing is said about what anybody in it has done.",
        "Do not name to one relative what is recorded about another.",
        "The threat may come from within the family: think before contact.",
    ),
    not_known=(
        "Whether the threat still stands, and whether it was meant for the family too.",
        "Relatives and housemates that nobody recorded.",
    ),
    would_clear=(
        "Police advice that the threat is over, a safety plan that covers the family, or a relationship found to be "
        "recorded in error."
    ),
    uses=(
        "threats between people, victims of events of serious violence or threats to life",
        "family and household ties, home addresses",
        "grades and dates of reports",
    ),
    sources=(
        "A. Papachristos and C. Wildeman, American Journal of Public Health 104 (2014): risk of violence is shared by "
        "those close to a victim; United States, a starting point only",
    ),
    method_page="families_under_threat.md",
    expires_after=28,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
MODERATE, STRONG = 0.3, 0.6
#: strands of events whose victims are under threat, and what being a victim once says about what comes next
STRANDS: Mapping[str, float] = {"serious_youth_violence": 0.4, "threats_to_life": 1.0}
NAMED = 4


@dataclass(frozen=True, slots=True, eq=False)
class Threats:
    """Records of threats: one row a tie that says so."""

    #: node row of the threatened person
    person: Int64
    weight: Float64
    tie: Int64
    #: node row of the event; -1
    event: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Who is family or household of a threatened person, both ways done: one row a pair."""

    relative: Int64
    threatened: Int64
    #: 1 for one household, less for relatives elsewhere
    share: Float64


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for relatives and housemates, best evidence first."""
    roles = derive(snapshot)
    weights = TieWeights(snapshot, roles.today)
    since = months_before(snapshot.as_at, int(number(parameters, "window_months")))
    found = threats(snapshot, roles, weights, since)
    links = links_of(snapshot, roles, weights, found, number(parameters, "elsewhere"))
    progress(0.3, "weighing threats")
    least = max(number(parameters, "minimum_score"), 1e-12)

    def score(ties: Bool) -> Float64:
        progress(0.5, "leaving out ties")
        sums = np.bincount(*_counted(snapshot, roles, found, links, ties)[:2], minlength=len(snapshot))
        return np.where(sums >= least, sums, -np.inf)

    whole = np.ones(len(snapshot.ties.source), dtype=np.bool_)
    scores = score(whole)
    chosen = np.flatnonzero(np.isfinite(scores))
    ids = [snapshot.node_id(int(row)) for row in chosen]
    order = sorted(range(len(chosen)), key=lambda at: (-scores[chosen[at]], ids[at]))
    flagged = chosen[order[: int(number(parameters, "limit"))]]
    steady = stability(score, flagged, len(whole), generator, runs=int(number(parameters, "stability_runs")))
    progress(0.8, "writing reasons")
    relative, value, threatened = _counted(snapshot, roles, found, links, whole)
    around = Surroundings.of(gather(snapshot, roles, {"lookback_months": 24, "missing_months": 24}))
    return tuple(
        _flag(
            snapshot, roles, found, around, row, rank,
            [(float(value[at]), int(threatened[at])) for at in np.flatnonzero(relative == row)],
            None if steady is None else float(steady[rank - 1]),
        )
        for rank, row in enumerate(flagged.tolist(), start=1)
    )  # fmt: skip


def threats(snapshot: Snapshot, roles: Roles, weights: TieWeights, since: int) -> Threats:
    """Reported threats, and victims of serious violence, since a day."""
    nodes, ties = snapshot.nodes, snapshot.ties
    recent = weights.last_day >= since
    person = roles.person
    weight = weights.of({"threatens": PERSON_TIES["threatens"]})
    direct = np.flatnonzero((weight > 0) & person[ties.target] & person[ties.source] & recent)
    part = weights.of_event_roles()
    violent = np.zeros(len(snapshot))
    for strand, says in STRANDS.items():
        violent[nodes.strand == code("strand", strand)] = says
    violent[(nodes.kind != kind_code(NodeKind.EVENT)) | (event_day(snapshot) < since)] = 0.0
    part *= violent[ties.target]
    through = np.flatnonzero((part > 0) & (ties.role == code("role", "victim")) & person[ties.source])
    return Threats(
        np.concatenate([ties.target[direct], ties.source[through]]).astype(np.int64),
        np.concatenate([weight[direct], part[through]]),
        np.concatenate([direct, through]).astype(np.int64),
        np.concatenate([np.full(len(direct), -1), ties.target[through]]).astype(np.int64),
    )


def links_of(snapshot: Snapshot, roles: Roles, weights: TieWeights, found: Threats, elsewhere: float) -> Links:
    """Family by ties and household by ties or address, of each threatened person; who is threatened is left out."""
    count, ties = len(snapshot), snapshot.ties
    under = np.zeros(count, dtype=np.bool_)
    under[found.person] = True
    kin = tie_families("kinship", "household")[ties.type] & weights.usable & (ties.type != code("tie_type", "carer_of"))
    kin &= (ties.type != code("tie_type", "placed_with")) & (ties.end_day > roles.today)
    source, target = ties.source[kin].astype(np.int64), ties.target[kin].astype(np.int64)
    one, two = np.concatenate([source, target]), np.concatenate([target, source])
    related = under[two]
    one, two = one[related], two[related]
    # people who share a household, by label: only those of a threatened person
    home = roles.household.astype(np.int64)
    at_home = np.flatnonzero(roles.person & np.isin(home, np.unique(home[under])))
    at_home = at_home[np.argsort(home[at_home], kind="stable")]
    threatened = np.flatnonzero(under)
    first = np.searchsorted(home[at_home], home[threatened], side="left")
    many = np.searchsorted(home[at_home], home[threatened], side="right") - first
    with_whom = np.repeat(threatened, many)
    offset = np.arange(len(with_whom)) - np.repeat(np.cumsum(many) - many, many)
    one = np.concatenate([one, at_home[np.repeat(first, many) + offset]])
    two = np.concatenate([two, with_whom])
    keys = np.unique(one * count + two)
    one, two = keys // count, keys % count
    kept = ~under[one] & roles.person[one] & ~roles.professional[one]
    one, two = one[kept], two[kept]
    return Links(one, two, np.where(home[one] == home[two], 1.0, elsewhere))


def _counted(
    snapshot: Snapshot, roles: Roles, found: Threats, links: Links, ties: Bool
) -> tuple[Int64, Float64, Int64]:
    """(relative, what it adds, threatened person): each threatened household once, through who adds most."""
    kept = np.flatnonzero(ties[found.tie])
    # one event entered by two agencies is one event
    order = np.lexsort((-found.weight[kept], found.event[kept], found.person[kept]))
    rows = kept[order]
    again = np.zeros(len(rows), dtype=np.bool_)
    again[1:] = (found.person[rows][1:] == found.person[rows][:-1]) & (found.event[rows][1:] == found.event[rows][:-1])
    rows = rows[~again | (found.event[rows] < 0)]
    doubt = np.bincount(
        found.person[rows], weights=np.log1p(-np.minimum(found.weight[rows], CAP)), minlength=len(snapshot)
    )
    strength = -np.expm1(doubt)
    value = -np.log1p(-np.minimum(strength[links.threatened] * links.share, CAP))
    home = roles.household[links.threatened].astype(np.int64)
    order = np.lexsort((links.threatened, -value, home, links.relative))
    relative, home = links.relative[order], home[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (relative[1:] != relative[:-1]) | (home[1:] != home[:-1])
    rows = order[first]
    rows = rows[value[rows] > 0]
    return links.relative[rows], value[rows], links.threatened[rows]


def _flag(
    snapshot: Snapshot,
    roles: Roles,
    found: Threats,
    around: Surroundings,
    row: int,
    rank: int,
    parts: list[tuple[float, int]],
    steady: float | None,
) -> Flag:
    subject = snapshot.node_id(row)
    reasons = tuple(
        sorted(
            (_reason(snapshot, roles, found, row, value, person) for value, person in parts),
            key=lambda reason: (-reason.contribution, reason.text),
        )
    )
    score = float(sum(reason.contribution for reason in reasons))
    strengths = around.strengths(row)
    details: dict[str, Plain] = {
        "question": "family_under_threat",
        "score": score,
        "summary": (
            f"{count_of(len(reasons), 'household')} with family or housemates of {marker(subject)} "
            f"{'has' if len(reasons) == 1 else 'have'} somebody recorded as threatened or harmed by serious violence. "
            "Ask whether the family is safe."
        ),
        "strengths": list(strengths),
        "against": [f"Protective: {entry['text']}" for entry in strengths],
    }
    return Flag(
        id=flag_id(SPEC.name, (subject,)),
        detector=SPEC.name,
        subjects=(subject,),
        strength=float(-np.expm1(-score)),
        band=band_of(score, MODERATE, STRONG),
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _reason(snapshot: Snapshot, roles: Roles, found: Threats, relative: int, value: float, person: int) -> Reason:
    """Names every record of a threat to that household, so that taking them away takes the reason away."""
    home = roles.household
    near = np.flatnonzero(home[found.person] == home[person])
    ties = found.tie[near].tolist()
    own = near[found.person[near] == person]
    claims = [tie_words(snapshot, int(tie)) for tie in found.tie[own[found.event[own] < 0]].tolist()]
    events = found.event[own[found.event[own] >= 0]]
    days = sorted({int(second) for second in snapshot.nodes.started_at[events].tolist()})
    name, other = marker(snapshot.node_id(person)), marker(snapshot.node_id(relative))
    if days:
        said = listed([clock_day(second) for second in days[-NAMED:]])
        claims.append(f"{name} is recorded as harmed in {count_of(len(days), 'event')} of serious violence ({said})")
    how = "of one household" if home[person] == home[relative] else "of one family, in different households"
    reports = reports_of(snapshot, ties)
    text = f"{other} and {name} are recorded as {how}; {'; '.join(dict.fromkeys(claims))}"
    return Reason(
        text + sources_words(snapshot, reports),
        value,
        tie_ids(snapshot, ties),
        event_ids(snapshot, found.event[near][found.event[near] >= 0].tolist()),
        report_ids(snapshot, reports),
    )
