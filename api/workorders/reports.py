"""Reports 报告 over GraphQL: asked for, issued, watched and fetched; the corrections of months that were issued."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

import api.workorders.figures  # noqa: F401 - makes the domain's enums GraphQL enums
from api.context import Info
from api.fields import KEY, resolved
from api.identity.trees import Node
from api.ids import Kind as IdKind
from api.ids import global_id, local_id, optional_id
from api.paging import Connection, connection_of, page_request
from api.problems import Problem
from api.workorders.reading import reader_of
from workorders.statistics import corrected
from workorders.statistics.corrected import CorrectedOrder
from workorders.statistics.definitions import DEFINITIONS, Figure
from workorders.statistics.reports import jobs, reading
from workorders.statistics.reports.documents import SUFFIXES, Format, ReportJob, ReportState
from workorders.statistics.reports.periods import read_period

strawberry.enum(Format, name="ReportFormat", description="What kind of file: of the same content.")
strawberry.enum(ReportState, name="ReportState", description="How far a report is 报告状态.")


@strawberry.type(description="A report as a file.")
class ReportFile:
    format: Format
    name: str
    size: int = strawberry.field(description="In bytes.")
    url: str = strawberry.field(
        description="Where its content is, for whoever may read the report, with the same token."
    )


@strawberry.type(description="A report 报告 of a month, a quarter, half a year or a year, made by a worker.")
class Report(Node):
    period: str = strawberry.field(description="2026-10, 2026-Q4, 2026-H2 or 2026.")
    name: str
    unit: strawberry.ID | None = strawberry.field(description="Of what lies below this unit; null for the whole city.")
    issuing: bool = strawberry.field(description="印发: it locks its months; else it is a draft 草稿.")
    state: ReportState
    percent: int = strawberry.field(description="How far its making came; ask again until `state` is final.")
    step: str
    fault: str | None = strawberry.field(description="Why it failed.")
    as_of: datetime | None
    asked_by: str
    asked_at: datetime
    files: list[ReportFile] = strawberry.field(description="Empty until it is made.")

    @classmethod
    def of(cls, job: ReportJob) -> Self:
        return cls(
            id=global_id(IdKind.REPORT, job.id),
            period=job.period,
            name=read_period(job.period).name,
            unit=None if job.unit is None else global_id(IdKind.UNIT, job.unit),
            issuing=job.issuing,
            state=job.state,
            percent=job.percent,
            step=job.step,
            fault=job.fault,
            as_of=job.as_of,
            asked_by=job.asked_label,
            asked_at=job.asked_at,
            files=[
                ReportFile(
                    format=format,
                    name=reading.file_name(job, format),
                    size=size,
                    url=f"/reports/{job.id}.{SUFFIXES[format]}",
                )
                for format, size in sorted(job.sizes.items())
            ],
        )


@strawberry.type(description="By how much a figure has more above and below its line.")
class FigureShift:
    figure: Figure
    name: str
    numerator: int
    denominator: int


@strawberry.type(description="更正: what changed in a month after its figures were issued.")
class Correction:
    month: str
    order: strawberry.ID | None = strawberry.field(description="Null where the figures were made anew.")
    number: str | None
    at: datetime = strawberry.field(description="When the figures changed.")
    happened_at: datetime = strawberry.field(description="When the order did.")
    shifts: list[FigureShift] = strawberry.field(
        description="What changes in the reader's figures; empty where it only moved between values."
    )

    @classmethod
    def of(cls, found: CorrectedOrder) -> Self:
        return cls(
            month=found.month,
            order=None if found.order is None else global_id(IdKind.ORDER, found.order),
            number=found.number,
            at=found.at,
            happened_at=found.happened_at,
            shifts=[
                FigureShift(
                    figure=each.figure,
                    name=DEFINITIONS[each.figure].name,
                    numerator=each.numerator,
                    denominator=each.denominator,
                )
                for each in found.shifts
            ],
        )


ReportConnection = Connection[Report]
CorrectionConnection = Connection[Correction]
ReportResult = Annotated[
    Report | Problem, strawberry.union("ReportResult", description="A report, or why there is none.")
]
ReportsResult = Annotated[
    ReportConnection | Problem,
    strawberry.union("ReportsResult", description="A page of reports, or why there is none."),
]
CorrectionsResult = Annotated[
    CorrectionConnection | Problem,
    strawberry.union("CorrectionsResult", description="A page of corrections, or why there is none."),
]


@strawberry.input
class RequestReportInput:
    idempotency_key: str = KEY
    period: str = strawberry.field(description="2026-10, 2026-Q4, 2026-H2 or 2026.")
    unit: strawberry.ID | None = strawberry.field(
        default=None, description="Of what lies below this unit only; a unit's head gets the own at most."
    )


@strawberry.input
class IssueReportInput:
    idempotency_key: str = KEY
    period: str = strawberry.field(description="One that is over: 2026-10, 2026-Q4, 2026-H2 or 2026.")


@strawberry.type
class ReportMutations:
    @resolved("Ask for a draft 草稿 of a report; it changes nothing else.")
    async def request_report(self, info: Info, input: RequestReportInput) -> ReportResult:
        context = info.context
        job = await jobs.request(
            context.services.reports,
            context.actor,
            period=input.period,
            unit=optional_id(IdKind.UNIT, input.unit, "unit"),
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return Report.of(job)

    @resolved("印发: make the report that counts, once for each period; its months are locked.")
    async def issue_report(self, info: Info, input: IssueReportInput) -> ReportResult:
        context = info.context
        job = await jobs.issue(
            context.services.reports,
            context.actor,
            period=input.period,
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return Report.of(job)


@strawberry.type
class ReportQueries:
    @resolved("One report, with how far it is and its files.")
    async def report(self, info: Info, id: strawberry.ID) -> ReportResult:
        context = info.context
        job = await reading.report(context.services.database, context.actor, local_id(IdKind.REPORT, id, "id"))
        return Report.of(job)

    @resolved("Reports, the latest first; a unit's head reads those of the own unit and what lies below it.")
    async def reports(self, info: Info, first: int = 20, after: str | None = None) -> ReportsResult:
        context, request = info.context, page_request(first, after)
        services = context.services
        page = await reading.reports(services.database, context.actor, request, services.clock.now())
        return connection_of(page, Report.of)

    @resolved("更正 of a month that was issued, the latest first: those that change the reader's figures.")
    async def corrections(
        self,
        info: Info,
        month: Annotated[str, strawberry.argument(description="2026-10.")],
        first: int = 20,
        after: str | None = None,
    ) -> CorrectionsResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        page = await corrected.corrections(reader.services.figures, reader.actor, month, request, reader.now)
        return connection_of(page, Correction.of)
