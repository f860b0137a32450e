"""Whether flags about children are fair where true risk is equal, and how often each band is right.

In the simulation ethnicity plays no part in who is drawn in, but some groups are recorded more often. So children of
these groups who are not at risk should be flagged no more often than others, whatever is recorded about them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analysis.derive import Roles, derive
from analysis.disproportionality_groups import characteristics
from analysis.equity import relative_rate
from analysis.outcomes import Outcome, Outcomes
from analysis.run import run
from bench.figures import Figure, read
from graph.flags import Band, Flag, FlagState
from graph.snapshot import Bool, Snapshot
from graph.vocabulary import vocabulary

#: groups that the simulation records more often at equal risk
OVER_RECORDED = ("BAFR", "BCRB", "BOTH", "MWBC", "MWBA")
DETECTOR = "peripheral_children"
QUESTION = "fairness of flags about children"
#: the ratio within .67 to 1.5: the smaller of it and its inverse at least .67
FAIR = 0.67


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Detection first, then the planted truth."""
    flags = run(DETECTOR, snapshot, {"stability_runs": 0}, seed).flags
    roles = derive(snapshot)
    at_risk = {row["person"] for row in read(truth, "members.csv") if row["role"] in ("child_hidden", "child_future")}
    figures = [*_fairness(snapshot, roles, flags, at_risk), *_calibration(flags, at_risk)]
    reviewed = _reviewed(flags, at_risk)
    figures += _told(snapshot, reviewed, seed)
    return figures


def _fairness(snapshot: Snapshot, roles: Roles, flags: tuple[Flag, ...], at_risk: set[str]) -> Iterator[Figure]:
    """False flags among children not at risk, of groups recorded more often over all others; beside the same for as
    many children by number of ties recorded, which is what counting would do."""
    well = roles.candidate.copy()
    row_of = snapshot.row_of
    well[[row_of[person] for person in at_risk if person in row_of]] = False
    flagged = np.zeros(len(snapshot), dtype=np.bool_)
    flagged[[row_of[flag.subjects[0]] for flag in flags]] = True
    start, _, _ = snapshot.incidence
    ties = np.where(roles.candidate, np.diff(start), -1)
    counted = np.zeros(len(snapshot), dtype=np.bool_)
    counted[np.argsort(-ties, kind="stable")[: len(flags)]] = True
    codes = [vocabulary("ethnicity").index[word] for word in OVER_RECORDED]
    over = np.isin(snapshot.nodes.ethnicity, codes)
    recorded = _recorded(snapshot, roles)
    for method, chosen in (("Kith", flagged), ("most ties", counted)):
        wrong = chosen & well
        rates = relative_rate(
            [(wrong & over).sum(), (wrong & ~over & recorded).sum()],
            [(well & over).sum(), (well & ~over & recorded).sum()],
            reference=1,
            smallest=1,
        )
        ratio = float(rates.ratio[0])
        yield Figure(QUESTION, method, "nearer to 1 of the ratio and its inverse", min(ratio, 1 / max(ratio, 1e-9)),
                     FAIR if method == "Kith" else None)  # fmt: skip
        for name, value in (("ratio", ratio), ("low end", float(rates.low[0])), ("high end", float(rates.high[0]))):
            yield Figure(QUESTION, method, f"false-flag relative rate, {name}", value)


def _recorded(snapshot: Snapshot, roles: Roles) -> Bool:
    """Whose ethnicity is recorded."""
    wide = characteristics(snapshot, roles)[0]
    recorded: Bool = wide.group_of < len(wide.groups) - 1
    return recorded


def _calibration(flags: tuple[Flag, ...], at_risk: set[str]) -> Iterator[Figure]:
    """Share of flags of each band that are true."""
    for band in Band:
        found = [flag.subjects[0] in at_risk for flag in flags if flag.band is band]
        if found:
            yield Figure("calibration by band", "Kith", f"share true, {band.value}", float(np.mean(found)))
            yield Figure("calibration by band", "Kith", f"flags, {band.value}", len(found))


def _reviewed(flags: tuple[Flag, ...], at_risk: set[str]) -> Outcomes:
    """Decisions as if every flag was reviewed rightly."""
    rows = [
        Outcome(
            flag.id, flag.detector, flag.band, flag.subjects,
            FlagState.ACCEPTED if flag.subjects[0] in at_risk else FlagState.DISMISSED,
        )
        for flag in flags
    ]  # fmt: skip
    return Outcomes(tuple(sorted(rows, key=lambda row: row.flag)))


def _told(snapshot: Snapshot, reviewed: Outcomes, seed: int) -> Iterator[Figure]:
    """What the product itself would show: how many rates by ethnicity and sex are said to stand out, of police contact
    (recorded more often for some groups by construction) and of the stages after it."""
    found = run("disproportionality", snapshot, {"stability_runs": 0}, seed, outcomes=reviewed)
    rows = {"contact": 0, "other stages": 0}
    for flag in found.flags:
        if flag.details["characteristic"] not in ("ethnicity", "sex"):
            continue
        tables = flag.details["tables"]
        assert isinstance(tables, list)
        for table in tables:
            assert isinstance(table, dict) and isinstance(table["rows"], list)
            marks = sum(bool(row["stands_out"]) for row in table["rows"] if isinstance(row, dict))
            rows["contact" if table["stage"] == "contact" else "other stages"] += marks
    for name, value in rows.items():
        yield Figure("disproportionality", "Kith", f"rates said to stand out, {name}", value)
