"""More children at risk around one place or person than its turnout would bring: an additive log likelihood ratio.

Two accounts of who is recorded with a subject are compared. By chance, each person recorded is at risk with the base
rate. If the subject is a context of harm, with the share ``alternative``. Each person recorded adds the logarithm of
the ratio of the two probabilities: positive when at risk, negative when not. So the busy place and the well-connected
adult pay for everybody who is not at risk, the reasons add up to the score exactly, and taking one person away changes
the score by what that person added. It is the likelihood ratio of a binomial scan at a fixed alternative; the p-value
beside it is the exact binomial tail.

Evidence weighs what speaks for: a record counts between ``LEAST`` and 1, by kind, grade and age of its tie. What speaks
against counts as a record of middling weight (``AGAINST``), whatever its grade or age, so that better evidence never
lowers a score and older evidence never raises it.
A person recorded with very many subjects tells less about each: the chance of meeting them by accident is larger in
proportion to how much is recorded of them (``typical`` is where that correction begins).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from graph.snapshot import Bool, Float64, Int32, Int64

#: what the weakest record that is any evidence counts
LEAST = 0.25
#: what a record of somebody not at risk counts
AGAINST = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Meetings:
    """Who was recorded with what: one row a record, sorted in any order."""

    #: node row of the place or adult
    subject: Int64
    #: node row of the person recorded with it
    person: Int64
    #: 0 to 1
    weight: Float64
    #: row of the tie on the person's side
    tie: Int64
    #: row of the tie on the subject's side; -1 for a direct tie
    other_tie: Int64
    #: node row of the event or thing it came through; -1 for a direct tie
    through: Int64
    #: records of one source are one record: see analysis.meetings_sources; unlike numbers, unlike sources
    source: Int64

    def take(self, chosen: Bool | Int64) -> Meetings:
        """Only the rows chosen."""
        return Meetings(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def stands(self, ties: Bool) -> Bool:
        """Which rows still stand when the ties that are False are left out."""
        answer: Bool = ties[self.tie] & ((self.other_tie < 0) | ties[self.other_tie])
        return answer

    def kept(self, ties: Bool) -> Meetings:
        """Only what still stands when the ties that are False are left out."""
        return self.take(self.stands(ties))

    def __len__(self) -> int:
        return len(self.subject)

    @classmethod
    def of(cls, subject: Int64, person: Int64, weight: Float64, tie: Int64, other_tie: Int64 | None = None,
           through: Int64 | None = None) -> Meetings:  # fmt: skip
        """Meetings whose sources are not known yet; direct ones unless told through what."""
        none = np.full(len(subject), -1, dtype=np.int64)
        other_tie = none if other_tie is None else other_tie
        through = none if through is None else through
        return cls(subject, person, weight, tie, other_tie, through, none)

    @classmethod
    def joined(cls, *parts: Meetings) -> Meetings:
        """All rows of all parts."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """One row for each subject and each household recorded with it, by subject, then household."""

    subject: Int64
    household: Int64
    #: the person of that household who counts
    person: Int64
    at_risk: Bool
    #: weight of the evidence, 0 to 1
    weight: Float64
    #: what this household adds to the subject's score
    value: Float64

    def take(self, chosen: slice | Bool) -> Contributions:
        """Only the rows chosen."""
        return Contributions(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.subject)


def combined(
    subject: Int64, person: Int64, weight: Float64, *, cap: float = 0.95, in_order: bool = False
) -> tuple[Int64, Int64, Float64]:
    """Records of one person with one subject as one: 1 - product of (1 - weight), at most ``cap``.

    ``in_order``: the rows are sorted by subject, then person, already.
    """
    if not len(subject):
        return subject, person, weight
    if not in_order:
        order = np.lexsort((person, subject))
        subject, person, weight = subject[order], person[order], weight[order]
    first = np.flatnonzero(np.r_[True, (subject[1:] != subject[:-1]) | (person[1:] != person[:-1])])
    doubt = np.add.reduceat(np.log1p(-np.minimum(weight, cap)), first)
    return subject[first], person[first], np.minimum(-np.expm1(doubt), cap)


def by_source(subject: Int64, person: Int64, source: Int64, weight: Float64) -> tuple[Int64, Int64, Float64]:
    """Records of one person with one subject from one source as one: the best of them. Sorted in that order already."""
    if not len(subject):
        return subject, person, weight
    new = (subject[1:] != subject[:-1]) | (person[1:] != person[:-1]) | (source[1:] != source[:-1])
    first = np.flatnonzero(np.r_[True, new])
    return subject[first], person[first], np.maximum.reduceat(weight, first)


def contributions(
    meetings: Meetings,
    *,
    at_risk: Bool,
    base_rate: Float64,
    household: Int32,
    recorded: Float64,
    alternative: float,
    typical: float,
) -> Contributions:
    """What each household adds to the score of each subject. The meetings are sorted by subject, person, source.

    ``at_risk``, ``base_rate`` (chance of being at risk), ``household`` and ``recorded`` (number of subjects somebody is
    recorded with) have one entry a node. A household with several people at risk counts through the one who adds most;
    a household with one at risk does not also count against.
    """
    subject, person, weight = by_source(meetings.subject, meetings.person, meetings.source, meetings.weight)
    subject, person, weight = combined(subject, person, weight, in_order=True)
    risk = at_risk[person]
    chance = np.minimum(base_rate[person] * np.maximum(1.0, recorded[person] / typical), alternative)
    speaks_for = (LEAST + (1.0 - LEAST) * weight) * np.log(alternative / chance)
    against = AGAINST * np.log((1.0 - alternative) / (1.0 - np.minimum(base_rate[person], alternative)))
    value = np.where(risk, speaks_for, against)
    homes = household[person].astype(np.int64)
    # at risk before not, larger before smaller, then by row: the first of each household counts
    order = np.lexsort((person, -value, ~risk, homes, subject))
    subject, homes, person, risk = subject[order], homes[order], person[order], risk[order]
    first = np.ones(len(subject), dtype=np.bool_)
    first[1:] = (subject[1:] != subject[:-1]) | (homes[1:] != homes[:-1])
    kept = order[first]
    return Contributions(subject[first], homes[first], person[first], risk[first], weight[kept], value[kept])


def scores(parts: Contributions, count: int) -> Float64:
    """Sum of the contributions by subject, one entry a node; minus infinity for nodes without any."""
    total = np.bincount(parts.subject, weights=parts.value, minlength=count).astype(np.float64)
    total[np.bincount(parts.subject, minlength=count) == 0] = -np.inf
    return total


def strength(score: float, strong: float) -> float:
    """A score as strength of evidence, 0 to 1; what speaks against as much as for has none, ``strong`` has 0.63."""
    return float(-np.expm1(-max(score, 0.0) / strong))


def binomial_p(at_risk: Int64, of: Int64, share: Float64) -> Float64:
    """P(X >= at_risk) for X binomial(of, share)."""
    return np.asarray(stats.binom.sf(at_risk - 1, of, np.clip(share, 0.0, 1.0)), dtype=np.float64)


def endpoint_share(
    meetings: Meetings, marked: Bool, among: Bool, base_rate: Float64, part: Int32, *, weight: float = 50.0
) -> Float64:
    """Share of ``marked`` among the people of ``among`` recorded with any *other* subject of the same part, by subject.

    People recorded often count as often: the chance that the next person recorded anywhere is one of them. Shrunk to
    the base rate with the weight of so many people.
    """
    count = len(part)
    keys = np.unique(meetings.subject * count + meetings.person)
    subject, person = keys // count, keys % count
    counted = among[person]
    subject, person = subject[counted], person[counted]
    parts = int(part.max(initial=-1)) + 1
    total, found = (
        np.bincount(part[person], minlength=parts),
        np.bincount(part[person[marked[person]]], minlength=parts),
    )
    own, own_found = np.bincount(subject, minlength=count), np.bincount(subject[marked[person]], minlength=count)
    shares: Float64 = (found[part] - own_found + weight * base_rate) / (total[part] - own + weight)
    return shares
