"""Units, categories, places and channels as clients see them."""

from collections.abc import Iterable
from typing import Self

import strawberry

from api.fields import resolved
from api.ids import Kind, global_id
from foundation.trees import Tree
from identity.directory import Snapshot
from identity.documents import Category as CategoryDocument
from identity.documents import Channel as ChannelDocument
from identity.documents import Place as PlaceDocument
from identity.documents import Unit as UnitDocument


@strawberry.interface(description="Whatever has a global id.")
class Node:
    id: strawberry.ID


@strawberry.type(description="A member unit 成员单位.")
class Unit(Node):
    name: str
    abolished: bool = strawberry.field(description="Abolished 已撤销; orders go to its successor.")
    tree: strawberry.Private[Tree[UnitDocument]]
    key: strawberry.Private[str]

    @classmethod
    def of(cls, city: Snapshot, id: str) -> Self:
        """The unit of that id; one that is not known any more is called by its id."""
        node = city.units.get(id)
        return cls(
            id=global_id(Kind.UNIT, id),
            name=node.name if node else id,
            abolished=node is not None and node.abolished_on is not None,
            tree=city.units,
            key=id,
        )

    @resolved("The names along its path 单位层级, root first, its own last.")
    def path_names(self) -> list[str]:
        return list(self.tree.names(self.key))


@strawberry.type(description="A category of matters 诉求分类.")
class Category(Node):
    name: str
    retired: bool = strawberry.field(description="Retired 已停用: stays readable, is offered no more.")
    tree: strawberry.Private[Tree[CategoryDocument]]
    key: strawberry.Private[str]

    @classmethod
    def of(cls, city: Snapshot, id: str) -> Self:
        node = city.categories.get(id)
        return cls(
            id=global_id(Kind.CATEGORY, id),
            name=node.name if node else id,
            retired=node is None or node.retired,
            tree=city.categories,
            key=id,
        )

    @resolved("The names along its path, root first, its own last.")
    def path_names(self) -> list[str]:
        return list(self.tree.names(self.key))

    @resolved("Whether categories lie below it.")
    def has_children(self) -> bool:
        return bool(self.tree.children(self.key))


@strawberry.type(description="A place 地点: city, district, street, community, or a named spot.")
class Place(Node):
    name: str
    retired: bool = strawberry.field(description="Retired 已停用: stays readable, is offered no more.")
    tree: strawberry.Private[Tree[PlaceDocument]]
    key: strawberry.Private[str]

    @classmethod
    def of(cls, city: Snapshot, id: str) -> Self:
        node = city.places.get(id)
        return cls(
            id=global_id(Kind.PLACE, id),
            name=node.name if node else id,
            retired=node is None or node.retired,
            tree=city.places,
            key=id,
        )

    @resolved("The names along its path, root first, its own last.")
    def path_names(self) -> list[str]:
        return list(self.tree.names(self.key))

    @resolved("Whether places lie below it.")
    def has_children(self) -> bool:
        return bool(self.tree.children(self.key))


@strawberry.type(description="A channel that matters come in by 受理渠道.")
class Channel(Node):
    name: str
    retired: bool = strawberry.field(description="Retired 已停用: stays readable, is offered no more.")

    @classmethod
    def of(cls, city: Snapshot, id: str) -> Self:
        node: ChannelDocument | None = city.channels.get(id)
        return cls(id=global_id(Kind.CHANNEL, id), name=node.name if node else id, retired=node is None or node.retired)


def units_of(city: Snapshot, ids: Iterable[str]) -> list[Unit]:
    return [Unit.of(city, id) for id in ids]
