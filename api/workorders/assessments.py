"""Assessment 考核 over GraphQL: scores of a month, the orders that cost points, schemes, knowledge upkeep."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

import strawberry

from api.context import Info
from api.fields import KEY, resolved
from api.ids import Kind as IdKind
from api.ids import global_id, local_id, optional_id
from api.paging import Connection, connection_of, page_request
from api.problems import Problem
from api.workorders.figures import FigureOrder, figure_order
from api.workorders.reading import reader_of
from identity.directory import Snapshot
from workorders.statistics.assessment import documents, reading, schemes
from workorders.statistics.assessment.explaining import explained
from workorders.statistics.assessment.library import Published
from workorders.statistics.assessment.months import spelled
from workorders.statistics.assessment.scoring import ScoredEvent, ScoredItem
from workorders.statistics.assessment.standing import RULE
from workorders.statistics.definitions import Figure, Part
from workorders.statistics.naming import name_of
from workorders.statistics.tallying import Dimension


@strawberry.type(description="An item 考核项 of a scheme: percentages between which it earns points, linearly.")
class SchemeItem:
    name: str
    figure: Figure | None = strawberry.field(description="Null for what a supervisor records.")
    rated: str = strawberry.field(description="What the rate is called.")
    weight: Decimal
    full: Decimal = strawberry.field(description="At this percentage and better it earns its whole weight.")
    zero: Decimal = strawberry.field(description="At this percentage and worse it earns nothing.")
    minimum: int = strawberry.field(description="Fewer below the line: it is not judged, its weight is spread.")

    @classmethod
    def of(cls, item: schemes.Item) -> Self:
        return cls(
            name=item.name,
            figure=item.figure,
            rated=item.rated,
            weight=item.weight,
            full=item.full,
            zero=item.zero,
            minimum=item.minimum,
        )


@strawberry.type(description="加分、扣分 of a scheme: so many points for each thing that is listed, capped.")
class SchemeEvent:
    name: str
    figure: Figure
    part: Part
    points: Decimal = strawberry.field(description="Each; below nought takes points away.")
    most: Decimal = strawberry.field(description="At most so many in all.")

    @classmethod
    def of(cls, event: schemes.Event) -> Self:
        return cls(name=event.name, figure=event.figure, part=event.part.listed, points=event.points, most=event.most)


@strawberry.type(description="A published version of an assessment scheme 考核方案; it never changes.")
class Scheme:
    id: strawberry.ID
    title: str
    version: str
    valid_from: str = strawberry.field(description="The first month that it holds for.")
    minimum: int = strawberry.field(description="最小样本: units with fewer orders received have no rank.")
    items: list[SchemeItem]
    events: list[SchemeEvent]

    @classmethod
    def of(cls, scheme: schemes.Scheme) -> Self:
        return cls(
            id=strawberry.ID(scheme.id),
            title=scheme.title,
            version=scheme.version,
            valid_from=scheme.valid_from,
            minimum=scheme.minimum,
            items=[SchemeItem.of(each) for each in scheme.items],
            events=[SchemeEvent.of(each) for each in scheme.events],
        )


@strawberry.type(description="A scheme, and when it was published.")
class PublishedScheme:
    scheme: Scheme
    published_at: datetime

    @classmethod
    def of(cls, published: Published) -> Self:
        return cls(scheme=Scheme.of(published.scheme), published_at=published.at)


@strawberry.type
class Schemes:
    schemes: list[PublishedScheme]


@strawberry.type(
    description="An item's points. `figureOrders` of its figure, part MISSED, by UNIT within the unit, on the month's "
    "days lists what cost points."
)
class AssessmentItem:
    item: SchemeItem
    judged: bool
    numerator: int
    denominator: int
    rate: Decimal | None = strawberry.field(description="In percent.")
    points: Decimal | None = strawberry.field(description="Of 100; null where it is not judged.")
    weight: Decimal = strawberry.field(description="What it weighs in this score; what is not judged weighs nothing.")
    earned: Decimal
    lost: Decimal
    missed: int = strawberry.field(description="How many share what is lost.")
    part: Part | None = strawberry.field(description="The list of orders behind it; null for what was recorded.")
    why: str

    @classmethod
    def of(cls, found: ScoredItem) -> Self:
        return cls(
            item=SchemeItem.of(found.item),
            judged=found.judged,
            numerator=found.numerator,
            denominator=found.denominator,
            rate=found.rate,
            points=found.points,
            weight=found.weight,
            earned=found.earned,
            lost=found.lost,
            missed=found.number,
            part=None if found.item.figure is None else Part.MISSED,
            why=found.why,
        )


@strawberry.type(description="What events added or took away.")
class AssessmentEvent:
    event: SchemeEvent
    number: int
    earned: Decimal
    why: str

    @classmethod
    def of(cls, found: ScoredEvent) -> Self:
        return cls(event=SchemeEvent.of(found.event), number=found.number, earned=found.earned, why=found.why)


@strawberry.type(description="One time that a unit's knowledge upkeep was recorded.")
class RecordedUpkeep:
    due: int
    kept: int
    reason: str
    at: datetime
    by: str


@strawberry.type(description="知识库维护: what was recorded of a unit's own knowledge entries in a month.")
class UpkeepRecord:
    unit: strawberry.ID
    month: str
    due: int
    kept: int
    history: list[RecordedUpkeep] = strawberry.field(description="The latest, which counts, last.")

    @classmethod
    def of(cls, record: documents.UpkeepRecord) -> Self:
        history = [
            RecordedUpkeep(due=each.due, kept=each.kept, reason=each.reason, at=each.at, by=each.by_label)
            for each in record.recorded
        ]
        latest = record.latest
        unit = global_id(IdKind.UNIT, record.unit)
        return cls(unit=unit, month=record.month, due=latest.due, kept=latest.kept, history=history)


@strawberry.type(description="A unit's month 考核得分. What the items and the events earned is the total, exactly.")
class Assessment:
    unit: strawberry.ID
    name: str
    month: str
    total: Decimal | None = strawberry.field(description="Null where nothing is judged.")
    sample: int = strawberry.field(description="How many orders count by their intake.")
    rank: int | None = strawberry.field(description="Among the units beside it; null where the sample is too small.")
    ranked: int = strawberry.field(description="How many of those have a rank.")
    previous: Decimal | None = strawberry.field(description="The total in the month before, by its own scheme.")
    change: Decimal | None = strawberry.field(description="环比, in points.")
    items: list[AssessmentItem]
    events: list[AssessmentEvent]
    local: strawberry.Private[str]

    @resolved("What was recorded of the unit's own knowledge entries; null if nothing was.")
    async def upkeep(self, info: Info) -> UpkeepRecord | None:
        found = await info.context.services.assessments.upkeep.of_unit(self.month, self.local)
        return None if found is None else UpkeepRecord.of(found)

    @classmethod
    def of(cls, found: reading.Assessment, month: str, city: Snapshot) -> Self:
        score = found.score
        return cls(
            unit=global_id(IdKind.UNIT, found.unit),
            name=name_of(city, Dimension.UNIT, found.unit),
            month=month,
            total=score.total,
            sample=score.sample,
            rank=found.rank,
            ranked=found.ranked,
            previous=found.previous,
            change=found.change,
            items=[AssessmentItem.of(each) for each in score.items],
            events=[AssessmentEvent.of(each) for each in score.events],
            local=found.unit,
        )


@strawberry.type(description="Scores of a month, the best first, then units without a rank.")
class AssessmentSheet:
    month: str
    first_day: date
    last_day: date
    scheme: Scheme
    as_of: datetime
    issued: bool = strawberry.field(description="Whether the month's report is issued: the scores never change then.")
    rule: str = strawberry.field(description="How ranks are given.")
    assessments: list[Assessment]

    @classmethod
    def of(cls, month: reading.Month, found: tuple[reading.Assessment, ...], city: Snapshot) -> Self:
        name = spelled(month.window)
        return cls(
            month=name,
            first_day=month.window.first,
            last_day=month.window.last,
            scheme=Scheme.of(month.scheme),
            as_of=month.as_of,
            issued=month.issued_at is not None,
            rule=RULE,
            assessments=[Assessment.of(each, name, city) for each in found],
        )


@strawberry.type(description="One thing that cost points; below nought where it earned some.")
class AssessmentOrder:
    points: Decimal
    behind: FigureOrder


AssessmentOrderConnection = Connection[AssessmentOrder]


@strawberry.type(
    description="What cost an item its points: `scored` things share `lost` evenly; where the list holds as many, its "
    "points sum to it."
)
class AssessmentOrders:
    lost: Decimal
    scored: int
    shown: int = strawberry.field(
        description="How many the list holds: fewer where the reader may not see all, other ones too after corrections."
    )
    orders: AssessmentOrderConnection


AssessmentsResult = Annotated[
    AssessmentSheet | Problem, strawberry.union("AssessmentsResult", description="Scores, or why they are not told.")
]
AssessmentOrdersResult = Annotated[
    AssessmentOrders | Problem,
    strawberry.union("AssessmentOrdersResult", description="What cost points, or why it is not told."),
]
SchemesResult = Annotated[
    Schemes | Problem, strawberry.union("SchemesResult", description="Schemes, or why they are not told.")
]
UpkeepResult = Annotated[
    UpkeepRecord | Problem, strawberry.union("UpkeepResult", description="What is recorded, or why it is not.")
]
MONTH = strawberry.argument(description="2026-10.")


@strawberry.input(description="How many of a unit's own knowledge entries were due for upkeep, how many were kept up.")
class RecordUpkeepInput:
    idempotency_key: str = KEY
    month: str = strawberry.field(description="2026-10; its report must not be issued yet.")
    unit: strawberry.ID
    due: int
    kept: int
    reason: str = strawberry.field(description="Where the numbers are from, or why they are changed.")


@strawberry.type
class AssessmentQueries:
    @resolved("The scores of the units below one; a head's own unit, or the root, if none is named.")
    async def assessments(
        self, info: Info, month: Annotated[str, MONTH], below: strawberry.ID | None = None
    ) -> AssessmentsResult:
        reader = await reader_of(info.context)
        parent = optional_id(IdKind.UNIT, below, "below")
        sheet = await reader.services.assessments.sheet(reader.actor, reader.city, month, parent, reader.now)
        return AssessmentSheet.of(sheet.month, sheet.assessments, reader.city)

    @resolved("One unit's score.")
    async def assessment(self, info: Info, month: Annotated[str, MONTH], unit: strawberry.ID) -> AssessmentsResult:
        reader = await reader_of(info.context)
        wanted = local_id(IdKind.UNIT, unit, "unit")
        of, found = await reader.services.assessments.one(reader.actor, reader.city, month, wanted, reader.now)
        return AssessmentSheet.of(of, (found,), reader.city)

    @resolved("The orders that cost a unit points of an item, or of an event, and how much each.")
    async def assessment_orders(
        self,
        info: Info,
        month: Annotated[str, MONTH],
        unit: strawberry.ID,
        item: Annotated[str, strawberry.argument(description="Its name.")],
        first: int = 20,
        after: str | None = None,
    ) -> AssessmentOrdersResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        found = await explained(
            reader.services.assessments,
            reader.actor,
            reader.city,
            month,
            local_id(IdKind.UNIT, unit, "unit"),
            item,
            request,
            reader.now,
        )
        costs = found.page.items
        orders = await reader.services.office.orders.many(reader.actor, [each.listed.order for each in costs])
        page = connection_of(
            found.page,
            lambda each: AssessmentOrder(points=each.points, behind=figure_order(each.listed, orders, reader)),
        )
        return AssessmentOrders(lost=found.lost, scored=found.scored, shown=found.shown, orders=page)

    @resolved("Every published scheme, the latest first.")
    async def schemes(self, info: Info) -> SchemesResult:
        found = await info.context.services.assessments.library.published(info.context.actor)
        return Schemes(schemes=[PublishedScheme.of(each) for each in found])


@strawberry.type
class AssessmentMutations:
    @resolved("Record a unit's knowledge upkeep in a month, or record it anew.")
    async def record_upkeep(self, info: Info, input: RecordUpkeepInput) -> UpkeepResult:
        context = info.context
        record = await context.services.assessments.upkeep.record(
            context.actor,
            await context.city(),
            month=input.month,
            unit=local_id(IdKind.UNIT, input.unit, "unit"),
            due=input.due,
            kept=input.kept,
            reason=input.reason,
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return UpkeepRecord.of(record)
