"""A worker killed between telling a platform and noting that it did: the platform is told twice and counts once."""

import asyncio
import base64

import pytest

from foundation.outbox import OutboxRow
from identity.actors import system_actor
from tests.installation import Installation
from tests.platform_above import PATIENCE_SECONDS, PlatformAbove, a_hand_down
from workorders.lifecycle.recording import EXCHANGE

pytestmark = pytest.mark.timeout(180)


async def test_what_was_told_before_the_kill_is_told_again_and_counted_once(
    mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    installation = Installation(tmp_path_factory.mktemp("exchange"), mongodb_uri=mongodb_uri)
    await installation.make_town()
    try:
        await installation.start()
        async with installation.api() as api:
            desk, admin = api.app.exchange.platforms, system_actor("terminal")
            issued = await desk.connect(admin, "province", name="省平台", url=None, channel="upstream")
            above = PlatformAbove("province", issued.key, base64.b64decode(issued.secret))
            async with above.listening():
                await desk.move(admin, "province", url=above.url)
                above.slow_seconds = 4.0
                done = await above.does(api.http, "/orders", a_hand_down())
                order = await api.data(
                    "dispatcher",
                    "query($n: String!) { order(number: $n) { ... on Order { id } } }",
                    n=done["orderNumber"],
                )
                await api.act("dispatcher", "Dispatch", order["id"], lead="unit:water")
                told = await above.hears(done["number"], "status", status="dispatched")
                installation.kill("runtime.worker")  # it waits for the platform's answer
                above.slow_seconds = 0.0
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while above.deliveries[told["id"]] < 2:  # noqa: ASYNC110 - in another process
                        await asyncio.sleep(0.1)
                    while await api.app.database.collection(OutboxRow).find_one({"consumer": EXCHANGE}):  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
            assert above.deliveries == {told["id"]: 2}
            assert list(above.messages) == [told["id"]]
            assert above.refused == 0
    finally:
        assert installation.stop() == 0
