"""Scalars that are read more strictly than the library does."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from foundation.clock import to_millisecond
from foundation.paging import EARLIEST, LATEST


def _read_moment(given: object) -> datetime:
    if not isinstance(given, str) or len(given) > 40:
        raise GraphQLError("时间须为 ISO 8601 格式的文本。")
    try:
        moment = datetime.fromisoformat(given)
        offset = moment.utcoffset()
    except ValueError:
        raise GraphQLError("时间须为 ISO 8601 格式，例如 2026-11-22T08:30:00+08:00。") from None
    if offset is None:
        raise GraphQLError("时间须带时区，例如 2026-11-22T08:30:00+08:00。")
    if not EARLIEST.year < moment.year < LATEST.year:
        raise GraphQLError(f"时间须在 {EARLIEST.year + 1} 年至 {LATEST.year - 1} 年之间。")
    return to_millisecond(moment.astimezone(UTC))


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
