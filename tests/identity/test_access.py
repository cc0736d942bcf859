"""The whole table of permissions: every role × every permission, allowed or denied."""

import pytest

from foundation.errors import NotAllowed
from identity.access import PERMITTED, Permission, may, require
from identity.actors import Actor, Role

ALLOWED = {
    Permission.READ_REFERENCE: "all",
    Permission.MANAGE_REFERENCE: "administrator",
    Permission.MANAGE_UNITS: "administrator",
    Permission.MANAGE_STAFF: "administrator",
    Permission.UNLOCK_LOGIN: "administrator",
    Permission.READ_STAFF: "operator dispatcher chief_dispatcher unit_clerk unit_head reviewer callback_agent "
    "counter guide checkpoint supervisor leadership administrator",
    Permission.FIND_RESIDENT: "operator dispatcher chief_dispatcher callback_agent",
    Permission.REVEAL: "operator dispatcher chief_dispatcher callback_agent",
    Permission.READ_AUDIT: "administrator supervisor",
    Permission.OWN_PROFILE: "citizen",
}


def test_every_permission_is_in_the_table():
    assert set(ALLOWED) == set(Permission) == set(PERMITTED)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_the_table(role: Role, permission: Permission):
    actor = Actor("x", frozenset({role}))
    expected = ALLOWED[permission] == "all" or role in ALLOWED[permission].split()
    assert may(actor, permission) == expected
    if not expected:
        with pytest.raises(NotAllowed):
            require(actor, permission)


def test_a_resident_is_revealed_to_those_who_may_find_one_and_to_nobody_else():
    assert PERMITTED[Permission.REVEAL] == PERMITTED[Permission.FIND_RESIDENT]


@pytest.mark.parametrize("permission", Permission)
def test_nobody_may_do_anything_without_a_role(permission: Permission):
    assert not may(Actor("x", frozenset()), permission)
