"""From exception to answer: one table, one body shape, nothing of the input echoed.

{"error": {"code": "...", "message": "...", "problems": [...]}}
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from graph.errors import (
    AuditUnavailable,
    InputRejected,
    KithError,
    NotFound,
    NotSignedIn,
    Problem,
    Refused,
    StoreConflict,
    StoreError,
    UsageError,
)
from graph.flags import Plain

logger = logging.getLogger("kith")


class RequestRefused(KithError):
    """A request that is turned away before any route sees it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        super().__init__(message)


#: first match decides; a class further down the tree stands before its base
STATUS_OF: tuple[tuple[type[KithError], int], ...] = (
    (InputRejected, 422),
    (UsageError, 400),
    (StoreConflict, 409),
    (AuditUnavailable, 503),
    (StoreError, 503),
    (NotSignedIn, 401),
    (Refused, 403),
    (NotFound, 404),
)

#: every code an answer can carry beside those of graph.errors, with what it means
CODES: dict[str, str] = {
    "usage": "the request makes no sense; the message says why",
    "unknown_word": "a word is not in its list; the message names the list",
    "input_rejected": "files with problems; nothing was loaded",
    "invalid_request": "a parameter or field is missing or not of its kind; problems say which",
    "not_signed_in": "no session is in force",
    "refused": "not part of this role",
    "cross_site": "a change asked for from another site, or without the form token",
    "not_found": "does not exist, or must not be known to exist",
    "method_not_allowed": "this address does not answer to this method",
    "conflict": "somebody else changed the record first",
    "too_large": "the body is larger than allowed",
    "unsupported_media_type": "the body is not of a kind this address reads",
    "store_unavailable": "the store does not answer; try again",
    "store_too_new": "the store was written by a newer Kith",
    "store_unsafe": "a promise about durability is not kept by the store",
    "store": "the store cannot do its work now",
    "audit_unavailable": "the audit row cannot be written, so the call is refused",
    "internal": "our bug; it has been logged",
    "error": "it did not work; the message says why",
}

#: seconds after which a caller may try again when the store is down
RETRY_AFTER = 5

_HTTP_CODES = {
    400: ("invalid_request", "the request cannot be read"),
    401: ("not_signed_in", "please log in"),
    403: ("refused", "not permitted"),
    404: ("not_found", "there is nothing here"),
    405: ("method_not_allowed", "this address does not answer to this method"),
    413: ("too_large", "the body is larger than allowed"),
    415: ("unsupported_media_type", "the body is not of a kind this address reads"),
}


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What is said about one error."""

    status: int
    code: str
    message: str
    problems: tuple[dict[str, Plain], ...] = ()

    def headers(self) -> dict[str, str]:
        if self.status == 503:
            return {"Retry-After": str(RETRY_AFTER)}
        if self.status in {401, 413}:
            # A body may be on its way that nobody will read.
            return {"Connection": "close"}
        return {}

    def body(self) -> bytes:
        error = {"code": self.code, "message": self.message, "problems": list(self.problems)}
        return orjson.dumps({"error": error})

    def response(self) -> Response:
        return Response(self.body(), self.status, self.headers(), "application/json")


#: the same words whether a thing does not exist or must not be known to exist
NOT_FOUND = ErrorAnswer(404, "not_found", "there is nothing here")
INTERNAL = ErrorAnswer(500, "internal", "something went wrong on our side; it has been logged")


def answer_for(error: Exception) -> ErrorAnswer:
    """The answer to any exception; what is not ours is logged by place, never by text."""
    if isinstance(error, RequestRefused):
        return ErrorAnswer(error.status, error.code, str(error))
    if isinstance(error, NotFound):
        return NOT_FOUND
    if isinstance(error, KithError):
        status = next((status for kind, status in STATUS_OF if isinstance(error, kind)), 500)
        problems = tuple(problem_json(item) for item in error.problems) if isinstance(error, InputRejected) else ()
        return ErrorAnswer(status, error.code, str(error), problems)
    if isinstance(error, RequestValidationError):
        return ErrorAnswer(422, "invalid_request", "the request is not as it should be", _fields(error.errors()))
    if isinstance(error, HTTPException):
        code, message = _HTTP_CODES.get(error.status_code, ("error", "it did not work"))
        return ErrorAnswer(error.status_code, code, message)
    log_bug(error)
    return INTERNAL


def problem_json(problem: Problem) -> dict[str, Plain]:
    return {
        "file": problem.file,
        "row": problem.row,
        "column": problem.column,
        "kind": problem.kind,
        "message": problem.message,
    }


def log_bug(error: BaseException) -> None:
    """Where it happened and of what kind: the text of an exception may hold a name, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    logger.error("unexpected %s at %s", type(error).__name__, places)


def _fields(errors: Sequence[object]) -> tuple[dict[str, Plain], ...]:
    """Which declared parameter is wrong and how, never its value and never a key made up by the sender."""
    problems: list[dict[str, Plain]] = []
    for item in errors[:50]:
        if not isinstance(item, dict):
            continue
        kind = str(item.get("type", "value_error"))
        where = [str(part) for part in item.get("loc", ())]
        known = where[:1] if kind == "extra_forbidden" else where[:2]
        problems.append({"field": ".".join(known), "kind": kind, "message": _say(kind)})
    return tuple(problems)


def _say(kind: str) -> str:
    if kind == "missing":
        return "this is required"
    if kind == "extra_forbidden":
        return "a field that is not known here"
    if kind.startswith("json"):
        return "the body is not JSON"
    return f"not as it should be ({kind.replace('_', ' ')})"
