"""Who asks for reports, issues and reads them. Pure; what is not named here is denied.

Supervisors and leadership read all of them; supervisors issue. A unit's head asks for drafts of the own subtree, and
reads those alone.
"""

from foundation.errors import NotAllowed, NotFound
from identity.actors import Actor, Role

READS_ALL = frozenset({Role.SUPERVISOR, Role.LEADERSHIP, Role.SYSTEM})
ISSUERS = frozenset({Role.SUPERVISOR, Role.SYSTEM})


def is_head(actor: Actor) -> bool:
    return actor.has(Role.UNIT_HEAD) and actor.unit_id is not None


def require_reader(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*READS_ALL) and not is_head(actor):
        raise NotAllowed


def require_issuer(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*ISSUERS):
        raise NotAllowed


def require_visible(actor: Actor, path: tuple[str, ...]) -> None:
    """Raises `NotFound` for a report of what is not the reader's; `path` is its unit's, empty for the whole city."""
    require_reader(actor)
    if not actor.has(*READS_ALL) and actor.unit_id not in path:
        raise NotFound


def scope_asked(actor: Actor, unit: str | None) -> str | None:
    """The unit that a draft is asked for, one's own where none is named; None for the whole city.

    Whether it lies within the own is for `require_visible`. Raises `NotAllowed`.
    """
    require_reader(actor)
    return unit if unit is not None or actor.has(*READS_ALL) else actor.unit_id
