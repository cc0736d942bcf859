import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.crypto import Keyring, new_key_setting
from foundation.errors import Unauthenticated
from identity.actors import Actor, Role
from identity.audit import Audited
from identity.documents import AuditEntry, Session
from identity.errors import RefreshReused, SessionEnded
from identity.sessions import LIFETIMES, LIVENESS_KEPT, Origin
from identity.subjects import RESIDENT
from identity.tokens import ACCESS_LIFETIME, BadToken, Tokens
from tests.identity.conftest import HERE, START, City

KEYS = new_key_setting("k1"), new_key_setting("h1")
TOKENS = Tokens(Keyring.from_settings(*KEYS))
CLERK = Actor("staff:1", frozenset({Role.UNIT_CLERK}), "water", ("city", "water"), session_id="s1", label="水务局 李明")


# tokens


def test_an_access_token_carries_the_whole_actor():
    token, ends = TOKENS.issue_access(CLERK, START)
    assert TOKENS.read_access(token, START) == CLERK
    assert ends - START == ACCESS_LIFETIME
    citizen = Actor("resident:1", frozenset({Role.CITIZEN}), resident_id="resident:1", session_id="s2")
    assert TOKENS.read_access(TOKENS.issue_access(citizen, START)[0], START) == citizen


def test_an_access_token_ends():
    token, ends = TOKENS.issue_access(CLERK, START)
    assert TOKENS.read_access(token, ends - timedelta(milliseconds=1))
    with pytest.raises(SessionEnded):
        TOKENS.read_access(token, ends)


def forged(claims: dict, key: Any, algorithm: str, kid: str = "h1") -> str:
    return jwt.encode(claims, key, algorithm, headers={"kid": kid})


def claims_of(token: str) -> dict:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_forged_tokens_are_refused():
    token, _ = TOKENS.issue_access(CLERK, START)
    claims = claims_of(token) | {"rol": ["administrator"]}
    head, body, mac = token.split(".")
    other_body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    stranger = Tokens(Keyring.from_settings(KEYS[0], new_key_setting("h1")))
    for bad in (
        forged(claims, None, "none"),
        forged(claims, b"x" * 32, "HS256"),
        forged(claims, b"x" * 32, "HS256", kid="other"),
        f"{head}.{other_body}.{mac}",
        f"{head}.{body}.",
        f"{head}.{body}",
        stranger.issue_access(CLERK, START)[0],
        TOKENS.issue_refresh("s1", 0),
        "",
        "é",
        "x" * 100_000,
    ):
        with pytest.raises(BadToken):
            TOKENS.read_access(bad, START)


def test_a_genuine_token_with_a_role_that_is_none_is_refused():
    key = Keyring.from_settings(*KEYS).derived_keys("access-token").by_name["h1"]
    claims = claims_of(TOKENS.issue_access(CLERK, START)[0])
    assert TOKENS.read_access(forged(claims, key, "HS256"), START) == CLERK
    for bad in ({"rol": ["emperor"]}, {"rol": 1}, {"exp": "x"}, {"pth": 1}):
        with pytest.raises(BadToken):
            TOKENS.read_access(forged(claims | bad, key, "HS256"), START)


@given(st.data())
def test_any_changed_character_makes_a_refresh_token_bad(data):
    token = TOKENS.issue_refresh("session", 12)
    at = data.draw(st.integers(0, len(token) - 1))
    changed = data.draw(st.characters(max_codepoint=0x2FF).filter(lambda c: c != token[at]))
    try:
        read = TOKENS.read_refresh(token[:at] + changed + token[at + 1 :])
    except BadToken:
        return
    # Only the unused bits of base64's last character may differ.
    assert at == len(token) - 1
    assert (read.session, read.generation) == ("session", 12)


@given(st.text(max_size=100))
def test_no_text_breaks_the_reading_of_tokens(text):
    for read in (TOKENS.read_refresh, lambda t: TOKENS.read_access(t, START)):
        with pytest.raises(BadToken):
            read(text)


def test_tokens_of_an_older_key_are_read_until_it_is_taken_out():
    new = new_key_setting("h2")
    access, refresh = TOKENS.issue_access(CLERK, START)[0], TOKENS.issue_refresh("s1", 3)
    both = Tokens(Keyring.from_settings(KEYS[0], f"{new},{KEYS[1]}"))
    assert both.read_access(access, START) == CLERK
    assert both.read_refresh(refresh).generation == 3
    only_new = Tokens(Keyring.from_settings(KEYS[0], new))
    for read in (lambda: only_new.read_access(access, START), lambda: only_new.read_refresh(refresh)):
        with pytest.raises(BadToken):
            read()


# sessions


async def test_a_device_gets_a_session_of_its_own(city: City):
    one = await city.identity.sessions.start_on_device(HERE)
    other = await city.identity.sessions.start_on_device(HERE)
    assert one.actor.roles == {Role.ANONYMOUS_DEVICE}
    assert one.actor.id != other.actor.id
    assert await city.identity.sessions.authenticate(one.access_token) == one.actor


async def test_sessions_of_devices_are_limited_per_address(city: City):
    for _ in range(60):
        await city.identity.sessions.start_on_device(Origin("10.0.0.9"))
    with pytest.raises(Exception, match="频繁"):
        await city.identity.sessions.start_on_device(Origin("10.0.0.9"))
    await city.identity.sessions.start_on_device(Origin("10.0.0.8"))


async def test_a_refresh_token_is_used_up_by_its_use(city: City):
    first = await city.logged_in()
    second = await city.identity.sessions.refresh(first.refresh_token)
    third = await city.identity.sessions.refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert first.actor == second.actor == third.actor


async def test_a_reused_refresh_token_ends_the_whole_session_and_is_audited(city: City):
    first = await city.logged_in()
    second = await city.identity.sessions.refresh(first.refresh_token)
    with pytest.raises(RefreshReused):
        await city.identity.sessions.refresh(first.refresh_token)
    for token in (second.refresh_token, first.refresh_token):
        with pytest.raises(SessionEnded):
            await city.identity.sessions.refresh(token)
    with pytest.raises(SessionEnded):
        await city.identity.sessions.authenticate(second.access_token)
    entries = await city.database.collection(AuditEntry).find({"action": Audited.REFRESH_REUSED}).to_list()
    assert [entry["subject"] for entry in entries] == [first.actor.id]


async def test_reuse_ends_that_session_only(city: City):
    first, other = await city.logged_in(), None
    city.clock.advance(timedelta(minutes=2))
    other = await city.logged_in()
    await city.identity.sessions.refresh(first.refresh_token)
    with pytest.raises(RefreshReused):
        await city.identity.sessions.refresh(first.refresh_token)
    assert await city.identity.sessions.refresh(other.refresh_token)


async def test_a_refresh_repeated_under_its_idempotency_key_gets_the_same_answer(city: City):
    first = await city.logged_in()
    refresh = city.identity.sessions.refresh
    answers = [await refresh(first.refresh_token, "key-1") for _ in range(3)]
    assert len({a.refresh_token for a in answers}) == 1
    await refresh(answers[0].refresh_token, "key-2")
    with pytest.raises(RefreshReused):  # it is not the last rotation any more
        await refresh(first.refresh_token, "key-1")


async def test_a_repeat_under_another_key_is_a_reuse(city: City):
    first = await city.logged_in()
    await city.identity.sessions.refresh(first.refresh_token, "key-1")
    with pytest.raises(RefreshReused):
        await city.identity.sessions.refresh(first.refresh_token, "key-2")


async def test_the_same_refresh_many_times_at_once_under_one_key_rotates_once(city: City):
    first = await city.logged_in()
    others = [city.another_process().sessions for _ in range(10)]
    answers = await asyncio.gather(*(other.refresh(first.refresh_token, "key-1") for other in others))
    assert len({a.refresh_token for a in answers}) == 1
    stored = await city.database.collection(Session).find_one({})
    assert stored is not None
    assert stored["generation"] == 1


async def test_two_thieves_with_one_refresh_token_at_once_do_not_both_go_on(city: City):
    first = await city.logged_in()
    others = [city.another_process().sessions for _ in range(4)]
    answers = await asyncio.gather(*(o.refresh(first.refresh_token) for o in others), return_exceptions=True)
    granted = [a for a in answers if not isinstance(a, BaseException)]
    assert len(granted) <= 1
    for grant in granted:
        with pytest.raises(SessionEnded):
            await city.identity.sessions.refresh(grant.refresh_token)


async def test_signing_out_is_seen_by_other_processes_within_seconds(city: City):
    grant = await city.logged_in()
    other = city.another_process().sessions
    assert await other.authenticate(grant.access_token) == grant.actor
    await city.identity.sessions.sign_out(grant.actor)
    with pytest.raises(SessionEnded):
        await city.identity.sessions.authenticate(grant.access_token)
    city.clock.advance(LIVENESS_KEPT)
    assert timedelta(seconds=5) >= LIVENESS_KEPT
    with pytest.raises(SessionEnded):
        await other.authenticate(grant.access_token)
    with pytest.raises(SessionEnded):
        await other.refresh(grant.refresh_token)
    await city.identity.sessions.sign_out(grant.actor)  # again: nothing happens


async def test_signing_out_everywhere_ends_all_sessions_of_the_person_and_nobody_elses(city: City):
    grants = []
    for _ in range(3):
        grants.append(await city.logged_in())
        city.clock.advance(timedelta(minutes=2))
    stranger = await city.logged_in("13900000000")
    assert await city.identity.sessions.sign_out_everywhere(grants[0].actor) == 3
    for grant in grants:
        with pytest.raises(SessionEnded):
            await city.identity.sessions.authenticate(grant.access_token)
        with pytest.raises(SessionEnded):
            await city.identity.sessions.refresh(grant.refresh_token)
    assert await city.identity.sessions.authenticate(stranger.access_token)


async def test_authenticating_reads_the_database_once_in_a_few_seconds(city: City):
    grant = await city.logged_in()
    sessions, reads = city.another_process().sessions, 0
    read = sessions._repository.session

    async def counted(id: str) -> Session | None:
        nonlocal reads
        reads += 1
        return await read(id)

    sessions._repository.session = counted  # type: ignore[method-assign]
    for _ in range(50):
        await sessions.authenticate(grant.access_token)
    assert reads == 1
    city.clock.advance(LIVENESS_KEPT)
    await sessions.authenticate(grant.access_token)
    assert reads == 2


async def test_a_clock_that_is_set_back_makes_no_session_live_longer(city: City):
    grant = await city.logged_in()
    other = city.another_process().sessions
    await other.authenticate(grant.access_token)
    await city.identity.sessions.sign_out(grant.actor)
    city.clock.advance(-timedelta(minutes=1))
    with pytest.raises(SessionEnded):
        await other.authenticate(grant.access_token)


async def test_a_session_ends_when_it_is_not_renewed_and_at_the_latest_in_the_end(city: City):
    lifetime = LIFETIMES[RESIDENT]
    grant = await city.logged_in()
    city.clock.advance(lifetime.idle)
    with pytest.raises(SessionEnded):
        await city.identity.sessions.refresh(grant.refresh_token)
    grant, started = await city.logged_in(), city.clock.now()
    with pytest.raises(SessionEnded):
        while True:
            city.clock.advance(lifetime.idle - timedelta(minutes=1))
            grant = await city.identity.sessions.refresh(grant.refresh_token)
            assert grant.refresh_ends <= started + lifetime.longest
    assert city.clock.now() - started >= lifetime.longest


async def test_a_refresh_token_of_a_session_that_never_was_is_refused(city: City):
    genuine = Tokens(city.keyring).issue_refresh("never", 0)
    with pytest.raises(SessionEnded):
        await city.identity.sessions.refresh(genuine)


async def test_the_system_has_no_session_to_sign_out_of(city: City):
    with pytest.raises(Unauthenticated):
        await city.identity.sessions.sign_out(Actor("system:x", frozenset({Role.SYSTEM})))
