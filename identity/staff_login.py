"""Staff login 工作人员登录: password, lock-out with back-off, the same answer for everybody who fails."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakValueDictionary

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock, kept_until
from foundation.crypto import Keyring, index_form
from foundation.errors import Busy
from foundation.rate_limits import Limit, RateLimiter, wait_in_words
from identity.access import Permission, require
from identity.actors import Actor
from identity.audit import Audited, audited
from identity.documents import LoginFailures, Staff
from identity.errors import LoginLocked, WrongLogin
from identity.passwords import Passwords
from identity.repository import Repository
from identity.sessions import Grant, Origin, Sessions
from identity.subjects import staff_actor

FREE_FAILURES: Final = 4
FIRST_LOCK: Final = timedelta(minutes=1)
LONGEST_LOCK: Final = timedelta(hours=1)
FORGOTTEN_AFTER: Final = timedelta(days=1)
LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
LONGEST_LOGIN: Final = 64
TRIES: Final = 8

FAILURES_PER_ADDRESS: Final = Limit("login-failures-address", 100, timedelta(minutes=15))


def lock_after(failures: int) -> timedelta | None:
    """How long a login is locked after so many failures in a row: 1 minute from the fifth, doubling up to 1 hour."""
    if failures <= FREE_FAILURES:
        return None
    doublings = min(failures - FREE_FAILURES - 1, 12)
    return min(FIRST_LOCK * int(2**doublings), LONGEST_LOCK)


def login_form(login: str) -> str:
    """A login name as it is compared."""
    return index_form(login[:LONGEST_LOGIN])


class StaffLogin:
    """Logs staff in."""

    def __init__(
        self,
        repository: Repository,
        passwords: Passwords,
        sessions: Sessions,
        keyring: Keyring,
        limiter: RateLimiter,
        clock: Clock,
    ) -> None:
        self._repository, self._passwords, self._sessions = repository, passwords, sessions
        self._keyring, self._limiter, self._clock = keyring, limiter, clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def log_in(self, login: str, password: str, origin: Origin) -> Grant:
        """Open a session for a staff account.

        Unknown logins, wrong passwords and accounts that were closed are refused alike, after as long a time, and are
        locked alike after too many failures. Raises WrongLogin, LoginLocked, RateLimited.
        """
        name = login_form(login)
        failures_id = self._keyring.keyed_hash("login", name)
        address = self._keyring.keyed_hash("address", origin.address)
        await self._require_unlocked(failures_id)
        if await self._limiter.exhausted(FAILURES_PER_ADDRESS, address, self._clock.now()):
            raise LoginLocked
        # One guess at a time: the next one knows whether the one before has locked the login.
        turn = self._turns.setdefault(failures_id, asyncio.Lock())
        async with turn:
            await self._require_unlocked(failures_id)
            staff = await self._repository.staff_by_login(name) if LOGIN.fullmatch(name) else None
            fits = await self._passwords.verify(staff.password if staff else None, password)
            # Other processes may have counted failures meanwhile: what came too late does not count as right.
            await self._require_unlocked(failures_id)
            if staff is None or not fits or not staff.active:
                now = self._clock.now()
                await self._count_failure(failures_id, now)
                await self._limiter.use([(FAILURES_PER_ADDRESS, address)], now)
                raise WrongLogin
            return await self._opened(staff, failures_id)

    async def _opened(self, staff: Staff, failures_id: str) -> Grant:
        now, change = self._clock.now(), Change().discard(LoginFailures, [failures_id])
        session = self._sessions.opened(change, staff.id, now)
        unit = await self._repository.unit(staff.unit) if staff.unit else None
        await self._repository.save(change)
        return self._sessions.grant(staff_actor(staff, unit, session.id), session, now)

    async def _require_unlocked(self, failures_id: str) -> None:
        now = self._clock.now()
        failures = await self._repository.login_failures(failures_id)
        if failures is not None and failures.locked_until is not None and now < failures.locked_until:
            raise LoginLocked(f"登录失败次数过多，请在{wait_in_words(failures.locked_until - now)}后再试。")

    async def _count_failure(self, id: str, now: datetime) -> None:
        """Count one failure; none is lost, whatever runs beside it."""
        for _ in range(TRIES):
            earlier = await self._repository.login_failures(id)
            so_far = earlier.failures if earlier is not None and now < earlier.until else 0
            lock = lock_after(so_far + 1)
            fresh = LoginFailures(
                _id=id,
                failures=so_far + 1,
                locked_until=now + lock if lock else None,
                until=now + FORGOTTEN_AFTER,
                kept_until=kept_until(now, FORGOTTEN_AFTER),
                version=earlier.version + 1 if earlier else 1,
            )
            try:
                if earlier is None:
                    await self._repository.save(Change().insert(fresh))
                else:
                    await self._repository.save(Change().replace(fresh, expecting={"version": earlier.version}))
            except (AlreadyClaimed, StaleWrite):
                continue
            return
        raise Busy

    async def unlock(self, actor: Actor, login: str) -> None:
        """Forget the failures of a login, so that its owner need not wait. Raises NotAllowed."""
        require(actor, Permission.UNLOCK_LOGIN)
        name, now = login_form(login), self._clock.now()
        change = Change().discard(LoginFailures, [self._keyring.keyed_hash("login", name)])
        await self._repository.save(change.insert(audited(actor, Audited.LOGIN_UNLOCKED, f"login:{name}", now)))
