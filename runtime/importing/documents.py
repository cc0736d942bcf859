"""What an import stores beside the orders: how far it came, what it counted, and which rows it speaks of."""

from datetime import datetime
from enum import StrEnum

from foundation.documents import Stored
from runtime.importing.report import Counts


class ImportMark(Stored):
    """One import (`_id`: the file's content and what the mapping says) and how far it came.

    `done` counts the file's records; `as_of` is when it began: what was overdue, was so then.
    """

    file: str
    source: str
    as_of: datetime
    done: int = 0
    finished: bool = False
    counts: Counts = Counts()

    class Settings:
        name = "imports"


class ImportedRow(Stored):
    """`source|number` of an imported row (`_id`): one number of one source is one order."""

    order: str
    by: str
    """The import."""
    line: int

    shard_key = "_id"

    class Settings:
        name = "imported_rows"


class Told(StrEnum):
    """Why a row is named in an import's report."""

    REFUSED = "refused"
    DIFFERS = "differs"
    SKEWED = "skewed"


class Finding(Stored):
    """A row that an import's report names; `_id` is `import:line:why`."""

    told: Told
    line: int
    id_in_file: str | None
    reason: str

    class Settings:
        name = "import_findings"


MODELS: tuple[type[Stored], ...] = (Finding, ImportMark, ImportedRow)


def finding_id(mark: str, line: int, told: str = "") -> str:
    return f"{mark}:{line:09d}:{told}"
