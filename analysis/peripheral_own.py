"""What is recorded about a child alone: apart from the evidence, on the log-odds scale, and small on purpose."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.co_missing import missing_episodes
from analysis.codes import code
from analysis.peripheral_evidence import Evidence
from graph.snapshot import Bool, Float64

#: log-odds of what is recorded about a child alone
OWN_CIRCUMSTANCES: Mapping[str, float] = {
    "missing once or twice in a year": 0.4,
    "missing three times or more in a year": 0.9,
    "looked after": 0.3,
    "not in mainstream education": 0.4,
    "special educational needs or disability": 0.2,
}


def own_circumstances(evidence: Evidence) -> tuple[Float64, Mapping[str, Bool]]:
    """What is recorded about each child alone, on the log-odds scale, and which of it applies.

    Weights are judgement, small on purpose: these circumstances are recorded unevenly, and none of them is a tie.
    """
    snapshot, roles = evidence.snapshot, evidence.roles
    today = roles.today
    episodes = missing_episodes(snapshot, since=today - 365)
    times = np.bincount(episodes.person, minlength=len(snapshot))
    table = snapshot.episodes
    current = (table.start_day <= today) & (table.end_day > today)

    def in_episode(*kinds: str) -> Bool:
        mask = np.zeros(len(snapshot), dtype=np.bool_)
        mask[table.person[current & np.isin(table.type, [code("episode_type", kind) for kind in kinds])]] = True
        return mask

    applies: dict[str, Bool] = {
        "missing once or twice in a year": (times >= 1) & (times <= 2),
        "missing three times or more in a year": times >= 3,
        "looked after": in_episode("looked_after"),
        "not in mainstream education": in_episode(
            "missing_from_education", "pupil_referral_unit", "alternative_provision", "elective_home_education"
        ),
        "special educational needs or disability": snapshot.nodes.send == 1,
    }
    total = np.zeros(len(snapshot))
    for name, mask in applies.items():
        total += OWN_CIRCUMSTANCES[name] * mask
    return total, applies
