"""Writing the exchange bundle: the tables of codes become the files of the exchange format."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ingest.city.geography import VINTAGE, write_localities
from ingest.city.keys import PERSON_KEY, keys
from ingest.city.people import ETHNICITY_SHARES
from ingest.city.people_file import write_people
from ingest.city.reporting import GRADES, SCHEMES, SYSTEMS
from ingest.city.state import KIND_STEP, KINDS, City, Integers, words
from ingest.city.words import NICKNAMES
from ingest.city.writing import (
    UNKNOWN,
    Column,
    Days,
    Lookup,
    Moments,
    Same,
    Serial,
    Stacked,
    Texts,
    Whole,
    Words,
    serial_table,
    table,
    write_csv,
    write_rows,
)

AGE_BANDS = ((0, 10, "0-9"), (10, 18, "10-17"), (18, 25, "18-24"), (25, 65, "25-64"), (65, 200, "65+"))


def counts(city: City, twins: int) -> dict[str, int]:
    """How many there are of each kind of entity."""
    return {
        "person": len(city.people) + twins, "place": len(city.places), "school": len(city.schools.names),
        "group": len(city.groups.names), "operation": len(city.operations.names), "vehicle": city.objects.vehicle,
        "phone": city.objects.phone, "account": city.objects.account,
    }  # fmt: skip


def write_bundle(city: City, twins: Integers, secret: int, folder: Path) -> dict[str, int]:
    """Write every file of the bundle; returns data rows per file."""
    how_many = counts(city, len(twins))
    tables = [table(f"{kind}:{key}" for key in keys(kind, how_many[kind])) for kind in KINDS]
    place_keys = table(keys("place", how_many["place"]))
    report_keys = serial_table("R", 8, city.reports.rows)
    return {
        "people.csv": write_people(city, twins, secret, folder, place_keys),
        "places.csv": _places(city, folder, place_keys),
        "schools.csv": _schools(city, folder),
        "peer_groups.csv": _groups(city, folder),
        "operations.csv": _operations(city, folder),
        "objects.csv": _objects(city, folder),
        "reports.csv": _reports(city, folder, report_keys),
        "episodes.csv": _episodes(city, folder, report_keys),
        "events.csv": _events(city, folder, place_keys, report_keys),
        "participants.csv": _participants(city, folder, tables, report_keys),
        "links.csv": _links(city, folder, tables, report_keys),
        "localities.geojson": write_localities(city, folder / "localities.geojson"),
        "exposure.csv": _exposure(city, folder),
        "populations.csv": _populations(city, folder),
    }


def _postcodes(city: City, neighbourhood: Integers, generator: np.random.Generator) -> list[str]:
    """Invented postcodes in an area (KM) that does not exist."""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    sector = generator.integers(1, 10, len(neighbourhood)).tolist()
    first = generator.integers(0, 20, len(neighbourhood)).tolist()
    second = generator.integers(0, 20, len(neighbourhood)).tolist()
    wards = (city.geography.ward_of[neighbourhood] % 99 + 1).tolist()
    return [f"KM{ward} {s}{letters[a]}{letters[b]}" for ward, s, a, b in zip(wards, sector, first, second, strict=True)]


def _places(city: City, folder: Path, place_keys: Words) -> int:
    places, generator = city.places, city.generator("places as recorded")
    rows = len(places)
    ward = city.geography.ward_of[places.neighbourhood]
    wards = table(city.geography.ward_code(i) for i in range(len(city.geography.wards)))
    kinds = np.array(places.kind)
    parks = np.isin(kinds, [words("place_type").index(word) for word in ("park", "estate", "high_street")])
    exact = words("location_precision").index("premises")
    columns: dict[str, Column] = {
        "place_id": Lookup(place_keys, np.arange(rows)),
        "name": Texts(places.names),
        "place_type": Lookup(table(words("place_type")), kinds),
        "easting": Whole(places.points[:, 0]),
        "northing": Whole(places.points[:, 1]),
        "precision": Lookup(
            table(words("location_precision")), np.where(parks, words("location_precision").index("site"), exact)
        ),
        "postcode": Texts(_postcodes(city, places.neighbourhood, generator)),
        "uprn": Whole(np.where(generator.random(rows) < 0.9, 990_000_000_000 + np.arange(rows), UNKNOWN)),
        "ward_code": Lookup(wards, ward),
        "ward_vintage": Same(VINTAGE),
    }
    return write_csv(folder / "places.csv", columns, rows)


def _schools(city: City, folder: Path) -> int:
    schools, generator = city.schools, city.generator("schools as recorded")
    rows = len(schools.names)
    opened = city.today - generator.integers(2_000, 30_000, rows)
    columns: dict[str, Column] = {
        "urn": Lookup(table(keys("school", rows)), np.arange(rows)),
        "name": Texts(schools.names),
        "establishment_type": Texts(schools.establishment_type),
        "phase": Texts(schools.phase),
        "easting": Whole(schools.points[:, 0]),
        "northing": Whole(schools.points[:, 1]),
        "postcode": Texts(_postcodes(city, schools.neighbourhood, generator)),
        "opened_on": Days(opened),
        "closed_on": Same(""),
    }
    return write_csv(folder / "schools.csv", columns, rows)


def _groups(city: City, folder: Path) -> int:
    rows = len(city.groups.names)
    columns: dict[str, Column] = {
        "peer_group_id": Lookup(table(keys("group", rows)), np.arange(rows)),
        "name": Texts(city.groups.names),
        "context": Lookup(table(words("context")), np.array(city.groups.context, dtype=np.int64)),
    }
    return write_csv(folder / "peer_groups.csv", columns, rows)


def _operations(city: City, folder: Path) -> int:
    operations = city.operations
    rows = len(operations.names)
    columns: dict[str, Column] = {
        "operation_id": Lookup(table(keys("operation", rows)), np.arange(rows)),
        "name": Texts(operations.names),
        "lead_agency": Same("police"),
        "strand": Lookup(table(words("strand")), np.array(operations.strand)),
        "opened_on": Days(np.array(operations.opened)),
        "closed_on": Days(np.array(operations.closed)),
        "restricted": Lookup(table("01"), np.array(operations.restricted, dtype=np.int64)),
    }
    return write_csv(folder / "operations.csv", columns, rows)


def _objects(city: City, folder: Path) -> int:
    rows: list[tuple[str, str, str]] = []
    generator = city.generator("objects as recorded")
    letters = "ABCDEFGHJKLMNPRSTUVWXY"
    for number, key in enumerate(keys("vehicle", city.objects.vehicle)):
        a, b, c = (letters[i] for i in generator.integers(0, len(letters), 3).tolist())
        rows.append((key, "vehicle", f"ZQ{number % 90 + 10} {a}{b}{c}"))
    for number, key in enumerate(keys("phone", city.objects.phone)):
        # numbers kept for drama first, then numbers too long to be dialled
        rows.append((key, "phone", f"07700 900{number:03d}" if number < 1_000 else f"07700 900{number:06d}"))
    for number, key in enumerate(keys("account", city.objects.account)):
        nick = NICKNAMES[int(generator.integers(len(NICKNAMES)))].lower().replace(" ", "").replace('"', "")
        rows.append(
            (key, "account", f"{nick}.{number + 1}@example.invalid" if number % 7 == 0 else f"@{nick}_{number + 1}")
        )
    return write_rows(folder / "objects.csv", ("object_id", "object_type", "identifier"), rows)


def _reports(city: City, folder: Path, report_keys: Words) -> int:
    reports = city.reports
    rows = reports.rows
    grades = table(GRADES)
    columns: dict[str, Column] = {
        "report_id": Lookup(report_keys, np.arange(rows)),
        "agency": Lookup(table(words("agency")), reports.column("agency")),
        "system": Lookup(table(SYSTEMS), reports.column("system")),
        "reference": Serial("REF-", 8, np.arange(rows)),
        "author_role": Lookup(table(words("author_role")), reports.column("role")),
        "occurred_from": Days(reports.column("start")),
        "occurred_to": Days(reports.column("end")),
        "recorded_at": Moments(reports.column("recorded")),
        "grading_scheme": Lookup(table(SCHEMES), reports.column("scheme")),
        "source_evaluation": Lookup(grades, reports.column("source")),
        "information_assessment": Lookup(grades, reports.column("information")),
        "handling": Lookup(table("PC"), reports.column("handling")),
        "conditions": Lookup(table(city.conditions.texts), reports.column("conditions")),
        "basis": Lookup(table(words("basis")), reports.column("basis")),
    }
    return write_csv(folder / "reports.csv", columns, rows)


def _episodes(city: City, folder: Path, report_keys: Words) -> int:
    episodes = city.episodes
    columns: dict[str, Column] = {
        "episode_id": Serial("S", 7, episodes.numbers),
        "person_id": Serial(*PERSON_KEY, episodes.column("person") + 1),
        "episode_type": Lookup(table(words("episode_type")), episodes.column("type")),
        "detail": Lookup(table(city.details.texts), episodes.column("detail")),
        "strand": Lookup(table(words("strand")), episodes.column("strand")),
        "started_on": Days(episodes.column("start")),
        "ended_on": Days(episodes.column("end")),
        "report_id": Lookup(report_keys, episodes.column("report")),
    }
    return write_csv(folder / "episodes.csv", columns, episodes.rows)


def _events(city: City, folder: Path, place_keys: Words, report_keys: Words) -> int:
    events = city.events

    def place(name: str) -> Integers:
        codes = events.column(name)
        return np.where(codes < 0, -1, codes % KIND_STEP)

    columns: dict[str, Column] = {
        "event_id": Serial("E", 7, np.arange(events.rows)),
        "event_type": Lookup(table(words("event_type")), events.column("type")),
        "detail": Lookup(table(city.details.texts), events.column("detail")),
        "strand": Lookup(table(words("strand")), events.column("strand")),
        "started_at": Moments(events.column("start")),
        "ended_at": Moments(events.column("end")),
        "place_id": Lookup(place_keys, place("place")),
        "from_place_id": Lookup(place_keys, place("origin")),
        "easting": Whole(events.column("easting")),
        "northing": Whole(events.column("northing")),
        "report_id": Lookup(report_keys, events.column("report")),
    }
    return write_csv(folder / "events.csv", columns, events.rows)


def _participants(city: City, folder: Path, tables: list[Words], report_keys: Words) -> int:
    participants = city.participants
    columns: dict[str, Column] = {
        "event_id": Serial("E", 7, participants.column("event")),
        "entity_id": Stacked(tables, participants.column("entity"), KIND_STEP),
        "role": Lookup(table(words("role")), participants.column("role")),
        "report_id": Lookup(report_keys, participants.column("report")),
    }
    return write_csv(folder / "participants.csv", columns, participants.rows)


def _links(city: City, folder: Path, tables: list[Words], report_keys: Words) -> int:
    links = city.links
    confidence = table(f"{number / 100:.2f}" for number in range(101))
    columns: dict[str, Column] = {
        "link_id": Serial("K", 8, links.numbers),
        "source_id": Stacked(tables, links.column("source"), KIND_STEP),
        "target_id": Stacked(tables, links.column("target"), KIND_STEP),
        "link_type": Lookup(table(words("link_type")), links.column("type")),
        "qualifier": Lookup(table(city.details.texts), links.column("qualifier")),
        "polarity": Lookup(table(words("polarity")), links.column("polarity")),
        "started_on": Days(links.column("start")),
        "ended_on": Days(links.column("end")),
        "report_id": Lookup(report_keys, links.column("report")),
        "confidence": Lookup(confidence, links.column("confidence")),
    }
    return write_csv(folder / "links.csv", columns, links.rows)


def _exposure(city: City, folder: Path) -> int:
    """Ambient people at risk per neighbourhood, estimated with an error of about a twelfth."""
    generator, ground = city.generator("exposure as recorded"), city.geography
    estimate = np.maximum(1, np.rint(ground.exposure * np.exp(generator.normal(0, 0.08, len(ground.exposure)))))
    first, last = (np.datetime64(day, "D") for day in (city.first_day, city.today - 1))
    rows = [
        (ground.neighbourhood_code(number), int(value), str(first), str(last))
        for number, value in enumerate(estimate.tolist())
    ]
    return write_rows(folder / "exposure.csv", ("locality_id", "exposure", "period_from", "period_to"), rows)


def _populations(city: City, folder: Path) -> int:
    """Residents by ward, age band, sex and ethnicity."""
    people, ground = city.people, city.geography
    ward = ground.ward_of[people.neighbourhood]
    edges = np.array([low for low, _, _ in AGE_BANDS])
    band = np.searchsorted(edges, people.age, side="right") - 1
    shape = (len(ground.wards), len(AGE_BANDS), 2, len(ETHNICITY_SHARES))
    numbers = np.bincount(
        np.ravel_multi_index((ward, band, people.sex, people.ethnicity), shape), minlength=int(np.prod(shape))
    )
    residents = numbers.reshape(shape) * city.scale.population_factor
    codes = list(ETHNICITY_SHARES)
    rows = [
        (ground.ward_code(w), AGE_BANDS[b][2], "FM"[s], codes[e], int(residents[w, b, s, e]))
        for w, b, s, e in zip(*np.nonzero(residents), strict=True)
    ]
    return write_rows(folder / "populations.csv", ("locality_id", "age_band", "sex", "ethnicity", "population"), rows)


def day_text(day: int) -> str:
    """A day number as an ISO date."""
    return str(np.datetime64(day, "D"))
