"""Keys, sealing, keyed hashes and signatures: SM4-GCM, HMAC-SM3, SM3, Ed25519.

    key-encryption key   named, from settings; the current one wraps, older ones still open
      └── DataKey        one per order or resident, stored wrapped; destroying it erases what it sealed
            ├── seal / open       SM4-GCM over one field
            └── commitment_salt   salt of a commitment (`foundation/chain.py`): gone when the key is gone

    hash key             named, from settings; blind indexes by HMAC-SM3 for exact match
    signing key          named Ed25519 seed; checkpoints and offline codes

Sealed bytes are `1 | data key id (8) | nonce (12) | ciphertext | tag (16)`; wrapped data keys are
`1 | length of name | name | nonce (12) | ciphertext | tag (16)`. Header and `associated` are authenticated: a
value moved to another field or another document does not open.
"""

import base64
import binascii
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

FORMAT: Final = b"\x01"
KEY_ID_BYTES: Final = 8
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SM4_BYTES: Final = 16
SALT_KEY_BYTES: Final = 32
DATA_KEY_BYTES: Final = KEY_ID_BYTES + SM4_BYTES + SALT_KEY_BYTES
UNWRAPPED_KEYS_KEPT: Final = 4096
"""Unwrapped data keys that one process remembers; a page of orders opens without unwrapping anew."""


class CryptoError(Exception):
    """Something sealed, wrapped or signed cannot be trusted or read. Never a fault of the person asking."""


class Tampered(CryptoError):
    """The bytes are not those that were sealed, or they were sealed for another place."""


class WrongKey(CryptoError):
    """Sealed with another data key than the one given."""


class UnknownKey(CryptoError):
    """Names a key that the settings do not hold (any more)."""


class BadSignature(CryptoError):
    """The signature does not fit content and key."""


class BadKeySetting(CryptoError, ValueError):
    """A setting of keys cannot be read; the message says which part, never a key."""


class NamedKeys:
    """Some secret keys by name, the first being the current one; never printed."""

    def __init__(self, keys: Mapping[str, bytes], *, at_least: int) -> None:
        if not keys:
            raise BadKeySetting("no key is set")
        for name, key in keys.items():
            if not (name.isascii() and name.isalnum() and len(name) <= 16):
                raise BadKeySetting(f"key name {name!r} is not 1 to 16 ASCII letters and digits")
            if len(key) < at_least:
                raise BadKeySetting(f"key {name!r} has {len(key)} bytes; at least {at_least} are needed")
        self.current: Final = next(iter(keys))
        self.by_name: Final = MappingProxyType(dict(keys))

    @classmethod
    def parse(cls, text: str, *, at_least: int) -> Self:
        """Read `name:base64,name:base64`, the current key first.

        Raises BadKeySetting.
        """
        keys: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, encoded = part.partition(":")
            if name in keys:
                raise BadKeySetting(f"key {name!r} is named twice")
            try:
                keys[name] = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise BadKeySetting(f"key {name!r} is not base64") from None
        return cls(keys, at_least=at_least)

    def __repr__(self) -> str:
        return f"NamedKeys({', '.join(self.by_name)})"


def new_key_setting(name: str) -> str:
    """A fresh random key as a setting: `name:base64` of 32 bytes."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def sm3(data: bytes) -> bytes:
    """The 32-byte SM3 digest (GB/T 32905-2016)."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """The 32-byte HMAC-SM3 of the data."""
    mac = hmac.HMAC(key, hashes.SM3())
    mac.update(data)
    return mac.finalize()


def _seal(cipher_key: bytes, header: bytes, plaintext: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(cipher_key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(header + associated)
    return header + nonce + encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def _open(cipher_key: bytes, header: bytes, sealed: bytes, associated: bytes) -> bytes:
    body = memoryview(sealed)[len(header) :]
    if len(body) < NONCE_BYTES + TAG_BYTES:
        raise Tampered("sealed bytes are cut off")
    nonce, tag = bytes(body[:NONCE_BYTES]), bytes(body[-TAG_BYTES:])
    decryptor = Cipher(algorithms.SM4(cipher_key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(header + associated)
    try:
        return decryptor.update(bytes(body[NONCE_BYTES:-TAG_BYTES])) + decryptor.finalize()
    except InvalidTag:
        raise Tampered("sealed bytes were altered, or belong elsewhere") from None


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """The key of one order's or one resident's texts. What it sealed is erased by destroying it."""

    id: bytes
    cipher_key: bytes
    salt_key: bytes

    def seal(self, plaintext: str | bytes, associated: str) -> bytes:
        """Encrypt one field; `associated` names its place (`resident/ID/name`) and must be given to open it.

        Sealing equal texts twice gives different bytes. Cost: some 15 µs for a short text.
        """
        data = plaintext.encode() if isinstance(plaintext, str) else plaintext
        return _seal(self.cipher_key, FORMAT + self.id, data, associated.encode())

    def open(self, sealed: bytes, associated: str) -> str:
        """Decrypt one text field. Raises WrongKey, Tampered."""
        return self.open_bytes(sealed, associated).decode()

    def open_bytes(self, sealed: bytes, associated: str) -> bytes:
        """Decrypt one field as bytes. Raises WrongKey, Tampered."""
        header = FORMAT + self.id
        if sealed[: len(header)] != header:
            if sealed[:1] != FORMAT or len(sealed) < len(header):
                raise Tampered("not sealed bytes of a known format")
            raise WrongKey("sealed with another data key")
        return _open(self.cipher_key, header, sealed, associated.encode())

    def commitment_salt(self, associated: str) -> bytes:
        """The 32-byte salt of the commitment at this place: secret, the same each time, gone with the key."""
        return hmac_sm3(self.salt_key, associated.encode())

    def __repr__(self) -> str:
        return f"DataKey({self.id.hex()})"


class Keyring:
    """The key-encryption keys and hash keys of one city."""

    def __init__(self, key_encryption_keys: NamedKeys, hash_keys: NamedKeys) -> None:
        self._kek = {name: key[:SM4_BYTES] for name, key in key_encryption_keys.by_name.items()}
        self._current_kek = key_encryption_keys.current
        # A context made ready once per key is copied for each hash: half the cost of a new one.
        self._mac = {name: hmac.HMAC(key, hashes.SM3()) for name, key in hash_keys.by_name.items()}
        self._current_mac = hash_keys.current
        self._hash_keys = hash_keys.by_name
        self._unwrap = lru_cache(UNWRAPPED_KEYS_KEPT)(self._unwrap_uncached)

    @classmethod
    def from_settings(cls, key_encryption_keys: str, hash_keys: str) -> Self:
        """Read both settings (`name:base64,…`, the current key first; ≥ 16 and ≥ 32 bytes).

        Raises BadKeySetting.
        """
        return cls(NamedKeys.parse(key_encryption_keys, at_least=SM4_BYTES), NamedKeys.parse(hash_keys, at_least=32))

    def new_data_key(self) -> DataKey:
        """A fresh random data key, not stored anywhere yet."""
        return _data_key(secrets.token_bytes(DATA_KEY_BYTES))

    def wrap(self, key: DataKey) -> bytes:
        """The data key encrypted under the current key-encryption key, as it is stored."""
        name = self._current_kek.encode()
        header = FORMAT + bytes([len(name)]) + name
        return _seal(self._kek[self._current_kek], header, key.id + key.cipher_key + key.salt_key, b"")

    def unwrap(self, wrapped: bytes) -> DataKey:
        """The data key out of its stored form; remembered, so that a second call costs next to nothing.

        Raises UnknownKey, Tampered.
        """
        return self._unwrap(bytes(wrapped))

    def _unwrap_uncached(self, wrapped: bytes) -> DataKey:
        name, header = _wrapping(wrapped)
        if name not in self._kek:
            raise UnknownKey(f"key-encryption key {name!r} is not in the settings")
        return _data_key(_open(self._kek[name], header, wrapped, b""))

    def is_current(self, wrapped: bytes) -> bool:
        """Whether the data key is wrapped under the current key-encryption key. Raises Tampered."""
        return _wrapping(wrapped)[0] == self._current_kek

    def rewrap(self, wrapped: bytes) -> bytes:
        """The same data key under the current key-encryption key; what it sealed stays as it is.

        Raises UnknownKey, Tampered.
        """
        return wrapped if self.is_current(wrapped) else self.wrap(self.unwrap(wrapped))

    def keyed_hash(self, kind: str, value: str) -> str:
        """The blind index of a value, for exact match: equal values of a kind give equal text, nothing else
        can be learned without the key. `kind` (`mobile`, `name`) keeps equal values of two kinds apart.

        The value is compared as `index_form` makes it. The key's name stands in front: `2026a.…`.
        """
        return self._keyed_hash(self._current_mac, kind, index_form(value))

    def keyed_hashes(self, kind: str, value: str) -> list[str]:
        """The blind indexes under every key in the settings, the current first: what a lookup asks for while
        stored hashes are still being renewed after a rotation."""
        form = index_form(value)
        names = [self._current_mac, *(name for name in self._mac if name != self._current_mac)]
        return [self._keyed_hash(name, kind, form) for name in names]

    def derived_keys(self, purpose: str) -> NamedKeys:
        """A 32-byte key for another purpose (access tokens) from each hash key, the current first."""
        names = [self._current_mac, *(name for name in self._mac if name != self._current_mac)]
        label = f"derived-key\0{purpose}".encode()
        return NamedKeys({name: hmac_sm3(self._hash_keys[name], label) for name in names}, at_least=32)

    def _keyed_hash(self, name: str, kind: str, form: str) -> str:
        mac = self._mac[name].copy()
        mac.update(f"{kind}\0{form}".encode("utf-8", "surrogatepass"))
        return f"{name}.{base64.urlsafe_b64encode(mac.finalize()).rstrip(b'=').decode()}"

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._kek)}; {', '.join(self._mac)})"


def index_form(value: str) -> str:
    """How a value is compared in a blind index: compatibility forms (full width) folded, case folded, without
    any space."""
    return "".join(unicodedata.normalize("NFKC", value).casefold().split())


def _data_key(material: bytes) -> DataKey:
    if len(material) != DATA_KEY_BYTES:
        raise Tampered("a wrapped data key has the wrong length")
    salt_at = KEY_ID_BYTES + SM4_BYTES
    return DataKey(material[:KEY_ID_BYTES], material[KEY_ID_BYTES:salt_at], material[salt_at:])


def _wrapping(wrapped: bytes) -> tuple[str, bytes]:
    """The name of the key-encryption key and the whole header."""
    if wrapped[:1] != FORMAT or len(wrapped) < 2:
        raise Tampered("not a wrapped data key of a known format")
    header = wrapped[: 2 + wrapped[1]]
    return header[2:].decode("ascii", "replace"), header


class Signer:
    """Ed25519 signatures under the current of some named keys; verifies those of all of them."""

    def __init__(self, seeds: NamedKeys) -> None:
        self._private = {name: Ed25519PrivateKey.from_private_bytes(seed[:32]) for name, seed in seeds.by_name.items()}
        self.current: Final = seeds.current
        self.verifier: Final = Verifier(
            {name: key.public_key().public_bytes_raw() for name, key in self._private.items()}
        )

    @classmethod
    def from_settings(cls, seeds: str) -> Self:
        """Read `name:base64,…` of 32-byte seeds, the current first. Raises BadKeySetting."""
        return cls(NamedKeys.parse(seeds, at_least=32))

    def sign(self, purpose: str, content: bytes) -> tuple[str, bytes]:
        """Key name and 64-byte signature; a signature for one purpose never passes for another."""
        return self.current, self._private[self.current].sign(purpose.encode() + b"\0" + content)


class Verifier:
    """Public keys by name: all that somebody outside needs to check signatures."""

    def __init__(self, public_keys: Mapping[str, bytes]) -> None:
        self.public_keys: Final = MappingProxyType(dict(public_keys))
        self._keys = {name: Ed25519PublicKey.from_public_bytes(raw) for name, raw in public_keys.items()}

    def verify(self, purpose: str, content: bytes, key_name: str, signature: bytes) -> None:
        """Raises UnknownKey, BadSignature."""
        if key_name not in self._keys:
            raise UnknownKey(f"signing key {key_name!r} is not known")
        try:
            self._keys[key_name].verify(signature, purpose.encode() + b"\0" + content)
        except InvalidSignature:
            raise BadSignature("the signature does not fit") from None
