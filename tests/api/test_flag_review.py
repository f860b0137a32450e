"""The list of prompts, the queue of review, the page of a prompt and its picture."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable

import pytest

from api.bootstrap import Wiring
from graph.flags import Band, Flag, Plain, Reason, Run
from graph.model import FlagId, NodeId, TieId
from graph.store import AuditEntry
from tests.api.conftest import TODAY
from tests.api.http import Client
from tests.api.world import SECRET_PERSON

LogIn = Callable[[str], Client]
NAMED = frozenset({"analyst", "police", "socialworker"})
ENTRY = AuditEntry("analyst", "analyse")


def flag(key: str, detector: str, *subjects: str, band: Band = Band.MODERATE, rank: int = 1, **details: Plain) -> Flag:
    about = "{" + subjects[0] + "}" if subjects else "somebody"
    return Flag(
        FlagId(key), detector, tuple(NodeId(subject) for subject in subjects), 0.5, band, rank, 0.85,
        (Reason(f"{about} is named (Police, 1 May 2026, graded 1B (3x5x2))", 0.5, ties=(TieId("t4"),),
                events=(NodeId("event:1"),)),),
        "{person:1} is asked", ("{person:2} may be a relative",), TODAY + dt.timedelta(days=90),
        {"score": 0.5, **details},
    )  # fmt: skip


def save(
    hub: Wiring,
    detector: str,
    *flags: Flag,
    may_see: frozenset[str] = NAMED,
    restrictions: frozenset[str] = frozenset(),
) -> None:
    run = Run(f"run-{detector}-{len(restrictions)}", detector, "1", TODAY, None, "everything", {}, 0, "d", 0.1, flags,
              restrictions, may_see)  # fmt: skip
    hub.store.save_run(run, ENTRY)


@pytest.fixture(autouse=True)
def prompts(hub: Wiring) -> None:
    save(
        hub,
        "peripheral_children",
        flag("c1", "peripheral_children", "person:1", band=Band.STRONG),
        flag("c3", "peripheral_children", "person:3", band=Band.SLIGHT, rank=2),
    )
    save(hub, "hotspot_places", flag("p1", "hotspot_places", "place:park"))
    save(hub, "hotspot_areas", flag("a1", "hotspot_areas", "locality:L1", locality_ids=["L1"], observed=9))


def titles(text: str) -> list[str]:
    return re.findall(r'<h3><a class="govuk-link" href="[^"]*">([^<]+)</a></h3>', text)


def test_the_list_is_one_queue_by_strength_of_evidence(as_user: LogIn) -> None:
    found = titles(as_user("police").get("/flags").text)
    assert found == ["Zephyrine Quillfeather", "Brambleton", "Brambleton Park", "Osmunda Brambleton"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("detector=hotspot_places", ["Brambleton Park"]),
        ("family=places", ["Brambleton", "Brambleton Park"]),
        ("band=strong", ["Zephyrine Quillfeather"]),
        ("subject=person:3", ["Osmunda Brambleton"]),
        ("state=dismissed", []),
        ("detector=nonsense&band=nonsense&state=nonsense&family=nonsense",
         ["Zephyrine Quillfeather", "Brambleton", "Brambleton Park", "Osmunda Brambleton"]),
    ],
)  # fmt: skip
def test_filters(as_user: LogIn, query: str, expected: list[str]) -> None:
    assert titles(as_user("police").get(f"/flags?{query}").text) == expected


def test_each_kind_says_how_many_wait_for_a_decision(as_user: LogIn) -> None:
    client = as_user("police")
    decision = {"state": "dismissed", "reason": "known"}
    client.post("/api/v1/flags/c1/decisions", json=decision)
    text = client.get("/flags").text
    kind = text.partition("detector=peripheral_children")[2].partition("</a>")[0]
    assert re.findall(r"\d+", re.sub("<[^>]*>", " ", kind)) == ["1", "2"]


def test_what_was_decided_leaves_the_list_and_can_be_read_again(as_user: LogIn) -> None:
    client = as_user("police")
    client.post("/api/v1/flags/c1/decisions", json={"state": "accepted", "reason": "we ask"})
    assert "Zephyrine Quillfeather" not in titles(client.get("/flags").text)
    assert titles(client.get("/flags?state=accepted").text) == ["Zephyrine Quillfeather"]


def test_the_page_of_prompts_is_one_question_about_flags(as_user: LogIn, hub: Wiring) -> None:
    client = as_user("police")
    client.get("/flags")
    rows = hub.store.audit_rows(chain="views", actor="police", limit=200)
    assert [row.entry.action for row in rows].count("flags") == 1


def test_the_review_goes_from_one_to_the_next_and_then_to_the_list(as_user: LogIn) -> None:
    client = as_user("police")
    where = client.get("/flags/next?family=children").headers["location"]
    assert where == "/flags/c1?family=children"
    form = {"form_token": client.form_token, "state": "seen", "then": "next", "family": "children"}
    assert client.post("/flags/c1/decisions", data=form).headers["location"] == "/flags/c3?family=children"
    assert client.post("/flags/c3/decisions", data=form).headers["location"] == "/flags?family=children"


def test_next_without_a_decision_skips_and_comes_round(as_user: LogIn) -> None:
    client = as_user("police")
    assert client.get("/flags/next?after=c1&family=children").headers["location"] == "/flags/c3?family=children"
    assert client.get("/flags/next?after=c3&family=children").headers["location"] == "/flags/c1?family=children"


def test_a_decision_alone_stays_on_its_page(as_user: LogIn) -> None:
    client = as_user("police")
    form = {"form_token": client.form_token, "state": "seen", "band": "strong"}
    assert client.post("/flags/c1/decisions", data=form).headers["location"] == "/flags/c1?band=strong"


def test_prompts_are_found_by_name_without_the_name_in_an_address(as_user: LogIn) -> None:
    client = as_user("police")
    text = client.post("/flags/find", data={"form_token": client.form_token, "q": "quillfeather"}).text
    (address,) = re.findall(r'href="(/flags\?[^"]*subject[^"]*)"', text)
    assert "uillfeather" not in address
    assert titles(client.get(address.replace("&amp;", "&")).text) == ["Zephyrine Quillfeather"]


def test_a_name_without_prompts_is_said_without_harm_being_excluded(as_user: LogIn) -> None:
    client = as_user("police")
    text = client.post("/flags/find", data={"form_token": client.form_token, "q": "thistlewick"}).text
    assert "No prompt is not the same as no harm" in text


def test_every_kind_without_prompts_says_what_to_do(as_user: LogIn, hub: Wiring) -> None:
    for detector in ("peripheral_children", "hotspot_places", "hotspot_areas"):
        save(hub, detector)
    assert "look for patterns below" in as_user("analyst").get("/flags").text
    assert "They come when an analyst" in as_user("police").get("/flags").text


HIDDEN = "An earlier look for patterns is hidden until the next one is run"


def unread(hub: Wiring, *detectors: str, restrictions: frozenset[str] = frozenset()) -> None:
    """Runs as they were kept before they named who may read them."""
    for detector in detectors:
        old = flag(f"old-{detector}", detector, "person:1", band=Band.STRONG)
        save(hub, detector, old, may_see=frozenset(), restrictions=restrictions)


def test_an_earlier_run_without_readers_is_said_to_be_hidden(as_user: LogIn, hub: Wiring) -> None:
    unread(hub, "peripheral_children", "hotspot_places", "hotspot_areas")
    analyst, police = (as_user(name).get("/flags").text for name in ("analyst", "police"))
    assert HIDDEN in analyst and "Look for patterns below; decisions" in analyst
    assert HIDDEN in police and "Ask an analyst to look for patterns; decisions" in police
    for text in (analyst, police):
        assert titles(text) == [] and "There are no prompts yet" not in text
        assert "Nothing can be listed here until patterns have been looked for again" in text
        assert "Quillfeather" not in text.partition("<main")[2]


def test_kinds_that_are_hidden_are_named_beside_those_that_are_not(as_user: LogIn, hub: Wiring) -> None:
    unread(hub, "peripheral_children")
    client = as_user("police")
    text = client.get("/flags").text
    assert "It is about: Children close to harm who are not open to the hub." in text
    assert titles(text) == ["Brambleton", "Brambleton Park"]
    assert "Nothing can be listed here" in client.get("/flags?detector=peripheral_children").text
    assert "Nothing can be listed here" not in client.get("/flags?detector=changes").text
    assert "Children close to harm who are not open to the hub (hidden)" in text


def test_the_next_run_ends_the_notice_also_when_it_finds_nothing(as_user: LogIn, hub: Wiring) -> None:
    unread(hub, "peripheral_children")
    save(hub, "peripheral_children")
    assert HIDDEN not in as_user("police").get("/flags").text


def test_nobody_hears_of_hidden_kinds_that_are_for_others(as_user: LogIn, hub: Wiring) -> None:
    unread(hub, "operation_overlap", "disproportionality")
    assert HIDDEN not in as_user("socialworker").get("/flags").text
    assert HIDDEN in as_user("police").get("/flags").text


def test_nobody_hears_of_hidden_runs_over_what_they_may_not_know(as_user: LogIn, hub: Wiring) -> None:
    unread(hub, "brokers", restrictions=frozenset({"operation:OP2;conditional"}))
    assert HIDDEN not in as_user("officer").get("/flags").text
    assert HIDDEN in as_user("police").get("/flags").text


def test_other_pages_say_that_an_earlier_run_is_hidden(as_user: LogIn, hub: Wiring) -> None:
    unread(hub, "hotspot_areas", "hotspot_places", "disproportionality")
    for name, what in (
        ("analyst", "on the page of prompts"),
        ("police", "Ask an analyst"),
        ("panel", "Ask an analyst"),
    ):
        text = as_user(name).get("/hotspots").text
        assert HIDDEN in text and what in text and "Nothing stands out yet" not in text
    assert "is hidden until it is run again" in as_user("governance").get("/equity").text


def test_kinds_for_other_roles_are_not_offered_as_if_nothing_had_been_found(as_user: LogIn) -> None:
    listed = as_user("socialworker").get("/flags").text.partition("<main")[2]
    assert "/flags?detector=brokers" not in listed and "/flags?detector=changes" in listed
    assert "/flags?detector=brokers" in as_user("police").get("/flags").text
    asked = as_user("socialworker").get("/flags?detector=brokers").text
    assert "Prompts of this kind are for other roles" in asked and 'href="/methods/brokers"' in asked


def test_flags_for_others_are_on_no_page_and_in_no_count(as_user: LogIn, hub: Wiring) -> None:
    before = as_user("socialworker").get("/flags").text
    secret = flag("x1", "operation_overlap", "person:1", band=Band.STRONG)
    save(hub, "operation_overlap", secret, may_see=frozenset({"police"}))
    client = as_user("socialworker")
    without_token = re.compile(r'value="[^"]{32}"')
    assert without_token.sub("", client.get("/flags").text) == without_token.sub("", before)
    for path in ("/flags/x1", "/flags/x1/map", "/api/v1/flags/x1", "/api/v1/flags/x1/map"):
        assert client.get(path).status_code == 404
    assert "x1" not in client.get("/entities/person:1").text
    assert "x1" not in client.get("/api/v1/flags?subject=person:1").text
    assert as_user("police").get("/flags/x1").status_code == 200


def test_the_page_names_what_may_be_named_everywhere(as_user: LogIn) -> None:
    text = as_user("police").get("/flags/c1").text
    assert "Zephyrine Quillfeather is asked" in text
    assert "Thistlewick Osmunda may be a relative" in text
    assert "{person" not in text


def test_an_area_is_named_and_drawn_with_its_incidents(as_user: LogIn) -> None:
    text = as_user("police").get("/flags/a1").text
    assert '<h1 class="govuk-heading-xl">Brambleton</h1>' in text
    assert 'class="kith-locality-map"' in text
    named = as_user("police").get("/api/v1/flags/a1").json()
    assert named["names"] == {"locality:L1": "Brambleton"}
    assert named["reasons"][0]["text"].startswith("Brambleton is named")


def test_the_picture_is_the_evidence_and_nothing_else(as_user: LogIn) -> None:
    drawn = as_user("police").get("/api/v1/flags/c1/map").json()
    assert drawn["seeds"] == ["person:1"]
    assert set(drawn["nodes"]["id"]) == {"person:1", "person:2", "event:1"}
    assert "t4" in drawn["ties"]["id"]
    assert not {"t1", "t2", "t3"} & set(drawn["ties"]["id"])
    assert as_user("police").get("/flags/c1/map").status_code == 200


def test_the_picture_holds_at_most_two_hundred(as_user: LogIn, hub: Wiring) -> None:
    from tests.conformance.factories import blocks, note, person, tie

    many = 260
    people = [person(f"m{number}") for number in range(many)]
    ties = [tie(f"mt{number}", "person:1", f"person:m{number}", "r2") for number in range(many)]
    hub.store.write(blocks([*people, *ties]), note())
    wide = flag("w1", "shared_associates", "person:1")
    reason = dataclasses.replace(wide.reasons[0], ties=tuple(TieId(f"mt{number}") for number in range(many)))
    save(hub, "shared_associates", dataclasses.replace(wide, reasons=(reason,)))
    assert len(as_user("police").get("/api/v1/flags/w1/map").json()["nodes"]["id"]) == 200


def test_the_picture_has_no_record_its_reader_may_not_see(as_user: LogIn, hub: Wiring) -> None:
    shown = flag("s1", "shared_associates", "person:1")
    reason = dataclasses.replace(shown.reasons[0], ties=(TieId("t-secret"), TieId("t4")))
    save(hub, "shared_associates", dataclasses.replace(shown, reasons=(reason,)))
    assert SECRET_PERSON not in as_user("officer").get("/api/v1/flags/s1/map").text
    assert SECRET_PERSON in as_user("police").get("/api/v1/flags/s1/map").text


def test_a_group_is_drawn_as_one(as_user: LogIn, hub: Wiring) -> None:
    save(hub, "peer_networks", flag("g1", "peer_networks", "person:1", "person:2", "person:3"))
    drawn = as_user("police").get("/api/v1/flags/g1/map").json()
    assert drawn["sets"][0]["members"] == [0, 1, 2]
    assert (
        "Zephyrine Quillfeather, Thistlewick Osmunda and Osmunda Brambleton" in as_user("police").get("/flags/g1").text
    )


def test_a_pattern_is_about_the_child_and_a_child_suspect_is_a_child(as_user: LogIn, hub: Wiring) -> None:
    pattern = flag(
        "o1", "offence_patterns", "person:1", "person:2", "person:3", pattern="lone_offenders",
        pattern_title="several suspects not linked with each other", victim="person:1",
        suspects=["person:2", "person:3"], suspects_under_18=["person:3"],
    )  # fmt: skip
    save(hub, "offence_patterns", pattern)
    text = as_user("police").get("/flags/o1").text
    assert "Zephyrine Quillfeather: several suspects not linked with each other</h1>" in text
    assert "who may be a victim too" in text


def test_how_often_reviewers_confirmed_flags_like_it(as_user: LogIn, hub: Wiring) -> None:
    many = tuple(flag(f"n{number}", "brokers", f"person:n{number}", rank=number) for number in range(1, 26))
    save(hub, "brokers", *many, flag("mine", "brokers", "person:1", rank=99))
    client = as_user("police")
    assert "Too few flags like this were reviewed" in client.get("/flags/mine").text
    for number, item in enumerate(many):
        state = "accepted" if number < 15 else "dismissed"
        client.post(f"/api/v1/flags/{item.id}/decisions", json={"state": state, "reason": "looked"})
    assert "Of 100 flagged like this, reviewers confirmed 60" in client.get("/flags/mine").text


@pytest.mark.parametrize(("key", "shown"), [("c1", False), ("p1", True)])
def test_no_number_that_reads_as_a_score_of_a_person(as_user: LogIn, key: str, shown: bool) -> None:
    page = as_user("analyst").get(f"/flags/{key}").text
    assert ("Sum of the reasons" in page) is shown
