"""The values of a contact."""

from enum import StrEnum


class Direction(StrEnum):
    INBOUND = "inbound"  # 呼入, 来访, 来信
    OUTBOUND = "outbound"  # 呼出


class Outcome(StrEnum):
    """How a contact ended."""

    REPORTED = "reported"  # 登记诉求
    ANSWERED = "answered"  # 当场解答
    PROGRESS = "progress"  # 查询进度
    FORWARDED = "forwarded"  # 转接其他热线
    UNREACHED = "unreached"  # 未接通
    BROKEN_OFF = "broken_off"  # 中途挂断
    SILENT = "silent"  # 无声
    ABUSIVE = "abusive"  # 骚扰, as the operator found it; the mark is the supervisor's
