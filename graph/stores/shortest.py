"""Shortest paths, once a search from both ends has met."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

Node = TypeVar("Node", bound=Hashable)


def first_paths(
    ends: tuple[Node, Node],
    meeting: Iterable[Node],
    nearer: tuple[Mapping[Node, AbstractSet[Node]], Mapping[Node, AbstractSet[Node]]],
    *,
    order: Callable[[Node], Any],
    limit: int,
) -> list[tuple[Node, ...]]:
    """The first ``limit`` shortest paths from the first end to the second, in the ``order`` of their nodes.

    ``meeting`` holds the nodes where the searches from both ends met, ``nearer`` for each end, by node, the nodes one
    step nearer to that end.
    """
    source, target = ends
    onward: dict[Node, set[Node]] = {}
    todo, done = list(meeting), set(meeting)
    while todo:
        node = todo.pop()
        for before in nearer[0][node]:
            onward.setdefault(before, set()).add(node)
            if before not in done:
                done.add(before)
                todo.append(before)
    todo, done = list(meeting), set(meeting)
    while todo:
        node = todo.pop()
        onward.setdefault(node, set()).update(nearer[1][node])
        fresh = nearer[1][node] - done
        done |= fresh
        todo += fresh
    found: list[tuple[Node, ...]] = []
    stack: list[tuple[Node, ...]] = [(source,)]
    while stack and len(found) < limit:
        path = stack.pop()
        if path[-1] == target:
            found.append(path)
            continue
        stack += [(*path, node) for node in sorted(onward.get(path[-1], ()), key=order, reverse=True)]
    return found
