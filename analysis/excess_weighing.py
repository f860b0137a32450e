"""Weighing who is recorded with whom or what, for the detectors that ask for an excess of children at risk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.derive import Roles, base_rate, derive, home_of
from analysis.excess import Contributions, Meetings, contributions, scores
from analysis.listing import best
from analysis.meetings_grades import low_grade_words, low_meetings, low_ties
from analysis.meetings_sources import Sources, sources_of
from analysis.spec import Progress, number
from analysis.weights import TieWeights
from graph.flags import Plain
from graph.snapshot import Bool, Float64, Snapshot

#: a queue whose first so many would be others without the lowest grades says so
FIRST = 10
#: share of known children assumed where the records are few
PRIOR = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Weighing:
    """Records about possible subjects, and how they are weighed: the same for the whole run."""

    snapshot: Snapshot
    roles: Roles
    weights: TieWeights
    #: by subject, person, source, tie
    meetings: Meetings
    sources: Sources
    #: people whose presence speaks for a subject
    at_risk: Bool
    #: chance of that, by node row
    rate: Float64
    #: young people who count, and the share of known children among those of the same part, by node row
    children: Bool
    known_share: Float64
    #: chance that an adult is of concern, who then speaks for a subject too; None where only children count
    concern_rate: float | None
    alternative: float
    typical: float
    #: fewest households of known children, and fewest independent sources that name a known child
    households: int
    separate: int

    def everything(self) -> Bool:
        """All meetings."""
        return np.ones(len(self.meetings), dtype=np.bool_)

    def recorded(self, chosen: Bool) -> Float64:
        """Number of subjects each person is recorded with."""
        subject, person = self.meetings.subject[chosen], self.meetings.person[chosen]
        new = np.ones(len(subject), dtype=np.bool_)
        # meetings are sorted by subject, then person
        new[1:] = (subject[1:] != subject[:-1]) | (person[1:] != person[:-1])
        return np.bincount(person[new], minlength=len(self.snapshot)).astype(np.float64)

    def parts(self, chosen: Bool, recorded: Float64 | None = None) -> Contributions:
        """What each household adds to each subject, by the meetings chosen."""
        return contributions(
            self.meetings.take(chosen),
            at_risk=self.at_risk,
            base_rate=self.rate,
            household=self.roles.household,
            recorded=self.recorded(chosen) if recorded is None else recorded,
            alternative=self.alternative,
            typical=self.typical,
        )

    def listed(self, chosen: Bool, parts: Contributions) -> Bool:
        """Which subjects have enough households of known children by enough independent sources, by node row."""
        count = len(self.snapshot)
        known = self.roles.known_child
        children = parts.at_risk & known[parts.person]
        enough: Bool = np.bincount(parts.subject[children], minlength=count) >= self.households
        if self.separate > 1:
            enough &= self.sources.separate(self.meetings, chosen & known[self.meetings.person], count) >= self.separate
        return enough

    def score(self, ties: Bool) -> Float64:
        """Scores by node when the ties that are False are left out; minus infinity for what is not listed."""
        chosen = self.meetings.stands(ties)
        parts = self.parts(chosen)
        return np.where(self.listed(chosen, parts), scores(parts, len(self.snapshot)), -np.inf)


def who_is_who(snapshot: Snapshot, parameters: Mapping[str, Plain], progress: Progress) -> tuple[Roles, TieWeights]:
    """Roles of the people and weights of the ties: what gathering meetings begins with. Reads ``lookback_months``."""
    progress(0.02, "finding who is who")
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    progress(0.05, "weighing ties")
    weights = TieWeights(snapshot, roles.today)
    progress(0.1, "gathering records")
    return roles, weights


def at_home(snapshot: Snapshot, meetings: Meetings) -> Bool:
    """Which meetings are of a person with the place they live at."""
    span = len(snapshot)
    people, homes = home_of(snapshot)
    lives: Bool = np.isin(meetings.subject * span + meetings.person, homes.astype(np.int64) * span + people)
    return lives


def weighing_of(
    snapshot: Snapshot,
    roles: Roles,
    weights: TieWeights,
    meetings: Meetings,
    parameters: Mapping[str, Plain],
    progress: Progress,
    *,
    concern_rate: float | None,
    households: int,
    separate: int,
) -> Weighing:
    """The weighing of these meetings. Reads ``alternative`` and ``typical``; the rest is as in ``Weighing``."""
    progress(0.15, "telling sources apart")
    kept, sources = sources_of(snapshot, meetings)
    progress(0.25, "telling sources apart")
    children = roles.teenager | roles.known_child
    share = base_rate(roles.known_child, children, roles.part, prior=PRIOR)
    at_risk, rate = roles.known_child, share
    if concern_rate is not None:
        at_risk = at_risk | (roles.person & ~roles.child & roles.exploitation_concern)
        rate = np.where(children, share, concern_rate)
    alternative, typical = number(parameters, "alternative"), number(parameters, "typical")
    return Weighing(
        snapshot, roles, weights, kept, sources, at_risk, rate, children, share, concern_rate, alternative, typical,
        households, separate,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class LowGrades:
    """What rests on the lowest grades, by node row."""

    #: ties that do
    ties: Bool
    #: what speaks for the subject, and how much of it is left without them
    speaks_for: Float64
    left: Float64
    #: whether it would still be listed
    listed: Bool
    #: node rows of the first ``FIRST`` of the queue without them
    first: frozenset[int]

    def details(self, row: int, rank: int, also: float = 0.0, also_left: float = 0.0) -> dict[str, Plain]:
        """What a flag at that place of the queue says of it; ``also`` as in ``share``."""
        share, listed = self.share(row, also, also_left), bool(self.listed[row])
        return {
            "rests_on_low_grades": share,
            "listed_without_low_grades": listed,
            "not_known": list[Plain](low_grade_words(share, listed, FIRST, rank <= FIRST, row in self.first)),
        }

    def share(self, row: int, also: float = 0.0, also_left: float = 0.0) -> float:
        """Share of what speaks for a subject that rests on the lowest grades; ``also``: what else speaks for it."""
        whole = float(self.speaks_for[row]) + also
        return 0.0 if whole <= 0.0 else min(max(1.0 - (float(self.left[row]) + also_left) / whole, 0.0), 1.0)


def low_grades(weighing: Weighing, score: Callable[[Bool], Float64], least: float) -> LowGrades:
    """Weigh again without ties of the lowest grades.

    For the shares, how much is recorded of people stays as it is; ``score`` gives the queue as it would be.
    """
    count = len(weighing.snapshot)
    ties = low_ties(weighing.snapshot)
    everything = weighing.everything()
    recorded = weighing.recorded(everything)
    left = ~low_meetings(weighing.meetings, ties)
    sums = []
    for chosen in (everything, left):
        parts = weighing.parts(chosen, recorded)
        sums.append(_sums(parts, count))
    first = frozenset(best(score(~ties), least, FIRST).tolist())
    return LowGrades(ties, sums[0], sums[1], weighing.listed(left, parts), first)


def _sums(parts: Contributions, count: int) -> Float64:
    """What speaks for each subject, by node row."""
    risky = parts.at_risk
    return np.bincount(parts.subject[risky], parts.value[risky], minlength=count).astype(np.float64)
