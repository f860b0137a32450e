"""Every error Kith raises on purpose.

    KithError
    ├── UsageError            the caller asked for something that makes no sense (exit 2, HTTP 400)
    │   └── UnknownWord       a word is not in its vocabulary; carries the nearest valid one
    ├── InputRejected         files with problems; nothing was loaded (exit 3, HTTP 422)
    ├── StoreError            the store cannot do its work now
    │   ├── StoreUnavailable  stopped, hung, full or locked (exit 4, HTTP 503)
    │   ├── StoreTooNew       written by a newer Kith; refused (exit 4)
    │   ├── StoreUnsafe       a durability or integrity setting is not as promised (exit 4)
    │   └── StoreConflict     somebody else changed the record first (HTTP 409)
    ├── AccessError           refused by the access rules (exit 5)
    │   ├── NotSignedIn       no valid session (HTTP 401)
    │   ├── Refused           known to the viewer, not permitted (HTTP 403)
    │   └── NotFound          does not exist, or must not be known to exist (HTTP 404)
    └── AuditUnavailable      the audit row cannot be written, so the call is refused (HTTP 503)

A message never carries a name or free text from a record: ids, kinds, counts and file positions only.
"""

from __future__ import annotations

from dataclasses import dataclass


class KithError(Exception):
    """Base of every deliberate error; ``exit_code`` is the command line's."""

    exit_code = 1
    code = "error"


class UsageError(KithError):
    exit_code = 2
    code = "usage"


class UnknownWord(UsageError):
    """A word outside its vocabulary. ``nearest`` is the closest valid word, or None."""

    code = "unknown_word"

    def __init__(self, vocabulary: str, nearest: str | None) -> None:
        self.vocabulary = vocabulary
        self.nearest = nearest
        hint = f'; the nearest valid word is "{nearest}"' if nearest else ""
        super().__init__(f"not a word of the list {vocabulary}{hint}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one place in one file, said so that a person can put it right."""

    #: file name as given, never a path of the machine
    file: str
    #: record number as a spreadsheet shows it (the header is row 1); None for the whole file
    row: int | None
    #: column header; None for the whole row
    column: str | None
    #: machine-readable kind, e.g. "unknown_word", "bad_date", "missing", "unknown_reference"
    kind: str
    #: what is wrong and what to do, without the value of any name or free text
    message: str


class InputRejected(KithError):
    """Files with problems. ``problems`` holds all of them; nothing was loaded."""

    exit_code = 3
    code = "input_rejected"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        count = len(problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} found; nothing was loaded")


class StoreError(KithError):
    exit_code = 4
    code = "store"


class StoreUnavailable(StoreError):
    code = "store_unavailable"


class StoreTooNew(StoreError):
    code = "store_too_new"


class StoreUnsafe(StoreError):
    code = "store_unsafe"


class StoreConflict(StoreError):
    code = "conflict"


class AccessError(KithError):
    exit_code = 5
    code = "access"


class NotSignedIn(AccessError):
    code = "not_signed_in"


class Refused(AccessError):
    code = "refused"


class NotFound(AccessError):
    code = "not_found"


class AuditUnavailable(StoreError):
    code = "audit_unavailable"
