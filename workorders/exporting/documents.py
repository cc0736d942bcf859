"""What exports store."""

from datetime import datetime

from pymongo import IndexModel

from foundation.documents import Stored
from workorders.exporting.selecting import Format, Selection


class ExportLink(Stored):
    """A link 导出链接 that was given and not used yet. `_id` is the digest of its secret, which is kept nowhere."""

    session: str
    format: Format
    selection: Selection
    ends: datetime
    kept_until: datetime

    class Settings:
        name = "export_links"
        indexes = [IndexModel([("kept_until", 1)], name="kept_until", expireAfterSeconds=0)]


MODELS: tuple[type[Stored], ...] = (ExportLink,)
