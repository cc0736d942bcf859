"""Scalars that are read more strictly than the library does."""

from collections.abc import Mapping
from datetime import date, datetime

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from foundation.moments import read_moment


def _read_moment(given: object) -> datetime:
    try:
        return read_moment(given)
    except ValueError as fault:
        raise GraphQLError(str(fault)) from None


def _read_date(given: object) -> date:
    if not isinstance(given, str) or len(given) != 10:
        raise GraphQLError("日期须为 2026-11-22 这样的文本。")
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise GraphQLError("日期须为 2026-11-22 这样的文本。") from None


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in ISO 8601 with its offset, to the millisecond; answered in UTC.",
        serialize=datetime.isoformat,
        parse_value=_read_moment,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A local date of the city in ISO 8601.",
        serialize=date.isoformat,
        parse_value=_read_date,
    ),
}
