"""Codes by text message 短信验证码: six digits, five minutes, five tries, one use."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock, kept_until
from foundation.crypto import Keyring
from foundation.errors import Busy, RateLimited
from foundation.ids import new_id
from foundation.phones import Phone
from foundation.rate_limits import Limit, RateLimiter, wait_in_words
from identity.documents import SmsChallenge
from identity.errors import WrongCode
from identity.repository import Repository
from identity.sessions import Origin
from identity.sms import SmsGateway

LIFETIME: Final = timedelta(minutes=5)
MOST_TRIES: Final = 5
REPLACE_TRIES: Final = 8

GAP: Final = timedelta(minutes=1)
"""Between two codes for one mobile."""
PER_MOBILE_HOUR: Final = Limit("sms-mobile-hour", 5, timedelta(hours=1))
PER_MOBILE_DAY: Final = Limit("sms-mobile-day", 10, timedelta(days=1))
PER_DEVICE_HOUR: Final = Limit("sms-device-hour", 10, timedelta(hours=1))
PER_ADDRESS_HOUR: Final = Limit("sms-address-hour", 60, timedelta(hours=1))
CHECKS_PER_ADDRESS_HOUR: Final = Limit("sms-check-address-hour", 300, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class SentCode:
    """What the person who asked is told: never whether the number is known here."""

    expires: datetime
    again_from: datetime


@dataclass(frozen=True, slots=True)
class CheckedCode:
    """A right code, not used up yet: `use` belongs into the change that acts on it.

    `opened` is the session that the same request opened before, its answer having been lost.
    """

    challenge: SmsChallenge
    retry: str | None
    opened: str | None

    def use(self, change: Change, session: str) -> Change:
        """Use the code up for this session. The change raises StaleWrite if a rival was faster."""
        return change.update(
            SmsChallenge,
            self.challenge.id,
            {"$set": {"session": session, "retry": self.retry}},
            expecting={"nonce": self.challenge.nonce, "session": None},
        )


class SmsCodes:
    """Sends and checks codes."""

    def __init__(
        self, repository: Repository, keyring: Keyring, limiter: RateLimiter, gateway: SmsGateway, clock: Clock
    ) -> None:
        self._repository, self._keyring, self._limiter = repository, keyring, limiter
        self._gateway, self._clock = gateway, clock

    async def send(self, mobile: Phone, origin: Origin) -> SentCode:
        """Send a fresh code to the mobile; codes sent before are void.

        Raises RateLimited, SmsUnavailable.
        """
        now = self._clock.now()
        id = self._keyring.keyed_hash("mobile", mobile.e164)
        address = self._keyring.keyed_hash("address", origin.address)
        # Whoever asks too often from one place must not use up the mobile owner's own share.
        uses = [(PER_ADDRESS_HOUR, address)]
        if origin.device:
            uses.append((PER_DEVICE_HOUR, self._keyring.keyed_hash("device", origin.device)))
        uses += [(PER_MOBILE_HOUR, id), (PER_MOBILE_DAY, id)]
        _respect_gap(await self._repository.challenge(id), now)
        await self._limiter.use(uses, now)
        code, nonce = f"{secrets.randbelow(1_000_000):06}", new_id()
        challenge = SmsChallenge(
            _id=id,
            nonce=nonce,
            code_hash=self._code_hash(nonce, code),
            tries=0,
            sent_at=now,
            expires=now + LIFETIME,
            kept_until=kept_until(now, LIFETIME),
        )
        await self._put(challenge)
        minutes = LIFETIME // timedelta(minutes=1)
        await self._gateway.send(
            mobile.e164,
            f"【12345热线】验证码{code}，{minutes}分钟内有效。工作人员不会索要验证码，请勿告诉他人。",
            nonce,
        )
        return SentCode(challenge.expires, now + GAP)

    async def _put(self, challenge: SmsChallenge) -> None:
        for _ in range(REPLACE_TRIES):
            earlier = await self._repository.challenge(challenge.id)
            _respect_gap(earlier, challenge.sent_at)
            try:
                if earlier is None:
                    await self._repository.save(Change().insert(challenge))
                else:
                    await self._repository.save(Change().replace(challenge, expecting={"nonce": earlier.nonce}))
            except (AlreadyClaimed, StaleWrite):
                continue
            return
        raise Busy

    async def check(self, mobile: Phone, code: str, origin: Origin, idempotency_key: str | None = None) -> CheckedCode:
        """That the code is the one sent to this mobile, still good. Each call is one of its tries, counted before it is
        answered, so that guesses beside each other gain nothing.

        Raises WrongCode, RateLimited.
        """
        now = self._clock.now()
        address = self._keyring.keyed_hash("address", origin.address)
        await self._limiter.use([(CHECKS_PER_ADDRESS_HOUR, address)], now)
        challenge = await self._repository.challenge(self._keyring.keyed_hash("mobile", mobile.e164))
        if challenge is None or now >= challenge.expires:
            raise WrongCode
        retry = self._retry(challenge, idempotency_key)
        fits = hmac.compare_digest(self._code_hash(challenge.nonce, code), challenge.code_hash)
        if challenge.session is not None:
            if fits and retry is not None and retry == challenge.retry:
                return CheckedCode(challenge, retry, challenge.session)
            raise WrongCode
        try:
            await self._repository.save(
                Change().update(
                    SmsChallenge,
                    challenge.id,
                    {"$inc": {"tries": 1}},
                    expecting={"nonce": challenge.nonce, "tries": {"$lt": MOST_TRIES}},
                )
            )
        except StaleWrite:
            raise WrongCode from None
        if not fits:
            raise WrongCode
        return CheckedCode(challenge, retry, None)

    def _code_hash(self, nonce: str, code: str) -> str:
        return self._keyring.keyed_hash("sms-code", f"{nonce}|{code[:16]}")

    def _retry(self, challenge: SmsChallenge, idempotency_key: str | None) -> str | None:
        if not idempotency_key:
            return None
        return self._keyring.keyed_hash("sms-retry", f"{challenge.nonce}|{idempotency_key}")


def _respect_gap(earlier: SmsChallenge | None, now: datetime) -> None:
    if earlier is not None and timedelta(0) <= now - earlier.sent_at < GAP:
        raise RateLimited(f"验证码已发送，请在{wait_in_words(earlier.sent_at + GAP - now)}后再获取。")
