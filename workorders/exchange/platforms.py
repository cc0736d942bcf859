"""Connecting platforms 接入: their names, addresses and keys. For administrators; every change is audited."""

import base64
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.crypto import DataKey, Keyring
from foundation.database import Database
from foundation.errors import Busy, InvalidInput, NotAllowed
from foundation.texts import line
from identity.actors import Actor, Role
from identity.audit import audited
from workorders.exchange.documents import Platform, PlatformKey
from workorders.exchange.errors import LastKey, PlatformRevoked, PlatformTaken, UnknownPlatform
from workorders.lifecycle.terms import TermsLibrary

TRIES = 8
SECRET_BYTES = 32
MOST_PLATFORMS = 200
PLATFORM_ID = re.compile(r"[a-z][a-z0-9-]{1,30}")


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """A new key with its secret in base64: shown once, then only sealed."""

    platform: Platform
    key: str
    secret: str


def secret_of(keyring: Keyring, platform: Platform, key: PlatformKey) -> bytes:
    """The secret in clear. Raises `CryptoError`."""
    return keyring.unwrap(platform.data_key).open_bytes(key.sealed, _place(platform.id, key.id))


class Platforms:
    """Connects, rotates keys, revokes."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, library: TermsLibrary, *, encrypted_only: bool
    ) -> None:
        """With `encrypted_only` a platform is reached by https alone."""
        self._database, self._keyring, self._clock = database, keyring, clock
        self._library, self._encrypted_only = library, encrypted_only

    async def all(self, actor: Actor) -> list[Platform]:
        """Every platform, by id. Raises `NotAllowed`."""
        _require(actor)
        found = self._database.collection(Platform).find({}).sort("_id", 1).limit(MOST_PLATFORMS)
        return [Platform.load(raw) for raw in await found.to_list()]

    async def names(self) -> dict[str, str]:
        """What each platform that is, or was, connected is called, by its id."""
        return {raw["_id"]: raw["name"] async for raw in self._database.collection(Platform).find({}, {"name": 1})}

    async def connect(self, actor: Actor, id: str, *, name: str, url: str | None, channel: str) -> Issued:
        """接入 a platform with its first key; one that was revoked comes back under a new one.

        Raises `NotAllowed`, `InvalidInput`, `PlatformTaken`.
        """
        _require(actor)
        if not PLATFORM_ID.fullmatch(id):
            raise InvalidInput.field("id", "平台编号须为 2 至 31 个小写字母、数字或短横线，以字母开头。")
        if channel not in (await self._library.current()).channels:
            raise InvalidInput.field("channel", "没有这个受理渠道。")
        given = {"name": line("name", name, longest=50), "url": self._url(url), "channel": channel}
        now, before = self._clock.now(), await self._database.get(Platform, id)
        if before is not None and before.revoked_at is None:
            raise PlatformTaken
        if before is None:
            data_key = self._keyring.new_data_key()
            key, secret = _new_key(id, data_key, now)
            wrapped = self._keyring.wrap(data_key)
            after = Platform(_id=id, **given, data_key=wrapped, keys=(key,), connected_at=now)
            change = Change().insert(after)
        else:
            key, secret = _new_key(id, self._keyring.unwrap(before.data_key), now)
            after = before.changed(
                **given, keys=(*before.keys, key), connected_at=now, revoked_at=None, version=before.version + 1
            )
            change = Change().replace(after, expecting={"version": before.version})
        change.insert(audited(actor, "platform_connected", id, now, details={"key": key.id}))
        try:
            await self._database.save(change)
        except (AlreadyClaimed, StaleWrite):
            raise PlatformTaken from None
        return Issued(after, key.id, secret)

    async def move(self, actor: Actor, id: str, *, url: str | None) -> Platform:
        """Reach it at another address, or, without one, no longer. Raises `NotAllowed`, `InvalidInput`,
        `UnknownPlatform`."""
        address = self._url(url)
        return await self._change(actor, id, "platform_moved", lambda before, _: before.changed(url=address))

    async def new_key(self, actor: Actor, id: str) -> Issued:
        """换发密钥: another key beside those that are good.

        Raises `NotAllowed`, `UnknownPlatform`, `PlatformRevoked`.
        """
        issued: list[tuple[str, str]] = []

        def add(before: Platform, now: datetime) -> Platform:
            if before.revoked_at is not None:
                raise PlatformRevoked
            key, secret = _new_key(id, self._keyring.unwrap(before.data_key), now)
            issued.append((key.id, secret))
            return before.changed(keys=(*before.keys, key))

        after = await self._change(actor, id, "platform_key_made", add)
        return Issued(after, *issued[-1])

    async def revoke_key(self, actor: Actor, id: str, key: str) -> Platform:
        """吊销密钥, at once. Raises `NotAllowed`, `UnknownPlatform`, `LastKey`."""

        def revoke(before: Platform, now: datetime) -> Platform:
            if key not in {each.id for each in before.good_keys}:
                raise UnknownPlatform
            if len(before.good_keys) == 1:
                raise LastKey
            return before.changed(keys=_revoked(before.keys, now, key))

        return await self._change(actor, id, "platform_key_revoked", revoke)

    async def revoke(self, actor: Actor, id: str) -> Platform:
        """停用 a platform with all its keys, at once; its orders stay. Raises `NotAllowed`, `UnknownPlatform`,
        `PlatformRevoked`."""

        def revoke(before: Platform, now: datetime) -> Platform:
            if before.revoked_at is not None:
                raise PlatformRevoked
            return before.changed(revoked_at=now, keys=_revoked(before.keys, now))

        return await self._change(actor, id, "platform_revoked", revoke)

    async def _change(
        self, actor: Actor, id: str, action: str, changed: Callable[[Platform, datetime], Platform]
    ) -> Platform:
        _require(actor)
        for _ in range(TRIES):
            before, now = await self._database.get(Platform, id), self._clock.now()
            if before is None:
                raise UnknownPlatform
            after = changed(before, now).changed(version=before.version + 1)
            change = Change().replace(after, expecting={"version": before.version})
            change.insert(audited(actor, action, id, now))
            try:
                await self._database.save(change)
            except StaleWrite:
                continue
            return after
        raise Busy

    def _url(self, given: str | None) -> str | None:
        """An address to post to. Raises `InvalidInput`."""
        if given is None:
            return None
        url = line("url", given)
        try:
            parts = urlsplit(url)
            good = bool(parts.hostname) and parts.port != 0 and parts.username is None
        except ValueError:
            good = False
        schemes = ("https",) if self._encrypted_only else ("https", "http")
        if not good or parts.scheme not in schemes or parts.query or parts.fragment or not url.isascii() or " " in url:
            raise InvalidInput.field("url", f"地址须为 {' 或 '.join(schemes)} 开头的网址，不带参数。")
        return url


def _require(actor: Actor) -> None:
    if not actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        raise NotAllowed


def _new_key(platform: str, data_key: DataKey, now: datetime) -> tuple[PlatformKey, str]:
    id, secret = secrets.token_hex(6), secrets.token_bytes(SECRET_BYTES)
    key = PlatformKey(id=id, sealed=data_key.seal(secret, _place(platform, id)), made_at=now)
    return key, base64.b64encode(secret).decode()


def _revoked(keys: tuple[PlatformKey, ...], now: datetime, one: str | None = None) -> tuple[PlatformKey, ...]:
    """The keys with all of them revoked, or one; an earlier revocation keeps its time."""
    return tuple(
        key.model_copy(update={"revoked_at": now}) if key.revoked_at is None and one in (None, key.id) else key
        for key in keys
    )


def _place(platform: str, key: str) -> str:
    return f"platform/{platform}/{key}"
