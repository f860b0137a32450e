"""Last changes to the tables: impossible rows out, second person records, lost ties, the secret kept."""

from __future__ import annotations

import numpy as np

from ingest.city.state import KIND_STEP, City, Integers, integers


def finish(city: City, secret: int) -> Integers:
    """Apply the assumptions on recording; returns for each extra person record the number of the person it repeats."""
    _keep_secret(city, secret)
    links = city.links
    links.keep(links.column("source") != links.column("target"))
    _lose_ties(city)
    twins = _duplicate_people(city, secret)
    _distinct_participants(city)
    return twins


def _keep_secret(city: City, secret: int) -> None:
    """Nothing but the restricted operation may know the person: other ties and participations are dropped."""
    own = _planted(city, "link")
    links = city.links
    touches = (links.column("source") == secret) | (links.column("target") == secret)
    allowed = np.zeros(links.rows, dtype=bool)
    allowed[own] = True
    links.keep(~touches | allowed)
    events = _planted(city, "event")
    participants = city.participants
    touches = participants.column("entity") == secret
    participants.keep(~touches | np.isin(participants.column("event"), events))


def _planted(city: City, kind: str) -> Integers:
    """Row numbers of what only restricted operations know."""
    return integers(int(str(row[1])) for row in city.truth.restricted if row[2] == kind)


def _lose_ties(city: City) -> None:
    share = city.assumptions.tie_loss
    if share <= 0:
        return
    generator = city.generator("tie loss")
    city.links.keep(generator.random(city.links.rows) >= share)
    city.participants.keep(generator.random(city.participants.rows) >= share)


def _duplicate_people(city: City, secret: int) -> Integers:
    """Some people appear twice: half of their rows belong to a second record with its own number."""
    share, people = city.assumptions.duplicate_people, city.people
    if share <= 0:
        return np.empty(0, dtype=np.int64)
    generator = city.generator("duplicate people")
    chosen = np.flatnonzero((generator.random(len(people)) < share) & (np.arange(len(people)) != secret))
    second = np.full(len(people), -1, dtype=np.int64)
    second[chosen] = len(people) + np.arange(len(chosen))
    columns = (
        city.links.column("source"), city.links.column("target"), city.participants.column("entity"),
        city.episodes.column("person"),
    )  # fmt: skip
    for column in columns:
        moved = (column >= 0) & (column < KIND_STEP) & (generator.random(len(column)) < 0.5)
        twin = second[np.where(moved, column, 0)]
        moved &= twin >= 0
        column[moved] = twin[moved]
    city.truth.duplicate_people += list(zip(chosen.tolist(), second[chosen].tolist(), strict=True))
    return chosen


def _distinct_participants(city: City) -> None:
    table = city.participants
    names = ("event", "entity", "role", "report")
    rows = np.column_stack([table.column(name) for name in names])
    _, first = np.unique(rows, axis=0, return_index=True)
    kept = np.zeros(table.rows, dtype=bool)
    kept[first] = True
    table.keep(kept)
