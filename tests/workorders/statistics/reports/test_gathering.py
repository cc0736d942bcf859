"""What a report tells of a town's orders, against what happened to them."""

from datetime import timedelta

from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import MONDAY, SUPERVISOR, WATER_HEAD
from tests.workorders.statistics.reports.desk import PROVINCE, Desk, cells, said
from workorders.deadlines.values import SupervisionLevel
from workorders.statistics.reports import jobs
from workorders.statistics.reports.gathering import MOST_LISTED
from workorders.supervision import supervising

DONE = a_work_order().dispatched_to("water").signed().contacted().replied().approved().accepted().called_back()


async def test_a_month_is_told_as_it_was(desk: Desk) -> None:
    town = desk.bureau.town
    await DONE.made_in(town)
    await DONE.called_back(grade=5, solved=False).made_in(town)
    await a_work_order().handed_down().dispatched_to("heating").signed().made_in(town)
    open_one = await a_work_order().confidential().dispatched_to("heating").signed().made_in(town)
    town.clock.set(MONDAY + timedelta(days=25))
    await desk.bureau.project()
    content = await desk.draft("2026-11")
    assert "2026年11月，全市受理工单4件" in said(content)
    assert f"{PROVINCE}转办1件，上年同期无可比基数；到期应办1件，按时办结0件" in said(content)
    headline = {row[0]: row[1:4] for row in cells(content, "主要指标")}
    assert headline["受理量"] == ["—", "4", "4"]
    assert headline["按时办结率"] == ["2", "4", "50.0%"]
    assert [row[:3] for row in cells(content, "各单位办理情况")] == [["1", "市水务局", "2"], ["2", "市供热办", "2"]]
    assert cells(content, "热点地区") == [["中心镇·东街", "4", "100.0%", "—", "—"]]
    late = cells(content, "逾期工单")
    assert len(late) == 2
    assert [open_one.order.number, "供水·管道漏水", "中心镇·东街", "市供热办", late[0][4], "逾期未办结"] in late
    received = [row for row in cells(content, "受理趋势") if row[1] != "0"]
    assert [row[:2] for row in received] == [["11月16日", "4"]]
    everything = content.model_dump_json()
    for personal in ("张三", "13800138000", "东街1号", "漏水，路面", "小区门口"):
        assert personal not in everything


async def test_a_head_is_told_of_the_own_subtree_alone(desk: Desk) -> None:
    town = desk.bureau.town
    await a_work_order().dispatched_to("water-east").signed().made_in(town)
    await a_work_order().dispatched_to("heating").signed().made_in(town)
    town.clock.set(MONDAY + timedelta(days=25))
    await desk.bureau.project()
    content = await desk.draft("2026-11", actor=WATER_HEAD)
    assert "2026年11月，市水务局受理工单1件" in said(content)
    assert "供热" not in content.model_dump_json()
    assert [row[1] for row in cells(content, "各单位办理情况")] == ["水务局东区所"]
    below = await desk.draft("2026-11", unit="water-east-2", actor=WATER_HEAD)
    assert "东区所二班本期无工单" in said(below)


async def test_a_period_that_runs_is_compared_with_as_many_days(desk: Desk) -> None:
    town = desk.bureau.town
    await a_work_order().made_in(town)
    await desk.bureau.project()
    content = await desk.draft("2026-11")
    assert len(cells(content, "受理趋势")) == 16
    assert any("之前同样天数" in note for note in content.notes)
    assert any("尚未结束" in note for note in content.notes)


async def test_supervised_orders_are_listed_with_how_they_stand(desk: Desk) -> None:
    town = desk.bureau.town
    document = await a_work_order().dispatched_to("water").signed().made_in(town)
    await supervising.supervise(
        town.office, SUPERVISOR, document.id, level=SupervisionLevel.KEY, reason="市民多次来电。"
    )
    await desk.bureau.project()
    (row,) = cells(await desk.draft("2026-11"), "督办工单")
    assert row == [
        document.order.number, "供水·管道漏水", "市水务局", "2026-11-16", "重点督办", "督办员督办", "督办中",
    ]  # fmt: skip


async def test_a_list_holds_its_first_and_says_how_many_there_are(desk: Desk) -> None:
    town = desk.bureau.town
    for _ in range(MOST_LISTED + 2):
        await a_work_order().dispatched_to("water").signed().made_in(town)
    town.clock.set(MONDAY + timedelta(days=25))
    await desk.bureau.project()
    content = await desk.draft("2026-11")
    assert len(cells(content, "逾期工单")) == MOST_LISTED
    assert f"逾期{MOST_LISTED + 2}件，列前{MOST_LISTED}件。" in said(content)


async def test_the_second_report_tells_what_was_corrected_since_the_first(desk: Desk) -> None:
    town = desk.bureau.town
    document = await a_work_order().dispatched_to("water").signed().made_in(town)
    town.clock.set(MONDAY + timedelta(days=16))
    first = await desk.issue("2026-11")
    assert not [section for section in first.sections if "更正" in section.heading]
    await a_work_order().withdrawn().steps[0](town, document.order)
    await desk.bureau.project()
    town.clock.set(MONDAY + timedelta(days=47))
    second = await desk.issue("2026-12")
    (listed,) = cells(second, "更正明细")
    assert listed[:3] == ["2026-12-02", "2026-11", document.order.number]
    assert "签收及时率-1/-1" in listed[3]
    assert ["2026-11", "签收及时率", "1", "1", "100.0%", "0", "0", "—"] in cells(second, "更正后的指标")
    town.clock.set(MONDAY + timedelta(days=48))
    third = await desk.issue("2026-Q4")
    assert "已印发月份的指标没有更正" in said(third)
    assert "受理工单1件" in said(third)
    assert (await desk.bureau.check()).differences == []


async def test_a_quarter_locks_what_no_month_locked_before(desk: Desk) -> None:
    town = desk.bureau.town
    town.clock.set(MONDAY + timedelta(days=16))
    await desk.issue("2026-11")
    town.clock.set(MONDAY + timedelta(days=50))
    quarter = await jobs.issue(desk.reports, SUPERVISOR, period="2026-Q4")
    await desk.drain()
    locks = await desk.bureau.locks("2026-10", "2026-11", "2026-12")
    assert [locks[month].report == quarter.id for month in sorted(locks)] == [True, False, True]
