"""Which records are independent: one incident counts once."""

from __future__ import annotations

import numpy as np

from analysis.derive import derive
from analysis.meetings import with_adults
from analysis.meetings_sources import sources_of
from analysis.weights import TieWeights
from tests.analysis.build import Town, days_ago, night


def separate(town: Town) -> int:
    """Independent sources that name a known child with the adult."""
    snapshot = town.snapshot()
    roles = derive(snapshot)
    meetings, sources = sources_of(
        snapshot, with_adults(snapshot, roles, TieWeights(snapshot, roles.today), roles.known_child)
    )
    everything = np.ones(len(meetings), dtype=np.bool_)
    return int(sources.separate(meetings, everything, len(snapshot))[snapshot.row_of["person:adult"]])


def two_children() -> Town:
    town = Town()
    town.person("adult", age=30)
    for at in range(2):
        town.open_to_hub(town.person(f"c{at}", age=14))
    return town


def event(town: Town, key: str, moment: float, people: tuple[str, ...], kind: str = "incident") -> str:
    made = town.event(key, kind, night(20, moment))
    for person in people:
        town.took_part(person, made, "mentioned")
    return made


EVERYBODY = ("person:adult", "person:c0", "person:c1")


def test_one_event_reported_by_three_agencies_is_one_source() -> None:
    town = two_children()
    made = town.event("e", "incident", night(20))
    for agency, person in zip(("police", "health", "education"), EVERYBODY, strict=True):
        town.took_part(person, made, "mentioned", reports=(town.report(agency, agency),))
    assert separate(town) == 1


def test_one_event_entered_twice_is_one_source_and_two_events_are_two() -> None:
    for second, sources in ((21.0, 1), (23.0, 2)):
        town = two_children()
        event(town, "police", 21.0, EVERYBODY)
        event(town, "care", second, EVERYBODY)
        assert separate(town) == sources


def test_events_of_one_moment_with_other_people_are_two() -> None:
    town = two_children()
    event(town, "one", 21.0, ("person:adult", "person:c0"))
    event(town, "two", 21.0, ("person:adult", "person:c1"))
    assert separate(town) == 2


def test_an_event_entered_three_times_is_one_source() -> None:
    town = two_children()
    for key in ("police", "care", "school"):
        event(town, key, 21.0, EVERYBODY)
    assert separate(town) == 1


def test_a_tie_and_an_event_of_one_report_are_one_source() -> None:
    town = two_children()
    report = town.report("r", occurred=days_ago(20))
    made = event(town, "e", 21.0, EVERYBODY)
    town.tie("person:adult", "person:c0", "contacts", reports=(report,))
    assert separate(town) == 2
    town.nodes[made]["report"] = report
    assert separate(town) == 1


def test_two_agencies_about_the_same_two_at_the_same_moment_are_one_source() -> None:
    for agency, moment, sources in (("health", 20, 1), ("police", 20, 2), ("health", 21, 2)):
        town = two_children()
        one = town.report("one", "police", occurred=days_ago(20))
        two = town.report("two", agency, occurred=days_ago(moment))
        for report in (one, two):
            town.tie("person:adult", "person:c0", "contacts", reports=(report,))
        assert separate(town) == sources


def test_two_agencies_about_different_children_on_one_day_are_two_sources() -> None:
    town = two_children()
    for at, agency in enumerate(("police", "health")):
        report = town.report(agency, agency, occurred=days_ago(20))
        town.tie("person:adult", f"person:c{at}", "contacts", reports=(report,))
    assert separate(town) == 2


def test_every_report_of_a_tie_is_a_source() -> None:
    """The first child by one report, the second by that and another: two children, two sources."""
    town = two_children()
    one, two = (town.report(name, occurred=days_ago(day)) for name, day in (("one", 20), ("two", 30)))
    town.tie("person:adult", "person:c0", "contacts", reports=(one,))
    town.tie("person:adult", "person:c1", "contacts", reports=(one, two))
    assert separate(town) == 2


def test_ties_without_reports_are_sources_of_their_own() -> None:
    town = two_children()
    for at in range(2):
        town.tie("person:adult", f"person:c{at}", "contacts", reports=())
    assert separate(town) == 2
