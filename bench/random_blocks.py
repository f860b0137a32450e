"""Random blocks of a city or a region, straight into a store: sizes, degrees and repetition like real extracts.

Of the ties 50 % are links with a report each (40 % of their ends are places, schools and groups with a power-law of
visits), 30 % parts in events, 12 % places of events, the rest addresses.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from graph.records import Block, RecordKind

SIZES = {"hub": (2_000, 8_000), "city": (100_000, 400_000), "region": (1_000_000, 5_000_000)}
ROWS = 10_000
LETTERS = "bcdfghjklmnprstvw"
VOWELS = "aeiou"


def names(count: int, random: np.random.Generator) -> list[str]:
    """Made-up names of two or three syllables."""
    made: dict[str, None] = {}
    while len(made) < count:
        size = 2 + int(random.integers(0, 2))
        made[
            "".join(LETTERS[random.integers(len(LETTERS))] + VOWELS[random.integers(5)] for _ in range(size)).title()
        ] = None
    return list(made)


def chunks(kind: RecordKind, rows: Iterator[tuple[object, ...]], file: str) -> Iterator[Block]:
    batch: list[tuple[object, ...]] = []
    number = 2
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS:
            yield Block(kind, batch, file, range(number, number + ROWS))  # type: ignore[arg-type]
            number += ROWS
            batch = []
    if batch:
        yield Block(kind, batch, file, range(number, number + len(batch)))  # type: ignore[arg-type]


def blocks(people: int, ties: int, seed: int = 1) -> Iterator[Block]:
    """All blocks in load order."""
    random = np.random.default_rng(seed)
    given, family = names(1_500, random), names(20_000 if people > 50_000 else 2_000, random)
    places, schools, groups = max(people // 10, 10), max(people // 1_500, 3), max(people // 200, 3)
    links, parts, events = ties // 2, ties * 3 // 10, ties * 12 // 100
    reports = links // 2
    width = 20_000 * np.sqrt(people / 100_000)

    def floats(count: int) -> list[float]:
        return np.round(random.uniform(0, width, count), 1).tolist()  # type: ignore[no-any-return]

    east, north = floats(places), floats(places)
    yield from chunks(
        RecordKind.PLACE,
        (
            (
                f"place:P{i}",
                f"{family[i % len(family)]} {['Park', 'Street', 'Way', 'Court'][i % 4]}",
                "park",
                east[i],
                north[i],
                None,
                f"ZZ{i % 90} {i % 9}AA",
                None,
                None,
                None,
            )
            for i in range(places)
        ),
        "places.csv",
    )
    yield from chunks(
        RecordKind.SCHOOL,
        (
            (f"school:{100_000 + i}", f"{family[i]} School", "1", "secondary", east[i], north[i], None, None, None)
            for i in range(schools)
        ),
        "schools.csv",
    )
    first = (len(given) * random.random(people) ** 2).astype(int).tolist()
    last = (len(family) * random.random(people) ** 2).astype(int).tolist()
    born = random.integers(9_000, 18_000, people).tolist()
    home = random.integers(0, places, people).tolist()
    yield from chunks(
        RecordKind.PERSON,
        (
            (
                f"person:{i}",
                given[first[i]],
                family[last[i]],
                (),
                born[i],
                "day",
                "FMU"[i % 3],
                "WBRI",
                None,
                None,
                "Aland",
                None,
                None,
                f"place:P{home[i]}" if i % 3 == 0 else None,
                0,
                0,
                None,
            )
            for i in range(people)
        ),
        "people.csv",
    )
    yield from chunks(
        RecordKind.PEER_GROUP, ((f"group:{i}", f"Group {i}", "school") for i in range(groups)), "groups.csv"
    )
    yield from chunks(
        RecordKind.OPERATION,
        (
            (f"operation:{i}", f"Operation {given[i]}", "police", "county_lines", None, None, int(i == 0))
            for i in range(5)
        ),
        "operations.csv",
    )
    recorded = random.integers(1_600_000_000, 1_750_000_000, reports).tolist()
    yield from chunks(
        RecordKind.REPORT,
        (
            (
                f"R{i}",
                ("police", "health", "education")[i % 3],
                None,
                None,
                None,
                None,
                None,
                recorded[i],
                "3x5x2" if i % 3 == 0 else "none",
                "1" if i % 3 == 0 else None,
                "ABCD"[i % 4] if i % 3 == 0 else None,
                "C" if i % 50 == 0 else "P",
                "operation:0" if i % 50 == 0 else None,
                "fact",
            )
            for i in range(reports)
        ),
        "reports.csv",
    )
    where = (places * random.random(events) ** 3).astype(int).tolist()
    when = random.integers(1_600_000_000, 1_750_000_000, events).tolist()
    yield from chunks(
        RecordKind.EVENT,
        (
            (
                f"event:E{i}",
                "incident",
                None,
                "county_lines",
                when[i],
                None,
                f"place:P{where[i]}",
                None,
                None,
                None,
                f"R{i % reports}",
            )
            for i in range(events)
        ),
        "events.csv",
    )
    who = random.integers(0, people, parts).tolist()
    yield from chunks(
        RecordKind.PARTICIPATION,
        (
            (
                f"event:E{i % events}|person:{who[i]}|{i // events}",
                f"event:E{i % events}",
                f"person:{who[i]}",
                "mentioned",
                None,
            )
            for i in range(parts)
        ),
        "participants.csv",
    )
    yield from chunks(
        RecordKind.EPISODE,
        (
            (f"ep{i}", f"person:{i * 17 % people}", "open_to_hub", None, None, 19_000 + i % 500, None, None)
            for i in range(people // 10)
        ),
        "episodes.csv",
    )
    source = random.integers(0, people, links)
    near = (source + random.integers(-60, 60, links)) % people
    hub = ((schools + groups) * random.random(links) ** 2.5).astype(int)
    is_hub = random.random(links) < 0.4
    start = random.integers(18_000, 20_500, links).tolist()
    ends = zip(source.tolist(), near.tolist(), hub.tolist(), is_hub.tolist(), strict=True)
    yield from chunks(
        RecordKind.TIE,
        (
            (
                f"L{i}",
                f"person:{a}",
                (f"school:{100_000 + h}" if h < schools else f"group:{h - schools}") if to_hub else f"person:{b}",
                ("attends" if h < schools else "member_of") if to_hub else "friend_of",
                None,
                None,
                start[i],
                None,
                (f"R{i % reports}",),
                None,
            )
            for i, (a, b, h, to_hub) in enumerate(ends)
        ),
        "links.csv",
    )
