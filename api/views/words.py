"""Words and small pieces shared by the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote
from zoneinfo import ZoneInfo

from graph.model import Event, NodeId, NodeRecord, PartialDate, Period, Precision, Report, Version, kind_of
from graph.store import SeenNode, SeenTie
from graph.vocabulary import tie_types, vocabulary
from viz.elements import KIND_LABELS, grade_of, label_of

STANDING_WORDS: Mapping[str, str] = {
    "confirmed": "Confirmed: a strong graded report or two independent sources say so. It is still a claim.",
    "unconfirmed": "Unconfirmed: it has been reported, and nothing independent supports it yet.",
    "tentative": "Tentative: every report of it that you may see is doubtful. Treat it with care.",
}

#: how well supported, best first
_STANDINGS = tuple(STANDING_WORDS)
_LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Claim:
    """One tie in words, with where its evidence is."""

    id: str
    sentence: str
    standing: str
    polarity: str
    when: str
    #: agencies and grades
    sources: str
    #: page of the node at the other end
    url: str | None
    #: further claims that say the same, each with its own evidence
    also: tuple[Claim, ...] = ()
    #: the sentence for paper, where it differs: one child's printout does not name another child
    printed: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A record by name, with its page and map."""

    label: str
    url: str
    map_url: str
    kind: str
    detail: str = ""


def day_words(day: dt.date | None) -> str:
    """``3 March 2026``."""
    return "" if day is None else f"{day.day} {day:%B %Y}"


def instant_words(instant: dt.datetime | None) -> str:
    """``3 March 2026, 14:05`` in the hub's own time (Europe/London); the day alone when it is midnight to the second,
    which is how a record without a time of day is kept."""
    if instant is None:
        return ""
    local = instant.astimezone(_LONDON)
    if local.time() == dt.time(0):
        return day_words(local.date())
    return f"{day_words(local.date())}, {local:%H:%M}"


def seconds_words(instant: dt.datetime) -> str:
    """``3 Mar 2026, 14:05:06`` in the hub's own time."""
    local = instant.astimezone(_LONDON)
    return f"{local.day} {local:%b %Y, %H:%M:%S}"


def partial_date_words(date: PartialDate | None) -> str:
    """``3 March 2010``, ``March 2010`` or ``2010``, as precisely as it is known."""
    if date is None:
        return ""
    match date.precision:
        case Precision.DAY:
            return day_words(date.earliest)
        case Precision.MONTH:
            return f"{date.earliest:%B %Y}"
        case Precision.YEAR:
            return str(date.earliest.year)


def period_words(period: Period) -> str:
    """Both days inclusive, as people say it."""
    last = None if period.end is None else period.end - dt.timedelta(days=1)
    if period.start is None and last is None:
        return ""
    if period.start is not None and last == period.start:
        return day_words(period.start)
    if last is None:
        return f"since {day_words(period.start)}"
    if period.start is None:
        return f"until {day_words(last)}"
    return f"{day_words(period.start)} to {day_words(last)}"


def term(list_name: str, code: str | None) -> str:
    """The label of a code; the code itself when the list does not have it."""
    if code is None:
        return ""
    terms = vocabulary(list_name)
    return terms.label(code) if code in terms.codes else code


def entity_url(node_id: str) -> str:
    return f"/entities/{quote(node_id, safe=':')}"


def map_url(node_id: str) -> str:
    kind, _, key = node_id.partition(":")
    return f"/maps/{kind}/{quote(key, safe='')}"


def method_address(detector: str) -> str:
    """Where the method of a detector can be read."""
    return f"/methods/{quote(detector, safe='')}"


def is_pseudonym(node_id: str) -> bool:
    """A name for one map only: it has no page."""
    return ":anon-" in node_id


def link_to(record: NodeRecord, detail: str = "") -> Link:
    return Link(
        label_of(record), entity_url(record.id), map_url(record.id), KIND_LABELS[kind_of(record.id).value], detail
    )


def sources_words(reports: tuple[Report, ...]) -> str:
    """``2 reports: Police (3x5x2 1 B), Education (not police-graded)``."""
    if not reports:
        return ""
    parts = sorted({f"{term('agency', report.agency)} ({grade_of(report)})" for report in reports})
    count = len(reports)
    return f"{count} report{'' if count == 1 else 's'}: " + ", ".join(parts)


def claim_of(
    seen: SeenTie, viewed: NodeId, others: Mapping[NodeId, SeenNode], own_label: str, *, turned: bool = True
) -> Claim:
    """A tie said from the side of the node that is looked at; not ``turned``, always from its source, so that a list
    of people at a place starts with the people."""
    tie = seen.tie
    from_target = turned and tie.target == viewed
    other_id = tie.source if tie.target == viewed else tie.target
    other = others.get(other_id)
    other_label = own_label if other_id == viewed else label_of(other.record) if other else other_id
    source, target = (other_label, own_label) if tie.target == viewed else (own_label, other_label)
    kind = tie_types().get(tie.tie_type)
    sentence = kind.say(source, target, from_target=from_target) if kind else f"{source} – {tie.tie_type} – {target}"
    if tie.tie_type == "took_part_in" and tie.qualifier:
        sentence += f" (as {term('role', tie.qualifier).lower()})"
    elif tie.qualifier:
        sentence += f" ({tie.qualifier})"
    when = period_words(tie.period)
    if not when and other is not None and isinstance(other.record, Event):
        when = instant_words(other.record.started_at)
    url = None if other is None or is_pseudonym(other_id) else entity_url(other_id)
    return Claim(tie.id, sentence, seen.standing.value, tie.polarity.value, when, sources_words(seen.reports), url)


def merged_claims(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Claims that say the same in the same words as one, the best supported first and the others below it."""
    by_words: dict[tuple[str, str | None], list[Claim]] = {}
    for claim in claims:
        by_words.setdefault((claim.sentence, claim.url), []).append(claim)
    merged = []
    for same in by_words.values():
        first, *rest = sorted(same, key=lambda claim: _STANDINGS.index(claim.standing))
        merged.append(replace(first, also=tuple(rest)))
    return tuple(merged)


def report_rows(report: Report, version: Version | None) -> list[tuple[str, str]]:
    """Everything about one report that helps to judge it."""
    occurred = " to ".join(
        dict.fromkeys(
            words for words in (instant_words(report.occurred_from), instant_words(report.occurred_to)) if words
        )
    )
    rows = [
        ("Grade", grade_of(report)),
        ("Basis", term("basis", report.basis) if report.basis else "Not stated"),
        ("Handling", _handling_words(report)),
        ("Happened", occurred or "Not stated"),
        ("Recorded by the agency", instant_words(report.recorded_at) or "Not stated"),
        ("Agency reference", report.reference or "Not stated"),
        ("System", report.system or "Not stated"),
        ("Written by", term("author_role", report.author_role) if report.author_role else "Not stated"),
    ]
    if version is not None:
        where = version.provenance
        place = f"{where.file}, row {where.row}" if where.file else "entered by hand"
        rows.append(("Came from", f"{place} (load {where.load_id})"))
    return rows


def _handling_words(report: Report) -> str:
    words = f"{report.handling} – {term('handling', report.handling).lower()}"
    return f"{words}: {report.conditions}" if report.conditions else words


def fill_markers(text: str, name_of: Callable[[str], str]) -> str:
    """Put names into ``{person:12}``-style markers; what may not be named becomes its kind."""
    parts: list[str] = []
    rest = text
    while True:
        before, opened, after = rest.partition("{")
        parts.append(before)
        if not opened:
            return "".join(parts)
        inside, closed, rest = after.partition("}")
        parts.append(name_of(inside) if closed else opened + inside)
