"""What is excluded: in no rate, in exactly one list of what is left out, and back as if nothing had happened."""

from collections import Counter
from contextlib import suppress

import pytest

from tests.workorders.lifecycle.builders import WorkOrder, a_work_order
from tests.workorders.lifecycle.town import SUPERVISOR
from tests.workorders.statistics.bureau import ZONE, Bureau
from tests.workorders.statistics.test_figures import ACCEPTED, LIVES, REDONE, SIGNED
from workorders.lifecycle.office import TIMERS, NothingToDo
from workorders.lifecycle.states import ExclusionGround
from workorders.lifecycle.values import Order
from workorders.statistics.counting import Entry, entries_of
from workorders.statistics.definitions import DEFINITIONS, EXCLUDED, Family, Figure, Outcome, Part
from workorders.statistics.listing import Listing
from workorders.supervision import excluding

MORE: dict[str, WorkOrder] = {
    "rated badly and redone": REDONE.replied().approved().accepted().called_back(grade=5, wants_redo=True),
    "supervised": SIGNED.supervised().supervision_answered(),
    "merged": SIGNED.merged(),
    "followed": SIGNED.merged().followed(),
    "main order": a_work_order().with_a_child().dispatched_to("water"),
    "closed and rated": ACCEPTED.rated(1, solved=True),
}
STORIES = {**{name: story for name, (story, _) in LIVES.items()}, **MORE}
RATES = [figure for figure in Figure if DEFINITIONS[figure].numerator is not None]


def counted(order: Order) -> tuple[Entry, ...]:
    return entries_of(order, ZONE)


@pytest.mark.parametrize("story", STORIES)
async def test_it_is_in_no_rate_and_left_out_once_and_readmitted_as_if_never_excluded(
    bureau: Bureau, story: str
) -> None:
    town = bureau.town
    made = await STORIES[story].made_in(town)
    with suppress(NothingToDo):
        made = await town.office.act(TIMERS, made.id, None)  # what time has done by now
    before = counted(made.order)
    ground = ExclusionGround.OTHER
    after = await excluding.exclude(town.office, SUPERVISOR, made.id, ground=ground, reason="经研究剔除。")
    excluded = counted(after.order)
    # The same things on the same days at the same units, under another outcome; and no handling time.
    assert {entry.counter.partition(":")[2] for entry in excluded} == {Outcome.EXCLUDED}
    kept = [entry for entry in before if not entry.counter.startswith(f"{Family.HANDLING}:")]
    assert [entry[1:] for entry in excluded] == [entry[1:] for entry in kept]
    assert [entry.id for entry in excluded] == [entry.id for entry in kept]
    assert len({entry.id for entry in excluded}) == len(excluded)
    for figure in RATES:
        definition = DEFINITIONS[figure]
        assert Outcome.EXCLUDED not in (definition.numerator or frozenset()) | definition.denominator
        assert Outcome.EXCLUDED in definition.left_out
    readmitted = await excluding.readmit(town.office, SUPERVISOR, made.id, reason="剔除有误。")
    assert counted(readmitted.order) == before


async def figures(bureau: Bureau) -> dict[Figure, tuple[int, int, dict[Outcome, int]]]:
    table = await bureau.table()
    found = table.periods[0].total.figures
    return {figure: (each.numerator, each.denominator, dict(each.left_out)) for figure, each in found.items()}


async def test_the_projected_figures_follow_and_the_lists_sum(bureau: Bureau) -> None:
    town = bureau.town
    made = [await story.made_in(town) for story in (SIGNED.overdue(), REDONE, MORE["supervised"], MORE["merged"])]
    await bureau.project()
    before = await figures(bureau)
    for document in made:
        await excluding.exclude(
            town.office, SUPERVISOR, document.id, ground=ExclusionGround.LEGACY, reason="历史遗留问题。"
        )
    await bureau.project()
    after = await figures(bureau)
    main = 1  # what the merged one was merged into goes on counting
    assert after[Figure.RECEIVED][:2] == before[Figure.RECEIVED][:2] == (len(made) + main, len(made) + main)
    assert after[Figure.SUPERVISED] == before[Figure.SUPERVISED]
    for figure in RATES:
        numerator, denominator, left_out = after[figure]
        assert numerator == 0
        assert denominator == (main if DEFINITIONS[figure].family is Family.INTAKE else 0)
        assert set(left_out) <= {Outcome.EXCLUDED}
        # Whatever stood anywhere in the figure stands in the one list now.
        was = before[figure]
        assert left_out.get(Outcome.EXCLUDED, 0) + denominator == was[1] + sum(was[2].values())
    await bureau.lists_sum()
    listed = await bureau.list(Listing(Figure.COMPLETED, Part.LEFT_OUT, Outcome.EXCLUDED))
    assert Counter(each.order for each in listed) == Counter(document.id for document in made)
    assert (await bureau.check()).differences == []
    for document in made:
        await excluding.readmit(town.office, SUPERVISOR, document.id, reason="剔除有误。")
    await bureau.project()
    assert await figures(bureau) == before
    assert (await bureau.check()).differences == []


@pytest.mark.parametrize(
    ("story", "otherwise"),
    [
        (SIGNED.excluded().withdrawn(), Outcome.WITHDRAWN),
        (SIGNED.excluded().returned().rejected(), Outcome.REJECTED),
        (SIGNED.merged().excluded(), Outcome.MERGED),
    ],
)
async def test_the_decision_comes_before_every_other_reason(
    bureau: Bureau, story: WorkOrder, otherwise: Outcome
) -> None:
    town = bureau.town
    made = await story.made_in(town)
    assert {entry.counter.partition(":")[2] for entry in counted(made.order)} == {Outcome.EXCLUDED}
    readmitted = await excluding.readmit(town.office, SUPERVISOR, made.id, reason="剔除有误。")
    assert {entry.counter.partition(":")[2] for entry in counted(readmitted.order)} == {otherwise}
    assert otherwise in EXCLUDED


async def test_an_excluded_redo_stays_out_through_all_its_rounds(bureau: Bureau) -> None:
    made = await REDONE.excluded().replied().approved().accepted().called_back(grade=1).closed().made_in(bureau.town)
    await bureau.project()
    for figure in RATES:
        numerator, denominator, left_out = (await figures(bureau))[figure]
        assert (numerator, denominator) == (0, 0)
        assert set(left_out) <= {Outcome.EXCLUDED}
    replies = await bureau.list(Listing(Figure.ON_TIME, Part.LEFT_OUT, Outcome.EXCLUDED))
    assert {each.order for each in replies} == {made.id}
    assert len(replies) == len(made.order.assignments)
