"""The rule pack 规则包 that intakes go by now, told row by row."""

from collections.abc import Iterator, Mapping
from typing import Any

import strawberry

from api.context import Info
from api.fields import resolved
from workorders.deadlines.audiences import listed_in_words
from workorders.deadlines.values import Limit
from workorders.deadlines.wording import limit_in_words


@strawberry.type(description="One row of a rule pack, by the name that a deadline's `basis` gives.")
class RuleRow:
    name: str
    value: str = strawberry.field(description="A limit or a list in words, a number, or 是/否.")


@strawberry.type(description="A rule pack 规则包: limits, switches and caps, immutable, named by its hash.")
class RulePack:
    id: strawberry.ID
    title: str
    rows: list[RuleRow]


@strawberry.type
class RuleQueries:
    @resolved("The rule pack that orders are taken in by now.")
    async def rule_pack(self, info: Info) -> RulePack:
        _ = info.context.actor
        pack = (await info.context.services.library.current()).rules
        return RulePack(id=strawberry.ID(pack.id), title=pack.title, rows=list(_rows(pack, "")))


def _rows(part: Any, above: str) -> Iterator[RuleRow]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        path = f"{above}{name}"
        if isinstance(value, Limit):
            yield RuleRow(name=path, value=limit_in_words(value))
        elif isinstance(value, bool):
            yield RuleRow(name=path, value="是" if value else "否")
        elif isinstance(value, int):
            yield RuleRow(name=path, value=str(value))
        elif isinstance(value, tuple | Mapping):
            yield RuleRow(name=path, value=listed_in_words(value))
        elif not isinstance(value, str):
            yield from _rows(value, f"{path}.")
