"""The hash chain over an order's events, commitments of its texts, and signed daily checkpoints. All pure.

Every event is hashed together with the hash before it (SM3); whoever keeps the chain keeps the head
(sequence and hash of the last event). Texts are not in the chain: the event carries a salted commitment of
each, so that a person's texts can be erased while the chain still holds. A checkpoint signs the heads of a day
and leaves the database: from then on not even its owner can alter, drop or cut off what it covers unseen.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from foundation.crypto import Signer, Verifier, sm3

GENESIS: Final = "0" * 64
"""What the first event of a chain is linked to."""

CHECKPOINT_PURPOSE: Final = "zhengtong-checkpoint-1"


def canonical(fields: Mapping[str, Any]) -> bytes:
    """The one encoding of an event's fields that is hashed: JSON in UTF-8, keys sorted at every depth, times
    in UTC as RFC 3339.

    Fields that are None are left out, so that a release may add a field without breaking older chains.
    Raises TypeError for what JSON cannot hold (bytes, keys that are not text).
    """
    present = {name: value for name, value in fields.items() if value is not None}
    return orjson.dumps(present, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def link(previous: str, fields: Mapping[str, Any]) -> str:
    """The hash of one event in its chain: 64 hexadecimal digits; `previous` is GENESIS for the first."""
    return sm3(b"zhengtong-event-1\0" + previous.encode() + b"\0" + canonical(fields)).hex()


def commitment(salt: bytes, plaintext: str) -> str:
    """What the chain says of a text: tells nothing without the salt, and fits no other text with it."""
    return sm3(b"zhengtong-text-1\0" + len(salt).to_bytes(2) + salt + plaintext.encode()).hex()


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one chain at some time."""

    chain: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Link:
    """One stored event: the fields that were hashed, and the hash that is stored beside them."""

    sequence: int
    hash: str
    fields: Mapping[str, Any]
    commitments: Mapping[str, str]


class TextLoss(StrEnum):
    """Why a text cannot be shown."""

    ERASED = "erased"  # its data key was destroyed, on purpose
    MISSING = "missing"  # the key is there, the text is not


@dataclass(frozen=True, slots=True)
class OpenedText:
    """A text as it opens now, with the salt of its commitment."""

    salt: bytes
    plaintext: str


class Fault(StrEnum):
    """What `verify_chain` can find. Only ERASED is not a fault."""

    BROKEN = "broken"  # an event is not the one that was hashed
    MISSING = "missing"  # an event between two others is gone
    CUT_OFF = "cut_off"  # the last events, or all, are gone
    BEYOND_HEAD = "beyond_head"  # events that the head does not know
    WRONG_HEAD = "wrong_head"  # the head names another hash than the last event has
    REWRITTEN = "rewritten"  # consistent in itself, but not what a checkpoint signed
    TEXT_ALTERED = "text_altered"  # a text is not the one that was committed to
    TEXT_MISSING = "text_missing"
    ERASED = "erased"  # texts erased with their person


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one chain; `sequence` is that of the event it concerns."""

    chain: str
    fault: Fault
    sequence: int
    detail: str

    @property
    def is_fault(self) -> bool:
        return self.fault is not Fault.ERASED


def verify_chain(
    head: Head,
    links: Iterable[Link],
    *,
    signed: Sequence[Head] = (),
    open_text: Callable[[int, str], OpenedText | TextLoss] | None = None,
) -> Iterator[Finding]:
    """Walk one chain from its first event and name what is wrong.

    `links` are the stored events by rising sequence, `head` what the order keeps, `signed` the heads of this chain
    in checkpoints whose signatures were verified. The walk over the hashes stops at the first broken, missing or
    cut-off link: behind it nothing can be said. `open_text(sequence, name)` opens a committed text;
    without it texts are left out. Erased texts are told once.
    """
    signed_hash = {s.sequence: s.hash for s in signed}
    previous, expected, erased_at = GENESIS, 1, 0
    for each in links:
        if each.sequence != expected:
            yield Finding(
                head.chain,
                Fault.MISSING,
                expected,
                f"event {expected} is missing before event {each.sequence}",
            )
            return
        if each.sequence > head.sequence:
            yield Finding(
                head.chain,
                Fault.BEYOND_HEAD,
                each.sequence,
                f"the head ends at event {head.sequence}",
            )
            return
        computed = link(previous, each.fields)
        if not hmac.compare_digest(computed, each.hash):
            yield Finding(head.chain, Fault.BROKEN, each.sequence, "the event is not the one that was chained")
            return
        if signed_hash.get(each.sequence, computed) != computed:
            yield Finding(head.chain, Fault.REWRITTEN, each.sequence, "a checkpoint signed another event")
            return
        if open_text is not None:
            for finding in _verify_texts(head.chain, each, open_text):
                if finding.fault is not Fault.ERASED:
                    yield finding
                elif not erased_at:
                    erased_at = each.sequence
                    yield finding
        previous, expected = computed, expected + 1

    last = expected - 1
    ends = max([head.sequence, *signed_hash])
    if last < ends:
        yield Finding(head.chain, Fault.CUT_OFF, expected, f"events {expected} to {ends} are cut off")
    elif previous != head.hash:
        yield Finding(head.chain, Fault.WRONG_HEAD, last, "the head names another hash")


def _verify_texts(chain: str, each: Link, open_text: Callable[[int, str], OpenedText | TextLoss]) -> Iterator[Finding]:
    for name, committed in each.commitments.items():
        match open_text(each.sequence, name):
            case TextLoss.ERASED:
                yield Finding(chain, Fault.ERASED, each.sequence, "texts were erased with their person")
            case TextLoss.MISSING:
                yield Finding(chain, Fault.TEXT_MISSING, each.sequence, f"text {name!r} is gone, its key is not")
            case OpenedText(salt, plaintext) if not hmac.compare_digest(commitment(salt, plaintext), committed):
                yield Finding(chain, Fault.TEXT_ALTERED, each.sequence, f"text {name!r} was altered")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed heads of one local day: whoever holds it can prove later what the chains were."""

    day: str  # local date, ISO
    heads: int  # number of heads covered
    root: str  # Merkle root over them
    previous: str  # digest of the checkpoint before, GENESIS for the first
    key: str  # name of the signing key
    signature: bytes

    def content(self) -> bytes:
        """What is signed."""
        return canonical({"day": self.day, "heads": self.heads, "root": self.root, "previous": self.previous})

    def digest(self) -> str:
        """What the next checkpoint names as `previous`."""
        return sm3(self.content()).hex()


def merkle_root(heads: Iterable[Head]) -> str:
    """The root of a binary hash tree (as in RFC 6962 §2.1, with SM3) over the heads, ordered by chain."""
    leaves = sorted(heads, key=lambda h: (h.chain, h.sequence, h.hash))
    if not leaves:
        return sm3(b"").hex()
    level = [sm3(b"\0" + orjson.dumps([h.chain, h.sequence, h.hash])) for h in leaves]
    while len(level) > 1:
        paired = [sm3(b"\x01" + left + right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[2 * len(paired) :]
    return level[0].hex()


def sign_checkpoint(day: str, heads: Sequence[Head], previous: Checkpoint | None, signer: Signer) -> Checkpoint:
    """Sign the heads of all chains that grew on that local day, linked to the checkpoint before."""
    unsigned = Checkpoint(
        day=day,
        heads=len(heads),
        root=merkle_root(heads),
        previous=previous.digest() if previous else GENESIS,
        key="",
        signature=b"",
    )
    key, signature = signer.sign(CHECKPOINT_PURPOSE, unsigned.content())
    return Checkpoint(unsigned.day, unsigned.heads, unsigned.root, unsigned.previous, key, signature)


class CheckpointFault(Exception):
    """A checkpoint does not hold: its signature is good, but not for these heads or this predecessor."""


def verify_checkpoint(
    checkpoint: Checkpoint, heads: Sequence[Head], previous: Checkpoint | None, verifier: Verifier
) -> None:
    """That the checkpoint was signed by a known key, over exactly these heads, after exactly `previous`.

    Raises UnknownKey, BadSignature, CheckpointFault.
    """
    verifier.verify(CHECKPOINT_PURPOSE, checkpoint.content(), checkpoint.key, checkpoint.signature)
    if checkpoint.heads != len(heads) or checkpoint.root != merkle_root(heads):
        raise CheckpointFault(f"checkpoint {checkpoint.day}: the heads are not those that were signed")
    if checkpoint.previous != (previous.digest() if previous else GENESIS):
        raise CheckpointFault(f"checkpoint {checkpoint.day}: does not follow the checkpoint before it")
