"""Running detectors at the levels of visibility, flags in words, decisions."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from analysis import registry
from analysis.spec import Detector, DetectorSpec, Progress, quiet
from api.bootstrap import Wiring
from graph.access.actors import Role
from graph.flags import Band, Flag, Parameter, Plain, Reason
from graph.model import FlagId, NodeId
from graph.snapshot import Snapshot
from tests.api.conftest import PASSWORD
from tests.api.http import Client

LogIn = Callable[[str], Client]
NAMED = frozenset({"analyst", "police", "socialworker"})


def everybody_there(
    snapshot: Snapshot,
    parameters: Mapping[str, Plain],
    generator: np.random.Generator,
    *,
    progress: Progress = quiet,
) -> tuple[Flag, ...]:
    """A flag on each person of the snapshot: shows what a detector was given."""
    people = [node_id for node_id in snapshot.nodes.ids if node_id.startswith("person:")]

    def flag(rank: int, node_id: str) -> Flag:
        return Flag(
            id=FlagId(f"flag-{node_id.partition(':')[2]}"),
            detector="everybody",
            subjects=(NodeId(node_id),),
            strength=0.5,
            band=Band.MODERATE,
            rank=rank,
            stability=None,
            reasons=(Reason(f"{{{node_id}}} is one of {len(people)}", 0.5),),
            would_clear="nothing",
            cautions=(),
            expires_on=dt.date(2026, 12, 1),
            details={"score": 0.5, "size": parameters["size"]},
        )

    return tuple(flag(rank, node_id) for rank, node_id in enumerate(people, 1))


@pytest.fixture(autouse=True)
def one_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = DetectorSpec(
        "everybody", "1", "Everybody", "Who is there?", "Counts.", (Parameter("size", 1, "a number"),), (), (),
        "nothing", (), (), "everybody.md", 90, frozenset({"analyst"}), NAMED,
    )  # fmt: skip
    detectors = {"everybody": Detector(spec, everybody_there)}
    monkeypatch.setattr(registry, "DETECTORS", detectors)
    for name in ("api.services", "api.analysing", "api.routes.analyses"):
        monkeypatch.setattr(f"{name}.DETECTORS", detectors)


def analyse(client: Client, **body: object) -> object:
    answer = client.post("/api/v1/analyses", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["runs"]


def subjects(client: Client) -> list[str]:
    return [item["subjects"][0] for item in client.get("/api/v1/flags").json()["items"]]


def test_members_get_flags_over_all_they_see_and_others_over_what_is_open(as_user: LogIn) -> None:
    analyse(as_user("analyst"))
    assert ("person:77" in subjects(as_user("analyst")), "person:77" in subjects(as_user("officer"))) == (True, False)


def test_whoever_sees_less_and_looks_later_hides_nothing_from_members(hub: Wiring, as_user: LogIn) -> None:
    hub.accounts.add("other", Role.ANALYST, "other", PASSWORD, by="operator")
    member, other = as_user("analyst"), as_user("other")
    analyse(member)
    before = member.get("/api/v1/flags").content
    analyse(other)
    assert member.get("/api/v1/flags").content == before
    assert "person:77" in subjects(member)
    assert "person:77" not in subjects(other)


def test_flags_that_are_not_for_a_role_are_not_in_the_answer_of_a_run(
    as_user: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registry.DETECTORS["everybody"]
    spec = dataclasses.replace(found.spec, may_see=frozenset({"police"}))
    for name in ("analysis.registry", "api.services", "api.analysing", "api.routes.analyses"):
        monkeypatch.setattr(f"{name}.DETECTORS", {"everybody": Detector(spec, found.detect)})
    (run,) = as_user("analyst").post("/api/v1/analyses", json={}).json()["runs"]
    assert run["flags"] == []
    assert subjects(as_user("analyst")) == []
    assert "person:1" in subjects(as_user("officer"))


def test_what_others_see_does_not_depend_on_the_secret(as_user: LogIn) -> None:
    analyse(as_user("analyst"))
    texts = [item["reasons"][0]["text"] for item in as_user("officer").get("/api/v1/flags").json()["items"]]
    assert texts[0] == "Zephyrine Quillfeather is one of 3"


def test_the_answer_is_the_fullest_run(as_user: LogIn) -> None:
    runs = as_user("analyst").post("/api/v1/analyses", json={}).json()["runs"]
    assert [flag["subjects"] for flag in runs[0]["flags"]][-1] == ["person:77"]


def test_flags_come_in_pages(as_user: LogIn) -> None:
    client = as_user("analyst")
    analyse(client)
    first = client.get("/api/v1/flags?limit=3").json()
    second = client.get("/api/v1/flags", params={"limit": 3, "cursor": first["next"]}).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (3, 1, None)


def test_a_decision_is_kept_and_shown(as_user: LogIn) -> None:
    analyse(as_user("analyst"))
    decision = {"state": "dismissed", "reason": "met them all"}
    assert as_user("officer").post("/api/v1/flags/flag-1/decisions", json=decision).status_code == 201
    found = as_user("officer").get("/api/v1/flags/flag-1").json()
    assert (found["state"], found["decisions"][0]["author"]) == ("dismissed", "officer")


def test_what_a_member_writes_about_a_fuller_flag_stays_among_members(as_user: LogIn) -> None:
    member = as_user("analyst")
    analyse(member)
    fuller = next(item["id"] for item in member.get("/api/v1/flags").json()["items"] if "person:1" in item["subjects"])
    member.post(f"/api/v1/flags/{fuller}/decisions", json={"state": "accepted", "reason": "known from the operation"})
    assert as_user("officer").get("/api/v1/flags/flag-1").json()["decisions"] == []


@pytest.mark.parametrize("body", [{"state": "accepted"}, {"state": "dismissed", "reason": "  "}, {"state": "new"}])
def test_a_decision_without_its_reason_is_refused(as_user: LogIn, body: dict[str, str]) -> None:
    client = as_user("analyst")
    analyse(client)
    assert client.post("/api/v1/flags/flag-1/decisions", json=body).status_code == 400


def test_a_flag_on_a_secret_does_not_exist_for_others(as_user: LogIn) -> None:
    analyse(as_user("analyst"))
    client = as_user("officer")
    assert client.get("/api/v1/flags/flag-77").content == client.get("/api/v1/flags/flag-404").content


def test_flags_are_chosen_by_state(as_user: LogIn) -> None:
    analyse(as_user("analyst"))
    client = as_user("officer")
    client.post("/api/v1/flags/flag-1/decisions", json={"state": "seen"})
    assert [item["id"] for item in client.get("/api/v1/flags?state=seen").json()["items"]] == ["flag-1"]


@pytest.mark.parametrize(
    "body",
    [{"detectors": ["nobody"]}, {"parameters": {"none": 1}}, {"parameters": {"size": "x"}}, {"scope": "nonsense"}],
)
def test_what_cannot_be_run_is_said(as_user: LogIn, body: dict[str, object]) -> None:
    assert as_user("analyst").post("/api/v1/analyses", json=body).status_code == 400


def test_a_parameter_reaches_its_detector(as_user: LogIn) -> None:
    runs = as_user("analyst").post("/api/v1/analyses", json={"parameters": {"everybody.size": 7}}).json()["runs"]
    assert runs[0]["flags"][0]["details"]["size"] == 7


def test_running_is_in_the_audit(hub: Wiring, as_user: LogIn) -> None:
    analyse(as_user("analyst"))
    kept = [row.entry for row in hub.store.audit_rows(chain="changes", actor="analyst")]
    assert [entry.details["flags"] for entry in kept if entry.action == "analyse"] == [3, 4]


def test_the_detectors_are_described(as_user: LogIn) -> None:
    found = as_user("police").get("/api/v1/detectors").json()["items"]
    assert [(item["name"], item["question"]) for item in found] == [("everybody", "Who is there?")]
