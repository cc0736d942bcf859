"""Links 导出链接 to an export, for browsers, which send no token with a link.

A link speaks for the session that asked for it, for two minutes and once. Who that is is read anew when it is used: the
roles and the unit of then.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from foundation.changes import Change, StaleWrite
from foundation.clock import Clock, kept_until
from foundation.crypto import sm3
from foundation.database import Database
from foundation.errors import Unauthenticated
from identity.actors import Actor
from identity.sessions import Sessions
from workorders.exporting.documents import ExportLink
from workorders.exporting.errors import LinkOver
from workorders.exporting.selecting import Format, Selection, selected

LIFETIME: Final = timedelta(minutes=2)
SECRET_BYTES: Final = 24
LONGEST: Final = 64


class Links:
    """Gives links and takes them back."""

    def __init__(self, database: Database, sessions: Sessions, clock: Clock) -> None:
        self._database, self._sessions, self._clock = database, sessions, clock

    async def give(self, actor: Actor, selection: Selection, format: Format) -> tuple[str, datetime]:
        """The secret of a new link, and when it ends. Raises `Unauthenticated` for an actor without a session."""
        if actor.session_id is None:
            raise Unauthenticated
        secret, now = secrets.token_urlsafe(SECRET_BYTES), self._clock.now()
        link = ExportLink(
            _id=_digest(secret),
            session=actor.session_id,
            format=format,
            selection=selection,
            ends=now + LIFETIME,
            kept_until=kept_until(now, LIFETIME),
        )
        await self._database.save(Change().insert(link))
        return secret, link.ends

    async def take(self, secret: str, format: Format) -> tuple[Actor, Selection]:
        """Use a link up: who asked for it, and what that person may export of it now.

        Of rivals one gets it. Raises `LinkOver`, `SessionEnded`, `NotAllowed`.
        """
        link = await self._database.get(ExportLink, _digest(secret)) if len(secret) <= LONGEST else None
        if link is None or link.format is not format or link.ends <= self._clock.now():
            raise LinkOver
        try:
            await self._database.save(Change().delete(ExportLink, link.id))
        except StaleWrite:
            raise LinkOver from None
        actor = await self._sessions.speaking(link.session)
        return actor, selected(actor, link.selection.where, link.selection.tasks)


def _digest(secret: str) -> str:
    return sm3(secret.encode()).hex()
