"""The sweep of notices that were kept long enough: 90 days after they were read, a year if they never were."""

from datetime import datetime

from foundation.database import Database
from notifications.repository import NoticeRepository


async def sweep(database: Database, now: datetime) -> int:
    """Delete some of them, at most 500, and answer how many. Safe to run twice and in several processes at once; a
    digest that grows meanwhile stays."""
    return await NoticeRepository(database).delete_kept_enough(now)
