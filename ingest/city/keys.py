"""Source keys of what the city is made of."""

from __future__ import annotations

import numpy as np

from ingest.city.reporting import operation_key

PERSON_KEY, PLACE_KEY = ("P", 7), ("L", 7)


def keys(kind: str, count: int) -> list[str]:
    """The source keys of a kind, without the prefix of typed ids."""
    if kind == "school":
        return [str(900_001 + number) for number in range(count)]
    if kind == "operation":
        return [operation_key(number) for number in range(count)]
    letter, width = {
        "person": PERSON_KEY, "place": PLACE_KEY, "group": ("G", 5), "vehicle": ("V", 5), "phone": ("T", 6),
        "account": ("A", 6),
    }[kind]  # fmt: skip
    numbers = np.arange(count)
    if kind != "person":
        # what was planted was made first: the keys must not tell
        numbers = np.random.default_rng([count]).permutation(count)
    return [f"{letter}{number + 1:0{width}d}" for number in numbers.tolist()]
