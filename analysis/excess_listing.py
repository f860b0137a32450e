"""What the flags of a list by excess show of each subject: who is recorded with it, against what chance would bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.excess import Contributions, binomial_p, endpoint_share
from analysis.excess_weighing import LowGrades, Weighing, low_grades
from analysis.spec import number
from graph.flags import Plain
from graph.snapshot import Bool, Float64, Int64


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """Who is recorded with one subject, one row a household, against what chance would bring."""

    row: int
    parts: Contributions
    #: which of them are young people, and which of those are known to the hub
    young: Bool
    known: Bool
    #: share of known children among the young people recorded with other subjects
    share: float
    #: chance that an adult is of concern
    concern_rate: float

    @property
    def turnout(self) -> int:
        """Young people, one a household."""
        return int(self.young.sum())

    @property
    def observed(self) -> int:
        """Known children among them."""
        return int(self.known.sum())

    @property
    def expected(self) -> float:
        """Known children whom chance would bring."""
        return self.turnout * self.share

    @property
    def p_value(self) -> float:
        """Chance of as many known children or more."""
        return excess_p(self.observed, self.turnout, self.share)

    @property
    def known_children(self) -> Int64:
        """Their node rows."""
        return self.parts.person[self.known]

    @property
    def adults_of_concern(self) -> int:
        return int((self.parts.at_risk & ~self.young).sum())

    @property
    def adults_expected(self) -> float:
        """Adults of concern whom chance would bring."""
        return float((~self.young).sum() * self.concern_rate)


def excess_p(observed: int, turnout: int, share: float) -> float:
    """P-value of so many known children among so many young people."""
    return float(binomial_p(np.array([observed]), np.array([turnout]), np.array([share]))[0])


class ExcessTable:
    """The excess of every subject, and how much of it rests on the lowest grades."""

    def __init__(self, weighing: Weighing, score: Callable[[Bool], Float64], parameters: Mapping[str, Plain]) -> None:
        roles = weighing.roles
        self.weighing = weighing
        self._parts = weighing.parts(weighing.everything())
        self._share = endpoint_share(
            weighing.meetings, roles.known_child, weighing.children, weighing.known_share, roles.part
        )
        self.low: LowGrades = low_grades(weighing, score, number(parameters, "minimum_score"))

    def of(self, row: int) -> Excess:
        """That of one subject."""
        first, last = np.searchsorted(self._parts.subject, [row, row + 1])
        parts = self._parts.take(slice(int(first), int(last)))
        young, known = self.weighing.children[parts.person], self.weighing.roles.known_child[parts.person]
        return Excess(row, parts, young, known, float(self._share[row]), self.weighing.concern_rate or 0.0)
