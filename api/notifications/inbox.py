"""One's own inbox 收件箱: its pages, what is unread, marking read, and the subscription."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Self

import strawberry

from api.context import Context, Info
from api.fields import resolved, subscribed
from api.identity.trees import Node
from api.ids import Kind, global_id
from api.paging import Connection, connection_of, page_request
from api.problems import Problem, problem_of
from api.workorders.changes import GATHERED_SECONDS, inbox_topic
from api.workorders.subscriptions import LOOKED_AT_SECONDS
from foundation.errors import DomainError
from notifications import documents, reading


@strawberry.type(description="One line of a digest.")
class NoticeLine:
    text: str
    order: strawberry.ID | None

    @classmethod
    def of(cls, line: documents.Line) -> Self:
        return cls(text=line.text, order=_order(line.order))


@strawberry.type(description="A notice 通知: something that one was told, without personal data of citizens.")
class Notice(Node):
    topic: str = strawberry.field(description="What it is about: `light`, `light_digest` …")
    title: str
    body: str
    order: strawberry.ID | None = strawberry.field(description="The order that it is about.")
    at: datetime = strawberry.field(description="When it came; of a digest, when it last grew.")
    unread: bool
    total: int = strawberry.field(description="How many lines a digest 汇总 counts; 1 for any other notice.")
    lines: list[NoticeLine] = strawberry.field(description="A digest's first lines, in the order in which they came.")

    @classmethod
    def of(cls, notice: documents.Notice) -> Self:
        return cls(
            id=global_id(Kind.NOTICE, notice.id),
            topic=notice.topic,
            title=notice.title,
            body=notice.body,
            order=_order(notice.order),
            at=notice.at,
            unread=notice.unread,
            total=notice.total,
            lines=[NoticeLine.of(line) for line in notice.lines],
        )


@strawberry.type(description="One's own inbox at a glance.")
class InboxState:
    unread: int = strawberry.field(description=f"How many notices are unread, counted up to {reading.MOST_COUNTED}.")
    more_unread: bool = strawberry.field(description="Whether there are more than were counted.")
    newest: Notice | None

    @classmethod
    def of(cls, state: reading.State) -> Self:
        newest = Notice.of(state.newest) if state.newest else None
        return cls(unread=state.unread, more_unread=state.more, newest=newest)


NoticeConnection = Connection[Notice]
InboxResult = Annotated[
    NoticeConnection | Problem, strawberry.union("InboxResult", description="A page of notices, or why there is none.")
]
InboxStateResult = Annotated[
    InboxState | Problem, strawberry.union("InboxStateResult", description="How the inbox stands, or why not.")
]


@strawberry.input
class InboxMarkReadInput:
    cursor: str = strawberry.field(description="Of a notice, as a page of the inbox gave it.")
    only: bool = strawberry.field(default=False, description="Only that notice, and not all up to it.")


@strawberry.type
class InboxQueries:
    @resolved("收件箱: one's own notices, newest first.")
    async def inbox(
        self, info: Info, first: int = 20, after: str | None = None, unread_only: bool = False
    ) -> InboxResult:
        context = info.context
        database, now = context.services.database, context.services.clock.now()
        request = page_request(first, after)
        page = await reading.page(database, context.actor, request, now, unread_only=unread_only)
        return connection_of(page, Notice.of)

    @resolved("未读: how many of one's own notices are unread.")
    async def inbox_unread(self, info: Info) -> InboxStateResult:
        return InboxState.of(await _state(info.context))


@strawberry.type
class InboxMutations:
    @resolved("标为已读, as far as it was seen; what came since stays unread. Safe to repeat, so it takes no key.")
    async def inbox_mark_read(self, info: Info, input: InboxMarkReadInput) -> InboxStateResult:
        context = info.context
        database, now = context.services.database, context.services.clock.now()
        await reading.mark_read(database, context.actor, input.cursor, now, only=input.only)
        return InboxState.of(await _state(context))


@strawberry.type
class InboxSubscriptions:
    @subscribed("One's own inbox: as it stands, and anew whenever it changed, in whichever process it was done.")
    async def inbox_changed(self, info: Info) -> AsyncIterator[InboxStateResult]:
        context, told = info.context, None
        try:
            async with context.changes.listener(inbox_topic(context.actor.id)) as listener:
                while True:
                    await context.authenticate()
                    state = await _state(context)
                    if state != told:
                        yield InboxState.of(state)
                        told = state
                    await listener.changes(LOOKED_AT_SECONDS)
                    await asyncio.sleep(GATHERED_SECONDS)
        except DomainError as error:
            yield problem_of(error)


async def _state(context: Context) -> reading.State:
    return await reading.state(context.services.database, context.actor, context.services.clock.now())


def _order(id: str | None) -> strawberry.ID | None:
    return None if id is None else global_id(Kind.ORDER, id)
