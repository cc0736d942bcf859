"""Random lives: whatever people do, the figures are what the events say, counted in two independent ways.

`ZHENGTONG_WALKS` sets how many walks are taken.
"""

from datetime import date

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.workorders.lifecycle.test_walk import LONGEST, WALKS, Walk
from tests.workorders.lifecycle.town import UNITS
from tests.workorders.statistics.bureau import Bureau
from tests.workorders.statistics.recount import recount, stories
from workorders.statistics.definitions import Figure
from workorders.statistics.tallying import Dimension
from workorders.statistics.windows import Window

LONG = Window(date(2026, 1, 1), date(2028, 12, 31))
FIGURES = [figure.value for figure in Figure]


@settings(
    max_examples=WALKS,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
async def test_whatever_happens_the_figures_are_what_the_events_say(bureau: Bureau, data: st.DataObject) -> None:
    await bureau.forget()
    walk = Walk(bureau.town, data)
    document = await walk.start()
    for _ in range(data.draw(st.sampled_from([LONGEST // 3, LONGEST]))):
        document = await (walk.step if data.draw(st.sampled_from([True, True, True, False])) else walk.wait)(document)
        if data.draw(st.integers(0, 5)) == 0:
            await bureau.project()
        if data.draw(st.integers(0, 9)) == 0:
            month = f"{bureau.town.clock.now():%Y-%m}"
            if not await bureau.locks(month):
                await bureau.lock(month)
    # The clock of the walk goes back now and then; nothing is counted before its time.
    bureau.town.clock.set(max(bureau.town.clock.now(), document.order.changed_at))
    await bureau.project()
    told = await stories(bureau.town.database)
    now = bureau.town.clock.now()
    table = await bureau.table(window=LONG, by=Dimension.UNIT)
    for unit in (None, *UNITS):
        row = table.periods[0].total if unit is None else table.periods[0].row(unit)
        kept = {f.value: (m.numerator, m.denominator, dict(m.left_out)) for f, m in row.figures.items()}
        expected = recount(told, now, unit)
        assert kept == expected.told(FIGURES), unit
        handling = row.handling
        assert (handling.orders, handling.median_hours, handling.p90_hours) == expected.handling(), unit
    assert (await bureau.check()).differences == []
