"""Offence patterns: the planted shapes, beside counting suspects by victim without looking for links between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.derive import derive, months_before
from analysis.offence_patterns import SPEC
from analysis.offence_patterns_records import offences_of, parts_of
from analysis.run import run
from analysis.spec import Detector
from analysis.weights import TieWeights
from bench.figures import Figure, read
from graph.flags import Flag
from graph.snapshot import Snapshot

_BARS = {"party": 0.75, "boyfriend": 0.88, "lone_offenders": 0.95}
_PRECISION = 0.97


@dataclass(frozen=True, slots=True)
class Claim:
    """A pattern that a method says there is."""

    shape: str
    victim: str
    suspects: frozenset[str]


def planted(truth: Path) -> list[Claim]:
    return [
        Claim(row["shape"], row["victim"], frozenset(row["suspects"].split(";")))
        for row in read(truth, "offence_patterns.csv")
    ]


def right(claim: Claim, true: Claim) -> bool:
    """The shape, the victim, and at least half of the suspects named are those of the planted pattern."""
    same = len(claim.suspects & true.suspects)
    return claim.shape == true.shape and claim.victim == true.victim and 2 * same >= len(claim.suspects)


def figures(method: str, claims: list[Claim], true: list[Claim], *, bars: bool = False) -> list[Figure]:
    """Precision of all claims and of each shape, recall of each shape."""
    good = [any(right(claim, one) for one in true) for claim in claims]
    answer = [Figure("offence_patterns", method, "precision", _mean(good), _PRECISION if bars else None)]
    for shape, bar in _BARS.items():
        question = f"offence_patterns: {shape}"
        hits = [hit for claim, hit in zip(claims, good, strict=True) if claim.shape == shape]
        found = [any(right(claim, one) for claim in claims) for one in true if one.shape == shape]
        answer.append(Figure(question, method, "precision", _mean(hits), _PRECISION if bars else None))
        answer.append(Figure(question, method, "recall", _mean(found), bar if bars else None))
    return answer


def _mean(values: Iterable[bool]) -> float:
    listed = list(values)
    return float(np.mean(listed)) if listed else float("nan")


def claim_of(flag: Flag) -> Claim:
    suspects = flag.details["suspects"]
    assert isinstance(suspects, list)
    return Claim(str(flag.details["pattern"]), str(flag.details["victim"]), frozenset(map(str, suspects)))


def naive(snapshot: Snapshot) -> list[Claim]:
    """Counts by victim, each event as it is entered: two suspects in one; one in three; three different ones."""
    today = derive(snapshot).today
    parts = parts_of(snapshot, TieWeights(snapshot, today), months_before(snapshot.as_at, 12), today)
    claims = []
    for victim, offences in offences_of(snapshot, parts).items():
        who = str(snapshot.node_id(victim))
        named = [person for offence in offences for person in offence.suspects]
        together = {person for offence in offences if len(offence.suspects) > 1 for person in offence.suspects}
        ids = {person: str(snapshot.node_id(person)) for person in named}
        if together:
            claims.append(Claim("party", who, frozenset(ids[person] for person in together)))
        claims += [
            Claim("boyfriend", who, frozenset({ids[person]})) for person in sorted(ids) if named.count(person) > 2
        ]
        if len(ids) > 2:
            claims.append(Claim("lone_offenders", who, frozenset(ids.values())))
    return claims


def measure(snapshot: Snapshot, truth: Path, seed: int) -> list[Figure]:
    """Kith's flags, those that are more than possible, and the counts."""
    import analysis.offence_patterns as module

    own = Detector(SPEC, module.detect)
    flags = run(own, snapshot, {"limit": 100_000}, seed).flags
    claims = [claim_of(flag) for flag in flags]
    sure = [claim_of(flag) for flag in flags if not flag.details.get("possible")]
    counted = naive(snapshot)
    true = planted(truth)
    return [
        *figures("Kith", claims, true, bars=True),
        *figures("Kith, without those called possible", sure, true),
        *figures("counting suspects by victim", counted, true),
    ]
