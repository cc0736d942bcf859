"""Who reads orders, and how: made once per request, handed to every order of a page."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from api.context import Context
from api.services import Services
from foundation.crypto import DataKey
from identity.actors import Actor
from identity.directory import Snapshot
from workorders.lifecycle.documents import OrderDocument


@dataclass(frozen=True, slots=True)
class Reader:
    """Everything that an order's fields are told by."""

    services: Services
    actor: Actor
    now: datetime
    city: Snapshot
    zone: ZoneInfo

    def key(self, document: OrderDocument) -> DataKey | None:
        return self.services.office.data_key(document)


async def reader_of(context: Context) -> Reader:
    """The reader of this request. Raises `SignInNeeded`."""
    services = context.services
    actor, city = context.actor, await context.city()
    return Reader(services, actor, services.clock.now(), city, context.zone)
