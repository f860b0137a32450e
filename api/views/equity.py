"""The page about groups: what stands out, every rate with its interval, and how often flags are confirmed."""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.disproportionality_words import rate_words, ratio_words
from analysis.outcomes import Calibration, calibration_of, outcomes_of
from analysis.registry import DETECTORS
from api.views.equity_shares import ShareTable, share_tables
from api.views.flags import detector_title
from api.views.words import day_words
from graph.access.gate import Gate
from graph.flags import Flag
from graph.store import Lens, StoredFlag

#: order in which the characteristics are offered
_ORDER = ("ethnicity", "ethnicity_detail", "sex", "send", "looked_after")
#: stages of the first table and the picture, each out of the base that isolates it
_GLANCE = ("contact", "referral", "opened", "flagged", "not_confirmed")
_SHORT = {
    "contact": "Recorded by police",
    "referral": "Referred",
    "opened": "Opened, of those referred",
    "flagged": "Flagged, of those on record",
    "not_confirmed": "Not confirmed, of those reviewed",
}
_FEW = "fewer than 6"
#: characteristics all of whose groups are listed, also those of which there is nobody
_WHOLE = frozenset(_ORDER) - {"ethnicity_detail"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A characteristic to choose, and whether it is the one shown."""

    url: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RateRow:
    """One group in one table, in words."""

    group: str
    count: str
    base: str
    rate: str
    #: "1.36 (1.21 to 1.52)", "reference" or why there is none
    ratio: str
    stands_out: bool
    families: str


@dataclass(frozen=True, slots=True)
class RateTable:
    caption: str
    rows: tuple[RateRow, ...]
    #: empty where a group is hidden
    total: str


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage with its tables."""

    title: str
    tables: tuple[RateTable, ...]


@dataclass(frozen=True, slots=True)
class GlanceRow:
    group: str
    #: (words, stands out) by stage
    cells: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class ConfirmedRow:
    detector: str
    band: str
    reviewed: str
    words: str


@dataclass(frozen=True, slots=True)
class EquityView:
    """Everything on the page for one characteristic."""

    as_at: str
    months: int
    title: str
    reference: str
    columns: tuple[str, ...]
    glance: tuple[GlanceRow, ...]
    svg: str
    stages: tuple[StageView, ...]
    #: the tables of the first one as shares, with the limits of chance
    shares: tuple[ShareTable, ...]
    #: stages of one detector's flags each
    by_detector: tuple[StageView, ...]
    confirmed: tuple[ConfirmedRow, ...]


def choices(flags: Sequence[StoredFlag], chosen: str) -> list[Choice]:
    """The characteristics there are tables of."""
    there = _tables_of(flags)
    return [Choice(f"/equity?by={key}", str(there[key]["title"]), key == chosen) for key in _ORDER if key in there]


def chosen_key(flags: Sequence[StoredFlag], asked: str) -> str | None:
    """The one asked for when there is such, else the first; None when nothing has been worked out yet."""
    there = _tables_of(flags)
    return asked if asked in there else next((key for key in _ORDER if key in there), None)


def standing_out(flags: Sequence[StoredFlag]) -> list[str]:
    """What stands out in any characteristic, strongest first."""
    found = [
        (-reason.contribution, reason.text)
        for stored in flags
        for reason in stored.flag.reasons
        if reason.contribution > 0
    ]
    return [text for _, text in sorted(found)]


def equity_view(flags: Sequence[StoredFlag], key: str) -> EquityView:
    """The tables of one characteristic in words."""
    part = _tables_of(flags)[key]
    tables: list[dict[str, Any]] = part["tables"]
    labels: list[str] = part["groups"]
    # in detail only those of whom there is anybody, and always those not recorded, who come last
    groups = {
        at: label for at, label in enumerate(labels) if key in _WHOLE or at == len(labels) - 1 or _anybody(tables, at)
    }
    reference = part["reference"]
    whole = [table for table in tables if table["detector"] is None]
    glance = [table for stage in _GLANCE for table in whole if table["stage"] == stage and _isolates(table, whole)]
    return EquityView(
        as_at=day_words(dt.date.fromisoformat(str(part["as_at"]))),
        months=int(part["months"]),
        title=str(part["title"]),
        reference=str(reference) if reference else "",
        columns=tuple(_SHORT[table["stage"]] for table in glance),
        glance=tuple(_glance_row(at, label, glance, reference) for at, label in groups.items()),
        svg=forest_svg(str(part["title"]), groups, glance, reference),
        stages=_stages(whole, groups, reference),
        shares=share_tables(glance, groups),
        by_detector=_stages([table for table in tables if table["detector"] is not None], groups, reference),
        confirmed=_confirmed(part["calibration"]),
    )


def _anybody(tables: Sequence[Mapping[str, Any]], at: int) -> bool:
    """Whether anybody of the group lives in the area or is on record."""
    return any(table["rows"][at]["count"] != 0 or table["rows"][at]["base"] not in (0, None) for table in tables)


def confirmed_like(gate: Gate, flag: Flag) -> Calibration:
    """How often reviewers confirmed flags of this detector and band, of the flags this actor may see; its ``words``
    are for the page of a flag."""
    return calibration_of(outcomes_of((), gate.reviewed_flags(Lens())), flag.detector, flag.band)


def _tables_of(flags: Sequence[StoredFlag]) -> dict[str, dict[str, Any]]:
    """Tables by key of the characteristic; those in detail stand on their own."""
    found: dict[str, dict[str, Any]] = {}
    for stored in flags:
        details: Mapping[str, Any] = stored.flag.details
        if "tables" not in details:
            continue
        found[str(details["characteristic"])] = dict(details)
        if isinstance(details.get("detail"), dict):
            title = f"{details['title']} in detail"
            found[f"{details['characteristic']}_detail"] = {**details, "title": title, **details["detail"]}
    return found


def _isolates(table: Mapping[str, Any], tables: Sequence[Mapping[str, Any]]) -> bool:
    """Out of the stage before, where there is such a table."""
    last = [other for other in tables if other["stage"] == table["stage"]][-1]
    return table is last


def _glance_row(at: int, label: str, tables: Sequence[Mapping[str, Any]], reference: object) -> GlanceRow:
    cells = [(_ratio(table, at, label == reference), bool(table["rows"][at]["stands_out"])) for table in tables]
    return GlanceRow(label, tuple(cells))


def _ratio(table: Mapping[str, Any], at: int, is_reference: bool) -> str:
    row = table["rows"][at]
    if is_reference:
        return "compared with" if row["count"] is not None else _FEW
    if row["ratio"] is not None:
        return f"{ratio_words(row['ratio'])} ({ratio_words(row['low'])} to {ratio_words(row['high'])})"
    if row["count"] is None or (row["base"] is None and table["base"] != "population"):
        return _FEW
    return "no figure" if row["base"] is None else "none to compare"


def _stages(tables: Sequence[Mapping[str, Any]], groups: Mapping[int, str], reference: object) -> tuple[StageView, ...]:
    views: dict[str, list[RateTable]] = {}
    for table in tables:
        title = str(table["title"])
        if table["detector"] is not None:
            title = f"{detector_title(str(table['detector']))}: {title[0].lower()}{title[1:]}"
        views.setdefault(title, []).append(_rate_table(table, groups, reference))
    return tuple(StageView(title, tuple(found)) for title, found in views.items())


def _rate_table(table: Mapping[str, Any], groups: Mapping[int, str], reference: object) -> RateTable:
    rows = tuple(
        RateRow(
            group=label,
            count=_number(row["count"]),
            base=_number(row["base"], "no figure" if table["base"] == "population" else _FEW),
            rate="" if row["rate"] is None else rate_words(row["rate"]),
            ratio=_ratio(table, at, label == reference),
            stands_out=bool(row["stands_out"]),
            families=_number(row["families"]),
        )
        for at, label, row in ((at, label, table["rows"][at]) for at, label in groups.items())
    )
    return RateTable(f"Out of {table['base_words']}", rows, _number(table["total"], ""))


def _number(count: int | None, otherwise: str = _FEW) -> str:
    return otherwise if count is None else f"{count:,}"


def _confirmed(entries: Sequence[Mapping[str, Any]]) -> tuple[ConfirmedRow, ...]:
    return tuple(
        ConfirmedRow(
            detector_title(str(entry["detector"])),
            str(entry["band"]),
            _number(entry["reviewed"]),
            _confirmed_words(entry),
        )
        for entry in entries
        if entry["detector"] in DETECTORS
    )


def _confirmed_words(entry: Mapping[str, Any]) -> str:
    if not entry["enough"]:
        return "Too few reviewed to say"
    if entry["share"] is None:
        return f"All but {_FEW} confirmed" if entry["mostly"] else f"{_FEW.capitalize()} confirmed"
    share, low, high = (round(100 * float(entry[name])) for name in ("share", "low", "high"))
    return f"Of 100 flagged like this, reviewers confirmed {share} (interval {low} to {high})"


# -- picture -----------------------------------------------------------------------------------------------------------
#: left end of the axis, its width, and height of a row, in units of the picture
_LEFT, _WIDE, _ROW = 300.0, 420.0, 26.0
_TICKS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def forest_svg(title: str, groups: Mapping[int, str], tables: Sequence[Mapping[str, Any]], reference: object) -> str:
    """Every ratio of the first table as a point with its interval, on a log scale; nothing when there is none.

    Presentation attributes only, so that a strict content policy lets it through; the table says the same.
    """
    rows = [
        (
            label,
            [(str(table["stage"]), table["rows"][at]) for table in tables if table["rows"][at]["ratio"] is not None],
        )
        for at, label in groups.items()
        if label != reference
    ]
    rows = [(label, found) for label, found in rows if found]
    if not rows:
        return ""
    ends = [float(value) for _, found in rows for _, row in found for value in (row["low"], row["high"]) if value > 0]
    reach = min(max(max(abs(math.log(end)) for end in ends), math.log(2)) * 1.05, math.log(8))

    def across(ratio: float) -> float:
        place = math.log(max(ratio, 1e-9)) / reach
        return _LEFT + _WIDE * (0.5 + 0.5 * max(-1.0, min(1.0, place)))

    parts, top = [], 30.0
    for label, found in rows:
        parts.append(_text(0, top + 5, label, weight="bold"))
        top += _ROW
        for stage, row in found:
            parts.append(_interval(row, across, top))
            parts.append(_text(16, top + 5, _SHORT[stage]))
            numbers = f"{ratio_words(row['ratio'])} ({ratio_words(row['low'])} to {ratio_words(row['high'])})"
            parts.append(_text(_LEFT + _WIDE + 16, top + 5, numbers, weight="bold" if row["stands_out"] else None))
            top += _ROW
        top += 8
    ticks = [tick for tick in _TICKS if abs(math.log(tick)) <= reach]
    axis = "".join(_tick(across(tick), tick, top) for tick in ticks)
    name = html.escape(f"{title}: ratios to {reference} with their intervals. The table above says the same.")
    return (
        f'<svg class="kith-forest" viewBox="0 0 900 {top + 30:.0f}" role="img" aria-label="{name}">'
        f"{axis}{''.join(parts)}</svg>"
    )


def _interval(row: Mapping[str, Any], across: Any, top: float) -> str:
    """A point with its line; darker and filled where it stands out."""
    marked = row["stands_out"]
    ink, width, fill = ("#12303b", 4, "#12303b") if marked else ("#6b7a83", 2, "#fff")
    return (
        f'<path d="M{across(row["low"]):.1f} {top:.1f}H{across(row["high"]):.1f}" stroke="{ink}" '
        f'stroke-width="{width}"/><circle cx="{across(row["ratio"]):.1f}" cy="{top:.1f}" r="6" fill="{fill}" '
        f'stroke="{ink}" stroke-width="2"/>'
    )


def _tick(at: float, ratio: float, bottom: float) -> str:
    dashed = "" if ratio == 1 else ' stroke-dasharray="2 4"'
    return (
        f'<path d="M{at:.1f} 8V{bottom:.1f}" stroke="#8b949a" stroke-width="1"{dashed}/>'
        f'<text x="{at:.1f}" y="{bottom + 18:.1f}" font-size="15" font-family="Arial, sans-serif" text-anchor="middle" '
        f'fill="#1d2a33">{_times(ratio)}</text>'
    )


def _times(ratio: float) -> str:
    return "same" if ratio == 1 else f"{ratio:g} ×" if ratio > 1 else f"1/{1 / ratio:g}"


def _text(x: float, y: float, words: str, *, weight: str | None = None) -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return (
        f'<text x="{x:.0f}" y="{y:.1f}" font-size="15" font-family="Arial, sans-serif"{bold} '
        f'fill="#1d2a33">{html.escape(words)}</text>'
    )
