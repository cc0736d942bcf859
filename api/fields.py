"""Fields that are resolved by a function, typed as the function that they are; and the field of every repeatable
input."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def resolved(description: str | None = None) -> Callable[[Resolver], Resolver]:
    """Make a method a field, or a mutation where it stands on the mutation type."""
    decorator: Callable[[Resolver], Resolver] = strawberry.field(description=description)
    return decorator


def subscribed(description: str) -> Callable[[Resolver], Resolver]:
    """Make an async generator a subscription."""
    decorator: Callable[[Resolver], Resolver] = strawberry.subscription(description=description)
    return decorator


KEY = strawberry.field(
    description="幂等键: your own for this request, 1 to 100 characters. Sent twice within 7 days, one thing happens."
)
