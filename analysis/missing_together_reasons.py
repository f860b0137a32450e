"""Why two children are flagged as missing together, in words that add up to the score."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from analysis.clock import HOUR, moment
from analysis.codes import marked
from analysis.missing_together_evidence import Case, Scored, company_matrix
from analysis.spec import number
from analysis.weights import PERSON_TIES
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
    tie_words,
)
from graph.flags import Plain, Reason
from graph.snapshot import Bool, Int64

#: nights given one by one; older ones together
NIGHTS = 12
#: third children named
NAMED = 5
#: most ties and events named by one reason, newest first
CAP = 200


class Teller:
    """Puts the evidence of the pairs shown into words."""

    def __init__(self, case: Case, scored: Scored, shown: Int64) -> None:
        self.case, self.scored, self.snapshot = case, scored, case.snapshot
        self.matrix: sparse.csr_array = company_matrix(case, scored.pairs, scored.weight)
        self.keys = scored.pairs.child * len(case.snapshot) + scored.pairs.other
        raw = case.records.episodes
        self.order = np.argsort(raw.person, kind="stable")
        self.people = raw.person[self.order]
        self.between = self._ties_between(shown)

    def _ties_between(self, shown: Int64) -> dict[int, list[int]]:
        """Tie rows of ties between people by key of the pair."""
        ties, pairs, count = self.snapshot.ties, self.scored.pairs, len(self.snapshot)
        people = np.zeros(count, dtype=np.bool_)
        people[pairs.child[shown]] = people[pairs.other[shown]] = True
        rows = np.flatnonzero(people[ties.source] & people[ties.target] & marked("tie_type", PERSON_TIES)[ties.type])
        low = np.minimum(ties.source[rows], ties.target[rows]).astype(np.int64)
        high = np.maximum(ties.source[rows], ties.target[rows]).astype(np.int64)
        between: dict[int, list[int]] = {}
        for tie, key in zip(rows.tolist(), (low * count + high).tolist(), strict=True):
            between.setdefault(key, []).append(tie)
        return between

    def reasons(self, row: int) -> tuple[Reason, ...]:
        """All reasons for a pair, largest first; contributions add up to the score."""
        scored, rows = self.scored, self._coincidences(row)
        newest = rows[np.argsort(-scored.episodes.start[scored.pairs.one[rows]], kind="stable")]
        value = scored.time[row] / len(rows) + scored.closeness
        reasons = [self._night(at, float(value[at])) for at in newest[:NIGHTS].tolist()]
        if len(newest) > NIGHTS:
            reasons.append(self._older(newest[NIGHTS:], float(value[newest[NIGHTS:]].sum())))
        reasons += self._places(rows)
        if scored.one_home[row] or scored.one_door[row] > 0:
            reasons.append(self._one_address(row, rows))
        if scored.company_score[row] > 0:
            reasons.append(self._company(row))
        reasons += self._explanations(row)
        return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.text)))

    def _coincidences(self, row: int) -> Int64:
        start = self.scored.pairs.start
        return np.arange(start[row], start[row + 1])

    def _name(self, node: int) -> str:
        return marker(self.snapshot.node_id(int(node)))

    def _records(self, episode: int) -> Int64:
        """Rows of the records of an episode, versions of other agencies included."""
        raw, episodes = self.case.records.episodes, self.scored.episodes
        first, last = np.searchsorted(self.people, episodes.person[episode], side="left"), np.searchsorted(
            self.people, episodes.person[episode], side="right"
        )  # fmt: skip
        own = self.order[first:last]
        met: Int64 = own[(raw.start[own] <= episodes.end[episode]) & (raw.end[own] >= episodes.start[episode])]
        return met

    def _rest_on(self, rows: Int64) -> tuple[list[int], list[int], list[int]]:
        """Tie rows, event rows and rows of the ties of places of these coincidences."""
        records, pairs = self.case.records, self.scored.pairs
        episodes = np.unique(np.concatenate([pairs.one[rows], pairs.two[rows]]))
        own = np.concatenate([self._records(int(episode)) for episode in episodes])
        own = own[np.argsort(-records.episodes.start[own], kind="stable")][:CAP]
        places = records.found_tie[own]
        return records.episodes.tie[own].tolist(), records.episodes.event[own].tolist(), places[places >= 0].tolist()

    def _reason(self, text: str, value: float, ties: list[int], events: list[int]) -> Reason:
        reports = reports_of(self.snapshot, ties)
        return Reason(
            text + sources_words(self.snapshot, reports),
            value,
            tie_ids(self.snapshot, ties),
            event_ids(self.snapshot, sorted(set(events))),
            report_ids(self.snapshot, reports),
        )

    def _night(self, at: int, value: float) -> Reason:
        """One coincidence: who set out when, and where each was found."""
        episodes = self.scored.episodes
        one, two = int(self.scored.pairs.one[at]), int(self.scored.pairs.two[at])
        names = [self._name(episodes.person[episode]) for episode in (one, two)]
        start = [int(episodes.start[episode]) for episode in (one, two)]
        clocks = [f"{moment(second):%H:%M}" for second in start]
        apart = abs(start[0] - start[1]) // 60
        far = f"{apart // 60} h {apart % 60} min" if apart >= 60 else f"{apart} min"
        found = [int(episodes.found[episode]) for episode in (one, two)]
        where = ""
        if found[0] >= 0 and found[0] == found[1]:
            where = f"; both found at {self._name(found[0])}"
        elif min(found) >= 0:
            where = f"; found at {self._name(found[0])} and {self._name(found[1])}"
        if apart * 60 > number(self.case.parameters, "within_hours") * HOUR:
            where += f", {abs(int(episodes.end[one]) - int(episodes.end[two])) // 60} min apart"
        text = (
            f"{clock_day(min(start))}: {names[0]} missing from {clocks[0]}, {names[1]} from {clocks[1]} "
            f"({far} apart){where}"
        )
        ties, events, places = self._rest_on(np.array([at]))
        return self._reason(text, value, ties + places, events)

    def _older(self, rows: Int64, value: float) -> Reason:
        starts = self.scored.episodes.start[self.scored.pairs.one[rows]]
        dates = f"{clock_day(int(starts.min()))} to {clock_day(int(starts.max()))}"
        ties, events, _ = self._rest_on(rows)
        return self._reason(f"{count_of(len(rows), 'earlier night')}, {dates}", value, ties, events)

    def _places(self, rows: Int64) -> list[Reason]:
        """For each place at which both were found: how few others are found there."""
        episodes, parameters = self.scored.episodes, self.case.parameters
        counted = rows[self.scored.place[rows] > 0]
        at = episodes.found[self.scored.pairs.one[counted]]
        reasons = []
        for place in np.unique(at).tolist():
            own = counted[at == place]
            others = max(int(self.case.popularity[place]) - 2 * len(own), 0)
            text = (
                f"Both were found at {self._name(place)} or within {number(parameters, 'near'):.0f} metres of it, "
                f"{'once' if len(own) == 1 else f'{len(own)} times'}; {count_of(others, 'other episode')} in "
                f"{int(number(parameters, 'window_months'))} months {'is' if others == 1 else 'are'} recorded as "
                "ending there"
            )
            ties, events, places = self._rest_on(own)
            reasons.append(self._reason(text, float(self.scored.place[own].sum()), ties + places, events))
        return reasons

    def _one_address(self, row: int, rows: Int64) -> Reason:
        """Children of one home: shown, and counted less."""
        episodes, pairs = self.scored.episodes, self.scored.pairs
        origin = episodes.origin[pairs.one[rows]]
        doors = origin[(origin >= 0) & (origin == episodes.origin[pairs.two[rows]])]
        said = "Both are recorded as living at one address"
        if len(doors):
            where = listed([self._name(place) for place in np.unique(doors).tolist()])
            said = f"Both set out from {where}, {'once' if len(doors) == 1 else f'{len(doors)} times'}"
        share = f"{number(self.case.parameters, 'discount'):.0%}"
        text = f"{said}: children of one home are often reported missing together, so this counts {share} of the rest"
        return Reason(text, float(self.scored.discount[row]))

    def _company(self, row: int) -> Reason:
        """Third children missing with both, the strongest named."""
        pairs, count = self.scored.pairs, len(self.snapshot)
        subjects = (int(pairs.child[row]), int(pairs.other[row]))
        of_one, of_other = (self._partners(subject) for subject in subjects)
        others = np.intersect1d(of_one, of_other)
        rows = [
            np.searchsorted(self.keys, np.minimum(others, subject) * count + np.maximum(others, subject))
            for subject in subjects
        ]
        strength = np.minimum(self.scored.weight[rows[0]], self.scored.weight[rows[1]])
        named = others[np.argsort(-strength, kind="stable")]
        names = [self._name(third) for third in named[:NAMED].tolist()]
        if len(others) > NAMED:
            names.append(count_of(len(others) - NAMED, "other child", "other children"))
        meetings = np.concatenate([self._coincidences(int(found)) for found in np.concatenate(rows)])
        episodes = self.scored.episodes
        theirs: Bool = np.isin(episodes.person[pairs.one[meetings]], others)
        side = np.unique(np.where(theirs, pairs.one[meetings], pairs.two[meetings]))
        newest = side[np.argsort(-episodes.start[side], kind="stable")][:CAP]
        text = f"Each of the two was also missing at the same times as {listed(names)}"
        value = float(self.scored.company_score[row])
        return self._reason(text, value, episodes.tie[newest].tolist(), episodes.event[newest].tolist())

    def _partners(self, child: int) -> Int64:
        start, columns = self.matrix.indptr, self.matrix.indices
        partners: Int64 = columns[start[child] : start[child + 1]].astype(np.int64)
        return partners

    def _explanations(self, row: int) -> list[Reason]:
        """Ties recorded between the two: no evidence here, perhaps the explanation."""
        rows = self.between.get(int(self.keys[row]), [])
        if not rows:
            return []
        claims = listed(list(dict.fromkeys(tie_words(self.snapshot, tie) for tie in rows)))
        return [self._reason(f"Not counted, perhaps the explanation: {claims}", 0.0, rows[:CAP], [])]

    def summary(self, row: int) -> str:
        """Plain first sentences."""
        pairs, rows = self.scored.pairs, self._coincidences(row)
        many, last = int(pairs.coincidences[row]), int(self.scored.episodes.start[pairs.one[rows]].max())
        when = f"once, on {clock_day(last)}" if many == 1 else f"{many} times, last on {clock_day(last)}"
        together = int(self.scored.same[rows].sum())
        place = f" {'Once' if together == 1 else f'{together} times'} both were found at one place." if together else ""
        return (
            f"{self._name(pairs.child[row])} and {self._name(pairs.other[row])} were missing at the same time {when}; "
            f"about {pairs.expected[row]:.2f} would be expected from the days and hours of their own episodes.{place} "
            "Consider asking each of them, apart, at the return interview who they were with and where."
        )

    def not_known(self, row: int) -> list[Plain]:
        """What is not recorded about this very pair."""
        episodes, pairs, rows = self.scored.episodes, self.scored.pairs, self._coincidences(row)
        one, two = pairs.one[rows], pairs.two[rows]
        said: list[Plain] = []
        nowhere = int(((episodes.found[one] < 0) | (episodes.found[two] < 0)).sum())
        if nowhere:
            said.append(f"Where both were found is not recorded for {nowhere} of {count_of(len(rows), 'night')}.")
        if episodes.no_end is not None and (episodes.no_end[one] | episodes.no_end[two]).any():
            said.append("Of at least one episode no end is recorded; it is taken to last at most 30 days.")
        if int(pairs.coincidences[row]) == 1:
            said.append("They coincide once only: that can be chance.")
        if int(self.keys[row]) not in self.between:
            said.append("No tie between the two is recorded: how they know each other, or whether, is not known.")
        return said
