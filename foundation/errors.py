"""The tree of expected failures.

Each carries a stable `code` and a Chinese sentence for the person who caused it. The API answers them as `Problem`;
everything that is not a `DomainError` is unknown, masked and logged.

    DomainError
    ├── InvalidInput      the request itself is wrong, field by field
    ├── Unauthenticated   nobody is signed in, or not any more
    ├── NotAllowed        the reader may know of the thing, but not do this
    ├── NotFound          it does not exist, or the reader may not know that it does
    ├── Conflict          the thing is not in a state for this
    ├── RateLimited       too often
    └── Busy              try again: contention outlasted the bounded number of tries
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One faulty field: its path as the client named it, and what is wrong with it, in Chinese."""

    path: str
    message: str


class DomainError(Exception):
    """An expected failure. `code` is stable and part of the public contract."""

    code: ClassVar[str] = "DOMAIN_ERROR"
    text: ClassVar[str] = "操作未能完成。"

    def __init__(self, message: str | None = None, *, fields: Sequence[FieldFault] = ()) -> None:
        self.message = message or self.text
        self.fields = tuple(fields)
        super().__init__(self.message)


class InvalidInput(DomainError):
    code = "INVALID_INPUT"
    text = "提交的内容有误，请检查后重试。"

    @classmethod
    def field(cls, path: str, message: str) -> "InvalidInput":
        """One faulty field, whose sentence is also the message."""
        return cls(message, fields=[FieldFault(path, message)])


class Unauthenticated(DomainError):
    code = "UNAUTHENTICATED"
    text = "请先登录。"


class NotAllowed(DomainError):
    code = "NOT_ALLOWED"
    text = "您没有执行此操作的权限。"


class NotFound(DomainError):
    code = "NOT_FOUND"
    text = "未找到，或您无权查看。"


class Conflict(DomainError):
    code = "CONFLICT"
    text = "当前状态不允许此操作，请刷新后重试。"


class RateLimited(DomainError):
    code = "RATE_LIMITED"
    text = "操作过于频繁，请稍后再试。"


class Busy(DomainError):
    code = "BUSY"
    text = "系统繁忙，请稍后重试。"
