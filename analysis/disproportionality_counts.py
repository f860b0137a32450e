"""Who is counted at which stage: people, each once, however many records, incidents or flags there are of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import code, event_groups, role_groups
from analysis.derive import Roles, event_day, months_before
from analysis.outcomes import Outcome, Outcomes
from graph.snapshot import NO_DAY, Bool, Int32, Int64, Snapshot

#: event groups that say who is watched: police contact and information gathered
CONTACT_GROUPS = ("police", "information")


@dataclass(frozen=True, slots=True)
class Stage:
    """A rate: who is counted, out of whom."""

    #: "contact", "referral", "opened", "flagged", "confirmed", "not_confirmed"
    key: str
    #: measure counted out of everybody living there (or on record)
    of_all: str
    #: measure counted out of those of the stage before, and that measure; None for the first
    of_before: str | None = None
    before: str | None = None
    #: detector whose flags are counted; None for all of them together
    detector: str | None = None
    adults: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Who is counted by each measure, and the stages they make up."""

    #: node rows, by measure
    rows: Mapping[str, Int64]
    stages: tuple[Stage, ...]
    #: records of police contact and information about each node
    contacts: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The rows of the snapshot that say who is at which stage."""

    #: children's parts in events of the period, each person and event once
    person: Int64
    event: Int64
    #: episode rows of cases open to the hub in the period
    opened: Int64
    #: rows of the people that flags are about
    row_of: Mapping[str, int]

    def without(self, share: float, generator: np.random.Generator) -> Records:
        """Some of them left out at random."""
        keep = generator.random(len(self.person)) >= share
        opened = self.opened[generator.random(len(self.opened)) >= share]
        return Records(self.person[keep], self.event[keep], opened, self.row_of)


def records(snapshot: Snapshot, roles: Roles, outcomes: Outcomes, *, months: int) -> Records:
    """Children's parts in events of the last ``months``, and cases open to the hub in them. Parts of professionals,
    authors and things are not parts."""
    since, rows = months_before(snapshot.as_at, months), snapshot.ties
    days = event_day(snapshot)
    part = (rows.type == code("tie_type", "took_part_in")) & roles.teenager[rows.source]
    part &= ~role_groups("professional", "hidden", "thing")[rows.role]
    part &= (days[rows.target] > since) & (days[rows.target] <= roles.today)
    chosen = np.flatnonzero(part)
    cases = snapshot.episodes
    opened = cases.type == code("episode_type", "open_to_hub")
    opened &= (cases.start_day <= roles.today) & (cases.end_day > since)
    keys = np.sort(rows.source[chosen].astype(np.int64) * len(snapshot) + rows.target[chosen])
    keys = keys[np.diff(keys, prepend=-1) > 0]
    person, event = keys // max(len(snapshot), 1), keys % max(len(snapshot), 1)
    return Records(person, event, np.flatnonzero(opened), _rows_of(snapshot, outcomes))


def _rows_of(snapshot: Snapshot, outcomes: Outcomes) -> dict[str, int]:
    """Rows of the subjects of flags that are in the snapshot; by halving, since an index of all nodes takes longer."""
    ids, found = snapshot.nodes.ids, {}
    for subject in {subject for row in outcomes.rows for subject in row.subjects}:
        at = bisect_left(ids, subject)
        if at < len(ids) and ids[at] == subject:
            found[str(subject)] = at
    return found


def count(snapshot: Snapshot, roles: Roles, found: Records, outcomes: Outcomes) -> Counted:
    """Children aged 10 to 17 (and adults, for flags about adults) at each stage, as at the snapshot's date."""
    person, event = found.person, found.event
    types = snapshot.nodes.event_type
    child = roles.teenager
    referred = _marked(snapshot, person[types[event] == code("event_type", "referral")]) & child
    watched = event_groups(*CONTACT_GROUPS)[types[event]]
    contacts = np.bincount(person[watched], minlength=len(snapshot))
    opened = _marked(snapshot, snapshot.episodes.person[found.opened]) & child
    masks = {
        "recorded": child,
        "contact": (contacts > 0) & child,
        "referred": referred,
        "opened": opened,
        "opened_of_referred": opened & referred,
        "recorded_adults": roles.person & ~roles.child & ~roles.professional & (snapshot.nodes.birth_day != NO_DAY),
    }
    stages = [
        Stage("contact", "contact"),
        Stage("referral", "referred"),
        Stage("opened", "opened", "opened_of_referred", "referred"),
    ]
    flags = _Flags(found.row_of, masks, stages)
    for adults in (False, True):
        who = masks["recorded_adults" if adults else "recorded"]
        names = sorted({row.detector for row in outcomes.rows if len(flags.nodes((row,), who))})
        if not adults:
            flags.add(outcomes.rows, who, None, adults=False)
        for name in names if adults or len(names) > 1 else ():
            flags.add([row for row in outcomes.rows if row.detector == name], who, name, adults=adults)
    return Counted({name: np.flatnonzero(mask) for name, mask in masks.items()}, tuple(stages), contacts)


class _Flags:
    """Adds the stages of flags."""

    def __init__(self, row_of: Mapping[str, int], masks: dict[str, Bool], stages: list[Stage]) -> None:
        self._row_of, self._masks, self._stages = row_of, masks, stages

    def nodes(self, rows: Iterable[Outcome], who: Bool) -> Int64:
        """Nodes of ``who`` that are subject of any of these flags."""
        row_of = self._row_of
        nodes = [row_of[subject] for row in rows for subject in row.subjects if subject in row_of]
        return np.array([node for node in nodes if who[node]], dtype=np.int64)

    def _subjects(self, rows: Iterable[Outcome], who: Bool) -> Bool:
        mask = np.zeros(len(who), dtype=np.bool_)
        mask[self.nodes(rows, who)] = True
        return mask

    def add(self, rows: Iterable[Outcome], who: Bool, detector: str | None, *, adults: bool) -> None:
        """Flagged now; of all reviewed ever, confirmed at least once, and reviewed but never confirmed."""
        rows = tuple(rows)
        end = ("" if detector is None else f":{detector}") + ("_adults" if adults else "")
        flagged, reviewed, confirmed, not_confirmed = (
            f"{name}{end}" for name in ("flagged", "reviewed", "confirmed", "not_confirmed")
        )
        masks, everybody = self._masks, "recorded_adults" if adults else "recorded"
        masks[flagged] = self._subjects([row for row in rows if row.current], who)
        masks[reviewed] = self._subjects([row for row in rows if row.reviewed], who)
        masks[confirmed] = self._subjects([row for row in rows if row.confirmed], who)
        masks[not_confirmed] = masks[reviewed] & ~masks[confirmed]
        self._stages += [
            Stage("flagged", flagged, flagged, everybody, detector, adults),
            Stage("confirmed", confirmed, confirmed, reviewed, detector, adults),
            Stage("not_confirmed", not_confirmed, not_confirmed, reviewed, detector, adults),
        ]


def _marked(snapshot: Snapshot, rows: Int32 | Int64) -> Bool:
    mask = np.zeros(len(snapshot), dtype=np.bool_)
    mask[rows] = True
    return mask
