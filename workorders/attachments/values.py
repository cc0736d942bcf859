"""The values of a file: frozen, stored inside its document."""

from datetime import datetime
from enum import StrEnum

from workorders.deadlines.values import Value


class Side(StrEnum):
    """Whose file it is, by the action that it was attached in."""

    REPORTER = "reporter"  # 市民: intake and supplement, also by an operator or a platform for them
    UNIT = "unit"  # 承办单位: the reply


class Sealed(Value):
    """A stored content: what it is, and the key that opens it and its name."""

    media_type: str
    size: int
    name: bytes
    data_key: bytes


class Filed(Value):
    """How a file hangs on its order. `at` is the moment of the action."""

    side: Side
    at: datetime
    internal: bool = False
    released: bool = False
