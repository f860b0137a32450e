"""Who is referred, opened and flagged: rates by group at each stage, and whether flags are fair to each group."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.derive import Roles, derive
from analysis.disproportionality_counts import Counted, Records, count, records
from analysis.disproportionality_groups import Characteristic, characteristics
from analysis.disproportionality_tables import Cell, Table, tables
from analysis.disproportionality_words import (
    calibration_plain,
    nothing_words,
    reason_words,
    summary_words,
    table_plain,
)
from analysis.equity import false_discovery_control
from analysis.outcomes import NO_OUTCOMES, Outcomes, calibration
from analysis.spec import DetectorSpec, Progress, flag_id, number, quiet, switch
from analysis.wording import expiry
from graph.flags import Band, Flag, Parameter, Plain, Reason
from graph.snapshot import Bool, Snapshot

SPEC = DetectorSpec(
    name="disproportionality",
    version="1.0",
    title="Who is referred, opened and flagged",
    question=(
        "Are children of some groups referred, opened to the hub, flagged or flagged wrongly at other rates than "
        "others, by ethnicity, sex, special educational needs and being looked after?"
    ),
    method=(
        "Children aged 10 to 17 are counted once at each stage: recorded by police or as information, referred, open "
        "to the hub, flagged, confirmed or not confirmed at review. Each group's rate, out of the children living in "
        "the area and out of those of the stage before, is divided by the rate of the largest group, with an interval "
        "that is wider where several children are of one family. What stands out is what false discovery control lets "
        "through among all comparisons. Counts from 1 to 5 are hidden and others rounded to 5."
    ),
    parameters=(
        Parameter("lookback_months", 24, "How far back records count", "months", 1, 120),
        Parameter("level", 0.95, "Level of the intervals", None, 0.5, 0.999),
        Parameter("detail", True, "Show ethnicity in detail as well, where numbers are large enough"),
        Parameter("stability_runs", 20, "Repeats with a fifth of the records left out", "runs", 0, 200),
    ),
    cautions=(
        "A difference in rates is a question about what services do, not a finding about a group.",
        "Rates out of the population mix all stages before: look at each stage out of the one before as well.",
        "Not recorded is a group here. Where many are not recorded, every other rate may be too low.",
        "A ratio means nothing without its interval; small groups have wide ones.",
    ),
    not_known=(
        "How much harm there is in each group: a rate above another may be right, too high or too low.",
        "Whether a child is looked after elsewhere: without such an episode it counts as not looked after.",
        "What people would have said themselves: ethnicity and needs are as somebody recorded them.",
    ),
    would_clear=(
        "Somebody accountable looked at how the stage works for this group and wrote down what they found: a different "
        "need, a different practice, or a fault in recording."
    ),
    uses=(
        "dates of birth",
        "ethnicity",
        "sex",
        "special educational needs and disability",
        "episodes (open to the hub, looked after)",
        "parts taken in events (referrals, police contact, information)",
        "populations by age, sex and ethnicity",
        "flags and what reviewers decided about them",
        "households, so that families are not counted as if they were strangers",
    ),
    sources=(
        "Office of Juvenile Justice and Delinquency Prevention, Disproportionate Minority Contact Technical Assistance "
        "Manual, 4th edition (2009): relative rates stage by stage",
        "D. Katz and others, Biometrics 34 (1978): the log interval; C. Clopper and E. Pearson, Biometrika 26 (1934): "
        "the exact one",
        "D. Spiegelhalter, Statistics in Medicine 24 (2005): funnel limits for many groups",
        "Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995): many comparisons at once",
    ),
    method_page="disproportionality.md",
    expires_after=120,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "governance", "panel"}),
    needs_outcomes=True,
)
#: nearer end of the interval, as a ratio, from which a difference is called strong
STRONG_RATIO = 1.5
#: share of records left out in repeats
LEFT_OUT = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """All tables of one characteristic."""

    by: Characteristic
    tables: tuple[Table, ...]
    #: by table: which groups stand out
    outstanding: tuple[Bool, ...]

    def reasons(self) -> list[tuple[float, Table, Cell]]:
        """What stands out in the tables that count, largest first: distance of the nearer end from 1, on log scale."""
        several = any(table.stage.detector is not None for table in self.tables if not table.stage.adults)
        found = [
            (_distance(cell), table, cell)
            for table, marked in zip(self.tables, self.outstanding, strict=True)
            if _counts(table, several)
            for cell in table.cells
            if marked[cell.group]
        ]
        return sorted(found, key=lambda item: -item[0])


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
    outcomes: Outcomes = NO_OUTCOMES,
) -> tuple[Flag, ...]:
    """One flag a characteristic, with all its tables, whether anything stands out or not."""
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    progress(0.2, "counting people at each stage")
    found = records(snapshot, roles, outcomes, months=int(number(parameters, "lookback_months")))
    groups = characteristics(snapshot, roles)
    counted = count(snapshot, roles, found, outcomes)
    level = number(parameters, "level")
    compared = compare(counted, groups, roles, level=level, detail=switch(parameters, "detail"))
    progress(0.4, "leaving out records")
    runs = int(number(parameters, "stability_runs"))
    again = dict.fromkeys(compared, 0)
    for run in range(runs):
        for name, repeated in _repeat(snapshot, roles, groups, found, outcomes, generator, level).items():
            again[name] += bool(repeated.reasons())
        progress(0.4 + 0.5 * (run + 1) / runs, "leaving out records")
    confirmed = calibration_plain(calibration(outcomes, level=level))
    made = [
        _flag(
            compared[by.key], compared.get(f"{by.key}_detail"), snapshot, parameters, confirmed,
            again[by.key] / runs if runs else None,
        )
        for by in groups
        if not by.key.endswith("_detail")
    ]  # fmt: skip
    made.sort(key=lambda flag: (-flag.strength, flag.id))
    return tuple(dataclasses.replace(flag, rank=rank) for rank, flag in enumerate(made, start=1))


def compare(
    counted: Counted, groups: Sequence[Characteristic], roles: Roles, *, level: float = 0.95, detail: bool = True
) -> dict[str, Compared]:
    """Tables of every characteristic; what stands out is judged over all comparisons together."""
    made: dict[str, tuple[Table, ...]] = {}
    for by in groups:
        detailed = by.key.endswith("_detail")
        if detail or not detailed:
            every = tables(counted, by, roles, level=level)
            made[by.key] = tuple(table for table in every if not detailed or table.stage.detector is None)
    values = [
        math.nan if cell.p_value is None or cell.group == by.reference else cell.p_value
        for by in groups
        for table in made.get(by.key, ())
        for cell in table.cells
    ]
    passing = false_discovery_control(np.array(values), 1 - level).tolist()
    compared, at = {}, 0
    for by in groups:
        outstanding = []
        for table in made.get(by.key, ()):
            marks = passing[at : at + len(table.cells)]
            at += len(table.cells)
            beyond = [mark and _distance(cell) > 0 for mark, cell in zip(marks, table.cells, strict=True)]
            outstanding.append(np.array(beyond, dtype=np.bool_))
        if by.key in made:
            compared[by.key] = Compared(by, made[by.key], tuple(outstanding))
    return compared


def _counts(table: Table, several: bool) -> bool:
    """Whether what stands out in a table is a reason: each stage once, out of the base that isolates it."""
    stage = table.stage
    if stage.key == "confirmed":
        return False
    if several and stage.key in ("flagged", "not_confirmed") and not stage.adults and stage.detector is None:
        return False
    return stage.before is None or table.base == stage.before


def _distance(cell: Cell) -> float:
    if cell.low is None or cell.high is None or cell.low <= 0:
        return 0.0
    return max(math.log(cell.low), -math.log(cell.high), 0.0)


def _repeat(
    snapshot: Snapshot,
    roles: Roles,
    groups: Sequence[Characteristic],
    found: Records,
    outcomes: Outcomes,
    generator: np.random.Generator,
    level: float,
) -> dict[str, Compared]:
    keep = generator.random(len(outcomes.rows)) >= LEFT_OUT
    some = Outcomes(tuple(row for row, kept in zip(outcomes.rows, keep.tolist(), strict=True) if kept))
    counted = count(snapshot, roles, found.without(LEFT_OUT, generator), some)
    return compare(counted, groups, roles, level=level, detail=False)


def _flag(
    compared: Compared,
    detail: Compared | None,
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    confirmed: list[Plain],
    again: float | None,
) -> Flag:
    by, found = compared.by, compared.reasons()
    reasons = tuple(Reason(reason_words(by, table, cell), distance) for distance, table, cell in found)
    largest = found[0][0] if found else 0.0
    details: dict[str, Plain] = {
        "score": math.fsum(distance for distance, _, _ in found),
        "summary": summary_words(by, found),
        "as_at": snapshot.as_at.isoformat(),
        "characteristic": by.key,
        "title": by.title,
        "level": number(parameters, "level"),
        "months": int(number(parameters, "lookback_months")),
        "reference": None if by.reference is None else by.groups[by.reference].label,
        "groups": [group.label for group in by.groups],
        "tables": [
            table_plain(table, marks) for table, marks in zip(compared.tables, compared.outstanding, strict=True)
        ],
        "calibration": confirmed,
    }
    if detail is not None:
        details["detail"] = {
            "reference": None if detail.by.reference is None else detail.by.groups[detail.by.reference].label,
            "groups": [group.label for group in detail.by.groups],
            "tables": [
                table_plain(table, marks) for table, marks in zip(detail.tables, detail.outstanding, strict=True)
            ],
        }
    band = Band.SLIGHT if not found else Band.STRONG if largest >= math.log(STRONG_RATIO) else Band.MODERATE
    return Flag(
        id=flag_id(SPEC.name, (), by.key),
        detector=SPEC.name,
        subjects=(),
        strength=1 - math.exp(-largest),
        band=band,
        rank=0,
        stability=again if found else None,
        reasons=reasons or (Reason(nothing_words(by), 0.0),),
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(snapshot.as_at, SPEC.expires_after),
        details=details,
    )
