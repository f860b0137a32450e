"""Tables of rates as plain JSON values, and what stands out in them as sentences."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.disproportionality_counts import Stage
from analysis.disproportionality_groups import NOT_RECORDED, Characteristic
from analysis.disproportionality_tables import Cell, Table
from analysis.equity import SMALLEST_SHOWN
from analysis.outcomes import Calibration
from analysis.wording import count_of, listed
from graph.flags import Plain
from graph.snapshot import Bool

#: what is said of people counted at a stage
_VERBS = {
    "contact": "recorded by police or as information",
    "referral": "referred",
    "opened": "opened to the hub",
    "flagged": "flagged",
    "confirmed": "confirmed at review",
    "not_confirmed": "flagged without a reviewer confirming it",
}
_TITLES = {
    "contact": "Recorded by police or as information",
    "referral": "Referred",
    "opened": "Open to the hub",
    "flagged": "Flagged now",
    "confirmed": "Confirmed at review",
    "not_confirmed": "Not confirmed at review",
}
#: rates below this are said in 1,000, others in 100
_OFTEN = 0.1


def base_words(base: str, *, adults: bool) -> str:
    """ "children referred": whom a rate is out of."""
    people = "adults" if adults else "children"
    start = base.partition(":")[0].removesuffix("_adults")
    return {
        "population": f"{people} living in the area",
        "recorded": f"{people} on record",
        "referred": f"{people} referred",
        "reviewed": f"{people} whose flags were reviewed",
    }[start]


def table_plain(table: Table, outstanding: Bool) -> dict[str, Plain]:
    """A table as it is kept with the flag; only what may be shown."""
    stage = table.stage
    rows: list[Plain] = [
        {
            "group": cell.group,
            "count": cell.count,
            "base": cell.base,
            "rate": _rounded(cell.rate),
            "records": cell.records,
            "families": cell.families,
            "ratio": _rounded(cell.ratio),
            "low": _rounded(cell.low),
            "high": _rounded(cell.high),
            "stands_out": bool(outstanding[cell.group]),
        }
        for cell in table.cells
    ]
    return {
        "stage": stage.key,
        "title": _TITLES[stage.key],
        "detector": stage.detector,
        "adults": stage.adults,
        "base": table.base.partition(":")[0].removesuffix("_adults"),
        "base_words": base_words(table.base, adults=stage.adults),
        "rows": rows,
        "total": table.total,
        "total_base": table.total_base,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def rate_words(share: float) -> str:
    """ "23 in 1,000" or "41 in 100"."""
    return f"{100 * share:.0f} in 100" if share >= _OFTEN else f"{float(f'{1000 * share:.2g}'):g} in 1,000"


def ratio_words(ratio: float) -> str:
    """Two decimals, one from 10 on."""
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.1f}"


def stage_words(stage: Stage) -> str:
    """What is said of people counted at a stage, with the detector whose flags they are."""
    said = _VERBS[stage.key]
    return said if stage.detector is None else f"{said} ({stage.detector.replace('_', ' ')})"


def reason_words(by: Characteristic, table: Table, cell: Cell) -> str:
    """One difference that stands out, with its interval and the counts it is of."""
    assert cell.ratio is not None and cell.low is not None and cell.high is not None and by.reference is not None
    group, reference = by.groups[cell.group].label, by.groups[by.reference].label
    if by.groups[cell.group].key == NOT_RECORDED:
        group = f"{by.title} not recorded"
    base = base_words(table.base, adults=table.stage.adults)
    counts = ""
    if cell.count is not None and cell.base and cell.rate is not None:
        counts = f": about {cell.count:,} of {cell.base:,} {base}, {rate_words(cell.rate)}"
    return (
        f"{group}: {stage_words(table.stage)} {ratio_words(cell.ratio)} times as often as "
        f"{reference}, interval {ratio_words(cell.low)} to {ratio_words(cell.high)}{counts}"
    )


def nothing_words(by: Characteristic) -> str:
    """What is said when nothing stands out."""
    return (
        f"{by.title}: no rate stands out beyond chance among the groups that are large enough to compare; this is no "
        "proof that there is no difference"
    )


def summary_words(by: Characteristic, found: Sequence[tuple[float, Table, Cell]]) -> str:
    """What is said first."""
    if not found:
        return f"{nothing_words(by)}."
    stages = list(dict.fromkeys(stage_words(table.stage) for _, table, _ in found))
    return (
        f"{by.title}: {count_of(len(found), 'rate')} {'stands' if len(found) == 1 else 'stand'} out beyond chance, "
        f"about who is {listed(stages[:3])}{' and more' if len(stages) > 3 else ''}."
    )


def calibration_plain(entries: Sequence[Calibration]) -> list[Plain]:
    """How often reviewers confirmed flags of each detector and band; counts from 1 to 5 on either side not shown."""
    told: list[Plain] = []
    for entry in entries:
        few = any(1 <= part < SMALLEST_SHOWN for part in (entry.confirmed, entry.reviewed - entry.confirmed))
        hidden = few or entry.share is None
        told.append(
            {
                "detector": entry.detector,
                "band": entry.band.value,
                "reviewed": None if 1 <= entry.reviewed < SMALLEST_SHOWN else entry.reviewed,
                "enough": entry.share is not None,
                "fewer": few,
                # which side is small may be said: it is what the band is watched for
                "mostly": None if entry.share is None or not few else entry.share > 0.5,
                "share": None if hidden else _rounded(entry.share),
                "low": None if hidden else _rounded(entry.low),
                "high": None if hidden else _rounded(entry.high),
            }
        )
    return told
