"""A second opinion on who is near: a walk along ties between people and children missing together.

Personalised PageRank from the sources, over the same ties between people (their weights without what the walk would
count twice) and the pairs missing together beyond chance. It has no places, schools, phones or events, knows no chance
level and prefers people with many ties; so it says only "also near" or not, and moves nothing.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from analysis.pagerank import personalised_pagerank
from analysis.peripheral_evidence import Evidence, Together, between_people, pair_matrix
from graph.snapshot import Bool, Float64, Int64

#: a list is compared with at least as many by the walk
LEAST_COMPARED = 20


def walk(evidence: Evidence, found: Together) -> Float64:
    """Share of time of the walk at each node; sources included. All 0 when there is no source."""
    count = len(evidence.snapshot)
    if not evidence.sources.any():
        return np.zeros(count)
    ties = between_people(evidence.snapshot, evidence.roles, evidence.weights)
    matrix = sparse.csr_array(ties.matrix(count).maximum(pair_matrix(found, count)))
    return personalised_pagerank(matrix, evidence.sources, symmetric=True)


def also_near(evidence: Evidence, found: Together, listed: Int64) -> Bool:
    """For each of ``listed``, whether the walk too has the person among its first.

    Its first are as many as are listed (at least ``LEAST_COMPARED``) of those who can be flagged in the same part of
    the network: parts that are not linked say nothing about each other.
    """
    share = walk(evidence, found)
    part = evidence.roles.part
    possible = np.flatnonzero(evidence.targets & (share > 0) & np.isin(part, part[listed]))
    order = possible[np.lexsort((possible, -share[possible], part[possible]))]
    own = part[order]
    place = np.arange(len(order)) - np.searchsorted(own, own, side="left")
    listed_there = np.bincount(part[listed], minlength=int(part.max(initial=0)) + 1)
    first = np.zeros(len(part), dtype=np.bool_)
    first[order] = place < np.maximum(listed_there, LEAST_COMPARED)[own]
    chosen: Bool = first[listed]
    return chosen
