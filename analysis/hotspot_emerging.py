"""Areas where more is recorded in the last weeks than their own past makes likely."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.areas_ground import (
    KINDS_MEANING,
    Ground,
    apart_words,
    children_of,
    ground_of,
    kinds_of,
    kinds_words,
    named_events,
    own_cautions,
    own_not_known,
    regional,
)
from analysis.hotspot_emerging_scan import DAYS, Finding, findings_of, history_of, region_of, stability_of, trends
from analysis.hotspot_emerging_season import season_words
from analysis.scan_emerging import quasi_ratio
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.wording import count_of, expiry, listed, marker
from graph.flags import Band, Flag, Parameter, Plain, Reason
from graph.records import date_of, day_number
from graph.snapshot import Int64, Snapshot

SPEC = DetectorSpec(
    name="hotspot_emerging",
    version="1.0",
    title="Areas where more is recorded now than before",
    question="In which areas is more harm and police contact recorded in the last weeks than in their own past?",
    method=(
        "Circles of neighbouring areas and the last one to eight weeks are compared with what the same areas had in "
        "the two years before (never with the rest of the city, which would show its centre for ever). Counts that "
        "vary more than chance, and baselines from few records, are allowed for; one p-value answers for all windows "
        "tested. Areas inside a circle that do not grow themselves are named apart."
    ),
    parameters=(
        Parameter("events", "harm police", KINDS_MEANING),
        Parameter("history_months", 24, "Months before the last weeks that make the baseline", "months", 3, 120),
        Parameter("weeks", 8, "Longest window that ends today", "weeks", 1, 26),
        Parameter(
            "max_fraction",
            0.03,
            "Largest share of all expected events inside a circle (or that of five average areas, where it is more)",
            None,
            0.001,
            0.5,
        ),
        Parameter("p_value", 0.05, "Largest p-value that is listed", None, 0.0001, 1),
        Parameter(
            "minimum_evidence",
            1.25,
            "Log odds from which an area counts as growing itself, with its circle against its own past",
            "natural log units",
            -10,
            20,
        ),
        Parameter("permutations", 999, "Replicates for the p-value", "replicates", 19, 99_999),
        Parameter("limit", 200, "Longest list", "flags", 1, 10_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the events left out", "runs", 0, 200),
    ),
    cautions=(
        "Recorded, not all harm: an operation, a new recording system or one busy officer looks like growth.",
        "The area is the subject, not the people who live there.",
        "The baseline is the mean of the past, not of the same weeks: compare with school holidays and with Halloween "
        "and bonfire night.",
        "What is entered late is missing from the last weeks; what was entered late before is not.",
        "Small numbers: do not publish counts under 5; a map of areas can tell who a child is.",
    ),
    not_known=(
        "What happened and was not recorded; whether more happens or more is seen.",
        "Whether the growth began before the longest window.",
    ),
    would_clear=(
        "A known reason for more records in these weeks (an operation, an event, a holiday, a change of recording), "
        "one episode recorded many times, or the weeks after being as before."
    ),
    uses=(
        "boundaries of localities with an ambient exposure (or recorded population)",
        "events of harm and police with the place or point and the day on which they happened",
        "which children are in them, to count different children",
    ),
    sources=(
        "M. Kulldorff, Prospective time periodic geographical disease surveillance using a scan statistic, Journal of "
        "the Royal Statistical Society A 164 (2001): windows that end today",
        "D. B. Neill, Expectation-based scan statistics for monitoring spatial time series data, International Journal "
        "of Forecasting 25 (2009): each area against its own baseline",
        "T. Tango, K. Takahashi and K. Kohriyama, A space-time scan statistic for detecting emerging outbreaks, "
        "Biometrics 67 (2011): negative-binomial counts; here the Poisson ratio is divided by the over-dispersion",
        "Classes over time: emerging hot spot analysis as in ArcGIS and sfdep, Mann-Kendall test of the trend",
    ),
    method_page="hotspot_emerging.md",
    expires_after=28,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker", "panel"}),
)
#: score (natural log units) from which evidence is called moderate and strong; the largest chance ratio is 7 to 8
MODERATE, STRONG = 10.0, 18.0


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for growing clusters of areas, best evidence first."""
    today = day_number(snapshot.as_at)
    weeks, past = int(number(parameters, "weeks")), round(number(parameters, "history_months") * 52 / 12)
    since = today - DAYS * (weeks + past) + 1
    ground = ground_of(snapshot, parameters["events"], since, today)
    if ground is None:
        return ()
    progress(0.1, "comparing with the past")
    findings: list[Finding] = []
    regions = regional(generator, ground)
    for done, (rows, own) in enumerate(regions):

        def told(share: float, what: str, done: int = done) -> None:
            progress(0.1 + 0.6 * (done + share) / len(regions), what)

        history = history_of(ground, rows, today, weeks, past)
        region = None if history is None else region_of(history, parameters, own, told)
        if region is not None:
            findings += findings_of(region, region.history, parameters)
    ids = [tuple(ground.areas.ids[row] for row in finding.areas) for finding in findings]
    order = sorted(range(len(findings)), key=lambda at: (-findings[at].ratio, ids[at]))
    chosen = [findings[at] for at in order[: int(number(parameters, "limit"))]]
    steady = stability_of(chosen, parameters, generator, progress)
    progress(0.95, "writing reasons")
    words = trends(ground, chosen)
    return tuple(
        _flag(ground, finding, rank, steady[rank - 1], parameters, words, today)
        for rank, finding in enumerate(chosen, start=1)
    )


def _flag(
    ground: Ground,
    finding: Finding,
    rank: int,
    steady: float | None,
    parameters: Mapping[str, Plain],
    words: Mapping[int, str],
    today: int,
) -> Flag:
    since = today - DAYS * finding.weeks + 1
    reasons = _reasons(ground, finding, words, since)
    score = float(sum(reason.contribution for reason in reasons))
    subjects = tuple(ground.areas.subject(int(row)) for row in finding.areas)
    inside = ground.inside(finding.areas, since)
    children = children_of(ground, inside)
    without = _without(finding, len(children.largest))
    details = _figures(ground, finding, inside, children.distinct, words)
    details |= {
        "score": score,
        "from": date_of(since).isoformat(),
        "to": date_of(today).isoformat(),
        "without_largest_child": without,
        "not_known": own_not_known(ground),
        "summary": _summary(finding, subjects, children.words, without, int(number(parameters, "history_months"))),
    }
    band = band_of(score, MODERATE, STRONG)
    held = isinstance(without["p_value"], float) and without["p_value"] <= number(parameters, "p_value")
    if band is Band.STRONG and not held:
        band = Band.MODERATE
    key = "" if parameters["events"] == "harm police" else str(parameters["events"])
    return Flag(
        id=flag_id(SPEC.name, subjects, key),
        detector=SPEC.name,
        subjects=subjects,
        strength=float(-np.expm1(-score / STRONG)),
        band=band,
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions
        + own_cautions(ground, finding.areas, children.distinct, denominator=False)
        + season_words(date_of(since), date_of(today))
        + _everywhere(finding),
        expires_on=expiry(ground.snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _everywhere(finding: Finding) -> tuple[str, ...]:
    """Said when the whole region has more than usual in these weeks."""
    share = finding.everywhere
    if share < 1.15:
        return ()
    return (
        f"All areas of the region together have {share:.2f} times as much as usual in these weeks: part of the growth "
        "may be a season or a change of recording.",
    )


def _figures(
    ground: Ground, finding: Finding, inside: Int64, distinct: int, words: Mapping[int, str]
) -> dict[str, Plain]:
    region, cluster = finding.region, finding.cluster
    aside = [position for position in cluster.members if position not in set(finding.growing.tolist())]
    kinds: dict[str, Plain] = dict(kinds_of(ground, inside).items())
    trend: dict[str, Plain] = {ground.areas.ids[row]: words[row] for row in finding.areas.tolist()}
    return {
        "kind": "emerging",
        "emerging": True,
        "observed": int(finding.observed),
        "expected": finding.expected,
        "relative_risk": finding.observed / finding.expected,
        "log_likelihood_ratio": finding.ratio,
        "p_value": cluster.p_value,
        "locality_ids": [ground.areas.ids[row] for row in finding.areas.tolist()],
        "weeks": finding.weeks,
        "children": distinct,
        "kinds": kinds,
        "inside_not_growing": [ground.areas.ids[region.history.rows[position]] for position in aside],
        "circle_log_likelihood_ratio": cluster.log_likelihood_ratio,
        "windows": region.scan.windows,
        "variation": region.history.variation,
        "all_areas_relative": finding.everywhere,
        "same_weeks_of_earlier_years": [int(many) for many in finding.earlier],
        "trend": trend,
        "touches_edge": bool(ground.areas.edge[finding.areas].any()),
    }


def _without(finding: Finding, events: int) -> dict[str, Plain]:
    """The figures without the events of the child who is in most of them in these weeks."""
    observed = finding.observed - events
    circle = quasi_ratio(finding.cluster.observed - events, finding.cluster.expected, finding.circle_extra)
    return {
        "events_of_that_child": events,
        "observed": int(observed),
        "relative_risk": observed / finding.expected,
        "log_likelihood_ratio": float(quasi_ratio(observed, finding.expected, finding.extra)),
        "p_value": finding.region.scan.p_value(float(circle)),
    }


def _summary(
    finding: Finding, subjects: tuple[str, ...], children: str, without: Mapping[str, Plain], months: int
) -> str:
    named = [marker(subject) for subject in subjects[:3]]
    if len(subjects) > 3:
        named.append(count_of(len(subjects) - 3, "more area"))
    tested = f"{finding.region.scan.windows:,}"
    whose = "its" if len(subjects) == 1 else "their"
    return (
        f"{listed(named)}: {count_of(int(finding.observed), 'event')} with {children} in the last "
        f"{count_of(finding.weeks, 'week')}; {finding.expected:.1f} expected from {months} months of {whose} own "
        f"history. P-value {finding.cluster.p_value:.3g} after testing all {tested} windows; without the "
        f"child recorded most often it is {without['p_value']:.3g}. Consider what changed there and who could act "
        "early."
    )


def _reasons(ground: Ground, finding: Finding, words: Mapping[int, str], since: int) -> tuple[Reason, ...]:
    """One for each area: its share of the ratio, which is a sum over areas at the cluster's own growth."""
    history = finding.region.history
    counts, means = history.last(finding.weeks)
    growth = float(np.log(finding.observed / finding.expected))
    discount = finding.expected / (finding.expected + finding.extra)
    result = []
    for at in finding.growing.tolist():
        row = int(history.rows[at])
        here = ground.inside(np.array([row]), since)
        share = (counts[at] * growth - (counts[at] - means[at])) * discount
        events, reports, more = named_events(ground, here)
        what = f" ({kinds_words(ground, here)})" if len(here) else ""
        text = (
            f"{marker(ground.areas.subject(row))}: {count_of(int(counts[at]), 'event')} in the last "
            f"{count_of(finding.weeks, 'week')} where its own past gives {means[at]:.1f}{what}, with "
            f"{children_of(ground, here).words} in them{more}; over time: {words[row]}{apart_words(ground, row, since)}"
        )
        result.append(Reason(text, float(share), (), events, reports))
    return tuple(sorted(result, key=lambda reason: (-reason.contribution, reason.text)))
