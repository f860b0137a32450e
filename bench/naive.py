"""What counting, one step and random walks give: the lists that every detector has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from analysis.co_missing import missing_episodes
from analysis.derive import Roles
from analysis.meetings import at_places, with_adults
from analysis.weights import PERSON_TIES, TieWeights
from bench.figures import distinct, ranked
from graph.snapshot import Float64, Snapshot
from graph.vocabulary import vocabulary


def naive_lists(snapshot: Snapshot, roles: Roles) -> Mapping[str, Mapping[str, list[str]]]:
    """What counting gives."""
    count = len(snapshot)
    weights = TieWeights(snapshot, roles.today)
    candidates = roles.candidate.astype(np.float64)
    pairs = np.flatnonzero(weights.of(PERSON_TIES) > 0)
    adjacency = snapshot.adjacency(pairs)
    adjacency.data[:] = 1.0
    known = (roles.known_child | roles.person_of_concern).astype(np.float64)
    episodes = missing_episodes(snapshot)
    missing = np.bincount(episodes.person, minlength=count).astype(np.float64)
    children = roles.teenager | roles.known_child
    met = with_adults(snapshot, roles, weights, children)
    seen = at_places(snapshot, weights, roles.today - 730)
    listed = np.isin(roles.place_role, (0, 4, 5, 6, 7)).astype(np.float64)
    return {
        "peripheral_children": {
            "one step to a known child or person of concern": ranked(snapshot, adjacency @ known, candidates),
            "missing episodes": ranked(snapshot, missing, candidates),
            "personalised PageRank on ties between people": ranked(
                snapshot, personalised_pagerank(adjacency, known), candidates
            ),
        },
        "shared_associates": {
            "known children": ranked(snapshot, distinct(met.subject, met.person, roles.known_child, count))
        },
        "hotspot_places": {
            "known children": ranked(snapshot, distinct(seen.subject, seen.person, roles.known_child, count), listed)
        },
    }


def personalised_pagerank(adjacency: sparse.csr_array, start: Float64, damping: float = 0.85) -> Float64:
    degree = np.asarray(adjacency.sum(axis=0)).ravel()
    walk = adjacency.multiply(1.0 / np.maximum(degree, 1)[None, :]).tocsr()
    home = start / max(start.sum(), 1)
    rank = home.copy()
    for _ in range(60):
        rank = damping * (walk @ rank)
        rank += (1 - rank.sum()) * home
    return np.where(start > 0, 0.0, rank)


def false_flag_rates(snapshot: Snapshot, roles: Roles, flagged: Sequence[str], truth: set[str]) -> tuple[float, float]:
    """Rate of false flags of the groups recorded more often, and of all others, among candidates not at risk."""
    codes = vocabulary("ethnicity").index
    over = np.array([codes[code] for code in ("BAFR", "BCRB", "BOTH", "MWBC", "MWBA")])
    candidates = {str(snapshot.node_id(int(row))): int(row) for row in np.flatnonzero(roles.candidate)}
    counts = np.zeros((2, 2))
    wrong = {item for item in flagged if item not in truth}
    for item, row in candidates.items():
        if item not in truth:
            group = int(snapshot.nodes.ethnicity[row] in over)
            counts[group] += (item in wrong, 1)
    return float(counts[1, 0] / max(counts[1, 1], 1)), float(counts[0, 0] / max(counts[0, 1], 1))
