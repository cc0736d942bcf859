"""Keeping the reference trees: categories 诉求分类, places 区域, channels 受理渠道."""

from enum import StrEnum
from typing import Annotated

import strawberry

from api.context import Context, Info
from api.fields import KEY, resolved
from api.identity.trees import Category, Channel, Place
from api.ids import Kind, local_id, optional_id
from api.problems import Problem
from foundation.errors import InvalidInput
from identity import documents

Document = documents.Category | documents.Place | documents.Channel


@strawberry.enum(description="A reference tree.")
class ReferenceTree(StrEnum):
    CATEGORY = "category"
    PLACE = "place"
    CHANNEL = "channel"


_DOCUMENTS: dict[ReferenceTree, type[Document]] = {
    ReferenceTree.CATEGORY: documents.Category,
    ReferenceTree.PLACE: documents.Place,
    ReferenceTree.CHANNEL: documents.Channel,
}

ReferenceResult = Annotated[
    Category | Place | Channel | Problem,
    strawberry.union("ReferenceResult", description="A category, place or channel, or why there is none."),
]


@strawberry.input
class CreateReferenceInput:
    idempotency_key: str = KEY
    tree: ReferenceTree
    id: str = strawberry.field(
        description="Its own for good: 1 to 40 of a-z, 0-9, `.`, `_`, `-`; `leak` is `category:leak`."
    )
    name: str
    parent: strawberry.ID | None = strawberry.field(default=None, description="A topmost one without it.")


@strawberry.input(description="What is left out stays as it is.")
class ChangeReferenceInput:
    node: strawberry.ID = strawberry.field(description="A category, place or channel.")
    idempotency_key: str = KEY
    name: str | None = None
    retired: bool | None = strawberry.field(default=None, description="停用: it stays readable, is offered no more.")


@strawberry.input
class MoveReferenceInput:
    node: strawberry.ID = strawberry.field(description="A category, place or channel.")
    idempotency_key: str = KEY
    parent: strawberry.ID | None = strawberry.field(default=None, description="To the top without it.")


@strawberry.type
class ReferenceMutations:
    @resolved("Make a category, place or channel.")
    async def create_reference(self, info: Info, input: CreateReferenceInput) -> ReferenceResult:
        context, tree = info.context, input.tree
        node = await context.services.identity.units.create_node(
            context.actor,
            _DOCUMENTS[tree],
            input.id,
            input.name,
            optional_id(Kind(tree), input.parent, "parent"),
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return await _told(context, node)

    @resolved("Rename, retire or offer anew a category, place or channel.")
    async def change_reference(self, info: Info, input: ChangeReferenceInput) -> ReferenceResult:
        context, tree = info.context, _tree(input.node)
        node = await context.services.identity.units.change_node(
            context.actor,
            _DOCUMENTS[tree],
            local_id(Kind(tree), input.node, "node"),
            name=input.name,
            retired=input.retired,
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return await _told(context, node)

    @resolved("Hang a category, place or channel, with all below it, under another of its tree.")
    async def move_reference(self, info: Info, input: MoveReferenceInput) -> ReferenceResult:
        context, tree = info.context, _tree(input.node)
        node = await context.services.identity.units.move(
            context.actor,
            _DOCUMENTS[tree],
            local_id(Kind(tree), input.node, "node"),
            optional_id(Kind(tree), input.parent, "parent"),
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return await _told(context, node)


def _tree(node: str) -> ReferenceTree:
    """The tree that an id is of. Raises `InvalidInput`."""
    prefix = node.partition(":")[0]
    if prefix not in set(ReferenceTree):
        raise InvalidInput.field("node", "编号须是诉求分类、区域或受理渠道的编号。")
    return ReferenceTree(prefix)


async def _told(context: Context, node: Document) -> Category | Place | Channel:
    city = await context.city()
    match node:
        case documents.Category():
            return Category.of(city, node.id)
        case documents.Place():
            return Place.of(city, node.id)
        case documents.Channel():
            return Channel.of(city, node.id)
