"""The content of a report, written from what was counted. Pure."""

from collections.abc import Iterator

from workorders.statistics.reports.content import Content, Section
from workorders.statistics.reports.facts import Facts
from workorders.statistics.reports.lists import corrections, late_orders, watched_orders
from workorders.statistics.reports.periods import BEFORE_NAMES, REPORT_NAMES
from workorders.statistics.reports.sections import (
    categories,
    composition,
    headline,
    nothing,
    places,
    praise,
    trend,
    units,
    upstream,
)

NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


def written(facts: Facts) -> Content:
    """The whole report; one of an empty period says so, and lists nothing."""
    period = facts.period
    draft = "" if facts.issued else "（草稿）"
    found = list(_sections(facts))
    return Content(
        title=f"12345政务服务便民热线运行{REPORT_NAMES[period.length]}{draft}",
        subtitle=f"{period.name}　{facts.scope}",
        issuer="12345政务服务便民热线",
        dated=f"数据截至{facts.as_of:%Y年%m月%d日%H时%M分}",
        sections=tuple(
            each.model_copy(update={"heading": f"{NUMERALS[n]}、{each.heading}"}) for n, each in enumerate(found)
        ),
        notes=tuple(_notes(facts)),
    )


def _sections(facts: Facts) -> Iterator[Section]:
    if facts.all.received or any(each.denominator for each in facts.all.now.figures.values()):
        yield headline(facts)
        yield trend(facts)
        yield units(facts)
        if facts.whole_city:
            yield upstream(facts)
            yield composition(facts)
            yield categories(facts)
            yield places(facts)
        yield late_orders(facts)
        yield watched_orders(facts)
        yield praise(facts)
    else:
        yield nothing(facts)
    if facts.corrections is not None:
        yield corrections(facts.corrections)


def _notes(facts: Facts) -> Iterator[str]:
    before = "之前同样天数" if facts.running else BEFORE_NAMES[facts.period.length]
    yield f"环比与{before}相比，同比与上年同期相比；比率的变化以百分点计，数量的变化以百分比计；无可比基数的记“—”。"
    yield "受理量按受理日期计；按时办结率、延时率按办理期限到期日计；满意率按最后一次有效评价日期计，1至3级为满意。"
    yield "不予受理、撤单、合并以及挂起、退单等情形按规定不计入各项比率；承办单位以派单当日的隶属关系为准。"
    if facts.corrections is not None:
        yield "以往月份印发后的变化不改动已印发的数字，以更正列示；对比期的数字含截至本报告的更正。"
    if facts.running:
        yield "报告期间尚未结束，各项数字均截至今日。"
    if facts.rules:
        yield f"评判所依据的规则包：{'、'.join(facts.rules)}。"
    if not facts.issued:
        yield "本报告为草稿，未锁定数据，不作为印发依据。"
