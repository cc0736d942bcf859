"""Who may upload, see and release files. Pure; what is not named here is denied."""

from foundation.errors import NotAllowed
from identity.actors import HOTLINE_ROLES, UNIT_ROLES, Actor, Role
from workorders.attachments.values import Filed, Side
from workorders.lifecycle.access import may_see, owns
from workorders.lifecycle.states import AssignmentEnd, AssignmentRole
from workorders.lifecycle.values import Order, Reporter

UPLOADERS = HOTLINE_ROLES | UNIT_ROLES | {Role.CITIZEN, Role.ANONYMOUS_DEVICE, Role.UPSTREAM}
RELEASERS = frozenset({Role.DISPATCHER, Role.CHIEF_DISPATCHER, Role.SUPERVISOR})
_SEES_WITHHELD = HOTLINE_ROLES | {Role.SYSTEM}


def require_uploader(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*UPLOADERS):
        raise NotAllowed


def require_releaser(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*RELEASERS):
        raise NotAllowed


def may_read(actor: Actor, order: Order, filed: Filed) -> bool:
    """Whether the file exists for this reader."""
    if not may_see(actor, order):
        return False
    if owns(actor, order):
        return filed.side is Side.REPORTER or (not filed.internal and accepted(order, filed))
    if withheld(order, filed):
        return actor.has(*_SEES_WITHHELD)
    return True


def withheld(order: Order, filed: Filed) -> bool:
    """Whether only the hotline sees it 暂不对单位公开: it could show who a confidential or anonymous citizen is."""
    return filed.side is Side.REPORTER and order.reporter is not Reporter.OPEN and not filed.released


def accepted(order: Order, filed: Filed) -> bool:
    """Whether the reply that it was attached to is the one that the hotline accepted."""
    return any(
        a.role is AssignmentRole.LEAD and a.end is AssignmentEnd.ACCEPTED and a.submitted_at == filed.at
        for a in order.assignments
    )
