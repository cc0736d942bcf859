import asyncio
from datetime import timedelta

import pytest

from foundation.crypto import Keyring, new_key_setting
from foundation.errors import InvalidInput, NotAllowed, RateLimited
from foundation.phones import NotAMobile, parse_mobile
from identity.actors import Actor, Role
from identity.documents import Assurance, Resident, ResidentClaim, Session
from identity.errors import (
    AlreadyVerified,
    CardTaken,
    MobileTaken,
    NumberTaken,
    SmsUnavailable,
    WrongCode,
)
from identity.residents import checked_name
from identity.sessions import Origin
from identity.sms import HttpSmsGateway
from identity.sms_codes import MOST_TRIES
from tests.identity.conftest import HERE, City

ID_1 = "11010519491231002X"
ID_2 = "440524188001010014"
OPERATOR = Actor("staff:op", frozenset({Role.OPERATOR}), label="话务员")


def a_wrong_code(city: City) -> str:
    return f"{(int(city.code()) + 1) % 1_000_000:06}"


async def count(city: City, model) -> int:
    return await city.database.collection(model).count_documents({})


# login by code


async def test_the_first_login_makes_the_account_and_the_next_finds_it(city: City):
    first = await city.logged_in()
    city.clock.advance(timedelta(minutes=2))
    second = await city.logged_in()
    assert first.actor.id == second.actor.id == first.actor.resident_id
    assert first.actor.session_id != second.actor.session_id
    assert first.actor.roles == {Role.CITIZEN}
    assert await count(city, Resident) == 1


async def test_nothing_personal_is_stored_in_clear(city: City):
    grant = await city.logged_in()
    await city.identity.residents.give_real_name(
        grant.actor, "欧阳娜娜", resident_number=ID_1, citizen_card="A12345678"
    )
    stored = await city.everything_stored()
    assert "resident_number" in stored  # the search sees what there is
    for secret in ("13812345678", "欧阳", ID_1, "A12345678", "娜娜"):
        assert secret not in stored
        assert repr(secret.encode())[2:-1] not in stored


async def test_many_first_logins_at_once_make_one_account(city: City):
    phone = parse_mobile("13812345678")
    others = [city.another_process() for _ in range(8)]
    found = await asyncio.gather(*(other.residents.having_mobile(phone) for other in others))
    assert len({resident.id for resident in found}) == 1
    assert (await count(city, Resident), await count(city, ResidentClaim)) == (1, 1)


async def test_a_code_opens_one_session_even_when_used_at_once(city: City):
    await city.identity.residents.request_code("13812345678", HERE)
    code = city.code()
    answers = await asyncio.gather(
        *(city.another_process().residents.log_in("13812345678", code, HERE) for _ in range(4)),
        return_exceptions=True,
    )
    opened = [a for a in answers if not isinstance(a, BaseException)]
    assert len(opened) == 1
    assert all(isinstance(a, WrongCode) for a in answers if isinstance(a, BaseException))
    assert await count(city, Session) == 1
    with pytest.raises(WrongCode):
        await city.identity.residents.log_in("13812345678", code, HERE)


async def test_a_login_repeated_under_its_idempotency_key_gets_the_same_session(city: City):
    await city.identity.residents.request_code("13812345678", HERE)
    code, residents = city.code(), city.identity.residents
    first = await residents.log_in("13812345678", code, HERE, "key-1")
    again = await residents.log_in("13812345678", code, HERE, "key-1")
    assert again.actor == first.actor
    assert again.refresh_token == first.refresh_token
    with pytest.raises(WrongCode):
        await residents.log_in("13812345678", code, HERE, "key-2")
    with pytest.raises(WrongCode):
        await residents.log_in("13812345678", a_wrong_code(city), HERE, "key-1")


async def test_wrong_expired_replaced_and_never_sent_codes_are_refused_alike(city: City):
    residents = city.identity.residents
    with pytest.raises(WrongCode) as never_sent:
        await residents.log_in("13912345678", "123456", HERE)
    await residents.request_code("13812345678", HERE)
    old = city.code()
    with pytest.raises(WrongCode) as wrong:
        await residents.log_in("13812345678", a_wrong_code(city), HERE)
    assert wrong.value.message == never_sent.value.message
    city.clock.advance(timedelta(minutes=1))
    await residents.request_code("13812345678", HERE)
    if old != city.code():
        with pytest.raises(WrongCode):
            await residents.log_in("13812345678", old, HERE)
    city.clock.advance(timedelta(minutes=5))
    with pytest.raises(WrongCode):
        await residents.log_in("13812345678", city.code(), HERE)
    assert await count(city, Resident) == 0


async def test_the_last_moment_of_a_code_is_still_good(city: City):
    await city.identity.residents.request_code("13812345678", HERE)
    city.clock.advance(timedelta(minutes=5) - timedelta(milliseconds=1))
    assert await city.identity.residents.log_in("13812345678", city.code(), HERE)


async def test_guesses_are_bounded_also_side_by_side(city: City):
    residents = city.identity.residents
    await residents.request_code("13812345678", HERE)
    wrong = a_wrong_code(city)
    guesses = await asyncio.gather(
        *(residents.log_in("13812345678", wrong, HERE) for _ in range(12)), return_exceptions=True
    )
    assert [type(g) for g in guesses] == [WrongCode] * 12
    challenge = await city.database.mongo["sms_challenges"].find_one({})
    assert challenge is not None
    assert challenge["tries"] == MOST_TRIES
    with pytest.raises(WrongCode):
        await residents.log_in("13812345678", city.code(), HERE)


async def test_the_right_code_on_the_last_try_is_taken(city: City):
    residents = city.identity.residents
    await residents.request_code("13812345678", HERE)
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(WrongCode):
            await residents.log_in("13812345678", a_wrong_code(city), HERE)
    assert await residents.log_in("13812345678", city.code(), HERE)


async def test_codes_are_limited_per_minute_hour_and_day_of_a_mobile(city: City):
    async def send(n: int) -> None:
        await city.identity.residents.request_code("13812345678", Origin(f"10.0.1.{n}", f"device-{n}"))

    await send(0)
    with pytest.raises(RateLimited, match="秒后"):
        await send(1)
    city.clock.advance(timedelta(seconds=59))
    with pytest.raises(RateLimited):
        await send(2)
    for n in range(3, 7):
        city.clock.advance(timedelta(minutes=1))
        await send(n)
    city.clock.advance(timedelta(minutes=1))
    with pytest.raises(RateLimited, match="分钟后"):
        await send(8)
    city.clock.advance(timedelta(hours=1))
    for n in range(9, 14):
        city.clock.advance(timedelta(minutes=1))
        await send(n)
    city.clock.advance(timedelta(hours=2))
    with pytest.raises(RateLimited, match="小时后"):
        await send(20)
    city.clock.advance(timedelta(days=1))
    await send(21)
    assert len(city.inbox.latest("+8613812345678")) == 11


async def test_two_requests_at_once_send_one_code(city: City):
    answers = await asyncio.gather(
        *(city.another_process().residents.request_code("13812345678", HERE) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(not isinstance(a, BaseException) for a in answers) == 1
    assert all(isinstance(a, RateLimited) for a in answers if isinstance(a, BaseException))
    assert len(city.inbox.latest()) == 1


async def test_codes_are_limited_per_device_without_using_up_the_share_of_mobiles(city: City):
    residents = city.identity.residents
    for n in range(10):
        await residents.request_code(f"1381234500{n}", Origin(f"10.0.0.{n}", "one-device"))
    with pytest.raises(RateLimited):
        await residents.request_code("13812345099", Origin("10.0.0.99", "one-device"))
    await residents.request_code("13812345099", Origin("10.0.0.99", "another"))


async def test_a_gateway_that_fails_is_named(city: City):
    dead = HttpSmsGateway("http://127.0.0.1:9", "secret")
    city.gateway = dead
    with pytest.raises(SmsUnavailable):
        await city.another_process().residents.request_code("13812345678", HERE)
    await dead.close()


@pytest.mark.parametrize("mobile", ["", "12345", "0571-88123456", "+85261234567", "\0", "1" * 100_000])
async def test_only_mobiles_get_codes(city: City, mobile: str):
    with pytest.raises(NotAMobile):
        await city.identity.residents.request_code(mobile, HERE)
    assert city.inbox.latest() == []


# real names and mobiles


async def test_a_real_name_is_given_once_and_shown_masked(city: City):
    grant = await city.logged_in()
    residents = city.identity.residents
    shown = await residents.give_real_name(grant.actor, " 欧阳 娜娜".replace(" ", ""), resident_number=ID_1.lower())
    assert (shown.name, shown.resident_number, shown.mobile, shown.assurance) == (
        "欧阳**",
        "110***********002X",
        "138****5678",
        Assurance.REAL_NAME,
    )
    assert await residents.profile(grant.actor) == shown
    with pytest.raises(AlreadyVerified):
        await residents.give_real_name(grant.actor, "李四", resident_number=ID_2)


async def test_a_number_belongs_to_one_resident_however_many_give_it_at_once(city: City):
    grants = [await city.logged_in(f"1381234567{n}") for n in range(6)]
    answers = await asyncio.gather(
        *(city.another_process().residents.give_real_name(g.actor, "张三", resident_number=ID_1) for g in grants),
        return_exceptions=True,
    )
    assert sum(not isinstance(a, BaseException) for a in answers) == 1
    assert all(isinstance(a, NumberTaken) for a in answers if isinstance(a, BaseException))
    verified = await city.database.collection(Resident).count_documents({"assurance": "real_name"})
    assert verified == 1


async def test_the_same_resident_giving_the_name_twice_at_once_is_not_a_stranger_to_itself(city: City):
    grant = await city.logged_in()
    answers = await asyncio.gather(
        *(city.another_process().residents.give_real_name(grant.actor, "张三", resident_number=ID_1) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(not isinstance(a, BaseException) for a in answers) == 1
    assert all(isinstance(a, AlreadyVerified) for a in answers if isinstance(a, BaseException))


async def test_a_citizen_card_will_do_and_belongs_to_one_resident(city: City):
    one, other = await city.logged_in(), await city.logged_in("13900000000")
    await city.identity.residents.give_real_name(one.actor, "张三", citizen_card="A12345678")
    with pytest.raises(CardTaken):
        await city.identity.residents.give_real_name(other.actor, "李四", citizen_card="ａ12345678")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("", {"resident_number": ID_1}),
        ("张三1", {"resident_number": ID_1}),
        ("张" * 60, {"resident_number": ID_1}),
        ("张三", {}),
        ("张三", {"resident_number": "110105194912310020"}),
        ("张三", {"citizen_card": "x"}),
        ("张\0三", {"citizen_card": "A12345678"}),
    ],
)
async def test_what_is_no_real_name_is_refused_and_changes_nothing(city: City, name: str, options: dict[str, str]):
    grant = await city.logged_in()
    before = await city.everything_stored()
    with pytest.raises(InvalidInput):
        await city.identity.residents.give_real_name(grant.actor, name, **options)
    assert await city.everything_stored() == before


def test_names_are_kept_as_people_write_them():
    assert checked_name("阿卜杜拉•买买提") == "阿卜杜拉·买买提"
    assert checked_name("John  O'Neill") == "John O'Neill"
    assert checked_name("𠮷田") == "𠮷田"


async def test_a_changed_mobile_frees_the_old_one_and_takes_the_new_one(city: City):
    grant = await city.logged_in()
    residents = city.identity.residents
    await residents.request_code("13900000000", HERE)
    await residents.change_mobile(grant.actor, "13900000000", city.code("13900000000"), HERE)
    assert (await residents.profile(grant.actor)).mobile == "139****0000"
    assert await residents.id_by_mobile(parse_mobile("13900000000")) == grant.actor.id
    assert await residents.id_by_mobile(parse_mobile("13812345678")) is None
    city.clock.advance(timedelta(minutes=2))
    assert (await city.logged_in()).actor.id != grant.actor.id


async def test_a_mobile_of_somebody_else_cannot_be_taken_and_its_code_must_be_right(city: City):
    grant, other = await city.logged_in(), await city.logged_in("13900000000")
    residents = city.identity.residents
    city.clock.advance(timedelta(minutes=2))
    await residents.request_code("13900000000", HERE)
    with pytest.raises(MobileTaken):
        await residents.change_mobile(grant.actor, "13900000000", city.code("13900000000"), HERE)
    with pytest.raises(WrongCode):
        await residents.change_mobile(grant.actor, "13700000000", "123456", HERE)
    assert await residents.id_by_mobile(parse_mobile("13900000000")) == other.actor.id


async def test_rivals_for_one_free_mobile_leave_one_owner(city: City):
    grants = [await city.logged_in(f"1381234567{n}") for n in range(4)]
    city.clock.advance(timedelta(minutes=2))
    await city.identity.residents.request_code("13900000000", HERE)
    code = city.code("13900000000")
    answers = await asyncio.gather(
        *(city.another_process().residents.change_mobile(g.actor, "13900000000", code, HERE) for g in grants),
        return_exceptions=True,
    )
    assert sum(not isinstance(a, BaseException) for a in answers) == 1
    owner = await city.identity.residents.id_by_mobile(parse_mobile("13900000000"))
    assert owner == grants[[isinstance(a, BaseException) for a in answers].index(False)].actor.id
    assert await count(city, ResidentClaim) == 4


# finding


async def test_staff_find_residents_by_exact_mobile_name_and_number(city: City):
    grant = await city.logged_in()
    await city.identity.residents.give_real_name(grant.actor, "张三", resident_number=ID_1)
    find = city.identity.residents.find
    for by in ({"mobile": "138 1234 5678"}, {"name": "张 三".replace(" ", "")}, {"number": ID_1}):
        [found] = await find(OPERATOR, **by)
        assert (found.id, found.name, found.mobile) == (grant.actor.id, "张*", "138****5678")
    assert await find(OPERATOR, name="张") == []
    assert await find(OPERATOR, mobile="13900000000") == []
    with pytest.raises(InvalidInput):
        await find(OPERATOR)


@pytest.mark.parametrize(
    "role", sorted(set(Role) - {Role.OPERATOR, Role.DISPATCHER, Role.CHIEF_DISPATCHER, Role.CALLBACK_AGENT})
)
async def test_nobody_else_finds_residents(city: City, role: Role):
    await city.logged_in()
    with pytest.raises(NotAllowed):
        await city.identity.residents.find(Actor("x", frozenset({role})), mobile="13812345678")


async def test_keys_are_rotated_and_renewed_and_the_old_ones_taken_out(city: City):
    k1, k2, h1, h2 = (new_key_setting(name) for name in ("k1", "k2", "h1", "h2"))
    city.keyring = Keyring.from_settings(k1, h1)
    before, phone = city.another_process().residents, parse_mobile("13812345678")
    residents = [await before.having_mobile(parse_mobile(f"1381234567{n}")) for n in range(10)]
    actor = Actor(residents[8].id, frozenset({Role.CITIZEN}), resident_id=residents[8].id)
    await before.give_real_name(actor, "张三", resident_number=ID_1)
    city.keyring = Keyring.from_settings(f"{k2},{k1}", f"{h2},{h1}")
    both = city.another_process()
    assert await both.key_renewal.run() == 10
    assert await both.key_renewal.run() == 0
    city.keyring = Keyring.from_settings(k2, h2)
    after = city.another_process().residents
    assert (await after.having_mobile(phone)).id == residents[8].id
    for by in ({"name": "张三"}, {"number": ID_1}, {"mobile": "13812345678"}):
        [found] = await after.find(OPERATOR, **by)
        assert (found.id, found.name, found.mobile) == (residents[8].id, "张*", "138****5678")
    assert await count(city, ResidentClaim) == 11
    assert "h1." not in await city.everything_stored()


async def test_accounts_are_found_while_hash_keys_are_rotated(city: City):
    k, old, new = new_key_setting("k1"), new_key_setting("h1"), new_key_setting("h2")
    city.keyring = Keyring.from_settings(k, old)
    phone = parse_mobile("13812345678")
    before = await city.another_process().residents.having_mobile(phone)
    city.keyring = Keyring.from_settings(k, f"{new},{old}")
    assert (await city.another_process().residents.having_mobile(phone)).id == before.id
