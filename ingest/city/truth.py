"""The planted truth as CSV files, kept outside the bundle: what a detector should find, and what should not fool it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.city.keys import keys
from ingest.city.output import counts, day_text
from ingest.city.state import KIND_STEP, KINDS, City, Integers, words
from ingest.city.writing import write_rows

Row = Sequence[object]


class Names:
    """Typed ids for the numbers used while generating."""

    def __init__(self, city: City, twins: int) -> None:
        how_many = counts(city, twins)
        self.keys = {kind: keys(kind, how_many[kind]) for kind in KINDS}

    def of(self, kind: str, number: object) -> str:
        return f"{kind}:{self.keys[kind][int(str(number))]}"

    def person(self, number: object) -> str:
        return self.of("person", number)

    def entity(self, number: object) -> str:
        kind, within = divmod(int(str(number)), KIND_STEP)
        return self.of(KINDS[kind], within)


def _ring(number: object) -> str:
    return f"ring{int(str(number)) + 1}" if int(str(number)) >= 0 else ""


def _event(number: object) -> str:
    return f"event:E{int(str(number)):07d}"


def write_truth(city: City, twins: Integers, folder: Path) -> dict[str, int]:
    """Write every truth file; returns data rows per file."""
    names, truth, ground = Names(city, len(twins)), city.truth, city.geography
    strands = words("strand")
    patterns = [(f"pattern{r[0]}", r[1], names.person(r[2]), _people(names, r[3]), _ring(r[4])) for r in truth.patterns]
    rings = [
        (_ring(r[0]), strands[int(str(r[1]))], ground.neighbourhood_code(int(str(r[2]))), day_text(int(str(r[3]))),
         day_text(int(str(r[4]))), r[5])
        for r in truth.rings
    ]  # fmt: skip
    areas = [
        (ground.neighbourhood_code(int(str(r[0]))), r[1], f"cluster{r[2]}", f"{float(str(r[3])):.3f}",
         day_text(int(str(r[4]))), day_text(city.today - 1))
        for r in truth.areas
    ]  # fmt: skip
    pairs = [
        (names.person(left), names.person(right), entry[0], entry[1], _ring(entry[2]))
        for (left, right), entry in sorted(truth.co_missing.items())
    ]
    files: dict[str, tuple[tuple[str, ...], list[Row]]] = {
        "rings.csv": (("ring", "strand", "locality_id", "first_day", "last_day", "recording_quality"), list(rings)),
        "members.csv": (("person", "ring", "role"), [(names.person(r[0]), _ring(r[1]), r[2]) for r in truth.members]),
        "places_truth.csv": (("place", "ring", "kind"), _places(city, names)),
        "associates.csv": (
            ("person", "ring", "kind", "known_children"),
            [(names.person(r[0]), _ring(r[1]), r[2], r[3]) for r in truth.associates],
        ),
        "objects_truth.csv": (("object", "ring"), [(names.entity(r[0]), _ring(r[1])) for r in truth.objects]),
        "co_missing.csv": (("person_a", "person_b", "nights", "kind", "ring"), list(pairs)),
        "areas.csv": (("locality_id", "kind", "cluster", "relative_risk", "from", "to"), list(areas)),
        "offence_patterns.csv": (("pattern", "shape", "victim", "suspects", "ring"), list(patterns)),
        "offence_pattern_events.csv": (
            ("pattern", "event"), [(f"pattern{r[0]}", _event(r[1])) for r in truth.pattern_events],
        ),
        "confounders.csv": (("person", "kind"), [(names.person(r[0]), r[1]) for r in truth.confounders]),
        "duplicate_events.csv": (
            ("event", "repeats"), [(_event(r[1]), _event(r[0])) for r in truth.duplicate_events],
        ),
        "duplicate_people.csv": (
            ("person", "repeats"), [(names.person(r[1]), names.person(r[0])) for r in truth.duplicate_people],
        ),
        "friendship_groups.csv": (("group", "person"), _groups(city, names)),
        "restricted.csv": (("operation", "item", "kind"), [_restricted(names, r) for r in truth.restricted]),
    }  # fmt: skip
    return {name: write_rows(folder / name, header, rows) for name, (header, rows) in files.items()}


def _people(names: Names, people: object) -> str:
    assert isinstance(people, tuple)
    return ";".join(names.person(person) for person in people)


def _places(city: City, names: Names) -> list[Row]:
    """Ring places, and the busy places that are only busy."""
    rows: list[Row] = [(names.of("place", r[0]), _ring(r[1]), r[2]) for r in city.truth.places]
    rows += [(names.of("place", place), "", "busy_place") for place in city.places.busy.tolist()]
    return rows


def _groups(city: City, names: Names) -> list[Row]:
    return [(f"group{r[0]}", names.person(r[1])) for r in city.truth.peer_networks]


def _restricted(names: Names, row: tuple[object, ...]) -> Row:
    operation, number, kind = row
    item: dict[str, Callable[[], str]] = {
        "link": lambda: f"link:K{int(str(number)):08d}",
        "event": lambda: _event(number),
        "subject": lambda: names.person(number),
        "known_only_here": lambda: names.person(number),
    }
    return names.of("operation", operation), item[str(kind)](), kind
