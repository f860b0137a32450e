"""Reasons of a peripheral child's flag in words: one for each neighbour's household, thing, event or context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.codes import code
from analysis.exposure import Exposure, Parts
from analysis.peripheral_evidence import Evidence, Records, Together
from analysis.wording import (
    clock_day,
    count_of,
    event_ids,
    listed,
    marker,
    report_ids,
    reports_of,
    sources_words,
    tie_ids,
    ties_words,
)
from graph.flags import Reason
from graph.model import NodeId
from graph.snapshot import NO_END, Bool, Int64

#: sources, nights and circumstances named in one reason
NAMED = 4
#: reasons told one by one; weaker ones are told together
SHOWN = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """Records sorted by one column, to take the rows of one node."""

    keys: Int64
    rows: Int64

    @classmethod
    def of(cls, keys: Int64) -> _Index:
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], order)

    def __getitem__(self, node: int) -> Int64:
        first, last = np.searchsorted(self.keys, [node, node + 1])
        return self.rows[first:last]


class Reasons:
    """Writes the reasons of flags; indexes what it needs once."""

    def __init__(self, evidence: Evidence, found: Together, exposed: Exposure) -> None:
        self._evidence, self._found, self._exposed = evidence, found, exposed
        self._near = _Index.of(evidence.ties.person)
        self._of_person = {name: _Index.of(getattr(evidence, name).person) for name in ("events", "things", "contexts")}
        self._of_thing = {name: _Index.of(getattr(evidence, name).other) for name in ("events", "things", "contexts")}
        self._of_person["found"], self._of_thing["found"] = _Index.of(found.found.person), _Index.of(found.found.other)
        self._open = self._still_open()
        #: missing episodes that count
        self.episodes = found.episodes
        #: rows of the ties and sources that the reasons written last rest on
        self.ties: set[int] = set()
        self.sources: set[int] = set()

    def of(self, child: int) -> tuple[Reason, ...]:
        """All reasons of one child, largest first; their contributions add up to the score.

        The weakest beyond ``SHOWN`` are one reason together.
        """
        self.ties, self.sources = set(), set()
        found: list[tuple[float, str, int]] = []
        for name, parts in self._exposed.contributions.items():
            first, last = np.searchsorted(parts.target, [child, child + 1])
            found += [(float(parts.value[at]), name, at) for at in range(int(first), int(last))]
        found.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
        reasons = [self._reason(name, at) for _, name, at in found[:SHOWN]]
        rest = [self._reason(name, at) for _, name, at in found[SHOWN:]]
        if len(rest) == 1:
            reasons += rest
        elif rest:
            reasons.append(_together(rest))
        return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text)))

    def _reason(self, name: str, at: int) -> Reason:
        parts: Parts = self._exposed.contributions[name]
        child, through, value = int(parts.target[at]), int(parts.through[at]), float(parts.value[at])
        if name == "ties":
            return self._by_ties(child, through, value)
        if name == "missing":
            return self._by_missing(child, through, value)
        if name in ("events", "things"):
            return self._by_shared(name, child, through, value)
        return self._by_context(name, child, through, value)

    # -- ties ------------------------------------------------------------------------------------------------------
    def _by_ties(self, child: int, through: int, value: float) -> Reason:
        evidence, sources = self._evidence, self._evidence.sources
        home = evidence.roles.household
        ties = evidence.ties
        around = self._near[child]
        own = set(ties.other[around].tolist())
        near = around[home[ties.other[around]] == home[through]]
        claims = [self._claims(ties.tie[near])]
        household = sorted(set(ties.other[near].tolist()))
        known = [person for person in household if sources[person] > 0]
        if known:
            claims.append(listed([self.source_words(person) for person in known]))
        further: list[int] = []
        for person in household:
            rows = self._near[person]
            rows = rows[(sources[ties.other[rows]] > 0) & (home[ties.other[rows]] != home[child])]
            # who the child is tied to as well is a reason of its own
            beyond = [row for row in rows.tolist() if int(ties.other[row]) not in own]
            further += ties.tie[beyond].tolist()
            names = sorted({int(ties.other[row]) for row in beyond})
            if names:
                said = [self.source_words(name) for name in names[:NAMED]]
                more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
                who = f"{self._name(person)} is connected with people at risk or of concern"
                claims.append(f"{who}: {listed(said + more)}")
        direct = ties.tie[near].tolist()
        return self._written("; ".join(claims), value, direct + further, direct)

    def _claims(self, ties: Int64) -> str:
        rows = sorted(set(ties.tolist()))
        return ties_words(self._evidence.snapshot, rows, self._evidence.weights.last_day[rows].tolist())

    # -- missing together ------------------------------------------------------------------------------------------
    def _by_missing(self, child: int, through: int, value: float) -> Reason:
        pairs, episodes, home = self._found.pairs, self._found.episodes, self._evidence.roles.household
        other = np.where(pairs.child == child, pairs.other, pairs.child)
        with_child = (pairs.child == child) | (pairs.other == child)
        rows = np.flatnonzero(with_child & (home[other] == home[through]) & (self._found.weight > 0))
        claims, ties, events = [], [], []
        for row in rows.tolist():
            theirs, own = (pairs.two, pairs.one) if pairs.child[row] == child else (pairs.one, pairs.two)
            span = slice(int(pairs.start[row]), int(pairs.start[row + 1]))
            nights = sorted({int(second) for second in episodes.start[own[span]].tolist()})
            place = _same_places(episodes.found[own[span]], episodes.found[theirs[span]])
            said = listed([clock_day(second) for second in nights[-NAMED:]])
            claim = (
                f"{self._name(child)} and {self.source_words(int(other[row]))} went missing within hours of each other "
                f"{_times(int(pairs.coincidences[row]))} ({said}); {_expected(float(pairs.expected[row]))} by chance"
            )
            if place:
                claim += f"; both were found at {listed([self._name(p) for p in place])}"
            claims.append(claim)
            ties += episodes.tie[theirs[span]].tolist()
            events += episodes.event[np.concatenate([own[span], theirs[span]])].tolist()
        return self._written("; ".join(claims), value, ties, ties, events)

    # -- events, things, contexts ----------------------------------------------------------------------------------
    def _by_shared(self, name: str, child: int, thing: int, value: float) -> Reason:
        evidence = self._evidence
        records: Records = getattr(evidence, name)
        members = self._of_thing[name][thing]
        home = evidence.roles.household
        known = members[(evidence.sources[records.person[members]] > 0)]
        known = known[home[records.person[known]] != home[child]]
        own = members[records.person[members] == child]
        said = [self.source_words(person) for person in np.unique(records.person[known]).tolist()[:NAMED]]
        how = "are recorded in the same event" if name == "events" else "are both connected with"
        text = f"{self._name(child)} and {listed(said)} {how}{'' if name == 'events' else ' ' + self._name(thing)}"
        if name == "events":
            text += f" on {clock_day(int(evidence.snapshot.nodes.started_at[thing]))}"
        # in an event, the others' part: the child's own part may speak elsewhere too
        of_child, of_others = records.tie[own].tolist(), records.tie[known].tolist()
        ties = of_others if name == "events" else of_child
        events = [thing] if name == "events" else []
        return self._written(text, value, ties, of_child + of_others, events)

    def _by_context(self, name: str, child: int, context: int, value: float) -> Reason:
        evidence = self._evidence
        records: Records = evidence.contexts if name == "contexts" else self._found.found
        members = self._of_thing[name][context]
        people, homes = np.unique(records.person[members]), evidence.roles.household
        people = people[homes[people] != homes[child]]
        risky = int((evidence.sources[people] > 0).sum())
        own = members[records.person[members] == child]
        how = "is reported at or in" if name == "contexts" else "was found, after going missing, at"
        text = (
            f"{self._name(child)} {how} {self._name(context)}, where {risky} of "
            f"{count_of(len(people), 'other person', 'other people')} recorded are known to the hub or of concern, "
            "more than elsewhere"
        )
        ties = records.tie[own].tolist()
        events = evidence.snapshot.ties.source[ties].tolist() if name == "found" else []
        return self._written(text, value, ties, ties, events)

    # -- words -----------------------------------------------------------------------------------------------------
    def _written(
        self, text: str, value: float, ties: list[int], reported: list[int], events: Sequence[int] = ()
    ) -> Reason:
        snapshot = self._evidence.snapshot
        self.ties.update(ties, reported)
        reports = reports_of(snapshot, ties + reported)
        return Reason(
            text + sources_words(snapshot, reports),
            value,
            tie_ids(snapshot, ties),
            event_ids(snapshot, events),
            report_ids(snapshot, reports),
        )

    def _name(self, row: int) -> str:
        return marker(self._evidence.snapshot.node_id(row))

    def _still_open(self) -> Bool:
        snapshot, roles = self._evidence.snapshot, self._evidence.roles
        table = snapshot.episodes
        now = (table.type == code("episode_type", "open_to_hub")) & (table.start_day <= roles.today)
        mask = np.zeros(len(snapshot), dtype=np.bool_)
        mask[table.person[now & ((table.end_day > roles.today) | (table.end_day == NO_END))]] = True
        return mask

    def source_words(self, row: int) -> str:
        """Somebody with what makes them a source."""
        self.sources.add(row)
        roles, name = self._evidence.roles, self._name(row)
        if roles.known_child[row]:
            if self._open[row]:
                return f"{name} (open to the hub)"
            return f"{name} ({'harmed by exploitation' if roles.candidate[row] else 'open to the hub before'})"
        if roles.child[row]:
            return f"{name} (child believed to have harmed)"
        return f"{name} (person of concern)"


def _together(rest: list[Reason]) -> Reason:
    """The weakest reasons as one; taking its ties away takes all of them away."""
    return Reason(
        f"{len(rest)} further connections, each weaker than those above",
        sum(reason.contribution for reason in rest),
        tuple(sorted({tie for reason in rest for tie in reason.ties})),
        tuple(sorted({event for reason in rest for event in reason.events})),
        tuple(dict.fromkeys(report for reason in rest for report in reason.reports)),
    )


def _same_places(one: Int64, two: Int64) -> list[int]:
    return sorted({int(place) for place in one[(one == two) & (one >= 0)].tolist()})


def _times(many: int) -> str:
    return {1: "once", 2: "twice"}.get(many, f"{many} times")


def _expected(expected: float) -> str:
    return f"about {expected:.1f} expected" if expected >= 0.1 else "less than one in ten expected"


def circumstances(child: int, applies: Mapping[str, Bool]) -> list[str]:
    """What is recorded about a child alone."""
    return [name for name, mask in applies.items() if mask[child]]


def own_reason(child: str, alone: list[str], log_odds: float, events: tuple[NodeId, ...]) -> Reason:
    """What is recorded about somebody alone, as a reason of its own. It names no tie: none of it is a connection."""
    return Reason(
        f"Recorded about {child} alone, apart from any connection: {listed(alone)}. This moves the order only",
        log_odds,
        (),
        events,
    )
