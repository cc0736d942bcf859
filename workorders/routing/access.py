"""Who may read and who may change the dispatch catalogue. Pure; what is not named here is denied."""

from foundation.errors import NotAllowed
from identity.actors import HOTLINE_ROLES, Actor, Role

READERS = HOTLINE_ROLES | {Role.ADMINISTRATOR, Role.LEADERSHIP, Role.SYSTEM}
EDITORS = frozenset({Role.ADMINISTRATOR, Role.CHIEF_DISPATCHER})


def require_reader(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*READERS):
        raise NotAllowed


def require_editor(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*EDITORS):
        raise NotAllowed


def require_loader(actor: Actor) -> None:
    """Loading a whole catalogue, with days that have passed, is set-up. Raises `NotAllowed`."""
    if not actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        raise NotAllowed
