"""What the use cases of attachments work with; one per process, made by the composition root."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from foundation.database import Database
from foundation.rate_limits import Limit, RateLimiter
from workorders.attachments.contents import Contents
from workorders.lifecycle.office import Office

MEGABYTE = 1024 * 1024
STAFF = Limit("uploads_staff", 500, timedelta(days=1))
CITIZEN = Limit("uploads_citizen", 60, timedelta(days=1))
DEVICE = Limit("uploads_device", 18, timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be uploaded: per file in bytes, per action in files, per day (UTC) in files."""

    largest: int = 20 * MEGABYTE
    per_action: int = 9
    staff: Limit = STAFF
    citizen: Limit = CITIZEN
    device: Limit = DEVICE
    at_once: int = 2
    """Files that one process holds in memory at the same time; the next ones wait."""


@dataclass(frozen=True, slots=True)
class AttachmentDesk:
    office: Office
    limiter: RateLimiter
    limits: Limits = Limits()
    slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", asyncio.Semaphore(self.limits.at_once))

    @property
    def database(self) -> Database:
        return self.office.database

    @property
    def contents(self) -> Contents:
        return Contents(self.office.database)
