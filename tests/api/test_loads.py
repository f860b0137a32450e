"""Loading over HTTP: all or nothing, kept nowhere afterwards, on behalf of the one who sent it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.bootstrap import Wiring, wire_store
from api.settings import Settings
from api.uploads import stored_name
from graph.model import NodeId
from graph.store import Lens
from tests.api.conftest import PASSWORD
from tests.api.http import Client
from tests.api.world import CANARIES

LogIn = Callable[[str], Client]
PEOPLE = b"person_id,given_name\n500,Ferdinand\n501,Wilhelmina\n"


def send(client: Client, *files: tuple[str, bytes], **fields: str) -> tuple[int, dict[str, object]]:
    answer = client.post("/api/v1/loads", files=[("files", file) for file in files], data=fields)
    return answer.status_code, answer.json()


def test_a_table_is_loaded_on_behalf_of_its_sender(hub: Wiring, as_user: LogIn) -> None:
    status, report = send(as_user("analyst"), ("people.csv", PEOPLE), reason="the weekly extract")
    load = hub.store.loads(limit=1)[0]
    assert (status, report["outcome"], load.author, load.reason) == (201, "loaded", "analyst", "the weekly extract")


def test_the_same_again_changes_nothing(as_user: LogIn) -> None:
    client = as_user("analyst")
    assert [send(client, ("people.csv", PEOPLE))[1]["outcome"] for _ in range(2)] == ["loaded", "unchanged"]


def test_a_zip_is_a_folder(as_user: LogIn) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("people.csv", PEOPLE)
    assert send(as_user("analyst"), ("bundle.zip", buffer.getvalue()))[0] == 201


def test_one_wrong_row_loads_nothing_and_says_where(hub: Wiring, as_user: LogIn) -> None:
    wrong = b"person_id,given_name,sex\n500,Quillfeather,F\n501,Zephyrine,Quillfeather\n"
    status, answer = send(as_user("analyst"), ("people.csv", wrong))
    error = answer["error"]
    assert isinstance(error, dict)
    assert (status, error["code"], [(item["row"], item["column"]) for item in error["problems"]]) == (
        422, "input_rejected", [(3, "sex")]
    )  # fmt: skip
    assert not any(name in str(answer) for name in CANARIES)
    assert not hub.store.nodes([NodeId("person:500")], Lens())


def test_nothing_stays_behind(hub: Wiring, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    client = Client(create_app(wire_store(hub.store, Settings(spool=spool), clock=hub.clock)))
    client.log_in("analyst", PASSWORD)
    send(client, ("people.csv", PEOPLE))
    send(client, ("people.csv", b"nonsense"))
    assert list(spool.iterdir()) == []


def test_the_spool_is_for_its_owner_alone(hub: Wiring, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    client = Client(create_app(wire_store(hub.store, Settings(spool=spool), clock=hub.clock)))
    client.log_in("analyst", PASSWORD)
    send(client, ("people.csv", PEOPLE))
    assert spool.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content_type", ["application/json", "text/csv", ""])
def test_only_forms_are_read(as_user: LogIn, content_type: str) -> None:
    answer = as_user("analyst").post("/api/v1/loads", content=PEOPLE, headers={"Content-Type": content_type})
    assert answer.status_code == 415


def test_a_form_without_files_is_said(as_user: LogIn) -> None:
    answer = as_user("analyst").post("/api/v1/loads", files={"none": (None, b"x")})
    assert answer.status_code == 400


def test_a_load_above_its_limit_is_refused(hub: Wiring) -> None:
    client = Client(create_app(wire_store(hub.store, Settings(load_limit=1000), clock=hub.clock)))
    client.log_in("analyst", PASSWORD)
    assert send(client, ("people.csv", PEOPLE * 100))[0] == 413


def test_a_load_may_be_larger_than_other_bodies(hub: Wiring) -> None:
    client = Client(create_app(wire_store(hub.store, Settings(body_limit=500), clock=hub.clock)))
    client.log_in("analyst", PASSWORD)
    rows = b"".join(b"%d,Somebody\n" % number for number in range(1000, 1200))
    assert send(client, ("people.csv", b"person_id,given_name\n" + rows))[0] == 201


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("people.csv", "people.csv"),
        ("../../etc/people.csv", "people.csv"),
        ("C:\\temp\\People.CSV", "people.csv"),
        ("a b.csv", "upload-1.csv"),
        ("..", "upload-1"),
        ("x\x00.csv", "upload-1.csv"),
        ("script.sh", "upload-1"),
        (".csv", "upload-1.csv"),
    ],
)
def test_a_name_is_plain_or_ours(given: str, stored: str) -> None:
    assert stored_name(given, 1) == stored


@given(st.text(max_size=100))
def test_no_name_leaves_its_folder(given_name: str) -> None:
    name = stored_name(given_name, 3)
    assert Path("/spool", name).resolve().parent == Path("/spool")


def test_loads_are_listed_in_pages(as_user: LogIn) -> None:
    client = as_user("analyst")
    send(client, ("people.csv", PEOPLE))
    first = client.get("/api/v1/loads?limit=1").json()
    second = client.get("/api/v1/loads", params={"limit": 1, "cursor": first["next"]}).json()
    assert (first["items"][0]["tallies"]["person"]["new"], second["items"][0]["tallies"]) == (2, {})
