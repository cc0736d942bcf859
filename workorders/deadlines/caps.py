"""How many extensions and suspensions an assignment may have, and how long. Pure."""

from collections.abc import Iterable

from foundation.errors import Conflict, InvalidInput
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import Extension


class ExtensionsUsedUp(Conflict):
    code = "EXTENSIONS_USED_UP"
    text = "延期次数已达上限，不能再次延期。"


class ExtensionTooLong(InvalidInput):
    code = "EXTENSION_TOO_LONG"
    text = "申请的延期天数超过上限。"


class SuspensionsUsedUp(Conflict):
    code = "SUSPENSIONS_USED_UP"
    text = "挂起次数已达上限，不能再次挂起。"


class SuspensionTooLong(InvalidInput):
    code = "SUSPENSION_TOO_LONG"
    text = "申请的挂起天数超过上限。"


def check_extension(rules: RulePack, granted: Iterable[Extension], *, working_days: int) -> None:
    """Whether one more extension of that many working days may be asked for and granted beside those granted before.

    Raises ExtensionsUsedUp or ExtensionTooLong.
    """
    caps = rules.caps
    earlier = [extension.working_days for extension in granted]
    if len(earlier) >= caps.extensions:
        raise ExtensionsUsedUp(f"每个工单最多延期 {caps.extensions} 次，不能再次延期。")
    longest = min(caps.extension_working_days, caps.extension_working_days_in_all - sum(earlier))
    if longest < 1:
        raise ExtensionsUsedUp(f"累计延期已达 {caps.extension_working_days_in_all} 个工作日，不能再次延期。")
    if not 1 <= working_days <= longest:
        raise ExtensionTooLong.field("workingDays", f"本次延期应为 1 至 {longest} 个工作日。")


def check_suspension(rules: RulePack, *, before: int, working_days: int) -> None:
    """Whether one more suspension of that many working days may be asked for and granted after `before` others.

    Raises SuspensionsUsedUp or SuspensionTooLong.
    """
    caps = rules.caps
    if before >= caps.suspensions:
        raise SuspensionsUsedUp(f"每个工单最多挂起 {caps.suspensions} 次，不能再次挂起。")
    if not 1 <= working_days <= caps.suspension_working_days:
        raise SuspensionTooLong.field("workingDays", f"本次挂起应为 1 至 {caps.suspension_working_days} 个工作日。")
