"""The wall screen 大屏 over GraphQL."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated, Self

import strawberry

from api.context import Info
from api.fields import subscribed
from api.identity.trees import Category, Place
from api.ids import Kind as IdKind
from api.ids import global_id
from api.problems import Problem, problem_of
from api.workorders.figures import FigureValue
from api.workorders.subscriptions import LOOKED_AT_SECONDS
from api.workorders.totals import DeskTotal
from foundation.errors import DomainError
from identity.directory import Snapshot
from workorders.lifecycle.documents import UnitTask
from workorders.lifecycle.states import Status
from workorders.statistics import board as boards
from workorders.statistics.access import board_of
from workorders.statistics.naming import name_of
from workorders.statistics.tallying import Dimension


@strawberry.type(description="How much lies under each light now.")
class BoardLights:
    green: int
    yellow: int
    red: int


@strawberry.type(description="One of those with the most orders received today.")
class BoardPlace:
    value: strawberry.ID
    name: str
    received: int


@strawberry.type(description="An order on the wall screen: nothing of it is its citizen's.")
class BoardOrder:
    id: strawberry.ID
    number: str
    category: Category
    place: Place
    status: Status
    received_at: datetime

    @classmethod
    def of(cls, latest: boards.Latest, city: Snapshot) -> Self:
        return cls(
            id=global_id(IdKind.ORDER, latest.id),
            number=latest.number,
            category=Category.of(city, latest.category),
            place=Place.of(city, latest.place),
            status=latest.status,
            received_at=latest.received_at,
        )


@strawberry.type(description="大屏: how the city stands, or a unit with everything below it.")
class LiveBoard:
    as_of: datetime = strawberry.field(description="Everything that happened up to then is in it.")
    day: date = strawberry.field(description="Today, by the city's zone.")
    received: int = strawberry.field(description="今日受理.")
    answered_at_once: int = strawberry.field(description="Of these 直接解答.")
    archived: int = strawberry.field(description="今日归档.")
    due: int = strawberry.field(description="今日到期: replies whose final deadline is today.")
    due_open: int = strawberry.field(description="Of these, those not given yet.")
    on_time: FigureValue = strawberry.field(description="今日按时办结率: of the replies due by now today.")
    satisfied: FigureValue = strawberry.field(description="本月满意率.")
    desks: list[DeskTotal] = strawberry.field(description="What is open now: the hotline's desks, or the unit's.")
    lights: BoardLights = strawberry.field(description="The desks' lights, together.")
    overdue: int = strawberry.field(description="逾期未办结: whose reply is past due now.")
    emergencies: int = strawberry.field(description="Open emergencies 特急.")
    first_units: list[BoardPlace] = strawberry.field(
        description="今日受理最多的单位, side by side: the units below the root, or below the own one."
    )
    first_categories: list[BoardPlace] = strawberry.field(description="今日受理最多的分类; none for a unit.")
    latest: list[BoardOrder] = strawberry.field(description="最新工单, newest first.")

    @classmethod
    def of(cls, board: boards.Board, city: Snapshot) -> Self:
        totals = board.desks.values()
        yellow, red = sum(total.yellow for total in totals), sum(total.red for total in totals)

        def places(by: Dimension, kind: IdKind, found: tuple[tuple[str, int], ...]) -> list[BoardPlace]:
            return [
                BoardPlace(value=global_id(kind, value), name=name_of(city, by, value), received=number)
                for value, number in found
            ]

        return cls(
            as_of=board.as_of,
            day=board.day,
            received=board.today.received,
            answered_at_once=board.today.answered_at_once,
            archived=board.today.archived,
            due=board.today.due,
            due_open=board.today.due_open,
            on_time=FigureValue.of(board.today.on_time),
            satisfied=FigureValue.of(board.today.satisfied_this_month),
            desks=[
                DeskTotal.of(total, task=desk) if isinstance(desk, UnitTask) else DeskTotal.of(total, status=desk)
                for desk, total in board.desks.items()
            ],
            lights=BoardLights(green=sum(total.total for total in totals) - yellow - red, yellow=yellow, red=red),
            overdue=board.overdue,
            emergencies=board.emergencies,
            first_units=places(Dimension.UNIT, IdKind.UNIT, board.first_units),
            first_categories=places(Dimension.CATEGORY, IdKind.CATEGORY, board.first_categories),
            latest=[BoardOrder.of(each, city) for each in board.latest],
        )


LiveBoardResult = Annotated[
    LiveBoard | Problem, strawberry.union("LiveBoardResult", description="The board, or why nothing more is told.")
]


@strawberry.type
class BoardSubscriptions:
    @subscribed(
        "大屏: the board at once, and again within two seconds of whatever changes it. Of the city for supervisors and "
        "leadership, of the own unit for its head; a `Problem` is the last."
    )
    async def live_board(self, info: Info) -> AsyncIterator[LiveBoardResult]:
        context, seen = info.context, 0
        try:
            unit = board_of(context.actor)
            async with context.screens.watched(unit) as screen:
                while True:
                    board, seen = await screen.next(seen, LOOKED_AT_SECONDS)
                    await context.authenticate()
                    _ = context.actor
                    if board is not None:
                        yield LiveBoard.of(board, await context.city())
        except DomainError as error:
            yield problem_of(error)
