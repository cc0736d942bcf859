"""Keys rotate: what was sealed opens, what was hashed is found, and the chain stays what it was."""

from foundation.chain import Head, OpenedText, verify_chain
from foundation.crypto import Keyring, new_key_setting
from foundation.paging import PageRequest
from tests.workorders.lifecycle.town import CITIZEN, COMPLAINT, DISPATCHER, OPERATOR, Town
from workorders.lifecycle import dispatching, intake
from workorders.lifecycle.key_renewal import OrderKeyRenewal
from workorders.lifecycle.repository import OrderFilter

OLD, OLD_HASH = new_key_setting("old"), new_key_setting("oldhash")
NEW, NEW_HASH = new_key_setting("new"), new_key_setting("newhash")
BEFORE = Keyring.from_settings(OLD, OLD_HASH)
BETWEEN = Keyring.from_settings(f"{NEW},{OLD}", f"{NEW_HASH},{OLD_HASH}")
E164 = "+8613800138000"
"""The phone of the complaint, as it is stored."""
AFTER = Keyring.from_settings(NEW, NEW_HASH)


def _with(town: Town, keyring: Keyring) -> Town:
    return Town(town.database, town.clock, town.rules, keyring=keyring)


async def test_renewed_orders_need_no_old_key(town: Town) -> None:
    taken = await intake.take_in(_with(town, BEFORE).office, CITIZEN, COMPLAINT)
    renewal = OrderKeyRenewal(town.database, BETWEEN)

    assert [await renewal.run(), await renewal.run()] == [1, 0]

    town = _with(town, AFTER)
    await dispatching.dispatch(town.office, DISPATCHER, taken.id, lead="water", note="请尽快处理。")
    document = await town.office.orders.visible_to(DISPATCHER, taken.id)
    key = town.office.data_key(document)
    assert key is not None
    assert key.open(document.sealed["phone"], f"{document.id}:phone") == E164
    by_phone = OrderFilter(phone_hash=AFTER.keyed_hash("phone", E164))
    found = await town.office.orders.search(OPERATOR, by_phone, PageRequest(), town.clock.now())
    assert [each.id for each in found.items] == [taken.id]

    events = await town.office.orders.events(document)

    def opened(sequence: int, name: str) -> OpenedText:
        event = events[sequence - 1]
        text = event.text(name, key)
        assert text is not None
        return OpenedText(key.commitment_salt(f"{event.id}:{name}"), text)

    head = Head(document.id, document.version, document.head)
    assert list(verify_chain(head, [event.as_link() for event in events], open_text=opened)) == []


async def test_an_action_beside_a_renewal_does_not_bring_the_old_key_back(town: Town) -> None:
    taken = await intake.take_in(_with(town, BEFORE).office, CITIZEN, COMPLAINT)
    town = _with(town, BETWEEN)
    stale = await town.office.orders.visible_to(DISPATCHER, taken.id)
    await OrderKeyRenewal(town.database, BETWEEN).run()
    assert (await town.office.orders.visible_to(DISPATCHER, taken.id)).data_key != stale.data_key
    await dispatching.dispatch(town.office, DISPATCHER, taken.id, lead="water")
    assert await OrderKeyRenewal(town.database, BETWEEN).run() == 0
