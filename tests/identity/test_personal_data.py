import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.paging import PageRequest
from identity.access import PERMITTED, Permission
from identity.actors import Actor, Role, system_actor
from identity.audit import Audited
from identity.documents import AuditEntry, PersonalField, Resident, ResidentClaim
from identity.errors import ReasonMissing, SessionEnded
from identity.personal_data import Retained
from identity.sessions import Grant
from tests.identity.conftest import City

ID_1 = "11010519491231002X"
OPERATOR = Actor("staff:op", frozenset({Role.OPERATOR}), label="话务员")
SUPERVISOR = Actor("staff:sup", frozenset({Role.SUPERVISOR}), label="督办")
SYSTEM = system_actor("erasures")


class Orders:
    """Stands for another domain that keeps data of residents."""

    name = "orders"

    def __init__(self, *retained: Retained) -> None:
        self.retained, self.erased, self.fails = list(retained), 0, False

    async def export_of(self, resident: str) -> Sequence[dict[str, str]]:
        return [{"number": "270301000001", "title": "路灯坏了", "reporter": resident}]

    async def retained_of(self, resident: str, now: datetime) -> Sequence[Retained]:
        return self.retained

    async def erase_of(self, resident: str, now: datetime) -> int:
        if self.fails:
            raise ConnectionError
        self.erased += 1
        return 3 if self.erased == 1 else 0


async def verified(city: City) -> Grant:
    grant = await city.logged_in()
    await city.identity.residents.give_real_name(grant.actor, "张三", resident_number=ID_1)
    return grant


async def audit_of(city: City, action: str) -> list[dict]:
    return await city.database.collection(AuditEntry).find({"action": action}).to_list()


# reveal


async def test_a_reveal_shows_what_was_asked_for_and_says_who_why_and_when(city: City):
    grant = await verified(city)
    fields = [PersonalField.NAME, PersonalField.MOBILE, PersonalField.CITIZEN_CARD]
    revealed = await city.identity.personal_data.reveal(OPERATOR, grant.actor.id, fields, " 回访时  核实身份 ")
    assert revealed == {PersonalField.NAME: "张三", PersonalField.MOBILE: "+8613812345678"}
    [entry] = await audit_of(city, Audited.REVEAL)
    assert (entry["actor"], entry["subject"], entry["reason"], entry["at"]) == (
        OPERATOR.id,
        grant.actor.id,
        "回访时 核实身份",
        city.clock.now(),
    )
    assert entry["details"] == {"fields": ["citizen_card", "mobile", "name"]}
    assert "张三" not in str(entry)
    assert "13812345678" not in str(entry)


@pytest.mark.parametrize("reason", ["", "   ", "abc", "因" * 201, "因为\0工作需要"])
async def test_a_reveal_without_a_reason_shows_nothing(city: City, reason: str):
    grant = await verified(city)
    with pytest.raises(ReasonMissing):
        await city.identity.personal_data.reveal(OPERATOR, grant.actor.id, [PersonalField.NAME], reason)
    with pytest.raises(InvalidInput):
        await city.identity.personal_data.reveal(OPERATOR, grant.actor.id, [], "回访时核实身份")
    assert await audit_of(city, Audited.REVEAL) == []


@pytest.mark.parametrize("role", sorted(set(Role) - PERMITTED[Permission.REVEAL]))
async def test_who_may_not_reveal_learns_nothing_not_even_that_somebody_exists(city: City, role: Role):
    grant = await verified(city)
    stranger = Actor("x", frozenset({role}), "water", ("water",), resident_id="resident:other")
    refusals = []
    for id in (grant.actor.id, "resident:nobody"):
        with pytest.raises(NotAllowed) as refusal:
            await city.identity.personal_data.reveal(stranger, id, [PersonalField.NAME], "想看一看")
        refusals.append(str(refusal.value))
    assert refusals[0] == refusals[1]


async def test_nothing_is_shown_when_the_audit_entry_cannot_be_stored(city: City, monkeypatch: pytest.MonkeyPatch):
    grant = await verified(city)

    async def broken(change: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(city.identity.personal_data._repository, "save", broken)
    with pytest.raises(ConnectionError):
        await city.identity.personal_data.reveal(OPERATOR, grant.actor.id, [PersonalField.NAME], "回访时核实身份")


async def test_residents_read_who_looked_at_them_and_nobody_elses_trail(city: City):
    grant, other = await verified(city), await city.logged_in("13900000000")
    city.clock.advance(timedelta(seconds=1))
    await city.identity.personal_data.reveal(OPERATOR, grant.actor.id, [PersonalField.NAME], "回访时核实身份")
    city.clock.advance(timedelta(seconds=1))
    now = city.clock.now()
    page = await city.identity.audit.about(grant.actor, grant.actor.id, PageRequest(), now)
    assert [entry.action for entry in page.items] == [Audited.REVEAL, Audited.REAL_NAME_GIVEN]
    for reader, subject in (
        (other.actor, grant.actor.id),
        (OPERATOR, grant.actor.id),
        (Actor("d", frozenset({Role.ANONYMOUS_DEVICE})), "None"),
    ):
        with pytest.raises(NotAllowed):
            await city.identity.audit.about(reader, subject, PageRequest(), now)
    assert len((await city.identity.audit.by(SUPERVISOR, OPERATOR.id, PageRequest(), now)).items) == 1
    with pytest.raises(NotAllowed):
        await city.identity.audit.by(grant.actor, grant.actor.id, PageRequest(), now)


# export


async def test_an_export_holds_everything_in_clear_and_is_audited(city: City):
    grant = await verified(city)
    exported = await city.another_process((Orders(),)).personal_data.export(grant.actor)
    account = exported["account"]
    assert (account["name"], account["mobile"], account["resident_number"]) == ("张三", "+8613812345678", ID_1)
    assert exported["orders"] == [{"number": "270301000001", "title": "路灯坏了", "reporter": grant.actor.id}]
    [entry] = await audit_of(city, Audited.EXPORT)
    assert entry["details"] == {"orders": 1}


async def test_only_residents_export_and_erase_and_only_themselves(city: City):
    await verified(city)
    for actor in (OPERATOR, Actor("device:1", frozenset({Role.ANONYMOUS_DEVICE})), SYSTEM):
        for attempt in (city.identity.personal_data.export(actor), city.identity.personal_data.erase(actor)):
            with pytest.raises(NotAllowed):
                await attempt


# erasure


async def test_an_erased_resident_is_gone_and_nothing_opens_any_more(city: City):
    grant = await verified(city)
    before = await city.database.collection(Resident).find_one({})
    assert before is not None
    outcome = await city.another_process((Orders(),)).personal_data.erase(grant.actor)
    assert outcome.account_erased
    assert outcome.erased == {"orders": 3}
    assert outcome.retained == ()
    after = await city.database.collection(Resident).find_one({})
    assert after is not None
    assert (after["data_key"], after["sealed"], after["claims"], after["name_hash"]) == (None, {}, [], None)
    stored = await city.everything_stored()
    for trace in [*before["claims"], before["name_hash"], repr(before["data_key"])]:
        assert trace not in stored
    with pytest.raises(SessionEnded):
        await city.identity.sessions.authenticate(grant.access_token)
    with pytest.raises(SessionEnded):
        await city.identity.sessions.refresh(grant.refresh_token)
    with pytest.raises(NotFound):
        await city.identity.personal_data.reveal(OPERATOR, grant.actor.id, [PersonalField.NAME], "回访时核实身份")
    with pytest.raises(NotFound):
        await city.identity.residents.profile(grant.actor)
    assert await city.identity.residents.find(OPERATOR, mobile="13812345678") == []
    assert len(await audit_of(city, Audited.ERASURE_REQUESTED)) == 1
    assert len(await audit_of(city, Audited.ERASURE_DONE)) == 1


async def test_the_mobile_and_number_of_an_erased_resident_are_free_again(city: City):
    grant = await verified(city)
    await city.identity.personal_data.erase(grant.actor)
    city.clock.advance(timedelta(minutes=2))
    again = await verified(city)
    assert again.actor.id != grant.actor.id
    assert await city.database.collection(ResidentClaim).count_documents({}) == 2


async def test_what_the_law_keeps_is_refused_with_its_reason(city: City):
    grant = await verified(city)
    law = Retained("工单270301000001", "依据《档案法》，办结工单保存至期满。", date(2032, 3, 1))
    outcome = await city.another_process((Orders(law),)).personal_data.erase(grant.actor)
    assert outcome.account_erased
    assert outcome.retained == (law,)


async def test_an_open_matter_keeps_the_account(city: City):
    grant = await verified(city)
    orders = Orders(Retained("工单270301000001", "工单仍在办理中。", needs_account=True))
    process = city.another_process((orders,))
    outcome = await process.personal_data.erase(grant.actor)
    assert not outcome.account_erased
    assert await city.identity.sessions.authenticate(grant.access_token)
    orders.retained.clear()
    assert (await process.personal_data.erase(grant.actor)).account_erased


async def test_an_erasure_that_broke_off_is_finished_by_the_sweep(city: City):
    grant = await verified(city)
    orders = Orders()
    orders.fails = True
    process = city.another_process((orders,))
    with pytest.raises(ConnectionError):
        await process.personal_data.erase(grant.actor)
    assert (await city.identity.residents.profile(grant.actor)).name == "张*"
    orders.fails = False
    assert await process.personal_data.sweep(SYSTEM, city.clock.now()) == 1
    with pytest.raises(NotFound):
        await city.identity.residents.profile(grant.actor)
    assert await process.personal_data.sweep(SYSTEM, city.clock.now()) == 0
    assert len(await audit_of(city, Audited.ERASURE_DONE)) == 1


async def test_erasing_many_times_at_once_is_erasing_once(city: City):
    grant = await verified(city)
    processes = [city.another_process((Orders(),)).personal_data for _ in range(3)]
    answers = await asyncio.gather(
        *(process.erase(grant.actor) for process in processes),
        *(process.sweep(SYSTEM, city.clock.now()) for process in processes),
        return_exceptions=True,
    )
    assert all(isinstance(a, NotFound) or not isinstance(a, BaseException) for a in answers), answers
    assert len(await audit_of(city, Audited.ERASURE_DONE)) == 1
