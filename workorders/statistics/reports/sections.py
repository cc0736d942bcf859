"""What a report tells: headline figures, the course of the period, units, where orders come from and what of. Pure."""

from collections.abc import Iterator, Sequence

from workorders.statistics.definitions import DEFINITIONS, Family, Figure, Measured, Outcome, counter
from workorders.statistics.ranking import ranking
from workorders.statistics.reports.content import (
    Cell,
    Chart,
    ChartKind,
    Section,
    Table,
    change,
    count,
    growth,
    rate,
    text,
)
from workorders.statistics.reports.facts import Beside, Facts

MOST_LISTED = 20
MOST_GROWN = 10
SMALLEST_GROWN = 5
"""What was received less often is not listed as having grown: a few more are no trend."""
ANSWERED_BEST = tuple(Outcome(f"{said}_1") for said in ("solved", "unsolved"))


def nothing(facts: Facts) -> Section:
    return Section(heading="总体情况", sentences=(f"{facts.period.name}，{facts.scope}本期无工单。",))


def headline(facts: Facts) -> Section:
    """Every figure beside those of the period before and of the year before, and the main ones in words."""
    rows = tuple(_compared(facts.all, figure) for figure in Figure)
    columns = ("指标", "本期分子", "本期分母", "本期", "上期", "环比", "上年同期", "同比")
    table = Table(name="主要指标", columns=columns, widths=(18, 12, 12, 12, 12, 12, 12, 12), rows=rows)
    return Section(heading="总体情况", sentences=tuple(_main(facts)), tables=(table,))


def trend(facts: Facts) -> Section:
    rows = tuple(
        (text(each.label), count(each.received), count(each.year_before), growth(each.received, each.year_before))
        for each in facts.trend
    )
    table = Table(name="受理趋势", columns=("时间", "受理量", "上年同期", "同比"), widths=(3, 3, 3, 3), rows=rows)
    chart = Chart(
        name="受理量与上年同期", kind=ChartKind.LINES, table=table.name, labels=0, values=(1, 2), most=len(rows)
    )
    busiest = max(facts.trend, key=lambda each: each.received)  # the first of equals
    sentences = (f"受理量最多的是{busiest.label}，共{busiest.received:,}件。",) if busiest.received else ()
    return Section(heading="受理趋势", sentences=sentences, tables=(table,), charts=(chart,))


def units(facts: Facts) -> Section:
    """Each unit's on-time, extension and satisfaction rates, the best by on-time first."""
    known = {each.value: each for each in facts.units}
    placed = ranking(Figure.ON_TIME, [(value, each.figure(Figure.ON_TIME)) for value, each in known.items()])
    found = [known[each.value] for each in placed]
    rows = tuple(
        (
            count(place.rank),
            text(each.name),
            count(each.received),
            count(each.figure(Figure.ON_TIME).denominator),
            *_rates(each, Figure.ON_TIME, Figure.EXTENDED, Figure.SATISFIED),
        )
        for place, each in zip(placed, found, strict=True)
    )
    table = Table(
        name="各单位办理情况",
        columns=("名次", "单位", "受理量", "到期应办", "按时办结率", "环比", "延时率", "环比", "满意率", "环比"),
        widths=(7, 26, 9, 9, 11, 9, 10, 9, 10, 9),
        rows=rows,
        note="按按时办结率排列，比率相同的名次并列；无到期应办工单的不排名。环比为百分点。",
    )
    charts = tuple(
        Chart(name=name, kind=ChartKind.BARS, table=table.name, labels=1, values=(column,))
        for name, column in (("各单位按时办结率", 4), ("各单位满意率", 8))
    )
    return Section(heading="各单位办理情况", tables=(table,), charts=charts if rows else ())


def upstream(facts: Facts) -> Section:
    """Orders of platforms above, each platform's own."""
    if not facts.sources:
        return Section(heading="上级转办工单", sentences=("本期无上级平台转办工单。",))
    rows, sentences = [], []
    for each in facts.sources:
        on_time, satisfied = each.figure(Figure.ON_TIME), each.figure(Figure.SATISFIED)
        _, year_before = each.received_before
        rows.append(
            (
                text(each.name),
                count(each.received),
                growth(each.received, year_before),
                count(on_time.numerator),
                count(on_time.denominator),
                rate(on_time.numerator, on_time.denominator),
                count(satisfied.numerator),
                count(satisfied.denominator),
                rate(satisfied.numerator, satisfied.denominator),
            )
        )
        sentences.append(
            f"{each.name}转办{each.received:,}件，{_than(each.received, year_before, '上年同期')}；"
            f"到期应办{on_time.denominator:,}件，按时办结{on_time.numerator:,}件，"
            f"按时办结率{rate(on_time.numerator, on_time.denominator).text}；"
            f"评价{satisfied.denominator:,}件，满意{satisfied.numerator:,}件，"
            f"满意率{rate(satisfied.numerator, satisfied.denominator).text}。"
        )
    table = Table(
        name="上级转办工单",
        columns=("来源", "受理量", "同比", "按时办结", "到期应办", "按时办结率", "满意", "评价", "满意率"),
        widths=(16, 10, 10, 10, 10, 12, 10, 10, 12),
        rows=tuple(rows),
    )
    return Section(heading="上级转办工单", sentences=tuple(sentences), tables=(table,))


def composition(facts: Facts) -> Section:
    """What was received, by kind and by channel."""
    whole = facts.all.received

    def table(name: str, found: Sequence[Beside]) -> Table:
        rows = tuple(
            (text(each.name), count(each.received), rate(each.received, whole), *_grown(each)) for each in found
        )
        return Table(name=name, columns=(name, "受理量", "占比", "环比", "同比"), widths=(4, 3, 3, 3, 3), rows=rows)

    tables = (table("诉求类型", facts.kinds), table("受理渠道", facts.channels))
    return Section(heading="诉求构成", tables=tables)


def categories(facts: Facts) -> Section:
    """Those that grew most since the period before, by how many more there are."""

    def more(each: Beside) -> int:
        return each.received - each.received_before[0]

    grown = [each for each in facts.categories if each.received >= SMALLEST_GROWN and more(each) > 0]
    grown.sort(key=lambda each: (-more(each), each.name))
    rows = tuple(
        (text(each.name), count(each.received), count(each.received_before[0]), count(more(each)), *_grown(each))
        for each in grown[:MOST_GROWN]
    )
    if not rows:
        return Section(heading="增长较多的诉求", sentences=("本期无明显增长的诉求分类。",))
    table = Table(
        name="增长较多的诉求",
        columns=("诉求分类", "受理量", "上期", "增加", "环比", "同比"),
        widths=(8, 3, 3, 3, 3, 3),
        rows=rows,
        note=f"按比上期增加的件数排列，列前{MOST_GROWN}类；本期不足{SMALLEST_GROWN}件的不列。",
    )
    chart = Chart(name="增长较多的诉求（比上期增加件数）", kind=ChartKind.BARS, table=table.name, labels=0, values=(3,))
    first = grown[0]
    sentence = f"增长最多的是{first.name}，受理{first.received:,}件，比上期增加{more(first):,}件。"
    return Section(heading="增长较多的诉求", sentences=(sentence,), tables=(table,), charts=(chart,))


def places(facts: Facts) -> Section:
    """Where most is complained of."""
    hot = sorted((each for each in facts.places if each.received), key=lambda each: (-each.received, each.name))
    whole = facts.all.received
    rows = tuple(
        (text(each.name), count(each.received), rate(each.received, whole), *_grown(each)) for each in hot[:MOST_LISTED]
    )
    table = Table(
        name="热点地区",
        columns=("地区", "受理量", "占比", "环比", "同比"),
        widths=(8, 3, 3, 3, 3),
        rows=rows,
        note=f"列受理量前{MOST_LISTED}位。",
    )
    return Section(heading="热点地区", tables=(table,))


def praise(facts: Facts) -> Section:
    """Units whom citizens were most content with: by how many answers of the best grade."""

    def best(each: Beside) -> int:
        return sum(each.now.counts.get(counter(Family.RATING, outcome), 0) for outcome in ANSWERED_BEST)

    praised = sorted((each for each in facts.units if best(each)), key=lambda each: (-best(each), each.name))
    if not praised:
        return Section(heading="群众好评", sentences=("本期无评价为“非常满意”的工单。",))
    rows = tuple(
        (
            text(each.name),
            count(best(each)),
            count(each.figure(Figure.SATISFIED).denominator),
            rate(best(each), each.figure(Figure.SATISFIED).denominator),
        )
        for each in praised[:MOST_LISTED]
    )
    table = Table(
        name="群众好评",
        columns=("单位", "非常满意", "评价", "非常满意率"),
        widths=(8, 3, 3, 3),
        rows=rows,
        note=f"按评价为“非常满意”的件数排列，列前{MOST_LISTED}位。",
    )
    sentence = f"本期评价为“非常满意”的工单共{best(facts.all):,}件。"
    return Section(heading="群众好评", sentences=(sentence,), tables=(table,))


def _main(facts: Facts) -> Iterator[str]:
    whole = facts.all
    previous, year_before = whole.received_before
    yield (
        f"{facts.period.name}，{facts.scope}受理工单{whole.received:,}件，"
        f"{_than(whole.received, previous, '上期')}，{_than(whole.received, year_before, '上年同期')}。"
    )
    told: list[str] = []
    for figure in (Figure.COMPLETED, Figure.ON_TIME, Figure.EXTENDED, Figure.SOLVED, Figure.SATISFIED):
        found = whole.figure(figure)
        if found.denominator:
            share = rate(found.numerator, found.denominator).text
            told.append(f"{DEFINITIONS[figure].name}{share}（{found.numerator:,}/{found.denominator:,}）")
    if told:
        yield f"{'，'.join(told)}。"
    times = whole.handling
    if times.orders:
        yield (
            f"办结工单{times.orders:,}件，从受理到办结的时长中位数为{times.median_hours}小时，"
            f"九成工单在{times.p90_hours}小时内办结。"
        )


def _compared(each: Beside, figure: Figure) -> tuple[Cell, ...]:
    now, previous, year = (row.figure(figure) for row in (each.now, each.previous, each.year_before))
    return (
        text(DEFINITIONS[figure].name),
        count(None if now.is_count else now.numerator),
        count(now.denominator),
        _value(now),
        _value(previous),
        change(now, previous),
        _value(year),
        change(now, year),
    )


def _value(found: Measured) -> Cell:
    return count(found.denominator) if found.is_count else rate(found.numerator, found.denominator)


def _rates(each: Beside, *figures: Figure) -> Iterator[Cell]:
    """Each rate, and its change on the period before."""
    for figure in figures:
        now = each.figure(figure)
        yield _value(now)
        yield change(now, each.previous.figure(figure))


def _grown(each: Beside) -> tuple[Cell, Cell]:
    """What was received, against the period before and the year before."""
    previous, year_before = each.received_before
    return growth(each.received, previous), growth(each.received, year_before)


def _than(now: int, before: int, than: str) -> str:
    """In words, by how much more or less there is."""
    if not before:
        return f"{than}无可比基数"
    if now == before:
        return f"与{than}持平"
    return f"比{than}{'上升' if now > before else '下降'}{growth(now, before).text.lstrip('+-')}"
