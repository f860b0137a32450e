"""Words of the flags about adults recorded with several known children."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from analysis.codes import code, words
from analysis.excess import Meetings
from analysis.excess_listing import Excess
from analysis.excess_reasons import NAMED, meetings_of, newest, speaking_against, speaking_for
from analysis.excess_weighing import Weighing
from analysis.listing import largest_first
from analysis.meetings import family_ties
from analysis.wording import count_of, listed, marker, reports_of, sourced, ties_words
from graph.flags import Plain, Reason
from graph.snapshot import Int64, Snapshot

#: people shown as left out
SHOWN = 10
#: events and things named in the words of one reason
SAID = 5


def reasons_of(weighing: Weighing, excess: Excess, bonus: float, concern: Int64) -> tuple[Reason, ...]:
    """What adds up to the score of one adult: each household of known children, others against, being of concern."""
    snapshot, row = weighing.snapshot, excess.row
    reasons = speaking_for(weighing, excess, partial(child_reason, weighing, row))
    others = excess.parts.person[~excess.parts.at_risk]
    if len(others):
        meetings = meetings_of(weighing, row)
        many = count_of(len(others), "young person", "young people")
        text = f"{marker(snapshot.node_id(row))} is also recorded with {many} not known to the hub"
        reasons.append(speaking_against(weighing, excess, meetings.take(np.isin(meetings.person, others)), text))
    if bonus > 0:
        reasons.append(_concern_reason(snapshot, row, bonus, concern))
    return largest_first(reasons)


def child_reason(weighing: Weighing, row: int, meetings: Meetings, value: float) -> Reason:
    """One household: what is claimed of it and the subject, by whom, and what it adds."""
    snapshot = weighing.snapshot
    subject = marker(snapshot.node_id(row))
    direct = np.unique(meetings.tie[meetings.through < 0]).tolist()
    through = meetings.take(meetings.through >= 0)
    claims = [ties_words(snapshot, direct, weighing.weights.last_day[direct].tolist())] if direct else []
    claims += _together(snapshot, subject, through)
    # the young person's side: taking these away takes away this reason and no other
    own, said = newest(weighing, np.unique(meetings.tie))
    reports = reports_of(snapshot, np.unique(np.r_[own, meetings.other_tie[meetings.other_tie >= 0]]).tolist())[:NAMED]
    events = [at for at in dict.fromkeys(through.through.tolist()) if snapshot.nodes.event_type[at] >= 0]
    return sourced(snapshot, "; ".join(claims), value, reports, ties=own.tolist(), events=events, more=said)


def _together(snapshot: Snapshot, subject: str, through: Meetings) -> list[str]:
    """That the subject and these people stand in the same events and use the same things, newest events first."""
    people_of: dict[int, set[int]] = {}
    for place, person in zip(through.through.tolist(), through.person.tolist(), strict=True):
        people_of.setdefault(place, set()).add(person)
    by_people: dict[tuple[str, ...], list[int]] = {}
    for place, people in people_of.items():
        by_people.setdefault(tuple(sorted(marker(snapshot.node_id(person)) for person in people)), []).append(place)
    claims = []
    for names, places in sorted(by_people.items()):
        places.sort(key=lambda place: (-int(snapshot.nodes.started_at[place]), place))
        said = [marker(snapshot.node_id(place)) for place in places[:SAID]]
        if len(places) > SAID:
            said.append(f"{len(places) - SAID} more")
        both = "both" if len(names) == 1 else "all"
        claims.append(f"{listed([subject, *names])} are {both} recorded with {listed(said)}")
    return claims


def _concern_reason(snapshot: Snapshot, row: int, bonus: float, concern: Int64) -> Reason:
    rows = concern[snapshot.ties.source[concern] == row].tolist()
    role_words = words("role")
    roles = sorted({role_words[snapshot.ties.role[tie]] for tie in rows if snapshot.ties.role[tie] >= 0})
    events = [int(snapshot.ties.target[tie]) for tie in rows if snapshot.ties.role[tie] >= 0]
    operations = len(rows) - len(events)
    said = [f"as {' and '.join(roles)} in {count_of(len(events), 'event')}"] if events else []
    if operations:
        said.append(f"in {count_of(operations, 'operation')}")
    reports = reports_of(snapshot, rows)
    text = f"{marker(snapshot.node_id(row))} is recorded {' and '.join(said)}"
    return sourced(snapshot, text, bonus, reports, events=events)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something on record that could explain the contact without harm."""

    #: in words, without names
    kind: str
    #: with markers
    text: str


class LeftOut:
    """Meetings left out because of a role, to be looked up by either side."""

    def __init__(self, snapshot: Snapshot, meetings: Meetings) -> None:
        pairs = np.unique(meetings.subject * len(snapshot) + meetings.person)
        self._subject, self._person = pairs // max(len(snapshot), 1), pairs % max(len(snapshot), 1)
        self._by_person = np.argsort(self._person, kind="stable")
        self._people = self._person[self._by_person]
        ties = snapshot.ties
        self.carers = np.zeros(len(snapshot), dtype=np.bool_)
        self.carers[ties.source[ties.type == code("tie_type", "carer_of")]] = True

    def people_of(self, subject: int) -> Int64:
        """People left out for a subject."""
        first, last = np.searchsorted(self._subject, [subject, subject + 1])
        return self._person[first:last]

    def subjects_of(self, people: Int64) -> tuple[Int64, Int64]:
        """(subjects left out for these people, for how many of them)."""
        first, last = np.searchsorted(self._people, people), np.searchsorted(self._people, people, side="right")
        found = [self._subject[self._by_person[a:b]] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
        subjects, many = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *found]), return_counts=True)
        return subjects, many.astype(np.int64)


def alternatives(weighing: Weighing, row: int, children: Int64, left_out: LeftOut) -> tuple[Alternative, ...]:
    """What else could explain it, strongest first: family of the household, support, own family left out."""
    snapshot, roles = weighing.snapshot, weighing.roles
    subject = marker(snapshot.node_id(row))
    start, others, tie_rows = snapshot.incidence
    other, ties = others[start[row] : start[row + 1]], tie_rows[start[row] : start[row + 1]]
    types = snapshot.ties.type[ties]
    kin = family_ties()[types] | (types == code("tie_type", "partner_of"))
    related = np.isin(roles.household[children], roles.household[other[kin & roles.person[other]]])
    supported = np.isin(children, other[types == code("tie_type", "supports")])
    own = left_out.people_of(row)
    found = []
    if related.any():
        names = listed([marker(snapshot.node_id(child)) for child in children[related].tolist()])
        text = f"{subject} is recorded as family, household or partner in the household of {names}"
        found.append(Alternative("family or partner in the household", text))
    if supported.any():
        names = listed([marker(snapshot.node_id(child)) for child in children[supported].tolist()])
        found.append(Alternative("recorded as support", f"{subject} is recorded as supporting {names}"))
    if len(own):
        many = count_of(len(own), "young person", "young people")
        text = f"{many} of the family or household of {subject} {'is' if len(own) == 1 else 'are'} left out"
        found.append(Alternative("own family left out", text))
    return tuple(found)


def excluded(weighing: Weighing, children: Int64, left_out: LeftOut) -> list[Plain]:
    """Others recorded with the same children who were left out by role, and why: those with most of them first."""
    subjects, many = left_out.subjects_of(children)
    answer: list[Plain] = []
    for subject in subjects[np.lexsort((subjects, -many))].tolist()[:SHOWN]:
        reason = "family or household of the child"
        if weighing.roles.professional[subject]:
            reason = "professional by role"
        elif left_out.carers[subject]:
            reason = "carer by role"
        answer.append({"person": weighing.snapshot.node_id(subject), "reason": reason})
    return answer


def recorded_with(snapshot: Snapshot, excess: Excess) -> str:
    """How many young people are recorded with a person or thing, without a full stop."""
    return (
        f"{marker(snapshot.node_id(excess.row))} is recorded with "
        f"{count_of(excess.turnout, 'young person', 'young people')} of different households, {excess.observed} of "
        f"them known to the hub; about {excess.expected:.1f} would be expected by chance"
    )


def summary_of(snapshot: Snapshot, excess: Excess, other: tuple[Alternative, ...]) -> str:
    """The first sentences of a flag."""
    checked = (
        "; ".join(found.text for found in other)
        if other
        else "No family, household, carer or supporting tie and no professional role that would explain it is recorded"
    )
    return f"{recorded_with(snapshot, excess)}. {checked}. Consider asking what each connection is."
