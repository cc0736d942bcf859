import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.crypto import (
    BadKeySetting,
    BadSignature,
    Keyring,
    NamedKeys,
    Signer,
    Tampered,
    UnknownKey,
    Verifier,
    WrongKey,
    hmac_sm3,
    new_key_setting,
    sm3,
)

K1, K2, H1, H2 = (new_key_setting(name) for name in ("k1", "k2", "h1", "h2"))


@pytest.fixture(scope="module")
def keyring() -> Keyring:
    return Keyring.from_settings(K1, H1)


def test_sm3_and_its_hmac_answer_as_the_standard_says():
    # GB/T 32905-2016, appendix A.1; the HMAC from GM/T 0042 as RFC-style test of key "…" = 20 × 0x0b is not published
    # there, so the HMAC is checked against its definition.
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    key, data = b"k" * 32, b"data"
    inner = bytes(b ^ 0x36 for b in key.ljust(64, b"\0"))
    outer = bytes(b ^ 0x5C for b in key.ljust(64, b"\0"))
    assert hmac_sm3(key, data) == sm3(outer + sm3(inner + data))


@given(text=st.text(), place=st.text(max_size=40))
def test_what_is_sealed_opens_at_its_place_and_nowhere_else(text, place):
    key = Keyring.from_settings(K1, H1).new_data_key()
    sealed = key.seal(text, place)
    assert key.open(sealed, place) == text
    assert text == "" or len(text) < 4 or text.encode() not in sealed
    with pytest.raises(Tampered):
        key.open(sealed, place + "x")


@given(data=st.data())
def test_any_changed_or_missing_byte_is_found(data):
    key = Keyring.from_settings(K1, H1).new_data_key()
    sealed = key.seal("路灯坏了三天没人修", "order/1/detail")
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Tampered, WrongKey)):
        key.open(bytes(changed), "order/1/detail")
    with pytest.raises((Tampered, WrongKey)):
        key.open(sealed[:at], "order/1/detail")


def test_equal_texts_seal_differently(keyring):
    key = keyring.new_data_key()
    assert key.seal("13812345678", "p") != key.seal("13812345678", "p")


def test_another_data_key_is_named_as_such(keyring):
    sealed = keyring.new_data_key().seal("甲", "p")
    with pytest.raises(WrongKey):
        keyring.new_data_key().open(sealed, "p")


def test_a_rotated_key_still_opens_and_rewrapping_moves_to_the_current_one():
    old, both, new = (Keyring.from_settings(k, H1) for k in (K1, f"{K2},{K1}", K2))
    key = old.new_data_key()
    wrapped = old.wrap(key)
    sealed = key.seal("甲", "p")
    assert both.unwrap(wrapped).open(sealed, "p") == "甲"
    assert not both.is_current(wrapped)
    with pytest.raises(UnknownKey):
        new.unwrap(wrapped)
    rewrapped = both.rewrap(wrapped)
    assert both.is_current(rewrapped)
    assert both.rewrap(rewrapped) == rewrapped
    assert new.unwrap(rewrapped).open(sealed, "p") == "甲"
    assert new.unwrap(rewrapped).commitment_salt("x") == key.commitment_salt("x")


@given(data=st.data())
def test_a_wrapped_key_that_was_altered_does_not_unwrap(data):
    keyring = Keyring.from_settings(K1, H1)
    wrapped = bytearray(keyring.wrap(keyring.new_data_key()))
    at = data.draw(st.integers(0, len(wrapped) - 1))
    wrapped[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Tampered, UnknownKey)):
        keyring.unwrap(bytes(wrapped))


def test_a_wrapped_key_under_another_key_of_the_same_name_does_not_unwrap(keyring):
    stranger = Keyring.from_settings(new_key_setting("k1"), H1)
    with pytest.raises(Tampered):
        keyring.unwrap(stranger.wrap(stranger.new_data_key()))


def test_salts_differ_by_place_and_by_key(keyring):
    one, other = keyring.new_data_key(), keyring.new_data_key()
    assert one.commitment_salt("a") == one.commitment_salt("a")
    assert len({one.commitment_salt("a"), one.commitment_salt("b"), other.commitment_salt("a")}) == 3


def test_a_keyed_hash_is_for_equal_values_of_one_kind_under_one_key(keyring):
    h = keyring.keyed_hash("name", "张三")
    assert h == keyring.keyed_hash("name", " 张 三\u3000")
    assert keyring.keyed_hash("id", "11010519491231002x") == keyring.keyed_hash("id", "１１０１０５19491231002X")
    assert h != keyring.keyed_hash("name", "张四")
    assert h != keyring.keyed_hash("nickname", "张三")
    assert h != Keyring.from_settings(K1, new_key_setting("h1")).keyed_hash("name", "张三")
    # The border between kind and value cannot be moved.
    assert keyring.keyed_hash("a", "bc") != keyring.keyed_hash("ab", "c")


def test_lookups_ask_for_hashes_under_every_key_the_current_first():
    both = Keyring.from_settings(K1, f"{H2},{H1}")
    expected = [Keyring.from_settings(K1, h).keyed_hash("name", "张三") for h in (H2, H1)]
    assert both.keyed_hashes("name", "张三") == expected
    assert both.keyed_hash("name", "张三") == expected[0]
    assert expected[0].startswith("h2.")


@pytest.mark.parametrize(
    "setting",
    [
        "",
        "k1",
        "k1:",
        "k1:***",
        "k1:AAAA",
        ":" + K1[3:],
        "k 1:" + K1[3:],
        f"{K1},{K1}",
        "k" * 17 + ":" + K1[3:],
    ],
    ids=[
        *(
            "nothing",
            "no key",
            "an empty key",
            "no base64",
            "a short key",
            "no name",
            "a bad name",
            "twice",
            "a long name",
        ),
    ],
)
def test_a_bad_key_setting_is_refused_without_showing_the_key(setting):
    with pytest.raises(BadKeySetting) as refusal:
        NamedKeys.parse(setting, at_least=32)
    assert K1[3:] not in str(refusal.value)


def test_keys_are_never_printed(keyring):
    secret = K1[3:]
    key = keyring.new_data_key()
    for printed in (repr(keyring), repr(key), repr(NamedKeys.parse(K1, at_least=32)), str(key)):
        assert secret not in printed
        assert key.cipher_key.hex() not in printed
        assert repr(key.cipher_key) not in printed


def test_a_signature_holds_for_its_content_purpose_and_key():
    s1, s2 = new_key_setting("s1"), new_key_setting("s2")
    signer = Signer.from_settings(s1)
    key, signature = signer.sign("checkpoint", b"content")
    # Whoever has only the public keys can verify, also after a rotation.
    Verifier(dict(Signer.from_settings(f"{s2},{s1}").verifier.public_keys)).verify(
        "checkpoint", b"content", key, signature
    )
    for purpose, content in (("checkpoint", b"Content"), ("code", b"content"), ("check", b"point\0content")):
        with pytest.raises(BadSignature):
            signer.verifier.verify(purpose, content, key, signature)
    with pytest.raises(UnknownKey):
        Signer.from_settings(s2).verifier.verify("checkpoint", b"content", key, signature)
