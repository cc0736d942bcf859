"""Appeals and exclusions: who may ask until when, what a decision does and leaves alone, and who is told of it."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import DomainError, NotAllowed, NotFound
from foundation.idempotency import Once
from foundation.paging import PageRequest, cursor_of
from identity.actors import Actor
from tests.workorders.lifecycle.builders import MOMENT, WorkOrder, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import (
    CALLER,
    CITIZEN,
    COMPLAINT,
    DEVICE,
    DISPATCHER,
    HEATING_HEAD,
    LEADER,
    OPERATOR,
    POLICE,
    SUPERVISOR,
    WATER,
    WATER_HEAD,
    Town,
    clerk_of,
    head_of,
)
from tests.workorders.supervision.crossing import exclusion_consumer, notices
from tests.workorders.supervision.merged import all_said, settled, told
from workorders.deadlines.clocks import limit_end
from workorders.deadlines.values import Limit, LimitUnit
from workorders.lifecycle.documents import OrderDocument, UnitTask
from workorders.lifecycle.errors import WrongState
from workorders.lifecycle.errors_beside import (
    AlreadyExcluded,
    AppealOver,
    AppealPending,
    AppealsUsedUp,
    AppealWindowOver,
    NoSuchAppeal,
    NotExcluded,
)
from workorders.lifecycle.policy.exclusion import MOST_OF_A_UNIT
from workorders.lifecycle.repository import OrderFilter
from workorders.lifecycle.states import AppealState, ExclusionGround, Status
from workorders.lifecycle.values import Order
from workorders.supervision import excluding
from workorders.supervision.repository import SupervisionRepository

SIGNED = a_work_order().dispatched_to("water", "heating").signed()
CLOSED = SIGNED.replied(not_waiting_because="另复").approved().accepted().called_back().closed()
GROUND = ExclusionGround.FORCE_MAJEURE
FIRST = PageRequest()


def states(order: Order) -> list[tuple[str, AppealState]]:
    return [(appeal.unit, appeal.state) for appeal in order.appeals]


async def appealed(town: Town, id: str, unit: str = "water") -> OrderDocument:
    return await excluding.file_appeal(town.office, head_of(unit), id, ground=GROUND, reason="台风期间道路中断。")


# What it leaves alone


def road(order: Order) -> Order:
    """The order as far as its road goes."""
    beside = {"appeals": (), "exclusion": None, "version": 0, "changed_at": order.received_at}
    return order.model_copy(update=beside)


@pytest.mark.parametrize("made", [a_work_order(), SIGNED, SIGNED.suspended(days=2), SIGNED.merged(), CLOSED])
async def test_an_exclusion_moves_nothing_on_the_orders_road(town: Town, made: WorkOrder) -> None:
    before = await made.made_in(town)
    await excluding.exclude(town.office, SUPERVISOR, before.id, ground=GROUND, reason="台风期间道路中断。")
    excluded = await check(town, before.id)
    assert excluded.exclusion is not None
    assert (excluded.exclusion.ground, excluded.exclusion.by, excluded.exclusion.appeal) == (
        GROUND,
        SUPERVISOR.id,
        None,
    )
    await excluding.readmit(town.office, SUPERVISOR, before.id, reason="剔除有误。")
    readmitted = await check(town, before.id)
    assert readmitted.exclusion is None
    assert road(excluded) == road(readmitted) == road(before.order)


async def test_an_excluded_order_goes_on_and_stays_excluded_whatever_becomes_of_it(town: Town) -> None:
    for goes_on in (
        SIGNED.excluded().withdrawn(),
        SIGNED.excluded().returned().rejected(),
        SIGNED.excluded().replied(not_waiting_because="另复").approved().accepted().called_back().closed(),
        SIGNED.excluded().replied(not_waiting_because="另复").approved().accepted().called_back(grade=5).redone(),
        SIGNED.excluded().overdue().later(days=3),
    ):
        order = await check(town, (await goes_on.made_in(town)).id)
        assert order.exclusion is not None


async def test_children_of_an_excluded_main_order_stay_merged_and_count_by_themselves(town: Town) -> None:
    main = await a_work_order().with_a_child().dispatched_to("water").signed().excluded().made_in(town)
    (child,) = main.order.children
    assert (await check(town, child)).exclusion is None
    assert (await order_of(town, child)).muted
    accepted = WorkOrder().replied().approved().accepted()
    for step in accepted.steps:
        await step(town, await order_of(town, main.id))
    await settled(town)
    followed = await check(town, child)
    assert (followed.status, followed.exclusion) == (Status.CALLBACK, None)
    assert (await check(town, main.id)).exclusion is not None


# Appeals


async def test_a_unit_appeals_and_an_upheld_appeal_excludes_the_order_in_one_action(town: Town) -> None:
    made = await SIGNED.appealed().made_in(town)
    (appeal,) = made.order.appeals
    assert (appeal.unit, appeal.ground, appeal.filed_by, appeal.pending) == ("water", GROUND, WATER_HEAD.id, True)
    after = await excluding.decide_appeal(
        town.office, SUPERVISOR, made.id, appeal=appeal.id, upheld=True, reason="属实。"
    )
    assert after.version == made.version + 1
    assert after.order.exclusion is not None
    assert (after.order.exclusion.ground, after.order.exclusion.appeal) == (GROUND, appeal.id)
    assert states(after.order) == [("water", AppealState.UPHELD)]
    await check(town, made.id)


async def test_a_rejected_appeal_excludes_nothing_and_the_unit_may_appeal_again(town: Town) -> None:
    order = await check(town, (await SIGNED.appealed().appeal_decided(upheld=False).appealed().made_in(town)).id)
    assert order.exclusion is None
    assert states(order) == [("water", AppealState.REJECTED), ("water", AppealState.PENDING)]


async def test_with_the_exclusion_whatever_other_units_asked_for_is_granted(town: Town) -> None:
    both = SIGNED.appealed("water").appealed("heating")
    for decided in (both.appeal_decided(), both.excluded()):
        order = await check(town, (await decided.made_in(town)).id)
        assert states(order) == [("water", AppealState.UPHELD), ("heating", AppealState.UPHELD)]
    order = await check(town, (await both.appeal_decided(upheld=False).made_in(town)).id)
    assert states(order) == [("water", AppealState.PENDING), ("heating", AppealState.REJECTED)]


async def test_one_pending_appeal_per_unit_and_a_few_over_its_life(town: Town) -> None:
    made = await SIGNED.appealed().made_in(town)
    with pytest.raises(AppealPending):
        await appealed(town, made.id)
    await appealed(town, made.id, "heating")
    for _ in range(MOST_OF_A_UNIT - 1):
        last = (await order_of(town, made.id)).appeals
        own = next(appeal.id for appeal in last if appeal.unit == "water" and appeal.pending)
        await excluding.withdraw_appeal(town.office, WATER_HEAD, made.id, appeal=own)
        await appealed(town, made.id)
    own = (await order_of(town, made.id)).appeals[-1].id
    await excluding.withdraw_appeal(town.office, WATER_HEAD, made.id, appeal=own)
    with pytest.raises(AppealsUsedUp):
        await appealed(town, made.id)
    await check(town, made.id)


async def test_only_a_unit_that_has_or_had_the_order_itself_appeals(town: Town) -> None:
    returned = await SIGNED.returned().dispatched_to("police").made_in(town)
    for unit in ("water", "heating", "police"):
        await appealed(town, returned.id, unit)
    with pytest.raises(NotAllowed):
        await appealed(town, returned.id, "city")  # it sees what lies below
    with pytest.raises(NotFound):
        await appealed(town, returned.id, "water-east")
    handed_on = await SIGNED.with_its_unit_abolished("water", "police").handed_to("police").made_in(town)
    with pytest.raises(NotAllowed):
        await appealed(town, handed_on.id)
    await appealed(town, handed_on.id, "police")


async def test_the_heir_of_a_unit_withdraws_its_appeal_and_no_other(town: Town) -> None:
    made = await (
        SIGNED.appealed().with_its_unit_abolished("water", "police").handed_to("police").appealed("heating")
    ).made_in(town)
    water, heating = (appeal.id for appeal in made.order.appeals)
    with pytest.raises(NotAllowed):
        await excluding.withdraw_appeal(town.office, head_of("police"), made.id, appeal=heating)
    after = await excluding.withdraw_appeal(town.office, head_of("police"), made.id, appeal=water)
    assert states(after.order) == [("water", AppealState.WITHDRAWN), ("heating", AppealState.PENDING)]


async def test_until_the_window_after_closing_is_over(town: Town) -> None:
    before = await a_work_order().made_in(town)
    with pytest.raises(NotFound):
        await appealed(town, before.id)
    for window in (None, Limit(unit=LimitUnit.CALENDAR_DAYS, amount=2)):
        if window is not None:
            town.rules = town.rules.model_copy(update={"appeal_window": window})
        early, late = [await CLOSED.made_in(town) for _ in range(2)]
        assert late.order.closed_at is not None
        calendar = (await town.current()).calendar
        over = limit_end(calendar, town.rules.appeal_window, late.order.closed_at)
        if window is None:
            assert over == calendar.add_days(late.order.closed_at, 5)
        town.clock.set(over)
        await appealed(town, early.id)
        town.clock.set(over + MOMENT)
        with pytest.raises(AppealWindowOver):
            await appealed(town, late.id)
        # What was filed in time is decided whenever; and the supervisor needs no appeal.
        town.clock.advance(timedelta(days=90))
        appeal = f"{early.id}:p1"
        await excluding.decide_appeal(town.office, SUPERVISOR, early.id, appeal=appeal, upheld=True, reason="属实。")
        await excluding.exclude(town.office, SUPERVISOR, late.id, ground=GROUND, reason="属实。")
        for each in (early, late):
            assert (await check(town, each.id)).exclusion is not None


async def test_what_is_withdrawn_or_rejected_is_in_no_rate_and_its_appeals_lapse(town: Town) -> None:
    for ended in (SIGNED.appealed().withdrawn(), SIGNED.appealed().returned().rejected()):
        made = await ended.made_in(town)
        assert states(await check(town, made.id)) == [("water", AppealState.LAPSED)]
        with pytest.raises(WrongState):
            await appealed(town, made.id)
        with pytest.raises(WrongState):
            await excluding.exclude(town.office, SUPERVISOR, made.id, ground=GROUND, reason="属实。")
    closed = SIGNED.appealed().replied(not_waiting_because="另复").approved().accepted().called_back().closed()
    assert states(await check(town, (await closed.made_in(town)).id)) == [("water", AppealState.PENDING)]


async def test_what_is_not_so_is_refused_in_words(town: Town) -> None:
    excluded = await SIGNED.appealed().appeal_decided().made_in(town)
    plain = await SIGNED.appealed().appeal_withdrawn().made_in(town)
    office = town.office

    def decided(id: str, appeal: str, who: Actor = SUPERVISOR) -> Awaitable[OrderDocument]:
        return excluding.decide_appeal(office, who, id, appeal=appeal, upheld=True, reason="属实。")

    for refused, attempt in (
        (AlreadyExcluded, appealed(town, excluded.id)),
        (AlreadyExcluded, excluding.exclude(office, SUPERVISOR, excluded.id, ground=GROUND, reason="属实。")),
        (AppealOver, decided(excluded.id, f"{excluded.id}:p1")),
        (AppealOver, excluding.withdraw_appeal(office, WATER_HEAD, excluded.id, appeal=f"{excluded.id}:p1")),
        (AppealOver, decided(plain.id, f"{plain.id}:p1")),
        (NoSuchAppeal, decided(plain.id, f"{plain.id}:p2")),
        (NoSuchAppeal, decided(plain.id, f"{excluded.id}:p1")),
        (NotExcluded, excluding.readmit(office, SUPERVISOR, plain.id, reason="有误。")),
    ):
        with pytest.raises(refused) as told_so:
            await attempt
        assert told_so.value.message.endswith("。")
    own = await SIGNED.appealed().made_in(town)
    with pytest.raises(NotAllowed):
        await decided(own.id, f"{own.id}:p1", replace(SUPERVISOR, id=WATER_HEAD.id))


@pytest.mark.parametrize("bad", ["", " ", "\x00", "长" * 2_001])
async def test_a_reason_that_says_nothing_is_refused(town: Town, bad: str) -> None:
    made, office = await SIGNED.appealed().made_in(town), town.office
    for attempt in (
        excluding.file_appeal(office, HEATING_HEAD, made.id, ground=GROUND, reason=bad),
        excluding.decide_appeal(office, SUPERVISOR, made.id, appeal=f"{made.id}:p1", upheld=True, reason=bad),
        excluding.exclude(office, SUPERVISOR, made.id, ground=GROUND, reason=bad),
        excluding.readmit(office, SUPERVISOR, made.id, reason=bad),
    ):
        with pytest.raises(DomainError) as refused:
            await attempt
        assert refused.value.fields


async def test_an_appeal_that_is_sent_again_under_its_key_is_filed_once(town: Town) -> None:
    made = await SIGNED.made_in(town)
    once = Once.of(WATER_HEAD.id, "k", "file_appeal", {})
    for _ in range(2):
        after = await excluding.file_appeal(
            town.office, WATER_HEAD, made.id, ground=GROUND, reason="台风期间道路中断。", once=once
        )
        assert (after.version, states(after.order)) == (made.version + 1, [("water", AppealState.PENDING)])
    await check(town, made.id)


# What is read


async def test_the_timeline_tells_staff_and_not_the_citizen(town: Town) -> None:
    made = await SIGNED.appealed().appeal_decided(upheld=False).appealed().appeal_withdrawn().made_in(town)
    await excluding.exclude(town.office, SUPERVISOR, made.id, ground=GROUND, reason="台风期间道路中断。")
    await excluding.readmit(town.office, SUPERVISOR, made.id, reason="剔除有误。")
    assert [entry.words for entry in (await told(town, made.id, SUPERVISOR))[-6:]] == [
        "市水务局申诉：请求剔除，不可抗力。",
        "审核申诉：市水务局的申诉不成立，照常计入考核。",
        "市水务局申诉：请求剔除，不可抗力。",
        "市水务局撤回申诉。",
        "剔除：不可抗力，不计入考核。",
        "恢复计入。",
    ]
    upheld = await SIGNED.appealed().appeal_decided().made_in(town)
    assert (await told(town, upheld.id, LEADER))[-1].words == "审核申诉：市水务局的申诉成立，工单剔除，不计入考核。"
    for_citizen = await told(town, made.id, CITIZEN)
    for word in ("申诉", "剔除", "考核"):
        assert word not in all_said(for_citizen)
    before = await told(town, (await SIGNED.made_in(town)).id, CITIZEN)
    assert [entry.action for entry in for_citizen] == [entry.action for entry in before]


async def test_what_a_unit_appealed_with_other_units_do_not_read(town: Town) -> None:
    made = await SIGNED.appealed().appeal_decided().made_in(town)
    for reader, reads in (
        *((reader, True) for reader in (SUPERVISOR, LEADER, OPERATOR, WATER, WATER_HEAD, head_of("city"))),
        *((reader, False) for reader in (HEATING_HEAD, clerk_of("heating"))),
    ):
        entries = await told(town, made.id, reader)
        texts = [dict(entry.texts) for entry in entries[-2:]]
        assert texts == ([{"reason": "台风期间道路中断。"}, {"reason": "已核实。"}] if reads else [{}, {}]), reader
        assert "申诉成立" in entries[-1].words
    directly = await SIGNED.excluded().made_in(town)
    assert (await told(town, directly.id, HEATING_HEAD))[-1].texts == {"reason": "历史遗留问题。"}


async def test_a_reason_does_not_tell_a_unit_who_a_confidential_reporter_is(town: Town) -> None:
    made = await a_work_order().confidential().dispatched_to("water").signed().made_in(town)
    said = f"{COMPLAINT.name}（{COMPLAINT.phone}）反复来电。"
    await excluding.exclude(town.office, SUPERVISOR, made.id, ground=ExclusionGround.VEXATIOUS, reason=said)
    assert (await told(town, made.id, SUPERVISOR))[-1].texts == {"reason": said}
    for reader in (WATER, WATER_HEAD, LEADER):
        (text,) = (await told(town, made.id, reader))[-1].texts.values()
        assert "来电" in text
        assert COMPLAINT.name is not None
        assert COMPLAINT.phone is not None
        assert COMPLAINT.name not in text
        assert COMPLAINT.phone not in text


async def test_appeals_are_listed_by_how_long_they_wait_and_by_unit(town: Town) -> None:
    lists, named = SupervisionRepository(town.database), {}
    for name, made in {
        "second": SIGNED.later(hours=2).appealed(),
        "first": SIGNED.appealed(),
        "heating's": SIGNED.later(hours=3).appealed("heating"),
        "east's": SIGNED.delegated_to("water-east").later(hours=4).appealed("water-east"),
        "upheld": SIGNED.later(hours=5).appealed().appeal_decided(),
        "withdrawn": SIGNED.later(hours=6).appealed().appeal_withdrawn(),
        "plain": SIGNED,
        "excluded": SIGNED.excluded(),
    }.items():
        named[(await made.made_in(town)).id] = name

    async def listed(unit: str | None = None, *, pending: bool = True) -> list[str]:
        seen, after = [], None
        while True:
            request = PageRequest(2, after)
            page = await lists.appeals(SUPERVISOR, request, town.clock.now(), unit=unit, pending=pending)
            seen += [named[row.order] for row in page.items]
            if not page.has_next:
                return seen
            after = cursor_of(page.keys[-1])

    assert await listed() == ["first", "second", "heating's", "east's"]
    assert await listed(pending=False) == ["withdrawn", "upheld"]
    assert await listed("water") == ["first", "second", "east's"]
    assert await listed("water-east") == ["east's"]
    assert await listed("city") == await listed()
    assert await listed("heating", pending=False) == []

    async def readable(actor: Actor, unit: str | None) -> bool:
        try:
            await lists.appeals(actor, FIRST, town.clock.now(), unit=unit)
        except NotAllowed:
            return False
        return True

    everybody = (SUPERVISOR, LEADER, DISPATCHER, CALLER, WATER, WATER_HEAD, HEATING_HEAD, POLICE, CITIZEN, DEVICE)
    assert [actor for actor in everybody if await readable(actor, None)] == [SUPERVISOR, LEADER]
    own = [SUPERVISOR, LEADER, DISPATCHER, CALLER, WATER, WATER_HEAD]
    assert [actor for actor in everybody if await readable(actor, "water")] == own


async def test_lists_and_desks_tell_the_excluded_apart(town: Town) -> None:
    excluded, plain = await SIGNED.excluded().made_in(town), await SIGNED.made_in(town)
    readmitted = await SIGNED.excluded().readmitted().made_in(town)
    orders, now = town.office.orders, town.clock.now()
    for asked, expected in (
        (True, {excluded.id}),
        (False, {plain.id, readmitted.id}),
        (None, {excluded.id, plain.id, readmitted.id}),
    ):
        found = await orders.search(OPERATOR, OrderFilter(excluded=asked), FIRST, now)
        assert {each.id for each in found.items} == expected
        desk = await orders.desk(OPERATOR, Status.IN_PROGRESS, FIRST, now, excluded=asked)
        assert {each.id for each in desk.items} == expected
        at_unit = await orders.unit_desk(WATER_HEAD, "water", UnitTask.HANDLE, FIRST, now, excluded=asked)
        assert {each.order for each in at_unit.items} == expected


# Who is told


async def told_of(town: Town) -> list[tuple[str, str]]:
    return [(notice.recipient, notice.title) for notice in await notices(town.database)]


async def test_supervisors_are_told_of_appeals_and_units_of_what_was_decided(town: Town) -> None:
    consumer = exclusion_consumer(town)
    for made, expected in (
        (SIGNED.appealed(), [("staff:supervisor", "工单{}有申诉待审核")]),
        (SIGNED.appealed().appeal_withdrawn(), []),
        (SIGNED.appealed().appeal_decided(upheld=False), [("staff:water-head", "工单{}的申诉不成立")]),
        (SIGNED.appealed().appeal_decided(), [("staff:water-head", "工单{}已剔除")]),
        (SIGNED.excluded(), [("staff:water-head", "工单{}已剔除")]),
        (
            SIGNED.excluded().readmitted(),
            [("staff:water-head", "工单{}已剔除"), ("staff:water-head", "工单{}恢复计入考核")],
        ),
    ):
        document = await made.made_in(town)
        seen = await told_of(town)
        while await consumer.sweep(town.clock.now()):
            pass
        news = [each for each in await told_of(town) if each not in seen]
        assert sorted(news) == sorted((who, title.format(document.order.number)) for who, title in expected)
    for notice in await notices(town.database):
        for secret in (COMPLAINT.name, COMPLAINT.phone, COMPLAINT.title, "道路中断", "已核实"):
            assert secret is not None
            assert secret not in notice.model_dump_json()


async def test_the_heir_is_told_what_became_of_an_abolished_units_appeal(town: Town) -> None:
    heating = SIGNED.appealed("heating").with_its_unit_abolished("heating", "water").appeal_decided(upheld=False)
    document = await heating.made_in(town)
    consumer = exclusion_consumer(town)
    while await consumer.sweep(town.clock.now()):
        pass
    assert ("staff:water-head", f"工单{document.order.number}的申诉不成立") in await told_of(town)
