"""Orders that go through the use cases, and what the figures say of them."""

from datetime import timedelta

import pytest

from tests.workorders.lifecycle.builders import WorkOrder, a_work_order
from tests.workorders.statistics.bureau import Bureau
from workorders.statistics.definitions import Figure, Outcome
from workorders.statistics.tallying import Dimension

SIGNED = a_work_order().dispatched_to("water").signed()
REPLIED = SIGNED.contacted().replied().approved()
ACCEPTED = REPLIED.accepted()
REDONE = ACCEPTED.called_back(grade=5, solved=False, wants_redo=True).redone()

LIVES: dict[str, tuple[WorkOrder, dict[Figure, tuple[int, int]]]] = {
    "new": (a_work_order(), {Figure.RECEIVED: (1, 1), Figure.COMPLETED: (0, 1)}),
    "answered at once": (
        a_work_order().answered_at_once(),
        {Figure.COMPLETED: (1, 1), Figure.ANSWERED_AT_ONCE: (1, 1), Figure.CALLED_BACK: (0, 0)},
    ),
    "signed": (SIGNED, {Figure.SIGNED_ON_TIME: (1, 1), Figure.ON_TIME: (0, 0), Figure.RETURNED: (0, 1)}),
    "signed at the limit by rule": (
        a_work_order().dispatched_to("water").overdue().signed(),
        {Figure.SIGNED_ON_TIME: (0, 1)},
    ),
    "approved in time": (REPLIED, {Figure.ON_TIME: (1, 1), Figure.COMPLETED: (0, 1), Figure.CONTACTED_ON_TIME: (1, 1)}),
    "sent back by the hotline": (REPLIED.sent_back_by_the_hotline(), {Figure.ON_TIME: (0, 0)}),
    "still open past due": (SIGNED.overdue().later(days=1), {Figure.ON_TIME: (0, 1), Figure.EXTENDED: (0, 1)}),
    "approved at the last instant": (SIGNED.replied().at_the_limit().approved(), {Figure.COMPLETED: (0, 1)}),
    "approved late": (SIGNED.overdue().replied().approved(), {Figure.ON_TIME: (0, 1)}),
    "accepted": (ACCEPTED, {Figure.COMPLETED: (1, 1), Figure.CALLED_BACK: (0, 1), Figure.SATISFIED: (0, 0)}),
    "called back": (
        ACCEPTED.called_back(grade=4, solved=True).closed(),
        {Figure.CALLED_BACK: (1, 1), Figure.SOLVED: (1, 1), Figure.SATISFIED: (0, 1), Figure.REDONE: (0, 1)},
    ),
    "called back twice": (
        ACCEPTED.called_back(grade=4, solved=False).called_back(grade=2, solved=True).closed(),
        {Figure.CALLED_BACK: (1, 1), Figure.SOLVED: (1, 1), Figure.SATISFIED: (1, 1)},
    ),
    "unreached": (ACCEPTED.unreached(3).closed(), {Figure.CALLED_BACK: (1, 1), Figure.SATISFIED: (0, 0)}),
    "unreached twice so far": (ACCEPTED.unreached(2), {Figure.CALLED_BACK: (0, 1)}),
    "redone": (
        REDONE,
        {
            Figure.REDONE: (1, 1),
            Figure.SATISFIED: (0, 1),
            Figure.RETURNED: (0, 1),
            Figure.ON_TIME: (1, 1),
            Figure.COMPLETED: (1, 1),
            Figure.SIGNED_ON_TIME: (1, 1),
        },
    ),
    "redone, and good then": (
        REDONE.replied().approved().accepted().called_back(grade=1).closed(),
        {Figure.REDONE: (1, 1), Figure.SATISFIED: (1, 1), Figure.ON_TIME: (2, 2), Figure.CALLED_BACK: (1, 1)},
    ),
    "returned": (SIGNED.returned(), {Figure.RETURNED: (1, 1), Figure.ON_TIME: (0, 0), Figure.SIGNED_ON_TIME: (1, 1)}),
    "returned unsigned": (
        a_work_order().dispatched_to("water").returned(),
        {Figure.RETURNED: (1, 1), Figure.SIGNED_ON_TIME: (0, 0)},
    ),
    "extended": (SIGNED.extended(days=2).overdue(), {Figure.EXTENDED: (1, 1), Figure.ON_TIME: (0, 1)}),
    "extended and in time": (
        SIGNED.extended(days=2).replied().approved(),
        {Figure.EXTENDED: (1, 1), Figure.ON_TIME: (1, 1)},
    ),
    "suspended": (SIGNED.suspended(days=2), {Figure.ON_TIME: (0, 0)}),
    "with a co unit": (
        a_work_order().dispatched_to("water", "heating").signed().co_signed_by("heating"),
        {Figure.SIGNED_ON_TIME: (2, 2), Figure.RETURNED: (0, 1)},
    ),
    "handed to a successor": (
        SIGNED.with_its_unit_abolished().handed_to("heating"),
        {Figure.SIGNED_ON_TIME: (1, 1), Figure.RETURNED: (0, 1)},
    ),
    "anonymous": (
        a_work_order().anonymous().dispatched_to("water").signed().replied().approved().accepted(),
        {Figure.COMPLETED: (1, 1), Figure.CALLED_BACK: (0, 0), Figure.SATISFIED: (0, 0)},
    ),
}


@pytest.mark.parametrize("life", LIVES)
async def test_a_life_counts_as_it_should(bureau: Bureau, life: str) -> None:
    story, expected = LIVES[life]
    await story.made_in(bureau.town)
    await bureau.project()
    assert {figure: await bureau.told(figure) for figure in expected} == expected
    assert (await bureau.check()).differences == []
    await bureau.lists_sum()


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        (a_work_order().rejected(), Outcome.REJECTED),
        (SIGNED.withdrawn(), Outcome.WITHDRAWN),
        (SIGNED.merged(), Outcome.MERGED),
    ],
)
async def test_what_is_rejected_withdrawn_or_merged_is_left_out_with_its_reason(
    bureau: Bureau, story: WorkOrder, reason: Outcome
) -> None:
    await story.made_in(bureau.town)
    await bureau.project()
    others = 1 if reason is Outcome.MERGED else 0
    assert await bureau.told(Figure.RECEIVED) == (1 + others, 1 + others)
    completed = await bureau.figure(Figure.COMPLETED)
    assert (completed.denominator, dict(completed.left_out)) == (others, {reason: 1})
    if reason is not Outcome.REJECTED:
        signed = await bureau.figure(Figure.SIGNED_ON_TIME)
        assert (signed.denominator, dict(signed.left_out)) == (0, {reason: 1})
    await bureau.lists_sum()


async def test_what_is_due_today_is_late_to_the_millisecond(bureau: Bureau) -> None:
    document = await SIGNED.made_in(bureau.town)
    await bureau.project()
    due = document.order.assignments[0].reply.due
    for moment, expected in (
        (due, (0, 0)),
        (due + timedelta(milliseconds=1), (0, 1)),
        (due + timedelta(days=1), (0, 1)),
    ):
        bureau.town.clock.set(moment)
        assert await bureau.told(Figure.ON_TIME) == expected
        assert await bureau.told(Figure.ON_TIME, by=Dimension.UNIT, within="water") == expected
        await bureau.lists_sum()
