"""The bureau's desk of reports: its city, and workers that make what waits."""

from dataclasses import dataclass, replace

from foundation.changes import Change
from foundation.clock import SettableClock
from identity import documents
from identity.actors import Actor
from identity.directory import Directory
from identity.repository import Repository
from tests.workorders.lifecycle.town import SUPERVISOR, UNITS
from tests.workorders.statistics.bureau import Bureau
from workorders.statistics.reports import jobs
from workorders.statistics.reports.content import Content, Table
from workorders.statistics.reports.documents import MODELS, ReportContent, ReportFile, ReportJob
from workorders.statistics.reports.jobs import Reports

CITY = (documents.Unit, documents.Category, documents.Place, documents.Channel)
PROVINCE = "省12345平台"


async def source_names() -> dict[str, str]:
    return {"province": PROVINCE}


@dataclass
class Desk:
    bureau: Bureau
    reports: Reports

    @property
    def clock(self) -> SettableClock:
        return self.bureau.town.clock

    async def job(self, id: str) -> ReportJob:
        job = await self.bureau.town.database.get(ReportJob, id)
        assert job is not None
        return job

    async def drain(self) -> None:
        """Let a worker make everything that is due."""
        while await jobs.sweep(self.reports, self.clock.now()):
            pass

    async def draft(self, period: str, *, unit: str | None = None, actor: Actor = SUPERVISOR) -> Content:
        asked = await jobs.request(self.reports, actor, period=period, unit=unit)
        await self.drain()
        return await self.content(asked.id)

    async def issue(self, period: str) -> Content:
        asked = await jobs.issue(self.reports, SUPERVISOR, period=period)
        await self.drain()
        return await self.content(asked.id)

    async def content(self, id: str) -> Content:
        written = await self.bureau.town.database.get(ReportContent, id)
        assert written is not None, (await self.job(id)).fault
        return written.content

    async def files(self) -> list[str]:
        found = self.bureau.town.database.collection(ReportFile).find({}, {"_id": 1})
        return sorted([raw["_id"] async for raw in found])


def cells(content: Content, name: str) -> list[list[str]]:
    """The rows of a table as they read; none if there is no such table."""
    tables: list[Table] = [each for each in content.tables if each.name == name]
    return [[cell.text for cell in row] for table in tables for row in table.rows]


def said(content: Content) -> str:
    return "".join(sentence for section in content.sections for sentence in section.sentences)


async def a_desk(bureau: Bureau) -> Desk:
    database, clock = bureau.town.database, bureau.town.clock
    await database.prepare((*MODELS, *CITY))
    change = Change()
    for unit in UNITS.values():
        parent = unit.ancestors[-2] if len(unit.ancestors) > 1 else None
        change.put(documents.Unit(_id=unit.id, name=unit.name, parent=parent, path=unit.ancestors))
    for model, top, leaf, names in (
        (documents.Category, "water", "leak", ("供水", "管道漏水")),
        (documents.Place, "town", "street", ("中心镇", "东街")),
    ):
        change.put(model(_id=top, name=names[0], parent=None, path=(top,)))
        change.put(model(_id=leaf, name=names[1], parent=top, path=(top, leaf)))
    for channel in ("app", "phone", "upstream"):
        change.put(documents.Channel(_id=channel, name=channel, parent=None, path=(channel,)))
    await database.save(change)
    directory = Directory(Repository(database), clock)
    return Desk(bureau, Reports(bureau.figures, directory, clock, bureau.projector, source_names))


def another(desk: Desk) -> Desk:
    """The same desk in another process, with a projector of its own."""
    return replace(desk, reports=replace(desk.reports, projecting=desk.bureau.projector))
