"""Relay connections over keyset pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

import strawberry

from foundation.paging import Page, PageRequest, cursor_of

T = TypeVar("T")
N = TypeVar("N")


@strawberry.type(description="Where a page ends, and whether another follows.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None = strawberry.field(description="Pass it as `after` for the next page.")


@strawberry.type
class Edge(Generic[N]):
    cursor: str
    node: N


@strawberry.type(description="A page of a list. There is no total: a list is read as far as somebody looks.")
class Connection(Generic[N]):
    edges: list[Edge[N]]
    page_info: PageInfo


def connection_of(page: Page[T], node: Callable[[T], N]) -> Connection[N]:
    """The page as a connection of its nodes."""
    cursors = [cursor_of(key) for key in page.keys]
    edges = [Edge(cursor=cursor, node=node(item)) for cursor, item in zip(cursors, page.items, strict=True)]
    return Connection(
        edges=edges,
        page_info=PageInfo(has_next_page=page.has_next, end_cursor=cursors[-1] if cursors else None),
    )


def present(page: Page[T], node: Callable[[T], N | None]) -> Page[N]:
    """The page's nodes; a row that its order has left behind since is left out."""
    found = [(key, each) for key, row in zip(page.keys, page.items, strict=True) if (each := node(row)) is not None]
    return replace(page.map([each for _, each in found]), keys=tuple(key for key, _ in found))


def page_request(first: int, after: str | None) -> PageRequest:
    """Raises `InvalidInput` for a size that is not offered."""
    return PageRequest(first, after or None)
