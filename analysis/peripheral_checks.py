"""What is said beside the reasons: what would be without them, ordinary explanations looked for, strengths, gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import PLACE_ROLES, code
from analysis.derive import home_of, place_role_of
from analysis.exposure import Exposure
from analysis.peripheral_evidence import Evidence
from analysis.wording import count_of, day, listed, marker, tie_ids, tie_words
from graph.flags import Band, Plain, Reason
from graph.snapshot import NO_DAY, Float64, Int64

#: strengths and people named beside one flag, at most
NAMED = 6
#: evidence older than this is said to be old
OLD_DAYS = 180
#: what the families of evidence are called in a sentence
FAMILY_WORDS: Mapping[str, str] = {
    "ties": "the ties between people",
    "missing": "the nights missing together",
    "events": "the events recorded with others",
    "things": "the phones, vehicles and accounts shared",
    "contexts": "the places, schools and groups",
    "found": "the places where the child was found",
}
_BAND_WORDS = {Band.STRONG: "strong", Band.MODERATE: "moderate", Band.SLIGHT: "slight"}


def sums_by_family(exposed: Exposure, count: int) -> Mapping[str, Float64]:
    """What each family adds to each node's exposure."""
    return {
        name: np.bincount(parts.target, weights=parts.value, minlength=count).astype(np.float64)
        for name, parts in exposed.contributions.items()
    }


def counterfactuals(
    exposure: float,
    parts: Mapping[str, float],
    reasons: tuple[Reason, ...],
    band_without: Callable[[float], Band | None],
) -> list[dict[str, Plain]]:
    """What the flag would be without each family of evidence, and without its largest reason.

    ``band_without`` says the band for so much exposure, None when it would not be listed. What is taken away is taken
    as gone, not as recorded in another way.
    """
    answer: list[dict[str, Plain]] = []

    def without(what: str, taken: float, phrase: str) -> None:
        band = band_without(max(exposure - taken, 0.0))
        would = "would not be listed" if band is None else f"would be listed with {_BAND_WORDS[band]} evidence"
        answer.append(
            {
                "without": what,
                "listed": band is not None,
                "band": None if band is None else band.value,
                "text": f"Without {phrase} this flag {would}.",
            }
        )

    several = [name for name, value in parts.items() if value > 0]
    if len(reasons) > 1:
        without("largest_reason", reasons[0].contribution, "its largest reason")
    for name in several if len(several) > 1 else ():
        without(name, parts[name], FAMILY_WORDS[name])
    return answer


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Indexes for looking round one person at a time."""

    evidence: Evidence
    #: home of each person, as person * nodes + place, sorted
    homes: Int64
    #: role of each place
    place_role: Int64

    @classmethod
    def of(cls, evidence: Evidence) -> Surroundings:
        people, places = home_of(evidence.snapshot)
        keys = np.unique(people.astype(np.int64) * len(evidence.snapshot) + places)
        return cls(evidence, keys, place_role_of(evidence.snapshot).astype(np.int64))

    def homes_of(self, person: int) -> set[int]:
        """Places where somebody lives now."""
        count = len(self.evidence.snapshot)
        first, last = np.searchsorted(self.homes, [person * count, (person + 1) * count])
        return set((self.homes[first:last] % count).tolist())

    def _others(self, person: int, *kinds: str) -> dict[int, list[int]]:
        """Nodes tied to somebody by these kinds of ties, with the ties' rows."""
        snapshot = self.evidence.snapshot
        start, others, ties = snapshot.incidence
        span = slice(int(start[person]), int(start[person + 1]))
        chosen = np.isin(snapshot.ties.type[ties[span]], [code("tie_type", kind) for kind in kinds])
        chosen &= self.evidence.weights.usable[ties[span]]
        found: dict[int, list[int]] = {}
        for other, tie in zip(others[span][chosen].tolist(), ties[span][chosen].tolist(), strict=True):
            found.setdefault(other, []).append(tie)
        return found

    def checked(self, child: int, sources: list[int]) -> list[dict[str, Plain]]:
        """Ordinary explanations that were looked for, and between whom each was found."""
        household = self.evidence.roles.household
        own_homes = self.homes_of(child)
        placements = {place for place in own_homes if self.place_role[place] == PLACE_ROLES.index("placement")}
        kin = set(self._others(child, "sibling_of", "parent_of", "kin_of", "partner_of", "shares_household_with"))
        schools, groups = set(self._others(child, "attends")), set(self._others(child, "member_of"))
        questions: tuple[tuple[str, str, Callable[[int], bool]], ...] = (
            ("household", "one household", lambda other: bool(household[other] == household[child])),
            ("family", "one family", lambda other: other in kin),
            ("placement", "one placement", lambda other: bool(placements & self.homes_of(other))),
            ("school", "one school", lambda other: bool(schools & set(self._others(other, "attends")))),
            ("group", "one recorded group", lambda other: bool(groups & set(self._others(other, "member_of")))),
        )
        name = self.evidence.snapshot.node_id
        answer: list[dict[str, Plain]] = []
        for key, words, same in questions:
            people = [marker(name(other)) for other in sources if same(other)]
            more = [f"{len(people) - NAMED} more"] if len(people) > NAMED else []
            text = f"{marker(name(child))} and {listed(people[:NAMED] + more)}: {words}." if people else ""
            answer.append({"explanation": key, "found": bool(people), "text": text})
        return answer

    def strengths(self, person: int) -> list[dict[str, Plain]]:
        """Protective ties of somebody: shown, never counted."""
        snapshot = self.evidence.snapshot
        start, _, ties = snapshot.incidence
        rows = ties[int(start[person]) : int(start[person + 1])]
        types = snapshot.ties.type[rows]
        good = (snapshot.ties.polarity[rows] == 2) | np.isin(
            types, [code("tie_type", kind) for kind in ("feels_safe_at", "supports")]
        )
        good &= (snapshot.ties.start_day[rows] <= self.evidence.roles.today) & (
            snapshot.ties.end_day[rows] > self.evidence.roles.today
        )
        return [
            {"text": tie_words(snapshot, row) + ".", "ties": list(tie_ids(snapshot, [row]))}
            for row in rows[good].tolist()[:NAMED]
        ]

    def unknown(self, person: int, ties: list[int]) -> list[str]:
        """What is not known for this very flag; ``ties`` are the rows the flag rests on."""
        evidence, said = self.evidence, []
        snapshot = evidence.snapshot
        last = evidence.weights.last_day[ties] if ties else np.empty(0, dtype=np.int32)
        newest = int(last.max(initial=int(NO_DAY)))
        if newest == int(NO_DAY):
            said.append("When any of it was: nothing it rests on is dated.")
        elif evidence.roles.today - newest > OLD_DAYS:
            said.append(f"What has happened since {day(newest)}, the last day any of it speaks of.")
        reports = snapshot.reports
        rows = sorted({int(row) for tie in ties for row in self._reports(tie)})
        if rows and len({int(reports.agency[row]) for row in rows}) == 1:
            said.append("What other agencies know: all of it comes from one.")
        ungraded = sum(1 for row in rows if reports.source_evaluation[row] < 0 and reports.basis[row] < 0)
        if ungraded:
            said.append(f"How reliable {count_of(ungraded, 'report')} it rests on {'is' if ungraded == 1 else 'are'}.")
        if not self._others(person, "attends"):
            said.append("Which school {who} attends, if any.")
        if not self.homes_of(person):
            said.append("Where {who} lives.")
        who = marker(snapshot.node_id(person))
        return [text.replace("{who}", who) for text in said]

    def _reports(self, tie: int) -> Int64:
        ties = self.evidence.snapshot.ties
        return ties.report_of_tie[ties.report_start[tie] : ties.report_start[tie + 1]].astype(np.int64)
