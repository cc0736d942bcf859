"""Figures over GraphQL: tables of any window, the orders behind each figure, rankings."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Self

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import global_id, local_id
from api.paging import Connection, connection_of, page_request
from api.problems import Problem
from api.workorders.reading import Reader, reader_of
from api.workorders.types import Order
from foundation.errors import NotFound
from identity.directory import Snapshot
from workorders.lifecycle.documents import OrderDocument
from workorders.statistics import comparing, handling
from workorders.statistics.comparing import Change, Compared
from workorders.statistics.corrected import IssuedMonth, issued_months
from workorders.statistics.definitions import DEFINITIONS, OUTCOME_NAMES, Figure, Measured, Outcome, Part
from workorders.statistics.listing import Listed, Listing, listed
from workorders.statistics.naming import name_of, side_by_side
from workorders.statistics.ranking import Ranked, ranking
from workorders.statistics.reading import Question, Row, Table
from workorders.statistics.tallying import NOWHERE, Dimension
from workorders.statistics.windows import Per, window_of


def _enum(enum: type[Enum], name: str, description: str, words: Mapping[Any, str]) -> None:
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = words[enum[value.name]]


_enum(Figure, "Figure", "A figure 统计指标.", {figure: each.name for figure, each in DEFINITIONS.items()})
_enum(
    Part,
    "FigurePart",
    "Which of the things that a figure is made of.",
    {
        Part.NUMERATOR: "分子",
        Part.DENOMINATOR: "分母",
        Part.LEFT_OUT: "未计入，附原因",
        Part.MISSED: "未达标：比率越高越好的，计入分母而未计入分子；越低越好的，计入分子",
    },
)
_enum(Outcome, "FigureOutcome", "What became of something that is counted 计数结果.", OUTCOME_NAMES)
_enum(
    Dimension,
    "FigureDimension",
    "What figures are told apart by 统计维度.",
    {
        Dimension.ALL: "全部",
        Dimension.UNIT: "承办单位，含下级；以派单当日的隶属关系为准",
        Dimension.CATEGORY: "诉求分类，含下级",
        Dimension.PLACE: "地区，含下级",
        Dimension.CHANNEL: "受理渠道",
        Dimension.KIND: "诉求类型",
        Dimension.SOURCE: "来源：本市或上级平台",
        Dimension.RULES: "规则包版本",
    },
)
_enum(
    Per,
    "FigurePer",
    "How a window is split 统计周期.",
    {Per.WHOLE: "整段", Per.DAY: "按日", Per.WEEK: "按周，周一起", Per.MONTH: "按月"},
)

_KINDS = {
    Dimension.UNIT: IdKind.UNIT,
    Dimension.CATEGORY: IdKind.CATEGORY,
    Dimension.PLACE: IdKind.PLACE,
    Dimension.CHANNEL: IdKind.CHANNEL,
}


def _global(by: Dimension, value: str) -> strawberry.ID | None:
    """A value as clients know it: an id where it has one."""
    if by is Dimension.ALL:
        return None
    return global_id(_KINDS[by], value) if by in _KINDS and value != NOWHERE else strawberry.ID(value)


def _local(by: Dimension, value: str | None, path: str) -> str | None:
    if value in (None, NOWHERE) or by not in _KINDS:
        return value
    return local_id(_KINDS[by], value, path)


@strawberry.type(description="So many were left out, and why.")
class LeftOut:
    reason: Outcome
    because: str
    number: int


@strawberry.type(description="A figure in another window, and how this one differs from it.")
class FigureChange:
    numerator: int
    denominator: int
    rate: float | None
    change: float | None = strawberry.field(
        description="Of a rate the difference, 0.01 being one percentage point; of a count the share that it grew."
    )

    @classmethod
    def of(cls, change: Change) -> Self:
        before = change.before
        return cls(numerator=before.numerator, denominator=before.denominator, rate=before.rate, change=change.change)


@strawberry.type(description="One figure: what is counted, of how many, and what was left out.")
class FigureValue:
    figure: Figure
    name: str
    numerator: int
    denominator: int
    rate: float | None = strawberry.field(description="Null where nothing is below the line, and for mere counts.")
    left_out: list[LeftOut]
    previous: FigureChange | None = strawberry.field(description="环比, if it was asked for.")
    year_before: FigureChange | None = strawberry.field(description="同比, if it was asked for.")

    @classmethod
    def of(cls, found: Measured, previous: Change | None = None, year_before: Change | None = None) -> Self:
        return cls(
            figure=found.figure,
            name=DEFINITIONS[found.figure].name,
            numerator=found.numerator,
            denominator=found.denominator,
            rate=found.rate,
            left_out=[
                LeftOut(reason=reason, because=OUTCOME_NAMES[reason], number=number)
                for reason, number in found.left_out.items()
            ],
            previous=FigureChange.of(previous) if previous else None,
            year_before=FigureChange.of(year_before) if year_before else None,
        )


@strawberry.type(
    description="How long orders took from intake to 办结, by the day of the latter; rounded up to the hour, beyond "
    "two days to the day."
)
class HandlingTimes:
    orders: int
    median_hours: int | None
    p90_hours: int | None

    @classmethod
    def of(cls, times: handling.HandlingTimes) -> Self:
        return cls(orders=times.orders, median_hours=times.median_hours, p90_hours=times.p90_hours)


@strawberry.type(description="The figures of one value, with everything below it.")
class FigureRow:
    value: strawberry.ID | None = strawberry.field(
        description="Null for all; `-` for what no unit or platform has. `within` takes it."
    )
    name: str
    figures: list[FigureValue]
    handling: HandlingTimes


@strawberry.type(description="One period. Rows of a tree overlap: each holds what is below it.")
class FigurePeriod:
    first: date
    last: date
    total: FigureRow
    rows: list[FigureRow]


@strawberry.type(description="A month whose figures were issued 印发.")
class FigureMonth:
    month: str = strawberry.field(description="2026-10.")
    issued_at: datetime
    corrections: int = strawberry.field(description="更正: how many since then change the reader's figures.")

    @classmethod
    def of(cls, month: IssuedMonth) -> Self:
        return cls(month=month.month, issued_at=month.at, corrections=month.corrections)


@strawberry.type(description="Figures of a window, as of a moment; `rules` are the rule packs that it was judged by.")
class FigureTable:
    as_of: datetime
    rules: list[str]
    issued: list[FigureMonth] = strawberry.field(description="Those of its months that were issued, and are locked.")
    periods: list[FigurePeriod]


FiguresResult = Annotated[
    FigureTable | Problem, strawberry.union("FiguresResult", description="Figures, or why they are not told.")
]


@strawberry.type(description="One thing behind a figure: an order, one of its assignments or supervisions.")
class FigureOrder:
    outcome: Outcome
    at: datetime = strawberry.field(description="The moment whose local day it is counted by.")
    assignment: strawberry.ID | None
    supervision: strawberry.ID | None
    order: Order


FigureOrderConnection = Connection[FigureOrder]
FigureOrdersResult = Annotated[
    FigureOrderConnection | Problem,
    strawberry.union("FigureOrdersResult", description="A page of what a figure is made of, or why it is not told."),
]


@strawberry.type(
    description="A place in a ranking. Without a rank: a tier is told instead, or the sample is too small."
)
class RankedRow:
    rank: int | None
    tier: int | None
    value: strawberry.ID | None
    name: str
    figure: FigureValue


@strawberry.type(description="A ranking 排名, or tiers 分档; `rule` says how it is made.")
class Ranking:
    as_of: datetime
    rules: list[str]
    rule: str
    places: list[RankedRow]


RankingResult = Annotated[
    Ranking | Problem, strawberry.union("RankingResult", description="A ranking, or why there is none.")
]

RULE = "比率相同的名次并列，其后名次顺延；分母少于最小样本的不参加排名，列于最后。"
FIRST, LAST = (
    strawberry.argument(description="The first local day."),
    strawberry.argument(description="The last local day, included."),
)
WITHIN = strawberry.argument(description="Only this value of the dimension, with everything below it: `unit:water`.")


@strawberry.type
class FigureQueries:
    @resolved(
        "Figures of any window of local days, told apart by one dimension. Units read their own and what lies below, "
        "by unit only."
    )
    async def figures(
        self,
        info: Info,
        first_day: Annotated[date, FIRST],
        last_day: Annotated[date, LAST],
        by: Dimension = Dimension.ALL,
        within: Annotated[str | None, WITHIN] = None,
        per: Per = Per.WHOLE,
        figures: list[Figure] | None = None,
        compared: Annotated[
            bool, strawberry.argument(description="With 环比 and 同比; of the whole window only.")
        ] = False,
        issued: Annotated[
            bool, strawberry.argument(description="As they were issued; of whole months that are locked only.")
        ] = False,
    ) -> FiguresResult:
        reader = await reader_of(info.context)
        question = Question(window_of(first_day, last_day), by, _local(by, within, "within"), per, issued)
        wanted = list(dict.fromkeys(figures or Figure))
        service = reader.services.figures
        found: Compared | None = None
        if compared:
            found = await comparing.compared(service, reader.actor, question, reader.now)
            table = found.table
        else:
            table = await service.table(reader.actor, question, reader.now)
        months = await issued_months(service, reader.actor, question.window)
        return _table(table, wanted, reader.city, found, months)

    @resolved("The orders behind a figure, in the order of the moments that they are counted by; they sum to it.")
    async def figure_orders(
        self,
        info: Info,
        figure: Figure,
        part: Part,
        first_day: Annotated[date, FIRST],
        last_day: Annotated[date, LAST],
        by: Dimension = Dimension.ALL,
        within: Annotated[str | None, WITHIN] = None,
        reason: Annotated[
            Outcome | None, strawberry.argument(description="Of what is left out, for this reason only.")
        ] = None,
        first: int = 20,
        after: str | None = None,
    ) -> FigureOrdersResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        question = Question(window_of(first_day, last_day), by, _local(by, within, "within"))
        listing = Listing(figure, part, reason)
        page = await listed(reader.services.figures, reader.actor, question, listing, request, reader.now)
        orders = await reader.services.office.orders.many(reader.actor, [each.order for each in page.items])
        return connection_of(page, lambda each: figure_order(each, orders, reader))

    @resolved("A ranking of what lies side by side: the units below one, the categories, the channels …")
    async def ranking(
        self,
        info: Info,
        figure: Figure,
        first_day: Annotated[date, FIRST],
        last_day: Annotated[date, LAST],
        by: Dimension = Dimension.UNIT,
        below: Annotated[
            str | None, strawberry.argument(description="Those directly below this one; else below the root.")
        ] = None,
        minimum: Annotated[int, strawberry.argument(description="最小样本: fewer below the line get no rank.")] = 1,
        tiers: Annotated[
            list[float] | None, strawberry.argument(description="分档: thresholds from the best on, instead of ranks.")
        ] = None,
    ) -> RankingResult:
        reader = await reader_of(info.context)
        parent = _local(by, below, "below")
        own = reader.actor.unit_id if reader.actor.is_unit and not reader.actor.is_hotline else None
        values = side_by_side(reader.city, by, parent or (own if by is Dimension.UNIT else None))
        table = await reader.services.figures.table(
            reader.actor, Question(window_of(first_day, last_day), by, parent), reader.now
        )
        period = table.periods[0]
        known = values if values is not None else tuple(row.value for row in period.rows)
        found = ranking(
            figure,
            [(value, period.row(value).figure(figure)) for value in known],
            minimum=minimum,
            tiers=tiers or (),
        )
        places = [_place(each, by, reader.city) for each in found]
        return Ranking(as_of=table.as_of, rules=list(table.rules), rule=RULE, places=places)


def _table(
    table: Table, wanted: list[Figure], city: Snapshot, found: Compared | None, months: list[IssuedMonth]
) -> FigureTable:
    def row(each: Row, value: str | None) -> FigureRow:
        known = each.figures
        figures = [
            FigureValue.of(
                known[figure],
                found.on(found.previous, value, figure) if found else None,
                found.on(found.year_before, value, figure) if found else None,
            )
            for figure in wanted
        ]
        by = table.by if each.value else Dimension.ALL
        return FigureRow(
            value=_global(by, each.value),
            name=name_of(city, by, each.value),
            figures=figures,
            handling=HandlingTimes.of(each.handling),
        )

    periods = [
        FigurePeriod(
            first=period.window.first,
            last=period.window.last,
            total=row(period.total, None),
            rows=[row(each, each.value) for each in period.rows],
        )
        for period in table.periods
    ]
    issued = [FigureMonth.of(month) for month in months]
    return FigureTable(as_of=table.as_of, rules=list(table.rules), issued=issued, periods=periods)


def figure_order(each: Listed, orders: Mapping[str, OrderDocument], reader: Reader) -> FigureOrder:
    document = orders.get(each.order)
    if document is None:
        raise NotFound
    return FigureOrder(
        outcome=each.outcome,
        at=each.at,
        assignment=global_id(IdKind.ASSIGNMENT, each.assignment) if each.assignment else None,
        supervision=global_id(IdKind.SUPERVISION, each.supervision) if each.supervision else None,
        order=Order.of(document, reader),
    )


def _place(each: Ranked, by: Dimension, city: Snapshot) -> RankedRow:
    return RankedRow(
        rank=each.rank,
        tier=each.tier,
        value=_global(by, each.value),
        name=name_of(city, by, each.value),
        figure=FigureValue.of(each.measured),
    )
