"""Pairs of children who were missing together more often than their own records and chance would explain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.chance import share_by_chance
from analysis.missing_together_evidence import (
    Case,
    Scored,
    by_chance,
    by_weeks,
    prepare,
    weigh,
)
from analysis.missing_together_reasons import Teller
from analysis.spec import DetectorSpec, Progress, flag_id, number, quiet
from analysis.stability import stability
from analysis.wording import expiry
from graph.flags import Band, Flag, Parameter, Plain
from graph.snapshot import Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="missing_together",
    version="1.0",
    title="Children missing at the same times",
    question=(
        "Which two children are missing at the same times, or found together, more often than their own records would "
        "bring by chance?"
    ),
    method=(
        "Two episodes coincide when they overlap and start within three hours of each other, or end within an hour at "
        "one place. Each pair is held against its own episodes moved to other days of the same season, at the same "
        "hours; coincidences beyond that, closeness of the hours, rare places where both were found and other children "
        "missing with both add up in powers of ten. Children of one home or address count a quarter. How many of such "
        "pairs chance would make is counted by moving half of the children by whole weeks, and decides the band and "
        "the length of the list. Police and care records of one episode count once; being away or absent is not being "
        "missing."
    ),
    parameters=(
        Parameter("window_months", 36, "How far back episodes count", "months", 1, 120),
        Parameter("within_hours", 3.0, "Longest time between the two starts", "hours", 0.25, 12),
        Parameter("found_within_hours", 1.0, "Longest time between being found at one place", "hours", 0.1, 6),
        Parameter("near", 200.0, "Places so near are one place", "metres", 0, 1000),
        Parameter("spread", 90, "Days either way by which episodes are moved for the comparison", "days", 14, 365),
        Parameter("common", 50.0, "Others found at a place that make it say nearly nothing", "episodes", 1, 10_000),
        Parameter("discount", 0.25, "What counts for children of one home or address", None, 0, 1),
        Parameter("minimum_nights", 1, "Fewest coincidences", "nights", 1, 100),
        Parameter("largest_share_by_chance", 0.1, "Share of the list that may be chance", None, 0.001, 1),
        Parameter("chance_pairs", 200_000, "Pairs made by chance for the comparison, about", "pairs", 1, 10_000_000),
        Parameter("week_repeats", 999, "Repeats of the check by whole weeks, for each pair", "repeats", 0, 99_999),
        Parameter("limit", 500, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "Friends, brothers and sisters go missing together harmlessly; being missing together is a reason to ask both "
        "children, not a finding about either.",
        "Only what was reported missing is seen: a child whose carers do not report is not here.",
        "Who set out at the same hour need not have been together, one night alone in particular.",
        "The share by chance is an estimate: right within a third on invented cities, but two to three times too small "
        "where fewer children were reported missing.",
    ),
    not_known=(
        "Whether the two were together, and with whom else; where they were between setting out and being found.",
        "How well times are recorded: an episode is often reported hours after it began.",
    ),
    would_clear=(
        "Both children, asked apart at a return interview, or their carers explain it (family, friends, one event at "
        "school or in the home); a wrong date; or episodes of another child entered under this name."
    ),
    uses=(
        "missing episodes of all agencies with times, places found and places set out from",
        "dates of birth (to leave out pairs of adults)",
        "addresses (to count children of one address less)",
        "ties between the two, shown as possible explanations",
    ),
    sources=(
        "A. Amarasingham, M. T. Harrison, N. G. Hatsopoulos and S. Geman, Conditional modeling and the jitter method "
        "of spike resampling, Journal of Neurophysiology 107 (2012): comparison with one's own events moved in time; "
        "here the expectation is exact and the days are moved, not the hours",
        "J. D. Storey, A direct approach to false discovery rates, Journal of the Royal Statistical Society B 64 "
        "(2002): the share of a list that chance explains; here with children moved by whole weeks, not by formula",
    ),
    method_page="missing_together.md",
    expires_after=90,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
#: share of pairs as strong that chance would make, at most, for strong and moderate evidence
STRONG, MODERATE = 0.02, 0.05
#: repeats of the comparison by chance
FEWEST, MOST = 4, 100
#: pairs weaker by so many powers of ten than the last of the list are not looked at when ties are left out
MARGIN = 2.0


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for pairs of children, best evidence first."""
    progress(0.02, "reading episodes")
    case = prepare(snapshot, parameters, lambda: progress(0.1, "comparing episodes"))
    progress(0.15, "comparing episodes")
    scored = weigh(case, case.records.joined())
    progress(0.2, "comparing episodes")
    order = _by_strength(scored)
    shares = _shares(case, scored, order, generator, progress)
    chosen = shares <= number(parameters, "largest_share_by_chance")
    length = min(int(chosen.sum()), int(number(parameters, "limit")))
    flagged, shares = order[:length], shares[:length]
    progress(0.6, "leaving out ties")
    steady = _steadiness(case, scored, flagged, generator, progress)
    progress(0.8, "writing reasons")
    teller = Teller(case, scored, flagged)
    seed = int(generator.integers(2**63))
    flags = []
    for rank, (row, share) in enumerate(zip(flagged.tolist(), shares.tolist(), strict=True), start=1):
        if rank % 20 == 0:
            progress(0.8 + 0.2 * rank / length, "writing reasons")
        reached = None if steady is None else float(steady[rank - 1])
        flags.append(_flag(teller, row, rank, share, reached, seed))
    return tuple(flags)


def _by_strength(scored: Scored) -> Int64:
    """Rows of the pairs that can be listed, best first; rows are in the order of ids."""
    listed = np.flatnonzero(np.isfinite(scored.score))
    return listed[np.argsort(-np.round(scored.score[listed], 9), kind="stable")]


def _shares(
    case: Case, scored: Scored, order: Int64, generator: np.random.Generator, progress: Progress
) -> Float64:  # fmt: skip
    if not len(order):
        return np.empty(0)
    wanted = number(case.parameters, "chance_pairs") / len(scored.pairs.child)
    repeats = int(np.clip(np.ceil(wanted), FEWEST, MOST))
    chance = []
    for repeat in range(repeats):
        progress(0.25 + 0.35 * repeat / repeats, "what chance would make")
        chance.append(by_chance(case, scored.episodes, generator))
    # each repeat sees about half of the pairs
    return share_by_chance(scored.score[order], chance, each=2.0)


def _steadiness(
    case: Case, scored: Scored, flagged: Int64, generator: np.random.Generator, progress: Progress
) -> Float64 | None:  # fmt: skip
    """How often each pair is among as many best when a fifth of all ties are left out."""
    runs = int(number(case.parameters, "stability_runs"))
    if not len(flagged):
        return None if runs <= 0 else np.empty(0)
    near = np.flatnonzero(scored.score >= scored.score[flagged].min() - MARGIN)
    people = np.zeros(len(case.snapshot), dtype=np.bool_)
    people[scored.pairs.child[near]] = True
    people[scored.pairs.other[near]] = True
    few = case.records.of(people)
    keys = scored.pairs.child[near] * len(case.snapshot) + scored.pairs.other[near]

    def score(kept: Bool) -> Float64:
        progress(0.7, "leaving out ties")
        again = weigh(case, few.joined(kept))
        found = again.pairs.child * len(case.snapshot) + again.pairs.other
        scores = np.full(len(keys), -np.inf)
        at = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
        ours = keys[at] == found
        scores[at[ours]] = again.score[ours]
        return scores

    return stability(score, np.searchsorted(near, flagged), len(case.snapshot.ties.source), generator, runs=runs)


def _flag(teller: Teller, row: int, rank: int, share: float, steady: float | None, seed: int) -> Flag:
    case, scored = teller.case, teller.scored
    pairs = scored.pairs
    subjects = case.snapshot.node_id(int(pairs.child[row])), case.snapshot.node_id(int(pairs.other[row]))
    reasons = teller.reasons(row)
    # of its own, so that other pairs change nothing
    own_seed = (seed, int(flag_id(SPEC.name, subjects), 16) % 2**63)
    details: dict[str, Plain] = {
        "score": float(sum(reason.contribution for reason in reasons)),
        "summary": teller.summary(row),
        "coincidences": int(pairs.coincidences[row]),
        "expected": float(pairs.expected[row]),
        "p_value": float(pairs.p_value[row]),
        "p_value_by_weeks": by_weeks(case, scored, row, int(number(case.parameters, "week_repeats")), own_seed),
        "same_place": int(pairs.same_place[row]),
        "one_address": bool(scored.one_door[row] > 0 or scored.one_home[row]),
        "share_by_chance": share,
        "not_known": teller.not_known(row),
    }
    return Flag(
        id=flag_id(SPEC.name, subjects),
        detector=SPEC.name,
        subjects=subjects,
        strength=1.0 - share,
        band=Band.STRONG if share <= STRONG else Band.MODERATE if share <= MODERATE else Band.SLIGHT,
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(case.snapshot.as_at, SPEC.expires_after),
        details=details,
    )
