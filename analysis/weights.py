"""How much one tie counts: weight of its kind, times confidence by its reports, times recency.

All three are starting values, documented here in one place. They say how telling a tie is as evidence, not how
dangerous anybody is. Sources: each step away from a victim lowered the odds of being a victim by 57 % (Papachristos and
Wildeman, American Journal of Public Health 2014, 3,718 people), hence ``STEP``; shootings followed their source after
125 days on average (Green, Horel and Papachristos, JAMA Internal Medicine 2017), hence half-lives of 120 to 180 days
for contact. Those are figures of gun violence in Chicago. The weights of kinds and grades are judgement, ordered after
what the grading schemes mean; no figures for English practice have been published.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from analysis.codes import code, tie_families, words
from analysis.derive import started_by, tie_last_day
from analysis.remember import remembered
from graph.snapshot import NO_DAY, Bool, Float64, Int32, Snapshot

#: what is left of the odds at each further step
STEP = 0.43
#: no tie and no bundle of ties is certain
CAP = 0.95
#: what old evidence still counts, at least
RECENCY_FLOOR = 0.1
#: a tie whose reports have no grade and no basis, or that has none
UNGRADED = 0.4

#: weight (0 to 1) and half-life in days of each type of tie between people; None: as long as it lasts
PERSON_TIES: Mapping[str, tuple[float, int | None]] = MappingProxyType(
    {
        "exploits": (0.85, 180),
        "controls": (0.80, 180),
        "targets": (0.75, 180),
        "threatens": (0.55, 180),
        "transports": (0.65, 180),
        "harbours": (0.65, 180),
        "contacts": (0.50, 180),
        "companion_of": (0.45, 180),
        "seen_with": (0.40, 180),
        "online_contact_with": (0.35, 180),
        "associate_of": (0.35, 180),
        "friend_of": (0.25, 365),
        "co_reported_with": (0.20, 180),
        "in_conflict_with": (0.15, 180),
        "sibling_of": (0.20, None),
        "shares_household_with": (0.20, None),
        "partner_of": (0.25, None),
        "kin_of": (0.10, None),
        "parent_of": (0.15, None),
        "placed_with": (0.10, 180),
    }
)
#: weight and half-life of using a phone, vehicle or account, and of a contact through one
OBJECT_TIES: Mapping[str, tuple[float, int | None]] = MappingProxyType(
    {
        "uses": (0.60, 180),
        "registered_to": (0.40, None),
        "contacts": (0.50, 180),
        "targets": (0.70, 180),
        "threatens": (0.55, 180),
        "online_contact_with": (0.35, 180),
        "travels_between": (0.30, 180),
    }
)
#: weight and half-life of being at a place or in a group
CONTEXT_TIES: Mapping[str, tuple[float, int | None]] = MappingProxyType(
    {
        "frequents": (0.60, 180),
        "seen_at": (0.45, 180),
        "feels_unsafe_at": (0.30, 365),
        "feels_safe_at": (0.10, 365),
        "attends": (0.30, None),
        "member_of": (0.60, 365),
    }
)
#: weight of a role in an event that is not about a service
EVENT_ROLES: Mapping[str, float] = MappingProxyType(
    {
        "victim": 0.60,
        "suspect": 0.55,
        "convicted": 0.55,
        "companion": 0.60,
        "subject": 0.50,
        "missing_person": 0.50,
        "mentioned": 0.30,
        "witness": 0.25,
        "found_by": 0.10,
        "other": 0.20,
    }
)
EVENT_HALF_LIFE = 180

#: confidence by source evaluation, in the order of the scheme; the schemes are judged each by itself
_SOURCE = {"3x5x2": (1.0, 0.75, 0.4), "5x5x5": (1.0, 0.9, 0.7, 0.4, 0.4)}
#: confidence by information assessment; suspected false is no evidence
_INFORMATION = {"3x5x2": (1.0, 0.9, 0.65, 0.45, 0.0), "5x5x5": (1.0, 0.9, 0.75, 0.4, 0.0)}
#: confidence of what police do not grade, by basis
_BASIS = {"fact": 0.75, "opinion": 0.45, "allegation": 0.5}


def report_confidence(snapshot: Snapshot) -> Float64:
    """0 to 1 for each report, by its own scheme; a better grade never counts less."""
    reports = snapshot.reports
    basis = np.array([*(_BASIS[word] for word in words("basis")), UNGRADED])
    confidence: Float64 = basis[reports.basis]
    for scheme, source in _SOURCE.items():
        graded = (
            (reports.scheme == code("grading_scheme", scheme))
            & (reports.source_evaluation >= 0)
            & (reports.information_assessment >= 0)
        )
        by_source = np.array(source)[reports.source_evaluation[graded]]
        confidence[graded] = by_source * np.array(_INFORMATION[scheme])[reports.information_assessment[graded]]
    return confidence


@remembered
def tie_confidence(snapshot: Snapshot) -> Float64:
    """0 to 1 for each tie: its best report of each agency, agencies as independent sources, times what was stated.

    Reports of one event are one source whatever the agencies, so ties of events take their best report only.
    """
    ties, reports = snapshot.ties, snapshot.reports
    count = len(ties.source)
    per_tie = np.diff(ties.report_start)
    confidence = np.full(count, UNGRADED)
    if len(ties.report_of_tie):
        owner = np.repeat(np.arange(count), per_tie)
        agency = reports.agency[ties.report_of_tie].astype(np.int64) + 1
        of_event = tie_families("structural")[ties.type[owner]]
        key = owner * (len(reports.agencies) + 1) + np.where(of_event, 0, agency)
        best, where = np.unique(key, return_inverse=True)
        value = np.zeros(len(best))
        np.maximum.at(value, where, report_confidence(snapshot)[ties.report_of_tie])
        doubt = np.bincount(
            best // (len(reports.agencies) + 1), weights=np.log1p(-np.minimum(value, CAP)), minlength=count
        )
        confidence = np.where(per_tie > 0, -np.expm1(doubt), confidence)
    stated = np.where(np.isnan(ties.confidence), 1.0, ties.confidence)
    sure: Float64 = np.clip(confidence * stated, 0.0, 1.0)
    return sure


def recency(last_day: Int32, today: int, half_life: Float64) -> Float64:
    """What evidence of that day still counts: halves every ``half_life`` days (infinite: stays), never below a floor.

    An undated tie counts the floor.
    """
    age = np.maximum(today - last_day.astype(np.float64), 0.0)
    left: Float64 = np.exp2(-age / half_life)
    left = np.where(last_day == NO_DAY, 0.0, left)
    left = np.where(np.isinf(half_life) & (last_day != NO_DAY), 1.0, left)
    return np.maximum(left, np.float64(RECENCY_FLOOR))


class TieWeights:
    """Weights of all ties of a snapshot at its as-at date; built once, used by every detector of a run."""

    def __init__(self, snapshot: Snapshot, today: int) -> None:
        self._snapshot, self._today = snapshot, today
        self.last_day: Int32 = tie_last_day(snapshot, today)
        self.confidence: Float64 = tie_confidence(snapshot)
        #: had started, is not protective, and somebody has not withdrawn it
        self.usable: Bool = started_by(snapshot, today) & (snapshot.ties.polarity != 2)

    def of(self, table: Mapping[str, tuple[float, int | None]]) -> Float64:
        """Weight of every tie by such a table; 0 for types that are not in it. A tie that has ended ages."""
        ties = self._snapshot.ties
        kinds = words("tie_type")
        base = np.array([table.get(word, (0.0, None))[0] for word in kinds])
        half = np.array([float(table.get(word, (0.0, None))[1] or np.inf) for word in kinds])[ties.type]
        ended = ties.end_day <= self._today
        half = np.where(np.isinf(half) & ended, 365.0, half)
        # an open tie without any date is as good as its type says when the type does not age
        lasting = np.isinf(half) & ~ended
        age = np.where(lasting, 1.0, recency(self.last_day, self._today, half))
        concern = np.where(ties.polarity == 0, 1.15, 1.0)
        weight = np.minimum(base[ties.type] * concern, CAP) * self.confidence * age
        return np.where(self.usable, weight, 0.0)

    def of_event_roles(self) -> Float64:
        """Weight of taking part in an event by role; 0 for other ties and for roles that say nothing."""
        ties = self._snapshot.ties
        base = np.array([*(EVENT_ROLES.get(word, 0.0) for word in words("role")), 0.0])
        age = recency(self.last_day, self._today, np.full(len(ties.source), float(EVENT_HALF_LIFE)))
        took_part = ties.type == code("tie_type", "took_part_in")
        return np.where(took_part & self.usable, base[ties.role] * self.confidence * age, 0.0)
