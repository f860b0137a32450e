"""The table of the policy, line by line, and the relations that must hold whatever the restriction."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.access.actors import ACCOUNT_ROLES, OPERATOR, Actor, Membership, Role
from graph.access.policy import RULES, Action, Effect, decide, sight
from graph.model import Restriction, restriction_of_report

TODAY = dt.date(2026, 11, 1)
OPEN = Restriction()


def actor(role: Role = Role.POLICE, agency: str = "police", *operations: str, until: dt.date = TODAY) -> Actor:
    memberships = tuple(Membership(name, "chair", dt.date(2026, 1, 1), until) for name in operations)
    return Actor("someone", role, agency, memberships)


restrictions = st.builds(
    Restriction,
    operations=st.frozensets(st.sampled_from(["OP1", "OP2"])),
    agencies=st.none() | st.frozensets(st.sampled_from(["police", "health", "education"])),
    until=st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2027, 1, 1)),
    protected_address=st.booleans(),
    conditional=st.booleans(),
    closed=st.booleans(),
)
actors = st.builds(
    lambda role, agency, operations: actor(role, agency, *operations),
    st.sampled_from(ACCOUNT_ROLES),
    st.sampled_from(["police", "health", "education"]),
    st.frozensets(st.sampled_from(["OP1", "OP2"])),
)


def test_what_no_rule_names_is_denied() -> None:
    assert decide(actor(Role.PANEL), Action.READ_NAMED, OPEN, TODAY).effect is Effect.DENY


@pytest.mark.parametrize("role", [Role.ADMIN, Role.GOVERNANCE])
def test_administration_and_governance_have_no_content(role: Role) -> None:
    content = {Action.READ_NAMED, Action.READ_PLACES, Action.READ_PATHS, Action.READ_EVENTS, Action.READ_FLAGS}
    assert not RULES[role] & content


def test_a_restricted_operation_does_not_exist_for_others() -> None:
    assert decide(actor(), Action.READ_NAMED, Restriction(frozenset({"OP1"})), TODAY).effect is Effect.HIDE


def test_a_member_sees_the_operation() -> None:
    member = actor(Role.POLICE, "police", "OP1")
    assert decide(member, Action.READ_NAMED, Restriction(frozenset({"OP1"})), TODAY).allowed


def test_a_membership_ends_with_its_last_day() -> None:
    member = actor(Role.POLICE, "police", "OP1", until=TODAY - dt.timedelta(days=1))
    assert not decide(member, Action.READ_NAMED, Restriction(frozenset({"OP1"})), TODAY).allowed


def test_both_operations_are_needed_when_two_are_named() -> None:
    member = actor(Role.POLICE, "police", "OP1")
    assert not decide(member, Action.READ_NAMED, Restriction(frozenset({"OP1", "OP2"})), TODAY).allowed


def test_conditions_that_name_an_agency_shut_out_the_others() -> None:
    restriction = restriction_of_report("police", "C", "agency:health")
    seen = [
        name
        for name in ("police", "health", "education")
        if decide(actor(Role.SOCIAL_WORKER, name), Action.READ_NAMED, restriction, TODAY).allowed
    ]
    assert seen == ["police", "health"]


def test_code_c_without_conditions_stays_with_the_originator_and_analysts() -> None:
    restriction = restriction_of_report("health", "C", None)
    assert [
        decide(who, Action.READ_NAMED, restriction, TODAY).allowed
        for who in (actor(Role.SOCIAL_WORKER, "health"), actor(Role.ANALYST, "police"), actor(Role.POLICE, "police"))
    ] == [True, True, False]


def test_a_token_that_cannot_be_read_closes_the_record() -> None:
    assert restriction_of_report("police", "P", "ask the sergeant first").closed


def test_conditions_past_their_day_close_the_record() -> None:
    restriction = restriction_of_report("police", "C", "agency:health;until:2026-10-31")
    assert not decide(actor(Role.SOCIAL_WORKER, "education"), Action.READ_NAMED, restriction, TODAY).allowed


def test_a_protected_address_is_for_roles_that_protect() -> None:
    restriction = Restriction(protected_address=True)
    seen = [role for role in ACCOUNT_ROLES if decide(actor(role), Action.READ_NAMED, restriction, TODAY).allowed]
    assert seen == [Role.POLICE, Role.SOCIAL_WORKER]


def test_code_c_never_leaves_in_an_export() -> None:
    restriction = restriction_of_report("police", "C", "agency:police")
    assert decide(actor(), Action.EXPORT, restriction, TODAY).effect is Effect.DENY


def test_the_operator_of_the_machine_sees_all() -> None:
    everything = Restriction(frozenset({"OP1"}), frozenset(), TODAY, True, True, True)
    assert all(decide(OPERATOR, action, everything, TODAY).allowed for action in Action)


@given(actors, restrictions, restrictions, st.sampled_from(list(Action)))
def test_a_stricter_record_is_never_seen_by_more(who: Actor, one: Restriction, two: Restriction, what: Action) -> None:
    if decide(who, what, one.combined(two), TODAY).allowed:
        assert decide(who, what, one, TODAY).allowed
        assert decide(who, what, two, TODAY).allowed


@given(actors, restrictions, st.sampled_from(list(Action)))
def test_sight_is_the_verdict(who: Actor, restriction: Restriction, what: Action) -> None:
    assert sight(who, what, TODAY)(restriction) == decide(who, what, restriction, TODAY).allowed


@given(restrictions)
def test_a_restriction_survives_its_key(restriction: Restriction) -> None:
    assert Restriction.from_key(restriction.key) == restriction


@given(restrictions, restrictions)
def test_combining_does_not_depend_on_order(one: Restriction, two: Restriction) -> None:
    assert one.combined(two) == two.combined(one)
