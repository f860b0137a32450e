"""Adults who join circles of people at risk that have little else to do with each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.brokers_network import (
    Circles,
    Contacts,
    Measures,
    Records,
    at_risk_of,
    circles_of,
    contacts_of,
    equal_pairs,
    measures_of,
    recorded_groups,
    records_of,
)
from analysis.brokers_reasons import Evidence, Position, flag_details, reasons_of
from analysis.derive import Roles, derive
from analysis.excess import AGAINST, LEAST
from analysis.spec import DetectorSpec, Progress, band_of, flag_id, number, quiet, switch
from analysis.stability import stability
from analysis.weights import TieWeights
from analysis.wording import expiry
from graph.flags import Flag, Parameter, Plain
from graph.snapshot import Bool, Float64, Int64, Snapshot

SPEC = DetectorSpec(
    name="brokers",
    version="1.0",
    title="Adults who join separate circles of people at risk",
    question=(
        "Which adults are recorded with people at risk in two or more circles that are otherwise apart, more than all "
        "their contacts would bring by chance, and do several measures of position agree?"
    ),
    method=(
        "People at risk (known children, people of concern in exploitation, subjects of operations) and everybody "
        "recorded with two households at risk make up the network; places, families and professionals are no ways in "
        "it. It is parted into circles. Somebody joins two circles who is recorded with two households at risk in "
        "each, more than all their contacts would bring by chance, and the circles count as apart when there are fewer "
        "other ties between them than this person has into the smaller. The circle with most evidence is taken as the "
        "person's own and adds nothing; each other adds the logarithm of how much likelier its contacts are than by "
        "chance. Betweenness, Burt's constraint, cutting others off, and ties into two operations or recorded groups "
        "each add a fixed amount when they agree, and it is said which do."
    ),
    parameters=(
        Parameter("lookback_months", 24, "How long a closed case still makes a known child", "months", 1, 120),
        Parameter("alternative", 0.2, "Share of contacts in a circle of somebody who belongs to it", None, 0.01, 0.9),
        Parameter("least_households", 2, "Fewest households at risk in each circle", "households", 1, 20),
        Parameter("resolution", 0.03, "Evidence per pair that makes a circle", "natural log units", 0.001, 5),
        Parameter("smallest_circle", 3, "Fewest people at risk in a circle that can be joined", "people", 2, 30),
        Parameter("top_share", 0.2, "Share of people (here) whose position counts as far out", None, 0.001, 0.5),
        Parameter("least_cut_off", 3, "Fewest people who would lose touch with the rest", "people", 1, 1000),
        Parameter(
            "least_agreeing", 2, "Fewest measures that agree, joining and being apart included", "measures", 2, 6
        ),
        Parameter("exact_up_to", 20_000, "Largest network whose betweenness is exact", "people", 10, 200_000),
        Parameter("pivots", 400, "Pivots from which betweenness is estimated in larger ones", "people", 10, 100_000),
        Parameter("children", False, "Also show children who may be exploited to carry between circles"),
        Parameter("minimum_score", 0.0, "Smallest score that is listed", "natural log units", -1000, 1000),
        Parameter("limit", 100, "Longest list", "flags", 1, 100_000),
        Parameter("stability_runs", 20, "Repeats with a fifth of the ties left out", "runs", 0, 200),
    ),
    cautions=(
        "A position in the records is not a role: people who are looked for collect ties to everybody.",
        "Who seems most central is often the most visible; those who direct others may keep out of sight.",
        "Circles are computed from records and may be parts of one group.",
        "A child in such a position may be exploited to carry messages or goods, and is first a child to protect.",
    ),
    not_known=(
        "What passes through this person, if anything.",
        "Ties nobody recorded, which may join the circles in other ways.",
    ),
    would_clear=(
        "An ordinary reason for the contacts (family, work, neighbourhood), records about somebody else of the same "
        "name, or the circles known to be one."
    ),
    uses=(
        "ties between people, events both took part in, shared phones, vehicles and accounts",
        "episodes open to the hub, victims and suspects in events of exploitation, subjects of operations",
        "professional roles, kinship and households (to leave out)",
        "recorded groups",
        "grades and dates of reports",
    ),
    sources=(
        "R. S. Burt, Structural Holes, Harvard 1992; L. C. Freeman, Sociometry 40 (1977); U. Brandes, Journal of "
        "Mathematical Sociology 25 (2001)",
        "C. Morselli, Inside Criminal Networks, Springer 2009, and S. Agreste and others, Network structure and "
        "resilience of Mafia syndicates, Information Sciences 351 (2016): one measure does not suffice",
        "V. Traag and others, From Louvain to Leiden, Scientific Reports 9 (2019): circles",
    ),
    method_page="brokers.md",
    expires_after=60,
    may_run=frozenset({"analyst"}),
    may_see=frozenset({"analyst", "police"}),
)
#: score (natural log units) from which evidence is called moderate and strong: odds of about 7 and 55 to 1, more than
#: for other questions because every circle is tried
MODERATE, STRONG = 2.0, 4.0
#: what each measure adds that agrees
AGREES = 0.5
#: the measures that may agree with joining circles
MEASURES = ("betweenness", "constraint", "cut_off", "groups")


@dataclass(frozen=True, slots=True, eq=False)
class _Joins:
    """Contacts at risk by person and circle: one row a household, and sums of each person with each circle."""

    person: Int64
    circle: Int64
    #: the contact who counts for the household
    other: Int64
    value: Float64
    #: one row a person and a circle in which there are enough households, by person
    whose: Int64
    which: Int64
    households: Int64
    total: Float64


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for the whole run."""

    snapshot: Snapshot
    roles: Roles
    weights: TieWeights
    records: Records
    contacts: Contacts
    at_risk: Bool
    circles: Circles
    possible: Bool
    #: chance that a contact is at risk and of the circle, by circle and part of the network of the person
    volume: Float64
    whole: Float64
    parameters: Mapping[str, Plain]

    def joins(self, contacts: Contacts) -> _Joins:
        """Who is recorded with enough households of which circles, more than by chance."""
        circle = self.circles.of[contacts.other]
        kept = self.possible[contacts.person] & self.at_risk[contacts.other] & self.joinable[circle]
        person, other, weight, circle = (
            contacts.person[kept], contacts.other[kept], contacts.weight[kept], circle[kept]
        )  # fmt: skip
        alternative = number(self.parameters, "alternative")
        chance = np.clip(self.volume[circle] / np.maximum(self.whole[person], 1.0), 1e-6, alternative)
        value = (LEAST + (1.0 - LEAST) * weight) * np.log(alternative / chance)
        home = self.roles.household[other].astype(np.int64)
        order = np.lexsort((other, -value, home, circle, person))
        person, other, circle, home, value = person[order], other[order], circle[order], home[order], value[order]
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = (person[1:] != person[:-1]) | (circle[1:] != circle[:-1]) | (home[1:] != home[:-1])
        person, other, value, circle = person[first], other[first], value[first], circle[first]
        span = len(self.circles.size)
        keys, where, many = np.unique(person * span + circle, return_inverse=True, return_counts=True)
        whose, which = keys // span, keys % span
        degree = np.bincount(contacts.person, minlength=len(self.snapshot))
        elsewhere = np.maximum(degree[whose] - many, 0)
        total = np.bincount(where, weights=value, minlength=len(keys)) + elsewhere * AGAINST * np.log1p(-alternative)
        enough = (many >= number(self.parameters, "least_households")) & (total > 0)
        return _Joins(person, circle, other, value, whose[enough], which[enough], many[enough], total[enough])

    @property
    def joinable(self) -> Bool:
        """Circles with enough people at risk; the last entry (read by -1) is False."""
        enough: Bool = self.circles.at_risk >= number(self.parameters, "smallest_circle")
        return enough

    def bridges(self, joins: _Joins) -> Float64:
        """What joining adds, by node: all circles but the strongest; minus infinity for who joins no two."""
        count = len(self.snapshot)
        circles = np.bincount(joins.whose, minlength=count)
        strongest = np.zeros(count)
        np.maximum.at(strongest, joins.whose, joins.total)
        total = np.bincount(joins.whose, weights=joins.total, minlength=count) - strongest
        return np.where(circles >= 2, total, -np.inf)

    def score_without(self, agree: Bool, ties: Bool) -> Float64:
        """Scores when ties are left out; circles and positions stay those of the whole network."""
        bridges = self.bridges(self.joins(contacts_of(self.records.kept(ties), len(self.snapshot))))
        return _score(bridges, agree, self.parameters)


def _score(bridges: Float64, agree: Bool, parameters: Mapping[str, Plain]) -> Float64:
    agreeing = agree.sum(axis=1)
    listed = 2 + agreeing >= number(parameters, "least_agreeing")
    return np.where(listed, bridges + AGREES * agreeing, -np.inf)


def _prepare(snapshot: Snapshot, parameters: Mapping[str, Plain], generator: np.random.Generator) -> _Case:
    roles = derive(snapshot, lookback_months=int(number(parameters, "lookback_months")))
    weights = TieWeights(snapshot, roles.today)
    records = records_of(snapshot, roles, weights)
    contacts = contacts_of(records, len(snapshot))
    at_risk = at_risk_of(snapshot, roles, weights)
    seed = int(generator.integers(2**31))
    circles = circles_of(contacts, at_risk, roles.household, resolution=number(parameters, "resolution"), seed=seed)
    possible = circles.inside & roles.person
    if not switch(parameters, "children"):
        possible &= ~roles.child
    degree = np.bincount(contacts.person, minlength=len(snapshot)).astype(np.float64)
    counted = at_risk & (circles.of >= 0)
    return _Case(
        snapshot, roles, weights, records, contacts, at_risk, circles, possible,
        np.bincount(circles.of[counted], weights=degree[counted], minlength=len(circles.size)).astype(np.float64),
        np.bincount(roles.part, weights=degree)[roles.part].astype(np.float64),
        parameters,
    )  # fmt: skip


def _apart(case: _Case, joins: _Joins, chosen: Int64) -> Bool:
    """Of ``chosen``: who joins two circles with fewer other ties between them than theirs into the smaller."""
    contacts, circles = case.contacts, case.circles
    ends = case.at_risk[contacts.person] & case.at_risk[contacts.other]
    one, two = circles.of[contacts.person[ends]], circles.of[contacts.other[ends]]
    span = len(circles.size)
    between, many = np.unique((one * span + two)[one < two], return_counts=True)
    answer = np.zeros(len(chosen), dtype=np.bool_)
    for at, person in enumerate(chosen.tolist()):
        mine = slice(*np.searchsorted(joins.whose, [person, person + 1]).tolist())
        order = np.argsort(-joins.total[mine], kind="stable")
        which, households = joins.which[mine][order], joins.households[mine][order]
        own = int(circles.of[person])
        for other in range(1, len(which)):
            low, high = sorted((int(which[0]), int(which[other])))
            found = int(np.searchsorted(between, low * span + high))
            there = int(many[found]) if found < len(between) and between[found] == low * span + high else 0
            # the ties of somebody at risk are counted in their own circle's
            if case.at_risk[person] and own in (low, high):
                there -= int(households[other] if own == which[0] else households[0])
            answer[at] |= there < min(households[0], households[other])
    return answer


def _agreeing(case: _Case, measures: Measures) -> Bool:
    """Which measures put each person far out among those of the same part of the network; one column each."""
    top = number(case.parameters, "top_share")
    part = case.roles.part.astype(np.int64)
    answer = np.zeros((len(case.snapshot), len(MEASURES)), dtype=np.bool_)
    answer[:, 0] = _top(measures.betweenness, measures.inside, part, top) & (measures.betweenness > 0)
    open_contacts = -np.nan_to_num(measures.constraint, nan=np.inf)
    answer[:, 1] = _top(open_contacts, measures.inside, part, top) & (measures.effective_size >= 2)
    answer[:, 2] = measures.cut_off >= number(case.parameters, "least_cut_off")
    person, group, _ = recorded_groups(case.snapshot, case.weights)
    count = len(case.snapshot)
    left, right = equal_pairs(case.contacts.other, person)
    whose, reached = np.r_[person, case.contacts.person[left]], np.r_[group, group[right]]
    span = int(reached.max(initial=0)) + 1
    answer[:, 3] = np.bincount(np.unique(whose * span + reached) // span, minlength=count) >= 2
    return answer


def _top(values: Float64, inside: Bool, part: Int64, share: float) -> Bool:
    """Who is among the first ``share`` by value in the same part; who draws with the last of them is in."""
    answer = np.zeros(len(values), dtype=np.bool_)
    rows = np.flatnonzero(inside)
    order = rows[np.lexsort((-values[rows], part[rows]))]
    _, first, many = np.unique(part[order], return_index=True, return_counts=True)
    for begin, size in zip(first.tolist(), many.tolist(), strict=True):
        mine = order[begin : begin + size]
        least = values[mine[max(1, int(np.ceil(share * size))) - 1]]
        answer[mine[values[mine] >= least]] = True
    return answer


def detect(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """Flags for people, best evidence first."""
    case = _prepare(snapshot, parameters, generator)
    progress(0.3, "finding circles")
    joins = case.joins(case.contacts)
    bridges = case.bridges(joins)
    joining = np.flatnonzero(np.isfinite(bridges))
    bridges[joining[~_apart(case, joins, joining)]] = -np.inf
    inside = case.circles.inside & case.joinable[case.circles.of]
    inside[np.isfinite(bridges)] = True
    measures = measures_of(
        case.contacts, case.circles, inside,
        exact_up_to=int(number(parameters, "exact_up_to")), pivots=int(number(parameters, "pivots")),
        generator=generator, progress=lambda share, words: progress(0.3 + 0.2 * share, words),
    )  # fmt: skip
    agree = _agreeing(case, measures)
    total = _score(bridges, agree, parameters)
    chosen = np.flatnonzero(total >= number(parameters, "minimum_score"))
    ids = [snapshot.nodes.ids[int(row)] for row in chosen]
    order = sorted(range(len(chosen)), key=lambda at: (-total[chosen[at]], ids[at]))
    flagged = chosen[order[: int(number(parameters, "limit"))]]
    progress(0.55, "leaving out ties")
    runs = int(number(parameters, "stability_runs"))
    listed = np.zeros(len(snapshot), dtype=np.bool_)
    listed[flagged] = True
    # only the records of those listed say whether they still join
    theirs = case.records.take(listed[case.records.one] | listed[case.records.two])
    less = dataclasses.replace(case, records=theirs, possible=listed)

    def score(ties: Bool) -> Float64:
        progress(0.6, "leaving out ties")
        return less.score_without(agree, ties)

    steady = stability(score, flagged, len(snapshot.ties.source), generator, runs=runs)
    progress(0.9, "writing reasons")
    return tuple(
        _flag(case, joins, measures, agree, int(row), rank, None if steady is None else float(steady[rank - 1]))
        for rank, row in enumerate(flagged, start=1)
    )


def _flag(
    case: _Case, joins: _Joins, measures: Measures, agree: Bool, row: int, rank: int, steady: float | None
) -> Flag:
    mine = slice(*np.searchsorted(joins.whose, [row, row + 1]).tolist())
    order = np.argsort(-joins.total[mine], kind="stable")
    which = joins.which[mine][order]
    # the strongest is the person's own, and adds nothing
    value = np.where(np.arange(len(which)) == 0, 0.0, joins.total[mine][order])
    here = slice(*np.searchsorted(joins.person, [row, row + 1]).tolist())
    position = Position(
        row, which, value, joins.circle[here], joins.other[here],
        tuple(name for name, agrees in zip(MEASURES, agree[row].tolist(), strict=True) if agrees), AGREES,
    )  # fmt: skip
    evidence = Evidence(case.snapshot, case.roles, case.weights, case.records, case.at_risk, case.circles, measures)
    reasons = reasons_of(evidence, position)
    score = float(sum(reason.contribution for reason in reasons))
    subject = case.snapshot.node_id(row)
    details = flag_details(evidence, position)
    return Flag(
        id=flag_id(SPEC.name, (subject,)),
        detector=SPEC.name,
        subjects=(subject,),
        strength=float(max(0.0, -np.expm1(-score / STRONG))),
        band=band_of(score, MODERATE, STRONG),
        rank=rank,
        stability=steady,
        reasons=reasons,
        would_clear=SPEC.would_clear,
        cautions=SPEC.cautions,
        expires_on=expiry(case.snapshot.as_at, SPEC.expires_after),
        details={"score": score, **details},
    )
