"""One shape of error, one table from exception to status, nothing of the input echoed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.bootstrap import Wiring
from api.errors import CODES, STATUS_OF, RequestRefused, answer_for
from graph import errors as kith_errors
from graph.errors import (
    AuditUnavailable,
    InputRejected,
    KithError,
    NotFound,
    NotSignedIn,
    Problem,
    Refused,
    StoreConflict,
    StoreUnavailable,
    UnknownWord,
    UsageError,
)
from tests.api.conftest import PASSWORD
from tests.api.http import Client
from tests.api.world import CANARIES, SECRET_PERSON

LogIn = Callable[[str], Client]


def every_error() -> Iterator[type[KithError]]:
    for value in vars(kith_errors).values():
        if isinstance(value, type) and issubclass(value, KithError) and value is not KithError:
            yield value


@pytest.mark.parametrize("kind", list(every_error()))
def test_every_error_of_the_tree_has_a_status(kind: type[KithError]) -> None:
    assert any(issubclass(kind, base) for base, _ in STATUS_OF) or kind is kith_errors.AccessError


@pytest.mark.parametrize("kind", [kind for kind in every_error() if kind.code != "access"])
def test_every_code_is_explained(kind: type[KithError]) -> None:
    assert kind.code in CODES


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_documented(code: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    assert f"| `{code}` |" in page


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("no"), 400),
        (UnknownWord("role", None), 400),
        (NotSignedIn("no"), 401),
        (Refused("no"), 403),
        (NotFound("no"), 404),
        (StoreConflict("no"), 409),
        (InputRejected(()), 422),
        (StoreUnavailable("no"), 503),
        (AuditUnavailable("no"), 503),
        (RequestRefused(413, "too_large", "no"), 413),
        (ZeroDivisionError("no"), 500),
    ],
)
def test_status(error: Exception, status: int) -> None:
    assert answer_for(error).status == status


def test_a_store_that_is_down_says_when_to_try_again() -> None:
    assert answer_for(StoreUnavailable("no")).headers()["Retry-After"] == "5"


def test_problems_of_files_are_listed_by_position() -> None:
    answer = answer_for(InputRejected((Problem("people.csv", 3, "sex", "unknown_word", "say F, M or U"),)))
    assert answer.problems[0] == {
        "file": "people.csv",
        "row": 3,
        "column": "sex",
        "kind": "unknown_word",
        "message": "say F, M or U",
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"q": 12.5, "zephyrine": "Quillfeather"}',
        b'{"q": "Quillfeather", "limit": "Quillfeather"}',
        b'{"q": "Quillfeather", "limit": NaN}',
        b'{"q": "\\ud800Quillfeather", "limit": -1}',
        b'{"q": "Quillfeather',
        b'{"q": "Quillfeather", "limit": 1' + b"0" * 5000 + b"}",
        b"[" * 10_000,
        b'\xff\xfe{"q": 1}',
        b'"Quillfeather"',
    ],
)
def test_a_wrong_body_is_refused_clearly_and_not_echoed(as_user: LogIn, body: bytes) -> None:
    answer = as_user("analyst").post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "problems"}
    assert "uillfeather" not in answer.text.lower()
    assert "zephyrine" not in answer.text.lower()


@pytest.mark.parametrize("text", ["a\x00b", "%ED%A0%80", "\u202e", "a" * 200])
def test_strange_search_texts_are_answered(as_user: LogIn, text: str) -> None:
    assert as_user("analyst").get("/api/v1/search", params={"q": text}).status_code == 200


def test_a_wrong_password_is_not_echoed(app: FastAPI) -> None:
    answer = Client(app).post("/api/v1/session", json={"name": "analyst", "password": ["hunter2"], "purpose": "x"})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def test_our_bug_is_told_without_its_text(
    hub: Wiring, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(hub)
    client = Client(app)
    client.log_in("analyst", PASSWORD)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("Zephyrine Quillfeather")

    monkeypatch.setattr(type(hub.store), "recorded", fails)
    with caplog.at_level(logging.DEBUG):
        answer = client.get("/api/v1/entities/person:1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "RuntimeError" in caplog.text
    assert not any(name in answer.text + caplog.text for name in CANARIES)


def test_hidden_and_never_existing_are_the_same_bytes(as_user: LogIn) -> None:
    client = as_user("socialworker")
    hidden, missing = client.get(f"/api/v1/entities/{SECRET_PERSON}"), client.get("/api/v1/entities/person:78")
    assert (hidden.status_code, hidden.content, hidden.headers) == (404, missing.content, missing.headers)


def test_what_is_no_id_does_not_exist_either(as_user: LogIn) -> None:
    client = as_user("socialworker")
    assert client.get("/api/v1/entities/nonsense").content == client.get("/api/v1/entities/person:78").content
