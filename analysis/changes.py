"""What changed between two dates around children, networks and places: what happened, and what was only learned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.changes_children import ChildChanges, child_changes, responsible
from analysis.changes_differences import Differences, Views, differences, views
from analysis.changes_networks import NetworkChange, network_changes
from analysis.changes_places import PlaceChange, place_changes
from analysis.derive import derive, tie_last_day
from analysis.peer_networks_evidence import Pairs
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.wording import (
    count_of,
    expiry,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
    ties_words,
)
from graph.errors import UsageError
from graph.flags import Flag, Parameter, Plain, Reason
from graph.model import NodeId
from graph.snapshot import Int64, Snapshot

__all__ = ["SPEC", "Differences", "detect", "differences"]

SPEC = DetectorSpec(
    name="changes",
    version="1.0",
    title="What changed since",
    question=(
        "For which children, networks and places is the picture another than at an earlier date, by which records, and "
        "did that happen since or was it only learned since?"
    ),
    method=(
        "The records of today are looked at three times: as they were known at the earlier date, with what has been "
        "learned about the time before it, and as they are now. The difference of the first two was learned, that of "
        "the last two happened. Compared are the exposure of children not open to the hub, the members of peer "
        "networks, and the list of places where children at risk come together, each by the method of its own page and "
        "at one age of the evidence, so that time passing is no change. A child is listed only when the exposure stays "
        "above what it was in nearly all repeats without a fifth of the ties."
    ),
    parameters=(
        Parameter("since_days", 42, "How far back the earlier date lies, when no date is given", "days", 1, 3650),
        Parameter("since", "", "The earlier date as YYYY-MM-DD; empty: so many days before"),
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter("least_change", 0.25, "Smallest change of a child's exposure", "natural log units", 0.001, 50),
        Parameter("least_sure", 0.9, "Share of repeats in which the exposure is above what it was", None, 0, 1),
        Parameter("place_score", 1.0, "Score that makes a place new or gone", "natural log units", 0, 1000),
        Parameter("limit", 200, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 10, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "Learned is not happened: an old fact entered late says nothing about escalation.",
        "More may have been recorded because somebody was looking; ask what prompted the records.",
        "A change that rests on few records may go away when one is corrected.",
    ),
    not_known=(
        "What happened and was not recorded yet; the last days are always the least complete.",
        "When a record without dates came to be true.",
    ),
    would_clear=(
        "Records found to be old news under a new date, to be about somebody else, or to follow from a search made "
        "because of an earlier prompt."
    ),
    uses=(
        "start and end dates of ties, events and episodes, and when their reports were recorded",
        "all that the exposure of children, peer networks and places use",
    ),
    sources=(
        "R. Snodgrass, Developing Time-Oriented Database Applications in SQL (1999): valid time and transaction time",
        "G. Palla, A.-L. Barabási and T. Vicsek, Quantifying social group evolution, Nature 446 (2007): groups that "
        "grow, merge and split, matched by overlap",
    ),
    method_page="changes.md",
    expires_after=42,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
#: change of score (natural log units) from which its evidence is called moderate and strong
MODERATE, STRONG = 0.5, 1.5
#: ties named in words, and by id, in one reason
SAID, LINKED = 5, 200


def earlier_date(snapshot: Snapshot, parameters: Mapping[str, Plain]) -> dt.date:
    """The date to compare with. Raises UsageError when it cannot be read or is not before the as-at date."""
    text = str(parameters["since"]).strip()
    try:
        since = dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError("parameter since is a date as YYYY-MM-DD") from None
    chosen = since or snapshot.as_at - dt.timedelta(days=int(number(parameters, "since_days")))
    if chosen >= snapshot.as_at:
        raise UsageError("parameter since is a day before the as-at date")
    return chosen


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for what changed, largest change of evidence first."""
    since = earlier_date(snapshot, parameters)
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    progress(0.05, "comparing two dates")
    seen = views(snapshot, since)
    if not (seen.differences.ties != 0).any() and not (seen.differences.episodes != 0).any():
        return ()
    runs = int(number(parameters, "stability_runs"))
    writer = _Writer(seen, since)
    flags = []
    children = child_changes(
        seen, roles, parameters, generator, lambda share, words: progress(0.1 + 0.4 * share, words)
    )
    total = children.happened + children.learned
    chosen = np.flatnonzero(
        (total >= number(parameters, "least_change")) & (children.sure >= number(parameters, "least_sure"))
    )
    flags += [writer.child(children, int(row), runs) for row in chosen]
    networks = network_changes(
        snapshot, seen.differences, roles, generator, runs, lambda share, words: progress(0.5 + 0.3 * share, words)
    )
    flags += [writer.network(change) for change in networks]
    places = place_changes(
        seen, number(parameters, "place_score"), generator, lambda share, words: progress(0.8 + 0.15 * share, words)
    )
    flags += [writer.place(change) for change in places]
    flags.sort(key=lambda flag: (-flag.strength, flag.subjects, flag.id))
    return tuple(_ranked(flags[: int(number(parameters, "limit"))]))


def _ranked(flags: Sequence[Flag]) -> list[Flag]:
    return [replace(flag, rank=rank) for rank, flag in enumerate(flags, start=1)]


class _Writer:
    """Puts changes into words."""

    def __init__(self, seen: Views, since: dt.date) -> None:
        self._snapshot, self._since = seen.now, since
        self._seen = seen
        self._last = tie_last_day(seen.now, seen.now.as_at.toordinal() - dt.date(1970, 1, 1).toordinal())
        self._when = f"{since.day} {since:%B %Y}"

    def child(self, changes: ChildChanges, row: int, runs: int) -> Flag:
        began, learned, new = responsible(self._seen, changes, row)
        happened, found_out = float(changes.happened[row]), float(changes.learned[row])
        reasons = []
        newly = [self._name(person) for person in new.tolist()[:SAID]]
        because = f"; {listed(newly)} came to be known to the hub or of concern" if newly else ""
        if abs(happened) > 1e-12:
            reasons.append(self._reason("happened", began, happened, because))
        if abs(found_out) > 1e-12:
            reasons.append(self._reason("learned", learned, found_out, because if not len(began) else ""))
        subject = self._snapshot.node_id(row)
        summary = (
            f"More evidence of harm around others comes close to {marker(str(subject))} than on {self._when}. "
            f"{_share(happened, found_out)} Consider asking those who know {marker(str(subject))} what is new."
        )
        details: dict[str, Plain] = {
            "kind": "child",
            "exposure": float(changes.now[row]),
            "exposure_then": float(changes.now[row]) - happened - found_out,
        }
        sure = float(changes.sure[row]) if runs else None
        return self._flag((subject,), reasons, summary, details, (len(began), len(learned)), sure)

    def network(self, change: NetworkChange) -> Flag:
        snapshot = self._snapshot
        reasons = [
            self._reason(name, _ties_of(pairs), float(pairs.value.sum()))
            for name, pairs in (("happened", change.began), ("learned", change.learned))
            if len(pairs.one)
        ]
        people = count_of(len(change.members), "person", "people")
        joined = count_of(len(change.joined), "person who was", "people who were")
        what = {
            "new": f"{people} now form what may be one peer network; on {self._when} the records did not suggest it",
            "split": f"{people} now form what may be a peer network of their own, parted from a larger one",
            "merged": f"{people} now form what may be one peer network, where there were two on {self._when}",
        }.get(change.kind, f"A suggested peer network of {people} has {joined} not in it then")
        happened, learned = float(change.began.value.sum()), float(change.learned.value.sum())
        details: dict[str, Plain] = {
            "kind": f"network_{change.kind}",
            "members": [snapshot.node_id(row) for row in change.members.tolist()],
            "joined": [snapshot.node_id(row) for row in change.joined.tolist()],
            "left": [snapshot.node_id(row) for row in change.left.tolist()],
        }
        subjects = tuple(snapshot.node_id(row) for row in change.joined.tolist())
        counts = (len(_ties_of(change.began)), len(_ties_of(change.learned)))
        summary = f"{what}. {_share(happened, learned)} Consider asking what brought them together."
        return self._flag(subjects, reasons, summary, details, counts, change.sure)

    def place(self, change: PlaceChange) -> Flag:
        subject = self._snapshot.node_id(change.place)
        reasons = [
            self._reason(name, rows, value)
            for name, rows, value in (
                ("happened", change.began, change.happened), ("learned", change.found_out, change.learned),
            )
            if abs(value) > 1e-12
        ]  # fmt: skip
        said = "has come to stand out" if change.kind == "new" else "no longer stands out"
        summary = (
            f"{marker(str(subject))} {said} since {self._when} as a place where children at risk come together. "
            f"{_share(change.happened, change.learned)} Consider who could make it safer."
        )
        details: dict[str, Plain] = {"kind": f"place_{change.kind}"}
        return self._flag((subject,), reasons, summary, details, (len(change.began), len(change.found_out)), None)

    def _reason(self, kind: str, rows: Int64, value: float, more: str = "") -> Reason:
        snapshot = self._snapshot
        last = self._last[rows]
        newest = rows[np.lexsort((rows, -last.astype(np.int64)))]
        said = newest[:SAID].tolist()
        claims = ties_words(snapshot, said, self._last[said].tolist()) if said else ""
        rest = f" and {count_of(len(newest) - SAID, 'further record')}" if len(newest) > SAID else ""
        lead = f"Happened since {self._when}" if kind == "happened" else f"Learned since {self._when}, about before"
        text = f"{lead}: {claims}{rest}{more}" if claims or more else f"{lead}: other records around them"
        linked = newest[:LINKED].tolist()
        reports = reports_of(snapshot, linked)
        ids = report_ids(snapshot, reports[:LINKED])
        return Reason(
            text.replace(": ;", ":") + sources_words(snapshot, reports), value, tie_ids(snapshot, linked), (), ids
        )

    def _flag(
        self, subjects: tuple[NodeId, ...], reasons: list[Reason], summary: str, details: dict[str, Plain],
        counts: tuple[int, int], sure: float | None,
    ) -> Flag:  # fmt: skip
        score = float(sum(reason.contribution for reason in reasons))
        size = abs(score)
        key = f"{details['kind']} {self._since.isoformat()}"
        return Flag(
            id=flag_id(SPEC.name, subjects, key),
            detector=SPEC.name,
            subjects=subjects,
            strength=float(-np.expm1(-size / STRONG)),
            band=band_of(size, MODERATE, STRONG),
            rank=0,
            stability=sure,
            reasons=tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text))),
            would_clear=SPEC.would_clear,
            cautions=SPEC.cautions,
            expires_on=expiry(self._snapshot.as_at, SPEC.expires_after),
            details={
                "score": score,
                "summary": summary,
                **details,
                "since": self._since.isoformat(),
                "happened": counts[0],
                "learned": counts[1],
            },
        )

    def _name(self, row: int) -> str:
        return marker(self._snapshot.node_id(row))


def _ties_of(pairs: Pairs) -> Int64:
    return np.unique(np.concatenate([pairs.tie, pairs.other_tie]))


def _share(happened: float, learned: float) -> str:
    """Which of the two it was, in words."""
    whole = abs(happened) + abs(learned)
    if abs(learned) <= 0.05 * whole:
        return "This happened since."
    if abs(happened) <= 0.05 * whole:
        return "This was only learned since: it speaks of the time before."
    return f"Of the change, {abs(happened) / whole:.0%} happened since and the rest was learned about before."
