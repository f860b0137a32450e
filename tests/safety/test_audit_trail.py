"""No audit, no answer; and whatever is done to the rows afterwards is found by one command."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.cli import main
from graph.errors import AuditUnavailable
from graph.model import NodeId
from graph.store import Lens
from tests.api.matrix import MATRIX, PUBLIC
from tests.api.world import CANARIES
from tests.safety.drawing import CLOAKS, everything
from tests.safety.hubs import Clock, Hub, canary_hub
from tests.safety.questions import Question, about_export, everything_about

Change = Callable[[sqlite3.Connection], None]

#: answered without touching a record: who one is, how Kith decides, what the detectors are, an empty search form
WITHOUT_RECORDS = frozenset(
    {
        "GET /api/v1/session",
        "GET /about",
        "GET /methods",
        "GET /methods/{detector}",
        "GET /api/v1/detectors",
        "GET /search",
        "GET /api/v1/accounts",
        "GET /accounts",
        "GET /maps/{kind}/{key:path}/export",
        # how far one's own work is; its start and end are recorded, and the reading it does
        "GET /api/v1/analyses",
        "GET /api/v1/analyses/{job_id}",
        "DELETE /api/v1/analyses/{job_id}",
        "POST /flags/analysis/{job_id}/cancel",
    }
)


def change_file(path: Path, *changes: str | Change) -> None:
    """Change a file of the store behind its back."""
    connection = sqlite3.connect(path)
    with connection:
        for change in changes:
            if isinstance(change, str):
                connection.execute(change)
            else:
                change(connection)
    connection.close()


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose record of views takes no more rows."""
    folder = tmp_path_factory.mktemp("deaf")
    with canary_hub(folder, Clock()) as made:
        for name in ("analyst", "police", "panel", "governance", "admin"):
            made.token(name)
        change_file(
            folder / "kith.db-views",
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'no more room'); END",
        )
        yield made


def reading() -> list[Question]:
    """One question of each route that reads records."""
    found: dict[str, Question] = {}
    for question in [*everything_about(everything(CLOAKS[0]), ()), *about_export("person:1", "csv")]:
        reads = MATRIX.get(question.route) != PUBLIC and question.route not in WITHOUT_RECORDS
        if reads and question.path != "/lists/person":
            found.setdefault(question.route, question)
    return list(found.values())


@pytest.mark.parametrize("name", ["analyst", "police", "panel"])
@pytest.mark.parametrize("question", reading(), ids=lambda question: question.route)
def test_nothing_is_read_without_a_record_of_it(deaf: Hub, name: str, question: Question) -> None:
    if (name, question.path) == ("panel", "/"):
        pytest.skip("the start page of a panel member reads nothing")
    answer = deaf.ask(name, question.method, question.path, **dict(question.given))
    assert answer.status_code in {503, 404, 422} if "decisions" in question.route else answer.status_code == 503
    assert not [canary for canary in CANARIES if canary in answer.text]


@pytest.mark.parametrize("path", ["/api/v1/audit", "/api/v1/audit/verdict", "/audit", "/api/v1/loads", "/loads"])
def test_governance_reads_nothing_without_a_record_of_it(deaf: Hub, path: str) -> None:
    assert deaf.ask("governance", "GET", path).status_code == 503


def test_a_refusal_that_cannot_be_recorded_is_still_no_answer(deaf: Hub) -> None:
    assert deaf.ask("admin", "GET", "/api/v1/entities/person:1").status_code == 503


def test_no_change_without_a_record_of_it(tmp_path: Path) -> None:
    with canary_hub(tmp_path, Clock()) as hub:
        hub.token("analyst"), hub.token("admin")
        change_file(
            tmp_path / "kith.db",
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'no more room'); END",
        )
        counter = hub.wiring.store.change_counter
        files = {"files": ("people.csv", b"person_id\nnew-one\n")}
        assert hub.ask("analyst", "POST", "/api/v1/loads", files=files).status_code == 503
        assert hub.wiring.store.nodes([NodeId("person:new-one")], Lens()) == {}
        assert hub.wiring.store.change_counter == counter
        assert hub.ask("admin", "PATCH", "/api/v1/accounts/police", json={"role": "analyst"}).status_code == 503
        assert hub.wiring.accounts.get("police").role == "police"


def test_a_gate_raises_when_its_record_is_refused(deaf: Hub) -> None:
    session = deaf.wiring.accounts.session(deaf.token("analyst"))
    with pytest.raises(AuditUnavailable):
        deaf.wiring.gate(session.actor).entity(NodeId("person:1"), Lens())


# -- tampering ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with rows in both chains, closed."""
    folder = tmp_path_factory.mktemp("kept")
    with canary_hub(folder, Clock()) as hub:
        for number in (1, 2, 3):
            hub.ask("analyst", "GET", f"/api/v1/entities/person:{number}")
    for name in ("kith.db", "kith.db-views"):
        change_file(folder / name, lambda connection: _whole(connection))
    return folder


def _whole(connection: sqlite3.Connection) -> None:
    """Everything in the one file, so that it can be copied."""
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    for name in ("kith.db", "kith.db-views"):
        (tmp_path / name).write_bytes((kept / name).read_bytes())
    return tmp_path


def verify(folder: Path, capsys: pytest.CaptureFixture[str], *heads: str) -> tuple[int, dict[str, object]]:
    arguments = ["audit", "verify", "--json", "--store", f"sqlite:///{folder / 'kith.db'}"]
    capsys.readouterr()
    status = main([*arguments, *(word for head in heads for word in ("--head", head))])
    said, _ = json.JSONDecoder().raw_decode(capsys.readouterr().out)
    return status, said


def shifted(connection: sqlite3.Connection) -> None:
    """Two rows in each other's place, numbers and all."""
    connection.execute("UPDATE audit SET number = -1 WHERE number = 2")
    connection.execute("UPDATE audit SET number = 2 WHERE number = 3")
    connection.execute("UPDATE audit SET number = 3 WHERE number = -1")


def cut(connection: sqlite3.Connection) -> None:
    """The last rows gone and the tip set back, so that what is left is a chain."""
    connection.execute("DELETE FROM audit WHERE number > 2")
    connection.execute("UPDATE audit_tip SET number = 2, digest = (SELECT digest FROM audit WHERE number = 2)")


CHANGES: dict[str, str | Change] = {
    "a word of a row": (
        "UPDATE audit SET entry = CAST(replace(CAST(entry AS TEXT), '\"a', '\"b') AS BLOB) WHERE number = 2"
    ),
    "who did it": "UPDATE audit SET entry = CAST(replace(CAST(entry AS TEXT), 'operator', 'somebody') AS BLOB)",
    "when it was": "UPDATE audit SET recorded_at = recorded_at - 1000000 WHERE number = 2",
    "the digest of a row": "UPDATE audit SET digest = previous WHERE number = 2",
    "the digest before": "UPDATE audit SET previous = digest WHERE number = 3",
    "a row taken out": "DELETE FROM audit WHERE number = 2",
    "the first row taken out": "DELETE FROM audit WHERE number = 1",
    "the last row taken out": "DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)",
    "two rows in each other's place": shifted,
    "a row put in twice": (
        "INSERT INTO audit SELECT max(number) + 1, recorded_at, actor, entry, previous, digest FROM audit"
    ),
    "every row gone": "DELETE FROM audit",
    "the tip set back": "UPDATE audit_tip SET number = 1, digest = (SELECT digest FROM audit WHERE number = 1)",
    "the tip gone": "DELETE FROM audit_tip",
}


@pytest.mark.parametrize("file", ["kith.db", "kith.db-views"])
@pytest.mark.parametrize("what", CHANGES)
def test_tampering_is_found(copy: Path, capsys: pytest.CaptureFixture[str], what: str, file: str) -> None:
    before = (copy / file).read_bytes()
    change_file(copy / file, CHANGES[what], _whole)
    if what == "who did it" and (copy / file).read_bytes() == before:
        pytest.skip("nobody of that name in this chain")
    status, said = verify(copy, capsys)
    assert (status, said["intact"]) == (4, False)


def test_untouched_chains_are_intact(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = verify(copy, capsys)
    assert (status, said["intact"]) == (0, True)


@pytest.mark.parametrize(("source", "target"), [("kith.db", "kith.db-views"), ("kith.db-views", "kith.db")])
def test_rows_of_one_chain_in_the_other_are_found(
    copy: Path, capsys: pytest.CaptureFixture[str], source: str, target: str
) -> None:
    """Whole and well linked, but of the other chain."""

    def swap(connection: sqlite3.Connection) -> None:
        connection.commit()
        connection.execute("ATTACH ? AS other", (str(copy / source),))
        connection.execute("DELETE FROM audit")
        connection.execute("INSERT INTO audit SELECT * FROM other.audit")
        connection.execute("DELETE FROM audit_tip")
        connection.execute("INSERT INTO audit_tip SELECT * FROM other.audit_tip")

    change_file(copy / target, swap)
    status, said = verify(copy, capsys)
    assert (status, said["intact"]) == (4, False)


@pytest.mark.parametrize(("file", "chain"), [("kith.db", "changes"), ("kith.db-views", "views")])
def test_a_chain_cut_and_its_tip_set_back_is_found_from_a_kept_head(
    copy: Path, capsys: pytest.CaptureFixture[str], file: str, chain: str
) -> None:
    """Who holds the file can rewrite all of it; the head that was written down elsewhere says so."""
    _, said = verify(copy, capsys)
    heads, rows = said["heads"], said["rows"]
    assert isinstance(heads, dict) and isinstance(rows, dict)
    head = f"{chain}:{rows[chain]}:{heads[chain]}"
    change_file(copy / file, cut)
    status, said = verify(copy, capsys, head)
    assert (status, said["intact"]) == (4, False)
