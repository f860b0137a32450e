"""Who acts: roles, agencies, memberships of operations, and the purpose of a visit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What an account is for. ``operator`` is the command line on the machine itself and no account can have it."""

    ANALYST = "analyst"
    POLICE = "police"
    SOCIAL_WORKER = "socialworker"
    PANEL = "panel"
    GOVERNANCE = "governance"
    ADMIN = "admin"
    OPERATOR = "operator"


#: roles an account can be given
ACCOUNT_ROLES: tuple[Role, ...] = tuple(role for role in Role if role is not Role.OPERATOR)


@dataclass(frozen=True, slots=True)
class Membership:
    """Leave to know what one operation knows; always approved by somebody else, always with an end."""

    #: bare key of the operation, "OP3"
    operation: str
    #: account that approved it
    approver: str
    granted_on: dt.date
    #: last day, inclusive
    until: dt.date

    def is_active(self, today: dt.date) -> bool:
        return self.granted_on <= today <= self.until


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or program) on whose behalf something is asked, at this moment."""

    account: str
    role: Role
    #: word of the agency vocabulary
    agency: str
    memberships: tuple[Membership, ...] = ()
    #: why this visit, in the actor's words; kept in the audit
    purpose: str | None = None

    def operations(self, today: dt.date) -> frozenset[str]:
        """Operations whose membership is in force."""
        return frozenset(membership.operation for membership in self.memberships if membership.is_active(today))


@dataclass(frozen=True, slots=True)
class Purpose:
    """The stated purpose of a visit. Raises ValueError when it says nothing."""

    text: str = field()

    def __post_init__(self) -> None:
        if len(self.text.strip()) < 3:
            raise ValueError("a purpose has at least three characters")
        if len(self.text) > 500:
            raise ValueError("a purpose has at most 500 characters")


#: the operator of the machine: sees everything, is recorded like everybody
OPERATOR = Actor("operator", Role.OPERATOR, "hub")
