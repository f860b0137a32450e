"""Suggested peer networks: circles of young people, and the adults around them, that nobody may have recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.communities import Network, PeerNetworks, partition, peer_networks
from analysis.derive import Roles, derive
from analysis.peer_networks_evidence import Circle, Evidence, Pairs, circle, gather, pairs
from analysis.peer_networks_reasons import Reasons, RecordedGroups
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.wording import count_of, expiry, listed, marker
from graph.flags import Flag, Parameter, Plain
from graph.snapshot import Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="peer_networks",
    version="1.0",
    title="Peer networks suggested by the records",
    question=(
        "Which groups of young people, with the adults around them, have so many records of being together that they "
        "may be one circle, and include somebody known to the hub or of concern?"
    ),
    method=(
        "Every record that two people were together (a reported tie, missing at the same times beyond chance, one "
        "event, a shared phone, vehicle or account, the same quiet place) adds to the evidence about the pair by kind, "
        "grade and age. People are grouped so that pairs inside groups have as much evidence as possible beyond what "
        "chance brings to every pair; only groups on which most of several repeats agree are shown. Family ties form "
        "no groups, and professionals belong to none. Recorded peer groups are shown beside, never replaced."
    ),
    parameters=(
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter("window_months", 24, "How far back events and presence at places count", "months", 1, 120),
        Parameter("half_life_days", 540.0, "Time in which evidence of being together halves", "days", 1, 10_000),
        Parameter("resolution", 0.05, "Evidence that chance brings to any pair", "natural log units", 0.001, 5),
        Parameter("quiet_place", 5.0, "People recorded at a place that halve what it says", "people", 1, 1000),
        Parameter("seeds", 20, "Repeats of the grouping from other beginnings", "runs", 1, 200),
        Parameter("minimum_agreed", 0.5, "Share of the repeats that agree about a pair, on average", None, 0, 1),
        Parameter("smallest", 4, "Smallest network", "people", 3, 30),
        Parameter("largest", 30, "Largest network", "people", 4, 200),
        Parameter("minimum_score", 1.5, "Smallest score that is listed", "natural log units", 0, 1000),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 10, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "A suggestion from records, not a fact about anybody: most young people are with friends, and being with "
        "friends is no harm.",
        "Nobody belongs to a network because a computer put them there: look at each member's own evidence and at who "
        "only shares a place.",
        "Young people who are recorded more are grouped more; a circle that nobody records is not found.",
        "Ask who draws them together and what keeps them safe, before asking who they are.",
    ),
    not_known=(
        "Whether the members would call themselves a group, and who is at its centre.",
        "Whether people recorded at one place were there at the same time.",
    ),
    would_clear=(
        "An ordinary reason for being together (a class, a team, neighbours, a club), records found to be about "
        "somebody else, or those who know the young people saying that they are not one circle."
    ),
    uses=(
        "dates of birth",
        "ties between people, without family and household",
        "parts taken in events, and missing episodes",
        "phones, vehicles and accounts shared",
        "places (with how many are recorded there); homes, schools, placements and police stations left out",
        "recorded peer groups, for comparison only",
        "episodes open to the hub and roles in events (to list only networks with a reason to look)",
        "grades and dates of reports",
    ),
    sources=(
        "V. Traag, P. Van Dooren and Y. Nesterov, Narrow scope for resolution-limit-free community detection, Physical "
        "Review E 84 (2011): the Constant Potts Model",
        "V. Traag, L. Waltman and N. van Eck, From Louvain to Leiden, Scientific Reports 9 (2019): the algorithm",
        "S. Fortunato and M. Barthélemy, Resolution limit in community detection, PNAS 104 (2007): why modularity, "
        "which loses small groups in large networks, is not used",
    ),
    method_page="peer_networks.md",
    expires_after=90,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
#: score (natural log units of evidence beyond chance) from which evidence is called moderate and strong
MODERATE, STRONG = 2.0, 4.0
#: a network is found again when this share of the people of both is in both (Jaccard)
FOUND_AGAIN = 0.5
#: other people with a second membership named in details
NAMED = 20


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Networks with all that their flags are written from."""

    evidence: Evidence
    pairs: Pairs
    circle: Circle
    networks: PeerNetworks

    def members(self, network: Network) -> Int64:
        """Node rows of the members."""
        return self.circle.rows[network.members]


def find(
    snapshot: Snapshot,
    roles: Roles,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    kept: Bool | None = None,
    progress: Progress = quiet,
) -> Found:
    """All networks of an accepted size, agreed or not, with a reason to look or not, leaving out some ties."""
    evidence = gather(snapshot, roles, parameters)
    progress(0.15, "collecting evidence")
    return found_in(evidence, generator, kept, progress)


def found_in(
    evidence: Evidence, generator: np.random.Generator, kept: Bool | None = None, progress: Progress = quiet
) -> Found:
    """The networks of evidence collected before, when the ties that are False are left out."""
    parameters = evidence.parameters
    together = pairs(evidence, kept)
    of = circle(evidence, together)
    networks = peer_networks(
        of.weights,
        resolution=number(parameters, "resolution"),
        seeds=int(number(parameters, "seeds")),
        rng=generator,
        smallest=int(number(parameters, "smallest")),
        largest=int(number(parameters, "largest")),
        progress=progress,
    )
    return Found(evidence, together, of, networks)


def with_reason(found: Found) -> Int64:
    """Numbers of the networks that are agreed, have two young people and somebody known to the hub or of concern."""
    evidence, roles = found.evidence, found.evidence.roles
    concern = roles.known_child | roles.person_of_concern
    least, agreed = number(evidence.parameters, "minimum_score"), number(evidence.parameters, "minimum_agreed")
    chosen = []
    for at, network in enumerate(found.networks.networks):
        members = found.members(network)
        if network.quality < least or network.agreed < agreed:
            continue
        if evidence.young[members].sum() >= 2 and concern[members].any():
            chosen.append(at)
    return np.array(chosen, dtype=np.int64)


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for networks, best evidence first."""
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    found = find(
        snapshot, roles, parameters, generator, progress=lambda share, words: progress(0.1 + 0.4 * share, words)
    )
    chosen = with_reason(found)
    networks = found.networks.networks
    first = {at: snapshot.node_id(int(found.members(networks[at])[0])) for at in chosen.tolist()}
    order = sorted(chosen.tolist(), key=lambda at: (-networks[at].quality, first[at]))
    flagged = order[: int(number(parameters, "limit"))]
    progress(0.5, "leaving out ties")
    steady = _stability(found, flagged, generator, progress)
    progress(0.9, "writing reasons")
    label = np.full(len(snapshot), -1, dtype=np.int64)
    label[found.circle.rows] = found.networks.label
    writer = Reasons(found.evidence, found.pairs, label, number(parameters, "resolution"))
    groups = RecordedGroups(found.evidence)
    inside = _inside(found, label)
    flags = []
    for rank, at in enumerate(flagged, start=1):
        if rank % 200 == 0:
            progress(0.9 + 0.1 * rank / len(flagged), "writing reasons")
        again = None if steady is None else float(steady[rank - 1])
        flags.append(_flag(found, writer, groups, at, rank, float(inside[at]), again))
    return tuple(flags)


def _inside(found: Found, label: Int64) -> Float64:
    """All evidence of pairs inside each network, weak pairs included."""
    own = label[found.pairs.one]
    same = (own == label[found.pairs.two]) & (own >= 0)
    count = len(found.networks.networks)
    inside: Float64 = np.bincount(own[same], weights=found.pairs.value[same], minlength=count).astype(np.float64)
    return inside


def _stability(found: Found, flagged: list[int], generator: np.random.Generator, progress: Progress) -> Float64 | None:
    """Share of repeats without a fifth of the ties in which each network is found again; None without repeats."""
    runs = int(number(found.evidence.parameters, "stability_runs"))
    if runs <= 0:
        return None
    again = np.zeros(len(flagged))
    ties, nodes = len(found.evidence.snapshot.ties.source), len(found.evidence.snapshot)
    members = [found.members(found.networks.networks[at]) for at in flagged]
    for run in range(runs):
        kept = generator.random(ties) >= 0.2
        less = circle(found.evidence, pairs(found.evidence, kept))
        label = np.full(nodes, -1, dtype=np.int64)
        label[less.rows] = partition(
            less.weights,
            resolution=number(found.evidence.parameters, "resolution"),
            seed=int(generator.integers(0, 2**63 - 1)),
        )
        size = np.bincount(label[label >= 0], minlength=1)
        again += [_overlap(label[rows], size) >= FOUND_AGAIN for rows in members]
        progress(0.5 + 0.4 * (run + 1) / runs, "leaving out ties")
    return again / runs


def _overlap(labels: Int64, size: Int64) -> float:
    """Jaccard overlap with the group that most of these people are in."""
    own, shared = np.unique(labels[labels >= 0], return_counts=True)
    if not len(own):
        return 0.0
    return float((shared / (len(labels) + size[own] - shared)).max())


def _flag(
    found: Found, writer: Reasons, groups: RecordedGroups, at: int, rank: int, inside: float, steady: float | None
) -> Flag:
    evidence, network = found.evidence, found.networks.networks[at]
    snapshot = evidence.snapshot
    members = found.members(network)
    subjects = tuple(snapshot.node_id(int(row)) for row in members)
    reasons = writer.of(at, network, max(inside - network.inside, 0.0))
    score = float(sum(reason.contribution for reason in reasons))
    recorded = groups.of(members)
    details: dict[str, Plain] = {
        "score": score,
        "summary": _summary(found, members, recorded),
        "size": len(members),
        **_who(evidence, members),
        "members": [
            {"person": subject, "strength": round(float(strength), 4)}
            for subject, strength in zip(subjects, network.strength, strict=True)
        ],
        "overlapping": _overlapping(found, network),
        "agreed": network.agreed,
        "seeds": int(number(evidence.parameters, "seeds")),
        "recorded_groups": recorded,
    }
    return Flag(
        id=flag_id(SPEC.name, subjects),
        detector=SPEC.name,
        subjects=subjects,
        strength=float(-np.expm1(-max(score, 0.0) / STRONG)),
        band=band_of(score, MODERATE, STRONG),
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _who(evidence: Evidence, members: Int64) -> dict[str, Plain]:
    roles = evidence.roles
    return {
        "young_people": int(evidence.young[members].sum()),
        "known_children": int(roles.known_child[members].sum()),
        "people_of_concern": int((roles.person_of_concern & ~roles.child)[members].sum()),
    }


def _overlapping(found: Found, network: Network) -> list[Plain]:
    """People of other networks, or of none, with a second membership here; largest share first."""
    snapshot = found.evidence.snapshot
    order = np.lexsort((network.overlapping, -network.share))[:NAMED].tolist()
    rows = found.circle.rows[network.overlapping]
    return [{"person": snapshot.node_id(int(rows[at])), "share": round(float(network.share[at]), 4)} for at in order]


def _summary(found: Found, members: Int64, recorded: list[Plain]) -> str:
    evidence, roles = found.evidence, found.evidence.roles
    young, known = int(evidence.young[members].sum()), int(roles.known_child[members].sum())
    concern = int((roles.person_of_concern & ~roles.child)[members].sum())
    adults = len(members) - young
    who = [count_of(young, "young person", "young people")]
    if adults:
        who.append(count_of(adults, "adult"))
    said = f"{listed(who)} have more records of being together than chance would bring and may be one peer network"
    reasons = [f"{known} known to the hub"] if known else []
    if concern:
        reasons.append(count_of(concern, "adult of concern", "adults of concern"))
    if reasons:
        said += f" ({listed(reasons)})"
    group = recorded[0] if recorded else None
    if isinstance(group, dict):
        said += (
            f". {group['shared']} of the {len(members)} are recorded in {marker(str(group['group']))}, "
            f"which has {group['recorded']}"
        )
    else:
        said += ". No recorded peer group has two of them"
    return said + ". Consider asking what draws them together and who looks out for them."
