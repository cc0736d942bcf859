"""Kill -9 of API, worker and database under load: after the restart no acknowledged action is missing, none is doubled,
and no effect of an outbox row is lost or applied twice.

`ZHENGTONG_KILLS=200` kills as often as a soak does.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import cycle, islice

import httpx
import pytest

from foundation.engine import EngineProgram
from tests.faults import recount
from tests.faults.killing import KILLS, Recorder, gateway, kill_api, kill_engine, kill_under_load, kill_worker
from tests.faults.load import Load
from tests.installation import Installation

pytestmark = [pytest.mark.kills_database, pytest.mark.timeout(120 + 60 * KILLS)]


@dataclass
class Aftermath:
    """What runs again after the last kill, and what was acknowledged before it."""

    installation: Installation
    load: Load
    recorder: Recorder


@pytest.fixture(scope="module")
async def aftermath(
    engine_program: EngineProgram, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Aftermath]:
    installation = Installation(tmp_path_factory.mktemp("killed"), program=engine_program)
    installation.own_gateway = True
    await installation.make_town()
    async with gateway(installation.port + 10) as recorder:
        try:
            await installation.start()
            kills = list(islice(cycle([kill_api, kill_worker, kill_engine]), KILLS))
            load = await kill_under_load(installation, kills)
            async with installation.app() as app:
                await recount.drained(app)
            yield Aftermath(installation, load, recorder)
        finally:
            installation.stop()


async def test_no_acknowledged_action_is_missing_and_none_doubled(aftermath: Aftermath) -> None:
    async with aftermath.installation.app() as app:
        await recount.check_actions(app, aftermath.load.acknowledged)


async def test_every_order_has_its_own_number(aftermath: Aftermath) -> None:
    async with aftermath.installation.app() as app:
        await recount.check_numbers(app, aftermath.load.acknowledged)


async def test_every_retry_with_its_key_answers_the_same_and_changes_nothing(aftermath: Aftermath) -> None:
    load = aftermath.load
    async with aftermath.installation.api() as api:
        load.tokens = api.tokens
        before = {id: order.version for id, order in (await recount.orders_of(api.app)).items()}
        async with httpx.AsyncClient(base_url=load.url, timeout=30, trust_env=False) as http:
            for sent in load.acknowledged:
                again = await load.send(http, sent.who, sent.name, sent.input)
                assert again is not None
                assert (again["id"], again["number"]) == (sent.order, sent.number)
                assert again["version"] == before[sent.order.removeprefix("order:")]
        assert {id: order.version for id, order in (await recount.orders_of(api.app)).items()} == before


async def test_every_chain_holds(aftermath: Aftermath) -> None:
    async with aftermath.installation.app() as app:
        await recount.check_chains(app)


async def test_the_tallies_equal_a_recount(aftermath: Aftermath) -> None:
    async with aftermath.installation.app() as app:
        await recount.check_tallies(app)


async def test_the_figures_equal_a_recount_from_the_events(aftermath: Aftermath) -> None:
    async with aftermath.installation.app() as app:
        await recount.check_figures(app)


async def test_every_notice_was_sent_under_its_own_key(aftermath: Aftermath) -> None:
    """A worker that dies between sending and noting it sends again, under the same key."""
    async with aftermath.installation.app() as app:
        due = await recount.notices_due(app)
    assert aftermath.recorder.sent.keys() == due
    again = sum(times - 1 for times in aftermath.recorder.sent.values())
    assert again <= 200 * KILLS, "more than a batch was sent again per kill"


async def test_nothing_was_met_with_a_stack_trace(aftermath: Aftermath) -> None:
    assert "Traceback" not in aftermath.installation.log()
    assert "unknown_error" not in aftermath.installation.log()
