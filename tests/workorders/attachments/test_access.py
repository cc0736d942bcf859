"""Who sees which file: every reader × every file, and nothing else leaks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import NotAllowed, NotFound
from identity.actors import HOTLINE_ROLES, Actor, Role
from identity.documents import AuditEntry
from identity.errors import ReasonMissing
from tests.workorders.attachments.files import uploaded
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    COMPLAINT,
    DEVICE,
    DISPATCHER,
    EAST,
    HEATING,
    LEADER,
    OPERATOR,
    REVIEWER,
    STRANGER,
    SUPERVISOR,
    UPSTREAM,
    WATER,
    WATER_HEAD,
    Town,
)
from workorders.attachments import attaching
from workorders.attachments.access import RELEASERS
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.reading import RELEASED, download, of_order, release
from workorders.lifecycle import dispatching, handling, reviewing
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.values import Outcome, Reporter

OTHER_DEVICE = Actor(id="device:d2", roles=frozenset({Role.ANONYMOUS_DEVICE}))
ADMINISTRATOR = Actor(id="staff:admin", roles=frozenset({Role.ADMINISTRATOR}))
COUNTER = Actor(id="staff:counter", roles=frozenset({Role.COUNTER}))

READERS = {
    "citizen": CITIZEN,
    "device": DEVICE,
    "stranger": STRANGER,
    "other device": OTHER_DEVICE,
    "operator": OPERATOR,
    "dispatcher": DISPATCHER,
    "chief": CHIEF,
    "reviewer": REVIEWER,
    "callback agent": CALLER,
    "supervisor": SUPERVISOR,
    "leader": LEADER,
    "unit": WATER,
    "unit head": WATER_HEAD,
    "unit below": EAST,
    "other unit": HEATING,
    "platform": UPSTREAM,
    "administrator": ADMINISTRATOR,
    "counter": COUNTER,
}
HOTLINE = {"operator", "dispatcher", "chief", "reviewer", "callback agent", "supervisor"}
UNIT = {"unit", "unit head"}


async def reported(desk: AttachmentDesk, reporter: Reporter) -> tuple[OrderDocument, Actor, str]:
    """An order with a photo of its reporter's, dispatched to the waterworks."""
    actor = DEVICE if reporter is Reporter.ANONYMOUS else CITIZEN
    photo = await uploaded(desk, actor)
    report = replace(COMPLAINT, reporter=reporter, attachments=(photo,))
    if reporter is Reporter.ANONYMOUS:
        report = replace(report, name=None, phone=None)
    order = await attaching.take_in(desk, actor, report)
    return await dispatching.dispatch(desk.office, DISPATCHER, order.id, lead="water"), actor, photo


async def replied(desk: AttachmentDesk, order: str) -> tuple[str, str]:
    """A reply with a photo for the citizen and a note for the city."""
    public, note = await uploaded(desk, WATER), await uploaded(desk, WATER, "form.pdf")
    await attaching.submit_reply(
        desk,
        WATER,
        order,
        outcome=Outcome.SOLVED,
        answer="已修复。",
        attachments=[public],
        internal_attachments=[note],
    )
    return public, note


async def readers_of(desk: AttachmentDesk, order: str, file: str) -> set[str]:
    """Who may download the file; whoever may also finds it on the order, whoever may not does not."""
    can: set[str] = set()
    document = await desk.office.orders.by_id(order)
    assert document is not None
    for name, actor in READERS.items():
        listed = file in {f.id for f in await of_order(desk, actor, document)}
        try:
            await download(desk, actor, file)
        except NotFound as error:
            assert str(error) == NotFound.text
            assert not listed
        else:
            assert listed
            can.add(name)
    return can


async def test_an_open_citizens_photo(desk: AttachmentDesk) -> None:
    order, _, photo = await reported(desk, Reporter.OPEN)
    assert await readers_of(desk, order.id, photo) == HOTLINE | UNIT | {"citizen", "leader"}


@pytest.mark.parametrize(("reporter", "owner"), [(Reporter.CONFIDENTIAL, "citizen"), (Reporter.ANONYMOUS, "device")])
async def test_a_hidden_reporters_photo_is_the_hotlines_until_it_releases_it(
    desk: AttachmentDesk, reporter: Reporter, owner: str
) -> None:
    order, _, photo = await reported(desk, reporter)
    assert await readers_of(desk, order.id, photo) == HOTLINE | {owner}
    released = await release(desk, DISPATCHER, photo, reason="照片只有路面，没有人。")
    assert released.released
    assert await readers_of(desk, order.id, photo) == HOTLINE | UNIT | {owner, "leader"}


async def test_what_an_operator_took_for_a_confidential_caller_is_hidden_too(desk: AttachmentDesk) -> None:
    voice = await uploaded(desk, OPERATOR, "speech.amr")
    report = replace(
        COMPLAINT, channel="phone", reporter=Reporter.CONFIDENTIAL, reporter_id=CITIZEN.id, attachments=(voice,)
    )
    order = await attaching.take_in(desk, OPERATOR, report)
    await dispatching.dispatch(desk.office, DISPATCHER, order.id, lead="water")
    more = await uploaded(desk, OPERATOR)
    await attaching.supplement(desk, OPERATOR, order.id, text="来电补充。", attachments=[more])
    for file in (voice, more):
        assert await readers_of(desk, order.id, file) == HOTLINE | {"citizen"}


async def test_a_reply_reaches_the_citizen_when_it_is_accepted_and_its_note_never(
    town: Town, desk: AttachmentDesk
) -> None:
    order, _, _ = await reported(desk, Reporter.OPEN)
    await handling.sign(desk.office, WATER, order.id)
    public, note = await replied(desk, order.id)
    city = HOTLINE | UNIT | {"leader"}
    assert await readers_of(desk, order.id, public) == city
    town.clock.advance(timedelta(hours=1))
    await handling.approve(desk.office, WATER_HEAD, order.id)
    assert await readers_of(desk, order.id, public) == city
    town.clock.advance(timedelta(hours=1))
    await reviewing.accept(desk.office, REVIEWER, order.id)
    assert await readers_of(desk, order.id, public) == city | {"citizen"}
    assert await readers_of(desk, order.id, note) == city


async def test_a_platform_above_sees_what_it_sent_and_the_reply_that_was_accepted(
    town: Town, desk: AttachmentDesk
) -> None:
    photo = await uploaded(desk, UPSTREAM)
    handed_down = a_work_order().handed_down().report
    order = await attaching.take_in(desk, UPSTREAM, replace(handed_down, attachments=(photo,)))
    await dispatching.dispatch(desk.office, DISPATCHER, order.id, lead="water")
    await handling.sign(desk.office, WATER, order.id)
    public, note = await replied(desk, order.id)
    city = HOTLINE | UNIT | {"leader"}
    assert await readers_of(desk, order.id, photo) == city | {"platform"}
    assert await readers_of(desk, order.id, public) == city
    await handling.approve(desk.office, WATER_HEAD, order.id)
    await reviewing.accept(desk.office, REVIEWER, order.id)
    assert await readers_of(desk, order.id, public) == city | {"platform"}
    assert await readers_of(desk, order.id, note) == city


async def test_a_reply_that_was_sent_back_never_reaches_the_citizen(town: Town, desk: AttachmentDesk) -> None:
    order, _, _ = await reported(desk, Reporter.CONFIDENTIAL)
    await handling.sign(desk.office, WATER, order.id)
    first, _ = await replied(desk, order.id)
    await handling.approve(desk.office, WATER_HEAD, order.id)
    await reviewing.send_back(desk.office, REVIEWER, order.id, reason="照片看不清楚。")
    town.clock.advance(timedelta(hours=1))
    second, note = await replied(desk, order.id)
    await handling.approve(desk.office, WATER_HEAD, order.id)
    await reviewing.accept(desk.office, REVIEWER, order.id)
    city = HOTLINE | UNIT | {"leader"}
    assert await readers_of(desk, order.id, second) == city | {"citizen"}
    assert await readers_of(desk, order.id, first) == city
    assert await readers_of(desk, order.id, note) == city


async def test_with_every_step_skipped_by_rule_the_citizen_sees_the_reply_at_once(
    town: Town, desk: AttachmentDesk
) -> None:
    town.switch(auto_sign=True, unit_review=False, hotline_review=False)
    order, _, _ = await reported(desk, Reporter.OPEN)
    public, note = await replied(desk, order.id)
    assert "citizen" in await readers_of(desk, order.id, public)
    assert "citizen" not in await readers_of(desk, order.id, note)


async def test_a_delegated_unit_sees_what_its_parent_sees(town: Town, desk: AttachmentDesk) -> None:
    order, _, photo = await reported(desk, Reporter.OPEN)
    await handling.sign(desk.office, WATER, order.id)
    assert "unit below" not in await readers_of(desk, order.id, photo)
    await handling.delegate(desk.office, WATER, order.id, to="water-east")
    assert "unit below" in await readers_of(desk, order.id, photo)


async def test_releasing_is_the_dispatchers_and_supervisors_with_a_reason_and_audited(desk: AttachmentDesk) -> None:
    _, _, photo = await reported(desk, Reporter.CONFIDENTIAL)
    for role in Role:
        actor = Actor(id="staff:any", roles=frozenset({role}), unit_id="water", unit_path=("city", "water"))
        if role in RELEASERS:
            with pytest.raises(ReasonMissing):
                await release(desk, actor, photo, reason=" ")
            continue
        expected = NotAllowed if role in HOTLINE_ROLES | {Role.SYSTEM} else NotFound
        with pytest.raises(expected):
            await release(desk, actor, photo, reason="没有这个权限。")
    assert await desk.database.collection(AuditEntry).count_documents({}) == 0

    for _ in range(2):
        await release(desk, SUPERVISOR, photo, reason="照片只有路面，没有人。")
    entries = await desk.database.collection(AuditEntry).find({}).to_list()
    assert [(e["action"], e["actor"], e["details"]["file"]) for e in entries] == [(RELEASED, SUPERVISOR.id, photo)]


async def test_an_unattached_file_cannot_be_released(desk: AttachmentDesk) -> None:
    own = await uploaded(desk, DISPATCHER)
    with pytest.raises(NotFound):
        await release(desk, DISPATCHER, own, reason="这个文件还没有提交。")


async def test_a_unit_that_an_order_left_still_sees_it_and_no_new_one_does(town: Town, desk: AttachmentDesk) -> None:
    document = await a_work_order().dispatched_to("heating").made_in(town)
    photo = await uploaded(desk, CITIZEN)
    await attaching.supplement(desk, CITIZEN, document.id, text="补充。", attachments=[photo])
    assert await readers_of(desk, document.id, photo) == HOTLINE | {"citizen", "leader", "other unit"}
