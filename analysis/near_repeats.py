"""Occasions of one kind that follow each other near the same place within days, more than chance would make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from analysis.chance import share_by_chance
from analysis.clock import moment
from analysis.near_repeats_evidence import KINDS, Local, again, occasions_of, weigh
from analysis.spec import DetectorSpec, Progress, flag_id, number, quiet
from analysis.stability import stability
from analysis.wording import clock_day, count_of, event_ids, expiry, listed, marker, report_ids, sources_words
from graph.flags import Band, Flag, Parameter, Plain, Reason
from graph.model import NodeId
from graph.records import day_number
from graph.snapshot import Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="near_repeats",
    version="1.0",
    title="Occasions that follow each other near one place",
    question=(
        "Where have children been found after going missing, or incidents of one kind happened, again within days and "
        "a short walk of each other, more than the usual run of such records there and then would bring?"
    ),
    method=(
        "Knox's test asked of each occasion: how many others of its kind, of other people, lie within the distance and "
        "the days? Expected is what the occasions near it, at any time, and those soon, anywhere, would bring if place "
        "and time had nothing to do with each other. Permutations of the times say how many such runs chance "
        "makes, which decides the band and the length of the list. Occasions of the same people within the days count "
        "once, records within hours of each other at one place are one, and homes, schools, placements and police "
        "stations are left out."
    ),
    parameters=(
        Parameter("window_months", 12, "How far back occasions count", "months", 1, 120),
        Parameter("near", 200.0, "Furthest apart", "metres", 10, 2000),
        Parameter("soon", 14.0, "Longest time apart", "days", 1, 90),
        Parameter("one_occasion_hours", 6.0, "Records so close in time at one place are one occasion", "hours", 0, 48),
        Parameter("minimum_occasions", 3, "Fewest occasions", "occasions", 2, 100),
        Parameter("recent_days", 60, "The last occasion is no older", "days", 1, 3650),
        Parameter("permutations", 199, "Permutations of the times", "repeats", 19, 9999),
        Parameter("largest_share_by_chance", 0.3, "Share of the list that may be chance", None, 0.001, 1),
        Parameter("limit", 100, "Longest list", "flags", 1, 10_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the occasions left out", "runs", 0, 200),
    ),
    cautions=(
        "Recorded, not all harm: a patrol, a campaign or one caller makes records follow each other.",
        "The place is the subject, not the people who live, work or go there.",
        "A run that has been seen may be over: most such runs end within weeks.",
    ),
    not_known=(
        "Whether the occasions have to do with each other: only that they are near and soon.",
        "How exact places and times are; where nobody looks nothing repeats.",
    ),
    would_clear=(
        "An ordinary reason (an event, a patrol, one record entered twice at different hours), a wrong place or time, "
        "or occasions of different kinds under one word."
    ),
    uses=(
        "missing episodes with the places where children were found",
        "incidents, offences and antisocial behaviour with place and time",
        "who took part (to leave out repeats of the same people)",
        "boundaries of localities",
    ),
    sources=(
        "E. G. Knox, The detection of space-time interactions, Applied Statistics 13 (1964), and N. Mantel, Cancer "
        "Research 27 (1967) for the permutation of times; here asked of each occasion",
        "S. D. Johnson and K. J. Bowers, The stability of space-time clusters of burglary, British Journal of "
        "Criminology 44 (2004), for near repeats; distance and days are starting values, not theirs",
    ),
    method_page="near_repeats.md",
    expires_after=30,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker", "panel"}),
)
#: corrected p-value for strong evidence, and share of the list by chance for moderate
STRONG, MODERATE = 0.05, 0.1
_WORDS = {
    "found": ("a child found after going missing", "children found after going missing"),
    "incident": ("an incident", "incidents"),
    "offence": ("an offence", "offences"),
    "antisocial_behaviour": ("antisocial behaviour", "reports of antisocial behaviour"),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One run of occasions: the middle one and all near and soon of it."""

    local: Local
    middle: int
    #: rows of the occasions, by time, the middle one included
    rows: Int64
    #: corrected for asking everywhere
    p_value: float
    #: share of occasions with as much that chance would make
    share: float
    steady: float | None


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for runs of occasions, best evidence first."""
    found: list[_Run] = []
    for position, kind in enumerate(KINDS):
        share = position / len(KINDS)
        progress(share, _WORDS[kind][1])
        local = weigh(
            occasions_of(snapshot, kind, parameters),
            parameters,
            generator,
            lambda _, words, share=share: progress(share, words),  # type: ignore[misc]
        )
        if local is not None:
            found += _runs(snapshot, local, parameters, generator, progress)
    found.sort(key=lambda run: (-round(float(run.local.score[run.middle]), 9), _key(snapshot, run)))
    areas = _Areas(snapshot)
    limit = int(number(parameters, "limit"))
    return tuple(_flag(snapshot, run, rank, areas) for rank, run in enumerate(found[:limit], start=1))


def _key(snapshot: Snapshot, run: _Run) -> str:
    """Tells runs at one place apart: the kind and the first of the middle occasion's events."""
    occasions = run.local.occasions
    return f"{occasions.kind}:{snapshot.node_id(int(occasions.events[occasions.start[run.middle]]))}"


def _runs(
    snapshot: Snapshot,
    local: Local,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    progress: Progress,
) -> list[_Run]:
    """Runs of one kind that share no occasion, most surprising first, recent ones only."""
    occasions = local.occasions
    best = np.sort([one[-1] if len(one) else 0.0 for one in local.chance])
    likely = np.flatnonzero(local.score > 0)
    order = likely[np.argsort(-np.round(local.score[likely], 9), kind="stable")]
    # a hair below, so that rounding does not part equal scores
    scores = np.round(local.score[order], 9) - 1e-9
    shares = share_by_chance(scores, local.chance)
    p_values = (len(best) - np.searchsorted(best, scores) + 1.0) / (len(best) + 1.0)
    listed_too = int((shares <= number(parameters, "largest_share_by_chance")).sum())
    soon, oldest = number(parameters, "soon"), day_number(snapshot.as_at) + 1 - number(parameters, "recent_days")
    taken = np.zeros(len(occasions), dtype=np.bool_)
    chosen: list[tuple[int, Int64]] = []
    at_rank: list[int] = []
    for position, middle in enumerate(order[:listed_too].tolist()):
        rows = _partners(local.one, local.two, occasions.day, middle, soon)
        if taken[middle] or taken[rows].any():
            continue
        taken[rows] = taken[middle] = True
        rows = np.sort(np.append(rows, middle))
        if occasions.day[rows[-1]] >= oldest:
            chosen.append((middle, rows))
            at_rank.append(position)
    steady = _steadiness(local, chosen, parameters, generator, progress)
    return [
        _Run(
            local, middle, rows, float(p_values[position]), float(shares[position]),
            None if steady is None else float(steady[at]),
        )
        for at, ((middle, rows), position) in enumerate(zip(chosen, at_rank, strict=True))
    ]  # fmt: skip


def _partners(one: Int64, two: Int64, days: Float64, middle: int, soon: float) -> Int64:
    others: Int64 = np.concatenate([two[one == middle], one[two == middle]])
    near: Int64 = others[np.abs(days[others] - days[middle]) <= soon]
    return near


def _steadiness(
    local: Local,
    chosen: list[tuple[int, Int64]],
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    progress: Progress,
) -> Float64 | None:
    """How often some occasion of a run is as surprising as the list's last when a fifth of all are left out."""
    if not chosen:
        return None
    middles = np.array([middle for middle, _ in chosen], dtype=np.int64)

    def score(kept: Bool) -> Float64:
        progress(0.9, "leaving out occasions")
        fresh = again(local, parameters, kept)
        scores = np.where(fresh > 0, fresh, -np.inf)
        for middle, rows in chosen:
            best = float(scores[rows].max())
            scores[rows] = -np.inf
            scores[middle] = best
        return scores

    return stability(score, middles, len(local.occasions), generator, runs=int(number(parameters, "stability_runs")))


class _Areas:
    """Finds the smallest locality around a point."""

    def __init__(self, snapshot: Snapshot) -> None:
        shapes = shapely.from_wkb(list(snapshot.areas.boundaries))
        self.order = np.argsort(shapely.area(shapes), kind="stable") if len(shapes) else np.empty(0, dtype=np.int64)
        self.shapes, self.ids = shapes, snapshot.areas.ids

    def around(self, x: float, y: float) -> str | None:
        point = shapely.Point(x, y)
        return next((self.ids[row] for row in self.order if shapely.covers(self.shapes[row], point)), None)


def _flag(snapshot: Snapshot, run: _Run, rank: int, areas: _Areas) -> Flag:
    local, occasions = run.local, run.local.occasions
    places = np.unique(occasions.place[run.rows])
    area = areas.around(*occasions.xy[run.middle].tolist())
    subjects = tuple(snapshot.node_id(int(place)) for place in places[places >= 0])
    if not subjects and area is not None:
        subjects = (NodeId(f"locality:{area}"),)
    if not subjects:
        subjects = (snapshot.node_id(int(occasions.events[occasions.start[run.middle]])),)
    observed, expected = int(local.observed[run.middle]), float(local.expected[run.middle])
    reasons = _reasons(snapshot, run)
    first, last = (int(occasions.instant[run.rows[at]]) for at in (0, -1))
    details: dict[str, Plain] = {
        "score": float(sum(reason.contribution for reason in reasons)),
        "summary": _summary(run, subjects, first, last),
        "kind": occasions.kind,
        "observed": observed,
        "expected": expected,
        "relative_risk": observed / expected if expected > 0 else None,
        "log_likelihood_ratio": observed * float(np.log(observed / expected)) - observed + expected
        if expected > 0 else None,
        "p_value": run.p_value,
        "share_by_chance": run.share,
        "locality_ids": [] if area is None else [area],
        "from": moment(first).date().isoformat(),
        "to": moment(last).date().isoformat(),
        "centre": [round(float(value)) for value in occasions.xy[run.middle]],
        "whole": {"pairs": local.pairs, "expected": local.expected_pairs, "p_value": local.p_value},
        "not_known": _not_known(run),
    }  # fmt: skip
    return Flag(
        id=flag_id(SPEC.name, subjects, _key(snapshot, run)),
        detector=SPEC.name,
        subjects=subjects,
        strength=1.0 - run.share,
        band=Band.STRONG if run.p_value <= STRONG else Band.MODERATE if run.share <= MODERATE else Band.SLIGHT,
        rank=rank,
        stability=run.steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _summary(run: _Run, subjects: tuple[NodeId, ...], first: int, last: int) -> str:
    many = _WORDS[run.local.occasions.kind][1]
    where = listed([marker(subject) for subject in subjects[:3]])
    return (
        f"{len(run.rows)} occasions ({many}) near each other from {clock_day(first)} to {clock_day(last)}, at or in "
        f"{where}; {run.local.expected[run.middle] + 1:.1f} would be expected around any one of them. Consider what "
        "draws them there now, and who could make it safer in the next weeks."
    )


def _not_known(run: _Run) -> list[Plain]:
    said: list[Plain] = []
    repeated = int(run.local.occasions.repeated[run.rows].sum())
    if repeated:
        said.append(
            f"{count_of(repeated, 'further occasion')} of the same people within days "
            f"{'is' if repeated == 1 else 'are'} counted with the first of theirs."
        )
    bare = int((run.local.occasions.place[run.rows] < 0).sum())
    if bare:
        said.append(f"{count_of(bare, 'occasion')} with a point on the map only, no place by name.")
    return said


def _reasons(snapshot: Snapshot, run: _Run) -> tuple[Reason, ...]:
    """One reason an occasion, by time; the surprise is shared equally. Nobody is named."""
    occasions, reports = run.local.occasions, snapshot.nodes.report
    value = float(run.local.score[run.middle]) / len(run.rows)
    reasons = []
    for row in run.rows.tolist():
        events = occasions.events[occasions.start[row] : occasions.start[row + 1]]
        apart = float(np.hypot(*(occasions.xy[row] - occasions.xy[run.middle])))
        days = abs(float(occasions.day[row] - occasions.day[run.middle]))
        far = "the occasion in the middle" if row == run.middle else (
            f"{apart:.0f} metres and {count_of(round(days), 'day')} from the one in the middle"
        )  # fmt: skip
        at = f", at {marker(snapshot.node_id(int(occasions.place[row])))}" if occasions.place[row] >= 0 else ""
        records = f" ({count_of(len(events), 'record')} of one occasion)" if len(events) > 1 else ""
        rows = tuple(sorted({int(reports[event]) for event in events if reports[event] >= 0}))
        text = f"{clock_day(int(occasions.instant[row]))}: {_WORDS[occasions.kind][0]}{at}, {far}{records}"
        reasons.append(
            Reason(
                text + sources_words(snapshot, rows),
                value,
                (),
                event_ids(snapshot, events.tolist()),
                report_ids(snapshot, rows),
            )
        )
    return tuple(reasons)
