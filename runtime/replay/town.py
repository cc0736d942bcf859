"""The small city that a replay's messages go to: one hotline, one member unit, a catalogue with the fallback rule only.

A message names neither category nor unit; so everything is of one category at one place, no rule matches, and the rule
for what no rule matches sends it to the one unit, at once.
"""

from contextlib import suppress
from datetime import date
from typing import Final

from foundation.changes import AlreadyClaimed, Change
from foundation.clock import SystemClock
from identity.actors import Actor, Role
from identity.documents import Category, Channel, Place, Unit
from runtime.composition import App
from workorders.deadlines.packs import RulePack
from workorders.routing.cataloguing import Cataloguing
from workorders.routing.repository import CatalogueRepository
from workorders.routing.rules import ANY, Rule

CITY: Final = "city"
UNIT: Final = "unit"
CATEGORY: Final = "message"
PLACE: Final = "city"
CHANNEL: Final = "web"

FALLBACK: Final = Rule(
    id="fallback",
    category=ANY,
    place=ANY,
    lead=UNIT,
    basis="没有规则适用的诉求，由承办单位办理。",
    valid_from=date(2000, 1, 1),
    auto_dispatch=True,
)


def _staff(name: str, label: str, role: Role, unit: str | None = None) -> Actor:
    path = (CITY, unit) if unit else ()
    return Actor(f"staff:{name}", frozenset({role}), unit_id=unit, unit_path=path, label=label)


FOUNDER: Final = Actor("system:replay", frozenset({Role.SYSTEM, Role.ADMINISTRATOR}), label="回放")
OPERATOR: Final = _staff("operator", "话务员", Role.OPERATOR)
DISPATCHER: Final = _staff("dispatcher", "派单员", Role.DISPATCHER)
CLERK: Final = _staff("clerk", "承办员", Role.UNIT_CLERK, UNIT)
HEAD: Final = _staff("head", "审核人", Role.UNIT_HEAD, UNIT)
REVIEWER: Final = _staff("reviewer", "热线审核员", Role.REVIEWER)
CALLER: Final = _staff("caller", "回访员", Role.CALLBACK_AGENT)


async def found(app: App, *, rules: RulePack | None = None, fallback: Rule = FALLBACK) -> None:
    """Make collections, indexes and the town, `rules` instead of the shipped pack; repeatable."""
    await app.prepare()
    if rules is not None:
        current = await app.library.current()
        await app.library.publish(rules, current.calendar, current.calendars)
    change = Change().insert(
        Unit(_id=CITY, name="市政府", parent=None, path=(CITY,)),
        Unit(_id=UNIT, name="承办单位", parent=CITY, path=(CITY, UNIT)),
        Category(_id=CATEGORY, name="网上留言", parent=None, path=(CATEGORY,)),
        Place(_id=PLACE, name="全市", parent=None, path=(PLACE,)),
        Channel(_id=CHANNEL, name="网站", parent=None, path=(CHANNEL,)),
    )
    with suppress(AlreadyClaimed):
        await app.database.save(change)
    app.identity.directory.forget()
    catalogue = Cataloguing(app.database, SystemClock(), app.library, CatalogueRepository(app.database))
    await catalogue.load(FOUNDER, [fallback])
