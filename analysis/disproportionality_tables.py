"""Tables of rates by group: counted, compared, and shown without small numbers.

Counts of people from 1 to 5 are hidden and others rounded to 5, and where one is hidden there is no total, so that
taking shown numbers from each other tells no hidden one. Rates and ratios are of the rounded counts: whoever has the
table can work them out and learns nothing else from them. A group whose count is hidden has no ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.derive import Roles
from analysis.disproportionality_counts import Counted, Stage
from analysis.disproportionality_groups import Characteristic, clustering
from analysis.equity import relative_rate
from graph.access.redact import ROUND_TO, suppressed_count
from graph.snapshot import Float64, Int64


@dataclass(frozen=True, slots=True)
class Cell:
    """One group at one stage. Counts are None from 1 to 5, else rounded to 5."""

    group: int
    count: int | None
    #: None also where no figure was loaded
    base: int | None
    #: count over base as shown; None where either is not
    rate: float | None
    #: records about those counted, for police contact and information only
    records: int | None
    #: families among those counted
    families: int | None
    #: of the counts as shown
    ratio: float | None
    low: float | None
    high: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Table:
    """One stage out of one base, by group."""

    stage: Stage
    #: "population", or the measure that the rates are out of
    base: str
    cells: tuple[Cell, ...]
    #: None where a group is hidden: with the total it could be told
    total: int | None
    total_base: int | None


def tables(counted: Counted, by: Characteristic, roles: Roles, *, level: float = 0.95) -> tuple[Table, ...]:
    """Every stage out of everybody (population, else those on record) and out of the stage before."""
    found = []
    for stage in counted.stages:
        if stage.adults and by.key in ("send", "looked_after"):
            continue
        population = by.adults if stage.adults else by.children
        everybody = "recorded_adults" if stage.adults else "recorded"
        if population is not None:
            found.append(_table(counted, by, roles, stage, stage.of_all, population, level))
        elif stage.before != everybody:
            found.append(_table(counted, by, roles, stage, stage.of_all, everybody, level))
        if stage.before is not None and stage.of_before is not None:
            found.append(_table(counted, by, roles, stage, stage.of_before, stage.before, level))
    return tuple(found)


def _table(
    counted: Counted,
    by: Characteristic,
    roles: Roles,
    stage: Stage,
    measure: str,
    base: str | Float64,
    level: float,
) -> Table:
    exact = _by_group(counted, by, measure)
    exact_base = _by_group(counted, by, base) if isinstance(base, str) else base
    counts = [suppressed_count(int(value)) for value in exact]
    # what lives in an area is public
    bases = [suppressed_count(round(float(value))) if isinstance(base, str) else round(value) for value in exact_base]
    families, wider = clustering(by.group_of, roles.household, counted.rows[measure], len(counts))
    told = _compared(counts, bases, by, np.round(wider, 1), level, sampled=isinstance(base, str))
    records = _records(counted, by) if measure == "contact" else None
    cells = tuple(
        Cell(
            group=at,
            count=counted_here,
            base=base_here if isinstance(base, str) or base_here else None,
            rate=None if counted_here is None or not base_here else counted_here / base_here,
            records=None if records is None or counted_here is None else suppressed_count(int(records[at])),
            families=suppressed_count(int(families[at])),
            ratio=told[at][0],
            low=told[at][1],
            high=told[at][2],
            p_value=told[at][3],
        )
        for at, (counted_here, base_here) in enumerate(zip(counts, bases, strict=True))
    )
    return Table(
        stage,
        base if isinstance(base, str) else "population",
        cells,
        None if None in counts else suppressed_count(int(exact.sum())),
        None if None in bases else suppressed_count(round(float(exact_base.sum()))),
    )


def _by_group(counted: Counted, by: Characteristic, measure: str) -> Int64:
    return np.bincount(by.group_of[counted.rows[measure]], minlength=len(by.groups)).astype(np.int64)


_Told = tuple[float | None, float | None, float | None, float | None]


def _compared(
    counts: Sequence[int | None],
    bases: Sequence[int | None],
    by: Characteristic,
    wider: Float64,
    level: float,
    *,
    sampled: bool,
) -> list[_Told]:
    """(ratio, low, high, p) of each group that is shown, beside the reference."""
    told: list[_Told] = [(None, None, None, None)] * len(counts)
    hidden = [count is None or base is None for count, base in zip(counts, bases, strict=True)]
    if by.reference is None or hidden[by.reference]:
        return told
    rates = relative_rate(
        [0 if gone or count is None else count for gone, count in zip(hidden, counts, strict=True)],
        [0 if gone or base is None else base for gone, base in zip(hidden, bases, strict=True)],
        reference=by.reference,
        level=level,
        smallest=1,
        sampled=sampled,
        clustering=wider,
        rounded_to=ROUND_TO,
    )
    columns = (rates.ratio, rates.low, rates.high, rates.p_value)
    for at in np.flatnonzero(~np.isnan(rates.ratio)).tolist():
        ratio, low, high, p_value = (float(column[at]) for column in columns)
        told[at] = (ratio, low, high, p_value)
    return told


def _records(counted: Counted, by: Characteristic) -> Float64:
    """Records about those counted, by group."""
    rows = counted.rows["contact"]
    found = np.bincount(by.group_of[rows], weights=counted.contacts[rows], minlength=len(by.groups))
    return found.astype(np.float64)
