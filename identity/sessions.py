"""Sessions 会话: opening, proving, renewing and ending them."""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from foundation.changes import Change, StaleWrite
from foundation.clock import Clock, kept_until
from foundation.crypto import Keyring
from foundation.errors import Busy, Unauthenticated
from foundation.ids import new_id
from foundation.rate_limits import Limit, RateLimiter
from identity.actors import Actor
from identity.audit import Audited, audited
from identity.documents import Session
from identity.errors import RefreshReused, SessionEnded
from identity.repository import Repository, ending
from identity.subjects import DEVICE, RESIDENT, STAFF, actor_of, device_actor, kind_of
from identity.tokens import Refresh, Tokens

LIVENESS_KEPT: Final = timedelta(seconds=4)
"""How long a process goes on believing that a session lives: signing out takes effect everywhere within it."""

SESSIONS_REMEMBERED: Final = 20_000
TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A session ends when it was not renewed for `idle`, and after `longest` in any case."""

    idle: timedelta
    longest: timedelta


KEPT_AFTER: Final = timedelta(days=7)
"""How long an expired session stays known."""

LIFETIMES: Final = {
    STAFF: Lifetime(timedelta(hours=12), timedelta(days=7)),
    RESIDENT: Lifetime(timedelta(days=30), timedelta(days=180)),
    DEVICE: Lifetime(timedelta(days=90), timedelta(days=365)),
}

DEVICES_PER_ADDRESS: Final = Limit("device-session-address", 60, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, for limits: its network address, and the device if it named one."""

    address: str
    device: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """What a client gets for logging in or renewing."""

    actor: Actor
    access_token: str
    access_ends: datetime
    refresh_token: str
    refresh_ends: datetime


class Sessions:
    """Who a token speaks for. One per process: it remembers for LIVENESS_KEPT which sessions live."""

    def __init__(
        self, repository: Repository, tokens: Tokens, keyring: Keyring, limiter: RateLimiter, clock: Clock
    ) -> None:
        self._repository, self._tokens, self._keyring = repository, tokens, keyring
        self._limiter, self._clock = limiter, clock
        self._alive: OrderedDict[str, datetime] = OrderedDict()

    def opened(self, change: Change, subject: str, now: datetime) -> Session:
        """Add a new session of the subject to the change that logs it in."""
        lifetime = LIFETIMES[kind_of(subject)]
        session = Session(
            _id=new_id(),
            subject=subject,
            started_at=now,
            refreshed_at=now,
            expires=now + lifetime.idle,
            kept_until=kept_until(now, lifetime.idle + KEPT_AFTER),
        )
        change.insert(session)
        return session

    def grant(self, actor: Actor, session: Session, now: datetime) -> Grant:
        """Tokens for the session as it stands."""
        access, ends = self._tokens.issue_access(actor, now)
        refresh = self._tokens.issue_refresh(session.id, session.generation)
        return Grant(actor, access, ends, refresh, session.expires)

    async def start_on_device(self, origin: Origin) -> Grant:
        """A session for a device on which nobody logs in 匿名会话; it owns what it sends and uploads.

        Raises RateLimited.
        """
        now = self._clock.now()
        await self._limiter.use([(DEVICES_PER_ADDRESS, self._keyring.keyed_hash("address", origin.address))], now)
        device, change = DEVICE + new_id(), Change()
        session = self.opened(change, device, now)
        await self._repository.save(change)
        return self.grant(device_actor(device, session.id), session, now)

    async def authenticate(self, access_token: str) -> Actor:
        """The actor of an access token. Costs no database read, but one in LIVENESS_KEPT per session and process.

        Raises BadToken, SessionEnded.
        """
        now = self._clock.now()
        actor = self._tokens.read_access(access_token, now)
        if actor.session_id is None:
            raise SessionEnded
        if not self._known_alive(actor.session_id, now):
            session = await self._repository.session(actor.session_id)
            if session is None or session.ended_at is not None:
                self._alive.pop(actor.session_id, None)
                raise SessionEnded
            self._alive[actor.session_id] = now
            self._alive.move_to_end(actor.session_id)
            if len(self._alive) > SESSIONS_REMEMBERED:
                self._alive.popitem(last=False)
        return actor

    async def speaking(self, session: str) -> Actor:
        """Whom a session speaks for, with the roles and the unit of now. Raises SessionEnded."""
        found = await self._repository.session(session)
        if found is None or found.ended_at is not None or self._clock.now() >= found.expires:
            raise SessionEnded
        actor = await actor_of(self._repository, found.subject, session)
        if actor is None:
            raise SessionEnded
        return actor

    def _known_alive(self, session: str, now: datetime) -> bool:
        seen = self._alive.get(session)
        return seen is not None and timedelta(0) <= now - seen < LIVENESS_KEPT

    async def refresh(self, refresh_token: str, idempotency_key: str | None = None) -> Grant:
        """New tokens for a refresh token, which is used up by it.

        A used one ends its whole session: it was copied. The one exception is the last rotation repeated under
        its own idempotency key (the answer was lost on the way): it gets the same answer. Roles and unit are those of
        now. Raises BadToken, SessionEnded, RefreshReused, Busy.
        """
        presented = self._tokens.read_refresh(refresh_token)
        retry = self._retry(presented, idempotency_key)
        for _ in range(TRIES):
            now = self._clock.now()
            session = await self._repository.session(presented.session)
            if session is None or session.ended_at is not None or now >= session.expires:
                raise SessionEnded
            try:
                if presented.generation == session.generation:
                    session = await self._rotate(session, retry, now)
                elif not (retry and presented.generation == session.generation - 1 and retry == session.retry):
                    await self._end_reused(session, now)
                    raise RefreshReused
            except StaleWrite:
                continue
            actor = await actor_of(self._repository, session.subject, session.id)
            if actor is None:
                raise SessionEnded
            return self.grant(actor, session, now)
        raise Busy

    def _retry(self, presented: Refresh, idempotency_key: str | None) -> str | None:
        if not idempotency_key:
            return None
        return self._keyring.keyed_hash("refresh-retry", f"{presented.session}|{idempotency_key}")

    async def _rotate(self, session: Session, retry: str | None, now: datetime) -> Session:
        lifetime = LIFETIMES[kind_of(session.subject)]
        fresh = {
            "generation": session.generation + 1,
            "retry": retry,
            "refreshed_at": now,
            "expires": min(now + lifetime.idle, session.started_at + lifetime.longest),
            "kept_until": kept_until(now, lifetime.idle + KEPT_AFTER),
        }
        await self._repository.save(
            Change().update(
                Session,
                session.id,
                {"$set": fresh},
                expecting={"generation": session.generation, "ended_at": None},
            )
        )
        return session.changed(**fresh)

    async def _end_reused(self, session: Session, now: datetime) -> None:
        actor = await actor_of(self._repository, session.subject, session.id)
        change = ending(Change(), session, "refresh_reused", now)
        if actor is not None:
            change.insert(audited(actor, Audited.REFRESH_REUSED, session.subject, now))
        await self._repository.save(change)
        self._alive.pop(session.id, None)

    async def sign_out(self, actor: Actor) -> None:
        """End this session; its tokens are refused everywhere within LIVENESS_KEPT. Again: nothing happens.

        Raises Unauthenticated for an actor without a session.
        """
        if actor.session_id is None:
            raise Unauthenticated
        session = await self._repository.session(actor.session_id)
        if session is not None and session.ended_at is None:
            with suppress(StaleWrite):  # a rival ended it: that is what was wanted
                await self._repository.end_session(session, "signed_out", self._clock.now())
        self._alive.pop(actor.session_id, None)

    async def sign_out_everywhere(self, actor: Actor) -> int:
        """End all sessions of the actor's subject, this one too; answers how many. Raises Busy."""
        now = self._clock.now()
        ended = await self.end_all(actor.id, "signed_out_everywhere", now)
        entry = audited(actor, Audited.SIGNED_OUT_EVERYWHERE, actor.id, now, details={"sessions": ended})
        await self._repository.save(Change().insert(entry))
        return ended

    async def end_all(self, subject: str, why: str, now: datetime) -> int:
        """End every session of a subject that is open now. Raises Busy."""
        ended = 0
        for _ in range(TRIES):
            change = Change()
            found = await self.add_ends(change, subject, why, now)
            if not found:
                return ended
            try:
                await self._repository.save(change)
            except StaleWrite:
                continue
            ended += found
        raise Busy

    async def add_ends(self, change: Change, subject: str, why: str, now: datetime) -> int:
        """Add the ends of a subject's open sessions to the change that makes them end; answers how many.

        The change raises StaleWrite if one of them ends by itself meanwhile.
        """
        sessions = await self._repository.open_sessions(subject)
        for session in sessions:
            ending(change, session, why, now)
            self._alive.pop(session.id, None)
        return len(sessions)
