"""Offences of exploitation against one child: several suspects together, one again and again, several not linked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.derive import Roles, derive, months_before
from analysis.offence_patterns_records import Between, Link, Offence, Parts, offences_of, parts_of
from analysis.offence_patterns_words import details_of, reasons_of
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet
from analysis.weights import TieWeights
from analysis.wording import expiry
from graph.flags import Flag, Parameter, Plain
from graph.snapshot import Bool, Snapshot

SPEC = DetectorSpec(
    name="offence_patterns",
    version="1.0",
    title="Patterns of offences against one child",
    question=(
        "Which children are recorded as victims of exploitation by several suspects acting together, by one suspect "
        "again and again, or by several suspects between whom nothing is recorded?"
    ),
    method=(
        "Offences and incidents of an exploitation strand in the window are gathered by victim; entries of one "
        "incident by two agencies count once. Several together: two suspects in one offence, or three within thirty "
        "days who are linked by other records. One again and again: one suspect alone in three offences (two: "
        "possible). Not linked: three suspects or more between whom no tie, contact in common, phone, vehicle, "
        "account, event, group, operation, address or quiet place is recorded apart from the victim. Each suspect or "
        "offence adds how sure its record is; one alone is no pattern."
    ),
    parameters=(
        Parameter("window_months", 12, "How far back offences count", "months", 1, 120),
        Parameter("together_days", 30, "Days within which linked suspects act together", "days", 1, 365),
        Parameter("together_suspects", 3, "Linked suspects of separate offences that make a pattern", "people", 2, 20),
        Parameter("repeats", 3, "Offences by one suspect alone that make a pattern", "offences", 2, 20),
        Parameter("possible_repeats", 2, "Offences by one suspect alone that are shown as possible", "offences", 2, 20),
        Parameter("unlinked_suspects", 3, "Suspects without links that make a pattern", "people", 3, 20),
        Parameter("limit", 500, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "The names of the patterns describe what the suspects are recorded to have done. They say nothing about what "
        "the child wanted: no pattern is a relationship, and a child cannot consent to exploitation.",
        "A suspect has not been found guilty. Recording loses suspects, so two in one offence are enough to ask.",
        "A suspect under 18 is shown as a child, who may be a victim too.",
        "No link found is not no link: it may never have been recorded, or lie in records this run may not use.",
    ),
    not_known=(
        "Offences nobody reported, and suspects nobody named.",
        "Whether two records of one name are one person.",
        "Links between the suspects that no partner recorded.",
    ),
    would_clear=(
        "Offences found not to have happened or to be one and the same, a suspect found to be somebody else or "
        "ruled out, or, where no link was found, a link between the suspects."
    ),
    uses=(
        "offences and incidents with a strand of exploitation, their victims, suspects and convicted people",
        "dates of birth",
        "ties between people, phones, vehicles, accounts, events, groups, operations, places and addresses of suspects",
        "grades and dates of reports",
    ),
    sources=(
        "The shapes are those of a police profile of twelve months published with a council's scrutiny report of 2016: "
        "several of one group, the same again and again, unconnected lone offenders",
    ),
    method_page="offence_patterns.md",
    expires_after=90,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police", "socialworker"}),
)
#: score from which evidence is called moderate and strong: two or three sure suspects (or offences) beyond the first
MODERATE, STRONG = 1.0, 2.0
#: what a suspect adds who is linked with another by records other than a joint offence
LINKED = 0.5
PARTY, REPEATED, UNLINKED = "party", "boyfriend", "lone_offenders"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern against one victim."""

    name: str
    victim: int
    #: node rows, ascending
    suspects: tuple[int, ...]
    offences: tuple[Offence, ...]
    #: links between the suspects apart from these offences
    links: tuple[Link, ...]
    #: records of the suspects that were looked at for links
    searched: int
    #: fewer offences than make a pattern: shown to be asked about
    possible: bool

    @property
    def key(self) -> tuple[str, int, int]:
        """What it is about: stays when another suspect or offence is added."""
        return self.name, self.victim, -1 if self.name == UNLINKED else self.suspects[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for the whole run."""

    snapshot: Snapshot
    roles: Roles
    weights: TieWeights
    parts: Parts
    between: Between
    parameters: Mapping[str, Plain]

    def patterns(self, kept: Bool | None = None) -> list[Pattern]:
        """All patterns, by victim. ``kept``: False for ties left out."""
        return [
            pattern
            for victim, offences in sorted(offences_of(self.snapshot, self.parts, kept).items())
            for pattern in self._against(victim, offences, kept)
        ]

    def _against(self, victim: int, offences: list[Offence], kept: Bool | None) -> list[Pattern]:
        suspects = sorted({person for offence in offences for person in offence.suspects})
        if len(suspects) == 1 and len(offences) < number(self.parameters, "possible_repeats"):
            return []
        apart_from = frozenset({victim, *(event for offence in offences for event in offence.events)})
        links = self.between.links(suspects, apart_from, kept)
        joint = [tuple(sorted(offence.suspects)) for offence in offences if len(offence.suspects) > 1]
        parties = self._together(offences, links, joint)
        found = [
            self._pattern(PARTY, victim, party, [o for o in offences if set(o.suspects) & set(party)], links, kept)
            for party in parties
        ]
        in_party = {person for party in parties for person in party}
        for person in suspects:
            alone = [offence for offence in offences if set(offence.suspects) == {person}]
            least = number(self.parameters, "repeats" if person in in_party else "possible_repeats")
            if len(alone) >= least:
                found.append(self._pattern(REPEATED, victim, (person,), alone, [], kept))
        single = tuple(group[0] for group in _groups(suspects, links, joint) if len(group) == 1)
        if len(single) >= number(self.parameters, "unlinked_suspects"):
            theirs = [offence for offence in offences if set(offence.suspects) & set(single)]
            found.append(self._pattern(UNLINKED, victim, single, theirs, [], kept))
        return found

    def _together(
        self, offences: list[Offence], links: list[Link], joint: list[tuple[int, ...]]
    ) -> list[tuple[int, ...]]:
        """Groups of suspects who acted together: in one offence, or linked and close in time."""
        days, least = number(self.parameters, "together_days"), number(self.parameters, "together_suspects")
        suspects = sorted({person for offence in offences for person in offence.suspects})
        answer = []
        for group in _groups(suspects, links, joint):
            members = {person for pair in joint for person in pair if person in group}
            for first in offences:
                near = {
                    person
                    for offence in offences
                    if 0 <= offence.day - first.day < days
                    for person in offence.suspects
                    if person in group
                }
                if len(near) >= least:
                    members |= near
            if len(members) > 1:
                answer.append(tuple(sorted(members)))
        return answer

    def _pattern(
        self,
        name: str,
        victim: int,
        suspects: tuple[int, ...],
        offences: Sequence[Offence],
        links: Sequence[Link],
        kept: Bool | None,
    ) -> Pattern:
        inside = tuple(link for link in links if link.one in suspects and link.two in suspects)
        possible = name == REPEATED and len(offences) < number(self.parameters, "repeats")
        searched = self.between.records(suspects, kept)
        return Pattern(name, victim, suspects, tuple(offences), inside, searched, possible)

    def sure(self, ties: Iterable[int]) -> float:
        """How sure it is that one of these records is right, 0 to 0.95."""
        doubt = np.log1p(-np.minimum(self.weights.confidence[list(ties)], 0.95)).sum()
        return float(min(-np.expm1(doubt), 0.95))


def _groups(suspects: Sequence[int], links: Iterable[Link], joint: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Suspects joined by links and joint offences, each group ascending, by first member."""
    leader = {person: person for person in suspects}

    def top(person: int) -> int:
        while leader[person] != person:
            leader[person] = leader[leader[person]]
            person = leader[person]
        return person

    for pair in [(link.one, link.two) for link in links] + [(group[0], one) for group in joint for one in group[1:]]:
        one, two = sorted((top(pair[0]), top(pair[1])))
        leader[two] = one
    groups: dict[int, list[int]] = defaultdict(list)
    for person in suspects:
        groups[top(person)].append(person)
    return [tuple(members) for _, members in sorted(groups.items())]


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain]) -> _Case:
    roles = derive(snapshot)
    weights = TieWeights(snapshot, roles.today)
    since = months_before(snapshot.as_at, int(number(parameters, "window_months")))
    parts = parts_of(snapshot, weights, since, roles.today)
    between = Between(snapshot, weights, np.unique(parts.person[~parts.victim]).tolist())
    return _Case(snapshot, roles, weights, parts, between, parameters)


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for patterns, best evidence first."""
    case = _prepare(snapshot, parameters)
    progress(0.4, "gathering offences")
    patterns = case.patterns()
    steady = _steady(case, patterns, generator, progress)
    progress(0.9, "writing reasons")
    flags = [_flag(case, pattern, None if steady is None else steady[at]) for at, pattern in enumerate(patterns)]
    flags.sort(key=lambda flag: (-flag.strength, flag.subjects, flag.id))
    return tuple(_ranked(flag, rank) for rank, flag in enumerate(flags[: int(number(parameters, "limit"))], start=1))


def _steady(
    case: _Case, patterns: Sequence[Pattern], generator: np.random.Generator, progress: Progress
) -> list[float] | None:
    """Share of repeats without a fifth of the ties in which the same pattern is found with a suspect of it."""
    runs = int(number(case.parameters, "stability_runs"))
    if runs == 0:
        return None
    again = [0] * len(patterns)
    for run in range(runs):
        progress(0.4 + 0.5 * run / runs, "leaving out ties")
        kept = generator.random(len(case.snapshot.ties.source)) >= 0.2
        found: dict[tuple[str, int], set[int]] = defaultdict(set)
        for pattern in case.patterns(kept):
            found[pattern.name, pattern.victim].update(pattern.suspects)
        for at, pattern in enumerate(patterns):
            again[at] += bool(found[pattern.name, pattern.victim] & set(pattern.suspects))
    return [count / runs for count in again]


def _flag(case: _Case, pattern: Pattern, steady: float | None) -> Flag:
    snapshot = case.snapshot
    reasons = reasons_of(snapshot, case.roles, pattern, case.sure, LINKED)
    score = float(sum(reason.contribution for reason in reasons))
    subjects = tuple(snapshot.node_id(row) for row in (pattern.victim, *pattern.suspects))
    name, _, suspect = pattern.key
    about = subjects[:1] if suspect < 0 else (subjects[0], snapshot.node_id(suspect))
    return Flag(
        id=flag_id(SPEC.name, about, name),
        detector=SPEC.name,
        subjects=subjects,
        strength=float(max(0.0, -np.expm1(-score / STRONG))),
        band=band_of(score, MODERATE, STRONG),
        rank=0,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(snapshot.as_at, SPEC.expires_after),
        details={"score": score, **details_of(snapshot, case.roles, pattern)},
    )


def _ranked(flag: Flag, rank: int) -> Flag:
    return Flag(**{**{name: getattr(flag, name) for name in flag.__dataclass_fields__}, "rank": rank})
