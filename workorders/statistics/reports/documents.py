"""What reports store: each as a job, and its files."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from pymongo import IndexModel

from foundation.documents import Stored
from workorders.statistics.reports.content import Content


class Format(StrEnum):
    PDF = "pdf"
    WORD = "word"
    EXCEL = "excel"


SUFFIXES: Mapping[Format, str] = MappingProxyType({Format.PDF: "pdf", Format.WORD: "docx", Format.EXCEL: "xlsx"})
MEDIA_TYPES: Mapping[Format, str] = MappingProxyType(
    {
        Format.PDF: "application/pdf",
        Format.WORD: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Format.EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)


class ReportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    ISSUED = "issued"
    FAILED = "failed"


class ReportJob(Stored):
    """A report: asked for, worked through by whoever holds its lease, then never changed again.

    `percent` and `step` tell how far it came. With `as_of` it is written: its content is there, and of one that is
    issued its months are locked.
    """

    period: str
    unit: str | None = None
    path: tuple[str, ...] = ()
    """Of the unit, root first, itself last, on the day that it was asked for; empty for the whole city."""
    issuing: bool
    state: ReportState = ReportState.QUEUED
    percent: int = 0
    step: str = "排队等待"
    fault: str | None = None
    asked_by: str
    asked_label: str
    asked_at: datetime
    key: str
    as_of: datetime | None = None
    sizes: dict[Format, int] = {}
    """Of its files, in bytes, once they are there."""
    due: datetime | None
    """When it is to be looked at next: whoever takes it moves this to the end of the lease. None once it is over."""
    lease: str | None = None
    tries: int = 0

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "reports"
        indexes = [
            IndexModel([("key", 1)], name="key"),
            IndexModel([("path", 1), ("key", 1)], name="path_key"),
            IndexModel([("due", 1)], name="due"),
        ]


class ReportContent(Stored):
    """What a report (`_id`) says, as it was written, before anything is drawn from it."""

    content: Content

    class Settings:
        name = "report_contents"


class ReportFile(Stored):
    """One file of a report (`_id` is the report's and the format), stored in the transaction that makes it ready."""

    content: bytes

    class Settings:
        name = "report_files"


class IssuedPeriod(Stored):
    """Claimed by the report that issues a period (`_id`): one of them can."""

    report: str

    class Settings:
        name = "issued_periods"


def file_id(report: str, format: Format) -> str:
    return f"{report}.{SUFFIXES[format]}"


MODELS: tuple[type[Stored], ...] = (IssuedPeriod, ReportContent, ReportFile, ReportJob)
