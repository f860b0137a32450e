"""Areas where more is recorded over a long time than the people at risk there would bring."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.areas_ground import (
    KINDS_MEANING,
    Ground,
    apart_words,
    children_by_area,
    children_of,
    ground_of,
    kinds_of,
    kinds_words,
    named_events,
    own_cautions,
    own_not_known,
    regional,
)
from analysis.derive import months_before
from analysis.hotspot_areas_scan import Finding, Layer, layer_of, rounds_of, stability_of
from analysis.scan_kernels import POISSON, likelihood_ratio
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.wording import count_of, expiry, listed, marker
from graph.flags import Band, Flag, Parameter, Plain, Reason
from graph.records import date_of, day_number
from graph.snapshot import Int64, Snapshot

SPEC = DetectorSpec(
    name="hotspot_areas",
    version="1.0",
    title="Areas where more is recorded than the people there would bring",
    question=(
        "In which areas, over a long time, is more harm and police contact recorded than the number of people who are "
        "there would lead one to expect?"
    ),
    method=(
        "All circles of neighbouring areas are compared with the people at risk in them (ambient exposure, not "
        "residents) by Kulldorff's scan statistic; one p-value answers for all circles tested. What is found is taken "
        "out and the rest compared once more, so that strong clusters do not hide weaker ones. Areas inside a circle "
        "whose own smoothed ratio is not raised are named apart. The map shows for every area the smoothed ratio and "
        "how it stands with its neighbours (Gi*)."
    ),
    parameters=(
        Parameter("events", "harm police", KINDS_MEANING),
        Parameter("window_months", 36, "How far back events count", "months", 3, 120),
        Parameter("max_fraction", 0.1, "Largest share of the people at risk inside a circle", None, 0.001, 0.5),
        Parameter("p_value", 0.05, "Largest p-value that is listed", None, 0.0001, 1),
        Parameter("minimum_ratio", 1.35, "Smoothed ratio from which an area counts as raised itself", None, 0, 20),
        Parameter("permutations", 999, "Replicates for the p-value", "replicates", 19, 99_999),
        Parameter("limit", 200, "Longest list", "flags", 1, 10_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the events left out", "runs", 0, 200),
    ),
    cautions=(
        "Recorded, not all harm: where police and services look more, more is recorded.",
        "The area is the subject, not the people who live there.",
        "Where a line between areas is drawn decides what is counted together; other boundaries, another picture.",
        "Counts of areas differ by more than chance for ordinary reasons; a small p-value alone is no reason to act.",
        "Small numbers: do not publish counts under 5; a map of areas can tell who a child is.",
    ),
    not_known=(
        "What happened and was not recorded, and how much of what is recorded comes from looking there.",
        "How many people are really at risk there: the exposure is an estimate.",
    ),
    would_clear=(
        "A known reason for many records (a station, a hospital, an operation that recorded everything), a wrong "
        "exposure, or places recorded at the wrong point."
    ),
    uses=(
        "boundaries and ambient exposure of localities (or recorded population)",
        "events of harm and police with the place or point where they happened",
        "which children are in them, to count different children",
    ),
    sources=(
        "M. Kulldorff, A spatial scan statistic, Communications in Statistics 26 (1997); here with areas that are not "
        "raised themselves taken out of the circle afterwards",
        "Z. Zhang, R. Assunção and M. Kulldorff, Spatial scan statistics adjusted for multiple clusters, Journal of "
        "Probability and Statistics (2010): clusters found are taken out and the rest is compared anew",
        "A. Getis and J. K. Ord, The analysis of spatial association, Geographical Analysis 24 (1992): Gi*",
        "R. J. Marshall, Mapping disease and mortality rates using empirical Bayes estimators, Applied Statistics 40 "
        "(1991): the smoothed ratio, global method of moments",
        "Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, Journal of the Royal Statistical Society "
        "B 57 (1995): significance of Gi*",
    ),
    method_page="hotspot_areas.md",
    expires_after=90,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker", "panel"}),
)
#: score (natural log units) from which evidence is called moderate and strong; the largest chance ratio is 8 to 10
MODERATE, STRONG = 12.0, 25.0


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for clusters of areas, best evidence first."""
    today = day_number(snapshot.as_at)
    since = months_before(snapshot.as_at, int(number(parameters, "window_months"))) + 1
    ground = ground_of(snapshot, parameters["events"], since, today)
    if ground is None:
        return ()
    progress(0.1, "comparing with the people at risk")
    findings: list[Finding] = []
    regions = regional(generator, ground)
    layer = layer_of(ground, regions)
    children = children_by_area(ground)
    for done, (rows, own) in enumerate(regions):

        def told(share: float, what: str, done: int = done) -> None:
            progress(0.1 + 0.6 * (done + share) / len(regions), what)

        findings += rounds_of(ground, rows, children, parameters, own, told)
    ids = [tuple(ground.areas.ids[row] for row in finding.areas) for finding in findings]
    order = sorted(range(len(findings)), key=lambda at: (-findings[at].ratio, ids[at]))
    chosen = [findings[at] for at in order[: int(number(parameters, "limit"))]]
    steady = stability_of(chosen, parameters, generator, progress)
    progress(0.95, "writing reasons")
    return tuple(
        _flag(ground, layer, finding, rank, steady[rank - 1], parameters, since, today)
        for rank, finding in enumerate(chosen, start=1)
    )


def _flag(
    ground: Ground,
    layer: Layer,
    finding: Finding,
    rank: int,
    steady: float | None,
    parameters: Mapping[str, Plain],
    since: int,
    today: int,
) -> Flag:
    reasons = _reasons(ground, finding)
    score = float(sum(reason.contribution for reason in reasons))
    subjects = tuple(ground.areas.subject(int(row)) for row in finding.areas)
    inside = ground.inside(finding.areas)
    children = children_of(ground, inside)
    without = _without(finding, len(children.largest))
    details = _figures(ground, finding, inside, children.distinct)
    said = f"{children.words} in them ({details['children_expected']:,.0f} would be expected)"
    details |= {
        "score": score,
        "from": date_of(since).isoformat(),
        "to": date_of(today).isoformat(),
        "without_largest_child": without,
        "layer": _shown(ground, layer, finding),
        "not_known": own_not_known(ground),
        "summary": _summary(finding, subjects, said, without, int(number(parameters, "window_months"))),
    }
    band = band_of(score, MODERATE, STRONG)
    least = number(parameters, "p_value")
    held = all(isinstance(p, float) and p <= least for p in (without["p_value"], details["children_p_value"]))
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
        cautions=SPEC.cautions + own_cautions(ground, finding.areas, children.distinct),
        expires_on=expiry(ground.snapshot.as_at, SPEC.expires_after),
        details=details,
    )


def _risk(observed: float, expected: float, total: float) -> float:
    """Relative risk inside against outside; without any event outside, against the expectation alone."""
    outside = total - observed
    inside = observed / expected
    return inside / (outside / (total - expected)) if outside > 0 else inside


def _figures(ground: Ground, finding: Finding, inside: Int64, distinct: int) -> dict[str, Plain]:
    region, cluster = finding.region, finding.cluster
    total = region.problem.total_cases
    share = finding.expected / total
    children = float(region.children.sum())
    among = likelihood_ratio(
        float(region.children[finding.raised].sum()), children * share, children, children, POISSON
    )
    aside = [position for position in cluster.members if position not in set(finding.raised.tolist())]
    kinds: dict[str, Plain] = {}
    whole = kinds_of(ground, ground.inside(region.rows))
    for word, many in kinds_of(ground, inside).items():
        kinds[word] = {"observed": many, "expected": whole[word] * share}
    return {
        "kind": "steady",
        "observed": int(finding.observed),
        "expected": finding.expected,
        "relative_risk": _risk(finding.observed, finding.expected, total),
        "log_likelihood_ratio": finding.ratio,
        "p_value": cluster.p_value,
        "locality_ids": [ground.areas.ids[row] for row in finding.areas.tolist()],
        "children": distinct,
        "children_expected": children * share,
        "children_p_value": region.scan.p_value(float(among) if children else 0.0),
        "kinds": kinds,
        "inside_not_raised": [ground.areas.ids[region.rows[position]] for position in aside],
        "circle_log_likelihood_ratio": cluster.log_likelihood_ratio,
        "windows": region.scan.windows,
        "denominator": "ambient exposure" if ground.areas.ambient else "recorded population",
        "touches_edge": bool(ground.areas.edge[finding.areas].any()),
    }


def _without(finding: Finding, events: int) -> dict[str, Plain]:
    """The figures without the events of the child who is in most of them."""
    total = finding.region.problem.total_cases - events
    observed = finding.observed - events
    expected = finding.expected * total / finding.region.problem.total_cases
    ratio = float(likelihood_ratio(observed, expected, total, total, POISSON)) if total > 0 else 0.0
    whole = finding.region.problem.total_cases
    circle = likelihood_ratio(
        finding.cluster.observed - events, finding.cluster.expected * total / whole, total, total, POISSON
    )
    return {
        "events_of_that_child": events,
        "observed": int(observed),
        "relative_risk": _risk(observed, expected, total) if expected > 0 else 0.0,
        "log_likelihood_ratio": ratio,
        "p_value": finding.region.scan.p_value(float(circle) if total > 0 else 0.0),
    }


def _shown(ground: Ground, layer: Layer, finding: Finding) -> list[Plain]:
    """Areas for the map. The region's likeliest circle brings all of them, others themselves and what touches them."""
    region = finding.region
    if len(region.whole) and finding.cluster is region.scan.clusters[0]:
        shown = region.whole
    else:
        members = np.array(finding.cluster.members, dtype=np.int64)
        shown = np.union1d(ground.areas.touching[finding.areas].indices, region.rows[members])
    return [
        {
            "locality": ground.areas.ids[row],
            "z": float(layer.z[row]),
            "ratio": float(layer.ratio[row]),
            "band": layer_band(float(layer.z[row]), float(layer.ratio[row]), bool(layer.significant[row])),
        }
        for row in shown.tolist()
    ]


def layer_band(z: float, ratio: float, significant: bool) -> str:
    """In a word: "high" stands with its neighbours at 5 % false discoveries, "raised" and "lower" by ratio alone."""
    if significant and z > 0:
        return "high"
    if ratio >= 1.25:
        return "raised"
    return "lower" if ratio <= 0.8 else "usual"


def _summary(
    finding: Finding, subjects: tuple[str, ...], children: str, without: Mapping[str, Plain], months: int
) -> str:
    named = [marker(subject) for subject in subjects[:3]]
    if len(subjects) > 3:
        named.append(count_of(len(subjects) - 3, "more area"))
    times = _risk(finding.observed, finding.expected, finding.region.problem.total_cases)
    less, p_less = without["relative_risk"], without["p_value"]
    tested = f"{finding.region.scan.windows:,}"
    return (
        f"{listed(named)}: {int(finding.observed):,} events in {months} months, with {children}; "
        f"{finding.expected:,.0f} events would be expected from the people who are there, so {times:.1f} times as many "
        f"as elsewhere. P-value {finding.cluster.p_value:.3g} after testing all {tested} circles; "
        f"without the child recorded most often it is {less:.1f} times, p-value {p_less:.3g}. Consider what makes harm "
        "likelier there and who could make it safer."
    )


def _reasons(ground: Ground, finding: Finding) -> tuple[Reason, ...]:
    """One for each area: its share of the log likelihood ratio.

    The ratio is observed x log(observed / expected) inside, and a term for all that is outside, which is shared out by
    what is expected.
    """
    region = finding.region
    counts, expected = region.problem.cases.ravel(), region.problem.weights.ravel()
    outside, rest = region.problem.total_cases - finding.observed, region.problem.total_cases - finding.expected
    term = outside * np.log(outside / rest) if outside > 0 else 0.0
    result = []
    for at in finding.raised.tolist():
        row = int(region.rows[at])
        here = ground.inside(np.array([row]))
        share = counts[at] * np.log(finding.observed / finding.expected) + term * expected[at] / finding.expected
        events, reports, more = named_events(ground, here)
        text = (
            f"{marker(ground.areas.subject(row))}: {count_of(int(counts[at]), 'event')} where {expected[at]:.1f} would "
            f"be expected from the people who are there ({kinds_words(ground, here)}), with "
            f"{children_of(ground, here).words} in them{more}{apart_words(ground, row)}"
        )
        result.append(Reason(text, float(share), (), events, reports))
    return tuple(sorted(result, key=lambda reason: (-reason.contribution, reason.text)))
