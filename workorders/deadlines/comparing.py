"""Two rule packs side by side: the rows that differ, in the words of the people who write such rules. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from workorders.deadlines.audiences import Listed, listed_in_words
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import KIND_NAMES, LEVEL_NAMES, URGENCY_NAMES, Limit, Urgency, Value
from workorders.deadlines.wording import limit_in_words

Figure = Limit | int | bool | Listed


class Effect(StrEnum):
    """What the second pack's limit is to those who must keep it."""

    TIGHTER = "tighter"  # 收紧
    LOOSER = "looser"  # 放宽


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that two packs fill in differently."""

    row: str
    """As in the file: `reply.complex`."""
    name: str
    one: str
    other: str
    effect: Effect | None
    """Known for two limits in the same unit only: a working day is no fixed number of hours."""


_REPLIES = {
    **{str(kind): name for kind, name in KIND_NAMES.items()},
    "complex": "疑难（批准后）",
    "supervised": "督办",
    "redo": "重办",
    "urgent": URGENCY_NAMES[Urgency.URGENT],
    "emergency": URGENCY_NAMES[Urgency.EMERGENCY],
}

NAMES: Mapping[str, str] = MappingProxyType(
    {
        **{f"dispatch.{urgency}": f"派单时限（{word}）" for urgency, word in URGENCY_NAMES.items()},
        **{f"sign.{urgency}": f"签收时限（{word}）" for urgency, word in URGENCY_NAMES.items()},
        "contact.normal": "首次联系市民时限",
        "contact.after_sign": "首次联系至少留到签收时限之后",
        "contact.percent_of_reply": "紧急、特急工单首次联系占办结时限的比例",
        **{f"reply.{kind}": f"办结时限：{word}" for kind, word in _REPLIES.items()},
        "return_window": "可申请退单的期限",
        "hotline_review": "热线审核时限",
        "callback": "回访时限",
        "rectification": "差评整改时限",
        "acknowledge": "特急工单值班确认时限",
        "appeal_window": "归档后可申诉剔除的期限",
        "upstream.ahead_working_days": "上级工单提前于上级时限",
        "upstream.percent_of_rest": "上级工单来不及提前时，占剩余时间的比例",
        "upstream.expected_satisfaction_percent": "上级工单满意率要求",
        "lights.yellow_working_days": "到期前多久亮黄灯",
        "lights.yellow_last_percent": "短时限在最后多少比例亮黄灯",
        "lights.overdue_days": "超期多少天再次提醒",
        "escalation.yellow": "亮黄灯提醒",
        "escalation.red": "亮红灯提醒",
        "escalation.overdue": "超期提醒",
        **{f"supervision.{level}": f"督办回复时限（{word}）" for level, word in LEVEL_NAMES.items()},
        "supervision.red_light": "超期未办结自动督办",
        "supervision.bad_callback": "回访不满意自动督办",
        "supervision.bad_again": "重办后仍不满意自动督办",
        "supervision.upstream": "上级工单自动督办",
        "supervision.repeated": "同一地点反复投诉自动督办",
        "supervision.repeated_times": "反复投诉的件数",
        "supervision.repeated_days": "反复投诉的统计天数",
        "switches.auto_sign": "派单后自动签收",
        "switches.unit_review": "回复须经单位审核",
        "switches.hotline_review": "回复须经热线审核",
        "switches.auto_dispatch": "按派单目录自动派单",
        "caps.returns": "每个工单退单次数上限",
        "caps.extensions": "延期次数上限",
        "caps.extension_working_days": "单次延期上限",
        "caps.extension_working_days_in_all": "累计延期上限",
        "caps.suspensions": "挂起次数上限",
        "caps.suspension_working_days": "单次挂起上限",
        "caps.redos": "重办次数上限",
        "caps.callback_attempts": "回访未接通多少次后归档",
        "caps.urges_per_day": "每日催办次数上限",
    }
)
"""Every row of a pack by what it is called in an office."""


_LEVELS = frozenset(
    f"supervision.{cause}" for cause in ("red_light", "bad_callback", "bad_again", "upstream", "repeated")
)


def differences(one: RulePack, other: RulePack) -> tuple[Difference, ...]:
    """The rows that differ, in the order of the packs. None, exactly if the packs bear the same `id`."""
    theirs = dict(rows(other))
    return tuple(
        Difference(row, NAMES[row], _in_words(row, ours), _in_words(row, theirs[row]), _effect(ours, theirs[row]))
        for row, ours in rows(one)
        if ours != theirs[row]
    )


def rows(pack: RulePack) -> Iterator[tuple[str, Figure]]:
    """Every figure of a pack under its name in the file; the title is none."""
    return _rows(pack, "")


def _rows(table: Value, path: str) -> Iterator[tuple[str, Figure]]:
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, Limit | int | tuple | Mapping):
            yield f"{path}{name}", value
        elif isinstance(value, Value):
            yield from _rows(value, f"{path}{name}.")


def _in_words(row: str, figure: Figure) -> str:
    if isinstance(figure, Limit):
        return limit_in_words(figure)
    if isinstance(figure, tuple | Mapping):
        return listed_in_words(figure)
    if isinstance(figure, bool):
        return "是" if figure else "否"
    if row in _LEVELS:
        return ("否", *LEVEL_NAMES.values())[figure]
    if "percent" in row:
        return f"{figure}%"
    counted = {"supervision.repeated_times": "件", "supervision.repeated_days": "天"}.get(row, "次")
    return f"{figure}个工作日" if "working_days" in row else f"{figure}{counted}"


def _effect(one: Figure, other: Figure) -> Effect | None:
    if not isinstance(one, Limit) or not isinstance(other, Limit) or one.unit is not other.unit:
        return None
    return Effect.TIGHTER if other.amount < one.amount else Effect.LOOSER
