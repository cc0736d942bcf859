"""Lines that lights crossed, emergencies that nobody confirmed, appeals and exclusions, turned into notices. They name
the order and the unit, and nothing of a citizen's."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from workorders.deadlines.lights import Light
from workorders.deadlines.values import TERM_NAMES, Term
from workorders.lifecycle.states import GROUND_NAMES, ExclusionGround

TOPIC = "light"
DIGEST_TOPIC = "light_digest"
PHONE_TOPIC = "phone_task"
EXCLUSION_TOPIC = "exclusion"
SHOWN = 50


def line_title(number: str, term: Term, light: Light, level: int) -> str:
    """黄灯：工单261116000012签收即将到期; 红灯：工单261116000012办结已超期3天."""
    what = f"工单{number}{TERM_NAMES[term]}"
    if light is Light.YELLOW:
        return f"黄灯：{what}即将到期"
    return f"红灯：{what}已超期{f'{level}天' if level else ''}"


def line_body(number: str, term: Term, light: Light, due: datetime, zone: tzinfo, unit: str | None) -> str:
    """The same in a sentence, with who has to keep the deadline, and when it is or was."""
    holder = f"{unit}承办的" if unit else ""
    ask = "请在期限前完成" if light is Light.YELLOW else "请立即处理"
    return f"{holder}工单{number}，{TERM_NAMES[term]}期限为{local(due, zone)}，{ask}。"


def phone_title(number: str) -> str:
    return f"特急工单{number}无人确认，请立即督办"


def phone_body(number: str, unit: str) -> str:
    return f"{unit}承办的特急工单{number}，值班人员均未确认或无人值班，请立即电话联系承办单位，并登记结果。"


def appeal_told(number: str, unit: str, ground: ExclusionGround) -> tuple[str, str]:
    """Title and body, as of the next ones."""
    return f"工单{number}有申诉待审核", f"{unit}就工单{number}提出申诉，请求剔除（{GROUND_NAMES[ground]}），请审核。"


def rejected_told(number: str, unit: str, ground: ExclusionGround) -> tuple[str, str]:
    body = f"{unit}就工单{number}提出的申诉（{GROUND_NAMES[ground]}）经审核不成立，工单照常计入考核。"
    return f"工单{number}的申诉不成立", body


def excluded_told(number: str, ground: ExclusionGround) -> tuple[str, str]:
    return f"工单{number}已剔除", f"工单{number}已剔除（{GROUND_NAMES[ground]}），不计入考核；请照常办理。"


def readmitted_told(number: str) -> tuple[str, str]:
    return f"工单{number}恢复计入考核", f"工单{number}不再剔除，恢复计入考核。"


def local(moment: datetime, zone: tzinfo) -> str:
    at = moment.astimezone(zone)
    return f"{at.month}月{at.day}日{at:%H:%M}"


@dataclass(frozen=True, slots=True)
class LightDigest:
    """Lines gathered for one person on one day."""

    recipient: str
    source: str
    lines: tuple[tuple[str, str | None], ...]
    topic: str = DIGEST_TOPIC
    title: str = "亮灯汇总"
    shown: int = SHOWN

    def body(self, total: int) -> str:
        rest = f"以下为前{self.shown}条，其余请在工作台查看。" if total > self.shown else "汇总如下。"
        return f"停机或集中亮灯期间，有{total}条亮灯提醒未逐条通知，{rest}"
