"""The rates once more in words: shares beside shares, and each rate beside what chance alone would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.disproportionality_shares import Share, Shares, shares_of
from analysis.disproportionality_words import rate_words, ratio_words

#: rates below this are said in 1,000, others in 100
_OFTEN = 0.1


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One group, in words."""

    group: str
    share: str
    base_share: str
    #: share over base share; empty where it cannot be said
    index: str
    rate: str
    #: "18 to 32 in 1,000"
    limits: str
    #: "within", "above", "well below" ...; "unclear" when rounding could be all of a rate outside
    reading: str
    outside: bool


@dataclass(frozen=True, slots=True)
class ShareTable:
    """One stage out of one base."""

    title: str
    #: "children referred"
    base: str
    #: rate of all groups that are shown
    rate: str
    rows: tuple[ShareRow, ...]
    #: groups left out
    left_out: tuple[str, ...]


def share_tables(tables: Sequence[Mapping[str, Any]], groups: Mapping[int, str]) -> tuple[ShareTable, ...]:
    """Those of the tables in which two groups or more can be shown."""
    found = [(table, _shares(table)) for table in tables]
    return tuple(_table(table, shares, groups) for table, shares in found if shares is not None)


def shares_plain(tables: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same as numbers, for every table of which there is any."""
    return [
        {
            "stage": table["stage"],
            "base": table["base"],
            "detector": table["detector"],
            "adults": table["adults"],
            "rate": _rounded(shares.rate),
            "rows": [_plain(row) for row in shares.rows],
            "left_out": list(shares.left_out),
        }
        for table, shares in ((table, _shares(table)) for table in tables)
        if shares is not None
    ]


def _shares(table: Mapping[str, Any]) -> Shares | None:
    return shares_of(table["rows"], exact_base=table["base"] == "population")


def _table(table: Mapping[str, Any], shares: Shares, groups: Mapping[int, str]) -> ShareTable:
    return ShareTable(
        title=str(table["title"]),
        base=str(table["base_words"]),
        rate=rate_words(shares.rate),
        rows=tuple(_row(groups[row.group], row) for row in shares.rows if row.group in groups),
        left_out=tuple(groups[at] for at in shares.left_out if at in groups),
    )


def _row(group: str, row: Share) -> ShareRow:
    limits = ""
    if row.usual is not None:
        often = row.usual[1] >= _OFTEN
        low, high = (float(f"{end * (100 if often else 1000):.2g}") for end in row.usual)
        limits = f"{low:g} to {high:g} in {'100' if often else '1,000'}"
    reading = "" if row.usual is None else "within"
    if row.outside is not None:
        reading = f"well {row.outside}" if row.far else row.outside
    elif row.usual is not None and not row.usual[0] <= row.rate <= row.usual[1]:
        reading = "unclear"
    return ShareRow(
        group,
        _percent(row.share),
        _percent(row.base_share),
        "" if row.index is None else ratio_words(row.index),
        rate_words(row.rate),
        limits,
        reading,
        row.outside is not None,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.0995 or share == 0 else f"{100 * share:.1f}%"


def _plain(row: Share) -> dict[str, Any]:
    return {
        "group": row.group,
        "share": _rounded(row.share),
        "base_share": _rounded(row.base_share),
        "index": _rounded(row.index),
        "against_others": _rounded(row.against_others),
        "low": None if row.usual is None else _rounded(row.usual[0]),
        "high": None if row.usual is None else _rounded(row.usual[1]),
        "low_wide": None if row.wide is None else _rounded(row.wide[0]),
        "high_wide": None if row.wide is None else _rounded(row.wide[1]),
        "outside": row.outside,
        "far": row.far,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
