"""`node(id)`: whatever has a global id and a read of its own, by that id alone."""

from collections.abc import Awaitable, Callable, Container, Mapping

import strawberry

from api.context import Context, Info
from api.fields import resolved
from api.identity.people import StaffAccount
from api.identity.trees import Category, Channel, Node, Place, Unit
from api.ids import Kind, local_id
from api.notifications.inbox import Notice
from api.workorders.catalogue import DispatchRule
from api.workorders.contacts import Contact
from api.workorders.files import File
from api.workorders.reading import reader_of
from api.workorders.reports import Report
from api.workorders.types import Order
from foundation.errors import InvalidInput, NotAllowed, NotFound
from identity.access import Permission, require
from identity.directory import Snapshot
from notifications import reading as inbox
from workorders.attachments import reading as files
from workorders.contacts import reading as contacts
from workorders.statistics.reports import reading as reports

Read = Callable[[Context, str], Awaitable[Node]]


@strawberry.type
class NodeQueries:
    @resolved(
        "Whatever has this id, for whoever may see it: order, contact, file, unit, category, place, channel, dispatch "
        "rule, report, staff account, one's own notice. Null for what is not there, or not for them."
    )
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        context = info.context
        _ = context.actor
        prefix = id.partition(":")[0]
        if prefix not in set(Kind):
            raise InvalidInput.field("id", "编号的格式不正确。")
        kind = Kind(prefix)
        own = local_id(kind, id, "id")
        read = _READS.get(kind)
        try:
            return None if read is None else await read(context, own)
        except (NotFound, NotAllowed):
            return None


async def _order(context: Context, id: str) -> Node:
    reader = await reader_of(context)
    return Order.of(await reader.services.office.orders.visible_to(reader.actor, id), reader)


async def _contact(context: Context, id: str) -> Node:
    reader = await reader_of(context)
    return Contact.of(await contacts.read(reader.services.contacts, reader.actor, id), reader)


async def _file(context: Context, id: str) -> Node:
    return File.of((await files.download(context.services.attachments, context.actor, id)).file)


async def _notice(context: Context, id: str) -> Node:
    return Notice.of(await inbox.one(context.services.database, context.actor, id))


async def _staff(context: Context, id: str) -> Node:
    staff = await context.services.identity.staff_accounts.read(context.actor, id)
    return StaffAccount.of(staff, await context.city())


async def _report(context: Context, id: str) -> Node:
    return Report.of(await reports.report(context.services.database, context.actor, id))


async def _rule(context: Context, id: str) -> Node:
    rules = await context.services.cataloguing.rules(context.actor)
    found = next((rule for rule in rules if rule.id == id), None)
    if found is None:
        raise NotFound
    return DispatchRule.of(found, await context.city())


def _of_tree(known: Callable[[Snapshot], Container[str]], of: Callable[[Snapshot, str], Node]) -> Read:
    async def read(context: Context, id: str) -> Node:
        require(context.actor, Permission.READ_REFERENCE)
        city = await context.city()
        if id not in known(city):
            raise NotFound
        return of(city, id)

    return read


_READS: Mapping[Kind, Read] = {
    Kind.CATEGORY: _of_tree(lambda city: city.categories, Category.of),
    Kind.CHANNEL: _of_tree(lambda city: city.channels, Channel.of),
    Kind.CONTACT: _contact,
    Kind.FILE: _file,
    Kind.NOTICE: _notice,
    Kind.ORDER: _order,
    Kind.PLACE: _of_tree(lambda city: city.places, Place.of),
    Kind.REPORT: _report,
    Kind.RULE: _rule,
    Kind.STAFF: _staff,
    Kind.UNIT: _of_tree(lambda city: city.units, Unit.of),
}
"""Assignments, requests and appeals are read with their order, residents by those who find them."""
