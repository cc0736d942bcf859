from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from foundation.chain import (
    GENESIS,
    Checkpoint,
    CheckpointFault,
    Fault,
    Head,
    Link,
    OpenedText,
    TextLoss,
    canonical,
    commitment,
    link,
    merkle_root,
    sign_checkpoint,
    verify_chain,
    verify_checkpoint,
)
from foundation.crypto import BadSignature, Signer, new_key_setting

SALT = b"s" * 32


def a_chain(length: int = 5, order: str = "o1") -> tuple[Head, list[Link]]:
    previous, links = GENESIS, []
    for sequence in range(1, length + 1):
        committed = {"answer": commitment(SALT, f"text {sequence}")}
        fields = {
            "order": order,
            "sequence": sequence,
            "at": datetime(2026, 3, 1, 8, sequence, tzinfo=UTC),
            "commitments": committed,
        }
        previous = link(previous, fields)
        links.append(Link(sequence, previous, fields, committed))
    return Head(order, length, previous), links


def texts(sequence: int, _name: str) -> OpenedText | TextLoss:
    return OpenedText(SALT, f"text {sequence}")


def found(head: Head, links: list[Link], **options) -> list[tuple[Fault, int]]:
    return [(f.fault, f.sequence) for f in verify_chain(head, links, **options)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values))
def test_the_encoding_does_not_depend_on_order_and_survives_the_database(fields):
    shuffled = dict(reversed(fields.items()))
    assert canonical(shuffled) == canonical(fields)
    if all("\0" not in key for key in _keys(fields)):
        stored: dict[str, Any] = bson.decode(bson.encode(fields), CodecOptions(tz_aware=True))
        assert canonical(stored) == canonical(fields)


def _keys(value):
    match value:
        case dict():
            for key, inner in value.items():
                yield key
                yield from _keys(inner)
        case list():
            for inner in value:
                yield from _keys(inner)


def test_times_are_encoded_alike_before_and_after_storing():
    fields = {"at": datetime(2026, 3, 1, 8, 0, 0, 123000, tzinfo=UTC)}
    stored: dict[str, Any] = bson.decode(bson.encode(fields), CodecOptions(tz_aware=True))
    assert canonical(stored) == canonical(fields) == b'{"at":"2026-03-01T08:00:00.123000Z"}'


def test_a_field_added_by_a_release_and_not_set_changes_no_hash():
    assert canonical({"a": 1, "b": None}) == canonical({"a": 1})


@given(st.text(), st.text())
def test_a_commitment_fits_one_text_and_one_salt(one, other):
    assert (commitment(SALT, one) == commitment(SALT, other)) == (one == other)
    assert commitment(SALT, one) != commitment(b"t" * 32, one)


def test_an_intact_chain_has_no_findings():
    head, links = a_chain()
    assert found(head, links, open_text=texts, signed=[Head("o1", 3, links[2].hash), head]) == []
    assert found(Head("o1", 0, GENESIS), []) == []


@given(st.integers(1, 5))
def test_an_altered_event_is_named(n):
    head, links = a_chain()
    links[n - 1] = replace(links[n - 1], fields=links[n - 1].fields | {"actor": "x"})
    assert found(head, links) == [(Fault.BROKEN, n)]


@given(st.integers(1, 4))
def test_an_altered_event_with_its_hash_made_good_breaks_the_next_one(n):
    head, links = a_chain()
    fields = links[n - 1].fields | {"actor": "x"}
    previous = links[n - 2].hash if n > 1 else GENESIS
    links[n - 1] = replace(links[n - 1], fields=fields, hash=link(previous, fields))
    assert found(head, links) == [(Fault.BROKEN, n + 1)]


@given(st.integers(1, 4))
def test_a_dropped_event_is_named(n):
    head, links = a_chain()
    del links[n - 1]
    assert found(head, links) == [(Fault.MISSING, n)]


@given(st.integers(0, 4))
def test_a_cut_off_end_is_named(n):
    head, links = a_chain()
    assert found(head, links[:n]) == [(Fault.CUT_OFF, n + 1)]


def test_a_cut_off_end_with_its_head_moved_back_is_found_by_the_checkpoint():
    head, links = a_chain()
    moved = Head("o1", 3, links[2].hash)
    assert found(moved, links[:3]) == []
    assert found(moved, links[:3], signed=[head]) == [(Fault.CUT_OFF, 4)]
    assert found(Head("o1", 0, GENESIS), [], signed=[head]) == [(Fault.CUT_OFF, 1)]


def test_a_chain_written_anew_is_found_by_the_checkpoint():
    head, _ = a_chain()
    forged_head, forged = a_chain(order="o1 forged")
    assert found(forged_head, forged) == []
    assert found(forged_head, forged, signed=[head]) == [(Fault.REWRITTEN, 5)]


def test_events_that_the_head_does_not_know_are_named():
    _, links = a_chain()
    assert found(Head("o1", 4, links[3].hash), links) == [(Fault.BEYOND_HEAD, 5)]


def test_a_head_with_another_hash_is_named():
    head, links = a_chain()
    assert found(replace(head, hash=GENESIS), links) == [(Fault.WRONG_HEAD, 5)]


def test_swapped_events_are_named():
    head, links = a_chain()
    links[1], links[2] = links[2], links[1]
    assert found(head, links) == [(Fault.MISSING, 2)]


def test_erased_texts_are_told_once_and_the_chain_holds():
    head, links = a_chain()
    findings = list(verify_chain(head, links, open_text=lambda s, n: TextLoss.ERASED))
    assert [(f.fault, f.sequence, f.is_fault) for f in findings] == [(Fault.ERASED, 1, False)]


def test_altered_and_lost_texts_are_named_each():
    head, links = a_chain()

    def some(sequence: int, name: str) -> OpenedText | TextLoss:
        altered: dict[int, OpenedText | TextLoss] = {2: OpenedText(SALT, "other"), 4: TextLoss.MISSING}
        return altered.get(sequence) or texts(sequence, name)

    assert found(head, links, open_text=some) == [(Fault.TEXT_ALTERED, 2), (Fault.TEXT_MISSING, 4)]


heads_strategy = st.lists(
    st.builds(Head, st.text(max_size=5), st.integers(1, 99), st.text("0123456789abcdef", max_size=8)),
    unique=True,
    max_size=12,
)


@given(heads_strategy, st.randoms())
def test_the_root_depends_on_every_head_and_on_no_order(heads, random):
    root = merkle_root(heads)
    shuffled = heads.copy()
    random.shuffle(shuffled)
    assert merkle_root(shuffled) == root
    for n, each in enumerate(heads):
        assert merkle_root(heads[:n] + heads[n + 1 :]) != root
        assert merkle_root([*heads[:n], replace(each, hash=each.hash + "0"), *heads[n + 1 :]]) != root


def test_checkpoints_follow_each_other_and_cannot_be_altered():
    signer = Signer.from_settings(new_key_setting("s1"))
    monday, tuesday = [a_chain()[0]], [a_chain(7)[0], a_chain(2, "o2")[0]]
    first = sign_checkpoint("2026-03-02", monday, None, signer)
    second = sign_checkpoint("2026-03-03", tuesday, first, signer)
    verify_checkpoint(first, monday, None, signer.verifier)
    verify_checkpoint(second, tuesday, first, signer.verifier)
    with pytest.raises(CheckpointFault, match="heads"):
        verify_checkpoint(second, tuesday[:1], first, signer.verifier)
    with pytest.raises(CheckpointFault, match="heads"):
        verify_checkpoint(second, [*tuesday[:1], replace(tuesday[1], sequence=1)], first, signer.verifier)
    with pytest.raises(CheckpointFault, match="follow"):
        verify_checkpoint(second, tuesday, None, signer.verifier)
    for forged in (replace(second, day="2026-03-04"), replace(second, root=first.root), replace(second, heads=1)):
        with pytest.raises(BadSignature):
            verify_checkpoint(forged, tuesday, first, signer.verifier)
    assert isinstance(second, Checkpoint)
