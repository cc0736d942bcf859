"""Trees of reference data: units, categories, places. Pure.

Each node stores the path of its ancestors, root first and itself last, so that "in the subtree of X" is an
equality on that array.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

DEEPEST = 12
"""Levels of the deepest tree that is accepted."""


class Node(Protocol):
    """What a tree needs to know of its nodes."""

    @property
    def id(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def path(self) -> tuple[str, ...]: ...
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Node)


class TreeFault(ValueError):
    """The nodes are no tree: a cycle, a parent that is missing, or too many levels."""


class Tree(Generic[N]):
    """An immutable snapshot of nodes; every question is answered in memory."""

    def __init__(self, nodes: Iterable[N]) -> None:
        self._nodes: Mapping[str, N] = {node.id: node for node in nodes}
        children: dict[str | None, list[str]] = {}
        for node in self._nodes.values():
            children.setdefault(node.parent, []).append(node.id)
        self._children = {parent: tuple(sorted(ids)) for parent, ids in children.items()}

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[N]:
        return iter(self._nodes.values())

    def __contains__(self, id: object) -> bool:
        return id in self._nodes

    def get(self, id: str) -> N | None:
        return self._nodes.get(id)

    def path(self, id: str) -> tuple[str, ...]:
        """Root first, the node itself last; empty for an unknown node."""
        node = self._nodes.get(id)
        return node.path if node else ()

    def names(self, id: str) -> tuple[str, ...]:
        """The names along the path, root first."""
        return tuple(node.name for node in map(self._nodes.get, self.path(id)) if node)

    def children(self, id: str | None) -> tuple[N, ...]:
        """The nodes directly below; of None the roots. Sorted by id."""
        return tuple(self._nodes[child] for child in self._children.get(id, ()))

    def subtree(self, id: str) -> Iterator[N]:
        """The node and everything below it, parents before their children."""
        if id in self._nodes:
            yield self._nodes[id]
            for child in self._children.get(id, ()):
                yield from self.subtree(child)

    def is_within(self, id: str, ancestor: str) -> bool:
        """Whether `id` is `ancestor` or lies below it."""
        return ancestor in self.path(id)


def path_below(parent: tuple[str, ...], id: str) -> tuple[str, ...]:
    """The path of a node under a parent with that path (empty for a root).

    Raises TreeFault where the node would lie below itself, or too deep.
    """
    if id in parent:
        raise TreeFault(f"{id} cannot lie below itself")
    if len(parent) >= DEEPEST:
        raise TreeFault(f"{id} would lie deeper than {DEEPEST} levels")
    return (*parent, id)


def paths_of(parents: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    """The path of every node from each one's parent. Raises TreeFault."""
    paths: dict[str, tuple[str, ...]] = {}

    def path(id: str, below: tuple[str, ...]) -> tuple[str, ...]:
        if id in below:
            raise TreeFault(f"{id} lies below itself")
        if id not in parents:
            raise TreeFault(f"{id} is named as a parent and does not exist")
        if id not in paths:
            parent = parents[id]
            paths[id] = path_below(path(parent, (*below, id)) if parent is not None else (), id)
        return paths[id]

    for id in parents:
        path(id, ())
    return paths
