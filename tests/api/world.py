"""A small invented hub: a school, a park, a group, an open and a restricted operation, and names found nowhere else."""

from __future__ import annotations

import shapely

from graph.records import Block
from tests.conformance.factories import (
    blocks,
    day,
    episode,
    event,
    group,
    locality,
    operation,
    participation,
    person,
    place,
    report,
    school,
    second,
    tie,
    traced,
)

#: names that may stand in no log, address or error
CANARIES = ("Quillfeather", "Zephyrine", "Brambleton", "Osmunda", "Thistlewick")

#: known to the members of operation OP2 only
SECRET_PERSON = "person:77"
SECRET_IDS = (SECRET_PERSON, "operation:OP2", "t-secret", "r-secret", "event:secret")

SQUARE = shapely.to_wkb(shapely.MultiPolygon([shapely.box(400_000, 300_000, 402_000, 302_000)]))


def open_records() -> list[Block]:
    """What everybody at the hub may know."""
    return blocks(
        [
            place("park", name="Brambleton Park", place_type="park", easting=400_500.0, northing=300_500.0),
            place("home", name="1 Osmunda Close", place_type="home_address", easting=401_000.0, northing=301_000.0),
            school("100", name="Brambleton School", phase="Secondary", easting=401_500.0, northing=301_500.0),
            person("1", given_name="Zephyrine", family_name="Quillfeather", birth_day=day("2012-03-04"),
                   birth_precision="day", sex="F", nhs_number="9990001111", address_place_id="place:home"),
            person("2", given_name="Thistlewick", family_name="Osmunda", birth_day=day("1990-01-01"),
                   birth_precision="day", sex="M"),
            person("3", given_name="Osmunda", family_name="Brambleton", birth_day=day("2011-01-01"),
                   birth_precision="day", sex="F", address_place_id="place:home", protected_address=1),
            group("1", name="Brambleton Park friends", context="neighbourhood"),
            operation("OP1", name="Operation Thistlewick", lead_agency="police"),
            traced("phone", "1", identifier="07000000000"),
            report("r1", agency="police", grading_scheme="3x5x2", source_evaluation="1",
                   information_assessment="B", handling="P", recorded_at=second("2026-05-01T12:00:00")),
            report("r2", agency="education", recorded_at=second("2026-05-02T12:00:00")),
            report("r-closed", agency="childrens_social_care", grading_scheme="3x5x2", source_evaluation="2",
                   information_assessment="C", handling="C", recorded_at=second("2026-05-03T12:00:00")),
            event("1", event_type="incident", started_at=second("2026-04-30T20:00:00"), place_id="place:park",
                  report_id="r1"),
            participation("event:1", "person:1", "victim", report_id="r1"),
            participation("event:1", "person:2", "suspect", report_id="r1"),
            episode("e1", "person:1", start_day=day("2026-01-01"), report_id="r2"),
            tie("t1", "person:1", "person:3", "r2"),
            tie("t2", "person:1", "school:100", "r2", tie_type="attends"),
            tie("t3", "person:1", "group:1", "r2", tie_type="member_of"),
            tie("t4", "person:2", "person:1", "r1", tie_type="contacts", polarity="concern"),
            tie("t5", "person:2", "phone:1", "r1", tie_type="uses"),
            tie("t6", "person:1", "operation:OP1", "r1", tie_type="subject_of"),
            tie("t7", "person:1", "place:park", "r1", tie_type="seen_at"),
            tie("t-closed", "person:2", "person:3", "r-closed", tie_type="targets", polarity="concern"),
            locality("L1", SQUARE, name="Brambleton", locality_type="ward", authority_code="E00000001", vintage="2024"),
        ]
    )  # fmt: skip


def secret_records() -> list[Block]:
    """What operation OP2 alone knows; the other world of the tests does not have it."""
    return blocks(
        [
            person("77", given_name="Zephyrine", family_name="Thistlewick", birth_day=day("1980-01-01"),
                   birth_precision="day"),
            operation("OP2", name="Operation Osmunda", lead_agency="police", restricted=1),
            report("r-secret", agency="police", handling="C", conditions="operation:OP2",
                   recorded_at=second("2026-05-04T12:00:00")),
            event("secret", event_type="intelligence", started_at=second("2026-05-03T20:00:00"),
                  place_id="place:park", report_id="r-secret"),
            participation("event:secret", "person:77", "subject", report_id="r-secret"),
            tie("t-secret", "person:77", "person:1", "r-secret", tie_type="contacts", polarity="concern"),
            tie("t-secret-operation", "person:77", "operation:OP2", "r-secret", tie_type="subject_of"),
        ],
        file="secret.csv",
    )  # fmt: skip
