"""The evidence that peripheral children are scored by, as families for the exposure kernel.

Families: *ties* between people (two steps), *missing together* (validated against chance), *events* (in company, in one
incident), *things* (one phone, vehicle or account), *contexts* (places, schools and groups by reported presence) and
*found* (places where children were found after going missing). Each record serves one family: a missing episode that
coincides with a source's is missing together, otherwise the place found counts. A tie to a thing or a place is half of
a link, so it counts with its square root.

What services do because somebody was worried is no evidence: referrals, assessments, meetings, visits and interviews,
ties of professionals, and being named together only in the reports of such work. So a flag does not feed itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.co_missing import MissingEpisodes, MissingPairs, missing_episodes, missing_pairs
from analysis.codes import PLACE_ROLES, code, event_groups, kind_code, marked
from analysis.derive import SECONDS_A_DAY, Roles, base_rate, home_of, months_before, place_role_of
from analysis.excess import combined
from analysis.exposure import Context, Exposure, Shared, Ties, exposure
from analysis.meetings import LARGEST_EVENT, LARGEST_SHARED, event_parts, object_ties
from analysis.spec import number
from analysis.weights import CAP, CONTEXT_TIES, PERSON_TIES, STEP, TieWeights, recency
from graph.flags import Plain
from graph.model import NodeKind
from graph.snapshot import NO_END, Bool, Float64, Int64, Snapshot

#: how telling it is to be missing with somebody, once it is no accident; and its half-life in days
TOGETHER, TOGETHER_HALF_LIFE = 0.85, 180
#: pairs less likely than this to have been together are left out: one night alone, found apart, is never a tie
LEAST_TOGETHER = 0.2
#: being found at a place after going missing
FOUND_AT = 0.6
#: strength of sources: how surely they are what they are said to be
KNOWN, CLOSED_HALF_LIFE = 0.8, 365
CONCERN_IN_EXPLOITATION, OTHER_CONCERN = 0.9, 0.4
#: a child believed to have harmed may be a victim too, and is no adult of concern
CHILD_OF_CONCERN = 0.4
#: share of sources assumed where records are few
PRIOR = 0.05
#: weight of that share against what is seen at one place, in people
CONTEXT_PRIOR = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Records of people with people or contexts, sorted by person, then other."""

    person: Int64
    other: Int64
    weight: Float64
    #: row of the tie
    tie: Int64

    @classmethod
    def of(cls, person: Int64, other: Int64, weight: Float64, tie: Int64) -> Records:
        """Sorted."""
        order = np.lexsort((tie, other, person))
        return cls(person[order], other[order], weight[order], tie[order])

    def kept(self, chosen: Bool) -> Records:
        """Only the rows chosen."""
        return Records(self.person[chosen], self.other[chosen], self.weight[chosen], self.tie[chosen])

    def both_ways(self) -> Records:
        """Every record from either side."""
        return Records.of(
            np.concatenate([self.person, self.other]),
            np.concatenate([self.other, self.person]),
            np.tile(self.weight, 2),
            np.tile(self.tie, 2),
        )

    def matrix(self, count: int) -> sparse.csr_array:
        """One entry a pair: 1 - product of (1 - weight)."""
        row, column, value = combined(self.person, self.other, self.weight, cap=CAP, in_order=True)
        start = np.searchsorted(row, np.arange(count + 1))
        return sparse.csr_array((value, column, start), shape=(count, count))


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Everything of one run that does not depend on which ties are left out."""

    snapshot: Snapshot
    roles: Roles
    weights: TieWeights
    #: strength of each node as a source
    sources: Float64
    #: children who can be flagged
    targets: Bool
    #: between people, from either side; only those that a path can use
    ties: Records
    #: number of ordinary people each person is tied to
    ordinary: Int64
    #: number of events and contexts each person is recorded in
    recorded: Int64
    events: Records
    things: Records
    contexts: Records
    #: share of sources among people, by node
    rate: Float64
    #: (person, place) of everybody's home, as person * nodes + place, sorted
    homes: Int64
    #: places, schools and groups that count as contexts
    context: Bool
    since: int
    parameters: Mapping[str, Plain]


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Missing episodes and the pairs of them that are no accident."""

    episodes: MissingEpisodes
    pairs: MissingPairs
    #: weight of each pair with kind and age; 0 when left out
    weight: Float64
    #: (child, place, weight, tie of the place) for episodes that coincide with no source's
    found: Records


def gather(
    snapshot: Snapshot,
    roles: Roles,
    parameters: Mapping[str, Plain],
    *,
    targets: Bool | None = None,
    sources: Float64 | None = None,
) -> Evidence:
    """Collect the records.

    ``targets`` are who can be flagged: children not open to the hub, when not given; ``sources`` the strength of each
    source: known children and people of concern, when not given.
    """
    weights = TieWeights(snapshot, roles.today)
    if sources is None:
        since = months_before(snapshot.as_at, int(number(parameters, "lookback_months")))
        sources = source_strength(snapshot, roles, since)
    if targets is None:
        targets = roles.candidate & ~roles.professional
    between = between_people(snapshot, roles, weights)
    events, contexts = _in_events(snapshot, weights), _in_contexts(snapshot, weights)
    people, homes = home_of(snapshot)
    return Evidence(
        snapshot,
        roles,
        weights,
        sources,
        targets,
        _on_paths(between, sources, targets),
        _ordinary(between, sources),
        _distinct_records(events, len(snapshot)) + _distinct_records(contexts, len(snapshot)),
        _between(events, sources, targets),
        _between(_through_things(snapshot, weights), sources, targets),
        _between(contexts, sources, targets),
        base_rate(sources > 0, roles.person, roles.part, prior=PRIOR),
        np.unique(people.astype(np.int64) * len(snapshot) + homes),
        contexts_that_count(snapshot),
        months_before(snapshot.as_at, int(number(parameters, "missing_months"))),
        parameters,
    )


def _ordinary(between: Records, sources: Float64) -> Int64:
    count = len(sources)
    first = np.ones(len(between.person), dtype=np.bool_)
    first[1:] = (between.person[1:] != between.person[:-1]) | (between.other[1:] != between.other[:-1])
    ordinary: Int64 = np.bincount(between.person[first & (sources[between.other] == 0)], minlength=count)
    return ordinary


def _on_paths(between: Records, sources: Float64, targets: Bool) -> Records:
    """Ties that a path of at most two steps from somebody who can be flagged to a source can use."""
    to_source = sources[between.other] > 0
    leads = np.zeros(len(sources), dtype=np.bool_)
    leads[between.person[to_source]] = True
    return between.kept(to_source | (targets[between.person] & leads[between.other]))


def _between(records: Records, sources: Float64, targets: Bool) -> Records:
    """Records of things and contexts that both a source and somebody who can be flagged are recorded with."""
    one = np.zeros(len(sources), dtype=np.bool_)
    two = np.zeros(len(sources), dtype=np.bool_)
    one[records.other[sources[records.person] > 0]] = True
    two[records.other[targets[records.person]]] = True
    return records.kept((one & two)[records.other])


def _distinct_records(records: Records, count: int) -> Int64:
    first = np.ones(len(records.person), dtype=np.bool_)
    first[1:] = (records.person[1:] != records.person[:-1]) | (records.other[1:] != records.other[:-1])
    distinct: Int64 = np.bincount(records.person[first], minlength=count)
    return distinct


def source_strength(snapshot: Snapshot, roles: Roles, since: int) -> Float64:
    """How far each person is a source: known children (less when long closed), people of concern."""
    adult = ~roles.child
    strength = np.zeros(len(snapshot))
    strength[roles.person_of_concern & adult] = OTHER_CONCERN
    strength[roles.exploitation_concern & adult] = CONCERN_IN_EXPLOITATION
    strength[roles.exploitation_concern & roles.child] = CHILD_OF_CONCERN
    victim = roles.known_child & roles.candidate
    strength[victim] = KNOWN
    episodes = snapshot.episodes
    hub = (episodes.type == code("episode_type", "open_to_hub")) & (episodes.start_day <= roles.today)
    hub &= (episodes.end_day > since) & roles.child[episodes.person]
    last = np.where(episodes.end_day == NO_END, roles.today, np.minimum(episodes.end_day, roles.today))
    fading = recency(last[hub].astype(np.int32), roles.today, np.full(int(hub.sum()), float(CLOSED_HALF_LIFE)))
    np.maximum.at(strength, episodes.person[hub], KNOWN * fading)
    strength[roles.professional] = 0.0
    return strength


def _through_things(snapshot: Snapshot, weights: TieWeights) -> Records:
    person, thing, tie, weight = object_ties(snapshot, weights)
    return Records.of(person, thing, np.sqrt(weight), tie)


def between_people(snapshot: Snapshot, roles: Roles, weights: TieWeights) -> Records:
    """Ties between people who are not professionals, from either side."""
    ties = snapshot.ties
    weight = weights.of(PERSON_TIES)
    weight[named_by_services_only(snapshot)] = 0.0
    counted = roles.person & ~roles.professional
    rows = np.flatnonzero((weight > 0) & counted[ties.source] & counted[ties.target] & (ties.source != ties.target))
    one = Records.of(ties.source[rows].astype(np.int64), ties.target[rows].astype(np.int64), weight[rows], rows)
    return one.both_ways()


def named_by_services_only(snapshot: Snapshot) -> Bool:
    """Ties that say only that two people are named together, in reports of what services did and nowhere else.

    A referral, meeting or visit names together whom a flag, or a worried person, brought together.
    """
    ties, nodes = snapshot.ties, snapshot.nodes
    of_service = np.zeros(len(snapshot.reports.agency) + 1, dtype=np.bool_)
    service = event_groups("service", "meeting")[nodes.event_type] | interviews()[nodes.event_type]
    of_service[nodes.report[service & (nodes.kind == kind_code(NodeKind.EVENT))]] = True
    of_service[-1] = False
    counts = np.diff(ties.report_start)
    owner = np.repeat(np.arange(len(counts)), counts)
    by_services = np.bincount(owner, weights=of_service[ties.report_of_tie], minlength=len(counts))
    named: Bool = (ties.type == code("tie_type", "co_reported_with")) & (counts > 0) & (by_services == counts)
    return named


def _in_events(snapshot: Snapshot, weights: TieWeights) -> Records:
    rows, weight = event_parts(snapshot, weights)
    ties = snapshot.ties
    return Records.of(ties.source[rows].astype(np.int64), ties.target[rows].astype(np.int64), weight, rows)


def _in_contexts(snapshot: Snapshot, weights: TieWeights) -> Records:
    ties, nodes = snapshot.ties, snapshot.nodes
    weight = weights.of(CONTEXT_TIES)
    person = nodes.kind == kind_code(NodeKind.PERSON)
    rows = np.flatnonzero((weight > 0) & person[ties.source] & contexts_that_count(snapshot)[ties.target])
    return Records.of(
        ties.source[rows].astype(np.int64), ties.target[rows].astype(np.int64), np.sqrt(weight[rows]), rows
    )


def interviews() -> Bool:
    """Table over event types: talks with a child after the event, and offers of one."""
    return marked("event_type", ("return_interview", "return_interview_declined", "prevention_interview"))


def contexts_that_count(snapshot: Snapshot) -> Bool:
    """Peer groups, schools and places; not placements and police stations, which all in care or custody share."""
    nodes = snapshot.nodes
    roles = place_role_of(snapshot)
    left_out = np.isin(roles, [PLACE_ROLES.index("placement"), PLACE_ROLES.index("police")])
    chosen: Bool = ((roles >= 0) & ~left_out) | (nodes.kind == kind_code(NodeKind.PEER_GROUP))
    return chosen


def together(evidence: Evidence, ties: Bool) -> Together:
    """Pairs missing together of which one can be flagged and the other is a source."""
    snapshot, sources = evidence.snapshot, evidence.sources
    episodes = missing_episodes(snapshot, ties, since=evidence.since)
    pairs = missing_pairs(
        episodes,
        half=number(evidence.parameters, "together_half"),
        common=number(evidence.parameters, "common_place"),
        involving=sources > 0,
    )
    useful = (evidence.targets[pairs.child] & (sources[pairs.other] > 0)) | (
        evidence.targets[pairs.other] & (sources[pairs.child] > 0)
    )
    first = pairs.start[:-1]
    latest = (
        np.maximum.reduceat(episodes.start[pairs.one], first) if len(first) else np.empty(0, dtype=np.int64)
    ) // SECONDS_A_DAY
    age = recency(latest.astype(np.int32), evidence.roles.today, np.full(len(latest), float(TOGETHER_HALF_LIFE)))
    apart = evidence.roles.household[pairs.child] != evidence.roles.household[pairs.other]
    weight = np.where(useful & apart & (pairs.weight >= LEAST_TOGETHER), pairs.weight * TOGETHER * age, 0.0)
    return Together(episodes, pairs, weight, _found(evidence, episodes, pairs, ties))


def _found(evidence: Evidence, episodes: MissingEpisodes, pairs: MissingPairs, ties: Bool) -> Records:
    snapshot, roles = evidence.snapshot, evidence.roles
    alone = np.ones(len(episodes), dtype=np.bool_)
    alone[pairs.one] = False
    alone[pairs.two] = False
    # a source is at the place whoever else was missing that night
    alone |= evidence.sources[episodes.person] > 0
    place = episodes.found
    home = episodes.person * len(snapshot) + place
    where_home = np.minimum(np.searchsorted(evidence.homes, home), max(len(evidence.homes) - 1, 0))
    at_home = evidence.homes[where_home] == home if len(evidence.homes) else np.zeros(len(home), dtype=np.bool_)
    kept = alone & (place >= 0) & ~at_home & (place != episodes.origin) & evidence.context[np.maximum(place, 0)]
    where = np.full(len(snapshot), -1, dtype=np.int64)
    located = np.flatnonzero((snapshot.ties.type == code("tie_type", "occurred_at")) & ties)[::-1]
    where[snapshot.ties.source[located]] = located
    day = (episodes.start[kept] // SECONDS_A_DAY).astype(np.int32)
    age = recency(day, roles.today, np.full(len(day), float(TOGETHER_HALF_LIFE)))
    tie = where[episodes.event[kept]]
    known = tie >= 0
    return Records.of(episodes.person[kept][known], place[kept][known], np.sqrt(FOUND_AT * age[known]), tie[known])


def pair_matrix(found: Together, count: int) -> sparse.csr_array:
    """Weights of the pairs missing together, both ways."""
    used = found.weight > 0
    one, two, weight = found.pairs.child[used], found.pairs.other[used], found.weight[used]
    rows, columns = np.concatenate([one, two]), np.concatenate([two, one])
    return sparse.csr_array(sparse.coo_array((np.tile(weight, 2), (rows, columns)), shape=(count, count)))


def expose(evidence: Evidence, ties: Bool, found: Together | None = None) -> Exposure:
    """The exposure of every candidate when the ties that are False are left out."""
    count = len(evidence.snapshot)
    missing = together(evidence, ties) if found is None else found
    families: dict[str, Ties | Shared | Context] = {
        "ties": Ties(evidence.ties.kept(ties[evidence.ties.tie]).matrix(count), True, evidence.ordinary),
        "missing": Ties(pair_matrix(missing, count)),
        "events": Shared(evidence.events.kept(ties[evidence.events.tie]).matrix(count), LARGEST_EVENT),
        "things": Shared(evidence.things.kept(ties[evidence.things.tie]).matrix(count), LARGEST_SHARED),
        "contexts": Context(
            evidence.contexts.kept(ties[evidence.contexts.tie]).matrix(count), evidence.rate, CONTEXT_PRIOR
        ),
        "found": Context(missing.found.matrix(count), evidence.rate, CONTEXT_PRIOR),
    }
    return exposure(
        families,
        evidence.sources,
        households=evidence.roles.household,
        targets=evidence.targets,
        step=STEP,
        hub_limit=int(number(evidence.parameters, "hub_limit")),
    )


def recorded_otherwise(evidence: Evidence, exposed: Exposure) -> Int64:
    """How much is recorded of each child that has nothing to do with harm: ordinary people, events and contexts.

    What contributes to the exposure is not counted, so a further tie to a source never counts against.
    """
    count = len(evidence.snapshot)
    recorded = evidence.ordinary + evidence.recorded
    for name in ("events", "contexts"):
        recorded -= np.bincount(exposed.contributions[name].target, minlength=count)
    return recorded
