"""Canary names: a visit of every role to every route, then names are looked for wherever they must not be.

The hub's own names stand in pages of those entitled. They stand in no log, no audit row, no address and no error of
anybody; the names that only operation OP2 knows stand in no answer to anybody who is not its member.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from graph.store import AuditRow
from tests.api.world import CANARIES, open_records
from tests.conformance.factories import (
    blocks,
    day,
    event,
    operation,
    participation,
    person,
    report,
    second,
    tie,
)
from tests.safety.drawing import CLOAKS, Drawn, everything
from tests.safety.hubs import MEMBERS, PEOPLE, Clock, Hub, make_hub
from tests.safety.questions import Question, everything_about

pytestmark = pytest.mark.timeout(600)

#: names that only operation OP2 knows
HIDDEN = ("Wrenfield", "Calloway-Birch", "Operation Larkspur", "0712345000")


def hidden_records() -> list:  # type: ignore[type-arg]
    return blocks(
        [
            person("s1", given_name="Wrenfield", family_name="Calloway-Birch", birth_day=day("2010-01-01"),
                   birth_precision="day"),
            operation("OP2", name="Operation Larkspur", lead_agency="police", restricted=1),
            report("r-secret", handling="C", conditions="operation:OP2", reference="0712345000",
                   recorded_at=second("2026-05-04T12:00:00")),
            event("s1", event_type="intelligence", started_at=second("2026-05-03T20:00:00"), place_id="place:park",
                  report_id="r-secret"),
            participation("event:s1", "person:s1", "subject", report_id="r-secret"),
            tie("s-person", "person:s1", "person:1", "r-secret", tie_type="contacts", polarity="concern"),
            tie("s-operation", "person:s1", "operation:OP2", "r-secret", tie_type="subject_of"),
        ],
        file="larkspur.csv",
    )  # fmt: skip


@dataclass
class Visit:
    """What was said while everybody asked everything."""

    answers: list[tuple[str, Question, httpx.Response]]
    log: str
    rows: list[AuditRow]
    files: list[Path]


def questions() -> list[Question]:
    drawn: Drawn = everything(CLOAKS[0])
    about = [*everything_about(drawn, ())]
    typed = [Question("POST /search", "POST", "/search", {"data": {"q": word}}) for word in (*CANARIES, *HIDDEN)]
    typed += [
        Question("POST /api/v1/search", "POST", "/api/v1/search", {"json": {"q": word}})
        for word in (*CANARIES, *HIDDEN)
    ]
    wrong = [
        Question("", "GET", "/nowhere"),
        Question("", "PUT", "/api/v1/flags"),
        Question("", "POST", "/api/v1/search", {"content": b'{"q": "Quillfeather'}),
        Question("", "POST", "/api/v1/search", {"json": {"q": "Wrenfield", "extra": "Quillfeather"}}),
        Question("", "POST", "/login", {"data": {"name": "Quillfeather", "password": "x", "purpose": "a test"}}),
        Question("", "POST", "/api/v1/loads", {"files": {"files": ("people.csv", b"person_id,sex\nx1,Wrenfield\n")}}),
        Question("", "POST", "/loads", {"files": {"file": ("people.csv", b"person_id,sex\nx1,Quillfeather\n")}}),
    ]
    # a third of the questions reaches every route
    return [*about[::3], *{question.route: question for question in about}.values(), *typed, *wrong]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    folder = tmp_path_factory.mktemp("visit")
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # the client that asks writes a log of its own
            if record.name.partition(".")[0] not in {"httpx", "httpcore"}:
                lines.append(self.format(record))

    keep, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    try:
        with make_hub(folder, [open_records(), hidden_records()], Clock()) as hub:
            answers = [(name, question, _ask(hub, name, question)) for name in PEOPLE for question in questions()]
            rows = [
                row for chain in ("changes", "views") for row in hub.wiring.store.audit_rows(chain=chain, limit=10**6)
            ]
    finally:
        root.removeHandler(keep)
        root.setLevel(level)
    yield Visit(answers, "\n".join(lines), rows, [path for path in folder.rglob("*") if path.is_file()])


def _ask(hub: Hub, name: str, question: Question) -> httpx.Response:
    return hub.ask(name, question.method, question.path, **dict(question.given))


def found_in(text: str, names: tuple[str, ...]) -> set[str]:
    return {name for name in names if name.casefold() in text.casefold()}


def is_about_what_was_typed(question: Question) -> bool:
    """Search pages and the log-in form show their own typist what was typed."""
    return question.route.endswith("/search") or question.path == "/login"


def test_the_visit_saw_names_at_all(visit: Visit) -> None:
    told = "".join(answer.text for name, _, answer in visit.answers if name in MEMBERS)
    assert found_in(told, (*CANARIES, *HIDDEN)) == {*CANARIES, *HIDDEN}


def test_what_an_operation_alone_knows_is_told_to_its_members_only(visit: Visit) -> None:
    told = [
        (name, question.path)
        for name, question, answer in visit.answers
        if name not in MEMBERS and not is_about_what_was_typed(question) and found_in(answer.text, HIDDEN)
    ]
    assert told == []


def test_a_search_for_a_hidden_name_tells_its_typist_nothing_else(visit: Visit) -> None:
    """The page repeats the word and finds nothing of the operation."""
    told = [
        (name, dict(question.given))
        for name, question, answer in visit.answers
        if name not in MEMBERS and question.route.endswith("/search")
        for other in HIDDEN
        if other not in str(question.given) and other.casefold() in answer.text.casefold()
    ]
    assert told == []


@pytest.mark.parametrize("role", ["governance", "admin"])
def test_no_name_of_any_record_is_told_to_those_without_content(visit: Visit, role: str) -> None:
    told = [
        question.path
        for name, question, answer in visit.answers
        if name == role and not is_about_what_was_typed(question) and found_in(answer.text, (*CANARIES, *HIDDEN))
    ]
    assert told == []


def test_no_person_is_named_to_a_panel(visit: Visit) -> None:
    people = ("Zephyrine", "Quillfeather", "Osmunda Brambleton", "Osmunda Close", "07000000000", "Thistlewick")
    told = [
        question.path
        for name, question, answer in visit.answers
        if name == "panel" and not is_about_what_was_typed(question) and found_in(answer.text, people)
    ]
    assert told == []


def test_no_name_is_in_any_log(visit: Visit) -> None:
    assert found_in(visit.log, (*CANARIES, *HIDDEN)) == set()


def test_no_name_or_word_searched_for_is_in_any_audit_row(visit: Visit) -> None:
    assert found_in("".join(map(repr, visit.rows)), (*CANARIES, *HIDDEN)) == set()


def test_no_name_is_in_any_header(visit: Visit) -> None:
    text = "".join(str(answer.headers) for _, _, answer in visit.answers)
    assert found_in(text, (*CANARIES, *HIDDEN)) == set()


def test_no_error_repeats_what_was_sent(visit: Visit) -> None:
    told = [
        (answer.status_code, question.path)
        for _, question, answer in visit.answers
        if answer.status_code >= 400 and question.path != "/login" and found_in(answer.text, (*CANARIES, *HIDDEN))
    ]
    assert told == []


def test_nothing_failed_on_our_side(visit: Visit) -> None:
    assert [
        (question.path, answer.status_code) for _, question, answer in visit.answers if answer.status_code >= 500
    ] == []
