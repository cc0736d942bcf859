"""Who may read the desks of supervision, and who calls meetings. Pure; what is not named here is denied.

Who may supervise an order stands with the other actions, in `lifecycle/access.py`.
"""

from foundation.errors import NotAllowed, NotFound
from identity.actors import HOTLINE_ROLES, Actor, Role
from workorders.lifecycle.access import ALLOWED
from workorders.lifecycle.states import Action

DESK_READERS = frozenset({Role.SUPERVISOR, Role.LEADERSHIP})
PHONES = ALLOWED[Action.PHONE_DUTY]
MEETING_READERS = HOTLINE_ROLES | {Role.LEADERSHIP}
CALLERS = frozenset({Role.SUPERVISOR})


def require_desk_reader(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*DESK_READERS):
        raise NotAllowed


def require_phones(actor: Actor) -> None:
    """Raises `NotAllowed` for whoever makes no calls to duty rosters."""
    if not actor.has(*PHONES):
        raise NotAllowed


def require_meeting_reader(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*MEETING_READERS):
        raise NotAllowed


def require_meeting_visible(actor: Actor) -> None:
    """Raises `NotFound`: to others no meeting exists; a unit reads its outcome on the order."""
    if not actor.has(*MEETING_READERS):
        raise NotFound


def require_caller(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*CALLERS):
        raise NotAllowed
