"""Children not open to the hub who were drawn in: Kith's list beside counts, one step and personalised PageRank."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.derive import Roles, derive
from analysis.peripheral_evidence import expose, gather, recorded_otherwise, together
from analysis.peripheral_listing import log_odds_of
from analysis.peripheral_own import own_circumstances
from analysis.peripheral_second import walk
from analysis.registry import detector
from analysis.run import checked, run
from analysis.spec import number
from analysis.stability import top_overlap
from bench.figures import Figure, average_precision, precision, ranked, read
from bench.naive import naive_lists
from graph.snapshot import Bool, Float64, Snapshot
from graph.vocabulary import vocabulary

QUESTION = "peripheral_children"
BARS = {"P@50": 0.90, "AP": 0.48}
#: groups whom the simulation records more often at equal true risk
OVER_RECORDED = ("BAFR", "BCRB", "BOTH", "MWBC", "MWBA")


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Hidden and future children of the rings are what there is to be found."""
    shipped = run(QUESTION, snapshot, {}, seed).flags
    roles = derive(snapshot)
    parameters = checked(detector(QUESTION), {})
    evidence = gather(snapshot, roles, parameters)
    whole = np.ones(len(snapshot.ties.source), dtype=np.bool_)
    found = together(evidence, whole)
    exposed = expose(evidence, whole, found)
    own, _ = own_circumstances(evidence)
    much = -np.log1p(recorded_otherwise(evidence, exposed) / number(parameters, "typical"))
    least = number(parameters, "minimum_score")

    def score(ties: Bool) -> Float64:
        return log_odds_of(expose(evidence, ties).score, own + much, least)

    # the whole list, without writing the reasons of thousands; its beginning is what the product gives
    flags = _by(snapshot, log_odds_of(exposed.score, own + much, least))
    assert flags[: len(shipped)] == [str(flag.subjects[0]) for flag in shipped]
    plain = _by(snapshot, log_odds_of(exposed.score, much, least))
    overlap = top_overlap(score, len(whole), np.random.default_rng(seed))
    lists = {
        "Kith": flags,
        "Kith without own circumstances": plain,
        "personalised PageRank on ties and validated co-missing": ranked(
            snapshot, walk(evidence, found), evidence.targets.astype(np.float64)
        ),
        **naive_lists(snapshot, roles)[QUESTION],
    }
    right = {row["person"] for row in read(truth, "members.csv") if row["role"] in ("child_hidden", "child_future")}
    figures = []
    for method, items in lists.items():
        # the bars are about whole populations: a hub has fewer children to find than 50
        bars = BARS if method == "Kith" and len(right) >= 50 else {}
        figures += _precision(method, items, right, bars)
        figures.append(Figure(QUESTION, method, "AUC", _area(items, right, snapshot, roles)))
    figures += _fairness(snapshot, roles, flags, right)
    steady = [flag.stability or 0.0 for flag in shipped[:50]]
    figures += [
        Figure(QUESTION, "Kith", "overlap of the first 50 without a fifth of the ties", overlap, 0.65),
        Figure(QUESTION, "Kith", "mean stability of the first 50", sum(steady) / max(len(steady), 1)),
    ]
    for band in ("strong", "moderate", "slight"):
        of_band = [str(flag.subjects[0]) for flag in shipped if flag.band.value == band]
        if of_band:
            share = precision(of_band, right, len(of_band))
            figures.append(Figure(QUESTION, "Kith", f"share right, band {band}", share))
    return figures


def _by(snapshot: Snapshot, score: Float64) -> list[str]:
    """Ids by score, then id; minus infinity is not listed. Rows are sorted by id."""
    rows = np.flatnonzero(np.isfinite(score))
    return [str(snapshot.node_id(int(row))) for row in rows[np.lexsort((rows, -score[rows]))]]


def _precision(method: str, items: Sequence[str], right: set[str], bars: dict[str, float]) -> list[Figure]:
    """Precision at what a panel reads in a week, and over the whole list."""
    values = {f"P@{first}": precision(items, right, first) for first in (20, 50)}
    values["AP"] = average_precision(items, right)
    return [Figure(QUESTION, method, name, value, bars.get(name)) for name, value in values.items()]


def _area(items: Sequence[str], right: set[str], snapshot: Snapshot, roles: Roles) -> float:
    """Area under the curve among all candidates, who is not listed last: never to be read without the precision."""
    candidates = int(roles.candidate.sum())
    wrong = candidates - sum(snapshot.row_of.get(item) is not None for item in right)
    below, passed, listed = 0.0, 0, 0
    for item in items:
        if item in right:
            listed += 1
            below += wrong - passed
        else:
            passed += 1
    below += (len(right) - listed) * (wrong - passed) / 2
    return below / max(len(right) * wrong, 1)


def _fairness(snapshot: Snapshot, roles: Roles, flags: Sequence[str], right: set[str]) -> list[Figure]:
    """False-flag rate of the groups recorded more often over that of all others, among candidates not drawn in."""
    codes = vocabulary("ethnicity").index
    over = np.isin(snapshot.nodes.ethnicity, [codes[code] for code in OVER_RECORDED])
    drawn_in = np.zeros(len(snapshot), dtype=np.bool_)
    drawn_in[[snapshot.row_of[item] for item in right if item in snapshot.row_of]] = True
    among = roles.candidate & ~drawn_in
    figures = []
    for first in (200, 500):
        flagged = np.zeros(len(snapshot), dtype=np.bool_)
        flagged[[snapshot.row_of[item] for item in flags[:first]]] = True
        rates = [float((flagged & among & group).sum()) / max(int((among & group).sum()), 1) for group in (over, ~over)]
        ratio = rates[0] / rates[1] if rates[1] else float("nan")
        name = f"false-flag relative rate, first {first}"
        figures.append(Figure(QUESTION, "Kith", f"{name} (.67 to 1.5)", ratio))
        even = min(ratio, 1 / ratio) if ratio > 0 else 0.0
        figures.append(Figure(QUESTION, "Kith", f"{name}, smaller over larger", even, 0.67 if first == 200 else None))
    return figures
