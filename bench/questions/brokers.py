"""Brokers: nothing is planted in the cities (their rings share nobody), so bridges are built here and looked for.

In a copy of the snapshot, ties between people who are not at risk are moved: each of some recruiters gets three of them
to members of one other ring. Kith is held against the number of contacts, and against betweenness, on people only and
on the whole network with its places. Steadiness is measured by running again without a fifth of the ties.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from pathlib import Path

import numpy as np

from analysis.brokers import SPEC, detect
from analysis.brokers_network import at_risk_of, contacts_of, records_of
from analysis.centrality import betweenness
from analysis.codes import code
from analysis.derive import derive
from analysis.run import run
from analysis.spec import Detector
from analysis.weights import TieWeights
from bench.figures import Figure, average_precision, precision, ranked, read
from graph.snapshot import Float64, Snapshot

BROKERS = Detector(SPEC, detect)
#: bridges built, and ties moved for each
BRIDGES, TIES = 20, 3
_LONG = {"limit": 100_000, "stability_runs": 0}


def with_bridges(snapshot: Snapshot, truth: Path, seed: int) -> tuple[Snapshot, set[str]]:
    """The snapshot with bridges between rings, and who they are."""
    generator = np.random.default_rng(seed)
    rings: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in read(truth, "members.csv"):
        rings[row["ring"]][row["role"]].append(snapshot.row_of[row["person"]])
    able = sorted(ring for ring, roles in rings.items() if roles["recruiter"])
    chosen = generator.permutation(able)[: min(BRIDGES, len(able) // 2)].tolist()
    roles = derive(snapshot)
    ties = snapshot.ties
    risk = at_risk_of(snapshot, roles, TieWeights(snapshot, roles.today))
    kinds = [code("tie_type", word) for word in ("seen_with", "associate_of", "friend_of", "contacts")]
    plain = np.isin(ties.type, kinds) & roles.person[ties.source] & roles.person[ties.target]
    plain &= ~risk[ties.source] & ~risk[ties.target] & (ties.start_day > roles.today - 365)
    spare = generator.permutation(np.flatnonzero(plain))
    source, target = np.array(ties.source), np.array(ties.target)
    brokers = set()
    for number, ring in enumerate(chosen):
        broker = int(generator.choice(rings[ring]["recruiter"]))
        other = str(generator.choice([each for each in able if each != ring]))
        members = generator.permutation(rings[other]["recruiter"] + rings[other]["child_known"])[:TIES]
        rows = spare[number * TIES : number * TIES + len(members)]
        source[rows], target[rows] = broker, members
        brokers.add(str(snapshot.node_id(broker)))
    return dataclasses.replace(snapshot, ties=dataclasses.replace(ties, source=source, target=target)), brokers


def naive_lists(snapshot: Snapshot, seed: int) -> dict[str, list[str]]:
    """Adults by number of contacts and by betweenness from 200 pivots."""
    roles = derive(snapshot)
    count = len(snapshot)
    contacts = contacts_of(records_of(snapshot, roles, TieWeights(snapshot, roles.today)), count)
    adults = (roles.person & ~roles.child & ~roles.professional).astype(np.float64)

    def between(matrix: object) -> Float64:
        return betweenness(matrix, pivots=min(200, count), rng=np.random.default_rng(seed))

    people = snapshot.adjacency(np.flatnonzero(roles.person[snapshot.ties.source] & roles.person[snapshot.ties.target]))
    return {
        "number of contacts": ranked(
            snapshot, np.bincount(contacts.person, minlength=count).astype(np.float64), adults
        ),
        "betweenness among people": ranked(snapshot, between(people), adults),
        "betweenness with places": ranked(snapshot, between(snapshot.adjacency()), adults),
    }


def overlap(snapshot: Snapshot, seed: int, first: int = 50) -> float:
    """Share of the first so many that stay among them without a fifth of the ties, everything made anew."""
    dropped = np.random.default_rng(seed).random(len(snapshot.ties.source)) < 0.2
    # protective ties are not used
    polarity = np.where(dropped, 2, snapshot.ties.polarity).astype(np.int8)
    less = dataclasses.replace(snapshot, ties=dataclasses.replace(snapshot.ties, polarity=polarity))
    whole = [flag.subjects[0] for flag in run(BROKERS, snapshot, _LONG, seed).flags[:first]]
    again = [flag.subjects[0] for flag in run(BROKERS, less, _LONG, seed).flags[:first]]
    return len(set(whole) & set(again)) / max(len(whole), 1)


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Bridges built here found again, and steadily; how many people are shown where there are none."""
    built, brokers = with_bridges(snapshot, truth, seed)
    lists = {"Kith": [str(flag.subjects[0]) for flag in run(BROKERS, built, _LONG, seed).flags]}
    lists |= naive_lists(built, seed)
    first = len(brokers)
    figures = []
    for method, items in lists.items():
        figures += [
            Figure("brokers: bridges built", method, "precision among as many", precision(items, brokers, first)),
            Figure("brokers: bridges built", method, "AP", average_precision(items, brokers)),
        ]
    own = set(lists["Kith"])
    shown = len(run(BROKERS, snapshot, _LONG, seed).flags)
    return [
        *figures,
        Figure("brokers: bridges built", "Kith", "precision of all shown", len(own & brokers) / max(len(own), 1)),
        Figure("brokers: bridges built", "Kith", "recall", len(own & brokers) / max(len(brokers), 1)),
        Figure("brokers: bridges built", "Kith", "kept without a fifth of the ties", overlap(built, seed)),
        Figure("brokers: as recorded", "Kith", "people shown", float(shown)),
    ]
