"""May this actor do this? Pure: actor, action, restriction and day in; verdict and reason out.

How a question is resolved, in order; the first line that fits decides:

    1. no rule for this role and action in RULES      -> deny ("not part of this role")
    2. the record belongs to an operation the actor
       is no member of today                          -> deny, and the record is as if it did not exist
    3. conditions name other agencies                  -> deny, likewise (conditions not stated or not readable
                                                          name the originating agency and hub analysts)
    4. conditions past their day                       -> deny, except hub analysts
    5. a protected address                             -> deny, except roles that protect the person
    6. a panel member and any restriction at all       -> deny
    7. an export of a record under conditions          -> deny, and says whom to ask
    8. otherwise                                       -> allow

There is no rule by which an allow beats a deny, and no role for which rules 2 to 7 are skipped but the operator of the
machine (who holds the file itself).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from graph.access.actors import Actor, Role
from graph.model import HUB_ANALYSTS, Restriction


class Action(StrEnum):
    """Everything that can be asked for."""

    READ_NAMED = "read_named"
    READ_PLACES = "read_places"
    READ_PATHS = "read_paths"
    READ_EVENTS = "read_events"
    EXPORT = "export"
    READ_FLAGS = "read_flags"
    READ_HOTSPOTS = "read_hotspots"
    DECIDE_FLAG = "decide_flag"
    ANALYSE = "analyse"
    LOAD = "load"
    READ_LOADS = "read_loads"
    READ_LOCALITIES = "read_localities"
    READ_EQUITY = "read_equity"
    READ_AUDIT = "read_audit"
    MANAGE_ACCOUNTS = "manage_accounts"
    GRANT_MEMBERSHIP = "grant_membership"


_NAMED_WORK = frozenset(
    {
        Action.READ_NAMED,
        Action.READ_PLACES,
        Action.READ_PATHS,
        Action.READ_EVENTS,
        Action.EXPORT,
        Action.READ_FLAGS,
        Action.READ_HOTSPOTS,
        Action.DECIDE_FLAG,
        Action.READ_LOCALITIES,
    }
)

#: the whole table; what is not here is denied
RULES: dict[Role, frozenset[Action]] = {
    Role.ANALYST: _NAMED_WORK | {Action.ANALYSE, Action.LOAD, Action.READ_LOADS, Action.READ_EQUITY},
    Role.POLICE: _NAMED_WORK,
    Role.SOCIAL_WORKER: _NAMED_WORK,
    Role.PANEL: frozenset({Action.READ_PLACES, Action.READ_HOTSPOTS, Action.READ_LOCALITIES, Action.READ_EQUITY}),
    Role.GOVERNANCE: frozenset({Action.READ_AUDIT, Action.READ_LOADS, Action.READ_EQUITY}),
    Role.ADMIN: frozenset({Action.MANAGE_ACCOUNTS, Action.GRANT_MEMBERSHIP}),
    Role.OPERATOR: frozenset(Action),
}

#: roles that may know an address that must not be known
PROTECTING_ROLES: frozenset[Role] = frozenset({Role.POLICE, Role.SOCIAL_WORKER, Role.OPERATOR})


class Effect(StrEnum):
    ALLOW = "allow"
    #: refused openly: the actor may know that the thing exists
    DENY = "deny"
    #: as if it did not exist
    HIDE = "hide"


@dataclass(frozen=True, slots=True)
class Decision:
    effect: Effect
    #: for the audit and the page that explains a verdict; never content of a record
    reason: str

    @property
    def allowed(self) -> bool:
        return self.effect is Effect.ALLOW


ALLOWED = Decision(Effect.ALLOW, "permitted to this role")


def decide(actor: Actor, action: Action, restriction: Restriction, today: dt.date) -> Decision:
    """The verdict for one action on one record; see the module's table."""
    if action not in RULES.get(actor.role, frozenset()):
        return Decision(Effect.DENY, "not part of this role")
    if actor.role is Role.OPERATOR:
        return ALLOWED
    if not restriction.operations <= actor.operations(today):
        return Decision(Effect.HIDE, "no membership of the operation today")
    if (verdict := _by_handling(actor, restriction, today)) is not None:
        return verdict
    if restriction.protected_address and actor.role not in PROTECTING_ROLES:
        return Decision(Effect.HIDE, "a protected address")
    if actor.role is Role.PANEL and not restriction.is_open:
        return Decision(Effect.HIDE, "panels see open records only")
    if action is Action.EXPORT and restriction.conditional:
        return Decision(Effect.DENY, "handling code C: ask the originating agency before it leaves the hub")
    return ALLOWED


def _by_handling(actor: Actor, restriction: Restriction, today: dt.date) -> Decision | None:
    """Rules 3 and 4."""
    if restriction.agencies is not None:
        analyst = actor.role is Role.ANALYST and HUB_ANALYSTS in restriction.agencies
        if not analyst and actor.agency not in restriction.agencies:
            return Decision(Effect.HIDE, "conditions name other agencies")
    if restriction.until is not None and today > restriction.until and actor.role is not Role.ANALYST:
        return Decision(Effect.HIDE, "the conditions are past their day")
    return None


def sight(actor: Actor, action: Action, today: dt.date) -> Callable[[Restriction], bool]:
    """What the store may show this actor for this action, as a predicate over restrictions."""
    known: dict[Restriction, bool] = {}

    def sees(restriction: Restriction) -> bool:
        verdict = known.get(restriction)
        if verdict is None:
            verdict = known[restriction] = decide(actor, action, restriction, today).allowed
        return verdict

    return sees
