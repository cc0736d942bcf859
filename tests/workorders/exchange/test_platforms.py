"""Connecting platforms, their keys, and who may be admitted under them."""

import asyncio
import base64
from datetime import timedelta

import pytest

from foundation.crypto import Keyring
from foundation.errors import InvalidInput, NotAllowed
from identity.actors import Role, system_actor
from identity.documents import AuditEntry
from tests.workorders.exchange.city import ADMIN, City, url_of
from tests.workorders.lifecycle.test_access import EVERYBODY
from tests.workorders.lifecycle.town import KEYRING
from workorders.exchange.admitting import Gate
from workorders.exchange.documents import Platform
from workorders.exchange.errors import (
    LastKey,
    NonceReused,
    PlatformRevoked,
    PlatformTaken,
    SignatureRefused,
    UnknownPlatform,
)
from workorders.exchange.key_renewal import PlatformKeyRenewal
from workorders.exchange.platforms import Issued, secret_of
from workorders.exchange.signing import SignedRequest

NONCE = "n" * 16


def a_request(city: City, issued: Issued, **changes: object) -> tuple[SignedRequest, str]:
    given: dict[str, object] = {
        "method": "POST",
        "target": "/exchange/v1/orders",
        "body": b"{}",
        "platform": issued.platform.id,
        "key": issued.key,
        "timestamp": int(city.town.clock.now().timestamp()),
        "nonce": NONCE,
        "request_id": "r",
        **changes,
    }
    request = SignedRequest(**given)  # type: ignore[arg-type]
    return request, request.signature(base64.b64decode(issued.secret))


async def admitted(city: City, issued: Issued, *, repeatable: bool = True, **changes: object) -> Platform:
    return await city.gate.admit(*a_request(city, issued, **changes), repeatable=repeatable)


# Keys


async def test_only_administrators_connect_and_read(city: City) -> None:
    for who, actor in EVERYBODY.items():
        if actor.has(Role.ADMINISTRATOR):
            continue
        for attempt in (
            city.platforms.all(actor),
            city.platforms.connect(actor, "new", name="新平台", url=None, channel="upstream"),
            city.platforms.move(actor, "province", url=None),
            city.platforms.new_key(actor, "province"),
            city.platforms.revoke_key(actor, "province", "x"),
            city.platforms.revoke(actor, "province"),
        ):
            with pytest.raises(NotAllowed):
                await attempt
            assert who
    assert [platform.id for platform in await city.platforms.all(system_actor("terminal"))] == ["nation", "province"]


async def test_a_secret_is_shown_once_and_stored_sealed(city: City) -> None:
    issued = city.issued["province"]
    secret = base64.b64decode(issued.secret)
    assert len(secret) == 32
    raw = await city.database.collection(Platform).find_one({"_id": "province"})
    assert raw is not None
    assert secret not in str(raw).encode() and issued.secret not in str(raw)
    assert issued.secret not in repr(issued)
    stored = await city.database.get(Platform, "province")
    assert stored is not None
    assert secret_of(KEYRING, stored, stored.keys[0]) == secret
    audit = await city.database.collection(AuditEntry).find({"subject": "province"}).to_list()
    assert [entry["action"] for entry in audit] == ["platform_connected"]
    assert issued.secret not in str(audit)


async def test_keys_overlap_while_they_are_exchanged_and_the_oldest_signs(city: City) -> None:
    old, new = city.issued["province"], await city.platforms.new_key(ADMIN, "province")
    for n, issued in enumerate((old, new)):
        platform = await admitted(city, issued, nonce=f"{n}" * 16)
        assert platform.good_keys[0].id == old.key
    after = await city.platforms.revoke_key(ADMIN, "province", old.key)
    assert [key.id for key in after.good_keys] == [new.key]
    with pytest.raises(SignatureRefused):
        await admitted(city, old, nonce="a" * 16)
    await admitted(city, new, nonce="b" * 16)
    with pytest.raises(LastKey):
        await city.platforms.revoke_key(ADMIN, "province", new.key)
    for gone in (old.key, "none"):
        with pytest.raises(UnknownPlatform):
            await city.platforms.revoke_key(ADMIN, "province", gone)


async def test_keys_made_at_the_same_moment_are_all_good(city: City) -> None:
    made = await asyncio.gather(*(city.platforms.new_key(ADMIN, "province") for _ in range(5)))
    assert len({issued.key for issued in made}) == 5
    for n, issued in enumerate(made):
        await admitted(city, issued, nonce=f"{n}" * 16)


async def test_of_two_that_connect_the_same_platform_one_does(city: City) -> None:
    connect = (
        city.platforms.connect(ADMIN, "prefecture", name=f"市平台{n}", url=None, channel="upstream") for n in range(4)
    )
    outcomes = await asyncio.gather(*connect, return_exceptions=True)
    (issued,) = [outcome for outcome in outcomes if isinstance(outcome, Issued)]
    assert sum(isinstance(outcome, PlatformTaken) for outcome in outcomes) == 3
    await admitted(city, issued)


async def test_a_revoked_platform_is_out_at_once_and_comes_back_under_a_new_key(city: City) -> None:
    old = city.issued["province"]
    await city.platforms.revoke(ADMIN, "province")
    with pytest.raises(SignatureRefused):
        await admitted(city, old)
    for attempt in (city.platforms.new_key(ADMIN, "province"), city.platforms.revoke(ADMIN, "province")):
        with pytest.raises(PlatformRevoked):
            await attempt
    new = await city.platforms.connect(ADMIN, "province", name="省平台", url=None, channel="upstream")
    with pytest.raises(SignatureRefused):
        await admitted(city, old)
    assert (await admitted(city, new)).name == "省平台"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "P"},
        {"id": "p"},
        {"id": "a b"},
        {"id": "省"},
        {"id": "x" * 32},
        {"name": ""},
        {"name": "漏" * 51},
        {"name": "一\n二"},
        {"channel": "none"},
        {"url": ""},
        {"url": "http://province.example/"},
        {"url": "ftp://province.example/"},
        {"url": "https://"},
        {"url": "https://user:word@province.example/"},
        {"url": "https://province.example/?a=1"},
        {"url": "https://province.example/#a"},
        {"url": "https://province.example:99999/"},
        {"url": "https://province.example/\n"},
        {"url": "https://[::1/"},
        {"url": "https://province.example/" + "x" * 300},
        {"url": "https://省.example/"},
    ],
)
async def test_what_cannot_be_connected_is_named(city: City, changes: dict[str, str]) -> None:
    given = {"id": "new", "name": "新平台", "url": url_of("new"), "channel": "upstream", **changes}
    if given["url"].endswith("\n"):
        given["url"] = "https://pro\nvince.example/"
    with pytest.raises(InvalidInput) as fault:
        await city.platforms.connect(ADMIN, given.pop("id"), **given)
    assert [each.path for each in fault.value.fields] == [*changes]
    assert await city.database.get(Platform, "new") is None


async def test_keys_are_renewed_and_the_secrets_stay(city: City) -> None:
    setting = f"k2:{'C' * 43}=,k1:{'A' * 43}="
    both = Keyring.from_settings(setting, f"h1:{'B' * 43}=")
    renewal = PlatformKeyRenewal(city.database, both)
    assert (await renewal.run(), await renewal.run()) == (2, 0)
    alone = Keyring.from_settings(f"k2:{'C' * 43}=", f"h1:{'B' * 43}=")
    gate = Gate(city.database, alone, city.town.clock)
    await gate.admit(*a_request(city, city.issued["province"]), repeatable=True)


# Admission


async def test_whoever_is_not_known_looks_like_whoever_signs_badly(city: City) -> None:
    issued = city.issued["province"]
    told = set()
    for changes in ({"platform": "nobody"}, {"platform": "nation"}, {"key": "none"}):
        with pytest.raises(SignatureRefused) as refused:
            await admitted(city, issued, **changes)
        told.add((refused.value.code, refused.value.message))
    request, signature = a_request(city, issued)
    for bad in ("", signature[:-1], signature.lower(), "漏"):
        with pytest.raises(SignatureRefused) as refused:
            await city.gate.admit(request, bad, repeatable=True)
        told.add((refused.value.code, refused.value.message))
    assert len(told) == 1


async def test_a_nonce_is_good_for_one_request_and_that_may_come_again(city: City) -> None:
    issued = city.issued["province"]
    for _ in range(3):
        await admitted(city, issued)
    for changes in ({"body": b"{} "}, {"request_id": "s"}, {"target": "/exchange/v1/orders?"}):
        with pytest.raises(NonceReused):
            await admitted(city, issued, **changes)
    city.town.clock.advance(timedelta(seconds=1))
    with pytest.raises(NonceReused):
        await admitted(city, issued)
    await admitted(city, city.issued["nation"])  # another platform's nonces are its own


async def test_what_only_reads_comes_once(city: City) -> None:
    await admitted(city, city.issued["province"], repeatable=False)
    with pytest.raises(NonceReused):
        await admitted(city, city.issued["province"], repeatable=False)


async def test_the_same_request_many_times_at_once_is_admitted_each_time(city: City) -> None:
    issued = city.issued["province"]
    platforms = await asyncio.gather(*(admitted(city, issued) for _ in range(20)))
    assert {platform.id for platform in platforms} == {"province"}
