"""Maps as files: every one for somebody, with its serial number in the file and in the audit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.bootstrap import Wiring
from tests.api.http import Client
from viz.export import FORMATS

LogIn = Callable[[str], Client]


@pytest.mark.parametrize("ending", [ending for ending in FORMATS if ending != "json"])
def test_a_file_without_a_recipient_is_not_made(as_user: LogIn, ending: str) -> None:
    assert as_user("police").get(f"/api/v1/maps/person/1.{ending}").status_code == 422


@pytest.mark.parametrize("ending", FORMATS)
def test_the_serial_number_stands_in_the_file_and_in_the_audit(hub: Wiring, as_user: LogIn, ending: str) -> None:
    answer = as_user("police").get(f"/api/v1/maps/person/1.{ending}", params={"recipient": "the Tuesday board"})
    serial = answer.headers["X-Kith-Serial"]
    entry = hub.store.audit_rows(chain="views", newest_first=True, limit=1)[0].entry
    assert answer.headers["Content-Disposition"] == f'attachment; filename="kith-{serial}.{ending}"'
    assert serial in answer.text
    assert (entry.action, entry.recipient, entry.details["serial"]) == ("export", "the Tuesday board", serial)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_has_no_more_than_its_maker_sees(as_user: LogIn, ending: str) -> None:
    answer = as_user("officer").get(f"/api/v1/maps/person/1.{ending}", params={"recipient": "the board"})
    assert answer.status_code == 200
    assert "Zephyrine Thistlewick" not in answer.text
    assert "person:77" not in answer.text


def test_the_map_for_the_screen_needs_no_recipient(as_user: LogIn) -> None:
    assert as_user("police").get("/api/v1/maps/person/1.json").json()["seeds"] == ["person:1"]


@pytest.mark.parametrize("ending", ["exe", "", "HTML"])
def test_an_unknown_ending_is_said(as_user: LogIn, ending: str) -> None:
    answer = as_user("police").get(f"/api/v1/maps/person/1.{ending}", params={"recipient": "the board"})
    assert answer.status_code in {400, 404}


def test_a_panel_takes_nothing_away(as_user: LogIn) -> None:
    answer = as_user("panel").get("/api/v1/maps/school/100.csv", params={"recipient": "the board"})
    assert answer.status_code == 403
