"""Random small towns for properties, and how to ask a detector about one."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.run import run
from graph.flags import Flag, Run
from tests.analysis.build import Town, days_ago, night

#: list everything, leave nothing out at random
ALL: dict[str, dict[str, Any]] = {
    "peripheral_children": {"minimum_score": 0, "limit": 1000, "stability_runs": 0, "own_circumstances": False},
    "shared_associates": {"minimum_score": -1000, "limit": 1000, "stability_runs": 0},
    "shared_objects": {"minimum_score": -1000, "limit": 1000, "stability_runs": 0},
    "hotspot_places": {"minimum_score": -1000, "limit": 1000, "stability_runs": 0},
}
GRADES = (("3", "D"), ("2", "C"), ("2", "B"), ("1", "B"), ("1", "A"))


def ask(town: Town, detector: str, seed: int = 0, **parameters: Any) -> Run:
    return run(detector, town.snapshot(), {**ALL[detector], **parameters}, seed)


def by_subject(town: Town, detector: str) -> dict[str, Flag]:
    return {flag.subjects[0]: flag for flag in ask(town, detector).flags}


def score(flag: Flag | None) -> float:
    if flag is None:
        return 0.0
    value = flag.details["score"]
    assert isinstance(value, float)
    return value


def reported(town: Town, name: str, days: int, grade: int) -> tuple[str, ...]:
    source, information = GRADES[grade]
    return (town.report(name, scheme="3x5x2", source=source, information=information, occurred=days_ago(days)),)


def random_town(seed: int, prefix: str = "", *, missing: bool = True) -> Town:
    """Children, some open to the hub, adults, some of concern, with ties, events, things, places and missing episodes.

    Everybody lives in one large block, so that the town stays one part whatever is taken away.
    """
    generator = np.random.default_rng(seed)
    town = Town()
    block = town.place(f"{prefix}block", "home_address")
    known = [town.person(f"{prefix}k{at}", age=int(generator.integers(11, 18))) for at in range(5)]
    others = [town.person(f"{prefix}c{at}", age=int(generator.integers(10, 18))) for at in range(6)]
    adults = [town.person(f"{prefix}a{at}", age=30) for at in range(4)]
    people = known + others + adults
    for person in people:
        town.tie(person, block, "lives_at")
    for child in known:
        town.open_to_hub(child)
    past = town.event(f"{prefix}past", "offence", night(300), strand="criminal_exploitation")
    for adult in adults[:2]:
        town.took_part(adult, past, "suspect")
    places = [town.place(f"{prefix}p{at}", kind) for at, kind in enumerate(("takeaway", "park", "shop"))]
    school = town.thing(f"school:{prefix}1")
    phone = town.thing(f"phone:{prefix}1")

    def add(source: str, target: str, kind: str, **more: Any) -> None:
        name = f"{prefix}t{len(town.ties)}"
        days = int(generator.integers(1, 400))
        reports = reported(town, name, days, int(generator.integers(0, len(GRADES))))
        town.tie(source, target, kind, id=name, start=days_ago(days), reports=reports, **more)

    kinds = ("friend_of", "seen_with", "contacts", "companion_of", "associate_of")
    for _ in range(int(generator.integers(8, 25))):
        one, two = generator.choice(len(people), 2, replace=False)
        add(people[one], people[two], kinds[int(generator.integers(len(kinds)))])
    for _ in range(int(generator.integers(4, 20))):
        place = places[int(generator.integers(len(places)))]
        add(people[int(generator.integers(len(people)))], place, ("seen_at", "frequents")[int(generator.integers(2))])
    for child in known + others:
        if generator.random() < 0.5:
            add(child, school, "attends")
    for person in people:
        if generator.random() < 0.2:
            add(person, phone, "uses")
    for at in range(int(generator.integers(0, 4))):
        event = town.event(f"{prefix}e{at}", "incident", night(int(generator.integers(1, 300))))
        town.tie(event, places[0], "occurred_at", id=f"{prefix}where{at}")
        for person in generator.choice(len(people), 3, replace=False):
            add(people[person], event, "took_part_in", role="mentioned")
    for at in range(int(generator.integers(0, 8)) if missing else 0):
        child = (known + others)[int(generator.integers(11))]
        start = night(7 * int(generator.integers(1, 4)), 20 + float(generator.random()) * 3)
        event = town.event(f"{prefix}m{at}", "missing_episode", start, end=start.replace(hour=23, minute=59))
        add(child, event, "took_part_in", role="missing_person")
    return town
