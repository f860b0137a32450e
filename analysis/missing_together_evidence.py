"""What speaks for and against two children having been missing together, in additive powers of ten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from analysis.clock import HOUR, local
from analysis.co_missing import (
    MissingEpisodes,
    MissingPairs,
    MissingRecords,
    found_nearby,
    missing_pairs,
    missing_records,
    place_surprise,
)
from analysis.codes import PLACE_ROLES
from analysis.derive import LARGEST_HOUSEHOLD, SECONDS_A_DAY, Roles, derive, home_of, months_before
from analysis.missing_together_kernels import at_least_by_weeks, shared_company
from analysis.spec import number
from graph.flags import Plain
from graph.snapshot import NO_DAY, Bool, Float64, Int64, Snapshot

#: children who set out together are reported within so many hours of each other on average; by chance any time within
#: the window is as likely. Judgement: the reports of one evening are written one after the other
APART = 0.7
#: a likelihood ratio of closeness is not taken beyond this, either way
CLOSENESS_LIMIT = 10.0
WEEK = 7 * SECONDS_A_DAY
#: surprise at which a pair counts half as company of a third child, and the least that counts
HALF, LEAST_COMPANY = 3.0, 0.2
#: powers of ten for each power of ten of shared company
COMPANY = 2.0
#: pairs below this are not looked at for company
COMPANY_FROM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What is the same for the whole run."""

    snapshot: Snapshot
    roles: Roles
    records: MissingRecords
    #: metres of every node; NaN where not known
    place_xy: Float64
    #: episodes found at or near each place, by node row
    popularity: Int64
    #: people by places they live at now; large blocks left out
    homes: sparse.csr_array
    parameters: Mapping[str, Plain]
    #: called now and then while pairs are compared; what it raises ends the run
    tick: Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Pairs with their evidence, one row a pair as in ``pairs``; coincidences as in ``pairs.one``."""

    episodes: MissingEpisodes
    pairs: MissingPairs
    #: the pair of each coincidence
    pair: Int64
    #: both were found at one place, by coincidence
    same: Bool
    #: -log10 P of as many coincidences
    time: Float64
    #: log10 of likelihood ratios, by coincidence: how close in time they set out
    closeness: Float64
    #: -log10 of how common the place found is, by coincidence
    place: Float64
    #: number of coincidences from one address
    one_door: Int64
    one_home: Bool
    #: taken away for one address; 0 or less
    discount: Float64
    #: company of third children, as a sum of weights, and what it adds
    company: Float64
    company_score: Float64
    #: how surely each pair was together, for company
    weight: Float64
    #: minus infinity for pairs that cannot be listed
    score: Float64


def prepare(snapshot: Snapshot, parameters: Mapping[str, Plain], tick: Callable[[], None] = lambda: None) -> Case:
    """Read the records once."""
    roles = derive(snapshot)
    tick()
    since = months_before(snapshot.as_at, int(number(parameters, "window_months")))
    records = missing_records(snapshot, since=since)
    xy = np.column_stack([snapshot.nodes.easting, snapshot.nodes.northing])
    popularity = found_nearby(records.joined(), xy, number(parameters, "near"))
    tick()
    return Case(snapshot, roles, records, xy, popularity, _homes(snapshot, roles), parameters, tick)


def _homes(snapshot: Snapshot, roles: Roles) -> sparse.csr_array:
    people, places = home_of(snapshot)
    home = roles.place_role[places] == PLACE_ROLES.index("home")
    many = np.bincount(places, minlength=len(snapshot))[places] > LARGEST_HOUSEHOLD
    kept = ~(home & many)
    ones = np.ones(int(kept.sum()), dtype=np.int32)
    shape = (len(snapshot), len(snapshot))
    return sparse.coo_array((ones, (people[kept], places[kept])), shape=shape).tocsr()


def weigh(case: Case, episodes: MissingEpisodes) -> Scored:
    """Score all pairs of children with a coincidence among these episodes."""
    within, common = number(case.parameters, "within_hours"), number(case.parameters, "common")
    pairs = missing_pairs(
        episodes,
        within_hours=within,
        spread=int(number(case.parameters, "spread")),
        common=common,
        place_xy=case.place_xy,
        found_within_hours=number(case.parameters, "found_within_hours"),
        near=number(case.parameters, "near"),
        popularity=case.popularity,
    )
    case.tick()
    count = len(pairs.child)
    pair = np.repeat(np.arange(count), np.diff(pairs.start))
    time = -np.log10(pairs.p_value)
    closeness = _closeness(episodes, pairs, within)
    same = _same_place(case, episodes, pairs)
    place = place_surprise(
        episodes, pairs.one, pairs.two, case.popularity, common=common, within=round(within * HOUR), same=same
    )
    origin, other = episodes.origin[pairs.one], episodes.origin[pairs.two]
    one_door = np.bincount(pair[(origin == other) & (origin >= 0)], minlength=count)
    one_home = np.asarray((case.homes[pairs.child].multiply(case.homes[pairs.other])).sum(axis=1)).ravel() > 0
    own = time + np.bincount(pair, weights=closeness + place, minlength=count)
    near = (one_door > 0) | one_home
    discount = np.where(near, number(case.parameters, "discount") - 1.0, 0.0) * np.maximum(own, 0.0)
    weight = np.where(near, number(case.parameters, "discount"), 1.0)
    weight /= 1.0 + np.power(10.0, HALF - np.minimum(own + discount, 50.0))
    case.tick()
    company = _company(case, pairs, weight, (own + discount >= COMPANY_FROM) & ~near)
    company_score = COMPANY * np.log10(1.0 + 2.0 * company)
    score = np.where(_listed(case, pairs), own + discount + company_score, -np.inf)
    return Scored(
        episodes, pairs, pair, same, time, closeness, place, one_door, one_home, discount, company, company_score,
        weight, score,
    )  # fmt: skip


def by_chance(case: Case, episodes: MissingEpisodes, generator: np.random.Generator) -> Float64:
    """Scores, ascending, of the pairs that chance alone makes: one half of the children moved by some weeks.

    Which half, and by how many weeks within the spread, is drawn; what falls out at one end of the records comes in at
    the other. Hour, weekday and nearly the season stay, and so do the groups within each half: who meets one of a group
    by chance meets the others too. Only pairs across the halves count, so that no real coincidence is left: about half
    of all pairs.
    """
    weeks = max(int(number(case.parameters, "spread")) // 7, 1)
    shift = int(generator.integers(1, weeks, endpoint=True)) * (1 if generator.random() < 0.5 else -1)
    half = generator.random(len(case.snapshot)) < 0.5
    first = int(episodes.start.min()) if len(episodes) else 0
    span = (int(episodes.start.max(initial=first)) - first) // WEEK * WEEK + WEEK
    start = np.where(half[episodes.person], (episodes.start - first + shift * WEEK) % span + first, episodes.start)
    rows = replace(episodes, start=start, end=episodes.end + start - episodes.start)
    scored = weigh(case, rows.take(np.lexsort((rows.person, rows.start))))
    across = half[scored.pairs.child] != half[scored.pairs.other]
    return np.sort(scored.score[across & np.isfinite(scored.score)])


def _same_place(case: Case, episodes: MissingEpisodes, pairs: MissingPairs) -> Bool:
    """Coincidences in which both were found at one place, or at places near each other."""
    one, two = episodes.found[pairs.one], episodes.found[pairs.two]
    with np.errstate(invalid="ignore"):
        apart = ((case.place_xy[one] - case.place_xy[two]) ** 2).sum(axis=1)
        near = apart <= number(case.parameters, "near") ** 2
    same: Bool = (one >= 0) & (two >= 0) & ((one == two) | near)
    return same


def _closeness(episodes: MissingEpisodes, pairs: MissingPairs, within: float) -> Float64:
    """log10 of the likelihood ratio of the hours between the two starts: together (exponential) against by chance.

    0 for coincidences by the place found alone.
    """
    apart = np.abs(episodes.start[pairs.one] - episodes.start[pairs.two]) / HOUR
    ratio = np.exp(-apart / APART) / APART * within
    limited = np.clip(ratio, 1.0 / CLOSENESS_LIMIT, CLOSENESS_LIMIT)
    return np.where(apart <= within, np.log10(limited), 0.0)


def company_matrix(case: Case, pairs: MissingPairs, weight: Float64) -> sparse.csr_array:
    """Weights of pairs that count as company, both ways, by node row."""
    kept = weight >= LEAST_COMPANY
    child, other, value = pairs.child[kept], pairs.other[kept], weight[kept]
    shape = (len(case.snapshot), len(case.snapshot))
    rows, columns = np.concatenate([child, other]), np.concatenate([other, child])
    return sparse.coo_array((np.tile(value, 2), (rows, columns)), shape=shape).tocsr()


def _company(case: Case, pairs: MissingPairs, weight: Float64, wanted: Bool) -> Float64:
    matrix = company_matrix(case, pairs, weight)
    company = np.zeros(len(pairs.child))
    company[wanted] = shared_company(
        matrix.indptr, matrix.indices, matrix.data, pairs.child[wanted], pairs.other[wanted]
    )
    return company


def _listed(case: Case, pairs: MissingPairs) -> Bool:
    """Pairs of whom one at least may be under 18; grown professionals are in none."""
    roles = case.roles
    adult = (case.snapshot.nodes.birth_day != NO_DAY) & ~roles.child
    out = roles.professional & ~roles.child
    child, other = pairs.child, pairs.other
    listed: Bool = ~(adult[child] & adult[other]) & ~out[child] & ~out[other]
    return listed & (pairs.coincidences >= number(case.parameters, "minimum_nights"))


def by_weeks(case: Case, scored: Scored, row: int, repeats: int, seed: tuple[int, ...]) -> float | None:
    """P that moving every episode by whole weeks gives as many coincidences, by ``repeats`` draws (the real one is one
    more): weekday, hour and season stay as they are. None when nothing is repeated.

    Drawn from ``seed``, so that other pairs change nothing.
    """
    if repeats <= 0:
        return None
    generator = np.random.default_rng(seed)
    weeks = int(number(case.parameters, "spread")) // 7
    columns = []
    moved = []
    for person in (int(scored.pairs.child[row]), int(scored.pairs.other[row])):
        own = scored.episodes.take(scored.episodes.person == person)
        assert own.no_end is not None and own.day_only is not None
        own = own.take(~own.day_only)
        assert own.no_end is not None
        known = (own.found >= 0) & ~own.no_end
        xy = case.place_xy[own.found]
        start = local(own.start)
        columns += [start, start + own.end - own.start, np.where(known, local(own.end), -1), xy[:, 0], xy[:, 1]]
        moved.append(generator.integers(-weeks, weeks, (repeats, len(own)), endpoint=True))
    reached = at_least_by_weeks(
        *(np.ascontiguousarray(column) for column in columns),
        *moved,
        round(number(case.parameters, "within_hours") * HOUR),
        round(number(case.parameters, "found_within_hours") * HOUR),
        number(case.parameters, "near"),
        int(scored.pairs.coincidences[row]),
    )
    return (float(reached) + 1.0) / (repeats + 1.0)
