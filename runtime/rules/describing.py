"""Answers about rule packs in words and tables, for a city's official to read."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from rich.cells import cell_len

from runtime.rules.checking import Checked
from runtime.rules.measuring import Measured, Share
from runtime.rules.simulating import EXCLUDED, Report, Side
from workorders.deadlines.comparing import Difference, Effect
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import TERM_NAMES, Term
from workorders.deadlines.wording import limit_in_words
from workorders.lifecycle.simulating import Verdict
from workorders.lifecycle.states import AssignmentEnd

CHANGED_SHOWN = 20

HEADS = (
    "环节",
    "当时按时率",
    "模拟按时率",
    "期限提前",
    "不变",
    "推后",
    "当时亮黄灯",
    "模拟亮黄灯",
    "当时亮红灯",
    "模拟亮红灯",
    "未到期",
)
EFFECTS = {Effect.TIGHTER: "收紧", Effect.LOOSER: "放宽", None: ""}
SHOWN = (
    Term.CITIZEN,
    Term.DISPATCH,
    Term.SIGN,
    Term.CONTACT,
    Term.REPLY,
    Term.HOTLINE_REVIEW,
    Term.CALLBACK,
    Term.SUPERVISION,
)
VERDICTS = {Verdict.MET: "按时", Verdict.LATE: "超时", Verdict.OPEN: "未到期", Verdict.UNKNOWN: "无从得知"}
LEFT_OUT = {
    AssignmentEnd.ACCEPTED: "办结时未等待或无记录",
    AssignmentEnd.RETURNED: "退单",
    AssignmentEnd.REPLACED: "承办单位变更",
    AssignmentEnd.ORDER_ENDED: "工单提前结束",
    AssignmentEnd.FOLLOWED: "随主单答复",
    "signed_by_timer": "到期由系统签收，时限放宽后无从得知",
    EXCLUDED: "剔除",
}


def describe_check(checked: Checked) -> str:
    """Every fault on a line of its own, or that there is none."""
    if checked.faults:
        return "\n".join((*checked.faults, f"共 {len(checked.faults)} 处错误。"))
    return f"{checked.file}：规则包“{checked.title}”有效，版本 {checked.id}。"


def describe_differences(one: RulePack, other: RulePack, found: Sequence[Difference]) -> str:
    """The rows that differ, side by side."""
    if not found:
        return f"“{one.title}”与“{other.title}”的规则相同，版本 {one.id}。"
    heads = ("项目", "名称", one.title, other.title, "变化")
    return table(heads, ((each.row, each.name, each.one, each.other, EFFECTS[each.effect]) for each in found))


def describe_report(report: Report, zone: tzinfo) -> str:
    """Per term the rates, deadlines and lights of both sides; then what would have been judged otherwise."""
    lines = [
        f"{report.first} 至 {report.last} 受理的 {report.orders} 件工单，按“{report.title}”（{report.rules}）重新计算，"
        f"截至 {_local(report.as_of, zone)}。",
        "假定各方仍在原来的时间办理，只有期限不同。",
        "",
        table(
            HEADS,
            [
                (
                    TERM_NAMES[term],
                    *_sides(figures.stored, figures.supposed, "on_time"),
                    *map(str, (figures.earlier, figures.same, figures.later)),
                    *_sides(figures.stored, figures.supposed, "yellow"),
                    *_sides(figures.stored, figures.supposed, "red"),
                    str(figures.open),
                )
                for term in SHOWN
                if (figures := report.terms.get(term)) is not None
            ],
        ),
    ]
    for term, figures in report.terms.items():
        lines += [f"不计：{TERM_NAMES[term]} {n} 项（{LEFT_OUT.get(why, why)}）" for why, n in figures.left_out.items()]
    lines += [f"未能计算：{id}（{why}）" for id, why in report.not_simulated.items()]
    if report.changed:
        lines += ["", f"结论不同的 {len(report.changed)} 项：", _changed(report, zone)]
    if len(report.changed) > CHANGED_SHOWN:
        lines.append(f"……其余 {len(report.changed) - CHANGED_SHOWN} 项见 --json。")
    return "\n".join(lines)


def describe_measured(measured: Sequence[Measured], refused: int) -> str:
    """The table for comparing cities: one row per pack."""
    heads = ("规则包", "求助办结时限", "按时", "用足延期", "按疑难时限")
    shown = (
        (
            each.name,
            limit_in_words(each.pack.reply.help),
            *(percent(share, of=True) for share in each.shares.values()),
        )
        for each in measured
    )
    text = table(heads, shown)
    return f"{text}\n{refused} 行无法读取，未计入。" if refused else text


def percent(share: Share, *, of: bool = False) -> str:
    """38.4%, or with its two numbers; a dash where there is nothing to count."""
    rate = f"{share.numerator / share.denominator:.1%}" if share.denominator else "–"
    return f"{rate}（{share.numerator}/{share.denominator}）" if of else rate


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns in line, a Chinese character being two cells wide."""
    lines = [heads, *rows]
    widths = [max(cell_len(line[n]) for line in lines) for n in range(len(heads))]
    return "\n".join("  ".join(_padded(cell, widths[n]) for n, cell in enumerate(line)).rstrip() for line in lines)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _sides(stored: Side, supposed: Side, name: str) -> tuple[str, str]:
    one, other = (percent(getattr(side, name), of=True) for side in (stored, supposed))
    return one, other


def _changed(report: Report, zone: tzinfo) -> str:
    return table(
        ("工单", "环节", "单位", "原期限", "模拟期限", "完成", "原结论", "模拟结论"),
        [
            (
                each.order,
                TERM_NAMES[each.term],
                each.unit or "",
                _local(each.stored_due, zone),
                _local(each.supposed_due, zone),
                _local(each.done_at, zone) if each.done_at else "未完成",
                VERDICTS[each.stored],
                VERDICTS[each.supposed],
            )
            for each in report.changed[:CHANGED_SHOWN]
        ],
    )


def _local(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
