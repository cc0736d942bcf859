"""Who assesses, and who reads assessments. Pure; what is not named here is denied.

Supervisors and leadership read every unit's; a head reads its own unit's and those of the units that lie below it
today. A score is one number, whoever reads it; of the orders behind it everybody is shown those they may see.
"""

from foundation.errors import NotAllowed
from identity.actors import Actor, Role

READS_ALL = frozenset({Role.SUPERVISOR, Role.LEADERSHIP, Role.SYSTEM})


def require_reader(actor: Actor, path: tuple[str, ...]) -> None:
    """For the assessment of the unit with this path as of today. Raises `NotAllowed`."""
    if not actor.has(*READS_ALL) and not (actor.has(Role.UNIT_HEAD) and actor.covers_unit(path)):
        raise NotAllowed


def own_unit(actor: Actor) -> str | None:
    """The unit that somebody reads within; None for whoever reads all. Raises `NotAllowed`."""
    if actor.has(*READS_ALL):
        return None
    if actor.has(Role.UNIT_HEAD) and actor.unit_id is not None:
        return actor.unit_id
    raise NotAllowed


def require_scheme_reader(actor: Actor) -> None:
    """Whoever is assessed knows by what. Raises `NotAllowed`."""
    if not actor.has(*READS_ALL, Role.UNIT_HEAD, Role.ADMINISTRATOR):
        raise NotAllowed


def require_recorder(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(Role.SUPERVISOR):
        raise NotAllowed


def require_publisher(actor: Actor) -> None:
    """Like rule packs, schemes are published at the terminal. Raises `NotAllowed`."""
    if not actor.is_system:
        raise NotAllowed
