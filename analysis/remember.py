"""What several detectors ask of one snapshot is worked out once and kept with it.

Kept in the snapshot's own ``__dict__``, so it goes when the snapshot goes; the functions stay pure, for a snapshot does
not change. Arrays come back read-only: whoever wants to change one takes a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

import numpy as np

from graph.snapshot import Snapshot

#: answers kept of one function for one snapshot, the oldest goes first
MOST = 4

Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")


def remembered(
    work: Callable[Concatenate[Snapshot, Asked], Answer],
) -> Callable[Concatenate[Snapshot, Asked], Answer]:
    """The same function, which gives the answer it gave before to the same question about the same snapshot.

    All arguments after the snapshot must be hashable.
    """
    name = f"_remembered_{work.__module__}.{work.__qualname__}"

    @wraps(work)
    def again(snapshot: Snapshot, /, *given: Asked.args, **named: Asked.kwargs) -> Answer:
        kept: dict[object, object] = snapshot.__dict__.setdefault(name, {})
        key = (given, tuple(sorted(named.items())))
        if key not in kept:
            answer = _read_only(work(snapshot, *given, **named))
            while len(kept) >= MOST:
                kept.pop(next(iter(kept)), None)
            kept[key] = answer
        return cast(Answer, kept[key])

    return again


def _read_only(answer: Answer) -> Answer:
    if isinstance(answer, np.ndarray):
        answer.setflags(write=False)
    elif isinstance(answer, tuple):
        for part in answer:
            _read_only(part)
    elif is_dataclass(answer):
        for each in fields(answer):
            _read_only(getattr(answer, each.name))
    return answer
