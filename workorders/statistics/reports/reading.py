"""Reading reports and their files, each read naming its reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from foundation.database import Database
from foundation.errors import NotFound
from foundation.paging import Page, PageRequest, page_of
from identity.actors import Actor
from workorders.statistics.reports.access import READS_ALL, require_reader, require_visible
from workorders.statistics.reports.documents import (
    MEDIA_TYPES,
    SUFFIXES,
    Format,
    IssuedPeriod,
    ReportFile,
    ReportJob,
    file_id,
)
from workorders.statistics.reports.periods import REPORT_NAMES, read_period


async def report(database: Database, actor: Actor, id: str) -> ReportJob:
    """Raises `NotFound`, `NotAllowed`."""
    require_reader(actor)
    job = await database.get(ReportJob, id)
    if job is None:
        raise NotFound
    require_visible(actor, job.path)
    return job


async def issuing(database: Database, period: str) -> ReportJob | None:
    """The report that issues a period, or has issued it."""
    claim = await database.get(IssuedPeriod, period)
    return None if claim is None else await database.get(ReportJob, claim.report)


async def reports(database: Database, actor: Actor, request: PageRequest, now: datetime) -> Page[ReportJob]:
    """Those that this reader may read, the latest first. Raises `NotAllowed`."""
    require_reader(actor)
    equal = {} if actor.has(*READS_ALL) else {"path": actor.unit_id}
    page = await page_of(database, ReportJob, equal, "key", request, descending=True, around=now)
    return page.map([ReportJob.load(raw) for raw in page.items])


@dataclass(frozen=True, slots=True)
class Download:
    """A report's file, as a browser saves it."""

    name: str
    media_type: str
    content: bytes


def file_name(job: ReportJob, format: Format) -> str:
    period = read_period(job.period)
    draft = "" if job.issuing else "（草稿）"
    return f"12345热线运行{REPORT_NAMES[period.length]}{draft}-{period.name}.{SUFFIXES[format]}"


async def download(database: Database, actor: Actor, id: str, suffix: str) -> Download:
    """The file of a report that has this suffix. Raises `NotFound`, `NotAllowed`."""
    formats: Mapping[str, Format] = {suffix: format for format, suffix in SUFFIXES.items()}
    job = await report(database, actor, id)
    if suffix not in formats:
        raise NotFound
    format = formats[suffix]
    file = await database.get(ReportFile, file_id(job.id, format))
    if file is None:
        raise NotFound
    return Download(file_name(job, format), MEDIA_TYPES[format], file.content)
