"""Operations that touch: recorded in two of them, or one tie from both, more than their sizes would bring."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.derive import Roles, derive
from analysis.excess import AGAINST, LEAST
from analysis.operation_overlap_records import LARGEST_SURROUNDING, Near, Records, records_of
from analysis.operation_overlap_words import reasons_of, summary
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.weights import STEP, TieWeights
from analysis.wording import expiry
from graph.flags import Flag, Parameter, Plain
from graph.snapshot import Bool, Snapshot

SPEC = DetectorSpec(
    name="operation_overlap",
    version="1.0",
    title="Operations that touch each other",
    question=(
        "Which operations record the same people, places or objects, or have people, places or objects one tie away "
        "from both, more than the sizes of their networks would bring by chance?"
    ),
    method=(
        "For each pair of operations, what is around the smaller one (recorded in it, or one tie away) is held against "
        "the other. What belongs to both adds the logarithm of how much likelier that is if the two touch than by "
        "chance, which depends on how much is recorded of it and of the other operation; what belongs to one only "
        "takes something away, so that a large operation does not touch all others. Professionals and hubs are left "
        "out; a household counts once. Operations that the run may not use do not exist for it."
    ),
    parameters=(
        Parameter(
            "alternative", 0.1, "Share of the smaller operation's surroundings shared if they touch", None, 0.01, 0.9
        ),
        Parameter("minimum_common", 1, "Fewest contacts in common when nothing nearer is shared", "elements", 1, 50),
        Parameter("minimum_score", 0.0, "Smallest score that is listed", "natural log units", -1000, 1000),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "Whoever sees this sees that both operations exist: share it within both only.",
        "A child in two operations is most likely harmed in both; it says nothing about what the child did.",
        "People who are looked for collect records, and so contacts in common.",
    ),
    not_known=(
        "Operations this run may not use, and what the officers of either know but have not recorded.",
        "Whether the contact in common knows of either operation's subjects together.",
    ),
    would_clear=(
        "The shared person, place or object found to be recorded wrongly in one of the two, or to have an ordinary "
        "part in both (a relative, a landlord, a shop); or the two operations already run as one."
    ),
    uses=(
        "subjects of operations and events of operations",
        "ties between people, phones, vehicles, accounts, places and groups; parts taken in events",
        "professional roles and households",
        "grades and dates of reports",
    ),
    sources=(
        "M. Tumminello and others, Statistically validated networks in bipartite complex systems, PLoS ONE 6 (2011): "
        "the hypergeometric test of shared members, shown as a label",
        "F. Chung and L. Lu, Connected components in random graphs with given degree sequences, Annals of "
        "Combinatorics 6 (2002): chance in proportion to how much is recorded of each",
    ),
    method_page="operation_overlap.md",
    expires_after=60,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police"}),
)
#: score (natural log units) from which evidence is called moderate and strong: odds of about 3 and 20 to 1
MODERATE, STRONG = 1.0, 3.0


@dataclass(frozen=True, slots=True)
class Shared:
    """One element that belongs to both operations; the value counts once a household."""

    element: int
    small: Near
    large: Near
    value: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two operations share."""

    #: node rows: the one with the smaller surroundings, and the other
    small: int
    large: int
    shared: tuple[Shared, ...]
    #: elements around the smaller one that are not near the other, and what they take away
    others: int
    against: float
    #: elements around the smaller (what is in the other and one tie away here counts there) and around the larger
    sizes: tuple[int, int]
    #: elements around the smaller that are around the larger
    observed: int
    #: elements in this part of the network
    population: int

    @property
    def score(self) -> float:
        return self.against + sum(each.value for each in self.shared)

    @property
    def nearest(self) -> int:
        """Steps of the nearest shared element, both sides together."""
        return min(each.small.step + each.large.step for each in self.shared)


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    snapshot: Snapshot
    roles: Roles
    records: Records
    parameters: Mapping[str, Plain]

    def overlaps(self, kept: Bool | None = None) -> list[Overlap]:
        """Every pair of operations that shares enough, by id of the pair."""
        around = {operation: near for operation, near in self.records.surroundings(kept).items() if near}
        found = []
        for one, two in itertools.combinations(sorted(around), 2):
            small, large = (one, two) if (len(around[one]), one) <= (len(around[two]), two) else (two, one)
            if around[small].keys() & around[large].keys():
                overlap = self._overlap(small, large, around[small], around[large])
                if self._enough(overlap):
                    found.append(overlap)
        return found

    def _enough(self, overlap: Overlap) -> bool:
        if not overlap.shared or overlap.score < number(self.parameters, "minimum_score"):
            return False
        return overlap.nearest < 2 or len(overlap.shared) >= number(self.parameters, "minimum_common")

    def _overlap(self, small: int, large: int, one: dict[int, Near], two: dict[int, Near]) -> Overlap:
        # a tie between members of the two makes each a neighbour of the other operation: it counts on one side
        trials = [row for row, near in one.items() if not (near.step == 1 and row in two and two[row].step == 0)]
        members = sum(near.step == 0 for near in two.values())
        volume = sum(float(self.records.degree[row]) for row, near in two.items() if near.step == 0)
        best: dict[int, Shared] = {}
        against, others = 0.0, 0
        for row in sorted(trials):
            if row not in two:
                against += AGAINST * self._against(self._chance(row, members, volume))
                others += 1
                continue
            chance = self._chance(row, members, volume if two[row].step else 0.0)
            evidence = one[row].weight * STEP ** one[row].step * two[row].weight * STEP ** two[row].step
            value = (LEAST + (1.0 - LEAST) * np.sqrt(evidence)) * np.log(
                number(self.parameters, "alternative") / chance
            )
            shared = Shared(row, one[row], two[row], float(value))
            home = int(self.roles.household[row])
            # what is near every large operation says nothing about two
            if value > 0 and (home not in best or best[home].value < value):
                best[home] = shared
        order = sorted(best.values(), key=lambda each: (-each.value, self.snapshot.nodes.ids[each.element]))
        return Overlap(
            small, large, tuple(order), others, against, (len(trials), len(two)),
            len(trials) - others, int(max(self.records.population[row] for row in one)),
        )  # fmt: skip

    def _chance(self, row: int, members: int, volume: float) -> float:
        """Chance that an element of this degree is in, or one tie from, members with these ties (0: that it is in)."""
        population = max(float(self.records.population[row]), 1.0)
        whole = max(float(self.records.volume[row]), 1.0)
        chance = members / population + float(self.records.degree[row]) * volume / whole
        return float(np.clip(chance, 1e-6, number(self.parameters, "alternative")))

    def _against(self, chance: float) -> float:
        return float(np.log((1.0 - number(self.parameters, "alternative")) / (1.0 - chance)))


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for pairs of operations, best evidence first."""
    roles = derive(snapshot)
    progress(0.2, "gathering operations")
    case = _Case(snapshot, roles, records_of(snapshot, roles, TieWeights(snapshot, roles.today)), parameters)
    progress(0.5, "comparing operations")
    overlaps = case.overlaps()
    runs = int(number(parameters, "stability_runs"))
    again = dict.fromkeys(((each.small, each.large) for each in overlaps), 0)
    pairs = {frozenset(pair): pair for pair in again}
    for run in range(runs if overlaps else 0):
        progress(0.5 + 0.4 * run / runs, "leaving out ties")
        for each in case.overlaps(generator.random(len(snapshot.ties.source)) >= 0.2):
            if frozenset((each.small, each.large)) in pairs:
                again[pairs[frozenset((each.small, each.large))]] += 1
    ids = snapshot.nodes.ids
    overlaps.sort(key=lambda each: (-each.score, sorted((ids[each.small], ids[each.large]))))
    return tuple(
        _flag(case, each, rank, again[each.small, each.large] / runs if runs else None)
        for rank, each in enumerate(overlaps[: int(number(parameters, "limit"))], start=1)
    )


def _flag(case: _Case, overlap: Overlap, rank: int, steady: float | None) -> Flag:
    snapshot = case.snapshot
    reasons = reasons_of(snapshot, case.records, overlap)
    score = float(sum(reason.contribution for reason in reasons))
    subjects = tuple(sorted((snapshot.node_id(overlap.small), snapshot.node_id(overlap.large))))
    small, large = overlap.sizes
    population = max(overlap.population, overlap.observed)
    details: dict[str, Plain] = {
        "score": score,
        "summary": summary(snapshot, overlap),
        "observed": overlap.observed,
        "expected": small * large / max(population, 1),
        "p_value": float(stats.hypergeom.sf(overlap.observed - 1, population, min(small, population), large)),
        "sizes": [
            {"operation": snapshot.node_id(overlap.small), "around": small},
            {"operation": snapshot.node_id(overlap.large), "around": large},
        ],
        "in_both": [snapshot.node_id(each.element) for each in overlap.shared if _steps(each) == 0],
        "tied_to_both": [snapshot.node_id(each.element) for each in overlap.shared if _steps(each) > 0],
        "largest_surrounding": LARGEST_SURROUNDING,
    }
    return Flag(
        id=flag_id(SPEC.name, subjects),
        detector=SPEC.name,
        subjects=subjects,
        strength=float(max(0.0, -np.expm1(-score / STRONG))),
        band=band_of(score, MODERATE, STRONG),
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _steps(shared: Shared) -> int:
    return shared.small.step + shared.large.step
