"""Rows of the audit in words: who did what, when, for which purpose, to which records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.views.words import seconds_words
from graph.access.policy import Action
from graph.flags import Plain
from graph.store import AuditRow, AuditVerdict

#: what each right is called on a page
ACTION_WORDS: Mapping[Action, str] = {
    Action.READ_NAMED: "See records with names",
    Action.READ_PLACES: "See places and schools",
    Action.READ_PATHS: "See how two records are connected",
    Action.READ_EVENTS: "See events in an area",
    Action.EXPORT: "Take a copy out of the hub",
    Action.READ_FLAGS: "See prompts",
    Action.READ_HOTSPOTS: "See hotspots of areas and places",
    Action.READ_EQUITY: "See who is referred, opened and flagged, as rates",
    Action.DECIDE_FLAG: "Decide about a prompt",
    Action.ANALYSE: "Look for patterns",
    Action.LOAD: "Load files",
    Action.READ_LOADS: "See what was loaded",
    Action.READ_LOCALITIES: "See the locality map",
    Action.READ_AUDIT: "See who looked at and changed what",
    Action.MANAGE_ACCOUNTS: "Look after accounts",
    Action.GRANT_MEMBERSHIP: "Make somebody a member of an operation",
}

#: what each entry says was done; what is not here is shown as it is kept
_DONE: Mapping[str, str] = {
    "view": "Opened a record",
    "search": "Searched",
    "map": "Opened a map",
    "paths": "Asked how records are connected",
    "events": "Listed events",
    "flags": "Read prompts",
    "hotspots": "Opened the hotspot map",
    "analysis started": "Started to look for patterns",
    "analysis cancelled": "Stopped looking for patterns",
    "localities": "Opened the locality map",
    "loads": "Read the list of loads",
    "audit": "Read the audit",
    "export": "Took a copy out of the hub",
    "load": "Loaded files",
    "decision": "Decided about a prompt",
    "analyse": "Looked for patterns",
    "log-in": "Logged in",
    "log-out": "Logged out",
    "log-in refused": "Log-in refused",
    "account added": "Added an account",
    "membership granted": "Granted a membership",
    "membership revoked": "Took a membership back",
    "password changed": "Changed a password",
    "role changed": "Changed a role",
}

#: details that say nothing to a reader of the page, or that another column says
_LEFT_OUT = frozenset({"role", "run", "content_digest"})
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One row of the audit."""

    number: int
    when: str
    actor: str
    #: what was done, in words
    done: str
    refused: bool
    purpose: str
    ids: tuple[str, ...]
    details: str


@dataclass(frozen=True, slots=True)
class VerdictView:
    """What a check of the whole audit found."""

    intact: bool
    words: str


def audit_line(row: AuditRow) -> AuditLine:
    entry = row.entry
    refused = entry.action.startswith("refused ")
    done = entry.action.removeprefix("refused ")
    words = _DONE.get(done, done.replace("_", " ").capitalize())
    parts = [_detail(key, value) for key, value in entry.details.items() if key not in _LEFT_OUT]
    if entry.recipient:
        parts.insert(0, f"for {entry.recipient}")
    return AuditLine(
        row.number,
        seconds_words(row.recorded_at),
        entry.actor,
        f"Refused: {words[:1].lower()}{words[1:]}" if refused else words,
        refused,
        entry.purpose or "",
        entry.ids,
        ", ".join(parts),
    )


def verdict_view(verdict: AuditVerdict) -> VerdictView:
    if verdict.intact:
        rows = ", ".join(f"{count} in {chain}" for chain, count in sorted(verdict.rows.items()))
        return VerdictView(
            True, f"Checked from the first row to the last just now: {rows}. Every row follows the one before."
        )
    where = "" if verdict.broken_at is None else f" at row {verdict.broken_at[1]} of {verdict.broken_at[0]}"
    return VerdictView(False, f"The chain does not hold{where}: {verdict.what}. Tell whoever answers for security.")


def _detail(key: str, value: Plain) -> str:
    if key == "refused" and isinstance(value, str) and value in {action.value for action in Action}:
        return f"not part of the role: {ACTION_WORDS[Action(value)].lower()}"
    words = str(value)
    return f"{key.replace('_', ' ')} {words if len(words) <= _LONGEST else words[: _LONGEST - 1] + '…'}"
