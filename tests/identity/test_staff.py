import asyncio
import statistics
import time
from datetime import timedelta

import pytest

from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from identity.actors import STAFF_ROLES, Actor, Role
from identity.documents import AuditEntry, LoginClaim, LoginFailures, Staff, Unit
from identity.errors import LoginLocked, LoginTaken, SessionEnded, UnitAbolished, WeakPassword, WrongLogin
from identity.sessions import Origin
from identity.staff_login import FAILURES_PER_ADDRESS, FREE_FAILURES, LONGEST_LOCK, lock_after
from tests.identity.conftest import ADMIN, HERE, City

PASSWORD = "correct horse 电池"


async def a_clerk(city: City, login: str = "li.ming") -> str:
    if await city.database.mongo["units"].find_one({"_id": "water"}) is None:
        await city.identity.units.create(ADMIN, "city", "某市", None)
        await city.identity.units.create(ADMIN, "water", "水务局", "city")
    created = await city.identity.staff_accounts.create(ADMIN, login, "李明", {Role.UNIT_CLERK}, PASSWORD, "water")
    return created.id


async def fail(city: City, login: str = "li.ming", times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(WrongLogin):
            await city.identity.staff_login.log_in(login, "wrong password", HERE)


async def test_staff_log_in_with_their_roles_and_unit(city: City):
    id = await a_clerk(city)
    grant = await city.identity.staff_login.log_in(" LI.Ming ", PASSWORD, HERE)
    actor = grant.actor
    assert (actor.id, actor.roles, actor.unit_id, actor.unit_path, actor.label) == (
        id,
        frozenset({Role.UNIT_CLERK}),
        "water",
        ("city", "water"),
        "水务局 李明",
    )
    assert await city.identity.sessions.authenticate(grant.access_token) == actor


async def test_passwords_are_stored_as_argon2id_with_19_mib_and_two_passes(city: City):
    await a_clerk(city)
    stored = await city.everything_stored()
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in stored
    assert PASSWORD not in stored


async def test_unknown_login_wrong_password_and_closed_account_are_refused_alike(city: City):
    id = await a_clerk(city)
    await a_clerk(city, "other")
    await city.identity.staff_accounts.change(ADMIN, id, active=False)
    refusals = []
    for login, password in (("nobody", PASSWORD), ("other", "wrong password"), ("li.ming", PASSWORD)):
        with pytest.raises(WrongLogin) as refusal:
            await city.identity.staff_login.log_in(login, password, HERE)
        refusals.append((refusal.value.code, refusal.value.message, refusal.value.fields))
    assert len(set(refusals)) == 1


async def test_unknown_logins_are_refused_after_as_long_a_time(city: City):
    await a_clerk(city)
    times: dict[str, list[float]] = {"li.ming": [], "nobody": []}
    await fail(city, "warm-up")
    for n in range(12):
        for login, taken in times.items():
            await city.database.collection(LoginFailures).delete_many({})
            start = time.perf_counter()
            await fail(city, login if login == "li.ming" else f"nobody{n}")
            taken.append(time.perf_counter() - start)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.5 < known / unknown < 2


def test_locks_grow_from_a_minute_to_an_hour():
    assert [lock_after(n) for n in range(FREE_FAILURES + 1)] == [None] * (FREE_FAILURES + 1)
    minutes = [(lock_after(n) or timedelta(0)) // timedelta(minutes=1) for n in range(5, 14)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert lock_after(10**6) == LONGEST_LOCK


@pytest.mark.parametrize("login", ["li.ming", "nobody"])
async def test_a_login_is_locked_after_failures_whether_it_exists_or_not(city: City, login: str):
    await a_clerk(city)
    await fail(city, login, FREE_FAILURES + 1)
    for password in ("wrong password", PASSWORD):
        with pytest.raises(LoginLocked, match="秒后"):
            await city.another_process().staff_login.log_in(login, password, HERE)
    city.clock.advance(timedelta(minutes=1))
    await fail(city, login)
    city.clock.advance(timedelta(minutes=1))
    with pytest.raises(LoginLocked):
        await city.identity.staff_login.log_in(login, PASSWORD, HERE)
    city.clock.advance(timedelta(minutes=1))
    if login == "li.ming":
        assert await city.identity.staff_login.log_in(login, PASSWORD, HERE)
        await fail(city, login, FREE_FAILURES)  # forgotten by the success
        assert await city.identity.staff_login.log_in(login, PASSWORD, HERE)


async def test_failures_are_forgotten_after_a_day(city: City):
    await a_clerk(city)
    await fail(city, times=FREE_FAILURES)
    city.clock.advance(timedelta(days=1))
    await fail(city, times=FREE_FAILURES)
    assert await city.identity.staff_login.log_in("li.ming", PASSWORD, HERE)


async def test_guesses_side_by_side_are_all_counted(city: City):
    await a_clerk(city)
    guesses = await asyncio.gather(
        *(
            city.another_process().staff_login.log_in("li.ming", f"guess number {n}", HERE)
            for n in range(FREE_FAILURES + 1)
        ),
        return_exceptions=True,
    )
    assert {type(g) for g in guesses} <= {WrongLogin, LoginLocked}
    with pytest.raises(LoginLocked):
        await city.identity.staff_login.log_in("li.ming", PASSWORD, HERE)


async def test_a_queue_of_guesses_in_one_process_stops_at_the_lock(city: City):
    await a_clerk(city)
    login = city.identity.staff_login
    guesses = await asyncio.gather(
        *(login.log_in("li.ming", PASSWORD if n == 19 else f"guess number {n}", HERE) for n in range(20)),
        return_exceptions=True,
    )
    assert isinstance(guesses[19], LoginLocked)
    assert sum(isinstance(g, WrongLogin) for g in guesses) == FREE_FAILURES + 1


async def test_many_right_logins_at_once_lock_nobody_out(city: City):
    await a_clerk(city)
    login = city.identity.staff_login
    grants = await asyncio.gather(*(login.log_in("li.ming", PASSWORD, HERE) for _ in range(10)))
    assert len({g.actor.session_id for g in grants}) == 10


async def test_spraying_from_one_address_is_stopped(city: City):
    await a_clerk(city)
    login = city.identity.staff_login
    key = city.keyring.keyed_hash("address", "10.9.9.9")
    limiter = login._limiter
    for _ in range(FAILURES_PER_ADDRESS.most):
        await limiter.use([(FAILURES_PER_ADDRESS, key)], city.clock.now())
    with pytest.raises(LoginLocked):
        await login.log_in("li.ming", PASSWORD, Origin("10.9.9.9"))
    assert await login.log_in("li.ming", PASSWORD, HERE)


async def test_an_administrator_unlocks_a_login(city: City):
    await a_clerk(city)
    await fail(city, times=FREE_FAILURES + 1)
    with pytest.raises(NotAllowed):
        await city.identity.staff_login.unlock(Actor("x", frozenset({Role.SUPERVISOR})), "li.ming")
    await city.identity.staff_login.unlock(ADMIN, "LI.ming")
    assert await city.identity.staff_login.log_in("li.ming", PASSWORD, HERE)


@pytest.mark.parametrize("password", ["", "\0" * 12, "x" * 1_000_000, "\ud800" * 12, "💧" * 30])
async def test_no_password_breaks_the_login(city: City, password: str):
    await a_clerk(city)
    for login in ("li.ming", "\0", "\ud800", "x" * 100_000):
        with pytest.raises((WrongLogin, LoginLocked)):
            await city.identity.staff_login.log_in(login, password, HERE)


# accounts


async def test_a_login_name_is_taken_once(city: City):
    await a_clerk(city)
    create = city.identity.staff_accounts.create
    answers = await asyncio.gather(
        *(create(ADMIN, "new.one", "王五", {Role.OPERATOR}, PASSWORD) for _ in range(4)), return_exceptions=True
    )
    assert sum(not isinstance(a, BaseException) for a in answers) == 1
    with pytest.raises(LoginTaken):
        await create(ADMIN, "Ｎew.One", "王五", {Role.OPERATOR}, PASSWORD)
    counts = [await city.database.collection(m).count_documents({}) for m in (Staff, LoginClaim)]
    assert counts == [2, 2]


@pytest.mark.parametrize("role", sorted(set(Role) - STAFF_ROLES))
async def test_roles_that_are_not_staff_are_never_granted(city: City, role: Role):
    with pytest.raises(InvalidInput):
        await city.identity.staff_accounts.create(ADMIN, "x.y", "某", {role, Role.OPERATOR}, PASSWORD)


async def test_bad_accounts_are_refused(city: City):
    await a_clerk(city)
    create = city.identity.staff_accounts.create
    with pytest.raises(InvalidInput, match="所属单位"):
        await create(ADMIN, "clerk", "某", {Role.UNIT_CLERK}, PASSWORD)
    with pytest.raises(NotFound):
        await create(ADMIN, "clerk", "某", {Role.UNIT_CLERK}, PASSWORD, "nowhere")
    for login in ("", "a", "有", "a b", "x" * 41):
        with pytest.raises(InvalidInput):
            await create(ADMIN, login, "某", {Role.OPERATOR}, PASSWORD)
    for password in (
        "",
        "short",
        "1234567890abc",
        "clerk.number.9",
        "aaaaaaaaaaaaaa",
        "x" * 129,
        "line\nbreak and more",
    ):
        with pytest.raises(WeakPassword):
            await create(ADMIN, "clerk", "某", {Role.OPERATOR}, password)


async def test_only_administrators_manage_accounts(city: City):
    id = await a_clerk(city)
    accounts = city.identity.staff_accounts
    before = await city.everything_stored()
    for role in set(Role) - {Role.ADMINISTRATOR}:
        stranger = Actor("x", frozenset({role}), "water", ("city", "water"))
        for attempt in (
            accounts.create(stranger, "new", "某", {Role.OPERATOR}, PASSWORD),
            accounts.change(stranger, id, active=False),
            accounts.set_password(stranger, id, PASSWORD),
        ):
            with pytest.raises(NotAllowed):
                await attempt
    assert await city.everything_stored() == before


async def test_a_changed_account_loses_its_sessions_and_old_rights(city: City):
    id = await a_clerk(city)
    grant = await city.identity.staff_login.log_in("li.ming", PASSWORD, HERE)
    await city.identity.staff_accounts.change(ADMIN, id, roles={Role.UNIT_HEAD})
    with pytest.raises(SessionEnded):
        await city.identity.sessions.authenticate(grant.access_token)
    with pytest.raises(SessionEnded):
        await city.identity.sessions.refresh(grant.refresh_token)
    again = await city.identity.staff_login.log_in("li.ming", PASSWORD, HERE)
    assert again.actor.roles == {Role.UNIT_HEAD}
    await city.identity.staff_accounts.change(ADMIN, id, active=False)
    with pytest.raises(WrongLogin):
        await city.identity.staff_login.log_in("li.ming", PASSWORD, HERE)


async def test_a_refreshed_token_follows_the_unit_to_its_new_place(city: City):
    await a_clerk(city)
    grant = await city.identity.staff_login.log_in("li.ming", PASSWORD, HERE)
    await city.identity.units.create(ADMIN, "district", "某区", "city")
    await city.identity.units.move(ADMIN, Unit, "water", "district")
    refreshed = await city.identity.sessions.refresh(grant.refresh_token)
    assert refreshed.actor.unit_path == ("city", "district", "water")


async def test_passwords_are_changed_by_their_owners_and_administrators(city: City):
    id = await a_clerk(city)
    grant = await city.identity.staff_login.log_in("li.ming", PASSWORD, HERE)
    accounts = city.identity.staff_accounts
    with pytest.raises(WrongLogin):
        await accounts.change_own_password(grant.actor, "wrong password", "another good one")
    await accounts.change_own_password(grant.actor, PASSWORD, "another good one")
    with pytest.raises(SessionEnded):
        await city.identity.sessions.authenticate(grant.access_token)
    await fail(city)
    assert await city.identity.staff_login.log_in("li.ming", "another good one", HERE)
    await accounts.set_password(ADMIN, id, "given by the admin")
    assert await city.identity.staff_login.log_in("li.ming", "given by the admin", HERE)
    audited = await city.database.collection(AuditEntry).find({"subject": id}).to_list()
    assert sorted(entry["action"] for entry in audited) == ["password_set", "password_set", "staff_created"]


async def test_units_read_the_accounts_of_their_own_subtree_only(city: City):
    id = await a_clerk(city)
    await city.identity.units.create(ADMIN, "fire", "消防", "city")
    of_unit = city.identity.staff_accounts.of_unit
    inside = Actor("a", frozenset({Role.UNIT_HEAD}), "city", ("city",))
    outside = Actor("b", frozenset({Role.UNIT_HEAD}), "fire", ("city", "fire"))
    assert [s.id for s in await of_unit(inside, "water")] == [id]
    assert [s.id for s in await of_unit(Actor("op", frozenset({Role.DISPATCHER})), "water")] == [id]
    for actor, unit in (
        (outside, "water"),
        (inside, "nowhere"),
        (Actor("c", frozenset({Role.CITIZEN})), "water"),
    ):
        with pytest.raises(NotFound):
            await of_unit(actor, unit)


async def test_nobody_joins_an_abolished_unit(city: City):
    id = await a_clerk(city)
    await city.identity.units.create(ADMIN, "rivers", "河道处", "city")
    await city.identity.units.abolish(ADMIN, "rivers", "water")
    with pytest.raises(UnitAbolished):
        await city.identity.staff_accounts.change(ADMIN, id, unit="rivers")
    assert issubclass(UnitAbolished, Conflict)
