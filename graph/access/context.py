"""What a panel may read of a flag about a place or an area: which context, how strong the evidence, rounded counts.

Everything else stays behind: reasons (they name people, and their words hold small numbers), the records they rest on,
who decided what, exact strengths and ratios, from which a count of 1 to 5 could be worked out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from graph.access.redact import suppressed_count
from graph.flags import Band, Flag, FlagState, Plain
from graph.store import StoredFlag

#: how the id of an area starts where ids of all kinds stand together
AREA = "locality:"

#: counts of people or incidents in ``details``: suppressed from 1 to 5, others rounded
_COUNTS = ("observed", "children", "children_at_risk", "episodes")
#: ``details`` without a number of anybody
_PLAIN = ("locality_ids", "from", "to", "place_role", "emerging", "kind")
#: one strength for each band: the exact one could be turned back into counts
_STRENGTHS: Mapping[Band, float] = {Band.STRONG: 0.9, Band.MODERATE: 0.6, Band.SLIGHT: 0.3}
#: a ratio is told in steps of a half, and only where its count is told
_STEP = 0.5


def is_about_contexts(flag: Flag, public: Collection[str]) -> bool:
    """Whether every subject is an area or one of the places this panel may see."""
    return bool(flag.subjects) and all(subject.startswith(AREA) or subject in public for subject in flag.subjects)


def flag_for_panel(stored: StoredFlag) -> StoredFlag:
    """The flag with nothing in it about anybody."""
    flag = stored.flag
    details: dict[str, Plain] = {key: flag.details[key] for key in _PLAIN if key in flag.details}
    for key in _COUNTS:
        count = flag.details.get(key)
        if isinstance(count, (int, float)) and not isinstance(count, bool):
            details[key] = suppressed_count(round(count))
    ratio = flag.details.get("relative_risk")
    if isinstance(ratio, (int, float)) and details.get("observed"):
        details["relative_risk"] = _STEP * round(ratio / _STEP)
    layer = flag.details.get("layer")
    if isinstance(layer, list):
        details["layer"] = [
            {key: area[key] for key in ("locality", "band") if key in area} for area in layer if isinstance(area, dict)
        ]
    shown = dataclasses.replace(
        flag,
        strength=_STRENGTHS[flag.band],
        stability=None,
        reasons=(),
        would_clear="" if "{" in flag.would_clear else flag.would_clear,
        cautions=tuple(text for text in flag.cautions if "{" not in text),
        details=details,
    )
    state = FlagState.EXPIRED if stored.state is FlagState.EXPIRED else FlagState.NEW
    return StoredFlag(shown, stored.run_id, state, ())
