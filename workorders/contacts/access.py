"""Who may record, read and mark contacts. Pure; what is not named here is denied."""

from foundation.errors import NotAllowed, NotFound
from identity.actors import HOTLINE_ROLES, Actor, Role

RECORDERS = frozenset({Role.OPERATOR, Role.CALLBACK_AGENT, Role.SUPERVISOR, Role.SYSTEM})
"""The system records what the telephone exchange tells it."""

READERS = HOTLINE_ROLES | {Role.SYSTEM}
REVEALERS = HOTLINE_ROLES
MARKERS = frozenset({Role.SUPERVISOR})


def may_read(actor: Actor) -> bool:
    return actor.has(*READERS)


def require_reader(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not may_read(actor):
        raise NotAllowed


def require_visible(actor: Actor) -> None:
    """Raises `NotFound`: to others than the hotline's people no contact exists."""
    if not may_read(actor):
        raise NotFound


def require_recorder(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*RECORDERS):
        raise NotAllowed


def require_completer(actor: Actor, recorded_by: str) -> None:
    """Whoever recorded it, or a supervisor. Raises `NotFound`, `NotAllowed`."""
    require_visible(actor)
    if actor.id != recorded_by and not actor.has(Role.SUPERVISOR):
        raise NotAllowed


def require_revealer(actor: Actor) -> None:
    """Raises `NotFound`, `NotAllowed`."""
    require_visible(actor)
    if not actor.has(*REVEALERS):
        raise NotAllowed


def require_marker(actor: Actor) -> None:
    """Raises `NotFound`, `NotAllowed`."""
    require_visible(actor)
    if not actor.has(*MARKERS):
        raise NotAllowed
