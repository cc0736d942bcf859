"""Who has an inbox. Pure; what is not named here is denied. Nobody reads or marks another's: no query takes a
recipient but the actor."""

from foundation.errors import NotAllowed
from identity.actors import STAFF_ROLES, Actor


def require_inbox(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*STAFF_ROLES):
        raise NotAllowed
