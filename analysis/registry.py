"""All detectors by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from analysis import (
    brokers,
    changes,
    disproportionality,
    hotspot_areas,
    hotspot_emerging,
    hotspot_places,
    missing_together,
    near_repeats,
    offence_patterns,
    operation_overlap,
    peer_networks,
    peripheral_adults,
    peripheral_children,
    peripheral_families,
    repeat_missing,
    shared_associates,
    shared_objects,
)
from analysis.spec import Detector
from graph.errors import UsageError

#: in the order in which they are offered
DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        module.SPEC.name: Detector(module.SPEC, module.detect)
        for module in (
            hotspot_places,
            hotspot_areas,
            hotspot_emerging,
            near_repeats,
            shared_associates,
            shared_objects,
            brokers,
            offence_patterns,
            missing_together,
            repeat_missing,
            peripheral_children,
            peripheral_adults,
            peripheral_families,
            peer_networks,
            operation_overlap,
            changes,
            disproportionality,
        )
    }
)


def detector(name: str) -> Detector:
    """The detector of that name. Raises UsageError with the nearest name there is."""
    found = DETECTORS.get(name)
    if found is None:
        near = difflib.get_close_matches(name[:100], DETECTORS, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(DETECTORS)}"
        raise UsageError(f"there is no such detector{hint}")
    return found
